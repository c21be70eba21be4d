#include "correlate/partial.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "correlate/names.h"

#define SHARDS  64
#define NOTHING 0u /* no number: the first slot of each array is never used */
#define MAGIC   UINT64_C(0x31304c5452415031)

/* One observation, in the list of its stretch from the latest to the earliest. */
struct item {
	struct partial p;
	struct partial_shape shape;
	uint32_t later, earlier;
};

/* A stretch of (rule, group, which). From keep_at on are the keep earliest, once
 * there are more than that; before it, as many of the latest at most. */
struct cell {
	uint64_t rule, group, which;
	uint64_t value;  /* 0 unless values are told apart */
	int64_t stretch; /* number of it */
	uint32_t keep;
	uint32_t next; /* in its bucket */
	uint32_t latest, earliest;
	uint32_t middle; /* the latest of the early half, when both halves are full */
	uint32_t count;
};

/* Slots of both kinds, for all shards; its lock is taken last. */
struct pool {
	pthread_mutex_t lock;
	struct item *items;
	struct cell *cells;
	uint32_t room;
	uint32_t items_used, cells_used;
	uint32_t free_item, free_cell; /* lists: through later, and next */
};

/* The cells whose keys fall to it, and their items. */
struct shard {
	_Alignas(64) pthread_mutex_t lock;
	struct pool *pool;
	struct item *items; /* the pool's */
	struct cell *cells;
	uint32_t *buckets;
	uint32_t mask;
	uint32_t kept;
	uint64_t dropped, refused;
	_Atomic uint64_t added; /* relaxed: the judge comes again */
};

struct partial_store {
	struct shard shards[SHARDS];
	struct pool pool;
	uint64_t seen; /* sum of added at the last partial_each() */
	uint32_t capacity;
};

static uint32_t power_of_two(uint32_t n)
{
	uint32_t p = 1;

	while (p < n)
		p *= 2;
	return p;
}

static uint32_t buckets_of(uint32_t capacity)
{
	return power_of_two(capacity / SHARDS + 1);
}

size_t partial_bytes(uint32_t capacity)
{
	return sizeof(struct partial_store) +
	       ((size_t)capacity + 1) * (sizeof(struct item) + sizeof(struct cell)) +
	       SHARDS * buckets_of(capacity) * sizeof(uint32_t);
}

static int pool_init(struct pool *p, uint32_t capacity)
{
	pthread_mutex_init(&p->lock, NULL);
	p->room = capacity + 1;
	p->items = malloc(p->room * sizeof(*p->items));
	p->cells = malloc(p->room * sizeof(*p->cells));
	if (!p->items || !p->cells)
		return -ENOMEM;
	/* touched now, so that the resident size does not grow afterwards */
	memset(p->items, 0, p->room * sizeof(*p->items));
	memset(p->cells, 0, p->room * sizeof(*p->cells));
	p->items_used = p->cells_used = 1;
	return 0;
}

static int shard_init(struct shard *sh, struct pool *pool, uint32_t buckets)
{
	pthread_mutex_init(&sh->lock, NULL);
	sh->pool = pool;
	sh->items = pool->items;
	sh->cells = pool->cells;
	sh->mask = buckets - 1;
	sh->buckets = calloc(buckets, sizeof(*sh->buckets));
	return sh->buckets ? 0 : -ENOMEM;
}

int partial_init(struct partial_store **out, uint32_t capacity)
{
	if (capacity == 0 || capacity > 1u << 26)
		return -EINVAL;
	struct partial_store *s = aligned_alloc(64, (sizeof(*s) + 63) / 64 * 64);
	int err = s ? 0 : -ENOMEM;

	*out = s;
	if (!s)
		return err;
	memset(s, 0, sizeof(*s));
	s->capacity = capacity;
	err = pool_init(&s->pool, capacity);
	for (int i = 0; i < SHARDS; i++)
		err = shard_init(&s->shards[i], &s->pool, buckets_of(capacity)) ? -ENOMEM : err;
	if (err) {
		partial_fini(s);
		*out = NULL;
	}
	return err;
}

