/* partial: writers on many threads, a reader beside them, and the set that one thread keeps.
 * argv: threads, seed */
#include "tap.h"

#include <pthread.h>
#include <stdatomic.h>

#include "correlate/partial.h"

#define COUNT 30000

static const struct partial_shape shape = {1 << 20, PARTIAL_KEPT, false};
static struct partial_store *store;
static uint32_t threads = 8;
static uint64_t seed0 = 1;
static _Atomic bool done;

static struct partial make(uint32_t i)
{
	uint64_t x = (i + seed0) * UINT64_C(0x9e3779b97f4a7c15);
	struct partial p = {
		.rule = 1 + (x >> 60), .group = x >> 50 & 1, .which = 1 + (x >> 40 & 1)};

	p.o.time_us = (int64_t)(x >> 20 & 0xfffff);
	p.o.offset = i;
	return p;
}

static void *writer(void *arg)
{
	uint32_t at = *(uint32_t *)arg;

	/* each thread starts elsewhere; together they add all, and half of it twice */
	for (uint32_t i = 0; i < COUNT * 3 / 2 / threads + 1; i++) {
		struct partial p = make((at * (COUNT / threads) + i) % COUNT);
		if (partial_add(store, &p, shape))
			abort();
	}
	return NULL;
}

static void count(void *arg, struct partial *const *p, uint32_t n)
{
	uint64_t *h = arg;

	for (uint32_t i = 0; i < n; i++)
		*h = (*h ^ p[i]->o.offset) * UINT64_C(0x100000001b3) + p[i]->rule;
}

static void *reader(void *arg)
{
	uint64_t h;

	while (!atomic_load_explicit(&done, memory_order_acquire))
		if (partial_each(store, count, &h))
			abort();
	return arg;
}

int main(int argc, char **argv)
{
	uint32_t number[64];
	uint64_t one = 0, many = 0;
	pthread_t t[64], r;

	if (argc > 1)
		threads = (uint32_t)atoi(argv[1]);
	if (argc > 2)
		seed0 = (uint64_t)atoll(argv[2]);
	if (threads < 1 || threads > 64 || partial_init(&store, 1 << 17))
		return 1;
	for (uint32_t i = 0; i < COUNT; i++) {
		struct partial p = make(i);
		partial_add(store, &p, shape);
	}
	partial_each(store, count, &one);
	partial_fini(store);
	if (partial_init(&store, 1 << 17) || pthread_create(&r, NULL, reader, NULL))
		return 1;
	for (uint32_t i = 0; i < threads; i++) {
		number[i] = i;
		if (pthread_create(&t[i], NULL, writer, &number[i]))
			return 1;
	}
	for (uint32_t i = 0; i < threads; i++)
		pthread_join(t[i], NULL);
	atomic_store_explicit(&done, true, memory_order_release);
	pthread_join(r, NULL);
	partial_each(store, count, &many);
	tap_ok(one == many && one != 0, "%u threads keep what one keeps", threads);
	partial_fini(store);
	return tap_done();
}
