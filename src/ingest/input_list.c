/*
 * input_list - the files that the paths of a command line stand for.
 */
#include "ingest/ingest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "ingest/unpack.h"

#define DEPTH_MAX  64
#define PEEK_BYTES 4096  /* of a pipe: enough to unpack the first four */
#define PEEK_TRIES 100   /* looks at a pipe that has given less than a magic number, */
#define PEEK_US    10000 /* and the pause between them */

static int failed(char why[256], const char *path, int err)
{
	snprintf(why, 256, "%.180s: %s", path, strerror(-err));
	return err;
}

/* The magic numbers of pcap, both ways round, plain, nanosecond and Kuznetzov's
 * modified form, and of pcapng's section header block. */
static bool is_capture(const uint8_t p[4])
{
	static const uint32_t magics[] = {0xa1b2c3d4, 0xd4c3b2a1, 0xa1b23c4d, 0x4d3cb2a1,
					  0xa1b2cd34, 0x34cdb2a1, 0x0a0d0d0a};
	uint32_t magic = (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];

	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
		if (magic == magics[i])
			return true;
	return false;
}

/* The first bytes, unpacked. The input stays as it is: a file is read by position. */
static const struct source_ops *told_by_content(const char *path)
{
	struct unpack u;
	uint8_t magic[4];
	char why[256];
	size_t len = 0;
	ssize_t n = 1;

	if (unpack_open(&u, path, false, NULL, why) != 0)
		return &ingest_file; /* opening it for good says why */
	while (len < sizeof(magic) && n > 0) {
		n = unpack_read(&u, magic + len, sizeof(magic) - len, 0);
		len += n > 0 ? (size_t)n : 0;
	}
	unpack_close(&u);
	return len == sizeof(magic) && is_capture(magic) ? &ingest_pcap : &ingest_file;
}

/* Standard input is a pipe: tee(2) gives a copy of its first bytes and leaves them there. */
static const struct source_ops *told_by_pipe(void)
{
	const struct source_ops *ops = &ingest_file;
	int ends[2];
	char path[32];
	ssize_t n = 0;

	for (int i = 0; i < PEEK_TRIES; i++) {
		if (pipe2(ends, O_CLOEXEC) != 0)
			return ops;
		n = tee(STDIN_FILENO, ends[1], PEEK_BYTES, 0); /* waits for the first byte */
		close(ends[1]);
		if (n <= 0 || n >= 4)
			break;
		close(ends[0]);
		usleep(PEEK_US);
	}
	if (n > 0 && n < 4)
		return ops;
	snprintf(path, sizeof(path), "/dev/fd/%d", ends[0]);
	if (n > 0)
		ops = told_by_content(path);
	close(ends[0]);
	return ops;
}

/* The slot of this file for this source, or the free one where it belongs. */
static uint32_t *slot_of(const struct input_list *l, uint64_t device, uint64_t inode,
			 const struct source *s)
{
	uint64_t h = hash_pair(hash_pair(device, inode), (uintptr_t)s);
	uint32_t i = (uint32_t)h & (l->slot_count - 1);

	for (; l->slots[i]; i = (i + 1) & (l->slot_count - 1)) {
		const struct input_path *p = &l->items[l->slots[i] - 1];
		if (p->inode == inode && p->device == device && p->source == s)
			break;
	}
	return &l->slots[i];
}

static bool is_listed(const struct input_list *l, const struct stat *st, const struct source *s)
{
	return l->slots && *slot_of(l, st->st_dev, st->st_ino, s) != 0;
}

static void index_items(struct input_list *l)
{
	memset(l->slots, 0, l->slot_count * sizeof(*l->slots));
	for (uint32_t i = 0; i < l->count; i++)
		*slot_of(l, l->items[i].device, l->items[i].inode, l->items[i].source) = i + 1;
}

