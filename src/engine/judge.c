/* From evidence to candidates: at the end of a replay, or again and again while running. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "engine/engine_priv.h"
#include "engine/own_profile.h"
#include "engine/sequence.h"
#include "raise/anomaly.h"

#define CENSUS_NS    60000000000u /* between two */
#define CENSUS_CELLS 1024	  /* of the table, a tick */
#define SUMMARISED   (1u << 31)	  /* beside a threat's number in anomalies.said */

void engine_records_read(const struct engine *e, uint64_t out[SOURCES_MAX])
{
	for (uint32_t s = 0; s < e->config->sources.count; s++) {
		out[s] = counter_get(&e->records_before[s]);
		for (uint32_t i = 0; i < e->worker_count; i++)
			out[s] += counter_get(&e->workers[i].records_of[s]);
	}
}

void engine_records(const struct engine *e, uint64_t out[SOURCES_MAX])
{
	engine_records_read(e, out);
	for (uint32_t s = 0; s < e->config->sources.count; s++)
		out[s] = out[s] > e->records_least[s] ? out[s] : e->records_least[s];
}

void engine_take_traffic(struct engine *e)
{
	uint64_t records[SOURCES_MAX];
	struct evidence_usage u;

	engine_records(e, records);
	traffic_set(&e->traffic, &e->config->sources, records);
	evidence_usage(e->evidence, &u);
	/* relaxed: workers look at it when they come by */
	atomic_store_explicit(&e->pressure, e->live && (uint64_t)u.entries * 2 > u.capacity.entries,
			      memory_order_relaxed);
}

int engine_prevalence(void *arg, uint32_t threat, struct prevalence_row *rows, uint32_t max)
{
	struct engine *e = arg;

	/* a service takes stock a little at a time, see take_stock() */
	if (!e->live && e->census_ns == 0) {
		int err =
			prevalence_census(e->prevalence, e->evidence, names_threat_count(e->names));
		if (err)
			return err;
		e->census_ns = clock_monotonic_ns();
	}
	return prevalence_of(e->prevalence, e->evidence, threat, rows, max);
}

/* A part of a census, so that no look at the table holds candidates up; a new one begins
 * CENSUS_NS after the last. */
static int take_stock(struct engine *e, uint64_t now)
{
	if (!e->live || (e->census_ns && now - e->census_ns < CENSUS_NS))
		return 0;
	int r = prevalence_step(e->prevalence, e->evidence, names_threat_count(e->names),
				CENSUS_CELLS);

	if (r == 1)
		e->census_ns = now;
	return r < 0 ? r : 0;
}

void engine_anomalies(struct engine *e, engine_note *note, void *arg)
{
	e->anomalies.note = note;
	e->anomalies.arg = arg;
}

/* True the first time. They are few: a threat has to be in half of all records. */
static int first_said(struct engine *e, uint32_t threat)
{
	for (size_t i = 0; i < e->anomalies.count; i++)
		if (e->anomalies.said[i] == threat)
			return 0;
	if (e->anomalies.count == e->anomalies.capacity) {
		size_t capacity = e->anomalies.capacity ? e->anomalies.capacity * 2 : 16;
		uint32_t *said = realloc(e->anomalies.said, capacity * sizeof(*said));
		if (!said)
			return -ENOMEM;
		e->anomalies.said = said;
		e->anomalies.capacity = capacity;
	}
	e->anomalies.said[e->anomalies.count++] = threat;
	return 1;
}

static int note_ordinary(struct engine *e, const struct episode *ep)
{
	uint64_t of[STATES];
	char id[CANDIDATE_ID_MAX];
	struct text t;
	bool ordinary = false;

	for (uint32_t i = 0; i < ep->states; i++)
		ordinary |= ep->state[i].ordinary;
	if (!ordinary || !e->anomalies.note)
		return 0;
	int first = first_said(e, ep->threat);
	if (first <= 0)
		return first;
	for (int s = 0; s < STATES; s++)
		of[s] = e->traffic.state[s].records;
	text_init(&t);
	anomaly_over_correlation(&t, id, names_threat_get(e->names, ep->threat), ep, of);
	int err = t.error;
	if (!err)
		e->anomalies.note(e->anomalies.arg, id, t.p, t.len);
	text_fini(&t);
	return err;
}

void engine_heavy(const struct engine *e, struct heavy *sum)
{
	memset(sum, 0, sizeof(*sum));
	for (uint32_t i = 0; i < e->worker_count; i++)
		heavy_watch_sum(&e->workers[i].watch, sum);
}

static int note_one_summarised(struct engine *e, uint32_t threat)
{
	uint64_t records[SOURCES_MAX], all = 0;
	char id[CANDIDATE_ID_MAX];
	struct heavy sum;
	struct text t;
	int first = first_said(e, threat | SUMMARISED);

	if (first <= 0)
		return first;
	engine_heavy(e, &sum);
	engine_records(e, records);
	for (uint32_t s = 0; s < e->config->sources.count; s++)
		all += records[s];
	text_init(&t);
	anomaly_summarised(&t, id, names_threat_get(e->names, threat), heavy_at_least(&sum, threat),
			   heavy_at_most(&sum, threat), all);
	int err = t.error;
	if (!err)
		e->anomalies.note(e->anomalies.arg, id, t.p, t.len);
	text_fini(&t);
	return err;
}

