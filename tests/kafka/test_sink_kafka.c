/* The Kafka sink against the mock cluster inside librdkafka: real sockets, no real broker. */
#include "raise/sink.h"

#include <errno.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <time.h>

#include "base/log.h"
#include "tap.h"

#define BROKERS 3

struct cluster {
	rd_kafka_t *rk;
	rd_kafka_mock_cluster_t *mock;
	const char *bootstraps;
};

static void cluster_init(struct cluster *c)
{
	char why[256];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();

	rd_kafka_conf_set(conf, "test.mock.num.brokers", "3", why, sizeof(why));
	rd_kafka_conf_set(conf, "log_level", "0", why, sizeof(why));
	c->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
	c->mock = c->rk ? rd_kafka_handle_mock_cluster(c->rk) : NULL;
	if (!c->mock)
		abort();
	c->bootstraps = rd_kafka_mock_cluster_bootstraps(c->mock);
}

static void set_up(struct cluster *c, bool up)
{
	for (int i = 1; i <= BROKERS; i++)
		if (up)
			rd_kafka_mock_broker_set_up(c->mock, i);
		else
			rd_kafka_mock_broker_set_down(c->mock, i);
}

static struct sink *open_sink(const struct cluster *c, const char *topic,
			      const char *const *properties)
{
	char target[1024], why[256] = "";
	struct sink *s = NULL;

	snprintf(target, sizeof(target), "%s/%s", c->bootstraps, topic);
	if (sink_kafka.open(&s, target, properties, why) != 0)
		printf("# %s\n", why);
	return s;
}

static int write_line(struct sink *s, int n)
{
	char id[40], line[64];

	snprintf(id, sizeof(id), "id-%d", n % 4);
	return sink_kafka.write(s, id, line, (size_t)snprintf(line, sizeof(line), "{\"n\":%d}", n));
}

static int write_lines(struct sink *s, int from, int to)
{
	int r = 0;

	for (int i = from; i < to && r == 0; i++)
		r = write_line(s, i);
	return r;
}

/* What a caller does: it keeps the lines and writes them again after an error. */
static int until_safe(struct sink *s, int from, int to)
{
	int r = -EIO;

	for (int i = 0; i < 10 && r == -EIO; i++) {
		write_lines(s, from, to);
		r = sink_kafka.flush(s, 20000);
	}
	return r;
}

/* Counts how often each n in 0..count-1 is in the topic; true when the key fits. */
static bool read_back(const struct cluster *c, const char *topic, int *seen, int count, int want)
{
	char why[256];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(4);
	bool keys = true;
	int got = 0;

	rd_kafka_conf_set(conf, "bootstrap.servers", c->bootstraps, why, sizeof(why));
	rd_kafka_conf_set(conf, "group.id", "test", why, sizeof(why));
	rd_kafka_conf_set(conf, "reconnect.backoff.max.ms", "200", why, sizeof(why));
	rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof(why));
	for (int i = 0; i < 4; i++)
		rd_kafka_topic_partition_list_add(list, topic, i)->offset =
			RD_KAFKA_OFFSET_BEGINNING;
	rd_kafka_assign(rk, list);
	for (time_t end = time(NULL) + 20; time(NULL) < end;) {
		rd_kafka_message_t *m = rd_kafka_consumer_poll(rk, got < want ? 500 : 1000);
		int n = -1;
		if (!m) {
			if (got >= want)
				break; /* a second of silence: nothing came twice */
			continue;
		}
		if (!m->err && sscanf(m->payload, "{\"n\":%d}", &n) == 1 && n >= 0 && n < count) {
			char id[40];
			int len = snprintf(id, sizeof(id), "id-%d", n % 4);
			keys = keys && m->key_len == (size_t)len && !memcmp(m->key, id, m->key_len);
			seen[n]++;
			got++;
		}
		rd_kafka_message_destroy(m);
	}
	rd_kafka_topic_partition_list_destroy(list);
	rd_kafka_consumer_close(rk);
	rd_kafka_destroy(rk);
	return keys;
}

static int count_once(const int *seen, int count)
{
	int once = 0;

	for (int i = 0; i < count; i++)
		once += seen[i] == 1;
	return once;
}

static void plain(const struct cluster *c)
{
	int seen[100] = {0};
	struct sink *s = open_sink(c, "plain", NULL);

	tap_int(write_lines(s, 0, 100), 0, "a hundred lines are queued");
	tap_int(sink_kafka.flush(s, 10000), 0, "and acknowledged");
	tap_int(sink_kafka.reopen(s), 0, "log rotation is nothing to a healthy producer");
	sink_kafka.close(s);
	tap_ok(read_back(c, "plain", seen, 100, 100), "keyed by id");
	tap_int(count_once(seen, 100), 100, "each is in the topic once");
}

