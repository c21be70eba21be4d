/* What takes several records survives a restart: its first records before a checkpoint, its
 * last ones behind it, and none told twice. */
#include "engine/checkpoint.h"

#include <errno.h>

#include "engine/sequence.h"
#include "test_engine.h"

static const char pattern[] =
	"{\"type\":\"indicator\",\"id\":\"indicator--two\",\"pattern_type\":\"stix\","
	"\"valid_from\":\"2020-01-01T00:00:00Z\",\"pattern\":\"([domain-name:value = "
	"'stage.bad.example'] FOLLOWEDBY [domain-name:value = 'end.bad.example']) WITHIN 600 "
	"SECONDS\"}";
static const char rules[] =
	"title: a\nname: a\nlogsource: {product: p}\ndetection: {k: [stage.bad], condition: k}\n"
	"---\ntitle: three\nid: three\ncorrelation: {type: event_count, rules: [a], timespan: 1h, "
	"condition: {gte: 3}}\n";

static void say(void *arg, const struct candidate *c)
{
	(void)arg;
	(void)c;
}

static void telemetry(const char *name, const char *const *names, int minute)
{
	struct text t;

	text_init(&t);
	for (int i = 0; names[i]; i++)
		text_printf(
			&t,
			"{\"timestamp\":\"2026-11-20T10:%02d:00.000000+0000\",\"event_type\":"
			"\"dns\","
			"\"src_ip\":\"10.1.0.%d\",\"src_port\":5353,\"dest_ip\":\"192.0.2.53\","
			"\"dest_port\":53,\"proto\":\"UDP\",\"dns\":{\"type\":\"query\",\"rrname\":"
			"\"%s.bad.example\"}}\n",
			minute + i, i + 1, names[i]);
	test_write(name, t.p, t.len);
	text_fini(&t);
}

static int start(struct test_engine *t, uint64_t *number, struct outbox *b,
		 struct checkpoint_marks *m)
{
	char why[256] = "";

	if (test_engine_init(t, "2"))
		return -1;
	struct config_feed *f = config_feed_add(&t->config, "two");
	snprintf(f->path, sizeof(f->path), "%s", test_path("two.json"));
	config_list_add(&t->config.rules, test_path("rules.yml"));
	strcpy(t->config.sources.sources[0].product, "p");
	int err = checkpoint_load(t->e, test_dir, number, b, m, why);
	if (engine_load(t->e, &t->problems) || engine_start(t->e, false))
		abort();
	return err;
}

static uint64_t hits(struct test_engine *t, const char *file)
{
	struct ledger l;

	test_engine_read(t, file, 0);
	engine_quiesce(t->e);
	if (engine_judge(t->e, say, t->e))
		abort();
	engine_ledger(t->e, &l);
	return counter_get(&l.hits);
}

static void finish(struct test_engine *t)
{
	engine_resume(t->e);
	engine_stop(t->e);
	test_engine_fini(t);
}

int main(void)
{
	static const char *const before[] = {"stage", "good", "stage", NULL};
	static const char *const behind[] = {"stage", "end", NULL};
	struct outbox b = {0};
	struct checkpoint_marks m = {0};
	struct test_engine t;
	uint64_t number = 0;

	test_dir_init(10);
	test_write("two.json", pattern, sizeof(pattern) - 1);
	test_write("rules.yml", rules, sizeof(rules) - 1);
	telemetry("before.json", before, 0);
	telemetry("behind.json", behind, 5);
	tap_int(start(&t, &number, &b, &m), -ENOENT, "a first life");
	tap_int((long long)hits(&t, "before.json"), 0, "nothing is complete");
	tap_int(checkpoint_save(t.e, test_dir, 1, &b, &m), 0, "saved");
	finish(&t);
	tap_int(start(&t, &number, &b, &m), 0, "a second life");
	tap_int((long long)hits(&t, "behind.json"), 2, "completes the pattern, and the count");
	tap_int(checkpoint_save(t.e, test_dir, 2, &b, &m), 0, "saved");
	finish(&t);
	checkpoint_marks_fini(&m);
	tap_int(start(&t, &number, &b, &m), 0, "a third");
	tap_int((long long)hits(&t, "behind.json"), 0, "reads it again, and tells nothing twice");
	finish(&t);
	checkpoint_marks_fini(&m);
	outbox_fini(&b);
	test_dir_fini();
	return tap_done();
}
