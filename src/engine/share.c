#include "engine/share.h"

void share_init(struct share *s, const struct config *c)
{
	s->cell_cost = c->table_entries / c->table_cells;
	s->max = c->sources.count > 1 ? c->table_entries / 100 * c->table_source_share : UINT64_MAX;
}

bool share_full(const struct share *s, uint16_t source)
{
	return counter_get(&s->claimed[source]) >= s->max;
}

void share_take(struct share *s, uint16_t source, const struct evidence_claims *claims)
{
	uint64_t cost = claims->entries + claims->cells * s->cell_cost;

	/* relaxed: a figure; hits that claim nothing are the many */
	if (cost)
		atomic_fetch_add_explicit(&s->claimed[source], cost, memory_order_relaxed);
}

void share_forget(struct share *s, uint64_t before, uint64_t after)
{
	for (uint32_t i = 0; before && i < SOURCES_MAX; i++) {
		double kept = (double)counter_get(&s->claimed[i]) * (double)after / (double)before;
		atomic_store_explicit(&s->claimed[i], (uint64_t)kept, memory_order_relaxed);
	}
}
