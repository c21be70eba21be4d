#include "correlate/evidence_join.h"

#include <assert.h>

#include "config/vocab_impact.h"
#include "correlate/names.h"

/* --- keys and items ------------------------------------------------------ */

static_assert(STATES <= 32 && SECTORS <= 32 && NAMES_THREATS_MAX <= 1 << 27,
	      "27 + 22 + 5 + 5 + 2 + 2 bits: a cell key fits one word");

struct evidence_cell_key evidence_join_unkey(uint64_t k)
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

struct packed evidence_join_pack(const struct evidence_item *i, int32_t bucket)
{
	return evidence_join_pack_at(i->rank, (uint32_t)(i->time_us - bucket * EVIDENCE_BUCKET_US),
				     i->object, i->offset, i->sub, i->by);
}

struct evidence_item evidence_join_unpack(struct packed p, int32_t bucket)
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

/* --- joins --------------------------------------------------------------- */

/* All joins are relaxed: each word stands for itself, and what makes a change
 * known is evidence_table_mark_dirty() after it. */

bool evidence_join_max32(_Atomic uint32_t *p, uint32_t v)
{
	uint32_t old = atomic_load_explicit(p, memory_order_relaxed);

	while (old < v)
		if (atomic_compare_exchange_weak_explicit(p, &old, v, memory_order_relaxed,
							  memory_order_relaxed))
			return true;
	return false;
}

bool evidence_join_max8(_Atomic uint8_t *p, uint8_t v)
{
	uint8_t old = atomic_load_explicit(p, memory_order_relaxed);

	while (old < v)
		if (atomic_compare_exchange_weak_explicit(p, &old, v, memory_order_relaxed,
							  memory_order_relaxed))
			return true;
	return false;
}

bool evidence_join_or32(_Atomic uint32_t *p, uint32_t bits)
{
	if ((atomic_load_explicit(p, memory_order_relaxed) & bits) == bits)
		return false;
	return (atomic_fetch_or_explicit(p, bits, memory_order_relaxed) & bits) != bits;
}

bool evidence_join_or64(_Atomic uint64_t *p, uint64_t bits)
{
	if ((atomic_load_explicit(p, memory_order_relaxed) & bits) == bits)
		return false;
	return (atomic_fetch_or_explicit(p, bits, memory_order_relaxed) & bits) != bits;
}

bool evidence_join_report(_Atomic uint64_t *p, uint8_t pair, uint32_t users, uint32_t duration_s)
{
	if (pair == IMPACT_PAIR_CLAIMS)
		return evidence_join_or64(p, (uint64_t)users << 32 | duration_s);
	uint64_t old = atomic_load_explicit(p, memory_order_relaxed);

	for (;;) {
		uint32_t u = (uint32_t)(old >> 32), d = (uint32_t)old;
		uint64_t new =
			(uint64_t)(u > users ? u : users) << 32 | (d > duration_s ? d : duration_s);
		if (new == old)
			return false;
		if (atomic_compare_exchange_weak_explicit(p, &old, new, memory_order_relaxed,
							  memory_order_relaxed))
			return true;
	}
}

bool evidence_join_sole(_Atomic uint64_t *p, uint16_t sole)
{
	uint64_t old = atomic_load_explicit(p, memory_order_relaxed);

	for (;;) {
		uint16_t joined = evidence_sole_join((uint16_t)old, sole);
		if (joined == old)
			return false;
		if (atomic_compare_exchange_weak_explicit(p, &old, joined, memory_order_relaxed,
							  memory_order_relaxed))
			return true;
	}
}

/* cmpxchg16b: C17's 16-byte atomics may call a lock in libatomic, this cannot. */
bool evidence_join_swap(_Atomic uint64_t *low, struct packed *old, struct packed new)
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

	/* acquire, paired with the full barrier of evidence_join_swap(): in this order */
	again = atomic_load_explicit(high, memory_order_acquire);
	do {
		p.high = again;
		p.low = atomic_load_explicit(low, memory_order_acquire);
		again = atomic_load_explicit(high, memory_order_acquire);
	} while (again != p.high);
	return p;
}

bool evidence_join_item(_Atomic uint64_t *low, struct packed item)
{
	struct packed new = {~item.low, ~item.high}, old = load_pair(low);

	while (evidence_join_less(old, new))
		if (evidence_join_swap(low, &old, new))
			return true;
	return false;
}

bool evidence_join_load_item(const _Atomic uint64_t *low, struct packed *item)
{
	struct packed p = load_pair(low);

	*item = (struct packed){~p.low, ~p.high};
	return p.high != 0;
}
