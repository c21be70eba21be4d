/*
 * evidence - evidence_update() beside a bare atomic add on the same memory, and
 * beside the same joins in three other tables (evidence_peers.h); on all cores.
 *
 *   evidence [threats [repeats]]          default 1000000 7
 *
 * hot     one cell that has grown out of its four hits (64 hits of 4 entities); every
 *         thread brings hits that it knows. The add is fetch_add(1) on one line.
 * few     4,096 threats, known hits; 16 a threat, in random order
 * many    all threats, known hits, four a threat: each update is at a random cell
 * news    (ours and the add alone) at the hot cell: hits it does not know, in order
 *         of time, of its entities and origin
 *
 * Adds are on one line for hot and news, else each on the line of its threat, 128
 * bytes apart. All kinds of work take turns, so that what else the machine does weighs on
 * none; medians. Ours takes hits by the batch (evidence_update_many()), as they come
 * out of one. What the tables hold is compared after the runs; a difference
 * fails.
 */
#include "micro/evidence_peers.h"

#define THREADS_MAX 64
#define FEW         4096
#define FEW_HITS    16
#define MANY_HITS   4
#define HOT_HITS    64

enum work { ADD, OURS, WITH_CK, WITH_LFHT, WITH_SHARDS, WORKS };
enum load { HOT, FEW_CELLS, MANY, NEWS, LOADS };
static const char *const loads[] = {"hot", "few", "many", "news"};

static uint32_t many = 1000000, rounds = 1 << 18, threads;
static struct evidence_table *table;
static struct {
	_Alignas(128) _Atomic uint64_t n;
} * lines;

/* Hits are made on the spot: reading them from memory would be timed as well. The hot
 * threat is 1, the few follow, the many follow those. */
static struct observation hit(uint32_t threat, uint32_t k, uint32_t origins)
{
	static const uint64_t entities[] = {0x9e3779b97f4a7c15, 0xbf58476d1ce4e5b9,
					    0x94d049bb133111eb, 0xd6e8feb86659fd93};

	return (struct observation){.threat = threat,
				    .by = 1,
				    .state = 5,
				    .sector = 1,
				    .hit_class = CLASS_EFFECT,
				    .severity = 2,
				    .tlp = TLP_GREEN,
				    .time_us = INT64_C(1763784000000000) + k,
				    .entity = entities[k % 4],
				    .origin = entities[k % origins],
				    .object = 1,
				    .offset = (uint64_t)threat << 8 | k};
}

static struct observation draw(enum load l, uint64_t n)
{
	switch (l) {
	case HOT:
		return hit(1, (uint32_t)(n % HOT_HITS), 2);
	case FEW_CELLS:
		return hit(2 + (uint32_t)(n % FEW), (uint32_t)(n / FEW % FEW_HITS), 2);
	case MANY:
		return hit(2 + FEW + (uint32_t)(n % many), (uint32_t)(n >> 40) % MANY_HITS, 1);
	default:
		return hit(1, 1000, 1);
	}
}

static void one(enum work w, const struct observation *o)
{
	if (w == OURS ? evidence_update(table, o) : (peer_update((enum peer)(w - WITH_CK), o), 0))
		exit(1);
}

#define BATCH 512
struct batch {
	struct observation o[BATCH];
	uint32_t line[BATCH];
};

static void work_off(enum work w, const struct batch *b)
{
	if (w == OURS && evidence_update_many(table, b->o, BATCH, NULL))
		exit(1);
	for (int i = 0; i < BATCH && w == ADD; i++)
		/* relaxed: a bare counter */
		atomic_fetch_add_explicit(&lines[b->line[i]].n, 1, memory_order_relaxed);
	for (int i = 0; i < BATCH && w > OURS; i++)
		peer_update((enum peer)(w - WITH_CK), &b->o[i]);
}

struct run {
	enum work work;
	enum load load;
	uint32_t me, threads, turn;
	pthread_barrier_t *start;
	double seconds;
};

/* News: each thread its own, later and later in the same hour. */
static void make_new(struct observation *o, const struct run *r, uint32_t i)
{
	uint32_t k = (r->turn * rounds + i) * r->threads + r->me;

	o->offset = (UINT64_C(1) << 34) + k;
	o->time_us += 1000 + k;
	o->entity = hit(1, k, 1).entity;
}

static void prepare(struct batch *b, const struct run *r, uint32_t from, uint64_t *s)
{
	for (uint32_t i = 0; i < BATCH; i++) {
		uint64_t n = hash_word(*s += 0x9e3779b97f4a7c15u);
		b->o[i] = draw(r->load, n);
		b->line[i] = (uint32_t)(r->load == MANY        ? n % many
					: r->load == FEW_CELLS ? n % FEW
							       : 0);
		if (r->load == NEWS)
			make_new(&b->o[i], r, from + i);
	}
}

