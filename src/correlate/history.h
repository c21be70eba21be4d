/*
 * history - which threats were significant in which Member State, for as long
 * as the rules on recurring incidents look back: at least twice within six
 * months (Implementing Regulation (EU) 2024/2690, Article 4; Delegated
 * Regulation (EU) 2024/1772, Article 8(2)).
 *
 * A record is one (threat, state, candidate), with what was told of it last. Of
 * two versions the higher stands, of equal ones their union in time and the
 * largest of all else: a join, so that a record written twice, or read in any
 * order, is one. A record whose state is no longer significant is withdrawn: it
 * does not recur, and is still there to be explained.
 *
 * On disk a folder of append-only segments (history_segment.h). What is put is
 * in memory at once and on disk after history_sync(). Opening reads all that is
 * sound and counts what is not; a damaged record costs itself.
 *
 * Thread   one owner.
 * Order    sync returns once the records are on the disk.
 * Owns     its folder's *.seg and history.new, while it is open; others may look.
 * Memory   about HISTORY_RECORD_BYTES a record.
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

#define HISTORY_RECORD_BYTES 144

struct history_record {
	uint64_t threat[2];    /* history_threat() */
	uint8_t candidate[16]; /* UUID */
	int64_t first_us, last_us;
	uint32_t version; /* of the candidate, from 1 */
	uint8_t state;	  /* vocab, a Member State */
	bool withdrawn;
	/* what was told of the state with that version, for explain */
	bool raised;	 /* not a watch */
	bool expired;	 /* its window was over, and it was forgotten */
	uint8_t severity, tlp, pap;
	uint8_t score;	 /* of the candidate, hundredths */
	bool entities_exact, records_exact;
	uint64_t profile;     /* history_profile(); criteria are its */
	int64_t decided_us;   /* 0 unknown */
	uint64_t entities, records, users;
	uint32_t origins, sectors, criteria;
};

struct history;
/* Makes the folder if it is not there (its parent is). 0 or -errno with why;
 * -EWOULDBLOCK: another process has it. */
int history_open(struct history **h, const char *dir, uint32_t records_max, char why[256]);
/* To read what another process may have open: nothing is made, locked, removed or written, and
 * nothing can be put. -ENOENT: there is no such folder. */
int history_look(struct history **h, const char *dir, char why[256]);
bool history_looks(const struct history *h);
void history_close(struct history *h); /* what was not synced is lost */

void history_threat(uint8_t kind, const char *id, uint64_t threat[2]);
uint64_t history_profile(const char *id, const char *version);
/* Joins r. 0, -ENOMEM. */
int history_put(struct history *h, const struct history_record *r);
/* Calls fn for the threat's records in this state, withdrawn ones too, in any order. */
void history_find(const struct history *h, const uint64_t threat[2], uint8_t state,
		  void (*fn)(void *arg, const struct history_record *r), void *arg);
/* The same for a candidate's records, by state; looks at all there are. */
void history_candidate(const struct history *h, const uint8_t candidate[16],
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
