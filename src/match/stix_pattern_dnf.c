/* The tree as OR of ANDs, and its comparisons as conditions of a draft. */
#include <hs.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "match/atom.h"
#include "match/stix_pattern_tree.h"

struct clause {
	uint16_t count;
	uint16_t leaf[INDICATOR_CONDITIONS_MAX];
};

struct clauses {
	uint32_t count;
	struct clause clause[INDICATOR_CLAUSES_MAX];
};

struct emit {
	const struct stix_tree *t;
	struct draft *d;
	char *why;
};

static bool has(const struct clause *c, uint16_t leaf)
{
	for (uint16_t i = 0; i < c->count; i++)
		if (c->leaf[i] == leaf)
			return true;
	return false;
}

static bool merge(struct clause *into, const struct clause *c)
{
	for (uint16_t i = 0; i < c->count; i++) {
		if (has(into, c->leaf[i]))
			continue;
		if (into->count == INDICATOR_CONDITIONS_MAX)
			return false;
		into->leaf[into->count++] = c->leaf[i];
	}
	return true;
}

/* a implies b: whatever b asks, a asks too. */
static bool implies(const struct clause *a, const struct clause *b)
{
	for (uint16_t i = 0; i < b->count; i++)
		if (!has(a, b->leaf[i]))
			return false;
	return true;
}

/* Absorption keeps the clauses few: a OR (a AND b) is a. */
static bool add(struct clauses *cs, const struct clause *c)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < cs->count; i++)
		if (implies(c, &cs->clause[i]))
			return true;
	for (uint32_t i = 0; i < cs->count; i++)
		if (!implies(&cs->clause[i], c))
			cs->clause[kept++] = cs->clause[i];
	cs->count = kept;
	if (cs->count == INDICATOR_CLAUSES_MAX)
		return false;
	cs->clause[cs->count++] = *c;
	return true;
}

static bool expand(const struct stix_tree *t, uint32_t node, struct clauses *out);

static bool expand_or(const struct stix_tree *t, uint32_t child, struct clauses *out)
{
	struct clauses part;

	out->count = 0;
	for (; child != STIX_NONE; child = t->nodes[child].next) {
		if (!expand(t, child, &part))
			return false;
		for (uint32_t i = 0; i < part.count; i++)
			if (!add(out, &part.clause[i]))
				return false;
	}
	return true;
}

static bool expand_and(const struct stix_tree *t, uint32_t child, struct clauses *out)
{
	struct clauses part, left;

	if (!expand(t, child, out))
		return false;
	for (child = t->nodes[child].next; child != STIX_NONE; child = t->nodes[child].next) {
		if (!expand(t, child, &part))
			return false;
		left = *out;
		out->count = 0;
		for (uint32_t i = 0; i < left.count * part.count; i++) {
			struct clause c = left.clause[i / part.count];
			if (!merge(&c, &part.clause[i % part.count]) || !add(out, &c))
				return false;
		}
	}
	return true;
}

/* Nothing that a record shows can make it true. */
static bool never(const struct stix_leaf *l)
{
	if (l->op == STIX_OP_EXISTS && l->negated)
		return false;
	return l->target.about == STIX_ABOUT_UNKNOWN ||
	       (l->op == STIX_OP_IN && l->constants == 0 && !l->negated);
}

/* Backreferences and the like are for the evaluator. */
static bool beyond_hyperscan(const char *regex)
{
	hs_compile_error_t *error = NULL;
	hs_expr_info_t *info = NULL;
	bool beyond = hs_expression_info(regex, HS_FLAG_DOTALL, &info, &error) != HS_SUCCESS;

	hs_free_compile_error(error);
	free(info);
	return beyond;
}

