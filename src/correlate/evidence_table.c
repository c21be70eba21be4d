#include "correlate/evidence_table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

#include "base/clock.h"

/* --- memory -------------------------------------------------------------- */

static bool power_of_two(uint32_t n, uint32_t min, uint32_t max)
{
	return n >= min && n <= max && (n & (n - 1)) == 0;
}

static bool config_good(const struct evidence_config *c)
{
	return power_of_two(c->cells, 1024, 1u << 28) && power_of_two(c->entries, 1024, 1u << 30) &&
	       c->overflows >= 1 && c->overflows <= 1u << 20 && c->exact_max >= 16 &&
	       c->exact_max <= 65536;
}

static size_t take(size_t *at, size_t count, size_t size)
{
	size_t begin = *at;

	*at = (begin + count * size + 63) & ~(size_t)63;
	return begin;
}

/* As many hits are remembered as fit a core's cache. */
static uint32_t memos(const struct evidence_config *c)
{
	return c->cells < 1u << 16 ? c->cells : 1u << 16;
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
	size_t lost = take(&at, LOST_ROWS * LOST_COLUMNS, sizeof(*t->lost));
	size_t memo = take(&at, memos(c), sizeof(*t->memo));
	size_t tags = take(&at, c->cells / GROUP, sizeof(*t->tags));

	if (base) {
		t->cells = (void *)(base + cells);
		t->slots = (void *)(base + slots);
		t->blocks = (void *)(base + blocks);
		t->block_owner = (void *)(base + owners);
		t->heads = (void *)(base + heads);
		t->dirty = (void *)(base + dirty);
		t->memo = (void *)(base + memo);
		t->lost = (void *)(base + lost);
		t->tags = (void *)(base + tags);
	}
	return (at + 4095) & ~(size_t)4095;
}

size_t evidence_bytes(const struct evidence_config *c)
{
	struct evidence_table t;

	return config_good(c) ? lay_out(&t, c, NULL) + sizeof(t) : 0;
}

uint32_t evidence_parts(const struct evidence_config *c, struct evidence_part out[EVIDENCE_PARTS])
{
	struct evidence_table t;
	const uint64_t lost = LOST_ROWS * LOST_COLUMNS;
	uint64_t rest = evidence_bytes(c);

	if (!rest)
		return 0;
	out[0] = (struct evidence_part){"evidence cells", c->cells, sizeof(*t.cells)};
	out[1] = (struct evidence_part){"their index", c->cells, sizeof(*t.heads) + 1};
	out[2] = (struct evidence_part){"evidence entries", c->entries, sizeof(*t.slots)};
	out[3] = (struct evidence_part){"sketches", c->overflows,
					sizeof(*t.blocks) + sizeof(*t.block_owner)};
	out[4] = (struct evidence_part){"refusals", lost, sizeof(*t.lost)};
	for (int i = 0; i < 5; i++)
		rest -= out[i].count * out[i].bytes_each;
	out[5] = (struct evidence_part){"the table itself", 1, rest};
	return 6;
}

/* Huge pages are worth it from here on, and asked for. */
static bool wants_huge(size_t bytes)
{
	return bytes >= 4u << 20;
}

