#include "engine/traffic.h"

#include <string.h>

void traffic_init(struct traffic *t, const struct config *c)
{
	memset(t, 0, sizeof(*t));
	t->share = c->over_correlation_share;
	t->least = c->over_correlation_records;
}

void traffic_set(struct traffic *t, const struct source_registry *r, const uint64_t *records)
{
	memset(t->state, 0, sizeof(t->state));
	for (uint32_t i = 0; i < r->count; i++) {
		/* an aggregator's may be of any of its states: in all of them they count as clean */
		uint32_t states = r->sources[i].aggregates | 1u << r->sources[i].state;
		for (int s = 0; s < STATES && records[i]; s++) {
			if (!(states >> s & 1))
				continue;
			t->state[s].records += records[i];
			t->state[s].sources++;
			if (t->state[s].largest < records[i])
				t->state[s].largest = records[i];
		}
	}
}

static bool part(uint64_t records, uint64_t of, uint64_t per_cent)
{
	return (double)records * 100 >= (double)of * (double)per_cent;
}

bool traffic_ordinary(const struct traffic *t, uint8_t state, uint64_t records)
{
	uint64_t all = t->state[state].records, largest = t->state[state].largest;

	if (t->share == 0 || all < t->least || !part(records, all, t->share))
		return false;
	/* had the largest source claimed all it could, would the others bear it out? Of all
	 * sources it is the one whose absence takes most away */
	return t->state[state].sources < 2 ||
	       (records > largest && part(records - largest, all - largest, t->share));
}
