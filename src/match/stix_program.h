/*
 * stix_program - a STIX pattern made ready to be decided on what was observed.
 *
 * Thread   a program is constant and read by any number; a scratch belongs to one.
 * Owns     its tree and regexes. A world is borrowed for the call.
 * Memory   create and scratch init allocate; deciding never does.
 * Limit    STIX_TYPES_MAX object types in one observation; STIX_TESTS_MAX comparisons
 *          a record, beyond which it is not decided and counted in gave_up.
 *
 * Comparisons of one observation that speak of the same type of object speak of one
 * object; of different types, of objects that were observed together.
 */
#ifndef TOCSIN_MATCH_STIX_PROGRAM_H
#define TOCSIN_MATCH_STIX_PROGRAM_H

#include "match/stix_pattern_tree.h"
#include "match/stix_world.h"

#define STIX_TYPES_MAX 8
#define STIX_TESTS_MAX 65536

enum stix_reading {
	STIX_STRICT,  /* as the specification says */
	STIX_RECORDS, /* host names, mail addresses, hashes and URLs in their canonical form; an
		       * address equals a network that holds it */
};

struct stix_program;
struct stix_scratch;

/* NULL with why: no pattern, a regex that PCRE2 refuses, or out of memory. */
struct stix_program *stix_program_create(const char *p, size_t len, enum stix_dialect dialect,
					 enum stix_reading reading, char why[STIX_PATTERN_WHY_MAX]);
void stix_program_free(struct stix_program *pr);
const struct stix_tree *stix_program_tree(const struct stix_program *pr);
/* Does a match need more than one observation? */
bool stix_program_multi(const struct stix_program *pr);

int stix_scratch_init(struct stix_scratch **sc); /* 0, -ENOMEM */
void stix_scratch_free(struct stix_scratch *sc);
uint64_t stix_scratch_gave_up(const struct stix_scratch *sc);

/* Which observations of the pattern hold, a bit each. False: an observed value is not
 * what the pattern says it is (a timestamp that is none). */
bool stix_program_observe(const struct stix_program *pr, struct stix_scratch *sc,
			  const struct stix_world *w, uint64_t *holds);
/* Of a pattern that one observation decides, seen at that time: does it match? */
bool stix_program_alone(const struct stix_program *pr, uint64_t holds, int64_t time_us);

#endif
