/*
 * candidate - an episode that the coordination layer should see, by contract.
 *
 * The NDJSON form is include/tocsin/candidate.schema.json. Its id is the UUIDv5
 * (RFC 9562), in a namespace of our own, of threat kind, threat id and the cell
 * in which the episode's first evidence lies. Cells are as long as the profile's
 * window and are counted from 1970 in UTC. Episodes of a threat begin more than
 * a window apart, so no two of them share a cell; README.md has the rest of it.
 *
 * Thread   any; a candidate is plain data of one owner.
 * Order    none.
 * Owns     nothing: its strings are borrowed from names, profile and the caller.
 * Memory   none of its own; printing takes scratch from the heap.
 * Limit    ASSESS_EVIDENCE_MAX pieces of evidence; SCORE_TERMS_MAX terms.
 */
#ifndef TOCSIN_RAISE_CANDIDATE_H
#define TOCSIN_RAISE_CANDIDATE_H

#include "base/text.h"
#include "correlate/assess.h"
#include "correlate/history.h"
#include "correlate/names.h"
#include "correlate/prevalence.h"
#include "raise/feedback.h"

#define CANDIDATE_ID_MAX 37

enum candidate_status {
	CANDIDATE_WATCH,
	CANDIDATE_RAISED,
	CANDIDATE_UPDATED,	/* a raised one whose evidence grew */
	CANDIDATE_CORROBORATED, /* a raised one that has more independent support */
	CANDIDATE_WITHDRAWN,	/* it no longer holds, or became part of another */
	CANDIDATE_EXPIRED	/* its window is over */
};
#define CANDIDATE_STATUSES 6 /* lifecycle.h: what follows what */
const char *candidate_status_name(enum candidate_status s);

/* How to name an object id in evidence: position prefix and source. */
struct candidate_origin {
	const char *source;   /* "de-energy-soc" */
	const char *position; /* "kafka:soc.de:3", "file:/data/a.ndjson" */
};

struct candidate;
struct candidate_context {
	const struct names *names;
	const struct profile *profile;
	/* The one that this threat is judged by; NULL: profile, all of them. */
	const struct profile *(*profile_of)(void *arg, uint32_t threat);
	struct candidate_origin (*origin)(void *arg, uint32_t object);
	void *arg;
	const struct feedback *feedback; /* NULL: none */
	/* Independent feeds that list the threat, 0 not known; may be NULL. */
	uint32_t (*feeds)(void *arg, uint32_t threat);
	/* How usual the threat is where it was seen; rows, at most max. May be NULL. */
	int (*prevalence)(void *arg, uint32_t threat, struct prevalence_row *rows, uint32_t max);
	/* Earlier candidates of the threat that were significant in this state, the newest max
	 * of them into rows, newest first; how many in all. May be NULL. */
	uint32_t (*recurrence)(void *arg, const struct candidate *c, uint8_t state,
			       struct history_record *rows, uint32_t max);
};

static inline const struct profile *candidate_profile(const struct candidate_context *cx,
						       const struct episode *ep)
{
	return cx->profile_of ? cx->profile_of(cx->arg, ep->threat) : cx->profile;
}

struct candidate {
	char id[CANDIDATE_ID_MAX];
	int64_t cell_us;  /* start of the cell that the id was made of */
	uint32_t version; /* from 1 */
	enum candidate_status status;
	struct threat_name threat;
	struct episode episode;
	double score; /* 0..1, two decimals */
	/* WITHDRAWN because of this word, until the feedback changes; else NULL. */
	const struct feedback_verdict *rejected;
	/* WITHDRAWN because late evidence joined it to an older one: that one's id; else "". */
	char superseded_by[CANDIDATE_ID_MAX];
};

/* Fills id, threat and score; status and version from the caller. */
void candidate_make(struct candidate *c, const struct candidate_context *cx,
		    const struct episode *ep, enum candidate_status status, uint32_t version);
/* The same for a threat whose strings the caller keeps; ep->threat is not looked up. */
void candidate_make_of(struct candidate *c, const struct candidate_context *cx,
		       const struct threat_name *threat, const struct episode *ep,
		       enum candidate_status status, uint32_t version);
/* Start of the cell of this time; window_us > 0. */
int64_t candidate_cell(int64_t first_us, int64_t window_us);
void candidate_id(const struct threat_name *threat, int64_t cell_us, int64_t window_us,
		  char out[CANDIDATE_ID_MAX]);
/* UUIDv5 of any text in the same namespace. */
void candidate_uuid(const char *material, size_t len, char out[CANDIDATE_ID_MAX]);

/* One NDJSON line, without the newline. Same candidate, same bytes. */
void candidate_json(struct text *out, const struct candidate *c,
		    const struct candidate_context *cx);
/*
 * Reads back what candidate_json() printed: id, version, status, cell and "says",
 * a hash of all the rest but prevalence. Two lines with the same id and says differ
 * in version, status and prevalence only. False when it is no whole candidate line.
 */
struct candidate_head {
	char id[CANDIDATE_ID_MAX];
	uint32_t version;
	enum candidate_status status;
	int64_t cell_us;
	uint64_t says;
};
bool candidate_head(const char *line, size_t len, struct candidate_head *out);

/* What another life, or another node, has said of a candidate. The episode has
 * times, TLP and PAP, and no states. */
struct candidate_said {
	struct candidate_head head;
	struct threat_name threat; /* strings are its own */
	struct episode episode;
	char superseded_by[CANDIDATE_ID_MAX]; /* or "" */
};
/* From a printed line. 0; -EINVAL: no whole candidate line; -ENOMEM. */
int candidate_read(const char *line, size_t len, struct candidate_said *out);
void candidate_said_fini(struct candidate_said *s);

/* A STIX 2.1 bundle: identity, one location a state, the threat, one sighting a
 * state, incident with the core extension, relationships, TLP 2.0 marking; ids
 * deterministic. One line. */
void candidate_stix(struct text *out, const struct candidate *c,
		    const struct candidate_context *cx);
/* The word against this episode under this id, or NULL. */
const struct feedback_verdict *candidate_rejected(const struct candidate_context *cx,
						  const char *id,
						  const struct threat_name *threat,
						  const struct episode *ep);
/* Whether clocks.h's clocks run: it holds, and nobody withdrew it. From episode.decided_us. */
bool candidate_clocks_run(const struct candidate *c);
/* The paragraph a person can read; also the contract's "explain". */
void candidate_explain(struct text *out, const struct candidate *c,
		       const struct candidate_context *cx);
/* Several lines for a terminal: who, where, since when, by which criteria, which
 * evidence, what is missing. At most 100 columns. colour: ANSI. */
void candidate_terminal(struct text *out, const struct candidate *c,
			const struct candidate_context *cx, bool colour);
/* "position" of an evidence item: prefix@offset, +line when sub > 0. */
void candidate_position(struct text *out, const char *prefix, const struct evidence_item *i);

#endif
