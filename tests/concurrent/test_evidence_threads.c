/* Many threads on the same few cells, in every flavour; the result is the
 * model's. argv: threads, seed, rounds */
#include "tap.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "unit/test_assess_oracle.h"
#include "unit/test_evidence_dump.h"

#define THREADS_MAX 64
#define HITS        6000

static struct evidence_table *table;
static struct observation hits[HITS];
static pthread_barrier_t start;
static int threads, failed;
static _Atomic int writers;
static uint64_t seed;

static char *look(const struct evidence_table *t, const struct profile *p)
{
	struct text out;
	struct assessor *a;

	text_init(&out);
	text_str(&out, "");
	if (assessor_init(&a, p))
		exit(2);
	for (uint32_t threat = 1; threat <= 4; threat++) {
		dump_threat(t, threat, &out);
		assess_threat(a, t, threat, write_episode, &out);
	}
	assessor_fini(a);
	return text_take(&out);
}

/* Few cells, elements around exact_max in each, many of them shared. */
static struct observation hot_hit(uint64_t *s, int mode)
{
	struct observation o = draw_hit(s, TIMESTAMP_DAY);
	uint64_t spread = mode == 0 ? 14 : mode == 1 ? 18 : 400;

	o.threat = 1 + (uint32_t)below(s, 4);
	o.state = (uint8_t)below(s, 2);
	o.sector = 1;
	o.hit_class = CLASS_EFFECT;
	o.severity = 2;
	o.time_us = T0 + (int64_t)below(s, (uint64_t)TIMESTAMP_HOUR);
	o.entity = hash_word(below(s, spread) + 1);
	o.origin = hash_word(below(s, spread) + 1000);
	o.object = 1;
	o.sub = 0;
	o.offset = below(s, spread);
	return o;
}

/* Each thread joins its share of the hits, then everybody's, from its own place. */
static void *writer(void *arg)
{
	int me = (int)(intptr_t)arg, bad = 0;

	pthread_barrier_wait(&start);
	for (int i = me; i < HITS; i += threads)
		bad += evidence_update(table, &hits[i]) != 0;
	for (int i = 0; i < HITS; i += 3)
		bad += evidence_update(table, &hits[(i + me * 997) % HITS]) != 0;
	atomic_fetch_sub_explicit(&writers, 1, memory_order_release);
	return (void *)(intptr_t)bad;
}

/* A reader meanwhile: assessing a live table must be sound, whatever it sees,
 * and what it sees of a threat only grows. */
static void *reader(void *arg)
{
	const struct profile *p = arg;
	uint32_t threats[16];
	intptr_t bad = 0;
	struct assessor *a;
	struct text out;

	if (assessor_init(&a, p))
		return (void *)1;
	pthread_barrier_wait(&start);
	text_init(&out);
	/* pairs with the release in writer() */
	while (atomic_load_explicit(&writers, memory_order_acquire)) {
		uint32_t n = evidence_take_dirty(table, threats, 16);
		bad += n > 4;
		for (uint32_t i = 0; i < n; i++)
			assess_threat(a, table, threats[i], write_episode, &out);
		text_reset(&out);
	}
	text_fini(&out);
	assessor_fini(a);
	return (void *)bad;
}

static void run(const struct profile *p)
{
	pthread_t id[THREADS_MAX + 1];
	void *bad;

	atomic_store_explicit(&writers, threads, memory_order_relaxed);
	pthread_barrier_init(&start, NULL, (unsigned)threads + 1);
	for (int i = 0; i < threads; i++)
		pthread_create(&id[i], NULL, writer, (void *)(intptr_t)i);
	pthread_create(&id[threads], NULL, reader, (void *)p);
	for (int i = 0; i <= threads; i++) {
		pthread_join(id[i], &bad);
		failed += (int)(intptr_t)bad;
	}
	pthread_barrier_destroy(&start);
}

static bool round_equals(int mode)
{
	const struct evidence_config c = {1024, 8192, 64, 16};
	struct evidence_table *model;
	struct profile p;

	draw_profile(&seed, &p);
	for (int i = 0; i < HITS; i++)
		hits[i] = hot_hit(&seed, mode);
	if (evidence_init(&table, &c) || evidence_init(&model, &c))
		exit(2);
	for (int i = HITS - 1; i >= 0; i--)
		failed += evidence_update(model, &hits[i]) != 0;
	run(&p);
	char *got = look(table, &p), *want = look(model, &p);
	bool same = strcmp(got, want) == 0;
	if (!same)
		printf("# got:\n%s\n# want:\n%s\n", got, want);
	free(got);
	free(want);
	evidence_fini(table);
	evidence_fini(model);
	return same;
}

/* --- an update is seen at once by whoever is told of it ------------------------------ */

struct relay {
	_Atomic uint64_t told; /* entity + 1 that was joined last */
	_Atomic bool stop;
	uint64_t last;
	int missed;
};
static struct relay relay;

