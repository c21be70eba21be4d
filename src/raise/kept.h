/*
 * kept - what history has of a candidate whose evidence has expired from the table.
 *
 * History keeps of each state in which it was significant what was told last; where
 * the evidence itself lies is forgotten with it. So this cannot be judged anew, only
 * told: by whose criteria, with what counts, and when it was there before and after.
 *
 * Thread   any.
 * Order    none.
 * Owns     nothing; the threat's strings are the caller's.
 * Memory   heap, for scratch.
 * Limit    KEPT_OTHERS_MAX other candidates of the threat are told.
 */
#ifndef TOCSIN_RAISE_KEPT_H
#define TOCSIN_RAISE_KEPT_H

#include "raise/candidate.h"

#define KEPT_OTHERS_MAX 8

struct kept {
	char id[CANDIDATE_ID_MAX];
	struct threat_name threat; /* id "": no feed, rule or checkpoint names it any more */
	uint32_t states;	   /* 0: history has nothing of it */
	struct history_record state[STATES]; /* by code */
	uint32_t others; /* of the same threat, newest first; those that hold */
	struct history_record other[KEPT_OTHERS_MAX];
};

/* Takes one of the candidate's records. */
void kept_add(struct kept *k, const struct history_record *r);
/* Takes one of the threat's. */
void kept_add_other(struct kept *k, const struct history_record *r);
/* What was told of it last. */
void kept_told(const struct kept *k, uint32_t *version, enum candidate_status *status);
/* Its states as an episode, significant in those where it was not withdrawn; criteria only
 * of this profile. */
void kept_episode(const struct kept *k, const struct profile *p, struct episode *ep);
/* Lines for a terminal, as candidate.h's. judged: with the verdict that it cannot be judged. */
void kept_print(struct text *out, const struct kept *k, const struct profile *p, bool judged,
		bool colour);

#endif
