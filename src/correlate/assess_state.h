/*
 * assess_state - one assessor's scratch, and what it makes of one state in one
 * episode. For assess*.c only.
 *
 * Thread   one owner.
 * Order    none.
 * Owns     its arrays; they grow and are kept.
 * Memory   as the largest threat needs; -ENOMEM is kept in rc, and everything
 *          after it does nothing.
 * Limit    none of its own.
 */
#ifndef TOCSIN_CORRELATE_ASSESS_STATE_H
#define TOCSIN_CORRELATE_ASSESS_STATE_H

#include <errno.h>

#include "correlate/assess.h"
#include "correlate/assess_criterion.h"
#include "correlate/assess_window.h"

#define LANE(hit_class) (1u << (hit_class))
#define LANES_IMPACT    LANE(CLASS_EFFECT)
#define LANES_BOTH      (LANE(CLASS_EFFECT) | LANE(CLASS_ATTEMPT))

/* The best evidence of one state so far, best first. */
struct best_of {
	uint32_t count;
	struct assess_evidence best[ASSESS_EVIDENCE_MAX];
};

/* A record of one state, and who it stands with. */
struct witness {
	uint64_t record;
	uint16_t sole;
	uint8_t state;
};

/* A moment at which the number of states changes: of those seen, of those significant, or
 * of those that are significant by no more than one voice. */
enum moment_kind { MOMENT_SEEN, MOMENT_SIGNIFICANT, MOMENT_RESTS };
struct moment {
	int64_t at;
	uint8_t state, kind;
	int8_t step;
	uint16_t voice; /* RESTS: whose; assess_independence_voice() */
};

struct assessor {
	const struct profile *profile;
	const struct evidence_table *t;
	struct assess_window *window;
	struct assess_criteria criteria;
	uint32_t exact_max;
	int rc; /* sticky: -ENOMEM */

	struct evidence_cell *cells; /* of the threat, by time; an episode's then by state */
	size_t cell_count, cell_room;

	/* of one state in one episode */
	struct window_item *items;
	size_t item_count, item_room;
	uint64_t *records[CLASS_EFFECT + 1]; /* position hashes, by class */
	size_t record_count[CLASS_EFFECT + 1], record_room[CLASS_EFFECT + 1];
	uint8_t (*sketches)[HLL_REGISTERS];
	size_t sketch_count, sketch_room;
	uint64_t *scratch;
	size_t scratch_room;
	const struct evidence_cell *at; /* the cell being read */
	uint16_t at_sole;		/* join over its origins */
	bool at_several;		/* it has more than one, relays too */
	struct best_of *best;

	/* independence */
	uint64_t (*origin)(void *arg, uint32_t object, uint8_t state);
	void *origin_arg;
	bool (*ordinary)(void *arg, uint8_t state, uint64_t records);
	void *ordinary_arg;
	bool cap;
	struct {
		uint16_t origin, relay;
	} same[ASSESS_SAME_MAX]; /* soles of one voice */
	uint32_t same_count;
	bool benign; /* assess what a benign list set aside, as if it were effect */
	bool records_known;	    /* no cell of the state has more records than entries */
	struct witness *witnesses; /* of the episode; the state at hand's from witness_from on */
	size_t witness_count, witness_room, witness_from;
	struct window_item *kept; /* items without one origin's */
	size_t kept_room;
	/* when significant; when with any one origin away too; that, being made */
	struct interval *holds, *left, *without, *rests;
	size_t holds_room, left_room, without_room, rests_room;
	uint32_t hold_count; /* of holds, for the state at hand */

	/* of one episode */
	struct moment *moments;
	size_t moment_count, moment_room;
	int64_t capacity_us, union_us; /* since when; INT64_MAX never: see assess_basis() */
	struct best_of bests[STATES];
	struct episode episode;
};

#define ROOM(a, p, room, need)                                                                     \
	(assess_window_room((void **)&(p), &(room), need, sizeof(*(p))) || ((a)->rc = -ENOMEM, 0))

/* Assesses the cells of one state into the next state of a->episode. */
void assess_state(struct assessor *a, const struct evidence_cell *cells, size_t count);
/* Judges the state at hand by these items alone: when it is significant, merged, until the
 * next call; NULL when out of memory. held: bit per criterion that holds, parts too. */
const struct intervals *assess_state_judge(struct assessor *a, const struct window_item *items,
					   size_t count, uint32_t entities, uint32_t origins,
					   uint32_t *held);
/* The origins the records of a state stand with, which replace those merely heard. */
void assess_independence_origins(struct assessor *a);
/* Who a significant state rests on. Leaves in a->holds when it is significant, and gives
 * how many intervals that is: fewer with the cap. */
uint32_t assess_independence_judge(struct assessor *a, uint32_t entities, uint32_t origins,
				   const struct interval *v, uint32_t count,
				   struct state_assessment *s);
/* From to `to`, in which this state counts by the voice behind sole alone. */
void assess_add_moments(struct assessor *a, uint8_t state, enum moment_kind kind, uint16_t voice,
			const struct interval *v, uint32_t count);
/* After all states: which records two Member States share. */
void assess_independence_shared(struct assessor *a);
/* A better piece of evidence first; then an order to show them in. */
int assess_evidence_compare(const struct assess_evidence *a, const struct assess_evidence *b);
int assess_evidence_compare_shown(const void *a, const void *b);
/* Keeps the best of distinct records; the result does not depend on the order. */
void assess_evidence_keep(struct best_of *b, const struct assess_evidence *e);
/* Sorts, drops repetitions; returns how many are left. */
size_t assess_count_unique(uint64_t *v, size_t count);
/* What a sketch of more than exact_max elements stands for. */
uint64_t assess_count_sketch(const struct assessor *a, const uint8_t *regs);
/* Fills in what can be counted; items are gathered and numbered. */
void assess_count(struct assessor *a, const struct evidence_cell *cells, size_t count,
		  uint32_t entities, struct state_assessment *s);
/* Items of these kinds (bits) and lanes: their distinct hashes into scratch, sorted. */
size_t assess_count_collect(struct assessor *a, uint32_t kinds, uint32_t lanes);

#endif