static bool found;
static void find_entity(void *arg, const struct evidence_entry *e)
{
	found |= e->kind == EVIDENCE_ENTITY && e->hash == *(const uint64_t *)arg;
}

static void find_cell(void *arg, const struct evidence_cell *c)
{
	evidence_read_entries(table, c->index, find_entity, arg);
}

/* Several threads join the same new entity; each that returns tells, and the
 * reader must then find it, whoever of them claimed it. */
static void *teller(void *arg)
{
	(void)arg;
	for (uint64_t e = 1; e <= relay.last; e++) {
		struct observation o = {.threat = 1,
					.by = 1,
					.time_us = T0,
					.entity = e,
					.hit_class = CLASS_EFFECT};
		evidence_update(table, &o);
		uint64_t told = atomic_load_explicit(&relay.told, memory_order_relaxed);
		/* release: pairs with the acquire in listener() */
		while (told < e && !atomic_compare_exchange_weak_explicit(&relay.told, &told, e,
									  memory_order_release,
									  memory_order_relaxed))
			;
	}
	return NULL;
}

static void *listener(void *arg)
{
	(void)arg;
	while (!atomic_load_explicit(&relay.stop, memory_order_relaxed)) {
		uint64_t e = atomic_load_explicit(&relay.told, memory_order_acquire);
		found = e == 0;
		evidence_read_cells(table, 1, find_cell, &e);
		relay.missed += !found;
	}
	return NULL;
}

static void test_relay(uint64_t entities)
{
	const struct evidence_config c = {1024, 65536, 1, 65536};
	pthread_t id[THREADS_MAX], ear;

	if (evidence_init(&table, &c))
		exit(2);
	relay.last = entities;
	pthread_create(&ear, NULL, listener, NULL);
	for (int i = 0; i < threads; i++)
		pthread_create(&id[i], NULL, teller, NULL);
	for (int i = 0; i < threads; i++)
		pthread_join(id[i], NULL);
	atomic_store_explicit(&relay.stop, true, memory_order_relaxed);
	pthread_join(ear, NULL);
	tap_int(relay.missed, 0, "a finished update is seen, whoever claimed the slot");
	evidence_fini(table);
}

/* --- no change is forgotten ------------------------------------------------------------ */

static void *marker(void *arg)
{
	uint64_t s = (uint64_t)(intptr_t)arg;

	pthread_barrier_wait(&start);
	for (int i = 0; i < 20000; i++) {
		struct observation o = {.threat = 1 + (uint32_t)below(&s, 50),
					.by = 1,
					.time_us = T0 + (int64_t)below(&s, 3600) * 1000000,
					.hit_class = CLASS_EFFECT,
					.offset = below(&s, 200)};
		evidence_update(table, &o);
	}
	atomic_fetch_sub_explicit(&writers, 1, memory_order_release);
	return NULL;
}

/* What the last look at each threat saw must be all there is in the end. */
static void test_dirty(void)
{
	const struct evidence_config c = {1024, 65536, 1, 65536};
	char *seen[51] = {0};
	pthread_t id[THREADS_MAX];
	uint32_t threats[64], n;
	int stale = 0, running;

	if (evidence_init(&table, &c))
		exit(2);
	atomic_store_explicit(&writers, threads, memory_order_relaxed);
	pthread_barrier_init(&start, NULL, (unsigned)threads + 1);
	for (int i = 0; i < threads; i++)
		pthread_create(&id[i], NULL, marker, (void *)(intptr_t)(i + 1));
	pthread_barrier_wait(&start);
	do {
		running = atomic_load_explicit(&writers, memory_order_acquire);
		n = evidence_take_dirty(table, threats, 64);
		for (uint32_t i = 0; i < n; i++) {
			struct text out;
			text_init(&out);
			dump_threat(table, threats[i], &out);
			free(seen[threats[i]]);
			seen[threats[i]] = text_take(&out);
		}
	} while (running || n);
	for (int i = 0; i < threads; i++)
		pthread_join(id[i], NULL);
	for (uint32_t threat = 1; threat <= 50; threat++) {
		struct text out;
		text_init(&out);
		dump_threat(table, threat, &out);
		stale += !seen[threat] || strcmp(seen[threat], out.p) != 0;
		text_fini(&out);
		free(seen[threat]);
	}
	tap_int(stale, 0, "whoever looks at what is dirty misses no change");
	pthread_barrier_destroy(&start);
	evidence_fini(table);
}

/* --- sparks: all threads at one fresh cell at the same instant, thousands of times --- */

static _Atomic uint32_t arrived, released;

/* Spins: a sleeping barrier would let the threads out one by one. */
static void meet(uint32_t parties)
{
	uint32_t turn = atomic_load_explicit(&released, memory_order_acquire);

	if (atomic_fetch_add_explicit(&arrived, 1, memory_order_acq_rel) + 1 == parties) {
		atomic_store_explicit(&arrived, 0, memory_order_relaxed);
		atomic_store_explicit(&released, turn + 1, memory_order_release);
		return;
	}
	for (int spins = 0; atomic_load_explicit(&released, memory_order_acquire) == turn; spins++)
		if (spins > 1000)
			usleep(1); /* more threads than cores */
}

