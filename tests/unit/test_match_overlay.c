/*
 * A generation with a delta over it finds what one generation of both would: random sets
 * are dealt into two parts, each with stale copies of the other's that are withdrawn, and
 * held against the slow evaluator of the whole. Arguments: [rounds [seed]].
 */
#include "decode/decode.h"
#include "match/match.h"
#include "match/matcher.h"
#include "tap.h"
#include "test_matcher_draw.h"
#include "test_matcher_slow.h"

#define ROUNDS	      200
#define RECORDS_A_SET 40

static struct event ev;
static struct match_result result;

struct part {
	struct indicator_set set;
	struct matcher *m;
	uint64_t *withdrawn;
	uint32_t *number; /* of the whole's indicator */
};

static void take(struct part *p, const struct indicator_set *whole, uint32_t i, bool stale)
{
	struct indicator_set *s = &p->set;
	const struct indicator *in = &whole->indicators[i];

	p->number[s->count] = i;
	if (stale)
		p->withdrawn[s->count / 64] |= UINT64_C(1) << (s->count % 64);
	s->indicators[s->count] = *in;
	s->indicators[s->count++].first_condition = s->condition_count;
	memcpy(s->conditions + s->condition_count, whole->conditions + in->first_condition,
	       in->conditions * sizeof(*s->conditions));
	s->condition_count += in->conditions;
}

static void part_init(struct part *p, const struct indicator_set *whole)
{
	*p = (struct part){.set = *whole};
	p->set.indicators = calloc(whole->count + 1, sizeof(*p->set.indicators));
	p->set.conditions = calloc(whole->condition_count + 1, sizeof(*p->set.conditions));
	p->withdrawn = calloc(whole->count / 64 + 1, sizeof(*p->withdrawn));
	p->number = calloc(whole->count + 1, sizeof(*p->number));
	p->set.count = p->set.condition_count = 0;
}

static void part_fini(struct part *p)
{
	matcher_free(p->m);
	free(p->set.indicators);
	free(p->set.conditions);
	free(p->withdrawn);
	free(p->number);
}

static void deal(struct part *base, struct part *more, const struct indicator_set *whole)
{
	uint32_t share = 1 + below(9);

	part_init(base, whole);
	part_init(more, whole);
	for (uint32_t i = 0; i < whole->count; i++) {
		bool over = below(10) < share;
		if (over || below(3) == 0)
			take(more, whole, i, !over);
		if (!over || below(3) == 0)
			take(base, whole, i, over);
	}
}

static void put_hits(struct text *out, const struct part *p)
{
	for (uint32_t i = 0; i < result.hits; i++)
		put_hit(out, p->number[result.hit[i].indicator], result.hit[i].observable,
			result.hit[i].value);
}

struct tally {
	uint64_t hits, over, wrong_verify, wrong_scan, wrong_block;
};

static void one_record(const struct indicator_set *whole, struct part *base, struct part *more,
		       struct match_scratch *sc, struct decoder *d, struct tally *tally)
{
	static struct text record, want, got;
	enum format f = a_record(&record);
	size_t len = record.len;

	text_bytes(&record, "\n:::::::::::::::::::::::::::::::::::::::::::::::::::::::::::::::", 64);
	bool maybe = match_scan(base->m, sc, f, record.p, len);
	match_block(base->m, sc, f, record.p, len + 1);
	bool ahead = match_scan(base->m, sc, f, record.p, len);
	match_block(base->m, sc, FORMAT_AUTO, NULL, 0);
	tally->wrong_block += maybe && !ahead;
	if (decode_text(d, f, NULL, NULL, record.p, len, &ev) != REASON_OK)
		return;
	slow(whole, &ev, &want);
	text_reset(&got);
	match_verify(base->m, sc, &ev, &result);
	tally->hits += result.hits;
	put_hits(&got, base);
	match_verify_more(base->m, sc, &ev, &result);
	tally->over += result.hits;
	put_hits(&got, more);
	sort_lines(&got);
	if (strcmp(want.p, got.p) && tally->wrong_verify++ < 3)
		printf("# %.*s\n# want %s\n# got %s\n", (int)len, record.p, want.p, got.p);
	tally->wrong_scan += !maybe && want.len > 1;
}