bool evidence_huge_pages(const struct evidence_config *c)
{
	FILE *f = fopen("/sys/kernel/mm/transparent_hugepage/enabled", "re");
	char modes[64] = "";

	if (!f)
		return false;
	bool there = fgets(modes, sizeof(modes), f) && !strstr(modes, "[never]");
	fclose(f);
	return there && wants_huge(evidence_bytes(c));
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
	if (wants_huge(t->map_bytes))
		madvise(t->map, t->map_bytes, MADV_HUGEPAGE);
	touch(t->map, t->map_bytes);
	lay_out(t, c, t->map);
	t->config = *c;
	t->cell_mask = c->cells - 1;
	t->slot_mask = c->entries - 1;
	t->memo_mask = memos(c) - 1;
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

/* --- claims -------------------------------------------------------------- */

void evidence_table_link(_Atomic uint32_t *head, uint32_t node, void *next_of_0, size_t stride)
{
#define NEXT(n) ((_Atomic uint32_t *)((char *)next_of_0 + (size_t)(n)*stride))
	const uint32_t e = node + 1;

	for (;;) {
		/* acquire: next is read before head (step 3 of the proof) */
		uint32_t next = atomic_load_explicit(NEXT(node), memory_order_acquire);
		if (next & LINKED)
			return;
		/* acquire, paired with the release below: h's fields are seen */
		uint32_t h = atomic_load_explicit(head, memory_order_acquire);
		if (h != e) {
			if (next != h && !atomic_compare_exchange_strong_explicit(
						 NEXT(node), &next, h, memory_order_acq_rel,
						 memory_order_relaxed))
				continue;
			/* before h is covered: pairs with the load of next at the top */
			if (h &&
			    !(atomic_load_explicit(NEXT(h - 1), memory_order_relaxed) & LINKED))
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

/* Claims cell i for key unless it has another; false: another's. */
static bool claim_cell(struct evidence_table *t, uint32_t i, uint64_t key, uint64_t tag)
{
	/* relaxed: a key is written once, and zero fields are valid */
	uint64_t seen = atomic_load_explicit(&t->cells[i].key, memory_order_relaxed);

	if (!seen &&
	    atomic_compare_exchange_strong_explicit(&t->cells[i].key, &seen, key,
						    memory_order_relaxed, memory_order_relaxed)) {
		atomic_fetch_add_explicit(&stripe(t, i)->cells, 1, memory_order_relaxed);
		seen = key;
	}
	if (seen != key)
		return false;
	/* relaxed: who does not see it looks at the key */
	atomic_fetch_or_explicit(&t->tags[i / GROUP], tag << i % GROUP * 8, memory_order_relaxed);
	return true;
}

static uint32_t search_cell(struct evidence_table *t, uint64_t key, uint64_t salt)
{
	const uint64_t tag = evidence_table_tag(salt);
	uint32_t home = evidence_table_cell_home(t, salt);

	for (int probes = 0; probes < PROBES_MAX / GROUP; probes++) {
		/* relaxed: a tag is a hint, written after its key, and once */
		uint64_t word = atomic_load_explicit(&t->tags[home / GROUP], memory_order_relaxed);
		for (uint64_t at = evidence_table_bytes(word, tag); at; at &= at - 1) {
			uint32_t i = home + (uint32_t)__builtin_ctzll(at) / 8;
			if (atomic_load_explicit(&t->cells[i].key, memory_order_relaxed) == key)
				return i;
		}
		for (uint64_t at = evidence_table_bytes(word, 0); at; at &= at - 1) {
			uint32_t i = home + (uint32_t)__builtin_ctzll(at) / 8;
			/* a tag is never 0: a byte above the first that looks like it is 1 */
			if (claim_cell(t, i, key, tag))
				return i;
		}
		home = (home + GROUP) & t->cell_mask;
	}
	return NONE;
}

uint32_t evidence_table_cell(struct evidence_table *t, uint64_t key, uint64_t salt)
{
	uint32_t i = search_cell(t, key, salt);

	if (i != NONE && !linked(&t->cells[i].next))
		evidence_table_link(&t->heads[evidence_table_threat_head(t, (uint32_t)(key >> 36))],
				    i, &t->cells->next, sizeof(*t->cells));
	return i;
}

uint32_t evidence_table_count(const struct slot *more, enum slot_kind kind)
{
	/* relaxed: counts are bounds and figures, nothing is published by them */
	uint64_t counts = atomic_load_explicit(&more->counts, memory_order_relaxed);

	return (uint32_t)(counts >> (kind * COUNT_BITS)) & ((1u << COUNT_BITS) - 1);
}

/* Claims are counted after they are made, so a stale count only lets a few more
 * elements be exact; readers look at how many there are, not at how they are kept. */
static bool exact_used_up(const struct evidence_table *t, uint32_t cell, enum slot_kind kind)
{
	return kind < SLOT_REPORT &&
	       evidence_table_count(evidence_table_more_of(t, cell), kind) >= t->config.exact_max;
}

/* Is this slot the one; a cell's own is known by its owner alone. */
static bool slot_is(const struct slot *s, uint32_t seen, uint32_t owner, enum slot_kind kind,
		    uint64_t element)
{
	return seen == owner &&
	       (kind == SLOT_CELL ||
		atomic_load_explicit(&s->element, memory_order_relaxed) == element);
}

uint32_t evidence_table_slot(struct evidence_table *t, uint32_t cell, uint64_t salt,
			     enum slot_kind kind, uint64_t element, bool *claimed, bool *full)
{
	const uint32_t owner = evidence_table_owner(cell, kind);
	uint32_t i = evidence_table_slot_home(t, salt, kind, element);

	*claimed = *full = false;
	for (int probes = 0; probes < PROBES_MAX; probes++, i = (i + 1) & t->slot_mask) {
		struct slot *s = &t->slots[i];
		/* acquire, paired with the barrier of evidence_join_swap(): owner and element
		 * are written at once, so a seen owner has its element */
		uint32_t seen = atomic_load_explicit(&s->owner, memory_order_acquire);
		if (!seen) {
			*full = exact_used_up(t, cell, kind);
			if (*full)
				return NONE;
			struct packed old = {0, 0};
			if (evidence_join_swap(&s->element, &old,
					       (struct packed){element, owner})) {
				*claimed = true;
				return i;
			}
			seen = (uint32_t)old.high;
		}
		if (slot_is(s, seen, owner, kind, element))
			return i;
	}
	*full = exact_used_up(t, cell, kind);
	return NONE;
}

uint32_t evidence_table_find(const struct evidence_table *t, uint32_t cell, uint64_t salt,
			     enum slot_kind kind, uint64_t element)
{
	const uint32_t owner = evidence_table_owner(cell, kind);
	uint32_t i = evidence_table_slot_home(t, salt, kind, element);

	for (int probes = 0; probes < PROBES_MAX; probes++, i = (i + 1) & t->slot_mask) {
		const struct slot *s = &t->slots[i];
		/* acquire: as in evidence_table_slot() */
		uint32_t seen = atomic_load_explicit(&s->owner, memory_order_acquire);
		if (!seen)
			return NONE;
		if (slot_is(s, seen, owner, kind, element))
			return i;
	}
	return NONE;
}

uint32_t evidence_table_more(struct evidence_table *t, uint32_t cell, uint64_t salt)
{
	struct cell *c = &t->cells[cell];
	/* relaxed: a slot is born zero, and every finder stores the same number */
	uint32_t at = atomic_load_explicit(&c->more, memory_order_relaxed);
	bool claimed, full;

	if (at)
		return at - 1;
	uint32_t i = evidence_table_slot(t, cell, salt, SLOT_CELL, 0, &claimed, &full);
	if (i == NONE)
		return NONE;
	if (claimed)
		atomic_fetch_add_explicit(&stripe(t, i)->entries, 1, memory_order_relaxed);
	atomic_store_explicit(&c->more, i + 1, memory_order_release);
	return i;
}

void evidence_table_slot_done(struct evidence_table *t, uint32_t cell, uint32_t slot,
			      enum slot_kind kind, bool claimed)
{
	struct slot *more = evidence_table_more_of(t, cell);

	if (!linked(&t->slots[slot].next))
		evidence_table_link(&more->head, slot, &t->slots->next, sizeof(*t->slots));
	if (!claimed)
		return;
	if (kind < SLOT_REPORT)
		atomic_fetch_add_explicit(&more->counts, UINT64_C(1) << (kind * COUNT_BITS),
					  memory_order_relaxed);
	atomic_fetch_add_explicit(&stripe(t, slot)->entries, 1, memory_order_relaxed);
}

struct block *evidence_table_block(struct evidence_table *t, uint32_t cell)
{
	struct slot *more = evidence_table_more_of(t, cell);
	/* relaxed: blocks are born zero, and every claimer stores the same number */
	uint32_t at = atomic_load_explicit(&more->block, memory_order_relaxed);

	if (at)
		return &t->blocks[at - 1];
	uint64_t key = atomic_load_explicit(&t->cells[cell].key, memory_order_relaxed);
	uint32_t i = (uint32_t)(evidence_table_salt(t, key) % t->config.overflows);
	for (uint32_t n = 0; n < t->config.overflows && n < PROBES_MAX; n++) {
		uint64_t seen = atomic_load_explicit(&t->block_owner[i], memory_order_relaxed);
		if (!seen && atomic_compare_exchange_strong_explicit(&t->block_owner[i], &seen, key,
								     memory_order_relaxed,
								     memory_order_relaxed)) {
			atomic_fetch_add_explicit(&stripe(t, i)->overflows, 1,
						  memory_order_relaxed);
			seen = key;
		}
		if (seen == key) {
			atomic_store_explicit(&more->block, i + 1, memory_order_relaxed);
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
