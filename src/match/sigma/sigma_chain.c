/* What correlations refer to: resolved once all is loaded, missing references and cycles
 * refused, and for each rule which correlations its records feed. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "match/sigma/sigma_read.h"

void sigma_correlation_add(struct sigma_reader *rd, const struct sigma_correlation *c)
{
	struct sigma_correlations *all = &rd->s->chain;

	if (all->count == SIGMA_CORRELATIONS_MAX) {
		sigma_refuse(rd, rd->line, "too many correlations; accepted: up to 4,096");
		return;
	}
	if (all->count == all->capacity) {
		uint32_t capacity = all->capacity ? all->capacity * 2 : 16;
		struct sigma_correlation *list = realloc(all->list, capacity * sizeof(*list));
		if (!list) {
			rd->bad = rd->pool->failed = true;
			return;
		}
		all->list = list;
		all->capacity = capacity;
	}
	all->list[all->count++] = *c;
}

static bool named(const struct sigma_rule *r, struct span ref)
{
	return sigma_span_equal(r->uuid, ref) || sigma_span_equal(r->name, ref);
}

static uint32_t find_correlation(const struct sigma_correlations *all, struct span ref)
{
	for (uint32_t i = 0; i < all->count; i++)
		if (named(&all->list[i].meta, ref))
			return i;
	return SIGMA_NO_CORRELATION;
}

static bool find_rule(const struct sigma_set *s, struct span ref)
{
	for (uint32_t i = 0; i < s->count; i++)
		if (named(&s->rules[i], ref))
			return true;
	return false;
}

static void refuse(struct problems *ps, const struct sigma_correlation *c, uint32_t line,
		   const char *fmt, struct span about)
{
	problem_refuse(ps, "rule", c->meta.file, line ? line : c->meta.line, fmt,
		       (int)(about.len < 80 ? about.len : 80), about.p);
}

static void drop(struct sigma_correlations *all, uint32_t i)
{
	all->count--;
	memmove(&all->list[i], &all->list[i + 1], (all->count - i) * sizeof(all->list[0]));
}

/* By id, then by place: which of equal ids stands does not depend on the order of files. */
static int by_id(const void *a, const void *b)
{
	const struct sigma_rule *x = &((const struct sigma_correlation *)a)->meta;
	const struct sigma_rule *y = &((const struct sigma_correlation *)b)->meta;
	uint32_t n = x->id.len < y->id.len ? x->id.len : y->id.len;
	int d = memcmp(x->id.p, y->id.p, n);

	if (d || x->id.len != y->id.len)
		return d ? d : x->id.len < y->id.len ? -1 : 1;
	d = strcmp(x->file, y->file);
	return d ? d : x->line < y->line ? -1 : x->line > y->line;
}

/* An id is taken once, by rules and correlations together. */
static void refuse_twice(struct sigma_set *s, struct problems *ps)
{
	struct sigma_correlations *all = &s->chain;

	for (uint32_t i = 0; i < all->count;) {
		struct sigma_correlation *c = &all->list[i];
		bool taken = i > 0 && sigma_span_equal(c->meta.id, c[-1].meta.id);
		for (uint32_t k = 0; k < s->count && !taken; k++)
			taken = sigma_span_equal(s->rules[k].id, c->meta.id);
		if (!taken) {
			i++;
			continue;
		}
		refuse(ps, c, 0, "rule id %.*s is taken by another rule", c->meta.id);
		drop(all, i);
	}
}

/* The first that refers to something that is not there goes; then others may. */
static bool refuse_missing(struct sigma_set *s, struct problems *ps)
{
	struct sigma_correlations *all = &s->chain;

	for (uint32_t i = 0; i < all->count; i++) {
		struct sigma_correlation *c = &all->list[i];
		for (uint32_t k = 0; k < c->reference_count; k++) {
			struct sigma_reference *r = &c->references[k];
			if (find_rule(s, r->text) ||
			    find_correlation(all, r->text) != SIGMA_NO_CORRELATION)
				continue;
			refuse(ps, c, r->line, "correlation refers to %.*s, which is not loaded",
			       r->text);
			drop(all, i);
			return true;
		}
	}
	return false;
}

static void resolve(struct sigma_set *s)
{
	struct sigma_correlations *all = &s->chain;

	for (uint32_t i = 0; i < all->count; i++)
		for (uint32_t k = 0; k < all->list[i].reference_count; k++) {
			struct sigma_reference *r = &all->list[i].references[k];
			r->correlation = find_rule(s, r->text) ? SIGMA_NO_CORRELATION
							       : find_correlation(all, r->text);
		}
}

#define UNKNOWN UINT32_MAX

/* One more than what it refers to; UNKNOWN while some of that is. */
static uint32_t depth_of(const struct sigma_correlations *all, const struct sigma_correlation *c)
{
	uint32_t most = 0;

	for (uint32_t k = 0; k < c->reference_count; k++) {
		uint32_t to = c->references[k].correlation;
		uint32_t d = to == SIGMA_NO_CORRELATION ? 0 : all->list[to].depth;
		if (d == UNKNOWN)
			return UNKNOWN;
		d += to != SIGMA_NO_CORRELATION;
		most = d > most ? d : most;
	}
	return most;
}

