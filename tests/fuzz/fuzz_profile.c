/* profile_parse: any text is a sound profile or told refusals; and what is sound can be judged by. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "correlate/assess.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const int64_t day_us = INT64_C(86400000000);

/* Reports of two states, of one entity each and of the same; claims too. */
static struct evidence_table *evidence(void)
{
	static struct evidence_table *t;
	const struct evidence_config small = {1024, 1024, 1, 16};

	if (t)
		return t;
	if (evidence_init(&t, &small))
		abort();
	for (uint32_t i = 0; i < 48; i++) {
		struct observation o = {.threat = 1,
					.by = 1,
					.state = (uint8_t)(i % 3 == 2 ? STATE_EU : i % 3),
					.sector = (uint8_t)(i % 4),
					.hit_class = CLASS_EFFECT,
					.severity = SEVERITY_HIGH,
					.time_us = 20500 * day_us + i * INT64_C(600000000),
					.entity = 1 + i % 5,
					.origin = 1 + i % 2,
					.offset = i,
					.pair = (uint8_t)(i % 16),
					.users = 1u << (i % 31),
					.duration_s = 1u << (i * 7 % 31)};
		evidence_update(t, &o);
	}
	return t;
}

static void episode(void *arg, const struct episode *ep)
{
	const struct profile *p = arg;

	assert(ep->status <= EPISODE_RAISED && assess_basis(ep, p) <= BASIS_UNION_ENTITIES);
	for (uint32_t i = 0; i < ep->states; i++)
		assert(p->criteria_count == 32 || ep->state[i].criteria >> p->criteria_count == 0);
}

static void judge(const struct profile *p)
{
	struct assessor *a;

	if (assessor_init(&a, p))
		abort();
	assert(assess_threat(a, evidence(), 1, episode, (void *)p) == 0);
	assessor_fini(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct problems ps;

	problems_init(&ps);
	struct profile *p = profile_parse((const char *)data, size, "fuzz.yaml", &ps);
	assert((p != NULL) == (ps.refused == 0));
	if (p) {
		assert(p->criteria_count >= 1 && p->criteria_count <= PROFILE_CRITERIA_MAX);
		assert(p->id[0] && p->min_states >= 2 && p->window_us >= INT64_C(3600000000));
		judge(p);
	}
	for (uint32_t i = 0; p && i < p->criteria_count; i++) {
		const struct criterion *c = &p->criteria[i];
		assert(c->id[0] && c->legal_basis[0] && c->annex <= 2);
		assert(!profile_demand_empty(&c->demand) || c->node);
	}
	profile_free(p);
	problems_fini(&ps);
	return 0;
}
