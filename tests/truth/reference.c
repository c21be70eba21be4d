/*
 * The slow, obvious correlator: plain sets, one thread, every window tried.
 *
 * It is written from the words of the profile and of the candidate contract. A set is an
 * array that is looked through from its start.
 */
#include <stdlib.h>
#include <string.h>

#include "truth.h"

struct set {
	uint64_t *item;
	int count;
};

static void set_init(struct set *s, int most)
{
	s->item = malloc((size_t)(most + 1) * sizeof(*s->item));
	s->count = 0;
}

static int set_add(struct set *s, uint64_t v)
{
	for (int i = 0; i < s->count; i++)
		if (s->item[i] == v)
			return i;
	s->item[s->count] = v;
	return s->count++;
}

/* --- one window --------------------------------------------------------------- */

static bool counts(const struct truth_criterion *c, const struct truth_hit *h, int sector)
{
	return (h->hit_class == TRUTH_EFFECT || c->attempts_too) && h->severity >= c->severity &&
	       (c->annex == 0 || truth_annex[h->sector] == c->annex) &&
	       (sector < 0 || h->sector == sector);
}

/* Does the criterion hold over these hits of one state (in one sector, unless -1)? */
static bool holds(const struct truth_criterion *c, const struct truth_hit *const *hits, int count,
		  int sector)
{
	struct set entities, sectors, origins;
	uint64_t *users = calloc((size_t)count + 1, sizeof(*users)), sum = 0;
	uint32_t longest = 0;

	set_init(&entities, count);
	set_init(&sectors, count);
	set_init(&origins, count);
	for (int i = 0; i < count; i++) {
		const struct truth_hit *h = hits[i];
		if (!counts(c, h, sector))
			continue;
		int e = set_add(&entities, h->entity);
		set_add(&origins, (uint64_t)h->origin);
		if (h->sector)
			set_add(&sectors, (uint64_t)h->sector);
		if (users[e] < h->users)
			users[e] = h->users;
		if (longest < h->duration_s)
			longest = h->duration_s;
	}
	for (int i = 0; i < entities.count; i++)
		sum += users[i];
	bool good = (uint32_t)entities.count >= c->entities &&
		    (uint32_t)sectors.count >= c->sectors &&
		    (uint32_t)origins.count >= c->origins && sum >= c->users &&
		    longest >= c->duration_s;
	free(entities.item);
	free(sectors.item);
	free(origins.item);
	free(users);
	return good;
}

static uint32_t criteria_that_hold(const struct truth_profile *p,
				   const struct truth_hit *const *hits, int count)
{
	uint32_t held = 0;

	for (int i = 0; i < p->criteria && count; i++) {
		const struct truth_criterion *c = &p->criterion[i];
		bool good = !c->one_sector && holds(c, hits, count, -1);
		for (int s = 1; s < TRUTH_SECTORS && c->one_sector && !good; s++)
			good = holds(c, hits, count, s);
		held |= (uint32_t)good << i;
	}
	return held;
}

/* --- one episode ---------------------------------------------------------------- */

/* The hits of one state with from <= time <= to. */
static int of_state(const struct truth_hit *run, int count, int state, int64_t from, int64_t to,
		    const struct truth_hit **out)
{
	int n = 0;

	for (int i = 0; i < count; i++)
		if (run[i].state == state && run[i].time_us >= from && run[i].time_us <= to)
			out[n++] = &run[i];
	return n;
}

/* What the states come to in the window that ends with to; 2 raised, 1 watch, 0 nothing. */
static int look(const struct truth_profile *p, const struct truth_hit *run, int count, int64_t to,
		uint32_t held[TRUTH_STATES], const struct truth_hit **scratch)
{
	int significant = 0, seen = 0;

	for (int s = 0; s < TRUTH_STATES; s++) {
		int n = of_state(run, count, s, to - p->window_us, to, scratch);
		held[s] = s < TRUTH_MEMBERS ? criteria_that_hold(p, scratch, n) : 0;
		significant += held[s] != 0;
		seen += s < TRUTH_MEMBERS && n > 0;
	}
	return significant >= p->min_states ? 2 : significant >= 1 && seen >= 2 ? 1 : 0;
}

