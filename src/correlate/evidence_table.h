/*
 * evidence_table - the memory behind evidence.h; for src/correlate/evidence*.c only.
 *
 * Two open-addressing arrays and a pool, claimed by compare-and-swap and never
 * freed while others look:
 *
 *   heads[]   threat hash -> newest cell of the chain       push-only lists
 *   cells[]   a cache line a cell; key is one word
 *   inside[]  another: its first SIGHTINGS hits lie inside, whole
 *   tags[]    a byte a cell: some bits of its key's hash, so that a search goes
 *             straight to its cell; 0 says nothing
 *   slots[]   what a cell outgrew: one element of one cell, 32 bytes; or, one a
 *             cell (SLOT_CELL), the list of those, their counts and their times
 *   memo[]    digests of hits that were joined apart: what comes again costs a load
 *   lost[]    what was refused when all this was full
 *   blocks[]  sketches and best evidence of a cell that outgrew exact_max
 *
 * Sightings and slots are unions of the same set: what a hit says is either in
 * one sighting, or joined element by element; readers fold the two together.
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
 *
 * Why a sighting is never half read. Its two words (entity, high) are claimed at
 * once; where hits are named, what it is known by follows, by compare-and-swap from 0;
 * then its digest, never 0, completes it, in the same way. A writer that finds its own
 * words so far goes on with its own next one, whoever claimed it: whose digest it was,
 * the place holds that writer's hit, whole; the others go on to the next place. A place
 * is passed by only when it is known to be another's, and places are never given back,
 * so the same hit has one place. A reader skips what has no digest: nobody's update
 * depending on it is over. Whether hits are named is settled once, before any is.
 *
 * tests/model/ has all this and the dirty marks in Spin, step by step.
 */
#ifndef TOCSIN_CORRELATE_EVIDENCE_TABLE_H
#define TOCSIN_CORRELATE_EVIDENCE_TABLE_H

#include <assert.h>
#include <stdatomic.h>
#include <stddef.h>

#include "base/hash.h"
#include "correlate/evidence.h"
#include "correlate/evidence_join.h"

#define PROBES_MAX     512
#define LINKED         (1u << 31) /* in a next word */
#define NONE           UINT32_MAX
#define COUNTERS       16
#define TIME_HOURS_MAX 3769296 /* 2400-01-01 in hours since 1970 */

/* Slot kinds: the public ones, and what a cell needs to have any. */
enum slot_kind { SLOT_ENTITY, SLOT_RECORD, SLOT_ORIGIN, SLOT_REPORT, SLOT_CELL, SLOT_KINDS };
static_assert((int)SLOT_ENTITY == (int)EVIDENCE_ENTITY && (int)SLOT_REPORT == (int)EVIDENCE_REPORT,
	      "slot kinds are entry kinds");

/*
 * Hits that a cell holds itself: of its first origin, without a report, with a position
 * that no bit is cut of. Four that are known by their positions; or, when the first one
 * has an identity, NAMED of them with what each is known by where the fourth would be.
 * A digest is a hit's word low, hidden under a hash of all the rest of it: who has the
 * hit can tell by this one word, in the cell's first line, that it is there, and who has
 * the rest gets low back.
 */
#define SIGHTINGS 4
#define NAMED     3
struct sighting {
	_Alignas(16) _Atomic uint64_t entity; /* claimed together with high */
	_Atomic uint64_t high;                /* complement of the packed item's; 0 = free */
};

struct cell {
	_Alignas(64) _Atomic uint64_t key; /* 0 = free; evidence_join_key() */
	_Atomic uint64_t origin;            /* of the sightings that have one */
	_Atomic uint32_t next;              /* older cell of the chain + 1, LINKED */
	_Atomic uint32_t more;              /* its SLOT_CELL + 1 */
	_Atomic uint32_t marks; /* bit per tlp, bit 8 + pap, bit 16 + kind that has a sketch; MARK_*
				 */
	_Atomic uint32_t dirty; /* 1; compaction: where it came from << 1 as well */
	_Atomic uint64_t digest[SIGHTINGS]; /* 0 = not complete */
};
static_assert(sizeof(struct cell) == 64, "what tells that a hit is known is one cache line");

