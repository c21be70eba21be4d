/*
 * consume - the whole pipeline on a topic, beside a loop that takes the same messages
 * with rd_kafka_consume_batch_queue() and does nothing with them. Records of 400 bytes,
 * a hundred a message and one a message; 10,000 atoms, one record in a hundred hits.
 * The broker is a real one: bench/kafka/run starts it.
 *
 *   consume BROKERS [RECORDS] [REPEATS]
 */
#include <librdkafka/rdkafka.h>
#include <sys/resource.h>

#include "base/problem.h"
#include "bench.h"
#include "engine/engine.h"
#include "engine/live.h"
#include "engine/checkpoint.h"

#define ATOMS	    "build/bench/consume-atoms.txt"
#define ATOM_COUNT  10000
#define RECORD	    400
#define PARTITIONS  4
#define TAKEN	    1000
#define PATIENCE_S  120

struct topic {
	char name[64];
	uint64_t records, messages, hits;
	unsigned packed;
};

struct cost {
	double seconds, cpu; /* from the first message to the last */
};

static const char *brokers;

static void die(const char *what)
{
	fprintf(stderr, "consume: %s\n", what);
	exit(1);
}

static double cpu_now(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static rd_kafka_t *client(rd_kafka_type_t type, const char *const *set)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char why[256];

	if (rd_kafka_conf_set(conf, "bootstrap.servers", brokers, why, sizeof(why)))
		die(why);
	for (; *set; set += 2)
		if (rd_kafka_conf_set(conf, set[0], set[1], why, sizeof(why)))
			die(why);
	rd_kafka_t *rk = rd_kafka_new(type, conf, why, sizeof(why));
	if (!rk)
		die(why);
	return rk;
}

static void make(rd_kafka_t *rk, const char *name)
{
	char why[256];
	rd_kafka_NewTopic_t *t = rd_kafka_NewTopic_new(name, PARTITIONS, 1, why, sizeof(why));
	rd_kafka_queue_t *q = rd_kafka_queue_new(rk);

	rd_kafka_CreateTopics(rk, &t, 1, NULL, q);
	rd_kafka_event_t *e = rd_kafka_queue_poll(q, 30000);
	if (!e || rd_kafka_event_error(e))
		die("a topic cannot be made");
	rd_kafka_event_destroy(e);
	rd_kafka_queue_destroy(q);
	rd_kafka_NewTopic_destroy(t);
}

/* One record of exactly RECORD bytes, its newline among them. */
static void record(char *out, uint64_t i, bool hit)
{
	int n = snprintf(out, RECORD,
			 "{\"timestamp\":\"2026-11-20T%02u:%02u:%02u.%06u+0000\",\"flow_id\":%llu,"
			 "\"event_type\":\"dns\",\"src_ip\":\"10.%u.%u.%u\",\"src_port\":%u,"
			 "\"dest_ip\":\"192.0.2.53\",\"dest_port\":53,\"proto\":\"UDP\",\"dns\":"
			 "{\"type\":\"query\",\"rrname\":\"%s%llu.example\",\"rrtype\":\"A\"},\"note\":\"",
			 (unsigned)(i / 3600 % 24), (unsigned)(i / 60 % 60), (unsigned)(i % 60),
			 (unsigned)(i % 1000000), (unsigned long long)(i * 2654435761u),
			 (unsigned)(i % 200), (unsigned)(i / 200 % 200), (unsigned)(i % 250),
			 (unsigned)(1024 + i % 60000), hit ? "bad" : "www.good",
			 (unsigned long long)(i % ATOM_COUNT));
	memset(out + n, 'x', RECORD - (size_t)n - 3);
	memcpy(out + RECORD - 3, "\"}\n", 3);
}

static void produce(struct topic *t)
{
	static const char *const set[] = {"linger.ms", "20", "batch.size", "1000000",
					  "queue.buffering.max.kbytes", "400000", NULL};
	rd_kafka_t *rk = client(RD_KAFKA_PRODUCER, set);
	char *message = malloc((size_t)RECORD * t->packed);

	make(rk, t->name);
	for (uint64_t i = 0; message && i < t->records;) {
		unsigned n = 0;
		for (; n < t->packed && i < t->records; n++, i++) {
			record(message + (size_t)n * RECORD, i, i % 100 == 0);
			t->hits += i % 100 == 0;
		}
		while (rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(t->name),
					 RD_KAFKA_V_PARTITION((int)(t->messages % PARTITIONS)),
					 RD_KAFKA_V_VALUE(message, (size_t)n * RECORD - 1),
					 RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END))
			rd_kafka_poll(rk, 10);
		t->messages++;
		rd_kafka_poll(rk, 0);
	}
	if (rd_kafka_flush(rk, PATIENCE_S * 1000))
		die("the broker does not take the telemetry");
	rd_kafka_destroy(rk);
	free(message);
}

static struct cost bare(const struct topic *t)
{
	static const char *const set[] = {"group.id", "bare", "queued.max.messages.kbytes", "65536",
					  "enable.auto.commit", "false", NULL};
	rd_kafka_t *rk = client(RD_KAFKA_CONSUMER, set);
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(PARTITIONS);
	static rd_kafka_message_t *taken[TAKEN];
	struct cost from = {0};

