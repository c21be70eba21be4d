/*
 * sigma_window - which records complete a correlation, of all that belong to one group.
 *
 * A record completes a correlation when the condition holds of the records not behind
 * it and no further before it than the timespan. That is a function of the set of
 * records alone. Where more records can undo it (sigma_correlation.undoable), it
 * must not be asked before all are there.
 *
 * Thread   any; no state.
 * Order    moments ascending by time, then by position.
 * Memory   malloc while it looks.
 * Limit    of temporal_ordered, SIGMA_WINDOW_EFFORT choices are tried for one record.
 */
#ifndef TOCSIN_MATCH_SIGMA_WINDOW_H
#define TOCSIN_MATCH_SIGMA_WINDOW_H

#include "match/sigma/sigma_correlation.h"

#define SIGMA_WINDOW_EFFORT 65536

/* A record of the group. */
struct sigma_moment {
	int64_t time_us;
	uint64_t there; /* references that it belongs to, a bit each */
	uint64_t value; /* what is counted, as a hash; of numbers, the bits of a double */
	uint32_t from;  /* out: the first of its window */
	bool completes; /* out */
};

/* Whether values are numbers: value_sum, value_avg, and percentiles of numbers. */
bool sigma_window_numeric(const struct sigma_correlation *c);
/* Fills in from and completes. The number of records left undecided, -ENOMEM. */
int64_t sigma_window_find(const struct sigma_correlation *c, struct sigma_moment *m, uint32_t n);

#endif
