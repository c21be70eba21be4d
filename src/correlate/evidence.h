/*
 * evidence - what is known of each threat in each Member State, as a lock-free
 * table of joins.
 *
 * A cell is one (threat, state, sector, class, severity, hour). Making sector,
 * class and severity part of the key keeps every criterion exact: whatever is
 * counted is counted per lane and united when it is judged. Every field of a
 * cell has a join that is commutative, associative and idempotent:
 *
 *   entities           exact entries (with first and last time) up to
 *                      exact_max a cell, HyperLogLog beyond
 *   records, origins   the same way; a record is known by its identity, else by
 *                      its position: what its object is called, and where in it
 *   sole origin        of an entity: who alone named it, or that several did
 *   named              of an origin: 64 bits or-ed
 *   users, duration    max per entity, with first and last time of its reports; so
 *                      every other pair of measures that an entity reports, and
 *                      the union of its claims (config/vocab_impact.h)
 *   first, last        min, max
 *   tlp, pap           max
 *   best evidence      the smallest by (rank, time, position): every record while
 *                      they are exact, EVIDENCE_BEST hash classes' smallest beyond
 *
 * Exact or not is a property of the set, never of the order it came in: a cell
 * with at most exact_max distinct elements of a kind has them all as entries; a
 * cell with more may keep any of them as entries, and a reader folds those into
 * the sketch (evidence_read_sketch does), so that it sees the same either way.
 *
 * Thread   evidence_update: any number of writers, no lock, no allocation.
 *          evidence_read*: any time, sees a join of some of the updates so far,
 *          all of those that happened before. evidence_take_dirty: one thread.
 *          snapshot: one thread, while others read and write. restore and
 *          compact: while nobody else calls anything.
 * Order    a slot is claimed by compare-and-swap on its key; an entry is
 *          written before it is pushed on its cell's list (release), and
 *          readers walk lists with acquire. evidence_table.h has the proof.
 * Owns     its memory, until evidence_fini().
 * Memory   evidence_init() takes and touches everything; restore buffers the
 *          snapshot while it runs.
 *          A cell of up to four hits of one origin, known by their positions (or three,
 *          of which the first has an identity), is 128 bytes and all there is; what
 *          outgrows that takes entries of 32.
 * Limit    as configured; an update that finds no room returns -ENOSPC, and is
 *          counted for evidence_lost(). Reports have no bound of their own below
 *          that of all entries. Reported users and durations are kept up to
 *          UINT32_MAX.
 */
#ifndef TOCSIN_CORRELATE_EVIDENCE_H
#define TOCSIN_CORRELATE_EVIDENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/vocab.h"
#include "correlate/hll.h"

#define EVIDENCE_BUCKET_US INT64_C(3600000000) /* one hour of event time */
#define EVIDENCE_BEST      8                   /* evidence kept of a cell that outgrew exact_max */
/* Origins whose upper 16 bits are these came second-hand: whatever many relays tell, they tell
 * as one. The rest says which relay, so that one alone can be told from several. */
#define EVIDENCE_RELAYED       UINT64_C(0x7265000000000000)
#define EVIDENCE_REPORTER_BITS 60 /* of an entity in its reports; the rest is the pair */

struct evidence_config {
	uint32_t cells;     /* power of two, 1024..2^28 */
	uint32_t entries;   /* power of two, 1024..2^30; entities, positions, origins, reports */
	uint32_t overflows; /* cells that may outgrow exact_max, 1..2^20 */
	uint32_t exact_max; /* exact entities, positions, and origins, a cell: 16..65536 */
};

struct evidence_table;

static inline bool evidence_relayed(uint64_t origin)
{
	return origin >> 48 == EVIDENCE_RELAYED >> 48;
}

/*
 * Who alone named something, in 16 bits: a lattice under evidence_sole_join().
 * Nobody < one relay < several relays < one origin < several. One of them is known
 * by a digest: two origins share one with probability 2^-16, two relays with 2^-12,
 * and then count as one.
 */
enum { SOLE_NOBODY = 0, SOLE_RELAYED = 0xfff, SOLE_SEVERAL = 0xffff };
static inline uint16_t evidence_sole(uint64_t origin)
{
	return origin == 0 ? SOLE_NOBODY
	       : evidence_relayed(origin)
		       ? (uint16_t)(1 + origin % (SOLE_RELAYED - 1))
		       : (uint16_t)(SOLE_RELAYED + 1 + origin % (SOLE_SEVERAL - SOLE_RELAYED - 1));
}
static inline uint16_t evidence_sole_join(uint16_t a, uint16_t b)
{
	const uint16_t low = a < b ? a : b, high = a < b ? b : a;

	if (low == high || low == SOLE_NOBODY)
		return high;
	if (low > SOLE_RELAYED)
		return SOLE_SEVERAL;
	return high > SOLE_RELAYED ? high : SOLE_RELAYED;
}
/* Nothing but relays named it. */
static inline bool evidence_sole_relayed(uint16_t sole)
{
	return sole != SOLE_NOBODY && sole <= SOLE_RELAYED;
}

