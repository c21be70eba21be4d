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
	const bool counted = claims && j->origin;
	const bool apart = counted && has_origin_apart(t, cell, salt, j->origin);
	const bool inside = counted && evidence_sighting_of(t, cell, j->origin);
	enum sighting_place place = evidence_sighting_put(t, cell, j);

	if (place == SIGHTING_NEW && counted && !apart)
		claims->cells += evidence_sighting_first(t, cell, j);
	if (place != SIGHTING_APART)
		return place == SIGHTING_NEW;
	struct update u = {.t = t,
			   .j = j,
			   .salt = salt,
			   .record = evidence_table_record(t, j),
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
	uint32_t guess; /* where its cell may be, or NONE */
	bool again;     /* it is the second guess */
};

static inline bool arrive(const struct evidence_table *t, const struct observation *o, struct arrival *a)
{
	if (!fits(o))
		return false;
	uint32_t bucket = (uint32_t)((uint64_t)o->time_us / EVIDENCE_BUCKET_US);
	uint64_t key = evidence_join_key(o, bucket);

	*a = (struct arrival){o, key, evidence_table_salt(t, key),
			      (uint32_t)(o->time_us - bucket * EVIDENCE_BUCKET_US),
			      1u << o->tlp | 1u << (MARK_PAP + o->pap), NONE, false};
	return true;
}

/* What the hit is known by inside a cell whose hits are named. */
static uint64_t record_of(const struct evidence_table *t, const struct observation *o)
{
	return o->identity ? o->identity
			   : evidence_join_position(evidence_table_object(t, o->object), o->sub,
						    o->offset);
}

/*
 * Nothing but loads, of the first line of the cell: is all of it known? What differs is
 * gathered in one word: which of these it is cannot be foretold, and a wrong guess of the
 * processor's waits for memory.
 */
static inline bool known(const struct evidence_table *t, const struct arrival *a)
{
	const struct observation *o = a->o;
	const struct cell *c = &t->cells[a->guess == NONE ? 0 : a->guess];
	/* relaxed: what is known was joined, and is seen through the sighting's digest */
	const uint32_t marks = atomic_load_explicit(&c->marks, memory_order_relaxed);
	const bool named = marks & MARK_NAMED;
	const uint64_t origin = atomic_load_explicit(&c->origin, memory_order_relaxed);
	struct packed item =
		evidence_join_pack_at(o->rank, a->us, o->object, o->offset, o->sub, o->by);
	uint64_t differs = (atomic_load_explicit(&c->key, memory_order_relaxed) ^ a->key) |
			   (a->marks & ~marks) | o->users | o->duration_s |
			   evidence_join_cut(o->object, o->sub, o->offset) |
			   (LINKED & ~atomic_load_explicit(&c->next, memory_order_relaxed));

	if (o->origin) {
		item.high |= PACKED_ORIGIN;
		differs |= origin ^ o->origin;
	}
	if (!named)
		differs |= o->identity;
	uint64_t digest =
		evidence_sighting_digest(t, o->entity, item, named ? record_of(t, o) : 0);
	return !differs & evidence_sighting_known(c, named, digest);
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
static bool remembered(const struct evidence_table *t, const struct arrival *a)
{
	/* relaxed: a cell that has nothing apart has nothing to remember */
	if (a->guess == NONE ||
	    !atomic_load_explicit(&t->cells[a->guess].more, memory_order_relaxed))
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
	a.guess = evidence_table_guess(t, a.salt);
	if (known(t, &a) || remembered(t, &a))
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

/*
 * Many hits at once pass three stages, AHEAD of them between two: each stage asks memory
 * for what the next one reads, so that they wait for memory together, and compute
 * meanwhile. STEP of them at once, because what asks waits for its page to be found: in a
 * short loop for several at a time. What is not known after that is joined LEFT at a time.
 */
#define AHEAD 32
#define STEP  8
#define RING  (4 * AHEAD) /* a power of two, more than two stages' */
#define LEFT  16

struct stream {
	struct evidence_table *t;
	const struct observation *o;
	struct evidence_outcome *outcomes; /* NULL: nobody asks */
	uint32_t refused, left;
	struct arrival a[RING], rest[LEFT]; /* o NULL: it does not fit */
};

static void refuse(struct stream *s, const struct observation *o, int rc)
{
	s->refused++;
	if (s->outcomes)
		s->outcomes[o - s->o].rc = rc;
}

static void enter(struct stream *s, const struct observation *o, uint32_t at)
{
	struct arrival *a = &s->a[at % RING];

	if (arrive(s->t, o, a)) {
		__builtin_prefetch(&s->t->tags[evidence_table_cell_home(s->t, a->salt) / GROUP]);
	} else {
		a->o = NULL;
		refuse(s, o, -ERANGE);
	}
}

static void aim(struct stream *s, uint32_t at)
{
	struct arrival *a = &s->a[at % RING];

	a->guess = a->o ? evidence_table_guess(s->t, a->salt) : NONE;
	__builtin_prefetch(&s->t->cells[a->guess == NONE ? 0 : a->guess]);
}

static void join_rest(struct stream *s)
{
	for (uint32_t i = 0; i < s->left; i++) {
		const struct observation *o = s->rest[i].o;
		if (s->rest[i].again && known(s->t, &s->rest[i]))
			continue;
		int rc = join(s->t, &s->rest[i], s->outcomes ? &s->outcomes[o - s->o].claims : NULL);
		if (rc)
			refuse(s, o, rc);
	}
	s->left = 0;
}

/* Another cell has its tag: there may be a second one that has. */
static void guess_again(const struct evidence_table *t, struct arrival *a)
{
	uint32_t next = a->guess + 1;
	bool full;

	if (a->guess == NONE || next % GROUP == 0 ||
	    atomic_load_explicit(&t->cells[a->guess].key, memory_order_relaxed) == a->key)
		return;
	a->guess = evidence_table_in_group(t, next, a->salt, &full);
	a->again = a->guess != NONE;
	if (a->again)
		__builtin_prefetch(&t->cells[a->guess]);
}

static void decide(struct stream *s, uint32_t at)
{
	const struct evidence_table *t = s->t;
	struct arrival *a = &s->a[at % RING];

	if (!a->o || known(t, a) || remembered(t, a))
		return;
	guess_again(t, a);
	__builtin_prefetch(&t->dirty[evidence_table_threat_head(t, a->o->threat) / 64], 1);
	if (a->guess != NONE)
		__builtin_prefetch(&t->inside[a->guess], 1);
	s->rest[s->left++] = *a;
	if (s->left == LEFT)
		join_rest(s);
}

uint32_t evidence_update_many(struct evidence_table *t, const struct observation *o, uint32_t n,
			      struct evidence_outcome *outcomes)
{
	struct stream s = {.t = t, .o = o, .outcomes = outcomes};

	if (outcomes)
		memset(outcomes, 0, n * sizeof(*outcomes));
	for (uint32_t i = 0; i < n + 2 * AHEAD; i += STEP) {
		for (uint32_t at = i; at < i + STEP && at < n; at++)
			enter(&s, &o[at], at);
		for (uint32_t at = i - AHEAD; at != i - AHEAD + STEP && at < n; at++)
			aim(&s, at);
		for (uint32_t at = i - 2 * AHEAD; at != i - 2 * AHEAD + STEP && at < n; at++)
			decide(&s, at);
	}
	join_rest(&s);
	return s.refused;
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