bool stix_leaf_plain(const struct stix_tree *t, const struct stix_leaf *l)
{
	bool pattern = l->op == STIX_OP_LIKE || l->op == STIX_OP_MATCHES;

	if (l->op == STIX_OP_MATCHES &&
	    beyond_hyperscan(t->strings.p + t->constants[l->first_constant].at))
		return false;
	if (l->negated || l->target.about <= STIX_ABOUT_SEEN ||
	    (pattern && l->target.about == STIX_ABOUT_HOST))
		return false;
	return pattern || l->op == STIX_OP_EQUAL || l->op == STIX_OP_ISSUBSET;
}

/* What clauses cannot decide makes a clause that asks for nothing. */
static void expand_leaf(const struct stix_tree *t, uint32_t leaf, struct clauses *out)
{
	const struct stix_leaf *l = &t->leaves[leaf];

	out->count = !never(l);
	out->clause[0] = (struct clause){stix_leaf_plain(t, l), {(uint16_t)leaf}};
}

/* As deep as the parentheses: STIX_PATTERN_DEPTH_MAX times AND and OR. Of observations
 * each may be what a record is looked at for. */
static bool expand(const struct stix_tree *t, uint32_t node, struct clauses *out)
{
	const struct stix_node *n = &t->nodes[node];

	if (n->kind == STIX_NODE_LEAF)
		return expand_leaf(t, n->leaf, out), true;
	if (n->kind == STIX_NODE_AND)
		return expand_and(t, n->first, out);
	return expand_or(t, n->first, out);
}

static const struct stix_constant *constant(const struct emit *e, const struct stix_leaf *l)
{
	return &e->t->constants[l->first_constant];
}

static const char *literal(const struct emit *e, const struct stix_leaf *l)
{
	return e->t->strings.p + constant(e, l)->at;
}

static uint32_t length(const struct emit *e, const struct stix_leaf *l)
{
	return constant(e, l)->len;
}

__attribute__((format(printf, 3, 4))) static bool fail(struct emit *e, const struct stix_leaf *l,
						       const char *fmt, ...)
{
	va_list ap;
	int n = l ? snprintf(e->why, STIX_PATTERN_WHY_MAX, "column %u: ", l->column) : 0;

	va_start(ap, fmt);
	vsnprintf(e->why + n, STIX_PATTERN_WHY_MAX - (size_t)n, fmt, ap);
	va_end(ap);
	return false;
}

static bool is_address(const struct emit *e, const struct stix_leaf *l, struct network *net)
{
	char plain[ATOM_URL_MAX];
	size_t n = atom_refang(literal(e, l), length(e, l), plain, sizeof(plain));

	return n > 0 && network_parse(plain, n, net);
}

/* "ipv4-addr" and so on, of the host on one side: does this value have that type? */
static bool type_fits(const struct emit *e, const struct stix_leaf *type,
		      const struct stix_leaf *value)
{
	static const struct {
		const char *name;
		uint8_t bits;
	} types[] = {{"ipv4-addr", 32}, {"ipv6-addr", 128}, {"domain-name", 0}};
	struct network net = {0};

	is_address(e, value, &net);
	for (int i = 0; i < 3; i++)
		if (length(e, type) == strlen(types[i].name) &&
		    memcmp(literal(e, type), types[i].name, length(e, type)) == 0)
			return net.base.bits == types[i].bits;
	return false;
}

/* LIKE's % and _ as the * and ? of a wildcard pattern. */
static const char *like(struct emit *e, const struct stix_leaf *l, uint32_t clause, uint32_t flags)
{
	const char *p = literal(e, l), *why;
	struct text w;

	text_init(&w);
	for (uint32_t i = 0; i < length(e, l); i++) {
		if (p[i] == '*' || p[i] == '?' || p[i] == '\\')
			text_char(&w, '\\');
		text_char(&w, p[i] == '%' ? '*' : p[i] == '_' ? '?' : p[i]);
	}
	why = w.error ? "out of memory"
		      : draft_pattern(e->d, clause, (enum observable_type)l->target.type,
				      PATTERN_WILDCARD, flags, w.p ? w.p : "", w.len);
	text_fini(&w);
	return why;
}

