/*
 * kafka_input - the inside of a Kafka input, shared by ingest_kafka.c (messages
 * to batches) and kafka_group.c (partitions come and go, marks, commits).
 *
 * Thread   the reader thread owns everything; `lock` covers what the
 *          checkpoint thread sees of a partition: assigned and next.
 * Owns     messages in the stash, until they are in a batch.
 * Memory   KAFKA_STASH nodes at open; a partition when it is first assigned.
 * Limit    KAFKA_PARTITIONS_MAX partitions seen in a lifetime.
 */
#ifndef TOCSIN_INGEST_KAFKA_INPUT_H
#define TOCSIN_INGEST_KAFKA_INPUT_H

#include <librdkafka/rdkafka.h>
#include <pthread.h>

#include "ingest/ingest_kafka.h"

#define KAFKA_STASH          4096u
#define KAFKA_PARTITIONS_MAX 16384u
#define KAFKA_REPLY_MS       5000 /* how long a question to the brokers may take */

/* A partition that is or was ours. */
struct kafka_part {
	const struct kafka_topic *topic;
	int32_t partition;
	struct object *object;
	bool assigned;
	bool at_end;          /* its end was reached, at least once */
	int64_t next;         /* after all that fill() returned; -1 not known yet */
	int64_t kept;         /* what next was when the partition was last taken away; else -1 */
	int64_t end;          /* stop_at_end: where it ended when it was assigned; -1 not known */
	uint32_t first, last; /* its messages in the stash, as node + 1; 0 none */
};

struct kafka_node {
	rd_kafka_message_t *msg;
	uint32_t next; /* node + 1 */
};

struct kafka_input {
	struct ingest_context cx;
	struct kafka_topic *topics;
	uint32_t topic_count;
	struct kafka_mark *marks;
	uint32_t mark_count;
	bool stop_at_end;
	void (*on_message)(void *arg, const struct kafka_message *m);
	void *arg;

	/* Telemetry shares its partitions with the group; indicators do not: every
	 * node needs all of them, from the start, so they have a group of their own. */
	rd_kafka_t *records, *feed;
	rd_kafka_queue_t *queue; /* of records */
	bool records_assigned, feed_assigned;
	bool feed_ready;
	uint32_t feed_polls;

	pthread_mutex_t lock;
	struct kafka_part **parts;
	uint32_t part_count;
	uint32_t turn;           /* the partition that comes first next time */
	struct kafka_part *hint; /* of the last message */

	struct kafka_node stash[KAFKA_STASH];
	uint32_t free;    /* node + 1 */
	uint32_t stashed; /* messages in it */
	uint64_t warned_ns, unwarned;
};

/* rd_kafka_conf_set_rebalance_cb. @thread reader */
void kafka_group_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t err,
			   rd_kafka_topic_partition_list_t *list, void *opaque);
/* The partition if it is ours now, else NULL. @thread reader */
struct kafka_part *kafka_group_find(struct kafka_input *in, const char *topic, int32_t partition);
/* Every assigned partition of records (or of the feed) has been read to its end. @thread reader */
bool kafka_group_at_end(const struct kafka_input *in, bool feed);
/* Drops the partition's messages. @thread reader */
void kafka_group_forget(struct kafka_input *in, struct kafka_part *part);
/* One warning each few seconds; the others are counted into the next one. @thread any */
void kafka_group_warn(struct kafka_input *in, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
