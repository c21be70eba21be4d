/*
 * evidence_peers - the same joins as evidence_update()'s in three other tables.
 *
 * Each has places found by a 64-bit key. A cell's place is what ours is: its
 * first four hits inside, of one origin; what it outgrows is joined element by
 * element into places of its own. So the peers lose no time to a poorer layout,
 * only to how they find and guard a place:
 *
 *   ck_ht    Concurrency Kit's hash table under one mutex
 *   lfht     liburcu's lock-free hash table (QSBR); a place has a spin lock
 *   shards   1,024 open-addressing tables, each under its spin lock
 *
 * evidence_digest() of what a table holds is the same for all of them and for ours.
 */
#ifndef TOCSIN_BENCH_EVIDENCE_PEERS_H
#define TOCSIN_BENCH_EVIDENCE_PEERS_H

#include <ck_ht.h>
#include <ck_spinlock.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <urcu-qsbr.h>
#include <urcu/rculfhash.h>

#include "base/hash.h"
#include "bench.h"
#include "correlate/evidence.h"
#include "correlate/evidence_join.h"

#define INSIDE 4
#define SHARDS 1024

struct place {
	_Alignas(64) uint64_t key;
	uint64_t origin;
	uint32_t first, last, marks, used; /* first, last: of an element */
	ck_spinlock_t lock;                /* lfht */
	bool seen;                         /* by evidence_digest() */
	struct cds_lfht_node node;
	struct {
		uint64_t entity;
		struct packed item;
	} hit[INSIDE];
};

/* --- finding ------------------------------------------------------------------- */

enum peer { CK_HT, LFHT, SHARD, PEERS };
static const char *const peer_names[] = {"ck_ht", "lfht", "shards"};

static struct place *store[PEERS];
static _Atomic uint32_t stored[PEERS];

static struct ck_ht ht;
static pthread_mutex_t ht_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct cds_lfht *lfht;
static struct shard {
	_Alignas(64) ck_spinlock_t lock;
	struct {
		uint64_t key;
		struct place *place;
	} * slots;
} shards[SHARDS];
static uint32_t shard_mask;

static void *peer_malloc(size_t n)
{
	return malloc(n);
}

static void peer_free(void *p, size_t n, bool defer)
{
	(void)n, (void)defer;
	free(p);
}

static void peer_hash(ck_ht_hash_t *h, const void *key, size_t len, uint64_t seed)
{
	uint64_t k;

	memcpy(&k, key, len < sizeof(k) ? len : sizeof(k));
	h->value = hash_word(k ^ seed);
}

static struct ck_malloc peer_allocator = {.malloc = peer_malloc, .free = peer_free};

/* Random access all over: huge pages for everybody, as ours has them. */
static void *huge(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		exit(1);
	madvise(p, bytes, MADV_HUGEPAGE);
	return p;
}

static uint64_t power_above(uint64_t n)
{
	uint64_t p = 1024;

	while (p < n)
		p *= 2;
	return p;
}

static void peers_init(uint64_t places)
{
	uint64_t buckets = power_above(places);

	for (int i = 0; i < PEERS; i++)
		store[i] = huge((places + 1) * sizeof(struct place));
	if (!ck_ht_init(&ht, CK_HT_MODE_DIRECT | CK_HT_WORKLOAD_DELETE, peer_hash, &peer_allocator,
			2 * places, 0x5eed))
		exit(1);
	lfht = cds_lfht_new_flavor(buckets, buckets, buckets, 0, &rcu_flavor, NULL);
	uint64_t slots = power_above(4 * places / SHARDS);
	shard_mask = (uint32_t)slots - 1;
	char *all = huge(SHARDS * slots * sizeof(*shards[0].slots));
	for (int i = 0; i < SHARDS; i++)
		shards[i].slots = (void *)(all + (size_t)i * slots * sizeof(*shards[0].slots));
	if (!lfht)
		exit(1);
}

static struct place *place_new(enum peer p, uint64_t key)
{
	struct place *at =
		&store[p][atomic_fetch_add_explicit(&stored[p], 1, memory_order_relaxed)];

	at->key = key;
	at->first = UINT32_MAX;
	return at;
}

static struct place *place_ck(uint64_t key)
{
	ck_ht_entry_t e;
	ck_ht_hash_t h;

	ck_ht_hash_direct(&h, &ht, key);
	ck_ht_entry_key_set_direct(&e, key);
	if (ck_ht_get_spmc(&ht, h, &e))
		return (struct place *)ck_ht_entry_value_direct(&e);
	struct place *at = place_new(CK_HT, key);
	ck_ht_entry_set_direct(&e, h, key, (uintptr_t)at);
	if (!ck_ht_put_spmc(&ht, h, &e))
		exit(1);
	return at;
}

