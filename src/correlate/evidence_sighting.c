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

/* A word of a place that is ours so far: written by us, or found so, or another's. */
static enum sighting_place settle(_Atomic uint64_t *word, uint64_t mine)
{
	/* acquire: a sighting that is known is seen by our readers too */
	uint64_t seen = atomic_load_explicit(word, memory_order_acquire);

	if (!seen && atomic_compare_exchange_strong_explicit(
			     word, &seen, mine, memory_order_acq_rel, memory_order_acquire))
		return SIGHTING_NEW;
	return seen == mine ? SIGHTING_KNOWN : SIGHTING_APART;
}

/* Are the cell's hits named? Its first one settles it. */
static bool settle_names(struct cell *c, const struct joining *j)
{
	const uint32_t both = MARK_PLAIN | MARK_NAMED;
	/* relaxed: whoever sees a sighting saw what its writer saw */
	uint32_t seen = atomic_load_explicit(&c->marks, memory_order_relaxed);

	while (!(seen & both))
		if (atomic_compare_exchange_weak_explicit(
			    &c->marks, &seen, seen | (j->identity ? MARK_NAMED : MARK_PLAIN),
			    memory_order_relaxed, memory_order_relaxed))
			return j->identity;
	return seen & MARK_NAMED;
}

/* What place i's hit is known by, where hits are named: the words of a fourth place. */
static _Atomic uint64_t *name_of(const struct evidence_table *t, uint32_t cell, uint32_t i)
{
	struct sighting *s = &t->inside[cell].at[NAMED];

	return i == 0 ? &s->entity : i == 1 ? &s->high : &t->cells[cell].digest[NAMED];
}

/* Claims the place for (entity, high); false: it is another's. */
static bool claim(struct sighting *s, uint64_t entity, uint64_t high)
{
	struct packed old = {0, 0}, new = {entity, high};
	/* acquire, paired with the barrier of evidence_join_swap(): entity is there */
	uint64_t seen = atomic_load_explicit(&s->high, memory_order_acquire);

	if (!seen)
		seen = evidence_join_swap(&s->entity, &old, new) ? high : old.high;
	return seen == high &&
	       atomic_load_explicit(&s->entity, memory_order_relaxed) == entity;
}

enum sighting_place evidence_sighting_put(struct evidence_table *t, uint32_t cell,
					  const struct joining *j)
{
	struct cell *c = &t->cells[cell];

	if (evidence_join_cut(j->object, j->sub, j->offset) || j->users || j->duration_s ||
	    !origin_fits(c, j->origin))
		return SIGHTING_APART;
	const bool names = settle_names(c, j);
	const uint64_t record = names ? evidence_table_record(t, j) : 0;
	const struct packed item = {j->item.low,
				    j->item.high | (j->origin ? PACKED_ORIGIN : 0)};
	const uint64_t digest = evidence_sighting_digest(t, j->entity, item, record);
	if (!digest || (names ? !record : j->identity != 0))
		return SIGHTING_APART;
	for (uint32_t i = 0; i < (names ? NAMED : SIGHTINGS); i++) {
		if (!claim(&t->inside[cell].at[i], j->entity, ~item.high))
			continue;
		if (names && settle(name_of(t, cell, i), record) == SIGHTING_APART)
			continue;
		enum sighting_place place = settle(&c->digest[i], digest);
		if (place != SIGHTING_APART)
			return place;
	}
	return SIGHTING_APART;
}

bool evidence_sighting_get(const struct evidence_table *t, uint32_t cell, uint32_t i,
			   struct joining *j)
{
	const struct cell *c = &t->cells[cell];
	const struct sighting *s = &t->inside[cell].at[i];
	/* acquire: the digest is written last, and then all of it is there */
	uint64_t digest = atomic_load_explicit(&c->digest[i], memory_order_acquire);
	const bool names = atomic_load_explicit(&c->marks, memory_order_relaxed) & MARK_NAMED;

	if (!digest || (names && i >= NAMED))
		return false;
	struct packed item = {0, ~atomic_load_explicit(&s->high, memory_order_relaxed)};
	*j = (struct joining){
		.entity = atomic_load_explicit(&s->entity, memory_order_relaxed),
		.origin = item.high & PACKED_ORIGIN
				  ? atomic_load_explicit(&c->origin, memory_order_relaxed)
				  : 0,
		.identity = names ? atomic_load_explicit(name_of(t, cell, i), memory_order_relaxed)
				  : 0,
	};
	/* low is its own digest's complement but for what hides it */
	item.low = digest ^ evidence_sighting_digest(t, j->entity, item, j->identity);
	j->item = (struct packed){item.low, item.high & ~PACKED_ORIGIN};
	struct evidence_item at = evidence_join_unpack(j->item, 0);
	j->object = at.object;
	j->sub = at.sub;
	j->offset = at.offset;
	return true;
}

/* The first place whose hit has an origin; SIGHTINGS when there is none. Places are
 * taken in their order and never given back, so it stays the same one. */
static uint32_t first_with_origin(const struct evidence_table *t, uint32_t cell)
{
	const bool names =
		atomic_load_explicit(&t->cells[cell].marks, memory_order_relaxed) & MARK_NAMED;

	for (uint32_t i = 0; i < (names ? NAMED : SIGHTINGS); i++) {
		/* acquire: as in claim() */
		uint64_t high = atomic_load_explicit(&t->inside[cell].at[i].high, memory_order_acquire);
		if (!high)
			break;
		if (~high & PACKED_ORIGIN)
			return i;
	}
	return SIGHTINGS;
}

bool evidence_sighting_of(const struct evidence_table *t, uint32_t cell, uint64_t origin)
{
	return first_with_origin(t, cell) < SIGHTINGS &&
	       atomic_load_explicit(&t->cells[cell].origin, memory_order_relaxed) == origin;
}

bool evidence_sighting_first(const struct evidence_table *t, uint32_t cell,
			     const struct joining *j)
{
	uint32_t i = first_with_origin(t, cell);
	struct joining first;

	return i < SIGHTINGS && evidence_sighting_get(t, cell, i, &first) &&
	       first.entity == j->entity && first.item.high == j->item.high &&
	       first.item.low == j->item.low &&
	       evidence_table_record(t, &first) == evidence_table_record(t, j);
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
		if (!evidence_sighting_get(t, cell, i, &j))
			continue;
		fold(&f, SLOT_RECORD, evidence_table_record(t, &j), &j);
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
