/*
 * evidence - evidence_update() of what is known, beside an uncontended atomic
 * add and beside the same joins in Concurrency Kit's hash table under a lock.
 *
 *   evidence [threats [repeats]]          default 4096 7
 *
 * hot: one observation, again and again, by every thread. spread: 16 existing
 * observations of each threat, in random order. The add is fetch_add(1): on a
 * line of the thread's own (hot), and on random lines of an array as large as
 * the table's cells (spread). ck_ht keeps a cell and its entity, record and
 * origin in one table, keyed directly by a 64-bit hash, under one mutex or one
 * spinlock; reads and writes there are plain. One thread is timed in processor
 * time, two on the clock (waiting for a lock is part of it), and all kinds of
 * work in turns, so that what else the machine does weighs on none. Counts are checked after the
 * runs; a wrong one fails.
 */
#include <ck_ht.h>
#include <ck_spinlock.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/hash.h"
#include "bench.h"
#include "correlate/evidence.h"

#define PER_THREAT 16
#define THREADS    2

enum work { ADD, EVIDENCE, CK_MUTEX, CK_SPIN, WORKS };
static const char *const works[] = {"add", "evidence", "ck_mutex", "ck_spinlock"};

static uint32_t threats = 4096, count, rounds;
static uint32_t *order;

static struct evidence_table *table;
static struct {
	_Alignas(64) _Atomic uint64_t n;
} own[THREADS], *lines;

/* --- the same joins under a lock ----------------------------------------------- */

struct joined {
	uint64_t first, last, users, item;
	uint32_t marks;
};

static struct ck_ht ht;
static struct joined *store;
static uint32_t stored;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static ck_spinlock_t spin = CK_SPINLOCK_INITIALIZER;

static void *ht_malloc(size_t n)
{
	return malloc(n);
}

static void ht_free(void *p, size_t n, bool defer)
{
	(void)n, (void)defer;
	free(p);
}

static struct ck_malloc allocator = {.malloc = ht_malloc, .free = ht_free};

static void ht_hash(ck_ht_hash_t *h, const void *key, size_t len, uint64_t seed)
{
	uint64_t k;

	memcpy(&k, key, len < sizeof(k) ? len : sizeof(k));
	h->value = hash_word(k ^ seed);
}

static struct joined *ht_place(uint64_t key)
{
	ck_ht_entry_t e;
	ck_ht_hash_t h;

	ck_ht_hash_direct(&h, &ht, key);
	ck_ht_entry_key_set_direct(&e, key);
	if (ck_ht_get_spmc(&ht, h, &e))
		return (struct joined *)ck_ht_entry_value_direct(&e);
	struct joined *j = &store[stored++];
	j->first = UINT64_MAX;
	ck_ht_entry_set_direct(&e, h, key, (uintptr_t)j);
	if (!ck_ht_put_spmc(&ht, h, &e))
		exit(1);
	return j;
}

static void ht_join(uint64_t key, const struct observation *o, uint64_t item)
{
	struct joined *j = ht_place(key);
	uint64_t t = (uint64_t)o->time_us;

	if (j->first > t)
		j->first = t;
	if (j->last < t)
		j->last = t;
	if (j->item < item)
		j->item = item;
	j->marks |= 1u << o->tlp;
}

static void ht_update(const struct observation *o)
{
	uint64_t lane = (uint64_t)o->state << 12 | (uint64_t)o->sector << 4 | o->severity;
	uint64_t cell = hash_pair((uint64_t)o->threat << 32 | lane,
				  (uint64_t)(o->time_us / EVIDENCE_BUCKET_US));

	ht_join(cell, o, 0);
	ht_join(hash_pair(cell, o->entity), o, 0);
	ht_join(hash_pair(cell + 1, o->offset), o, ~o->offset);
	ht_join(hash_pair(cell + 2, o->origin), o, 0);
}

