#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "match/indicator_index.h"
#include "match/stix_pattern_cursor.h"

uint32_t stix_column(const struct stix_cursor *c)
{
	return (uint32_t)(c->t.p - c->lx.start) + 1;
}

void stix_note(struct stix_cursor *c, uint32_t col, const char *fmt, ...)
{
	va_list ap;

	if (c->status != STIX_PATTERN_OK)
		return;
	c->status = STIX_PATTERN_UNSUPPORTED;
	int n = snprintf(c->why, STIX_PATTERN_WHY_MAX, "column %u: ", col);
	va_start(ap, fmt);
	vsnprintf(c->why + n, STIX_PATTERN_WHY_MAX - (size_t)n, fmt, ap);
	va_end(ap);
}

void stix_syntax(struct stix_cursor *c, const char *expected)
{
	if (c->status == STIX_PATTERN_SYNTAX || c->cut)
		return;
	c->status = STIX_PATTERN_SYNTAX;
	if (c->t.kind == STIX_END)
		snprintf(c->why, STIX_PATTERN_WHY_MAX,
			 "column %u: the pattern ends where %s is expected", stix_column(c),
			 expected);
	else
		snprintf(c->why, STIX_PATTERN_WHY_MAX, "column %u: expected %s, found \"%.*s\"",
			 stix_column(c), expected, (int)(c->t.len < 40 ? c->t.len : 40), c->t.p);
	c->lx.p = c->lx.end;
	c->t = (struct stix_token){.kind = STIX_END, .p = c->lx.end};
}

void stix_advance(struct stix_cursor *c)
{
	c->t = stix_lex(&c->lx);
	if (c->t.kind == STIX_BAD)
		stix_syntax(c, "a token of the pattern language");
}

bool stix_at_punct(const struct stix_cursor *c, char p)
{
	return c->t.kind == STIX_PUNCT && *c->t.p == p;
}

bool stix_take_punct(struct stix_cursor *c, char p)
{
	if (!stix_at_punct(c, p))
		return false;
	stix_advance(c);
	return true;
}

void stix_expect_punct(struct stix_cursor *c, char p)
{
	char name[4] = {'\'', p, '\'', '\0'};

	if (!stix_take_punct(c, p))
		stix_syntax(c, name);
}

bool stix_take_word(struct stix_cursor *c, const char *w)
{
	if (!stix_keyword(&c->t, w))
		return false;
	stix_advance(c);
	return true;
}

bool stix_enter(struct stix_cursor *c)
{
	if (++c->depth <= STIX_PATTERN_DEPTH_MAX)
		return true;
	stix_note(c, stix_column(c), "parentheses deeper than %d", STIX_PATTERN_DEPTH_MAX);
	c->cut = true;
	c->lx.p = c->lx.end;
	c->t = (struct stix_token){.kind = STIX_END, .p = c->lx.end};
	return false;
}

uint32_t stix_node_new(struct stix_cursor *c, enum stix_node_kind kind, uint32_t leaf)
{
	struct stix_tree *t = &c->tree;

	if (c->full ||
	    index_grow((void **)&t->nodes, t->node_count, &t->node_capacity, sizeof(*t->nodes))) {
		c->full = true;
		return STIX_NONE;
	}
	t->nodes[t->node_count] =
		(struct stix_node){(uint8_t)kind, leaf, STIX_NONE, STIX_NONE, STIX_NONE, 0, 0, 0};
	return t->node_count++;
}

void stix_adopt(struct stix_cursor *c, uint32_t parent, uint32_t child)
{
	struct stix_node *nodes = c->tree.nodes;

	if (parent == STIX_NONE || child == STIX_NONE)
		return;
	if (nodes[parent].last == STIX_NONE)
		nodes[parent].first = child;
	else
		nodes[nodes[parent].last].next = child;
	nodes[parent].last = child;
}

uint32_t stix_chain(struct stix_cursor *c, const char *w, enum stix_node_kind kind,
		    uint32_t (*operand)(struct stix_cursor *))
{
	uint32_t first = operand(c), parent = STIX_NONE;

	while (stix_keyword(&c->t, w)) {
		stix_advance(c);
		if (parent == STIX_NONE) {
			parent = stix_node_new(c, kind, 0);
			stix_adopt(c, parent, first);
		}
		stix_adopt(c, parent, operand(c));
	}
	return parent == STIX_NONE ? first : parent;
}
