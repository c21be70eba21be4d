/* What one seed does to a world: threats, bursts around every threshold of the profile, noise. */
#include <stdlib.h>
#include <string.h>

#include "truth.h"

#define HOUR_US   INT64_C(3600000000)
#define DAY_US    (24 * HOUR_US)
#define MIDNIGHT  (INT64_C(1700006400) * 1000000) /* 2023-11-15T00:00:00Z */
#define FAR_AHEAD (INT64_C(4000000000) * 1000000) /* 2096 */
#define LONG_PAST (INT64_C(100000000) * 1000000)  /* 1973 */

/* --- one seed --------------------------------------------------------------------- */

struct plan {
	struct truth_world *w;
	struct rng r;
	int seed, slot;
	int first_threat, threats, first_atom, atoms;
	int64_t t0; /* near this time everything happens */
	uint32_t serial;
};

/* Any of the state; mostly one whose sector the criterion counts, where there is one. */
static int source_of_state(struct plan *p, int state, const struct truth_criterion *c)
{
	bool fitting = rng_chance(&p->r, 75);
	int found = -1, n = 0;

	for (int i = 0; i < p->w->source_count; i++) {
		const struct truth_source *s = &p->w->sources[i];
		bool fits = (!c->annex || truth_annex[s->sector] == c->annex) &&
			    (!c->one_sector || s->sector);
		if (s->state == state && !s->exercise && (fits || !fitting) &&
		    rng_below(&p->r, (uint32_t)++n) == 0)
			found = i;
	}
	return found;
}

static struct truth_atom *atom_of(struct plan *p, int threat, int address)
{
	struct truth_atom *found = NULL;
	uint32_t n = 0;

	for (int i = p->first_atom; i < p->first_atom + p->atoms; i++) {
		struct truth_atom *a = &p->w->atoms[i];
		if ((threat < 0 || a->threat == threat) && (address < 0 || a->address == address) &&
		    rng_below(&p->r, ++n) == 0)
			found = a;
	}
	return found;
}

static void make_threats(struct plan *p)
{
	struct truth_world *w = p->w;

	p->first_threat = w->threat_count;
	p->first_atom = w->atom_count;
	p->threats = 1 + (int)rng_below(&p->r, 3);
	for (int t = 0; t < p->threats; t++) {
		int atoms = 1 + (int)rng_below(&p->r, 3);
		int severity = (int)(1 + rng_below(&p->r, 3));
		for (int i = 0; i < atoms; i++) {
			struct truth_atom *a = PUSH(w, atom);
			a->threat = p->first_threat + t;
			a->address = i == 1 || (i == 0 && rng_chance(&p->r, 20));
			a->severity =
				rng_chance(&p->r, 80) ? severity : (int)(1 + rng_below(&p->r, 3));
			a->tlp = (int)rng_below(&p->r, 4);
			a->benign = i > 0 && rng_chance(&p->r, 15);
			if (a->address)
				snprintf(a->value, sizeof(a->value), "198.18.%d.%d", p->slot,
					 t * 4 + i + 1);
			else
				snprintf(a->value, sizeof(a->value), "c%d-%d.s%d.bad.example", t, i,
					 p->seed);
		}
		struct truth_threat *threat = PUSH(w, threat);
		threat->seed = p->seed;
		/* one atom without a campaign is a threat by itself */
		if (atoms == 1 && rng_chance(&p->r, 50))
			snprintf(threat->name, sizeof(threat->name), "%s",
				 w->atoms[w->atom_count - 1].value);
		else
			snprintf(threat->name, sizeof(threat->name), "Campaign %d of %d", t,
				 p->seed);
	}
	p->atoms = w->atom_count - p->first_atom;
}

/* Who is affected, as the project's words say: organisation, else the inside host in its
 * address space. */
static uint64_t entity_of(const struct truth_source *s, int source, const struct truth_shot *shot)
{
	if (shot->organisation >= 0)
		return UINT64_C(1) << 40 | (uint64_t)shot->organisation;
	if (s->organisation[0])
		return UINT64_C(2) << 40 | (uint64_t)source;
	return (uint64_t)(s->space[0] ? source + 1 : 0) << 32 | shot->host;
}

static void add_hit(struct truth_world *w, struct truth_record *rec, const struct truth_shot *shot,
		    const struct truth_atom *a, enum truth_class c)
{
	const struct truth_source *s = &w->sources[rec->source];

	if (!a || a->benign)
		return;
	int tlp = s->tlp > a->tlp ? s->tlp : a->tlp;
	bool speaks = s->aggregates && shot->claim >= 0;
	rec->hit[rec->hits++] = (struct truth_hit){
		.threat = a->threat,
		.state = speaks ? shot->claim : s->state,
		.sector = s->sector,
		.severity = shot->severity > 0 ? shot->severity : a->severity,
		.tlp = tlp,
		.origin = rec->source,
		.record = w->record_count - 1,
		.hit_class = c,
		.time_us = shot->time_us,
		.entity = entity_of(s, rec->source, shot),
		.users = shot->users,
		.duration_s = shot->duration_s,
	};
}

