#include "ingest/ingest_kafka.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "config/vocab.h"
#include "ingest/kafka_conf.h"
#include "ingest/kafka_input.h"

#define FETCH          256        /* messages taken from librdkafka at once */
#define FETCH_BYTES    (4u << 20) /* of which this many fill the stash well enough */
#define FETCH_WAIT_MS  100
#define FEED_MESSAGES  1000 /* indicators a fill */
#define FEED_POLLS_MAX 300  /* of FETCH_WAIT_MS: after that, records do not wait for the feed */
#define CLOSE_WAIT_MS  5000
#define CLOSE_SLICE_MS 50

/* librdkafka's threads; what concerns the user comes through on_error(). */
static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
	(void)rk;
	log_line(level <= 2 ? LOG_ERROR : LOG_DEBUG, "kafka: %s: %s", facility, text);
}

static void on_error(rd_kafka_t *rk, int err, const char *reason, void *opaque)
{
	(void)rk;
	kafka_group_warn(opaque, "%s: %s", rd_kafka_err2name((rd_kafka_resp_err_t)err), reason);
}

static int subscribe(struct kafka_input *in, rd_kafka_t *rk, bool indicators, char why[256])
{
	rd_kafka_topic_partition_list_t *list =
		rd_kafka_topic_partition_list_new((int)in->topic_count);

	for (uint32_t i = 0; i < in->topic_count; i++)
		if (in->topics[i].indicators == indicators)
			rd_kafka_topic_partition_list_add(list, in->topics[i].name,
							  RD_KAFKA_PARTITION_UA);
	rd_kafka_resp_err_t err = rd_kafka_subscribe(rk, list);
	rd_kafka_topic_partition_list_destroy(list);
	if (err)
		snprintf(why, 256, "kafka: subscribe: %s", rd_kafka_err2str(err));
	return err ? -EINVAL : 0;
}

/* A consumer of the telemetry topics or of the indicator topics; NULL with why. */
static rd_kafka_t *consumer(struct kafka_input *in, const struct kafka_settings *s, bool indicators,
			    char why[256])
{
	char group[512], host[64] = "", reason[200];
	const char *name = s->group ? s->group : "tocsin";

	gethostname(host, sizeof(host) - 1);
	if (indicators)
		snprintf(group, sizeof(group), "%.256s-indicators-%s-%d", name, host,
			 (int)getpid());
	else
		snprintf(group, sizeof(group), "%.256s", name);
	rd_kafka_conf_t *conf = kafka_conf_make(s->brokers, group, s->properties, why);
	if (!conf)
		return NULL;
	rd_kafka_conf_set_opaque(conf, in);
	rd_kafka_conf_set_log_cb(conf, on_log);
	rd_kafka_conf_set_error_cb(conf, on_error);
	rd_kafka_conf_set_rebalance_cb(conf, kafka_group_rebalance);
	rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, reason, sizeof(reason));
	if (!rk) {
		/* it names properties that do not go together, and no values */
		snprintf(why, 256, "kafka: %s", reason);
		rd_kafka_conf_destroy(conf);
		return NULL;
	}
	rd_kafka_poll_set_consumer(rk);
	return rk;
}

static int copy_settings(struct kafka_input *in, const struct ingest_context *cx,
			 const struct kafka_settings *s)
{
	in->cx = *cx;
	in->stop_at_end = s->stop_at_end;
	in->on_message = s->on_message;
	in->arg = s->arg;
	in->topic_count = s->topic_count;
	in->mark_count = s->mark_count;
	in->topics = calloc(s->topic_count, sizeof(*in->topics));
	in->marks = calloc(s->mark_count + 1u, sizeof(*in->marks));
	in->parts = calloc(KAFKA_PARTITIONS_MAX, sizeof(struct kafka_part *));
	if (!in->topics || !in->marks || !in->parts)
		return -ENOMEM;
	memcpy(in->topics, s->topics, s->topic_count * sizeof(*in->topics));
	if (s->mark_count)
		memcpy(in->marks, s->marks, s->mark_count * sizeof(*in->marks));
	for (uint32_t i = 0; i < KAFKA_STASH; i++)
		in->stash[i].next = i < KAFKA_STASH - 1 ? i + 2 : 0;
	in->free = 1;
	return 0;
}

