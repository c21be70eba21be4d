/* Recursive descent over the grammar of STIX 2.1, annex A of the pattern specification. */
#include "match/stix_pattern.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "match/indicator_index.h"
#include "match/stix_pattern_tree.h"

/* A sticky syntax error ends the token stream; what is unsupported is only noted, the
 * first of it, because a later syntax error says more about the pattern. */
struct parser {
	struct stix_lexer lx;
	struct stix_token t; /* looked at, not taken */
	struct stix_tree tree;
	struct text path;
	unsigned depth;
	enum stix_pattern_status status;
	char *why; /* of the status */
	bool cut;  /* too deep: the rest is not read, and not judged */
	bool full; /* no memory, or more comparisons than any indicator may have */
};

static uint32_t column(const struct parser *ps)
{
	return (uint32_t)(ps->t.p - ps->lx.start) + 1;
}

__attribute__((format(printf, 3, 4))) static void note(struct parser *ps, uint32_t col,
						       const char *fmt, ...)
{
	va_list ap;

	if (ps->status != STIX_PATTERN_OK)
		return;
	ps->status = STIX_PATTERN_UNSUPPORTED;
	int n = snprintf(ps->why, STIX_PATTERN_WHY_MAX, "column %u: ", col);
	va_start(ap, fmt);
	vsnprintf(ps->why + n, STIX_PATTERN_WHY_MAX - (size_t)n, fmt, ap);
	va_end(ap);
}

static void syntax(struct parser *ps, const char *expected)
{
	if (ps->status == STIX_PATTERN_SYNTAX || ps->cut)
		return;
	ps->status = STIX_PATTERN_SYNTAX;
	if (ps->t.kind == STIX_END)
		snprintf(ps->why, STIX_PATTERN_WHY_MAX, "column %u: the pattern ends where %s is expected",
			 column(ps), expected);
	else
		snprintf(ps->why, STIX_PATTERN_WHY_MAX, "column %u: expected %s, found \"%.*s\"", column(ps),
			 expected, (int)(ps->t.len < 40 ? ps->t.len : 40), ps->t.p);
	ps->lx.p = ps->lx.end;
	ps->t = (struct stix_token){.kind = STIX_END, .p = ps->lx.end};
}

static void advance(struct parser *ps)
{
	ps->t = stix_lex(&ps->lx);
	if (ps->t.kind == STIX_BAD)
		syntax(ps, "a token of the pattern language");
}

static bool at_punct(const struct parser *ps, char c)
{
	return ps->t.kind == STIX_PUNCT && *ps->t.p == c;
}

static bool take_punct(struct parser *ps, char c)
{
	if (!at_punct(ps, c))
		return false;
	advance(ps);
	return true;
}

static void expect_punct(struct parser *ps, char c)
{
	char name[4] = {'\'', c, '\'', '\0'};

	if (!take_punct(ps, c))
		syntax(ps, name);
}

static bool take_word(struct parser *ps, const char *w)
{
	if (!stix_keyword(&ps->t, w))
		return false;
	advance(ps);
	return true;
}

static bool enter(struct parser *ps)
{
	if (++ps->depth <= STIX_PATTERN_DEPTH_MAX)
		return true;
	note(ps, column(ps), "parentheses deeper than %d", STIX_PATTERN_DEPTH_MAX);
	ps->cut = true;
	ps->lx.p = ps->lx.end;
	ps->t = (struct stix_token){.kind = STIX_END, .p = ps->lx.end};
	return false;
}

static uint32_t node_new(struct parser *ps, enum stix_node_kind kind, uint32_t leaf)
{
	struct stix_tree *t = &ps->tree;

	if (ps->full || index_grow((void **)&t->nodes, t->node_count, &t->node_capacity, sizeof(*t->nodes))) {
		ps->full = true;
		return STIX_NONE;
	}
	t->nodes[t->node_count] =
		(struct stix_node){(uint8_t)kind, leaf, STIX_NONE, STIX_NONE, STIX_NONE};
	return t->node_count++;
}

