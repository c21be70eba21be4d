/*
 * names - the threats and the "by" names that evidence refers to by number.
 *
 * Indicator sets come and go with reloads; evidence outlives them. A name gets
 * a number once and keeps it: numbers are never reused before names_fini(). Of
 * millions of indicators only those that were ever hit have names here.
 *
 * Thread   add, find: any, behind a lock (a first hit, a notification that names its
 *          threat, loading). get: any, without one.
 * Order    a number is handed out after its entry is written (release), and
 *          get reads the chunk pointer with acquire.
 * Owns     copies of all strings.
 *          Numbers of threats and of by-names without a wish are dense. A by-name
 *          may wish for one: evidence that ties in all else is ordered by it, and who
 *          asks first is chance. Every wish that is free is granted.
 * Memory   chunks of 2^NAMES_CHUNK_BITS entries, never moved. names_reserve() makes room
 *          (lazy.h), and until that is used up an add allocates nothing.
 * Limit    NAMES_THREATS_MAX - 1 threats (27 bits), NAMES_BY_MAX - 1 by-names (24 bits).
 */
#ifndef TOCSIN_CORRELATE_NAMES_H
#define TOCSIN_CORRELATE_NAMES_H

#include <stddef.h>
#include <stdint.h>

#define NAMES_THREATS_MAX (1u << 27)
#define NAMES_BY_MAX	  (1u << 24)
#define NAMES_CHUNK_BITS  13

enum name_kind { NAME_CAMPAIGN, NAME_INDICATOR, NAME_RULE };

struct threat_name {
	uint8_t kind;	  /* enum name_kind */
	const char *id;	  /* NUL-terminated */
	const char *name; /* NUL-terminated */
};

struct names;
int names_init(struct names **n); /* 0, -ENOMEM */
void names_fini(struct names *n);
/* Number from 1 of this (kind, id), made if new (a new name for a known id is ignored);
 * 0 when full or out of memory. */
uint32_t names_threat(struct names *n, uint8_t kind, const char *id, size_t id_len,
		      const char *name, size_t name_len);
/* Its number when it has one, else 0. */
uint32_t names_threat_find(struct names *n, uint8_t kind, const char *id, size_t id_len);
/* Number from 1 of "indicator:<id>", "rule:<id>", "benign:<list>" or "notification:campaign";
 * 0 when full or out of memory. */
uint32_t names_by(struct names *n, const char *by, size_t len);
/* The same with a number it should have: the first free one from there on, when it is new. */
uint32_t names_by_at(struct names *n, const char *by, size_t len, uint32_t wish);
/* Room for so many more of each, and their texts; 0, -ENOMEM. */
int names_reserve(struct names *n, uint32_t threats, uint32_t by, size_t text_bytes);
const struct threat_name *names_threat_get(const struct names *n, uint32_t threat);
const char *names_by_get(const struct names *n, uint32_t by); /* "": none has that number */
uint32_t names_threat_count(const struct names *n); /* highest number handed out */
uint32_t names_by_count(const struct names *n);	      /* highest number handed out */
/* All by-names in the order in which they were added, i from 0: NULL behind the last. */
const char *names_by_added(const struct names *n, uint32_t i, uint32_t *number);

#endif
