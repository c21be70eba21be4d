/*
 * pattern_literal - the bytes that a value must contain for a pattern to match it.
 *
 * Thread   any; no state.
 * Order    none.
 * Owns     nothing.
 * Memory   none.
 * Limit    PATTERN_LITERAL_MAX bytes a literal, PATTERN_BRANCHES_MAX branches.
 *
 * Conservative: what it does not understand, it does not use. A literal is a run
 * of plain characters outside groups, classes and quantifiers; a regex with
 * alternatives at its top level has one literal a branch, and any of them may
 * stand for a match. Case is left as written: look for it without case wherever
 * a pattern ignores case or switches it on inside.
 */
#ifndef TOCSIN_MATCH_PATTERN_LITERAL_H
#define TOCSIN_MATCH_PATTERN_LITERAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "match/indicator.h"

/* Hyperscan 5.4.0 misses, among several, a literal that ends in 34 or more times the same byte. */
#define PATTERN_LITERAL_MAX  32
#define PATTERN_LITERAL_GOOD 3 /* shorter ones are in every record */
#define PATTERN_BRANCHES_MAX 32

struct pattern_literal {
	uint8_t len;
	char p[PATTERN_LITERAL_MAX];
};

struct pattern_plan {
	uint32_t count; /* 0: no literal is required */
	struct pattern_literal literal[PATTERN_BRANCHES_MAX];
	bool shortish; /* one of them is below PATTERN_LITERAL_GOOD */
};

/*
 * The plan of a CONDITION_PATTERN with this text. The longest literal wins; of a
 * URL's, none that spans host and path, because sensors tell them apart.
 */
void pattern_plan(const struct condition *c, const char *text, struct pattern_plan *plan);

/* The same by another measure than length: the piece that scores highest wins. */
typedef double pattern_score(const char *p, size_t len);
void pattern_plan_by(const struct condition *c, const char *text, pattern_score *score,
		     struct pattern_plan *plan);

/*
 * A regex may be looked for, unanchored, in bytes that the value is a part of:
 * it has no look-around, and no anchor but one '^' in front and one '$' behind,
 * which *skip_front and *skip_back say to leave out.
 */
bool pattern_unanchored(const char *re, size_t len, bool *skip_front, bool *skip_back);

/* '*' any text, '?' one character (UTF-8), backslash escapes; the whole value. */
bool pattern_glob(const char *glob, size_t glob_len, const char *p, size_t len, bool caseless);

#endif
