/* The table of statuses, and that no walk of a board ever leaves it. */
#include "raise/lifecycle.h"

#include "base/hash.h"
#include "raise/board.h"
#include "tap.h"
#include "test_candidate.h"

#define IDS   4096
#define STEPS 400

static uint64_t seed = 3;

static uint32_t below(uint32_t n)
{
	seed = hash_word(seed + 0x9e3779b97f4a7c15u);
	return (uint32_t)(seed % n);
}

/* Is there an event by which `to` follows `from`? */
static bool follows(int from, int to)
{
	for (int event = 0; event < LIFE_EVENTS; event++)
		if (lifecycle_next(from, (enum life_event)event) == to)
			return true;
	return false;
}

static void table(void)
{
	int odd = 0, dead = 0;

	for (int from = 0; from <= LIFE_NEW; from++)
		for (int event = 0; event < LIFE_EVENTS; event++) {
			int to = lifecycle_next(from, (enum life_event)event);
			odd += to != LIFE_STAYS && (to < 0 || to >= CANDIDATE_STATUSES);
			dead += from >= CANDIDATE_WITHDRAWN && from != LIFE_NEW &&
				to >= CANDIDATE_WITHDRAWN;
		}
	tap_int(odd, 0, "every step of the table leads to a status");
	tap_int(dead, 0, "what is over is over once");
	tap_ok(!follows(LIFE_NEW, CANDIDATE_UPDATED) &&
		       !follows(LIFE_NEW, CANDIDATE_CORROBORATED) &&
		       !follows(CANDIDATE_WATCH, CANDIDATE_UPDATED) &&
		       !follows(CANDIDATE_WATCH, CANDIDATE_CORROBORATED) &&
		       !follows(CANDIDATE_WITHDRAWN, CANDIDATE_UPDATED),
	       "updated and corroborated follow a raised one only");
}

static void corroboration(const struct fixture *f)
{
	struct episode was = fixture_raised(f), now = was, none = {0};

	tap_ok(!lifecycle_corroborates(&was, &now), "the same is no support");
	now.state[0].entities += 50;
	now.state[0].records += 500;
	now.state[0].sectors |= 1u << TRANSPORT;
	tap_ok(!lifecycle_corroborates(&was, &now), "more of the same origins is none");
	now.state[2].origins += 3;
	now.state[3].origins += 3;
	tap_ok(!lifecycle_corroborates(&was, &now),
	       "nor are origins where it is not significant, or no Member State");
	now.state[1].origins++;
	tap_ok(lifecycle_corroborates(&was, &now), "a further origin in a significant state is");
	now = was;
	now.state[2] = fixture_significant(PL, 3);
	now.state[2].origins = 1;
	tap_ok(lifecycle_corroborates(&was, &now), "and so is a further significant state");
	tap_ok(!lifecycle_corroborates(&none, &now), "what only a line told of is not compared");
	now.status = EPISODE_WATCH;
	tap_int((int)lifecycle_event(&was, &now), LIFE_WATCH, "a watch is a watch");
}

/* What has been said of an id. */
struct told {
	char id[CANDIDATE_ID_MAX];
	int status;
	uint32_t version;
	bool over; /* superseded: no line may follow */
};

struct walk {
	struct told told[IDS];
	uint32_t count, steps[CANDIDATE_STATUSES + 1][CANDIDATE_STATUSES];
	uint32_t wrong, after_the_end;
};

static void hear(void *arg, const struct candidate *c)
{
	struct walk *w = arg;
	struct told *t = w->told;

	while (t < w->told + w->count && strcmp(t->id, c->id) != 0)
		t++;
	if (t == w->told + w->count) {
		if (++w->count == IDS)
			abort();
		*t = (struct told){.status = LIFE_NEW};
		strcpy(t->id, c->id);
	}
	w->wrong += !follows(t->status, (int)c->status) || c->version != t->version + 1;
	w->after_the_end += t->over;
	w->steps[t->status][c->status]++;
	t->status = (int)c->status;
	t->version = c->version;
	t->over = c->superseded_by[0];
}

