#include "correlate/assess_criterion.h"

#include <errno.h>
#include <stdlib.h>

void assess_criterion_fini(struct assess_criteria *a)
{
	free(a->held.v);
	free(a->edges);
}

/* --- lists ------------------------------------------------------------------- */

/* At one moment what ends goes before what begins: lists are closed at both ends,
 * an end being the first moment after. */
static int compare_edge(const void *a, const void *b)
{
	const struct assess_edge *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return (x->step > y->step) - (x->step < y->step);
}

/* The lists from base on become one: where at least need of them overlap. */
static int overlap(struct assess_criteria *a, uint32_t base, uint32_t need)
{
	struct intervals *h = &a->held;
	uint32_t count = h->count - base, kept = base, inside = 0, n = 0;

	if (count == 0)
		return 0;
	if (!assess_window_room((void **)&a->edges, &a->edge_room, 2 * (size_t)count,
				sizeof(*a->edges)))
		return -ENOMEM;
	for (uint32_t i = base; i < h->count; i++) {
		a->edges[n++] = (struct assess_edge){h->v[i].from, 1};
		a->edges[n++] = (struct assess_edge){h->v[i].to + 1, -1};
	}
	qsort(a->edges, n, sizeof(*a->edges), compare_edge);
	for (uint32_t i = 0; i < n; i++) {
		const bool before = inside >= need;
		const int64_t at = a->edges[i].at;
		inside += (uint32_t)a->edges[i].step;
		while (i + 1 < n && a->edges[i + 1].at == at)
			inside += (uint32_t)a->edges[++i].step;
		if (!before && inside >= need)
			h->v[kept].from = at;
		else if (before && inside < need)
			h->v[kept++].to = at - 1;
	}
	h->count = kept;
	return 0;
}

/* --- trees --------------------------------------------------------------------- */

/* Whose evidence, and of which sector; -1 is all. */
struct scope {
	int sector;
	int64_t entity;
};

static int criterion(struct assess_criteria *a, uint32_t c, int64_t entity);

static int tree(struct assess_criteria *a, const struct criterion *c, uint16_t at,
		struct scope scope)
{
	const struct profile_node *n = &a->p->node[at];
	uint32_t base = a->held.count;
	int rc = 0;

	if (n->kind == NODE_DEMAND)
		return assess_window_sweep(a->w, c, &n->demand, scope.sector, scope.entity,
					   &a->held);
	if (n->kind == NODE_CRITERION)
		return criterion(a, n->criterion, scope.entity);
	for (uint16_t i = 0; i < n->count && rc == 0; i++)
		rc = tree(a, c, (uint16_t)(n->first + i), scope);
	return rc ? rc : overlap(a, base, n->need);
}

/* The criterion's own numbers, and its tree. */
static int both(struct assess_criteria *a, uint32_t i, struct scope scope)
{
	const struct criterion *c = &a->p->criteria[i];
	const struct demand d = profile_demand(a->p, i, a->state, scope.sector);
	uint32_t base = a->held.count;
	struct demand own = d;
	int rc = 0;

	own.reporters = 0; /* asked of all entities together, later */
	const bool asks = !profile_demand_empty(&own);
	/* a tree that is there says all; whose kind it is, is asked all the same */
	if (asks || !c->node || c->types)
		rc = assess_window_sweep(a->w, c, &own, scope.sector, scope.entity, &a->held);
	if (!c->node || rc)
		return rc;
	rc = tree(a, c, c->node, scope);
	return rc || !(asks || c->types) ? rc : overlap(a, base, 2);
}

static int each_entity(struct assess_criteria *a, uint32_t i, int sector)
{
	const struct demand d = profile_demand(a->p, i, a->state, sector);
	uint32_t base = a->held.count;
	int rc = 0;

	for (uint32_t e = 0; e < assess_window_entities(a->w) && rc == 0; e++)
		if (assess_window_reports(a->w, e))
			rc = both(a, i, (struct scope){sector, e});
	return rc ? rc : overlap(a, base, d.reporters ? (uint32_t)d.reporters : 1);
}

static int in_sector(struct assess_criteria *a, uint32_t i, int sector, int64_t entity)
{
	if (!a->p->criteria[i].one_entity)
		return both(a, i, (struct scope){sector, -1});
	/* within a tree that is about one entity, the same one is meant */
	return entity < 0 ? each_entity(a, i, sector) : both(a, i, (struct scope){sector, entity});
}

/* Unknown is no sector: its sources may belong to different ones. */
static int criterion(struct assess_criteria *a, uint32_t i, int64_t entity)
{
	const struct criterion *c = &a->p->criteria[i];
	uint32_t base = a->held.count, present;
	int rc = 0;

	if (!c->one_sector)
		return in_sector(a, i, -1, entity);
	present = assess_window_sectors(a->w, c);
	for (int sector = SECTOR_UNKNOWN + 1; sector < SECTORS && rc == 0; sector++)
		if (present >> sector & 1)
			rc = in_sector(a, i, sector, entity);
	return rc ? rc : overlap(a, base, 1);
}

int assess_criterion_judge(struct assess_criteria *a, uint32_t c)
{
	uint32_t base = a->held.count;
	int rc = criterion(a, c, -1);

	return rc ? rc : (int)(a->held.count - base);
}
