/* Numbers for names: once given, for good; read without a lock while others add. */
#include "tap.h"

#include <pthread.h>
#include <stdatomic.h>

#include "correlate/names.h"

static void test_one(void)
{
	struct names *n;

	if (names_init(&n))
		exit(2);
	uint32_t a = names_threat(n, NAME_CAMPAIGN, "c-1", 3, "Night Owl", 9);
	uint32_t b = names_threat(n, NAME_INDICATOR, "c-1", 3, "", 0);
	tap_ok(a == 1 && b == 2, "numbers from 1, by kind and id");
	tap_int(names_threat(n, NAME_CAMPAIGN, "c-1 more", 3, "Another", 7), 1,
		"a known id keeps its number, not NUL-terminated");
	tap_str(names_threat_get(n, 1)->name, "Night Owl", "and its first name");
	tap_str(names_threat_get(n, 2)->id, "c-1", "the id is NUL-terminated");
	tap_int(names_threat_get(n, 2)->kind, NAME_INDICATOR, "the kind");
	tap_int(names_by(n, "rule:7", 6), 1, "by-names have numbers of their own");
	tap_int(names_by(n, "rule:7", 6), 1, "once");
	tap_int(names_by(n, "rule:", 5), 2, "a prefix is another name");
	tap_int(names_by(n, "rule:\0x", 7), 3, "so is one with a NUL in it");
	tap_int(names_by(n, "rule:\0y", 7), 4, "to the last byte");
	tap_int(names_by(n, "", 0), 5, "even the empty one");
	tap_ok(names_threat_count(n) == 2 && names_by_count(n) == 5, "counts");
	names_fini(n);
}

static void test_many(void)
{
	struct names *n;
	char id[100000];
	int wrong = 0;

	if (names_init(&n))
		exit(2);
	for (uint32_t i = 1; i <= 100000; i++) {
		int len = snprintf(id, sizeof(id), "indicator--%u", i * 7);
		wrong += names_threat(n, NAME_INDICATOR, id, (size_t)len, id, (size_t)len) != i;
	}
	const struct threat_name *first = names_threat_get(n, 1);
	for (uint32_t i = 1; i <= 100000; i++) {
		int len = snprintf(id, sizeof(id), "indicator--%u", i * 7);
		wrong += names_threat(n, NAME_INDICATOR, id, (size_t)len, "", 0) != i;
		wrong += strcmp(names_threat_get(n, i)->id, id) != 0;
	}
	tap_int(wrong, 0, "100,000 names keep their numbers");
	tap_ok(first == names_threat_get(n, 1), "and their places");
	memset(id, 'x', sizeof(id));
	uint32_t number = names_by(n, id, sizeof(id));
	tap_ok(number == 1 && strlen(names_by_get(n, 1)) == sizeof(id),
	       "a very long name is whole");
	names_fini(n);
}

static struct names *shared;
static _Atomic uint32_t wrong;

/* Every thread adds the same names, from its own place, and reads what it has. */
static void *adder(void *arg)
{
	uint32_t me = (uint32_t)(intptr_t)arg;

	for (uint32_t i = 0; i < 20000; i++) {
		char id[32];
		int len = snprintf(id, sizeof(id), "n%u", (i + me * 5000) % 20000);
		uint32_t number = names_threat(shared, NAME_RULE, id, (size_t)len, id, (size_t)len);
		uint32_t any = 1 + i % names_threat_count(shared);
		if (strcmp(names_threat_get(shared, number)->id, id) != 0 ||
		    names_threat_get(shared, any)->id[0] != 'n')
			atomic_fetch_add_explicit(&wrong, 1, memory_order_relaxed);
	}
	return NULL;
}

static void test_threads(void)
{
	pthread_t id[4];

	if (names_init(&shared))
		exit(2);
	for (int i = 0; i < 4; i++)
		pthread_create(&id[i], NULL, adder, (void *)(intptr_t)i);
	for (int i = 0; i < 4; i++)
		pthread_join(id[i], NULL);
	tap_int(wrong, 0, "four threads agree on every name");
	tap_int(names_threat_count(shared), 20000, "each once");
	names_fini(shared);
}

int main(void)
{
	test_one();
	test_many();
	test_threads();
	names_fini(NULL);
	return tap_done();
}
