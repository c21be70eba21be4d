/*
 * matcher_stix - the indicators of a generation whose STIX pattern has the last word.
 *
 * Thread   as matcher.h: constant once compiled; a scratch is one worker's.
 * Owns     its programs.
 * Memory   compile and scratch init allocate.
 * Limit    STIX_ITEMS_MAX items of a record's objects; what is beyond is not seen, and
 *          counted in undecided.
 */
#ifndef TOCSIN_MATCH_MATCHER_STIX_H
#define TOCSIN_MATCH_MATCHER_STIX_H

#include "match/indicator.h"
#include "match/stix_program.h"

#define STIX_ITEMS_MAX   4096
#define STIX_OBJECTS_MAX 512

struct matcher_stix {
	struct matcher_stix_rule {
		uint32_t indicator;
		struct stix_program *program; /* NULL: refused */
		uint64_t key;                 /* of its id and pattern: the same in every run */
		int64_t stretch_us;           /* for correlate/partial.h; 0: all time is one */
	} * rules;                            /* ascending */
	uint32_t *by_key;                     /* places in rules, ascending by key */
	uint32_t count;
	uint32_t opens; /* of them to be asked about every record */
};

struct matcher_stix_scratch {
	struct stix_scratch *stix;
	struct stix_world world;
	bool ready; /* world is of the event that is being verified */
	uint64_t undecided;
};

/* 0, -ENOMEM. Patterns that cannot be made ready go to ps with their feed and line. */
int matcher_stix_init(struct matcher_stix *ms, const struct indicator_set *set,
		      struct problems *ps);
void matcher_stix_fini(struct matcher_stix *ms);

/* For any generation; what no pattern needs is never touched. 0, -ENOMEM. */
int matcher_stix_scratch_init(struct matcher_stix_scratch *sc);
void matcher_stix_scratch_fini(struct matcher_stix_scratch *sc);

/* What decides about the indicator beyond its conditions; NULL: nothing does. */
const struct matcher_stix_rule *matcher_stix_of(const struct matcher_stix *ms, uint32_t indicator);

const struct matcher_stix_rule *matcher_stix_by_key(const struct matcher_stix *ms, uint64_t key);

/* Does the record match it, or of a pattern that needs several, one of its
 * observations? Then observations has those, else 0. */
bool matcher_stix_holds(const struct matcher_stix_rule *rule, struct matcher_stix_scratch *sc,
			const struct event *ev, uint64_t *observations);

#endif
