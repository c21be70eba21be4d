/* A record's group, and what its literals show. */
#include "match/sigma/sigma_plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "match/sigma/sigma_plan_priv.h"
#include "match/sigma/sigma_read.h"

void sigma_plan_free(struct sigma_plan *plan)
{
	if (!plan)
		return;
	for (uint32_t i = 0; i < plan->group_count; i++)
		sigma_group_fini(&plan->groups[i]);
	for (uint32_t r = 0; plan->witnesses && r < plan->m->set->count; r++)
		sigma_witness_fini(plan->witnesses + (size_t)r * SIGMA_WITNESSES);
	free(plan->witnesses);
	free(plan->events);
	free(plan->groups);
	free(plan->group_hash);
	free(plan->of_stated);
	free(plan->slots);
	free(plan);
}

size_t sigma_plan_bytes(const struct sigma_plan *plan)
{
	const size_t rules = plan->m->set->count;
	size_t n = sizeof(*plan) + ((size_t)plan->slot_mask + 1) * sizeof(*plan->slots) +
		   SIGMA_PLAN_GROUPS * (sizeof(*plan->groups) + sizeof(*plan->group_hash)) +
		   rules * (SIGMA_WITNESSES * sizeof(*plan->witnesses) + sizeof(*plan->events));

	for (size_t i = 0; i < rules * SIGMA_WITNESSES; i++)
		n += plan->witnesses[i].capacity * sizeof(*plan->witnesses[i].literals);
	for (uint32_t i = 0; i < plan->group_count; i++)
		n += sigma_group_bytes(&plan->groups[i]);
	return n;
}

int sigma_plan_scratch_init(struct sigma_plan_scratch *sc, const struct sigma_plan *plan)
{
	size_t words = plan->m->words;

	memset(sc, 0, sizeof(*sc));
	sc->bits = calloc(words * SIGMA_WITNESSES, sizeof(*sc->bits));
	sc->candidates = calloc(words, sizeof(*sc->candidates));
	bool ok = sc->bits && sc->candidates;
	for (uint32_t i = 0; i < plan->group_count && ok; i++)
		if (plan->groups[i].db)
			ok = hs_alloc_scratch(plan->groups[i].db, &sc->hs) == HS_SUCCESS;
	if (ok)
		return 0;
	sigma_plan_scratch_fini(sc);
	return -ENOMEM;
}

void sigma_plan_scratch_fini(struct sigma_plan_scratch *sc)
{
	hs_free_scratch(sc->hs);
	free(sc->bits);
	free(sc->candidates);
	memset(sc, 0, sizeof(*sc));
}

uint64_t sigma_plan_hash(uint32_t map, const char *channel, size_t len, uint32_t event)
{
	uint64_t h = XXH3_64bits_withSeed(channel, len, (uint64_t)map << 32 | event);

	return h + (h == 0);
}

const struct sigma_plan_slot *sigma_plan_find(const struct sigma_plan *plan, uint64_t hash)
{
	uint32_t i = (uint32_t)hash & plan->slot_mask;

	while (plan->slots[i].hash && plan->slots[i].hash != hash)
		i = (i + 1) & plan->slot_mask;
	return &plan->slots[i];
}

static bool names_event(const struct sigma_test *t, uint32_t event)
{
	for (uint32_t i = 0; i < t->count; i++) {
		const struct span *v = &t->values[i];
		uint32_t id = 0;
		/* what is no plain number could be any */
		if (v->len == 0 || v->len > 9)
			return true;
		for (uint32_t k = 0; k < v->len; k++) {
			if (v->p[k] < '0' || v->p[k] > '9')
				return true;
			id = id * 10 + (uint32_t)(v->p[k] - '0');
		}
		if (id == event)
			return true;
	}
	return t->count == 0 || event == SIGMA_EVENT_ANY;
}

static bool names_channel(const struct sigma_test *t, const struct span *channel)
{
	for (uint32_t i = 0; channel && i < t->count; i++)
		if (sigma_span_equal(t->values[i], *channel))
			return true;
	return t->count == 0;
}

const struct sigma_test *sigma_plan_other(const struct sigma_plan *plan, uint32_t route)
{
	const struct sigma_tests *when = &plan->m->maps->route[route].when;
	const struct sigma_test *other = NULL;

	for (uint32_t i = 0; i < when->count; i++) {
		const struct sigma_test *t = &when->list[i];
		if (sigma_span_is(t->name, "Channel"))
			return NULL;
		if (!sigma_span_is(t->name, "EventID"))
			other = t;
	}
	return other;
}

bool sigma_plan_admits(const struct sigma_plan *plan, uint32_t route, const struct span *channel,
		       uint32_t event)
{
	const struct sigma_tests *when = &plan->m->maps->route[route].when;

	for (uint32_t i = 0; i < when->count; i++) {
		const struct sigma_test *t = &when->list[i];
		if (sigma_span_is(t->name, "Channel") && !names_channel(t, channel))
			return false;
		if (sigma_span_is(t->name, "EventID") && !names_event(t, event))
			return false;
	}
	return !sigma_plan_other(plan, route);
}

