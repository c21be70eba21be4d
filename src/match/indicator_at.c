#include "match/indicator.h"

#include <assert.h>

struct indicator indicator_at(const struct indicator_set *s, uint32_t indicator)
{
	assert(indicator < s->count);
	return s->indicators[indicator];
}

const struct condition *condition_whole(const struct indicator_set *s, uint32_t condition)
{
	assert(condition < s->condition_count);
	return &s->conditions[condition];
}

struct condition condition_at(const struct indicator_set *s, uint32_t condition)
{
	return *condition_whole(s, condition);
}

struct threat threat_at(const struct indicator_set *s, uint32_t threat)
{
	assert(threat < s->threat_count);
	return s->threats[threat];
}
