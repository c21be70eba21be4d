/*
 * Linearisability of the evidence table under seeded schedules.
 *
 * The table's sources are compiled into this program with every atomic access
 * wrapped: before each, a seeded coin decides whether another thread goes on, and
 * whether this one is then held up for long, in the midst of whatever it does. One
 * thread runs at a time, so a seed is a schedule and a failure repeats
 * (memory orders are what test_evidence_threads.c and ThreadSanitizer are for).
 *
 * A cell is a set of registers that only grow: per element, from when to when it
 * was seen. Such a register is linearisable exactly when every look at it finds
 * what was joined by the updates that were over before the look began, finds
 * only what some update begun before its end brings, and finds no less than any
 * earlier look (Herlihy and Wing: objects are linearisable one by one).
 *
 * And no change is missed: who looks at what evidence_take_dirty() tells has, in
 * the end, seen all there is. argv: seeds, first seed
 */
#include "tap.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

static void step(bool change);

/* clang's builtins for _Atomic have other names */
#ifdef __clang__
#define ON(op, ...)            __c11_atomic_##op(__VA_ARGS__)
#define SWAP(w, p, e, v, s, f) __c11_atomic_compare_exchange_##w(p, e, v, s, f)
#define LOAD(p, o)             ON(load, p, o)
#define STORE(p, v, o)         ON(store, p, v, o)
#define EXCHANGE(p, v, o)      ON(exchange, p, v, o)
#else
#define ON(op, ...)            __atomic_##op(__VA_ARGS__)
#define SWAP(w, p, e, v, s, f) __atomic_compare_exchange_n(p, e, v, false, s, f)
#define LOAD(p, o)             ON(load_n, p, o)
#define STORE(p, v, o)         ON(store_n, p, v, o)
#define EXCHANGE(p, v, o)      ON(exchange_n, p, v, o)
#endif
#undef atomic_load_explicit
#undef atomic_store_explicit
#undef atomic_exchange_explicit
#undef atomic_fetch_or_explicit
#undef atomic_fetch_and_explicit
#undef atomic_fetch_add_explicit
#undef atomic_compare_exchange_strong_explicit
#undef atomic_compare_exchange_weak_explicit
#define atomic_load_explicit(p, o) (step(false), LOAD(p, o))
#define atomic_store_explicit(p, v, o)                                                             \
	({                                                                                         \
		__auto_type value = (v); /* a step of its own when it loads */                     \
		step(true);                                                                        \
		STORE(p, value, o);                                                                \
	})
#define atomic_exchange_explicit(p, v, o)  (step(true), EXCHANGE(p, v, o))
#define atomic_fetch_or_explicit(p, v, o)  (step(true), ON(fetch_or, p, v, o))
#define atomic_fetch_and_explicit(p, v, o) (step(true), ON(fetch_and, p, v, o))
#define atomic_fetch_add_explicit(p, v, o) (step(true), ON(fetch_add, p, v, o))
#define atomic_compare_exchange_strong_explicit(p, e, v, s, f)                                     \
	(step(true), SWAP(strong, p, e, v, s, f))
#define atomic_compare_exchange_weak_explicit(p, e, v, s, f) (step(true), SWAP(weak, p, e, v, s, f))
#define __sync_val_compare_and_swap(p, e, v)                 (step(true), __sync_val_compare_and_swap(p, e, v))

#include "correlate/evidence.c"
#include "correlate/evidence_join.c"
#include "correlate/evidence_lost.c"
#include "correlate/evidence_memory.c"
#include "correlate/evidence_read.c"
#include "correlate/evidence_sighting.c"
#include "correlate/evidence_table.c"

#define WRITERS   3
#define THREADS   (WRITERS + 2) /* a looker, a taker */
#define UPDATES   4             /* a writer */
#define LOOKS     16
#define THREATS   6
#define ELEMENTS  8
#define FAR       (UINT64_C(1) << 39)
#define STEPS_MAX 1000000
#define LOADS     8
#define HOLD      30  /* a thread is held up at one step in that many, */
#define HELD_MAX  100 /* for as many steps as this */
#define T0        INT64_C(1763784000000000)

