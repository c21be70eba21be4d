/* Who a state's significance rests on, against a slow oracle over seeds: every
 * origin is taken away in turn, and every window tried. argv: seeds */
#include "tap.h"

#include "test_assess_oracle.h"

#define ORIGINS 6 /* the last one relays; object o speaks for origin o */
#define RELAY   (ORIGINS - 1)
#define RELAY_2 ORIGINS /* another one, in what is told by hand */

static const struct evidence_config small = {1024, 4096, 16, 64};

static uint64_t origin_of(uint32_t o)
{
	if (o >= ORIGINS - 1)
		return EVIDENCE_RELAYED | (o - ORIGINS + 1);
	return hash_word(o + 100);
}

static uint64_t object_origin(void *arg, uint32_t object, uint8_t state)
{
	(void)arg;
	(void)state;
	return origin_of(object);
}

static bool relays; /* does anybody relay? */

static struct observation draw_told(uint64_t *seed, int64_t window)
{
	struct observation o = draw_hit(seed, window);

	o.threat = 1;
	o.state = o.state < 27 ? o.state % 3 : o.state;
	o.object = (uint32_t)below(seed, relays ? ORIGINS : ORIGINS - 1);
	o.origin = origin_of(o.object);
	o.rank = (uint8_t)(2 + (o.object == ORIGINS - 1));
	o.sub = 0;
	/* few observations, told by many */
	o.identity = below(seed, 3) ? 0 : 1 + below(seed, 20);
	if (o.identity)
		o.identity = hash_word(o.identity + 1000);
	return o;
}

static void draw_criteria(uint64_t *seed, struct profile *p)
{
	draw_profile(seed, p);
	relays = below(seed, 2);
	for (uint32_t i = 0; i < p->criteria_count; i++) {
		struct criterion *c = &p->criteria[i];
		/* which origins count is what is under test; and where an hour of a sector rests
		 * on who saw it, whom a relay named in it does not: a hit can tell one of both */
		if (c->origins || (c->sectors && relays))
			c->entities = c->entities ? c->entities : 1 + below(seed, 3);
		c->origins = 0;
		c->sectors = relays ? 0 : c->sectors;
		/* few hits: what asks for much of them never holds */
		c->annex = 0;
		c->part = false;
		c->severity_min /= 2;
		c->entities = c->entities > 3 ? 3 : c->entities;
	}
}

/* --- the oracle ------------------------------------------------------------------- */

static struct observation hit[HITS_MAX];
static int hits;

static bool counted(const struct observation *o)
{
	return o->hit_class == CLASS_EFFECT || o->hit_class == CLASS_ATTEMPT;
}

/* Is there, in this hit's hour and lane, anything of its entity (or, entity aside, at
 * all) that an origin other than `without` tells? Relays tell nothing that is known. */
static bool others_too(const struct observation *o, uint64_t without, bool of_entity)
{
	bool first_hand = false, other_relay = false, by_without = false;

	for (int i = 0; i < hits; i++) {
		const struct observation *x = &hit[i];
		if (!same_cell(x, o) || (of_entity && x->entity != o->entity))
			continue;
		by_without |= x->origin == without;
		if (x->origin != without)
			*(x->origin == EVIDENCE_RELAYED ? &other_relay : &first_hand) = true;
	}
	if (without == EVIDENCE_RELAYED)
		return first_hand;
	return first_hand || (other_relay && !by_without);
}

/* What is left of a state without this origin (0: all of it), a hit at a time: nothing
 * where it alone told all of the cell, nobody affected where it alone named the entity. */
static void leave(struct oracle * or, const struct profile *p, int state, uint64_t without)
{
	or->p = p;
	or->n = 0;
	for (int i = 0; i < hits; i++) {
		struct observation o = hit[i];
		if (!counted(&o) || o.state != state)
			continue;
		if (without && !others_too(&hit[i], without, true))
			o.entity = 0;
		if (!without || o.entity || others_too(&hit[i], without, false))
			or->hit[or->n++] = o;
	}
}

