/*
 * batch - what a source fills and a worker empties: up to a megabyte of bytes
 * with their positions.
 *
 * Thread   one owner at a time; handed over through a queue.
 * Owns     its buffer. Item spans point into it.
 * Memory   batch_pool_init() takes all batches; they circulate for ever.
 * Limit    BATCH_BYTES of bytes, BATCH_ITEMS_MAX items.
 *
 * Three shapes, told by kind:
 *   BATCH_LINES     one item: many lines of one file. The worker splits them at
 *                   '\n'; a line's position is item.offset + its place in the item.
 *   BATCH_MESSAGES  one item a message (Kafka, the API); a message may hold many
 *                   lines, then a line's position is (item.offset, line number).
 *   BATCH_PACKETS   one item a captured frame; offset is the frame number from 1.
 */
#ifndef TOCSIN_INGEST_BATCH_H
#define TOCSIN_INGEST_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/queue.h"
#include "config/reason.h"
#include "config/source.h"

/* Bytes of payload; BATCH_PAD readable bytes follow the last one, so that
 * vector loads may run past the end. Default record_bytes_max is BATCH_BYTES. */
#define BATCH_BYTES	(1u << 20)
#define BATCH_PAD	64u
#define BATCH_ITEMS_MAX 16384u

enum batch_kind { BATCH_LINES, BATCH_MESSAGES, BATCH_PACKETS };

/* Where records come from: a file, a capture, a topic's partition. */
struct object {
	uint32_t id;	/* index in the registry; in replay ids follow the sorted names */
	uint64_t name;	/* hash of position and source's name: the same in every run */
	char *position; /* "file:PATH", "pcap:PATH", "kafka:TOPIC:PARTITION", "api:NAME" */
	const struct source *source; /* may be NULL for a topic whose messages name theirs */
	char *header;	/* Zeek TSV: the '#' lines at the top, NUL-terminated; else NULL */
	uint8_t format; /* resolved: the source's, or told by the file's content */
};

struct batch_item {
	uint32_t start, len; /* captured bytes, in batch.bytes */
	uint32_t wire_len;   /* packets: length on the wire */
	uint16_t link_type;  /* packets: a DLT_* value */
	int8_t state_claim;  /* a Kafka header's member_state (vocab), -1 none, -2 unreadable */
	uint64_t offset;
	int64_t time_us; /* packets: capture time; messages: broker time; 0 = none */
	const struct source *source; /* NULL: unknown source, count it */
};

struct batch {
	const struct object *object;
	enum batch_kind kind;
	uint32_t items;
	uint32_t used; /* bytes */
	/* What the source itself had to refuse, to be added to the ledger: */
	uint32_t refused[REASON_COUNT];
	struct batch_item *item; /* BATCH_ITEMS_MAX */
	uint8_t *bytes; /* BATCH_BYTES + BATCH_PAD */
};

struct batch_pool {
	struct batch *batches;
	uint32_t count;
	uint8_t *memory;
	struct batch_item *item_memory;
	struct queue free;
};

int batch_pool_init(struct batch_pool *p, uint32_t count); /* 0, -EINVAL, -ENOMEM */
void batch_pool_fini(struct batch_pool *p);
struct batch *batch_get(struct batch_pool *p); /* waits; empty; NULL once the pool is closed */
void batch_put(struct batch_pool *p, struct batch *b);
void batch_reset(struct batch *b);
/* Appends one item's bytes, a message's with a '\n' behind that is not part of it; false
 * when it does not fit (bytes or items). */
bool batch_append(struct batch *b, const void *p, uint32_t len, const struct batch_item *proto);

#endif
