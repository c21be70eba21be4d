/*
 * evidence_join - how one word, or two, of a cell grows; and how a cell's key
 * and an item of evidence are packed into them. For evidence*.c only.
 *
 * Thread   any; lock-free. A join that changes nothing only loads.
 * Order    relaxed: each word stands for itself. What makes a change known is
 *          evidence_table_mark_dirty(), or the linking, after it.
 * Owns     nothing.
 * Memory   none.
 * Limit    cells of one hour; 18 bits of object, 40 of offset, 12 of sub.
 */
#ifndef TOCSIN_CORRELATE_EVIDENCE_JOIN_H
#define TOCSIN_CORRELATE_EVIDENCE_JOIN_H

#include <stdatomic.h>

#include "base/hash.h"
#include "correlate/evidence.h"

/* A packed evidence item; a smaller one is better evidence. */
struct packed {
	uint64_t low, high;
};

/* In high, and the uppermost of the offset's bits: a sighting's mark of an origin. */
#define PACKED_ORIGIN (UINT64_C(1) << 11)

/* What is cut of this position when it is packed, with PACKED_ORIGIN to spare; 0: nothing. */
static inline uint64_t evidence_join_cut(uint32_t object, uint32_t sub, uint64_t offset)
{
	return object >> 18 | sub >> 12 | offset >> 39;
}

/* What a record is known by: every bit of the position counts, though evidence keeps fewer.
 * name: evidence_table_object(). */
static inline uint64_t evidence_join_position(uint64_t name, uint32_t sub, uint64_t offset)
{
	return hash_pair(name + sub, offset);
}

static inline bool evidence_join_less(struct packed a, struct packed b)
{
	return a.high < b.high || (a.high == b.high && a.low < b.low);
}

/* A cell's key; bucket is the observation's. */
static inline uint64_t evidence_join_key(const struct observation *o, uint32_t bucket)
{
	return (uint64_t)o->threat << 36 | (uint64_t)bucket << 14 | (uint64_t)o->state << 9 |
	       (uint64_t)o->sector << 4 | (uint64_t)o->hit_class << 2 | o->severity;
}

/* rank 2 | time in the hour 32 | object 18 | offset 40 | sub 12 | by 24 */
static inline struct packed evidence_join_pack_at(uint8_t rank, uint32_t us, uint32_t object,
						  uint64_t offset, uint32_t sub, uint32_t by)
{
	return (struct packed){
		.high = (uint64_t)rank << 62 | (uint64_t)us << 30 |
			(uint64_t)(object & ((1 << 18) - 1)) << 12 | (offset >> 28 & 4095),
		.low = offset << 36 | (uint64_t)(sub & 4095) << 24 | (by & ((1 << 24) - 1)),
	};
}

struct evidence_cell_key evidence_join_unkey(uint64_t key);
struct packed evidence_join_pack(const struct evidence_item *i, int32_t bucket);
struct evidence_item evidence_join_unpack(struct packed p, int32_t bucket);

/* True when they changed something. */
bool evidence_join_max32(_Atomic uint32_t *p, uint32_t v);
bool evidence_join_or32(_Atomic uint32_t *p, uint32_t bits);
bool evidence_join_or64(_Atomic uint64_t *p, uint64_t bits);
bool evidence_join_max8(_Atomic uint8_t *p, uint8_t v);
/* Max of each half; of the pair of claims, the union of all bits. */
bool evidence_join_report(_Atomic uint64_t *p, uint8_t pair, uint32_t users, uint32_t duration_s);
/* What a report of this pair is known by; the pair is its highest bits. */
static inline uint64_t evidence_join_reporter(uint64_t entity, uint8_t pair)
{
	return (uint64_t)pair << EVIDENCE_REPORTER_BITS | evidence_reporter(entity);
}
bool evidence_join_sole(_Atomic uint64_t *p, uint16_t sole);
bool evidence_join_item(_Atomic uint64_t *low, struct packed item); /* high follows low */
bool evidence_join_load_item(const _Atomic uint64_t *low, struct packed *item); /* false: nothing */
/* Compare-and-swap of a 16-byte aligned pair, a full barrier; old is what was there. */
bool evidence_join_swap(_Atomic uint64_t *low, struct packed *old, struct packed new);

#endif
