/* Rules into groups: by field map, there by channel, and there by event id. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "match/sigma/sigma_plan_priv.h"
#include "match/sigma/sigma_read.h"

#define BIT_OTHER   61
#define BIT_CHANNEL 62
#define BIT_EVENT   63

struct build {
	struct sigma_plan *plan;
	uint64_t *set;  /* of rules */
	uint32_t *list; /* of rules, or of ids */
	uint32_t slots;
};

/* ---- keys ---- */

/* The path's last key may have been written as any of its ends: {"a.b":1} is {"a":{"b":1}}. */
static bool add_path(struct sigma_keys *k, struct span path, unsigned bit)
{
	for (uint32_t i = 0; i < path.len; i++)
		if ((i == 0 || path.p[i - 1] == '.') &&
		    !sigma_keys_add(k, (struct span){path.p + i, path.len - i}, bit))
			return false;
	return true;
}

static uint32_t slot_named(const struct sigma_matcher *m, const char *name)
{
	for (uint32_t i = 0; i < m->slots; i++)
		if (sigma_span_is(m->slot_name[i], name))
			return i;
	return SIGMA_NO_ROUTE;
}

/* Every path that a shape of such a map keeps the field under. */
static bool add_slot(struct sigma_plan *plan, uint32_t slot, unsigned bit)
{
	const struct sigma_matcher *m = plan->m;

	for (uint32_t h = 0; slot != SIGMA_NO_ROUTE && h + 1 < m->shapes; h++) {
		size_t at = (size_t)h * m->slots + slot;
		if (!plan->by_channel[m->maps->shape[h].map])
			continue;
		for (uint32_t i = m->first[at]; i < m->first[at + 1]; i++)
			if (!add_path(&plan->keys, m->place[m->order[i]].path, bit))
				return false;
	}
	return slot != SIGMA_NO_ROUTE;
}

/* A word that JSON writes as a string, in one way. */
static bool is_plain(struct span v)
{
	for (uint32_t i = 0; i < v.len; i++)
		if (v.p[i] < ' ' || v.p[i] == '"' || v.p[i] == '\\' || v.p[i] == '/')
			return false;
	return v.len > 0 && v.p[0] >= 'a' && v.p[0] <= 'z' && !sigma_span_is(v, "true") &&
	       !sigma_span_is(v, "false");
}

/* The field of a test that stands where no channel is named, and its values. */
static bool add_other(struct sigma_plan *plan, const struct sigma_bound_test *t)
{
	struct sigma_keys *k = &plan->keys;

	k->any_other |= t->count == 0;
	for (uint32_t i = 0; i < t->count; i++) {
		if (k->other_count == SIGMA_OTHERS_MAX || !is_plain(t->values[i]))
			k->any_other = true;
		else
			k->other[k->other_count++] = t->values[i];
	}
	return add_slot(plan, t->at, BIT_OTHER);
}

static bool add_others(struct sigma_plan *plan)
{
	const struct sigma_matcher *m = plan->m;

	for (uint32_t r = 0; m->maps && r < m->maps->route_count; r++) {
		const struct sigma_route *route = &m->maps->route[r];
		const struct sigma_test *t =
			plan->by_channel[route->map] ? sigma_plan_other(plan, r) : NULL;
		if (t && !add_other(plan, &m->when[r].list[t - route->when.list]))
			return false;
	}
	return true;
}

/* Maps whose log sources are told by the channel. */
static void find_channels(struct sigma_plan *plan)
{
	const struct sigma_maps *maps = plan->m->maps;

	for (uint32_t r = 0; maps && r < maps->route_count; r++)
		for (uint32_t i = 0; i < maps->route[r].when.count; i++)
			plan->by_channel[maps->route[r].map] |=
				sigma_span_is(maps->route[r].when.list[i].name, "Channel");
}

/* The number of a path's last key; new ones as long as there are some. */
static unsigned number_of(const struct span *last, unsigned *count, struct span path,
			  struct span *named)
{
	const char *dot = memrchr(path.p, '.', path.len);
	unsigned i = 0;

	named->p = dot ? dot + 1 : path.p;
	named->len = (uint32_t)(path.p + path.len - named->p);
	while (i < *count && !sigma_span_equal(last[i], *named))
		i++;
	return i;
}

