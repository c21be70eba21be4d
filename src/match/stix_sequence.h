/*
 * stix_sequence - observations joined by AND, OR, FOLLOWEDBY and held to WITHIN,
 * REPEATS, START and STOP.
 *
 * Thread   any; no state.
 * Order    instances ascending by first_us, then by what tells them apart: the answer
 *          does not depend on the order in which they came.
 * Memory   the caller's: a byte an instance.
 * Limit    `effort` choices are tried a call; when they do not suffice it says so.
 *
 * Each operand takes observations of its own: none is used twice in one match.
 * Of an observation that lasted, any moment may be the one that counts (so that
 * two are WITHIN a second when some moment of the one is of some moment of the other).
 */
#ifndef TOCSIN_MATCH_STIX_SEQUENCE_H
#define TOCSIN_MATCH_STIX_SEQUENCE_H

#include "match/stix_pattern_tree.h"

#define STIX_SEQUENCE_EFFORT (1u << 20)

struct stix_instance {
	int64_t first_us, last_us;
	uint64_t holds; /* observations of the pattern that it satisfies */
};

enum stix_answer { STIX_NO, STIX_YES, STIX_UNDECIDED };

/* Do some of them match? used: count bytes, any content. */
enum stix_answer stix_sequence_match(const struct stix_tree *t, const struct stix_instance *in,
				     uint32_t count, uint8_t *used, uint32_t effort);
/* Does the last of them complete a match: is it the latest of those that make one? */
enum stix_answer stix_sequence_complete(const struct stix_tree *t, const struct stix_instance *in,
					uint32_t count, uint8_t *used, uint32_t effort);
/* The longest time that a match can span; INT64_MAX where nothing bounds it. */
int64_t stix_sequence_reach(const struct stix_tree *t);

#endif