void partial_fini(struct partial_store *s)
{
	for (int i = 0; s && i < SHARDS; i++) {
		struct shard *sh = &s->shards[i];
		pthread_mutex_destroy(&sh->lock);
		free(sh->buckets);
	}
	if (s) {
		pthread_mutex_destroy(&s->pool.lock);
		free(s->pool.items);
		free(s->pool.cells);
	}
	free(s);
}

/* What a record is known by, whoever relays it, else its position. */
static int by_position(const struct observation *a, const struct observation *b)
{
	if (a->identity != b->identity)
		return a->identity < b->identity ? -1 : 1;
	if (a->identity)
		return 0;
	if (a->object != b->object)
		return a->object < b->object ? -1 : 1;
	if (a->offset != b->offset)
		return a->offset < b->offset ? -1 : 1;
	return (a->sub > b->sub) - (a->sub < b->sub);
}

static int by_time(const struct partial *a, const struct partial *b)
{
	if (a->o.time_us != b->o.time_us)
		return a->o.time_us < b->o.time_us ? -1 : 1;
	return by_position(&a->o, &b->o);
}

static int64_t stretch_of(int64_t time_us, int64_t stretch_us)
{
	return stretch_us ? time_us / stretch_us - (time_us % stretch_us < 0) : 0;
}

static uint64_t value_of(const struct partial *p, struct partial_shape shape)
{
	return shape.by_value ? p->value : 0;
}

static uint64_t key_of(const struct partial *p, struct partial_shape shape)
{
	uint64_t h = hash_pair(p->which, (uint64_t)stretch_of(p->o.time_us, shape.stretch_us));

	return hash_pair(hash_pair(p->rule, p->group), hash_pair(h, value_of(p, shape)));
}

/* A slot that was given back, or one never used; NOTHING when there is none. */
static uint32_t take_item(struct pool *p)
{
	pthread_mutex_lock(&p->lock);
	uint32_t n = p->free_item;
	if (n)
		p->free_item = p->items[n].later;
	else if (p->items_used < p->room)
		n = p->items_used++;
	pthread_mutex_unlock(&p->lock);
	return n;
}

static void give_item(struct pool *p, uint32_t n)
{
	pthread_mutex_lock(&p->lock);
	p->items[n].later = p->free_item;
	p->free_item = n;
	pthread_mutex_unlock(&p->lock);
}

static uint32_t take_cell(struct pool *p)
{
	pthread_mutex_lock(&p->lock);
	uint32_t n = p->free_cell;
	if (n)
		p->free_cell = p->cells[n].next;
	else if (p->cells_used < p->room)
		n = p->cells_used++;
	pthread_mutex_unlock(&p->lock);
	return n;
}

static struct cell *cell_of(struct shard *sh, const struct partial *p, struct partial_shape shape,
			    uint64_t key)
{
	uint32_t *bucket = &sh->buckets[key >> 32 & sh->mask];
	int64_t stretch = stretch_of(p->o.time_us, shape.stretch_us);
	uint64_t value = value_of(p, shape);

	for (uint32_t i = *bucket; i; i = sh->cells[i].next) {
		struct cell *c = &sh->cells[i];
		if (c->rule == p->rule && c->group == p->group && c->which == p->which &&
		    c->value == value && c->stretch == stretch)
			return c;
	}
	uint32_t n = take_cell(sh->pool);
	if (n == NOTHING)
		return NULL;
	sh->cells[n] = (struct cell){.rule = p->rule,
				     .group = p->group,
				     .which = p->which,
				     .value = value,
				     .keep = shape.keep,
				     .stretch = stretch,
				     .next = *bucket};
	*bucket = n;
	return &sh->cells[n];
}

