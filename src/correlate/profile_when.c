/* profile_when - what a criterion asks for: thresholds, claims, and trees of them. */
#include <string.h>

#include "correlate/profile_read.h"

#define DAY_S   86400u
#define COUNTED 3 /* keys that telemetry counts, before the measures */

/* The most that is kept of each: a year and a day, the seconds of a week, a day of waiting. */
static uint64_t measure_max(int measure)
{
	switch (vocab_impact_unit(measure)) {
	case IMPACT_SHARE:
		return IMPACT_SHARE_WHOLE;
	case IMPACT_MILLISECONDS:
		return DAY_S * 1000u;
	case IMPACT_SECONDS:
		return (measure == IMPACT_UNAVAILABLE_WEEK ? 7 : 366) * DAY_S;
	case IMPACT_COUNT:
		break;
	}
	return UINT32_MAX;
}

static void take_thresholds(struct load *l, yaml_node_t *node, void *demand)
{
	struct key keys[COUNTED + IMPACT_MEASURE_COUNT + 1] = {
		{"entities", WHOLE, PLACE(demand, entities), .min = 1, .max = 1000000000},
		{"sectors", WHOLE, PLACE(demand, sectors), .min = 1, .max = SECTORS - 1},
		{"origins", WHOLE, PLACE(demand, origins), .min = 1, .max = 1000000000},
		[COUNTED + IMPACT_MEASURE_COUNT] = {"reporters", WHOLE, PLACE(demand, reporters),
						    .min = 2, .max = 1000000},
	};

	for (int m = 0; m < IMPACT_MEASURE_COUNT; m++)
		keys[COUNTED + m] = (struct key){vocab_impact_measure_name(m), MEASURE,
						 .max = measure_max(m), .unit = (uint64_t)m};
	if (l->more)
		profile_read_mapping(l, node, "more_than", keys + COUNTED, IMPACT_MEASURE_COUNT,
				     demand);
	else
		profile_read_mapping(l, node, "at_least", keys, COUNT(keys), demand);
}

void profile_read_at_least(struct load *l, yaml_node_t *node, void *demand)
{
	l->more = false;
	take_thresholds(l, node, demand);
	if (profile_demand_empty(demand) && !l->bad)
		REFUSE(l, node,
		       "at_least: wants entities, sectors, origins, users, duration or what "
		       "else is reported");
}

void profile_read_more_than(struct load *l, yaml_node_t *node, void *demand)
{
	l->more = true;
	take_thresholds(l, node, demand);
	l->more = false;
	if (profile_demand_empty(demand) && !l->bad)
		REFUSE(l, node, "more_than: wants users, duration or what else is reported");
}

static void take_claim(struct load *l, yaml_node_t *v, void *base)
{
	struct demand *d = base;
	int claim = vocab_impact_claim(profile_read_scalar(v), v->data.scalar.length);
	char q[48];

	if (claim < 0)
		REFUSE(l, v,
		       "reported: no claim or cause \"%s\"; rules/README.md lists them, such as "
		       "%s, %s",
		       profile_read_quoted(profile_read_scalar(v), q),
		       vocab_impact_claim_name(IMPACT_CLAIM_DATA),
		       vocab_impact_claim_name(IMPACT_CAUSE_MALICIOUS));
	else if (claim == IMPACT_CLAIM_CAPACITY)
		REFUSE(l, v,
		       "reported: capacity_exceeded is its own rule (Directive (EU) 2022/2555, "
		       "Article 6(7)), apart from any profile");
	else
		d->claims |= IMPACT_BIT(claim);
}

void profile_read_reported(struct load *l, yaml_node_t *node, void *demand)
{
	profile_read_words(l, node, "reported", take_claim, demand);
}

/* --- trees ------------------------------------------------------------------- */

static uint16_t new_nodes(struct load *l, const yaml_node_t *at, size_t count)
{
	struct profile *p = l->p;

	if (count > PROFILE_NODES_MAX - p->node_count) {
		REFUSE(l, at, "when: wants at most %d terms in all trees", PROFILE_NODES_MAX - 1);
		return 0;
	}
	uint16_t first = (uint16_t)p->node_count;
	p->node_count += (uint32_t)count;
	return first;
}

static void take_term(struct load *l, yaml_node_t *node, uint16_t at);

static void take_terms(struct load *l, yaml_node_t *node, struct profile_node *of)
{
	if (node->type != YAML_SEQUENCE_NODE ||
	    node->data.sequence.items.start == node->data.sequence.items.top) {
		REFUSE(l, node, "when: wants a list of terms");
		return;
	}
	yaml_node_item_t *items = node->data.sequence.items.start;
	size_t count = (size_t)(node->data.sequence.items.top - items);
	of->first = new_nodes(l, node, count);
	if (!of->first)
		return;
	of->count = (uint16_t)count;
	for (size_t i = 0; i < count; i++)
		take_term(l, yaml_document_get_node(&l->doc, items[i]), (uint16_t)(of->first + i));
}

