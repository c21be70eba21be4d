/* The sketch: its error measured from 10 to 1,000,000, its joins, its bounds. */
#include "tap.h"

#include <math.h>

#include "base/hash.h"
#include "correlate/hll.h"

struct error {
	double rms, bias, within; /* share of the trials nearer than two standard errors */
};

/* The relative error over seeded sets of n. */
static struct error measure(uint32_t n, int trials)
{
	double squares = 0, sum = 0;
	int near = 0;

	for (int trial = 0; trial < trials; trial++) {
		uint8_t regs[HLL_REGISTERS] = {0};
		for (uint64_t i = 0; i < n; i++)
			hll_add(regs, hash_pair((uint64_t)trial + 1, i));
		double error = ((double)hll_estimate(regs) - n) / n;
		squares += error * error;
		sum += error;
		near += fabs(error) <= 2 * 1.04 / sqrt(HLL_REGISTERS) + 0.5 / n;
	}
	return (struct error){sqrt(squares / trials), sum / trials, (double)near / trials};
}

/* What hll.h says, with what so many trials may stray: 3.25 % is the theory, and three
 * standard deviations of a figure taken over t trials are its 1 / sqrt(t) wide. */
static void test_error(void)
{
	static const uint32_t sizes[] = {17,   30,   100,   300,   1000,   2000,
					 3000, 5000, 10000, 30000, 100000, 1000000};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		int trials = sizes[i] <= 10000 ? 1000 : sizes[i] <= 100000 ? 200 : 60;
		trials = TAP_SANITIZED ? trials / 5 : trials;
		struct error e = measure(sizes[i], trials);
		double stray = 3 / sqrt(trials);
		/* half an element is lost in rounding */
		tap_ok(e.rms < 0.0335 * (1 + stray) &&
			       fabs(e.bias) < 0.0325 * stray + 0.5 / sizes[i] &&
			       e.within > 0.95 - stray * 0.22,
		       "%u, %d sets: error %.2f %% rms, %+.2f %% bias, %.1f %% within 6.5 %%",
		       sizes[i], trials, 100 * e.rms, 100 * e.bias, 100 * e.within);
	}
}

static void test_joins(void)
{
	uint8_t a[HLL_REGISTERS] = {0}, b[HLL_REGISTERS] = {0}, both[HLL_REGISTERS] = {0},
		merged[HLL_REGISTERS];

	tap_int((long long)hll_estimate(a), 0, "nothing is 0");
	for (uint64_t i = 0; i < 5000; i++) {
		hll_add(i % 3 ? a : b, hash_word(i));
		if (i % 5 == 0)
			hll_add(b, hash_word(i));
		hll_add(both, hash_word(i));
	}
	memcpy(merged, a, sizeof(a));
	hll_merge(merged, b);
	hll_merge(merged, b);
	tap_ok(memcmp(merged, both, sizeof(both)) == 0,
	       "the union of sketches is the sketch of the union");
	hll_add(a, 7);
	memcpy(b, a, sizeof(a));
	hll_add(b, 7);
	tap_ok(memcmp(a, b, sizeof(a)) == 0, "the same element twice changes nothing");
}

/* An element more never makes the estimate less. */
static void test_monotone(void)
{
	uint8_t regs[HLL_REGISTERS] = {0};
	uint64_t before = 0, fell = 0;

	for (uint64_t i = 0; i < 60000; i++) {
		hll_add(regs, hash_word(i ^ 0xabcdef));
		uint64_t now = hll_estimate(regs);
		fell += now < before;
		before = now;
	}
	tap_int((long long)fell, 0, "the estimate never falls");
	memset(regs, HLL_RANK_MAX, sizeof(regs));
	tap_ok(hll_estimate(regs) > UINT64_C(1) << 60, "saturated registers are very many");
}

/* Every rank can be brought, and none beyond. */
static void test_ranks(void)
{
	uint64_t highest = 0, zero = 0;
	uint8_t rank;

	for (uint64_t i = 0; i < 2000000; i++) {
		uint32_t r = hll_register(i, &rank);
		zero += rank == 0 || r >= HLL_REGISTERS || rank > HLL_RANK_MAX;
		highest = rank > highest ? rank : highest;
	}
	tap_ok(zero == 0 && highest >= 18 && highest <= 30, "ranks within bounds, highest %d",
	       (int)highest);
}

int main(void)
{
	test_error();
	test_joins();
	test_monotone();
	test_ranks();
	return tap_done();
}
