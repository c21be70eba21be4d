#include "engine/retro.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/timestamp.h"
#include "engine/engine_priv.h"
#include "raise/hit_json.h"

#define SWEEPS 60 /* parts of the table, one a minute */

/* An atom of an indicator, waiting until it is in effect. */
struct question {
	struct question *next;
	uint32_t number; /* of the generation that it came with */
	uint64_t hash;
	uint32_t threat, by;
	uint8_t tlp, pap, severity;
	int64_t valid_until;
	uint32_t value_len;
	char value[];
};

struct retro {
	struct engine *e;
	struct seen *seen;
	uint64_t *salts; /* by source */
	pthread_mutex_t lock; /* what waits */
	struct question *first, **last;
	uint64_t *asked; /* hashes of (indicator, atom), 0 free; @thread publisher */
	uint32_t asked_size, asked_count;
	uint32_t swept_minute; /* @thread judge */
	_Atomic uint64_t questions, found, kept;
};

static uint32_t this_minute(void)
{
	return (uint32_t)(clock_wall_us() / TIMESTAMP_SECOND / 60);
}

int retro_init(struct retro **out, struct engine *e)
{
	const struct config *c = e->config;

	*out = NULL;
	if (c->retro_window == 0)
		return 0;
	struct retro *r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	r->e = e;
	r->last = &r->first;
	pthread_mutex_init(&r->lock, NULL);
	r->salts = calloc(c->sources.count + 1, sizeof(*r->salts));
	for (uint32_t i = 0; r->salts && i < c->sources.count; i++)
		r->salts[i] = seen_salt(c->sources.sources[i].name);
	int64_t minutes = (c->retro_window + 59999999) / (60 * TIMESTAMP_SECOND);
	int err = r->salts ? seen_init(&r->seen, c->retro_memory, (uint32_t)minutes) : -ENOMEM;
	if (err) {
		retro_fini(r);
		return err;
	}
	*out = r;
	return 0;
}