/* The rest of a cell, at the same place of its own array: who looks whether a hit is known
 * has half the memory to look in, and half the pages. */
struct inside {
	_Alignas(64) struct sighting at[SIGHTINGS];
};
static_assert(sizeof(struct inside) == 64, "a cell is two lines");

#define MARK_PAP    8
#define MARK_SKETCH 16
#define MARK_PLAIN  (1u << 24) /* one of these two before the first sighting */
#define MARK_NAMED  (1u << 25)

struct slot {
	union {
		_Atomic uint64_t element; /* claimed together with owner: 16 bytes */
		struct {
			_Atomic uint32_t head;  /* CELL: newest slot + 1 */
			_Atomic uint32_t block; /* CELL: + 1 */
		};
	};
	_Atomic uint32_t owner; /* 0 = free; evidence_table_owner() */
	_Atomic uint32_t next;  /* older slot of the cell + 1, LINKED */
	union {
		struct {
			_Atomic uint32_t first, last; /* all but RECORD: ~offset, offset + 1 */
			union {
				_Atomic uint64_t report; /* REPORT: users << 32 | duration */
				_Atomic uint64_t sole;   /* ENTITY */
				_Atomic uint64_t named;  /* ORIGIN */
			};
		};
		struct {
			_Atomic uint64_t low, high; /* RECORD: complement of the packed item */
		};
		struct {
			uint64_t times;          /* first, last */
			_Atomic uint64_t counts; /* CELL: of slots linked, COUNT_BITS a kind */
		};
	};
} __attribute__((aligned(32)));
static_assert(sizeof(struct slot) == 32, "two slots a cache line");
#define COUNT_BITS 20
static_assert(SLOT_REPORT * COUNT_BITS <= 64, "a count for each kind that has a bound");

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

/* What was refused: places of a count-min sketch over (threat, state). */
#define LOST_ROWS    4
#define LOST_COLUMNS 4096
struct lost {
	_Atomic uint64_t count;
	_Atomic int64_t until; /* newest event time + 1 */
};
/* Counts a hit at this time as refused. */
void evidence_lost_add(struct evidence_table *t, uint32_t threat, uint8_t state, int64_t time_us);
void evidence_lost_join(struct lost *l, uint64_t count, int64_t until);
/* Forgets what is older. Alone with the table. */
void evidence_lost_forget(struct evidence_table *t, int64_t before_us);

/* Used counts, striped so that claims in different places do not meet. */
struct counter {
	_Alignas(64) _Atomic uint32_t cells;
	_Atomic uint32_t entries, overflows;
};
static_assert(sizeof(struct counter) == 64, "one line a stripe");

struct evidence_table {
	struct evidence_config config;
	uint64_t seed; /* of this process: where things lie cannot be chosen from outside */
	evidence_object_name *object_name;
	void *object_arg;
	uint32_t cell_mask, slot_mask;
	_Atomic uint32_t *heads; /* newest cell + 1; as many as cells */
	_Atomic uint64_t *dirty; /* bit per head */
	struct cell *cells;
	struct inside *inside;
	_Atomic uint64_t *tags; /* GROUP cells a word */
	struct slot *slots;
	_Atomic uint64_t *block_owner; /* cell key; 0 = free */
	struct block *blocks;
	_Atomic uint64_t *memo;
	uint32_t memo_mask;
	struct lost *lost; /* LOST_ROWS of LOST_COLUMNS */
	_Atomic uint64_t refused;
	uint32_t take_from; /* dirty word to begin with. @thread the taker */
	void *map;
	size_t map_bytes;
	struct counter used[COUNTERS];
};