static void unlink_item(struct shard *sh, struct cell *c, uint32_t n)
{
	struct item *it = &sh->items[n];

	if (it->later)
		sh->items[it->later].earlier = it->earlier;
	else
		c->latest = it->earlier;
	if (it->earlier)
		sh->items[it->earlier].later = it->later;
	else
		c->earliest = it->later;
	c->count--;
	sh->kept--;
	give_item(sh->pool, n);
}

static void link_item(struct shard *sh, struct cell *c, uint32_t n, uint32_t earlier)
{
	struct item *it = &sh->items[n];

	it->earlier = earlier;
	it->later = earlier ? sh->items[earlier].later : c->earliest;
	if (it->later)
		sh->items[it->later].earlier = n;
	else
		c->latest = n;
	if (earlier)
		sh->items[earlier].later = n;
	else
		c->earliest = n;
	c->count++;
	sh->kept++;
}

/* The one that p comes behind, NOTHING when it is the earliest; *same: it is there already. */
static uint32_t place_of(const struct shard *sh, const struct cell *c, const struct partial *p,
			 bool *same)
{
	uint32_t n = c->latest;

	while (n && by_time(&sh->items[n].p, p) > 0)
		n = sh->items[n].earlier;
	*same = n && by_time(&sh->items[n].p, p) == 0;
	return n;
}

/* Both halves are full, and one too many is there: the earliest of the late half goes, which
 * is the one before the early half. */
static void drop_middle(struct shard *sh, struct cell *c)
{
	uint32_t n = c->earliest;

	if (c->middle == NOTHING) {
		for (uint32_t i = 1; i < c->keep; i++)
			n = sh->items[n].later;
		c->middle = n;
	}
	unlink_item(sh, c, sh->items[c->middle].later);
	sh->dropped++;
}

/* Is p strictly between the halves, both being full? Then it would go at once. */
static bool between(const struct shard *sh, const struct cell *c, const struct partial *p)
{
	return c->middle && by_time(p, &sh->items[c->middle].p) > 0 &&
	       by_time(p, &sh->items[sh->items[c->middle].later].p) < 0;
}

/* Of copies of one observation. */
static bool stands_before(const struct observation *a, const struct observation *b)
{
	if (a->rank != b->rank)
		return a->rank < b->rank;
	if (a->object != b->object)
		return a->object < b->object;
	return a->offset != b->offset ? a->offset < b->offset : a->sub < b->sub;
}

static int add(struct shard *sh, const struct partial *p, struct partial_shape shape, uint64_t key)
{
	struct cell *c = cell_of(sh, p, shape, key);
	bool same;

	if (!c)
		return -ENOSPC;
	if (between(sh, c, p)) {
		sh->dropped++;
		return 0;
	}
	uint32_t earlier = place_of(sh, c, p, &same);
	if (same) {
		struct partial *old = &sh->items[earlier].p;
		if (stands_before(&p->o, &old->o)) {
			uint8_t told = old->told;
			*old = *p;
			old->told = told;
		}
		return 0;
	}
	uint32_t n = take_item(sh->pool);
	if (n == NOTHING)
		return -ENOSPC;
	sh->items[n].p = *p;
	sh->items[n].shape = shape;
	link_item(sh, c, n, earlier);
	/* one more in the early half: its latest is now the one that was before */
	if (c->middle && by_time(p, &sh->items[c->middle].p) < 0)
		c->middle = sh->items[c->middle].earlier;
	if (c->count > 2 * c->keep)
		drop_middle(sh, c);
	atomic_fetch_add_explicit(&sh->added, 1, memory_order_relaxed);
	return 0;
}

int partial_add(struct partial_store *s, const struct partial *p, struct partial_shape shape)
{
	uint64_t key = key_of(p, shape);
	struct shard *sh = &s->shards[key % SHARDS];

	pthread_mutex_lock(&sh->lock);
	int err = add(sh, p, shape, key);
	sh->refused += err != 0;
	pthread_mutex_unlock(&sh->lock);
	return err;
}