static enum truth_fate fate_of(const struct truth_source *s, const struct truth_record *rec,
			       const struct truth_shot *shot)
{
	if (!rec->hits)
		return FATE_CLEAN;
	if (s->aggregates && shot->claim >= 0 && shot->claim != s->state &&
	    !(s->aggregates >> shot->claim & 1))
		return FATE_UNREGISTERED;
	if (shot->time_us == FAR_AHEAD)
		return FATE_FUTURE;
	if (shot->time_us == LONG_PAST)
		return FATE_PAST;
	return s->exercise || shot->test ? FATE_EXERCISE : FATE_HIT;
}

static void shoot(struct plan *p, int source, struct truth_shot *shot)
{
	struct truth_world *w = p->w;
	const struct truth_source *s = &w->sources[source];
	struct truth_record *rec = PUSH(w, record);

	shot->slot = p->slot;
	shot->serial = p->serial++;
	rec->source = source;
	rec->seed = p->seed;
	rec->time_us = shot->time_us;
	add_hit(w, rec, shot, shot->asked, TRUTH_EFFECT);
	add_hit(w, rec, shot, shot->peer, TRUTH_EFFECT);
	add_hit(w, rec, shot, shot->knocking, TRUTH_ATTEMPT);
	rec->fate = fate_of(s, rec, shot);
	rec->line = shot_line(shot);
	if (!rng_chance(&p->r, 4))
		return;
	/* the same once more, at another place: another record, nobody else affected */
	struct truth_record *again = PUSH(w, record);
	*again = w->records[w->record_count - 2];
	again->line = strdup(again->line);
	for (int i = 0; i < again->hits; i++)
		again->hit[i].record = w->record_count - 1;
}

static struct truth_shot plain_shot(int64_t time_us)
{
	return (struct truth_shot){
		.severity = -1, .claim = -1, .organisation = -1, .time_us = time_us};
}

/* How a threat shows: a name, an address, both, or a knock from outside. */
static void aim(struct plan *p, struct truth_shot *shot, int threat, bool attempt)
{
	struct truth_atom *name = atom_of(p, threat, 0), *address = atom_of(p, threat, 1);

	if (attempt && address) {
		shot->knocking = address;
	} else if (name && address && rng_chance(&p->r, 20)) {
		shot->asked = name;
		shot->peer = address;
	} else if (address && (!name || rng_chance(&p->r, 30))) {
		shot->peer = address;
	} else {
		shot->asked = name;
	}
}

/* --- bursts around a threshold ------------------------------------------------------ */

static uint32_t near_threshold(struct plan *p, uint32_t n)
{
	static const int beside[] = {-1, 0, 0, 1};
	int64_t v = (int64_t)n + beside[rng_below(&p->r, 4)];

	return v > 0 ? (uint32_t)v : 1;
}

/* When the last of a burst stands: on the window's edge, a microsecond beside it, or inside. */
static int64_t spread_of(struct plan *p)
{
	int64_t window = p->w->profile.window_us;

	switch (rng_below(&p->r, 5)) {
	case 0:
		return window;
	case 1:
		return window + 1;
	case 2:
		return window - 1;
	case 3:
		return 0;
	default:
		return rng_between(&p->r, 1, window);
	}
}

static void report(struct plan *p, struct truth_shot *shot, const struct truth_criterion *c,
		   uint32_t i, uint32_t n)
{
	if (!c->users && !c->duration_s)
		return;
	/* an entity reports once: what it says of one hour is known by the hour alone */
	shot->organisation = (int)(p->slot * 100000 + (int)p->serial);
	shot->users = (c->users + n - 1) / n;
	if (c->users && i == 0)
		shot->users += (uint32_t)rng_below(&p->r, 3) - (shot->users > 1);
	if (rng_chance(&p->r, 60))
		shot->duration_s =
			c->duration_s + (uint32_t)rng_below(&p->r, 3) - (c->duration_s > 0);
}

static void burst_in_state(struct plan *p, const struct truth_criterion *c, int threat, int state,
			   int64_t from)
{
	uint32_t n = near_threshold(p, c->entities ? c->entities : 2);
	uint32_t host = rng_below(&p->r, 40);
	int64_t spread = spread_of(p);
	int source = source_of_state(p, state, c), other;
	bool attempts = c->attempts_too && rng_chance(&p->r, 50);

	for (uint32_t i = 0; i < n && source >= 0; i++) {
		int64_t at = i == 0 ? 0 : i == n - 1 ? spread : rng_between(&p->r, 0, spread);
		struct truth_shot shot = plain_shot(from + at);
		shot.host = host + i;
		aim(p, &shot, threat, attempts || rng_chance(&p->r, 5));
		if (rng_chance(&p->r, 50))
			shot.severity = c->severity - (int)rng_chance(&p->r, 10);
		report(p, &shot, c, i, n);
		if ((c->origins || c->sectors) && rng_chance(&p->r, 60) &&
		    (other = source_of_state(p, state, c)) >= 0)
			source = other;
		shoot(p, source, &shot);
	}
}