static int start(struct kafka_input *in, const struct kafka_settings *s, char why[256])
{
	bool indicators = false, telemetry = false;
	int err = 0;

	for (uint32_t i = 0; i < s->topic_count; i++)
		*(s->topics[i].indicators ? &indicators : &telemetry) = true;
	in->feed_ready = !indicators;
	if (indicators) {
		in->feed = consumer(in, s, true, why);
		err = in->feed ? subscribe(in, in->feed, true, why) : -EINVAL;
	}
	if (telemetry && !err) {
		in->records = consumer(in, s, false, why);
		err = in->records ? subscribe(in, in->records, false, why) : -EINVAL;
	}
	if (telemetry && !err)
		in->queue = rd_kafka_queue_get_consumer(in->records);
	return err;
}

int kafka_open(struct kafka_input **out, const struct ingest_context *cx,
	       const struct kafka_settings *s, char why[256])
{
	struct kafka_input *in;
	int err;

	*out = NULL;
	if (!s->brokers || !s->brokers[0] || s->topic_count == 0 ||
	    s->topic_count > KAFKA_TOPICS_MAX) {
		snprintf(why, 256, "kafka: expected brokers, and 1..%d topics", KAFKA_TOPICS_MAX);
		return -EINVAL;
	}
	in = calloc(1, sizeof(*in));
	if (!in) {
		snprintf(why, 256, "kafka: out of memory");
		return -ENOMEM;
	}
	pthread_mutex_init(&in->lock, NULL);
	err = copy_settings(in, cx, s);
	if (err)
		snprintf(why, 256, "kafka: out of memory");
	else
		err = start(in, s, why);
	if (err)
		kafka_close(in);
	else
		*out = in;
	return err;
}

/* A partition's end, or trouble on the way: what comes instead of a message. */
static void take_error(struct kafka_input *in, const rd_kafka_message_t *msg)
{
	const char *topic = msg->rkt ? rd_kafka_topic_name(msg->rkt) : "";

	if (msg->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
		struct kafka_part *part = kafka_group_find(in, topic, msg->partition);
		if (part)
			part->at_end = true;
	} else {
		kafka_group_warn(in, "%s: %s", topic, rd_kafka_message_errstr(msg));
	}
}

static void stash(struct kafka_input *in, struct kafka_part *part, rd_kafka_message_t *msg)
{
	uint32_t id = in->free;
	struct kafka_node *node = &in->stash[id - 1];

	assert(id > 0);
	in->free = node->next;
	*node = (struct kafka_node){.msg = msg};
	if (part->last)
		in->stash[part->last - 1].next = id;
	else
		part->first = id;
	part->last = id;
	in->stashed++;
}

/* Returns the bytes that went into the stash. */
static size_t take_message(struct kafka_input *in, rd_kafka_message_t *msg)
{
	struct kafka_part *part = NULL;

	if (msg->err)
		take_error(in, msg);
	else
		part = kafka_group_find(in, rd_kafka_topic_name(msg->rkt), msg->partition);
	if (part && part->end >= 0 && msg->offset >= part->end) {
		part->at_end = true; /* came after the start: not ours to read */
		part = NULL;
	}
	if (!part) {
		rd_kafka_message_destroy(msg);
		return 0;
	}
	stash(in, part, msg);
	return msg->len;
}

