/* On whom a state's significance rests; assess.h has the rule. */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "config/source.h"
#include "correlate/assess_state.h"

#define TRIED_MAX   32 /* origins tried away: those that most items rest on */
#define ORIGINS_MAX (SOURCES_MAX + 2)

/* --- who the records stand with ---------------------------------------------- */

/* Relays are one origin, whichever of them it was. */
static uint16_t origin_of(uint16_t sole)
{
	return evidence_sole_relayed(sole) ? SOLE_RELAYED : sole;
}

/* Of one record's copies the first-hand one first. */
static uint32_t standing(const struct witness *w)
{
	return w->sole <= SOLE_RELAYED ? (uint32_t)SOLE_SEVERAL + w->sole : w->sole;
}

static int compare_witness(const void *va, const void *vb)
{
	const struct witness *a = va, *b = vb;

	if (a->record != b->record)
		return a->record < b->record ? -1 : 1;
	return (standing(a) > standing(b)) - (standing(a) < standing(b));
}

static bool stands(const struct assessor *a, uint16_t sole)
{
	for (size_t i = a->witness_from; i < a->witness_count; i++)
		if (a->witnesses[i].sole == sole)
			return true;
	return false;
}

/* An origin that only repeated what others observed is none. */
static void drop_heard(struct assessor *a)
{
	size_t kept = 0;

	for (size_t i = 0; i < a->item_count; i++)
		if (a->items[i].kind != WINDOW_ORIGIN || stands(a, a->items[i].sole))
			a->items[kept++] = a->items[i];
	a->item_count = kept;
}

void assess_independence_origins(struct assessor *a)
{
	size_t count = a->witness_count - a->witness_from, kept = 0;

	if (!a->origin || !a->records_known || a->rc || count == 0)
		return;
	struct witness *w = a->witnesses + a->witness_from;
	qsort(w, count, sizeof(*w), compare_witness);
	for (size_t i = 0; i < count; i++)
		if (!kept || w[i].record != w[kept - 1].record)
			w[kept++] = w[i];
	a->witness_count = a->witness_from + kept;
	drop_heard(a);
}

/* --- one origin away ----------------------------------------------------------- */

struct tried {
	uint16_t sole; /* SOLE_RELAYED: all relays */
	size_t items;
};

static int most_items(const void *va, const void *vb)
{
	const struct tried *a = va, *b = vb;

	if (a->items != b->items)
		return a->items > b->items ? -1 : 1;
	return (a->sole > b->sole) - (a->sole < b->sole);
}

/* The origins without which something is missing. Sorted, so that the same are tried always. */
static uint32_t to_try(const struct assessor *a, struct tried out[TRIED_MAX])
{
	static _Thread_local uint32_t items[SOLE_SEVERAL + 1];
	static _Thread_local struct tried all[ORIGINS_MAX];
	uint32_t n = 0;

	for (size_t i = 0; i < a->item_count; i++)
		items[origin_of(a->items[i].sole)]++;
	for (size_t i = 0; i < a->item_count; i++) {
		uint16_t sole = origin_of(a->items[i].sole);
		if (items[sole] && sole != SOLE_NOBODY && sole != SOLE_SEVERAL && n < ORIGINS_MAX)
			all[n++] = (struct tried){sole, items[sole]};
		items[sole] = 0;
	}
	qsort(all, n, sizeof(all[0]), most_items);
	n = n < TRIED_MAX ? n : TRIED_MAX;
	memcpy(out, all, n * sizeof(out[0]));
	return n;
}

/* What both sorted lists cover, into v; how many that is. */
static uint32_t intersect(struct interval *v, uint32_t count, const struct interval *w,
			  uint32_t others, struct interval *out)
{
	uint32_t n = 0;

	for (uint32_t i = 0, j = 0; i < count && j < others;) {
		int64_t from = v[i].from > w[j].from ? v[i].from : w[j].from;
		int64_t to = v[i].to < w[j].to ? v[i].to : w[j].to;
		if (from <= to)
			out[n++] = (struct interval){from, to};
		if (v[i].to < w[j].to)
			i++;
		else
			j++;
	}
	memcpy(v, out, n * sizeof(*v));
	return n;
}

