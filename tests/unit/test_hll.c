/* The sketch: its error measured from 10 to 1,000,000, its joins, its bounds. */
#include "tap.h"

#include <math.h>

#include "base/hash.h"
#include "correlate/hll.h"

#define TRIALS 100

/* Root mean square and mean of the relative error over seeded sets of n. */
static void measure(uint32_t n, double *rms, double *bias)
{
	double squares = 0, sum = 0;

	for (uint64_t trial = 0; trial < TRIALS; trial++) {
		uint8_t regs[HLL_REGISTERS] = {0};
		for (uint64_t i = 0; i < n; i++)
			hll_add(regs, hash_pair(trial + 1, i));
		double error = ((double)hll_estimate(regs) - n) / n;
		squares += error * error;
		sum += error;
	}
	*rms = sqrt(squares / TRIALS);
	*bias = sum / TRIALS;
}

static void test_error(void)
{
	static const uint32_t sizes[] = {10,   30,   100,   300,   1000,   2000,
					 3000, 5000, 10000, 30000, 100000, 1000000};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		double rms, bias;
		measure(sizes[i], &rms, &bias);
		/* 3.25 % is the theory; the rest is what 100 trials may stray, and
		 * half an element lost in rounding */
		tap_ok(rms < 0.040 && fabs(bias) < 0.012 + 0.5 / sizes[i],
		       "%u: error %.2f %% rms, %+.2f %% bias", sizes[i], 100 * rms, 100 * bias);
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
