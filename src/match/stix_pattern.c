/* Recursive descent over the grammar of STIX 2.1, annex A of the pattern specification:
 * observations, their qualifiers, and how they are joined. */
#include "match/stix_pattern.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/timestamp.h"
#include "match/stix_pattern_cursor.h"

/* A new node over one child, which may be STIX_NONE. */
static uint32_t over(struct stix_cursor *c, enum stix_node_kind kind, uint32_t child, int64_t from,
		     int64_t to)
{
	uint32_t n = stix_node_new(c, kind, 0);

	stix_adopt(c, n, child);
	if (n != STIX_NONE) {
		c->tree.nodes[n].from = from;
		c->tree.nodes[n].to = to;
	}
	return n;
}

/* 2.0 writes a string here; 2.1 a timestamp, and both are met. */
static bool is_moment(const struct stix_cursor *c)
{
	if (c->t.kind == STIX_TIME)
		return c->dialect != STIX_20;
	return c->t.kind == STIX_STRING && stix_time_valid(c->t.p + 1, c->t.len - 2);
}

static uint32_t time_qualifier(struct stix_cursor *c, uint32_t child)
{
	int64_t at[2] = {0};

	for (int i = 0; i < 2; i++) {
		if (i == 1 && !stix_take_word(c, "STOP")) {
			stix_syntax(c, "STOP");
			return child;
		}
		if (!is_moment(c)) {
			stix_syntax(c, "a timestamp");
			return child;
		}
		uint32_t quote = c->t.kind == STIX_TIME ? 2 : 1;
		timestamp_parse(c->t.p + quote, c->t.len - quote - 1, &at[i]);
		stix_advance(c);
	}
	return over(c, STIX_NODE_SPAN, child, at[0], at[1]);
}

static uint32_t number_qualifier(struct stix_cursor *c, const char *unit, uint32_t child)
{
	bool seconds = *unit == 'S';
	bool good =
		!c->t.negative && (c->t.kind == STIX_INT || (c->t.kind == STIX_FLOAT && seconds));
	long double v = good ? stix_number(&c->t) : 0;

	if (!good || (!seconds && v < 1)) {
		stix_syntax(c, "a positive number");
		return child;
	}
	stix_advance(c);
	if (!stix_take_word(c, unit))
		stix_syntax(c, unit);
	if (seconds)
		return over(c, STIX_NODE_WITHIN, child, (int64_t)fminl(v * 1e6L, 1e18L), 0);
	return over(c, STIX_NODE_REPEATS, child, (int64_t)fminl(v, 1e9L), 0);
}

/* START..STOP, WITHIN, REPEATS: 2.1 takes each at most once behind one observation. */
static uint32_t qualifiers(struct stix_cursor *c, uint32_t n)
{
	static const char *const words[] = {"START", "WITHIN", "REPEATS"};
	bool seen[3] = {false};

	for (int i = 0; i < 3; i++) {
		if (!stix_keyword(&c->t, words[i]))
			continue;
		if (seen[i] && c->dialect != STIX_20) {
			stix_syntax(c, "each qualifier once");
			return n;
		}
		stix_advance(c);
		n = i == 0 ? time_qualifier(c, n)
			   : number_qualifier(c, i == 1 ? "SECONDS" : "TIMES", n);
		seen[i] = true;
		i = -1; /* any order */
	}
	return n;
}

static uint32_t observation_sequence(struct stix_cursor *c);

static uint32_t bracket(struct stix_cursor *c)
{
	uint32_t col = stix_column(c);
	uint32_t n = over(c, STIX_NODE_OBSERVED, stix_comparison(c), 0, 0);

	stix_expect_punct(c, ']');
	if (n == STIX_NONE)
		return n;
	c->tree.nodes[n].leaf = c->tree.observations++;
	if (c->tree.observations > STIX_OBSERVATIONS_MAX)
		stix_note(c, col, "more than %d observations", STIX_OBSERVATIONS_MAX);
	return n;
}

