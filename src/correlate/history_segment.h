/*
 * history_segment - the bytes of history: segments of fixed-size records.
 *
 * A segment is a header and records, 128 bytes each, little-endian, each with
 * its own checksum, so that a torn or damaged one is told from its neighbours.
 * Segments are numbered; one that replaces all up to a number makes those void:
 * compaction writes such a one whole, renames it into place, and then removes
 * the others. A crash at any point leaves either the old ones or the new one.
 * No segment is appended to by a later process: a torn end stays where it is.
 *
 * Thread   parsing: any. The folder: one owner.
 * Order    a write returns after its data is on the disk (fdatasync), the
 *          folder's entry after fsync of the folder.
 * Owns     nothing but the open segment.
 * Memory   a buffer while it runs.
 * Limit    HISTORY_SEGMENTS_MAX segments a folder.
 */
#ifndef TOCSIN_CORRELATE_HISTORY_SEGMENT_H
#define TOCSIN_CORRELATE_HISTORY_SEGMENT_H

#include "base/durable.h"
#include "correlate/history.h"

#define HISTORY_UNIT	     128
#define HISTORY_SEGMENTS_MAX 65536

struct history_header {
	uint64_t number;
	uint64_t replaces; /* all segments up to this number are void; 0 none */
};

void history_segment_header(const struct history_header *h, uint8_t out[HISTORY_UNIT]);
void history_segment_record(const struct history_record *r, uint8_t out[HISTORY_UNIT]);
/* False: not one, or damaged. */
bool history_segment_read_header(const uint8_t p[HISTORY_UNIT], struct history_header *h);
bool history_segment_read_record(const uint8_t p[HISTORY_UNIT], struct history_record *r);

/* The folder's segments that count, in order of their numbers: fn for each sound record.
 * Void ones are removed. next: the number after the highest. 0 or -errno. */
struct history_found {
	uint64_t next;
	uint64_t segments, records, damaged;
};
int history_segment_load(int dir, void (*fn)(void *arg, const struct history_record *r), void *arg,
			 struct history_found *found);

/* The same of a folder that another process may be writing: nothing is removed, and where its
 * segments change meanwhile it is read again; fn may get a record more than once. */
int history_segment_look(int dir, void (*fn)(void *arg, const struct history_record *r), void *arg,
			 struct history_found *found);

/* A new segment of this number under its name, or (replaces) first as history.new. fd or -errno. */
int history_segment_create(int dir, const struct history_header *h, struct durable *w);
/* history.new, complete, becomes segment number, and those it replaces go. 0 or -errno. */
int history_segment_publish(int dir, const struct history_header *h);

#endif
