/*
 * sequence - patterns that take several records: workers keep their observations
 * (correlate/partial.h), the judge finds what completes them.
 *
 * A record is a hit of such a pattern when it is the latest of observations that
 * together satisfy it, all of one Member State. That is a matter of event time and of
 * position alone, and more observations never undo it: so hits do not depend on the
 * order of arrival or the number of threads.
 *
 * Thread   sequence_note(): workers. The rest: judge.
 * Owns     nothing.
 * Memory   the judge's, while it looks; workers take none.
 * Limit    SEQUENCE_EFFORT choices are tried for one record; what that leaves open is
 *          counted as undecided, and is no hit.
 */
#ifndef TOCSIN_ENGINE_SEQUENCE_H
#define TOCSIN_ENGINE_SEQUENCE_H

#include "engine/engine_priv.h"

#define SEQUENCE_EFFORT 65536

/* Keeps what a record showed of the pattern of that indicator of r. @thread worker */
void sequence_note(struct worker *wk, const struct ruleset *r, const struct hit *h,
		   const struct observation *o);
/* What is complete by now, of these and of correlations (correlating.h), becomes evidence,
 * and a line of hits. all_there: no record will come any more. 0, -ENOMEM. @thread judge */
int sequence_judge(struct engine *e, bool all_there);

#endif
