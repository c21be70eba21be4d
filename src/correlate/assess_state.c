#include "correlate/assess_state.h"

#include <stdlib.h>
#include <string.h>

/* --- gathering ---------------------------------------------------------------- */

static void take_evidence(struct assessor *a, const struct evidence_item *item)
{
	struct assess_evidence e = {a->at->key.state, a->at->key.hit_class, *item};

	assess_evidence_keep(a->best, &e);
}

static struct window_item *add_item(struct assessor *a, enum window_kind kind)
{
	const struct evidence_cell *c = a->at;

	if (a->rc || !ROOM(a, a->items, a->item_room, a->item_count + 1))
		return NULL;
	struct window_item *it = &a->items[a->item_count++];
	*it = (struct window_item){
		.first_us = c->first_us,
		.last_us = c->last_us,
		.kind = kind,
		.sector = c->key.sector,
		.hit_class = c->key.hit_class,
		.severity = c->key.severity,
	};
	return it;
}

static void add_record(struct assessor *a, const struct evidence_entry *e)
{
	uint8_t class = a->at->key.hit_class;

	if (a->rc || !ROOM(a, a->records[class], a->record_room[class], a->record_count[class] + 1))
		return;
	a->records[class][a->record_count[class]++] = e->hash;
	take_evidence(a, &e->item);
	if (!a->origin || !ROOM(a, a->witnesses, a->witness_room, a->witness_count + 1))
		return;
	uint64_t origin = a->origin(a->origin_arg, e->item.object, a->at->key.state);
	a->witnesses[a->witness_count++] =
		(struct witness){e->hash, evidence_sole(origin), a->at->key.state};
}

static void take_entry(void *arg, const struct evidence_entry *e)
{
	struct assessor *a = arg;
	static const uint8_t kinds[] = {[EVIDENCE_ENTITY] = WINDOW_ENTITY,
					[EVIDENCE_ORIGIN] = WINDOW_ORIGIN,
					[EVIDENCE_REPORT] = WINDOW_REPORT};

	if (e->kind == EVIDENCE_RECORD) {
		if (!a->at->records_over)
			add_record(a, e);
		return;
	}
	if ((e->kind == EVIDENCE_ENTITY && a->at->entities_over) ||
	    (e->kind == EVIDENCE_ORIGIN && a->at->origins_over))
		return; /* in the sketch, with all the others */
	struct window_item *it = add_item(a, kinds[e->kind]);
	if (!it)
		return;
	it->sole = e->kind == EVIDENCE_ORIGIN ? evidence_sole(e->hash) : e->sole;
	if (e->kind == EVIDENCE_ORIGIN) {
		a->at_several |= a->at_sole != SOLE_NOBODY;
		a->at_sole = evidence_sole_join(a->at_sole, it->sole);
	}
	/* relays are one origin, however many they are */
	it->hash = e->kind == EVIDENCE_ORIGIN && evidence_relayed(e->hash) ? EVIDENCE_RELAYED
									    : e->hash;
	it->first_us = e->first_us;
	it->last_us = e->last_us;
	if (e->kind == EVIDENCE_ORIGIN) {
		it->named = e->named;
		return;
	}
	it->pair = e->pair;
	it->value[0] = (uint32_t)e->users;
	it->value[1] = (uint32_t)e->duration_s;
}

static void add_sketch(struct assessor *a, enum window_kind kind, enum evidence_kind of)
{
	struct window_item *it = add_item(a, kind);

	if (!it || !ROOM(a, a->sketches, a->sketch_room, a->sketch_count + 1))
		return;
	it->id = (uint32_t)a->sketch_count++;
	it->origins_over = a->at->origins_over;
	memset(a->sketches[it->id], 0, HLL_REGISTERS);
	evidence_read_sketch(a->t, a->at->index, of, a->sketches[it->id]);
}

