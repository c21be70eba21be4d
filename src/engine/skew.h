/*
 * skew - how far a source's clock is off, as far as its records tell.
 *
 * What arrives was stamped before: its lead, event time less arrival, is the
 * clock's error less the way it took. The largest lead of late is the best that
 * can be told from one side: above zero the clock is ahead by at least that;
 * below, what came fastest took that long, or the clock is behind. Sources that
 * are read from the past look far behind until they have caught up.
 *
 * Thread   any number of workers see; any reader.
 * Order    relaxed: at the turn of a span one sight may be lost or stay.
 * Owns     nothing.
 * Memory   the struct; all zero is nothing seen.
 * Limit    leads beyond SKEW_MAX_US either way count as that. A span is
 *          SKEW_SPAN_US; the estimate looks one to two spans back.
 */
#ifndef TOCSIN_ENGINE_SKEW_H
#define TOCSIN_ENGINE_SKEW_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define SKEW_MAX_US  INT64_C(315576000000000) /* ten years */
#define SKEW_SPAN_US INT64_C(600000000)	      /* ten minutes */

struct skew {
	/* of the spans with even and odd numbers: which, from 1; and the largest lead + SKEW_MAX_US + 1 */
	_Atomic int64_t span[2], most[2];
};

void skew_see(struct skew *s, int64_t event_us, int64_t arrival_us);
/* The largest lead of late; false: nothing was seen of late. */
bool skew_lead(const struct skew *s, int64_t now_us, int64_t *lead_us);

#endif