/* Alone, what others do to the machine is not ours; together, waiting is. */
static double now(const struct run *r)
{
	struct timespec ts;

	clock_gettime(r->threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Hits are made outside of the time that is taken. */
static void *worker(void *arg)
{
	struct run *r = arg;
	uint64_t s = r->me * UINT64_C(0x9e3779b97f4a7c15);
	struct batch b;

	urcu_qsbr_register_thread();
	urcu_qsbr_thread_offline();
	pthread_barrier_wait(r->start);
	urcu_qsbr_thread_online();
	for (uint32_t i = 0; i < rounds; i += BATCH) {
		prepare(&b, r, i, &s);
		double begin = now(r);
		work_off(r->work, &b);
		r->seconds += now(r) - begin;
	}
	urcu_qsbr_unregister_thread();
	return NULL;
}

/* Nanoseconds an operation, as the slowest of the threads sees it. */
static double run(enum work w, enum load l, uint32_t n, uint32_t turn)
{
	struct run r[THREADS_MAX];
	pthread_t id[THREADS_MAX];
	pthread_barrier_t start;
	double worst = 0;

	pthread_barrier_init(&start, NULL, n);
	for (uint32_t i = 0; i < n; i++) {
		r[i] = (struct run){w, l, i, n, turn, &start, 0};
		if (pthread_create(&id[i], NULL, worker, &r[i]))
			exit(1);
	}
	for (uint32_t i = 0; i < n; i++) {
		pthread_join(id[i], NULL);
		worst = r[i].seconds > worst ? r[i].seconds : worst;
	}
	pthread_barrier_destroy(&start);
	return worst / rounds * 1e9;
}

static void everywhere(struct observation o)
{
	for (int w = OURS; w < WORKS; w++)
		one((enum work)w, &o);
}

static void fill(void)
{
	const uint32_t cells = (uint32_t)power_above(3ull * (many + FEW) / 2);
	const struct evidence_config c = {cells, 1u << 19, 16, 1024};

	if (evidence_init(&table, &c))
		exit(1);
	peers_init(many + FEW * 64ull);
	lines = huge((uint64_t)many * sizeof(*lines));
	for (uint32_t i = 0; i < many; i++)
		atomic_store_explicit(&lines[i].n, 0, memory_order_relaxed);
	urcu_qsbr_register_thread();
	for (uint32_t k = 0; k < HOT_HITS; k++)
		everywhere(hit(1, k, 2));
	for (uint32_t i = 0; i < FEW * FEW_HITS; i++)
		everywhere(hit(2 + i % FEW, i / FEW, 2));
	for (uint64_t i = 0; i < (uint64_t)many * MANY_HITS; i++)
		everywhere(hit(2 + FEW + (uint32_t)(i % many), (uint32_t)(i / many), 1));
}

static bool right(void)
{
	uint64_t ours = evidence_digest(table, 1 + FEW + many);
	bool good = true;

	for (int p = 0; p < PEERS; p++)
		good &= peer_digest((enum peer)p) == ours;
	if (!good)
		fprintf(stderr, "evidence: %016llx here, %016llx %016llx %016llx there\n",
			(unsigned long long)ours, (unsigned long long)peer_digest(CK_HT),
			(unsigned long long)peer_digest(LFHT),
			(unsigned long long)peer_digest(SHARD));
	urcu_qsbr_unregister_thread();
	return good;
}

static double ns[LOADS][2][WORKS][BENCH_REPEATS_MAX];

static void measure(enum load from, enum load to, size_t repeats)
{
	for (size_t n = 0; n < repeats; n++)
		for (enum load l = from; l < to; l++)
			for (uint32_t all = 0; all < 2; all++)
				for (int w = 0; w < (l == NEWS ? WITH_CK : WORKS); w++)
					ns[l][all][w][n] = run((enum work)w, l, all ? threads : 1,
							       2 * (uint32_t)n + all);
}

static void print(enum load l, int all, size_t repeats)
{
	double median[WORKS];

	printf(",\"%s_%u\":{", loads[l], all ? threads : 1);
	for (int w = 0; w < (l == NEWS ? WITH_CK : WORKS); w++) {
		median[w] = bench_median(ns[l][all][w], repeats);
		printf("\"%s_ns\":%.1f,",
		       w == ADD    ? "add"
		       : w == OURS ? "update"
				   : peer_names[w - WITH_CK],
		       median[w]);
	}
	printf("\"over_add\":%.2f,\"spread\":%.3f", median[OURS] / median[ADD],
	       bench_spread(ns[l][all][OURS], repeats));
	for (int w = WITH_CK; w < WORKS && l != NEWS; w++)
		printf(",\"%s_over\":%.2f", peer_names[w - WITH_CK], median[w] / median[OURS]);
	printf("}");
}

int main(int argc, char **argv)
{
	size_t repeats = 7;

	if (argc > 1)
		many = (uint32_t)atoi(argv[1]);
	if (argc > 2)
		repeats = (size_t)atoi(argv[2]);
	if (many < FEW || many > 10000000 || repeats < 3 || repeats > BENCH_REPEATS_MAX)
		return 2;
	threads = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN);
	threads = threads < 2 ? 2 : threads > THREADS_MAX ? THREADS_MAX : threads;
	fill();
	measure(HOT, NEWS, repeats);
	bool good = right(); /* before news, which the peers do not get */
	measure(NEWS, LOADS, repeats);
	printf("{\"bench\":\"evidence\",\"repeats\":%zu,\"updates\":%u,\"threats\":%u,"
	       "\"same_result\":%s",
	       repeats, rounds, 1 + FEW + many, good ? "true" : "false");
	for (int l = 0; l < LOADS; l++)
		for (int all = 0; all < 2; all++)
			print((enum load)l, all, repeats);
	printf(",");
	bench_machine(stdout);
	printf("}\n");
	return good ? 0 : 1;
}