static uint64_t added(const struct partial_store *s)
{
	uint64_t sum = 0;

	for (int i = 0; i < SHARDS; i++)
		sum += atomic_load_explicit(&s->shards[i].added, memory_order_relaxed);
	return sum;
}

bool partial_changed(const struct partial_store *s)
{
	return added(s) != s->seen;
}

void partial_usage(const struct partial_store *s, struct partial_usage *u)
{
	*u = (struct partial_usage){.capacity = s->capacity};
	for (int i = 0; i < SHARDS; i++) {
		struct shard *sh = (struct shard *)&s->shards[i];
		pthread_mutex_lock(&sh->lock);
		u->kept += sh->kept;
		u->dropped += sh->dropped;
		u->refused += sh->refused;
		pthread_mutex_unlock(&sh->lock);
	}
}

/* ---- reading: copies, so that writers may go on ---- */

struct copy {
	struct partial p;
	uint32_t shard, item;
};

static int in_order(const void *a, const void *b)
{
	const struct partial *x = *(struct partial *const *)a, *y = *(struct partial *const *)b;

	if (x->rule != y->rule)
		return x->rule < y->rule ? -1 : 1;
	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	int d = by_time(x, y);
	return d ? d : (x->which > y->which) - (x->which < y->which);
}

static uint32_t copy_shard(struct partial_store *s, uint32_t number, struct copy *out, uint32_t n,
			   uint32_t max)
{
	struct shard *sh = &s->shards[number];

	pthread_mutex_lock(&sh->lock);
	for (uint32_t b = 0; b <= sh->mask; b++)
		for (uint32_t c = sh->buckets[b]; c; c = sh->cells[c].next)
			for (uint32_t i = sh->cells[c].latest; i && n < max;
			     i = sh->items[i].earlier)
				out[n++] = (struct copy){sh->items[i].p, number, i};
	pthread_mutex_unlock(&sh->lock);
	return n;
}

/* The item may be another's by now: only if it is still the same one. */
static void keep_told(struct partial_store *s, const struct copy *c)
{
	struct shard *sh = &s->shards[c->shard];

	pthread_mutex_lock(&sh->lock);
	struct partial *p = &sh->items[c->item].p;
	if (p->rule == c->p.rule && p->group == c->p.group && p->which == c->p.which &&
	    by_time(p, &c->p) == 0)
		p->told |= c->p.told;
	pthread_mutex_unlock(&sh->lock);
}

int partial_each(struct partial_store *s, partial_group *fn, void *arg)
{
	struct partial_usage u;
	uint64_t now = added(s);
	uint32_t n = 0, end;

	partial_usage(s, &u);
	if (u.kept == 0)
		return 0;
	uint32_t max = u.kept;
	struct copy *copies = malloc(max * sizeof(*copies));
	struct partial **order = malloc(max * sizeof(struct partial *));
	uint8_t *before = malloc(max);
	int err = copies && order && before ? 0 : -ENOMEM;
	for (uint32_t i = 0; !err && i < SHARDS; i++)
		n = copy_shard(s, i, copies, n, max);
	for (uint32_t i = 0; i < n; i++) {
		order[i] = &copies[i].p;
		before[i] = copies[i].p.told;
	}
	if (n)
		qsort(order, n, sizeof(struct partial *), in_order);
	for (uint32_t i = 0; i < n; i = end) {
		for (end = i + 1; end < n && order[end]->rule == order[i]->rule &&
				  order[end]->group == order[i]->group;
		     end++)
			;
		fn(arg, order + i, end - i);
	}
	for (uint32_t i = 0; i < n; i++)
		if (copies[i].p.told != before[i])
			keep_told(s, &copies[i]);
	if (!err)
		s->seen = now;
	free(copies);
	free(order);
	free(before);
	return err;
}

/* ---- quiescent ---- */

