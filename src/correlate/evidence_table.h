/*
 * evidence_table - the memory behind evidence.h; for src/correlate/evidence*.c only.
 *
 * Two open-addressing arrays and a pool, claimed by compare-and-swap and never
 * freed while others look:
 *
 *   heads[]   threat hash -> newest cell of the chain       push-only lists
 *   cells[]   one cache line a cell; key is one word
 *   slots[]   one element of one cell: 32 bytes
 *   blocks[]  sketches and best evidence of a cell that outgrew exact_max
 *
 * Zero means "nothing" in every field: a claimed cell or slot is valid as it
 * is, and every field is joined by max or or. Times are kept as microseconds
 * inside the cell's hour; first as its complement, last plus one.
 *
 * Thread   any; compaction alone.
 * Order    a join is relaxed or stronger as needed by nothing but itself; what
 *          makes it seen is the linking (release) and the dirty mark (acq_rel).
 * Owns     one anonymous mapping.
 * Memory   evidence_table_bytes(); touched at init.
 * Limit    PROBES_MAX steps; past them the array counts as full.
 *
 * Why a finished update is always seen. An element is claimed by one thread,
 * which then links it; a second thread that finds it claimed but not LINKED
 * links it itself before it returns, so nobody's update depends on another
 * thread's next step. evidence_table_link() may therefore run for one node in
 * several threads at once. It keeps:
 *   1. a node's next changes only while its LINKED bit is clear, and the bit is
 *      never cleared;
 *   2. whoever pushes on top of head h sets LINKED in h first, so only LINKED
 *      nodes are ever covered;
 *   3. hence no node becomes head twice: to push e, a thread must have read
 *      next(e) unlinked, then head = h, then made next(e) = h. Had e been head
 *      before h was, (2) set LINKED before h became head, and the step that
 *      makes (or finds) next(e) = h fails; so head values never repeat;
 *   4. hence when the compare-and-swap of head from h to e succeeds, head was h
 *      ever since it was read, nobody could have seen a later head, and
 *      next(e) is still h: the list loses nothing and has no cycle.
 * tests/model/ has this and the dirty marks in Spin, step by step.
 */
#ifndef TOCSIN_CORRELATE_EVIDENCE_TABLE_H
#define TOCSIN_CORRELATE_EVIDENCE_TABLE_H

#include <assert.h>
#include <stdatomic.h>

#include "base/hash.h"
#include "correlate/evidence.h"
#include "correlate/evidence_join.h"

#define PROBES_MAX     256
#define LINKED         (1u << 31) /* in a next word */
#define NONE           UINT32_MAX
#define COUNTERS       16
#define TIME_HOURS_MAX 3769296 /* 2400-01-01 in hours since 1970 */

/* Slot kinds: the public ones, and what an entity reported. */
enum slot_kind { SLOT_ENTITY, SLOT_RECORD, SLOT_ORIGIN, SLOT_REPORT, SLOT_KINDS };
static_assert((int)SLOT_ENTITY == (int)EVIDENCE_ENTITY && (int)SLOT_REPORT == (int)EVIDENCE_REPORT,
	      "slot kinds are entry kinds");

struct cell {
	_Atomic uint64_t key;         /* 0 = free; evidence_join_key() */
	_Atomic uint32_t head;        /* newest slot + 1 */
	_Atomic uint32_t next;        /* older cell of the chain + 1, LINKED */
	_Atomic uint32_t first, last; /* ~offset, offset + 1 */
	_Atomic uint32_t count[SLOT_KINDS];
	_Atomic uint32_t block; /* + 1 */
	_Atomic uint32_t marks; /* bit per tlp, bit 8 + pap, bit 16 + kind that has a sketch */
	_Atomic uint32_t dirty;
	uint32_t was, now; /* compaction: where this came from; where what was here went */
};
static_assert(sizeof(struct cell) == 64, "a cell is one cache line");

#define MARK_PAP    8
#define MARK_SKETCH 16

