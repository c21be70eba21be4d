/* The tree as OR of ANDs, and its comparisons as conditions of a draft. */
#include <hs.h>
#include <stdarg.h>
#include <stdio.h>
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

/* As deep as the parentheses: STIX_PATTERN_DEPTH_MAX times AND and OR. */
static bool expand(const struct stix_tree *t, uint32_t node, struct clauses *out)
{
	const struct stix_node *n = &t->nodes[node];

	if (n->kind == STIX_NODE_OR)
		return expand_or(t, n->first, out);
	if (n->kind == STIX_NODE_AND)
		return expand_and(t, n->first, out);
	out->count = 1;
	out->clause[0] = (struct clause){1, {(uint16_t)n->leaf}};
	return true;
}

static const char *literal(const struct emit *e, const struct stix_leaf *l)
{
	return e->t->strings.p + l->at;
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
	size_t n = atom_refang(literal(e, l), l->len, plain, sizeof(plain));

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
		if (type->len == strlen(types[i].name) &&
		    memcmp(literal(e, type), types[i].name, type->len) == 0)
			return net.base.bits == types[i].bits;
	return false;
}

/* LIKE's % and _ as the * and ? of a wildcard pattern. */
static const char *like(struct emit *e, const struct stix_leaf *l, uint32_t clause, uint32_t flags)
{
	const char *p = literal(e, l), *why;
	struct text w;

	text_init(&w);
	for (uint32_t i = 0; i < l->len; i++) {
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
			     flags | HS_FLAG_DOTALL, literal(e, l), l->len);
}

static const char *port(struct emit *e, const struct stix_leaf *l, uint32_t clause)
{
	uint32_t v = 0;

	if (l->len == 0 || l->len > 5)
		return "a port is 1 to 65535";
	for (uint32_t i = 0; i < l->len; i++) {
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
	if (l->kind != STIX_STRING)
		return "a string is needed here";
	if (about == STIX_ABOUT_HOST)
		about = is_address(e, l, &net) ? STIX_ABOUT_IP : STIX_ABOUT_DOMAIN;
	if (l->op == STIX_OP_ISSUBSET && about != STIX_ABOUT_IP)
		return "ISSUBSET is for addresses";
	if (about == STIX_ABOUT_HASH && l->len != l->target.hash_digits)
		return "the hash has not the length of its algorithm";
	return draft_atom(e->d, clause, (enum condition_kind)kinds[about],
			  (enum observable_type)l->target.type, literal(e, l), l->len);
}

static bool condition(struct emit *e, const struct stix_leaf *l, uint32_t clause)
{
	const char *why = l->op == STIX_OP_LIKE || l->op == STIX_OP_MATCHES ? pattern(e, l, clause)
									    : atom(e, l, clause);

	return !why || fail(e, l, "%.*s: %s", (int)(l->len < 80 ? l->len : 80), literal(e, l), why);
}

enum fate { CLAUSE_GOOD, CLAUSE_NEVER, CLAUSE_REFUSED };

/* dst_ref.type beside dst_ref.value says nothing new, or something that cannot be. */
static enum fate judge_type(struct emit *e, const struct clause *c, const struct stix_leaf *type)
{
	enum fate fate = CLAUSE_REFUSED;

	if (type->op != STIX_OP_EQUAL)
		return fail(e, type, "the type of an address can only be compared with ="), fate;
	for (uint16_t i = 0; i < c->count; i++) {
		const struct stix_leaf *l = &e->t->leaves[c->leaf[i]];
		if (l->target.about != STIX_ABOUT_HOST || l->target.side != type->target.side)
			continue;
		if (!type_fits(e, type, l))
			return CLAUSE_NEVER;
		fate = CLAUSE_GOOD;
	}
	if (fate == CLAUSE_REFUSED)
		fail(e, type, "a type without the value beside it is not supported");
	return fate;
}

static enum fate judge(struct emit *e, const struct clause *c)
{
	const struct stix_leaf *only_port = NULL;
	bool names = false;

	for (uint16_t i = 0; i < c->count; i++) {
		const struct stix_leaf *l = &e->t->leaves[c->leaf[i]];
		if (l->target.about == STIX_ABOUT_HOST_TYPE) {
			enum fate fate = judge_type(e, c, l);
			if (fate != CLAUSE_GOOD)
				return fate;
		} else if (l->target.about == STIX_ABOUT_PORT) {
			only_port = l;
		} else {
			names = true;
		}
	}
	if (!names && only_port) {
		fail(e, only_port, "a port alone names nobody");
		return CLAUSE_REFUSED;
	}
	return CLAUSE_GOOD;
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

bool stix_tree_emit(const struct stix_tree *t, struct draft *d, char why[STIX_PATTERN_WHY_MAX])
{
	struct emit e = {t, d, why};
	struct clauses cs;
	uint32_t number = 0;

	if (!expand(t, t->root, &cs))
		return fail(&e, NULL, "more than %d alternatives, or %d conditions in one",
			    INDICATOR_CLAUSES_MAX, INDICATOR_CONDITIONS_MAX);
	for (uint32_t i = 0; i < cs.count; i++) {
		enum fate fate = judge(&e, &cs.clause[i]);
		if (fate == CLAUSE_REFUSED)
			return false;
		if (fate == CLAUSE_GOOD && !emit_clause(&e, &cs.clause[i], number++))
			return false;
	}
	return number > 0 || fail(&e, NULL, "the pattern can never match");
}
