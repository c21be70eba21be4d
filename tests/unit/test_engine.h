/* A small engine over a folder of its own: one bad domain, two states whose hosts ask for it. */
#ifndef TOCSIN_TESTS_ENGINE_H
#define TOCSIN_TESTS_ENGINE_H

#include <ftw.h>
#include <unistd.h>

#include "engine/engine_priv.h"
#include "tap.h"

static char test_dir[] = "/tmp/tocsin-engine-XXXXXX";

__attribute__((unused)) static const char *test_path(const char *name)
{
	static char path[4][128];
	static int n;
	char *p = path[n++ % 4];

	snprintf(p, 128, "%s/%s", test_dir, name);
	return p;
}

static void test_write(const char *name, const void *p, size_t len)
{
	FILE *f = fopen(test_path(name), "wb");

	if (!f || (len && fwrite(p, 1, len, f) != len) || fclose(f))
		abort();
}

static int test_remove(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

__attribute__((unused)) static void test_dir_fini(void)
{
	nftw(test_dir, test_remove, 8, FTW_DEPTH | FTW_PHYS);
}

/* EVE: `records` DNS questions of a state's hosts, one in `every` for the bad domain. */
__attribute__((unused)) static void test_telemetry(const char *name, int subnet, int records, int every)
{
	struct text t;

	text_init(&t);
	for (int i = 0; i < records; i++)
		text_printf(&t,
			    "{\"timestamp\":\"2026-11-20T%02d:%02d:00.000000+0000\",\"event_type\":\"dns\","
			    "\"src_ip\":\"10.%d.%d.%d\",\"src_port\":5353,\"dest_ip\":\"192.0.2.53\","
			    "\"dest_port\":53,\"proto\":\"UDP\",\"dns\":{\"type\":\"query\","
			    "\"rrname\":\"%s%d.example\"}}\n",
			    i / 60 % 12, i % 60, subnet, i / 200 % 200, i % 200 + 1,
			    i % every ? "good" : "c2.bad", i % every ? i : 0);
	test_write(name, t.p, t.len);
	text_fini(&t);
}

static void test_dir_init(int records)
{
	static const char bad[] = "c2.bad0.example\n203.0.113.7\n";

	if (!mkdtemp(test_dir))
		abort();
	test_write("bad.txt", bad, sizeof(bad) - 1);
	test_telemetry("de.json", 1, records, records / 10);
	test_telemetry("fr.json", 2, records, records / 10);
}

struct test_engine {
	struct config config;
	struct problems problems;
	struct engine *e;
};

/* Created, not loaded; with `sources` of two states. */
static int test_engine_init(struct test_engine *t, const char *threads)
{
	static const char *const set[] = {"profile=rules/significance/observed.yaml",
					  "table.cells=4k", "table.entries=16k", "table.overflows=4",
					  "batches=8"};
	char why[256] = "";

	problems_init(&t->problems);
	config_init(&t->config);
	for (size_t i = 0; i < sizeof(set) / sizeof(set[0]); i++)
		config_set(&t->config, set[i], &t->problems);
	snprintf(why, sizeof(why), "threads=%s", threads);
	config_set(&t->config, why, &t->problems);
	struct config_feed *f = config_feed_add(&t->config, "bad");
	snprintf(f->path, sizeof(f->path), "%s", test_path("bad.txt"));
	source_from_spec(&t->config.sources, "DE/energy/de-soc", why);
	source_from_spec(&t->config.sources, "FR/energy/fr-soc", why);
	config_finish(&t->config, &t->problems);
	int err = engine_create(&t->e, &t->config, &t->problems, why);
	if (err)
		printf("# engine_create: %s\n", why);
	for (size_t i = 0; i < t->problems.count; i++)
		printf("# %s:%u: %s\n", t->problems.items[i].file, t->problems.items[i].line,
		       t->problems.items[i].reason);
	return err;
}

static void test_engine_fini(struct test_engine *t)
{
	engine_destroy(t->e);
	config_fini(&t->config);
	problems_fini(&t->problems);
}

/* Reads a file as a service's reader does: batches are pushed to the workers. */
__attribute__((unused)) static int test_engine_push(struct test_engine *t, const struct source_ops *ops, const char *path,
			    int source)
{
	struct input *in = NULL;
	char why[256] = "";
	int n = ops->open(&in, &t->e->ingest, path, &t->config.sources.sources[source], why);

	while (n >= 0 && in) {
		struct batch *b = batch_get(&t->e->pool);
		n = ops->fill(in, b, why);
		engine_push(t->e, b);
		if (n <= 0)
			break;
	}
	if (in)
		ops->close(in);
	if (n)
		printf("# %s: %s\n", path, why);
	return n;
}

__attribute__((unused)) static int test_engine_read(struct test_engine *t, const char *name, int source)
{
	return test_engine_push(t, &ingest_file, test_path(name), source);
}

#endif
