/* Known entities, parts and lifts against plain sets. argv: seeds */
#include "tap.h"

#include <math.h>

#include "test_assess_oracle.h"

#include "correlate/prevalence.h"

#define THREATS 12
#define MOST	20000

static struct observation hit[MOST];
static int hits;

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Distinct entities of a threat (0: of any) in a lane. */
static uint64_t entities(uint32_t threat, uint8_t state, uint8_t sector)
{
	static uint64_t v[MOST];
	size_t n = 0, distinct = 0;

	for (int i = 0; i < hits; i++)
		if ((!threat || hit[i].threat == threat) && hit[i].state == state &&
		    hit[i].sector == sector && hit[i].entity &&
		    (hit[i].hit_class == CLASS_EFFECT || hit[i].hit_class == CLASS_ATTEMPT))
			v[n++] = hit[i].entity;
	qsort(v, n, sizeof(v[0]), compare);
	for (size_t i = 0; i < n; i++)
		distinct += i == 0 || v[i] != v[i - 1];
	return distinct;
}

static bool near(double got, double want, double error)
{
	return fabs(got - want) <= error * want;
}

static bool row_right(const struct prevalence_row *r, uint32_t threat, double error)
{
	uint64_t sum = 0, mine = entities(threat, r->state, r->sector), threats = 0;
	double known = (double)entities(0, r->state, r->sector);

	for (uint32_t t = 1; t <= THREATS; t++) {
		uint64_t n = entities(t, r->state, r->sector);
		sum += n;
		threats += n > 0;
	}
	double lift = threats > 1 ? (double)mine * (double)threats / (double)sum : 0;
	return near((double)r->entities, (double)mine, error) &&
	       near((double)r->known, known, 0.15) && near(r->lift, lift, 2 * error + 1e-9) &&
	       near(r->share, (double)r->entities / (double)r->known, 1e-9);
}

static int rows_seen, most_parts;

static bool seed_right(uint64_t seed, uint32_t exact_max)
{
	const struct evidence_config config = {16384, 131072, 4096, exact_max};
	struct prevalence_row row[64];
	struct evidence_table *t;
	struct prevalence *p;
	bool right = true;
	uint64_t s = seed;

	hits = 4000 + (int)below(&s, 8000);
	if (evidence_init(&t, &config) || prevalence_init(&p))
		exit(2);
	for (int i = 0; i < hits; i++) {
		hit[i] = draw_hit(&s, TIMESTAMP_HOUR);
		/* some threats are everywhere, some are rare */
		hit[i].threat = 1 + (uint32_t)below(&s, 1 + below(&s, THREATS));
		hit[i].time_us = T0;
		hit[i].entity = below(&s, 9) ? hash_word(1 + below(&s, 400 * hit[i].threat)) : 0;
		hit[i].offset = (uint64_t)i;
		if (evidence_update(t, &hit[i]))
			exit(2);
	}
	/* at once, or in parts */
	if (seed & 1) {
		uint32_t part = 1 + (uint32_t)below(&s, 300);
		int r, parts = 0;
		while ((r = prevalence_step(p, t, THREATS, part)) == 0) {
			right &= prevalence_of(p, t, 1, row, 64) == 0;
			parts++;
		}
		right &= r == 1;
		most_parts = parts > most_parts ? parts : most_parts;
	} else {
		right &= prevalence_census(p, t, THREATS) == 0;
	}
	for (uint32_t threat = 1; threat <= THREATS; threat++) {
		int n = prevalence_of(p, t, threat, row, 64);
		for (int i = 0; i < n; i++) {
			right &= row_right(&row[i], threat, exact_max < 1024 ? 0.2 : 0);
			rows_seen++;
		}
	}
	prevalence_fini(p);
	evidence_fini(t);
	return right;
}

int main(int argc, char **argv)
{
	int seeds = argc > 1 ? atoi(argv[1]) : TAP_SANITIZED ? 3 : 12, exact = 0, sketched = 0;

	for (int i = 1; i <= seeds; i++) {
		exact += !seed_right((uint64_t)i, 16384);
		sketched += !seed_right((uint64_t)i, 64);
	}
	tap_int(exact, 0, "parts and lifts are those of plain sets");
	tap_int(sketched, 0, "and near them where cells are sketches");
	tap_ok(most_parts > 5, "a census may be taken in parts (%d), and is told when it is whole", most_parts);
	tap_ok(rows_seen > 20 * seeds, "there were rows to look at");
	return tap_done();
}
