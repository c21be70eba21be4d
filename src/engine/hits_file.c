#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "engine/engine_priv.h"

int hits_open(struct hits_file *h, const char *path)
{
	int fd = strcmp(path, "-") == 0 ? dup(STDOUT_FILENO)
					: open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0)
		return -errno;
	h->fd = fd;
	return 0;
}

static int write_all(int fd, const char *p, size_t len)
{
	while (len) {
		ssize_t n = write(fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

void hits_append(struct hits_file *h, struct text *lines)
{
	pthread_mutex_lock(&h->lock);
	if (!h->error)
		h->error = lines->error ? lines->error : write_all(h->fd, lines->p, lines->len);
	pthread_mutex_unlock(&h->lock);
	text_reset(lines);
}

int hits_error(struct hits_file *h)
{
	pthread_mutex_lock(&h->lock);
	int error = h->error;
	pthread_mutex_unlock(&h->lock);
	return error;
}

void hits_close(struct hits_file *h)
{
	if (h->fd >= 0)
		close(h->fd);
	h->fd = -1;
}