static void describe(struct truth_state *st, const struct truth_hit *const *hits, int count)
{
	struct set affected, attempted, records, origins;
	uint64_t *users = calloc((size_t)count + 1, sizeof(*users));
	bool effect = false;

	set_init(&affected, count);
	set_init(&attempted, count);
	set_init(&records, count);
	set_init(&origins, count);
	st->first_us = st->last_us = hits[0]->time_us;
	for (int i = 0; i < count; i++)
		effect |= hits[i]->hit_class == TRUTH_EFFECT;
	for (int i = 0; i < count; i++) {
		const struct truth_hit *h = hits[i];
		set_add(&records, (uint64_t)h->record);
		set_add(&origins, (uint64_t)h->origin);
		st->first_us = h->time_us < st->first_us ? h->time_us : st->first_us;
		st->last_us = h->time_us > st->last_us ? h->time_us : st->last_us;
		if (h->hit_class == TRUTH_ATTEMPT)
			set_add(&attempted, h->entity);
		/* with no effect at all, the severity is that of the attempts */
		if ((h->hit_class == TRUTH_EFFECT || !effect) && h->severity > st->severity)
			st->severity = h->severity;
		if (h->hit_class != TRUTH_EFFECT)
			continue;
		int e = set_add(&affected, h->entity);
		st->sectors |= 1u << h->sector;
		users[e] = users[e] > h->users ? users[e] : h->users;
		st->duration_s = st->duration_s > h->duration_s ? st->duration_s : h->duration_s;
	}
	for (int i = 0; i < affected.count; i++)
		st->users += users[i];
	st->entities = (uint32_t)affected.count;
	st->attempted = (uint32_t)attempted.count;
	st->records = (uint32_t)records.count;
	st->origins = (uint32_t)origins.count;
	free(affected.item);
	free(attempted.item);
	free(records.item);
	free(origins.item);
	free(users);
}

/* run is in order of time. */
static void judge(const struct truth_world *w, const struct truth_hit *run, int count,
		  struct truth_lines *out)
{
	const struct truth_profile *p = &w->profile;
	struct truth_candidate c = {.threat = w->threats[run[0].threat].name,
				    .start_us = run[0].time_us,
				    .end_us = run[count - 1].time_us};
	const struct truth_hit **scratch = malloc((size_t)count * sizeof(*scratch));
	uint32_t held[TRUTH_STATES], ever[TRUTH_STATES] = {0}, deciding[TRUTH_STATES] = {0};
	int status = 0;

	for (int i = 0; i < count; i++) {
		c.tlp = run[i].tlp > c.tlp ? run[i].tlp : c.tlp;
		if (i && run[i].time_us == run[i - 1].time_us)
			continue;
		int now = look(p, run, count, run[i].time_us, held, scratch);
		for (int s = 0; s < TRUTH_STATES; s++)
			ever[s] |= held[s];
		if (now <= status)
			continue;
		status = now;
		c.decided_us = run[i].time_us;
		memcpy(deciding, held, sizeof(deciding));
	}
	c.raised = status == 2;
	for (int s = 0; s < TRUTH_STATES && status; s++) {
		int n = of_state(run, count, s, INT64_MIN, INT64_MAX, scratch);
		if (n == 0)
			continue;
		struct truth_state *st = &c.state[c.states++];
		st->state = s;
		st->criteria = ever[s];
		st->significant = ever[s] != 0;
		st->deciding = deciding[s] != 0;
		describe(st, scratch, n);
	}
	if (status)
		lines_add(out, candidate_text(&c));
	free(scratch);
}

/* --- all of it -------------------------------------------------------------------- */

static int by_threat_and_time(const void *a, const void *b)
{
	const struct truth_hit *x = a, *y = b;

	if (x->threat != y->threat)
		return x->threat < y->threat ? -1 : 1;
	return (x->time_us > y->time_us) - (x->time_us < y->time_us);
}

/* An episode: neighbours lie no further apart than the window. */
void reference_candidates(const struct truth_world *w, const struct truth_hit *hits, int count,
			  struct truth_lines *out)
{
	struct truth_hit *h = malloc((size_t)(count + 1) * sizeof(*h));

	if (count)
		memcpy(h, hits, (size_t)count * sizeof(*h));
	qsort(h, (size_t)count, sizeof(*h), by_threat_and_time);
	for (int i = 0, j; i < count; i = j) {
		for (j = i + 1; j < count && h[j].threat == h[i].threat; j++)
			if (h[j].time_us - h[j - 1].time_us > w->profile.window_us)
				break;
		judge(w, &h[i], j - i, out);
	}
	free(h);
}

void reference_world(const struct truth_world *w, const bool *take, struct truth_lines *out)
{
	struct truth_hit *hits = malloc((size_t)(2 * w->record_count + 1) * sizeof(*hits));
	int count = 0;

	for (int m = 0; m < w->message_count; m++) {
		if (take && !take[m])
			continue;
		for (int i = 0; i < w->messages[m].count; i++) {
			const struct truth_record *rec = &w->records[w->messages[m].first + i];
			for (int k = 0; k < rec->hits && rec->fate == FATE_HIT; k++)
				hits[count++] = rec->hit[k];
		}
	}
	reference_candidates(w, hits, count, out);
	lines_sort(out);
	free(hits);
}
