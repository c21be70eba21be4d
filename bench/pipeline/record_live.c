/*
 * record_live - what a whole record costs that hits one of so many live threats: scan,
 * decode, verify, and its evidence joined; one worker.
 *
 *   record_live [THREATS [REPEATS]]        default 10000000 5
 *
 * known   records that were read before: 4,000 that hit a thousand threats, four hosts
 *         each, while nothing else is live; then 400,000 that hit random ones of a
 *         million, while THREATS (fewer where memory does not allow it) are
 * new     the latter when they are read first; the former's like are a thousand threats'
 *         records of a hundred hours
 *
 * A million indicators are loaded, whichever are hit. All is read from files, and each
 * reading is waited for. A record that does not hit, or a hit without room, fails.
 */
#include <fcntl.h>

#include "base/hash.h"
#include "base/problem.h"
#include "bench.h"
#include "engine/engine_priv.h"

#define DIR	   "build/bench/"
#define INDICATORS DIR "live.txt"
#define ATOMS	   1000000u
#define FEW	   1000u
#define HOSTS	   4u
#define MANY	   400000u
#define T0	   1772359200 /* 2026-03-01T10:00:00Z */

static void die(const char *what)
{
	fprintf(stderr, "record_live: %s\n", what);
	exit(1);
}

static FILE *make(const char *path)
{
	FILE *f = fopen(path, "w");

	if (!f)
		die(path);
	return f;
}

/* A host asks for a threat's name, as Suricata tells it. */
static void spell(FILE *f, uint32_t threat, uint32_t host, uint32_t hour)
{
	time_t t = T0 + hour * 3600;
	struct tm tm;
	char when[32];

	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", gmtime_r(&t, &tm));
	fprintf(f,
		"{\"timestamp\":\"%s.%06u+0000\",\"flow_id\":%llu,\"in_iface\":\"eth0\","
		"\"event_type\":\"dns\",\"src_ip\":\"10.1.%u.%u\",\"src_port\":%u,\"dest_ip\":"
		"\"192.0.2.53\",\"dest_port\":53,\"proto\":\"UDP\",\"dns\":{\"type\":\"query\","
		"\"id\":%u,\"rrname\":\"n%u.live.example\",\"rrtype\":\"A\",\"tx_id\":0}}\n",
		when, host, (unsigned long long)hash_word(threat * 8 + host) >> 8, host / 250,
		host % 250 + 1, 1024 + threat % 60000, threat % 65536, threat);
}

static void write_files(void)
{
	if (system("mkdir -p " DIR))
		die(DIR);
	FILE *f = make(INDICATORS);
	for (uint32_t i = 0; i < ATOMS; i++)
		fprintf(f, "n%u.live.example\n", i);
	fclose(f);
	f = make(DIR "live-few.json");
	for (uint32_t i = 0; i < FEW * HOSTS; i++)
		spell(f, (uint32_t)hash_word(i % FEW) % ATOMS, i / FEW, 0);
	fclose(f);
	f = make(DIR "live-hours.json");
	for (uint32_t i = 0; i < MANY; i++)
		spell(f, (uint32_t)hash_word(i % FEW) % ATOMS, i / FEW % HOSTS,
		      1 + i / FEW / HOSTS);
	fclose(f);
	f = make(DIR "live-many.json");
	for (uint32_t i = 0; i < MANY; i++)
		spell(f, (uint32_t)hash_word(i + FEW) % ATOMS, i % 200, 0);
	fclose(f);
}

/* --- the engine ------------------------------------------------------------ */

struct bench {
	struct config c;
	struct problems ps;
	struct engine *e;
	struct source *source;
	uint64_t records;
};

static void open_engine(struct bench *b, uint32_t threats)
{
	static const struct input_list nothing; /* yet */
	char why[256] = "";

	problems_init(&b->ps);
	if (config_init(&b->c))
		die("config");
	b->c.threads = 1;
	b->c.table_entries = 1u << 20;
	for (b->c.table_cells = 1024; b->c.table_cells < threats + threats / 2ull;)
		b->c.table_cells *= 2;
	struct config_feed *feed = config_feed_add(&b->c, "live");
	snprintf(feed->path, sizeof(feed->path), INDICATORS);
	b->source = source_from_spec(&b->c.sources, "DE/energy/soc-a", why);
	b->source->format = FORMAT_EVE;
	if (engine_create(&b->e, &b->c, &b->ps, why) || engine_load(b->e, &b->ps) ||
	    engine_offer(b->e, &nothing) || engine_start(b->e, false))
		die(why);
}

