#include "correlate/evidence.h"

#include <errno.h>

#include "correlate/evidence_table.h"
#include "correlate/names.h"

static bool fits(const struct observation *o)
{
	return o->threat && o->threat < NAMES_THREATS_MAX && o->by && o->by < NAMES_BY_MAX &&
	       o->state < STATES && o->sector < SECTORS && o->tlp < TLPS && o->pap < PAPS &&
	       o->hit_class <= CLASS_TEST && o->severity <= SEVERITY_HIGH && o->rank <= 3 &&
	       o->time_us >= 0 && o->time_us < TIME_HOURS_MAX * EVIDENCE_BUCKET_US;
}

/* One hit on its way into the slots of a cell. */
struct update {
	struct evidence_table *t;
	const struct joining *j;
	uint64_t salt;
	uint32_t cell;
	uint32_t offset_us; /* in the cell's hour */
	bool changed;
	int rc;
};

static void join_times(struct update *u, struct slot *s)
{
	u->changed |= evidence_join_max32(&s->first, ~u->offset_us);
	u->changed |= evidence_join_max32(&s->last, u->offset_us + 1);
}

static void join_fields(struct update *u, struct slot *s, enum slot_kind kind)
{
	if (kind == SLOT_RECORD) {
		u->changed |= evidence_join_item(&s->low, u->j->item);
		return;
	}
	join_times(u, s);
	if (kind == SLOT_REPORT)
		u->changed |= evidence_join_report(&s->report, u->j->users, u->j->duration_s);
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
		u->changed |= evidence_join_item(&b->best[element % EVIDENCE_BEST].low, u->j->item);
	u->changed |= evidence_join_or32(&u->t->cells[u->cell].marks, 1u << (MARK_SKETCH + kind));
}

static void join_element(struct update *u, enum slot_kind kind, uint64_t element)
{
	bool claimed, full;
	uint32_t i = evidence_table_slot(u->t, u->cell, u->salt, kind, element, &claimed, &full);

	if (full) {
		join_sketch(u, kind, element);
	} else if (i == NONE) {
		u->rc = -ENOSPC;
	} else {
		join_fields(u, &u->t->slots[i], kind);
		evidence_table_slot_done(u->t, u->cell, i, kind, claimed);
		u->changed |= claimed;
	}
}

/* The lines this will touch are far apart and known at once. */
static void prefetch_slots(const struct update *u)
{
	const struct evidence_table *t = u->t;
	const struct joining *j = u->j;

	__builtin_prefetch(&t->slots[evidence_table_slot_home(t, u->salt, SLOT_RECORD, j->record)]);
	__builtin_prefetch(&t->slots[evidence_table_slot_home(t, u->salt, SLOT_ENTITY, j->entity)]);
	__builtin_prefetch(&t->slots[evidence_table_slot_home(t, u->salt, SLOT_ORIGIN, j->origin)]);
}

/* What has no place inside the cell: element by element. */
static void join_apart(struct update *u)
{
	const struct joining *j = u->j;

	prefetch_slots(u);
	uint32_t more = evidence_table_more(u->t, u->cell, u->salt);
	if (more == NONE) {
		u->rc = -ENOSPC;
		return;
	}
	join_times(u, &u->t->slots[more]);
	join_element(u, SLOT_RECORD, j->record);
	if (j->entity)
		join_element(u, SLOT_ENTITY, j->entity);
	if (j->origin)
		join_element(u, SLOT_ORIGIN, j->origin);
	if (j->entity && (j->users || j->duration_s))
		join_element(u, SLOT_REPORT, j->entity);
}

bool evidence_table_join(struct evidence_table *t, uint32_t cell, uint64_t salt,
			 const struct joining *j, int *rc)
{
	enum sighting_place place = evidence_sighting_put(&t->cells[cell], j);

	if (place != SIGHTING_APART)
		return place == SIGHTING_NEW;
	struct update u = {t,     j, salt, cell, (uint32_t)evidence_join_unpack(j->item, 0).time_us,
			   false, 0};
	join_apart(&u);
	if (u.rc)
		*rc = u.rc;
	return u.changed;
}

static uint32_t cut32(uint64_t v)
{
	return v < UINT32_MAX ? (uint32_t)v : UINT32_MAX;
}

static struct joining joining_of(const struct observation *o)
{
	const struct evidence_item i = {o->rank, o->time_us, o->object, o->sub, o->by, o->offset};

	return (struct joining){
		.entity = o->entity,
		.origin = o->origin,
		.record = evidence_join_position(o->object, o->sub, o->offset),
		.item = evidence_join_pack(&i, (int32_t)(o->time_us / EVIDENCE_BUCKET_US)),
		.users = o->entity ? cut32(o->users) : 0,
		.duration_s = o->entity ? cut32(o->duration_s) : 0,
		.whole = evidence_join_whole(o->object, o->sub, o->offset),
	};
}

int evidence_update(struct evidence_table *t, const struct observation *o)
{
	if (!fits(o))
		return -ERANGE;
	const uint64_t key = evidence_join_key(o), salt = evidence_table_salt(t, key);
	int rc = 0;

	evidence_table_prefetch(t, salt);
	const struct joining j = joining_of(o);
	uint32_t cell = evidence_table_cell(t, key, salt);
	if (cell == NONE)
		return -ENOSPC;
	bool changed =
		evidence_join_or32(&t->cells[cell].marks, 1u << o->tlp | 1u << (MARK_PAP + o->pap));
	changed |= evidence_table_join(t, cell, salt, &j, &rc);
	if (changed)
		evidence_table_mark_dirty(t, cell);
	return rc;
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
