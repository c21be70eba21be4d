/* How many distinct: exact while everything is known, else by sketch. */
#include <stdlib.h>
#include <string.h>

#include "correlate/assess_state.h"

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

size_t assess_count_unique(uint64_t *v, size_t count)
{
	size_t kept = 0;

	if (count)
		qsort(v, count, sizeof(*v), compare_u64);
	for (size_t i = 0; i < count; i++)
		if (!kept || v[i] != v[kept - 1])
			v[kept++] = v[i];
	return kept;
}

size_t assess_count_collect(struct assessor *a, uint32_t kinds, uint32_t lanes)
{
	size_t n = 0;

	if (!ROOM(a, a->scratch, a->scratch_room, a->item_count + 1))
		return 0;
	for (size_t i = 0; i < a->item_count; i++)
		if (kinds >> a->items[i].kind & 1 && lanes >> a->items[i].hit_class & 1)
			a->scratch[n++] = a->items[i].hash;
	return assess_count_unique(a->scratch, n);
}

uint64_t assess_count_sketch(const struct assessor *a, const uint8_t *regs)
{
	uint64_t n = hll_estimate(regs);

	return n > a->exact_max ? n : (uint64_t)a->exact_max + 1;
}

/* Distinct hashes of v[0..n) and of the sketches of this kind in these lanes. */
static uint64_t distinct(struct assessor *a, const uint64_t *v, size_t n, enum window_kind sketch,
			 uint32_t lanes, bool *exact)
{
	uint8_t regs[HLL_REGISTERS] = {0};

	*exact = true;
	for (size_t i = 0; i < a->item_count; i++) {
		const struct window_item *it = &a->items[i];
		if (it->kind != sketch || !(lanes >> it->hit_class & 1))
			continue;
		hll_merge(regs, a->sketches[it->id]);
		*exact = false;
	}
	for (size_t i = 0; i < n && !*exact; i++)
		hll_add(regs, v[i]);
	return *exact ? n : assess_count_sketch(a, regs);
}

static uint64_t count_records(struct assessor *a, const struct evidence_cell *cells, size_t count,
			      bool *exact)
{
	size_t effects = a->record_count[CLASS_EFFECT], attempts = a->record_count[CLASS_ATTEMPT];
	uint8_t regs[HLL_REGISTERS] = {0};

	*exact = true;
	for (size_t i = 0; i < count; i++) {
		if (!cells[i].records_over)
			continue;
		evidence_read_sketch(a->t, cells[i].index, EVIDENCE_RECORD, regs);
		*exact = false;
	}
	if (!ROOM(a, a->scratch, a->scratch_room, effects + attempts + 1))
		return 0;
	if (effects)
		memcpy(a->scratch, a->records[CLASS_EFFECT], effects * sizeof(uint64_t));
	if (attempts)
		memcpy(a->scratch + effects, a->records[CLASS_ATTEMPT],
		       attempts * sizeof(uint64_t));
	size_t n = assess_count_unique(a->scratch, effects + attempts);
	for (size_t i = 0; i < n && !*exact; i++)
		hll_add(regs, a->scratch[i]);
	return *exact ? n : assess_count_sketch(a, regs);
}

/* What was reported beyond users and duration. */
static void join_report(struct state_assessment *s, const struct window_item *it)
{
	if (it->pair == IMPACT_PAIR_CLAIMS)
		s->claims |= (uint64_t)it->value[0] << 32 | it->value[1];
	for (int half = 0; half < 2 && it->pair < IMPACT_PAIRS; half++)
		if (s->measure[2 * it->pair + half] < it->value[half])
			s->measure[2 * it->pair + half] = it->value[half];
}

/* Reported impact of effect lanes; ids are numbered. */
static void count_reports(struct assessor *a, uint32_t entities, struct state_assessment *s)
{
	if (!ROOM(a, a->scratch, a->scratch_room, (size_t)entities + 1))
		return;
	memset(a->scratch, 0, entities * sizeof(*a->scratch));
	for (size_t i = 0; i < a->item_count; i++) {
		const struct window_item *it = &a->items[i];
		if (it->kind != WINDOW_REPORT || it->hit_class != CLASS_EFFECT)
			continue;
		if (it->pair != 0) {
			join_report(s, it);
			continue;
		}
		if (a->scratch[it->id] < it->value[0])
			a->scratch[it->id] = it->value[0];
		if (s->duration_s < it->value[1])
			s->duration_s = it->value[1];
	}
	for (uint32_t id = 0; id < entities; id++)
		s->users += a->scratch[id];
}

static void look_at_cells(const struct evidence_cell *cells, size_t count,
			  struct state_assessment *s)
{
	bool effect = false;

	s->first_us = INT64_MAX;
	for (size_t i = 0; i < count; i++)
		effect |= cells[i].key.hit_class == CLASS_EFFECT;
	for (size_t i = 0; i < count; i++) {
		const struct evidence_cell *c = &cells[i];
		if (s->first_us > c->first_us)
			s->first_us = c->first_us;
		if (s->last_us < c->last_us)
			s->last_us = c->last_us;
		if (effect && c->key.hit_class != CLASS_EFFECT)
			continue;
		if (effect)
			s->sectors |= 1u << c->key.sector;
		if (s->severity < c->key.severity)
			s->severity = c->key.severity;
	}
}

void assess_count(struct assessor *a, const struct evidence_cell *cells, size_t count,
		  uint32_t entities, struct state_assessment *s)
{
	const uint32_t entity = 1u << WINDOW_ENTITY, origin = 1u << WINDOW_ORIGIN;
	bool exact;
	size_t n;

	look_at_cells(cells, count, s);
	n = assess_count_collect(a, entity, LANES_IMPACT);
	s->entities =
		distinct(a, a->scratch, n, WINDOW_ENTITY_SKETCH, LANES_IMPACT, &s->entities_exact);
	n = assess_count_collect(a, entity, LANE(CLASS_ATTEMPT));
	s->attempted =
		distinct(a, a->scratch, n, WINDOW_ENTITY_SKETCH, LANE(CLASS_ATTEMPT), &exact);
	n = assess_count_collect(a, origin, LANES_BOTH);
	uint64_t origins = distinct(a, a->scratch, n, WINDOW_ORIGIN_SKETCH, LANES_BOTH, &exact);
	s->origins = origins < UINT32_MAX ? (uint32_t)origins : UINT32_MAX;
	s->records = count_records(a, cells, count, &s->records_exact);
	count_reports(a, entities, s);
}