	rd_kafka_poll_set_consumer(rk);
	for (int p = 0; p < PARTITIONS; p++)
		rd_kafka_topic_partition_list_add(list, t->name, p)->offset = RD_KAFKA_OFFSET_BEGINNING;
	rd_kafka_queue_t *q = rd_kafka_queue_get_consumer(rk);
	if (rd_kafka_assign(rk, list))
		die("assign");
	for (uint64_t got = 0; got < t->messages;) {
		ssize_t n = rd_kafka_consume_batch_queue(q, 100, taken, TAKEN);
		for (ssize_t i = 0; i < n; i++) {
			got += taken[i]->err == 0;
			rd_kafka_message_destroy(taken[i]);
		}
		if (got && !from.seconds)
			from = (struct cost){bench_now(), cpu_now()};
	}
	struct cost c = {bench_now() - from.seconds, cpu_now() - from.cpu};
	rd_kafka_queue_destroy(q);
	rd_kafka_topic_partition_list_destroy(list);
	rd_kafka_consumer_close(rk);
	rd_kafka_destroy(rk);
	return c;
}

static void configure(struct config *c, struct problems *ps, const struct topic *t)
{
	static unsigned run;
	char set[256], why[256];

	if (config_init(c))
		die("config");
	struct config_feed *feed = config_feed_add(c, "atoms");
	snprintf(feed->path, sizeof(feed->path), ATOMS);
	snprintf(set, sizeof(set), "kafka.brokers=%s", brokers);
	config_set(c, set, ps);
	snprintf(set, sizeof(set), "kafka.group=consume-%d-%u", (int)getpid(), run++);
	config_set(c, set, ps);
	struct source *s = source_from_spec(&c->sources, "DE/energy/soc-a", why);
	s->format = FORMAT_EVE;
	struct config_input *in = config_input_add(c, s);
	if (!in || ps->count)
		die("the configuration");
	snprintf(in->topic, sizeof(in->topic), "%s", t->name);
}

static struct cost pipeline(const struct topic *t)
{
	struct live_options o = {.stop_at_end = false};
	struct checkpoint_marks none = {0};
	struct cost from = {0}, now;
	struct problems ps;
	struct config c;
	struct engine *e;
	struct live *l;
	struct ledger sum;
	char why[256] = "";

	problems_init(&ps);
	configure(&c, &ps, t);
	if (engine_create(&e, &c, &ps, why) || engine_load(e, &ps) || engine_start(e, true) ||
	    live_start(&l, e, &o, &none, why))
		die(why);
	do {
		engine_ledger(e, &sum);
		now = (struct cost){bench_now(), cpu_now()};
		if (counter_get(&sum.records) && !from.seconds)
			from = now;
		usleep(500);
	} while (counter_get(&sum.records) < t->records);
	if (counter_get(&sum.hit) != t->hits)
		die("a wrong number of hits");
	engine_interrupt(e);
	live_join(l);
	engine_stop(e);
	live_free(l);
	engine_destroy(e);
	problems_fini(&ps);
	config_fini(&c);
	return (struct cost){now.seconds - from.seconds, now.cpu - from.cpu};
}

static void measure(const struct topic *t, size_t repeats)
{
	double alone[BENCH_REPEATS_MAX], whole[BENCH_REPEATS_MAX], alone_cpu[BENCH_REPEATS_MAX],
		whole_cpu[BENCH_REPEATS_MAX];

	for (size_t i = 0; i < repeats; i++) {
		struct cost a = bare(t), b = pipeline(t);
		alone[i] = a.seconds;
		whole[i] = b.seconds;
		alone_cpu[i] = a.cpu;
		whole_cpu[i] = b.cpu;
	}
	double a = bench_median(alone, repeats), b = bench_median(whole, repeats);
	printf("{\"bench\":\"consume\",\"records_a_message\":%u,\"records\":%llu,\"hits\":%llu,"
	       "\"bare_mbps\":%.0f,\"pipeline_mbps\":%.0f,\"ratio\":%.3f,\"ratio_min\":0.8,"
	       "\"bare_cpu_ns\":%.0f,\"pipeline_cpu_ns\":%.0f,\"spread\":%.3f,\"repeats\":%zu,",
	       t->packed, (unsigned long long)t->records, (unsigned long long)t->hits,
	       (double)t->records * RECORD / a / 1e6, (double)t->records * RECORD / b / 1e6, a / b,
	       bench_median(alone_cpu, repeats) / (double)t->records * 1e9,
	       bench_median(whole_cpu, repeats) / (double)t->records * 1e9,
	       bench_spread(whole, repeats), repeats);
	bench_machine(stdout);
	puts("}");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	uint64_t records = argc > 2 ? strtoull(argv[2], NULL, 10) : 1000000;
	size_t repeats = argc > 3 ? (size_t)atoi(argv[3]) : 5;
	FILE *f = fopen(ATOMS, "w");

	if (argc < 2 || !f)
		die("usage: consume BROKERS [RECORDS] [REPEATS], after mkdir build/bench");
	for (int i = 0; i < ATOM_COUNT; i++)
		fprintf(f, "bad%d.example\n", i);
	fclose(f);
	brokers = argv[1];
	repeats = repeats > BENCH_REPEATS_MAX ? BENCH_REPEATS_MAX : repeats;
	for (unsigned packed = 100; packed; packed = packed == 100 ? 1 : 0) {
		struct topic t = {.records = packed == 1 ? records / 2 : records, .packed = packed};
		snprintf(t.name, sizeof(t.name), "consume-%d-%u", (int)getpid(), packed);
		produce(&t);
		measure(&t, repeats);
	}
	return 0;
}