/* --- one thread at a time ------------------------------------------------------ */

static sem_t turn[THREADS];
static bool gone[THREADS];
static uint64_t held[THREADS];              /* until that step, unless nobody else can go on */
static uint64_t coin, now, steps, patience; /* one step in that many lets another go on */
static bool scheduled;
static __thread int self;

static uint64_t below(uint64_t n)
{
	return hash_word(coin += 0x9e3779b97f4a7c15u) % n;
}

static int another(void)
{
	int left[THREADS], n = 0;

	for (int i = 0; i < THREADS; i++)
		if (!gone[i] && held[i] <= steps)
			left[n++] = i;
	for (int i = 0; i < THREADS && n == 0; i++)
		if (!gone[i])
			left[n++] = i;
	return n ? left[below((uint64_t)n)] : -1;
}

static void hand_over(int to)
{
	int me = self;

	sem_post(&turn[to]);
	if (!gone[me])
		while (sem_wait(&turn[me]))
			;
}

/* Loads are most of all steps, and least of what matters. */
static void step(bool change)
{
	if (!scheduled)
		return;
	if (++steps > STEPS_MAX) {
		tap_ok(false, "a schedule that ends");
		exit(tap_done());
	}
	if (!change && below(LOADS))
		return;
	if (below(HOLD) == 0)
		held[self] = steps + below(HELD_MAX);
	else if (below(patience))
		return;
	int to = another();
	if (to != self)
		hand_over(to);
}

static void leave(void)
{
	gone[self] = true;
	int to = another();
	if (to >= 0)
		hand_over(to);
}

/* --- what was done, and what was seen --------------------------------------------- */

struct done {
	struct observation o;
	int threat;
	uint64_t begin, end;
};

/* A threat as one look finds it; the elements are the small numbers they are made of. */
struct view {
	int threat;
	uint64_t begin, end;
	int64_t first[EVIDENCE_KINDS][ELEMENTS], last[EVIDENCE_KINDS][ELEMENTS]; /* 0 = not there */
	uint64_t users[ELEMENTS];
	int64_t cell_first, cell_last;
	uint8_t tlp;
	int repeated;
};

static struct evidence_table *table;
static uint32_t threat_number[THREATS];
static struct done updates[WRITERS * UPDATES];
static struct view views[LOOKS], told[THREATS], final[THREATS];
static int view_count, width; /* threats that are updated */
static bool far;              /* positions have no place inside their cell */
static bool alike;            /* hits differ in little but their position */
static bool named;            /* most have an identity, each position its own */
static int failures[4];

static uint64_t element_of(const struct observation *o, int kind)
{
	return kind == EVIDENCE_RECORD   ? o->offset % FAR + 1
	       : kind == EVIDENCE_ORIGIN ? o->origin
					 : o->entity;
}

static void see_entry(void *arg, const struct evidence_entry *e)
{
	struct view *v = arg;
	uint64_t x = e->kind == EVIDENCE_RECORD ? e->item.offset % FAR + 1 : e->hash;
	int64_t first = e->kind == EVIDENCE_RECORD ? e->item.time_us : e->first_us;
	int64_t last = e->kind == EVIDENCE_RECORD ? e->item.time_us : e->last_us;

	if (x >= ELEMENTS) {
		v->repeated = 1000; /* half made: no such element was brought */
		return;
	}
	int64_t *f = &v->first[e->kind][x], *l = &v->last[e->kind][x];
	v->repeated += *f != 0;
	*f = *f == 0 || first < *f ? first : *f;
	*l = last > *l ? last : *l;
	if (e->kind == EVIDENCE_REPORT)
		v->users[x] = e->users;
}

static void see_cell(void *arg, const struct evidence_cell *c)
{
	struct view *v = arg;

	v->cell_first = c->first_us;
	v->cell_last = c->last_us;
	v->tlp = c->tlp;
	evidence_read_entries(table, c->index, see_entry, v);
}

static void look(struct view *v, int threat)
{
	*v = (struct view){.threat = threat, .begin = ++now};
	evidence_read_cells(table, threat_number[threat], see_cell, v);
	v->end = ++now;
}

/* --- the threads ------------------------------------------------------------------- */