static void fetch(struct kafka_input *in)
{
	rd_kafka_message_t *got[FETCH];
	int wait_ms = FETCH_WAIT_MS;
	size_t bytes = 0;

	while (bytes < FETCH_BYTES && KAFKA_STASH - in->stashed >= FETCH) {
		ssize_t n = rd_kafka_consume_batch_queue(in->queue, wait_ms, got, FETCH);
		for (ssize_t i = 0; i < n; i++)
			bytes += take_message(in, got[i]);
		if (n < FETCH)
			return;
		wait_ms = 0;
	}
}

static bool header_of(const rd_kafka_headers_t *headers, const char *name, const char **p,
		      size_t *len)
{
	const void *value;

	if (rd_kafka_header_get_last(headers, name, &value, len) || !value)
		return false;
	*p = value;
	return true;
}

static void describe(const struct kafka_input *in, const struct kafka_part *part,
		     const rd_kafka_message_t *msg, struct batch_item *it)
{
	rd_kafka_timestamp_type_t type;
	rd_kafka_headers_t *headers;
	int64_t time_ms = rd_kafka_message_timestamp(msg, &type);
	const char *p;
	size_t len;

	*it = (struct batch_item){.state_claim = -1,
				  .offset = (uint64_t)msg->offset,
				  .time_us = time_ms > 0 ? time_ms * 1000 : 0,
				  .source = part->topic->source};
	if (rd_kafka_message_headers(msg, &headers))
		return;
	if (!it->source && in->cx.sources && header_of(headers, "source", &p, &len))
		it->source = source_find(in->cx.sources, p, len);
	if (header_of(headers, "member_state", &p, &len)) {
		int state = vocab_state_parse(p, len);
		it->state_claim = (int8_t)(state < 0 ? -2 : state);
	}
}

/* False when the batch has no room for it. A message without a payload, as a compacted
 * topic has them, is no record. */
static bool deliver(const struct kafka_input *in, const struct kafka_part *part,
		    const rd_kafka_message_t *msg, struct batch *b)
{
	struct batch_item it;

	if (msg->len > BATCH_BYTES) {
		b->refused[REASON_TOO_LONG]++;
		return true;
	}
	if (!msg->payload)
		return true;
	describe(in, part, msg, &it);
	return batch_append(b, msg->payload, (uint32_t)msg->len, &it);
}

/* Messages of one partition into the batch, in their order. */
static void fill_from(struct kafka_input *in, struct kafka_part *part, struct batch *b)
{
	int64_t next = part->next;

	b->kind = BATCH_MESSAGES;
	b->object = part->object;
	while (part->first) {
		uint32_t id = part->first;
		struct kafka_node *node = &in->stash[id - 1];
		if (!deliver(in, part, node->msg, b))
			break;
		next = node->msg->offset + 1;
		rd_kafka_message_destroy(node->msg);
		part->first = node->next;
		*node = (struct kafka_node){.next = in->free};
		in->free = id;
		in->stashed--;
	}
	if (!part->first)
		part->last = 0;
	if (part->end >= 0 && next >= part->end)
		part->at_end = true;
	pthread_mutex_lock(&in->lock);
	part->next = next;
	pthread_mutex_unlock(&in->lock);
}

static void hand_over(const struct kafka_input *in, const rd_kafka_message_t *msg)
{
	rd_kafka_timestamp_type_t type;
	int64_t time_ms = rd_kafka_message_timestamp(msg, &type);
	const struct kafka_message m = {.topic = rd_kafka_topic_name(msg->rkt),
					.key = msg->key,
					.key_len = msg->key_len,
					.payload = msg->payload,
					.len = msg->len,
					.time_us = time_ms > 0 ? time_ms * 1000 : 0};

	in->on_message(in->arg, &m);
}

/* Indicators that are there. Until the first end of all their partitions, records wait:
 * what was known before the start is in force for the first record. */
