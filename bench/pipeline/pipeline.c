/*
 * pipeline - the whole chain over a file of EVE records, beside a bare hs_scan
 * loop that looks for the patterns alone in the same bytes.
 *
 * 10,000 atoms and 1,000 patterns, 1 % of the records hit. Runs take turns, so
 * that a noisy neighbour meets both. A wrong hit count fails the run.
 *
 *   pipeline [MEGABYTES] [REPEATS]
 */
#include <fcntl.h>
#include <hs.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/problem.h"
#include "bench.h"
#include "engine/engine.h"

#define DIR	 "build/bench/"
#define ATOMS	 DIR "atoms.tsv"
#define PATTERNS DIR "patterns.txt"

static char telemetry[64];

struct corpus {
	char *bytes;
	size_t len;
	uint64_t records, planted;
};

static void die(const char *what)
{
	fprintf(stderr, "pipeline: %s\n", what);
	exit(1);
}

/* The generator tells on standard error how many records hold what is looked for. */
static void generate(struct corpus *c, unsigned megabytes)
{
	char command[512], told[1024] = "";

	snprintf(telemetry, sizeof(telemetry), DIR "eve-%u.json", megabytes);
	snprintf(command, sizeof(command),
		 "mkdir -p " DIR " && build/gen --write-atoms 10000 " ATOMS
		 " --write-patterns 1000 " PATTERNS " 2>/dev/null; build/gen --bytes %uM --atoms " ATOMS
		 " --patterns " PATTERNS " --hit-rate 0.01 --out %s 2>&1",
		 megabytes, telemetry);
	FILE *f = popen(command, "r");
	if (!f || !fgets(told, sizeof(told), f) || pclose(f))
		die("build/gen failed");
	const char *hits = strstr(told, "\"hits\":");
	const char *records = strstr(told, "\"records\":");
	if (!hits || !records)
		die(told);
	c->planted = strtoull(hits + 7, NULL, 10);
	c->records = strtoull(records + 10, NULL, 10);
}

static void map(struct corpus *c)
{
	struct stat st;
	int fd = open(telemetry, O_RDONLY);

	if (fd < 0 || fstat(fd, &st))
		die(telemetry);
	c->len = (size_t)st.st_size;
	c->bytes = mmap(NULL, c->len, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (c->bytes == MAP_FAILED)
		die("mmap");
	close(fd);
}

/* --- the bare loop -------------------------------------------------------- */

static unsigned flags_of(const char *p)
{
	unsigned flags = HS_FLAG_SINGLEMATCH;

	for (; *p && *p != '\n'; p++)
		flags |= *p == 'i' ? HS_FLAG_CASELESS : *p == 's' ? HS_FLAG_DOTALL : 0;
	return flags;
}

static hs_database_t *compile(void)
{
	static char lines[1000][256];
	static const char *expressions[1000];
	static unsigned flags[1000], ids[1000];
	unsigned n = 0;
	FILE *f = fopen(PATTERNS, "r");
	hs_database_t *db;
	hs_compile_error_t *error;

	while (f && n < 1000 && fgets(lines[n], sizeof(lines[n]), f)) {
		char *open = strstr(lines[n], ":/"), *close = strrchr(lines[n], '/');
		if (!open || close <= open + 1)
			continue;
		*close = '\0';
		expressions[n] = open + 2;
		flags[n] = flags_of(close + 1);
		ids[n] = n;
		n++;
	}
	if (f)
		fclose(f);
	if (hs_compile_multi(expressions, flags, ids, n, HS_MODE_BLOCK, NULL, &db, &error) !=
	    HS_SUCCESS)
		die(error->message);
	return db;
}

static int count(unsigned id, unsigned long long from, unsigned long long to, unsigned f, void *arg)
{
	(void)id;
	(void)from;
	(void)to;
	(void)f;
	++*(uint64_t *)arg;
	return 0;
}

static double bare(const struct corpus *c, const hs_database_t *db, hs_scratch_t *scratch,
		   uint64_t *matches)
{
	const char *p = c->bytes, *end = c->bytes + c->len;
	double from = bench_now();

	*matches = 0;
	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		if (!nl)
			nl = end;
		hs_scan(db, p, (unsigned)(nl - p), 0, scratch, count, matches);
		p = nl + 1;
	}
	return bench_now() - from;
}

