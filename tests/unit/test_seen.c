/* The table of what was seen, against a slow one; its error; its end of memory; many threads. */
#include "match/seen.h"

#include <pthread.h>

#include "tap.h"

static uint64_t draws = 3;

static uint64_t draw(void)
{
	draws = draws * 6364136223846793005ull + 1442695040888963407ull;
	return (draws >> 33) * 0x9e3779b97f4a7c15ull;
}

#define VALUES	2000
#define SOURCES 3

/* What each value showed last and first, written down. */
static struct {
	uint32_t first, last;
} truth[SOURCES][VALUES];

static void against_truth(void)
{
	const uint32_t window = 60, start = 29000000;
	uint64_t salt[SOURCES] = {seen_salt("a"), seen_salt("b"), seen_salt("c")};
	struct seen *s;
	struct seen_view *v = calloc(1, sizeof(*v));
	uint32_t wrong = 0, yes = 0;

	if (seen_init(&s, 1 << 20, window))
		abort();
	v->seen = s;
	memset(truth, 0, sizeof(truth));
	for (uint32_t minute = start; minute < start + 600; minute++) {
		v->minute = minute;
		for (int i = 0; i < 300; i++) {
			uint32_t source = (uint32_t)draw() % SOURCES, value = (uint32_t)(draw() >> 20) % VALUES;
			v->salt = salt[source];
			/* some are shown often, some seldom */
			if (value > 1000 && draw() % 16)
				value = value % 50;
			seen_note(v, value * 0x9e3779b97f4a7c15ull);
			if (minute - truth[source][value].last > window)
				truth[source][value].first = minute;
			truth[source][value].last = minute;
		}
		if (minute % 10 == 0)
			seen_sweep(s, 0, s->lines, minute);
		for (int i = 0; i < 300; i++) {
			uint32_t source = (uint32_t)draw() % SOURCES, value = (uint32_t)(draw() >> 20) % VALUES;
			uint32_t first = 0, last = 0;
			bool got = seen_find(s, value * 0x9e3779b97f4a7c15ull, salt[source], minute, &first, &last);
			bool want = truth[source][value].last && minute - truth[source][value].last <= window;
			yes += want;
			wrong += got != want || (want && (first != truth[source][value].first ||
							  last != truth[source][value].last));
		}
	}
	tap_int(wrong, 0, "180,000 questions answered as the slow table does");
	tap_ok(yes > 20000 && yes < 160000, "of them %u with yes", yes);
	tap_ok(atomic_load(&s->evicted) == 0 && seen_since(s, start + 600) == start + 540,
	       "nothing had to give way");
	seen_fini(s);
	free(v);
}

static void full(void)
{
	const uint32_t now = 29000000;
	struct seen *s;
	uint32_t found = 0, first, last, missed_after = 0;

	if (seen_init(&s, 64 * 1024, 1440)) /* 8,192 entries */
		abort();
	for (uint32_t i = 0; i < 40000; i++)
		seen_put(s, seen_key(i * 0x9e3779b97f4a7c15ull, 1), now + i / 100);
	uint32_t end = now + 400, since = seen_since(s, end);
	for (uint32_t i = 0; i < 40000; i++) {
		bool got = seen_find(s, i * 0x9e3779b97f4a7c15ull, 1, end, &first, &last);
		found += got;
		missed_after += !got && now + i / 100 > since;
	}
	tap_ok(found > 7000 && found <= 8192, "full, it holds what fits: %u", found);
	tap_ok(since > now && missed_after == 0, "and says since when nothing is missing: minute %u of 400", since - now);
	tap_ok(atomic_load(&s->evicted) > 30000, "and how much gave way");
	seen_fini(s);
}

static void error_rate(void)
{
	const uint32_t now = 29000000, asked = TAP_SANITIZED ? 2000000 : 20000000;
	struct seen *s;
	uint32_t wrong = 0, first, last;

	if (seen_init(&s, 1 << 20, 1440))
		abort();
	for (uint32_t i = 0; i < 400000; i++)
		seen_put(s, seen_key(i * 0x9e3779b97f4a7c15ull, 1), now);
	for (uint32_t i = 0; i < asked; i++)
		wrong += seen_find(s, ~(i * 0x9e3779b97f4a7c15ull), 2, now, &first, &last);
	tap_ok(wrong <= 3, "%u of %u foreign values were taken for known (%.1g expected at most)", wrong,
	       asked, asked * SEEN_ERROR);
	seen_fini(s);
}

static struct seen *shared;

static void *noter(void *arg)
{
	struct seen_view *v = calloc(1, sizeof(*v));

	v->seen = shared;
	v->salt = 7;
	for (uint32_t minute = 100; minute < 200; minute++) {
		v->minute = minute;
		for (uint32_t i = 0; i < 500; i++)
			seen_note(v, (i + *(uint32_t *)arg) * 0x9e3779b97f4a7c15ull);
	}
	free(v);
	return NULL;
}

static void threads(void)
{
	pthread_t t[4];
	uint32_t from[4] = {0, 100, 200, 300}, missing = 0, first, last;

	if (seen_init(&shared, 1 << 18, 60))
		abort();
	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, noter, &from[i]);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	for (uint32_t i = 0; i < 800; i++)
		missing += !seen_find(shared, i * 0x9e3779b97f4a7c15ull, 7, 199, &first, &last);
	/* races that are given up are counted, and nothing else is lost */
	tap_ok(missing <= atomic_load(&shared->lost), "four threads: all is found");
	seen_fini(shared);
}

int main(void)
{
	against_truth();
	full();
	error_rate();
	threads();
	return tap_done();
}
