/* A source's lead against plain arithmetic, over seeds: slow ways, clocks off, spans that end. */
#include "tap.h"

#include "base/hash.h"
#include "engine/skew.h"

#define NOW INT64_C(1795000000000000)
#define SEC INT64_C(1000000)

static uint64_t draw(uint64_t *seed)
{
	return hash_word(*seed += 0x9e3779b97f4a7c15u);
}

static bool seed_right(uint64_t seed)
{
	static int64_t at[500], lead[500];
	struct skew s = {.span = {0}};
	uint64_t r = seed;
	int64_t error = (int64_t)(draw(&r) % 7200) * SEC - 3600 * SEC, now = NOW;

	for (int i = 0; i < 500; i++) {
		now += (int64_t)(draw(&r) % 20) * SEC;
		at[i] = now;
		lead[i] = error - (int64_t)(draw(&r) % (60 * SEC));
		skew_see(&s, now + lead[i], now);
		int64_t want = INT64_MIN, got;
		for (int k = 0; k <= i; k++)
			if (now / SKEW_SPAN_US - at[k] / SKEW_SPAN_US <= 1 && lead[k] > want)
				want = lead[k];
		if (!skew_lead(&s, now, &got) || got != want)
			return false;
	}
	return true;
}

int main(void)
{
	struct skew s = {.span = {0}};
	int64_t lead;
	int bad = 0;

	tap_ok(!skew_lead(&s, NOW, &lead), "nothing seen, nothing said");
	for (uint64_t seed = 1; seed <= 100; seed++)
		bad += !seed_right(seed);
	tap_int(bad, 0, "the largest lead of this span and the last");
	skew_see(&s, INT64_MAX / 2, NOW);
	tap_ok(skew_lead(&s, NOW, &lead) && lead == SKEW_MAX_US, "years ahead stop at the bound");
	s = (struct skew){.span = {0}};
	skew_see(&s, 0, NOW);
	tap_ok(skew_lead(&s, NOW, &lead) && lead == -SKEW_MAX_US, "and years behind");
	tap_ok(!skew_lead(&s, NOW + 2 * SKEW_SPAN_US, &lead), "what is long ago is not told");
	return tap_done();
}