static void read_feed(struct kafka_input *in)
{
	for (int i = 0; i < FEED_MESSAGES; i++) {
		int wait_ms = i == 0 && (!in->feed_ready || !in->records) ? FETCH_WAIT_MS : 0;
		rd_kafka_message_t *msg = rd_kafka_consumer_poll(in->feed, wait_ms);
		if (!msg)
			break;
		if (msg->err)
			take_error(in, msg);
		else if (in->on_message)
			hand_over(in, msg);
		rd_kafka_message_destroy(msg);
	}
	if (in->feed_ready)
		return;
	in->feed_ready = kafka_group_at_end(in, true);
	if (!in->feed_ready && ++in->feed_polls >= FEED_POLLS_MAX) {
		in->feed_ready = true;
		log_warning("kafka: the indicator topics have not been read to their end in %d s; "
			    "records are matched without the rest",
			    FEED_POLLS_MAX * FETCH_WAIT_MS / 1000);
	}
}

static bool stopped(const struct kafka_input *in)
{
	return in->cx.stop && atomic_load_explicit(in->cx.stop, memory_order_relaxed);
}

/* The next partition that has messages, in turn; NULL when none has. */
static struct kafka_part *next_part(struct kafka_input *in)
{
	for (uint32_t i = 0; i < in->part_count && in->stashed > 0; i++) {
		uint32_t at = (in->turn + i) % in->part_count;
		if (in->parts[at]->first) {
			in->turn = at + 1;
			return in->parts[at];
		}
	}
	return NULL;
}

static bool is_fatal(rd_kafka_t *rk, char why[256])
{
	char reason[200];

	if (!rk || !rd_kafka_fatal_error(rk, reason, sizeof(reason)))
		return false;
	snprintf(why, 256, "kafka: %s", reason);
	return true;
}

int kafka_fill(struct kafka_input *in, struct batch *b, char why[256])
{
	why[0] = '\0';
	if (stopped(in))
		return 0;
	if (is_fatal(in->records, why) || is_fatal(in->feed, why))
		return -EIO;
	if (in->feed)
		read_feed(in);
	if (!in->records)
		return in->stop_at_end && in->feed_ready ? 0 : 1;
	if (!in->feed_ready)
		return 1;
	if (in->stashed == 0)
		fetch(in);
	struct kafka_part *part = next_part(in);
	if (part)
		fill_from(in, part, b);
	else if (in->stop_at_end && kafka_group_at_end(in, false))
		return 0;
	return 1;
}

/* While closing, a queue gives events, messages still on their way among them. */
static void close_event(struct kafka_input *in, rd_kafka_t *rk, rd_kafka_event_t *event)
{
	if (!event)
		return;
	if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_REBALANCE)
		kafka_group_rebalance(rk, rd_kafka_event_error(event),
				      rd_kafka_event_topic_partition_list(event), in);
	rd_kafka_event_destroy(event);
}

/* Leaves the group if the brokers answer in time, and goes in any case. */
static void close_consumer(struct kafka_input *in, rd_kafka_t *rk)
{
	if (!rk)
		return;
	rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
	rd_kafka_error_t *err = rd_kafka_consumer_close_queue(rk, queue);
	uint64_t until = clock_monotonic_ns() + CLOSE_WAIT_MS * UINT64_C(1000000);
	while (!err && !rd_kafka_consumer_closed(rk) && clock_monotonic_ns() < until)
		close_event(in, rk, rd_kafka_queue_poll(queue, CLOSE_SLICE_MS));
	if (err)
		rd_kafka_error_destroy(err);
	rd_kafka_queue_destroy(queue);
	rd_kafka_destroy_flags(rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

void kafka_close(struct kafka_input *in)
{
	if (!in)
		return;
	for (uint32_t i = 0; i < in->part_count; i++)
		kafka_group_forget(in, in->parts[i]);
	if (in->queue)
		rd_kafka_queue_destroy(in->queue);
	close_consumer(in, in->records);
	close_consumer(in, in->feed);
	for (uint32_t i = 0; i < in->part_count; i++)
		free(in->parts[i]);
	pthread_mutex_destroy(&in->lock);
	free(in->parts);
	free(in->marks);
	free(in->topics);
	free(in);
}
