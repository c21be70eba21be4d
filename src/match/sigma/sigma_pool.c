#include "match/sigma/sigma_pool.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES 65536

struct sigma_block {
	struct sigma_block *next;
	max_align_t data[];
};

void sigma_pool_free(struct sigma_pool *p)
{
	while (p->blocks) {
		struct sigma_block *next = p->blocks->next;
		free(p->blocks);
		p->blocks = next;
	}
	*p = (struct sigma_pool){0};
}

static bool add_block(struct sigma_pool *p, size_t size)
{
	struct sigma_block *b;

	size = size > BLOCK_BYTES ? size : BLOCK_BYTES;
	b = size < SIZE_MAX / 2 ? calloc(1, sizeof(*b) + size) : NULL;
	if (!b) {
		p->failed = true;
		return false;
	}
	b->next = p->blocks;
	p->blocks = b;
	p->used = 0;
	p->size = size;
	p->total += sizeof(*b) + size;
	return true;
}

void *sigma_pool_alloc(struct sigma_pool *p, size_t size)
{
	size = (size + 15) & ~(size_t)15;
	if (p->failed || ((!p->blocks || p->size - p->used < size) && !add_block(p, size)))
		return NULL;
	void *at = (char *)p->blocks->data + p->used;
	p->used += size;
	return at;
}

struct span sigma_pool_copy(struct sigma_pool *p, const void *from, size_t len)
{
	char *to = sigma_pool_alloc(p, len + 1);

	if (!to)
		return (struct span){"", 0};
	if (len)
		memcpy(to, from, len);
	return (struct span){to, (uint32_t)len};
}
