#include "ingest/kafka_input.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

#define WARN_EVERY_NS UINT64_C(5000000000)

void kafka_group_warn(struct kafka_input *in, const char *fmt, ...)
{
	char line[512];
	va_list ap;
	uint64_t now = clock_monotonic_ns();

	pthread_mutex_lock(&in->lock);
	bool due = in->warned_ns == 0 || now - in->warned_ns >= WARN_EVERY_NS;
	uint64_t unwarned = in->unwarned;
	in->unwarned = due ? 0 : unwarned + 1;
	if (due)
		in->warned_ns = now;
	pthread_mutex_unlock(&in->lock);
	if (!due)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (unwarned)
		log_warning("kafka: %s (and %" PRIu64 " more)", line, unwarned);
	else
		log_warning("kafka: %s", line);
}

static struct kafka_part *find(struct kafka_input *in, const char *topic, int32_t partition)
{
	struct kafka_part *hint = in->hint;

	if (hint && hint->partition == partition && strcmp(hint->topic->name, topic) == 0)
		return hint;
	for (uint32_t i = 0; i < in->part_count; i++)
		if (in->parts[i]->partition == partition &&
		    strcmp(in->parts[i]->topic->name, topic) == 0)
			return in->hint = in->parts[i];
	return NULL;
}

struct kafka_part *kafka_group_find(struct kafka_input *in, const char *topic, int32_t partition)
{
	struct kafka_part *part = find(in, topic, partition);

	return part && part->assigned ? part : NULL;
}

static const struct kafka_topic *find_topic(const struct kafka_input *in, const char *name)
{
	for (uint32_t i = 0; i < in->topic_count; i++)
		if (strcmp(in->topics[i].name, name) == 0)
			return &in->topics[i];
	return NULL;
}

/* The partition, made when it is seen first; NULL when there is no room for it. */
static struct kafka_part *get(struct kafka_input *in, const char *name, int32_t partition)
{
	char position[300];
	struct kafka_part *part = find(in, name, partition);
	const struct kafka_topic *topic = find_topic(in, name);

	if (part || !topic || in->part_count == KAFKA_PARTITIONS_MAX)
		return part;
	part = calloc(1, sizeof(*part));
	if (!part)
		return NULL;
	snprintf(position, sizeof(position), "kafka:%s:%" PRId32, topic->name, partition);
	part->topic = topic;
	part->partition = partition;
	part->next = part->kept = -1;
	part->object = object_get(in->cx.objects, position, topic->source);
	if (!part->object) {
		free(part);
		return NULL;
	}
	pthread_mutex_lock(&in->lock);
	in->parts[in->part_count++] = part;
	pthread_mutex_unlock(&in->lock);
	return part;
}

void kafka_group_forget(struct kafka_input *in, struct kafka_part *part)
{
	while (part->first) {
		struct kafka_node *node = &in->stash[part->first - 1];
		uint32_t next = node->next;
		rd_kafka_message_destroy(node->msg);
		node->msg = NULL;
		node->next = in->free;
		in->free = part->first;
		part->first = next;
		in->stashed--;
	}
	part->last = 0;
}

/* How far this process has come with a partition: by its checkpoint at the start, by what
 * it has taken since; -1 if it never had it. A rebalance that takes a partition and gives
 * it back does not make it read everything since the last commit again. */
static int64_t mark_of(struct kafka_input *in, const rd_kafka_topic_partition_t *p)
{
	const struct kafka_part *part = find(in, p->topic, p->partition);

	if (part && part->kept >= 0)
		return part->kept;
	for (uint32_t i = 0; i < in->mark_count; i++)
		if (in->marks[i].partition == p->partition &&
		    strcmp(in->marks[i].topic, p->topic) == 0)
			return in->marks[i].next_offset;
	return -1;
}

/* Where to start: our own mark, unless the group committed more. */
static void choose_starts(struct kafka_input *in, rd_kafka_topic_partition_list_t *list)
{
	bool any = false;

	for (int i = 0; i < list->cnt && !any; i++)
		any = mark_of(in, &list->elems[i]) >= 0;
	if (!any)
		return; /* the group's offsets, which librdkafka looks up itself */
	rd_kafka_topic_partition_list_t *group = rd_kafka_topic_partition_list_copy(list);
	rd_kafka_resp_err_t err = rd_kafka_committed(in->records, group, KAFKA_REPLY_MS);
	if (err)
		kafka_group_warn(in, "the group's offsets are not known: %s",
				 rd_kafka_err2str(err));
	for (int i = 0; i < list->cnt; i++) {
		rd_kafka_topic_partition_t *p = &list->elems[i];
		int64_t mark = mark_of(in, p);
		int64_t committed = err || group->elems[i].err ? -1 : group->elems[i].offset;
		if (mark >= 0 && mark >= committed)
			p->offset = mark;
		else if (mark >= 0)
			log_warning("kafka: %s:%" PRId32 ": the group committed %" PRId64
				    ", beyond our own %" PRId64 ": going on there",
				    p->topic, p->partition, committed, mark);
	}
	rd_kafka_topic_partition_list_destroy(group);
}

/* Where each partition ends now. A broker that does not answer is asked once: the end
 * that librdkafka reports does as well, it is only later. */
static void ask_ends(struct kafka_input *in, rd_kafka_t *rk,
		     const rd_kafka_topic_partition_list_t *list)
{
	for (int i = 0; i < list->cnt; i++) {
		const rd_kafka_topic_partition_t *p = &list->elems[i];
		struct kafka_part *part = kafka_group_find(in, p->topic, p->partition);
		int64_t low, high;
		rd_kafka_resp_err_t err = rd_kafka_query_watermark_offsets(
			rk, p->topic, p->partition, &low, &high, KAFKA_REPLY_MS);
		if (err) {
			kafka_group_warn(in, "%s:%" PRId32 ": its end is not known: %s", p->topic,
					 p->partition, rd_kafka_err2str(err));
			return;
		}
		if (part)
			part->end = high;
	}
}