struct slot {
	_Alignas(32) _Atomic uint64_t element; /* claimed together with owner: 16 bytes */
	_Atomic uint32_t owner;                /* 0 = free; evidence_table_owner() */
	_Atomic uint32_t next;                 /* older slot of the cell + 1, LINKED */
	union {
		struct {
			_Atomic uint32_t first, last; /* ENTITY, ORIGIN, REPORT */
			_Atomic uint64_t report;      /* REPORT: users << 32 | duration */
		};
		struct {
			_Atomic uint64_t low, high; /* RECORD: complement of the packed item */
		};
	};
};
static_assert(sizeof(struct slot) == 32, "two slots a cache line");

/* A 128-bit max-join; pairs of words so that loads need no lock. */
struct best {
	_Alignas(16) _Atomic uint64_t low;
	_Atomic uint64_t high;
};
static_assert(sizeof(struct best) == 16, "one cmpxchg16b");

#define SKETCHES 3 /* ENTITY, RECORD, ORIGIN */
struct block {
	_Atomic uint8_t regs[SKETCHES][HLL_REGISTERS];
	struct best best[EVIDENCE_BEST];
};
static_assert(sizeof(struct block) % 64 == 0, "blocks share no cache line");

/* Used counts, striped so that claims in different places do not meet. */
struct counter {
	_Alignas(64) _Atomic uint32_t cells;
	_Atomic uint32_t entries, overflows;
};
static_assert(sizeof(struct counter) == 64, "one line a stripe");

struct evidence_table {
	struct evidence_config config;
	uint64_t seed; /* of this process: where things lie cannot be chosen from outside */
	uint32_t cell_mask, slot_mask;
	_Atomic uint32_t *heads; /* newest cell + 1; as many as cells */
	_Atomic uint64_t *dirty; /* bit per head */
	struct cell *cells;
	struct slot *slots;
	_Atomic uint64_t *block_owner; /* cell key; 0 = free */
	struct block *blocks;
	uint32_t take_from; /* dirty word to begin with. @thread the taker */
	void *map;
	size_t map_bytes;
	struct counter used[COUNTERS];
};

static inline uint64_t evidence_table_salt(const struct evidence_table *t, uint64_t key)
{
	return hash_word(key ^ t->seed);
}

static inline uint32_t evidence_table_slot_home(const struct evidence_table *t, uint64_t salt,
						enum slot_kind kind, uint64_t element)
{
	return (uint32_t)hash_word((element ^ salt) + kind * 0x9e3779b97f4a7c15u) & t->slot_mask;
}

static inline uint32_t evidence_table_owner(uint32_t cell, enum slot_kind kind)
{
	return cell << 3 | ((uint32_t)kind + 1); /* cells are 2^28 at most; never 0 */
}

static inline uint32_t evidence_table_threat_head(const struct evidence_table *t, uint32_t threat)
{
	return (uint32_t)hash_word(threat ^ t->seed) & t->cell_mask;
}

/* The cell of this key, claimed and linked if new; NONE when there is no room. */
uint32_t evidence_table_cell(struct evidence_table *t, uint64_t key, uint64_t salt);
/* The slot of this element, or a free one claimed for it; NONE when there is no
 * room, or when it is new and max elements of its kind are there already (*full).
 * The caller joins its fields, then calls evidence_table_slot_done(). */
uint32_t evidence_table_slot(struct evidence_table *t, uint32_t cell, uint64_t salt,
			     enum slot_kind kind, uint64_t element, bool *claimed, bool *full);
void evidence_table_slot_done(struct evidence_table *t, uint32_t cell, uint32_t slot,
			      enum slot_kind kind, bool claimed);
/* The sketches of a cell; NULL when the pool is used up. */
struct block *evidence_table_block(struct evidence_table *t, uint32_t cell);
void evidence_table_mark_dirty(struct evidence_table *t, uint32_t cell);

/* Puts node (index) on the list at head unless it is on it; next words lie stride apart. */
void evidence_table_link(_Atomic uint32_t *head, uint32_t node, void *next_of_0, size_t stride);

#endif
