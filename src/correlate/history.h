/*
 * history - which threats were significant in which Member State, for as long
 * as the rules on recurring incidents look back: at least twice within six
 * months (Implementing Regulation (EU) 2024/2690, Article 4; Delegated
 * Regulation (EU) 2024/1772, Article 8(2)).
 *
 * A record is one (threat, state, candidate). Of two versions the higher stands,
 * of equal ones their union in time: a join, so that a record written twice, or
 * read in any order, is one. A record whose state is no longer significant is
 * withdrawn and not told.
 *
 * On disk a folder of append-only segments (history_segment.h). What is put is
 * in memory at once and on disk after history_sync(). Opening reads all that is
 * sound and counts what is not; a damaged record costs itself.
 *
 * Thread   one owner.
 * Order    sync returns once the records are on the disk.
 * Owns     its folder's *.seg and history.new, while it is open; nobody else may.
 * Memory   about 80 bytes a record.
 * Limit    records_max records; beyond it the oldest go, counted. Records end
 *          HISTORY_KEEP_US before the newest.
 */
#ifndef TOCSIN_CORRELATE_HISTORY_H
#define TOCSIN_CORRELATE_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HISTORY_SPAN_US INT64_C(15897600000000) /* 184 days: no six months are longer */
#define HISTORY_KEEP_US INT64_C(21254400000000) /* 246: and no clock believed is further ahead */

struct history_record {
	uint64_t threat[2];    /* history_threat() */
	uint8_t candidate[16]; /* UUID */
	int64_t first_us, last_us;
	uint32_t version; /* of the candidate, from 1 */
	uint8_t state;	  /* vocab, a Member State */
	bool withdrawn;
};

struct history;
/* Makes the folder if it is not there (its parent is). 0 or -errno with why;
 * -EWOULDBLOCK: another process has it. */
int history_open(struct history **h, const char *dir, uint32_t records_max, char why[256]);
void history_close(struct history *h); /* what was not synced is lost */

void history_threat(uint8_t kind, const char *id, uint64_t threat[2]);
/* Joins r. 0, -ENOMEM. */
int history_put(struct history *h, const struct history_record *r);
/* Calls fn for the threat's records in this state, withdrawn ones too, in any order. */
void history_find(const struct history *h, const uint64_t threat[2], uint8_t state,
		  void (*fn)(void *arg, const struct history_record *r), void *arg);
/* On disk, all of it; compacts when there is much that no longer counts. 0 or -errno:
 * call it again, nothing is given up. */
int history_sync(struct history *h);

struct history_usage {
	uint64_t records;  /* known */
	uint64_t on_disk;  /* in segments, older versions included */
	uint64_t unsynced;
	uint64_t dropped;  /* for want of room: the oldest */
	uint64_t damaged;  /* records, headers and rests that were not sound when read */
	bool io_uring;
};
void history_usage(const struct history *h, struct history_usage *u);

#endif
