/*
 * ingest_kafka - telemetry and indicator topics through librdkafka.
 *
 * A consumer group with manual offsets: the engine calls kafka_commit() with
 * the marks it took when the checkpoint holding their effect was durable.
 *
 * Indicator topics are read by every node, whole and from their start each time:
 * in a group of its own, without marks. Records wait for the first end of them,
 * half a minute at most, so that what was known is in force for the first record.
 *
 * Thread   fill by one reader thread; marks and commit by the checkpoint thread,
 *          until close.
 * Order    messages of a partition in order; partitions take turns.
 * Owns     one rd_kafka_t a group; closed by close, within seconds even when no
 *          broker answers.
 * Memory   librdkafka's own threads and queues, bounded by its
 *          queued.max.messages.kbytes (set here); outside the no-malloc rule.
 *          Our own stash holds 4,096 messages, or about 4 MiB of them.
 * Limit    KAFKA_TOPICS_MAX topics, message.max.bytes <= BATCH_BYTES.
 */
#ifndef TOCSIN_INGEST_KAFKA_H
#define TOCSIN_INGEST_KAFKA_H

#include "ingest/ingest.h"

#define KAFKA_TOPICS_MAX 256

struct kafka_topic {
	char name[256];
	const struct source *source; /* NULL: the "source" header of each message names it */
	bool indicators;             /* an indicator topic: messages go to the callback */
};

struct kafka_mark;

struct kafka_message {
	const char *topic;
	const void *key, *payload; /* NULL: there is none; without a payload, a tombstone */
	size_t key_len, len;
	int64_t time_us; /* the broker's or the producer's; 0 none */
};

struct kafka_settings {
	const char *brokers; /* "host:port,..." */
	const char *group;   /* default "tocsin" */
	const struct kafka_topic *topics;
	uint32_t topic_count;
	/* "key=value" librdkafka settings, NULL-terminated, may be NULL. A value may be
	 * "file:PATH" or "env:NAME": the secret is read from there, and never told. */
	const char *const *properties;
	bool stop_at_end; /* finish when every partition's end (as of its assignment) is reached */
	/* For topics marked indicators; called on the reader thread. */
	void (*on_message)(void *arg, const struct kafka_message *m);
	void *arg;
	/* Offsets to start from, from the checkpoint; they win over the group's unless
	 * that is beyond them: then another node has taken what lies between, and a
	 * warning says so. May be NULL. Copied, as everything here but the sources. */
	const struct kafka_mark *marks;
	uint32_t mark_count;
};

struct kafka_mark {
	char topic[256];
	int32_t partition;
	int64_t next_offset; /* first one not yet taken */
};

struct kafka_input;

int kafka_open(struct kafka_input **in, const struct ingest_context *cx,
	       const struct kafka_settings *s, char why[256]);
/* As source_ops.fill. One batch holds messages of one partition only, so batch.object is it. */
int kafka_fill(struct kafka_input *in, struct batch *b, char why[256]);
/* Next offsets after all that fill() has returned: marks for the checkpoint. Returns count. */
uint32_t kafka_marks(struct kafka_input *in, struct kafka_mark *out, uint32_t max);
/* Waits for the answer, 5 s at most. Marks of partitions that went to another member are
 * left out. 0, -ETIMEDOUT, -EIO: nothing is lost, commit again after the next checkpoint. */
int kafka_commit(struct kafka_input *in, const struct kafka_mark *marks, uint32_t count);
void kafka_close(struct kafka_input *in);

#endif
