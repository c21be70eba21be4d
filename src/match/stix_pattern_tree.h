/*
 * stix_pattern_tree - tokens and tree of a STIX pattern; private to stix_pattern*.c.
 *
 * Thread   one owner.
 * Owns     stix_tree owns its arrays and strings.
 * Memory   malloc.
 * Limit    STIX_LEAVES_MAX comparisons, STIX_OBSERVATIONS_MAX observations.
 */
#ifndef TOCSIN_MATCH_STIX_PATTERN_TREE_H
#define TOCSIN_MATCH_STIX_PATTERN_TREE_H

#include "base/text.h"
#include "match/stix_pattern.h"

#define STIX_LEAVES_MAX       DRAFT_CONDITIONS_MAX
#define STIX_NONE             UINT32_MAX
#define STIX_OBSERVATIONS_MAX 64

enum stix_token_kind {
	STIX_END,
	STIX_BAD,
	STIX_WORD, /* identifier or keyword */
	STIX_STRING,
	STIX_INT,
	STIX_FLOAT,
	STIX_BOOL,
	STIX_HEX,
	STIX_BINARY,
	STIX_TIME,
	STIX_PUNCT, /* [ ] ( ) , : . * */
	STIX_EQ,
	STIX_NE,
	STIX_ORDER, /* < <= > >= */
};

struct stix_token {
	enum stix_token_kind kind;
	const char *p; /* as written */
	uint32_t len;
	bool hyphen, negative;
};

struct stix_lexer {
	const char *start, *p, *end;
};

/* The next token; literals are checked, strings still carry their escapes. */
struct stix_token stix_lex(struct stix_lexer *lx);
/* The text of t'..' without its quotes: RFC 3339, UTC, 'T' and 'Z' in upper case. */
bool stix_time_valid(const char *p, size_t len);
/* The value of an integer or a fraction. */
long double stix_number(const struct stix_token *t);
bool stix_keyword(const struct stix_token *t, const char *word);
bool stix_reserved(const struct stix_token *t);

/* What an object path speaks of. */
enum stix_about {
	STIX_ABOUT_UNKNOWN, /* in no record */
	STIX_ABOUT_SEEN,    /* in a record, but no condition speaks of it */
	STIX_ABOUT_IP,
	STIX_ABOUT_HOST, /* address or domain, told by the value */
	STIX_ABOUT_HOST_TYPE,
	STIX_ABOUT_DOMAIN,
	STIX_ABOUT_URL,
	STIX_ABOUT_EMAIL,
	STIX_ABOUT_HASH,
	STIX_ABOUT_PORT,
	STIX_ABOUT_VALUE, /* text of target.type */
};

struct stix_target {
	uint8_t about, type; /* enum stix_about, enum observable_type */
	uint8_t hash_digits; /* STIX_ABOUT_HASH */
	uint8_t side;        /* HOST, HOST_TYPE: 's' or 'd' */
};

/* path is "type:prop.prop" with quotes removed and every list index as "[*]". */
struct stix_target stix_path_target(const char *path, size_t len);

enum stix_operator {
	STIX_OP_EQUAL,
	STIX_OP_LIKE,
	STIX_OP_MATCHES,
	STIX_OP_ISSUBSET,
	STIX_OP_ISSUPERSET,
	STIX_OP_UNEQUAL,
	STIX_OP_LESS,
	STIX_OP_MOST, /* <= */
	STIX_OP_MORE,
	STIX_OP_LEAST, /* >= */
	STIX_OP_IN,
	STIX_OP_EXISTS,
};

/* A literal; its text is unescaped, of hex and base64 the bytes. */
struct stix_constant {
	uint8_t kind; /* enum stix_token_kind */
	bool truth;
	uint16_t nanos; /* STIX_TIME: beyond the microseconds */
	uint32_t at, len, column;
	int64_t time_us;
	long double number; /* STIX_INT, STIX_FLOAT: exact for every int64_t */
};

enum stix_step_kind { STIX_STEP_KEY, STIX_STEP_INDEX, STIX_STEP_ANY };

struct stix_step {
	uint8_t kind;
	uint32_t at, len; /* STIX_STEP_KEY: in strings */
	uint32_t index;   /* STIX_STEP_INDEX; UINT32_MAX where no list is that long */
};

struct stix_leaf {
	struct stix_target target;
	uint8_t op;                 /* enum stix_operator */
	bool negated;               /* NOT in front of the operator */
	uint32_t type_at, type_len; /* of the object, in strings */
	uint32_t first_step, steps;
	uint32_t first_constant, constants;
	uint32_t column, path_column; /* of the literal, and of the object path */
};

enum stix_node_kind {
	STIX_NODE_LEAF,
	STIX_NODE_AND,
	STIX_NODE_OR,
	STIX_NODE_OBSERVED, /* [..]: the comparison is its child, leaf its number from 0 */
	STIX_NODE_BOTH,     /* AND, OR, FOLLOWEDBY between observations */
	STIX_NODE_EITHER,
	STIX_NODE_FOLLOWED,
	STIX_NODE_WITHIN,  /* from: microseconds */
	STIX_NODE_REPEATS, /* from: times */
	STIX_NODE_SPAN,    /* START from STOP to */
};

struct stix_node {
	uint8_t kind;
	uint32_t leaf;              /* STIX_NODE_LEAF, STIX_NODE_OBSERVED */
	uint32_t first, last, next; /* children, and the next of the parent's */
	int64_t from, to;           /* of a qualifier */
	uint64_t observations;      /* at or below it, a bit each */
};

struct stix_tree {
	struct stix_node *nodes;
	uint32_t node_count, node_capacity;
	struct stix_leaf *leaves;
	uint32_t leaf_count, leaf_capacity;
	struct stix_step *steps;
	uint32_t step_count, step_capacity;
	struct stix_constant *constants;
	uint32_t constant_count, constant_capacity;
	struct text strings;
	uint32_t root;
	uint32_t observations;
};

void stix_tree_fini(struct stix_tree *t);

/* What a whole pattern is read as: the grammars of 2.0 and 2.1 differ in START, STOP
 * and in how often a qualifier may stand. */
enum stix_dialect { STIX_ANY, STIX_20, STIX_21 };

/* Reads a pattern; the tree is the caller's even when it failed. */
enum stix_pattern_status stix_tree_read(struct stix_tree *t, const char *p, size_t len,
					enum stix_dialect dialect, char why[STIX_PATTERN_WHY_MAX]);

/* Can the clauses decide this comparison alone? */
bool stix_leaf_plain(const struct stix_tree *t, const struct stix_leaf *l);
/* Observations that any match of the node needs: 1 when one record can decide it. */
uint32_t stix_tree_least(const struct stix_tree *t, uint32_t node);

/* The tree's clauses into the draft; false with why. */
bool stix_tree_emit(const struct stix_tree *t, struct draft *d, char why[STIX_PATTERN_WHY_MAX]);

#endif