static uint32_t group_of_place(const struct sigma_plan *plan, uint32_t map,
			       const struct sigma_seen *seen)
{
	char name[SIGMA_CHANNEL_MAX];
	size_t len = seen->channel.len;
	const struct sigma_plan_slot *slot;

	for (size_t i = 0; i < len; i++) {
		char c = seen->channel.p[i];
		name[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
	}
	slot = sigma_plan_find(plan, sigma_plan_hash(map, name, len, seen->event));
	if (!slot->hash)
		slot = sigma_plan_find(plan, sigma_plan_hash(map, name, len, SIGMA_EVENT_OTHER));
	if (!slot->hash)
		slot = sigma_plan_find(plan, sigma_plan_hash(map, "", 0, seen->event));
	if (!slot->hash)
		slot = sigma_plan_find(plan, sigma_plan_hash(map, "", 0, SIGMA_EVENT_OTHER));
	return slot->group;
}

/* The group of the one map that the record may be of; SIGMA_NO_ROUTE: of none. */
static uint32_t group_of(const struct sigma_plan *plan, const struct sigma_seen *seen)
{
	const struct sigma_maps *maps = plan->m->maps;
	uint32_t map = SIGMA_NO_ROUTE;

	if (seen->blank)
		return plan->all;
	for (uint32_t h = 0; maps && h < maps->shape_count; h++) {
		if (plan->shape_keys[h] & ~seen->keys)
			continue;
		if (map != SIGMA_NO_ROUTE && map != maps->shape[h].map)
			return plan->all;
		map = maps->shape[h].map;
	}
	if (map == SIGMA_NO_ROUTE)
		return SIGMA_NO_ROUTE;
	if (!plan->by_channel[map] || seen->unplain || seen->other || !seen->has_channel ||
	    !seen->has_event)
		return plan->of_map[map];
	return group_of_place(plan, map, seen);
}

/* The group's bits as rules of the set. */
static void add_candidates(const struct sigma_group *g, const uint64_t *bits, uint64_t *out)
{
	for (uint32_t w = 0; w < g->words; w++)
		for (uint64_t b = bits[w]; b; b &= b - 1) {
			uint32_t rule = g->rules[w * 64 + (unsigned)__builtin_ctzll(b)];
			out[rule / 64] |= UINT64_C(1) << (rule % 64);
		}
}

/* The group's candidates join those of the record; odd: its literals may be written otherwise. */
static bool try_group(const struct sigma_plan *plan, struct sigma_plan_scratch *sc, uint32_t group,
		      const struct sigma_record *rec, bool odd)
{
	const struct sigma_group *g = &plan->groups[group];
	bool any = false;

	if (g->count > 0)
		any = odd ? sigma_group_all(g, sc->bits)
			  : sigma_group_scan(g, sc->hs, rec->p, rec->len, sc->bits);
	if (any && !sc->any)
		memset(sc->candidates, 0, plan->m->words * sizeof(*sc->candidates));
	if (any)
		add_candidates(g, sc->bits, sc->candidates);
	sc->any |= any;
	return any;
}

static bool is_json(const struct sigma_record *rec)
{
	const char *p = rec->p, *end = p + rec->len;

	if (rec->format == FORMAT_LINES || rec->format == FORMAT_ZEEK_TSV)
		return false;
	while (p < end && memchr(" \t\xef\xbb\xbf", *p, 5))
		p++;
	return p < end && *p == '{';
}

bool sigma_plan_scan(const struct sigma_plan *plan, struct sigma_plan_scratch *sc, uint32_t stated,
		     const struct sigma_record *rec)
{
	uint32_t group = plan->all;

	sc->any = false;
	if (!is_json(rec)) {
		/* what a line or a row says, its bytes may spell otherwise (sigma_line.h) */
		try_group(plan, sc, plan->all, rec, true);
		return sc->any;
	}
	size_t from = rec->sets ? (size_t)(rec->p - rec->text) : 0;
	bool odd = !rec->sets || scan_odd(rec->sets, from, from + rec->len);
	/* in a record that is written oddly keys may be missed */
	if (!odd) {
		struct sigma_seen seen =
			sigma_keys_find(&plan->keys, rec->sets, rec->text, from, from + rec->len);
		group = group_of(plan, &seen);
	}
	if (group != SIGMA_NO_ROUTE)
		try_group(plan, sc, group, rec, odd);
	if (stated != SIGMA_NO_ROUTE && group != plan->all)
		try_group(plan, sc, plan->of_stated[stated], rec, odd);
	return sc->any;
}

void sigma_plan_keep(const struct sigma_plan *plan, const struct sigma_plan_scratch *sc,
		     struct sigma_scratch *record)
{
	for (uint32_t i = 0; i < plan->m->words; i++)
		record->rules[i] &= sc->candidates[i];
}