/* The entities that one origin named, as a set in 64 bits: never more than there are. */
static inline uint64_t evidence_named(uint64_t entity)
{
	return entity ? UINT64_C(1) << (entity >> 32) % 64 : 0;
}

/* What the reports of an entity know it by. */
static inline uint64_t evidence_reporter(uint64_t entity)
{
	return entity & ((UINT64_C(1) << EVIDENCE_REPORTER_BITS) - 1);
}

/* One hit, ready to be joined. */
struct observation {
	uint32_t threat; /* number in names, from 1 */
	uint32_t by;     /* number in names, from 1 */
	uint8_t state, sector, tlp, pap;
	uint8_t hit_class; /* CLASS_NONE: suppressed by a benign list (by says which); CLASS_TEST:
			      exercise */
	uint8_t severity;
	uint8_t rank;        /* 0 best .. 3 */
	/* Which two measures users and duration_s stand for: measures 2 * pair and
	 * 2 * pair + 1 (0: what they say); IMPACT_PAIR_CLAIMS: bits, high and low half.
	 * What an entity reports beyond one pair is the same observation once more. */
	uint8_t pair;
	int64_t time_us;     /* 1970..2400 */
	uint64_t entity;     /* keyed hash; 0 = nobody named */
	uint64_t origin;     /* hash of the independent origin; EVIDENCE_RELAYED; 0 = none */
	uint64_t identity;   /* of the observation, whoever relays it; 0: its position is */
	uint32_t object;     /* position: object id (18 bits are kept) */
	uint32_t sub;        /* line in a message (12 bits are kept) */
	uint64_t offset;     /* byte, frame or Kafka offset (40 bits are kept in evidence; the count
				uses all) */
	bool summarise;      /* sketch its entity and record: take no entry for them */
	uint64_t users;      /* reported users affected, 0 none */
	uint64_t duration_s; /* reported duration, 0 none */
};

int evidence_init(struct evidence_table **t,
		  const struct evidence_config *c); /* 0, -EINVAL, -ENOMEM */
void evidence_fini(struct evidence_table *t);
/* What an object is known by, the same in every run and order of opening: sketches of records
 * then are too. Before anything is joined; without it, its number. @thread any */
typedef uint64_t evidence_object_name(void *arg, uint32_t object);
void evidence_objects(struct evidence_table *t, evidence_object_name *name, void *arg);
size_t
evidence_bytes(const struct evidence_config *c); /* what init will take; 0: not a good config */

/* What these bytes are made of; 0: not a good config. */
struct evidence_part {
	const char *what;
	uint64_t count, bytes_each;
};
#define EVIDENCE_PARTS 6
uint32_t evidence_parts(const struct evidence_config *c, struct evidence_part out[EVIDENCE_PARTS]);
/* Will the kernel be asked for huge pages, and may it give them? */
bool evidence_huge_pages(const struct evidence_config *c);

/* Joins o. 0; -ENOSPC when cells or entries are full (what could be joined is);
 * -ERANGE when the time or a number does not fit. @thread any */
int evidence_update(struct evidence_table *t, const struct observation *o);
/* The same, and what of the table was claimed for it. */
struct evidence_claims {
	uint32_t entries;
	uint32_t cells; /* 1: new to this origin */
};
int evidence_update_claims(struct evidence_table *t, const struct observation *o,
			   struct evidence_claims *claims);
/* The same for n of them, waiting for memory once for several; how many were not (wholly)
 * joined. What came of each is left in outcomes, unless that is NULL. @thread any */
struct evidence_outcome {
	int rc; /* as evidence_update() */
	struct evidence_claims claims;
};
uint32_t evidence_update_many(struct evidence_table *t, const struct observation *o, uint32_t n,
			      struct evidence_outcome *outcomes);

/* --- reading ------------------------------------------------------------ */

struct evidence_cell_key {
	uint32_t threat;
	uint8_t state, sector, hit_class, severity;
	int32_t bucket; /* hours since 1970 */
};

/* One of a cell's best pieces of evidence. */
struct evidence_item {
	uint8_t rank;
	int64_t time_us;
	uint32_t object, sub, by;
	uint64_t offset;
};

enum evidence_kind {
	EVIDENCE_ENTITY,
	EVIDENCE_RECORD,
	EVIDENCE_ORIGIN,
	EVIDENCE_REPORT, /* what an entity reported */
	EVIDENCE_KINDS
};

