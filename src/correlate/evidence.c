#include "correlate/evidence.h"

#include <errno.h>

#include "config/vocab_impact.h"
#include "correlate/evidence_table.h"
#include "correlate/names.h"

static bool fits(const struct observation *o)
{
	return o->threat && o->threat < NAMES_THREATS_MAX && o->by && o->by < NAMES_BY_MAX &&
	       o->state < STATES && o->sector < SECTORS && o->tlp < TLPS && o->pap < PAPS &&
	       o->hit_class <= CLASS_TEST && o->severity <= SEVERITY_HIGH && o->rank <= 3 &&
	       o->pair <= IMPACT_PAIR_CLAIMS &&
	       o->time_us >= 0 && o->time_us < TIME_HOURS_MAX * EVIDENCE_BUCKET_US;
}

/* Every bit of the position counts, though evidence keeps fewer. */
static uint64_t record_hash(const struct observation *o)
{
	return o->identity ? o->identity : hash_pair((uint64_t)o->object << 32 | o->sub, o->offset);
}

/* One update on its way through the table. */
struct update {
	struct evidence_table *t;
	const struct observation *o;
	uint64_t salt;
	uint32_t cell;
	uint32_t offset_us; /* in the cell's hour */
	bool changed;
	int rc;
	struct evidence_claims claims;
};

static void join_times(struct update *u, _Atomic uint32_t *first, _Atomic uint32_t *last)
{
	u->changed |= evidence_join_max32(first, ~u->offset_us);
	u->changed |= evidence_join_max32(last, u->offset_us + 1);
}

static struct packed item_of(const struct observation *o)
{
	struct evidence_item i = {o->rank, o->time_us, o->object, o->sub, o->by, o->offset};

	return evidence_join_pack(&i, (int32_t)(o->time_us / EVIDENCE_BUCKET_US));
}

static void join_fields(struct update *u, struct slot *s, enum slot_kind kind)
{
	if (kind == SLOT_RECORD) {
		u->changed |= evidence_join_item(&s->low, item_of(u->o));
		return;
	}
	join_times(u, &s->first, &s->last);
	if (kind == SLOT_ENTITY)
		u->changed |= evidence_join_sole(&s->sole, evidence_sole(u->o->origin));
	if (kind == SLOT_ORIGIN)
		u->changed |= evidence_join_or64(&s->named, evidence_named(u->o->entity));
	if (kind == SLOT_REPORT)
		u->changed |= evidence_join_report(
			&s->report, u->o->pair,
			u->o->users < UINT32_MAX ? (uint32_t)u->o->users : UINT32_MAX,
			u->o->duration_s < UINT32_MAX ? (uint32_t)u->o->duration_s : UINT32_MAX);
}

/* The cell has exact_max of this kind: the element goes to its sketch. */
static void join_sketch(struct update *u, enum slot_kind kind, uint64_t element)
{
	struct block *b = evidence_table_block(u->t, u->cell);
	uint8_t rank;

	if (!b) {
		u->rc = -ENOSPC;
		return;
	}
	uint32_t r = hll_register(element, &rank);
	u->changed |= evidence_join_max8(&b->regs[kind][r], rank);
	if (kind == SLOT_RECORD)
		u->changed |=
			evidence_join_item(&b->best[element % EVIDENCE_BEST].low, item_of(u->o));
	u->changed |= evidence_join_or32(&u->t->cells[u->cell].marks, 1u << (MARK_SKETCH + kind));
}

static void join_element(struct update *u, enum slot_kind kind, uint64_t element)
{
	bool claimed, full;

	if (u->o->summarise && (kind == SLOT_RECORD || kind == SLOT_ENTITY)) {
		join_sketch(u, kind, element);
		return;
	}
	uint32_t i = evidence_table_slot(u->t, u->cell, u->salt, kind, element, &claimed, &full);

	if (full) {
		join_sketch(u, kind, element);
	} else if (i == NONE) {
		u->rc = -ENOSPC;
	} else {
		join_fields(u, &u->t->slots[i], kind);
		evidence_table_slot_done(u->t, u->cell, i, kind, claimed);
		u->changed |= claimed;
		u->claims.entries += claimed;
		u->claims.cells += claimed && kind == SLOT_ORIGIN;
	}
}

/* The lines this update will touch are far apart and known at once. */
static void prefetch(const struct update *u, uint64_t record)
{
	const struct evidence_table *t = u->t;
	const struct observation *o = u->o;

	__builtin_prefetch(&t->cells[(uint32_t)u->salt & t->cell_mask]);
	__builtin_prefetch(&t->slots[evidence_table_slot_home(t, u->salt, SLOT_ENTITY, o->entity)]);
	__builtin_prefetch(&t->slots[evidence_table_slot_home(t, u->salt, SLOT_RECORD, record)]);
	__builtin_prefetch(&t->slots[evidence_table_slot_home(t, u->salt, SLOT_ORIGIN, o->origin)]);
}

int evidence_update(struct evidence_table *t, const struct observation *o)
{
	struct evidence_claims claims;

	return evidence_update_claims(t, o, &claims);
}

int evidence_update_claims(struct evidence_table *t, const struct observation *o,
			   struct evidence_claims *claims)
{
	*claims = (struct evidence_claims){0};
	if (!fits(o))
		return -ERANGE;
	uint64_t key = evidence_join_key(o), record = record_hash(o);
	struct update u = {.t = t, .o = o, .salt = evidence_table_salt(t, key)};
	u.offset_us = (uint32_t)(o->time_us % EVIDENCE_BUCKET_US);
	prefetch(&u, record);
	u.cell = evidence_table_cell(t, key, u.salt);
	if (u.cell == NONE)
		return -ENOSPC;
	struct cell *c = &t->cells[u.cell];
	join_times(&u, &c->first, &c->last);
	u.changed |= evidence_join_or32(&c->marks, 1u << o->tlp | 1u << (MARK_PAP + o->pap));
	join_element(&u, SLOT_RECORD, record);
	if (o->entity)
		join_element(&u, SLOT_ENTITY, o->entity);
	if (o->origin)
		join_element(&u, SLOT_ORIGIN, o->origin);
	if (o->entity && (o->users || o->duration_s))
		join_element(&u, SLOT_REPORT, evidence_join_reporter(o->entity, o->pair));
	if (u.changed)
		evidence_table_mark_dirty(t, u.cell);
	*claims = u.claims;
	return u.rc;
}

void evidence_usage(const struct evidence_table *t, struct evidence_usage *u)
{
	*u = (struct evidence_usage){.capacity = t->config};
	/* relaxed: figures for people, each stripe as it stands */
	for (int i = 0; i < COUNTERS; i++) {
		u->cells += atomic_load_explicit(&t->used[i].cells, memory_order_relaxed);
		u->entries += atomic_load_explicit(&t->used[i].entries, memory_order_relaxed);
		u->overflows += atomic_load_explicit(&t->used[i].overflows, memory_order_relaxed);
	}
}
