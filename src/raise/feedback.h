/*
 * feedback - what people say of candidates: that one is a false positive, or not.
 *
 * A record is JSON, told by its content; NDJSON, arrays and whole documents:
 *   ours      {"event_type":"feedback","verdict":"false_positive" or "confirmed",
 *              "candidate":ID or "indicator":ID or value,"by":NAME,"time":RFC 3339,
 *              "reason":text}
 *   MISP      a sighting of type 1 (false positive), alone, in "Sighting", or in an
 *             Attribute, an Event or a response: by its source, else its organisation
 *   STIX 2.1  an opinion, alone or in a bundle, about incident--ID or any other
 *             object: (strongly-)disagree is a false positive, (strongly-)agree not;
 *             by an author, else created_by_ref
 *
 * Only who is registered is heard: a party. Of what one party says of one
 * candidate or indicator its last word counts: the largest by (time, verdict,
 * reason). That is a join, so order and repetition do not matter, and a replay
 * comes to what the service did.
 *
 * A word about a candidate is about its id. One about an indicator, a rule or a
 * threat is about every episode that had begun by then and is of that threat, or
 * shows no evidence but that indicator's; what begins later is judged afresh. Of
 * one party's words the first of these that there is counts, so each has one vote.
 *
 * No party withdraws alone but the desk, where a human decides: if the desk has
 * said anything, its last word decides. Else it takes `quorum` false positives
 * more than there are confirmations. What was said and did not suffice is told in
 * the candidate. Who speaks is who the record says: whoever can write to the file
 * or topic speaks for everybody who is registered.
 *
 * Thread   one owner.
 * Order    none; see above.
 * Owns     its strings.
 * Memory   heap; a record's strings, and eight bytes for each that was counted.
 * Limit    FEEDBACK_MAX verdicts, of each party as large a part as of any other;
 *          FEEDBACK_PARTIES_MAX parties; FEEDBACK_TEXT_MAX bytes of a string.
 */
#ifndef TOCSIN_RAISE_FEEDBACK_H
#define TOCSIN_RAISE_FEEDBACK_H

#include "base/text.h"
#include "correlate/assess.h"
#include "correlate/names.h"

#define FEEDBACK_MAX	  (1u << 18)
#define FEEDBACK_TEXT_MAX 1024
#define FEEDBACK_PARTIES_MAX 64

#define FEEDBACK_COUNTS(X)                                                                         \
	X(TAKEN, "taken", "records that were heard")                                               \
	X(NOT_JSON, "not_json", "lines that are no JSON")                                          \
	X(NOT_FEEDBACK, "not_feedback", "objects of another kind")                                 \
	X(UNREGISTERED, "unregistered", "records by somebody who may not withdraw")                \
	X(NO_VERDICT, "no_verdict", "records that say neither, such as sightings of type 0")       \
	X(NO_TARGET, "no_target", "records that are about nothing, or too long")                   \
	X(NO_TIME, "no_time", "records without a readable time")                                   \
	X(TIME_FUTURE, "time_future", "records from ahead of the clock")                           \
	X(FULL, "full", "records about more than can be kept")

enum feedback_count {
#define X(id, name, doc) FEEDBACK_##id,
	FEEDBACK_COUNTS(X)
#undef X
	FEEDBACK_COUNTERS
};

struct feedback_verdict {
	struct feedback_verdict *next;
	uint64_t hash;	    /* of the target */
	const char *target; /* an id or value, in lower case */
	const char *by, *reason;
	int64_t time_us;
	bool false_positive;
	uint8_t party;
};

struct feedback;
/* registered, desk: names that are heard, separated by commas; the desk's may stand in either.
 * 0, -ENOMEM; -E2BIG: more parties than FEEDBACK_PARTIES_MAX. */
int feedback_init(struct feedback **f, const char *registered, const char *desk, uint32_t quorum);
void feedback_fini(struct feedback *f);

/* Hears all records in a text. A last line that is cut short is left alone. future_us:
 * later times are refused. 0, -ENOMEM. */
int feedback_read(struct feedback *f, const char *p, size_t len, int64_t future_us);
/* One record: what feedback_read() makes of each. reason may be "". */
int feedback_hear(struct feedback *f, const char *target, const char *by, const char *reason,
		  int64_t time_us, bool false_positive);
void feedback_count(struct feedback *f, enum feedback_count what, const void *record, size_t len);
bool feedback_is_registered(const struct feedback *f, const char *name);

/* What the parties say of a candidate, each its vote, by name. */
struct feedback_votes {
	uint32_t count, false_positives, quorum;
	const struct feedback_verdict *vote[FEEDBACK_PARTIES_MAX];
	bool desk;				/* it has spoken, and decides */
	const struct feedback_verdict *against; /* by which it is withdrawn, or NULL: it is not */
};
/* f may be NULL. */
void feedback_votes(const struct feedback *f, const char *id, const struct threat_name *threat,
		    const struct episode *ep, const struct names *names,
		    struct feedback_votes *out);
/* Grows with every verdict that changed. */
uint64_t feedback_generation(const struct feedback *f);
/* Each record counts once, however often it is read. */
uint64_t feedback_counted(const struct feedback *f, enum feedback_count what);
const char *feedback_count_name(enum feedback_count what);
/* All verdicts as records of ours, one a line. */
void feedback_print(const struct feedback *f, struct text *out);

#endif
