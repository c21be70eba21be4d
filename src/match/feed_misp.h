/*
 * feed_misp - MISP's attribute types, tags and galaxies; private to src/match/feed_misp*.c.
 *
 * Thread   any; no state.
 * Owns     nothing: a context's spans point into the JSON tree or its own buffer.
 * Memory   none beyond the draft's.
 * Limit    a campaign id of MISP_CAMPAIGN_MAX bytes; longer ones are cut.
 */
#ifndef TOCSIN_MATCH_FEED_MISP_H
#define TOCSIN_MATCH_FEED_MISP_H

#include "match/feed_load.h"
#include "match/stix_pattern.h"

#define MISP_CAMPAIGN_MAX 512

/* The conditions of an attribute's type and value; NULL, or why not (static, or why). */
const char *feed_misp_value(struct draft *d, struct span type, struct span value,
			    char why[STIX_PATTERN_WHY_MAX]);

/* What the tags and galaxies of an event, object or attribute say. */
struct misp_marks {
	int tlp, pap; /* -1 not stated */
	int rank;     /* of the campaign: lower is better; -1 none */
	uint32_t id_len, name_len;
	char id[MISP_CAMPAIGN_MAX], name[MISP_CAMPAIGN_MAX];
};

/* Nothing stated. */
void feed_misp_no_marks(struct misp_marks *m);
/* Reads Tag[] and Galaxy[] of o. */
void feed_misp_marks(struct misp_marks *m, struct feed_value o);

#endif
