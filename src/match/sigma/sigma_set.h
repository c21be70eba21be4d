/*
 * sigma_set - all Sigma rules of a generation: loaded, resolved, ready to evaluate.
 *
 * Thread   built by one thread, then constant.
 * Order    rules are sorted by id; the result does not depend on the order of files.
 * Owns     all that rules point to.
 * Memory   malloc while building.
 * Limit    sigma_rule.h; SIGMA_RULES_MAX rules.
 */
#ifndef TOCSIN_MATCH_SIGMA_SET_H
#define TOCSIN_MATCH_SIGMA_SET_H

#include "base/problem.h"
#include "match/sigma/sigma_correlation.h"
#include "match/sigma/sigma_pool.h"
#include "match/sigma/sigma_regex.h"
#include "match/sigma/sigma_rule.h"

#define SIGMA_RULES_MAX (1u << 20)

/* "%name%" under the expand modifier stands for any of these. */
struct sigma_placeholder {
	const char *name;
	const char *const *values;
	uint32_t count;
};

struct sigma_build;

struct sigma_set {
	struct sigma_rule *rules; /* ascending by id */
	uint32_t count, capacity;
	struct span *fields; /* every field that some item names */
	uint32_t field_count, field_capacity;
	struct sigma_regexes regexes;
	struct sigma_correlations chain;
	/* what check tells */
	uint32_t filters, correlations;
	uint32_t broken; /* files that are no YAML, or too much of it; references to nothing */
	/* the caller's, while loading */
	const struct sigma_placeholder *placeholders;
	uint32_t placeholder_count;
	struct sigma_build *build; /* private: while loading */
	struct sigma_pool pool;	   /* private: all memory but the tables above */
};

int sigma_set_init(struct sigma_set *s); /* 0, -ENOMEM */
void sigma_set_fini(struct sigma_set *s);

/* Whether these bytes are Sigma YAML rather than a file of patterns. */
bool sigma_is_yaml(const char *p, size_t len);
/* One file's documents. 0, -ENOMEM; what cannot be taken goes to ps (kind "rule"). */
int sigma_set_load(struct sigma_set *s, const char *path, const char *p, size_t len,
		   struct problems *ps);
/* After the last file: filters and references are resolved, rules sorted. 0, -ENOMEM. */
int sigma_set_finish(struct sigma_set *s, struct problems *ps);

#endif
