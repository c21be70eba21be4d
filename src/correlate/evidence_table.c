#include "correlate/evidence_table.h"

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

uint32_t evidence_table_more(struct evidence_table *t, uint32_t cell, uint64_t salt, bool *claimed)
{
	struct cell *c = &t->cells[cell];
	/* relaxed: a slot is born zero, and every finder stores the same number */
	uint32_t at = atomic_load_explicit(&c->more, memory_order_relaxed);
	bool full;

	*claimed = false;
	if (at)
		return at - 1;
	uint32_t i = evidence_table_slot(t, cell, salt, SLOT_CELL, 0, claimed, &full);
	if (i == NONE)
		return NONE;
	if (*claimed)
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
