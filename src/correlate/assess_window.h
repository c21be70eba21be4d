/*
 * assess_window - when is a demand met? For src/correlate/assess*.c only.
 *
 * What a cell knows of an entity is one item: its first and last hit there.
 * A cell spans one hour and a window at least one, so an item has a hit in
 * [T - window, T] exactly when first <= T and last >= T - window: if first is
 * too early, last lies within the hour after it, hence before T. An item thus
 * enters at first, leaves after last + window, and between such moments
 * nothing changes: one pass over the sorted moments tries every window.
 *
 * Thread   one owner.
 * Order    none.
 * Owns     its scratch; the items are borrowed until the next begin.
 * Memory   grows with the largest set of items.
 * Limit    UINT32_MAX items.
 */
#ifndef TOCSIN_CORRELATE_ASSESS_WINDOW_H
#define TOCSIN_CORRELATE_ASSESS_WINDOW_H

#include "correlate/evidence.h"
#include "correlate/profile.h"

enum window_kind {
	WINDOW_CELL,          /* presence of its sector */
	WINDOW_ENTITY,        /* id */
	WINDOW_ORIGIN,        /* id */
	WINDOW_REPORT,        /* id of the entity, a pair of what it reported */
	WINDOW_ENTITY_SKETCH, /* id of the sketch: a cell with too many entities */
	WINDOW_ORIGIN_SKETCH,
};

struct window_item {
	int64_t first_us, last_us;
	uint64_t hash; /* ENTITY, ORIGIN, REPORT */
	uint32_t id;   /* 0.. dense, per entities and per origins */
	union {
		uint32_t value[2]; /* REPORT: measures 2 * pair and 2 * pair + 1, or halves of the claims */
		uint64_t named;	   /* ORIGIN: evidence_named() of the entities it named */
	};
	uint8_t kind, sector, hit_class, severity, pair;
	bool origins_over; /* ENTITY_SKETCH: the cell does not know its origins */
	uint16_t sole;	   /* who alone stands behind it: evidence_sole() */
};

/* Moments T, from and to included, at which [T - window, T] satisfies. */
struct interval {
	int64_t from, to;
};

struct intervals {
	struct interval *v;
	size_t room;
	uint32_t count;
};

struct window_input {
	const struct window_item *items;
	uint32_t count;
	uint32_t entities, origins; /* ids in use */
	const uint8_t (*sketches)[HLL_REGISTERS];
	uint32_t exact_max; /* a sketch stands for more than this */
	int64_t window_us;
};

struct assess_window;
int assess_window_init(struct assess_window **w); /* 0, -ENOMEM */
void assess_window_fini(struct assess_window *w);
int assess_window_begin(struct assess_window *w, const struct window_input *in); /* 0, -ENOMEM */
/*
 * Adds the intervals in which what c counts meets d, in order and apart: of one
 * sector (-1: of all), of what one entity reported (-1: of everything). 0, -ENOMEM.
 */
int assess_window_sweep(struct assess_window *w, const struct criterion *c, const struct demand *d,
			int sector, int64_t entity, struct intervals *out);
/* Bit per sector of what c counts. */
uint32_t assess_window_sectors(const struct assess_window *w, const struct criterion *c);
/* Ids of entities in use, and whether this one reported anything. */
uint32_t assess_window_entities(const struct assess_window *w);
bool assess_window_reports(const struct assess_window *w, uint32_t entity);

/* Makes room for need items of size; false when there is none. */
bool assess_window_room(void **p, size_t *capacity, size_t need, size_t size);
/* Sorts and merges in place; returns the new count. */
uint32_t assess_window_merge(struct interval *v, uint32_t count);

#endif
