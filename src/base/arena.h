/*
 * arena - bump allocator: a worker's scratch, emptied for each batch.
 *
 * Thread   one owner.
 * Owns     its block; what it hands out dies at arena_reset().
 * Memory   arena_init() takes everything; nothing is allocated afterwards.
 * Limit    arena_alloc() returns NULL when the block is used up.
 */
#ifndef TOCSIN_BASE_ARENA_H
#define TOCSIN_BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct arena {
	uint8_t *block;
	size_t size, used;
};

int arena_init(struct arena *a, size_t size); /* 0, -ENOMEM */
void arena_fini(struct arena *a);
void arena_reset(struct arena *a);
void *arena_alloc(struct arena *a, size_t size); /* 16-byte aligned, not cleared */

#endif
