/*
 * sigma_plan_priv - the inside of a plan. Private to sigma_plan*.c.
 *
 * Thread   as sigma_plan.h.
 * Order    none.
 * Owns     its tables.
 * Memory   as sigma_plan.h.
 * Limit    as sigma_plan.h.
 */
#ifndef TOCSIN_MATCH_SIGMA_PLAN_PRIV_H
#define TOCSIN_MATCH_SIGMA_PLAN_PRIV_H

#include "match/sigma/sigma_bind.h"
#include "match/sigma/sigma_events.h"
#include "match/sigma/sigma_plan.h"

#define SIGMA_EVENT_OTHER UINT32_MAX       /* an id that nothing names */
#define SIGMA_EVENT_ANY   (UINT32_MAX - 1) /* one or another */

/* Where records of a map, channel and event belong. */
struct sigma_plan_slot {
	uint64_t hash; /* 0: free */
	uint32_t group;
};

struct sigma_plan {
	const struct sigma_matcher *m;
	struct sigma_witness *witnesses; /* SIGMA_WITNESSES a rule */
	struct sigma_events *events;     /* by rule: the ids it needs */
	struct sigma_keys keys;
	uint64_t shape_keys[SIGMA_SHAPES_MAX]; /* a record of the shape has all of these */
	struct sigma_group *groups;
	uint64_t *group_hash; /* of their lists of rules */
	uint32_t group_count;
	uint32_t all;                      /* group of everything */
	uint32_t of_map[SIGMA_SHAPES_MAX]; /* of a map's records, whatever their place */
	bool by_channel[SIGMA_SHAPES_MAX]; /* by map: channel and event tell its records apart */
	uint32_t *of_stated;               /* by number of a source's log source */
	struct sigma_plan_slot *slots;
	uint32_t slot_mask;
};

uint64_t sigma_plan_hash(uint32_t map, const char *channel, size_t len, uint32_t event);
const struct sigma_plan_slot *sigma_plan_find(const struct sigma_plan *plan, uint64_t hash);

/* The test of a route that names no channel but some other field, if there is one: a record
 * without such a value there is not of the route. */
const struct sigma_test *sigma_plan_other(const struct sigma_plan *plan, uint32_t route);

/* Whether rules of a route may be about a record of this channel (lower case; NULL: one
 * that no route names) and event, where no such other value stands. */
bool sigma_plan_admits(const struct sigma_plan *plan, uint32_t route, const struct span *channel,
		       uint32_t event);

#endif