/*
 * A cell with more entities than entries does not know who named which. Of each
 * of its origins it knows 64 bits, one an entity by hash: what the others named
 * stands in for the sketch, and never counts more than there is. Where they named
 * so many that the bits run out, the sketch stays.
 */
#define NAMED_FEW 48

static void stand_in(struct assessor *a, size_t *n, const struct window_item *sketch,
		     uint64_t named, uint32_t entities)
{
	for (; named; named &= named - 1) {
		struct window_item *it = &a->kept[(*n)++];
		uint32_t bit = (uint32_t)__builtin_ctzll(named);
		*it = *sketch;
		it->kind = WINDOW_ENTITY;
		it->id = entities + bit;
		it->hash = hash_word(bit + 1);
	}
}

/* Where some entities are known by their bit, the few others are too: none counts twice. */
static void by_bit(struct assessor *a, size_t n, uint32_t entities)
{
	uint64_t named = 0;

	for (size_t i = 0; i < n; i++)
		if (a->kept[i].kind == WINDOW_ENTITY && a->kept[i].id < entities)
			named |= evidence_named(a->kept[i].hash);
	if (__builtin_popcountll(named) >= NAMED_FEW)
		return;
	for (size_t i = 0; i < n; i++) {
		struct window_item *it = &a->kept[i];
		if (it->kind != WINDOW_ENTITY || it->id >= entities)
			continue;
		it->id = entities + (uint32_t)__builtin_ctzll(evidence_named(it->hash));
	}
}

/* Taken away with this origin? One relay takes what it alone named; all take it all. */
static bool goes(uint16_t sole, uint16_t away)
{
	return sole == away || (away == SOLE_RELAYED && evidence_sole_relayed(sole));
}

/* The items that stay without this origin, in a->kept; how many. */
static size_t keep_without(struct assessor *a, uint16_t sole, uint32_t entities)
{
	uint64_t others = 0;
	size_t n = 0;
	bool stood_in = false;

	for (size_t i = 0; i < a->item_count; i++) {
		const struct window_item *it = &a->items[i];
		if (it->kind == WINDOW_CELL)
			others = 0; /* a cell's items lie together, itself first, its sketches last
				     */
		if (goes(it->sole, sole))
			continue;
		if (!ROOM(a, a->kept, a->kept_room, n + 64))
			return 0;
		if (it->kind == WINDOW_ORIGIN)
			others |= it->named;
		bool few = it->kind == WINDOW_ENTITY_SKETCH && !it->origins_over &&
			   __builtin_popcountll(others) < NAMED_FEW;
		if (few)
			stand_in(a, &n, it, others, entities);
		else
			a->kept[n++] = *it;
		stood_in |= few;
	}
	if (stood_in)
		by_bit(a, n, entities);
	return n;
}

/* When it holds without this origin, until the next call; NULL when out of memory. */
static const struct intervals *try_without(struct assessor *a, uint16_t sole, uint32_t entities,
					   uint32_t origins)
{
	uint32_t held;
	size_t n = keep_without(a, sole, entities);

	return a->rc ? NULL : assess_state_judge(a, a->kept, n, entities + 64, origins, &held);
}

/* Of when it holds in a->left, what is left without this origin too. */
static uint32_t cut(struct assessor *a, const struct intervals *v, uint32_t count)
{
	/* either list's intervals are cut at most once by each of the other's */
	if (!v || !ROOM(a, a->without, a->without_room, (size_t)count + v->count + 1) ||
	    !ROOM(a, a->left, a->left_room, (size_t)count + v->count + 1))
		return 0;
	return intersect(a->left, count, v->v, v->count, a->without);
}

/* --- one voice alone ------------------------------------------------------------- */

/* What a source says of its own state and what it relays of others is one voice. */
static uint16_t voice_of(const struct assessor *a, uint16_t sole)
{
	for (uint32_t i = 0; i < a->same_count; i++)
		if (a->same[i].origin == sole)
			return a->same[i].relay;
	return sole;
}

