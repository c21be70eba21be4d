/* Comparison expressions: what stands between the brackets of an observation. */
#include <sodium.h>
#include <string.h>

#include "base/timestamp.h"
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

static struct stix_step *new_step(struct stix_cursor *c, enum stix_step_kind kind)
{
	struct stix_tree *t = &c->tree;

	if (index_grow((void **)&t->steps, t->step_count, &t->step_capacity, sizeof(*t->steps))) {
		c->full = true;
		return NULL;
	}
	t->steps[t->step_count] = (struct stix_step){.kind = (uint8_t)kind};
	return &t->steps[t->step_count++];
}

/* Of the path that c->path got since from, a copy in the tree's strings. */
static uint32_t keep_path(struct stix_cursor *c, size_t from, uint32_t *len)
{
	uint32_t at = (uint32_t)c->tree.strings.len;

	*len = (uint32_t)(c->path.len - from);
	text_bytes(&c->tree.strings, c->path.p + from, *len);
	text_char(&c->tree.strings, '\0');
	c->full |= c->tree.strings.error != 0;
	return at;
}

static void path_name(struct stix_cursor *c)
{
	size_t from = c->path.len;

	if (c->t.kind == STIX_STRING)
		unescape(&c->path, &c->t);
	else if (c->t.kind == STIX_WORD && !c->t.hyphen && !stix_reserved(&c->t))
		text_bytes(&c->path, c->t.p, c->t.len);
	else
		return stix_syntax(c, "a property name");
	struct stix_step *s = c->path.error ? NULL : new_step(c, STIX_STEP_KEY);
	if (s) {
		uint32_t len;
		s->at = keep_path(c, from, &len);
		s->len = len;
	}
	stix_advance(c);
}

static void path_index(struct stix_cursor *c)
{
	bool star = stix_at_punct(c, '*');

	if (!star && c->t.kind != STIX_INT)
		return stix_syntax(c, "an index or '*'");
	struct stix_step *s = new_step(c, star ? STIX_STEP_ANY : STIX_STEP_INDEX);
	if (s && !star) {
		long double v = stix_number(&c->t);
		s->index = v >= 0 && v < 1e9L ? (uint32_t)v : UINT32_MAX;
	}
	text_str(&c->path, "[*]");
	stix_advance(c);
	stix_expect_punct(c, ']');
}

/* Leaves the path, as stix_path_target() takes it, in c->path, and as steps in l. */
static void object_path(struct stix_cursor *c, struct stix_leaf *l)
{
	text_reset(&c->path);
	if (c->t.kind != STIX_WORD || stix_reserved(&c->t))
		return stix_syntax(c, "an object path");
	text_bytes(&c->path, c->t.p, c->t.len);
	if (!c->path.error)
		l->type_at = keep_path(c, 0, &l->type_len);
	l->first_step = c->tree.step_count;
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
			break;
		}
	}
	l->steps = c->tree.step_count - l->first_step;
	if (!c->path.error)
		l->target = stix_path_target(c->path.p, c->path.len);
}

static bool is_literal(enum stix_token_kind k)
{
	return k >= STIX_STRING && k <= STIX_TIME;
}

static bool same_text(const struct stix_tree *t, uint32_t a, uint32_t alen, uint32_t b,
		      uint32_t blen)
{
	return alen == blen && memcmp(t->strings.p + a, t->strings.p + b, alen) == 0;
}

static bool same_path(const struct stix_tree *t, const struct stix_leaf *a,
		      const struct stix_leaf *b)
{
	if (a->steps != b->steps || !same_text(t, a->type_at, a->type_len, b->type_at, b->type_len))
		return false;
	for (uint32_t i = 0; i < a->steps; i++) {
		const struct stix_step *x = &t->steps[a->first_step + i];
		const struct stix_step *y = &t->steps[b->first_step + i];
		if (x->kind != y->kind || x->index != y->index ||
		    !same_text(t, x->at, x->len, y->at, y->len))
			return false;
	}
	return true;
}

