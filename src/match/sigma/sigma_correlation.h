/*
 * sigma_correlation - Sigma correlation rules (specification 2.1.0), read and resolved.
 *
 * Thread   built by one thread, then constant.
 * Order    by depth, then by id: whoever is referred to comes before who refers to it.
 * Owns     nothing: all memory is the set's.
 * Memory   the set's pool.
 * Limit    SIGMA_REFERENCES_MAX rules, SIGMA_KEYS_MAX fields to group by; counts up to
 *          SIGMA_COUNT_MAX; SIGMA_CORRELATIONS_DEPTH_MAX levels.
 *
 * A rule may carry a block of its own for this engine; another tool passes over it:
 *   tocsin:
 *       profile: ID	the significance profile that its candidates are judged by
 */
#ifndef TOCSIN_MATCH_SIGMA_CORRELATION_H
#define TOCSIN_MATCH_SIGMA_CORRELATION_H

#include "match/sigma/sigma_rule.h"

#define SIGMA_REFERENCES_MAX         64
#define SIGMA_KEYS_MAX               16
#define SIGMA_CRITERIA_MAX           6
#define SIGMA_TERMS_MAX              256
#define SIGMA_COUNT_MAX              65535
#define SIGMA_CORRELATIONS_MAX       4096
#define SIGMA_CORRELATIONS_DEPTH_MAX 16
#define SIGMA_FIELD_STATE            (SIGMA_FIELD_NONE - 1) /* "member_state": of the record */
#define SIGMA_NO_CORRELATION         UINT32_MAX

enum sigma_correlation_type {
	SIGMA_EVENT_COUNT,
	SIGMA_VALUE_COUNT,
	SIGMA_TEMPORAL,
	SIGMA_TEMPORAL_ORDERED,
	SIGMA_VALUE_SUM,
	SIGMA_VALUE_AVG,
	SIGMA_VALUE_PERCENTILE,
	SIGMA_CORRELATION_TYPES
};

enum sigma_criterion_kind {
	SIGMA_IS_GT,
	SIGMA_IS_GTE,
	SIGMA_IS_LT,
	SIGMA_IS_LTE,
	SIGMA_IS_EQ,
	SIGMA_IS_NEQ
};

struct sigma_criterion {
	uint8_t kind; /* enum sigma_criterion_kind */
	long double number;
};

/* What a temporal correlation asks, in reverse Polish order. */
enum sigma_term_kind { SIGMA_TERM_RULE, SIGMA_TERM_AND, SIGMA_TERM_OR, SIGMA_TERM_NOT };

struct sigma_term {
	uint8_t kind; /* enum sigma_term_kind */
	uint8_t rule; /* SIGMA_TERM_RULE: number of the reference */
};

struct sigma_reference {
	struct span text; /* id or name, as written */
	uint32_t line;
	uint32_t correlation; /* what it is, or SIGMA_NO_CORRELATION: rules */
};

/* A field to group by or to count, or an alias: by reference, the number of the set's field. */
struct sigma_key {
	struct span name;
	uint32_t *field;
};

struct sigma_correlation {
	struct sigma_rule meta; /* id, names, severity, class, tlp, file and line */
	uint8_t type;           /* enum sigma_correlation_type */
	int64_t timespan_us;
	uint32_t reference_count;
	struct sigma_reference *references;
	uint32_t group_count;
	struct sigma_key *groups;
	uint32_t field_count; /* of condition's field; several make one value */
	struct sigma_key *fields;
	uint32_t criterion_count;
	struct sigma_criterion criteria[SIGMA_CRITERIA_MAX];
	uint32_t term_count;
	const struct sigma_term *terms;
	double percentile;   /* SIGMA_VALUE_PERCENTILE: of numbers; -1: the share of a value */
	bool generate;       /* what it refers to fires by itself too */
	bool crosses;        /* it names member_state: all states are one to it */
	bool undoable;       /* more records can make it false that was true */
	struct span profile; /* "": the engine's */
	uint32_t depth;      /* 0: of rules alone */
};

/* A rule's record may be one of this correlation's, as this reference; by way of another
 * correlation only if it completes that. */
struct sigma_feed {
	uint32_t correlation, reference, via;
};

struct sigma_correlations {
	struct sigma_correlation *list;
	uint32_t count, capacity;
	uint32_t *first; /* by rule, and one more: where its feeds begin */
	struct sigma_feed *feeds;
	uint32_t feed_count, feed_capacity;
};

/* Whether a number fulfils all criteria. */
bool sigma_criteria_hold(const struct sigma_correlation *c, long double number);
/* Whether the terms hold where these references are there, a bit each. */
bool sigma_terms_hold(const struct sigma_correlation *c, uint64_t there);

#endif
