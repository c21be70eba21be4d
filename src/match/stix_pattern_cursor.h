/*
 * stix_pattern_cursor - a cursor over a pattern's tokens with a sticky verdict; private
 * to stix_pattern*.c.
 *
 * Thread   one owner.
 * Owns     the tree that grows under it.
 * Memory   malloc.
 * Limit    see stix_pattern.h.
 */
#ifndef TOCSIN_MATCH_STIX_PATTERN_CURSOR_H
#define TOCSIN_MATCH_STIX_PATTERN_CURSOR_H

#include "match/stix_pattern_tree.h"

/* A sticky syntax error ends the token stream; what is unsupported is only noted, the
 * first of it, because a later syntax error says more about the pattern. */
struct stix_cursor {
	struct stix_lexer lx;
	struct stix_token t; /* looked at, not taken */
	struct stix_tree tree;
	struct text path; /* as stix_path_target() takes it */
	enum stix_dialect dialect;
	unsigned depth;
	enum stix_pattern_status status;
	char *why; /* of the status */
	bool cut;  /* too deep: the rest is not read, and not judged */
	bool full; /* no memory, or more comparisons than any indicator may have */
};

/* Where the token looked at begins, from 1. */
uint32_t stix_column(const struct stix_cursor *c);
/* Something that is not supported; parsing goes on. */
void stix_note(struct stix_cursor *c, uint32_t column, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Something else was expected: from now on the token is the end. */
void stix_syntax(struct stix_cursor *c, const char *expected);
void stix_advance(struct stix_cursor *c);
bool stix_at_punct(const struct stix_cursor *c, char p);
bool stix_take_punct(struct stix_cursor *c, char p);
void stix_expect_punct(struct stix_cursor *c, char p);
bool stix_take_word(struct stix_cursor *c, const char *word);
/* Into a parenthesis; false when it is too deep. The caller counts depth down again. */
bool stix_enter(struct stix_cursor *c);

/* STIX_NONE when there is no memory, or for the child of one that is not there. */
uint32_t stix_node_new(struct stix_cursor *c, enum stix_node_kind kind, uint32_t leaf);
void stix_adopt(struct stix_cursor *c, uint32_t parent, uint32_t child);
/* Operands joined by one word: the only child, or a node over all. */
uint32_t stix_chain(struct stix_cursor *c, const char *word, enum stix_node_kind kind,
		    uint32_t (*operand)(struct stix_cursor *));

/* What stands between '[' and ']'. */
uint32_t stix_comparison(struct stix_cursor *c);

#endif
