#include "correlate/evidence.h"

#include <errno.h>
#include <string.h>

#include "config/vocab_impact.h"
#include "correlate/evidence_table.h"
#include "correlate/names.h"

/* The eight small fields lie side by side: compared with their limits in one word. */
static bool small_fields_fit(const struct observation *o)
{
	const uint8_t most[8] = {STATES - 1, SECTORS - 1,   TLPS - 1, PAPS - 1,
				 CLASS_TEST, SEVERITY_HIGH, 3,        IMPACT_PAIR_CLAIMS};
	const uint64_t tops = UINT64_C(0x8080808080808080);
	uint64_t fields, limits;

	static_assert(offsetof(struct observation, pair) - offsetof(struct observation, state) == 7,
		      "side by side");
	memcpy(&fields, (const char *)o + offsetof(struct observation, state), sizeof(fields));
	memcpy(&limits, most, sizeof(limits));
	/* a byte over its limit, or over 127, sets its uppermost bit: limit | 128 - field borrows
	 */
	return !((fields | (((limits | tops) - (fields & ~tops)) ^ tops)) & tops);
}

static bool fits(const struct observation *o)
{
	return (o->threat - 1 < NAMES_THREATS_MAX - 1) & (o->by - 1 < NAMES_BY_MAX - 1) &
	       small_fields_fit(o) &
	       ((uint64_t)o->time_us < (uint64_t)TIME_HOURS_MAX * EVIDENCE_BUCKET_US);
}

/* One hit on its way into the slots of a cell. */
struct update {
	struct evidence_table *t;
	const struct joining *j;
	uint64_t salt, record;
	uint32_t cell;
	uint32_t offset_us; /* in the cell's hour */
	bool changed, inside; /* inside: a sighting names its origin */
	int rc;
	struct evidence_claims claims;
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
	if (kind == SLOT_ENTITY)
		u->changed |= evidence_join_sole(&s->sole, evidence_sole(u->j->origin));
	if (kind == SLOT_ORIGIN)
		u->changed |= evidence_join_or64(&s->named, evidence_named(u->j->entity));
	if (kind == SLOT_REPORT)
		u->changed |= evidence_join_report(&s->report, u->j->pair, u->j->users,
						   u->j->duration_s);
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

	if (u->j->summarise && (kind == SLOT_RECORD || kind == SLOT_ENTITY)) {
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
		u->claims.cells += claimed && kind == SLOT_ORIGIN && !u->inside;
	}
}

/* The lines this will touch are far apart and known at once. */
static void prefetch_slots(const struct update *u)
{
	const struct evidence_table *t = u->t;
	const struct joining *j = u->j;

	__builtin_prefetch(&t->slots[evidence_table_slot_home(t, u->salt, SLOT_RECORD, u->record)]);
	__builtin_prefetch(&t->slots[evidence_table_slot_home(t, u->salt, SLOT_ENTITY, j->entity)]);
	__builtin_prefetch(&t->slots[evidence_table_slot_home(t, u->salt, SLOT_ORIGIN, j->origin)]);
}

/* What has no place inside the cell: element by element. */
static void join_apart(struct update *u)
{
	const struct joining *j = u->j;
	bool claimed;

	prefetch_slots(u);
	uint32_t more = evidence_table_more(u->t, u->cell, u->salt, &claimed);
	if (more == NONE) {
		u->rc = -ENOSPC;
		return;
	}
	u->claims.entries += claimed;
	join_times(u, &u->t->slots[more]);
	join_element(u, SLOT_RECORD, u->record);
	if (j->entity)
		join_element(u, SLOT_ENTITY, j->entity);
	if (j->origin)
		join_element(u, SLOT_ORIGIN, j->origin);
	if (j->entity && (j->users || j->duration_s))
		join_element(u, SLOT_REPORT, evidence_join_reporter(j->entity, j->pair));
}

/* Looked at before the hit goes either way, so that of two at once, one inside and one
 * apart, at least one is the cell's first of their origin. */
static bool has_origin_apart(const struct evidence_table *t, uint32_t cell, uint64_t salt,
			     uint64_t origin)
{
	return evidence_table_more_of(t, cell) &&
	       evidence_table_find(t, cell, salt, SLOT_ORIGIN, origin) != NONE;
}

void evidence_objects(struct evidence_table *t, evidence_object_name *name, void *arg)
{
	t->object_name = name;
	t->object_arg = arg;
}

