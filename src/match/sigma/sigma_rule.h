/*
 * sigma_rule - a Sigma detection rule, read and resolved: what evaluation and planning work on.
 *
 * Modifiers that only transform values are applied while reading: contains,
 * startswith and endswith became SIGMA_MANY parts, windash became SIGMA_DASH,
 * base64, base64offset, utf16* and expand became other values, "1 of x*" became an
 * OR. What is left says by itself what is compared with what. Sigma filters are part
 * of each condition that they apply to, once sigma_set_finish() has run.
 *
 * Thread   built by one thread, then constant.
 * Order    a rule's tree does not depend on other rules, only on filters.
 * Owns     nothing: all memory is its set's (sigma_set.h) and lives as long.
 * Memory   none by itself.
 * Limit    SIGMA_*_MAX below; a rule beyond one is refused, with its line.
 */
#ifndef TOCSIN_MATCH_SIGMA_RULE_H
#define TOCSIN_MATCH_SIGMA_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "config/vocab.h"
#include "decode/event.h"

#define SIGMA_FILE_BYTES_MAX (1u << 20)
#define SIGMA_ID_MAX	     1024   /* bytes of an id, a name, a title */
#define SIGMA_DEPTH_MAX	     32	    /* of a YAML document, and of a condition */
#define SIGMA_NODES_MAX	     65536  /* YAML nodes of a document, aliases followed */
#define SIGMA_VALUES_MAX     65536  /* values of a rule after every modifier */
#define SIGMA_PARTS_MAX	     256    /* of one string */
#define SIGMA_COST_MAX	     262144 /* comparisons that a rule can take */
#define SIGMA_FIELDS_MAX     16384  /* different fields of all rules */
#define SIGMA_FIELD_NONE     UINT32_MAX

enum sigma_part_kind {
	SIGMA_TEXT, /* these bytes */
	SIGMA_ONE,  /* '?': one character (a code point) */
	SIGMA_MANY, /* '*': any number of characters, none too */
	SIGMA_DASH, /* windash: one of - / U+2013 U+2014 U+2015 */
};

/*
 * The whole field must be matched by all parts in a row. TEXT is unescaped. Where
 * the item is not cased, it is folded (sigma_fold.h) and so must the field be;
 * utf16 modifiers can make it hold NUL and bytes that are no UTF-8.
 */
struct sigma_part {
	uint8_t kind; /* enum sigma_part_kind */
	struct span text;
};

enum sigma_value_kind {
	SIGMA_STRING,  /* parts; booleans too: "true", "false" */
	SIGMA_NUMBER,  /* equal as a number; parts hold its decimal text for where text is asked */
	SIGMA_NULL,    /* the field is absent or null */
	SIGMA_REGEX,   /* PCRE, found anywhere in the value */
	SIGMA_CIDR,    /* the value is an address inside the network */
	SIGMA_COMPARE, /* the value is a number, and less or greater than this one */
	SIGMA_EXISTS,  /* the field is there (even null), or is not */
	SIGMA_FIELD,   /* compared with the value of another field */
};

enum sigma_compare { SIGMA_LT, SIGMA_LTE, SIGMA_GT, SIGMA_GTE };

struct sigma_value {
	uint8_t kind;	 /* enum sigma_value_kind */
	uint8_t compare; /* enum sigma_compare: SIGMA_COMPARE */
	bool exists;	 /* SIGMA_EXISTS */
	bool starts, ends, contains;		   /* SIGMA_FIELD: how the other's value stands in this */
	bool caseless, multiline, dotall;	   /* SIGMA_REGEX: sub-modifiers i, m, s */
	uint32_t part_count;
	const struct sigma_part *parts;
	long double number;     /* SIGMA_NUMBER, SIGMA_COMPARE: 64-bit integers are exact */
	struct network network; /* SIGMA_CIDR */
	uint32_t field;	       /* SIGMA_FIELD: index in the set's fields */
	struct span text;      /* SIGMA_REGEX: the expression; SIGMA_FIELD: the name */
	uint32_t regex;	       /* SIGMA_REGEX: index in the set's expressions */
};

/* A value as the rule wrote it, and what modifiers made of it: any of them fits. */
struct sigma_choice {
	uint32_t count; /* 0: a placeholder of no values; nothing fits */
	const struct sigma_value *values;
};

enum sigma_time_part {
	SIGMA_TIME_NONE,
	SIGMA_MINUTE,
	SIGMA_HOUR,
	SIGMA_DAY,
	SIGMA_WEEK, /* ISO 8601 */
	SIGMA_MONTH,
	SIGMA_YEAR,
};

/*
 * "field|modifiers: values". A field that has several values (a JSON array) fits
 * when one of them fits; each choice may take another one.
 *
 * Without a field, keywords: each choice is looked for in every scalar value of the
 * record, or in the line where the record is one; a plain string then has SIGMA_MANY
 * on both sides.
 */
struct sigma_item {
	struct span name;  /* of the field; len 0: keywords */
	uint32_t field;	   /* index in the set's fields, SIGMA_FIELD_NONE for keywords */
	bool all;	   /* every choice must fit, not just one */
	bool cased;	   /* case decides: parts are not folded */
	bool negated;	   /* neq: fits when the rest does not; so it does where the field is absent */
	uint8_t time_part; /* enum sigma_time_part: the field is a date, this number of it counts */
	uint32_t line;
	uint32_t count;
	const struct sigma_choice *choices;
};

enum sigma_node_kind { SIGMA_AND, SIGMA_OR, SIGMA_NOT, SIGMA_ITEM };

struct sigma_node {
	uint8_t kind;	/* enum sigma_node_kind */
	uint32_t cost;	/* comparisons below it, at most */
	uint32_t count; /* of children: NOT has 1, ITEM 0; an identifier may have many parents */
	const struct sigma_node *const *children;
	const struct sigma_item *item; /* SIGMA_ITEM */
};

/* What a rule, or a record, says of its origin; lower case, "" where it says nothing. */
struct sigma_logsource {
	struct span product, category, service;
};

enum sigma_status {
	SIGMA_STATUS_NONE,
	SIGMA_STABLE,
	SIGMA_TEST,
	SIGMA_EXPERIMENTAL,
	SIGMA_DEPRECATED,
	SIGMA_UNSUPPORTED
};

struct sigma_rule {
	struct span id;	   /* of the rule, else its name, else its title: what "rule:" is followed by */
	struct span uuid, name, title; /* as stated; "" where not */
	struct sigma_logsource logsource;
	uint8_t severity;  /* enum severity, from level; medium where there is none */
	uint8_t hit_class; /* enum hit_class; see README.md */
	uint8_t status;	   /* enum sigma_status */
	uint8_t tlp;	   /* enum tlp, from a tag tlp.*; amber where there is none */
	uint32_t tag_count;
	const struct span *tags;
	const struct sigma_node *condition;
	const char *file;
	uint32_t line;	/* where its document begins */
	bool keywords;	/* has an item without a field */
	bool referred;	/* a correlation refers to it and does not let it fire by itself */
};

#endif