static int lfht_match(struct cds_lfht_node *node, const void *key)
{
	return caa_container_of(node, struct place, node)->key == *(const uint64_t *)key;
}

static struct place *place_lfht(uint64_t key)
{
	struct cds_lfht_iter iter;

	cds_lfht_lookup(lfht, key, lfht_match, &key, &iter); /* keys are hashes */
	struct cds_lfht_node *node = cds_lfht_iter_get_node(&iter);
	if (!node) {
		struct place *at = place_new(LFHT, key);
		node = cds_lfht_add_unique(lfht, key, lfht_match, &key, &at->node);
	}
	return caa_container_of(node, struct place, node);
}

static struct place *place_shard(struct shard *s, uint64_t key)
{
	uint32_t i = (uint32_t)key & shard_mask;

	for (; s->slots[i].place; i = (i + 1) & shard_mask)
		if (s->slots[i].key == key)
			return s->slots[i].place;
	s->slots[i].key = key;
	s->slots[i].place = place_new(SHARD, key);
	return s->slots[i].place;
}

/* --- joining --------------------------------------------------------------------- */

static uint64_t cell_key(const struct evidence_cell_key *k)
{
	return hash_pair((uint64_t)k->threat << 32 | (uint32_t)k->bucket,
			 (uint64_t)k->state << 12 | (uint64_t)k->sector << 4 |
				 (uint64_t)k->hit_class << 2 | k->severity);
}

static uint64_t element_key(uint64_t cell, enum evidence_kind kind, uint64_t element)
{
	return hash_pair(cell + kind + 1, element);
}

static void join_place(struct place *at, uint32_t us)
{
	at->first = us < at->first ? us : at->first;
	at->last = us > at->last ? us : at->last;
}

/* True when the hit is inside, or now is. */
static bool join_inside(struct place *at, const struct observation *o, const struct packed *item)
{
	at->marks |= 1u << o->tlp | 1u << (8 + o->pap);
	if (at->origin && at->origin != o->origin)
		return false;
	for (uint32_t i = 0; i < at->used; i++)
		if (at->hit[i].item.high == item->high && at->hit[i].item.low == item->low &&
		    at->hit[i].entity == o->entity)
			return true;
	if (at->used == INSIDE)
		return false;
	at->origin = o->origin;
	at->hit[at->used].entity = o->entity;
	at->hit[at->used++].item = *item;
	return true;
}

static void join_element(enum peer p, uint64_t key, uint32_t us)
{
	struct place *at;

	switch (p) {
	case LFHT:
		at = place_lfht(key);
		ck_spinlock_lock(&at->lock);
		join_place(at, us);
		ck_spinlock_unlock(&at->lock);
		break;
	case SHARD: {
		struct shard *s = &shards[key >> 54];
		ck_spinlock_lock(&s->lock);
		join_place(place_shard(s, key), us);
		ck_spinlock_unlock(&s->lock);
		break;
	}
	default:
		join_place(place_ck(key), us);
	}
}

static bool join_cell(enum peer p, uint64_t key, const struct observation *o,
		      const struct packed *item)
{
	struct shard *s = &shards[key >> 54];
	struct place *at;
	bool inside;

	switch (p) {
	case LFHT:
		at = place_lfht(key);
		ck_spinlock_lock(&at->lock);
		inside = join_inside(at, o, item);
		ck_spinlock_unlock(&at->lock);
		return inside;
	case SHARD:
		ck_spinlock_lock(&s->lock);
		inside = join_inside(place_shard(s, key), o, item);
		ck_spinlock_unlock(&s->lock);
		return inside;
	default:
		return join_inside(place_ck(key), o, item);
	}
}

static void peer_join(enum peer p, const struct observation *o)
{
	const int32_t bucket = (int32_t)(o->time_us / EVIDENCE_BUCKET_US);
	const struct evidence_cell_key k = {o->threat,    o->state,    o->sector,
					    o->hit_class, o->severity, bucket};
	const struct evidence_item i = {o->rank, o->time_us, o->object, o->sub, o->by, o->offset};
	const struct packed item = evidence_join_pack(&i, bucket);
	const uint32_t us = (uint32_t)(o->time_us % EVIDENCE_BUCKET_US);
	const uint64_t cell = cell_key(&k);

	if (join_cell(p, cell, o, &item))
		return;
	join_element(p,
		     element_key(cell, EVIDENCE_RECORD,
				 evidence_join_position((uint64_t)o->object << 32, o->sub, o->offset)),
		     us);
	join_element(p, element_key(cell, EVIDENCE_ENTITY, o->entity), us);
	join_element(p, element_key(cell, EVIDENCE_ORIGIN, o->origin), us);
}

