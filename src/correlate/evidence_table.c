#include "correlate/evidence_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

#include "base/clock.h"
#include "correlate/names.h"

/* --- keys and items ------------------------------------------------------ */

uint64_t evidence_table_key(const struct observation *o)
{
	uint64_t k = o->threat;

	k = k << 22 | (uint64_t)(o->time_us / EVIDENCE_BUCKET_US);
	k = k << 5 | o->state;
	k = k << 5 | o->sector;
	k = k << 2 | o->hit_class;
	return k << 2 | o->severity;
}
static_assert(STATES <= 32 && SECTORS <= 32 && NAMES_THREATS_MAX <= 1 << 27,
	      "27 + 22 + 5 + 5 + 2 + 2 bits: a cell key fits one word");

struct evidence_cell_key evidence_table_unkey(uint64_t k)
{
	return (struct evidence_cell_key){
		.threat = (uint32_t)(k >> 36),
		.bucket = (int32_t)(k >> 14 & ((1 << 22) - 1)),
		.state = k >> 9 & 31,
		.sector = k >> 4 & 31,
		.hit_class = k >> 2 & 3,
		.severity = k & 3,
	};
}

/* rank 2 | time in the hour 32 | object 18 | offset 40 | sub 12 | by 24 */
struct packed evidence_table_pack(const struct evidence_item *i, int32_t bucket)
{
	uint64_t us = (uint64_t)(i->time_us - bucket * EVIDENCE_BUCKET_US);
	uint64_t offset = i->offset & ((UINT64_C(1) << 40) - 1);

	return (struct packed){
		.high = (uint64_t)i->rank << 62 | us << 30 |
			(uint64_t)(i->object & ((1 << 18) - 1)) << 12 | offset >> 28,
		.low = offset << 36 | (uint64_t)(i->sub & 4095) << 24 | (i->by & ((1 << 24) - 1)),
	};
}

struct evidence_item evidence_table_unpack(struct packed p, int32_t bucket)
{
	return (struct evidence_item){
		.rank = (uint8_t)(p.high >> 62),
		.time_us = bucket * EVIDENCE_BUCKET_US + (int64_t)(p.high >> 30 & UINT32_MAX),
		.object = p.high >> 12 & ((1 << 18) - 1),
		.sub = p.low >> 24 & 4095,
		.by = p.low & ((1 << 24) - 1),
		.offset = (p.high & 4095) << 28 | p.low >> 36,
	};
}

/* --- memory -------------------------------------------------------------- */

static bool power_of_two(uint32_t n, uint32_t min, uint32_t max)
{
	return n >= min && n <= max && (n & (n - 1)) == 0;
}

static bool config_good(const struct evidence_config *c)
{
	return power_of_two(c->cells, 1024, 1u << 28) &&
	       power_of_two(c->entries, 1024, 1u << 30) && c->overflows >= 1 &&
	       c->overflows <= 1u << 20 && c->exact_max >= 16 && c->exact_max <= 65536;
}

static size_t take(size_t *at, size_t count, size_t size)
{
	size_t begin = *at;

	*at = (begin + count * size + 63) & ~(size_t)63;
	return begin;
}

/* Where each array lies; with base NULL, only how much there is. */
static size_t lay_out(struct evidence_table *t, const struct evidence_config *c, char *base)
{
	size_t at = 0;
	size_t cells = take(&at, c->cells, sizeof(*t->cells));
	size_t slots = take(&at, c->entries, sizeof(*t->slots));
	size_t blocks = take(&at, c->overflows, sizeof(*t->blocks));
	size_t owners = take(&at, c->overflows, sizeof(*t->block_owner));
	size_t heads = take(&at, c->cells, sizeof(*t->heads));
	size_t dirty = take(&at, c->cells / 64, sizeof(*t->dirty));

	if (base) {
		t->cells = (void *)(base + cells);
		t->slots = (void *)(base + slots);
		t->blocks = (void *)(base + blocks);
		t->block_owner = (void *)(base + owners);
		t->heads = (void *)(base + heads);
		t->dirty = (void *)(base + dirty);
	}
	return (at + 4095) & ~(size_t)4095;
}