/* A report's is its entity's; a whole cell's, and a sketch's, that of all its origins. */
static void attribute(struct assessor *a, size_t from)
{
	for (size_t i = from; i < a->item_count; i++) {
		struct window_item *it = &a->items[i];
		if (it->kind == WINDOW_ENTITY || it->kind == WINDOW_ORIGIN)
			continue;
		it->sole = a->at_sole;
		/* one origin in the cell: the entity can have no other */
		for (size_t e = from;
		     it->kind == WINDOW_REPORT && a->at_several && e < a->item_count; e++)
			if (a->items[e].kind == WINDOW_ENTITY &&
			    evidence_reporter(a->items[e].hash) == it->hash)
				it->sole = a->items[e].sole;
	}
}

static void gather_cell(struct assessor *a, const struct evidence_cell *c)
{
	struct evidence_item items[EVIDENCE_BEST];
	size_t from = a->item_count;

	a->at = c;
	a->at_several = c->origins_over;
	a->at_sole = c->origins_over ? SOLE_SEVERAL : SOLE_NOBODY;
	a->records_known &= !c->records_over;
	add_item(a, WINDOW_CELL);
	evidence_read_entries(a->t, c->index, take_entry, a);
	if (c->entities_over)
		add_sketch(a, WINDOW_ENTITY_SKETCH, EVIDENCE_ENTITY);
	if (c->origins_over)
		add_sketch(a, WINDOW_ORIGIN_SKETCH, EVIDENCE_ORIGIN);
	uint32_t n = c->records_over ? evidence_read_best(a->t, c->index, items) : 0;
	for (uint32_t i = 0; i < n; i++)
		take_evidence(a, &items[i]);
	attribute(a, from);
}

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Dense numbers for hashes, so that the windows count in arrays. */
static uint32_t number(struct assessor *a, uint32_t kinds)
{
	size_t n = assess_count_collect(a, kinds, UINT32_MAX);

	for (size_t i = 0; i < a->item_count && n; i++) {
		struct window_item *it = &a->items[i];
		if (!(kinds >> it->kind & 1))
			continue;
		const uint64_t *p =
			bsearch(&it->hash, a->scratch, n, sizeof(*a->scratch), compare_u64);
		it->id = (uint32_t)(p - a->scratch);
	}
	return (uint32_t)n;
}

/* --- one state, one episode ---------------------------------------------------- */

void assess_add_moments(struct assessor *a, uint8_t state, enum moment_kind kind, uint16_t voice,
			const struct interval *v, uint32_t count)
{
	if (!ROOM(a, a->moments, a->moment_room, a->moment_count + 2 * (size_t)count + 1))
		return;
	for (uint32_t i = 0; i < count; i++) {
		a->moments[a->moment_count++] =
			(struct moment){v[i].from, state, (uint8_t)kind, 1, voice};
		a->moments[a->moment_count++] =
			(struct moment){v[i].to + 1, state, (uint8_t)kind, -1, voice};
	}
}

/* When this state is seen in a window: from a cell's first until its last has left. */
static void seen(struct assessor *a, const struct evidence_cell *cells, size_t count)
{
	/* cells are sorted by first, and each is far shorter than the window */
	struct interval v = {cells[0].first_us, cells[0].last_us + a->profile->window_us};

	for (size_t i = 1; i < count; i++) {
		if (cells[i].first_us > v.to + 1) {
			assess_add_moments(a, cells[0].key.state, MOMENT_SEEN, 0, &v, 1);
			v.from = cells[i].first_us;
		}
		if (v.to < cells[i].last_us + a->profile->window_us)
			v.to = cells[i].last_us + a->profile->window_us;
	}
	assess_add_moments(a, cells[0].key.state, MOMENT_SEEN, 0, &v, 1);
}

/* The criteria that are for this state; a part that holds makes nothing significant. */
static uint32_t judge_criteria(struct assessor *a)
{
	struct assess_criteria *j = &a->criteria;
	const struct profile *p = a->profile;
	uint32_t held = 0;

	j->held.count = 0;
	for (uint32_t c = 0; c < p->criteria_count && a->rc == 0; c++) {
		uint32_t before = j->held.count;
		if (p->criteria[c].union_entities != (j->state == STATE_EU))
			continue;
		int n = assess_criterion_judge(j, c);
		if (n < 0)
			a->rc = n;
		if (n > 0)
			held |= 1u << c;
		if (n <= 0 || p->criteria[c].part)
			j->held.count = before;
	}
	j->held.count = assess_window_merge(j->held.v, j->held.count);
	return held;
}

