/*
 * heavy_watch - what a worker's heavy threats are, for others to see while it works.
 *
 * The worker shows a copy of its summary at the end of a batch, unless somebody is
 * just looking: then at the end of the next. Which threats it began to summarise it
 * tells at once.
 *
 * Thread   show, summarised: the worker. sum, next: any.
 * Order    a threat is told (release) before next() gives it (acquire).
 * Owns     its copy.
 * Memory   the struct: 1.5 kB.
 * Limit    HEAVY_KEYS summarised threats; a threat in half of a worker's records has few peers.
 */
#ifndef TOCSIN_ENGINE_HEAVY_WATCH_H
#define TOCSIN_ENGINE_HEAVY_WATCH_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "correlate/heavy.h"

struct heavy_watch {
	pthread_mutex_t lock;
	struct heavy shown;
	_Atomic uint32_t summarised[HEAVY_KEYS]; /* 0: no more */
};

void heavy_watch_init(struct heavy_watch *w);
void heavy_watch_fini(struct heavy_watch *w);
void heavy_watch_show(struct heavy_watch *w, const struct heavy *h);
void heavy_watch_summarised(struct heavy_watch *w, uint32_t threat);
/* Adds what was shown last to sum. */
void heavy_watch_sum(struct heavy_watch *w, struct heavy *sum);
/* The i-th threat that it began to summarise, 0: there are no more so far. */
uint32_t heavy_watch_next(const struct heavy_watch *w, uint32_t i);

#endif
