/* Threats that go on from one ruleset to the next, or to what lies over it. */
#include <string.h>

#include "base/hash.h"
#include "engine/ruleset_names.h"
#include "match/indicator_join.h"

static bool alone(const struct ruleset *r, uint32_t threat)
{
	return threat_at(&r->set, threat).kind == THREAT_INDICATOR;
}

/* Of several numbers the smallest: any order of indicators will do. */
static void go_on(struct ruleset *r, uint32_t threat, uint32_t number)
{
	/* relaxed: nobody else has the ruleset yet */
	uint32_t has = atomic_load_explicit(&r->threat[threat], memory_order_relaxed);

	if (number && (has == 0 || number < has))
		atomic_store_explicit(&r->threat[threat], number, memory_order_relaxed);
}

void ruleset_keep(struct ruleset *r, const struct ruleset *before)
{
	for (uint32_t i = 0; i < before->set.count; i++) {
		/* relaxed: a hit that comes while the next ruleset is made is found by its name */
		if (!atomic_load_explicit(&before->by[i], memory_order_relaxed))
			continue;
		const struct indicator in = indicator_at(&before->set, i);
		if (in.rule || !alone(before, in.threat))
			continue;
		const struct feed *feed = in.local ? &before->set.feeds[in.feed] : NULL;
		uint32_t now = indicator_set_find(&r->set, feed,
						  indicator_text(&before->set, in.id, in.id_len));
		if (now == INDICATOR_NONE)
			continue;
		uint32_t threat = indicator_at(&r->set, now).threat;
		if (alone(r, threat))
			go_on(r, threat, ruleset_threat(before, in.threat));
	}
}

struct heir {
	const struct ruleset *base;
	uint32_t number;
};

static bool from_atom(void *arg, uint32_t indicator)
{
	struct heir *h = arg;
	uint32_t threat = indicator_at(&h->base->set, indicator).threat;

	if (alone(h->base, threat))
		h->number = ruleset_threat(h->base, threat);
	return h->number == 0;
}

static bool is_linked(const struct ruleset *base, struct span id)
{
	uint64_t hash = indicator_link_hash(id);
	uint32_t from = 0, to = base->linked_count;

	while (from < to) {
		uint32_t mid = from + (to - from) / 2;
		if (base->linked[mid] < hash)
			from = mid + 1;
		else
			to = mid;
	}
	return from < base->linked_count && base->linked[from] == hash;
}

static uint32_t inherited(const struct ruleset *r, const struct ruleset *base,
			  const struct indicator *in)
{
	struct span id = indicator_text(&r->set, in->id, in->id_len);
	struct heir h = {base, 0};
	uint32_t was = is_linked(base, id) ? indicator_set_find(&base->set, NULL, id) : INDICATOR_NONE;

	if (was != INDICATOR_NONE) {
		uint32_t threat = indicator_at(&base->set, was).threat;
		if (!alone(base, threat))
			return ruleset_threat(base, threat);
	}
	if (in->conditions == 1) {
		const struct condition c = condition_at(&r->set, in->first_condition);
		matcher_alone(base->matcher, &r->set, &c, from_atom, &h);
	}
	return h.number;
}

void ruleset_inherit(struct ruleset *r, const struct ruleset *base)
{
	for (uint32_t i = 0; i < r->set.count; i++) {
		const struct indicator in = indicator_at(&r->set, i);
		if (alone(r, in.threat))
			go_on(r, in.threat, inherited(r, base, &in));
	}
}