static inline uint64_t evidence_table_salt(const struct evidence_table *t, uint64_t key)
{
	return hash_word(key ^ t->seed);
}

/* What an object is known by, whatever its number. */
static inline uint64_t evidence_table_object(const struct evidence_table *t, uint32_t object)
{
	return t->object_name ? t->object_name(t->object_arg, object) : (uint64_t)object << 32;
}

/* The search for a cell is linear from here; a group's tags are looked at together. */
#define GROUP 8
static inline uint32_t evidence_table_cell_home(const struct evidence_table *t, uint64_t salt)
{
	return (uint32_t)salt & t->cell_mask & ~(GROUP - 1u);
}

static inline uint64_t evidence_table_tag(uint64_t salt)
{
	return salt >> 56 ? salt >> 56 : 1;
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

/* What lists the slots of a cell; NULL when it has none. */
static inline struct slot *evidence_table_more_of(const struct evidence_table *t, uint32_t cell)
{
	/* acquire, paired with the release in evidence_table_more() */
	uint32_t at = atomic_load_explicit(&t->cells[cell].more, memory_order_acquire);

	return at ? &t->slots[at - 1] : NULL;
}

/* The uppermost bit of each byte of word that is b: exact up to the first one, and
 * above it never too few. */
static inline uint64_t evidence_table_bytes(uint64_t word, uint64_t b)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), x = word ^ b * ones;

	return (x - ones) & ~x & ones << 7;
}

/* Where in the group of this place (its first, but for the second guess) the cell of this
 * salt may be: at the place or behind it; NONE: nowhere. *full: all have a cell. */
static inline uint32_t evidence_table_in_group(const struct evidence_table *t, uint32_t place,
					       uint64_t salt, bool *full)
{
	/* relaxed: a tag is a hint, written after its key, and once */
	uint64_t word = atomic_load_explicit(&t->tags[place / GROUP], memory_order_relaxed);
	uint64_t at = evidence_table_bytes(word, evidence_table_tag(salt)) >> place % GROUP * 8;

	*full = !evidence_table_bytes(word, 0);
	return at ? place + (uint32_t)__builtin_ctzll(at) / 8 : NONE;
}

/* Where the cell of this key is if it is where most are; else NONE, or another's cell. */
static inline uint32_t evidence_table_guess(const struct evidence_table *t, uint64_t salt)
{
	uint32_t home = evidence_table_cell_home(t, salt);
	bool full;
	uint32_t guess = evidence_table_in_group(t, home, salt, &full);

	if (guess == NONE && full) /* then the search goes on in the next one */
		guess = evidence_table_in_group(t, (home + GROUP) & t->cell_mask, salt, &full);
	return guess;
}

/* Of a hit (high with its mark of an origin; record 0 where its position says it all).
 * Under the table's seed: no hit can be made to look like another. */
static inline uint64_t evidence_sighting_digest(const struct evidence_table *t, uint64_t entity,
						struct packed item, uint64_t record)
{
	uint64_t rest = hash_pair(t->seed ^ entity, item.high);

	return ~item.low ^ (record ? hash_word(rest ^ record) : rest);
}

/* Is the hit of this digest in this cell, complete? */
static inline bool evidence_sighting_known(const struct cell *c, bool named, uint64_t digest)
{
	bool found = false;

	for (uint32_t i = 0; i < NAMED; i++)
		/* acquire: the digest is written last, and then all of it is there */
		found |= atomic_load_explicit(&c->digest[i], memory_order_acquire) == digest;
	found |= !named & (atomic_load_explicit(&c->digest[NAMED], memory_order_acquire) == digest);
	return found & (digest != 0);
}