static void away_and_back(struct cluster *c)
{
	int seen[40] = {0};
	static const char *const quick[] = {"reconnect.backoff.max.ms=200", NULL};
	struct sink *s = open_sink(c, "away", quick);

	write_lines(s, 0, 20);
	tap_int(sink_kafka.flush(s, 10000), 0, "twenty lines before");
	set_up(c, false);
	tap_int(write_lines(s, 20, 40), 0, "twenty more while no broker is there");
	tap_int(sink_kafka.flush(s, 500), -ETIMEDOUT, "flush says that they are not safe yet");
	set_up(c, true);
	tap_int(sink_kafka.flush(s, 30000), 0, "the brokers come back: they are");
	sink_kafka.close(s);
	read_back(c, "away", seen, 40, 40);
	tap_int(count_once(seen, 40), 40, "each is in the topic once");
}

static void given_up(struct cluster *c)
{
	static const char *const properties[] = {"message.timeout.ms=3000",
						 "reconnect.backoff.max.ms=200", NULL};
	int seen[5] = {0};
	struct sink *s = open_sink(c, "given-up", properties);

	tap_int(until_safe(s, 0, 1), 0, "a line before");
	set_up(c, false);
	write_lines(s, 1, 5);
	tap_int(sink_kafka.flush(s, 20000), -EIO, "lines that were given up are an error");
	set_up(c, true);
	tap_int(until_safe(s, 1, 5), 0, "kept and written again until they are safe");
	sink_kafka.close(s);
	read_back(c, "given-up", seen, 5, 5);
	int all = 0;
	for (int i = 0; i < 5; i++)
		all += seen[i] >= 1;
	tap_int(all, 5, "and in the topic");
}

static void full(struct cluster *c)
{
	static const char *const properties[] = {"queue.buffering.max.messages=8",
						 "reconnect.backoff.max.ms=200", NULL};
	int seen[9] = {0};
	struct sink *s = open_sink(c, "full", properties);

	write_line(s, 0);
	tap_int(sink_kafka.flush(s, 10000), 0, "a line before");
	set_up(c, false);
	tap_int(write_lines(s, 1, 9), 0, "eight fill the queue");
	time_t from = time(NULL);
	tap_int(write_line(s, 9), -EAGAIN, "the ninth is refused, not dropped");
	tap_ok(time(NULL) - from <= 3, "after a bounded wait");
	set_up(c, true);
	tap_int(sink_kafka.flush(s, 30000), 0, "the queue drains");
	tap_int(write_line(s, 0), 0, "and takes lines again");
	sink_kafka.close(s);
	read_back(c, "full", seen, 9, 10);
	tap_int(seen[8], 1, "nothing that was accepted is lost");
}

static void refused(const struct cluster *c)
{
	static const char *const unknown[] = {"no.such.property=1", NULL};
	static const char *const shape[] = {"oops", NULL};
	static const char *const weak[] = {"acks=1", "enable.idempotence=false", NULL};
	char target[1024], why[256] = "";
	struct sink *s = NULL;

	tap_int(sink_kafka.open(&s, "localhost:9092", NULL, why), -EINVAL, "no topic");
	tap_ok(strstr(why, "brokers/topic") != NULL, "says what is missing: %s", why);
	snprintf(target, sizeof(target), "%s/t", c->bootstraps);
	tap_int(sink_kafka.open(&s, target, unknown, why), -EINVAL, "an unknown property");
	tap_ok(strstr(why, "no.such.property") != NULL, "is named: %s", why);
	tap_int(sink_kafka.open(&s, target, shape, why), -EINVAL, "a property without =");
	tap_int(sink_kafka.open(&s, target, weak, why), 0, "acks=1 is overruled");
	char *big = calloc(1, 2000000);
	tap_int(sink_kafka.write(s, "id", big, 2000000), -EMSGSIZE, "a line too long says so");
	free(big);
	sink_kafka.close(s);
}

int main(void)
{
	struct cluster c;

	log_set_level(LOG_ERROR); /* what is provoked here need not be read */
	cluster_init(&c);
	plain(&c);
	away_and_back(&c);
	given_up(&c);
	full(&c);
	refused(&c);
	rd_kafka_destroy(c.rk);
	return tap_done();
}
