/*
 * reason - why a record was not taken: the named counters of the loss ledger.
 *
 * records in = clean + hit + sum of REJECTED + sum of DROPPED + in flight.
 * REJECTED: the record is at fault. DROPPED: we are.
 */
#ifndef TOCSIN_CONFIG_REASON_H
#define TOCSIN_CONFIG_REASON_H

#define REASONS(X)                                                                                 \
	X(REJECTED, NOT_JSON, "not_json", "a line that is no JSON object")                         \
	X(REJECTED, NOT_UTF8, "not_utf8", "a record that is no UTF-8")                             \
	X(REJECTED, TOO_LONG, "too_long", "a record longer than record_bytes_max")                 \
	X(REJECTED, TOO_COMPLEX, "too_complex", "JSON nested deeper or wider than the decoder's bounds") \
	X(REJECTED, NO_TIME, "no_time", "a hit on a record without a readable event time")         \
	X(REJECTED, TIME_PAST, "time_past", "a hit with an event time before time_min")            \
	X(REJECTED, TIME_FUTURE, "time_future", "a hit with an event time ahead of the clock")     \
	X(REJECTED, LATE, "late", "a hit older than the retention")                                \
	X(REJECTED, UNKNOWN_SOURCE, "unknown_source", "a message whose source is not registered")  \
	X(REJECTED, STATE_NOT_REGISTERED, "state_not_registered",                                  \
	  "an aggregator's record for a state it is not registered for")                           \
	X(REJECTED, EXERCISE, "exercise", "a hit on exercise or test traffic")                     \
	X(REJECTED, NO_ENTITY, "no_entity", "a hit on a record that names nobody affected")        \
	X(REJECTED, NOTIFICATION_NUMBER, "notification_number",                                    \
	  "an incident notification with a number that is negative, none, or beyond what there can be") \
	X(REJECTED, NOTIFICATION_WORD, "notification_word",                                        \
	  "an incident notification without a type, or with a word that its schema does not know") \
	X(REJECTED, BAD_PACKET, "bad_packet", "a frame whose headers do not hold together")        \
	X(REJECTED, LINK_TYPE, "link_type", "a capture of a link type that is not decoded")        \
	X(REJECTED, BAD_CAPTURE, "bad_capture", "the rest of a capture file that is broken")       \
	X(REJECTED, BAD_COMPRESSION, "bad_compression", "the rest of a compressed file that is broken") \
	X(DROPPED, TABLE_FULL, "table_full", "a hit that found the evidence table full")           \
	X(DROPPED, READ_FAILED, "read_failed", "input that the system refused to read")

enum reason {
	REASON_OK, /* clean, or hit */
#define X(kind, name, text, doc) REASON_##name,
	REASONS(X)
#undef X
	REASON_COUNT
};

const char *reason_name(enum reason r);
const char *reason_doc(enum reason r);
int reason_is_drop(enum reason r); /* dropped rather than rejected */

#endif