static void write_some(int me)
{
	for (int i = 0; i < UPDATES; i++) {
		struct done *u = &updates[me * UPDATES + i];
		u->begin = ++now;
		failures[3] += me % 2 ? evidence_update_many(table, &u->o, 1, NULL) != 0
				      : evidence_update(table, &u->o) != 0;
		u->end = ++now;
	}
}

static void look_around(void)
{
	for (view_count = 0; view_count < LOOKS; view_count++)
		look(&views[view_count], (int)below(THREATS));
}

static void take_some(uint32_t max)
{
	uint32_t numbers[THREATS], n;

	do {
		n = evidence_take_dirty(table, numbers, max);
		for (uint32_t i = 0; i < n; i++)
			for (int t = 0; t < THREATS; t++)
				if (threat_number[t] == numbers[i])
					look(&told[t], t);
	} while (n);
}

static void take_all(void)
{
	bool last;

	do {
		last = gone[0] && gone[1] && gone[2];
		take_some(1 + (uint32_t)below(THREATS));
		step(true);
	} while (!last);
}

static void *thread(void *arg)
{
	self = (int)(intptr_t)arg;
	while (sem_wait(&turn[self]))
		;
	if (self < WRITERS)
		write_some(self);
	else if (self == WRITERS)
		look_around();
	else
		take_all();
	leave();
	return NULL;
}

/* --- one seed ---------------------------------------------------------------------- */

/* Threats whose dirty bits share a word, two of them even a chain where one is found. */
static void choose_threats(void)
{
	uint32_t head, from = 1 + (uint32_t)below(1000), n = 1;

	threat_number[0] = from;
	head = evidence_table_threat_head(table, from);
	for (uint32_t i = from + 1; n < 2; i++)
		if (evidence_table_threat_head(table, i) == head)
			threat_number[n++] = i;
	for (uint32_t i = from + 1; n < THREATS; i++)
		if (evidence_table_threat_head(table, i) / 64 == head / 64 &&
		    evidence_table_threat_head(table, i) != head)
			threat_number[n++] = i;
}

static void draw_updates(void)
{
	for (int i = 0; i < WRITERS * UPDATES; i++) {
		if (i && below(3) == 0) { /* again */
			updates[i] = updates[below((uint64_t)i)];
			continue;
		}
		uint64_t wide = alike ? 1 : 3;
		int t = (int)below((uint64_t)width);
		updates[i] = (struct done){.threat = t,
					   .o = {.threat = threat_number[t],
						 .by = 1,
						 .hit_class = CLASS_EFFECT,
						 .tlp = (uint8_t)below(TLPS),
						 .time_us = T0 + 1 + (int64_t)below(2 * wide),
						 .entity = below(1 + wide),
						 .origin = below(wide),
						 .users = below(3) ? 0 : 1 + below(5),
						 .offset = below(5) + far * FAR}};
		if (named && below(8))
			updates[i].o.identity = 1000 + updates[i].o.offset;
	}
}

static void schedule(void)
{
	pthread_t id[THREADS];

	memset(gone, 0, sizeof(gone));
	memset(held, 0, sizeof(held));
	memset(told, 0, sizeof(told));
	now = steps = 0;
	for (intptr_t i = 0; i < THREADS; i++) {
		sem_init(&turn[i], 0, 0);
		if (pthread_create(&id[i], NULL, thread, (void *)i))
			exit(2);
	}
	scheduled = true;
	sem_post(&turn[below(THREADS)]);
	for (int i = 0; i < THREADS; i++)
		pthread_join(id[i], NULL);
	scheduled = false;
}

/* What update u joins is in the view. */
static bool holds(const struct view *v, const struct done *u)
{
	const struct observation *o = &u->o;
	bool all = v->cell_first && v->cell_first <= o->time_us && v->cell_last >= o->time_us &&
		   v->tlp >= o->tlp;

	for (int kind = 0; kind < EVIDENCE_KINDS; kind++) {
		uint64_t x = element_of(o, kind);
		if (!x || (kind == EVIDENCE_REPORT && !o->users))
			continue;
		int64_t first = v->first[kind][x], last = v->last[kind][x];
		/* the earliest is a record's best evidence */
		all &= first && first <= o->time_us &&
		       (kind == EVIDENCE_RECORD || last >= o->time_us) &&
		       (kind != EVIDENCE_REPORT || v->users[x] >= o->users);
	}
	return all;
}