/* Hit i, made on the spot: reading it from memory would be timed as well. */
static struct observation hit(uint32_t i)
{
	static const uint64_t entities[] = {0x9e3779b97f4a7c15, 0xbf58476d1ce4e5b9,
					    0x94d049bb133111eb, 0xd6e8feb86659fd93};
	uint32_t k = i % PER_THREAT;

	return (struct observation){.threat = 1 + i / PER_THREAT,
				    .by = 1,
				    .state = 5,
				    .sector = 1,
				    .hit_class = CLASS_EFFECT,
				    .severity = 2,
				    .tlp = TLP_GREEN,
				    .time_us = INT64_C(1763784000000000) + k * 1000,
				    .entity = entities[k % 4],
				    .origin = entities[k % 2],
				    .object = 1,
				    .offset = i};
}

/* --- runs ----------------------------------------------------------------------- */

static void one(enum work w, uint32_t me, const struct observation *o, uint32_t line)
{
	switch (w) {
	case ADD:
		/* relaxed: a bare counter */
		atomic_fetch_add_explicit(line == UINT32_MAX ? &own[me].n : &lines[line].n, 1,
					  memory_order_relaxed);
		break;
	case EVIDENCE:
		if (evidence_update(table, o))
			exit(1);
		break;
	case CK_MUTEX:
		pthread_mutex_lock(&mutex);
		ht_update(o);
		pthread_mutex_unlock(&mutex);
		break;
	case CK_SPIN:
		ck_spinlock_lock(&spin);
		ht_update(o);
		ck_spinlock_unlock(&spin);
		break;
	case WORKS:
		break;
	}
}