struct evidence_entry {
	uint8_t kind;
	uint8_t pair;  /* REPORT: as in the observation */
	uint64_t hash; /* entity (of a REPORT its low EVIDENCE_REPORTER_BITS), position hash or
			  origin */
	int64_t first_us,
		last_us; /* ENTITY, ORIGIN, REPORT: of its hits, or reports, in this cell */
	uint64_t users, duration_s; /* REPORT: the largest of this hour */
	uint16_t sole;              /* ENTITY: see evidence_sole() */
	uint64_t named; /* ORIGIN: a bit per entity it named in this cell, by hash: evidence_named() */
	struct evidence_item item; /* RECORD */
};

struct evidence_cell {
	struct evidence_cell_key key;
	uint8_t tlp, pap;
	int64_t first_us, last_us;
	uint32_t entities, records, origins; /* exact entries */
	/* More than exact_max distinct: which of them are entries, and with which
	 * times, is chance; judge by the sketch and by the cell's first and last. */
	bool entities_over, records_over, origins_over;
	uint32_t index; /* for evidence_read_entries */
};

/* Threats that changed since the last call (each once), up to max; the flag of
 * each is cleared before its evidence is read. @thread one */
uint32_t evidence_take_dirty(struct evidence_table *t, uint32_t *threats, uint32_t max);
/* Calls fn for every cell of the threat, and for every entry of a cell; while writers
 * are on, an element that is just growing out of its cell may be told twice. */
void evidence_read_cells(const struct evidence_table *t, uint32_t threat,
			 void (*fn)(void *arg, const struct evidence_cell *c), void *arg);
void evidence_read_entries(const struct evidence_table *t, uint32_t cell,
			   void (*fn)(void *arg, const struct evidence_entry *e), void *arg);
/* Joins the cell's elements of a kind (ENTITY, RECORD, ORIGIN), entries and
 * sketch, into regs[HLL_REGISTERS]. */
void evidence_read_sketch(const struct evidence_table *t, uint32_t cell, enum evidence_kind kind,
			  uint8_t *regs);
/* The cell's smallest items of each hash class, entries and sketch-time evidence
 * alike, up to EVIDENCE_BEST; the smallest of all is among them. Returns count. */
uint32_t evidence_read_best(const struct evidence_table *t, uint32_t cell,
			    struct evidence_item out[EVIDENCE_BEST]);

struct evidence_usage {
	uint32_t cells, entries, overflows; /* used */
	uint64_t refused;                   /* hits that found no room for a part */
	struct evidence_config capacity;
};
void evidence_usage(const struct evidence_table *t, struct evidence_usage *u);

/* What a threat lacks in a state because the table was full. Both are bounds that hold
 * always: never too low, and too high only by chance. Kept by snapshots. */
struct evidence_loss {
	uint64_t refused_max;      /* hits; the same hit as often as it was refused */
	int64_t complete_since_us; /* no hit of this event time or later was refused; 0 = none at
				      all */
};
struct evidence_loss evidence_lost(const struct evidence_table *t, uint32_t threat, uint8_t state);

/* --- quiescent: no other call meanwhile --------------------------------- */

/* Joins a cell of another table (cell: as read from it) into this one: the union, in any
 * order, as often as may be. 0, -ENOSPC. Only `from` has to be quiescent. */
int evidence_merge_cell(struct evidence_table *t, const struct evidence_table *from, uint32_t cell);
/* Forgets every bucket before oldest_bucket and packs the rest. */
void evidence_compact(struct evidence_table *t, int32_t oldest_bucket);
/* Writes the whole table through write (0 or -errno each); versioned, checksummed. Workers
 * may be on: it holds at least what happened before the call. @thread one, not compact's */
int evidence_snapshot(const struct evidence_table *t,
		      int (*write)(void *arg, const void *p, size_t len), void *arg);
/* The same of one threat's cells alone. */
int evidence_snapshot_threat(const struct evidence_table *t, uint32_t threat,
			     int (*write)(void *arg, const void *p, size_t len), void *arg);
/* Joins a snapshot into the table. read: bytes read, 0 at the end, -errno.
 * -EBADMSG: not a snapshot, or damaged; then the table holds nothing of it.
 * -ENOSPC: the table is too small; what could be joined is. -ENOMEM. */
int evidence_restore(struct evidence_table *t, int64_t (*read)(void *arg, void *p, size_t len),
		     void *arg);
/* The same where names is what numbered the threats and by-names: a snapshot with a
 * number that names has not handed out is -EBADMSG too. */
struct names;
int evidence_restore_named(struct evidence_table *t, const struct names *names,
			   int64_t (*read)(void *arg, void *p, size_t len), void *arg);

#endif
