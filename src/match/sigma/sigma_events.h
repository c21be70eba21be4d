/*
 * sigma_events - the event ids without which a rule cannot match.
 *
 * Thread   any; no state.
 * Order    none.
 * Owns     nothing.
 * Memory   none.
 * Limit    SIGMA_EVENTS_MAX ids; a rule that names more is taken to need none.
 */
#ifndef TOCSIN_MATCH_SIGMA_EVENTS_H
#define TOCSIN_MATCH_SIGMA_EVENTS_H

#include "match/sigma/sigma_rule.h"

#define SIGMA_EVENTS_MAX 256

struct sigma_events {
	bool any; /* the rule does not say */
	uint32_t count;
	uint32_t id[SIGMA_EVENTS_MAX];
};

void sigma_events_of(struct sigma_events *out, const struct sigma_rule *rule);
bool sigma_events_admit(const struct sigma_events *e, uint32_t id);

#endif