/* The cell of this key, claimed and linked if new; NONE when there is no room. */
uint32_t evidence_table_cell(struct evidence_table *t, uint64_t key, uint64_t salt);
/* The SLOT_CELL of a cell, claimed if new; NONE when there is no room. */
uint32_t evidence_table_more(struct evidence_table *t, uint32_t cell, uint64_t salt, bool *claimed);
/* The slot of this element, or a free one claimed for it; NONE when there is no
 * room, or when it is new and max elements of its kind are there already (*full).
 * The cell has a SLOT_CELL. The caller joins the slot's fields, then calls
 * evidence_table_slot_done(). */
uint32_t evidence_table_slot(struct evidence_table *t, uint32_t cell, uint64_t salt,
			     enum slot_kind kind, uint64_t element, bool *claimed, bool *full);
void evidence_table_slot_done(struct evidence_table *t, uint32_t cell, uint32_t slot,
			      enum slot_kind kind, bool claimed);
/* The slot of this element; NONE when there is none. */
uint32_t evidence_table_find(const struct evidence_table *t, uint32_t cell, uint64_t salt,
			     enum slot_kind kind, uint64_t element);
/* The sketches of a cell; NULL when the pool is used up. */
struct block *evidence_table_block(struct evidence_table *t, uint32_t cell);
void evidence_table_mark_dirty(struct evidence_table *t, uint32_t cell);

/* Slots of the cell of this kind, linked: never more than there are. */
uint32_t evidence_table_count(const struct slot *more, enum slot_kind kind);

/* What a hit brings to its cell. */
struct joining {
	uint64_t entity, origin, identity; /* 0 = none */
	struct packed item;
	uint32_t object, sub; /* the position, with the bits that the item may have lost */
	uint64_t offset;
	bool summarise;
	uint8_t pair; /* which two measures follow, as in the observation */
	uint32_t users, duration_s;
};
/* What its record is known by. */
static inline uint64_t evidence_table_record(const struct evidence_table *t,
					     const struct joining *j)
{
	return j->identity ? j->identity
			   : evidence_join_position(evidence_table_object(t, j->object), j->sub,
						    j->offset);
}
/* Joins j into the cell, inside or apart; true when that changed something.
 * *rc is -ENOSPC when there was no room for a part of it, else left alone; claims
 * is added to, unless it is NULL. */
bool evidence_table_join(struct evidence_table *t, uint32_t cell, uint64_t salt,
			 const struct joining *j, int *rc, struct evidence_claims *claims);

/* An element that the sightings of a cell hold, united with its slot if it has one. */
struct folded {
	enum slot_kind kind;
	uint64_t element;
	uint32_t first, last; /* offsets in the hour */
	struct packed item;   /* RECORD */
	uint64_t named;       /* ORIGIN */
	uint16_t sole;        /* ENTITY */
	uint32_t slot;        /* + 1; 0 = none */
};
#define FOLDED_MAX (2 * SIGHTINGS + 1)
uint32_t evidence_sighting_fold(const struct evidence_table *t, uint32_t cell, bool with_slots,
				struct folded out[FOLDED_MAX]);
/* Sighting i of the cell; false when there is none, or not yet. */
bool evidence_sighting_get(const struct evidence_table *t, uint32_t cell, uint32_t i,
			   struct joining *j);
/* Does a sighting name this origin? */
bool evidence_sighting_of(const struct evidence_table *t, uint32_t cell, uint64_t origin);
/* Is j, just put inside, what its origin began with there? Of one hit only, ever. */
bool evidence_sighting_first(const struct evidence_table *t, uint32_t cell,
			     const struct joining *j);
enum sighting_place { SIGHTING_KNOWN, SIGHTING_NEW, SIGHTING_APART };
/* Puts j inside the cell unless it is there, or has to be kept apart. */
enum sighting_place evidence_sighting_put(struct evidence_table *t, uint32_t cell,
					  const struct joining *j);

/* Puts node (index) on the list at head unless it is on it; next words lie stride apart. */
void evidence_table_link(_Atomic uint32_t *head, uint32_t node, void *next_of_0, size_t stride);

#endif
