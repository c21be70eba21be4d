/*
 * exact - from an atom's hash to the numbers of the conditions that name it.
 *
 * Thread   built by one thread, then constant.
 * Order    none.
 * Owns     its slots, its lists and its filter; no text: the caller compares.
 * Memory   exact_init() and exact_finish() allocate. 7 bytes of slots and 2 of
 *          filter an atom, plus 4 a condition where several name one atom; while it
 *          is built, 8 more a condition.
 * Limit    EXACT_REFS_MAX references; a reference is below it.
 *
 * Open addressing, linear probing, load 0.87. Of a slot the tag, 16 bits of hash
 * that do not take part in its place, lies apart from the reference: the dozen
 * tags that a foreign value meets are one cache line. One in 10,000 of those
 * that pass the filter is taken for an atom: enough to say "maybe", not "hit".
 * In front, a blocked Bloom filter: one 64-bit word an atom, 3 bits in it, 16
 * bits an atom; about one foreign value in 200 passes. It is small enough for
 * the caches where the slots are not.
 */
#ifndef TOCSIN_MATCH_EXACT_H
#define TOCSIN_MATCH_EXACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXACT_REFS_MAX (1u << 30)
#define EXACT_LIST     (UINT32_C(1) << 31) /* in a reference: the rest is a place in lists */
#define EXACT_TRIGGER  (EXACT_REFS_MAX - 1) /* no condition: only makes scan look closer */

struct exact {
	uint16_t *tags; /* 0: no atom here */
	uint32_t *refs; /* of the slot with the same number */
	uint64_t *filter;
	uint32_t *lists; /* count, references; count, references; ... */
	uint32_t *next;  /* while building: the reference after this one, by insertion number */
	uint32_t *order; /* while building: insertion number -> reference */
	uint32_t slot_count, filter_words, capacity, inserted;
	uint32_t list_words;
	bool borrowed; /* the arrays are someone else's (a mapped file) */
};

struct exact_refs {
	const uint32_t *ref; /* ascending when inserted so; may name foreign atoms: compare */
	uint32_t count;
};

int exact_init(struct exact *e, uint32_t capacity); /* 0, -ENOMEM, -EINVAL */
void exact_fini(struct exact *e);
size_t exact_bytes(const struct exact *e);
void exact_insert(struct exact *e, uint64_t hash, uint32_t ref); /* up to capacity */
/* Nothing when the hash seems to be there: for references that only have to be found. */
void exact_insert_once(struct exact *e, uint64_t hash, uint32_t ref);
int exact_finish(struct exact *e); /* 0, -ENOMEM; from now on constant */
struct exact_refs exact_find(const struct exact *e, uint64_t hash);

static inline const uint64_t *exact_filter_word(const struct exact *e, uint64_t hash)
{
	return e->filter + ((hash >> 32) * e->filter_words >> 32);
}

static inline uint64_t exact_filter_bits(uint64_t hash)
{
	return UINT64_C(1) << (hash & 63) | UINT64_C(1) << (hash >> 6 & 63) |
	       UINT64_C(1) << (hash >> 12 & 63);
}

static inline void exact_prefetch(const struct exact *e, uint64_t hash)
{
	__builtin_prefetch(exact_filter_word(e, hash));
}

/* False is certain; true wants exact_find(). */
static inline bool exact_maybe(const struct exact *e, uint64_t hash)
{
	uint64_t bits = exact_filter_bits(hash);
	return (*exact_filter_word(e, hash) & bits) == bits;
}

#endif