/* Nanoseconds a record. */
static double read_file(struct bench *b, const char *path, uint32_t records, uint32_t times)
{
	struct input_list file = {0};
	char why[256] = "";

	if (input_list_add(&file, path, b->source, why))
		die(why);
	double from = bench_now();
	for (uint32_t i = 0; i < times; i++)
		if (engine_offer(b->e, &file))
			die("out of memory");
	engine_wait(b->e, -1);
	engine_quiesce(b->e);
	double took = bench_now() - from;
	engine_resume(b->e);
	input_list_fini(&file);
	b->records += (uint64_t)records * times;
	return took / records / times * 1e9;
}

static void keep_cell(void *arg, const struct evidence_cell *c)
{
	*(struct evidence_cell *)arg = *c;
}

/* Threats, each with one hit in a cell as records of these make them. */
static void fill(struct bench *b, uint32_t threats)
{
	struct evidence_cell like = {0};
	struct evidence_usage u;

	for (uint32_t t = 1; t <= ATOMS && !like.key.bucket; t++)
		evidence_read_cells(b->e->evidence, t, keep_cell, &like);
	for (uint32_t t = 1; t <= threats; t++) {
		const struct observation o = {.threat = t,
					      .by = 1,
					      .state = like.key.state,
					      .sector = like.key.sector,
					      .hit_class = like.key.hit_class,
					      .severity = like.key.severity,
					      .tlp = like.tlp,
					      .pap = like.pap,
					      .time_us = T0 * INT64_C(1000000),
					      .entity = hash_word(t),
					      .origin = source_origin(b->source, like.key.state),
					      .object = 9,
					      .offset = t};
		if (evidence_update(b->e->evidence, &o))
			die("a threat found no room");
	}
	evidence_usage(b->e->evidence, &u);
	if (u.cells < threats)
		die("cells are missing");
}

static bool right(struct bench *b)
{
	struct ledger l;

	engine_stop(b->e);
	engine_ledger(b->e, &l);
	fprintf(stderr, "record_live: %llu records, %llu hit, %llu unplaced\n",
		(unsigned long long)b->records, (unsigned long long)counter_get(&l.hit),
		(unsigned long long)counter_get(&l.unplaced));
	return counter_get(&l.hit) == b->records && counter_get(&l.unplaced) == 0 &&
	       ledger_in_flight(&l) == 0;
}

/* As many as fit half of what is free. */
static uint32_t allowed(uint32_t threats)
{
	unsigned long long kb = 0;
	char line[256];
	FILE *f = fopen("/proc/meminfo", "r");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "MemAvailable: %llu", &kb) == 1)
			break;
	if (f)
		fclose(f);
	while (threats > ATOMS && threats * 220ull + (1ull << 30) > kb * 512)
		threats /= 2;
	return threats < ATOMS ? ATOMS : threats;
}

int main(int argc, char **argv)
{
	uint32_t threats = argc > 1 ? (uint32_t)atoi(argv[1]) : 10000000;
	size_t repeats = argc > 2 ? (size_t)atoi(argv[2]) : 5;
	double few[BENCH_REPEATS_MAX], many[BENCH_REPEATS_MAX];
	struct bench b = {0};

	if (threats < ATOMS || threats > 50000000 || repeats < 3 || repeats > BENCH_REPEATS_MAX)
		return 2;
	threats = allowed(threats);
	write_files();
	open_engine(&b, threats);
	read_file(&b, DIR "live-few.json", FEW * HOSTS, 10);
	for (size_t i = 0; i < repeats; i++)
		few[i] = read_file(&b, DIR "live-few.json", FEW * HOSTS, MANY / FEW / HOSTS);
	double few_new = read_file(&b, DIR "live-hours.json", MANY, 1);
	fill(&b, threats);
	double many_new = read_file(&b, DIR "live-many.json", MANY, 1);
	for (size_t i = 0; i < repeats; i++)
		many[i] = read_file(&b, DIR "live-many.json", MANY, 1);
	bool good = right(&b);
	double f = bench_median(few, repeats), m = bench_median(many, repeats);
	printf("{\"bench\":\"record_live\",\"threats\":%u,\"indicators\":%u,\"known_1000_ns\":%.0f,"
	       "\"known_ns\":%.0f,\"new_1000_ns\":%.0f,\"new_ns\":%.0f,\"known_ratio\":%.2f,"
	       "\"new_ratio\":%.2f,\"ratio_max\":1.5,\"spread\":%.3f,\"right\":%s,",
	       threats, ATOMS, f, m, few_new, many_new, m / f, many_new / few_new,
	       bench_spread(many, repeats), good ? "true" : "false");
	bench_machine(stdout);
	puts("}");
	engine_destroy(b.e);
	problems_fini(&b.ps);
	config_fini(&b.c);
	return good ? 0 : 1;
}