/* What stays UNKNOWN is part of a cycle or refers to one. */
static void find_depths(struct sigma_correlations *all)
{
	bool found = true;

	for (uint32_t i = 0; i < all->count; i++)
		all->list[i].depth = UNKNOWN;
	while (found) {
		found = false;
		for (uint32_t i = 0; i < all->count; i++) {
			struct sigma_correlation *c = &all->list[i];
			if (c->depth != UNKNOWN)
				continue;
			c->depth = depth_of(all, c);
			found |= c->depth != UNKNOWN;
		}
	}
}

/* From one of unknown depth, along such: after as many steps as there are, one of a cycle. */
static uint32_t in_cycle(const struct sigma_correlations *all, uint32_t from)
{
	for (uint32_t step = 0; step < all->count; step++) {
		const struct sigma_correlation *c = &all->list[from];
		for (uint32_t k = 0; k < c->reference_count; k++) {
			uint32_t to = c->references[k].correlation;
			if (to != SIGMA_NO_CORRELATION && all->list[to].depth == UNKNOWN) {
				from = to;
				break;
			}
		}
	}
	return from;
}

/* One of a cycle, or a chain too long, goes. */
static bool refuse_cycle(struct sigma_set *s, struct problems *ps)
{
	struct sigma_correlations *all = &s->chain;

	resolve(s);
	find_depths(all);
	for (uint32_t i = 0; i < all->count; i++) {
		if (all->list[i].depth < SIGMA_CORRELATIONS_DEPTH_MAX)
			continue;
		bool cycle = all->list[i].depth == UNKNOWN;
		uint32_t out = cycle ? in_cycle(all, i) : i;
		struct sigma_correlation *c = &all->list[out];
		refuse(ps, c, 0,
		       cycle ? "a cycle of correlations: %.*s rests on itself"
			     : "%.*s: a chain of correlations; accepted: up to 16",
		       c->meta.id);
		drop(all, out);
		return true;
	}
	return false;
}

static int by_depth(const void *a, const void *b)
{
	const struct sigma_correlation *x = a, *y = b;

	return x->depth != y->depth ? (x->depth < y->depth ? -1 : 1) : by_id(a, b);
}

/* What is referred to fires by itself only when all who refer to it say so. */
static void hush(struct sigma_set *s)
{
	for (uint32_t i = 0; i < s->chain.count; i++) {
		const struct sigma_correlation *c = &s->chain.list[i];
		for (uint32_t k = 0; k < c->reference_count && !c->generate; k++) {
			const struct sigma_reference *r = &c->references[k];
			if (r->correlation != SIGMA_NO_CORRELATION)
				s->chain.list[r->correlation].meta.referred = true;
			for (uint32_t n = 0; n < s->count; n++)
				s->rules[n].referred |= named(&s->rules[n], r->text);
		}
	}
}

static bool add_feed(struct sigma_correlations *all, struct sigma_feed f)
{
	if (all->feed_count == all->feed_capacity) {
		uint32_t capacity = all->feed_capacity ? all->feed_capacity * 2 : 64;
		struct sigma_feed *feeds = realloc(all->feeds, capacity * sizeof(*feeds));
		if (!feeds)
			return false;
		all->feeds = feeds;
		all->feed_capacity = capacity;
	}
	all->feeds[all->feed_count++] = f;
	return true;
}

/* below: by correlation, a byte for each rule that it rests on. */
static bool feeds_of(struct sigma_set *s, uint8_t *below, uint32_t rule)
{
	struct sigma_correlations *all = &s->chain;

	for (uint32_t i = 0; i < all->count; i++)
		for (uint32_t k = 0; k < all->list[i].reference_count; k++) {
			const struct sigma_reference *r = &all->list[i].references[k];
			bool via = r->correlation != SIGMA_NO_CORRELATION;
			if (via ? !below[r->correlation] : !named(&s->rules[rule], r->text))
				continue;
			below[i] = 1;
			if (!add_feed(all, (struct sigma_feed){i, k, r->correlation}))
				return false;
		}
	return true;
}

static int make_feeds(struct sigma_set *s)
{
	struct sigma_correlations *all = &s->chain;
	uint8_t *below = malloc(all->count + 1);
	int err = 0;

	all->first = calloc((size_t)s->count + 1, sizeof(*all->first));
	if (!below || !all->first)
		err = -ENOMEM;
	for (uint32_t rule = 0; !err && rule < s->count; rule++) {
		all->first[rule] = all->feed_count;
		memset(below, 0, all->count);
		if (!feeds_of(s, below, rule))
			err = -ENOMEM;
	}
	if (!err)
		all->first[s->count] = all->feed_count;
	free(below);
	return err;
}

int sigma_chain_finish(struct sigma_set *s, struct problems *ps)
{
	struct sigma_correlations *all = &s->chain;

	if (all->count == 0)
		return 0;
	qsort(all->list, all->count, sizeof(all->list[0]), by_id);
	refuse_twice(s, ps);
	while (refuse_missing(s, ps) || refuse_cycle(s, ps))
		;
	if (all->count)
		qsort(all->list, all->count, sizeof(all->list[0]), by_depth);
	resolve(s);
	hush(s);
	s->correlations = all->count;
	return make_feeds(s);
}

void sigma_chain_fini(struct sigma_correlations *all)
{
	free(all->list);
	free(all->first);
	free(all->feeds);
	*all = (struct sigma_correlations){0};
}
