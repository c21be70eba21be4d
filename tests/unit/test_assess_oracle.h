/* The slow, obvious reference for assess: plain arrays of raw hits, every
 * window tried. Also the seeded hits that the tests feed to both. */
#ifndef TOCSIN_TESTS_ASSESS_ORACLE_H
#define TOCSIN_TESTS_ASSESS_ORACLE_H

#include <inttypes.h>

#include "base/hash.h"
#include "base/text.h"
#include "base/timestamp.h"
#include "config/vocab_impact.h"
#include "correlate/assess.h"

#define HITS_MAX 512
#define T0       (INT64_C(1763784000) * TIMESTAMP_SECOND) /* 2025-11-22T04:00:00Z */

__attribute__((unused)) static uint64_t draw(uint64_t *seed)
{
	return hash_word(*seed += 0x9e3779b97f4a7c15u);
}

__attribute__((unused)) static uint64_t below(uint64_t *seed, uint64_t n)
{
	return draw(seed) % n;
}

/* --- hits and profiles by seed ------------------------------------------------- */

__attribute__((unused)) static int64_t draw_time(uint64_t *seed, int64_t window)
{
	/* many on the very edges of windows and hours */
	int64_t t = T0 + (int64_t)below(seed, 9) * (window / 2);

	switch (below(seed, 4)) {
	case 0:
		return t + (int64_t)below(seed, 3) - 1;
	case 1:
		return t + (int64_t)below(seed, (uint64_t)TIMESTAMP_HOUR);
	case 2:
		return t + (int64_t)below(seed, 4) * TIMESTAMP_HOUR - (int64_t)below(seed, 2);
	default:
		return T0 + (int64_t)below(seed, (uint64_t)window * 5);
	}
}

__attribute__((unused)) static struct observation draw_hit(uint64_t *seed, int64_t window)
{
	static const uint8_t states[] = {0, 5, 9, 26, STATE_EU, STATE_GB};
	static const uint8_t sectors[] = {0, 1, 1, 2, 3, 12, 13};
	static const uint8_t classes[] = {CLASS_EFFECT,  CLASS_EFFECT, CLASS_EFFECT, CLASS_ATTEMPT,
					  CLASS_ATTEMPT, CLASS_NONE,   CLASS_TEST};
	static const uint8_t pairs[] = {0, 0, 0, 1, 2, IMPACT_PAIR_CLAIMS, IMPACT_PAIR_CLAIMS};
	uint64_t entity = below(seed, 14), origin = below(seed, 5);
	uint8_t pair = pairs[below(seed, sizeof(pairs))];
	if (pair)
		entity = 1 + entity % 3; /* few entities report much */
	/* claims: few bits of each, so that they meet; a capacity's is one of them */
	const uint64_t claims_high = 1 | IMPACT_BIT(IMPACT_CLAIM_CAPACITY - 32);
	uint64_t high = pair == IMPACT_PAIR_CLAIMS ? draw(seed) & draw(seed) & claims_high
						   : below(seed, 1000);
	uint64_t low = pair == IMPACT_PAIR_CLAIMS ? draw(seed) & draw(seed) & 0x500007
						  : below(seed, 7200);

	return (struct observation){
		.pair = pair,
		.threat = 1 + (uint32_t)below(seed, 2),
		.by = 1 + (uint32_t)below(seed, 3),
		.state = states[below(seed, sizeof(states))],
		.sector = sectors[below(seed, sizeof(sectors))],
		.tlp = (uint8_t)below(seed, TLPS),
		.pap = (uint8_t)below(seed, PAPS),
		.hit_class = classes[below(seed, sizeof(classes))],
		.severity = (uint8_t)below(seed, 4),
		.rank = (uint8_t)below(seed, 4),
		.time_us = draw_time(seed, window),
		.entity = entity ? hash_word(entity) : 0,
		.origin = origin ? hash_word(origin + 100) : 0,
		.object = (uint32_t)below(seed, 3),
		.sub = (uint32_t)below(seed, 2),
		.offset = below(seed, 60),
		.users = below(seed, pair ? 2 : 6) ? 0 : high,
		.duration_s = below(seed, pair ? 2 : 6) ? 0 : low,
	};
}

