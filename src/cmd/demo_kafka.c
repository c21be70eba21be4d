#include "cmd/demo_kafka.h"

#include <errno.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FLUSH_MS       10000
#define ADMIN_MS       15000
#define TOPICS_MAX     64
#define MOCK_BROKERS   1
#define MOCK_PARTITIONS 2
#define LINES_TOGETHER 2 /* in each third message: a message may hold many lines */

struct demo_kafka {
	rd_kafka_t *producer;
	rd_kafka_mock_cluster_t *mock; /* NULL: a real broker */
	char brokers[512];
	int32_t partitions; /* messages take turns; 0: librdkafka chooses */
	uint64_t failed;    /* deliveries that were given up */
	char *made[TOPICS_MAX]; /* topics of a real broker, to be taken away again */
	size_t made_count;
};

static void delivered(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
	(void)rk;
	((struct demo_kafka *)opaque)->failed += m->err != 0;
}

static rd_kafka_t *producer(struct demo_kafka *k, const char *brokers, char why[256])
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();

	rd_kafka_conf_set_opaque(conf, k);
	rd_kafka_conf_set_dr_msg_cb(conf, delivered);
	/* the mock cluster goes away under its own client: that is no news */
	rd_kafka_conf_set_log_cb(conf, NULL);
	if (brokers &&
	    rd_kafka_conf_set(conf, "bootstrap.servers", brokers, why, 256) != RD_KAFKA_CONF_OK) {
		rd_kafka_conf_destroy(conf);
		return NULL;
	}
	rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, 256);
	if (!rk)
		rd_kafka_conf_destroy(conf);
	return rk;
}

/* The mock cluster lives inside a client; a second one, with its address, produces. */
static int start_mock(struct demo_kafka *k, char why[256])
{
	rd_kafka_t *host = producer(k, NULL, why);

	if (!host)
		return -ENOMEM;
	k->mock = rd_kafka_mock_cluster_new(host, MOCK_BROKERS);
	if (!k->mock) {
		snprintf(why, 256, "the mock cluster does not start");
		rd_kafka_destroy(host);
		return -ENOMEM;
	}
	snprintf(k->brokers, sizeof(k->brokers), "%s", rd_kafka_mock_cluster_bootstraps(k->mock));
	k->producer = host;
	k->partitions = MOCK_PARTITIONS;
	rd_kafka_brokers_add(host, k->brokers);
	return 0;
}

int demo_kafka_start(struct demo_kafka **out, const char *brokers, char why[256])
{
	struct demo_kafka *k = calloc(1, sizeof(*k));
	int err = 0;

	if (!k)
		return -ENOMEM;
	if (brokers) {
		snprintf(k->brokers, sizeof(k->brokers), "%s", brokers);
		k->producer = producer(k, brokers, why);
		err = k->producer ? 0 : -EINVAL;
	} else {
		err = start_mock(k, why);
	}
	if (err) {
		free(k);
		return err;
	}
	*out = k;
	return 0;
}

const char *demo_kafka_brokers(const struct demo_kafka *k)
{
	return k->brokers;
}

