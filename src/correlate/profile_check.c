/* profile_check - what a profile's parts say of one another: what can never hold is refused. */
#include <assert.h>
#include <string.h>

#include "correlate/profile_read.h"

bool profile_demand_empty(const struct demand *d)
{
	for (int m = 0; m < IMPACT_MEASURE_COUNT; m++)
		if (d->measure[m])
			return false;
	return !(d->entities || d->sectors || d->origins || d->users || d->duration_s ||
		 d->reporters || d->claims);
}

const struct profile_override *profile_override_of(const struct profile *p, uint32_t c, int state,
						   int sector)
{
	const struct profile_override *best = NULL;
	int most = 0;

	for (uint32_t i = 0; i < p->override_count; i++) {
		const struct profile_override *o = &p->override[i];
		int names = 2 * (o->states != 0) + (o->sectors != 0);
		if (o->criterion == c && names > most && (!o->states || o->states >> state & 1) &&
		    (!o->sectors || (sector >= 0 && o->sectors >> sector & 1))) {
			best = o;
			most = names;
		}
	}
	return best;
}

#define INSTEAD(to, from, field)                                                                   \
	if ((from)->field)                                                                         \
	(to)->field = (from)->field

static void put_instead(struct demand *d, const struct demand *o)
{
	INSTEAD(d, o, entities);
	INSTEAD(d, o, sectors);
	INSTEAD(d, o, origins);
	INSTEAD(d, o, users);
	INSTEAD(d, o, duration_s);
	INSTEAD(d, o, reporters);
	for (int m = 0; m < IMPACT_MEASURE_COUNT; m++)
		INSTEAD(d, o, measure[m]);
}

struct demand profile_demand(const struct profile *p, uint32_t c, int state, int sector)
{
	struct demand d = p->criteria[c].demand;
	const struct profile_override *o = profile_override_of(p, c, state, sector);

	if (o)
		put_instead(&d, &o->demand);
	return d;
}

static_assert(sizeof(struct demand) ==
		      7 * sizeof(uint64_t) + IMPACT_MEASURE_COUNT * sizeof(uint32_t),
	      "no padding: demands are compared as bytes");

/* --- what can never hold ----------------------------------------------------------- */

static bool reported_only(const struct demand *d)
{
	struct demand counted = {
		.entities = d->entities, .sectors = d->sectors, .origins = d->origins};

	return memcmp(&counted, d, sizeof(counted)) != 0;
}

static bool of_one_entity_only(const struct demand *d)
{
	struct demand plain = {.entities = d->entities,
			       .sectors = d->sectors,
			       .origins = d->origins,
			       .users = d->users,
			       .duration_s = d->duration_s};

	return memcmp(&plain, d, sizeof(plain)) != 0;
}

static uint32_t sectors_of(int annex)
{
	uint32_t n = 0;

	for (int s = SECTOR_UNKNOWN + 1; s < SECTORS; s++)
		n += !annex || vocab_sector_annex(s) == annex;
	return n;
}

static void check_demand(struct load *l, uint32_t i, const struct demand *d)
{
	const struct criterion *c = &l->p->criteria[i];
	const uint32_t line = l->line[i];

	if (c->one_sector && d->sectors > 1)
		REFUSE_AT(l, line, "criterion: one_sector and sectors: %llu contradict",
			  (unsigned long long)d->sectors);
	else if (d->sectors > sectors_of(c->annex))
		REFUSE_AT(l, line, "criterion: sectors: %llu can never hold: Annex %d has %u",
			  (unsigned long long)d->sectors, c->annex, sectors_of(c->annex));
	if (!c->asserted && reported_only(d))
		REFUSE_AT(l, line,
			  "criterion: users and duration are only ever reported, as are claims and "
			  "the other measures: basis must be asserted");
	if (c->one_entity && (d->entities || d->sectors || d->origins))
		REFUSE_AT(l, line,
			  "criterion: one_entity judges what an entity reported; entities, sectors "
			  "and origins are counted over all");
	if (!c->one_entity && of_one_entity_only(d))
		REFUSE_AT(l, line,
			  "criterion: the law asks this of one entity: counting.one_entity must be "
			  "true (only users and duration are summed up over entities)");
}

static void check_tree(struct load *l, uint32_t i, uint16_t at)
{
	const struct profile_node *n = &l->p->node[at];

	if (n->kind == NODE_DEMAND)
		check_demand(l, i, &n->demand);
	for (uint16_t k = 0; n->kind == NODE_OF && k < n->count; k++)
		check_tree(l, i, (uint16_t)(n->first + k));
}

/* A term that the tree cannot do without must be valid at some time when the criterion is. */
static void check_validity(struct load *l, uint32_t i, uint16_t at)
{
	const struct profile_node *n = &l->p->node[at];
	const struct criterion *c = &l->p->criteria[i], *r = &l->p->criteria[n->criterion];

	if (n->kind == NODE_CRITERION &&
	    ((c->valid_until_us && c->valid_until_us <= r->valid_from_us) ||
	     (r->valid_until_us && r->valid_until_us <= c->valid_from_us)))
		REFUSE_AT(l, l->line[i], "criterion: %s and %s are never valid at the same time",
			  c->id, r->id);
	for (uint16_t k = 0; n->kind == NODE_OF && n->need == n->count && k < n->count; k++)
		check_validity(l, i, (uint16_t)(n->first + k));
}

static void check_criterion(struct load *l, uint32_t i)
{
	const struct criterion *c = &l->p->criteria[i];
	const uint32_t line = l->line[i];

	if (profile_demand_empty(&c->demand) && !c->node)
		REFUSE_AT(
			l, line,
			"criterion: asks for nothing: wants at_least, more_than, reported or when");
	if (c->valid_until_us && c->valid_until_us <= c->valid_from_us)
		REFUSE_AT(l, line, "criterion: valid_from is after valid_to");
	if (c->types && !c->one_entity)
		REFUSE_AT(l, line, "criterion: entity_type needs counting.one_entity");
	check_demand(l, i, &c->demand);
	if (c->node) {
		check_tree(l, i, c->node);
		check_validity(l, i, c->node);
	}
	for (uint32_t o = 0; o < l->p->override_count; o++)
		if (l->p->override[o].criterion == i)
			check_demand(l, i, &l->p->override[o].demand);
}

static bool is_needed(const struct profile *p, uint32_t criterion)
{
	for (uint32_t n = 1; n < p->node_count; n++)
		if (p->node[n].kind == NODE_CRITERION && p->node[n].criterion == criterion)
			return true;
	return false;
}

void profile_read_check(struct load *l)
{
	bool enough = false;

	for (uint32_t i = 0; i < l->p->criteria_count; i++) {
		check_criterion(l, i);
		enough |= !l->p->criteria[i].part;
		if (l->p->criteria[i].part && !is_needed(l->p, i))
			REFUSE_AT(l, l->line[i],
				  "criterion: %s is a part, and no criterion is built on it",
				  l->p->criteria[i].id);
	}
	if (!enough)
		REFUSE_AT(l, l->line[0], "criteria: all are parts, so nothing is ever significant");
}