/* The one relay among the items; SOLE_NOBODY none, SOLE_RELAYED several. */
static uint16_t only_relay(const struct assessor *a)
{
	uint16_t sole = SOLE_NOBODY;

	for (size_t i = 0; i < a->item_count; i++)
		if (evidence_sole_relayed(a->items[i].sole))
			sole = evidence_sole_join(sole, a->items[i].sole);
	return sole;
}

/* The voices that this state rests on so far; a state counts once a voice. */
struct voices {
	uint16_t voice[2 * TRIED_MAX + 1];
	uint32_t count;
};

static bool heard(struct voices *h, uint16_t voice)
{
	for (uint32_t i = 0; i < h->count; i++)
		if (h->voice[i] == voice)
			return true;
	h->voice[h->count++] = voice;
	return false;
}

/* Of v, when it does not hold without the voice behind sole. */
static void rests_on(struct assessor *a, struct voices *h, uint8_t state, uint16_t sole,
		     const struct interval *v, uint32_t count, const struct intervals *without)
{
	const uint32_t others = without ? without->count : 0;
	uint32_t n = 0, j = 0;

	if (a->cap || !a->origin || !vocab_state_is_member(state) || sole == SOLE_RELAYED ||
	    heard(h, voice_of(a, sole)) ||
	    !ROOM(a, a->rests, a->rests_room, (size_t)count + others + 1))
		return;
	for (uint32_t i = 0; i < count; i++) {
		int64_t from = v[i].from;
		while (j < others && without->v[j].to < from)
			j++;
		for (uint32_t k = j; k < others && without->v[k].from <= v[i].to; k++) {
			if (from < without->v[k].from)
				a->rests[n++] = (struct interval){from, without->v[k].from - 1};
			from = without->v[k].to + 1;
		}
		if (from <= v[i].to)
			a->rests[n++] = (struct interval){from, v[i].to};
	}
	assess_add_moments(a, state, MOMENT_RESTS, voice_of(a, sole), a->rests, n);
}

/* Per cent of the affected entities that one origin alone names. Ids are numbered. */
static uint8_t largest_share(struct assessor *a, uint32_t entities)
{
	static _Thread_local uint32_t alone[SOLE_SEVERAL + 1];
	uint64_t named = 0, most = 0;

	if (!ROOM(a, a->scratch, a->scratch_room, (size_t)entities + 1))
		return 0;
	memset(a->scratch, 0, entities * sizeof(*a->scratch));
	for (size_t i = 0; i < a->item_count; i++) {
		const struct window_item *it = &a->items[i];
		if (it->kind == WINDOW_ENTITY && it->hit_class == CLASS_EFFECT)
			a->scratch[it->id] =
				1u << 16 |
				evidence_sole_join((uint16_t)a->scratch[it->id], origin_of(it->sole));
	}
	for (uint32_t id = 0; id < entities; id++) {
		uint16_t sole = (uint16_t)a->scratch[id];
		named += a->scratch[id] != 0;
		if (sole != SOLE_NOBODY && sole != SOLE_SEVERAL && ++alone[sole] > most)
			most = alone[sole];
	}
	for (uint32_t id = 0; id < entities; id++)
		alone[(uint16_t)a->scratch[id]] = 0;
	return named ? (uint8_t)(most * 100 / named) : 0;
}

/* The origin that all records stand with, however many named the entities; a relay where it
 * is one, else SOLE_RELAYED for several. SOLE_NOBODY: there is none. */
static uint16_t one_witness(const struct assessor *a)
{
	size_t count = a->witness_count - a->witness_from;
	uint16_t sole = SOLE_NOBODY;

	if (!a->origin || !a->records_known || count == 0)
		return SOLE_NOBODY;
	const struct witness *w = a->witnesses + a->witness_from;
	for (size_t i = 0; i < count; i++) {
		if (origin_of(w[i].sole) != origin_of(w[0].sole))
			return SOLE_NOBODY;
		sole = evidence_sole_join(sole, w[i].sole);
	}
	return sole;
}

