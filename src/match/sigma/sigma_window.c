#include "match/sigma/sigma_window.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "match/stix_sequence.h"

bool sigma_window_numeric(const struct sigma_correlation *c)
{
	return c->type == SIGMA_VALUE_SUM || c->type == SIGMA_VALUE_AVG ||
	       (c->type == SIGMA_VALUE_PERCENTILE && c->percentile >= 0);
}

static double number_of(const struct sigma_moment *m)
{
	double v;

	memcpy(&v, &m->value, sizeof(v));
	return v;
}

/*
 * What slides along: how often each value is in the window. Values have ranks, and the ranks
 * are the leaves of a tree whose nodes sum up what is below: so a sum is a matter of what is
 * in the window, not of how it came to be, and a percentile is found going down.
 */
struct counts {
	uint32_t *rank;  /* by moment */
	double *number;  /* by rank, ascending; 0 where values are no numbers */
	uint32_t leaves; /* a power of two */
	uint32_t *of;    /* by node: how many; the leaves begin at [leaves] */
	long double *sum;
	uint32_t distinct;
};

struct keyed {
	uint64_t value;
	double number;
	uint32_t at;
};

static int by_value(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return (x->value > y->value) - (x->value < y->value);
}

static int counts_init(struct counts *c, const struct sigma_moment *m, uint32_t n, bool numeric)
{
	struct keyed *k = malloc(((size_t)n + 1) * sizeof(*k));
	uint32_t rank = 0;

	*c = (struct counts){.leaves = 1};
	while (c->leaves < n)
		c->leaves *= 2;
	c->rank = calloc((size_t)n + 1, sizeof(*c->rank));
	c->number = calloc((size_t)n + 1, sizeof(*c->number));
	c->of = calloc(2 * (size_t)c->leaves, sizeof(*c->of));
	c->sum = calloc(2 * (size_t)c->leaves, sizeof(*c->sum));
	if (!k || !c->rank || !c->number || !c->of || !c->sum) {
		free(k);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < n; i++)
		k[i] = (struct keyed){m[i].value, numeric ? number_of(&m[i]) : 0, i};
	qsort(k, n, sizeof(*k), by_value);
	for (uint32_t i = 0; i < n; i++) {
		rank += i && by_value(&k[i], &k[i - 1]) != 0;
		c->rank[k[i].at] = rank;
		c->number[rank] = k[i].number;
	}
	free(k);
	return 0;
}

static void counts_fini(struct counts *c)
{
	free(c->rank);
	free(c->number);
	free(c->of);
	free(c->sum);
}

static void change(struct counts *c, uint32_t i, int by)
{
	uint32_t rank = c->rank[i], node = c->leaves + rank;

	c->distinct -= c->of[node] > 0;
	c->of[node] += (uint32_t)by;
	c->distinct += c->of[node] > 0;
	c->sum[node] = (long double)c->number[rank] * c->of[node];
	while ((node /= 2) > 0) {
		c->of[node] = c->of[2 * node] + c->of[2 * node + 1];
		c->sum[node] = c->sum[2 * node] + c->sum[2 * node + 1];
	}
}

/* The nearest rank: the smallest number that this per cent of all do not exceed. */
static double percentile(const struct counts *c, double p)
{
	uint32_t want = (uint32_t)ceil(p / 100 * c->of[1]), node = 1;

	want = want ? want : 1;
	while (node < c->leaves) {
		node *= 2;
		if (c->of[node] < want)
			want -= c->of[node++];
	}
	return c->number[node - c->leaves];
}