void retro_fini(struct retro *r)
{
	if (!r)
		return;
	for (struct question *q = r->first, *next; q; q = next) {
		next = q->next;
		free(q);
	}
	seen_fini(r->seen);
	free(r->salts);
	free(r->asked);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

struct seen_view *retro_view(struct retro *r)
{
	struct seen_view *v = calloc(1, sizeof(*v));

	if (v)
		v->seen = r->seen;
	return v;
}

uint64_t retro_salt(const struct retro *r, uint32_t source)
{
	return r->salts[source];
}

/* --- what is to be asked ------------------------------------------------------------------- */

static bool grow(struct retro *r)
{
	uint32_t size = r->asked_size ? r->asked_size * 2 : 1024;
	uint64_t *asked = size > 2 * RETRO_ASKED_MAX ? NULL : calloc(size, sizeof(*asked));

	if (!asked)
		return false;
	for (uint32_t i = 0; i < r->asked_size; i++) {
		if (!r->asked[i])
			continue;
		uint32_t at = (uint32_t)r->asked[i] & (size - 1);
		while (asked[at])
			at = (at + 1) & (size - 1);
		asked[at] = r->asked[i];
	}
	free(r->asked);
	r->asked = asked;
	r->asked_size = size;
	return true;
}

/* True when it has not been asked before; past the limit nothing more is. */
static bool is_new(struct retro *r, uint64_t key)
{
	key += key == 0;
	if (2 * r->asked_count >= r->asked_size && !grow(r))
		return false;
	uint32_t at = (uint32_t)key & (r->asked_size - 1);
	for (; r->asked[at]; at = (at + 1) & (r->asked_size - 1))
		if (r->asked[at] == key)
			return false;
	r->asked[at] = key;
	r->asked_count++;
	return true;
}

static bool is_one(void *arg, uint32_t indicator)
{
	(void)indicator;
	*(bool *)arg = true;
	return false;
}

/* Whether the base looks for this atom, and so has found what there was. */
static bool looked_for(const struct generation *g, const struct condition *c)
{
	bool known = false;

	matcher_alone(g->base->matcher, &g->more->set, c, is_one, &known);
	return known;
}

/* The only condition of its clause: the atom alone is a hit. */
static bool is_alone(const struct indicator_set *s, const struct indicator *in, uint32_t k)
{
	const uint32_t clause = condition_at(s, in->first_condition + k).clause;

	for (uint32_t i = 0; i < in->conditions; i++)
		if (i != k && condition_at(s, in->first_condition + i).clause == clause)
			return false;
	return in->pattern_len == 0;
}

static void ask_later(struct retro *r, const struct generation *g, uint32_t number, uint32_t i,
		      const struct indicator *in, const struct condition *c, uint64_t hash)
{
	struct span value = indicator_text(&g->more->set, c->text, c->text_len);
	struct question *q = malloc(sizeof(*q) + value.len);

	if (!q) {
		log_error("out of memory: an indicator is not looked back for");
		return;
	}
	*q = (struct question){.number = number,
			       .hash = hash,
			       .threat = ruleset_threat(g->more, in->threat),
			       .by = ruleset_by(g->more, i),
			       .tlp = in->tlp,
			       .pap = in->pap,
			       .severity = in->severity,
			       .valid_until = in->valid_until,
			       .value_len = value.len};
	memcpy(q->value, value.p, value.len);
	pthread_mutex_lock(&r->lock);
	*r->last = q;
	r->last = &q->next;
	pthread_mutex_unlock(&r->lock);
}

void retro_gather(struct retro *r, const struct generation *g, uint32_t number)
{
	for (uint32_t i = 0; g->more && i < g->more->set.count; i++) {
		const struct indicator in = indicator_at(&g->more->set, i);
		if (g->more_withdrawn && g->more_withdrawn[i / 64] >> (i % 64) & 1)
			continue;
		uint64_t id = hash_bytes(g->more->set.text + in.id, in.id_len, 0);
		for (uint32_t k = 0; k < in.conditions; k++) {
			const struct condition c = condition_at(&g->more->set, in.first_condition + k);
			uint64_t hash;
			if (match_noted(&g->more->set, &c, &hash) && is_alone(&g->more->set, &in, k) &&
			    !looked_for(g, &c) && is_new(r, hash_pair(id, hash)))
				ask_later(r, g, number, i, &in, &c, hash);
		}
	}
}

/* --- asking ---------------------------------------------------------------------------------- */

static const struct object *object_of(struct retro *r, const struct source *s)
{
	char position[SOURCE_NAME_MAX + 16];

	snprintf(position, sizeof(position), "retro:%s", s->name);
	return object_get(r->e->objects, position, s);
}

static void write_hit(struct retro *r, const struct question *q, const struct source *s,
		      const struct observation *o)
{
	const struct threat_name *threat = names_threat_get(r->e->names, q->threat);
	const struct hit_json line = {
		.by = names_by_get(r->e->names, q->by),
		.value = q->value,
		.value_len = q->value_len,
		.hit_class = o->hit_class,
		.source = s->name,
		.position = object_by_id(r->e->objects, o->object)->position,
		.offset = o->offset,
		.time_us = o->time_us,
		.state = s->state,
		.threat = threat->id,
		.severity = q->severity,
		.retrospective = true,
	};
	struct text t;

	text_init(&t);
	hit_json(&t, &line);
	text_char(&t, '\n');
	hits_append(&r->e->hits, &t);
	text_fini(&t);
}

static void place(struct retro *r, const struct question *q, const struct source *s, uint32_t last)
{
	const struct object *object = object_of(r, s);
	const bool relayed = s->relay;
	struct observation o = {
		.threat = q->threat,
		.by = q->by,
		.state = s->state,
		.sector = s->sector,
		.tlp = s->tlp > q->tlp ? s->tlp : q->tlp,
		.pap = q->pap,
		.hit_class = s->exercise ? CLASS_TEST : CLASS_ATTEMPT,
		.severity = q->severity,
		.rank = (uint8_t)(2 + relayed),
		.time_us = (int64_t)last * 60 * TIMESTAMP_SECOND,
		.origin = source_origin(s, s->state),
		.object = object ? object->id : 0,
		/* two indicators of one campaign, in one minute, are two pieces of evidence */
		.offset = (uint64_t)last << 12 | (q->hash & 0xfff),
	};

	if (!object || !q->threat || !q->by || evidence_update(r->e->evidence, &o))
		counter_add(&r->e->judge_ledger.unplaced, 1);
	if (object && q->threat && q->by && r->e->hits.fd >= 0)
		write_hit(r, q, s, &o);
}

static void ask(struct retro *r, const struct question *q, uint32_t now)
{
	const struct config *c = r->e->config;

	for (uint32_t i = 0; i < c->sources.count; i++) {
		const struct source *s = &c->sources.sources[i];
		uint32_t first, last;
		if (!seen_find(r->seen, q->hash, r->salts[i], now, &first, &last) ||
		    (int64_t)last * 60 * TIMESTAMP_SECOND >= q->valid_until)
			continue;
		place(r, q, s, last);
		/* relaxed: a figure */
		atomic_fetch_add_explicit(&r->found, 1, memory_order_relaxed);
	}
	atomic_fetch_add_explicit(&r->questions, 1, memory_order_relaxed);
}

/* The number that every worker has reached. */
static uint32_t in_effect(struct generation_holder *h)
{
	pthread_mutex_lock(&h->lock);
	uint32_t number = h->oldest ? h->oldest->number : 0;
	pthread_mutex_unlock(&h->lock);
	return number;
}

static struct question *take(struct retro *r, uint32_t number)
{
	struct question *taken = NULL, **end = &taken;

	pthread_mutex_lock(&r->lock);
	while (r->first && r->first->number <= number) {
		*end = r->first;
		end = &r->first->next;
		r->first = r->first->next;
	}
	*end = NULL;
	if (!r->first)
		r->last = &r->first;
	pthread_mutex_unlock(&r->lock);
	return taken;
}

/* A part of the table each minute, all of it each hour. */
static void sweep(struct retro *r, uint32_t now)
{
	uint32_t part = r->seen->lines / SWEEPS + 1;

	if (now == r->swept_minute)
		return;
	r->swept_minute = now;
	uint64_t kept = seen_sweep(r->seen, now % SWEEPS * part, part, now);
	/* relaxed: a figure */
	atomic_store_explicit(&r->kept, kept * SWEEPS, memory_order_relaxed);
}

void retro_place(struct retro *r)
{
	uint32_t now = this_minute();

	sweep(r, now);
	for (struct question *q = take(r, in_effect(&r->e->rules)), *next; q; q = next) {
		next = q->next;
		ask(r, q, now);
		free(q);
	}
}

void retro_json(struct text *t, const struct retro *r)
{
	if (!r)
		return;
	/* relaxed: figures */
	text_printf(t,
		    ",\"retro\":{\"asked\":%llu,\"seen\":%llu,\"entries\":%llu,\"evicted\":%llu,"
		    "\"lost\":%llu,\"error\":%g,\"since\":",
		    (unsigned long long)atomic_load_explicit(&r->questions, memory_order_relaxed),
		    (unsigned long long)atomic_load_explicit(&r->found, memory_order_relaxed),
		    (unsigned long long)atomic_load_explicit(&r->kept, memory_order_relaxed),
		    (unsigned long long)atomic_load_explicit(&r->seen->evicted, memory_order_relaxed),
		    (unsigned long long)atomic_load_explicit(&r->seen->lost, memory_order_relaxed),
		    SEEN_ERROR);
	text_json_time(t, (int64_t)seen_since(r->seen, this_minute()) * 60 * TIMESTAMP_SECOND);
	text_char(t, '}');
}
