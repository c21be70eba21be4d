/* Comparison expressions: what stands between the brackets of an observation. */
#include <string.h>

#include "match/indicator_index.h"
#include "match/stix_pattern_cursor.h"

/* A string literal's text without quotes and escapes, appended to out. */
static void unescape(struct text *out, const struct stix_token *t)
{
	for (uint32_t i = 1; i + 1 < t->len; i++) {
		i += t->p[i] == '\\';
		text_char(out, t->p[i]);
	}
}

static void path_name(struct stix_cursor *c)
{
	if (c->t.kind == STIX_STRING)
		unescape(&c->path, &c->t);
	else if (c->t.kind == STIX_WORD && !c->t.hyphen && !stix_reserved(&c->t))
		text_bytes(&c->path, c->t.p, c->t.len);
	else
		return stix_syntax(c, "a property name");
	stix_advance(c);
}

static void path_index(struct stix_cursor *c)
{
	bool star = stix_at_punct(c, '*');

	if (!star && c->t.kind != STIX_INT)
		return stix_syntax(c, "an index or '*'");
	text_str(&c->path, "[*]");
	stix_advance(c);
	stix_expect_punct(c, ']');
}

/* Leaves the path, as stix_path_target() takes it, in c->path. */
static void object_path(struct stix_cursor *c)
{
	text_reset(&c->path);
	if (c->t.kind != STIX_WORD || stix_reserved(&c->t))
		return stix_syntax(c, "an object path");
	text_bytes(&c->path, c->t.p, c->t.len);
	stix_advance(c);
	stix_expect_punct(c, ':');
	text_char(&c->path, ':');
	path_name(c);
	while (c->status != STIX_PATTERN_SYNTAX) {
		if (stix_take_punct(c, '.')) {
			text_char(&c->path, '.');
			path_name(c);
		} else if (stix_take_punct(c, '[')) {
			path_index(c);
		} else {
			return;
		}
	}
}

static bool is_literal(enum stix_token_kind k)
{
	return k >= STIX_STRING && k <= STIX_TIME;
}

static bool same_leaf(const struct stix_tree *t, const struct stix_leaf *a,
		      const struct stix_leaf *b)
{
	return memcmp(&a->target, &b->target, sizeof(a->target)) == 0 && a->op == b->op &&
	       a->len == b->len && memcmp(t->strings.p + a->at, t->strings.p + b->at, a->len) == 0;
}

/* A comparison is kept once however often it is written. */
static uint32_t leaf_number(struct stix_cursor *c, const struct stix_leaf *leaf)
{
	struct stix_tree *t = &c->tree;

	for (uint32_t i = 0; i < t->leaf_count; i++)
		if (same_leaf(t, &t->leaves[i], leaf))
			return i;
	if (t->leaf_count == STIX_LEAVES_MAX ||
	    index_grow((void **)&t->leaves, t->leaf_count, &t->leaf_capacity, sizeof(*t->leaves))) {
		c->full = true;
		return STIX_NONE;
	}
	t->leaves[t->leaf_count] = *leaf;
	return t->leaf_count++;
}

/* The literal looked at, compared with what stands left of it; takes the token. */
static uint32_t leaf(struct stix_cursor *c, struct stix_target target, enum stix_operator op)
{
	struct stix_leaf l = {.target = target,
			      .op = (uint8_t)op,
			      .kind = (uint8_t)c->t.kind,
			      .at = (uint32_t)c->tree.strings.len,
			      .column = stix_column(c)};

	if (c->full || c->status != STIX_PATTERN_OK) {
		stix_advance(c);
		return STIX_NONE;
	}
	if (c->t.kind == STIX_STRING)
		unescape(&c->tree.strings, &c->t);
	else
		text_bytes(&c->tree.strings, c->t.p, c->t.len);
	l.len = (uint32_t)(c->tree.strings.len - l.at);
	text_char(&c->tree.strings, '\0'); /* so that an empty literal lies in it, too */
	c->full |= c->tree.strings.error != 0;
	stix_advance(c);
	uint32_t number = c->full ? STIX_NONE : leaf_number(c, &l);
	return number == STIX_NONE ? STIX_NONE : stix_node_new(c, STIX_NODE_LEAF, number);
}

