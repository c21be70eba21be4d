/*
 * correlating - Sigma correlations: workers keep what their rules' records show
 * (correlate/partial.h), the judge finds which records complete them.
 *
 * A record that completes a correlation is its hit; evidence are all records of the
 * window that it completes, each once. Records of different Member States are apart,
 * unless the rule names member_state.
 *
 * Thread   correlating_feeds(), correlating_note(): workers. The rest: judge.
 * Owns     nothing.
 * Memory   the judge's, while it looks; workers take none.
 * Limit    as partial.h and sigma_window.h say.
 */
#ifndef TOCSIN_ENGINE_CORRELATING_H
#define TOCSIN_ENGINE_CORRELATING_H

#include "engine/engine_priv.h"

/* Keeps what the record at hand shows of a correlation, as the observation of it says. A
 * record without one of the fields that are grouped by, or counted, is none of it. @thread worker
 */
void correlating_note(struct worker *wk, const struct sigma_feed *f, const struct observation *o);

/* One pass over all that is kept, by the judge. */
struct correlating {
	struct engine *e;
	const struct ruleset_sigma *sigma;
	bool all_there; /* no record will come any more: what could be undone can be told */
	int64_t newest_us;
	struct text *lines; /* hits */
	struct correlating_done {
		uint64_t key; /* of a correlation and a record that completes it; 0: free */
	} * done;
	uint32_t done_count, done_capacity;
	bool waits; /* something is true that more records could undo */
	int error;
};

/* The correlation of that key; NULL when there is none. */
const struct sigma_correlation *correlating_by_key(const struct ruleset_sigma *r, uint64_t key);
uint64_t correlating_key(const struct sigma_correlation *c);
void correlating_group(struct correlating *x, const struct sigma_correlation *c,
		       struct partial *const *p, uint32_t count);
void correlating_fini(struct correlating *x);

#endif
