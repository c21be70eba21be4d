#include "raise/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "raise/candidate.h"
#include "raise/sink_line.h"

/* Our lines all begin so; what does not is a stranger's and is left as it is. */
static const char ours[] = "{\"event_type\":";

struct sink {
	char *path;
	int fd;
	struct text line; /* reused: the line with its newline, for one write */
};

/* Where the last line begins; size when the file ends in a newline or is empty. */
static off_t last_line(int fd, off_t size)
{
	char buf[4096];

	for (off_t end = size; end > 0;) {
		off_t from = end > (off_t)sizeof(buf) ? end - (off_t)sizeof(buf) : 0;
		ssize_t n = pread(fd, buf, (size_t)(end - from), from);
		if (n != end - from)
			return -1;
		char *nl = memrchr(buf, '\n', (size_t)n);
		if (nl)
			return from + (nl - buf) + 1;
		end = from;
	}
	return 0;
}

/* A process that was killed may have left half a line: it was never
 * acknowledged, so it goes, before the next line would be joined to it. */
static int mend(int fd)
{
	char head[sizeof(ours)];
	struct stat st;

	if (fstat(fd, &st) != 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size == 0)
		return 0;
	off_t start = last_line(fd, st.st_size);
	if (start < 0)
		return -EIO;
	if (start == st.st_size)
		return 0;
	ssize_t n = pread(fd, head, sizeof(ours) - 1, start);
	if (n > 0 && memcmp(head, ours, (size_t)n) == 0)
		return ftruncate(fd, start) == 0 ? 0 : -errno;
	return sink_line_write(fd, "\n", 1);
}

/* A new file is safe only once its folder is. */
static void sync_folder(const char *path)
{
	char *folder = strdup(path);
	char *slash = folder ? strrchr(folder, '/') : NULL;

	if (slash)
		slash[slash == folder] = '\0';
	int fd = folder ? open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (fd >= 0) {
		(void)fsync(fd);
		close(fd);
	}
	free(folder);
}

/* A descriptor >= 0, or -errno. */
static int append_to(const char *path)
{
	int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0640);

	if (fd < 0 && (errno == EACCES || errno == EINVAL))
		fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC); /* a device or FIFO */
	if (fd < 0)
		return -errno;
	int r = mend(fd);
	if (r) {
		close(fd);
		return r;
	}
	sync_folder(path);
	return fd;
}

static int file_open(struct sink **out, const char *target, const char *const *properties,
		     char why[256])
{
	struct sink *s = calloc(1, sizeof(*s));
	int r = -ENOMEM;

	(void)properties;
	if (!s)
		return -ENOMEM;
	s->path = strdup(target);
	if (!s->path)
		goto fail;
	s->fd = append_to(target);
	r = s->fd;
	if (r < 0)
		goto fail;
	*out = s;
	return 0;
fail:
	if (why)
		snprintf(why, 256, "%.150s: %s", target, strerror(-r));
	free(s->path);
	free(s);
	return r;
}

static int file_write(struct sink *s, const char *id, const char *line, size_t len)
{
	(void)id;
	text_reset(&s->line);
	text_bytes(&s->line, line, len);
	text_char(&s->line, '\n');
	return s->line.error ? s->line.error : sink_line_write(s->fd, s->line.p, s->line.len);
}

static int file_flush(struct sink *s, int timeout_ms)
{
	(void)timeout_ms;
	return sink_line_sync(s->fd);
}

/* The old file stays in use when the new one cannot be had. */
static int file_reopen(struct sink *s)
{
	int fd = append_to(s->path);

	if (fd < 0)
		return fd;
	int r = sink_line_sync(s->fd);
	close(s->fd);
	s->fd = fd;
	return r;
}

static void file_close(struct sink *s)
{
	if (!s)
		return;
	close(s->fd);
	text_fini(&s->line);
	free(s->path);
	free(s);
}

const struct sink_ops sink_file = {.name = "file",
				   .open = file_open,
				   .write = file_write,
				   .flush = file_flush,
				   .reopen = file_reopen,
				   .close = file_close};

int sink_file_scan(const char *path,
		   void (*fn)(void *arg, const struct candidate_head *head, const char *line,
			      size_t len),
		   void *arg)
{
	struct candidate_head head;
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	FILE *f = fopen(path, "re");

	if (!f)
		return -errno;
	errno = 0;
	while ((n = getline(&line, &cap, f)) > 0)
		if (line[n - 1] == '\n' && candidate_head(line, (size_t)n - 1, &head))
			fn(arg, &head, line, (size_t)n - 1);
	int r = ferror(f) ? -EIO : errno == ENOMEM ? -ENOMEM : 0;
	free(line);
	fclose(f);
	return r;
}