/* Alone, what others do to the machine is not ours; together, waiting is. */
static double now(uint32_t threads)
{
	struct timespec ts;

	clock_gettime(threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

struct run {
	enum work work;
	bool hot;
	uint32_t me, threads;
	pthread_barrier_t *start;
	double seconds;
};

static void *worker(void *arg)
{
	struct run *r = arg;
	uint32_t from = r->me * (count / THREADS);

	pthread_barrier_wait(r->start);
	double begin = now(r->threads);
	for (uint32_t n = 0; n < rounds; n++) {
		uint32_t i = order[(from + n) % count];
		struct observation o = hit(r->hot ? 0 : i);
		one(r->work, r->me, &o, r->hot ? UINT32_MAX : i % threats);
	}
	r->seconds = now(r->threads) - begin;
	return NULL;
}

/* Nanoseconds an operation, as each of the threads sees it. */
static double run(enum work w, bool hot, uint32_t threads)
{
	struct run r[THREADS];
	pthread_t id[THREADS];
	pthread_barrier_t start;
	double worst = 0;

	pthread_barrier_init(&start, NULL, threads);
	for (uint32_t i = 0; i < threads; i++) {
		r[i] = (struct run){w, hot, i, threads, &start, 0};
		if (pthread_create(&id[i], NULL, worker, &r[i]))
			exit(1);
	}
	for (uint32_t i = 0; i < threads; i++) {
		pthread_join(id[i], NULL);
		worst = r[i].seconds > worst ? r[i].seconds : worst;
	}
	pthread_barrier_destroy(&start);
	return worst / rounds * 1e9;
}

static void prepare(void)
{
	uint64_t s = 1;

	count = threats * PER_THREAT;
	order = malloc(count * sizeof(*order));
	store = calloc((size_t)count * 3 + threats, sizeof(*store));
	lines = aligned_alloc(64, threats * sizeof(*lines));
	if (!order || !store || !lines)
		exit(1);
	memset(lines, 0, threats * sizeof(*lines));
	for (uint32_t i = 0; i < count; i++)
		order[i] = i;
	for (uint32_t i = count - 1; i > 0; i--) {
		uint32_t j = (uint32_t)(hash_word(s++) % (i + 1)), x = order[i];
		order[i] = order[j];
		order[j] = x;
	}
}

static uint32_t power(uint64_t n)
{
	uint32_t p = 1024;

	while (p < n)
		p *= 2;
	return p;
}

static void fill(void)
{
	/* half full, as a table in service is sized */
	struct evidence_config c = {power(2ull * threats), power(2ull * count * 2), 16, 256};

	if (evidence_init(&table, &c) || !ck_ht_init(&ht, CK_HT_MODE_DIRECT | CK_HT_WORKLOAD_DELETE,
						     ht_hash, &allocator, 4ull * count, 0x5eed))
		exit(1);
	for (uint32_t i = 0; i < count; i++) {
		struct observation o = hit(i);
		one(EVIDENCE, 0, &o, 0);
		one(CK_MUTEX, 0, &o, 0);
	}
}

/* One cell a threat; 16 records, 4 entities, 2 origins each; the same in both. */
static bool right(void)
{
	struct evidence_usage u;
	uint64_t added = 0;

	evidence_usage(table, &u);
	for (uint32_t i = 0; i < threats; i++)
		added += atomic_load_explicit(&lines[i].n, memory_order_relaxed);
	for (int i = 0; i < THREADS; i++)
		added += atomic_load_explicit(&own[i].n, memory_order_relaxed);
	bool good = u.cells == threats && u.entries == threats * (PER_THREAT + 4 + 2) &&
		    stored == u.cells + u.entries && added % rounds == 0 && added;
	if (!good)
		fprintf(stderr, "evidence: %u cells, %u entries, %u under the lock, %llu adds\n",
			u.cells, u.entries, stored, (unsigned long long)added);
	return good;
}

int main(int argc, char **argv)
{
	static double ns[2][THREADS][WORKS][BENCH_REPEATS_MAX];
	size_t repeats = 7;

	if (argc > 1)
		threats = (uint32_t)atoi(argv[1]);
	if (argc > 2)
		repeats = (size_t)atoi(argv[2]);
	if (threats < 64 || threats > 1u << 22 || repeats < 5 || repeats > BENCH_REPEATS_MAX)
		return 2;
	prepare();
	fill();
	rounds = count < 500000 ? 500000 : count;
	for (size_t n = 0; n < repeats; n++) /* in turns, so that drift falls on all alike */
		for (int spread = 0; spread < 2; spread++)
			for (uint32_t t = 1; t <= THREADS; t++)
				for (int w = 0; w < WORKS; w++)
					ns[spread][t - 1][w][n] = run((enum work)w, !spread, t);
	struct evidence_usage u;
	evidence_usage(table, &u);
	printf("{\"bench\":\"evidence\",\"repeats\":%zu,\"updates\":%u,\"cells\":%u,"
	       "\"entries\":%u,\"counts_right\":%s",
	       repeats, rounds, u.cells, u.entries, right() ? "true" : "false");
	for (int spread = 0; spread < 2; spread++)
		for (uint32_t t = 1; t <= THREADS; t++) {
			double median[WORKS], wide[WORKS];
			for (int w = 0; w < WORKS; w++) {
				median[w] = bench_median(ns[spread][t - 1][w], repeats);
				wide[w] = bench_spread(ns[spread][t - 1][w], repeats);
			}
			printf(",\"%s_%u\":{", spread ? "spread" : "hot", t);
			for (int w = 0; w < WORKS; w++)
				printf("\"%s_ns\":%.2f,\"%s_spread\":%.3f,", works[w], median[w],
				       works[w], wide[w]);
			printf("\"over_add\":%.2f,\"ck_mutex_over\":%.2f,\"ck_spinlock_over\":%."
			       "2f}",
			       median[EVIDENCE] / median[ADD], median[CK_MUTEX] / median[EVIDENCE],
			       median[CK_SPIN] / median[EVIDENCE]);
		}
	printf(",\"bytes_a_cell\":64,\"bytes_an_entry\":32,\"bytes_a_cell_with_entries\":%.0f,",
	       64 + 32.0 * u.entries / u.cells);
	printf("\"table_bytes\":%zu,", evidence_bytes(&u.capacity));
	bench_machine(stdout);
	printf("}\n");
	return right() ? 0 : 1;
}
