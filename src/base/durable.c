#include "base/durable.h"

#include <assert.h>
#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <unistd.h>

struct durable {
	struct io_uring ring;
	bool uring;
};

int durable_init(struct durable **out)
{
	struct durable *w = calloc(1, sizeof(*w));

	*out = w;
	if (!w)
		return -ENOMEM;
	w->uring = io_uring_queue_init(4, &w->ring, 0) == 0;
	return 0;
}

void durable_fini(struct durable *w)
{
	if (!w)
		return;
	if (w->uring)
		io_uring_queue_exit(&w->ring);
	free(w);
}

bool durable_uring(const struct durable *w)
{
	return w->uring;
}

static int write_plainly(int fd, const uint8_t *p, size_t len, uint64_t at)
{
	while (len) {
		ssize_t n = pwrite(fd, p, len, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		p += n;
		len -= (size_t)n;
		at += (uint64_t)n;
	}
	return fdatasync(fd) ? -errno : 0;
}

/* A write and, behind it, a sync: the link breaks when the write is short or fails. */
static int write_linked(struct durable *w, int fd, const void *p, size_t len, uint64_t at)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&w->ring);
	struct io_uring_cqe *cqe;
	int err = 0;

	io_uring_prep_write(sqe, fd, p, (unsigned)len, at);
	sqe->flags |= IOSQE_IO_LINK;
	sqe->user_data = len;
	sqe = io_uring_get_sqe(&w->ring);
	io_uring_prep_fsync(sqe, fd, IORING_FSYNC_DATASYNC);
	sqe->user_data = 0;
	int n = io_uring_submit_and_wait(&w->ring, 2);
	for (int i = 0; i < 2; i++) {
		while (n >= 0 && (n = io_uring_wait_cqe(&w->ring, &cqe)) == -EINTR)
			n = 0;
		if (n < 0) {
			/* what it still does is not known: from now on without it */
			io_uring_queue_exit(&w->ring);
			w->uring = false;
			return n;
		}
		if (!err && cqe->res != (int)cqe->user_data)
			err = cqe->res < 0 ? cqe->res : -EIO;
		io_uring_cqe_seen(&w->ring, cqe);
	}
	return err;
}

int durable_write(struct durable *w, int fd, const void *p, size_t len, uint64_t at)
{
	assert(len < 1u << 30);
	int err = w->uring ? write_linked(w, fd, p, len, at) : -ENOSYS;
	/* short, or not for us: the same bytes at the same place do no harm */
	return err ? write_plainly(fd, p, len, at) : 0;
}