/* What one entity reports: a few measures and claims. */
static void draw_demand(uint64_t *seed, struct demand *d)
{
	*d = (struct demand){0};
	switch (below(seed, 5)) {
	case 0:
		d->users = 1 + below(seed, 300);
		break;
	case 1:
		d->duration_s = 1 + below(seed, 2000);
		break;
	case 2:
		d->measure[2 + below(seed, 4)] = 1 + (uint32_t)below(seed, 400);
		break;
	case 3:
		d->claims = IMPACT_BIT(20 + 2 * below(seed, 2));
		break;
	default:
		d->claims = IMPACT_BIT(32);
		d->measure[2] = 1 + (uint32_t)below(seed, 400);
	}
}

static uint16_t draw_term(uint64_t *seed, struct profile *p, uint32_t i, int depth)
{
	uint16_t at = (uint16_t)p->node_count++;
	uint32_t named = (uint32_t)below(seed, i + 1);
	struct profile_node *n = &p->node[at];

	if (named < i && p->criteria[named].union_entities == p->criteria[i].union_entities &&
	    (!p->criteria[i].one_entity || p->criteria[named].one_entity)) {
		n->kind = NODE_CRITERION;
		n->criterion = (uint16_t)named;
	} else if (depth < 2 && below(seed, 2)) {
		n->kind = NODE_OF;
		n->count = (uint16_t)(1 + below(seed, 3));
		n->need = (uint16_t)(1 + below(seed, n->count));
		n->first = (uint16_t)p->node_count;
		p->node_count += n->count;
		for (uint16_t k = 0; k < n->count; k++) {
			uint16_t from = draw_term(seed, p, i, depth + 1);
			p->node[n->first + k] = p->node[from];
		}
	} else if (p->criteria[i].one_entity) {
		draw_demand(seed, &n->demand);
	} else {
		n->demand = (struct demand){.entities = 1 + below(seed, 3)};
	}
	return at;
}

/* Criteria of one entity, of Union entities, with trees, parts and days of validity. */
static void draw_beyond(uint64_t *seed, struct profile *p, uint32_t i)
{
	const int64_t day = T0 - T0 % TIMESTAMP_DAY;
	struct criterion *c = &p->criteria[i];

	c->union_entities = below(seed, 6) == 0;
	c->part = below(seed, 4) == 0;
	if (below(seed, 3)) {
		c->one_entity = true;
		c->severity_min = (uint8_t)below(seed, 2);
		c->annex = (uint8_t)(below(seed, 3) == 0);
		c->one_sector = below(seed, 4) == 0;
		c->types = below(seed, 3) ? 0 : 7;
		draw_demand(seed, &c->demand);
		c->reporters = below(seed, 4) ? 0 : 2;
	}
	if (below(seed, 2))
		c->node = draw_term(seed, p, i, 0);
	if (below(seed, 4) == 0)
		c->valid_from_us = day + (int64_t)below(seed, 3) * TIMESTAMP_DAY;
	if (below(seed, 4) == 0)
		c->valid_until_us = day + (int64_t)(1 + below(seed, 3)) * TIMESTAMP_DAY;
}

static void draw_override(uint64_t *seed, struct profile *p)
{
	struct profile_override *o = &p->override[p->override_count++];

	o->criterion = (uint16_t)below(seed, p->criteria_count);
	o->states = below(seed, 3) ? 1u << 5 | 1u << 9 : 0;
	o->sectors = below(seed, 2) || !o->states ? 1u << 1 | 1u << 12 : 0;
	if (p->criteria[o->criterion].one_entity)
		draw_demand(seed, &o->demand);
	else
		o->demand.entities = 1 + below(seed, 3);
}

