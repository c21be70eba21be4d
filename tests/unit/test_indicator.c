/* The set: order of loading does not matter, versions, threats, campaigns, copies, limits. */
#include "match/indicator.h"

#include "match/indicator_draft.h"
#include "tap.h"
#include "test_feed_versions.h"

static char *load_in_order(const int *order, bool finish_between)
{
	struct indicator_set s;

	indicator_set_init(&s);
	for (int i = 0; i < FILES; i++) {
		load(&s, order[i]);
		if (finish_between && i % 3 == 0)
			indicator_set_finish(&s);
	}
	indicator_set_finish(&s);
	char *dump = dump_set(&s);
	struct text sealed;
	text_init(&sealed);
	text_str(&sealed, dump);
	free(dump);
	dump_sealed(&sealed, &s, s.threat_count);
	/* the numbers too are the same in any order */
	for (uint32_t i = 0; i < s.count; i++) {
		struct indicator in = indicator_at(&s, i);
		text_printf(&sealed, "%u %.*s\n", i, (int)in.id_len, s.text + in.id);
	}
	indicator_set_fini(&s);
	return text_take(&sealed);
}

static void order_independence(void)
{
	int order[FILES], wrong = 0;
	uint32_t seed = 7;

	for (int i = 0; i < FILES; i++)
		order[i] = i;
	char *want = load_in_order(order, false);
	printf("# %s", "");
	for (char *c = want; *c; c++) {
		putchar(*c);
		if (*c == '\n' && c[1])
			printf("# ");
	}
	for (int round = 0; round < 500; round++) {
		for (int i = FILES - 1; i > 0; i--) {
			seed = seed * 1664525u + 1013904223u;
			int k = (int)((seed >> 8) % (uint32_t)(i + 1)), t = order[i];
			order[i] = order[k];
			order[k] = t;
		}
		char *got = load_in_order(order, round & 1);
		if (strcmp(got, want) != 0 && wrong++ == 0)
			printf("# got:\n%s", got);
		free(got);
	}
	tap_int(wrong, 0, "500 orders of 16 files say the same, finished in between or not");
	tap_ok(strstr(want, "indicator--3 0:domain=a.example indicator:domain:a.example(a.example) "
			    "medium red clear\n") != NULL,
	       "a marking from another file");
	tap_ok(strstr(want, "campaign:malware--1(A newer name)") != NULL,
	       "a campaign from another file, by the relationship that is not revoked");
	tap_ok(strstr(want, "indicator--2") == NULL, "a revoked id is gone");
	tap_ok(strstr(want, "9 0:domain=a.example indicator:domain:a.example(a.example) high") !=
		       NULL,
	       "of two equal versions the more severe stays");
	free(want);
}

static void feed_campaign(void)
{
	struct feed f = dump_feed("isac", "isac.txt");
	struct indicator_set s;

	snprintf(f.campaign, sizeof(f.campaign), "Winter");
	indicator_set_init(&s);
	feed_load_bytes(&s, &f, "192.0.2.1\n192.0.2.2\n", 20, NULL);
	static const char csv[] = "value,campaign\nevil.example,Own\nbad.example,\n";
	feed_load_bytes(&s, &f, csv, sizeof(csv) - 1, NULL);
	tap_int(indicator_set_finish(&s), 0, "finish");
	char *got = dump_set(&s);
	tap_str(got,
		"domain:bad.example 0:domain=bad.example campaign:Winter medium amber clear\n"
		"domain:evil.example 0:domain=evil.example campaign:Own medium amber clear\n"
		"ip:192.0.2.1 0:ip=192.0.2.1 campaign:Winter medium amber clear\n"
		"ip:192.0.2.2 0:ip=192.0.2.2 campaign:Winter medium amber clear\n",
		"the feed's campaign claims what states none of its own");
	tap_int(s.threat_count, 2, "two threats");
	tap_int(s.feed_count, 1, "a feed loaded twice is one feed");
	free(got);
	indicator_set_fini(&s);
}

