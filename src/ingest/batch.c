#include "ingest/batch.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_PAGE ((size_t)2 << 20)

int batch_pool_init(struct batch_pool *p, uint32_t count)
{
	const size_t stride = BATCH_BYTES + BATCH_PAD;

	memset(p, 0, sizeof(*p));
	int err = queue_init(&p->free, count);
	if (err)
		return err;
	p->batches = calloc(count, sizeof(*p->batches));
	p->memory = aligned_alloc(HUGE_PAGE, (count * stride + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE);
	p->item_memory = calloc((size_t)count * BATCH_ITEMS_MAX, sizeof(*p->item_memory));
	if (!p->batches || !p->memory || !p->item_memory) {
		batch_pool_fini(p);
		return -ENOMEM;
	}
	/* one page instead of 256 to look up for each megabyte that is copied and scanned; a
	 * kernel that has none to give changes nothing */
	madvise(p->memory, count * stride, MADV_HUGEPAGE);
	memset(p->memory, 0, count * stride);
	p->count = count;
	for (uint32_t i = 0; i < count; i++) {
		p->batches[i].bytes = p->memory + i * stride;
		p->batches[i].item = p->item_memory + (size_t)i * BATCH_ITEMS_MAX;
		batch_put(p, &p->batches[i]);
	}
	return 0;
}

void batch_pool_fini(struct batch_pool *p)
{
	queue_fini(&p->free);
	free(p->batches);
	free(p->memory);
	free(p->item_memory);
	memset(p, 0, sizeof(*p));
}

struct batch *batch_get(struct batch_pool *p)
{
	struct batch *b = queue_pop(&p->free);

	if (b)
		batch_reset(b);
	return b;
}

void batch_put(struct batch_pool *p, struct batch *b)
{
	queue_push_first(&p->free, b); /* its bytes are still in a cache */
}

void batch_reset(struct batch *b)
{
	b->object = NULL;
	b->kind = BATCH_LINES;
	b->items = b->used = 0;
	memset(b->refused, 0, sizeof(b->refused));
}

bool batch_append(struct batch *b, const void *p, uint32_t len, const struct batch_item *proto)
{
	if (b->items == BATCH_ITEMS_MAX || len > BATCH_BYTES - b->used)
		return false;
	memcpy(b->bytes + b->used, p, len);
	b->item[b->items] = *proto;
	b->item[b->items].start = b->used;
	b->item[b->items].len = len;
	b->items++;
	b->used += len;
	if (b->kind == BATCH_MESSAGES && b->used < BATCH_BYTES)
		b->bytes[b->used++] = '\n'; /* so that no value seems to go on in the next */
	assert(b->used <= BATCH_BYTES);
	return true;
}