static void adopt(struct parser *ps, uint32_t parent, uint32_t child)
{
	struct stix_node *nodes = ps->tree.nodes;

	if (parent == STIX_NONE || child == STIX_NONE)
		return;
	if (nodes[parent].last == STIX_NONE)
		nodes[parent].first = child;
	else
		nodes[nodes[parent].last].next = child;
	nodes[parent].last = child;
}

/* Operands joined by one word: the only child, or a node over all. */
static uint32_t chain(struct parser *ps, const char *w, enum stix_node_kind kind,
		      uint32_t (*operand)(struct parser *))
{
	uint32_t first = operand(ps), parent = STIX_NONE;

	while (stix_keyword(&ps->t, w)) {
		advance(ps);
		if (parent == STIX_NONE) {
			parent = node_new(ps, kind, 0);
			adopt(ps, parent, first);
		}
		adopt(ps, parent, operand(ps));
	}
	return parent == STIX_NONE ? first : parent;
}

/* A string literal's text without quotes and escapes, appended to out. */
static void unescape(struct text *out, const struct stix_token *t)
{
	for (uint32_t i = 1; i + 1 < t->len; i++) {
		i += t->p[i] == '\\';
		text_char(out, t->p[i]);
	}
}

static void path_name(struct parser *ps)
{
	if (ps->t.kind == STIX_STRING)
		unescape(&ps->path, &ps->t);
	else if (ps->t.kind == STIX_WORD && !ps->t.hyphen && !stix_reserved(&ps->t))
		text_bytes(&ps->path, ps->t.p, ps->t.len);
	else
		return syntax(ps, "a property name");
	advance(ps);
}

static void path_index(struct parser *ps)
{
	bool star = at_punct(ps, '*');

	if (!star && ps->t.kind != STIX_INT)
		return syntax(ps, "an index or '*'");
	text_str(&ps->path, "[*]");
	advance(ps);
	expect_punct(ps, ']');
}

/* Leaves the path, as stix_path_target() takes it, in ps->path. */
static void object_path(struct parser *ps)
{
	text_reset(&ps->path);
	if (ps->t.kind != STIX_WORD || stix_reserved(&ps->t))
		return syntax(ps, "an object path");
	text_bytes(&ps->path, ps->t.p, ps->t.len);
	advance(ps);
	expect_punct(ps, ':');
	text_char(&ps->path, ':');
	path_name(ps);
	while (ps->status != STIX_PATTERN_SYNTAX) {
		if (take_punct(ps, '.')) {
			text_char(&ps->path, '.');
			path_name(ps);
		} else if (take_punct(ps, '[')) {
			path_index(ps);
		} else {
			return;
		}
	}
}

static bool is_literal(enum stix_token_kind k)
{
	return k >= STIX_STRING && k <= STIX_TIME;
}

static bool same_leaf(const struct stix_tree *t, const struct stix_leaf *a, const struct stix_leaf *b)
{
	return memcmp(&a->target, &b->target, sizeof(a->target)) == 0 && a->op == b->op &&
	       a->len == b->len && memcmp(t->strings.p + a->at, t->strings.p + b->at, a->len) == 0;
}

/* A comparison is kept once however often it is written. */
static uint32_t leaf_number(struct parser *ps, const struct stix_leaf *leaf)
{
	struct stix_tree *t = &ps->tree;

	for (uint32_t i = 0; i < t->leaf_count; i++)
		if (same_leaf(t, &t->leaves[i], leaf))
			return i;
	if (t->leaf_count == STIX_LEAVES_MAX ||
	    index_grow((void **)&t->leaves, t->leaf_count, &t->leaf_capacity, sizeof(*t->leaves))) {
		ps->full = true;
		return STIX_NONE;
	}
	t->leaves[t->leaf_count] = *leaf;
	return t->leaf_count++;
}