struct spark {
	int rounds;
	_Atomic int lost, stale;
};
static struct spark spark;

/* What one look at a cell found. */
struct look {
	uint32_t entities, records, origins, cells;
	uint64_t sum;
	bool common;
	int64_t first, last;
};

static void look_entry(void *arg, const struct evidence_entry *e)
{
	struct look *l = arg;

	l->entities += e->kind == EVIDENCE_ENTITY;
	l->records += e->kind == EVIDENCE_RECORD;
	l->origins += e->kind == EVIDENCE_ORIGIN;
	l->common |= e->kind == EVIDENCE_ENTITY && e->hash == 1;
	l->sum += hash_pair(e->hash, (uint64_t)e->last_us) + (uint64_t)e->first_us;
	if (l->entities + l->records + l->origins > 1000) {
		tap_ok(false, "a list that ends");
		exit(tap_done());
	}
}

static void look_cell(void *arg, const struct evidence_cell *c)
{
	struct look *l = arg;

	l->cells++;
	l->first = c->first_us;
	l->last = c->last_us;
	evidence_read_entries(table, c->index, look_entry, l);
}

static struct look look_at(uint32_t threat)
{
	struct look l = {0};

	evidence_read_cells(table, threat, look_cell, &l);
	return l;
}

/* A common entity, an own record and an own origin; then it must be there. */
static void *sparker(void *arg)
{
	uint64_t me = (uint64_t)(intptr_t)arg;

	for (int r = 1; r <= spark.rounds; r++) {
		struct observation o = {.threat = (uint32_t)r,
					.by = 1,
					.entity = 1,
					.time_us = T0 + (int64_t)me * 1000,
					.offset = me,
					.origin = 100 + me,
					.hit_class = CLASS_EFFECT};
		meet((uint32_t)threads + 1);
		evidence_update(table, &o);
		struct look l = look_at((uint32_t)r);
		if (!l.common || l.cells != 1)
			atomic_fetch_add_explicit(&spark.lost, 1, memory_order_relaxed);
		meet((uint32_t)threads + 1);
	}
	return NULL;
}

/* Takes and looks meanwhile; once the round is over, all of it must be there,
 * and what is not dirty must be what was seen. */
static void *taker(void *arg)
{
	(void)arg;
	for (int r = 1; r <= spark.rounds; r++) {
		struct look seen = {0}, all;
		uint32_t threat;
		meet((uint32_t)threads + 1);
		/* relaxed: how long it goes on is of no matter */
		while (atomic_load_explicit(&arrived, memory_order_relaxed) < (uint32_t)threads)
			if (evidence_take_dirty(table, &threat, 1))
				seen = look_at(threat);
		meet((uint32_t)threads + 1);
		if (evidence_take_dirty(table, &threat, 1))
			seen = look_at(threat);
		all = look_at((uint32_t)r);
		if (all.cells != 1 || all.entities != 1 || all.records != (uint32_t)threads ||
		    all.origins != (uint32_t)threads || all.first != T0 ||
		    all.last != T0 + (threads - 1) * 1000)
			atomic_fetch_add_explicit(&spark.lost, 1, memory_order_relaxed);
		if (seen.sum != all.sum || seen.last != all.last)
			atomic_fetch_add_explicit(&spark.stale, 1, memory_order_relaxed);
	}
	return NULL;
}

static void test_sparks(int rounds)
{
	const struct evidence_config c = {32768, 1u << 18, 1, 65536};
	pthread_t id[THREADS_MAX + 1];

	/* beyond the cores it would be scheduling that is tested */
	if (threads > 8)
		threads = 8;
	spark.rounds = rounds < 16000 ? rounds : 16000;
	if (evidence_init(&table, &c))
		exit(2);
	for (int i = 0; i < threads; i++)
		pthread_create(&id[i], NULL, sparker, (void *)(intptr_t)i);
	pthread_create(&id[threads], NULL, taker, NULL);
	for (int i = 0; i <= threads; i++)
		pthread_join(id[i], NULL);
	tap_int(spark.lost, 0, "nothing joined at the same instant is lost, or unseen afterwards");
	tap_int(spark.stale, 0, "nor changed behind the back of who looks at what is dirty");
	evidence_fini(table);
}

int main(int argc, char **argv)
{
	int rounds = argc > 3 ? atoi(argv[3]) : 10, bad = 0;

	threads = argc > 1 ? atoi(argv[1]) : 4;
	seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	if (threads < 1 || threads > THREADS_MAX)
		return 2;
	for (int i = 0; i < rounds; i++)
		bad += !round_equals(i % 3);
	tap_int(bad, 0, "any threads, any order: the model's cells and assessments");
	tap_int(failed, 0, "no update failed");
	test_relay(3000);
	test_dirty();
	test_sparks(rounds * 500);
	return tap_done();
}
