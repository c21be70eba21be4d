/*
 * Random sets against random records: what match_verify() finds is what a slow
 * evaluator, written from the contract alone, finds on the same event; and
 * match_scan() never says no to a record in which that evaluator, or one that
 * takes every JSON string of the record for every kind of observable, finds
 * anything. Behind match_block(), scan says no to nothing that it says maybe to
 * without. Arguments: [rounds [seed]].
 */
#include "decode/decode.h"
#include "match/match.h"
#include "match/matcher.h"
#include "tap.h"
#include "test_matcher_draw.h"
#include "test_matcher_slow.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SLOW
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SLOW
#endif
#endif
#ifdef SLOW
#define ROUNDS 200
#else
#define ROUNDS 400
#endif
#define RECORDS_A_SET 60

static struct event ev, every;
static struct match_result result;

struct tally {
	uint64_t records, refused, maybe, hits, wrong_scan, wrong_verify;
	uint64_t wrong_block, wrong_line, block_maybe;
};

/* The records of a set, one behind the other, as a batch holds them. */
static struct {
	struct text text;
	struct {
		enum format format;
		size_t from, len;
		bool maybe; /* scanned alone */
	} record[RECORDS_A_SET];
	size_t count;
} batch;

/* The indicators, for whoever has to find out why. */
static void show_set(const struct indicator_set *s)
{
	for (uint32_t i = 0; i < s->count; i++)
		for (uint32_t k = 0; k < s->indicators[i].conditions; k++) {
			const struct condition *c =
				&s->conditions[s->indicators[i].first_condition + k];
			printf("# %u.%u kind %u type %u pattern %u flags %u port %u: %.*s\n", i,
			       c->clause, c->kind, c->type, c->pattern_kind, c->hs_flags, c->port,
			       (int)c->text_len, s->text + c->text);
		}
}

static void complain(const struct indicator_set *s, const char *what, const struct text *record,
		     const struct text *want, const struct text *got)
{
	show_set(s);
	printf("# %s: %s\n# want %s\n# got %s\n", what, record->p, want->p, got->p ? got->p : "");
}

static void one_record(const struct indicator_set *s, const struct matcher *m,
		       struct match_scratch *sc, struct decoder *d, struct tally *tally)
{
	static struct text record, want, got;
	enum format f = a_record(&record);
	size_t len = record.len;

	text_bytes(&record, "::::::::::::::::::::::::::::::::::::::::::::::::::::::::::::::::", 64);
	bool maybe = match_scan(m, sc, f, record.p, len);
	tally->records++;
	tally->maybe += maybe;
	batch.record[batch.count].format = f;
	batch.record[batch.count].from = batch.text.len;
	batch.record[batch.count].len = len;
	batch.record[batch.count++].maybe = maybe;
	text_bytes(&batch.text, record.p, len);
	text_char(&batch.text, '\n');
	if (decode_text(d, f, NULL, NULL, record.p, len, &ev) != REASON_OK) {
		tally->refused++;
		return;
	}
	slow(s, &ev, &want);
	match_verify(m, sc, &ev, &result);
	text_reset(&got);
	for (uint32_t i = 0; i < result.hits; i++)
		put_hit(&got, result.hit[i].indicator, result.hit[i].observable,
			result.hit[i].value);
	tally->hits += result.hits;
	sort_lines(&got);
	if (strcmp(want.p, got.p) && tally->wrong_verify++ < 3)
		complain(s, "verify", &record, &want, &got);
	if (!maybe && want.len > 1 && tally->wrong_scan++ < 3)
		complain(s, "scan", &record, &want, &got);
	json_t *root = f == FORMAT_LINES ? NULL : json_loadb(record.p, len, JSON_ALLOW_NUL, NULL);
	if (root) {
		event_reset(&every);
		every_string(root, &every);
		slow(s, &every, &want);
		if (!maybe && want.len > 1 && tally->wrong_scan++ < 3)
			complain(s, "scan, any string", &record, &want, &got);
	}
	json_decref(root);
}

