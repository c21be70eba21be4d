/*
 * candidate - an episode that the coordination layer should see, by contract.
 *
 * The NDJSON form is include/tocsin/candidate.schema.json. Its id is the UUIDv5
 * (RFC 9562) of threat kind, threat id and window start in the namespace below,
 * so the same evidence always has the same id.
 *
 * Thread   any; a candidate is plain data of one owner.
 * Owns     its strings are borrowed from names, profile and the caller.
 */
#ifndef TOCSIN_RAISE_CANDIDATE_H
#define TOCSIN_RAISE_CANDIDATE_H

#include "base/text.h"
#include "correlate/assess.h"
#include "correlate/names.h"

#define CANDIDATE_ID_MAX 37

enum candidate_status {
	CANDIDATE_WATCH,
	CANDIDATE_RAISED,
	CANDIDATE_UPDATED, /* a raised one whose evidence grew */
	CANDIDATE_WITHDRAWN,
	CANDIDATE_EXPIRED
};
const char *candidate_status_name(enum candidate_status s);

/* How to name an object id in evidence: position prefix and source. */
struct candidate_origin {
	const char *source;   /* "de-energy-soc" */
	const char *position; /* "kafka:soc.de:3", "file:/data/a.ndjson" */
};

struct candidate_context {
	const struct names *names;
	const struct profile *profile;
	struct candidate_origin (*origin)(void *arg, uint32_t object);
	void *arg;
};

struct candidate {
	char id[CANDIDATE_ID_MAX];
	uint32_t version; /* from 1 */
	enum candidate_status status;
	struct episode episode;
	double score; /* 0..1, two decimals */
};

/* Fills id, score; status and version from the caller. */
void candidate_make(struct candidate *c, const struct candidate_context *cx,
		    const struct episode *ep, enum candidate_status status, uint32_t version);
void candidate_id(const struct threat_name *threat, int64_t window_start_us,
		  char out[CANDIDATE_ID_MAX]);

/* One NDJSON line, without the newline. Same candidate, same bytes. */
void candidate_json(struct text *out, const struct candidate *c, const struct candidate_context *cx);
/* A STIX 2.1 bundle: identity, one location a state, indicator or campaign, one
 * sighting a state, incident with the core extension, relationships, TLP 2.0
 * marking; ids deterministic. One line. */
void candidate_stix(struct text *out, const struct candidate *c, const struct candidate_context *cx);
/* The paragraph a person can read; also the contract's "explain". */
void candidate_explain(struct text *out, const struct candidate *c,
		       const struct candidate_context *cx);
/* Several lines for a terminal: who, where, since when, by which criteria, which
 * evidence. colour: ANSI. */
void candidate_terminal(struct text *out, const struct candidate *c,
			const struct candidate_context *cx, bool colour);
/* "position" of an evidence item: prefix@offset, +line when sub > 0. */
void candidate_position(struct text *out, const char *prefix, const struct evidence_item *i);

#endif
