#include "correlate/heavy.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The place of key, HEAVY_KEYS when it has none. All places every time: without a way out
 * of the loop the compiler compares several at once. */
static uint32_t find(const struct heavy *h, uint32_t key)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < HEAVY_KEYS; i++)
		at |= h->key[i] == key ? i + 1 : 0;
	return at ? at - 1 : HEAVY_KEYS;
}

/* What a key that is not held may have been counted at most. */
static uint64_t floor_of(const struct heavy *h)
{
	uint64_t least = h->used < HEAVY_KEYS ? 0 : h->count[0];

	for (uint32_t i = 1; i < HEAVY_KEYS; i++)
		least = h->count[i] < least ? h->count[i] : least;
	return least;
}

/* A place with the least count. Counts only rise, so the least stays the least until a
 * whole round has met no other of it. */
static uint32_t least(struct heavy *h)
{
	for (;;) {
		for (uint32_t n = 0; n < HEAVY_KEYS; n++) {
			h->from = (h->from + 1) % HEAVY_KEYS;
			if (h->count[h->from] == h->least)
				return h->from;
		}
		h->least = floor_of(h);
	}
}

void heavy_add(struct heavy *h, uint32_t key)
{
	assert(key);
	h->total++;
	/* a heavy key comes in runs */
	uint32_t at = h->key[h->last] == key ? h->last : find(h, key);
	if (at == HEAVY_KEYS && h->used < HEAVY_KEYS) {
		at = h->used++;
		h->key[at] = key;
	} else if (at == HEAVY_KEYS) {
		at = least(h);
		h->key[at] = key;
		h->error[at] = h->count[at];
	}
	h->count[at]++;
	h->last = at;
}

uint64_t heavy_at_least(const struct heavy *h, uint32_t key)
{
	uint32_t at = find(h, key);

	return at == HEAVY_KEYS ? 0 : h->count[at] - h->error[at];
}

uint64_t heavy_at_most(const struct heavy *h, uint32_t key)
{
	uint32_t at = find(h, key);

	return at == HEAVY_KEYS ? floor_of(h) : h->count[at];
}

struct counted {
	uint32_t key;
	uint64_t count, error;
};

static int most(const void *va, const void *vb)
{
	const struct counted *a = va, *b = vb;

	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	return (a->key > b->key) - (a->key < b->key);
}

void heavy_merge(struct heavy *h, const struct heavy *other)
{
	struct counted all[2 * HEAVY_KEYS];
	uint64_t floors[2] = {floor_of(h), floor_of(other)};
	uint32_t n = 0;

	for (uint32_t i = 0; i < h->used; i++) {
		uint32_t at = find(other, h->key[i]);
		bool both = at < HEAVY_KEYS;
		all[n++] = (struct counted){
			h->key[i], h->count[i] + (both ? other->count[at] : floors[1]),
			h->error[i] + (both ? other->error[at] : floors[1])};
	}
	for (uint32_t i = 0; i < other->used; i++)
		if (find(h, other->key[i]) == HEAVY_KEYS)
			all[n++] = (struct counted){other->key[i], other->count[i] + floors[0],
						    other->error[i] + floors[0]};
	if (n)
		qsort(all, n, sizeof(all[0]), most);
	h->total += other->total;
	h->used = n < HEAVY_KEYS ? n : HEAVY_KEYS;
	h->last = 0;
	h->least = 0;
	for (uint32_t i = 0; i < h->used; i++) {
		h->key[i] = all[i].key;
		h->count[i] = all[i].count;
		h->error[i] = all[i].error;
	}
}
