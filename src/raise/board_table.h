/*
 * board_table - where the board keeps its candidates, by threat. Private to
 * board.c, board_snapshot.c and board_restore.c.
 *
 * Thread   one owner.
 * Order    entries of one threat are chained, newest first.
 * Owns     entries and their strings.
 * Memory   heap; the table doubles when it holds as many as it has chains.
 * Limit    UINT32_MAX entries.
 */
#ifndef TOCSIN_RAISE_BOARD_TABLE_H
#define TOCSIN_RAISE_BOARD_TABLE_H

#include "raise/board.h"

/*
 * A snapshot: magic[8] version:u32 length:u64 payload[length] XXH3-64(payload):u64
 *
 * Every number is little-endian and every struct is written field by field, so
 * that neither padding nor a new field changes what an old snapshot means.
 */
#define BOARD_SNAPSHOT_MAGIC   "tocsinbd"
#define BOARD_SNAPSHOT_VERSION 3u

struct board_entry {
	struct board_entry *next;
	uint64_t hash; /* of threat kind and id */
	char id[CANDIDATE_ID_MAX];
	uint32_t version;
	enum candidate_status status;
	uint64_t says;                /* candidate_head.says of the last line */
	int64_t cell_us;              /* that its id was made of */
	/* WITHDRAWN, because it is part of that one: kept so that a line of it that
	 * another node said cannot bring it back. Else "". */
	char superseded_by[CANDIDATE_ID_MAX];
	char profile[BOARD_PROFILE_MAX]; /* under which it was last said; "": a line's */
	struct threat_name threat;    /* strings are the entry's own */
	struct episode episode;       /* as last said; without states: from a line */
};

struct board {
	struct board_entry **entries;
	uint32_t entry_chains; /* a power of two, 0 before the first */
	uint32_t entry_count;
	uint32_t by_status[CANDIDATE_STATUSES];
	uint32_t expired;   /* so far */
	int64_t horizon_us; /* what ended before it is over, evidence left or not */
};

uint64_t board_table_hash(const struct threat_name *threat);
/* A new entry with copies of the threat's strings, not in the table yet; NULL without memory. */
struct board_entry *board_table_new(const struct threat_name *threat);
void board_table_free(struct board_entry *e);
/* Makes room for one more, so that the next add cannot fail. 0, -ENOMEM. */
int board_table_reserve(struct board *b);
void board_table_add(struct board *b, struct board_entry *e);
void board_table_remove(struct board *b, struct board_entry *e); /* and frees it */
/* First entry of the threat, or the next one after e; NULL at the end. */
struct board_entry *board_table_first(const struct board *b, const struct threat_name *threat);
struct board_entry *board_table_next(const struct board_entry *e);

/* The entry of the threat with this id, or NULL. */
struct board_entry *board_table_find(const struct board *b, const struct threat_name *threat,
				     const char *id);

void board_table_clear(struct board *b); /* frees everything in it */

#endif
