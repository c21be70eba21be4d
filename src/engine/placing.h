/*
 * placing - a worker's hits on their way into the evidence table.
 *
 * Joined one at a time, each would wait for memory by itself: a cell of millions is in
 * no cache. So they are gathered, and joined some at once (evidence_update_many()), at
 * the latest when their batch is worked off: before it goes back to the pool, and so
 * before a checkpoint, and before the bell.
 *
 * Thread   its worker.
 * Order    a batch's hits are joined before the batch is given back.
 * Owns     nothing.
 * Memory   part of the worker.
 * Limit    PLACING_MAX observations; full, they are joined. A source may pass its share
 *          of the table by what those claim.
 */
#ifndef TOCSIN_ENGINE_PLACING_H
#define TOCSIN_ENGINE_PLACING_H

#include "config/vocab_impact.h"
#include "correlate/evidence.h"

#define PLACING_MAX 128
/* Of one hit: itself, and what its record reports beyond a pair of measures. */
#define PLACING_HIT_MAX (1 + IMPACT_PAIRS)

struct placing {
	uint32_t count;
	uint16_t source[PLACING_MAX];
	bool first[PLACING_MAX]; /* of its hit */
	struct observation o[PLACING_MAX];
	struct evidence_outcome outcome[PLACING_MAX];
};

struct worker;
/* A hit, then what it reports: observations of one hit are joined together. */
void placing_hit(struct worker *wk, uint16_t source, const struct observation *o);
void placing_report(struct worker *wk, const struct observation *o);
/* Joins what was gathered, and counts what found no room, and what was claimed. */
void placing_flush(struct worker *wk);

#endif
