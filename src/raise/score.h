/*
 * score - how strongly the evidence speaks, as a sum that a person can follow.
 *
 * Every term is whole hundredths, so the printed terms add up to the printed
 * score exactly.
 *
 * Calibrated means: a value says the same of any threat under any profile.
 *   0          what was said before does not hold
 *   0.20       the weakest watch; 0.49 the strongest
 *   0.50       the profile's rule is met, by nothing to spare
 *   1.00       met many times over, in every way that is measured
 * so from 0.50 exactly where the rule holds, and between two anchors by how far
 * beyond the profile's own thresholds the evidence reaches. Within an episode
 * more evidence never lowers it (tests/unit/test_score.c adds evidence a piece at
 * a time), but for estimates: entities beyond table.exact_max count with their
 * error. It is no probability: nothing here knows how often such evidence is
 * chance.
 *
 * In order (terms that are 0 are left out; "significant" counts Member States
 * only):
 *
 *                                                       raised    watch
 *   status        what it is                              50        20
 *   states        each significant state beyond the     4, <= 16  4, <= 8
 *                 second (raised) or the first (watch)
 *   severity      highest of a significant state with
 *                 an affected entity: medium, high        4, 10     2, 5
 *   breadth       entities over the fewest that a held
 *                 criterion asks for, if one asks for
 *                 any: 2, 4, 8 times                    4, 8, 12  2, 4, 6
 *   origins       independent origins: 2, 3             4, 8      2, 4
 *   sectors       distinct known sectors: 2, 3          2, 4      1, 2
 *   next_state    entities of the best state that is not
 *                 yet significant over the fewest that
 *                 any criterion asks for; whole when a
 *                 fourth state is significant             -       0..4
 *
 * Breadth and origins are those of the state that carries the decision: the
 * min_states-th best of the significant ones for raised, the best for a watch,
 * because the rule is only as strong as its weakest leg. So raised lies in
 * 0.50..1.00 and a watch in 0.20..0.49; what no longer holds has 0.
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