static bool holds(const struct sigma_correlation *c, const struct counts *k, uint32_t i)
{
	switch (c->type) {
	case SIGMA_EVENT_COUNT:
		return sigma_criteria_hold(c, k->of[1]);
	case SIGMA_VALUE_COUNT:
		return sigma_criteria_hold(c, k->distinct);
	case SIGMA_VALUE_SUM:
		return sigma_criteria_hold(c, k->sum[1]);
	case SIGMA_VALUE_AVG:
		return sigma_criteria_hold(c, k->sum[1] / k->of[1]);
	}
	if (c->percentile >= 0)
		return sigma_criteria_hold(c, percentile(k, c->percentile));
	/* the specification's example: a value that is this per cent of all */
	return sigma_criteria_hold(c, 100.0L * k->of[k->leaves + k->rank[i]] / k->of[1]);
}

static int values(const struct sigma_correlation *c, struct sigma_moment *m, uint32_t n)
{
	struct counts k;
	int err = counts_init(&k, m, n, sigma_window_numeric(c));
	uint32_t from = 0;

	for (uint32_t i = 0; i < n && !err; i++) {
		change(&k, i, 1);
		while (m[i].time_us - m[from].time_us > c->timespan_us)
			change(&k, from++, -1);
		m[i].from = from;
		m[i].completes = holds(c, &k, i);
	}
	counts_fini(&k);
	return err;
}

/* References that the window has, by how many of its records are theirs. */
static void temporal(const struct sigma_correlation *c, struct sigma_moment *m, uint32_t n)
{
	uint32_t of[SIGMA_REFERENCES_MAX] = {0}, from = 0;
	uint64_t there = 0;

	for (uint32_t i = 0; i < n; i++) {
		for (uint64_t b = m[i].there; b; b &= b - 1)
			of[__builtin_ctzll(b)]++;
		there |= m[i].there;
		for (; m[i].time_us - m[from].time_us > c->timespan_us; from++)
			for (uint64_t b = m[from].there; b; b &= b - 1)
				if (--of[__builtin_ctzll(b)] == 0)
					there &= ~(b & -b);
		m[i].from = from;
		m[i].completes = c->term_count
					 ? sigma_terms_hold(c, there)
					 : sigma_criteria_hold(c, __builtin_popcountll(there));
	}
}

/* One after the other is what FOLLOWEDBY says, and the search for it is there. */
static int64_t ordered(const struct sigma_correlation *c, struct sigma_moment *m, uint32_t n)
{
	struct stix_instance *in = malloc(((size_t)n + 1) * sizeof(*in));
	uint8_t *used = malloc((size_t)n + 1);
	char why[STIX_PATTERN_WHY_MAX];
	struct stix_tree t = {0};
	struct text p;
	int64_t undecided = 0;

	text_init(&p);
	for (uint32_t k = 0; k < c->reference_count; k++)
		text_printf(&p, "%s[r:r=%u]", k ? " FOLLOWEDBY " : "(", k);
	text_printf(&p, ") WITHIN %" PRId64 " SECONDS", c->timespan_us / 1000000);
	bool good = in && used && !p.error &&
		    stix_tree_read(&t, p.p, p.len, STIX_ANY, why) == STIX_PATTERN_OK;
	for (uint32_t i = 0, from = 0; i < n && good; i++) {
		in[i] = (struct stix_instance){m[i].time_us, m[i].time_us, m[i].there};
		while (m[i].time_us - m[from].time_us > c->timespan_us)
			from++;
		enum stix_answer a = stix_sequence_complete(&t, in + from, i + 1 - from, used,
							    SIGMA_WINDOW_EFFORT);
		m[i].from = from;
		m[i].completes = a == STIX_YES;
		undecided += a == STIX_UNDECIDED;
	}
	stix_tree_fini(&t);
	text_fini(&p);
	free(in);
	free(used);
	return good ? undecided : -ENOMEM;
}

int64_t sigma_window_find(const struct sigma_correlation *c, struct sigma_moment *m, uint32_t n)
{
	if (c->type == SIGMA_TEMPORAL_ORDERED)
		return ordered(c, m, n);
	if (c->type != SIGMA_TEMPORAL)
		return values(c, m, n);
	temporal(c, m, n);
	return 0;
}
