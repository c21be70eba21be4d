/*
 * sigma_bind - the inside of a matcher and of its scratch. Private to src/match/sigma.
 *
 * Thread   as sigma_matcher.h.
 * Owns     its tables.
 * Memory   creating allocates everything.
 * Limit    as sigma_matcher.h.
 *
 * A slot is a field that a rule or a route asks for; numbers below field_count are the set's.
 * A place is a path where some shape keeps some slot. While a record is read, values are hung
 * under the places of their paths; resolving a slot is then taking the first of the shape's
 * places that holds any.
 */
#ifndef TOCSIN_MATCH_SIGMA_BIND_H
#define TOCSIN_MATCH_SIGMA_BIND_H

#include "base/arena.h"
#include "decode/json.h"
#include "match/sigma/sigma_matcher.h"

#define SIGMA_WILD_MAX 16

struct sigma_place {
	struct span path;
	uint64_t hash;
	bool parent; /* asked for being there at all: a container counts */
};

/* A test with its slot, or (for tells) its place. */
struct sigma_bound_test {
	uint32_t at;
	uint32_t count;
	const struct span *values;
};

struct sigma_bound_tests {
	uint32_t count;
	struct sigma_bound_test *list;
};

struct sigma_matcher {
	const struct sigma_set *set;
	const struct sigma_maps *maps;
	uint32_t slots;
	struct span *slot_name;
	bool *slot_parent;
	/* places, found by hash: open addressing, numbers + 1 */
	struct sigma_place *place;
	uint32_t place_count, place_capacity;
	uint32_t *table, table_mask;
	struct span wild[SIGMA_WILD_MAX]; /* what stands before a "*" */
	uint32_t wild_count;
	bool parents; /* some place asks for containers */
	bool keywords; /* some rule asks for every value */
	/* by shape (one more than there are: records that no shape is told by) and slot */
	uint32_t shapes;
	uint32_t *first; /* shapes * slots + 1 offsets into order */
	uint32_t *order;
	uint32_t order_count, order_capacity;
	struct sigma_bound_tests *tells;		 /* by shape */
	struct sigma_bound_tests *when, *unless;	 /* by route */
	uint32_t routes;				 /* the maps', then the sources' */
	uint32_t words;					 /* of a bit set of rules */
	uint64_t *rules;				 /* routes * words */
	uint64_t *routed;				 /* all of them together */
	struct sigma_pool pool;
};

struct sigma_field_value {
	struct span text, folded; /* folded.p NULL: not yet */
	uint8_t kind;		  /* enum json_kind */
	uint32_t next;		  /* of the same place, + 1; 0 the last */
};

struct sigma_scratch {
	struct arena arena;
	struct sigma_field_value *value;
	uint32_t value_count, overflow;
	uint32_t *head, *tail;	/* by place: first and last value + 1 */
	uint32_t *place_stamp, *parent_stamp, *slot_stamp, *slot_place;
	uint32_t stamp; /* of the record at hand */
	uint32_t shape;
	uint64_t *rules; /* that are about this record */
	char *text;	 /* folded texts */
	size_t text_used, text_size;
	struct sigma_regex_scratch *regex;
	uint32_t gave_up;
};

uint64_t sigma_path_hash(const char *p, size_t len);
/* The place of a path, SIGMA_NO_ROUTE where none is. */
uint32_t sigma_place_find(const struct sigma_matcher *m, const char *p, size_t len);
/* First value of the slot + 1, 0 none; *there whether the record has it, be it a container. */
uint32_t sigma_slot(const struct sigma_matcher *m, struct sigma_scratch *sc, uint32_t slot,
		    bool *there);
/* The value's text in folded form. */
struct span sigma_folded(struct sigma_scratch *sc, struct sigma_field_value *v);
/* Whether all parts in a row are the text. */
bool sigma_parts_match(const struct sigma_part *parts, uint32_t count, struct span text);

#endif