static void copies(void)
{
	struct indicator_set a, b;

	indicator_set_init(&a);
	for (int i = 0; i < FILES; i++)
		load(&a, i);
	indicator_set_finish(&a);
	char *before = dump_set(&a);
	tap_int(indicator_set_copy(&b, &a), 0, "a copy");
	indicator_set_finish(&b);
	char *same = dump_set(&b);
	tap_str(same, before, "says the same");
	free(same);
	/* the older version of a revoked id: the copy remembers */
	load(&b, 3);
	struct feed f = dump_feed("kafka", "kafka:indicators");
	feed_load_bytes(&b, &f, "198.51.100.1", 12, NULL);
	indicator_set_finish(&b);
	char *after = dump_set(&b), *still = dump_set(&a);
	tap_ok(strstr(after, "198.51.100.1") && !strstr(after, "indicator--2"), "goes its own way");
	tap_str(still, before, "and leaves the first as it was");
	free(after);
	free(still);
	free(before);
	indicator_set_fini(&b);
	indicator_set_fini(&a);
}

/* A service that takes updates for months: each generation is a copy, and what was
 * replaced does not pile up. */
static void generations(void)
{
	struct feed f = dump_feed("live", "kafka:indicators");
	struct indicator_set s, next;
	size_t early = 0;

	indicator_set_init(&s);
	for (int i = 0; i < 300; i++) {
		char in[256];
		snprintf(in, sizeof(in),
			 "{\"Attribute\":{\"uuid\":\"u%d\",\"type\":\"ip-dst\",\"value\":\"192.0.2."
			 "%03d\","
			 "\"to_ids\":true,\"timestamp\":%d}}",
			 i % 3, 100 + i % 100, 1000 + i);
		indicator_set_copy(&next, &s);
		feed_load_bytes(&next, &f, in, strlen(in), NULL);
		indicator_set_finish(&next);
		indicator_set_fini(&s);
		s = next;
		if (i == 20)
			early = s.text_len;
	}
	tap_ok(s.count == 3 && s.text_len <= early + 16,
	       "300 generations: %zu bytes of text, then %zu", early, s.text_len);
	indicator_set_fini(&s);
}

static void empty(void)
{
	struct indicator_set a, b;

	indicator_set_init(&a);
	tap_ok(indicator_set_finish(&a) == 0 && a.count == 0 && a.threat_count == 0,
	       "an empty set");
	tap_ok(indicator_set_copy(&b, &a) == 0 && indicator_set_finish(&b) == 0, "and its copy");
	indicator_set_fini(&b);
	indicator_set_fini(&a);
	indicator_set_init(&a);
	struct feed f = dump_feed("x", "/nonexistent/feed");
	struct problems ps;
	problems_init(&ps);
	tap_int(feed_load_file(&a, &f, &ps), -2, "a file that is not there");
	tap_ok(ps.count == 1 && strstr(ps.items[0].reason, "No such file"), "and its reason");
	problems_fini(&ps);
	indicator_set_fini(&a);
}

static void draft_bounds(void)
{
	struct draft d;
	int taken = 0;

	draft_init(&d);
	draft_reset(&d, NULL);
	for (int i = 0; i < 2000; i++)
		taken +=
			!draft_atom(&d, (uint32_t)i / 16, CONDITION_VALUE, OBSERVABLE_TEXT, "x", 1);
	tap_int(taken, DRAFT_CONDITIONS_MAX, "a draft holds its bound and no more");
	draft_reset(&d, NULL);
	tap_ok(draft_atom(&d, 0, CONDITION_VALUE, OBSERVABLE_TEXT, "a\nb", 3) != NULL,
	       "no control characters");
	tap_ok(draft_atom(&d, 0, CONDITION_IP, OBSERVABLE_IP, "", 0) != NULL, "no empty value");
	tap_ok(draft_port(&d, 0, 0) && draft_port(&d, 0, 65536) && !draft_port(&d, 0, 65535),
	       "ports");
	draft_fini(&d);
}

int main(void)
{
	order_independence();
	feed_campaign();
	copies();
	generations();
	empty();
	draft_bounds();
	return tap_done();
}
