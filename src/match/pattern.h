/*
 * pattern - all pattern conditions, as Hyperscan databases.
 *
 * Thread   built by one thread, then constant; a pattern_scratch a worker.
 * Order    none.
 * Owns     its databases; borrows the indicator set.
 * Memory   compile and scratch init allocate; scan and match do not.
 * Limit    PATTERNS_MAX patterns.
 *
 * Two uses, two sets of databases:
 *   scan   "may this record match?" over raw bytes, stopped at the first find:
 *          one database of required literals (pattern_literal.h), one case for
 *          all, since mixed flags in one database cost more than a few finds
 *          too many; and one of the regexes that have none.
 *   match  "does this value match?": the same literals name candidates among
 *          substrings and wildcards, which are then compared byte by byte;
 *          regexes have a database for each observable type, as written.
 */
#ifndef TOCSIN_MATCH_PATTERN_H
#define TOCSIN_MATCH_PATTERN_H

#include <hs.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "match/indicator.h"

#define PATTERNS_MAX      (1u << 24)
#define PATTERN_DATABASES (2 * OBSERVABLE_TYPES)

struct pattern_set {
	const struct indicator_set *set;
	uint32_t *conditions; /* pattern number -> condition */
	uint32_t count;
	hs_database_t *literals;
	hs_database_t *cover; /* fragments of which each literal holds one, or NULL */
	uint32_t *literal_pattern; /* literal id -> pattern number */
	uint32_t literal_count;    /* ids from here on are extra texts */
	bool literals_caseless;
	bool escapes; /* scan: what is looked for may hide behind an escape like \\ or \n */
	hs_database_t *loose_regexes; /* scan only: no literal, nothing anchored */
	/* match: id is the pattern number; the second half wants valid UTF-8 */
	hs_database_t *regexes[PATTERN_DATABASES];
	uint32_t *globs; /* pattern numbers of wildcards without a literal */
	uint32_t glob_count;
	bool by_type[OBSERVABLE_TYPES]; /* any pattern at all on this type */
	uint32_t always;                /* patterns that make every record be parsed */
};

static inline const struct condition *pattern_condition(const struct pattern_set *s,
							 uint32_t pattern)
{
	return condition_whole(s->set, s->conditions[pattern]);
}

static inline const char *pattern_text(const struct pattern_set *s, const struct condition *c)
{
	return s->set->text + c->text;
}

struct pattern_scratch {
	hs_scratch_t *hs;
	uint32_t cover_rest; /* blocks to search without the cover */
};

/*
 * 0, -ENOMEM, -EINVAL. Refused patterns go to ps and match nothing. scan looks
 * for the extra texts as well, in any case: atoms whose shape gives them away
 * too seldom for the exact tiers.
 */
int pattern_compile(struct pattern_set *s, const struct indicator_set *set,
		    const struct span *extra, uint32_t extras, struct problems *ps);
void pattern_fini(struct pattern_set *s);
size_t pattern_bytes(const struct pattern_set *s);

int pattern_scratch_init(struct pattern_scratch *sc, const struct pattern_set *s); /* 0, -ENOMEM */
void pattern_scratch_fini(struct pattern_scratch *sc);

/* True when any pattern may match something in these bytes. */
bool pattern_scan(const struct pattern_set *s, struct pattern_scratch *sc, const char *p,
		  size_t len);

/*
 * The literals alone, over many records at once: hs_scan() costs 80 ns a call
 * beside its bytes. Offsets one past each find, as Hyperscan gives them, up to
 * max; returns how many, or max + 1 when there are more or the scan failed.
 */
uint32_t pattern_scan_block(const struct pattern_set *s, struct pattern_scratch *sc, const char *p,
			    size_t len, uint32_t *ends, uint32_t max);
/* pattern_scan() without the literals, for records inside such a block. */
bool pattern_scan_loose(const struct pattern_set *s, struct pattern_scratch *sc, const char *p,
			size_t len);

/* One match: the condition and what matched (start is a guess for raw regexes). */
typedef void pattern_found(void *ctx, uint32_t condition, struct span value);

/* Every pattern on this type (OBSERVABLE_NONE: raw bytes) that matches the value. */
void pattern_match(const struct pattern_set *s, struct pattern_scratch *sc,
		   enum observable_type type, const char *p, size_t len, pattern_found *found,
		   void *ctx);

#endif
