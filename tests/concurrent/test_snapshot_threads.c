/* A snapshot taken while many threads write: it is sound, and holds at least what had happened
 * when it began. argv: threads, seed, rounds */
#include "tap.h"

#include <pthread.h>
#include <stdatomic.h>

#include "unit/test_assess_oracle.h"
#include "unit/test_evidence_dump.h"

#define THREADS_MAX 16
#define HITS	    (TAP_SANITIZED ? 4000 : 12000)
#define THREATS	    4

static const struct evidence_config size = {1024, 8192, 64, 16};
static struct evidence_table *table;
static struct observation hits[12000];
static _Atomic int done[THREADS_MAX]; /* of its share, each */
static int threads;

/* Few cells; inside, outside and beyond what they keep exactly. */
static struct observation hot_hit(uint64_t *s, int mode)
{
	struct observation o = draw_hit(s, TIMESTAMP_DAY);
	uint64_t spread = mode == 0 ? 4 : mode == 1 ? 18 : 400;

	o.threat = 1 + (uint32_t)below(s, THREATS);
	o.state = (uint8_t)below(s, 3);
	o.sector = 1;
	o.hit_class = CLASS_EFFECT;
	o.severity = 2;
	o.time_us = T0 + (int64_t)below(s, (uint64_t)TIMESTAMP_HOUR);
	o.entity = hash_word(below(s, spread) + 1);
	o.origin = hash_word(below(s, spread / 4 + 1) + 1000);
	o.object = 1;
	o.sub = 0;
	o.offset = below(s, spread);
	return o;
}

static void *writer(void *arg)
{
	int me = (int)(intptr_t)arg;

	for (int i = me, n = 1; i < HITS; i += threads, n++) {
		evidence_update(table, &hits[i]);
		/* release: who sees this number sees that many hits joined */
		atomic_store_explicit(&done[me], n, memory_order_release);
	}
	return NULL;
}

static struct text dump(const struct evidence_table *t, uint32_t from, uint32_t to)
{
	struct text out;

	text_init(&out);
	text_str(&out, "");
	for (uint32_t threat = from; threat <= to; threat++)
		dump_threat(t, threat, &out);
	return out;
}

/* Joining what had happened changes nothing; threat 0: of all. */
static bool holds(const struct blob *b, const int had[], uint32_t threat)
{
	struct evidence_table *t;
	struct blob copy = *b;
	uint32_t from = threat ? threat : 1, to = threat ? threat : THREATS;

	if (evidence_init(&t, &size))
		exit(2);
	copy.at = 0;
	bool good = evidence_restore(t, blob_read, &copy) == 0;
	struct text before = dump(t, from, to);
	for (int me = 0; me < threads; me++)
		for (int i = me, n = 0; i < HITS && n < had[me]; i += threads, n++)
			if (!threat || hits[i].threat == threat)
				evidence_update(t, &hits[i]);
	struct text after = dump(t, from, to);
	good = good && strcmp(before.p, after.p) == 0;
	text_fini(&before);
	text_fini(&after);
	evidence_fini(t);
	return good;
}

static int snapshots, bad;

static void look(void)
{
	int had[THREADS_MAX];
	uint32_t threat = (uint32_t)snapshots % (THREATS + 1);
	struct blob b = {0};

	for (int i = 0; i < threads; i++)
		had[i] = atomic_load_explicit(&done[i], memory_order_acquire);
	int rc = threat ? evidence_snapshot_threat(table, threat, blob_write, &b)
			: evidence_snapshot(table, blob_write, &b);
	bad += rc != 0 || !holds(&b, had, threat);
	snapshots++;
	free(b.p);
}

static bool all_done(void)
{
	int n = 0;

	for (int i = 0; i < threads; i++)
		n += atomic_load_explicit(&done[i], memory_order_acquire);
	return n == HITS;
}

int main(int argc, char **argv)
{
	threads = argc > 1 ? atoi(argv[1]) : 4;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	int rounds = argc > 3 ? atoi(argv[3]) : TAP_SANITIZED ? 3 : 45;
	pthread_t id[THREADS_MAX];

	for (int r = 0; r < rounds; r++) {
		if (evidence_init(&table, &size))
			return 2;
		for (int i = 0; i < HITS; i++)
			hits[i] = hot_hit(&seed, r % 3);
		for (int i = 0; i < threads; i++) {
			atomic_store(&done[i], 0);
			pthread_create(&id[i], NULL, writer, (void *)(intptr_t)i);
		}
		do
			look();
		while (!all_done());
		look();
		for (int i = 0; i < threads; i++)
			pthread_join(id[i], NULL);
		evidence_fini(table);
	}
	tap_ok(bad == 0, "%d snapshots beside %d writers hold what had happened", snapshots, threads);
	return tap_done();
}