static void take_reference(struct load *l, yaml_node_t *node, struct profile_node *n)
{
	const struct profile *p = l->p;
	char q[48];

	n->kind = NODE_CRITERION;
	for (uint32_t i = 0; i < p->criteria_count && &p->criteria[i] != l->c; i++) {
		if (strcmp(p->criteria[i].id, profile_read_scalar(node)) != 0)
			continue;
		n->criterion = (uint16_t)i;
		if (p->criteria[i].union_entities != l->c->union_entities)
			REFUSE(l, node, "when: %s applies to others, so it can never hold",
			       p->criteria[i].id);
		if (l->c->one_entity && !p->criteria[i].one_entity)
			REFUSE(l, node, "when: %s is not of one entity, as this criterion is",
			       p->criteria[i].id);
		return;
	}
	REFUSE(l, node, "when: no criterion \"%s\" before this one",
	       profile_read_quoted(profile_read_scalar(node), q));
}

static yaml_node_t *value_of(struct load *l, const yaml_node_t *map, const char *key)
{
	for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top;
	     p++) {
		yaml_node_t *k = yaml_document_get_node(&l->doc, p->key);
		if (k->type == YAML_SCALAR_NODE && strcmp(profile_read_scalar(k), key) == 0)
			return yaml_document_get_node(&l->doc, p->value);
	}
	return NULL;
}

/* {all: [..]}, {any: [..]} or {at_least: N, of: [..]} */
static void take_of(struct load *l, yaml_node_t *node, yaml_node_t *terms, struct profile_node *n)
{
	struct need {
		uint32_t need;
	} of = {0};
	static const struct key key = {"at_least", WHOLE, PLACE(need, need), .min = 1,
				       .max = PROFILE_NODES_MAX};
	yaml_node_t *need = value_of(l, node, "at_least");
	const bool all = value_of(l, node, "all"), counted = value_of(l, node, "of");

	n->kind = NODE_OF;
	if (node->data.mapping.pairs.top - node->data.mapping.pairs.start != 1 + counted ||
	    (counted && (!need || need->type != YAML_SCALAR_NODE))) {
		REFUSE(l, node, "when: wants {all: [..]}, {any: [..]} or {at_least: N, of: [..]}");
		return;
	}
	take_terms(l, terms, n);
	n->need = all ? n->count : 1;
	if (!counted)
		return;
	profile_read_value(l, need, &key, &of);
	n->need = (uint16_t)of.need;
	if (n->need > n->count && !l->bad)
		REFUSE(l, need, "when: at_least %u of %u can never hold: wants 1..%u", n->need,
		       n->count, n->count);
}

static void take_demand(struct load *l, yaml_node_t *node, struct profile_node *n)
{
	static const struct key keys[] = {
		{"at_least", INSIDE, .inside = profile_read_at_least},
		{"more_than", INSIDE, .inside = profile_read_more_than},
		{"reported", INSIDE, .inside = profile_read_reported},
	};

	n->kind = NODE_DEMAND;
	profile_read_mapping(l, node, "when", keys, COUNT(keys), &n->demand);
	if (n->demand.reporters)
		REFUSE(l, node, "when: reporters belongs to the criterion's own at_least");
}

/* Only a tree without a cycle ends: YAML's anchors can make one. */
static void take_term(struct load *l, yaml_node_t *node, uint16_t at)
{
	struct profile_node *n = &l->p->node[at];

	if (l->depth++ >= PROFILE_DEPTH_MAX) {
		REFUSE(l, node, "when: wants at most %d levels", PROFILE_DEPTH_MAX);
	} else if (node->type == YAML_SCALAR_NODE) {
		take_reference(l, node, n);
	} else if (node->type != YAML_MAPPING_NODE) {
		REFUSE(l, node, "when: wants a criterion's id, or a mapping");
	} else {
		yaml_node_t *terms = value_of(l, node, "all");
		terms = terms ? terms : value_of(l, node, "any");
		terms = terms ? terms : value_of(l, node, "of");
		if (terms)
			take_of(l, node, terms, n);
		else
			take_demand(l, node, n);
	}
	l->depth--;
}

void profile_read_when(struct load *l, yaml_node_t *node, void *criterion)
{
	struct criterion *c = criterion;

	c->node = new_nodes(l, node, 1);
	l->depth = 0;
	if (c->node)
		take_term(l, node, c->node);
}
