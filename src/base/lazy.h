/*
 * lazy - room that costs nothing until it is used: zeroed pages straight from the kernel.
 *
 * Thread   any.
 * Order    none.
 * Owns     the caller owns what it is given, until lazy_free() with the same size.
 * Memory   address space at once, a page of memory when one of its bytes is first written.
 * Limit    the address space.
 */
#ifndef TOCSIN_BASE_LAZY_H
#define TOCSIN_BASE_LAZY_H

#include <stddef.h>
#include <sys/mman.h>

/* bytes of zeros; NULL when there is no room. */
static inline void *lazy_alloc(size_t bytes)
{
	void *p = mmap(NULL, bytes ? bytes : 1, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static inline void lazy_free(void *p, size_t bytes)
{
	if (p)
		munmap(p, bytes ? bytes : 1);
}

#endif