__attribute__((unused)) static void draw_profile(uint64_t *seed, struct profile *p)
{
	static const int64_t windows[] = {TIMESTAMP_HOUR, TIMESTAMP_HOUR + 1, 5 * TIMESTAMP_HOUR,
					  TIMESTAMP_DAY, 3 * TIMESTAMP_DAY};

	*p = (struct profile){.window_us = windows[below(seed, 5)],
			      .node_count = 1,
			      .min_states = 2 + (below(seed, 4) == 0),
			      .criteria_count = 1 + (uint32_t)below(seed, 4)};
	for (uint32_t i = 0; i < p->criteria_count; i++) {
		struct criterion *c = &p->criteria[i];
		c->severity_min = (uint8_t)below(seed, 4);
		c->annex = (uint8_t)below(seed, 3);
		c->one_sector = below(seed, 2);
		c->effect_only = below(seed, 4) != 0;
		c->entities = below(seed, 2) ? 1 + below(seed, 4) : 0;
		c->sectors = below(seed, 4) ? 0 : 1 + below(seed, c->one_sector ? 1 : 3);
		c->origins = below(seed, 4) ? 0 : 1 + below(seed, 3);
		c->users = below(seed, 4) ? 0 : 1 + below(seed, 800);
		c->duration_s = below(seed, 4) ? 0 : 1 + below(seed, 4000);
		if (!c->entities && !c->sectors && !c->origins && !c->users && !c->duration_s)
			c->entities = 2;
		if (below(seed, 2))
			draw_beyond(seed, p, i);
	}
	if (below(seed, 3) == 0)
		draw_override(seed, p);
}

/* --- an episode as text, so that two can be compared -------------------------------- */

__attribute__((unused)) static void write_episode(void *arg, const struct episode *ep)
{
	struct text *t = arg;

	text_printf(t,
		    "episode %u status %d %" PRId64 "..%" PRId64 " decided %" PRId64
		    " tlp %u pap %u\n",
		    ep->threat, (int)ep->status, ep->first_us, ep->last_us, ep->decided_us, ep->tlp,
		    ep->pap);
	for (uint32_t i = 0; i < ep->states; i++) {
		const struct state_assessment *s = &ep->state[i];
		text_printf(t,
			    " %u sig %d dec %d cap %d crit %x ent %" PRIu64 "/%d att %" PRIu64
			    " rec %" PRIu64 "/%d org %u sec %x users %" PRIu64 " dur %" PRIu64
			    " sev %u %" PRId64 "..%" PRId64 "\n",
			    s->state, s->significant, s->deciding, s->capacity_exceeded,
			    s->criteria, s->entities,
			    s->entities_exact, s->attempted, s->records, s->records_exact,
			    s->origins, s->sectors, s->users, s->duration_s, s->severity,
			    s->first_us, s->last_us);
		text_printf(t, "  claims %" PRIx64, s->claims);
		for (int m = 0; m < IMPACT_MEASURE_COUNT; m++)
			text_printf(t, " %u", s->measure[m]);
		text_char(t, '\n');
	}
	for (uint32_t i = 0; i < ep->evidence_count; i++) {
		const struct assess_evidence *e = &ep->evidence[i];
		text_printf(t, " ev %u %u %u %" PRId64 " %u %u %u %" PRIu64 "\n", e->state,
			    e->hit_class, e->item.rank, e->item.time_us, e->item.object,
			    e->item.sub, e->item.by, e->item.offset);
	}
}

/* --- the oracle -------------------------------------------------------------------------- */

struct oracle {
	const struct profile *p;
	struct observation hit[HITS_MAX]; /* of one threat, effect and attempt, by time */
	int n;
};

static bool same_cell(const struct observation *a, const struct observation *b)
{
	return a->state == b->state && a->sector == b->sector && a->hit_class == b->hit_class &&
	       a->severity == b->severity &&
	       a->time_us / EVIDENCE_BUCKET_US == b->time_us / EVIDENCE_BUCKET_US;
}

