/*
 * sigma_witness - what a record must hold for a rule to match it: one of a few literals.
 *
 * Thread   any, after the first sigma_literal_init().
 * Order    none.
 * Owns     the witness owns its list until sigma_witness_fini().
 * Memory   malloc.
 * Limit    SIGMA_WITNESS_MAX literals; a condition that needs more has no witness.
 *
 * A string needs its rarest piece; alternatives need one of each of theirs; of things that
 * must all hold, the one that is seldom seen speaks for all; where that one is not seldom
 * enough, a second has to be there as well. A negation, a number or an absence needs
 * nothing that could be looked for.
 */
#ifndef TOCSIN_MATCH_SIGMA_WITNESS_H
#define TOCSIN_MATCH_SIGMA_WITNESS_H

#include "match/sigma/sigma_literal.h"

#define SIGMA_WITNESS_MAX 8192
#define SIGMA_WITNESSES   2

struct sigma_witness {
	bool any;       /* nothing need be there: the rule is tried on every record of its kind */
	bool failed;    /* out of memory */
	uint32_t count; /* 0 and not any: only a record with a rare escape can match */
	uint32_t capacity;
	struct pattern_literal *literals;
	double share; /* of records that hold one, roughly */
};

/* All of them must be there; one that is not needed is any. 0, -ENOMEM. */
int sigma_witness_of(struct sigma_witness w[SIGMA_WITNESSES], const struct sigma_rule *rule);
void sigma_witness_fini(struct sigma_witness w[SIGMA_WITNESSES]);

#endif