/* Room for as many again, and slots at most half full. */
static int grow(struct input_list *l)
{
	uint32_t capacity = l->capacity ? 2 * l->capacity : 64;
	struct input_path *items = reallocarray(l->items, capacity, sizeof(*items));

	if (!items)
		return -ENOMEM;
	l->items = items;
	uint32_t *slots = reallocarray(l->slots, capacity, 2 * sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	l->slots = slots;
	l->slot_count = 2 * capacity;
	l->capacity = capacity;
	index_items(l);
	return 0;
}

static int append(struct input_list *l, const char *path, const struct stat *st,
		  const struct source *s)
{
	if (l->count == l->capacity && grow(l) != 0)
		return -ENOMEM;
	struct input_path *p = &l->items[l->count];
	*p = (struct input_path){.path = strdup(path), .source = s};
	if (!p->path)
		return -ENOMEM;
	p->device = st->st_dev;
	p->inode = st->st_ino;
	if (strcmp(path, "-") == 0 && S_ISFIFO(st->st_mode))
		p->ops = told_by_pipe();
	else
		p->ops = S_ISREG(st->st_mode) ? told_by_content(path) : &ingest_file;
	p->bytes = S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0;
	*slot_of(l, st->st_dev, st->st_ino, s) = ++l->count;
	return 0;
}

static int not_hidden(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int add_folder(struct input_list *l, const char *path, const struct source *s, int depth,
		      char why[256]);

/* What a folder holds: files are taken, through links too; folders are walked, but not
 * through links, which could lead back; pipes, sockets and devices are no telemetry. */
static int add_entry(struct input_list *l, const char *path, const struct source *s, int depth,
		     char why[256])
{
	struct stat st, link;

	if (lstat(path, &link) != 0 || stat(path, &st) != 0)
		return 0; /* gone since it was listed, or a link to nothing */
	if (S_ISDIR(st.st_mode))
		return S_ISLNK(link.st_mode) ? 0 : add_folder(l, path, s, depth + 1, why);
	if (!S_ISREG(st.st_mode) || is_listed(l, &st, s))
		return 0;
	int err = append(l, path, &st, s);
	return err ? failed(why, path, err) : 0;
}

static int add_folder(struct input_list *l, const char *path, const struct source *s, int depth,
		      char why[256])
{
	struct dirent **names;
	char entry[PATH_MAX];
	int err = 0;
	size_t len = strlen(path);
	const char *slash = len > 0 && path[len - 1] == '/' ? "" : "/";

	if (depth > DEPTH_MAX)
		return failed(why, path, -ELOOP);
	int count = scandir(path, &names, not_hidden, by_bytes);
	if (count < 0)
		return failed(why, path, -errno);
	for (int i = 0; i < count; i++) {
		int n = snprintf(entry, sizeof(entry), "%s%s%s", path, slash, names[i]->d_name);
		if (n >= (int)sizeof(entry))
			err = err ? err : failed(why, path, -ENAMETOOLONG);
		else if (!err)
			err = add_entry(l, entry, s, depth, why);
		free(names[i]);
	}
	free(names);
	return err;
}

int input_list_add(struct input_list *l, const char *path, const struct source *s, char why[256])
{
	struct stat st;
	int ret = strcmp(path, "-") == 0 ? fstat(STDIN_FILENO, &st) : stat(path, &st);

	why[0] = '\0';
	if (ret != 0)
		return failed(why, path, -errno);
	if (S_ISDIR(st.st_mode) && strcmp(path, "-") != 0)
		return add_folder(l, path, s, 0, why);
	if (is_listed(l, &st, s))
		return 0;
	int err = append(l, path, &st, s);
	return err ? failed(why, path, err) : 0;
}

static int by_source_then_path(const void *a, const void *b)
{
	const struct input_path *p = a, *q = b;
	int order = strcmp(p->source ? p->source->name : "", q->source ? q->source->name : "");

	return order ? order : strcmp(p->path, q->path);
}

void input_list_sort(struct input_list *l)
{
	if (l->count > 1)
		qsort(l->items, l->count, sizeof(*l->items), by_source_then_path);
	if (l->slots)
		index_items(l);
}

int input_list_register(const struct input_list *l, struct object_registry *r)
{
	char position[4200];

	for (uint32_t i = 0; i < l->count; i++) {
		const struct input_path *p = &l->items[i];
		snprintf(position, sizeof(position), "%s:%.4096s", p->ops->name, p->path);
		if (!object_get(r, position, p->source))
			return -ENOMEM;
	}
	return 0;
}

void input_list_fini(struct input_list *l)
{
	for (uint32_t i = 0; i < l->count; i++)
		free(l->items[i].path);
	free(l->items);
	free(l->slots);
	*l = (struct input_list){0};
}
