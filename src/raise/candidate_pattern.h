/*
 * candidate_pattern - a STIX 2.1 pattern for an indicator that is known as
 * "type:value" (STIX 2.1, section 9).
 *
 * Thread   any.
 * Order    none.
 * Owns     nothing.
 * Memory   the text's.
 * Limit    ip, network, domain, url, email and hashes of 32, 40, 64, 128 hex digits.
 */
#ifndef TOCSIN_RAISE_CANDIDATE_PATTERN_H
#define TOCSIN_RAISE_CANDIDATE_PATTERN_H

#include <stdbool.h>

#include "base/text.h"

/* Appends "[domain-name:value = 'x']" for "domain:x"; false, and nothing
 * appended, for what has no such pattern. */
bool candidate_pattern_of(struct text *out, const char *id);

/* True for "<type>--<uuid>" with the type of an SDO that can be sighted. */
bool candidate_pattern_is_sdo(const char *id);

#endif