static bool reports(const struct observation *o)
{
	return o->entity && (o->users || o->duration_s);
}

/* What the hour of report i says of its pair: the largest of both, from and to. */
static struct window_report {
	int64_t first, last;
	uint64_t users, duration, claims;
} hour_report(const struct oracle * or, int i)
{
	struct window_report r = {INT64_MAX, 0, 0, 0, 0};

	for (int j = 0; j < or->n; j++) {
		const struct observation *o = & or->hit[j];
		if (!reports(o) || o->entity != or->hit[i].entity ||
		    o->pair != or->hit[i].pair || !same_cell(o, & or->hit[i]))
			continue;
		r.claims |= o->users << 32 | o->duration_s;
		r.first = o->time_us < r.first ? o->time_us : r.first;
		r.last = o->time_us > r.last ? o->time_us : r.last;
		r.users = o->users > r.users ? o->users : r.users;
		r.duration = o->duration_s > r.duration ? o->duration_s : r.duration;
	}
	return r;
}

static uint64_t set_add(uint64_t *set, uint64_t n, uint64_t v)
{
	for (uint64_t i = 0; i < n; i++)
		if (set[i] == v)
			return n;
	set[n] = v;
	return n + 1;
}

static bool oracle_counts(const struct criterion *c, const struct observation *o, int state,
			  int sector)
{
	return o->state == state && o->severity >= c->severity_min &&
	       (o->hit_class == CLASS_EFFECT || !c->effect_only) &&
	       (!c->annex || vocab_sector_annex(o->sector) == c->annex) &&
	       (sector < 0 || o->sector == sector) && o->time_us >= c->valid_from_us &&
	       (!c->valid_until_us || o->time_us < c->valid_until_us);
}

/* Where and whose: a state, one sector or all (-1), one entity or all (0), a window. */
struct oracle_scope {
	int state, sector;
	uint64_t entity;
	int64_t from, to;
};

static bool oracle_entity(const struct oracle * or, const struct criterion *c,
			  const struct demand *d, struct oracle_scope at)
{
	uint64_t most[IMPACT_MEASURE_COUNT] = {0}, claims = 0;

	for (int i = 0; i < or->n; i++) {
		const struct observation *o = & or->hit[i];
		if (!oracle_counts(c, o, at.state, at.sector) || !reports(o) ||
		    o->entity != at.entity)
			continue;
		struct window_report r = hour_report(or, i);
		if (r.first > at.to || r.last < at.from)
			continue;
		if (o->pair == IMPACT_PAIR_CLAIMS) {
			claims |= r.claims;
			continue;
		}
		uint64_t *pair = &most[2 * o->pair];
		pair[0] = r.users > pair[0] ? r.users : pair[0];
		pair[1] = r.duration > pair[1] ? r.duration : pair[1];
	}
	for (int m = 2; m < IMPACT_MEASURE_COUNT; m++)
		if (most[m] < d->measure[m])
			return false;
	return most[0] >= d->users && most[1] >= d->duration_s &&
	       (claims & d->claims) == d->claims && (!c->types || (claims & c->types));
}

static bool oracle_lane(const struct oracle * or, const struct criterion *crit,
			const struct demand *c, int state, int sector, int64_t from, int64_t to)
{
	uint64_t ent[HITS_MAX], org[HITS_MAX], sec[HITS_MAX], rep[HITS_MAX], most[HITS_MAX];
	uint64_t ents = 0, orgs = 0, secs = 0, reps = 0, users = 0, duration = 0;

	for (int i = 0; i < or->n; i++) {
		const struct observation *o = & or->hit[i];
		if (!oracle_counts(crit, o, state, sector))
			continue;
		if (o->time_us >= from && o->time_us <= to) {
			if (o->entity)
				ents = set_add(ent, ents, o->entity);
			if (o->origin)
				orgs = set_add(org, orgs, o->origin);
			if (o->sector)
				secs = set_add(sec, secs, o->sector);
		}
		if (!reports(o) || o->pair)
			continue;
		struct window_report r = hour_report(or, i);
		if (r.first > to || r.last < from)
			continue;
		uint64_t before = reps;
		reps = set_add(rep, reps, o->entity);
		if (reps > before)
			most[before] = 0;
		for (uint64_t k = 0; k < reps; k++)
			if (rep[k] == o->entity && most[k] < r.users)
				most[k] = r.users;
		duration = r.duration > duration ? r.duration : duration;
	}
	for (uint64_t k = 0; k < reps; k++)
		users += most[k];
	return ents >= c->entities && orgs >= c->origins && secs >= c->sectors &&
	       users >= c->users && duration >= c->duration_s;
}