static bool significant_at(const struct oracle * or, int state, int64_t to)
{
	struct state_assessment s = {.state = (uint8_t)state};

	return oracle_judge(or, &s, to - or->p->window_us, to);
}

/* The origin that this hit's record stands with in its state. */
static uint64_t stands_with(const struct observation *o)
{
	uint64_t best = 0;
	uint32_t best_sole = UINT32_MAX;

	for (int i = 0; i < hits; i++) {
		/* the copy that stands in this copy's cell */
		const struct observation *x = &hit[i], *w = NULL;
		if (!counted(x) || x->state != o->state)
			continue;
		if (x != o && (!o->identity || x->identity != o->identity) &&
		    (o->identity || x->identity || x->object != o->object ||
		     x->offset != o->offset))
			continue;
		for (int j = 0; j < hits; j++) {
			const struct observation *y = &hit[j];
			bool copy = o->identity ? y->identity == o->identity
						: !y->identity && y->object == o->object &&
							  y->offset == o->offset;
			if (same_cell(x, y) && copy && (!w || better(y, w) < 0))
				w = y;
		}
		uint32_t sole = evidence_sole(w->origin);
		if (evidence_sole_relayed((uint16_t)sole))
			sole += 1u << 16;
		if (sole < best_sole) {
			best_sole = sole;
			best = w->origin;
		}
	}
	return best;
}

struct want {
	uint64_t origins;
	bool significant, single;
};

static struct want oracle(const struct profile *p, int state)
{
	static struct oracle all, left[ORIGINS];
	struct want w = {0};
	uint64_t org[HITS_MAX], told[HITS_MAX], tellers = 0;
	bool anyhow = false;

	for (int i = 0; i < hits; i++)
		if (counted(&hit[i]) && hit[i].state == state) {
			w.origins = set_add(org, w.origins, stands_with(&hit[i]));
			tellers = set_add(told, tellers, hit[i].origin);
		}
	leave(&all, p, state, 0);
	for (uint64_t k = 0; k < tellers; k++)
		leave(&left[k], p, state, told[k]);
	for (int i = 0; i < 2 * hits; i++) {
		int64_t to = hit[i / 2].time_us + (i & 1 ? p->window_us : 0);
		if (!significant_at(&all, state, to))
			continue;
		bool always = true;
		w.significant = true;
		for (uint64_t k = 0; k < tellers && always; k++)
			always = significant_at(&left[k], state, to);
		anyhow |= always;
	}
	w.single = w.significant && (!anyhow || w.origins == 1);
	return w;
}

/* --- seeds ------------------------------------------------------------------------- */

static struct episode last;
static int episodes;
static bool one_voice; /* origin 0 and the first relay are one source's */

static void keep(void *arg, const struct episode *ep)
{
	(void)arg;
	last = *ep;
	episodes++;
}

static void assess(const struct profile *p, bool cap)
{
	struct evidence_table *t;
	struct assessor *a;

	if (evidence_init(&t, &small) || assessor_init(&a, p))
		exit(2);
	for (int i = 0; i < hits; i++)
		if (evidence_update(t, &hit[i]))
			exit(2);
	assessor_origins(a, object_origin, NULL, cap);
	if (one_voice)
		assessor_same(a, origin_of(0), origin_of(RELAY));
	episodes = 0;
	if (assess_threat(a, t, 1, keep, NULL))
		exit(2);
	assessor_fini(a);
	evidence_fini(t);
}

static int seen[2][2];

/* A seed's profile and hits, assessed; true when they are one episode. */
static bool one_episode(uint64_t seed, struct profile *p)
{
	draw_criteria(&seed, p);
	hits = 1 + (int)below(&seed, 40);
	for (int i = 0; i < hits; i++)
		hit[i] = draw_told(&seed, p->window_us);
	assess(p, false);
	return episodes == 1;
}

