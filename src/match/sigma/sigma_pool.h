/*
 * sigma_pool - memory that is given back all at once: what a set or a file's tree is made of.
 *
 * Thread   one owner while it grows; then constant.
 * Owns     its blocks, until sigma_pool_free().
 * Memory   malloc, in blocks of 64 KiB or as large as asked.
 * Limit    the heap's: NULL, and failed says so from then on.
 */
#ifndef TOCSIN_MATCH_SIGMA_POOL_H
#define TOCSIN_MATCH_SIGMA_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "decode/event.h"

struct sigma_pool {
	struct sigma_block *blocks;
	size_t used, size; /* of the first block */
	size_t total;	   /* bytes held */
	bool failed;
};

void sigma_pool_free(struct sigma_pool *p);
void *sigma_pool_alloc(struct sigma_pool *p, size_t size); /* zeroed, 16-byte aligned */
/* A copy with a NUL behind it; {"", 0} when memory failed. */
struct span sigma_pool_copy(struct sigma_pool *p, const void *from, size_t len);

#endif