static bool oracle_asks(const struct oracle * or, const struct criterion *c,
			const struct demand *d, struct oracle_scope at)
{
	if (at.entity)
		return oracle_entity(or, c, d, at);
	return oracle_lane(or, c, d, at.state, at.sector, at.from, at.to);
}

static bool oracle_holds(const struct oracle * or, uint32_t i, struct oracle_scope at);

static bool oracle_tree(const struct oracle * or, uint32_t i, const struct profile_node *n,
			struct oracle_scope at)
{
	uint32_t held = 0;

	if (n->kind == NODE_DEMAND)
		return oracle_asks(or, & or->p->criteria[i], &n->demand, at);
	if (n->kind == NODE_CRITERION)
		return oracle_holds(or, n->criterion, at);
	for (uint32_t k = 0; k < n->count; k++)
		held += oracle_tree(or, i, & or->p->node[n->first + k], at);
	return held >= n->need;
}

/* Anything at all in the window is something: a demand for nothing is met by it. */
static bool oracle_there(const struct oracle * or, const struct criterion *c,
			 struct oracle_scope at)
{
	for (int i = 0; i < or->n; i++) {
		const struct observation *o = & or->hit[i];
		if (!oracle_counts(c, o, at.state, at.sector))
			continue;
		if (!at.entity && o->time_us >= at.from && o->time_us <= at.to)
			return true;
		if (!at.entity || o->entity != at.entity || !reports(o))
			continue;
		struct window_report r = hour_report(or, i);
		if (r.first <= at.to && r.last >= at.from)
			return true;
	}
	return false;
}

/* The numbers in force: of the override that names most. */
static struct demand oracle_demand(const struct oracle * or, uint32_t i, int state, int sector)
{
	struct demand d = or->p->criteria[i].demand;
	const struct profile_override *o = &or->p->override[0];

	if (or->p->override_count == 0 || o->criterion != i ||
	    (o->states && !(o->states >> state & 1)) ||
	    (o->sectors && (sector < 0 || !(o->sectors >> sector & 1))))
		return d;
	d.entities = o->demand.entities ? o->demand.entities : d.entities;
	d.users = o->demand.users ? o->demand.users : d.users;
	d.duration_s = o->demand.duration_s ? o->demand.duration_s : d.duration_s;
	for (int m = 0; m < IMPACT_MEASURE_COUNT; m++)
		d.measure[m] = o->demand.measure[m] ? o->demand.measure[m] : d.measure[m];
	return d;
}

static bool oracle_in(const struct oracle * or, uint32_t i, struct oracle_scope at)
{
	const struct criterion *c = & or->p->criteria[i];
	const struct demand d = oracle_demand(or, i, at.state, at.sector);

	return oracle_there(or, c, at) && oracle_asks(or, c, &d, at) &&
	       (!c->node || oracle_tree(or, i, & or->p->node[c->node], at));
}

