/*
 * A search for observations that satisfy the tree, depth first. What is still to be
 * satisfied is a list of goals; whoever has found its part goes on with the rest of
 * the list, so that a part that leads nowhere is given up for another.
 */
#include "match/stix_sequence.h"

#include <string.h>

/* What the observations of one subtree have in common, and what they must. */
struct group {
	struct group *parent;
	const struct group *beside; /* FOLLOWEDBY: the operands that were settled before; a chain.
				     * Forward, none of ours may be before any of theirs;
				     * backward, none behind */
	int64_t within;             /* INT64_MAX: no matter */
	int64_t from, to;           /* START, STOP */
	int64_t max_first, min_last;
};

struct goal {
	uint32_t node;
	uint32_t child;  /* the operand that was last; NEW: none yet */
	int64_t times;   /* REPEATS: still to come */
	uint32_t beyond; /* REPEATS of one observation: only those past this one */
	struct group *group;
	const struct goal *next;
};

#define NEW (STIX_NONE - 1)

struct search {
	const struct stix_tree *t;
	const struct stix_instance *in;
	uint32_t first, count; /* of those that may be chosen */
	uint8_t *used;
	uint32_t effort;
	bool must_last;
	bool backward; /* operands from the last, the latest observations first */
};

static struct group inside(struct group *parent)
{
	return (struct group){parent, NULL, INT64_MAX, INT64_MIN, INT64_MAX, INT64_MIN, INT64_MAX};
}

static int64_t apart(int64_t later, int64_t earlier)
{
	int64_t d;

	return __builtin_sub_overflow(later, earlier, &d) ? INT64_MAX : d;
}

/* May this one join the group and all around it? */
static bool fits(const struct search *s, const struct stix_instance *in, const struct group *g)
{
	for (; g; g = g->parent) {
		int64_t max_first = in->first_us > g->max_first ? in->first_us : g->max_first;
		int64_t min_last = in->last_us < g->min_last ? in->last_us : g->min_last;
		if (g->within != INT64_MAX && apart(max_first, min_last) > g->within)
			return false;
		if (in->last_us < g->from || in->first_us >= g->to || g->from >= g->to)
			return false;
		for (const struct group *o = g->beside; o; o = o->beside)
			if (s->backward ? in->first_us > o->min_last : in->last_us < o->max_first)
				return false;
	}
	return true;
}

static bool solve(struct search *s, const struct goal *g);

/* Chooses i for the goal's observation and goes on. */
static bool choose(struct search *s, uint32_t i, struct group *group, const struct goal *next)
{
	const struct stix_instance *in = &s->in[i];
	int64_t max_first = group->max_first, min_last = group->min_last;
	struct group *parent = group->parent;

	if (in->first_us > max_first)
		group->max_first = in->first_us;
	if (in->last_us < min_last)
		group->min_last = in->last_us;
	bool found = parent ? choose(s, i, parent, next) : (s->used[i] = 1, solve(s, next));
	if (!parent && !found)
		s->used[i] = 0;
	group->max_first = max_first;
	group->min_last = min_last;
	return found;
}

static bool may_choose(const struct search *s, uint32_t i, uint32_t observation,
		       const struct group *g)
{
	return !s->used[i] && s->in[i].holds >> observation & 1 && fits(s, &s->in[i], g);
}

#define BEFORE_ALL (UINT32_MAX - 1) /* beyond nothing yet */

/* The next of those that may be chosen, past i; false at the end. */
static bool advance(const struct search *s, uint32_t *i)
{
	if (*i == BEFORE_ALL)
		*i = s->backward ? s->count - 1 : s->first;
	else if (s->backward ? *i == s->first : *i + 1 == s->count)
		return false;
	else
		*i += s->backward ? -1u : 1u;
	return s->first < s->count;
}

static bool observed(struct search *s, uint32_t observation, uint32_t beyond, struct group *group,
		     struct goal *rest)
{
	for (uint32_t i = beyond; advance(s, &i);) {
		if (s->effort == 0)
			return false;
		s->effort--;
		if (!may_choose(s, i, observation, group))
			continue;
		rest->beyond = i;
		if (choose(s, i, group, rest->node == STIX_NONE ? rest->next : rest))
			return true;
	}
	return false;
}

