/* A change is never lost between its writer and the taker of changed threats: in short
 * rounds, each of a few updates against a taker that never rests. argv: rounds */
#include "tap.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "config/vocab.h"
#include "correlate/evidence.h"

#define CELLS   50 /* of one threat, in one chain: a walk long enough to meet an update */
#define FAR     (UINT64_C(1) << 39) /* no place inside the cell: each claims an entry */
#define UPDATES 8  /* a round; the last is the one that nobody comes after */
#define T0      INT64_C(1767225600000000)

static struct evidence_table *table;
static _Atomic uint32_t round_begun, round_done;

static void update(uint32_t serial, uint32_t cell)
{
	struct observation o = {
		.threat = 1,
		.by = 1,
		.sector = 1,
		.hit_class = CLASS_EFFECT,
		.severity = 2,
		.time_us = T0 + (int64_t)cell * EVIDENCE_BUCKET_US,
		.entity = 1,
		.origin = 1,
		.object = 1,
		.offset = FAR + serial,
	};
	if (evidence_update(table, &o))
		exit(2);
}

/* Other threads may need this processor. */
static void rest(uint32_t *spins)
{
	if (++*spins % 256 == 0)
		sched_yield();
}

static void *writer(void *arg)
{
	uint32_t rounds = *(uint32_t *)arg, spins = 0;
	uint64_t s = 7;

	for (uint32_t r = 1; r <= rounds; r++) {
		while (atomic_load_explicit(&round_begun, memory_order_acquire) < r)
			rest(&spins);
		for (uint32_t i = 0; i < UPDATES; i++) {
			s = s * UINT64_C(6364136223846793005) + 1442695040888963407u;
			for (volatile uint32_t pause = (uint32_t)(s >> 33) % 100; pause > 0;
			     pause--)
				;
			update(CELLS + r * UPDATES + i, (uint32_t)(s >> 40) % CELLS);
		}
		atomic_store_explicit(&round_done, r, memory_order_release);
	}
	return NULL;
}

/* Takes what changed. When it is told of the threat, all that was claimed by then is known:
 * to ask for the count is quick, and the next walk follows close on this one. */
static void take(uint32_t *known)
{
	struct evidence_usage u;
	uint32_t threats[4];

	while (evidence_take_dirty(table, threats, 4)) {
		evidence_usage(table, &u);
		*known = u.entries;
	}
}

int main(int argc, char **argv)
{
	struct evidence_config c = {1024, 1u << 20, 1, 65536};
	uint32_t rounds = argc > 1 ? (uint32_t)atoi(argv[1]) : TAP_SANITIZED ? 3000 : 100000;
	uint32_t known = 0, lost = 0, spins = 0;
	pthread_t thread;

	if (rounds > 100000 || evidence_init(&table, &c))
		return 2;
	for (uint32_t cell = 0; cell < CELLS; cell++)
		update(cell, cell);
	pthread_create(&thread, NULL, writer, &rounds);
	for (uint32_t r = 1; r <= rounds; r++) {
		atomic_store_explicit(&round_begun, r, memory_order_release);
		while (atomic_load_explicit(&round_done, memory_order_acquire) < r) {
			take(&known);
			rest(&spins);
		}
		take(&known);
		/* a cell's first update claims three and one that lists them, the others a record */
		if (known != 4 * CELLS + r * UPDATES)
			lost++;
	}
	pthread_join(thread, NULL);
	tap_ok(lost == 0, "%u rounds of %d updates: the last change of each was told", rounds,
	       UPDATES);
	if (lost)
		printf("# not told %u times\n", lost);
	evidence_fini(table);
	return tap_done();
}
