#include "engine/correlating.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "match/sigma/sigma_bind.h"
#include "match/sigma/sigma_window.h"
#include "raise/hit_json.h"

enum { TOLD = 1, PLACED = 2 }; /* bits of partial.told */

/* ---- workers ---- */

/* The field's first value; false where the record has none. */
static bool value_of(struct worker *wk, uint32_t field, uint8_t state, struct span *v)
{
	if (field == SIGMA_FIELD_STATE) {
		const char *code = vocab_state_code(state);
		*v = (struct span){code, (uint32_t)strlen(code)};
		return true;
	}
	bool there;
	uint32_t first = sigma_slot(wk->rules->sigma->matcher, wk->sigma, field, &there);
	if (first == 0 || wk->sigma->value[first - 1].kind == JSON_KIND_NULL)
		return false;
	*v = wk->sigma->value[first - 1].text;
	return true;
}

/* Several values as one: each with its length, so that "ab","c" is not "a","bc". */
static bool hash_keys(struct worker *wk, const struct sigma_key *keys, uint32_t count,
		      uint32_t reference, uint8_t state, uint64_t *h)
{
	for (uint32_t i = 0; i < count; i++) {
		struct span v;
		if (!value_of(wk, keys[i].field[reference], state, &v))
			return false;
		*h = hash_pair(hash_bytes(v.p, v.len, *h), v.len);
	}
	return true;
}

static bool number_value(struct span v, uint64_t *bits)
{
	char text[64], *end;
	double d;

	if (v.len == 0 || v.len >= sizeof(text))
		return false;
	memcpy(text, v.p, v.len);
	text[v.len] = '\0';
	d = strtod(text, &end);
	if (*end || !isfinite(d))
		return false;
	d += 0.0; /* -0 is 0 */
	memcpy(bits, &d, sizeof(d));
	return true;
}

static bool counted_value(struct worker *wk, const struct sigma_correlation *c, uint32_t reference,
			  uint8_t state, uint64_t *value)
{
	struct span v;

	*value = 1;
	if (c->field_count == 0)
		return true;
	if (!sigma_window_numeric(c))
		return hash_keys(wk, c->fields, c->field_count, reference, state, value);
	return value_of(wk, c->fields[0].field[reference], state, &v) && number_value(v, value);
}

/* Of a count, as many at either end of a stretch as decide it. */
static struct partial_shape shape_of(const struct sigma_correlation *c)
{
	struct partial_shape shape = {c->timespan_us, PARTIAL_KEPT, c->type == SIGMA_VALUE_COUNT};

	for (uint32_t i = 0; i < c->criterion_count && c->type == SIGMA_EVENT_COUNT; i++)
		if (c->criteria[i].number >= shape.keep)
			shape.keep = (uint32_t)c->criteria[i].number + 1;
	return shape;
}

void correlating_note(struct worker *wk, const struct sigma_feed *f, const struct observation *o)
{
	const struct sigma_correlation *c = &wk->rules->sigma->set.chain.list[f->correlation];
	struct partial p = {.rule = wk->rules->sigma->chain_key[f->correlation],
			    .which = UINT64_C(1) << f->reference,
			    .o = *o};

	/* what an exercise shows completes nothing but an exercise */
	p.group = hash_pair(c->crosses ? STATES : o->state, o->hit_class == CLASS_TEST);
	if (!hash_keys(wk, c->groups, c->group_count, f->reference, o->state, &p.group) ||
	    !counted_value(wk, c, f->reference, o->state, &p.value))
		return;
	if (partial_add(wk->e->partial, &p, shape_of(c)))
		counter_add(&wk->ledger.partial_refused, 1);
}

/* ---- judge ---- */

uint64_t correlating_key(const struct sigma_correlation *c)
{
	uint64_t h = hash_bytes(c->meta.id.p, c->meta.id.len, c->type);

	h = hash_pair(h, (uint64_t)c->timespan_us);
	for (uint32_t i = 0; i < c->reference_count; i++)
		h = hash_bytes(c->references[i].text.p, c->references[i].text.len, h);
	for (uint32_t i = 0; i < c->group_count; i++)
		h = hash_bytes(c->groups[i].name.p, c->groups[i].name.len, h);
	for (uint32_t i = 0; i < c->field_count; i++)
		h = hash_bytes(c->fields[i].name.p, c->fields[i].name.len, h);
	/* partial_each() goes by key: what is referred to comes before who refers to it */
	return (uint64_t)c->depth << 56 | h >> 8;
}

const struct sigma_correlation *correlating_by_key(const struct ruleset_sigma *r, uint64_t key)
{
	for (uint32_t i = 0; i < r->set.chain.count; i++)
		if (r->chain_key[i] == key)
			return &r->set.chain.list[i];
	return NULL;
}

static uint64_t record_key(const struct sigma_correlation *c, const struct observation *o)
{
	uint64_t h = o->identity ? o->identity : hash_pair(hash_pair(o->object, o->offset), o->sub);

	h = hash_pair(hash_pair(h, (uint64_t)o->time_us), correlating_key(c));
	return h + (h == 0);
}

static struct correlating_done *done_slot(const struct correlating *x, uint64_t key)
{
	uint64_t at = key;

	while (x->done[at & (x->done_capacity - 1)].key &&
	       x->done[at & (x->done_capacity - 1)].key != key)
		at++;
	return &x->done[at & (x->done_capacity - 1)];
}

