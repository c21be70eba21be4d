/*
 * score - how strongly the evidence speaks, as a sum that a person can follow.
 *
 * Every term is whole hundredths, so the printed terms add up to the printed
 * score exactly.
 *
 * Calibrated means: a value is the part of candidates with it that are what they
 * say, a large-scale incident, on the worlds of bench/accuracy whose truth is known:
 *   0          what was said before does not hold
 *   0.06..0.48 a watch: how likely it is that it hides one
 *   0.80..1.00 raised: how likely it is that it is one
 * The weights were fitted to worlds 0 to 59 with none below 0; README.md has how far
 * they are off on others, and bench/accuracy/run measures it again. Those worlds are
 * invented: a value carries to the real one as far as they do. Within an episode more
 * evidence never lowers it (tests/unit/test_score.c adds evidence a piece at a time),
 * but for estimates: entities beyond table.exact_max count with their error.
 *
 * In order (terms that are 0 are left out; "significant" counts Member States
 * only):
 *                                                       raised    watch
 *   status        what it is                              80         6
 *   states        each significant state beyond the     2, then    24, 10
 *                 second (raised) or the first (watch)  1, 1
 *   severity      highest of a significant state with
 *                 an affected entity: medium, high        -, 10     1, 1
 *   breadth       entities over the fewest that a held
 *                 criterion asks for, if one asks for
 *                 any: 2, 4, 8 times                    1, 2, 3   -, 1, 1
 *   origins       independent origins: 2, 3             1, 2      1, 1
 *   sectors       distinct known sectors: 2, 3          -, 1      1, 1
 *   next_state    entities of the best state that is
 *                 not yet significant, in quarters of
 *                 the fewest that any criterion asks
 *                 for: with one significant state        -     2, 20, 22, 24
 *                 with two                               -     1, 8, 9, 10
 *                 with three; with more always whole     -     1, 3, 3, 4
 *
 * So what says most of a watch is how near a second state is. Breadth and origins are
 * those of the state that carries the decision: the min_states-th best of the
 * significant ones for raised, the best for a watch, because the rule is only as
 * strong as its weakest leg. What no longer holds has 0.
 *
 * Thread   any.
 * Order    none.
 * Owns     nothing.
 * Memory   none.
 * Limit    SCORE_TERMS_MAX terms.
 */
#ifndef TOCSIN_RAISE_SCORE_H
#define TOCSIN_RAISE_SCORE_H

#include "correlate/assess.h"

#define SCORE_TERMS_MAX 7

struct score {
	uint32_t hundredths; /* the sum of the terms */
	uint32_t count;
	struct score_term {
		const char *name;
		uint32_t hundredths;
		char evidence[96]; /* a few words: what the value comes from */
	} term[SCORE_TERMS_MAX];
};

void score_episode(struct score *s, const struct episode *ep, const struct profile *p);

#endif