static uint32_t observation(struct stix_cursor *c)
{
	uint32_t n = STIX_NONE;

	if (stix_take_punct(c, '[')) {
		n = bracket(c);
	} else if (stix_take_punct(c, '(')) {
		n = stix_enter(c) ? observation_sequence(c) : STIX_NONE;
		c->depth--;
		stix_expect_punct(c, ')');
	} else {
		stix_syntax(c, "'['");
	}
	return qualifiers(c, n);
}

static uint32_t observation_and(struct stix_cursor *c)
{
	return stix_chain(c, "AND", STIX_NODE_BOTH, observation);
}

static uint32_t observation_or(struct stix_cursor *c)
{
	return stix_chain(c, "OR", STIX_NODE_EITHER, observation_and);
}

static uint32_t observation_sequence(struct stix_cursor *c)
{
	return stix_chain(c, "FOLLOWEDBY", STIX_NODE_FOLLOWED, observation_or);
}

static void parse(struct stix_cursor *c)
{
	stix_advance(c);
	c->tree.root = observation_sequence(c);
	if (c->t.kind != STIX_END)
		stix_syntax(c, "the end of the pattern");
	if (c->full)
		stix_note(c, 1, "more than %u comparisons, or out of memory", STIX_LEAVES_MAX);
}

static uint64_t mark_observations(struct stix_tree *t, uint32_t node)
{
	struct stix_node *n = &t->nodes[node];

	if (n->kind == STIX_NODE_OBSERVED)
		return n->observations = UINT64_C(1) << n->leaf;
	for (uint32_t i = n->first; i != STIX_NONE; i = t->nodes[i].next)
		n->observations |= mark_observations(t, i);
	return n->observations;
}

void stix_tree_fini(struct stix_tree *t)
{
	text_fini(&t->strings);
	free(t->nodes);
	free(t->leaves);
	free(t->steps);
	free(t->constants);
	*t = (struct stix_tree){0};
}

enum stix_pattern_status stix_tree_read(struct stix_tree *t, const char *p, size_t len,
					enum stix_dialect dialect, char why[STIX_PATTERN_WHY_MAX])
{
	struct stix_cursor c = {.lx = {p, p, p + len}, .why = why, .dialect = dialect};

	why[0] = '\0';
	*t = (struct stix_tree){0};
	if (len > STIX_PATTERN_BYTES_MAX) {
		snprintf(why, STIX_PATTERN_WHY_MAX, "a pattern of more than %u bytes",
			 STIX_PATTERN_BYTES_MAX);
		return STIX_PATTERN_UNSUPPORTED;
	}
	parse(&c);
	text_fini(&c.path);
	*t = c.tree;
	if (c.status == STIX_PATTERN_OK)
		mark_observations(t, t->root);
	return c.status;
}

enum stix_pattern_status stix_pattern_parse(const char *p, size_t len, struct draft *d,
					    char why[STIX_PATTERN_WHY_MAX])
{
	struct stix_tree t;
	enum stix_pattern_status status = stix_tree_read(&t, p, len, STIX_ANY, why);

	if (status == STIX_PATTERN_OK && !stix_tree_emit(&t, d, why))
		status = STIX_PATTERN_UNSUPPORTED;
	if (status == STIX_PATTERN_OK && d->evaluated)
		d->pattern = (struct span){p, (uint32_t)len};
	stix_tree_fini(&t);
	return status;
}

uint32_t stix_tree_least(const struct stix_tree *t, uint32_t node)
{
	const struct stix_node *n = &t->nodes[node];
	uint64_t least = n->kind == STIX_NODE_OBSERVED, of;

	if (n->kind == STIX_NODE_OBSERVED)
		return 1;
	for (uint32_t i = n->first; i != STIX_NONE; i = t->nodes[i].next) {
		of = stix_tree_least(t, i);
		/* an alternative that needs several makes the pattern one of several */
		least = n->kind == STIX_NODE_EITHER ? (of > least ? of : least) : least + of;
	}
	if (n->kind == STIX_NODE_REPEATS)
		least *= (uint64_t)n->from;
	return least < UINT32_MAX ? (uint32_t)least : UINT32_MAX;
}
