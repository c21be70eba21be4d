/*
 * bell - tells one thread that there is something to look at.
 *
 * Thread   ring: any. clear and the waiting: one.
 * Order    what happened before a ring is seen after the clear that follows it.
 * Owns     an eventfd, readable while it rings, for poll(2).
 * Memory   none.
 * Limit    none. A ring while it rings costs no system call.
 */
#ifndef TOCSIN_BASE_BELL_H
#define TOCSIN_BASE_BELL_H

#include <stdatomic.h>
#include <stdbool.h>

struct bell {
	int fd;
	_Atomic bool rung;
};

int bell_init(struct bell *b); /* 0, -errno */
void bell_fini(struct bell *b);
void bell_ring(struct bell *b);
/* Call before looking: what comes later rings again. */
void bell_clear(struct bell *b);

#endif
