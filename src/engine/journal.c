#include "engine/journal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/durable.h"
#include "base/hash.h"

#define MAGIC            "tcJ1"
#define JOURNAL_PATH_MAX 4200

struct header {
	char magic[4];
	uint16_t kind, chained;
	uint32_t len, index;
	uint64_t number;
	uint64_t sum;
};
static_assert(sizeof(struct header) == JOURNAL_HEADER, "on disk");

struct journal {
	int fd[2];
	struct durable *disk;
	uint64_t number;
	uint32_t index;
	size_t at; /* where the next frame begins */
	uint8_t *buf;
	size_t room;
};

static uint64_t sum_of(const struct header *h, const void *p)
{
	return hash_bytes(p, h->len, hash_bytes(h, offsetof(struct header, sum), 0));
}

static size_t padded(size_t len)
{
	return (len + 7) & ~(size_t)7;
}

/* Room on the disk is taken once, so that a full one is met here and not later. */
static int fill(struct journal *j, int fd)
{
	const size_t step = 1u << 20;
	uint8_t *zeros = calloc(1, step);
	int err = zeros ? 0 : -ENOMEM;

	for (size_t at = 0; at < JOURNAL_BYTES && !err; at += step)
		if (pwrite(fd, zeros, step, (off_t)at) != (ssize_t)step)
			err = errno ? -errno : -EIO;
	if (!err)
		err = durable_write(j->disk, fd, zeros, step, JOURNAL_BYTES - step);
	free(zeros);
	return err;
}

static void path_of(char out[JOURNAL_PATH_MAX], const char *state_dir, int i)
{
	snprintf(out, JOURNAL_PATH_MAX, "%s/journal.%d", state_dir, i);
}

static int open_file(struct journal *j, const char *state_dir, int i, char why[256])
{
	char path[JOURNAL_PATH_MAX];
	struct stat st;
	int err = 0;

	path_of(path, state_dir, i);
	j->fd[i] = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (j->fd[i] < 0 || fstat(j->fd[i], &st))
		err = -errno;
	else if (st.st_size < (off_t)JOURNAL_BYTES)
		/* one that was not filled to its end was never written to */
		err = fill(j, j->fd[i]);
	if (err)
		snprintf(why, 256, "%.200s: %s", path, strerror(-err));
	return err;
}

static int sync_folder(const char *state_dir)
{
	int d = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err = d < 0 || fsync(d) ? -errno : 0;

	if (d >= 0)
		close(d);
	return err;
}

int journal_open(struct journal **out, const char *state_dir, char why[256])
{
	struct journal *j = calloc(1, sizeof(*j));

	*out = NULL;
	snprintf(why, 256, "%s", "out of memory");
	if (!j)
		return -ENOMEM;
	j->fd[0] = j->fd[1] = -1;
	int err = durable_init(&j->disk);
	for (int i = 0; i < 2 && !err; i++)
		err = open_file(j, state_dir, i, why);
	if (!err && (err = sync_folder(state_dir)))
		snprintf(why, 256, "%.200s: %s", state_dir, strerror(-err));
	if (err)
		journal_close(j);
	else
		*out = j;
	return err;
}

void journal_close(struct journal *j)
{
	if (!j)
		return;
	for (int i = 0; i < 2; i++)
		if (j->fd[i] >= 0)
			close(j->fd[i]);
	durable_fini(j->disk);
	free(j->buf);
	free(j);
}

/* --- reading ---------------------------------------------------------------- */

struct scan {
	const uint8_t *p;
	size_t at, len;
	uint64_t number;
	uint32_t index;
};

enum found { FOUND_FRAME, FOUND_END, FOUND_DAMAGE };

/* The frame at s->at, if it is whole and in its place. */
static enum found next_frame(struct scan *s, struct header *h)
{
	static const struct header zeros;

	if (s->at >= s->len || s->len - s->at < sizeof(*h))
		return s->at == s->len ? FOUND_END : FOUND_DAMAGE;
	memcpy(h, s->p + s->at, sizeof(*h));
	if (memcmp(h, &zeros, sizeof(*h)) == 0)
		return FOUND_END;
	if (memcmp(h->magic, MAGIC, 4) != 0 || h->len > s->len - s->at - sizeof(*h) ||
	    h->sum != sum_of(h, s->p + s->at + sizeof(*h)))
		return FOUND_DAMAGE;
	if (h->number == s->number && h->index == s->index)
		return FOUND_FRAME;
	/* not yet written over: only the first can be whole and another's */
	return s->at == 0 && h->number != s->number ? FOUND_END : FOUND_DAMAGE;
}

