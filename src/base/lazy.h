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

/* The same in huge pages where the kernel has some: for what will be used soon, and whole. */
static inline void *lazy_alloc_huge(size_t bytes)
{
	void *p = lazy_alloc(bytes);

	if (p && bytes >= (2u << 20))
		madvise(p, bytes, MADV_HUGEPAGE);
	return p;
}

/* More of it, perhaps elsewhere; NULL when there is no room, and p as it was. */
static inline void *lazy_grow(void *p, size_t bytes, size_t more)
{
	if (!p)
		return lazy_alloc_huge(more);
	void *q = mremap(p, bytes ? bytes : 1, more, MREMAP_MAYMOVE);
	if (q == MAP_FAILED)
		return NULL;
	if (more >= (2u << 20))
		madvise(q, more, MADV_HUGEPAGE);
	return q;
}

static inline void lazy_free(void *p, size_t bytes)
{
	if (p)
		munmap(p, bytes ? bytes : 1);
}

#endif