/* --- the pipeline --------------------------------------------------------- */

static double pipeline(uint64_t threads, uint64_t *hit, uint64_t *records)
{
	struct config c;
	struct problems ps;
	struct engine *e;
	struct ledger l;
	char why[256] = "";

	problems_init(&ps);
	if (config_init(&c))
		die("config");
	c.threads = threads;
	struct config_feed *feed = config_feed_add(&c, "atoms");
	snprintf(feed->path, sizeof(feed->path), ATOMS);
	config_list_add(&c.rules, PATTERNS);
	struct source *s = source_from_spec(&c.sources, "DE/energy/soc-a", why);
	s->format = FORMAT_EVE;
	struct input_list inputs = {0};
	if (engine_create(&e, &c, &ps, why) || engine_load(e, &ps) ||
	    input_list_add(&inputs, telemetry, s, why) || engine_offer(e, &inputs))
		die(why);
	double from = bench_now();
	if (engine_start(e, false))
		die("threads");
	engine_wait(e, -1);
	engine_stop(e);
	double took = bench_now() - from;
	engine_ledger(e, &l);
	*hit = counter_get(&l.hit);
	*records = counter_get(&l.records);
	if (ledger_in_flight(&l))
		die("the ledger does not balance");
	if (engine_inputs_failed(e))
		die(telemetry);
	engine_destroy(e);
	input_list_fini(&inputs);
	problems_fini(&ps);
	config_fini(&c);
	return took;
}

int main(int argc, char **argv)
{
	unsigned megabytes = argc > 1 ? (unsigned)atoi(argv[1]) : 300;
	size_t repeats = argc > 2 ? (size_t)atoi(argv[2]) : 7;
	double alone[BENCH_REPEATS_MAX], one[BENCH_REPEATS_MAX], two[BENCH_REPEATS_MAX];
	struct corpus c;
	uint64_t matches, hit, records;
	hs_scratch_t *scratch = NULL;

	repeats = repeats > BENCH_REPEATS_MAX ? BENCH_REPEATS_MAX : repeats;
	generate(&c, megabytes);
	map(&c);
	hs_database_t *db = compile();
	if (hs_alloc_scratch(db, &scratch) != HS_SUCCESS)
		die("scratch");
	for (size_t i = 0; i < repeats; i++) {
		alone[i] = bare(&c, db, scratch, &matches);
		one[i] = pipeline(1, &hit, &records);
		if (hit != c.planted || records != c.records) {
			fprintf(stderr, "pipeline: %llu records hit of %llu; planted %llu of %llu\n",
				(unsigned long long)hit, (unsigned long long)records,
				(unsigned long long)c.planted, (unsigned long long)c.records);
			return 1;
		}
		two[i] = pipeline(2, &hit, &records);
		if (hit != c.planted)
			die("two workers hit other records than one");
	}
	double a = bench_median(alone, repeats), b = bench_median(one, repeats),
	       t = bench_median(two, repeats);
	printf("{\"bench\":\"pipeline\",\"bytes\":%zu,\"records\":%llu,\"atoms\":10000,"
	       "\"patterns\":1000,\"hit\":%llu,\"bare_matches\":%llu,\"bare_mbps\":%.0f,"
	       "\"one_worker_mbps\":%.0f,\"two_workers_mbps\":%.0f,\"ratio\":%.3f,\"ratio_min\":0.5,"
	       "\"scaling\":%.2f,\"scaling_min\":1.7,\"spread\":%.3f,\"repeats\":%zu,",
	       c.len, (unsigned long long)records, (unsigned long long)hit,
	       (unsigned long long)matches, (double)c.len / a / 1e6, (double)c.len / b / 1e6,
	       (double)c.len / t / 1e6, a / b, b / t, bench_spread(one, repeats), repeats);
	bench_machine(stdout);
	puts("}");
	hs_free_scratch(scratch);
	hs_free_database(db);
	return 0;
}