/* With one_entity: of the entity meant, or of as many as there must be. */
static bool oracle_sector(const struct oracle * or, uint32_t i, struct oracle_scope at)
{
	const struct criterion *c = & or->p->criteria[i];
	uint64_t seen[HITS_MAX], entities = 0, held = 0;
	struct oracle_scope one = at;

	if (!c->one_entity) {
		one.entity = 0;
		return oracle_in(or, i, one);
	}
	if (at.entity)
		return oracle_in(or, i, at);
	for (int k = 0; k < or->n; k++) {
		uint64_t before = entities;
		if (!reports(& or->hit[k]) || or->hit[k].state != at.state)
			continue;
		entities = set_add(seen, entities, or->hit[k].entity);
		one.entity = or->hit[k].entity;
		held += entities > before && oracle_in(or, i, one);
	}
	return held >= (c->reporters ? c->reporters : 1);
}

static bool oracle_holds(const struct oracle * or, uint32_t i, struct oracle_scope at)
{
	at.sector = -1;
	if (!or->p->criteria[i].one_sector)
		return oracle_sector(or, i, at);
	for (at.sector = 1; at.sector < SECTORS; at.sector++)
		if (oracle_sector(or, i, at))
			return true;
	return false;
}

static int better(const struct observation *a, const struct observation *b)
{
#define LESS(x, y)                                                                                 \
	if ((x) != (y))                                                                            \
	return (x) < (y) ? -1 : 1
	LESS(b->hit_class, a->hit_class);
	LESS(a->rank, b->rank);
	LESS(a->time_us, b->time_us);
	LESS(a->object, b->object);
	LESS(a->offset, b->offset);
	LESS(a->sub, b->sub);
	LESS(a->by, b->by);
	return 0;
}

static int better_qsort(const void *a, const void *b)
{
	return better(a, b);
}

static int shown_qsort(const void *va, const void *vb)
{
	const struct observation *a = va, *b = vb;

	LESS(a->time_us, b->time_us);
	LESS(a->object, b->object);
	LESS(a->offset, b->offset);
	LESS(a->sub, b->sub);
	LESS(a->by, b->by);
	LESS(a->state, b->state);
	return better(a, b);
#undef LESS
}

/* The best distinct records of a state, best first. */
static int oracle_best(const struct oracle * or, int b, int e, int state, struct observation *out)
{
	struct observation all[HITS_MAX];
	int n = 0, kept = 0;

	for (int i = b; i < e; i++)
		if (or->hit[i].state == state)
			all[n++] = or->hit[i];
	qsort(all, (size_t)n, sizeof(all[0]), better_qsort);
	for (int i = 0; i < n; i++) {
		bool known = false;
		for (int k = 0; k < kept; k++)
			known |= out[k].object == all[i].object && out[k].sub == all[i].sub &&
				 out[k].offset == all[i].offset;
		if (!known)
			out[kept++] = all[i];
	}
	return kept;
}

static void oracle_evidence(const struct oracle * or, int b, int e, struct episode *ep)
{
	static struct observation best[STATES][HITS_MAX];
	struct observation chosen[ASSESS_EVIDENCE_MAX];
	int counts[STATES];
	uint32_t n = 0;

	for (uint32_t s = 0; s < ep->states; s++)
		counts[s] = oracle_best(or, b, e, ep->state[s].state, best[s]);
	for (int turn = 0; turn < HITS_MAX; turn++)
		for (uint32_t s = 0; s < ep->states; s++)
			if (turn < counts[s] && n < ASSESS_EVIDENCE_MAX)
				chosen[n++] = best[s][turn];
	qsort(chosen, n, sizeof(chosen[0]), shown_qsort);
	ep->evidence_count = n;
	for (uint32_t i = 0; i < n; i++)
		ep->evidence[i] = (struct assess_evidence){chosen[i].state,
							   chosen[i].hit_class,
							   {chosen[i].rank, chosen[i].time_us,
							    chosen[i].object, chosen[i].sub,
							    chosen[i].by, chosen[i].offset}};
}

