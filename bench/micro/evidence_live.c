/*
 * evidence_live - what one more live threat costs: updates at a random cell of a
 * thousand to ten million, beside a bare atomic add on as much memory, and what the
 * ten million take.
 *
 *   evidence_live [threats [repeats]]     default 10000000 5
 *
 * known   a hit that its cell has; a cell holds 1 to 4, each of another entity
 * new     a hit that its cell has not, once for every cell in random order
 *
 * All cores; hits are made outside of the time taken, and go in by the batch. The
 * add is on a line of its own for each threat, 128 bytes apart. A refused hit, a cell
 * too few or a page more than evidence_bytes() said fails.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/mman.h>

#include "base/hash.h"
#include "bench.h"
#include "correlate/evidence.h"

#define THREADS_MAX 64
#define BATCH       256
#define ROUNDS      (1u << 19)

enum work { ADD, KNOWN, NEW, WORKS };

static uint32_t threads;
static struct evidence_table *table;
static struct {
	_Alignas(128) _Atomic uint64_t n;
} * lines;

/* Threat i has hits 0..i % 4, and then no other before it is its turn to have a new one. */
static void make(struct observation *o, uint32_t i, uint32_t k)
{
	static const uint64_t entities[] = {0x9e3779b97f4a7c15, 0xbf58476d1ce4e5b9,
					    0x94d049bb133111eb, 0xd6e8feb86659fd93};

	*o = (struct observation){.threat = 1 + i,
				  .by = 1,
				  .state = 5,
				  .sector = 1,
				  .hit_class = CLASS_EFFECT,
				  .severity = 2,
				  .tlp = TLP_GREEN,
				  .time_us = INT64_C(1763784000000000) + k,
				  .entity = entities[k % 4],
				  .origin = entities[0],
				  .object = 1,
				  .offset = (uint64_t)i << 8 | k};
}

struct run {
	enum work work;
	uint32_t me, count, from, rounds;
	pthread_barrier_t *start;
	double seconds;
};

/* A permutation of 0..count-1 that jumps about: the step has no factor in common. */
static uint32_t permuted(uint32_t i, uint32_t count)
{
	return (uint32_t)((uint64_t)i * 2654435761u % count); /* a prime beyond every count */
}

static void prepare(const struct run *r, uint32_t at, uint64_t *s, struct observation *o,
		    uint32_t *line)
{
	for (uint32_t j = 0; j < BATCH; j++) {
		uint64_t n = hash_word(*s += 0x9e3779b97f4a7c15u);
		uint32_t i = r->work == NEW ? permuted((r->from + at + j) % r->count, r->count)
					    : (uint32_t)(n % r->count);
		line[j] = i;
		make(&o[j], i, r->work == NEW ? 3 : (uint32_t)(n >> 40) % (1 + i % 3));
	}
}

static void *worker(void *arg)
{
	struct run *r = arg;
	uint64_t s = r->me * UINT64_C(0x9e3779b97f4a7c15);
	struct observation o[BATCH];
	uint32_t line[BATCH];

	pthread_barrier_wait(r->start);
	for (uint32_t at = 0; at < r->rounds; at += BATCH) {
		prepare(r, at, &s, o, line);
		double begin = bench_now();
		if (r->work != ADD && evidence_update_many(table, o, BATCH, NULL))
			exit(1);
		for (int j = 0; j < BATCH && r->work == ADD; j++)
			/* relaxed: a bare counter */
			atomic_fetch_add_explicit(&lines[line[j]].n, 1, memory_order_relaxed);
		r->seconds += bench_now() - begin;
	}
	return NULL;
}

