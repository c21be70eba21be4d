/*
 * ruleset_sigma - the Sigma rules of a generation, bound to field maps and to names.
 *
 * Thread   built by one; read by all workers; each scratch is one worker's.
 * Order    names are asked for in the order of the rules' ids.
 * Owns     its set, maps, matcher and plan.
 * Memory   malloc while building.
 * Limit    match/sigma/sigma_rule.h.
 */
#ifndef TOCSIN_ENGINE_RULESET_SIGMA_H
#define TOCSIN_ENGINE_RULESET_SIGMA_H

#include <stdatomic.h>

#include "config/config.h"
#include "correlate/names.h"
#include "match/indicator.h"
#include "match/sigma/sigma_matcher.h"
#include "match/sigma/sigma_plan.h"

struct ruleset_sigma {
	_Atomic uint32_t references; /* of rulesets */
	struct sigma_set set;
	struct sigma_maps *maps;
	struct sigma_matcher *matcher;     /* NULL: there is no rule */
	struct sigma_plan *plan;           /* of its rules */
	uint32_t *threat, *by;             /* numbers in names, by rule */
	uint32_t *chain_threat, *chain_by; /* the same, by correlation */
	uint64_t *chain_key;               /* for correlate/partial.h, by correlation */
	uint32_t *stated; /* the log source that a source states, by source: its number */
	uint32_t stated_count;
	struct sigma_placeholder *placeholders;  /* while loading */
	struct sigma_scratch **scratch;          /* one a worker */
	struct sigma_plan_scratch *plan_scratch; /* the same */
	uint32_t scratch_count;
	uint32_t unrouted; /* rules that no map and no source has a log source for */
};

int ruleset_sigma_create(struct ruleset_sigma **r, const struct config *c); /* 0, -ENOMEM */
void ruleset_sigma_hold(struct ruleset_sigma *r);
void ruleset_sigma_put(struct ruleset_sigma *r); /* r may be NULL */
/*
 * One path of rules: a file of Sigma YAML or of patterns, which go to patterns, as its
 * content tells; or a folder, of which every *.yml and *.yaml is taken. 0, -ENOMEM, -errno.
 */
int ruleset_sigma_load(struct ruleset_sigma *r, struct indicator_set *patterns, const char *path,
		       struct problems *ps);
/* After the last path. by-names wish for numbers from first_by on. */
int ruleset_sigma_finish(struct ruleset_sigma *r, const struct config *c, struct names *names,
			 uint32_t first_by, uint32_t workers, struct problems *ps);

#endif