/* The literal looked at, compared with what stands left of it; takes the token. */
static uint32_t leaf(struct parser *ps, struct stix_target target, enum stix_operator op)
{
	struct stix_leaf l = {.target = target,
			      .op = (uint8_t)op,
			      .kind = (uint8_t)ps->t.kind,
			      .at = (uint32_t)ps->tree.strings.len,
			      .column = column(ps)};

	if (ps->full || ps->status != STIX_PATTERN_OK) {
		advance(ps);
		return STIX_NONE;
	}
	if (ps->t.kind == STIX_STRING)
		unescape(&ps->tree.strings, &ps->t);
	else
		text_bytes(&ps->tree.strings, ps->t.p, ps->t.len);
	l.len = (uint32_t)(ps->tree.strings.len - l.at);
	text_char(&ps->tree.strings, '\0'); /* so that an empty literal lies in it, too */
	ps->full |= ps->tree.strings.error != 0;
	advance(ps);
	uint32_t number = ps->full ? STIX_NONE : leaf_number(ps, &l);
	return number == STIX_NONE ? STIX_NONE : node_new(ps, STIX_NODE_LEAF, number);
}

static uint32_t set(struct parser *ps, struct stix_target target, uint32_t col)
{
	uint32_t parent = node_new(ps, STIX_NODE_OR, 0);

	expect_punct(ps, '(');
	if (at_punct(ps, ')'))
		note(ps, col, "IN with an empty set");
	while (!at_punct(ps, ')') && ps->status != STIX_PATTERN_SYNTAX) {
		if (!is_literal(ps->t.kind)) {
			syntax(ps, "a literal");
			break;
		}
		adopt(ps, parent, leaf(ps, target, STIX_OP_EQUAL));
		if (!take_punct(ps, ','))
			break;
		if (at_punct(ps, ')'))
			syntax(ps, "a literal");
	}
	expect_punct(ps, ')');
	return parent;
}

static uint32_t string_operator(struct parser *ps, struct stix_target target, enum stix_operator op)
{
	if (ps->t.kind != STIX_STRING) {
		syntax(ps, "a string");
		return STIX_NONE;
	}
	return leaf(ps, target, op);
}

static uint32_t comparison_tail(struct parser *ps, struct stix_target target)
{
	uint32_t col = column(ps);
	struct stix_token op = ps->t;

	if (take_word(ps, "IN"))
		return set(ps, target, col);
	if (take_word(ps, "LIKE"))
		return string_operator(ps, target, STIX_OP_LIKE);
	if (take_word(ps, "MATCHES"))
		return string_operator(ps, target, STIX_OP_MATCHES);
	if (take_word(ps, "ISSUBSET"))
		return string_operator(ps, target, STIX_OP_ISSUBSET);
	if (take_word(ps, "ISSUPERSET")) {
		note(ps, col, "ISSUPERSET is not supported");
		return string_operator(ps, target, STIX_OP_ISSUBSET);
	}
	if (op.kind != STIX_EQ && op.kind != STIX_NE && op.kind != STIX_ORDER) {
		syntax(ps, "a comparison operator");
		return STIX_NONE;
	}
	if (op.kind != STIX_EQ)
		note(ps, col, "%.*s is not supported", (int)op.len, op.p);
	advance(ps);
	if (!is_literal(ps->t.kind) || (op.kind == STIX_ORDER && ps->t.kind == STIX_BOOL)) {
		syntax(ps, "a literal");
		return STIX_NONE;
	}
	return leaf(ps, target, STIX_OP_EQUAL);
}

static uint32_t comparison_or(struct parser *ps);

static uint32_t comparison(struct parser *ps)
{
	uint32_t col = column(ps);

	if (take_punct(ps, '(')) {
		uint32_t n = enter(ps) ? comparison_or(ps) : STIX_NONE;
		ps->depth--;
		expect_punct(ps, ')');
		return n;
	}
	if (take_word(ps, "EXISTS")) {
		note(ps, col, "EXISTS is not supported");
		object_path(ps);
		return STIX_NONE;
	}
	object_path(ps);
	struct stix_target target = {0};
	if (ps->status != STIX_PATTERN_SYNTAX && !ps->path.error) {
		target = stix_path_target(ps->path.p, ps->path.len);
		if (target.about == STIX_ABOUT_UNKNOWN)
			note(ps, col, "object path %.*s is not supported",
			     (int)(ps->path.len < 160 ? ps->path.len : 160), ps->path.p);
	}
	col = column(ps);
	if (take_word(ps, "NOT"))
		note(ps, col, "NOT is not supported");
	return comparison_tail(ps, target);
}

static uint32_t comparison_and(struct parser *ps)
{
	return chain(ps, "AND", STIX_NODE_AND, comparison);
}

