/* What was refused, by threat and state, in little room: a count-min sketch
 * (Cormode and Muthukrishnan, J. Algorithms 55, 2005) that keeps beside each count
 * the newest event time counted there. Never too low; too high only where another
 * threat's losses share a place in every row. */
#include "correlate/evidence_table.h"

/* Not seeded: a snapshot's places are another process's too. */
static struct lost *place(const struct evidence_table *t, uint32_t row, uint32_t threat,
			  uint8_t state)
{
	uint64_t h = hash_pair(row + 1, (uint64_t)threat << 8 | state);

	return &t->lost[row * LOST_COLUMNS + h % LOST_COLUMNS];
}

void evidence_lost_join(struct lost *l, uint64_t count, int64_t until)
{
	int64_t seen = atomic_load_explicit(&l->until, memory_order_relaxed);

	/* relaxed: figures; the update that was refused says so itself */
	atomic_fetch_add_explicit(&l->count, count, memory_order_relaxed);
	while (seen < until &&
	       !atomic_compare_exchange_weak_explicit(&l->until, &seen, until, memory_order_relaxed,
						      memory_order_relaxed))
		;
}

void evidence_lost_add(struct evidence_table *t, uint32_t threat, uint8_t state, int64_t time_us)
{
	atomic_fetch_add_explicit(&t->refused, 1, memory_order_relaxed);
	for (uint32_t row = 0; row < LOST_ROWS; row++)
		evidence_lost_join(place(t, row, threat, state), 1, time_us + 1);
}

struct evidence_loss evidence_lost(const struct evidence_table *t, uint32_t threat, uint8_t state)
{
	struct evidence_loss loss = {UINT64_MAX, INT64_MAX};

	for (uint32_t row = 0; row < LOST_ROWS; row++) {
		const struct lost *l = place(t, row, threat, state);
		uint64_t count = atomic_load_explicit(&l->count, memory_order_relaxed);
		int64_t until = atomic_load_explicit(&l->until, memory_order_relaxed);
		loss.refused_max = count < loss.refused_max ? count : loss.refused_max;
		if (until < loss.complete_since_us)
			loss.complete_since_us = until;
	}
	return loss;
}

void evidence_lost_forget(struct evidence_table *t, int64_t before_us)
{
	for (uint32_t i = 0; i < LOST_ROWS * LOST_COLUMNS; i++) {
		struct lost *l = &t->lost[i];
		if (atomic_load_explicit(&l->until, memory_order_relaxed) > before_us)
			continue;
		atomic_store_explicit(&l->count, 0, memory_order_relaxed);
		atomic_store_explicit(&l->until, 0, memory_order_relaxed);
	}
}