/* What there is no room for is not asked for: more shapes are possible then. */
static void make_keys(struct sigma_plan *plan)
{
	const struct sigma_matcher *m = plan->m;
	struct span last[BIT_OTHER], name;
	unsigned count = 0;

	find_channels(plan);
	bool ok = add_slot(plan, slot_named(m, "Channel"), BIT_CHANNEL) &&
		  add_slot(plan, slot_named(m, "EventID"), BIT_EVENT) && add_others(plan);
	if (!ok)
		memset(plan->by_channel, 0, sizeof(plan->by_channel));
	plan->keys.others = UINT64_C(1) << BIT_OTHER;
	plan->keys.channels = UINT64_C(1) << BIT_CHANNEL;
	plan->keys.events = UINT64_C(1) << BIT_EVENT;
	for (uint32_t h = 0; h + 1 < m->shapes; h++)
		for (uint32_t i = 0; i < m->tells[h].count; i++) {
			struct span path = m->place[m->tells[h].list[i].at].path;
			unsigned bit = number_of(last, &count, path, &name);
			if (bit == BIT_OTHER || !add_path(&plan->keys, path, bit))
				continue;
			if (bit == count)
				last[count++] = name;
			plan->shape_keys[h] |= UINT64_C(1) << bit;
		}
}

/* ---- groups ---- */

static void clear(struct build *b)
{
	memset(b->set, 0, b->plan->m->words * sizeof(*b->set));
}

static void add_route(struct build *b, uint32_t route)
{
	const struct sigma_matcher *m = b->plan->m;

	for (uint32_t i = 0; i < m->words; i++)
		b->set[i] |= m->rules[(size_t)route * m->words + i];
}

static uint32_t take_list(struct build *b)
{
	uint32_t n = 0;

	for (uint32_t r = 0; r < b->plan->m->set->count; r++)
		if (b->set[r / 64] >> (r % 64) & 1)
			b->list[n++] = r;
	return n;
}

/* The group of the rules in the set: one that is there already, or a new one. */
static int group_of_set(struct build *b, uint32_t *group)
{
	struct sigma_plan *plan = b->plan;
	uint32_t n = take_list(b);
	uint64_t hash = XXH3_64bits(b->list, n * sizeof(*b->list));

	for (*group = 0; *group < plan->group_count; ++*group) {
		const struct sigma_group *g = &plan->groups[*group];
		if (plan->group_hash[*group] == hash && g->count == n &&
		    memcmp(g->rules, b->list, n * sizeof(*b->list)) == 0)
			return 0;
	}
	if (plan->group_count == SIGMA_PLAN_GROUPS) {
		*group = plan->all;
		return 0;
	}
	uint32_t *rules = malloc((n + 1) * sizeof(*rules));
	if (!rules)
		return -ENOMEM;
	memcpy(rules, b->list, n * sizeof(*rules));
	plan->group_hash[plan->group_count] = hash;
	return sigma_group_init(&plan->groups[plan->group_count++], rules, n, plan->witnesses);
}

static bool of_map(const struct sigma_plan *plan, uint32_t route, uint32_t map)
{
	return plan->m->maps->route[route].map == map;
}

static int group_of_place(struct build *b, uint32_t map, const struct span *channel, uint32_t event,
			  uint32_t *group)
{
	const struct sigma_plan *plan = b->plan;

	clear(b);
	for (uint32_t r = 0; r < plan->m->maps->route_count; r++)
		if (of_map(plan, r, map) && sigma_plan_admits(plan, r, channel, event))
			add_route(b, r);
	for (uint32_t r = 0; r < plan->m->set->count; r++)
		if (!sigma_events_admit(&plan->events[r], event))
			b->set[r / 64] &= ~(UINT64_C(1) << (r % 64));
	return group_of_set(b, group);
}

static int grow_slots(struct build *b)
{
	struct sigma_plan *plan = b->plan;
	uint32_t size = plan->slots ? (plan->slot_mask + 1) * 2 : 1024;
	struct sigma_plan_slot *old = plan->slots, *more = calloc(size, sizeof(*more));
	uint32_t count = old ? plan->slot_mask + 1 : 0;

	if (!more)
		return -ENOMEM;
	plan->slots = more;
	plan->slot_mask = size - 1;
	for (uint32_t i = 0; i < count; i++)
		if (old[i].hash)
			*(struct sigma_plan_slot *)sigma_plan_find(plan, old[i].hash) = old[i];
	free(old);
	return 0;
}

static int add_place(struct build *b, uint32_t map, const struct span *channel, uint32_t event)
{
	uint64_t hash =
		sigma_plan_hash(map, channel ? channel->p : "", channel ? channel->len : 0, event);
	uint32_t group;

	if (sigma_plan_find(b->plan, hash)->hash)
		return 0;
	if (++b->slots * 2 > b->plan->slot_mask && grow_slots(b))
		return -ENOMEM;
	int err = group_of_place(b, map, channel, event, &group);
	*(struct sigma_plan_slot *)sigma_plan_find(b->plan, hash) =
		(struct sigma_plan_slot){hash, group};
	return err;
}

