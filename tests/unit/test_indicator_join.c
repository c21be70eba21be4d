/* Sets joined, or laid over one another, say what one set of all the files says. */
#include "match/indicator_join.h"

#include "match/indicator_draft.h"
#include "tap.h"
#include "test_feed_versions.h"

static uint32_t seed = 11;

static uint32_t draw(uint32_t below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

static char *all_at_once(void)
{
	struct indicator_set s;

	indicator_set_init(&s);
	for (int i = 0; i < FILES; i++)
		load(&s, i);
	indicator_set_finish(&s);
	char *dump = dump_set(&s);
	indicator_set_fini(&s);
	return dump;
}

/* Each file in one set or in several, in any order. */
static void deal(struct indicator_set *parts, int count)
{
	for (int i = 0; i < count; i++)
		indicator_set_init(&parts[i]);
	for (int i = 0, first = (int)draw(FILES); i < FILES; i++) {
		int file = (first + i * 3) % FILES; /* 3 and 16 have no common divisor */
		load(&parts[draw((uint32_t)count)], file);
		if (draw(4) == 0)
			load(&parts[draw((uint32_t)count)], file);
	}
}

static void joins(void)
{
	char *want = all_at_once();
	int wrong = 0;

	for (int round = 0; round < 500; round++) {
		struct indicator_set parts[4], s;
		deal(parts, 4);
		indicator_set_init(&s);
		for (int i = 0, first = (int)draw(4); i < 4; i++) {
			if (draw(3) == 0)
				indicator_set_finish(&parts[(first + i) % 4]);
			wrong += indicator_set_join(&s, &parts[(first + i) % 4]) != 0;
		}
		wrong += indicator_set_join(&s, &parts[0]) != 0; /* again: nothing new */
		indicator_set_finish(&s);
		char *got = dump_set(&s);
		if (strcmp(got, want) != 0 && wrong++ == 0)
			printf("# got:\n%s# want:\n%s", got, want);
		free(got);
		indicator_set_fini(&s);
		for (int i = 0; i < 4; i++)
			indicator_set_fini(&parts[i]);
	}
	tap_int(wrong, 0, "500 sets joined of four, in any order, finished before or not");
	free(want);
}

/* A sealed set thawed says what it said, and takes up what comes. */
static void thaws(void)
{
	char *want = all_at_once();
	struct indicator_set s, again;

	indicator_set_init(&s);
	for (int i = 0; i < FILES; i++)
		if (i != 11 && i != 12) /* comes later */
			load(&s, i);
	tap_ok(indicator_set_finish(&s) == 0 && indicator_set_seal(&s) == 0 &&
		       indicator_set_thaw(&again, &s) == 0,
	       "sealed and thawed");
	load(&again, 12);
	load(&again, 11);
	indicator_set_finish(&again);
	char *got = dump_set(&again);
	tap_str(got, want, "a thawed set that loads on is the set of all");
	free(got);
	free(want);
	indicator_set_fini(&s);
	indicator_set_fini(&again);
}

/* What a line says but for its threat, which the whole generation settles. */
static void part(struct text *out, const struct indicator_set *s, uint32_t i)
{
	struct text t;

	text_init(&t);
	const struct indicator in = indicator_at(s, i);
	dump_indicator(&t, s, &in);
	const char *threat = strstr(t.p, " indicator:"), *campaign = strstr(t.p, " campaign:");
	const char *from = campaign ? campaign : threat, *to = from + 1;
	for (int depth = 0; *to && (depth || *to != ' '); to++)
		depth += (*to == '(') - (*to == ')');
	text_bytes(out, t.p, (size_t)(from - t.p));
	/* indicator--1: where only base has the relationship, the generation settles it */
	text_str(out, campaign && strncmp(t.p, "indicator--1 ", 13) ? " campaign" : "");
	text_str(out, to);
	text_char(out, '\n');
	text_fini(&t);
}

static int by_line(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *sorted(struct text *t)
{
	char *line[64], *save = NULL;
	size_t n = 0;
	struct text out;

	text_init(&out);
	for (char *l = strtok_r(t->p, "\n", &save); l && n < 64; l = strtok_r(NULL, "\n", &save))
		line[n++] = l;
	qsort(line, n, sizeof(*line), by_line);
	for (size_t i = 0; i < n; i++) {
		text_str(&out, line[i]);
		text_char(&out, '\n');
	}
	text_fini(t);
	return text_take(&out);
}

static char *lines_of(const struct indicator_set *base, const uint64_t *withdrawn,
		      const struct indicator_set *delta)
{
	struct text t;

	text_init(&t);
	for (uint32_t i = 0; i < base->count; i++)
		if (!(withdrawn[i / 64] >> (i % 64) & 1))
			part(&t, base, i);
	for (uint32_t i = 0; delta && i < delta->count; i++)
		part(&t, delta, i);
	return sorted(&t);
}

/* u1 has two versions of one time and weight: which of them stood in a sealed base no one
 * knows any more, so the later one stands. */
static bool same_lines(const char *got, const char *want, bool sealed)
{
	const char *a = strstr(got, "\nu1 "), *b = strstr(want, "\nu1 ");

	return sealed && a && b ? a - got == b - want && strncmp(got, want, (size_t)(a - got)) == 0
				: strcmp(got, want) == 0;
}

static void overlays(void)
{
	const uint64_t none[16] = {0};
	struct indicator_set whole;
	int wrong = 0, moved = 0, failed = 0;

	indicator_set_init(&whole);
	for (int i = 0; i < FILES; i++)
		load(&whole, i);
	indicator_set_finish(&whole);
	char *want = lines_of(&whole, none, NULL);
	for (int round = 0; round < 1000; round++) {
		struct indicator_set parts[3], delta;
		uint64_t withdrawn[16] = {0};
		deal(parts, 3);
		load(&parts[0], 6); /* a marking that base did not have waits for the fold */
		indicator_set_finish(&parts[0]);
		if (round & 1)
			failed |= indicator_set_seal(&parts[0]);
		indicator_set_init(&delta);
		failed |= indicator_set_overlay(&delta, &parts[1], &parts[0], withdrawn);
		failed |= indicator_set_overlay(&delta, &parts[2], &parts[0], withdrawn);
		failed |= indicator_set_finish(&delta);
		char *got = lines_of(&parts[0], withdrawn, &delta);
		moved += withdrawn[0] != 0;
		if (!same_lines(got, want, round & 1) && wrong++ == 0)
			printf("# got:\n%s# want:\n%s", got, want);
		free(got);
		indicator_set_fini(&delta);
		for (int i = 0; i < 3; i++)
			indicator_set_fini(&parts[i]);
	}
	tap_int(failed, 0, "overlays were made");
	tap_int(wrong, 0, "1,000 times: what base still says and delta adds is what one set says");
	tap_ok(moved > 200, "in %d of them something of base was replaced or withdrawn", moved);
	indicator_set_fini(&whole);
	free(want);
}

static struct span text(const char *s)
{
	return (struct span){s, (uint32_t)strlen(s)};
}

static void withdrawals(bool sealed)
{
	struct feed f = dump_feed("list", "list.txt");
	struct indicator_set base, live, delta;
	uint64_t withdrawn[1] = {0};

	indicator_set_init(&base);
	indicator_set_init(&live);
	indicator_set_init(&delta);
	feed_load_bytes(&base, &f, "192.0.2.1\nevil.example\n", 23, NULL);
	load(&base, 4 - 1); /* indicator--2 */
	indicator_set_finish(&base);
	if (sealed)
		indicator_set_seal(&base);
	uint32_t own = indicator_set_find(&base, &f, text("domain:evil.example"));
	uint32_t global = indicator_set_find(&base, NULL, text("indicator--2"));
	tap_ok(own < base.count && global < base.count &&
		       indicator_set_find(&base, NULL, text("domain:evil.example")) == INDICATOR_NONE,
	       "ids are found in their namespaces");
	indicator_set_withdraw(&live, &f, text("domain:evil.example"), 5);
	indicator_set_withdraw(&live, NULL, text("indicator--2"), 5);
	indicator_set_withdraw(&live, NULL, text("indicator--9"), 5);
	tap_int(indicator_set_overlay(&delta, &live, &base, withdrawn), 0, "overlay");
	tap_ok(withdrawn[0] == UINT64_C(1) << own, "a withdrawal older than the version does nothing");
	indicator_set_withdraw(&live, NULL, text("indicator--2"), INT64_MAX);
	indicator_set_overlay(&delta, &live, &base, withdrawn);
	tap_ok(withdrawn[0] == (UINT64_C(1) << own | UINT64_C(1) << global), "a later one does");
	indicator_set_finish(&delta);
	tap_int(delta.count, 0, "nothing is left to look for");

	uint32_t ip = indicator_set_find(&base, &f, text("ip:192.0.2.1"));
	tap_int(indicator_set_cut(&delta, &base, ip, 77, withdrawn), 0, "cut");
	indicator_set_finish(&delta);
	uint32_t at = indicator_set_find(&delta, &f, text("ip:192.0.2.1"));
	tap_ok(at == 0 && delta.indicators[0].valid_until == 77 && withdrawn[0] >> ip & 1,
	       "an indicator that ends sooner stands in delta, not in base");
	indicator_set_fini(&base);
	indicator_set_fini(&live);
	indicator_set_fini(&delta);
}

int main(void)
{
	joins();
	thaws();
	overlays();
	withdrawals(false);
	withdrawals(true);
	return tap_done();
}