static bool seed_equals(uint64_t seed)
{
	struct profile p;
	bool same = true;

	if (!one_episode(seed, &p))
		return true;
	for (uint32_t i = 0; i < last.states; i++) {
		const struct state_assessment *st = &last.state[i];
		if (!vocab_state_is_member(st->state) && st->state != STATE_EU)
			continue;
		struct want w = oracle(&p, st->state);
		/* what is told in two states has an oracle of its own, below */
		bool single = st->single_origin || (w.single && st->shared == st->records);
		seen[w.significant][w.single]++;
		if (st->origins == w.origins && st->significant == w.significant &&
		    (single == w.single || st->shared == st->records))
			continue;
		printf("# seed %" PRIu64 " state %u: origins %u/%" PRIu64
		       " significant %d/%d single %d/%d\n",
		       seed, st->state, st->origins, w.origins, st->significant, w.significant,
		       st->single_origin, w.single);
		same = false;
	}
	return same;
}

/* --- one voice alone --------------------------------------------------------------- */

#define MEMBERS 3 /* the states that draw_told() draws */

static struct oracle whole[MEMBERS], rest[MEMBERS][ORIGINS];

/* Does this state, significant at this moment, count by origin o's word alone? */
static bool by_alone(int state, int o, int64_t to)
{
	bool only = true, any = false;

	for (int i = 0; i < hits; i++)
		if (counted(&hit[i]) && hit[i].state == state) {
			any = true;
			only &= stands_with(&hit[i]) == origin_of((uint32_t)o);
		}
	return (any && only) || !significant_at(&rest[state][o], state, to);
}

static int outcomes[2];

/* An asserted capacity, or Union entities: those raise by rules of their own. */
static bool stands_apart(void)
{
	for (uint32_t i = 0; i < last.states; i++)
		if (last.state[i].capacity_exceeded ||
		    (last.state[i].state == STATE_EU && last.state[i].significant))
			return true;
	return false;
}

/* Raised by the rule of Member States just when at some moment enough of them are
 * significant, and no origin's word is all that stands behind each. */
static bool voices_equal(uint64_t seed)
{
	struct profile p;
	bool raised = false, held = false;

	if (!one_episode(seed, &p) || stands_apart())
		return true;
	for (int s = 0; s < MEMBERS; s++) {
		leave(&whole[s], &p, s, 0);
		for (uint32_t o = 0; o < ORIGINS; o++)
			leave(&rest[s][o], &p, s, origin_of(o));
	}
	for (int i = 0; i < 2 * hits; i++) {
		int64_t to = hit[i / 2].time_us + (i & 1 ? p.window_us : 0);
		uint32_t together = 0, alone = 0;
		for (int s = 0; s < MEMBERS; s++)
			together += significant_at(&whole[s], s, to);
		for (int o = 0; o < ORIGINS && together; o++) {
			uint32_t by = 0;
			for (int s = 0; s < MEMBERS; s++)
				by += significant_at(&whole[s], s, to) && by_alone(s, o, to);
			alone |= by == together;
		}
		raised |= together >= p.min_states && !alone;
		held |= together >= p.min_states && alone;
	}
	held &= !raised;
	outcomes[0] += raised;
	outcomes[1] += held;
	if ((last.status == EPISODE_RAISED) == raised && last.held_back == held)
		return true;
	printf("# seed %" PRIu64 ": raised %d/%d held back %d/%d\n", seed,
	       last.status == EPISODE_RAISED, raised, last.held_back, held);
	return false;
}

/* The cap takes away exactly what is marked, and never raises what was not. */
static bool cap_agrees(uint64_t seed)
{
	static struct episode plain;
	struct profile p;

	if (!one_episode(seed, &p))
		return true;
	plain = last;
	assess(&p, true);
	bool same = last.states == plain.states && last.status <= plain.status;
	for (uint32_t i = 0; same && i < last.states; i++) {
		const struct state_assessment *a = &plain.state[i], *b = &last.state[i];
		same = a->single_origin == b->single_origin && !a->capped &&
		       b->capped == a->single_origin &&
		       b->significant == (a->significant && !a->single_origin);
	}
	return same;
}

