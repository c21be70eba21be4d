/*
 * match_cache_check - what a cache file holds, and whether it can be used.
 *
 * Private to src/match/match_cache*.c.
 *
 * Thread   any; no state.
 * Owns     nothing.
 * Memory   none.
 * Limit    time: one walk over all atoms and references.
 */
#ifndef TOCSIN_MATCH_MATCH_CACHE_CHECK_H
#define TOCSIN_MATCH_MATCH_CACHE_CHECK_H

#include "match/indicator_atom.h"
#include "match/matcher.h"

enum match_part {
	PART_FIXED,
	PART_TEXT,
	PART_AT,
	PART_METAS,
	PART_FOLLOWERS,
	PART_INDICATORS,
	PART_CONDITIONS,
	PART_THREATS,
	PART_FEEDS,
	PART_BENIGNS,
	PART_LISTS,
	PART_BY_ID, /* slots, keys: so with each map */
	PART_ENTRIES = PART_BY_ID + 2,
	PART_BY_LINK,
	PART_LINKS = PART_BY_LINK + 2,
	PART_BY_OBJECT,
	PART_OBJECTS = PART_BY_OBJECT + 2,
	PART_BY_MARKING,
	PART_MARKINGS = PART_BY_MARKING + 2,
	PART_ATOMS, /* tags, refs, filter, lists: so with both tables */
	PART_NETS = PART_ATOMS + 4,
	PART_EXTRA = PART_NETS + 4,
	PART_PROBLEMS,
	PART_MORE,
	MATCH_PARTS,
};

_Static_assert(MATCH_PARTS <= CACHE_PARTS_MAX, "room for all parts");

/* Everything of a fixed size; its pointers mean nothing. */
struct match_fixed {
	struct indicator_set set;
	struct index index;
	struct exact atoms;
	struct exact_net nets;
	struct scan_plan plan;
	uint32_t extras;
	bool parse_all;
};

/* No pointers. */
void match_fixed_clear(struct match_fixed *f);
/* Whether PART_FIXED is there and each part as long as it says. */
bool match_cache_sizes(const struct cache_part *parts);
/* Whether every number and offset is in its bounds. */
bool match_cache_check(const struct indicator_set *s, const struct match_fixed *f,
		       const struct cache_part *parts);

#endif