/* What workers no longer keep a record at a time is said when they begin with it. */
static int note_summarised(struct engine *e)
{
	int err = 0;

	for (uint32_t i = 0; i < e->worker_count && e->anomalies.note; i++) {
		uint32_t threat;
		for (uint32_t k = 0; !err && (threat = heavy_watch_next(&e->workers[i].watch, k));
		     k++)
			err = note_one_summarised(e, threat);
	}
	return err;
}

struct gathered {
	struct engine *e;
	struct candidate *items;
	size_t count, capacity;
	bool all; /* what does not hold, too */
	int error;
};

/* As it stands: with a word against it, or not significant, it is withdrawn. */
static void make(const struct engine *e, const struct episode *ep, struct candidate *c)
{
	static const enum candidate_status statuses[] = {[EPISODE_NONE] = CANDIDATE_WITHDRAWN,
							 [EPISODE_WATCH] = CANDIDATE_WATCH,
							 [EPISODE_RAISED] = CANDIDATE_RAISED};

	candidate_make(c, &e->context, ep, statuses[ep->status], 1);
	c->rejected = candidate_rejected(&e->context, c->id, &c->threat, ep);
	if (c->rejected) {
		c->status = CANDIDATE_WITHDRAWN;
		c->score = 0;
	}
}

static void gather(void *arg, const struct episode *ep)
{
	struct gathered *g = arg;

	g->error = g->error ? g->error : note_ordinary(g->e, ep);
	if ((ep->status == EPISODE_NONE && !g->all) || g->error)
		return;
	if (g->count == g->capacity) {
		size_t capacity = g->capacity ? g->capacity * 2 : 16;
		struct candidate *items = realloc(g->items, capacity * sizeof(*items));
		if (!items) {
			g->error = -ENOMEM;
			return;
		}
		g->items = items;
		g->capacity = capacity;
	}
	make(g->e, ep, &g->items[g->count++]);
}

static int by_window(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->episode.first_us != y->episode.first_us)
		return x->episode.first_us < y->episode.first_us ? -1 : 1;
	return strcmp(x->id, y->id);
}

int engine_candidates(struct engine *e, void (*fn)(void *arg, const struct candidate *c), void *arg)
{
	struct gathered g = {.e = e};
	uint32_t threats = names_threat_count(e->names);
	int err = 0;

	engine_take_traffic(e);
	e->census_ns = 0; /* the last word is by the whole of the evidence */
	err = own_profile_follow(e);
	err = err ? err : sequence_judge(e, true);
	for (uint32_t t = 1; t <= threats && !err; t++)
		err = assess_threat(own_profile_assessor(e, t), e->evidence, t, gather, &g);
	err = err ? err : g.error;
	if (g.count)
		qsort(g.items, g.count, sizeof(*g.items), by_window);
	/* told first, then kept: a later episode of the same threat sees the earlier */
	for (size_t i = 0; i < g.count && !err; i++) {
		fn(arg, &g.items[i]);
		err = engine_note_history(e, &g.items[i]);
	}
	free(g.items);
	return err;
}

int engine_reassess(struct engine *e, const struct threat_name *t,
		    void (*fn)(void *arg, const struct candidate *c), void *arg)
{
	struct gathered g = {.e = e, .all = true};
	uint32_t threat =
		names_threat(e->names, t->kind, t->id, strlen(t->id), t->name, strlen(t->name));

	engine_take_traffic(e);
	int err = threat ? own_profile_follow(e) : -ENOMEM;

	if (!err)
		err = assess_threat(own_profile_assessor(e, threat), e->evidence, threat, gather,
				    &g);

	err = err ? err : g.error;
	for (size_t i = 0; i < g.count && !err; i++)
		fn(arg, &g.items[i]);
	free(g.items);
	return err;
}

struct offering {
	struct engine *e;
	void (*say)(void *arg, const struct candidate *c);
	void *arg;
	bool said;
	int error;
};

/* Says a change, and keeps where it is significant. */
static void say_and_keep(void *arg, const struct candidate *c)
{
	struct offering *o = arg;
	int err = engine_note_history(o->e, c);

	o->said = true;
	o->say(o->arg, c);
	if (err)
		log_error("out of memory: candidate %s is not kept in history", c->id);
}

static void offer(void *arg, const struct episode *ep)
{
	struct offering *o = arg;

	if (!o->error)
		o->error = note_ordinary(o->e, ep);
	if (!o->error)
		o->error = board_offer(o->e->board, &o->e->context, ep, say_and_keep, o);
}

void pace_fini(struct pace *p)
{
	free(p->threat);
	free(p->waiting);
	memset(p, 0, sizeof(*p));
}

