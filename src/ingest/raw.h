/*
 * raw - the bytes of a descriptor, by io_uring or read(2).
 *
 * A regular file of RAW_RING_MIN or more is read through a ring, one read at a
 * time; what follows it is fetched by the kernel's own read-ahead. Where the
 * kernel refuses the ring, and for everything smaller, read(2) does the same.
 * Pipes, sockets and terminals are polled, so that a quiet one blocks nobody.
 *
 * Thread   one owner.
 * Owns     its descriptor (standard input is left open) and its ring.
 * Memory   the ring, at open.
 * Limit    a read of RAW_READ_MAX bytes.
 */
#ifndef TOCSIN_INGEST_RAW_H
#define TOCSIN_INGEST_RAW_H

#include <liburing.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#define RAW_RING_MIN (2u << 20)
#define RAW_READ_MAX (1u << 30)

struct raw {
	int fd;
	bool regular; /* a file with offsets; else a stream that may be quiet */
	bool ring_on;
	uint64_t offset, size; /* size: as of open, 0 for streams */
	uint64_t device, inode;
	const _Atomic bool *stop; /* NULL: nobody stops us */
	int hurry;		  /* readable: do not wait; 0: nobody hurries us */
	struct io_uring ring;
};

/* path or "-". 0, or -errno with why (a folder is -EISDIR). */
int raw_open(struct raw *r, const char *path, bool io_uring, const _Atomic bool *stop,
	     char why[256]);
void raw_close(struct raw *r);
/* >0 bytes, 0 end, -EAGAIN nothing within wait_ms (streams only) or stopped, other -errno. */
ssize_t raw_read(struct raw *r, void *dst, size_t len, int wait_ms);
/* poll(2) of fd for reading: 1, 0 in wait_ms not; -EAGAIN: there is hurry; -errno. */
int raw_poll(int fd, int hurry, int wait_ms);
bool raw_stopped(const struct raw *r);
/* True when a read would not wait: a regular file, or bytes are there. */
bool raw_ready(const struct raw *r);

#endif
