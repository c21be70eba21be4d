#include "raise/score.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/* What the significant Member States of an episode come to. */
struct tally {
	uint32_t significant;
	uint8_t severity;
	uint32_t sectors;         /* of all Member States seen */
	uint64_t breadth[STATES]; /* of significant ones, best first: entities / threshold * 8 */
	uint64_t origins[STATES]; /* the same states' origins, best first */
	uint64_t next;            /* best of the others, in quarters of a threshold, <= 4 */
	uint8_t next_state;
};

__attribute__((format(printf, 4, 5))) static void add(struct score *s, const char *name,
						      uint32_t hundredths, const char *fmt, ...)
{
	va_list ap;

	if (!hundredths)
		return;
	assert(s->count < SCORE_TERMS_MAX);
	struct score_term *t = &s->term[s->count++];
	t->name = name;
	t->hundredths = hundredths;
	va_start(ap, fmt);
	vsnprintf(t->evidence, sizeof(t->evidence), fmt, ap);
	va_end(ap);
	s->hundredths += hundredths;
}

/* The fewest entities that any of these criteria asks for; 0 when none counts entities. */
static uint64_t threshold(const struct profile *p, uint32_t criteria)
{
	uint64_t least = 0;

	for (uint32_t i = 0; i < p->criteria_count; i++) {
		uint64_t need = p->criteria[i].entities;
		if ((criteria >> i & 1) && need && (!least || need < least))
			least = need;
	}
	return least;
}

static void insert(uint64_t *best, uint32_t count, uint64_t value)
{
	for (; count > 0 && best[count - 1] < value; count--)
		best[count] = best[count - 1];
	best[count] = value;
}

static void tally_significant(struct tally *t, const struct state_assessment *st,
			      const struct profile *p)
{
	uint64_t entities = st->entities < UINT32_MAX ? st->entities : UINT32_MAX;
	uint64_t need = threshold(p, st->criteria);

	insert(t->breadth, t->significant, need ? entities * 8 / need : 0);
	insert(t->origins, t->significant, st->origins);
	t->significant++;
	/* without anyone affected it is that of attempts, which an effect replaces */
	if (st->entities && st->severity > t->severity)
		t->severity = st->severity;
}

static void tally_other(struct tally *t, const struct state_assessment *st, const struct profile *p)
{
	uint64_t entities = st->entities < UINT32_MAX ? st->entities : UINT32_MAX;
	uint64_t need = threshold(p, UINT32_MAX), quarters = need ? entities * 4 / need : 0;

	if (quarters > 4)
		quarters = 4;
	if (quarters > t->next) {
		t->next = quarters;
		t->next_state = st->state;
	}
}

static void take(struct tally *t, const struct episode *ep, const struct profile *p)
{
	for (uint32_t i = 0; i < ep->states; i++) {
		const struct state_assessment *st = &ep->state[i];
		if (!vocab_state_is_member(st->state))
			continue;
		t->sectors |= st->sectors & ~(1u << SECTOR_UNKNOWN);
		if (st->significant)
			tally_significant(t, st, p);
		else
			tally_other(t, st, p);
	}
}

static uint32_t steps(uint64_t value, uint64_t a, uint64_t b, uint64_t c)
{
	return (uint32_t)((value >= a) + (value >= b) + (value >= c));
}

/* The state that carries the decision: the rule is as strong as its weakest leg. */
static uint32_t leg_of(const struct tally *t, bool raised, const struct profile *p)
{
	uint32_t leg = raised && p->min_states ? p->min_states - 1 : 0;

	if (leg < t->significant)
		return leg;
	return t->significant ? t->significant - 1 : 0;
}

/* Hundredths by how much there is of it. */
struct weights {
	uint32_t status, states[4], severity[4], breadth[4], origins[3], sectors[3];
};
static const struct weights raised_weights = {.status = 80,
					      .states = {0, 2, 3, 4},
					      .severity = {0, 0, 0, 10},
					      .breadth = {0, 1, 2, 3},
					      .origins = {0, 1, 2},
					      .sectors = {0, 0, 1}};
static const struct weights watch_weights = {.status = 6,
					     .states = {0, 24, 34, 34},
					     .severity = {0, 0, 1, 1},
					     .breadth = {0, 0, 1, 1},
					     .origins = {0, 1, 1},
					     .sectors = {0, 1, 1}};
/* By significant states, and quarters of a threshold that the next has. A state that becomes
 * significant itself is worth no less then: states[n] - states[n - 1] >= next[n - 1][4]. */
static const uint32_t next_weights[4][5] = {
	{0, 2, 20, 22, 24}, {0, 1, 8, 9, 10}, {0, 1, 3, 3, 4}, {4, 4, 4, 4, 4}};

static void add_spread(struct score *s, const struct tally *t, const struct weights *w, bool raised)
{
	uint32_t first = raised ? 2 : 1;
	uint32_t more = t->significant > first ? t->significant - first : 0;

	add(s, "states", w->states[more < 3 ? more : 3], "%" PRIu32 " significant Member States",
	    t->significant);
}

static void add_depth(struct score *s, const struct tally *t, uint32_t leg, const struct weights *w)
{
	uint32_t sectors = (uint32_t)__builtin_popcount(t->sectors);

	add(s, "severity", w->severity[t->severity], "%s", vocab_severity_name(t->severity));
	add(s, "breadth", w->breadth[steps(t->breadth[leg], 16, 32, 64)],
	    "%" PRIu64 ".%" PRIu64 " times the entities asked for", t->breadth[leg] / 8,
	    t->breadth[leg] % 8 * 10 / 8);
	add(s, "origins", w->origins[steps(t->origins[leg], 2, 3, UINT64_MAX)],
	    "%" PRIu64 " independent origins", t->origins[leg]);
	add(s, "sectors", w->sectors[steps(sectors, 2, 3, UINT32_MAX)], "%" PRIu32 " sectors", sectors);
}

/* How near a further state is: at least as much as that state had been worth before. */
static void add_next(struct score *s, const struct tally *t)
{
	uint32_t row = t->significant < 1 ? 0 : t->significant < 4 ? t->significant - 1 : 3;

	if (row == 3)
		add(s, "next_state", next_weights[row][0],
		    "%" PRIu32 " Member States are significant, each in its own time",
		    t->significant);
	else
		add(s, "next_state", next_weights[row][t->next],
		    "%s has %" PRIu64 "/4 of the entities asked for",
		    vocab_state_code(t->next_state), t->next);
}

void score_episode(struct score *s, const struct episode *ep, const struct profile *p)
{
	struct tally t = {0};
	bool raised = ep->status == EPISODE_RAISED;
	const struct weights *w = raised ? &raised_weights : &watch_weights;

	*s = (struct score){0};
	if (ep->status == EPISODE_NONE)
		return;
	take(&t, ep, p);
	add(s, "status", w->status, "%s", raised ? "raised" : "watch");
	add_spread(s, &t, w, raised);
	add_depth(s, &t, leg_of(&t, raised, p), w);
	if (!raised)
		add_next(s, &t);
	assert(raised ? s->hundredths >= 80 && s->hundredths <= 100 : s->hundredths <= 48);
}
