/* Judging while it goes on: what is new is said at once, what goes on not more often than asked,
 * and a threat that memory was too short for is judged by the next call. */
#include <dlfcn.h>
#include <errno.h>

#include "test_engine.h"

/* This program's realloc() stands before the C library's, and fails when told to: for what a
 * candidate's line takes, and no less. */
#define A_LINE 1024
static _Atomic bool short_of_memory;

/* ThreadSanitizer asks for memory before any symbol can be looked up. */
#ifndef __SANITIZE_THREAD__
void *realloc(void *p, size_t len)
{
	static void *(*real)(void *, size_t);

	if (!real)
		real = (void *(*)(void *, size_t))dlsym(RTLD_NEXT, "realloc");
	return short_of_memory && len > A_LINE ? NULL : real(p, len);
}
#endif

#define THREATS 40

static int said[THREATS];

static void say(void *arg, const struct candidate *c)
{
	(void)arg;
	int i = atoi(c->threat.name + 1);
	if (i >= 0 && i < THREATS)
		said[i]++;
}

static int all_said(void)
{
	int n = 0;

	for (int i = 0; i < THREATS; i++)
		n += said[i];
	memset(said, 0, sizeof(said));
	return n;
}

/* One host of each state asks for the names of the first `threats`. */
static void ask(struct test_engine *t, int host, int threats)
{
	for (int state = 0; state < 2; state++) {
		struct text lines;
		text_init(&lines);
		for (int i = 0; i < threats; i++)
			text_printf(&lines,
				    "{\"timestamp\":\"2026-11-20T10:%02d:00.000000+0000\","
				    "\"event_type\":\"dns\",\"src_ip\":\"10.%d.0.%d\",\"src_port\":"
				    "5353,\"dest_ip\":\"192.0.2.53\",\"dest_port\":53,\"proto\":"
				    "\"UDP\",\"dns\":{\"type\":\"query\",\"rrname\":"
				    "\"t%d.bad.example\"}}\n",
				    host, state + 1, host, i);
		const char *name = state ? "fr.ndjson" : "de.ndjson";
		test_write(name, lines.p, lines.len);
		text_fini(&lines);
		test_engine_read(t, name, state);
	}
	engine_quiesce(t->e);
	engine_resume(t->e);
}

static void names_of_all(void)
{
	struct text t;

	text_init(&t);
	for (int i = 0; i < THREATS; i++)
		text_printf(&t, "t%d.bad.example\n", i);
	test_write("bad.txt", t.p, t.len);
	text_fini(&t);
}

static void begin(struct test_engine *t)
{
	memset(said, 0, sizeof(said));
	if (test_engine_init(t, "2") || engine_load(t->e, &t->problems) || engine_start(t->e, true))
		abort();
}

static void end(struct test_engine *t)
{
	engine_stop(t->e);
	test_engine_fini(t);
}

#define HOUR_NS UINT64_C(3600000000000)

static void paced(void)
{
	struct test_engine t;

	begin(&t);
	for (int host = 1; host <= 3; host++)
		ask(&t, host, 1);
	engine_judge_paced(t.e, HOUR_NS, say, NULL);
	tap_int(all_said(), 1, "what is new is said at once");
	ask(&t, 4, 1);
	engine_judge_paced(t.e, HOUR_NS, say, NULL);
	engine_judge_paced(t.e, HOUR_NS, say, NULL);
	tap_int(all_said(), 0, "what goes on waits");
	for (int host = 1; host <= 3; host++)
		ask(&t, host, 2);
	engine_judge_paced(t.e, HOUR_NS, say, NULL);
	tap_ok(said[0] == 0 && said[1] == 1 && all_said() == 1, "and holds up no other");
	usleep(30000);
	engine_judge_paced(t.e, 20000000, say, NULL);
	tap_ok(said[0] == 1 && said[1] == 0 && all_said() == 1, "until it has waited long enough");
	engine_judge_paced(t.e, 0, say, NULL);
	tap_int(all_said(), 0, "and then is not said again");
	end(&t);
}

static void short_while_dirty(void)
{
	struct test_engine t;

	begin(&t);
	ask(&t, 1, THREATS);
	engine_judge(t.e, say, NULL); /* what grows with the number of threats has grown */
	tap_int(all_said(), 0, "one host is nothing");
	for (int host = 2; host <= 3; host++)
		ask(&t, host, THREATS);
	short_of_memory = true;
	int err = engine_judge(t.e, say, NULL);
	int again = engine_judge(t.e, say, NULL);
	short_of_memory = false;
	tap_ok(err == -ENOMEM && again == -ENOMEM && all_said() == 0, "too little memory to judge");
	tap_int(engine_judge(t.e, say, NULL), 0, "with enough of it");
	tap_int(all_said(), THREATS, "all are judged, and none had to be hit again");
	tap_ok(engine_judge(t.e, say, NULL) == 0 && all_said() == 0, "once");
	end(&t);
}

static void short_while_waiting(void)
{
	struct test_engine t;

	begin(&t);
	for (int host = 1; host <= 3; host++)
		ask(&t, host, THREATS);
	engine_judge_paced(t.e, HOUR_NS, say, NULL);
	ask(&t, 4, THREATS);
	engine_judge_paced(t.e, HOUR_NS, say, NULL);
	tap_int(all_said(), THREATS, "all have been said, and wait");
	short_of_memory = true;
	int err = engine_judge(t.e, say, NULL);
	short_of_memory = false;
	tap_ok(err == -ENOMEM && all_said() == 0, "too little memory when their time is over");
	tap_int(engine_judge(t.e, say, NULL), 0, "with enough of it");
	tap_int(all_said(), THREATS, "each is said");
	end(&t);
}

int main(void)
{
	test_dir_init(10);
	names_of_all();
	paced();
#ifdef __SANITIZE_THREAD__
	(void)short_while_dirty;
	(void)short_while_waiting;
	tap_skip(9, "realloc() cannot be stood in for under ThreadSanitizer");
#else
	short_while_dirty();
	short_while_waiting();
#endif
	test_dir_fini();
	return tap_done();
}
