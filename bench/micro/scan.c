/*
 * scan - match_scan() beside a bare hs_scan() loop over the same records.
 *
 *   scan [atoms [patterns [records [repeats]]]]     default 10000 1000 200000 7
 *
 * Records are seeded, in Suricata's EVE format: dns, tls, http, flow, alert and
 * fileinfo as a sensor mixes them; one in 100 names an indicator. The bare loop
 * looks for the patterns alone, as one database with the flags they were written
 * with, a scan a record, stopped at the first match as well. Both are timed in
 * turns (chain_ratio: with decode and verify of what scan lets through), in processor time, so that
 * what else the machine does weighs on neither.
 */
#include <hs.h>
#include <time.h>

#include "../../tests/unit/test_matcher_set.h"
#include "decode/decode.h"
#include "match/match.h"
#include "match/matcher.h"
#include "scan_records.h"

#define REPEATS_MAX 99

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
		    void *ctx)
{
	(void)id, (void)from, (void)to, (void)flags;
	++*(uint64_t *)ctx;
	return 1;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

static uint64_t bare(const hs_database_t *db, hs_scratch_t *hs, const struct records *r)
{
	uint64_t hits = 0;

	for (uint32_t i = 0; i < r->count; i++)
		hs_scan(db, r->text + r->at[i], r->at[i + 1] - r->at[i] - 1, 0, hs, on_match,
			&hits);
	return hits;
}

#define LOOK_AHEAD 65536

/* Where the scan of all records, a block at a time, has come to. */
struct pass {
	const struct matcher *m;
	struct match_scratch *sc;
	const char *p, *end, *looked; /* the next record, all, the block */
};

static void look_ahead(struct pass *a)
{
	size_t left = (size_t)(a->end - a->p), len = left < LOOK_AHEAD ? left : LOOK_AHEAD;

	a->looked = match_block(a->m, a->sc, FORMAT_EVE, a->p, len);
}

/* Takes the next record; false at the end. */
static bool next(struct pass *a, const char **p, size_t *len)
{
	if (a->p >= a->end)
		return false;
	if (a->p >= a->looked)
		look_ahead(a);
	const char *stop = match_line(a->m, a->sc, a->p, a->end);
	*p = a->p;
	*len = (size_t)(stop - a->p);
	a->p = stop + 1;
	return true;
}

static struct pass all(const struct matcher *m, struct match_scratch *sc, const struct records *r)
{
	return (struct pass){m, sc, r->text, r->text + r->at[r->count], r->text};
}

static uint64_t scan(const struct matcher *m, struct match_scratch *sc, const struct records *r)
{
	struct pass a = all(m, sc, r);
	uint64_t maybe = 0;
	const char *p;
	size_t len;

	while (next(&a, &p, &len))
		maybe += match_scan(m, sc, FORMAT_EVE, p, len);
	match_block(m, sc, FORMAT_EVE, NULL, 0);
	return maybe;
}

/* What a worker does with a record, reading and counting aside; returns the hits. */
static uint64_t chain(const struct matcher *m, struct match_scratch *sc, struct decoder *d,
		      const struct records *r)
{
	static struct event ev;
	static struct match_result result;
	uint64_t hits = 0;

	struct pass a = all(m, sc, r);
	const char *p;
	size_t len;

	while (next(&a, &p, &len)) {
		if (!match_scan(m, sc, FORMAT_EVE, p, len) ||
		    decode_text(d, FORMAT_EVE, NULL, NULL, p, len, &ev) != REASON_OK)
			continue;
		match_verify(m, sc, &ev, &result);
		hits += result.hits;
	}
	match_block(m, sc, FORMAT_EVE, NULL, 0);
	return hits;
}

/* The patterns as a user would compile them. */
static hs_database_t *natural(const struct indicator_set *s, uint32_t patterns)
{
	char **texts = calloc(patterns + 1, sizeof(*texts));
	unsigned *flags = calloc(patterns + 1, sizeof(*flags)), n = 0;
	hs_database_t *db = NULL;
	hs_compile_error_t *error = NULL;

	for (uint32_t i = 0; i < s->condition_count; i++) {
		const struct condition *c = &s->conditions[i];
		if (c->kind != CONDITION_PATTERN)
			continue;
		texts[n] = malloc((size_t)c->text_len * 4 + 8);
		char *o = texts[n];
		for (uint32_t k = 0; k < c->text_len; k++) {
			char ch = s->text[c->text + k];
			if (c->pattern_kind == PATTERN_WILDCARD && ch == '*') {
				if (k > 0 && k + 1 < c->text_len)
					o += sprintf(o, ".*");
			} else if (c->pattern_kind != PATTERN_REGEX &&
				   strchr(".?/-+()[]{}|^$\\*", ch)) {
				o += sprintf(o, "\\%c", ch);
			} else {
				*o++ = ch;
			}
		}
		*o = '\0';
		flags[n++] = c->hs_flags | HS_FLAG_SINGLEMATCH;
	}
	if (hs_compile_multi((const char *const *)texts, flags, NULL, n, HS_MODE_BLOCK, NULL, &db,
			     &error) != HS_SUCCESS) {
		fprintf(stderr, "scan: %s\n", error->message);
		exit(1);
	}
	for (unsigned i = 0; i < n; i++)
		free(texts[i]);
	free(texts);
	free(flags);
	return db;
}

static int by_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double median(double *v, unsigned n)
{
	qsort(v, n, sizeof(*v), by_double);
	return v[n / 2];
}

int main(int argc, char **argv)
{
	uint32_t arg[] = {10000, 1000, 200000, 7};
	double t_bare[REPEATS_MAX], t_scan[REPEATS_MAX], ratios[REPEATS_MAX], chains[REPEATS_MAX];
	struct indicator_set set = {0};
	struct records r;
	struct matcher *m;
	struct match_scratch *sc;
	hs_scratch_t *hs = NULL;
	uint64_t bare_hits = 0, maybe = 0, hits = 0;
	struct decoder d;

	for (int i = 1; i < argc && i < 5; i++)
		arg[i - 1] = (uint32_t)strtoul(argv[i], NULL, 10);
	uint32_t repeats = arg[3] < REPEATS_MAX ? arg[3] : REPEATS_MAX;
	records_indicators(&set, arg[0], arg[1]);
	records_make(&r, arg[2], &set);
	double t = now();
	if (matcher_compile(&m, &set, NULL) || match_scratch_init(&sc, m))
		return 1;
	double compile = now() - t;
	hs_database_t *db = natural(&set, arg[1]);
	if (hs_alloc_scratch(db, &hs) != HS_SUCCESS || decoder_init(&d))
		return 1;
	bare(db, hs, &r);
	scan(m, sc, &r);
	for (uint32_t i = 0; i < repeats; i++) {
		t = now();
		bare_hits = bare(db, hs, &r);
		t_bare[i] = now() - t;
		t = now();
		maybe = scan(m, sc, &r);
		t_scan[i] = now() - t;
		ratios[i] = t_bare[i] / t_scan[i];
		t = now();
		hits = chain(m, sc, &d, &r);
		chains[i] = t_bare[i] / (now() - t);
	}
	uint64_t bytes = r.at[r.count];
	/* what was planted must be found; what else is sent to the parser costs time only */
	bool right = maybe >= r.planted;
	for (uint32_t i = 0; i < r.count && right; i++)
		if (r.is_planted[i])
			right = match_scan(m, sc, FORMAT_EVE, r.text + r.at[i],
					   r.at[i + 1] - r.at[i] - 1);
	right = right && maybe - r.planted <= r.count / 1000;
	double s_bare = median(t_bare, repeats), s_scan = median(t_scan, repeats);
	printf("{\"bench\":\"scan\",\"atoms\":%u,\"patterns\":%u,\"records\":%u,\"bytes\":%llu,"
	       "\"bare_gb_s\":%.3f,\"scan_gb_s\":%.3f,\"bare_ns\":%.1f,\"scan_ns\":%.1f,\"ratio\":%"
	       ".3f,\"chain_ratio\":%.3f,\"hits\":%llu,"
	       "\"match_count\":%llu,\"planted\":%u,\"bare_count\":%llu,\"compile_s\":%.3f,"
	       "\"matcher_bytes\":%zu,\"right\":%s}\n",
	       arg[0], arg[1], r.count, (unsigned long long)bytes, (double)bytes / s_bare * 1e-9,
	       (double)bytes / s_scan * 1e-9, s_bare / r.count * 1e9, s_scan / r.count * 1e9,
	       median(ratios, repeats), median(chains, repeats), (unsigned long long)hits,
	       (unsigned long long)maybe, r.planted, (unsigned long long)bare_hits, compile,
	       matcher_bytes(m), right ? "true" : "false");
	decoder_fini(&d);
	match_scratch_free(sc);
	matcher_free(m);
	hs_free_scratch(hs);
	hs_free_database(db);
	records_free(&r);
	set_fini(&set);
	return right ? 0 : 1;
}
