/* Topics through librdkafka's own mock cluster, in this process: arrival, marks, resumption. */
#include <errno.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "ingest/ingest_kafka.h"
#include "tap.h"

#define PARTITIONS 4
#define PATIENCE   150 /* fills; each waits at most about 100 ms */

/* The mock cluster lets a new member wait for a session's length after one has left. */
static const char *const quick[] = {"session.timeout.ms=6000", "heartbeat.interval.ms=200", NULL};

static rd_kafka_t *handle, *producer;
static rd_kafka_mock_cluster_t *cluster;
static const char *brokers;
static struct object_registry *objects;
static struct source_registry sources;
static struct batch_pool pool;
static _Atomic bool stop, read_to_end;
static struct ingest_context cx;

static rd_kafka_t *make_producer(const char *bootstrap)
{
	char why[256];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();

	if (bootstrap) {
		rd_kafka_conf_set(conf, "bootstrap.servers", bootstrap, why, sizeof(why));
		rd_kafka_conf_set(conf, "message.max.bytes", "4000000", why, sizeof(why));
	}
	rd_kafka_conf_set(conf, "log_level", "0", why, sizeof(why));
	return rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
}

static void setup(void)
{
	char why[256];

	handle = make_producer(NULL);
	cluster = rd_kafka_mock_cluster_new(handle, 3);
	brokers = rd_kafka_mock_cluster_bootstraps(cluster);
	producer = make_producer(brokers);
	object_registry_init(&objects);
	source_registry_init(&sources);
	source_from_spec(&sources, "DE/energy/de-soc", why);
	source_from_spec(&sources, "FR/health/fr-soc", why);
	batch_pool_init(&pool, 2);
	cx = (struct ingest_context){.record_bytes_max = BATCH_BYTES,
				     .stop = &stop,
				     .objects = objects,
				     .sources = &sources};
}

static void teardown(void)
{
	rd_kafka_destroy(producer);
	rd_kafka_mock_cluster_destroy(cluster);
	rd_kafka_destroy(handle);
	object_registry_fini(objects);
	source_registry_fini(&sources);
	batch_pool_fini(&pool);
}

static void produce(const char *topic, int partition, const void *p, size_t len, const char *source,
		    const char *state)
{
	rd_kafka_headers_t *h = rd_kafka_headers_new(2);

	if (source)
		rd_kafka_header_add(h, "source", -1, source, -1);
	if (state)
		rd_kafka_header_add(h, "member_state", -1, state, -1);
	rd_kafka_resp_err_t err = rd_kafka_producev(
		producer, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition),
		RD_KAFKA_V_VALUE((void *)(uintptr_t)p, len), RD_KAFKA_V_HEADERS(h),
		RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_TIMESTAMP(1700000000123),
		RD_KAFKA_V_END);
	if (err) {
		printf("# produce: %s\n", rd_kafka_err2str(err));
		rd_kafka_headers_destroy(h);
	}
}

static void produce_text(const char *topic, int partition, const char *text)
{
	produce(topic, partition, text, strlen(text), NULL, NULL);
}

/* What came: "position@offset source claim time: bytes", and a count a partition. */
struct seen {
	struct text lines;
	uint64_t messages, long_ones, mixed, disordered;
	int64_t next[PARTITIONS];
	int result;
	char why[256];
};

static void note(struct seen *s, const struct batch *b)
{
	const char *colon = b->object ? strrchr(b->object->position, ':') : NULL;
	int partition = colon ? atoi(colon + 1) : 0;

	s->long_ones += b->refused[REASON_TOO_LONG];
	for (uint32_t i = 0; i < b->items; i++) {
		const struct batch_item *it = &b->item[i];
		s->messages++;
		if (s->lines.len < 4000) {
			text_printf(&s->lines, "%s@%llu %s %d %lld: ", b->object->position,
				    (unsigned long long)it->offset,
				    it->source ? it->source->name : "-", it->state_claim,
				    (long long)it->time_us);
			text_bytes(&s->lines, b->bytes + it->start, it->len < 40 ? it->len : 40);
			text_char(&s->lines, '\n');
		}
		if (partition < PARTITIONS) {
			s->disordered += (int64_t)it->offset != s->next[partition];
			s->next[partition] = (int64_t)it->offset + 1;
		}
	}
}