/* What of the cell is to go: all of it has one stretch. */
static int64_t limit_of(const struct shard *sh, const struct cell *c, int64_t before_us,
			int64_t newest_us, int64_t slack_us)
{
	int64_t stretch_us = c->earliest ? sh->items[c->earliest].shape.stretch_us : 0, limit;

	if (newest_us == INT64_MIN || stretch_us == 0 ||
	    __builtin_sub_overflow(newest_us, stretch_us, &limit) ||
	    __builtin_sub_overflow(limit, slack_us, &limit))
		return before_us;
	return limit > before_us ? limit : before_us;
}

static void forget_cell(struct shard *sh, struct cell *c, int64_t before_us)
{
	bool any = false;

	while (c->earliest && sh->items[c->earliest].p.o.time_us < before_us) {
		unlink_item(sh, c, c->earliest);
		any = true;
	}
	if (any)
		c->middle = NOTHING; /* found again when both halves are full again */
}

void partial_forget(struct partial_store *s, int64_t before_us, int64_t newest_us, int64_t slack_us)
{
	struct partial_usage u;

	partial_usage(s, &u);
	if ((uint64_t)u.kept * 2 < u.capacity)
		newest_us = INT64_MIN;
	for (int i = 0; i < SHARDS; i++) {
		struct shard *sh = &s->shards[i];
		for (uint32_t b = 0; b <= sh->mask; b++) {
			uint32_t *at = &sh->buckets[b];
			while (*at) {
				uint32_t n = *at;
				forget_cell(sh, &sh->cells[n],
					    limit_of(sh, &sh->cells[n], before_us, newest_us,
						     slack_us));
				if (sh->cells[n].count) {
					at = &sh->cells[n].next;
					continue;
				}
				*at = sh->cells[n].next;
				sh->cells[n].next = s->pool.free_cell;
				s->pool.free_cell = n;
			}
		}
	}
}

int partial_snapshot(const struct partial_store *s,
		     int (*write)(void *arg, const void *p, size_t len), void *arg)
{
	struct partial_usage u;
	uint64_t head[3] = {MAGIC, sizeof(struct partial), 0};
	int err;

	partial_usage(s, &u);
	head[2] = u.kept;
	err = write(arg, head, sizeof(head));
	for (int i = 0; i < SHARDS; i++) {
		const struct shard *sh = &s->shards[i];
		for (uint32_t b = 0; b <= sh->mask; b++)
			for (uint32_t c = sh->buckets[b]; c; c = sh->cells[c].next)
				for (uint32_t n = sh->cells[c].latest; n && !err;
				     n = sh->items[n].earlier) {
					const struct item *it = &sh->items[n];
					err = write(arg, &it->p, sizeof(it->p));
					err = err ? err : write(arg, &it->shape, sizeof(it->shape));
				}
	}
	return err;
}

static int take(int64_t (*read)(void *arg, void *p, size_t len), void *arg, void *p, size_t len)
{
	int64_t n = read(arg, p, len);

	return n < 0 ? (int)n : (size_t)n == len ? 0 : -EBADMSG;
}

int partial_restore(struct partial_store *s, const struct names *names,
		    int64_t (*read)(void *arg, void *p, size_t len), void *arg)
{
	uint64_t head[3];
	int err = take(read, arg, head, sizeof(head));

	if (!err && (head[0] != MAGIC || head[1] != sizeof(struct partial)))
		err = -EBADMSG;
	for (uint64_t i = 0; !err && i < head[2]; i++) {
		struct partial p;
		struct partial_shape shape;
		err = take(read, arg, &p, sizeof(p));
		err = err ? err : take(read, arg, &shape, sizeof(shape));
		if (!err &&
		    (shape.stretch_us < 0 || shape.keep == 0 || shape.keep > PARTIAL_KEPT_MAX ||
		     p.o.state >= STATES || p.o.threat > names_threat_count(names) ||
		     p.o.by > names_by_count(names)))
			err = -EBADMSG;
		if (!err)
			partial_add(s, &p, shape);
	}
	return err;
}