static int pace_grow(struct pace *p, uint32_t threats)
{
	if (threats < p->threats)
		return 0;
	uint32_t room = threats + threats / 2 + 64;
	struct pace_threat *t = realloc(p->threat, room * sizeof(*t));
	if (t)
		p->threat = t;
	uint32_t *w = realloc(p->waiting, room * sizeof(*w));
	if (w)
		p->waiting = w;
	if (!t || !w)
		return -ENOMEM;
	memset(t + p->threats, 0, (room - p->threats) * sizeof(*t));
	p->threats = room;
	return 0;
}

/* True when the threat is to wait; once in the row is enough. */
static bool pace_waits(struct pace *p, uint32_t threat, uint64_t now, uint64_t rest_ns)
{
	struct pace_threat *t = &p->threat[threat];

	if (t->said_ns == 0 || now - t->said_ns >= rest_ns)
		return false;
	if (!t->waits)
		p->waiting[p->count++] = threat;
	t->waits = true;
	return true;
}

static int judge(struct offering *o, uint32_t threat, uint64_t now)
{
	struct engine *e = o->e;

	o->said = false;
	int err = assess_threat(own_profile_assessor(e, threat), e->evidence, threat, offer, o);
	if (o->said)
		e->pace.threat[threat].said_ns = now;
	return err ? err : o->error;
}

/* Those that have waited long enough. What cannot be judged now goes on waiting. */
static int judge_waiting(struct offering *o, uint64_t now, uint64_t rest_ns)
{
	struct pace *p = &o->e->pace;
	uint32_t kept = 0;
	int err = 0;

	for (uint32_t i = 0; i < p->count; i++) {
		struct pace_threat *t = &p->threat[p->waiting[i]];
		bool due = !err && now - t->said_ns >= rest_ns;
		if (due)
			err = judge(o, p->waiting[i], now);
		t->waits = !due || err;
		if (t->waits)
			p->waiting[kept++] = p->waiting[i];
	}
	p->count = kept;
	return err;
}

/* What is taken is kept until it is judged: the table does not tell of it again. */
static int judge_dirty(struct offering *o, uint64_t now, uint64_t rest_ns)
{
	struct engine *e = o->e;
	struct pace *p = &e->pace;
	int err = 0;

	do {
		if (p->taken_at == p->taken_count) {
			p->taken_at = 0;
			p->taken_count = evidence_take_dirty(e->evidence, p->taken, PACE_TAKEN);
		}
		/* whoever is dirty has a number by now */
		err = p->taken_count ? pace_grow(p, names_threat_count(e->names)) : 0;
		for (; !err && p->taken_at < p->taken_count; p->taken_at += !err)
			if (!pace_waits(p, p->taken[p->taken_at], now, rest_ns))
				err = judge(o, p->taken[p->taken_at], now);
	} while (!err && p->taken_count);
	return err;
}

int engine_judge_paced(struct engine *e, uint64_t rest_ns,
		       void (*fn)(void *arg, const struct candidate *c), void *arg)
{
	struct offering o = {e, fn, arg, false, 0};
	uint64_t generation = feedback_generation(e->feedback.store), now = clock_monotonic_ns();
	int err = 0;

	bell_clear(&e->bell);
	engine_take_traffic(e);
	err = note_summarised(e);
	if (!err)
		err = take_stock(e, now);
	if (!err && generation != e->feedback.reviewed) {
		err = board_review(e->board, &e->context, say_and_keep, &o);
		e->feedback.reviewed = err ? e->feedback.reviewed : generation;
	}
	if (e->retro)
		retro_place(e->retro);
	if (!err)
		err = own_profile_follow(e);
	if (!err)
		err = sequence_judge(e, false);
	if (!err)
		err = judge_waiting(&o, now, rest_ns);
	return err ? err : judge_dirty(&o, now, rest_ns);
}

int engine_judge(struct engine *e, void (*fn)(void *arg, const struct candidate *c), void *arg)
{
	return engine_judge_paced(e, 0, fn, arg);
}

int engine_bell(const struct engine *e)
{
	return e->bell.fd;
}

bool engine_name(const struct engine *e, struct candidate *c)
{
	return board_name(e->board, &e->context, c);
}

bool engine_told(const struct engine *e, const char *id, struct board_told *out)
{
	return board_told(e->board, id, out);
}

static int most_states(const void *a, const void *b)
{
	const struct set_aside *x = a, *y = b;
	int d = __builtin_popcount(y->states) - __builtin_popcount(x->states);

	if (d)
		return d;
	if (x->records != y->records)
		return x->records > y->records ? -1 : 1;
	return x->threat < y->threat ? -1 : 1;
}

uint32_t engine_set_aside(struct engine *e, enum hit_class c, struct set_aside *out, uint32_t max)
{
	uint32_t threats = names_threat_count(e->names), n = 0;

	for (uint32_t t = 1; t <= threats && n < max; t++)
		n += assess_set_aside(e->assessor, e->evidence, t, c, &out[n]);
	if (n)
		qsort(out, n, sizeof(*out), most_states);
	return n;
}
