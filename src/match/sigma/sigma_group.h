/*
 * sigma_group - the rules that may apply to one kind of record, and what tells them apart.
 *
 * Thread   built by one thread, then constant; hs scratch and bits are a worker's.
 * Order    none: a group answers with a set.
 * Owns     its database and lists.
 * Memory   building allocates; scanning never does.
 * Limit    SIGMA_RULES_MAX rules.
 *
 * A rule is a candidate in a record that holds a literal of each of its witnesses
 * (sigma_witness.h); a rule that has none, in every record of the group.
 */
#ifndef TOCSIN_MATCH_SIGMA_GROUP_H
#define TOCSIN_MATCH_SIGMA_GROUP_H

#include <hs.h>

#include "match/sigma/sigma_witness.h"

struct sigma_group {
	uint32_t count;
	uint32_t *rules; /* indices in the set, ascending */
	uint32_t words;  /* of a set of these rules, a bit each */
	uint64_t *have;  /* SIGMA_WITNESSES sets: what no literal need show */
	bool any_always; /* some rule is a candidate whatever the record holds */
	uint32_t literals;
	uint32_t *first;      /* literals + 1: where a literal's rules begin in of_literal */
	uint32_t *of_literal; /* of have, the bits that it shows */
	hs_database_t *db;    /* NULL: no rule has a literal */
};

/* Takes over the list of rules; of the set's rule r, witnesses + r * SIGMA_WITNESSES. 0, -ENOMEM.
 */
int sigma_group_init(struct sigma_group *g, uint32_t *rules, uint32_t count,
		     const struct sigma_witness *witnesses);
void sigma_group_fini(struct sigma_group *g);
size_t sigma_group_bytes(const struct sigma_group *g);

/*
 * Candidates in a record without rare escapes, in the first g->words words of bits, which
 * has room for SIGMA_WITNESSES times as many. True if there is one.
 */
bool sigma_group_scan(const struct sigma_group *g, hs_scratch_t *hs, const char *p, size_t len,
		      uint64_t *bits);
/* Every rule of the group. */
bool sigma_group_all(const struct sigma_group *g, uint64_t *bits);

#endif
