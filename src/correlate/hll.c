#include "correlate/hll.h"

#include <assert.h>
#include <math.h>

#include "base/hash.h"

uint32_t hll_register(uint64_t element, uint8_t *rank)
{
	uint64_t h = hash_word(element ^ 0x746f6373696e686cu);
	/* the sentinel bit ends the run: rank is HLL_RANK_MAX at most */
	uint64_t rest = h << HLL_BITS | UINT64_C(1) << (HLL_BITS - 1);

	*rank = (uint8_t)(__builtin_clzll(rest) + 1);
	return (uint32_t)(h >> (64 - HLL_BITS));
}

void hll_add(uint8_t *regs, uint64_t element)
{
	uint8_t rank;
	uint32_t r = hll_register(element, &rank);

	if (regs[r] < rank)
		regs[r] = rank;
}

void hll_merge(uint8_t *regs, const uint8_t *other)
{
	for (uint32_t i = 0; i < HLL_REGISTERS; i++)
		if (regs[i] < other[i])
			regs[i] = other[i];
}

/* Ertl's sigma: the part of the empty registers. */
static double sigma(double x)
{
	double y = 1, z = x, before;

	if (x == 1)
		return INFINITY;
	do {
		x *= x;
		before = z;
		z += x * y;
		y += y;
	} while (z != before);
	return z;
}

/* Ertl's tau: the part of the saturated registers. */
static double tau(double x)
{
	double y = 1, z = 1 - x, before;

	if (x == 0 || x == 1)
		return 0;
	do {
		x = sqrt(x);
		before = z;
		y *= 0.5;
		z -= (1 - x) * (1 - x) * y;
	} while (z != before);
	return z / 3;
}

uint64_t hll_estimate_ranks(const uint32_t count[HLL_RANK_MAX + 1])
{
	const double m = HLL_REGISTERS;

	if (count[0] == HLL_REGISTERS)
		return 0;
	double z = m * tau(1 - count[HLL_RANK_MAX] / m);
	for (int k = HLL_RANK_MAX - 1; k >= 1; k--)
		z = 0.5 * (z + count[k]);
	z += m * sigma(count[0] / m);
	double n = m * m / (2 * M_LN2 * z);
	return n < 0x1p63 ? (uint64_t)llround(n) : UINT64_C(1) << 63;
}

uint64_t hll_estimate(const uint8_t *regs)
{
	uint32_t count[HLL_RANK_MAX + 1] = {0};

	for (uint32_t i = 0; i < HLL_REGISTERS; i++) {
		assert(regs[i] <= HLL_RANK_MAX);
		count[regs[i]]++;
	}
	return hll_estimate_ranks(count);
}
