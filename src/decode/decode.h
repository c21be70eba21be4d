/*
 * decode - bytes of one record into an event.
 *
 * Thread   a decoder belongs to one worker.
 * Owns     its scratch (unescaped strings); spans die with the next call.
 * Memory   decoder_init() takes everything; nothing is allocated afterwards.
 * Limit    record of BATCH_BYTES; JSON depth DECODE_DEPTH_MAX.
 */
#ifndef TOCSIN_DECODE_DECODE_H
#define TOCSIN_DECODE_DECODE_H

#include "base/arena.h"
#include "base/problem.h"
#include "config/reason.h"
#include "decode/event.h"

#define DECODE_DEPTH_MAX 64
#define DECODE_BYTES_MAX (1u << 20) /* of one text record: a batch's */

struct dialect_index;

struct decoder {
	struct arena scratch;	    /* unescaped strings of the record at hand */
	struct dialect_index *index; /* every path of the built-in dialects */
};

int decoder_init(struct decoder *d); /* 0, -ENOMEM */
void decoder_fini(struct decoder *d);

/*
 * A text record. format is the source's (FORMAT_AUTO: told by content; no JSON
 * object: FORMAT_LINES); header is the Zeek TSV header or NULL; map for
 * FORMAT_MAP. Returns REASON_OK or why the record is refused.
 */
enum reason decode_text(struct decoder *d, enum format format, const struct fieldmap *map,
			const char *header, const char *p, size_t len, struct event *ev);

/* A frame of this link type (DLT_*), captured at time_us. Truncated frames give
 * what can be read; BAD_PACKET when nothing can, LINK_TYPE for foreign links. */
enum reason decode_packet(struct decoder *d, int link_type, const uint8_t *p, size_t caplen,
			  size_t wire_len, int64_t time_us, struct event *ev);

/* Only the event time, without decoding the rest: for watermarks. False if not found cheaply. */
bool decode_time(enum format format, const char *p, size_t len, int64_t *time_us);

/* A user's field map: YAML, "json.path: ecs.name" under "fields:", with
 * "timestamp: json.path" and an optional "name:". NULL with problems told. */
struct fieldmap *fieldmap_load(const char *path, struct problems *ps);
void fieldmap_free(struct fieldmap *m);

#endif
