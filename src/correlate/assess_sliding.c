#include "correlate/assess_sliding.h"

#include <assert.h>
#include <string.h>

void assess_sliding_reset(struct assess_sliding *s)
{
	if (s->used)
		memset(s, 0, sizeof(*s));
	s->ranks[0] = HLL_REGISTERS;
}

static void sliding_add(struct assess_sliding *s, uint32_t r, uint8_t rank)
{
	s->used = true;
	if (rank == 0 || s->given[r][rank]++ || rank <= s->highest[r])
		return;
	s->ranks[s->highest[r]]--;
	s->ranks[rank]++;
	s->highest[r] = rank;
}

static void sliding_remove(struct assess_sliding *s, uint32_t r, uint8_t rank)
{
	if (rank == 0)
		return;
	assert(s->given[r][rank]);
	if (--s->given[r][rank] || rank < s->highest[r])
		return;
	s->ranks[rank]--;
	while (rank && !s->given[r][rank])
		rank--;
	s->highest[r] = rank;
	s->ranks[rank]++;
}

void assess_sliding_element(struct assess_sliding *s, uint64_t element, bool add)
{
	uint8_t rank;
	uint32_t r = hll_register(element, &rank);

	(add ? sliding_add : sliding_remove)(s, r, rank);
}

void assess_sliding_sketch(struct assess_sliding *s, const uint8_t *regs, bool add)
{
	for (uint32_t r = 0; r < HLL_REGISTERS; r++)
		(add ? sliding_add : sliding_remove)(s, r, regs[r]);
	s->members += add ? 1 : UINT32_MAX;
}

uint64_t assess_sliding_count(const struct assess_sliding *s, uint64_t exact, uint32_t exact_max)
{
	if (!s->members)
		return exact;
	uint64_t estimate = hll_estimate_ranks(s->ranks);
	return estimate > exact_max ? estimate : (uint64_t)exact_max + 1;
}
