#include "match/matcher_stix.h"

#include <errno.h>
#include <stdlib.h>

int matcher_stix_init(struct matcher_stix *ms, const struct indicator_set *set, struct problems *ps)
{
	char why[STIX_PATTERN_WHY_MAX];
	uint32_t count = 0;

	*ms = (struct matcher_stix){0};
	for (uint32_t i = 0; i < set->count; i++)
		count += indicator_at(set, i).pattern_len > 0;
	if (count == 0)
		return 0;
	ms->rules = calloc(count, sizeof(*ms->rules));
	if (!ms->rules)
		return -ENOMEM;
	for (uint32_t i = 0; i < set->count; i++) {
		const struct indicator in = indicator_at(set, i);
		if (in.pattern_len == 0)
			continue;
		struct span p = indicator_text(set, in.pattern, in.pattern_len);
		struct stix_program *pr =
			stix_program_create(p.p, p.len, STIX_ANY, STIX_RECORDS, why);
		if (!pr)
			problem_refuse(ps, "indicator", set->feeds[in.feed].path, in.line, "%s",
				       why);
		ms->rules[ms->count++] = (struct matcher_stix_rule){i, pr};
		ms->opens += pr && in.open;
	}
	if (ms->opens)
		problem_remark(ps, "indicator", "", 0,
			       "%u STIX patterns name no value to look for: every record is parsed",
			       ms->opens);
	return 0;
}

void matcher_stix_fini(struct matcher_stix *ms)
{
	for (uint32_t i = 0; i < ms->count; i++)
		stix_program_free(ms->rules[i].program);
	free(ms->rules);
	*ms = (struct matcher_stix){0};
}

int matcher_stix_scratch_init(struct matcher_stix_scratch *sc)
{
	int err = stix_scratch_init(&sc->stix);
	return err ? err : stix_world_init(&sc->world, STIX_ITEMS_MAX, STIX_OBJECTS_MAX);
}

void matcher_stix_scratch_fini(struct matcher_stix_scratch *sc)
{
	stix_scratch_free(sc->stix);
	stix_world_fini(&sc->world);
}

const struct matcher_stix_rule *matcher_stix_of(const struct matcher_stix *ms, uint32_t indicator)
{
	uint32_t low = 0, high = ms->count;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		if (ms->rules[mid].indicator < indicator)
			low = mid + 1;
		else
			high = mid;
	}
	return low < ms->count && ms->rules[low].indicator == indicator ? &ms->rules[low] : NULL;
}

bool matcher_stix_holds(const struct matcher_stix_rule *rule, struct matcher_stix_scratch *sc,
			const struct event *ev, uint64_t *observations)
{
	uint64_t holds = 0;

	*observations = 0;
	if (!rule->program)
		return false;
	if (!sc->ready) {
		stix_world_event(&sc->world, ev);
		sc->undecided += sc->world.lost > 0;
		sc->ready = true;
	}
	uint64_t before = stix_scratch_gave_up(sc->stix);
	bool good = stix_program_observe(rule->program, sc->stix, &sc->world, &holds);
	sc->undecided += stix_scratch_gave_up(sc->stix) - before;
	if (!good)
		return false;
	if (!stix_program_multi(rule->program))
		return stix_program_alone(rule->program, holds,
					  ev->has_time ? ev->time_us : INT64_MIN);
	*observations = holds;
	return holds != 0;
}
