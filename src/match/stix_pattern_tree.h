/*
 * stix_pattern_tree - tokens and tree of a STIX pattern; private to stix_pattern*.c.
 *
 * Thread   one owner.
 * Owns     stix_tree owns its arrays and strings.
 * Memory   malloc.
 * Limit    STIX_LEAVES_MAX comparisons.
 */
#ifndef TOCSIN_MATCH_STIX_PATTERN_TREE_H
#define TOCSIN_MATCH_STIX_PATTERN_TREE_H

#include "base/text.h"
#include "match/stix_pattern.h"

#define STIX_LEAVES_MAX DRAFT_CONDITIONS_MAX
#define STIX_NONE       UINT32_MAX

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
bool stix_keyword(const struct stix_token *t, const char *word);
bool stix_reserved(const struct stix_token *t);

/* What an object path speaks of. */
enum stix_about {
	STIX_ABOUT_UNKNOWN,
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

enum stix_operator { STIX_OP_EQUAL, STIX_OP_LIKE, STIX_OP_MATCHES, STIX_OP_ISSUBSET };

struct stix_leaf {
	struct stix_target target;
	uint8_t op;       /* enum stix_operator */
	uint8_t kind;     /* enum stix_token_kind of the literal */
	uint32_t at, len; /* the literal, unescaped, in strings */
	uint32_t column;
};

enum stix_node_kind { STIX_NODE_LEAF, STIX_NODE_AND, STIX_NODE_OR };

struct stix_node {
	uint8_t kind;
	uint32_t leaf;              /* STIX_NODE_LEAF */
	uint32_t first, last, next; /* children, and the next of the parent's */
};

struct stix_tree {
	struct stix_node *nodes;
	uint32_t node_count, node_capacity;
	struct stix_leaf *leaves;
	uint32_t leaf_count, leaf_capacity;
	struct text strings;
	uint32_t root;
};

/* The tree's clauses into the draft; false with why. */
bool stix_tree_emit(const struct stix_tree *t, struct draft *d, char why[STIX_PATTERN_WHY_MAX]);

#endif