static const char *pattern(struct emit *e, const struct stix_leaf *l, uint32_t clause)
{
	/* host names have no case; the rest is compared as written */
	bool caseless = l->target.about == STIX_ABOUT_DOMAIN || l->target.about == STIX_ABOUT_EMAIL;
	uint32_t flags = caseless ? HS_FLAG_CASELESS : 0;

	if (l->target.about == STIX_ABOUT_PORT || l->target.about == STIX_ABOUT_HOST_TYPE)
		return "LIKE and MATCHES are for text";
	if (l->target.about == STIX_ABOUT_HOST)
		return "LIKE and MATCHES need ipv4-addr:value, ipv6-addr:value or "
		       "domain-name:value";
	if (l->op == STIX_OP_LIKE)
		return like(e, l, clause, flags);
	return draft_pattern(e->d, clause, (enum observable_type)l->target.type, PATTERN_REGEX,
			     flags | HS_FLAG_DOTALL, literal(e, l), length(e, l));
}

static const char *port(struct emit *e, const struct stix_leaf *l, uint32_t clause)
{
	uint32_t v = 0;

	if (length(e, l) == 0 || length(e, l) > 5)
		return "a port is 1 to 65535";
	for (uint32_t i = 0; i < length(e, l); i++) {
		char c = literal(e, l)[i];
		if (c < '0' || c > '9')
			return "a port is 1 to 65535";
		v = v * 10 + (uint32_t)(c - '0');
	}
	return draft_port(e->d, clause, v);
}

static const char *atom(struct emit *e, const struct stix_leaf *l, uint32_t clause)
{
	static const uint8_t kinds[] = {
		[STIX_ABOUT_IP] = CONDITION_NETWORK, [STIX_ABOUT_DOMAIN] = CONDITION_DOMAIN,
		[STIX_ABOUT_URL] = CONDITION_URL,    [STIX_ABOUT_EMAIL] = CONDITION_EMAIL,
		[STIX_ABOUT_HASH] = CONDITION_HASH,  [STIX_ABOUT_VALUE] = CONDITION_VALUE,
	};
	struct network net;
	uint8_t about = l->target.about;

	if (about == STIX_ABOUT_PORT)
		return port(e, l, clause);
	if (constant(e, l)->kind != STIX_STRING)
		return "a string is needed here";
	if (about == STIX_ABOUT_HOST)
		about = is_address(e, l, &net) ? STIX_ABOUT_IP : STIX_ABOUT_DOMAIN;
	if (l->op == STIX_OP_ISSUBSET && about != STIX_ABOUT_IP)
		return "ISSUBSET is for addresses";
	if (about == STIX_ABOUT_HASH && length(e, l) != l->target.hash_digits)
		return "the hash has not the length of its algorithm";
	return draft_atom(e->d, clause, (enum condition_kind)kinds[about],
			  (enum observable_type)l->target.type, literal(e, l), length(e, l));
}

static bool condition(struct emit *e, const struct stix_leaf *l, uint32_t clause)
{
	const char *why = l->op == STIX_OP_LIKE || l->op == STIX_OP_MATCHES ? pattern(e, l, clause)
									    : atom(e, l, clause);

	return !why || fail(e, l, "%.*s: %s", (int)(length(e, l) < 80 ? length(e, l) : 80),
			    literal(e, l), why);
}

enum fate { CLAUSE_GOOD, CLAUSE_NEVER, CLAUSE_OPEN };

/* dst_ref.type beside dst_ref.value says nothing new, or something that cannot be. */
static enum fate judge_type(struct emit *e, const struct clause *c, const struct stix_leaf *type)
{
	enum fate fate = CLAUSE_OPEN;

	for (uint16_t i = 0; i < c->count; i++) {
		const struct stix_leaf *l = &e->t->leaves[c->leaf[i]];
		if (l->target.about != STIX_ABOUT_HOST || l->target.side != type->target.side)
			continue;
		if (!type_fits(e, type, l))
			return CLAUSE_NEVER;
		fate = CLAUSE_GOOD;
	}
	return fate;
}

