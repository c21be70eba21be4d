/*
 * job - one record on its way through a worker (worker.c): what it speaks for, and what
 * comes of it.
 *
 * Thread   its worker.
 * Owns     nothing: all of it lies in the batch.
 * Memory   the worker's stack.
 */
#ifndef TOCSIN_ENGINE_JOB_H
#define TOCSIN_ENGINE_JOB_H

#include "engine/engine_priv.h"

/* One record on its way through the worker. */
struct job {
	const struct batch *b;
	const struct batch_item *item;
	const struct source *source;
	const char *p;
	uint32_t len;
	uint64_t offset;
	uint32_t sub;
	/* settled once a record has hits: */
	uint8_t state;
	uint64_t entity, origin, identity;
	int64_t time_us;
};

/* Counts the record under its reason. */
void job_refuse(struct worker *wk, enum reason r);
/* The latest time that is taken, from what arrived with time t. */
int64_t job_latest_time(struct engine *e, const struct source *s, int64_t t);
/* State, time, entity and origin of the decoded record; a reason when it may not speak. */
enum reason job_settle(struct worker *wk, struct job *j);
/* What the decoded and verified record comes to: hits placed and written, or a count. */
void job_conclude(struct worker *wk, struct job *j);

#endif
