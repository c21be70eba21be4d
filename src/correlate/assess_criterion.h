/*
 * assess_criterion - when does a criterion hold? For src/correlate/assess*.c only.
 *
 * What a demand gives is a list of intervals of moments; a tree of demands is
 * algebra on such lists: "at least n of these" is where n of them overlap, so
 * "all" and "any" are the same with n as many as there are, and 1. A term that
 * names another criterion is that criterion's list. With one_entity everything
 * is asked of each reporting entity on its own, whole trees too, and the lists of
 * the entities are then overlapped by `reporters`.
 *
 * Thread   one owner.
 * Order    none.
 * Owns     its scratch; window and profile are borrowed.
 * Memory   grows with the longest lists.
 * Limit    as profile.h; a criterion names earlier ones only, so it ends.
 */
#ifndef TOCSIN_CORRELATE_ASSESS_CRITERION_H
#define TOCSIN_CORRELATE_ASSESS_CRITERION_H

#include "correlate/assess_window.h"

struct assess_edge {
	int64_t at;
	int32_t step;
};

struct assess_criteria {
	struct assess_window *w;
	const struct profile *p;
	int state;
	struct intervals held; /* what was found so far; also the stack of a tree's lists */
	struct assess_edge *edges;
	size_t edge_room;
};

void assess_criterion_fini(struct assess_criteria *a);
/* Adds the intervals of criterion c to held, sorted and apart; their number, or -ENOMEM. */
int assess_criterion_judge(struct assess_criteria *a, uint32_t c);

#endif