static void done_add(struct correlating *x, uint64_t key)
{
	if (2 * x->done_count >= x->done_capacity) {
		struct correlating more = *x;
		more.done_capacity = x->done_capacity ? 2 * x->done_capacity : 1024;
		more.done = calloc(more.done_capacity, sizeof(*more.done));
		if (!more.done) {
			x->error = -ENOMEM;
			return;
		}
		for (uint32_t i = 0; i < x->done_capacity; i++)
			if (x->done[i].key)
				*done_slot(&more, x->done[i].key) = x->done[i];
		free(x->done);
		x->done = more.done;
		x->done_capacity = more.done_capacity;
	}
	struct correlating_done *d = done_slot(x, key);
	x->done_count += d->key == 0;
	d->key = key;
}

static bool is_done(const struct correlating *x, uint64_t key)
{
	return x->done_capacity && done_slot(x, key)->key == key;
}

void correlating_fini(struct correlating *x)
{
	free(x->done);
}

/* Does what the record shows count? As part of another correlation only if it completes that. */
static bool counts(const struct correlating *x, const struct sigma_correlation *c,
		   const struct partial *p)
{
	uint32_t reference = (uint32_t)__builtin_ctzll(p->which);

	if (reference >= c->reference_count)
		return false;
	uint32_t via = c->references[reference].correlation;
	return via == SIGMA_NO_CORRELATION ||
	       is_done(x, record_key(&x->sigma->set.chain.list[via], &p->o));
}

static bool same_record(const struct partial *a, const struct partial *b)
{
	return a->o.time_us == b->o.time_us && a->o.identity == b->o.identity &&
	       (a->o.identity ||
		(a->o.object == b->o.object && a->o.offset == b->o.offset && a->o.sub == b->o.sub));
}

static void write_hit(struct correlating *x, const struct sigma_correlation *c,
		      const struct partial *p)
{
	const struct object *object = object_by_id(x->e->objects, p->o.object);
	struct hit_json line = {
		.by = names_by_get(x->e->names, p->o.by),
		.value = c->meta.title.p,
		.value_len = c->meta.title.len,
		.hit_class = p->o.hit_class,
		.source = object && object->source ? object->source->name : "unknown",
		.position = object ? object->position : "unknown",
		.offset = p->o.offset,
		.sub = p->o.sub,
		.time_us = p->o.time_us,
		.state = p->o.state,
		.threat = names_threat_get(x->e->names, p->o.threat)->id,
		.entity = p->o.entity,
		.severity = p->o.severity,
	};

	hit_json(x->lines, &line);
	text_char(x->lines, '\n');
}

/* A group's records in order: of what one shows as several references, one moment. */
struct gathered {
	struct sigma_moment *m;
	struct partial **p; /* by moment: the first of its record */
	uint32_t count;
};

static void gather(const struct correlating *x, const struct sigma_correlation *c,
		   struct partial *const *p, uint32_t count, struct gathered *g)
{
	for (uint32_t i = 0; i < count; i++) {
		if (!counts(x, c, p[i]))
			continue;
		if (g->count && same_record(g->p[g->count - 1], p[i])) {
			g->m[g->count - 1].there |= p[i]->which;
			continue;
		}
		g->p[g->count] = p[i];
		g->m[g->count++] =
			(struct sigma_moment){p[i]->o.time_us, p[i]->which, p[i]->value, 0, false};
	}
}

static void place(struct correlating *x, struct partial *p)
{
	if (p->told & PLACED)
		return;
	p->told |= PLACED;
	if (evidence_update(x->e->evidence, &p->o))
		counter_add(&x->e->judge_ledger.unplaced, 1);
}

static void tell(struct correlating *x, const struct sigma_correlation *c, struct gathered *g)
{
	uint32_t placed = 0; /* moments before are */

	for (uint32_t i = 0; i < g->count; i++) {
		struct partial *p = g->p[i];
		/* who was told stays told: more of the records cannot make it untold */
		bool before = p->told & TOLD;
		if (!g->m[i].completes && !before)
			continue;
		if (!before && c->undoable && !x->all_there &&
		    x->newest_us < p->o.time_us + c->timespan_us) {
			x->waits = true;
			continue;
		}
		p->told |= TOLD;
		done_add(x, record_key(c, &p->o));
		if (c->meta.referred)
			continue;
		for (uint32_t k = g->m[i].from > placed ? g->m[i].from : placed; k <= i; k++)
			place(x, g->p[k]);
		placed = i + 1;
		if (before)
			continue;
		counter_add(&x->e->judge_ledger.hits, 1);
		if (x->e->hits.fd >= 0)
			write_hit(x, c, p);
	}
}

void correlating_group(struct correlating *x, const struct sigma_correlation *c,
		       struct partial *const *p, uint32_t count)
{
	struct gathered g = {calloc((size_t)count + 1, sizeof(*g.m)),
			     calloc((size_t)count + 1, sizeof(struct partial *)), 0};
	int64_t undecided = -ENOMEM;

	if (g.m && g.p) {
		gather(x, c, p, count, &g);
		undecided = sigma_window_find(c, g.m, g.count);
	}
	if (undecided < 0)
		x->error = -ENOMEM;
	else
		counter_add(&x->e->judge_ledger.undecided, (uint64_t)undecided);
	if (!x->error)
		tell(x, c, &g);
	free(g.m);
	free(g.p);
}
