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
 * Only who is registered is heard. Of a candidate or indicator the last word
 * counts: the largest by (time, by, verdict, reason). That is a join, so order
 * and repetition do not matter, and a replay comes to what the service did.
 *
 * A word about a candidate is about its id. One about an indicator, a rule or a
 * threat is about every episode that had begun by then and is of that threat, or
 * shows no evidence but that indicator's; what begins later is judged afresh.
 *
 * Thread   one owner.
 * Order    none; see above.
 * Owns     its strings.
 * Memory   heap; a record's strings, and eight bytes for each that was counted.
 * Limit    FEEDBACK_MAX verdicts, FEEDBACK_TEXT_MAX bytes of a string.
 */
#ifndef TOCSIN_RAISE_FEEDBACK_H
#define TOCSIN_RAISE_FEEDBACK_H

#include "base/text.h"
#include "correlate/assess.h"
#include "correlate/names.h"

#define FEEDBACK_MAX	  (1u << 18)
#define FEEDBACK_TEXT_MAX 1024

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
};

struct feedback;
/* registered: names that are heard, separated by commas. 0, -ENOMEM. */
int feedback_init(struct feedback **f, const char *registered);
void feedback_fini(struct feedback *f);

/* Hears all records in a text. A last line that is cut short is left alone. future_us:
 * later times are refused. 0, -ENOMEM. */
int feedback_read(struct feedback *f, const char *p, size_t len, int64_t future_us);
/* One record: what feedback_read() makes of each. reason may be "". */
int feedback_hear(struct feedback *f, const char *target, const char *by, const char *reason,
		  int64_t time_us, bool false_positive);
void feedback_count(struct feedback *f, enum feedback_count what, const void *record, size_t len);
bool feedback_is_registered(const struct feedback *f, const char *name);

/* Who says that this is a false positive, or NULL. f may be NULL. */
const struct feedback_verdict *feedback_against(const struct feedback *f, const char *id,
						const struct threat_name *threat,
						const struct episode *ep, const struct names *names);
/* Grows with every verdict that changed. */
uint64_t feedback_generation(const struct feedback *f);
/* Each record counts once, however often it is read. */
uint64_t feedback_counted(const struct feedback *f, enum feedback_count what);
const char *feedback_count_name(enum feedback_count what);
/* All verdicts as records of ours, one a line. */
void feedback_print(const struct feedback *f, struct text *out);

#endif