int journal_scan(const void *p, size_t len, uint64_t number,
		 int (*fn)(void *arg, const struct journal_frame *f), void *arg, char why[256])
{
	struct scan s = {.p = p, .len = len, .number = number};
	struct header h;
	enum found found = FOUND_END;
	int err = 0;

	while (!err && (found = next_frame(&s, &h)) == FOUND_FRAME) {
		const struct journal_frame f = {h.kind, h.chained != 0, s.p + s.at + sizeof(h),
						h.len};
		err = fn(arg, &f);
		s.at += sizeof(h) + padded(h.len);
		s.index++;
	}
	if (!err && found == FOUND_DAMAGE)
		err = -EBADMSG;
	if (err)
		snprintf(why, 256, "%s before byte %zu, after %u entries",
			 found == FOUND_DAMAGE ? "torn or damaged" : strerror(-err), s.at, s.index);
	return err;
}

static ssize_t read_whole(int fd, uint8_t *p)
{
	size_t len = 0;
	ssize_t n = 1;

	while (len < JOURNAL_BYTES && n > 0) {
		n = pread(fd, p + len, JOURNAL_BYTES - len, (off_t)len);
		len += n > 0 ? (size_t)n : 0;
	}
	return n < 0 ? -errno : (ssize_t)len;
}

int journal_read(const char *state_dir, uint64_t number,
		 int (*fn)(void *arg, const struct journal_frame *f), void *arg, char why[256])
{
	char path[JOURNAL_PATH_MAX];
	uint8_t *p = malloc(JOURNAL_BYTES);
	ssize_t len = -ENOMEM;

	path_of(path, state_dir, (int)(number & 1));
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		len = errno == ENOENT ? 0 : -errno;
	else if (p)
		len = read_whole(fd, p);
	snprintf(why, 256, "%s", strerror(len < 0 ? (int)-len : 0));
	int err = len < 0 ? (int)len : journal_scan(p, (size_t)len, number, fn, arg, why);
	if (fd >= 0)
		close(fd);
	free(p);
	return err;
}

/* --- writing ---------------------------------------------------------------- */

void journal_begin(struct journal *j, uint64_t number)
{
	j->number = number;
	j->index = 0;
	j->at = 0;
}

size_t journal_room(const struct journal *j)
{
	return JOURNAL_BYTES - j->at >= 2 * JOURNAL_HEADER + 8
		       ? JOURNAL_BYTES - j->at - 2 * JOURNAL_HEADER - 8
		       : 0;
}

bool journal_half_full(const struct journal *j)
{
	return j->at > JOURNAL_BYTES / 2;
}

static int lay_out(struct journal *j, const struct journal_frame *f, const void *more,
		   size_t more_len, size_t size)
{
	struct header h = {MAGIC,    (uint16_t)f->kind, f->chained, (uint32_t)(f->len + more_len),
			   j->index, j->number,         0};

	if (size > j->room) {
		uint8_t *buf = realloc(j->buf, size);
		if (!buf)
			return -ENOMEM;
		j->buf = buf;
		j->room = size;
	}
	memset(j->buf, 0, size);
	if (f->len)
		memcpy(j->buf + sizeof(h), f->p, f->len);
	if (more_len)
		memcpy(j->buf + sizeof(h) + f->len, more, more_len);
	h.sum = sum_of(&h, j->buf + sizeof(h));
	memcpy(j->buf, &h, sizeof(h));
	return 0;
}

int journal_append(struct journal *j, const struct journal_frame *f, const void *more,
		   size_t more_len, bool sync)
{
	size_t len = f->len + more_len, size = 2 * JOURNAL_HEADER + padded(len);
	int fd = j->fd[j->number & 1];
	struct stat st;

	/* a file that has gone from its folder keeps nothing */
	if (fstat(fd, &st) || st.st_nlink == 0)
		return -ENOENT;
	if (f->len > JOURNAL_BYTES || len > journal_room(j))
		return -ENOSPC;
	int err = lay_out(j, f, more, more_len, size);
	if (err)
		return err;
	if (sync)
		err = durable_write(j->disk, fd, j->buf, size, j->at);
	else if (pwrite(fd, j->buf, size, (off_t)j->at) != (ssize_t)size)
		err = errno ? -errno : -EIO;
	if (err)
		return err;
	j->at += JOURNAL_HEADER + padded(len);
	j->index++;
	return 0;
}
