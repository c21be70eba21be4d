/* feedback_priv - the store of verdicts, for feedback*.c only. */
#ifndef TOCSIN_RAISE_FEEDBACK_PRIV_H
#define TOCSIN_RAISE_FEEDBACK_PRIV_H

#include "raise/feedback.h"

struct feedback_party {
	char *name;
	bool desk;
	uint32_t verdicts;
};

struct feedback {
	struct feedback_party party[FEEDBACK_PARTIES_MAX]; /* by name */
	uint32_t parties, quorum;
	struct feedback_verdict **chains; /* by target */
	uint32_t chain_count, count;	  /* chains: a power of two, 0 before the first */
	uint64_t generation;
	uint64_t counts[FEEDBACK_COUNTERS];
	uint64_t *seen; /* hashes of records that were counted; 0 free */
	uint32_t seen_size, seen_count;
};

/* The first verdict about this target, or NULL; then the next one of another party. */
const struct feedback_verdict *feedback_first(const struct feedback *f, const char *target);
const struct feedback_verdict *feedback_next(const struct feedback_verdict *v);
/* Positive: a is the later word. */
int feedback_compare(const struct feedback_verdict *a, const struct feedback_verdict *b);

#endif