/* The same observation several times: of equal ones only one order is tried. */
static bool repeat_observed(struct search *s, const struct goal *g, const struct stix_node *child)
{
	int64_t candidates = 0;
	struct goal rest = *g;

	for (uint32_t i = g->beyond; advance(s, &i);)
		candidates += may_choose(s, i, child->leaf, g->group);
	if (candidates < g->times)
		return false;
	rest.times--;
	return observed(s, child->leaf, g->beyond, g->group, &rest);
}

static bool repeats(struct search *s, const struct goal *g)
{
	const struct stix_node *n = &s->t->nodes[g->node];
	const struct stix_node *child = &s->t->nodes[n->first];
	struct goal again = *g;

	if (again.child == NEW) {
		again.child = n->first;
		again.times = n->from;
		again.beyond = BEFORE_ALL;
	}
	if (again.times == 0)
		return solve(s, again.next);
	if (child->kind == STIX_NODE_OBSERVED)
		return repeat_observed(s, &again, child);
	again.times--;
	struct group own = inside(again.group);
	struct goal one = {n->first, NEW, 0, 0, &own, &again};
	return solve(s, &one);
}

/* The operand past child (NEW: the first), in the direction of the search. */
static uint32_t operand(const struct search *s, const struct stix_node *n, uint32_t child)
{
	if (!s->backward)
		return child == NEW ? n->first : s->t->nodes[child].next;
	if (child == NEW)
		return n->last;
	if (child == n->first)
		return STIX_NONE;
	uint32_t i = n->first;
	while (s->t->nodes[i].next != child)
		i = s->t->nodes[i].next;
	return i;
}

/* AND and FOLLOWEDBY: one operand after the other; each knows those that are settled. */
static bool operands(struct search *s, const struct goal *g)
{
	const struct stix_node *n = &s->t->nodes[g->node];
	uint32_t child = operand(s, n, g->child);

	if (child == STIX_NONE)
		return solve(s, g->next);
	bool starts = g->child == NEW;
	/* the group of the goal is the last operand's; its parent is the whole node's */
	struct group *whole = starts ? g->group : g->group->parent;
	struct group own = inside(whole);
	if (n->kind == STIX_NODE_FOLLOWED && !starts)
		own.beside = g->group;
	struct goal rest = {g->node, child, 0, 0, &own, g->next};
	struct goal one = {child, NEW, 0, 0, &own, &rest};
	return solve(s, &one);
}

static bool either(struct search *s, const struct goal *g)
{
	for (uint32_t i = s->t->nodes[g->node].first; i != STIX_NONE; i = s->t->nodes[i].next) {
		struct goal one = {i, NEW, 0, 0, g->group, g->next};
		if (solve(s, &one))
			return true;
	}
	return false;
}

static bool qualified(struct search *s, const struct goal *g, const struct stix_node *n)
{
	struct group own = inside(g->group);

	if (n->kind == STIX_NODE_WITHIN) {
		own.within = n->from;
	} else {
		own.from = n->from;
		own.to = n->to;
	}
	struct goal one = {n->first, NEW, 0, 0, &own, g->next};
	return solve(s, &one);
}

/* What the goal's node has still to find that could be the last. */
static uint64_t to_find(const struct search *s, const struct goal *g)
{
	const struct stix_node *n = &s->t->nodes[g->node];
	uint64_t observations = 0;

	if (g->child == NEW)
		return n->observations;
	if (n->kind != STIX_NODE_REPEATS) {
		for (uint32_t i = g->child; (i = operand(s, n, i)) != STIX_NONE;)
			observations |= s->t->nodes[i].observations;
		return observations;
	}
	/* One round is as good as another, so if any takes the last, let it be the first; and
	 * forward, single observations come in their order. */
	bool single = s->t->nodes[n->first].kind == STIX_NODE_OBSERVED;
	return g->times > 0 && single && !s->backward ? n->observations : 0;
}

/* Can the last still be part of it? */
static bool last_possible(const struct search *s, const struct goal *g)
{
	uint64_t holds = s->in[s->count - 1].holds;

	if (!s->must_last || s->used[s->count - 1])
		return true;
	for (; g; g = g->next)
		if (to_find(s, g) & holds)
			return true;
	return false;
}