static bool brought(const struct view *v, int kind, uint64_t x, int64_t time)
{
	for (int i = 0; i < WRITERS * UPDATES; i++)
		if (updates[i].threat == v->threat && updates[i].begin < v->end &&
		    element_of(&updates[i].o, kind) == x && updates[i].o.time_us == time &&
		    (kind != EVIDENCE_REPORT || updates[i].o.users))
			return true;
	return false;
}

static bool explained(const struct view *v)
{
	bool all = v->repeated < 1000;

	for (int kind = 0; kind < EVIDENCE_KINDS; kind++)
		for (uint64_t x = 0; x < ELEMENTS; x++)
			if (v->first[kind][x])
				all &= brought(v, kind, x, v->first[kind][x]) &&
				       brought(v, kind, x, v->last[kind][x]);
	return all;
}

/* b holds all that a does. */
static bool grown(const struct view *a, const struct view *b)
{
	bool all = !a->cell_first || (b->cell_first && b->cell_first <= a->cell_first &&
				      b->cell_last >= a->cell_last && b->tlp >= a->tlp);

	for (int kind = 0; kind < EVIDENCE_KINDS; kind++)
		for (int x = 0; x < ELEMENTS; x++)
			all &= !a->first[kind][x] ||
			       (b->first[kind][x] && b->first[kind][x] <= a->first[kind][x] &&
				(kind == EVIDENCE_RECORD || b->last[kind][x] >= a->last[kind][x]));
	return all;
}

static void check_view(const struct view *v)
{
	bool complete = true;

	for (int i = 0; i < WRITERS * UPDATES; i++)
		if (updates[i].threat == v->threat && updates[i].end < v->begin)
			complete &= holds(v, &updates[i]);
	failures[0] += !complete;
	failures[1] += !explained(v);
}

static bool one_seed(uint64_t seed)
{
	const struct evidence_config c = {1024, 1024, 1, 16};
	int before = failures[0] + failures[1] + failures[2] + failures[3];

	coin = hash_word(seed);
	patience = UINT64_C(1) << (1 + seed % 4);
	width = 1 + (int)(seed / 4 % THREATS);
	far = seed / 24 % 2;
	alike = seed / 48 % 2;
	named = seed / 96 % 2;
	if (evidence_init(&table, &c))
		exit(2);
	table->seed = hash_word(seed + 77); /* where things lie repeats as well */
	choose_threats();
	draw_updates();
	schedule();
	for (int t = 0; t < THREATS; t++) {
		look(&final[t], t);
		check_view(&final[t]);
		failures[2] += !grown(&final[t], &told[t]);
	}
	for (int i = 0; i < view_count; i++) {
		check_view(&views[i]);
		for (int j = i + 1; j < view_count; j++)
			if (views[j].threat == views[i].threat) {
				failures[0] += !grown(&views[i], &views[j]);
				break;
			}
	}
	evidence_fini(table);
	return failures[0] + failures[1] + failures[2] + failures[3] == before;
}

int main(int argc, char **argv)
{
	uint64_t seeds = argc > 1 ? strtoull(argv[1], NULL, 10) : TAP_SANITIZED ? 200 : 1000;
	uint64_t from = argc > 2 ? strtoull(argv[2], NULL, 10) : 1, bad = 0;

	for (uint64_t seed = from; seed < from + seeds; seed++)
		if (!one_seed(seed) && bad++ == 0)
			printf("# first with seed %llu\n", (unsigned long long)seed);
	printf("# %llu of %llu seeds failed\n", (unsigned long long)bad, (unsigned long long)seeds);
	tap_int(failures[0], 0, "a look finds every update that was over, and no less than before");
	tap_int(failures[1], 0, "and nothing that no update brought");
	tap_int(failures[2], 0, "who looks at what is dirty has seen all there is");
	tap_int(failures[3], 0, "no update failed");
	return tap_done();
}
