/* The inputs of a replay, read by the workers in turn: each once, whatever breaks. */
#include "test_engine.h"

#define FILES 40

static uint64_t records(const struct test_engine *t)
{
	struct ledger l;

	engine_ledger(t->e, &l);
	return counter_get(&l.records);
}

/* Many files of few lines, one that is gone when its turn comes, one that is empty. */
static void list_files(struct test_engine *t, struct input_list *l)
{
	char name[32], why[256];

	for (int i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "many-%d.json", i);
		test_telemetry(name, i, i, 7);
		if (input_list_add(l, test_path(name), &t->config.sources.sources[i % 2], why))
			abort();
	}
	unlink(test_path("many-3.json"));
}

static void offered(struct test_engine *t, const char *threads)
{
	struct input_list many = {0}, later = {0};
	char why[256];

	if (test_engine_init(t, threads) || engine_load(t->e, &t->problems))
		abort();
	list_files(t, &many);
	tap_ok(engine_offer(t->e, &many) == 0, "offered to %s threads", threads);
	tap_ok(!engine_wait(t->e, 1000), "nothing is read before start");
	if (engine_start(t->e, false))
		abort();
	tap_ok(engine_wait(t->e, -1), "read to the end");
	tap_int((long long)engine_inputs_failed(t->e), 1, "the file that was gone is told");
	if (input_list_add(&later, test_path("de.json"), &t->config.sources.sources[0], why) ||
	    engine_offer(t->e, &later))
		abort();
	tap_ok(engine_wait(t->e, -1), "what is offered later is read too");
	engine_stop(t->e);
	/* 0 + 1 + ... + 39 lines without the third's, a count for that, and the later file */
	tap_int((long long)records(t), FILES * (FILES - 1) / 2 - 3 + 1 + 1000, "each line once");
	uint64_t bytes = 0;
	for (uint32_t i = 0; i < many.count; i++)
		bytes += many.items[i].bytes;
	tap_int((long long)engine_bytes_read(t->e), (long long)(bytes + later.items[0].bytes),
		"progress ends at the sum of all");
	test_engine_fini(t);
	input_list_fini(&many);
	input_list_fini(&later);
}

/* Interrupted, the inputs end soon and the engine stops. */
static void interrupted(struct test_engine *t)
{
	struct input_list l = {0};
	char why[256];

	if (test_engine_init(t, "2") || engine_load(t->e, &t->problems) ||
	    input_list_add(&l, test_path("de.json"), &t->config.sources.sources[0], why) ||
	    engine_offer(t->e, &l))
		abort();
	engine_interrupt(t->e);
	if (engine_start(t->e, false))
		abort();
	tap_ok(engine_wait(t->e, 20000000), "interrupted, it ends");
	engine_stop(t->e);
	tap_int((long long)records(t), 0, "without a record");
	test_engine_fini(t);
	input_list_fini(&l);
}

int main(void)
{
	struct test_engine t;

	test_dir_init(1000);
	offered(&t, "1");
	offered(&t, "3");
	offered(&t, "8");
	interrupted(&t);
	test_dir_fini();
	return tap_done();
}