/* The ids of the route's rules and of its own condition. */
static int add_events(struct build *b, uint32_t map, const struct span *channel, uint32_t route)
{
	const struct sigma_plan *plan = b->plan;
	const struct sigma_tests *when = &plan->m->maps->route[route].when;
	const uint64_t *rules = plan->m->rules + (size_t)route * plan->m->words;
	int err = 0;

	for (uint32_t i = 0; i < when->count; i++)
		for (uint32_t k = 0; k < when->list[i].count && !err; k++) {
			const struct span *v = &when->list[i].values[k];
			if (sigma_span_is(when->list[i].name, "EventID") && v->len < 10)
				err = add_place(b, map, channel, (uint32_t)strtoul(v->p, NULL, 10));
		}
	for (uint32_t r = 0; r < plan->m->set->count && !err; r++)
		for (uint32_t k = 0; (rules[r / 64] >> (r % 64) & 1) && !plan->events[r].any &&
				     k < plan->events[r].count && !err;
		     k++)
			err = add_place(b, map, channel, plan->events[r].id[k]);
	return err;
}

static int add_channel(struct build *b, uint32_t map, const struct span *channel)
{
	int err = add_place(b, map, channel, SIGMA_EVENT_OTHER);

	for (uint32_t r = 0; r < b->plan->m->maps->route_count && !err; r++)
		if (of_map(b->plan, r, map) &&
		    sigma_plan_admits(b->plan, r, channel, SIGMA_EVENT_ANY))
			err = add_events(b, map, channel, r);
	return err;
}

static int add_map(struct build *b, uint32_t map)
{
	struct sigma_plan *plan = b->plan;
	const struct sigma_maps *maps = plan->m->maps;

	clear(b);
	for (uint32_t r = 0; r < maps->route_count; r++)
		if (of_map(plan, r, map))
			add_route(b, r);
	int err = group_of_set(b, &plan->of_map[map]);
	if (!err && plan->by_channel[map])
		err = add_channel(b, map, NULL);
	for (uint32_t r = 0; r < maps->route_count && plan->by_channel[map] && !err; r++)
		for (uint32_t i = 0; of_map(plan, r, map) && i < maps->route[r].when.count; i++) {
			const struct sigma_test *t = &maps->route[r].when.list[i];
			for (uint32_t k = 0;
			     sigma_span_is(t->name, "Channel") && k < t->count && !err; k++)
				err = add_channel(b, map, &t->values[k]);
		}
	return err;
}

static int make_groups(struct build *b)
{
	struct sigma_plan *plan = b->plan;
	const struct sigma_matcher *m = plan->m;
	uint32_t mapped = m->maps ? m->maps->route_count : 0;

	memset(b->set, 0xff, m->words * sizeof(*b->set));
	int err = group_of_set(b, &plan->all);
	for (uint32_t map = 0; m->maps && map < m->maps->map_count && !err; map++)
		err = add_map(b, map);
	for (uint32_t s = 0; s < m->routes - mapped && !err; s++) {
		clear(b);
		add_route(b, mapped + s);
		err = group_of_set(b, &plan->of_stated[s]);
	}
	return err;
}

static int witness_all(struct sigma_plan *plan)
{
	int err = 0;

	for (uint32_t r = 0; r < plan->m->set->count && !err; r++) {
		sigma_events_of(&plan->events[r], &plan->m->set->rules[r]);
		err = sigma_witness_of(plan->witnesses + (size_t)r * SIGMA_WITNESSES,
				       &plan->m->set->rules[r]);
	}
	return err;
}

static int build_all(struct build *b)
{
	struct sigma_plan *plan = b->plan;
	const struct sigma_matcher *m = plan->m;
	size_t rules = m->set->count;

	plan->witnesses = calloc(rules * SIGMA_WITNESSES + 1, sizeof(*plan->witnesses));
	plan->events = calloc(rules + 1, sizeof(*plan->events));
	plan->groups = calloc(SIGMA_PLAN_GROUPS, sizeof(*plan->groups));
	plan->group_hash = calloc(SIGMA_PLAN_GROUPS, sizeof(*plan->group_hash));
	plan->of_stated = calloc((size_t)m->routes + 1, sizeof(*plan->of_stated));
	b->set = calloc(m->words, sizeof(*b->set));
	b->list = calloc(rules + 1, sizeof(*b->list));
	if (!plan->witnesses || !plan->events || !plan->groups || !plan->group_hash ||
	    !plan->of_stated || !b->set || !b->list || grow_slots(b))
		return -ENOMEM;
	make_keys(plan);
	int err = witness_all(plan);
	return err ? err : make_groups(b);
}

int sigma_plan_compile(struct sigma_plan **out, const struct sigma_matcher *m)
{
	struct build b = {.plan = calloc(1, sizeof(*b.plan))};

	*out = NULL;
	if (!b.plan)
		return -ENOMEM;
	sigma_literal_init();
	b.plan->m = m;
	int err = build_all(&b);
	free(b.set);
	free(b.list);
	if (err)
		sigma_plan_free(b.plan);
	else
		*out = b.plan;
	return err;
}
