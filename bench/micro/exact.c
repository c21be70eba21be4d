/*
 * exact - one look-up of a value that is no atom, and of one that is.
 *
 *   exact [atoms]     default: 1,000, 100,000, 1,000,000 and 10,000,000
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/hash.h"
#include "match/exact.h"

#define PROBES  4000000u
#define REPEATS 5

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

static int by_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* Nanoseconds a probe: values from first on, below count of them. */
static double probe(const struct exact *e, uint64_t first, uint64_t below, uint64_t *found)
{
	double ns[REPEATS];

	for (int i = 0; i < REPEATS; i++) {
		double t = now();
		*found = 0;
		for (uint64_t k = 0; k < PROBES; k++) {
			uint64_t h = hash_word(first + k * 2654435761u % below);
			*found += exact_maybe(e, h) && exact_find(e, h).count > 0;
		}
		ns[i] = (now() - t) / PROBES * 1e9;
	}
	qsort(ns, REPEATS, sizeof(*ns), by_double);
	return ns[REPEATS / 2];
}

static int run(uint32_t atoms)
{
	struct exact e;
	uint64_t hit, foreign;

	if (exact_init(&e, atoms))
		return 1;
	double t = now();
	for (uint32_t i = 0; i < atoms; i++)
		exact_insert(&e, hash_word(i), i);
	if (exact_finish(&e))
		return 1;
	double build = now() - t;
	double foreign_ns = probe(&e, UINT64_C(1) << 40, UINT64_C(1) << 32, &foreign);
	double hit_ns = probe(&e, 0, atoms, &hit);
	printf("{\"bench\":\"exact\",\"atoms\":%u,\"bytes_an_atom\":%.1f,\"build_ns_an_atom\":%.1f,"
	       "\"foreign_ns\":%.2f,\"hit_ns\":%.2f,\"match_count\":%llu,\"foreign_count\":%llu}\n",
	       atoms, (double)exact_bytes(&e) / atoms, build / atoms * 1e9, foreign_ns, hit_ns,
	       (unsigned long long)hit, (unsigned long long)foreign);
	exact_fini(&e);
	return hit == PROBES && foreign <= PROBES / 10000 ? 0 : 1;
}

int main(int argc, char **argv)
{
	static const uint32_t sizes[] = {1000, 100000, 1000000, 10000000};

	if (argc > 1)
		return run((uint32_t)strtoul(argv[1], NULL, 10));
	for (int i = 0; i < 4; i++)
		if (run(sizes[i]))
			return 1;
	return 0;
}
