#include "ingest/raw.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define RING_ENTRIES 4
#define POLL_MS      50 /* how long a stop may go unseen */

static int open_descriptor(const char *path)
{
	if (strcmp(path, "-") == 0)
		return STDIN_FILENO;
	/* O_NONBLOCK: a FIFO without a writer must not hold the open; poll waits for it */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

int raw_open(struct raw *r, const char *path, bool io_uring, const _Atomic bool *stop,
	     char why[256])
{
	struct stat st;
	int err;

	memset(r, 0, sizeof(*r));
	r->stop = stop;
	r->fd = open_descriptor(path);
	if (r->fd < 0) {
		snprintf(why, 256, "%.180s: %s", path, strerror(-r->fd));
		return r->fd;
	}
	err = fstat(r->fd, &st) ? -errno : S_ISDIR(st.st_mode) ? -EISDIR : 0;
	if (err) {
		snprintf(why, 256, "%.180s: %s", path, strerror(-err));
		raw_close(r);
		return err;
	}
	r->device = st.st_dev;
	r->inode = st.st_ino;
	r->regular = S_ISREG(st.st_mode) || S_ISBLK(st.st_mode);
	if (!r->regular) {
		fcntl(r->fd, F_SETPIPE_SZ,
		      1 << 20); /* fewer, larger reads; a refusal costs nothing */
		return 0;
	}
	/* standard input may be a file that somebody has read from */
	off_t at = lseek(r->fd, 0, SEEK_CUR);
	r->offset = at > 0 ? (uint64_t)at : 0;
	r->size = (uint64_t)st.st_size;
	posix_fadvise(r->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	if (io_uring && r->size >= RAW_RING_MIN)
		r->ring_on = io_uring_queue_init(RING_ENTRIES, &r->ring, 0) == 0;
	return 0;
}

void raw_close(struct raw *r)
{
	if (r->ring_on)
		io_uring_queue_exit(&r->ring);
	if (r->fd > STDIN_FILENO)
		close(r->fd);
	r->ring_on = false;
	r->fd = -1;
}

bool raw_stopped(const struct raw *r)
{
	/* a late look costs one more read */
	return r->stop && atomic_load_explicit(r->stop, memory_order_relaxed);
}

/* One read in the ring at a time. What follows is fetched by the kernel's own read-ahead:
 * asking for it through the ring occupies a kernel thread, which on two cores took a third of
 * what two workers do. */
static ssize_t ring_read(struct raw *r, void *dst, size_t len)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&r->ring);
	struct io_uring_cqe *cqe;
	int err;

	if (!sqe)
		return -EOPNOTSUPP;
	io_uring_prep_read(sqe, r->fd, dst, (unsigned)len, r->offset);
	do
		err = io_uring_submit_and_wait(&r->ring, 1);
	while (err == -EINTR);
	while (err >= 0 && (err = io_uring_wait_cqe(&r->ring, &cqe)) == -EINTR)
		err = 0;
	if (err < 0)
		return err;
	ssize_t res = cqe->res;
	io_uring_cqe_seen(&r->ring, cqe);
	return res;
}

static ssize_t regular_read(struct raw *r, void *dst, size_t len)
{
	if (r->ring_on) {
		ssize_t n = ring_read(r, dst, len);
		if (n != -EOPNOTSUPP && n != -EINVAL && n != -EAGAIN && n != -EINTR)
			return n;
		/* this kernel or file system does not take it: read(2) from here on */
		io_uring_queue_exit(&r->ring);
		r->ring_on = false;
	}
	ssize_t n;
	do
		n = pread(r->fd, dst, len, (off_t)r->offset);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

int raw_poll(int fd, int hurry, int wait_ms)
{
	struct pollfd p[2] = {{.fd = fd, .events = POLLIN},
			      {.fd = hurry > 0 ? hurry : -1, .events = POLLIN}};
	int n = poll(p, 2, wait_ms);

	return n < 0 ? -errno : n == 0 ? 0 : p[0].revents ? 1 : -EAGAIN;
}

/* >0 readable (or ended), 0 nothing in time or stopped, -errno. */
static int stream_wait(const struct raw *r, int wait_ms)
{
	for (int left = wait_ms;; left -= POLL_MS) {
		int n = raw_poll(r->fd, r->hurry, left < POLL_MS ? left : POLL_MS);
		if (n == -EAGAIN || (n == 0 && left <= POLL_MS) || raw_stopped(r))
			return 0;
		if (n > 0 || (n < 0 && n != -EINTR))
			return n;
	}
}

static ssize_t stream_read(struct raw *r, void *dst, size_t len, int wait_ms)
{
	int ready = stream_wait(r, wait_ms);

	if (ready <= 0)
		return ready ? ready : -EAGAIN;
	ssize_t n = read(r->fd, dst, len);
	if (n < 0)
		return errno == EINTR || errno == EWOULDBLOCK ? -EAGAIN : -errno;
	return n;
}

ssize_t raw_read(struct raw *r, void *dst, size_t len, int wait_ms)
{
	ssize_t n;

	assert(len > 0 && len <= RAW_READ_MAX);
	if (raw_stopped(r))
		return -EAGAIN;
	n = r->regular ? regular_read(r, dst, len) : stream_read(r, dst, len, wait_ms);
	if (n > 0) {
		assert((size_t)n <= len);
		r->offset += (uint64_t)n;
	}
	return n;
}

bool raw_ready(const struct raw *r)
{
	struct pollfd p = {.fd = r->fd, .events = POLLIN};

	return r->regular || poll(&p, 1, 0) > 0;
}