static void read_once(struct seen *s, struct kafka_input *in)
{
	struct batch *b = batch_get(&pool);

	s->result = kafka_fill(in, b, s->why);
	if (s->result > 0)
		note(s, b);
	batch_put(&pool, b);
}

/* Fills until count messages came, or the end, or patience does. */
static void read_some(struct seen *s, struct kafka_input *in, uint64_t count)
{
	s->result = 1;
	for (int i = 0; i < PATIENCE && s->messages < count && s->result > 0; i++)
		read_once(s, in);
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool open_topic(struct kafka_input **in, const char *topic, const char *group,
		       const struct source *source, bool stop_at_end)
{
	struct kafka_topic t = {.source = source};
	struct kafka_settings s = {.brokers = brokers,
				   .group = group,
				   .topics = &t,
				   .topic_count = 1,
				   .properties = quick,
				   .stop_at_end = stop_at_end};
	char why[256];

	snprintf(t.name, sizeof(t.name), "%s", topic);
	if (kafka_open(in, &cx, &s, why) == 0)
		return true;
	tap_ok(false, "open %s: %s", topic, why);
	return false;
}

static void check_fields(void)
{
	struct seen s = {0};
	struct kafka_input *in;
	static char large[2 << 20];

	rd_kafka_mock_topic_create(cluster, "fields", 1, 1);
	produce("fields", 0, "{\"a\":1}\n{\"a\":2}", 15, "de-soc", NULL);
	produce("fields", 0, "{}", 2, "nobody", "FR");
	produce("fields", 0, "{}", 2, NULL, "Atlantis");
	memset(large, 'x', sizeof(large));
	produce("fields", 0, large, sizeof(large), "de-soc", NULL);
	produce("fields", 0, NULL, 0, "de-soc", NULL);
	produce("fields", 0, "last", 4, "fr-soc", "EL");
	rd_kafka_flush(producer, 5000);
	if (!open_topic(&in, "fields", "fields", NULL, true))
		return;
	read_some(&s, in, 99);
	tap_int(s.result, 0, "the end of the topic is the end");
	char want[1024];
	snprintf(want, sizeof(want),
		 "kafka:fields:0@0 de-soc -1 1700000000123000: {\"a\":1}\n{\"a\":2}\n"
		 "kafka:fields:0@1 - %d 1700000000123000: {}\n"
		 "kafka:fields:0@2 - -2 1700000000123000: {}\n"
		 "kafka:fields:0@5 fr-soc %d 1700000000123000: last\n",
		 vocab_state_parse("FR", 2), vocab_state_parse("GR", 2));
	tap_str(s.lines.p, want, "source, claim, time and many lines of a message");
	tap_int((long long)s.long_ones, 1, "a message larger than a batch is counted");
	struct kafka_mark m;
	tap_ok(kafka_marks(in, &m, 1) == 1 && m.next_offset == 6, "the mark is behind the last");
	kafka_close(in);
	text_fini(&s.lines);
}

/* What the checkpoint thread does while the reader reads. */
static void *checkpoint(void *arg)
{
	struct kafka_input *in = arg;
	struct kafka_mark marks[PARTITIONS];
	intptr_t bad = 0;

	while (!atomic_load(&read_to_end)) {
		uint32_t n = kafka_marks(in, marks, PARTITIONS);
		for (uint32_t i = 0; i < n; i++)
			bad += marks[i].next_offset < 0 || marks[i].next_offset > 5000;
		if (n > 0)
			bad += kafka_commit(in, marks, n) != 0;
		usleep(1000);
	}
	return (void *)bad;
}

static void check_partitions(void)
{
	pthread_t thread;
	void *bad;
	struct seen s = {0};
	struct kafka_input *in;
	const uint64_t count = 20000;
	char text[64];

	rd_kafka_mock_topic_create(cluster, "many", PARTITIONS, 1);
	for (uint64_t i = 0; i < count; i++) {
		snprintf(text, sizeof(text), "{\"n\":%llu}", (unsigned long long)i);
		produce_text("many", (int)(i % PARTITIONS), text);
	}
	rd_kafka_flush(producer, 10000);
	if (!open_topic(&in, "many", "many", &sources.sources[0], true))
		return;
	pthread_create(&thread, NULL, checkpoint, in);
	read_some(&s, in, count + 1);
	atomic_store(&read_to_end, true);
	pthread_join(thread, &bad);
	tap_ok(!bad, "marks and commits by another thread meanwhile");
	tap_int((long long)s.messages, (long long)count, "all messages of four partitions");
	tap_int((long long)s.disordered, 0, "each once and in order, one partition a batch");
	tap_int(s.result, 0, "and then the end");
	kafka_close(in);
	text_fini(&s.lines);
}

/* Taken but not committed comes again; committed does not; a mark goes before the group. */
static void check_resume(void)
{
	struct kafka_input *in;
	struct kafka_mark marks[PARTITIONS];
	struct seen s = {0};
	char text[64];

	rd_kafka_mock_topic_create(cluster, "resume", 1, 1);
	for (int i = 0; i < 10; i++) {
		snprintf(text, sizeof(text), "m%d", i);
		produce_text("resume", 0, text);
	}
	rd_kafka_flush(producer, 5000);
	if (!open_topic(&in, "resume", "resume", NULL, false))
		return;
	read_some(&s, in, 10);
	uint32_t count = kafka_marks(in, marks, PARTITIONS);
	tap_ok(count == 1 && marks[0].next_offset == 10 && strcmp(marks[0].topic, "resume") == 0,
	       "marks after ten messages");
	marks[0].next_offset = 4;
	tap_int(kafka_commit(in, marks, count), 0, "commit of four");
	kafka_close(in);
	text_fini(&s.lines);

	memset(&s, 0, sizeof(s));
	s.next[0] = 4;
	if (!open_topic(&in, "resume", "resume", NULL, true))
		return;
	read_some(&s, in, 99);
	tap_ok(s.messages == 6 && s.disordered == 0, "six come again after a restart");
	kafka_close(in);
	text_fini(&s.lines);

	struct kafka_topic t = {.name = "resume"};
	struct kafka_settings set = {.brokers = brokers,
				     .group = "resume",
				     .topics = &t,
				     .topic_count = 1,
				     .stop_at_end = true,
				     .marks = marks,
				     .mark_count = 1,
				     .properties = quick};
	static const int64_t given[] = {8, 2}, from[] = {8, 4};
	for (int i = 0; i < 2; i++) {
		memset(&s, 0, sizeof(s));
		marks[0].next_offset = given[i];
		s.next[0] = from[i];
		if (kafka_open(&in, &cx, &set, s.why) != 0)
			break;
		read_some(&s, in, 99);
		tap_ok(s.messages == (uint64_t)(10 - from[i]) && s.disordered == 0,
		       "a checkpoint %s the group's offset: %llu come", i ? "behind" : "ahead of",
		       (unsigned long long)s.messages);
		kafka_close(in);
		text_fini(&s.lines);
	}
}

static void check_broker_down(void)
{
	struct kafka_input *in;
	struct kafka_mark mark;
	struct seen s = {0};

	rd_kafka_mock_topic_create(cluster, "down", 1, 1);
	produce_text("down", 0, "before");
	rd_kafka_flush(producer, 5000);
	if (!open_topic(&in, "down", "down", NULL, false))
		return;
	read_some(&s, in, 1);
	tap_int((long long)s.messages, 1, "a message before the brokers go");
	rd_kafka_mock_broker_set_down(cluster, -1);
	for (int i = 0; i < 10 && s.result > 0; i++)
		read_once(&s, in);
	tap_int(s.result, 1, "without brokers: nothing, and no error");
	double from = seconds();
	kafka_marks(in, &mark, 1);
	int err = kafka_commit(in, &mark, 1);
	double took = seconds() - from;
	tap_ok(err < 0 && took < 8, "a commit fails in time: %.1f s", took);
	rd_kafka_mock_broker_set_up(cluster, -1);
	produce_text("down", 0, "after");
	read_some(&s, in, 2);
	tap_ok(s.messages == 2 && s.disordered == 0, "they come back: so does the next message");
	rd_kafka_mock_broker_set_down(cluster, -1);
	from = seconds();
	kafka_close(in);
	tap_ok(seconds() - from < 10, "close without brokers ends: %.1f s", seconds() - from);
	rd_kafka_mock_broker_set_up(cluster, -1);
	rd_kafka_flush(producer, 5000);
	text_fini(&s.lines);
}

/* A second member takes partitions over: what moved is not marked by the first any more. */
static void check_rebalance(void)
{
	struct kafka_input *a, *b;
	struct kafka_mark marks[PARTITIONS];
	struct seen sa = {0}, sb = {0};
	uint32_t first = 0, na = 0, nb = 0;

	rd_kafka_mock_topic_create(cluster, "shared", PARTITIONS, 1);
	for (int i = 0; i < 400; i++)
		produce_text("shared", i % PARTITIONS, "x");
	rd_kafka_flush(producer, 5000);
	if (!open_topic(&a, "shared", "shared", NULL, false))
		return;
	read_some(&sa, a, 400);
	first = kafka_marks(a, marks, PARTITIONS);
	tap_ok(first == PARTITIONS && kafka_commit(a, marks, first) == 0,
	       "one member has all four");
	if (!open_topic(&b, "shared", "shared", NULL, false))
		return;
	for (int i = 0; i < PATIENCE && !(na > 0 && nb > 0 && na + nb == PARTITIONS); i++) {
		for (int k = 0; k < 4; k++)
			produce_text("shared", k, "y");
		read_once(&sa, a);
		read_once(&sb, b);
		na = kafka_marks(a, marks, PARTITIONS);
		nb = kafka_marks(b, marks, PARTITIONS);
	}
	tap_ok(na > 0 && nb > 0 && na + nb == PARTITIONS, "two members: %u and %u partitions", na,
	       nb);
	kafka_close(a);
	kafka_close(b);
	text_fini(&sa.lines);
	text_fini(&sb.lines);
}

static uint64_t indicators;

static uint64_t tombstones;

static void on_message(void *arg, const struct kafka_message *m)
{
	if (arg != &indicators || strcmp(m->topic, "iocs") != 0 || m->time_us <= 0)
		return;
	indicators += m->payload && m->len == 8 && !m->key;
	tombstones += !m->payload && m->key_len == 3 && memcmp(m->key, "old", 3) == 0;
}

static void check_indicators(void)
{
	struct kafka_topic topics[] = {{.name = "iocs", .indicators = true}, {.name = "logs"}};
	struct kafka_settings set = {.brokers = brokers,
				     .group = "iocs",
				     .topics = topics,
				     .topic_count = 2,
				     .on_message = on_message,
				     .arg = &indicators,
				     .properties = quick};
	struct kafka_input *in;
	struct kafka_mark marks[PARTITIONS];
	struct seen s = {0};

	rd_kafka_mock_topic_create(cluster, "iocs", 2, 1);
	rd_kafka_mock_topic_create(cluster, "logs", 1, 1);
	for (int i = 0; i < 100; i++)
		produce_text("iocs", i % 2, "evil.com");
	produce_text("logs", 0, "{}");
	rd_kafka_flush(producer, 5000);
	if (kafka_open(&in, &cx, &set, s.why) != 0)
		return;
	read_some(&s, in, 1);
	tap_ok(indicators == 100 && s.messages == 1, "all indicators before the first record");
	uint32_t n = kafka_marks(in, marks, PARTITIONS);
	tap_ok(n == 1 && strcmp(marks[0].topic, "logs") == 0, "they have no marks");
	produce_text("iocs", 0, "evil.org");
	rd_kafka_flush(producer, 5000);
	for (int k = 0; k < 50 && indicators < 101; k++)
		read_once(&s, in);
	tap_int((long long)indicators, 101, "and a later one while running");
	rd_kafka_producev(producer, RD_KAFKA_V_TOPIC("iocs"), RD_KAFKA_V_PARTITION(0),
			  RD_KAFKA_V_KEY("old", 3), RD_KAFKA_V_END);
	rd_kafka_flush(producer, 5000);
	for (int k = 0; k < 50 && tombstones < 1; k++)
		read_once(&s, in);
	tap_int((long long)tombstones, 1, "a tombstone comes with its key");
	kafka_close(in);
	text_fini(&s.lines);
	set.topic_count = 1;
	set.stop_at_end = true;
	indicators = 0;
	memset(&s, 0, sizeof(s));
	if (kafka_open(&in, &cx, &set, s.why) != 0)
		return;
	read_some(&s, in, 1);
	tap_ok(s.result == 0 && indicators == 101,
	       "an indicator topic alone, to its end, from its start");
	kafka_close(in);
}

static void check_property(const char *property, const char *want)
{
	const char *list[] = {property, NULL};
	struct kafka_topic t = {.name = "p"};
	struct kafka_settings set = {
		.brokers = brokers, .topics = &t, .topic_count = 1, .properties = list};
	struct kafka_input *in;
	char why[256] = "";
	int err = kafka_open(&in, &cx, &set, why);

	if (!want)
		tap_ok(err == 0, "%.20s... is taken %s", property, why);
	else
		tap_ok(err == -EINVAL && strstr(why, want) && !strstr(why, "s3cret"), "%s", why);
	kafka_close(in);
}

static void check_properties(void)
{
	static const char path[] = "/tmp/test_ingest_kafka.secret";
	FILE *f = fopen(path, "w");

	fputs("s3cret-password\n", f);
	fclose(f);
	setenv("TEST_KAFKA_SECRET", "s3cret", 1);
	check_property("no.such.thing=s3cret", "no.such.thing");
	check_property("session.timeout.ms=s3cret", "session.timeout.ms");
	check_property("session.timeout.ms=env:TEST_KAFKA_SECRET", "session.timeout.ms");
	check_property("sasl.password=env:TEST_KAFKA_NOT_SET", "TEST_KAFKA_NOT_SET");
	check_property("sasl.password=file:/nonexistent/x", "/nonexistent/x");
	check_property("enable.auto.commit=true", "enable.auto.commit");
	check_property("nothing", "name=value");
	check_property("sasl.password=env:TEST_KAFKA_SECRET", NULL);
	check_property("sasl.password=file:/tmp/test_ingest_kafka.secret", NULL);
	unlink(path);
}

static void check_stop(void)
{
	struct kafka_input *in;
	char why[256];

	if (!open_topic(&in, "nowhere", "nowhere", NULL, false))
		return;
	struct batch *b = batch_get(&pool);
	tap_int(kafka_fill(in, b, why), 1, "a topic that is not there: nothing yet");
	atomic_store(&stop, true);
	tap_int(kafka_fill(in, b, why), 0, "stopped: the end");
	atomic_store(&stop, false);
	batch_put(&pool, b);
	kafka_close(in);
}

int main(void)
{
	log_set_level(LOG_WARNING);
	setup();
	check_fields();
	check_partitions();
	check_resume();
	check_rebalance();
	check_indicators();
	check_properties();
	check_stop();
	check_broker_down();
	teardown();
	return tap_done();
}
