#include "base/arena.h"

#include <errno.h>
#include <stdlib.h>

int arena_init(struct arena *a, size_t size)
{
	a->block = malloc(size);
	a->size = a->block ? size : 0;
	a->used = 0;
	return a->block ? 0 : -ENOMEM;
}

void arena_fini(struct arena *a)
{
	free(a->block);
	a->block = NULL;
	a->size = a->used = 0;
}

void arena_reset(struct arena *a)
{
	a->used = 0;
}

void *arena_alloc(struct arena *a, size_t size)
{
	size_t at = (a->used + 15) & ~(size_t)15;

	if (at > a->size || size > a->size - at)
		return NULL;
	a->used = at + size;
	return a->block + at;
}
