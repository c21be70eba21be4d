#include "match/exact.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define EMPTY                UINT32_MAX
#define LIST                 (UINT32_C(1) << 31) /* ref is a place in lists, or a chain while building */
#define NO_NEXT              UINT32_MAX
#define FILTER_BITS_PER_ATOM 16

static_assert(sizeof(struct exact_slot) == 8, "two slots a 16-byte half line");

/* The tag is the high half of the hash; the place comes from the low half. */
static uint32_t slot_at(const struct exact *e, uint64_t hash)
{
	uint64_t place = (uint32_t)hash * UINT64_C(0x9e3779b1) & UINT32_MAX;
	return (uint32_t)(place * e->slot_count >> 32);
}

static uint32_t slot_tag(uint64_t hash)
{
	return (uint32_t)(hash >> 32);
}

int exact_init(struct exact *e, uint32_t capacity)
{
	memset(e, 0, sizeof(*e));
	if (capacity >= EXACT_REFS_MAX)
		return -EINVAL;
	e->capacity = capacity;
	e->slot_count = capacity + capacity / 4 + 8;
	e->filter_words = capacity / (64 / FILTER_BITS_PER_ATOM) + 8;
	e->slots = malloc((size_t)e->slot_count * sizeof(*e->slots));
	e->filter = calloc(e->filter_words, sizeof(*e->filter));
	e->next = malloc(((size_t)capacity + 1) * sizeof(*e->next));
	e->order = malloc(((size_t)capacity + 1) * sizeof(*e->order));
	if (!e->slots || !e->filter || !e->next || !e->order) {
		exact_fini(e);
		return -ENOMEM;
	}
	memset(e->slots, 0xff, (size_t)e->slot_count * sizeof(*e->slots));
	return 0;
}

void exact_fini(struct exact *e)
{
	free(e->slots);
	free(e->filter);
	free(e->lists);
	free(e->next);
	free(e->order);
	memset(e, 0, sizeof(*e));
}

size_t exact_bytes(const struct exact *e)
{
	return (size_t)e->slot_count * sizeof(*e->slots) +
	       (size_t)e->filter_words * sizeof(*e->filter) +
	       (size_t)e->list_words * sizeof(*e->lists);
}

static struct exact_slot *find_slot(const struct exact *e, uint64_t hash)
{
	uint32_t at = slot_at(e, hash), tag = slot_tag(hash);

	while (e->slots[at].ref != EMPTY && e->slots[at].tag != tag)
		if (++at == e->slot_count)
			at = 0;
	return &e->slots[at];
}

/* A chain starts at its last insertion: ref = LIST | insertion number. */
void exact_insert(struct exact *e, uint64_t hash, uint32_t ref)
{
	assert(e->next && e->inserted < e->capacity && ref < EXACT_REFS_MAX);
	struct exact_slot *s = find_slot(e, hash);
	uint32_t n = e->inserted++;

	e->order[n] = ref;
	if (s->ref == EMPTY) {
		e->next[n] = NO_NEXT;
		e->used++;
		*((uint64_t *)exact_filter_word(e, hash)) |= exact_filter_bits(hash);
	} else {
		e->next[n] = s->ref & ~LIST;
	}
	*s = (struct exact_slot){slot_tag(hash), LIST | n};
}

void exact_insert_once(struct exact *e, uint64_t hash, uint32_t ref)
{
	if (find_slot(e, hash)->ref == EMPTY)
		exact_insert(e, hash, ref);
}

/* Writes a chain in the order of insertion; returns its length. */
static uint32_t put_chain(const struct exact *e, uint32_t n, uint32_t *out)
{
	uint32_t count = 0;

	for (uint32_t i = n; i != NO_NEXT; i = e->next[i])
		count++;
	uint32_t at = count;
	for (uint32_t i = n; i != NO_NEXT; i = e->next[i])
		out[--at] = e->order[i];
	return count;
}

int exact_finish(struct exact *e)
{
	size_t words = (size_t)(e->inserted - e->used) * 2 + 1, at = 0;

	/* a list of c takes c + 1 words, c >= 2: at most 3 for each 2, 2 each one more */
	words += e->inserted - e->used;
	e->lists = malloc(words * sizeof(*e->lists));
	if (!e->lists)
		return -ENOMEM;
	for (uint32_t i = 0; i < e->slot_count; i++) {
		struct exact_slot *s = &e->slots[i];
		if (s->ref == EMPTY)
			continue;
		uint32_t n = s->ref & ~LIST;
		if (e->next[n] == NO_NEXT) {
			s->ref = e->order[n];
			continue;
		}
		assert(at + 3 <= words);
		s->ref = LIST | (uint32_t)at;
		e->lists[at] = put_chain(e, n, e->lists + at + 1);
		at += e->lists[at] + 1;
	}
	e->list_words = (uint32_t)at;
	free(e->next);
	free(e->order);
	e->next = e->order = NULL;
	uint32_t *fit = realloc(e->lists, (at + 1) * sizeof(*fit));
	if (fit)
		e->lists = fit;
	return 0;
}

struct exact_refs exact_find(const struct exact *e, uint64_t hash)
{
	if (!e->slots || !exact_maybe(e, hash))
		return (struct exact_refs){NULL, 0};
	const struct exact_slot *s = find_slot(e, hash);
	if (s->ref == EMPTY)
		return (struct exact_refs){NULL, 0};
	if (!(s->ref & LIST))
		return (struct exact_refs){&s->ref, 1};
	const uint32_t *list = e->lists + (s->ref & ~LIST);
	return (struct exact_refs){list + 1, list[0]};
}
