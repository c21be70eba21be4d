#include "raise/sink_line.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Where the next write to a regular file lands; -1 for what is no regular file. */
static off_t next_byte(int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return -1;
	int flags = fcntl(fd, F_GETFL);
	return flags >= 0 && (flags & O_APPEND) ? st.st_size : lseek(fd, 0, SEEK_CUR);
}

static int write_all(int fd, const char *p, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, p, len);
		if (n < 0 && errno == EAGAIN) {
			struct pollfd pfd = {.fd = fd, .events = POLLOUT};
			(void)poll(&pfd, 1, -1);
			continue;
		}
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

/* The signal that a closed pipe sends to this thread is taken back: a library
 * must not change the process's handlers to get its error code. */
static int write_quiet(int fd, const char *p, size_t len)
{
	sigset_t sigpipe, pending, before;
	const struct timespec now = {0, 0};

	sigemptyset(&sigpipe);
	sigaddset(&sigpipe, SIGPIPE);
	sigpending(&pending);
	bool was_pending = sigismember(&pending, SIGPIPE) == 1;
	pthread_sigmask(SIG_BLOCK, &sigpipe, &before);
	int r = write_all(fd, p, len);
	if (r == -EPIPE && !was_pending)
		while (sigtimedwait(&sigpipe, NULL, &now) < 0 && errno == EINTR)
			;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r;
}

int sink_line_write(int fd, const char *p, size_t len)
{
	off_t start = next_byte(fd);
	int r = write_quiet(fd, p, len);

	if (r == 0 || start < 0)
		return r;
	/* if even this fails, the next opener finds the half line and cuts it */
	if (ftruncate(fd, start) == 0)
		(void)lseek(fd, start, SEEK_SET);
	return r;
}

int sink_line_sync(int fd)
{
	if (fsync(fd) == 0 || errno == EINVAL || errno == EROFS || errno == ENOTSUP)
		return 0;
	return -errno;
}