static bool solve(struct search *s, const struct goal *g)
{
	if (!last_possible(s, g))
		return false;
	if (!g)
		return true;
	const struct stix_node *n = &s->t->nodes[g->node];
	struct goal through = {STIX_NONE, 0, 0, 0, NULL, g->next};
	switch (n->kind) {
	case STIX_NODE_OBSERVED:
		return observed(s, n->leaf, BEFORE_ALL, g->group, &through);
	case STIX_NODE_EITHER:
		return either(s, g);
	case STIX_NODE_REPEATS:
		return repeats(s, g);
	case STIX_NODE_WITHIN:
	case STIX_NODE_SPAN:
		return qualified(s, g, n);
	}
	return operands(s, g);
}

/* The fewest observations that any match takes. */
static uint64_t fewest(const struct stix_tree *t, uint32_t node)
{
	const struct stix_node *n = &t->nodes[node];
	uint64_t least = n->kind == STIX_NODE_OBSERVED, of;

	for (uint32_t i = n->kind == STIX_NODE_OBSERVED ? STIX_NONE : n->first; i != STIX_NONE;
	     i = t->nodes[i].next) {
		of = fewest(t, i);
		if (n->kind != STIX_NODE_EITHER)
			least += of;
		else if (i == n->first || of < least)
			least = of;
	}
	if (n->kind == STIX_NODE_REPEATS &&
	    __builtin_mul_overflow(least, (uint64_t)n->from, &least))
		return UINT64_MAX / 2;
	return least < UINT64_MAX / 2 ? least : UINT64_MAX / 2;
}

static enum stix_answer one_way(struct search *s, bool backward, uint32_t effort)
{
	struct group all = inside(NULL);
	struct goal root = {s->t->root, NEW, 0, 0, &all, NULL};

	memset(s->used, 0, s->count);
	s->backward = backward;
	s->effort = effort;
	if (solve(s, &root))
		return STIX_YES;
	return s->effort == 0 ? STIX_UNDECIDED : STIX_NO;
}

/* What one direction finds at once may cost the other an age: each gets its share. */
static enum stix_answer run(struct search *s, uint32_t effort)
{
	if (s->count == s->first || fewest(s->t, s->t->root) > s->count - s->first)
		return STIX_NO;
	enum stix_answer a = one_way(s, s->must_last, effort / 4);
	if (a == STIX_UNDECIDED)
		a = one_way(s, !s->must_last, effort / 4);
	if (a == STIX_UNDECIDED)
		a = one_way(s, s->must_last, effort / 2);
	return a;
}

enum stix_answer stix_sequence_match(const struct stix_tree *t, const struct stix_instance *in,
				     uint32_t count, uint8_t *used, uint32_t effort)
{
	struct search s = {.t = t, .in = in, .count = count, .used = used};

	return run(&s, effort);
}

static int64_t reach(const struct stix_tree *t, uint32_t node)
{
	const struct stix_node *n = &t->nodes[node];
	int64_t most = 0;

	if (n->kind == STIX_NODE_OBSERVED)
		return 0;
	for (uint32_t i = n->first; i != STIX_NONE; i = t->nodes[i].next) {
		int64_t of = reach(t, i);
		most = of > most ? of : most;
	}
	if (n->kind == STIX_NODE_BOTH || n->kind == STIX_NODE_FOLLOWED ||
	    (n->kind == STIX_NODE_REPEATS && n->from > 1))
		return INT64_MAX;
	return n->kind == STIX_NODE_WITHIN && n->from < most ? n->from : most;
}

int64_t stix_sequence_reach(const struct stix_tree *t)
{
	return reach(t, t->root);
}

enum stix_answer stix_sequence_complete(const struct stix_tree *t, const struct stix_instance *in,
					uint32_t count, uint8_t *used, uint32_t effort)
{
	struct search s = {.t = t, .in = in, .count = count, .used = used, .must_last = true};
	int64_t from, most = reach(t, t->root);

	if (count == 0)
		return STIX_NO;
	if (!__builtin_sub_overflow(in[count - 1].first_us, most, &from))
		while (in[s.first].last_us < from)
			s.first++;
	return run(&s, effort);
}