/* Where a threat's evidence lies: a week has two runs of it, until they turn out to be one. */
struct week {
	bool bridged;
};

static struct episode any_episode(const struct fixture *f, struct week weeks[3][4],
				  int64_t horizon_us)
{
	const uint32_t threats[] = {f->campaign, f->domain, f->rule};
	struct episode ep = below(3) ? fixture_raised(f) : fixture_watch(f);
	uint32_t threat = below(3), week = below(4);
	struct week *w = &weeks[threat][week];

	ep.threat = threats[threat];
	if (below(6) == 0)
		ep.status = EPISODE_NONE;
	/* what joins them came later than the horizon, and within a window of the first */
	int64_t first_us = AT(3, 0) + (int64_t)week * 7 * TIMESTAMP_DAY;
	w->bridged |= below(30) == 0 && first_us + 44 * TIMESTAMP_HOUR >= horizon_us;
	bool second = !w->bridged && below(2);
	ep.first_us = first_us + (second ? 50 : 0) * TIMESTAMP_HOUR;
	ep.last_us = ep.first_us + (w->bridged ? 70 : 20) * TIMESTAMP_HOUR;
	for (uint32_t i = 0; i < ep.states; i++) {
		ep.state[i].origins = 1 + below(6);
		ep.state[i].entities = 1 + below(20);
	}
	if (ep.states > 2 && below(2))
		ep.state[2] = fixture_significant(PL, 3 + below(9));
	return ep;
}

/* Somebody changes their mind about one of the threats. */
static void say_something(struct feedback *f, int64_t time_us)
{
	static const char *const threats[] = {"misp:nightjar", "domain:c2.example", "sid-7"};

	if (feedback_hear(f, threats[below(3)], "desk", "", time_us, below(2)) != 0)
		abort();
}

static void walks(const struct fixture *f)
{
	struct candidate_context cx = f->cx;
	static struct walk w;
	const int rounds = TAP_SANITIZED ? 60 : 200;
	int seen = 0, possible = 0;

	for (int round = 0; round < rounds; round++) {
		struct week weeks[3][4] = {0};
		int64_t horizon_us = 0;
		struct feedback *words;
		struct board *b;
		if (board_init(&b) != 0 || feedback_init(&words, "", "desk", 2) != 0)
			abort();
		cx.feedback = words;
		w.count = 0;
		for (int i = 0; i < STEPS; i++) {
			struct episode ep = any_episode(f, weeks, horizon_us);
			if (below(30) == 0) {
				say_something(words, AT(0, 0) + i * 90 * 60 * TIMESTAMP_SECOND);
				if (board_review(b, &cx, hear, &w) != 0)
					abort();
			}
			if (board_offer(b, &cx, &ep, hear, &w) != 0)
				abort();
			if (below(40) == 0) {
				horizon_us = AT(0, 0) + i * 90 * 60 * TIMESTAMP_SECOND;
				board_expire(b, &cx, horizon_us, hear, &w);
			}
		}
		board_expire(b, &cx, INT64_MAX, hear, &w);
		uint32_t left = 0;
		for (int s = 0; s < CANDIDATE_EXPIRED; s++)
			left += board_count(b, (enum candidate_status)s);
		w.wrong += left != 0;
		board_fini(b);
		feedback_fini(words);
	}
	tap_int(w.wrong, 0, "every line follows the one before it by the table, versions in a row");
	tap_int(w.after_the_end, 0, "nothing follows what became part of another");
	for (int from = 0; from <= LIFE_NEW; from++)
		for (int to = 0; to < CANDIDATE_STATUSES; to++) {
			possible += follows(from, to);
			seen += w.steps[from][to] > 0;
		}
	tap_int(seen, possible, "and every step was taken");
}

int main(void)
{
	struct fixture f;

	fixture_init(&f);
	table();
	corroboration(&f);
	walks(&f);
	fixture_fini(&f);
	return tap_done();
}
