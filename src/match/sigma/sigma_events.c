#include "match/sigma/sigma_events.h"

#include <string.h>

#define STEPS_MAX 65536

static void add(struct sigma_events *e, uint32_t id)
{
	if (e->any || sigma_events_admit(e, id))
		return;
	if (e->count == SIGMA_EVENTS_MAX)
		e->any = true;
	else
		e->id[e->count++] = id;
}

/* A whole number that a record would write with its digits alone. */
static void of_value(struct sigma_events *e, const struct sigma_value *v)
{
	if (v->kind == SIGMA_NUMBER && v->number >= 0 && v->number < 1e9 &&
	    v->number == (uint32_t)v->number)
		add(e, (uint32_t)v->number);
	else
		e->any = true;
}

static void of_item(struct sigma_events *e, const struct sigma_item *item)
{
	bool event = item->name.len == 7 && memcmp(item->name.p, "EventID", 7) == 0;

	e->count = 0;
	e->any = !event || item->negated || item->time_part != SIGMA_TIME_NONE;
	for (uint32_t i = 0; i < item->count && !e->any; i++)
		for (uint32_t k = 0; k < item->choices[i].count; k++)
			of_value(e, &item->choices[i].values[k]);
}

static void of_node(struct sigma_events *e, const struct sigma_node *n, uint32_t *steps)
{
	bool and = n->kind == SIGMA_AND;
	struct sigma_events one;

	e->any = and || n->kind == SIGMA_NOT || ++*steps > STEPS_MAX;
	e->count = 0;
	if (n->kind == SIGMA_ITEM) {
		of_item(e, n->item);
		return;
	}
	if (n->kind == SIGMA_NOT)
		return;
	for (uint32_t i = 0; i < n->count; i++) {
		of_node(&one, n->children[i], steps);
		if (and&&!one.any && (e->any || one.count < e->count))
			*e = one;
		for (uint32_t k = 0; !and&&k < one.count; k++)
			add(e, one.id[k]);
		if (!and)
			e->any |= one.any;
	}
}

void sigma_events_of(struct sigma_events *out, const struct sigma_rule *rule)
{
	uint32_t steps = 0;

	of_node(out, rule->condition, &steps);
}

bool sigma_events_admit(const struct sigma_events *e, uint32_t id)
{
	if (e->any)
		return true;
	for (uint32_t i = 0; i < e->count; i++)
		if (e->id[i] == id)
			return true;
	return false;
}
