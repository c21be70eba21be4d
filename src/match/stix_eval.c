/* The comparisons of an observation over what was observed together. */
#include <string.h>

#include "match/stix_program_priv.h"

#define NO_OBJECT UINT32_MAX

/* One choice of objects: of each type that the observation names, one. */
struct choice {
	const struct stix_program *pr;
	struct stix_scratch *sc;
	const struct stix_world *w;
	const struct stix_types *types;
	uint32_t object[STIX_TYPES_MAX];
};

static bool same(struct span a, struct span b)
{
	return a.len == b.len && memcmp(a.p, b.p, a.len) == 0;
}

static bool at_value(const struct choice *c, const struct stix_leaf *l, const struct stix_item *v,
		     struct span key)
{
	return l->op == STIX_OP_EXISTS || stix_test(c->pr, c->sc, l, v, key);
}

/* Any value at the end of the path from item on. */
static bool walk(const struct choice *c, const struct stix_leaf *l, uint32_t item, uint32_t step,
		 struct span key)
{
	const struct stix_item *v = &c->w->items[item];

	if (step == l->steps)
		return at_value(c, l, v, key);
	const struct stix_step *s = &c->pr->tree.steps[l->first_step + step];
	struct span name = {c->pr->tree.strings.p + s->at, s->len};
	if (v->kind == STIX_VALUE_STRING && v->target && s->kind == STIX_STEP_KEY)
		v = &c->w->items[c->w->objects[v->target - 1].item];
	if (v->kind != (s->kind == STIX_STEP_KEY ? STIX_VALUE_OBJECT : STIX_VALUE_LIST))
		return false;
	uint32_t n = 0;
	for (uint32_t i = v->first; i != STIX_NOTHING; i = c->w->items[i].next, n++) {
		bool here = s->kind == STIX_STEP_ANY ||
			    (s->kind == STIX_STEP_INDEX ? n == s->index
							: same(c->w->items[i].key, name));
		if (here && walk(c, l, i, step + 1, s->kind == STIX_STEP_KEY ? name : key))
			return true;
	}
	return false;
}

static bool leaf_holds(const struct choice *c, const struct stix_leaf *l)
{
	struct span type = {c->pr->tree.strings.p + l->type_at, l->type_len};
	uint32_t i = 0;

	while (!same(c->types->type[i], type))
		i++;
	if (c->object[i] == NO_OBJECT)
		return false;
	c->sc->tests++;
	bool found = walk(c, l, c->w->objects[c->object[i]].item, 0, (struct span){0});
	return l->op == STIX_OP_EXISTS ? found != l->negated : found;
}

static bool node_holds(const struct choice *c, uint32_t node)
{
	const struct stix_node *n = &c->pr->tree.nodes[node];

	if (n->kind == STIX_NODE_LEAF)
		return leaf_holds(c, &c->pr->tree.leaves[n->leaf]);
	for (uint32_t i = n->first; i != STIX_NONE; i = c->pr->tree.nodes[i].next)
		if (node_holds(c, i) != (n->kind == STIX_NODE_AND))
			return n->kind == STIX_NODE_OR;
	return n->kind == STIX_NODE_AND;
}

static bool choose(struct choice *c, uint32_t type)
{
	bool any = false;

	if (type == c->types->count)
		return node_holds(c, c->types->root);
	for (uint32_t i = 0; i < c->w->object_count; i++) {
		if (!same(c->w->objects[i].type, c->types->type[type]))
			continue;
		any = true;
		c->object[type] = i;
		if (choose(c, type + 1))
			return true;
		if (c->sc->tests > STIX_TESTS_MAX)
			return false;
	}
	c->object[type] = NO_OBJECT;
	return !any && choose(c, type + 1);
}

bool stix_program_observe(const struct stix_program *pr, struct stix_scratch *sc,
			  const struct stix_world *w, uint64_t *holds)
{
	*holds = 0;
	sc->error = false;
	sc->tests = 0;
	for (uint32_t i = 0; i < pr->tree.observations; i++) {
		struct choice c = {pr, sc, w, &pr->observed[i], {0}};
		if (choose(&c, 0))
			*holds |= UINT64_C(1) << i;
	}
	sc->gave_up += sc->tests > STIX_TESTS_MAX;
	return !sc->error;
}

static bool alone(const struct stix_tree *t, uint32_t node, uint64_t holds, int64_t time_us)
{
	const struct stix_node *n = &t->nodes[node];

	if (n->kind == STIX_NODE_OBSERVED)
		return holds >> n->leaf & 1;
	if (n->kind == STIX_NODE_SPAN && (time_us < n->from || time_us >= n->to))
		return false;
	for (uint32_t i = n->first; i != STIX_NONE; i = t->nodes[i].next)
		if (alone(t, i, holds, time_us))
			return true;
	return false;
}

bool stix_program_alone(const struct stix_program *pr, uint64_t holds, int64_t time_us)
{
	return alone(&pr->tree, pr->tree.root, holds, time_us);
}