static void take(struct kafka_input *in, rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list)
{
	bool feed = rk == in->feed;

	if (!feed)
		choose_starts(in, list);
	for (int i = 0; i < list->cnt; i++) {
		rd_kafka_topic_partition_t *p = &list->elems[i];
		struct kafka_part *part = get(in, p->topic, p->partition);
		if (feed)
			p->offset = RD_KAFKA_OFFSET_BEGINNING;
		if (!part) {
			log_error("kafka: %s:%" PRId32 ": no room for it", p->topic, p->partition);
			continue;
		}
		pthread_mutex_lock(&in->lock);
		part->assigned = true;
		part->next = p->offset >= 0 ? p->offset : -1;
		pthread_mutex_unlock(&in->lock);
		part->at_end = false;
		part->end = -1;
	}
	if (in->stop_at_end && !feed)
		ask_ends(in, rk, list);
	if (feed)
		in->feed_assigned = true;
	else
		in->records_assigned = true;
}

static void give_back(struct kafka_input *in, const rd_kafka_topic_partition_list_t *list)
{
	for (int i = 0; i < list->cnt; i++) {
		struct kafka_part *part = find(in, list->elems[i].topic, list->elems[i].partition);
		if (!part)
			continue;
		kafka_group_forget(in, part);
		pthread_mutex_lock(&in->lock);
		part->assigned = false;
		if (part->next >= 0)
			part->kept = part->next;
		part->next = -1;
		pthread_mutex_unlock(&in->lock);
	}
}

void kafka_group_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t err,
			   rd_kafka_topic_partition_list_t *list, void *opaque)
{
	struct kafka_input *in = opaque;
	bool assign = err == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
	rd_kafka_error_t *failed = NULL;

	if (assign)
		take(in, rk, list);
	else
		give_back(in, list);
	const char *protocol = rd_kafka_rebalance_protocol(rk);
	if (protocol && strcmp(protocol, "COOPERATIVE") == 0)
		failed = assign ? rd_kafka_incremental_assign(rk, list)
				: rd_kafka_incremental_unassign(rk, list);
	else
		err = rd_kafka_assign(rk, assign ? list : NULL);
	if (failed) {
		kafka_group_warn(in, "assignment: %s", rd_kafka_error_string(failed));
		rd_kafka_error_destroy(failed);
	}
}

bool kafka_group_at_end(const struct kafka_input *in, bool feed)
{
	if (!(feed ? in->feed_assigned : in->records_assigned))
		return false;
	for (uint32_t i = 0; i < in->part_count; i++) {
		const struct kafka_part *part = in->parts[i];
		if (part->topic->indicators == feed && part->assigned && !part->at_end)
			return false;
	}
	return true;
}

uint32_t kafka_marks(struct kafka_input *in, struct kafka_mark *out, uint32_t max)
{
	uint32_t count = 0;

	pthread_mutex_lock(&in->lock);
	for (uint32_t i = 0; i < in->part_count && count < max; i++) {
		const struct kafka_part *part = in->parts[i];
		if (!part->assigned || part->next < 0 || part->topic->indicators)
			continue;
		struct kafka_mark *m = &out[count++];
		snprintf(m->topic, sizeof(m->topic), "%s", part->topic->name);
		m->partition = part->partition;
		m->next_offset = part->next;
	}
	pthread_mutex_unlock(&in->lock);
	return count;
}

static bool is_ours(struct kafka_input *in, const struct kafka_mark *m)
{
	bool ours = false;

	pthread_mutex_lock(&in->lock);
	for (uint32_t i = 0; i < in->part_count && !ours; i++) {
		const struct kafka_part *part = in->parts[i];
		ours = part->assigned && part->partition == m->partition &&
		       strcmp(part->topic->name, m->topic) == 0;
	}
	pthread_mutex_unlock(&in->lock);
	return ours;
}

/* Commits and waits for the answer, with an end to the wait: librdkafka's own
 * synchronous call would outlast a broker that is away. */
static rd_kafka_resp_err_t commit_list(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list)
{
	rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
	rd_kafka_resp_err_t err = rd_kafka_commit_queue(rk, list, queue, NULL, NULL);

	if (!err) {
		rd_kafka_event_t *event = rd_kafka_queue_poll(queue, KAFKA_REPLY_MS);
		err = event ? rd_kafka_event_error(event) : RD_KAFKA_RESP_ERR__TIMED_OUT;
		const rd_kafka_topic_partition_list_t *done =
			event ? rd_kafka_event_topic_partition_list(event) : NULL;
		for (int i = 0; done && i < done->cnt && !err; i++)
			err = done->elems[i].err;
		if (event)
			rd_kafka_event_destroy(event);
	}
	rd_kafka_queue_destroy(queue);
	return err;
}

int kafka_commit(struct kafka_input *in, const struct kafka_mark *marks, uint32_t count)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
	rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR_NO_ERROR;

	/* a partition that went to another member is committed by that one */
	for (uint32_t i = 0; i < count; i++)
		if (is_ours(in, &marks[i]))
			rd_kafka_topic_partition_list_add(list, marks[i].topic, marks[i].partition)
				->offset = marks[i].next_offset;
	if (list->cnt > 0)
		err = commit_list(in->records, list);
	rd_kafka_topic_partition_list_destroy(list);
	if (!err)
		return 0;
	kafka_group_warn(in, "offsets are not committed: %s", rd_kafka_err2str(err));
	return err == RD_KAFKA_RESP_ERR__TIMED_OUT ? -ETIMEDOUT : -EIO;
}