static int send_message(struct demo_kafka *k, const char *topic, uint64_t number, const char *p,
			size_t len)
{
	int32_t partition = k->partitions ? (int32_t)(number % (uint64_t)k->partitions)
					  : RD_KAFKA_PARTITION_UA;
	rd_kafka_resp_err_t err;

	do {
		err = rd_kafka_producev(k->producer, RD_KAFKA_V_TOPIC(topic),
					RD_KAFKA_V_PARTITION(partition),
					RD_KAFKA_V_VALUE((void *)(uintptr_t)p, len),
					RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
		rd_kafka_poll(k->producer, err == RD_KAFKA_RESP_ERR__QUEUE_FULL ? 100 : 0);
	} while (err == RD_KAFKA_RESP_ERR__QUEUE_FULL);
	return err ? -EIO : 0;
}

static int produce_file(struct demo_kafka *k, const char *topic, FILE *f)
{
	struct {
		char *p;
		size_t cap, len;
	} message = {0};
	char *line = NULL;
	size_t cap = 0, lines = 0;
	ssize_t n;
	uint64_t messages = 0;
	int err = 0;

	while (!err && (n = getline(&line, &cap, f)) > 0) {
		if (message.len + (size_t)n > message.cap) {
			message.cap = 2 * (message.len + (size_t)n);
			char *p = realloc(message.p, message.cap);
			if (!p) {
				err = -ENOMEM;
				break;
			}
			message.p = p;
		}
		memcpy(message.p + message.len, line, (size_t)n);
		message.len += (size_t)n;
		if (++lines < LINES_TOGETHER && messages % 3 == 2)
			continue;
		err = send_message(k, topic, messages++, message.p, message.len);
		message.len = lines = 0;
	}
	if (!err && message.len)
		err = send_message(k, topic, messages, message.p, message.len);
	free(message.p);
	free(line);
	return err;
}

/* What the broker answered to making the topic: 0, or -EIO with why. */
static int answer(rd_kafka_event_t *event, const char *topic, char why[256])
{
	const rd_kafka_CreateTopics_result_t *result = rd_kafka_event_CreateTopics_result(event);
	rd_kafka_resp_err_t err = event ? rd_kafka_event_error(event) : RD_KAFKA_RESP_ERR__TIMED_OUT;
	const char *said = event ? rd_kafka_event_error_string(event) : rd_kafka_err2str(err);
	size_t n = 0;
	const rd_kafka_topic_result_t **topics =
		result ? rd_kafka_CreateTopics_result_topics(result, &n) : NULL;

	if (!err && n == 1 && (err = rd_kafka_topic_result_error(topics[0])))
		said = rd_kafka_topic_result_error_string(topics[0]);
	if (!err && n == 1)
		return 0;
	snprintf(why, 256, "the topic %.60s cannot be made: %.150s", topic, said);
	return -EIO;
}

/* Many brokers make no topic by themselves. */
static int make_topic(struct demo_kafka *k, const char *topic, char why[256])
{
	if (k->made_count == TOPICS_MAX) {
		snprintf(why, 256, "more than %d topics", TOPICS_MAX);
		return -E2BIG;
	}
	rd_kafka_NewTopic_t *new = rd_kafka_NewTopic_new(topic, MOCK_PARTITIONS, -1, why, 256);
	rd_kafka_queue_t *queue = rd_kafka_queue_new(k->producer);
	rd_kafka_AdminOptions_t *o = rd_kafka_AdminOptions_new(k->producer,
							       RD_KAFKA_ADMIN_OP_CREATETOPICS);

	rd_kafka_AdminOptions_set_operation_timeout(o, ADMIN_MS, why, 256);
	rd_kafka_CreateTopics(k->producer, &new, 1, o, queue);
	rd_kafka_event_t *event = rd_kafka_queue_poll(queue, 2 * ADMIN_MS);
	int err = answer(event, topic, why);
	if (event)
		rd_kafka_event_destroy(event);
	rd_kafka_AdminOptions_destroy(o);
	rd_kafka_queue_destroy(queue);
	rd_kafka_NewTopic_destroy(new);
	if (!err && !(k->made[k->made_count++] = strdup(topic)))
		err = -ENOMEM;
	return err;
}

/* The demo's own; that one stays behind is no harm, so nothing is said of it. */
static void take_topics_away(struct demo_kafka *k)
{
	rd_kafka_DeleteTopic_t *gone[TOPICS_MAX];
	rd_kafka_queue_t *queue = rd_kafka_queue_new(k->producer);

	for (size_t i = 0; i < k->made_count; i++)
		gone[i] = rd_kafka_DeleteTopic_new(k->made[i] ? k->made[i] : "");
	rd_kafka_DeleteTopics(k->producer, gone, k->made_count, NULL, queue);
	rd_kafka_event_t *event = rd_kafka_queue_poll(queue, ADMIN_MS);
	if (event)
		rd_kafka_event_destroy(event);
	rd_kafka_DeleteTopic_destroy_array(gone, k->made_count);
	for (size_t i = 0; i < k->made_count; i++)
		free(k->made[i]);
	rd_kafka_queue_destroy(queue);
}

static int produce_input(struct demo_kafka *k, struct config_input *in, char why[256])
{
	char topic[CONFIG_TEXT_MAX];
	FILE *f = fopen(in->path, "rb");

	if (!f) {
		snprintf(why, 256, "%.200s: %s", in->path, strerror(errno));
		return -EIO;
	}
	if (k->mock)
		snprintf(topic, sizeof(topic), "%s", in->topic);
	else
		snprintf(topic, sizeof(topic), "tocsin-demo-%ld-%.400s", (long)getpid(), in->topic);
	snprintf(why, 256, "%.200s: cannot be produced", topic);
	int err = !k->mock ? make_topic(k, topic, why)
		  : rd_kafka_mock_topic_create(k->mock, topic, MOCK_PARTITIONS, MOCK_BROKERS)
			  ? -EIO
			  : 0;
	if (!err)
		err = produce_file(k, topic, f);
	fclose(f);
	snprintf(in->topic, sizeof(in->topic), "%s", topic);
	in->path[0] = '\0';
	return err;
}

int demo_kafka_produce(struct demo_kafka *k, struct config *c, char why[256])
{
	int err = 0;

	for (uint32_t i = 0; i < c->input_count && !err; i++)
		if (c->inputs[i].topic[0] && c->inputs[i].path[0])
			err = produce_input(k, &c->inputs[i], why);
	if (!err && (rd_kafka_flush(k->producer, FLUSH_MS) || k->failed)) {
		snprintf(why, 256, "%.200s does not take the telemetry", k->brokers);
		err = -EIO;
	}
	return err;
}

void demo_kafka_stop(struct demo_kafka *k)
{
	if (!k)
		return;
	if (k->made_count)
		take_topics_away(k);
	if (k->mock)
		rd_kafka_mock_cluster_destroy(k->mock);
	rd_kafka_destroy(k->producer);
	free(k);
}
