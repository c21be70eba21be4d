/*
 * stix_pattern - STIX patterns (2.0 and 2.1, section 9) as OR of ANDs of conditions.
 *
 * Thread   any; no state.
 * Owns     nothing; the draft keeps what it is given.
 * Memory   malloc while parsing, freed before it returns.
 * Limit    STIX_PATTERN_BYTES_MAX bytes, STIX_PATTERN_DEPTH_MAX parentheses deep,
 *          INDICATOR_CLAUSES_MAX clauses of INDICATOR_CONDITIONS_MAX conditions.
 *
 * Conditions are all that most patterns need: [..] joined by OR, in them =, IN, LIKE,
 * MATCHES, ISSUBSET, AND, OR, parentheses. Whatever else a pattern asks is decided by
 * stix_program.h (d->evaluated); then the clauses name the records to look at, unless
 * there is no telling (d->open). Refused is what no record can satisfy.
 */
#ifndef TOCSIN_MATCH_STIX_PATTERN_H
#define TOCSIN_MATCH_STIX_PATTERN_H

#include "match/indicator_draft.h"

#define STIX_PATTERN_BYTES_MAX (1u << 20)
#define STIX_PATTERN_DEPTH_MAX 64
#define STIX_PATTERN_WHY_MAX   256

enum stix_pattern_status {
	STIX_PATTERN_OK,
	STIX_PATTERN_SYNTAX,      /* no STIX pattern */
	STIX_PATTERN_UNSUPPORTED, /* one, but not for this engine, or with a value that is none */
};

/* Adds the pattern's clauses to the (empty) draft; otherwise why says what and where. */
enum stix_pattern_status stix_pattern_parse(const char *p, size_t len, struct draft *d,
					    char why[STIX_PATTERN_WHY_MAX]);

#endif