/* Each relay among the items, where they are several. */
static void try_relays(struct assessor *a, struct voices *h, uint32_t entities, uint32_t origins,
		       uint8_t state, uint32_t count)
{
	uint16_t tried[TRIED_MAX];
	uint32_t n = 0;

	for (size_t i = 0; i < a->item_count && n < TRIED_MAX; i++) {
		const uint16_t sole = a->items[i].sole;
		bool known = !evidence_sole_relayed(sole) || sole == SOLE_RELAYED;
		for (uint32_t k = 0; k < n && !known; k++)
			known = tried[k] == sole;
		if (!known)
			tried[n++] = sole;
	}
	for (uint32_t i = 0; i < n && !a->rc; i++)
		rests_on(a, h, state, tried[i], a->holds, count,
			 try_without(a, tried[i], entities, origins));
}

uint32_t assess_independence_judge(struct assessor *a, uint32_t entities, uint32_t origins,
				   const struct interval *v, uint32_t count,
				   struct state_assessment *s)
{
	struct tried tried[TRIED_MAX];
	struct voices voices = {.count = 0};
	const uint16_t witness = one_witness(a), relay = only_relay(a);
	uint32_t n = to_try(a, tried), left = witness ? 0 : count;

	s->largest_share = largest_share(a, entities);
	if (!ROOM(a, a->holds, a->holds_room, (size_t)count + 1) ||
	    !ROOM(a, a->left, a->left_room, (size_t)count + 1))
		return 0;
	memcpy(a->holds, v, count * sizeof(*v));
	memcpy(a->left, v, count * sizeof(*v));
	if (witness)
		rests_on(a, &voices, s->state, witness, a->holds, count, NULL);
	for (uint32_t i = 0; i < n && (left || !a->cap) && !a->rc; i++) {
		const bool relays = tried[i].sole == SOLE_RELAYED;
		const struct intervals *w = try_without(a, tried[i].sole, entities, origins);
		rests_on(a, &voices, s->state, relays ? relay : tried[i].sole, a->holds, count, w);
		left = left ? cut(a, w, left) : 0;
	}
	if (relay == SOLE_RELAYED && !a->cap)
		try_relays(a, &voices, entities, origins, s->state, count);
	s->single_origin = left == 0;
	s->capped = a->cap && s->single_origin;
	if (!a->cap)
		return count;
	memcpy(a->holds, a->left, left * sizeof(*v));
	return left;
}

/* --- one observation told in two states ------------------------------------------ */

/* Of one record's states a Member State before others, first-hand before heard, then by code. */
static int compare_owner(const void *va, const void *vb)
{
	const struct witness *a = va, *b = vb;

	if (a->record != b->record)
		return a->record < b->record ? -1 : 1;
	if (vocab_state_is_member(a->state) != vocab_state_is_member(b->state))
		return vocab_state_is_member(a->state) ? -1 : 1;
	if (evidence_sole_relayed(a->sole) != evidence_sole_relayed(b->sole))
		return evidence_sole_relayed(a->sole) ? 1 : -1;
	return a->state - b->state;
}

static void drop_moments(struct assessor *a, uint8_t state)
{
	size_t kept = 0;

	for (size_t i = 0; i < a->moment_count; i++)
		if (a->moments[i].state != state || a->moments[i].kind == MOMENT_SEEN)
			a->moments[kept++] = a->moments[i];
	a->moment_count = kept;
}

/* A state that has no record of its own says nothing that another has not said. */
void assess_independence_shared(struct assessor *a)
{
	struct witness *w = a->witnesses;
	uint64_t shared[STATES] = {0}, own[STATES] = {0};

	if (a->witness_count)
		qsort(w, a->witness_count, sizeof(*w), compare_owner);
	for (size_t i = 0, j; i < a->witness_count; i = j) {
		for (j = i + 1; j < a->witness_count && w[j].record == w[i].record; j++)
			shared[w[j].state]++;
		shared[w[i].state] += j > i + 1;
		own[w[i].state]++;
	}
	for (uint32_t i = 0; i < a->episode.states; i++) {
		struct state_assessment *s = &a->episode.state[i];
		s->shared = shared[s->state];
		if (!s->significant || own[s->state] || !s->shared || !s->records_exact)
			continue;
		s->single_origin = true;
		s->capped = a->cap;
		if (!a->cap)
			continue;
		s->significant = false;
		drop_moments(a, s->state);
		if (s->state == STATE_EU)
			a->union_us = INT64_MAX;
	}
}