/* Open: it names no value that could be looked for, so that every record must be looked at. */
static enum fate judge(struct emit *e, const struct clause *c)
{
	enum fate fate = CLAUSE_OPEN;

	for (uint16_t i = 0; i < c->count; i++) {
		const struct stix_leaf *l = &e->t->leaves[c->leaf[i]];
		if (l->target.about == STIX_ABOUT_HOST_TYPE) {
			if (judge_type(e, c, l) == CLAUSE_NEVER)
				return CLAUSE_NEVER;
		} else if (l->target.about != STIX_ABOUT_PORT) {
			fate = CLAUSE_GOOD;
		}
	}
	return fate;
}

/* A type without the value beside it is for the evaluator. */
static bool open_type(struct emit *e, const struct clause *c)
{
	for (uint16_t i = 0; i < c->count; i++) {
		const struct stix_leaf *l = &e->t->leaves[c->leaf[i]];
		if (l->target.about == STIX_ABOUT_HOST_TYPE && judge_type(e, c, l) == CLAUSE_OPEN)
			return true;
	}
	return false;
}

static bool emit_clause(struct emit *e, const struct clause *c, uint32_t number)
{
	for (uint16_t i = 0; i < c->count; i++) {
		const struct stix_leaf *l = &e->t->leaves[c->leaf[i]];
		if (l->target.about != STIX_ABOUT_HOST_TYPE && !condition(e, l, number))
			return false;
	}
	return true;
}

/* A path that no record has is the likeliest reason for a pattern that nothing matches. */
static bool refuse_never(struct emit *e)
{
	const struct stix_tree *t = e->t;

	for (uint32_t i = 0; i < t->leaf_count; i++) {
		const struct stix_leaf *l = &t->leaves[i];
		if (l->target.about != STIX_ABOUT_UNKNOWN)
			continue;
		struct stix_leaf at = {.column = l->path_column};
		struct text path;
		text_init(&path);
		for (uint32_t k = 0; k < l->steps; k++) {
			const struct stix_step *s = &t->steps[l->first_step + k];
			text_str(&path, s->kind != STIX_STEP_KEY ? "[*]" : k ? "." : ":");
			if (s->kind == STIX_STEP_KEY)
				text_bytes(&path, t->strings.p + s->at, s->len);
		}
		fail(e, &at, "object path %s%.160s is in no record", t->strings.p + l->type_at,
		     path.p ? path.p : "");
		text_fini(&path);
		return false;
	}
	return fail(e, NULL, "the pattern can never match");
}

static bool evaluated(const struct stix_tree *t)
{
	for (uint32_t i = 0; i < t->leaf_count; i++)
		if (!stix_leaf_plain(t, &t->leaves[i]))
			return true;
	for (uint32_t i = 0; i < t->node_count; i++)
		if (t->nodes[i].kind == STIX_NODE_SPAN)
			return true;
	return stix_tree_least(t, t->root) > 1;
}

bool stix_tree_emit(const struct stix_tree *t, struct draft *d, char why[STIX_PATTERN_WHY_MAX])
{
	struct emit e = {t, d, why};
	struct clauses cs;
	uint32_t number = 0;

	if (!expand(t, t->root, &cs))
		return fail(&e, NULL, "more than %d alternatives, or %d conditions in one",
			    INDICATOR_CLAUSES_MAX, INDICATOR_CONDITIONS_MAX);
	d->evaluated = evaluated(t);
	for (uint32_t i = 0; i < cs.count; i++) {
		enum fate fate = judge(&e, &cs.clause[i]);
		d->open |= fate == CLAUSE_OPEN;
		d->evaluated |= fate == CLAUSE_OPEN || open_type(&e, &cs.clause[i]);
		if (fate == CLAUSE_GOOD && !emit_clause(&e, &cs.clause[i], number++))
			return false;
	}
	return number > 0 || d->open || refuse_never(&e);
}
