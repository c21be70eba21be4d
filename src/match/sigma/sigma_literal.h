/*
 * sigma_literal - the bytes that a JSON record must hold for a string to match a value of it.
 *
 * Thread   any, after the first sigma_literal_init().
 * Order    none.
 * Owns     nothing.
 * Memory   none.
 * Limit    PATTERN_LITERAL_MAX bytes a literal.
 *
 * A record that holds no rare escape (a \u, or a slash with a backslash before it)
 * writes a text in one way only: quotes, backslashes and control characters with a
 * backslash, everything else as it is. So a literal is a piece of the text in that
 * form; what only \u can write is in no such record at all. Records with a rare escape
 * are not searched but parsed. Literals are to be looked for in any case of ASCII: no
 * other letter folds to one of it (sigma_fold.h).
 */
#ifndef TOCSIN_MATCH_SIGMA_LITERAL_H
#define TOCSIN_MATCH_SIGMA_LITERAL_H

#include "match/pattern_literal.h"
#include "match/sigma/sigma_rule.h"

void sigma_literal_init(void);

enum sigma_literal_found {
	SIGMA_LITERAL_NONE, /* nothing that must be there */
	SIGMA_LITERAL_SOME,
	SIGMA_LITERAL_RARE, /* only a record with a rare escape can match */
};

/* The best piece of a string value. quotes: the value is all of a JSON string, so that
 * its end is a quote. */
enum sigma_literal_found sigma_literal_string(const struct sigma_value *v, bool cased, bool quotes,
					      struct pattern_literal *out);
/* The same of an expression, which is told as PCRE reads it. */
enum sigma_literal_found sigma_literal_regex(const struct sigma_value *v, struct pattern_plan *out);

/* Whether nothing else folds to this code point, and it to nothing else; not all such are told. */
bool sigma_literal_caseless(uint32_t cp);

/* How often a record of telemetry holds these bytes, roughly: 0 to 1. */
double sigma_literal_share(const struct pattern_literal *l);

#endif
