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
	if (strcmp(name, "tocsin-worker") != 0 || mallctl("thread.allocatedp", &p, &len, NULL, 0) ||
	    !p)
		return 0;
	uint32_t i = atomic_fetch_add_explicit(&started, 1, memory_order_relaxed);
	if (i < WORKERS) {
		before[i] = *p;
		atomic_store_explicit(&allocated[i], p, memory_order_release);
	}
	return 0;
}

/* What arrives while serving: taken in, folded in, reloaded. */
static void indicators_change(struct test_engine *t, int round)
{
	struct feed feed = {.name = "isac", .path = "kafka:isac", .severity = SEVERITY_MEDIUM};
	struct intel_news n = {.kind = INTEL_MESSAGE, .feed = &feed};
	char value[64];

	for (int i = 0; i < 20; i++) {
		int len = snprintf(value, sizeof(value),
				   "new-%d-%d.example\n10.9.%d.0/24\nuser@r%d.example\n", round, i,
				   i, round);
		n.message.payload = (struct span){value, (uint32_t)len};
		intel_add(t->e->intel, &n);
	}
	intel_wait(t->e->intel, 5000);
}

static void read_all(struct test_engine *t)
{
	test_engine_read(t, "de.json", 0);
	test_engine_read(t, "fr.json", 1);
	test_engine_push(t, &ingest_pcap, "config/demo/telemetry/se-backbone.pcap", 0);
	engine_quiesce(t->e); /* its locks order the workers' counters before ours */
	engine_resume(t->e);
}

/* What takes several records: a STIX pattern that only PCRE2 can decide, and a correlation. */
static void several(struct test_engine *t)
{
	static const char pattern[] =
		"{\"type\":\"indicator\",\"id\":\"indicator--several\",\"pattern_type\":\"stix\","
		"\"valid_from\":\"2020-01-01T00:00:00Z\",\"pattern\":\"([domain-name:value MATCHES "
		"'^c2[.](?!good)'] AND [network-traffic:dst_port != 443 AND domain-name:value LIKE "
		"'c2.%']) WITHIN 3600 SECONDS\"}";
	static const char rules[] =
		"title: a\nname: a\nlogsource: {product: p}\ndetection: {k: [c2.bad0], condition: "
		"k}\n"
		"---\ntitle: many\nid: many\ncorrelation: {type: value_count, rules: [a], "
		"timespan: 12h, group-by: [member_state], condition: {field: src_ip, gte: 2}}\n"
		/* an expression that backtracks, tried on every record */
		"---\ntitle: slow\nlogsource: {category: dns}\ndetection:\n"
		"  s: {query|re: '^((\\w|\\.)+-?)+[a-z]$', query|contains: BAD0}\n"
		"  k: ['.example', 'nothing']\n  condition: all of them\n";

	test_write("several.json", pattern, sizeof(pattern) - 1);
	test_write("several.yml", rules, sizeof(rules) - 1);
	struct config_feed *f = config_feed_add(&t->config, "several");
	snprintf(f->path, sizeof(f->path), "%s", test_path("several.json"));
	config_list_add(&t->config.rules, test_path("several.yml"));
	for (int i = 0; i < 2; i++)
		strcpy(t->config.sources.sources[i].product, "p");
}

static uint64_t told(struct engine *e, const char *by)
{
	uint32_t n = names_by_count(e->names);
	struct partial_usage u;

	partial_usage(e->partial, &u);
	for (uint32_t i = 1; i <= n; i++) {
		const char *name = names_by_get(e->names, i);
		if (name && strcmp(name, by) == 0)
			return u.kept;
	}
	return 0;
}

int main(void)
{
	struct test_engine t;
	struct ledger l;
	char name[8];

	test_dir_init(RECORDS);
	snprintf(name, sizeof(name), "%d", WORKERS);
	if (test_engine_init(&t, name))
		return 1;
	several(&t);
	if (engine_load(t.e, &t.problems) || engine_start(t.e, false))
		return 1;
	read_all(&t);
	read_all(&t);
	if (intel_start(t.e->intel))
		return 1;
	for (int i = 0; i < 3; i++) {
		indicators_change(&t, i);
		read_all(&t);
		tap_int(i == 1 ? intel_fold(t.e->intel)
			       : engine_reload(t.e, &t.config, &t.problems),
			0, i == 1 ? "folded" : "reloaded");
		indicators_change(&t, i + 10);
		read_all(&t);
	}
	tap_ok(told(t.e, "indicator:indicator--several") > 20 && told(t.e, "rule:many") > 20,
	       "what takes several records was kept");
	engine_ledger(t.e, &l);
	tap_ok(counter_get(&l.records) > 4 * RECORDS && counter_get(&l.hit) >= 40,
	       "%llu records, %llu hit", (unsigned long long)counter_get(&l.records),
	       (unsigned long long)counter_get(&l.hit));
	for (int i = 0; i < WORKERS; i++) {
		const uint64_t *p = atomic_load_explicit(&allocated[i], memory_order_acquire);
		tap_ok(p != NULL, "worker %d was seen starting", i);
		tap_int(p ? (long long)(*p - before[i]) : -1, 0, "and has taken no byte since");
	}
	intel_stop(t.e->intel);
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
