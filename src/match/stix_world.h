/*
 * stix_world - what was observed once, as STIX cyber-observable objects.
 *
 * Thread   one owner; reused for each record.
 * Order    reset, objects and their properties, references last.
 * Owns     its arrays; all text is the caller's.
 * Memory   stix_world_init() takes it; what does not fit is counted in lost.
 * Limit    as init says.
 */
#ifndef TOCSIN_MATCH_STIX_WORLD_H
#define TOCSIN_MATCH_STIX_WORLD_H

#include "decode/event.h"

enum stix_kind {
	STIX_VALUE_NULL,
	STIX_VALUE_BOOL,
	STIX_VALUE_NUMBER,
	STIX_VALUE_STRING,
	STIX_VALUE_LIST,
	STIX_VALUE_OBJECT
};

#define STIX_NOTHING 0u /* no item: the first is never used */

/* A property, an element, or an object's own value. Two of one name are two values of it. */
struct stix_item {
	uint8_t kind; /* enum stix_kind */
	bool truth;
	uint32_t next, first, last; /* sibling, children */
	uint32_t target;            /* a reference: number of the object + 1 */
	struct span key, text;
	long double number;
};

struct stix_object {
	struct span type, id;
	uint32_t item;
};

struct stix_world {
	struct stix_item *items;
	uint32_t item_count, item_capacity;
	struct stix_object *objects;
	uint32_t object_count, object_capacity;
	uint32_t lost;
};

int stix_world_init(struct stix_world *w, uint32_t items, uint32_t objects); /* 0, -ENOMEM */
void stix_world_fini(struct stix_world *w);
void stix_world_reset(struct stix_world *w);
/* A new object with its property "type"; its item, or STIX_NOTHING. */
uint32_t stix_world_object(struct stix_world *w, struct span type, struct span id);
/* Below a parent that may be STIX_NOTHING; key is empty for elements. */
uint32_t stix_world_add(struct stix_world *w, uint32_t parent, struct span key,
			enum stix_kind kind);
uint32_t stix_world_text(struct stix_world *w, uint32_t parent, const char *key, struct span text);
uint32_t stix_world_number(struct stix_world *w, uint32_t parent, const char *key, long double v);
/* A reference to the object of that item. */
void stix_world_refer(struct stix_world *w, uint32_t parent, const char *key, uint32_t object_item);

/* A decoded record as objects: what a sensor saw of addresses, names, URLs, mail, files,
 * the connection, the process, the account, registry keys and certificates. */
void stix_world_event(struct stix_world *w, const struct event *ev);

#endif
