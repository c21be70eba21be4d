/*
 * Worker threads take no memory after start: jemalloc counts each thread's bytes.
 *
 * A worker names its thread first thing; this program's pthread_setname_np()
 * stands in for the C library's, and keeps where that thread's counter lies.
 */
#ifdef TOCSIN_JEMALLOC
#include <jemalloc/jemalloc.h>

#include "test_engine.h"

#define WORKERS 2
#define RECORDS 20000

static _Atomic(uint64_t *) allocated[WORKERS];
static uint64_t before[WORKERS];
static _Atomic uint32_t started;

int pthread_setname_np(pthread_t thread, const char *name)
{
	size_t len = sizeof(uint64_t *);
	uint64_t *p = NULL;

	(void)thread;
	if (strcmp(name, "tocsin-worker") != 0 || mallctl("thread.allocatedp", &p, &len, NULL, 0) || !p)
		return 0;
	uint32_t i = atomic_fetch_add_explicit(&started, 1, memory_order_relaxed);
	if (i < WORKERS) {
		before[i] = *p;
		atomic_store_explicit(&allocated[i], p, memory_order_release);
	}
	return 0;
}

static void read_all(struct test_engine *t)
{
	test_engine_read(t, "de.json", 0);
	test_engine_read(t, "fr.json", 1);
	test_engine_push(t, &ingest_pcap, "config/demo/telemetry/se-backbone.pcap", 0);
	engine_quiesce(t->e); /* its locks order the workers' counters before ours */
	engine_resume(t->e);
}

int main(void)
{
	struct test_engine t;
	struct ledger l;
	char name[8];

	test_dir_init(RECORDS);
	snprintf(name, sizeof(name), "%d", WORKERS);
	if (test_engine_init(&t, name) || engine_load(t.e, &t.problems) || engine_start(t.e, false))
		return 1;
	read_all(&t);
	read_all(&t);
	engine_ledger(t.e, &l);
	tap_ok(counter_get(&l.records) > 4 * RECORDS && counter_get(&l.hit) >= 40,
	       "%llu records, %llu hit", (unsigned long long)counter_get(&l.records),
	       (unsigned long long)counter_get(&l.hit));
	for (int i = 0; i < WORKERS; i++) {
		const uint64_t *p = atomic_load_explicit(&allocated[i], memory_order_acquire);
		tap_ok(p != NULL, "worker %d was seen starting", i);
		tap_int(p ? (long long)(*p - before[i]) : -1, 0, "and has taken no byte since");
	}
	engine_stop(t.e);
	test_engine_fini(&t);
	test_dir_fini();
	return tap_done();
}
#else
#include "tap.h"

int main(void)
{
	tap_skip(1, "memory is counted by jemalloc, which this flavour is without");
	return tap_done();
}
#endif
