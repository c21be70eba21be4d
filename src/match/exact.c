#include "match/exact.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LIST                 EXACT_LIST
#define NO_NEXT              UINT32_MAX
#define FILTER_BITS_PER_ATOM 16

/* The tag is of the high half of the hash; the place comes from the low half. */
static uint32_t slot_at(const struct exact *e, uint64_t hash)
{
	uint64_t place = (uint32_t)hash * UINT64_C(0x9e3779b1) & UINT32_MAX;
	return (uint32_t)(place * e->slot_count >> 32);
}

static uint16_t slot_tag(uint64_t hash)
{
	uint16_t tag = (uint16_t)(hash >> 32);
	return tag ? tag : 1;
}

int exact_init(struct exact *e, uint32_t capacity)
{
	memset(e, 0, sizeof(*e));
	if (capacity >= EXACT_REFS_MAX)
		return -EINVAL;
	e->capacity = capacity;
	e->slot_count = capacity + capacity / 20 * 3 + 8;
	e->filter_words = capacity / (64 / FILTER_BITS_PER_ATOM) + 8;
	e->tags = calloc(e->slot_count, sizeof(*e->tags));
	e->refs = malloc((size_t)e->slot_count * sizeof(*e->refs));
	e->filter = calloc(e->filter_words, sizeof(*e->filter));
	e->next = malloc(((size_t)capacity + 1) * sizeof(*e->next));
	e->order = malloc(((size_t)capacity + 1) * sizeof(*e->order));
	if (!e->tags || !e->refs || !e->filter || !e->next || !e->order) {
		exact_fini(e);
		return -ENOMEM;
	}
	return 0;
}

void exact_fini(struct exact *e)
{
	if (!e->borrowed) {
		free(e->tags);
		free(e->refs);
		free(e->filter);
		free(e->lists);
	}
	free(e->next);
	free(e->order);
	memset(e, 0, sizeof(*e));
}

size_t exact_bytes(const struct exact *e)
{
	return (size_t)e->slot_count * (sizeof(*e->tags) + sizeof(*e->refs)) +
	       (size_t)e->filter_words * sizeof(*e->filter) +
	       (size_t)e->list_words * sizeof(*e->lists);
}

/* The slot of this tag, or the free one where it belongs. */
static uint32_t find_slot(const struct exact *e, uint64_t hash)
{
	uint32_t at = slot_at(e, hash);
	uint16_t tag = slot_tag(hash);

	while (e->tags[at] && e->tags[at] != tag)
		if (++at == e->slot_count)
			at = 0;
	return at;
}

/* A chain starts at its last insertion, whose number the slot holds. */
void exact_insert(struct exact *e, uint64_t hash, uint32_t ref)
{
	assert(e->next && e->inserted < e->capacity && ref < EXACT_REFS_MAX);
	uint32_t at = find_slot(e, hash), n = e->inserted++;

	e->order[n] = ref;
	e->next[n] = e->tags[at] ? e->refs[at] : NO_NEXT;
	e->tags[at] = slot_tag(hash);
	e->refs[at] = n;
	/* in any case: what has this tag already may be another atom */
	*((uint64_t *)exact_filter_word(e, hash)) |= exact_filter_bits(hash);
}

void exact_insert_once(struct exact *e, uint64_t hash, uint32_t ref)
{
	if (!exact_maybe(e, hash) || !e->tags[find_slot(e, hash)])
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

/* A list of c takes c + 1 words. */
static size_t count_words(const struct exact *e)
{
	size_t words = 0;

	for (uint32_t i = 0; i < e->slot_count; i++) {
		if (!e->tags[i] || e->next[e->refs[i]] == NO_NEXT)
			continue;
		words++;
		for (uint32_t n = e->refs[i]; n != NO_NEXT; n = e->next[n])
			words++;
	}
	return words;
}

int exact_finish(struct exact *e)
{
	size_t words = count_words(e), at = 0;

	if (words >= LIST)
		return -ENOMEM;
	e->lists = malloc((words + 1) * sizeof(*e->lists));
	if (!e->lists)
		return -ENOMEM;
	for (uint32_t i = 0; i < e->slot_count; i++) {
		if (!e->tags[i])
			continue;
		uint32_t n = e->refs[i];
		if (e->next[n] == NO_NEXT) {
			e->refs[i] = e->order[n];
			continue;
		}
		e->refs[i] = LIST | (uint32_t)at;
		e->lists[at] = put_chain(e, n, e->lists + at + 1);
		at += e->lists[at] + 1;
	}
	assert(at == words);
	e->list_words = (uint32_t)at;
	free(e->next);
	free(e->order);
	e->next = e->order = NULL;
	return 0;
}

struct exact_refs exact_find(const struct exact *e, uint64_t hash)
{
	if (!e->tags || !exact_maybe(e, hash))
		return (struct exact_refs){NULL, 0};
	uint32_t at = find_slot(e, hash);
	if (!e->tags[at])
		return (struct exact_refs){NULL, 0};
	if (!(e->refs[at] & LIST))
		return (struct exact_refs){&e->refs[at], 1};
	const uint32_t *list = e->lists + (e->refs[at] & ~LIST);
	return (struct exact_refs){list + 1, list[0]};
}
