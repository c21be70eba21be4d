/* A ruleset from its cache: only while the files are what they were, and saying the same. */
#include <sys/stat.h>
#include <time.h>

#include "engine/ruleset.h"
#include "engine/ruleset_cache.h"
#include "test_engine.h"

static struct test_engine t;

/* Files that changed a moment ago are not cached: make them old enough. */
static void settle(void)
{
	const struct timespec pause = {0, 80000000};

	nanosleep(&pause, NULL);
}

static void write_feed(const char *text)
{
	test_write("bad.txt", text, strlen(text));
	settle();
}

/* Indicators, refusals, and hits of a domain's ids, as one line. */
static void build(char out[256])
{
	struct problems ps;
	struct ruleset *r;
	size_t n;

	problems_init(&ps);
	const struct ruleset_order o = {
		.config = &t.config, .names = t.e->names, .workers = 1, .problems = &ps};
	int err = ruleset_build(&r, &o, NULL, 0);
	n = (size_t)snprintf(out, 256, "%d", err);
	if (!err) {
		n += (size_t)snprintf(out + n, 256 - n, " %u%s", r->set.count,
				      r->set.file.map ? " cached" : "");
		ruleset_put(r);
	}
	for (size_t i = 0; i < ps.count; i++)
		n += (size_t)snprintf(out + n, 256 - n, " %s:%u", ps.items[i].kind, ps.items[i].line);
	problems_fini(&ps);
}

static void expect(const char *want, const char *what)
{
	char got[256];

	build(got);
	tap_str(got, want, what);
}

/* A feed of so many indicators over one of 200. */
static int shrunk_to(int count, struct problems *ps)
{
	struct ruleset *r, *next = NULL;
	struct text feed;

	text_init(&feed);
	for (int i = 0; i < 200; i++)
		text_printf(&feed, "%d.shrink.example\n", i);
	test_write("bad.txt", feed.p, feed.len);
	struct ruleset_order o = {
		.config = &t.config, .names = t.e->names, .workers = 1, .problems = ps};
	if (ruleset_build(&r, &o, NULL, 0))
		return 1;
	text_reset(&feed);
	for (int i = 0; i < count; i++)
		text_printf(&feed, "%d.shrink.example\n", i);
	test_write("bad.txt", feed.p ? feed.p : "", feed.len);
	text_fini(&feed);
	o.before = r;
	int rc = ruleset_build(&next, &o, NULL, 0);
	ruleset_put(next);
	ruleset_put(r);
	return rc;
}

static void shrinking(void)
{
	struct problems ps;

	problems_init(&ps);
	tap_int(shrunk_to(20, &ps), 0, "a tenth is left: taken");
	tap_int((long long)ps.count, 0, "without a word");
	tap_int(shrunk_to(19, &ps), -116, "less is left: what was in force stays");
	tap_ok(ps.count == 1 && ps.refused == 1 &&
		       strstr(ps.items[0].reason, "had 200 indicators and now has 19"),
	       "and it is said why");
	tap_int(shrunk_to(0, &ps), -116, "nothing is left");
	config_set(&t.config, "feed_loss_max=100", &ps);
	tap_int(shrunk_to(1, &ps), 0, "unless any loss is taken");
	config_set(&t.config, "feed_loss_max=90", &ps);
	problems_fini(&ps);
}

int main(void)
{
	char set[256];
	struct problems ps;

	test_dir_init(10);
	problems_init(&ps);
	mkdir(test_path("cache"), 0700);
	if (test_engine_init(&t, "1"))
		return 1;
	snprintf(set, sizeof(set), "cache_dir=%s", test_path("cache"));
	tap_ok(config_set(&t.config, set, &ps), "cache_dir");
	write_feed("one.example\ntwo.example\nno such thing\n");
	expect("0 2 indicator:3", "from the file");
	expect("0 2 cached indicator:3", "from the cache, with what was told");
	write_feed("one.example\ntwo.example\n3.example\n");
	expect("0 3", "another file");
	expect("0 3 cached", "and its cache");
	chmod(test_path("cache/indicators.cache"), 0666);
	expect("0 3 config:0", "a cache that others may write is said so, and made anew");
	expect("0 3 cached", "and trusted again");
	FILE *f = fopen(test_path("cache/indicators.cache"), "r+");
	fseek(f, 5000, SEEK_SET);
	fputc(0xff, f);
	fputc(0xff, f);
	fclose(f);
	expect("0 3 config:0", "a damaged one is said so, and made anew");
	expect("0 3 cached", "and is whole again");
	test_write("bad.txt", "x.example\n", 10);
	expect("0 1", "a file of this moment");
	expect("0 1", "is not cached yet");
	settle();
	expect("0 1", "a little later");
	expect("0 1 cached", "it is");
	shrinking();
	unlink(test_path("bad.txt"));
	expect("-2 indicator:0", "no file, no cache");
	problems_fini(&ps);
	test_engine_fini(&t);
	test_dir_fini();
	return tap_done();
}