/* Nanoseconds an operation, as the slowest thread sees it. */
static double run(enum work w, uint32_t count, uint32_t from, uint32_t rounds)
{
	struct run r[THREADS_MAX];
	pthread_t id[THREADS_MAX];
	pthread_barrier_t start;
	double worst = 0;

	pthread_barrier_init(&start, NULL, threads);
	for (uint32_t i = 0; i < threads; i++) {
		r[i] = (struct run){w, i, count, from + i * rounds, rounds, &start, 0};
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

static size_t resident(void)
{
	FILE *f = fopen("/proc/self/smaps_rollup", "r");
	char line[256];
	unsigned long kb = 0;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Rss: %lu", &kb) == 1)
			break;
	if (f)
		fclose(f);
	return kb * 1024;
}

static void fill(uint32_t count)
{
	struct observation o[BATCH];
	uint32_t n = 0;

	for (uint32_t i = 0; i < count; i++)
		for (uint32_t k = 0; k <= i % 3; k++) {
			make(&o[n++], i, k);
			if (n == BATCH || i + 1 == count) {
				if (evidence_update_many(table, o, n, NULL))
					exit(1);
				n = 0;
			}
		}
}

static bool measure(uint32_t count, size_t repeats, double median[WORKS])
{
	static double ns[WORKS][BENCH_REPEATS_MAX];
	struct evidence_config c = {1024, 1024, 1, 1024};
	struct evidence_usage u;
	uint32_t rounds = ROUNDS / threads;

	while (c.cells < count + count / 2)
		c.cells *= 2;
	size_t before = resident();
	if (evidence_init(&table, &c))
		exit(1);
	fill(count);
	evidence_usage(table, &u);
	size_t took = resident() - before;
	lines = mmap(NULL, count * sizeof(*lines), PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (lines == MAP_FAILED)
		exit(1);
	madvise(lines, count * sizeof(*lines), MADV_HUGEPAGE);
	for (uint32_t i = 0; i < count; i++)
		atomic_store_explicit(&lines[i].n, 1, memory_order_relaxed);
	for (size_t n = 0; n < repeats; n++) {
		ns[ADD][n] = run(ADD, count, 0, rounds);
		ns[KNOWN][n] = run(KNOWN, count, 0, rounds);
		/* each cell has one hit to come: a share of them a turn */
		uint32_t share = (uint32_t)(count / repeats / threads) & ~(BATCH - 1u);
		share = share > rounds ? rounds : share;
		ns[NEW][n] = share ? run(NEW, count, (uint32_t)n * share * threads, share) : 0;
	}
	for (int w = 0; w < WORKS; w++)
		median[w] = bench_median(ns[w], repeats);
	bool good = u.cells == count && u.entries == 0 && took <= evidence_bytes(&c) + (1u << 20);
	printf(",\"live_%u\":{\"add_ns\":%.1f,\"known_ns\":%.1f,\"new_ns\":%.1f,"
	       "\"known_over_add\":%.2f,\"new_over_add\":%.2f,\"bytes_a_cell\":128,"
	       "\"bytes_said\":%zu,\"bytes_taken\":%zu}",
	       count, median[ADD], median[KNOWN], median[NEW], median[KNOWN] / median[ADD],
	       median[NEW] / median[ADD], evidence_bytes(&c), took);
	munmap(lines, count * sizeof(*lines));
	evidence_fini(table);
	return good;
}

int main(int argc, char **argv)
{
	uint32_t most = argc > 1 ? (uint32_t)atoi(argv[1]) : 10000000;
	size_t repeats = argc > 2 ? (size_t)atoi(argv[2]) : 5;
	double few[WORKS], all[WORKS];
	bool good = true;

	if (most < 100000 || most > 50000000 || repeats < 3 || repeats > BENCH_REPEATS_MAX)
		return 2;
	threads = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN);
	threads = threads > THREADS_MAX ? THREADS_MAX : threads;
	printf("{\"bench\":\"evidence_live\",\"repeats\":%zu,\"threads\":%u", repeats, threads);
	good &= measure(1000, repeats, few);
	good &= measure(100000, repeats, all);
	good &= measure(most, repeats, all);
	printf(",\"known_over_1000\":%.2f,\"right\":%s,", all[KNOWN] / few[KNOWN],
	       good ? "true" : "false");
	bench_machine(stdout);
	printf("}\n");
	return good ? 0 : 1;
}