static void one_set(struct decoder *d, struct tally *tally)
{
	struct indicator_set whole = {0};
	struct part base, more;
	struct match_scratch *sc;
	struct match_overlay *o;

	a_set(&whole);
	deal(&base, &more, &whole);
	if (matcher_compile(&base.m, &base.set, NULL) || matcher_compile(&more.m, &more.set, NULL) ||
	    match_scratch_init(&sc, base.m) ||
	    match_overlay_create(&o, base.m, more.m, base.withdrawn, more.withdrawn, 2))
		abort();
	match_overlay_use(sc, base.m, o, below(2));
	for (uint32_t k = 0; k < RECORDS_A_SET; k++)
		one_record(&whole, &base, &more, sc, d, tally);
	match_overlay_use(sc, base.m, NULL, 0);
	match_overlay_free(o);
	match_scratch_free(sc);
	part_fini(&base);
	part_fini(&more);
	set_fini(&whole);
}

/* The longest network counts, whichever part it is in; a benign list of the base holds for both. */
static void by_hand(struct decoder *d)
{
	static const char record[] = "{\"timestamp\":\"2026-11-20T10:00:00.000000+0000\",\"event_type\":"
				     "\"dns\",\"src_ip\":\"10.1.2.3\",\"dest_ip\":\"192.0.2.53\",\"proto\":"
				     "\"UDP\",\"dns\":{\"type\":\"query\",\"rrname\":\"evil.example\"}}";
	struct indicator_set base = {0}, more = {0};
	struct matcher *b, *m;
	struct match_scratch *sc;
	struct match_overlay *o;
	uint64_t withdrawn[1] = {0};

	set_one(&base, CONDITION_NETWORK, OBSERVABLE_IP, "10.0.0.0/8");
	set_one(&more, CONDITION_NETWORK, OBSERVABLE_IP, "10.1.0.0/16");
	set_one(&more, CONDITION_DOMAIN, OBSERVABLE_DOMAIN, "evil.example");
	base.benign_lists = calloc(1, sizeof(*base.benign_lists));
	set_benign(&base, BENIGN_HOSTNAME, "evil.example");
	if (matcher_compile(&b, &base, NULL) || matcher_compile(&m, &more, NULL) ||
	    match_scratch_init(&sc, b) || match_overlay_create(&o, b, m, withdrawn, NULL, 1))
		abort();
	decode_text(d, FORMAT_EVE, NULL, NULL, record, sizeof(record) - 1, &ev);
	match_verify(b, sc, &ev, &result);
	tap_int(result.hits, 1, "alone, the base reports its network");
	match_overlay_use(sc, b, o, 0);
	match_verify(b, sc, &ev, &result);
	tap_int(result.hits, 0, "under a longer one it does not");
	match_verify_more(b, sc, &ev, &result);
	tap_int(result.hits, 1, "the delta does");
	tap_int(result.suppressions, 1, "and what is on the base's benign list is set aside");
	match_overlay_free(o);
	withdrawn[0] = 1;
	if (match_overlay_create(&o, b, NULL, withdrawn, NULL, 1))
		abort();
	match_overlay_use(sc, b, o, 0);
	match_verify(b, sc, &ev, &result);
	tap_int(result.hits, 0, "what is withdrawn is not reported, without a delta either");
	match_verify_more(b, sc, &ev, &result);
	tap_int(result.hits + result.suppressions, 0, "and nothing lies over it");
	match_overlay_free(o);
	match_scratch_free(sc);
	matcher_free(b);
	matcher_free(m);
	free(base.benign_lists);
	base.benign_lists = NULL;
	set_fini(&base);
	set_fini(&more);
}

int main(int argc, char **argv)
{
	uint32_t rounds = argc > 1 ? (uint32_t)atoi(argv[1]) : ROUNDS;
	struct tally tally = {0};
	struct decoder d;

	if (argc > 2)
		seed = strtoull(argv[2], NULL, 10);
	if (decoder_init(&d))
		return 1;
	for (uint32_t i = 0; i < rounds; i++)
		one_set(&d, &tally);
	by_hand(&d);
	decoder_fini(&d);
	printf("# %llu hits in the base, %llu over it\n", (unsigned long long)tally.hits,
	       (unsigned long long)tally.over);
	tap_int((long long)tally.wrong_verify, 0, "both parts find what the whole would");
	tap_int((long long)tally.wrong_scan, 0, "scan says no only where nothing is");
	tap_int((long long)tally.wrong_block, 0, "nor behind a block");
	tap_ok(tally.hits > rounds && tally.over > rounds, "both parts were met");
	return tap_done();
}
