/*
 * sigma_regex - the expressions of all rules, compiled once each by PCRE2.
 *
 * Values are UTF-8; bytes that are none match nothing. Matching searches, and ends at
 * SIGMA_REGEX_STEPS: the answer is then "no", and the caller counts it.
 *
 * Thread   compiled by one thread, then constant; a sigma_regex_scratch a worker.
 * Owns     the compiled code.
 * Memory   compiling and scratch init allocate; matching takes what it needs from the scratch.
 * Limit    SIGMA_REGEX_BYTES_MAX of one expression.
 */
#ifndef TOCSIN_MATCH_SIGMA_REGEX_H
#define TOCSIN_MATCH_SIGMA_REGEX_H

#include "match/sigma/sigma_rule.h"

#define SIGMA_REGEX_BYTES_MAX 16384
#define SIGMA_REGEX_STEPS     200000

struct sigma_regexes {
	struct sigma_regex *list;
	uint32_t count, capacity;
	size_t bytes;
};

void sigma_regexes_fini(struct sigma_regexes *r);
/* The number of this value's expression, new or known; -1 with the reason told. */
int64_t sigma_regexes_add(struct sigma_regexes *r, const struct sigma_value *v, char why[256]);

struct sigma_regex_scratch;
struct sigma_regex_scratch *sigma_regex_scratch_create(void); /* NULL: no memory */
void sigma_regex_scratch_free(struct sigma_regex_scratch *sc);

/* 1 found, 0 not, -1 given up at the limit. */
int sigma_regex_find(const struct sigma_regexes *r, struct sigma_regex_scratch *sc, uint32_t number,
		     const char *p, size_t len);

#endif