/* --- by hand ------------------------------------------------------------------------- */

static const struct profile three = {
	.window_us = TIMESTAMP_DAY,
	.min_states = 2,
	.criteria_count = 1,
	.criteria = {{.severity_min = SEVERITY_MEDIUM, .effect_only = true, .entities = 3}}};

static void tell(uint8_t state, uint32_t object, uint64_t entity, uint64_t identity)
{
	hit[hits] = (struct observation){.threat = 1,
					 .by = 1,
					 .state = state,
					 .sector = 1,
					 .hit_class = CLASS_EFFECT,
					 .severity = SEVERITY_HIGH,
					 .rank = object == ORIGINS - 1,
					 .time_us = T0 + hits,
					 .entity = hash_word(entity),
					 .origin = origin_of(object),
					 .object = object,
					 .offset = (uint64_t)hits,
					 .identity = identity ? hash_word(identity) : 0};
	/* copies of one event have one time */
	if (identity)
		hit[hits].time_us = T0;
	hits++;
}

/* The last hit reports so many users, too. */
static void and_users(uint64_t users)
{
	hit[hits - 1].users = users;
}

static const struct profile reported = {
	.window_us = TIMESTAMP_DAY,
	.min_states = 2,
	.criteria_count = 2,
	.criteria = {{.users = 100}, {.union_entities = true, .entities = 2}}};

static void test_reports(void)
{
	hits = 0;
	tell(5, 0, 1, 0);
	and_users(100);
	tell(5, ORIGINS - 1, 2, 0);
	and_users(100);
	assess(&reported, true);
	tap_ok(last.state[0].significant && !last.state[0].single_origin,
	       "what a relay alone reports is not its neighbour's in that hour");

	hits = 0;
	for (uint64_t e = 1; e <= 2; e++) {
		tell(STATE_EU, 0, e, e);
		tell(STATE_EU, 1, e, e + 10);
	}
	assess(&reported, true);
	tap_ok(last.status == EPISODE_RAISED && last.decided_us == T0,
	       "Union entities raise on two origins");
	for (uint64_t e = 1; e <= 2; e++) {
		tell(5, 0, e, e);
		tell(5, 1, e, e + 10);
	}
	assess(&reported, true);
	tap_ok(last.status == EPISODE_NONE && last.state[1].capped,
	       "with the cap not by what a Member State's records are");
}

static void test_hand(void)
{
	hits = 0;
	for (uint64_t e = 1; e <= 3; e++)
		for (uint32_t hub = 0; hub < 3; hub++)
			tell(5, hub, e, e);
	assess(&three, false);
	tap_ok(last.state[0].records == 3 && last.state[0].entities == 3 &&
		       last.state[0].origins == 1 && last.state[0].single_origin,
	       "three observations by three hubs are three, of one origin");

	hits = 0;
	for (uint64_t e = 1; e <= 3; e++) {
		tell(5, 0, e, e);
		tell(5, ORIGINS - 1, e, e);
		tell(5, 1, e, e + 10);
	}
	assess(&three, false);
	tap_ok(last.state[0].records == 6 && last.state[0].origins == 2 &&
		       !last.state[0].single_origin,
	       "two who observed, and a relay, are two origins");

	hits = 0;
	for (uint64_t e = 1; e <= 200; e++)
		tell(5, 0, e + 1000, 0); /* the liar */
	tell(5, 1, 1, 0);
	assess(&three, true);
	tap_ok(last.state[0].capped && !last.state[0].significant && last.state[0].origins == 2,
	       "a flood beside one true hit rests on the flood");
	tell(5, 1, 2, 0);
	tell(5, 1, 3, 0);
	assess(&three, true);
	tap_ok(last.state[0].significant && !last.state[0].capped,
	       "a flood does not take away what another origin shows as well");

	hits = 0;
	for (uint64_t e = 1; e <= 3; e++) {
		tell(5, 0, e, e);
		tell(9, 1, e, e);
	}
	assess(&three, false);
	tap_ok(last.status == EPISODE_RAISED && last.state[0].shared == 3 &&
		       last.state[1].shared == 3 && last.state[1].single_origin,
	       "one observation told in two states is marked");
	for (uint64_t e = 1; e <= 3; e++) {
		tell(5, 2, e, 0);
		tell(9, 2, e, 0);
		tell(9, 3, e, 0);
	}
	assess(&three, true);
	tap_ok(last.status == EPISODE_RAISED, "with observations of their own, both count");
}