/* Blocks of any size: shorter than a record, past the next ones, none, forgotten. */
static void in_blocks(const struct indicator_set *s, const struct matcher *m,
		      struct match_scratch *sc, struct tally *tally)
{
	const size_t end = batch.text.len;
	const uint32_t widest = below(4) ? 1 + below(4000) : 1 + below((uint32_t)end);
	size_t seen = 0;

	text_bytes(&batch.text,
		   "::::::::::::::::::::::::::::::::::::::::::::::::::::::::::::::::", 64);
	for (size_t i = 0; i < batch.count; i++) {
		size_t from = batch.record[i].from, len = batch.record[i].len;
		if (from + len > seen && below(8)) {
			size_t n = 1 + below(widest);
			n = n < end - from ? n : end - from;
			match_block(m, sc, batch.record[i].format, batch.text.p + from, n);
			seen = from + n;
		} else if (below(40) == 0) {
			match_block(m, sc, FORMAT_AUTO, NULL, 0);
			seen = 0;
		}
		if (below(4)) {
			const char *p = batch.text.p + from, *stop = memchr(p, '\n', end - from);
			tally->wrong_line += match_line(m, sc, p, batch.text.p + end) != stop;
		}
		bool maybe = match_scan(m, sc, batch.record[i].format, batch.text.p + from, len);
		tally->block_maybe += maybe;
		if (batch.record[i].maybe && !maybe && tally->wrong_block++ < 3) {
			show_set(s);
			printf("# block: %.*s\n", (int)len, batch.text.p + from);
		}
	}
	match_block(m, sc, FORMAT_AUTO, NULL, 0);
	text_reset(&batch.text);
	batch.count = 0;
}

int main(int argc, char **argv)
{
	uint32_t rounds = argc > 1 ? (uint32_t)atoi(argv[1]) : ROUNDS;
	const struct scan_walk *const walks[] = {
		&scan_walk_portable,
		scan_walk_best(),
#ifdef __x86_64__
		__builtin_cpu_supports("avx2") ? &scan_walk_avx2 : &scan_walk_portable,
#endif
	};
	struct tally tally = {0};
	struct decoder d;
	struct problems ps;

	if (argc > 2)
		seed = strtoull(argv[2], NULL, 10);
	if (decoder_init(&d))
		return 1;
	for (uint32_t i = 0; i < rounds; i++) {
		struct indicator_set s = {0};
		struct matcher *m;
		struct match_scratch *sc;
		a_set(&s);
		problems_init(&ps);
		if (matcher_compile(&m, &s, &ps) || match_scratch_init(&sc, m))
			abort();
		for (size_t w = 0; w < ps.count; w++)
			if (ps.items[w].fatal)
				printf("# %s\n", ps.items[w].reason);
		m->walk = walks[i % (sizeof(walks) / sizeof(walks[0]))];
		for (uint32_t k = 0; k < RECORDS_A_SET; k++)
			one_record(&s, m, sc, &d, &tally);
		in_blocks(&s, m, sc, &tally);
		match_scratch_free(sc);
		matcher_free(m);
		problems_fini(&ps);
		set_fini(&s);
	}
	decoder_fini(&d);
	printf("# %llu records, %llu maybe, %llu hits, %llu not decoded\n",
	       (unsigned long long)tally.records, (unsigned long long)tally.maybe,
	       (unsigned long long)tally.hits, (unsigned long long)tally.refused);
	tap_int((long long)tally.wrong_verify, 0, "verify finds what the slow evaluator finds");
	tap_int((long long)tally.wrong_scan, 0, "scan says no only where nothing is");
	tap_int((long long)tally.wrong_block, 0, "nor behind a block of records");
	tap_int((long long)tally.wrong_line, 0, "a block knows where its lines end");
	tap_ok(tally.block_maybe < tally.maybe + tally.records / 10,
	       "where it says maybe seldom more often");
	tap_ok(tally.hits > tally.records / 50 && tally.maybe < tally.records * 9 / 10,
	       "the draw is neither empty nor full");
	return tap_done();
}