bool evidence_table_join(struct evidence_table *t, uint32_t cell, uint64_t salt,
			 const struct joining *j, int *rc, struct evidence_claims *claims)
{
	const struct cell *c = &t->cells[cell];
	const bool counted = claims && j->origin;
	const bool apart = counted && has_origin_apart(t, cell, salt, j->origin);
	const bool inside = counted && evidence_sighting_of(c, j->origin);
	enum sighting_place place = evidence_sighting_put(&t->cells[cell], j);

	if (place == SIGHTING_NEW && counted && !apart)
		claims->cells += evidence_sighting_first(c, j);
	if (place != SIGHTING_APART)
		return place == SIGHTING_NEW;
	struct update u = {.t = t,
			   .j = j,
			   .salt = salt,
			   .record = j->identity ? j->identity
						 : evidence_join_position(
							   evidence_table_object(t, j->object),
							   j->sub, j->offset),
			   .cell = cell,
			   .inside = inside,
			   .offset_us = (uint32_t)evidence_join_unpack(j->item, 0).time_us};
	join_apart(&u);
	if (u.rc)
		*rc = u.rc;
	if (claims) {
		claims->entries += u.claims.entries;
		claims->cells += u.claims.cells;
	}
	return u.changed;
}

/* --- the way in ------------------------------------------------------------- */

/* An observation with what is derived from it, once. */
struct arrival {
	const struct observation *o;
	uint64_t key, salt;
	uint32_t us; /* in the hour */
	uint32_t marks;
};

static bool arrive(const struct evidence_table *t, const struct observation *o, struct arrival *a)
{
	if (!fits(o))
		return false;
	uint32_t bucket = (uint32_t)((uint64_t)o->time_us / EVIDENCE_BUCKET_US);
	uint64_t key = evidence_join_key(o, bucket);

	*a = (struct arrival){o, key, evidence_table_salt(t, key),
			      (uint32_t)(o->time_us - bucket * EVIDENCE_BUCKET_US),
			      1u << o->tlp | 1u << (MARK_PAP + o->pap)};
	return true;
}

/* Nothing but loads, of the two lines of the cell: is all of it known? */
static bool known(const struct evidence_table *t, const struct arrival *a, uint32_t guess)
{
	const struct observation *o = a->o;
	const struct cell *c = &t->cells[guess == NONE ? 0 : guess];
	struct packed item =
		evidence_join_pack_at(o->rank, a->us, o->object, o->offset, o->sub, o->by);

	if (o->origin)
		item.high |= PACKED_ORIGIN;
	/* relaxed: what is known was joined, and is seen through the sighting's low */
	return (int)(atomic_load_explicit(&c->key, memory_order_relaxed) == a->key) &
	       ((atomic_load_explicit(&c->marks, memory_order_relaxed) & a->marks) == a->marks) &
	       (atomic_load_explicit(&c->next, memory_order_relaxed) >> 31) &
	       (!o->origin |
		(atomic_load_explicit(&c->origin, memory_order_relaxed) == o->origin)) &
	       evidence_sighting_known(c, o->entity, item) &
	       !(o->users | o->duration_s | o->identity) &
	       evidence_join_whole(o->object, o->sub, o->offset);
}

/* Everything that an observation says, in a word that is not 0. Two that differ have the
 * same one as seldom as two positions have the same hash; its key is the table's seed. */
static uint64_t digest_of(const struct evidence_table *t, const struct arrival *a)
{
	const struct observation *o = a->o;
	const uint64_t all[] = {a->key,
				o->entity,
				o->origin,
				o->identity,
				o->offset,
				(uint64_t)o->object << 32 | o->sub,
				(uint64_t)a->us << 32 | o->by,
				o->users,
				o->duration_s,
				(uint64_t)a->marks << 16 | (uint64_t)o->pair << 8 | o->rank};

	return hash_bytes(all, sizeof(all), t->seed) | 1;
}

static _Atomic uint64_t *memo_of(const struct evidence_table *t, uint64_t digest)
{
	return &t->memo[digest >> 32 & t->memo_mask];
}

/* Was it joined apart, and is that not long ago? */
static bool remembered(const struct evidence_table *t, const struct arrival *a, uint32_t guess)
{
	/* relaxed: a cell that has nothing apart has nothing to remember */
	if (guess == NONE || !atomic_load_explicit(&t->cells[guess].more, memory_order_relaxed))
		return false;
	uint64_t digest = digest_of(t, a);
	/* acquire, paired with the release in remember(): all of it was joined, and told */
	return atomic_load_explicit(memo_of(t, digest), memory_order_acquire) == digest;
}

static void remember(struct evidence_table *t, const struct arrival *a, uint32_t cell)
{
	if (!atomic_load_explicit(&t->cells[cell].more, memory_order_relaxed))
		return;
	uint64_t digest = digest_of(t, a);
	_Atomic uint64_t *memo = memo_of(t, digest);
	/* relaxed: no store where nothing changes */
	if (atomic_load_explicit(memo, memory_order_relaxed) != digest)
		atomic_store_explicit(memo, digest, memory_order_release);
}

static uint32_t cut32(uint64_t v)
{
	return v < UINT32_MAX ? (uint32_t)v : UINT32_MAX;
}

