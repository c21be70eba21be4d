/* profile_criterion - one criterion after the other, with its overrides. */
#include <stdio.h>
#include <string.h>

#include "correlate/profile_read.h"

static void take_type(struct load *l, yaml_node_t *v, void *base)
{
	struct criterion *c = base;
	int type = vocab_impact_type(profile_read_scalar(v), v->data.scalar.length);
	char list[512] = "", q[48];

	for (int t = 0, n = 0; type < 0 && t < IMPACT_TYPES && n < (int)sizeof(list); t++)
		n += snprintf(list + n, sizeof(list) - (size_t)n, "%s%s", t ? ", " : "",
			      vocab_impact_claim_name(t));
	if (type < 0)
		REFUSE(l, v, "entity_type: no type \"%s\"; known: %s",
		       profile_read_quoted(profile_read_scalar(v), q), list);
	else
		c->types |= IMPACT_BIT(type);
}

static void take_types(struct load *l, yaml_node_t *node, void *base)
{
	profile_read_words(l, node, "entity_type", take_type, base);
}

static void take_counting(struct load *l, yaml_node_t *node, void *base)
{
	static const struct key keys[] = {
		{"severity", SEVERITY, PLACE(criterion, severity_min)},
		{"annex", ANNEX, PLACE(criterion, annex)},
		{"one_sector", FLAG, PLACE(criterion, one_sector)},
		{"effect_only", FLAG, PLACE(criterion, effect_only)},
		{"one_entity", FLAG, PLACE(criterion, one_entity)},
		{"entity_type", INSIDE, .inside = take_types},
	};

	profile_read_mapping(l, node, "counting", keys, COUNT(keys), base);
}

static void take_at_least(struct load *l, yaml_node_t *node, void *base)
{
	profile_read_at_least(l, node, &((struct criterion *)base)->demand);
}

static void take_more_than(struct load *l, yaml_node_t *node, void *base)
{
	profile_read_more_than(l, node, &((struct criterion *)base)->demand);
}

static void take_reported(struct load *l, yaml_node_t *node, void *base)
{
	profile_read_reported(l, node, &((struct criterion *)base)->demand);
}

/* --- overrides ------------------------------------------------------------------ */

static void take_state(struct load *l, yaml_node_t *v, void *base)
{
	struct profile_override *o = base;
	int state = vocab_state_parse(profile_read_scalar(v), v->data.scalar.length);
	char q[48];

	if (!vocab_state_is_member(state))
		REFUSE(l, v,
		       "member_state: \"%s\" is no Member State: a two-letter ISO code (EL is GR)",
		       profile_read_quoted(profile_read_scalar(v), q));
	else
		o->states |= 1u << state;
}

static void take_states(struct load *l, yaml_node_t *node, void *base)
{
	profile_read_words(l, node, "member_state", take_state, base);
}

static void take_sector(struct load *l, yaml_node_t *v, void *base)
{
	struct profile_override *o = base;
	int sector = vocab_sector_parse(profile_read_scalar(v), v->data.scalar.length);
	char q[48];

	if (sector <= SECTOR_UNKNOWN)
		REFUSE(l, v,
		       "sector: \"%s\" is no NIS2 sector (energy, transport, banking, financial, "
		       "health, ...)",
		       profile_read_quoted(profile_read_scalar(v), q));
	else if (l->c->annex && vocab_sector_annex(sector) != l->c->annex)
		REFUSE(l, v,
		       "sector: %s is of Annex %d and the criterion counts Annex %d: it can never "
		       "hold",
		       vocab_sector_name(sector), vocab_sector_annex(sector), l->c->annex);
	else
		o->sectors |= 1u << sector;
}

static void take_sectors(struct load *l, yaml_node_t *node, void *base)
{
	profile_read_words(l, node, "sector", take_sector, base);
}

static void take_override_at_least(struct load *l, yaml_node_t *node, void *base)
{
	profile_read_at_least(l, node, &((struct profile_override *)base)->demand);
}

static void take_override_more_than(struct load *l, yaml_node_t *node, void *base)
{
	profile_read_more_than(l, node, &((struct profile_override *)base)->demand);
}

/* Both name something, or both do not, and what they name meets. */
static bool collide(const struct profile_override *a, const struct profile_override *b)
{
	return a->criterion == b->criterion && !a->states == !b->states &&
	       !a->sectors == !b->sectors && (!a->states || (a->states & b->states)) &&
	       (!a->sectors || (a->sectors & b->sectors));
}