static uint32_t comparison_or(struct parser *ps)
{
	return chain(ps, "OR", STIX_NODE_OR, comparison_and);
}

static void time_qualifier(struct parser *ps)
{
	for (int i = 0; i < 2; i++) {
		if (i == 1 && !take_word(ps, "STOP"))
			return syntax(ps, "STOP");
		if (ps->t.kind != STIX_TIME && ps->t.kind != STIX_STRING)
			return syntax(ps, "a timestamp");
		advance(ps);
	}
}

static void number_qualifier(struct parser *ps, const char *unit)
{
	bool good = !ps->t.negative &&
		    (ps->t.kind == STIX_INT || (ps->t.kind == STIX_FLOAT && *unit == 'S'));

	if (!good)
		return syntax(ps, "a positive number");
	advance(ps);
	if (!take_word(ps, unit))
		syntax(ps, unit);
}

/* START..STOP, WITHIN, REPEATS: each at most once behind one observation. */
static void qualifiers(struct parser *ps)
{
	static const char *const words[] = {"START", "WITHIN", "REPEATS"};
	bool seen[3] = {false};

	for (int i = 0; i < 3; i++) {
		uint32_t col = column(ps);
		if (!stix_keyword(&ps->t, words[i]))
			continue;
		if (seen[i])
			return syntax(ps, "each qualifier once");
		advance(ps);
		note(ps, col, "the qualifier %s is not supported", words[i]);
		if (i == 0)
			time_qualifier(ps);
		else
			number_qualifier(ps, i == 1 ? "SECONDS" : "TIMES");
		seen[i] = true;
		i = -1; /* any order */
	}
}

static uint32_t observation_sequence(struct parser *ps);

static uint32_t observation(struct parser *ps)
{
	uint32_t n = STIX_NONE;

	if (take_punct(ps, '[')) {
		n = comparison_or(ps);
		expect_punct(ps, ']');
	} else if (take_punct(ps, '(')) {
		n = enter(ps) ? observation_sequence(ps) : STIX_NONE;
		ps->depth--;
		expect_punct(ps, ')');
	} else {
		syntax(ps, "'['");
	}
	qualifiers(ps);
	return n;
}

static uint32_t observation_and(struct parser *ps)
{
	uint32_t n = observation(ps);

	while (stix_keyword(&ps->t, "AND")) {
		note(ps, column(ps), "AND between observations is not supported");
		advance(ps);
		observation(ps);
	}
	return n;
}

static uint32_t observation_or(struct parser *ps)
{
	return chain(ps, "OR", STIX_NODE_OR, observation_and);
}

static uint32_t observation_sequence(struct parser *ps)
{
	uint32_t n = observation_or(ps);

	while (stix_keyword(&ps->t, "FOLLOWEDBY")) {
		note(ps, column(ps), "FOLLOWEDBY is not supported");
		advance(ps);
		observation_or(ps);
	}
	return n;
}

static void parse(struct parser *ps)
{
	advance(ps);
	ps->tree.root = observation_sequence(ps);
	if (ps->t.kind != STIX_END)
		syntax(ps, "the end of the pattern");
	if (ps->full)
		note(ps, 1, "more than %u comparisons, or out of memory", STIX_LEAVES_MAX);
}

enum stix_pattern_status stix_pattern_parse(const char *p, size_t len, struct draft *d,
					    char why[STIX_PATTERN_WHY_MAX])
{
	struct parser ps = {.lx = {p, p, p + len}, .why = why};

	why[0] = '\0';
	if (len > STIX_PATTERN_BYTES_MAX) {
		snprintf(why, STIX_PATTERN_WHY_MAX, "a pattern of more than %u bytes",
			 STIX_PATTERN_BYTES_MAX);
		return STIX_PATTERN_UNSUPPORTED;
	}
	parse(&ps);
	if (ps.status == STIX_PATTERN_OK && !stix_tree_emit(&ps.tree, d, why))
		ps.status = STIX_PATTERN_UNSUPPORTED;
	text_fini(&ps.path);
	text_fini(&ps.tree.strings);
	free(ps.tree.nodes);
	free(ps.tree.leaves);
	return ps.status;
}