size_t evidence_bytes(const struct evidence_config *c)
{
	struct evidence_table t;

	return config_good(c) ? lay_out(&t, c, NULL) + sizeof(t) : 0;
}

/* Every page now, so that the resident size is known from the start. */
static void touch(void *p, size_t bytes)
{
#ifdef MADV_POPULATE_WRITE
	if (madvise(p, bytes, MADV_POPULATE_WRITE) == 0)
		return;
#endif
	for (size_t at = 0; at < bytes; at += 4096)
		((volatile char *)p)[at] = 0;
}

static uint64_t fresh_seed(void)
{
	uint64_t seed;

	if (getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
		seed = hash_word(clock_monotonic_ns() ^ (uintptr_t)&seed);
	return seed;
}

int evidence_init(struct evidence_table **out, const struct evidence_config *c)
{
	*out = NULL;
	if (!config_good(c))
		return -EINVAL;
	struct evidence_table *t = aligned_alloc(64, sizeof(*t));
	if (!t)
		return -ENOMEM;
	memset(t, 0, sizeof(*t));
	t->map_bytes = lay_out(t, c, NULL);
	t->map = mmap(NULL, t->map_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		      0);
	if (t->map == MAP_FAILED) {
		free(t);
		return -ENOMEM;
	}
	/* random access all over: fewer TLB misses are worth more than the rounding */
	if (t->map_bytes >= 4u << 20)
		madvise(t->map, t->map_bytes, MADV_HUGEPAGE);
	touch(t->map, t->map_bytes);
	lay_out(t, c, t->map);
	t->config = *c;
	t->cell_mask = c->cells - 1;
	t->slot_mask = c->entries - 1;
	t->seed = fresh_seed();
	*out = t;
	return 0;
}

void evidence_fini(struct evidence_table *t)
{
	if (!t)
		return;
	munmap(t->map, t->map_bytes);
	free(t);
}

/* --- joins --------------------------------------------------------------- */

/* All joins are relaxed: each word stands for itself, and what makes a change
 * known is evidence_table_mark_dirty() after it. */

bool evidence_table_max32(_Atomic uint32_t *p, uint32_t v)
{
	uint32_t old = atomic_load_explicit(p, memory_order_relaxed);

	while (old < v)
		if (atomic_compare_exchange_weak_explicit(p, &old, v, memory_order_relaxed,
							  memory_order_relaxed))
			return true;
	return false;
}

bool evidence_table_max8(_Atomic uint8_t *p, uint8_t v)
{
	uint8_t old = atomic_load_explicit(p, memory_order_relaxed);

	while (old < v)
		if (atomic_compare_exchange_weak_explicit(p, &old, v, memory_order_relaxed,
							  memory_order_relaxed))
			return true;
	return false;
}

bool evidence_table_or32(_Atomic uint32_t *p, uint32_t bits)
{
	if ((atomic_load_explicit(p, memory_order_relaxed) & bits) == bits)
		return false;
	return (atomic_fetch_or_explicit(p, bits, memory_order_relaxed) & bits) != bits;
}

bool evidence_table_report(_Atomic uint64_t *p, uint32_t users, uint32_t duration_s)
{
	uint64_t old = atomic_load_explicit(p, memory_order_relaxed);

	for (;;) {
		uint32_t u = (uint32_t)(old >> 32), d = (uint32_t)old;
		uint64_t new = (uint64_t)(u > users ? u : users) << 32 |
			       (d > duration_s ? d : duration_s);
		if (new == old)
			return false;
		if (atomic_compare_exchange_weak_explicit(p, &old, new, memory_order_relaxed,
							  memory_order_relaxed))
			return true;
	}
}

/* cmpxchg16b: C17's 16-byte atomics may call a lock in libatomic, this cannot. */
static bool swap_pair(_Atomic uint64_t *low, struct packed *old, struct packed new)
{
	unsigned __int128 expect = (unsigned __int128)old->high << 64 | old->low;
	unsigned __int128 want = (unsigned __int128)new.high << 64 | new.low;
	unsigned __int128 found =
		__sync_val_compare_and_swap((unsigned __int128 *)low, expect, want);

	*old = (struct packed){(uint64_t)found, (uint64_t)(found >> 64)};
	return found == expect;
}

/* A consistent pair without a locked instruction: the pair only grows as one
 * 128-bit number, so if high is the same before and after, low belongs to it. */
static struct packed load_pair(const _Atomic uint64_t *low)
{
	const _Atomic uint64_t *high = low + 1;
	struct packed p;
	uint64_t again;

	/* acquire, paired with the full barrier of swap_pair(): in this order */
	again = atomic_load_explicit(high, memory_order_acquire);
	do {
		p.high = again;
		p.low = atomic_load_explicit(low, memory_order_acquire);
		again = atomic_load_explicit(high, memory_order_acquire);
	} while (again != p.high);
	return p;
}

bool evidence_table_min_item(_Atomic uint64_t *low, struct packed item)
{
	struct packed new = {~item.low, ~item.high}, old = load_pair(low);

	while (old.high < new.high || (old.high == new.high && old.low < new.low))
		if (swap_pair(low, &old, new))
			return true;
	return false;
}

bool evidence_table_load_item(const _Atomic uint64_t *low, struct packed *item)
{
	struct packed p = load_pair(low);

	*item = (struct packed){~p.low, ~p.high};
	return p.high != 0;
}

/* --- claims -------------------------------------------------------------- */

void evidence_table_link(_Atomic uint32_t *head, uint32_t node, void *next_of_0, size_t stride)
{
#define NEXT(n) ((_Atomic uint32_t *)((char *)next_of_0 + (size_t)(n) * stride))
	const uint32_t e = node + 1;

	for (;;) {
		/* acquire: next is read before head (step 3 of the proof) */
		uint32_t next = atomic_load_explicit(NEXT(node), memory_order_acquire);
		if (next & LINKED)
			return;
		/* acquire, paired with the release below: h's fields are seen */
		uint32_t h = atomic_load_explicit(head, memory_order_acquire);
		if (h != e) {
			if (next != h &&
			    !atomic_compare_exchange_strong_explicit(
				    NEXT(node), &next, h, memory_order_acq_rel, memory_order_relaxed))
				continue;
			/* before h is covered: pairs with the load of next at the top */
			if (h && !(atomic_load_explicit(NEXT(h - 1), memory_order_relaxed) & LINKED))
				atomic_fetch_or_explicit(NEXT(h - 1), LINKED, memory_order_acq_rel);
			/* release: what was written into the node, then the node;
			 * pairs with the acquire of whoever walks the list */
			if (!atomic_compare_exchange_strong_explicit(
				    head, &h, e, memory_order_acq_rel, memory_order_relaxed))
				continue;
		}
		atomic_fetch_or_explicit(NEXT(node), LINKED, memory_order_acq_rel);
		return;
	}
#undef NEXT
}

static bool linked(const _Atomic uint32_t *next)
{
	/* relaxed: seen late it costs a walk through evidence_table_link(), no more */
	return atomic_load_explicit(next, memory_order_relaxed) & LINKED;
}

static struct counter *stripe(struct evidence_table *t, uint32_t index)
{
	return &t->used[index % COUNTERS];
}

uint32_t evidence_table_cell(struct evidence_table *t, uint64_t key, uint64_t salt)
{
	uint32_t i = (uint32_t)salt & t->cell_mask;

	for (int probes = 0; probes < PROBES_MAX; probes++, i = (i + 1) & t->cell_mask) {
		struct cell *c = &t->cells[i];
		/* relaxed: a key is written once, and zero fields are valid */
		uint64_t seen = atomic_load_explicit(&c->key, memory_order_relaxed);
		if (!seen && atomic_compare_exchange_strong_explicit(
				     &c->key, &seen, key, memory_order_relaxed,
				     memory_order_relaxed)) {
			atomic_fetch_add_explicit(&stripe(t, i)->cells, 1, memory_order_relaxed);
			seen = key;
		}
		if (seen != key)
			continue;
		if (!linked(&c->next))
			evidence_table_link(
				&t->heads[evidence_table_threat_head(t, (uint32_t)(key >> 36))], i,
				&t->cells->next, sizeof(*t->cells));
		return i;
	}
	return NONE;
}

/* Claims are counted after they are made, so a stale count (relaxed) only lets
 * a few more elements be exact; readers look at how many there are, not at how
 * they are kept. */
static bool exact_used_up(const struct evidence_table *t, uint32_t cell, enum slot_kind kind)
{
	return kind != SLOT_REPORT &&
	       atomic_load_explicit(&t->cells[cell].count[kind], memory_order_relaxed) >=
		       t->config.exact_max;
}

uint32_t evidence_table_slot(struct evidence_table *t, uint32_t cell, uint64_t salt,
			     enum slot_kind kind, uint64_t element, bool *claimed, bool *full)
{
	const uint32_t owner = evidence_table_owner(cell, kind);
	uint32_t i = evidence_table_slot_home(t, salt, kind, element);

	*claimed = *full = false;
	for (int probes = 0; probes < PROBES_MAX; probes++, i = (i + 1) & t->slot_mask) {
		struct slot *s = &t->slots[i];
		/* acquire, paired with the barrier of swap_pair(): owner and element
		 * are written at once, so a seen owner has its element */
		uint32_t seen = atomic_load_explicit(&s->owner, memory_order_acquire);
		if (!seen) {
			*full = exact_used_up(t, cell, kind);
			if (*full)
				return NONE;
			struct packed old = {0, 0};
			if (swap_pair(&s->element, &old, (struct packed){element, owner})) {
				*claimed = true;
				return i;
			}
			seen = (uint32_t)old.high;
		}
		if (seen == owner &&
		    atomic_load_explicit(&s->element, memory_order_relaxed) == element)
			return i;
	}
	*full = exact_used_up(t, cell, kind);
	return NONE;
}

void evidence_table_slot_done(struct evidence_table *t, uint32_t cell, uint32_t slot,
			      enum slot_kind kind, bool claimed)
{
	if (!linked(&t->slots[slot].next))
		evidence_table_link(&t->cells[cell].head, slot, &t->slots->next,
				    sizeof(*t->slots));
	if (!claimed)
		return;
	/* relaxed: counts are bounds and figures, nothing is published by them */
	atomic_fetch_add_explicit(&t->cells[cell].count[kind], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&stripe(t, slot)->entries, 1, memory_order_relaxed);
}

struct block *evidence_table_block(struct evidence_table *t, uint32_t cell)
{
	struct cell *c = &t->cells[cell];
	/* relaxed: blocks are born zero, and every claimer stores the same number */
	uint32_t at = atomic_load_explicit(&c->block, memory_order_relaxed);

	if (at)
		return &t->blocks[at - 1];
	uint64_t key = atomic_load_explicit(&c->key, memory_order_relaxed);
	uint32_t i = (uint32_t)(evidence_table_salt(t, key) % t->config.overflows);
	for (uint32_t n = 0; n < t->config.overflows && n < PROBES_MAX; n++) {
		uint64_t seen = atomic_load_explicit(&t->block_owner[i], memory_order_relaxed);
		if (!seen && atomic_compare_exchange_strong_explicit(
				     &t->block_owner[i], &seen, key, memory_order_relaxed,
				     memory_order_relaxed)) {
			atomic_fetch_add_explicit(&stripe(t, i)->overflows, 1,
						  memory_order_relaxed);
			seen = key;
		}
		if (seen == key) {
			atomic_store_explicit(&c->block, i + 1, memory_order_relaxed);
			return &t->blocks[i];
		}
		i = (i + 1) % t->config.overflows;
	}
	return NULL;
}

void evidence_table_mark_dirty(struct evidence_table *t, uint32_t cell)
{
	struct cell *c = &t->cells[cell];
	uint64_t key = atomic_load_explicit(&c->key, memory_order_relaxed);
	uint32_t head = evidence_table_threat_head(t, (uint32_t)(key >> 36));
	_Atomic uint64_t *word = &t->dirty[head / 64];
	uint64_t bit = UINT64_C(1) << (head % 64);

	/* A read-modify-write even when it is set: either the taker's exchange of
	 * this word comes later and sees our joins (release here, acquire there),
	 * or it came before, and then its clearing of the head's bit is seen below
	 * (acquire here, release there) and the bit is set again. */
	atomic_exchange_explicit(&c->dirty, 1, memory_order_acq_rel);
	if (!(atomic_load_explicit(word, memory_order_acquire) & bit))
		atomic_fetch_or_explicit(word, bit, memory_order_release);
}