static void oracle_state(const struct oracle * or, int b, int e, struct state_assessment *s)
{
	uint64_t ent[HITS_MAX], att[HITS_MAX], org[HITS_MAX], rec[HITS_MAX], rep[HITS_MAX],
		most[HITS_MAX], orgs = 0, reps = 0;
	bool effect = false;

	s->first_us = INT64_MAX;
	s->entities_exact = s->records_exact = true;
	for (int i = b; i < e; i++)
		effect |= or->hit[i].state == s->state && or->hit[i].hit_class == CLASS_EFFECT;
	for (int i = b; i < e; i++) {
		const struct observation *o = & or->hit[i];
		bool impact = o->hit_class == CLASS_EFFECT;
		if (o->state != s->state)
			continue;
		s->first_us = o->time_us < s->first_us ? o->time_us : s->first_us;
		s->last_us = o->time_us > s->last_us ? o->time_us : s->last_us;
		s->records = set_add(rec, s->records,
				     (uint64_t)o->object << 40 | o->sub << 20 | o->offset);
		if (o->origin)
			orgs = set_add(org, orgs, o->origin);
		if (o->entity && impact)
			s->entities = set_add(ent, s->entities, o->entity);
		if (o->entity && !impact)
			s->attempted = set_add(att, s->attempted, o->entity);
		if (impact)
			s->sectors |= 1u << o->sector;
		if (impact == effect && o->severity > s->severity)
			s->severity = o->severity;
		if (impact && reports(o) && o->pair == IMPACT_PAIR_CLAIMS &&
		    vocab_state_is_member(s->state))
			s->capacity_exceeded |=
				o->users >> (IMPACT_CLAIM_CAPACITY - 32) & 1;
		if (impact && reports(o) && o->pair == IMPACT_PAIR_CLAIMS) {
			s->claims |= o->users << 32 | o->duration_s;
		} else if (impact && reports(o) && o->pair) {
			uint32_t *most_of = &s->measure[2 * o->pair];
			most_of[0] = o->users > most_of[0] ? (uint32_t)o->users : most_of[0];
			most_of[1] = o->duration_s > most_of[1] ? (uint32_t)o->duration_s
								: most_of[1];
		}
		if (!impact || !reports(o) || o->pair)
			continue;
		uint64_t before = reps;
		reps = set_add(rep, reps, o->entity);
		if (reps > before)
			most[before] = 0;
		for (uint64_t k = 0; k < reps; k++)
			if (rep[k] == o->entity && most[k] < o->users)
				most[k] = o->users;
		s->duration_s = o->duration_s > s->duration_s ? o->duration_s : s->duration_s;
	}
	s->origins = (uint32_t)orgs;
	for (uint64_t k = 0; k < reps; k++)
		s->users += most[k];
}

/* The criteria that hold for this state in this window; whether one of them is enough. */
static bool oracle_judge(const struct oracle * or, struct state_assessment *s, int64_t from,
			 int64_t to)
{
	const struct profile *p = or->p;
	bool enough = false;

	for (uint32_t c = 0; c < p->criteria_count; c++)
		if (p->criteria[c].union_entities == (s->state == STATE_EU) &&
		    oracle_holds(or, c, (struct oracle_scope){s->state, -1, 0, from, to})) {
			s->criteria |= 1u << c;
			enough |= !p->criteria[c].part;
		}
	s->significant |= enough;
	return enough;
}

/* All windows that end at a hit of the episode. When Union entities were first judged
 * significant; INT64_MAX never. */
static int64_t oracle_windows(const struct oracle * or, int b, int e, struct episode *ep)
{
	int64_t of_union = INT64_MAX;

	for (int i = b; i < e; i++) {
		int64_t to = or->hit[i].time_us, from = to - or->p->window_us;
		uint32_t significant = 0, seen = 0;
		bool now[STATES] = {0};
		for (uint32_t k = 0; k < ep->states; k++) {
			struct state_assessment *s = &ep->state[k];
			if (s->state == STATE_EU && oracle_judge(or, s, from, to) &&
			    to < of_union)
				of_union = to;
			if (!vocab_state_is_member(s->state))
				continue;
			bool here = false;
			for (int j = b; j < e; j++)
				here |= or->hit[j].state == s->state &&
					or->hit[j].time_us >= from && or->hit[j].time_us <= to;
			seen += here;
			now[k] = oracle_judge(or, s, from, to);
			significant += now[k];
		}
		enum episode_status status = significant >= or->p->min_states ? EPISODE_RAISED
					     : significant && seen >= 2       ? EPISODE_WATCH
									      : EPISODE_NONE;
		if (status <= ep->status)
			continue;
		ep->status = status;
		ep->decided_us = to;
		for (uint32_t k = 0; k < ep->states; k++)
			ep->state[k].deciding = now[k];
	}
	return of_union;
}

