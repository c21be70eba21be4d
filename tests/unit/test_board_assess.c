/* The board behind the real evidence table and assessment: how observations are
 * split over offers, and their order, does not change what is alive at the end. */
#include "raise/board.h"

#include "base/hash.h"
#include "correlate/evidence.h"
#include "raise/digest.h"
#include "tap.h"
#include "test_candidate.h"

#define MAX 160

struct side {
	const struct fixture *f;
	struct evidence_table *table;
	struct assessor *assessor;
	struct board *board;
	struct digest digest;
	uint32_t said;
};

static uint64_t seed = 7;

static uint32_t below(uint32_t n)
{
	seed = hash_word(seed + 0x9e3779b97f4a7c15u);
	return (uint32_t)(seed % n);
}

static void side_init(struct side *s, const struct fixture *f)
{
	const struct evidence_config config = {
		.cells = 1024, .entries = 4096, .overflows = 16, .exact_max = 64};

	*s = (struct side){.f = f};
	if (evidence_init(&s->table, &config) || assessor_init(&s->assessor, &f->profile) ||
	    board_init(&s->board))
		abort();
}

static void side_fini(struct side *s)
{
	board_fini(s->board);
	assessor_fini(s->assessor);
	evidence_fini(s->table);
}

static void count(void *arg, const struct candidate *c)
{
	(void)c;
	((struct side *)arg)->said++;
}

static void offer(void *arg, const struct episode *ep)
{
	struct side *s = arg;

	if (board_offer(s->board, &s->f->cx, ep, count, s) != 0)
		abort();
}

static void assess(struct side *s)
{
	if (assess_threat(s->assessor, s->table, s->f->campaign, offer, s) != 0)
		abort();
}

static struct observation random_observation(const struct fixture *f, uint32_t i, uint32_t days)
{
	static const uint8_t states[] = {DE, FR, PL, STATE_EU};

	return (struct observation){.threat = f->campaign,
				    .by = f->by_domain,
				    .state = states[below(4)],
				    .sector = below(2) ? ENERGY : HEALTH,
				    .tlp = TLP_GREEN,
				    .hit_class = below(4) ? CLASS_EFFECT : CLASS_ATTEMPT,
				    .severity = (uint8_t)(SEVERITY_LOW + below(3)),
				    .time_us = AT(0, 0) + (int64_t)below(days * 24 * 60) * 60 *
								  TIMESTAMP_SECOND,
				    .entity = 1 + below(12),
				    .origin = 1 + below(3),
				    .object = below(3),
				    .offset = i};
}

static void digest_one(void *arg, const struct candidate *c)
{
	struct side *s = arg;
	struct candidate_head head = {0};
	struct text t;

	text_init(&t);
	candidate_json(&t, c, &s->f->cx);
	if (candidate_head(t.p, t.len, &head))
		digest_line(&s->digest, (const char *)&head.says, sizeof(head.says));
	text_fini(&t);
}

/* What is alive, told by letting it expire. */
static void alive(struct side *s, char out[DIGEST_TEXT_MAX])
{
	digest_init(&s->digest);
	board_expire(s->board, &s->f->cx, INT64_MAX, digest_one, s);
	digest_hex(&s->digest, out);
}

int main(void)
{
	const int rounds = 60;
	int same = 0;
	uint32_t said_one = 0, said_many = 0;
	struct fixture f;

	fixture_init(&f);
	for (int round = 0; round < rounds; round++) {
		struct side one, many;
		char a[DIGEST_TEXT_MAX], b[DIGEST_TEXT_MAX];
		uint32_t n = 20 + below(MAX - 20), days = 2 + below(12);

		side_init(&one, &f);
		side_init(&many, &f);
		for (uint32_t i = 0; i < n; i++) {
			struct observation o = random_observation(&f, i, days);
			evidence_update(one.table, &o);
			evidence_update(many.table, &o);
			if (below(4) == 0)
				evidence_update(many.table, &o); /* delivered twice */
			if (below(3) == 0)
				assess(&many);
		}
		assess(&one);
		assess(&many);
		said_one += one.said;
		said_many += many.said;
		alive(&one, a);
		alive(&many, b);
		same += strcmp(a, b) == 0;
		side_fini(&one);
		side_fini(&many);
	}
	tap_int(same, rounds, "one offer or many: the same candidates are alive");
	tap_ok(said_one > (uint32_t)rounds / 2 && said_many > said_one,
	       "and there was something to say: %u, %u", said_one, said_many);
	fixture_fini(&f);
	return tap_done();
}
