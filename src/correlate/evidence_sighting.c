/* The hits that lie inside their cell: how one gets its place, and how readers
 * fold them into elements. evidence_table.h has the proof. */
#include "correlate/evidence_table.h"

/* The sightings of a cell are of one origin, or of none. */
static bool origin_fits(struct cell *c, uint64_t origin)
{
	/* relaxed: it is written once, and whoever sees a sighting that names it
	 * saw the sighting after its writer saw the origin */
	uint64_t seen = atomic_load_explicit(&c->origin, memory_order_relaxed);

	if (!origin || seen == origin)
		return true;
	return !seen &&
	       (atomic_compare_exchange_strong_explicit(
			&c->origin, &seen, origin, memory_order_relaxed, memory_order_relaxed) ||
		seen == origin);
}

/* The place is (entity, high)'s: completed with low by us, or found so. */
static enum sighting_place complete(_Atomic uint64_t *low, uint64_t mine)
{
	/* acquire: a sighting that is known is seen by our readers too */
	uint64_t seen = atomic_load_explicit(low, memory_order_acquire);

	if (!seen && atomic_compare_exchange_strong_explicit(low, &seen, mine, memory_order_acq_rel,
							     memory_order_acquire))
		return SIGHTING_NEW;
	return seen == mine ? SIGHTING_KNOWN : SIGHTING_APART;
}

enum sighting_place evidence_sighting_put(struct cell *c, const struct joining *j)
{
	if (!evidence_join_whole(j->object, j->sub, j->offset) || j->users || j->duration_s ||
	    j->identity || !origin_fits(c, j->origin))
		return SIGHTING_APART;
	const uint64_t high = ~(j->item.high | (j->origin ? PACKED_ORIGIN : 0));
	for (int i = 0; i < SIGHTINGS; i++) {
		struct sighting *s = &c->sighting[i];
		struct packed old = {0, 0}, new = {j->entity, high};
		/* acquire, paired with the barrier of evidence_join_swap(): entity is there */
		uint64_t seen = atomic_load_explicit(&s->high, memory_order_acquire);
		if (!seen)
			seen = evidence_join_swap(&s->entity, &old, new) ? high : old.high;
		if (seen != high ||
		    atomic_load_explicit(&s->entity, memory_order_relaxed) != j->entity)
			continue;
		enum sighting_place place = complete(&c->low[i], ~j->item.low);
		if (place != SIGHTING_APART)
			return place;
	}
	return SIGHTING_APART;
}

bool evidence_sighting_get(const struct cell *c, uint32_t i, struct joining *j)
{
	const struct sighting *s = &c->sighting[i];
	/* acquire: low is written last, and then all of it is there */
	uint64_t low = atomic_load_explicit(&c->low[i], memory_order_acquire);

	if (!low)
		return false;
	uint64_t high = ~atomic_load_explicit(&s->high, memory_order_relaxed);
	*j = (struct joining){
		.entity = atomic_load_explicit(&s->entity, memory_order_relaxed),
		.origin = high & PACKED_ORIGIN
				  ? atomic_load_explicit(&c->origin, memory_order_relaxed)
				  : 0,
		.item = {~low, high & ~PACKED_ORIGIN},
	};
	struct evidence_item item = evidence_join_unpack(j->item, 0);
	j->object = item.object;
	j->sub = item.sub;
	j->offset = item.offset;
	return true;
}

/* The first place whose hit has an origin; SIGHTINGS when there is none. Places are
 * taken in their order and never given back, so it stays the same one. */
static uint32_t first_with_origin(const struct cell *c)
{
	for (uint32_t i = 0; i < SIGHTINGS; i++) {
		/* acquire: as in evidence_sighting_put() */
		uint64_t high = atomic_load_explicit(&c->sighting[i].high, memory_order_acquire);
		if (!high)
			break;
		if (~high & PACKED_ORIGIN)
			return i;
	}
	return SIGHTINGS;
}

bool evidence_sighting_of(const struct cell *c, uint64_t origin)
{
	return first_with_origin(c) < SIGHTINGS &&
	       atomic_load_explicit(&c->origin, memory_order_relaxed) == origin;
}

bool evidence_sighting_first(const struct cell *c, const struct joining *j)
{
	uint32_t i = first_with_origin(c);
	struct joining first;

	return i < SIGHTINGS && evidence_sighting_get(c, i, &first) && first.entity == j->entity &&
	       first.item.high == j->item.high && first.item.low == j->item.low;
}

/* --- folding -------------------------------------------------------------- */

struct folding {
	struct folded *out;
	uint32_t count;
};

static void fold(struct folding *f, enum slot_kind kind, uint64_t element, const struct joining *j)
{
	const uint32_t us = (uint32_t)evidence_join_unpack(j->item, 0).time_us;
	const struct folded new = {.kind = kind,
				   .element = element,
				   .first = us,
				   .last = us,
				   .item = j->item,
				   .named = evidence_named(j->entity),
				   .sole = evidence_sole(j->origin)};

	for (uint32_t i = 0; i < f->count; i++) {
		struct folded *e = &f->out[i];
		if (e->kind != kind || e->element != element)
			continue;
		e->first = us < e->first ? us : e->first;
		e->last = us > e->last ? us : e->last;
		e->item = evidence_join_less(j->item, e->item) ? j->item : e->item;
		e->named |= new.named;
		e->sole = evidence_sole_join(e->sole, new.sole);
		return;
	}
	f->out[f->count++] = new;
}

static void unite(const struct slot *s, struct folded *e)
{
	struct packed item;

	if (e->kind == SLOT_RECORD) {
		if (evidence_join_load_item(&s->low, &item) && evidence_join_less(item, e->item))
			e->item = item;
		return;
	}
	uint32_t first = ~atomic_load_explicit(&s->first, memory_order_relaxed);
	uint32_t last = atomic_load_explicit(&s->last, memory_order_relaxed);
	e->first = first < e->first ? first : e->first;
	e->last = last > e->last + 1 ? last - 1 : e->last;
	if (e->kind == SLOT_ENTITY)
		e->sole = evidence_sole_join(
			e->sole, (uint16_t)atomic_load_explicit(&s->sole, memory_order_relaxed));
	else
		e->named |= atomic_load_explicit(&s->named, memory_order_relaxed);
}

uint32_t evidence_sighting_fold(const struct evidence_table *t, uint32_t cell, bool with_slots,
				struct folded out[FOLDED_MAX])
{
	const struct cell *c = &t->cells[cell];
	struct folding f = {out, 0};
	struct joining j;

	for (uint32_t i = 0; i < SIGHTINGS; i++) {
		if (!evidence_sighting_get(c, i, &j))
			continue;
		fold(&f, SLOT_RECORD,
		     evidence_join_position(evidence_table_object(t, j.object), j.sub, j.offset),
		     &j);
		if (j.entity)
			fold(&f, SLOT_ENTITY, j.entity, &j);
		if (j.origin)
			fold(&f, SLOT_ORIGIN, j.origin, &j);
	}
	if (!with_slots)
		return f.count;
	uint64_t salt = evidence_table_salt(t, atomic_load_explicit(&c->key, memory_order_relaxed));
	for (uint32_t i = 0; i < f.count; i++) {
		uint32_t slot = evidence_table_find(t, cell, salt, out[i].kind, out[i].element);
		out[i].slot = slot == NONE ? 0 : slot + 1;
		if (slot != NONE)
			unite(&t->slots[slot], &out[i]);
	}
	return f.count;
}
