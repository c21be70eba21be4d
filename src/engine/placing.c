#include "engine/placing.h"

#include <assert.h>

#include "engine/engine_priv.h"

void placing_flush(struct worker *wk)
{
	struct placing *p = &wk->placing;
	bool unplaced = false;

	evidence_update_many(wk->e->evidence, p->o, p->count, p->outcome);
	for (uint32_t i = 0; i < p->count; i++) {
		unplaced = p->outcome[i].rc != 0 || (!p->first[i] && unplaced);
		/* a cell that found no room still joined what it could; the ledger tells */
		if (i + 1 == p->count || p->first[i + 1])
			counter_add(&wk->ledger.unplaced, unplaced);
		share_take(&wk->e->share, p->source[i], &p->outcome[i].claims);
	}
	p->count = 0;
}

static void add(struct placing *p, uint16_t source, const struct observation *o, bool first)
{
	assert(p->count < PLACING_MAX);
	p->source[p->count] = source;
	p->first[p->count] = first;
	p->o[p->count++] = *o;
}

void placing_hit(struct worker *wk, uint16_t source, const struct observation *o)
{
	if (wk->placing.count + PLACING_HIT_MAX > PLACING_MAX)
		placing_flush(wk);
	add(&wk->placing, source, o, true);
}

void placing_report(struct worker *wk, const struct observation *o)
{
	struct placing *p = &wk->placing;

	assert(p->count);
	add(p, p->source[p->count - 1], o, false);
}
