/* The score of an episode never falls while evidence is added to it, and its terms are its sum. */
#include "raise/score.h"

#include "base/hash.h"
#include "correlate/evidence.h"
#include "tap.h"
#include "test_candidate.h"

#define STEPS 120

static uint64_t seed = 11;

static uint32_t below(uint32_t n)
{
	seed = hash_word(seed + 0x9e3779b97f4a7c15u);
	return (uint32_t)(seed % n);
}

static bool adds_up(const struct score *s)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < s->count; i++)
		sum += s->term[i].hundredths;
	for (uint32_t i = 0; i < s->count; i++)
		if (!s->term[i].hundredths || !s->term[i].evidence[0])
			return false;
	return sum == s->hundredths;
}

/* --- by hand: every state of an assessment that evidence can lead to -------------- */

static struct profile any_profile(void)
{
	struct profile p = {.id = "p", .window_us = TIMESTAMP_DAY, .min_states = 2 + below(4)};

	p.criteria_count = 1 + below(5);
	for (uint32_t i = 0; i < p.criteria_count; i++) {
		p.criteria[i].entities = below(3) ? 1 + below(20) : 0;
		p.criteria[i].users = p.criteria[i].entities ? 0 : 1000;
	}
	return p;
}

/* One more thing is known of the state, as evidence can only add. */
static void grow(struct state_assessment *st, const struct profile *p)
{
	switch (below(6)) {
	case 0:
		st->entities += 1 + below(40);
		break;
	case 1:
		st->origins += 1 + below(2);
		break;
	case 2:
		st->sectors |= 1u << below(SECTORS);
		break;
	case 3:
		/* until somebody is affected it may be anything, of attempts */
		if (st->entities)
			st->severity += st->severity < SEVERITY_HIGH;
		else
			st->severity = (uint8_t)(SEVERITY_LOW + below(3));
		break;
	case 4:
		st->records += below(100);
		break;
	default:
		st->criteria |= 1u << below(p->criteria_count);
		st->significant = true;
	}
}

static void decide(struct episode *ep, const struct profile *p)
{
	uint32_t significant = 0;

	for (uint32_t i = 0; i < ep->states; i++)
		significant +=
			ep->state[i].significant && vocab_state_is_member(ep->state[i].state);
	/* many may be significant, and never inside one window */
	if (ep->status != EPISODE_RAISED && significant >= p->min_states && below(8) == 0)
		ep->status = EPISODE_RAISED;
	if (ep->status == EPISODE_NONE && significant && ep->states > 1)
		ep->status = EPISODE_WATCH;
}

static void by_hand(void)
{
	const int rounds = TAP_SANITIZED ? 100 : 2000;
	int fell = 0, odd = 0, raised = 0, watched = 0;

	for (int round = 0; round < rounds; round++) {
		const struct profile p = any_profile();
		struct episode ep = {.states = 0};
		struct score was = {0}, s;
		for (int i = 0; i < STEPS; i++) {
			if (ep.states < 8 && below(6) == 0) {
				ep.state[ep.states] =
					(struct state_assessment){.state = (uint8_t)(ep.states * 3),
								  .severity = SEVERITY_LOW};
				ep.states++;
			} else if (ep.states) {
				grow(&ep.state[below(ep.states)], &p);
			}
			decide(&ep, &p);
			score_episode(&s, &ep, &p);
			fell += s.hundredths < was.hundredths;
			odd += !adds_up(&s) ||
			       (s.hundredths >= 50) != (ep.status == EPISODE_RAISED);
			watched += ep.status == EPISODE_WATCH;
			was = s;
		}
		raised += ep.status == EPISODE_RAISED;
	}
	tap_int(fell, 0, "whatever evidence adds, no score falls");
	tap_int(odd, 0, "terms add up, each with its evidence, and a raised one has more than any watch");
	tap_ok(raised > rounds / 4 && watched > rounds, "of all kinds (%d of %d raised)", raised,
	       rounds);
}

/* --- through the table and the assessment ----------------------------------------- */

struct watching {
	const struct profile *p;
	uint32_t episodes, best;
};

static void look(void *arg, const struct episode *ep)
{
	struct watching *w = arg;
	struct score s;

	score_episode(&s, ep, w->p);
	w->best = s.hundredths > w->best ? s.hundredths : w->best;
	w->episodes++;
}

static void through_the_table(const struct fixture *f)
{
	static const uint8_t states[] = {DE, FR, PL, STATE_EU};
	const struct evidence_config config = {
		.cells = 1024, .entries = 4096, .overflows = 16, .exact_max = 256};
	const int rounds = TAP_SANITIZED ? 10 : 100;
	int fell = 0, apart = 0;
	uint32_t most = 0;

	for (int round = 0; round < rounds; round++) {
		struct evidence_table *t;
		struct assessor *a;
		uint32_t was = 0;
		if (evidence_init(&t, &config) || assessor_init(&a, &f->profile))
			abort();
		for (uint32_t i = 0; i < STEPS; i++) {
			struct observation o = {.threat = f->campaign,
						.by = f->by_domain,
						.state = states[below(4)],
						.sector = (uint8_t)(1 + below(5)),
						.tlp = TLP_GREEN,
						.hit_class =
							below(4) ? CLASS_EFFECT : CLASS_ATTEMPT,
						.severity = (uint8_t)(SEVERITY_LOW + below(3)),
						.time_us = AT(0, 0) + (int64_t)below(20 * 60) * 60 *
									      TIMESTAMP_SECOND,
						.entity = 1 + below(60),
						.origin = 1 + below(5),
						.object = below(3),
						.offset = i,
						.users = below(9) ? 0 : below(200000)};
			struct watching w = {.p = &f->profile};
			if (evidence_update(t, &o) || assess_threat(a, t, f->campaign, look, &w))
				abort();
			apart += w.episodes != 1;
			fell += w.best < was;
			was = w.best;
		}
		most = was > most ? was : most;
		assessor_fini(a);
		evidence_fini(t);
	}
	tap_int(apart, 0, "one episode");
	tap_int(fell, 0, "and record by record no score falls");
	tap_ok(most > 80, "up to a strong one (%u)", most);
}

int main(void)
{
	struct fixture f;

	fixture_init(&f);
	by_hand();
	through_the_table(&f);
	fixture_fini(&f);
	return tap_done();
}