static bool same_leaf(const struct stix_tree *t, const struct stix_leaf *a,
		      const struct stix_leaf *b)
{
	if (a->op != b->op || a->negated != b->negated || a->constants != b->constants ||
	    memcmp(&a->target, &b->target, sizeof(a->target)) != 0)
		return false;
	for (uint32_t i = 0; i < a->constants; i++) {
		const struct stix_constant *x = &t->constants[a->first_constant + i];
		const struct stix_constant *y = &t->constants[b->first_constant + i];
		if (x->kind != y->kind || !same_text(t, x->at, x->len, y->at, y->len))
			return false;
	}
	return same_path(t, a, b);
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

static uint32_t leaf_node(struct stix_cursor *c, const struct stix_leaf *l)
{
	if (c->full || c->status != STIX_PATTERN_OK)
		return STIX_NONE;
	uint32_t number = leaf_number(c, l);
	return number == STIX_NONE ? STIX_NONE : stix_node_new(c, STIX_NODE_LEAF, number);
}

static int hex_digit(char c)
{
	return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* The lexer checked them: h'..' and b'..' as bytes. */
static void put_bytes(struct text *out, const struct stix_token *t)
{
	const char *p = t->p + 2;
	size_t len = t->len - 3, n = 0;

	if (t->kind == STIX_HEX) {
		for (size_t i = 0; i + 1 < len; i += 2)
			text_char(out, (char)(hex_digit(p[i]) << 4 | hex_digit(p[i + 1])));
		return;
	}
	size_t at = out->len;
	text_bytes(out, p, len); /* longer than what it decodes to */
	if (out->error)
		return;
	if (sodium_base642bin((uint8_t *)out->p + at, len, p, len, NULL, &n, NULL,
			      sodium_base64_VARIANT_ORIGINAL))
		n = 0;
	out->len = at + n;
}

static uint16_t nanos(const char *p, size_t len)
{
	const char *dot = memchr(p, '.', len);
	uint16_t v = 0;

	for (int i = 7; dot && i <= 9; i++)
		v = (uint16_t)(v * 10 + (dot + i < p + len && dot[i] >= '0' && dot[i] <= '9' &&
							 memchr(dot, 'Z', (size_t)i) == NULL
						 ? dot[i] - '0'
						 : 0));
	return v;
}

/* The literal looked at as the next constant; takes the token. */
static void constant(struct stix_cursor *c)
{
	struct stix_tree *t = &c->tree;
	struct stix_constant k = {.kind = (uint8_t)c->t.kind,
				  .at = (uint32_t)t->strings.len,
				  .column = stix_column(c)};

	if (!c->full && index_grow((void **)&t->constants, t->constant_count, &t->constant_capacity,
				   sizeof(*t->constants)))
		c->full = true;
	if (c->full || c->status != STIX_PATTERN_OK)
		return stix_advance(c);
	if (c->t.kind == STIX_STRING)
		unescape(&t->strings, &c->t);
	else if (c->t.kind == STIX_HEX || c->t.kind == STIX_BINARY)
		put_bytes(&t->strings, &c->t);
	else
		text_bytes(&t->strings, c->t.p, c->t.len);
	k.len = (uint32_t)(t->strings.len - k.at);
	text_char(&t->strings, '\0'); /* so that an empty literal lies in it, too */
	if (c->t.kind == STIX_INT || c->t.kind == STIX_FLOAT)
		k.number = c->t.kind == STIX_INT ? stix_number(&c->t) : (double)stix_number(&c->t);
	k.truth = c->t.kind == STIX_BOOL && (*c->t.p | 0x20) == 't';
	if (c->t.kind == STIX_TIME) {
		timestamp_parse(c->t.p + 2, c->t.len - 3, &k.time_us);
		k.nanos = nanos(c->t.p + 2, c->t.len - 3);
	}
	c->full |= t->strings.error != 0;
	if (!c->full)
		t->constants[t->constant_count++] = k;
	stix_advance(c);
}

/* A set has one type; whole numbers and fractions are one. */
static bool same_type(enum stix_token_kind a, enum stix_token_kind b)
{
	return (a == STIX_FLOAT ? STIX_INT : a) == (b == STIX_FLOAT ? STIX_INT : b);
}

/* The literals between the parentheses, as constants of l. */
static void members(struct stix_cursor *c, struct stix_leaf *l)
{
	enum stix_token_kind type = c->t.kind;

	while (!stix_at_punct(c, ')') && c->status != STIX_PATTERN_SYNTAX) {
		if (!is_literal(c->t.kind) || !same_type(c->t.kind, type)) {
			stix_syntax(c, is_literal(c->t.kind) ? "a literal of the set's type"
							     : "a literal");
			break;
		}
		constant(c);
		if (!stix_take_punct(c, ','))
			break;
		if (stix_at_punct(c, ')'))
			stix_syntax(c, "a literal");
	}
	l->constants = c->tree.constant_count - l->first_constant;
}

/* IN is as good as = with each; but NOT IN is one comparison. */
static uint32_t set(struct stix_cursor *c, struct stix_leaf *l)
{
	stix_expect_punct(c, '(');
	members(c, l);
	stix_expect_punct(c, ')');
	l->op = STIX_OP_IN;
	if (l->negated || l->constants == 0)
		return leaf_node(c, l);
	uint32_t parent = stix_node_new(c, STIX_NODE_OR, 0);
	for (uint32_t i = 0; i < l->constants; i++) {
		struct stix_leaf one = *l;
		one.op = STIX_OP_EQUAL;
		one.first_constant = l->first_constant + i;
		one.constants = 1;
		one.column = c->tree.constants[one.first_constant].column;
		stix_adopt(c, parent, leaf_node(c, &one));
	}
	return parent;
}

static uint32_t with_constant(struct stix_cursor *c, struct stix_leaf *l, enum stix_operator op)
{
	l->op = (uint8_t)op;
	l->column = stix_column(c);
	constant(c);
	l->constants = c->tree.constant_count - l->first_constant;
	return leaf_node(c, l);
}

static uint32_t string_operator(struct stix_cursor *c, struct stix_leaf *l, enum stix_operator op)
{
	if (c->t.kind == STIX_STRING)
		return with_constant(c, l, op);
	stix_syntax(c, "a string");
	return STIX_NONE;
}

static enum stix_operator order_of(const struct stix_token *t)
{
	if (t->kind == STIX_EQ)
		return STIX_OP_EQUAL;
	if (t->kind == STIX_NE)
		return STIX_OP_UNEQUAL;
	if (*t->p == '<')
		return t->len == 1 ? STIX_OP_LESS : STIX_OP_MOST;
	return t->len == 1 ? STIX_OP_MORE : STIX_OP_LEAST;
}

static uint32_t comparison_tail(struct stix_cursor *c, struct stix_leaf *l)
{
	static const struct {
		const char *word;
		enum stix_operator op;
	} words[] = {{"LIKE", STIX_OP_LIKE},
		     {"MATCHES", STIX_OP_MATCHES},
		     {"ISSUBSET", STIX_OP_ISSUBSET},
		     {"ISSUPERSET", STIX_OP_ISSUPERSET}};
	struct stix_token op = c->t;

	l->first_constant = c->tree.constant_count;
	if (stix_take_word(c, "IN"))
		return set(c, l);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (stix_take_word(c, words[i].word))
			return string_operator(c, l, words[i].op);
	if (op.kind != STIX_EQ && op.kind != STIX_NE && op.kind != STIX_ORDER) {
		stix_syntax(c, "a comparison operator");
		return STIX_NONE;
	}
	stix_advance(c);
	if (!is_literal(c->t.kind) || (op.kind == STIX_ORDER && c->t.kind == STIX_BOOL)) {
		stix_syntax(c, "a literal");
		return STIX_NONE;
	}
	return with_constant(c, l, order_of(&op));
}

static uint32_t comparison(struct stix_cursor *c)
{
	struct stix_leaf l = {.path_column = stix_column(c)};

	if (stix_take_punct(c, '(')) {
		uint32_t n = stix_enter(c) ? stix_comparison(c) : STIX_NONE;
		c->depth--;
		stix_expect_punct(c, ')');
		return n;
	}
	l.negated = stix_take_word(c, "NOT");
	if (stix_take_word(c, "EXISTS")) {
		l.op = STIX_OP_EXISTS;
		object_path(c, &l);
		return leaf_node(c, &l);
	}
	if (l.negated) {
		stix_syntax(c, "EXISTS");
		return STIX_NONE;
	}
	object_path(c, &l);
	l.negated = stix_take_word(c, "NOT");
	l.column = stix_column(c);
	return comparison_tail(c, &l);
}

static uint32_t comparison_and(struct stix_cursor *c)
{
	return stix_chain(c, "AND", STIX_NODE_AND, comparison);
}

uint32_t stix_comparison(struct stix_cursor *c)
{
	return stix_chain(c, "OR", STIX_NODE_OR, comparison_and);
}