static uint32_t set(struct stix_cursor *c, struct stix_target target, uint32_t col)
{
	uint32_t parent = stix_node_new(c, STIX_NODE_OR, 0);

	stix_expect_punct(c, '(');
	if (stix_at_punct(c, ')'))
		stix_note(c, col, "IN with an empty set");
	while (!stix_at_punct(c, ')') && c->status != STIX_PATTERN_SYNTAX) {
		if (!is_literal(c->t.kind)) {
			stix_syntax(c, "a literal");
			break;
		}
		stix_adopt(c, parent, leaf(c, target, STIX_OP_EQUAL));
		if (!stix_take_punct(c, ','))
			break;
		if (stix_at_punct(c, ')'))
			stix_syntax(c, "a literal");
	}
	stix_expect_punct(c, ')');
	return parent;
}

static uint32_t string_operator(struct stix_cursor *c, struct stix_target target,
				enum stix_operator op)
{
	if (c->t.kind != STIX_STRING) {
		stix_syntax(c, "a string");
		return STIX_NONE;
	}
	return leaf(c, target, op);
}

static uint32_t comparison_tail(struct stix_cursor *c, struct stix_target target)
{
	uint32_t col = stix_column(c);
	struct stix_token op = c->t;

	if (stix_take_word(c, "IN"))
		return set(c, target, col);
	if (stix_take_word(c, "LIKE"))
		return string_operator(c, target, STIX_OP_LIKE);
	if (stix_take_word(c, "MATCHES"))
		return string_operator(c, target, STIX_OP_MATCHES);
	if (stix_take_word(c, "ISSUBSET"))
		return string_operator(c, target, STIX_OP_ISSUBSET);
	if (stix_take_word(c, "ISSUPERSET")) {
		stix_note(c, col, "ISSUPERSET is not supported");
		return string_operator(c, target, STIX_OP_ISSUBSET);
	}
	if (op.kind != STIX_EQ && op.kind != STIX_NE && op.kind != STIX_ORDER) {
		stix_syntax(c, "a comparison operator");
		return STIX_NONE;
	}
	if (op.kind != STIX_EQ)
		stix_note(c, col, "%.*s is not supported", (int)op.len, op.p);
	stix_advance(c);
	if (!is_literal(c->t.kind) || (op.kind == STIX_ORDER && c->t.kind == STIX_BOOL)) {
		stix_syntax(c, "a literal");
		return STIX_NONE;
	}
	return leaf(c, target, STIX_OP_EQUAL);
}

static uint32_t comparison(struct stix_cursor *c)
{
	uint32_t col = stix_column(c);

	if (stix_take_punct(c, '(')) {
		uint32_t n = stix_enter(c) ? stix_comparison(c) : STIX_NONE;
		c->depth--;
		stix_expect_punct(c, ')');
		return n;
	}
	if (stix_take_word(c, "EXISTS")) {
		stix_note(c, col, "EXISTS is not supported");
		object_path(c);
		return STIX_NONE;
	}
	object_path(c);
	struct stix_target target = {0};
	if (c->status != STIX_PATTERN_SYNTAX && !c->path.error) {
		target = stix_path_target(c->path.p, c->path.len);
		if (target.about == STIX_ABOUT_UNKNOWN)
			stix_note(c, col, "object path %.*s is not supported",
				  (int)(c->path.len < 160 ? c->path.len : 160), c->path.p);
	}
	col = stix_column(c);
	if (stix_take_word(c, "NOT"))
		stix_note(c, col, "NOT is not supported");
	return comparison_tail(c, target);
}

static uint32_t comparison_and(struct stix_cursor *c)
{
	return stix_chain(c, "AND", STIX_NODE_AND, comparison);
}

uint32_t stix_comparison(struct stix_cursor *c)
{
	return stix_chain(c, "OR", STIX_NODE_OR, comparison_and);
}