static void peer_update(enum peer p, const struct observation *o)
{
	if (p == CK_HT)
		pthread_mutex_lock(&ht_mutex);
	peer_join(p, o);
	if (p == CK_HT)
		pthread_mutex_unlock(&ht_mutex);
}

/* --- the same result ---------------------------------------------------------------- */

static uint64_t element_digest(uint64_t key, uint64_t first, uint64_t last)
{
	return hash_pair(hash_pair(key, first), last);
}

static struct place *place_of(enum peer p, uint64_t key)
{
	struct cds_lfht_iter iter;
	ck_ht_entry_t e;
	ck_ht_hash_t h;

	if (p == LFHT) {
		cds_lfht_lookup(lfht, key, lfht_match, &key, &iter);
		struct cds_lfht_node *node = cds_lfht_iter_get_node(&iter);
		return node ? caa_container_of(node, struct place, node) : NULL;
	}
	if (p == SHARD) {
		struct shard *s = &shards[key >> 54];
		for (uint32_t i = (uint32_t)key & shard_mask; s->slots[i].place;
		     i = (i + 1) & shard_mask)
			if (s->slots[i].key == key)
				return s->slots[i].place;
		return NULL;
	}
	ck_ht_hash_direct(&h, &ht, key);
	ck_ht_entry_key_set_direct(&e, key);
	return ck_ht_get_spmc(&ht, h, &e) ? (struct place *)ck_ht_entry_value_direct(&e) : NULL;
}

struct element {
	uint64_t key;
	uint32_t first, last;
};

static void gather_element(struct element *v, uint32_t *n, uint64_t key, uint32_t us)
{
	uint32_t i = 0;

	while (i < *n && v[i].key != key)
		i++;
	if (i == *n)
		v[(*n)++] = (struct element){key, us, us};
	v[i].first = us < v[i].first ? us : v[i].first;
	v[i].last = us > v[i].last ? us : v[i].last;
}

/* Of the hits inside a cell, with their own places where they have one. */
static uint64_t inside_digest(enum peer p, const struct place *at)
{
	struct element v[3 * INSIDE];
	uint32_t n = 0;
	uint64_t sum = 0;

	for (uint32_t i = 0; i < at->used; i++) {
		struct evidence_item item = evidence_join_unpack(at->hit[i].item, 0);
		uint32_t us = (uint32_t)item.time_us;
		gather_element(
			v, &n,
			element_key(at->key, EVIDENCE_RECORD,
				    evidence_join_position((uint64_t)item.object << 32, item.sub,
						   item.offset)),
			us);
		gather_element(v, &n, element_key(at->key, EVIDENCE_ENTITY, at->hit[i].entity), us);
		gather_element(v, &n, element_key(at->key, EVIDENCE_ORIGIN, at->origin), us);
	}
	for (uint32_t i = 0; i < n; i++) {
		struct place *own = place_of(p, v[i].key);
		if (own) {
			own->seen = true;
			join_place(own, v[i].first);
			join_place(own, v[i].last);
			v[i].first = own->first;
			v[i].last = own->last;
		}
		sum += element_digest(v[i].key, v[i].first, v[i].last);
	}
	return sum;
}

__attribute__((unused)) static uint64_t peer_digest(enum peer p)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < stored[p]; i++)
		store[p][i].seen = false;
	for (uint32_t i = 0; i < stored[p]; i++)
		if (store[p][i].used)
			sum += inside_digest(p, &store[p][i]);
	for (uint32_t i = 0; i < stored[p]; i++)
		if (!store[p][i].used && !store[p][i].seen)
			sum += element_digest(store[p][i].key, store[p][i].first, store[p][i].last);
	return sum;
}

struct digest {
	const struct evidence_table *t;
	uint64_t cell, sum;
	int64_t hour;
};

static void digest_entry(void *arg, const struct evidence_entry *e)
{
	struct digest *d = arg;
	int64_t first = e->kind == EVIDENCE_RECORD ? e->item.time_us : e->first_us;
	int64_t last = e->kind == EVIDENCE_RECORD ? e->item.time_us : e->last_us;

	d->sum += element_digest(element_key(d->cell, e->kind, e->hash),
				 (uint64_t)(first - d->hour), (uint64_t)(last - d->hour));
}

static void digest_cell(void *arg, const struct evidence_cell *c)
{
	struct digest *d = arg;

	d->cell = cell_key(&c->key);
	d->hour = c->key.bucket * EVIDENCE_BUCKET_US;
	evidence_read_entries(d->t, c->index, digest_entry, d);
}

__attribute__((unused)) static uint64_t evidence_digest(const struct evidence_table *t,
							uint32_t threats)
{
	struct digest d = {.t = t};

	for (uint32_t i = 1; i <= threats; i++)
		evidence_read_cells(t, i, digest_cell, &d);
	return d.sum;
}

#endif