static void check_override(struct load *l, yaml_node_t *node, const struct profile_override *o)
{
	const struct criterion *c = l->c;

	if (!o->states && !o->sectors)
		REFUSE(l, node, "override: wants a member_state, a sector, or both");
	if (o->sectors && !c->one_sector)
		REFUSE(l, node,
		       "override: a sector's numbers need counting.one_sector, or other sectors "
		       "are counted by them too");
	if (o->states && c->union_entities)
		REFUSE(l, node,
		       "override: the criterion is judged for Union entities, so a Member "
		       "State's numbers can never hold");
	if (c->one_sector && o->demand.sectors > 1)
		REFUSE(l, node, "override: one_sector and sectors: %llu contradict",
		       (unsigned long long)o->demand.sectors);
	if (profile_demand_empty(&o->demand))
		REFUSE(l, node, "override: wants at_least or more_than");
	for (const struct profile_override *b = l->p->override; b < o; b++)
		if (collide(b, o)) {
			REFUSE(l, node,
			       "override: another of this criterion names the same state and "
			       "sector");
			return;
		}
}

static void take_override(struct load *l, yaml_node_t *node)
{
	static const struct key keys[] = {
		{"member_state", INSIDE, .inside = take_states},
		{"sector", INSIDE, .inside = take_sectors},
		{"legal_basis", TEXT, .required = true, PLACE(profile_override, legal_basis)},
		{"at_least", INSIDE, .inside = take_override_at_least},
		{"more_than", INSIDE, .inside = take_override_more_than},
	};
	struct profile *p = l->p;

	if (p->override_count == PROFILE_OVERRIDES_MAX) {
		REFUSE(l, node, "overrides: wants at most %d in a profile", PROFILE_OVERRIDES_MAX);
		return;
	}
	struct profile_override *o = &p->override[p->override_count++];
	bool before = l->bad;
	o->criterion = (uint16_t)(l->c - p->criteria);
	l->bad = false;
	profile_read_mapping(l, node, "override", keys, COUNT(keys), o);
	if (!l->bad)
		check_override(l, node, o);
	l->bad |= before;
}

static void take_overrides(struct load *l, yaml_node_t *node)
{
	if (node->type != YAML_SEQUENCE_NODE) {
		REFUSE(l, node, "overrides: wants a list");
		return;
	}
	for (yaml_node_item_t *i = node->data.sequence.items.start;
	     i < node->data.sequence.items.top; i++)
		take_override(l, yaml_document_get_node(&l->doc, *i));
}

/* --- criteria --------------------------------------------------------------------- */

/* Read after the rest of its criterion, wherever they stand: they depend on it. */
static void keep_later(struct load *l, yaml_node_t *node, void *base)
{
	(void)base;
	l->overrides = node;
}

static void keep_when(struct load *l, yaml_node_t *node, void *base)
{
	(void)base;
	l->when = node;
}

static void take_criterion(struct load *l, yaml_node_t *node, struct criterion *c)
{
	static const struct key keys[] = {
		{"id", ID, .required = true, PLACE(criterion, id)},
		{"legal_basis", TEXT, .required = true, PLACE(criterion, legal_basis)},
		{"basis", BASIS, .required = true, PLACE(criterion, asserted)},
		{"valid_from", DATE, PLACE(criterion, valid_from_us)},
		{"valid_to", LAST_DAY, PLACE(criterion, valid_until_us)},
		{"describe", TEXT, .required = true, PLACE(criterion, describe)},
		{"part", FLAG, PLACE(criterion, part)},
		{"applies_to", APPLIES, PLACE(criterion, union_entities)},
		{"counting", INSIDE, .inside = take_counting},
		{"at_least", INSIDE, .inside = take_at_least},
		{"more_than", INSIDE, .inside = take_more_than},
		{"reported", INSIDE, .inside = take_reported},
		{"when", INSIDE, .inside = keep_when},
		{"overrides", INSIDE, .inside = keep_later},
	};

	c->effect_only = true;
	l->c = c;
	l->when = l->overrides = NULL;
	profile_read_mapping(l, node, "criterion", keys, COUNT(keys), c);
	if (l->when)
		profile_read_when(l, l->when, c);
	if (l->overrides)
		take_overrides(l, l->overrides);
}

void profile_read_criteria(struct load *l, yaml_node_t *node, void *base)
{
	struct profile *p = base;

	if (node->type != YAML_SEQUENCE_NODE ||
	    node->data.sequence.items.top == node->data.sequence.items.start ||
	    node->data.sequence.items.top - node->data.sequence.items.start >
		    PROFILE_CRITERIA_MAX) {
		REFUSE(l, node, "criteria: wants a list of 1..%d criteria", PROFILE_CRITERIA_MAX);
		return;
	}
	for (yaml_node_item_t *i = node->data.sequence.items.start;
	     i < node->data.sequence.items.top && p->criteria_count < PROFILE_CRITERIA_MAX; i++) {
		yaml_node_t *item = yaml_document_get_node(&l->doc, *i);
		struct criterion *c = &p->criteria[p->criteria_count];
		l->line[p->criteria_count++] = (uint32_t)item->start_mark.line + 1;
		take_criterion(l, item, c);
		for (uint32_t n = 0; n + 1 < p->criteria_count; n++)
			if (c->id[0] && strcmp(p->criteria[n].id, c->id) == 0)
				REFUSE(l, item, "criterion: id %s is taken", c->id);
	}
}
