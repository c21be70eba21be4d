/*
 * stix_common - what every bundle of ours has: ids, the engine's identity, places, markings.
 *
 * Thread   any.
 * Order    none.
 * Owns     nothing.
 * Memory   the text's.
 * Limit    none.
 */
#ifndef TOCSIN_RAISE_STIX_COMMON_H
#define TOCSIN_RAISE_STIX_COMMON_H

#include "base/text.h"
#include "base/timestamp.h"
#include "raise/candidate.h"

#define STIX_COUNT_MAX UINT64_C(999999999) /* STIX 2.1, section 5.2 */
#define STIX_ID_MAX    (64 + CANDIDATE_ID_MAX)

/* "created" and "modified" have milliseconds, no more and no less (section 3.2). */
void stix_time(int64_t us, char out[TIMESTAMP_TEXT_MAX]);
/* type--UUIDv5 of what the object stands for. */
void stix_make_id(char out[STIX_ID_MAX], const char *type, const char *about, const char *what);
void stix_identity_id(char out[STIX_ID_MAX]); /* the engine's */
void stix_location_id(char out[STIX_ID_MAX], int state);
const char *stix_tlp_id(int tlp);

void stix_string(struct text *out, const char *key, const char *value);   /* ,"key":"value" */
void stix_moment(struct text *out, const char *key, int64_t us);
/* ,{"type":... up to "modified". */
void stix_begin(struct text *out, const char *type, const char *id, const char *created,
		const char *modified);
void stix_identity(struct text *out); /* a bundle's first object: no comma before it */
void stix_marking(struct text *out, int tlp);
void stix_location(struct text *out, int state);

#endif
