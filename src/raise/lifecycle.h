/*
 * lifecycle - the state machine of a candidate: what may follow what.
 *
 *                 not     watch  raised   supported  rejected   joined     over
 *   (new)         -       watch  raised   raised     withdrawn  -          -
 *   watch         withdr. watch  raised   raised     withdrawn  withdrawn  expired
 *   raised        withdr. watch  updated  corrob.    withdrawn  withdrawn  expired
 *   updated       as raised
 *   corroborated  as raised
 *   withdrawn     -       watch  raised   raised     -          -          -
 *   expired       -       watch  raised   raised     -          -          -
 *
 * A version is said for each step whose line differs from the last, version and
 * status aside. "-" is no step: nothing is said.
 *
 * So late evidence re-opens what expired or was withdrawn, under its id. What is
 * older than the retention by a window can no longer be reached by any, and is
 * forgotten.
 *
 * Corroborated: the rule held already, and a Member State has become significant
 * that was not when the candidate was last told, or a significant one has more
 * independent origins than it had then. More records, entities or sectors from
 * the same origins are an update.
 *
 * Thread   any.
 * Order    none.
 * Owns     nothing.
 * Memory   none.
 * Limit    none.
 */
#ifndef TOCSIN_RAISE_LIFECYCLE_H
#define TOCSIN_RAISE_LIFECYCLE_H

#include "raise/candidate.h"

enum life_event {
	LIFE_NOT,       /* no longer significant anywhere with another state seen */
	LIFE_WATCH,     /* significant, in fewer Member States than the rule asks for */
	LIFE_RAISED,    /* the rule holds */
	LIFE_SUPPORTED, /* the same, corroborated */
	LIFE_REJECTED,  /* feedback calls it a false positive */
	LIFE_JOINED,    /* it is part of another candidate */
	LIFE_OVER       /* older than the retention */
};
#define LIFE_EVENTS 7
#define LIFE_NEW    CANDIDATE_STATUSES /* as "from": not said yet */
#define LIFE_STAYS  (-1)

/* The status that follows, or LIFE_STAYS. from: a candidate_status, or LIFE_NEW. */
int lifecycle_next(int from, enum life_event event);
/* Does now support what was told with `was`, by this page's rule? */
bool lifecycle_corroborates(const struct episode *was, const struct episode *now);
/* What an assessment means for a candidate that was last told with `was`. */
enum life_event lifecycle_event(const struct episode *was, const struct episode *now);

#endif
