/*
 * indicator_index - what the indicator set remembers beside its arrays while it
 * is loaded: hash maps over the set's text, and per id the version that won.
 *
 * Private to src/match/indicator*.c.
 *
 * Thread   one owner.
 * Owns     its tables; keys are offsets into the set's text.
 * Memory   grows by doubling, at most half full.
 * Limit    2^31 keys a map.
 */
#ifndef TOCSIN_MATCH_INDICATOR_INDEX_H
#define TOCSIN_MATCH_INDICATOR_INDEX_H

#include "match/indicator.h"

#define INDEX_NONE UINT32_MAX

/* Offset and length in the set's text. */
struct ref {
	uint32_t at, len;
};

/* Eight bytes, so that a probe costs one cache line even among millions. */
struct index_slot {
	uint32_t hash;
	uint32_t value; /* INDEX_NONE: empty slot */
};

struct index_key {
	struct ref text;
	uint32_t scope; /* part of the key: a namespace */
};

struct index_map {
	struct index_slot *slots;
	struct index_key *keys; /* of the slot with the same number */
	uint32_t capacity, count;
};

/* The version of an indicator id that won so far. */
struct entry {
	struct ref id, threat_id, name, campaign, campaign_name, markings;
	uint32_t hash, scope; /* of its id, as in by_id */
	uint64_t content; /* hash over everything, the last tie-break */
	int64_t modified;
	uint32_t indicator; /* INDEX_NONE: withdrawn */
	bool tlp_stated, pap_stated;
};

struct link {
	struct ref source, target;
	int64_t modified;
	bool revoked;
};

/* A campaign, intrusion set, malware, ... that an indicator may point to. */
struct object {
	struct ref name;
	int64_t modified;
};

struct marking {
	int8_t tlp, pap;
};

struct index {
	struct index_map by_id, by_link, by_object, by_marking;
	struct entry *entries;
	uint32_t entry_count, entry_capacity;
	struct link *links;
	uint32_t link_count, link_capacity;
	struct object *objects;
	uint32_t object_count, object_capacity;
	struct marking *markings;
	uint32_t marking_count, marking_capacity;
};

/* The entry that a sealed set once had for this id, made up; false when it has none. */
bool indicator_entry(const struct indicator_set *s, struct span id, uint32_t scope,
		     struct entry *e);
/* The same by number. */
void indicator_entry_at(const struct indicator_set *s, uint32_t indicator, struct entry *e);
uint32_t index_hash(struct span key, uint32_t scope);
void index_map_fini(struct index_map *m);
/* The value under key, or INDEX_NONE. */
uint32_t index_map_get(const struct index_map *m, const char *text, struct span key,
		       uint32_t scope);
/* Where the value of key stands, INDEX_NONE in it when new: then the caller calls
 * index_map_set() or index_map_undo() before anything else. NULL: out of memory. */
struct index_slot *index_map_put(struct index_map *m, const char *text, struct span key,
				 uint32_t scope);
void index_map_set(struct index_map *m, struct index_slot *slot, struct ref key, uint32_t value);
void index_map_undo(struct index_map *m, struct index_slot *slot);
/* Has the place where key will be looked for brought nearer. */
void index_map_prefetch(const struct index_map *m, struct span key, uint32_t scope);
/* Room for count keys without growing on the way; 0, -ENOMEM. */
int index_map_reserve(struct index_map *m, uint32_t count);

/* Room for one more item in a growing array; 0, -ENOMEM. The second is for what is large
 * and goes when loading is over (lazy.h). */
int index_grow_lazy(void **items, uint32_t count, uint32_t *capacity, size_t size);
int index_grow(void **items, uint32_t count, uint32_t *capacity, size_t size);

/* Room for so many more bytes of text; 0, -ENOMEM, -EOVERFLOW (4 GB). */
int indicator_set_room(struct indicator_set *s, size_t bytes);
/* Appends to the set's text; 0, -ENOMEM, -EOVERFLOW (4 GB). */
int indicator_set_text(struct indicator_set *s, struct span bytes, struct ref *at);

static inline struct span index_span(const struct indicator_set *s, struct ref r)
{
	return (struct span){s->text + r.at, r.len};
}

/* Byte-wise order of two texts, the shorter first when one begins the other. */
int index_compare(struct span a, struct span b);

#endif