static void burst(struct plan *p, int threat)
{
	const struct truth_profile *profile = &p->w->profile;
	const struct truth_criterion *c =
		&profile->criterion[rng_below(&p->r, (uint32_t)profile->criteria)];
	uint32_t states = near_threshold(p, (uint32_t)profile->min_states);
	uint32_t state = rng_below(&p->r, TRUTH_STATES);
	int64_t from = p->t0;

	for (uint32_t i = 0; i < states; i++) {
		burst_in_state(p, c, threat, (int)(state % TRUTH_STATES), from);
		state += 1 + rng_below(&p->r, 3);
		if (rng_chance(&p->r, 60)) /* the next state's is on this one's edges, or apart */
			from = p->t0 + (rng_chance(&p->r, 50) ? spread_of(p) : -spread_of(p));
		if (rng_chance(&p->r, 10))
			from += profile->window_us * 2;
	}
}

/* --- noise ---------------------------------------------------------------------------- */

static int64_t any_time(struct plan *p)
{
	static const int at[] = {0, 0, 5, 23, 24, 30, 49, 80};
	int64_t hour = at[rng_below(&p->r, 8)] * HOUR_US;

	return p->t0 + hour + (rng_chance(&p->r, 30) ? 0 : rng_between(&p->r, 0, HOUR_US));
}

static void noise_hit(struct plan *p)
{
	struct truth_shot shot = plain_shot(any_time(p));
	int threat = p->first_threat + (int)rng_below(&p->r, (uint32_t)p->threats);
	uint32_t odd = rng_below(&p->r, 100);

	shot.host = rng_below(&p->r, 14);
	aim(p, &shot, threat, rng_chance(&p->r, 25));
	if (shot.asked && rng_chance(&p->r, 15)) /* one record of two threats */
		shot.peer = atom_of(p, -1, 1);
	if (odd < 3)
		shot.time_us = odd ? FAR_AHEAD : LONG_PAST;
	else if (odd < 9)
		shot.claim = (int)rng_below(&p->r, TRUTH_STATES);
	else if (odd < 12)
		shot.test = true;
	else if (odd < 20)
		shot.organisation = (int)rng_below(&p->r, 6);
	else if (odd < 28)
		shot.severity = (int)(1 + rng_below(&p->r, 3));
	shoot(p, (int)rng_below(&p->r, (uint32_t)p->w->source_count), &shot);
}

/* One address knocks everywhere: prevalent, and nobody is affected. */
static void scanner(struct plan *p)
{
	const struct truth_atom *a = atom_of(p, -1, 1);
	int64_t from = any_time(p);

	for (int i = 0; a && i < p->w->source_count; i++) {
		struct truth_shot shot = plain_shot(from + i * 1000003);
		shot.host = 200 + rng_below(&p->r, 20);
		shot.knocking = a;
		if (rng_chance(&p->r, 70))
			shoot(p, i, &shot);
	}
}

/* A burst of the exercise source, and of records that are marked: never counted. */
static void exercise(struct plan *p)
{
	for (uint32_t i = 0; i < 12; i++) {
		struct truth_shot shot = plain_shot(p->t0 + i);
		int source = TRUTH_EXERCISE;
		aim(p, &shot, p->first_threat, false);
		shot.host = i;
		if (i >= 6) {
			source = (int)rng_below(&p->r, (uint32_t)p->w->source_count);
			shot.test = true;
		}
		shoot(p, source, &shot);
	}
}

void campaign_make(struct truth_world *w, int slot)
{
	struct plan p = {.w = w, .slot = slot, .seed = (int)w->first_seed + slot};

	p.r.state = (uint64_t)p.seed * UINT64_C(0xd1342543de82ef95) + 1;
	rng_next(&p.r);
	int64_t around = rng_chance(&p.r, 50) ? rng_between(&p.r, -HOUR_US, HOUR_US)
					      : rng_between(&p.r, 0, DAY_US);
	p.t0 = MIDNIGHT + (int64_t)rng_below(&p.r, 300) * DAY_US + around;
	if (rng_chance(&p.r, 30))
		p.t0 -= p.t0 % HOUR_US;
	make_threats(&p);
	for (int t = 0; t < p.threats; t++)
		for (uint32_t n = 1 + rng_below(&p.r, 2); n > 0; n--)
			burst(&p, p.first_threat + t);
	for (uint32_t n = rng_below(&p.r, rng_chance(&p.r, 50) ? 10 : 50); n > 0; n--)
		noise_hit(&p);
	if (rng_chance(&p.r, 20))
		scanner(&p);
	if (rng_chance(&p.r, 15))
		exercise(&p);
	for (uint32_t n = rng_below(&p.r, 20); n > 0; n--) {
		struct truth_shot clean = plain_shot(any_time(&p));
		clean.host = rng_below(&p.r, 14);
		shoot(&p, (int)rng_below(&p.r, (uint32_t)w->source_count), &clean);
	}
}