/* First hour in which an operator of this episode said that its capacity is exceeded. */
static int64_t oracle_capacity(const struct oracle * or, int b, int e)
{
	int64_t first = INT64_MAX;

	for (int i = b; i < e; i++) {
		const struct observation *o = & or->hit[i];
		if (!reports(o) || o->pair != IMPACT_PAIR_CLAIMS ||
		    o->hit_class != CLASS_EFFECT || !vocab_state_is_member(o->state))
			continue;
		struct window_report r = hour_report(or, i);
		if (r.claims >> IMPACT_CLAIM_CAPACITY & 1 && r.first < first)
			first = r.first;
	}
	return first;
}

static void oracle_apart(struct episode *ep, int64_t capacity, int64_t of_union)
{
	if (ep->status == EPISODE_RAISED || (capacity == INT64_MAX && of_union == INT64_MAX))
		return;
	ep->status = EPISODE_RAISED;
	ep->decided_us = capacity != INT64_MAX ? capacity : of_union;
	for (uint32_t k = 0; k < ep->states; k++)
		ep->state[k].deciding = capacity != INT64_MAX ? ep->state[k].capacity_exceeded
							      : ep->state[k].state == STATE_EU;
}

static int by_time(const void *va, const void *vb)
{
	const struct observation *a = va, *b = vb;

	return (a->time_us > b->time_us) - (a->time_us < b->time_us);
}

static void oracle_episode(const struct oracle * or, int b, int e, struct text *out)
{
	struct episode ep = {.threat = or->hit[b].threat,
			     .first_us = or->hit[b].time_us,
			     .last_us = or->hit[e - 1].time_us};

	for (int state = 0; state < STATES; state++) {
		bool here = false;
		for (int i = b; i < e; i++)
			here |= or->hit[i].state == state;
		if (!here)
			continue;
		struct state_assessment *s = &ep.state[ep.states++];
		s->state = (uint8_t)state;
		oracle_state(or, b, e, s);
	}
	for (int i = b; i < e; i++) {
		ep.tlp = or->hit[i].tlp > ep.tlp ? or->hit[i].tlp : ep.tlp;
		ep.pap = or->hit[i].pap > ep.pap ? or->hit[i].pap : ep.pap;
	}
	int64_t of_union = oracle_windows(or, b, e, &ep);
	oracle_apart(&ep, oracle_capacity(or, b, e), of_union);
	oracle_evidence(or, b, e, &ep);
	write_episode(out, &ep);
}

__attribute__((unused)) static void oracle_threat(const struct profile *p,
						  const struct observation *hits, int n,
						  uint32_t threat, struct text *out)
{
	static struct oracle or ;

	or.p = p;
	or.n = 0;
	for (int i = 0; i < n; i++)
		if (hits[i].threat == threat &&
		    (hits[i].hit_class == CLASS_EFFECT || hits[i].hit_class == CLASS_ATTEMPT))
			or.hit[or.n++] = hits[i];
	qsort(or.hit, (size_t) or.n, sizeof(or.hit[0]), by_time);
	for (int b = 0, e; b < or.n; b = e) {
		for (e = b + 1; e < or.n; e++)
			if (or.hit[e].time_us - or.hit[e - 1].time_us > p->window_us)
				break;
		oracle_episode(& or, b, e, out);
	}
}

#endif