const struct intervals *assess_state_judge(struct assessor *a, const struct window_item *items,
					   size_t count, uint32_t entities, uint32_t origins,
					   uint32_t *held)
{
	const struct window_input in = {
		.items = items,
		.count = (uint32_t)count,
		.entities = entities,
		.origins = origins,
		.sketches = (const uint8_t(*)[HLL_REGISTERS])a->sketches,
		.exact_max = a->exact_max,
		.window_us = a->profile->window_us,
	};

	*held = 0;
	if (assess_window_begin(a->window, &in)) {
		a->rc = -ENOMEM;
		return NULL;
	}
	*held = judge_criteria(a);
	return a->rc ? NULL : &a->criteria.held;
}

static void judge(struct assessor *a, uint32_t entities, uint32_t origins,
		  struct state_assessment *s)
{
	a->criteria.w = a->window;
	a->criteria.p = a->profile;
	a->criteria.state = s->state;
	const struct intervals *v =
		assess_state_judge(a, a->items, a->item_count, entities, origins, &s->criteria);

	a->hold_count = 0;
	if (!v || v->count == 0)
		return;
	s->ordinary = a->ordinary && a->ordinary(a->ordinary_arg, s->state, s->records);
	if (s->ordinary)
		return;
	a->hold_count = assess_independence_judge(a, entities, origins, v->v, v->count, s);
	s->significant = a->hold_count > 0;
}

/* Who asserts that the state's capacity to respond is exceeded, and since when. */
static void capacity(struct assessor *a, struct state_assessment *s)
{
	const uint64_t claim = IMPACT_BIT(IMPACT_CLAIM_CAPACITY);

	for (size_t i = 0; i < a->item_count; i++) {
		const struct window_item *it = &a->items[i];
		if (it->kind != WINDOW_REPORT || it->pair != IMPACT_PAIR_CLAIMS ||
		    it->hit_class != CLASS_EFFECT ||
		    !(((uint64_t)it->value[0] << 32 | it->value[1]) & claim))
			continue;
		s->capacity_exceeded = true;
		if (it->first_us < a->capacity_us)
			a->capacity_us = it->first_us;
	}
}

void assess_state(struct assessor *a, const struct evidence_cell *cells, size_t count)
{
	struct state_assessment *s = &a->episode.state[a->episode.states];

	const struct evidence_loss lost =
		evidence_lost(a->t, a->episode.threat, cells[0].key.state);
	*s = (struct state_assessment){.state = cells[0].key.state,
				       .refused = lost.refused_max,
				       .complete_since_us = lost.complete_since_us};
	a->item_count = a->sketch_count = 0;
	a->witness_from = a->witness_count;
	a->records_known = true;
	memset(a->record_count, 0, sizeof(a->record_count));
	a->best = &a->bests[a->episode.states++];
	a->best->count = 0;
	for (size_t i = 0; i < count; i++)
		gather_cell(a, &cells[i]);
	assess_independence_origins(a);
	uint32_t entities = number(a, 1u << WINDOW_ENTITY | 1u << WINDOW_REPORT);
	uint32_t origins = number(a, 1u << WINDOW_ORIGIN);
	if (a->rc)
		return;
	assess_count(a, cells, count, entities, s);
	const bool member = vocab_state_is_member(s->state);
	if (!member && s->state != STATE_EU)
		return;
	judge(a, entities, origins, s);
	if (member) {
		seen(a, cells, count);
		assess_add_moments(a, s->state, MOMENT_SIGNIFICANT, 0, a->holds, a->hold_count);
		capacity(a, s);
	} else if (s->significant) {
		a->union_us = a->holds[0].from;
	}
}
