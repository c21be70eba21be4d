/* A condition's tree from the leaves up. */
#include "match/sigma/sigma_witness.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The children of a condition are read again for each place that they stand in. */
#define STEPS_MAX 262144

/* A literal in fewer records than this needs no second beside it. */
#define SELDOM 0.0001

struct walk {
	uint32_t steps;
	struct sigma_witness *top; /* the best of what must all be there, in order */
};

static const struct sigma_witness anything = {.any = true, .share = 1};
static const struct sigma_witness nothing = {.share = 0};

static void drop(struct sigma_witness *w)
{
	free(w->literals);
	*w = nothing;
}

/* Takes from over: either of the two. */
static void join(struct sigma_witness *w, struct sigma_witness *from)
{
	bool failed = w->failed || from->failed;

	if (w->any || from->any || w->count + from->count > SIGMA_WITNESS_MAX) {
		drop(w);
		*w = anything;
	} else if (from->count) {
		if (w->count + from->count > w->capacity) {
			uint32_t capacity = (w->count + from->count) * 2;
			struct pattern_literal *more =
				realloc(w->literals, capacity * sizeof(*more));
			if (!more) {
				w->failed = true;
				drop(from);
				return;
			}
			w->literals = more;
			w->capacity = capacity;
		}
		memcpy(w->literals + w->count, from->literals,
		       from->count * sizeof(*from->literals));
		w->count += from->count;
		w->share += from->share;
	}
	w->failed = failed;
	drop(from);
}

/* Takes from over: both must be there, so the better one is enough. */
static void better(struct sigma_witness *w, struct sigma_witness *from)
{
	bool failed = w->failed || from->failed;

	if (w->any || (!from->any && from->share < w->share)) {
		struct sigma_witness t = *w;
		*w = *from;
		*from = t;
	}
	w->failed = failed;
	drop(from);
}

static struct sigma_witness of_literals(const struct pattern_literal *l, uint32_t count)
{
	struct sigma_witness w = nothing;

	w.literals = malloc(count * sizeof(*l));
	w.failed = !w.literals;
	if (w.failed)
		return w;
	memcpy(w.literals, l, count * sizeof(*l));
	w.count = w.capacity = count;
	for (uint32_t i = 0; i < count; i++)
		w.share += sigma_literal_share(&l[i]);
	return w;
}

static struct sigma_witness of_value(const struct sigma_item *item, const struct sigma_value *v)
{
	struct pattern_plan plan = {.count = 1};
	enum sigma_literal_found found;

	if (v->kind == SIGMA_STRING)
		found = sigma_literal_string(v, item->cased, item->field != SIGMA_FIELD_NONE,
					     &plan.literal[0]);
	else if (v->kind == SIGMA_REGEX)
		found = sigma_literal_regex(v, &plan);
	else
		return anything;
	if (found == SIGMA_LITERAL_SOME)
		return of_literals(plan.literal, plan.count);
	return found == SIGMA_LITERAL_RARE ? nothing : anything;
}

static struct sigma_witness of_choice(const struct sigma_item *item, const struct sigma_choice *c)
{
	struct sigma_witness w = nothing;

	for (uint32_t i = 0; i < c->count && !w.any; i++) {
		struct sigma_witness one = of_value(item, &c->values[i]);
		join(&w, &one);
	}
	return w;
}

static struct sigma_witness of_item(const struct sigma_item *item)
{
	struct sigma_witness w = item->all ? anything : nothing;

	if (item->negated || item->time_part != SIGMA_TIME_NONE)
		return anything;
	for (uint32_t i = 0; i < item->count && (item->all || !w.any); i++) {
		struct sigma_witness one = of_choice(item, &item->choices[i]);
		(item->all ? better : join)(&w, &one);
	}
	return w;
}

static struct sigma_witness of_node(struct walk *k, const struct sigma_node *n)
{
	bool and = n->kind == SIGMA_AND;
	struct sigma_witness w = and? anything : nothing;

	if (n->kind == SIGMA_NOT || k->steps++ >= STEPS_MAX)
		return anything;
	if (n->kind == SIGMA_ITEM)
		return of_item(n->item);
	for (uint32_t i = 0; i < n->count && (and || !w.any); i++) {
		struct sigma_witness one = of_node(k, n->children[i]);
		(and? better : join)(&w, &one);
	}
	return w;
}

/* Takes from over: one more that must be there. */
static void insert(struct walk *k, struct sigma_witness from)
{
	for (int i = 0; i < SIGMA_WITNESSES; i++) {
		struct sigma_witness *w = &k->top[i];
		bool first = w->any ? !from.any : !from.any && from.share < w->share;
		if (first || from.failed) {
			struct sigma_witness t = *w;
			*w = from;
			from = t;
			w->failed |= from.failed;
		}
	}
	drop(&from);
}

static void conjuncts(struct walk *k, const struct sigma_node *n)
{
	bool all = n->kind == SIGMA_ITEM && n->item->all && !n->item->negated &&
		   n->item->time_part == SIGMA_TIME_NONE;

	if (n->kind == SIGMA_AND && k->steps++ < STEPS_MAX)
		for (uint32_t i = 0; i < n->count; i++)
			conjuncts(k, n->children[i]);
	else if (all)
		for (uint32_t i = 0; i < n->item->count; i++)
			insert(k, of_choice(n->item, &n->item->choices[i]));
	else
		insert(k, of_node(k, n));
}

void sigma_witness_fini(struct sigma_witness w[SIGMA_WITNESSES])
{
	for (int i = 0; i < SIGMA_WITNESSES; i++)
		drop(&w[i]);
}

int sigma_witness_of(struct sigma_witness w[SIGMA_WITNESSES], const struct sigma_rule *rule)
{
	struct walk k = {.top = w};
	bool failed = false;

	for (int i = 0; i < SIGMA_WITNESSES; i++)
		w[i] = anything;
	conjuncts(&k, rule->condition);
	for (int i = 0; i < SIGMA_WITNESSES; i++)
		failed |= w[i].failed;
	for (int i = 1; i < SIGMA_WITNESSES; i++)
		if (w[i - 1].any || w[i - 1].share < SELDOM) {
			drop(&w[i]);
			w[i] = anything;
		}
	if (!failed)
		return 0;
	sigma_witness_fini(w);
	return -ENOMEM;
}
