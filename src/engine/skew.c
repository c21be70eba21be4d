#include "engine/skew.h"

void skew_see(struct skew *s, int64_t event_us, int64_t arrival_us)
{
	int64_t span = arrival_us / SKEW_SPAN_US + 1, lead = event_us - arrival_us;
	int slot = (int)(span & 1);
	/* relaxed throughout: each word stands for itself */
	int64_t seen = atomic_load_explicit(&s->span[slot], memory_order_relaxed);

	lead = lead > SKEW_MAX_US ? SKEW_MAX_US : lead < -SKEW_MAX_US ? -SKEW_MAX_US : lead;
	lead += SKEW_MAX_US + 1;
	if (seen != span && atomic_compare_exchange_strong_explicit(&s->span[slot], &seen, span,
								    memory_order_relaxed,
								    memory_order_relaxed))
		atomic_store_explicit(&s->most[slot], lead, memory_order_relaxed);
	int64_t most = atomic_load_explicit(&s->most[slot], memory_order_relaxed);
	while (most < lead && !atomic_compare_exchange_weak_explicit(&s->most[slot], &most, lead,
								     memory_order_relaxed,
								     memory_order_relaxed))
		;
}

bool skew_lead(const struct skew *s, int64_t now_us, int64_t *lead_us)
{
	int64_t span = now_us / SKEW_SPAN_US + 1, most = 0;

	for (int slot = 0; slot < 2; slot++) {
		int64_t of = atomic_load_explicit(&s->span[slot], memory_order_relaxed);
		int64_t lead = atomic_load_explicit(&s->most[slot], memory_order_relaxed);
		if ((of == span || of == span - 1) && lead > most)
			most = lead;
	}
	*lead_us = most - SKEW_MAX_US - 1;
	return most > 0;
}