static int join(struct evidence_table *t, const struct arrival *a, struct evidence_claims *claims)
{
	const struct observation *o = a->o;
	const struct joining j = {
		.entity = o->entity,
		.origin = o->origin,
		.identity = o->identity,
		.item = evidence_join_pack_at(o->rank, a->us, o->object, o->offset, o->sub, o->by),
		.object = o->object,
		.sub = o->sub,
		.offset = o->offset,
		.summarise = o->summarise,
		.pair = o->pair,
		.users = o->entity ? cut32(o->users) : 0,
		.duration_s = o->entity ? cut32(o->duration_s) : 0,
	};
	int rc = 0;

	uint32_t cell = evidence_table_cell(t, a->key, a->salt);
	if (cell != NONE) {
		bool changed = evidence_join_or32(&t->cells[cell].marks, a->marks);
		changed |= evidence_table_join(t, cell, a->salt, &j, &rc, claims);
		if (changed)
			evidence_table_mark_dirty(t, cell);
	}
	if (cell == NONE || rc) {
		evidence_lost_add(t, o->threat, o->state, o->time_us);
		return -ENOSPC;
	}
	remember(t, a, cell);
	return 0;
}

static int update(struct evidence_table *t, const struct observation *o,
		  struct evidence_claims *claims)
{
	struct arrival a;

	if (!arrive(t, o, &a))
		return -ERANGE;
	uint32_t guess = evidence_table_guess(t, a.salt);
	if (known(t, &a, guess) || remembered(t, &a, guess))
		return 0;
	return join(t, &a, claims);
}

int evidence_update(struct evidence_table *t, const struct observation *o)
{
	return update(t, o, NULL);
}

int evidence_update_claims(struct evidence_table *t, const struct observation *o,
			   struct evidence_claims *claims)
{
	*claims = (struct evidence_claims){0};
	return update(t, o, claims);
}

#define AHEAD 32

/* Some hits on their way: each pass asks memory for what the next one reads. */
struct ahead {
	struct evidence_table *t;
	struct arrival a[AHEAD];
	uint32_t guess[AHEAD];
	uint32_t count;
};

static void look_up(struct ahead *h)
{
	for (uint32_t i = 0; i < h->count; i++) {
		h->guess[i] = evidence_table_guess(h->t, h->a[i].salt);
		const char *cell =
			(const char *)&h->t->cells[h->guess[i] == NONE ? 0 : h->guess[i]];
		__builtin_prefetch(cell);
		__builtin_prefetch(cell + 64);
	}
}

static void drop_known(struct ahead *h)
{
	const struct evidence_table *t = h->t;
	uint32_t left = 0;

	for (uint32_t i = 0; i < h->count; i++) {
		if (known(t, &h->a[i], h->guess[i]) || remembered(t, &h->a[i], h->guess[i]))
			continue;
		uint32_t head = evidence_table_threat_head(t, h->a[i].o->threat);
		__builtin_prefetch(&t->dirty[head / 64], 1);
		h->a[left++] = h->a[i];
	}
	h->count = left;
}

uint32_t evidence_update_many(struct evidence_table *t, const struct observation *o, uint32_t n,
			      struct evidence_outcome *outcomes)
{
	const struct observation *first = o, *end = o + n;
	struct ahead h = {.t = t};
	uint32_t refused = 0;

	if (outcomes)
		memset(outcomes, 0, n * sizeof(*outcomes));
	while (o < end) {
		for (h.count = 0; h.count < AHEAD && o < end; o++) {
			if (arrive(t, o, &h.a[h.count])) {
				uint32_t home =
					evidence_table_cell_home(t, h.a[h.count++].salt);
				__builtin_prefetch(&t->tags[home / GROUP]);
				continue;
			}
			refused++;
			if (outcomes)
				outcomes[o - first].rc = -ERANGE;
		}
		look_up(&h);
		drop_known(&h);
		for (uint32_t i = 0; i < h.count; i++) {
			struct evidence_outcome *out =
				outcomes ? &outcomes[h.a[i].o - first] : NULL;
			int rc = join(t, &h.a[i], out ? &out->claims : NULL);
			refused += rc != 0;
			if (out)
				out->rc = rc;
		}
	}
	return refused;
}

void evidence_usage(const struct evidence_table *t, struct evidence_usage *u)
{
	*u = (struct evidence_usage){.capacity = t->config};
	u->refused = atomic_load_explicit(&t->refused, memory_order_relaxed);
	/* relaxed: figures for people, each stripe as it stands */
	for (int i = 0; i < COUNTERS; i++) {
		u->cells += atomic_load_explicit(&t->used[i].cells, memory_order_relaxed);
		u->entries += atomic_load_explicit(&t->used[i].entries, memory_order_relaxed);
		u->overflows += atomic_load_explicit(&t->used[i].overflows, memory_order_relaxed);
	}
}