static void tell_many(uint8_t state, uint32_t object, uint64_t from, uint64_t count)
{
	for (uint64_t e = from; e < from + count; e++)
		tell(state, object, e, 0);
}

static bool raises(void)
{
	assess(&three, false);
	if (last.status != EPISODE_RAISED && !last.held_back)
		printf("# not raised, and not held back\n");
	return last.status == EPISODE_RAISED;
}

static void test_voices(void)
{
	hits = 0;
	tell_many(5, RELAY, 1, 3);
	tell_many(9, RELAY, 11, 3);
	tap_ok(!raises() && last.status == EPISODE_WATCH, "what one relay tells of two states is a watch");
	tell_many(9, RELAY_2, 21, 1);
	tap_ok(!raises(), "a crumb of another's does not change that");
	tell_many(9, RELAY_2, 22, 2);
	tap_ok(raises(), "another relay that bears one of them out does");

	hits = 0;
	tell_many(5, RELAY, 1, 100); /* more than exact_max, all within an hour */
	tell_many(9, RELAY, 201, 100);
	tell_many(9, RELAY_2, 901, 1);
	tap_ok(!raises() && !last.state[0].entities_exact, "neither does a flood");
	tell_many(9, RELAY_2, 911, 3);
	tap_ok(raises(), "which takes nothing away from what another shows");

	hits = 0;
	tell_many(5, 0, 1, 3);
	tell_many(9, RELAY, 11, 3);
	tap_ok(raises(), "a source of one state and a relay of another are two");
	one_voice = true;
	tap_ok(!raises(), "but not where the relay is that source");
	tell_many(9, 1, 21, 3);
	tap_ok(raises(), "until somebody else bears it out");
	one_voice = false;
}

int main(int argc, char **argv)
{
	int seeds = argc > 1 ? atoi(argv[1]) : TAP_SANITIZED ? 300 : 3000, bad = 0, capped = 0;

	for (int i = 1; i <= seeds && bad < 3; i++)
		bad += !seed_equals((uint64_t)i);
	tap_int(bad, 0, "every seed equals the oracle");
	printf("# states: %d significant on several origins, %d on one, %d not\n", seen[1][0],
	       seen[1][1], seen[0][0]);
	tap_ok(seen[1][0] > seeds / 20 && seen[1][1] > seeds / 20 && seen[0][0] > seeds / 20,
	       "the seeds reach every verdict");
	for (int i = 1; i <= seeds; i++)
		capped += !cap_agrees((uint64_t)i);
	int voices = 0;
	for (int i = 1; i <= seeds && voices < 3; i++)
		voices += !voices_equal((uint64_t)i);
	tap_int(voices, 0, "raised just when no voice alone makes it so");
	printf("# %d raised, %d held back\n", outcomes[0], outcomes[1]);
	tap_ok(outcomes[0] > 0 && outcomes[1] > 0, "both were met");
	tap_int(capped, 0, "the cap takes away what is marked, and nothing else");
	test_hand();
	test_reports();
	test_voices();
	return tap_done();
}
