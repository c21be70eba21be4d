/*
 * sigma_plan - which rules are worth trying on a record, told from its raw bytes.
 *
 * Thread   a plan is built by one thread, then constant; a scratch is one worker's.
 * Order    none: the answer is a set.
 * Owns     its groups; borrows the matcher.
 * Memory   compile and scratch init allocate; scanning never does.
 * Limit    SIGMA_PLAN_GROUPS groups; places beyond share the group of all rules.
 *
 * Keys tell which field map a record may be of, its channel and event id which log sources
 * there (sigma_keys.h). They name a group: the rules of those log sources whose own event
 * ids admit the record. The group's literals are looked for, and what they do not show is
 * no candidate. What is not told so plainly makes more rules candidates, never less.
 */
#ifndef TOCSIN_MATCH_SIGMA_PLAN_H
#define TOCSIN_MATCH_SIGMA_PLAN_H

#include "base/text.h"
#include "match/sigma/sigma_group.h"
#include "match/sigma/sigma_keys.h"
#include "match/sigma/sigma_matcher.h"

#define SIGMA_PLAN_GROUPS 4096

struct sigma_plan;

struct sigma_plan_scratch {
	hs_scratch_t *hs;
	uint64_t *bits;       /* of a group's rules */
	uint64_t *candidates; /* of all rules: what the last scan found */
	bool any;             /* it found one */
};

/* 0, -ENOMEM, -EINVAL. */
int sigma_plan_compile(struct sigma_plan **plan, const struct sigma_matcher *m);
void sigma_plan_free(struct sigma_plan *plan);
size_t sigma_plan_bytes(const struct sigma_plan *plan);

int sigma_plan_scratch_init(struct sigma_plan_scratch *sc, const struct sigma_plan *plan);
void sigma_plan_scratch_fini(struct sigma_plan_scratch *sc);

/* A text record as sigma_read() takes it, and what a scan of bytes has made of it. */
struct sigma_record {
	enum format format;
	const struct scan_state *sets; /* of a block of JSON that it lies in, or NULL */
	const char *text;              /* where that begins */
	const char *p;
	size_t len;
};

/* Candidates in a record; stated as sigma_read(). True when there is one. */
bool sigma_plan_scan(const struct sigma_plan *plan, struct sigma_plan_scratch *sc, uint32_t stated,
		     const struct sigma_record *rec);
/* Of the record that was read, only the candidates are still to be matched. */
void sigma_plan_keep(const struct sigma_plan *plan, const struct sigma_plan_scratch *sc,
		     struct sigma_scratch *record);

/* How a rule was planned, for a person to read. */
void sigma_plan_explain(const struct sigma_plan *plan, uint32_t rule, struct text *out);

#endif
