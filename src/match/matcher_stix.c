#include "match/matcher_stix.h"

#include <errno.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/timestamp.h"
#include "match/stix_sequence.h"

static int by_key(const void *a, const void *b, void *arg)
{
	const struct matcher_stix *ms = arg;
	uint64_t x = ms->rules[*(const uint32_t *)a].key, y = ms->rules[*(const uint32_t *)b].key;

	return (x > y) - (x < y);
}

const struct matcher_stix_rule *matcher_stix_by_key(const struct matcher_stix *ms, uint64_t key)
{
	uint32_t low = 0, high = ms->count;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		if (ms->rules[ms->by_key[mid]].key < key)
			low = mid + 1;
		else
			high = mid;
	}
	const struct matcher_stix_rule *r = low < ms->count ? &ms->rules[ms->by_key[low]] : NULL;
	return r && r->key == key && r->program ? r : NULL;
}

/* Stretches of time as long as the longest match: PARTIAL_KEPT at either end are then as
 * good as all for any window of it. */
static int64_t stretch_of(const struct stix_program *pr)
{
	int64_t reach = pr ? stix_sequence_reach(stix_program_tree(pr)) : INT64_MAX;

	return reach == INT64_MAX ? 0 : reach < TIMESTAMP_SECOND ? TIMESTAMP_SECOND : reach;
}

int matcher_stix_init(struct matcher_stix *ms, const struct indicator_set *set, struct problems *ps)
{
	char why[STIX_PATTERN_WHY_MAX];
	uint32_t count = 0;

	*ms = (struct matcher_stix){0};
	for (uint32_t i = set->atoms.count; i < set->count; i++)
		count += indicator_at(set, i).pattern_len > 0;
	if (count == 0)
		return 0;
	ms->rules = calloc(count, sizeof(*ms->rules));
	ms->by_key = calloc(count, sizeof(*ms->by_key));
	if (!ms->rules || !ms->by_key)
		return -ENOMEM;
	for (uint32_t i = set->atoms.count; i < set->count; i++) {
		const struct indicator in = indicator_at(set, i);
		if (in.pattern_len == 0)
			continue;
		struct span p = indicator_text(set, in.pattern, in.pattern_len);
		struct stix_program *pr =
			stix_program_create(p.p, p.len, STIX_ANY, STIX_RECORDS, why);
		if (!pr)
			problem_refuse(ps, "indicator", set->feeds[in.feed].path, in.line, "%s",
				       why);
		struct span id = indicator_text(set, in.id, in.id_len);
		ms->by_key[ms->count] = ms->count;
		ms->rules[ms->count++] = (struct matcher_stix_rule){
			i, pr, hash_bytes(p.p, p.len, hash_bytes(id.p, id.len, 0)), stretch_of(pr)};
		ms->opens += pr && in.open;
	}
	qsort_r(ms->by_key, ms->count, sizeof(*ms->by_key), by_key, ms);
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
	free(ms->by_key);
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
