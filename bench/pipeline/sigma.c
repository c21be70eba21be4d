/*
 * sigma - the whole chain over real Windows events with the public Sigma rules and a
 * million atoms, beside a bare hs_scan loop that looks for a thousand rare strings in the
 * same bytes, a scan a record. Runs take turns and are told in processor time, so that a noisy
 * neighbour meets both. A wrong hit count fails the run.
 *
 *   sigma [ATOMS] [REPEATS]          default 1000000 7
 *
 * Says so and does nothing where the rules and events are not there.
 */
#include <fcntl.h>
#include <hs.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/problem.h"
#include "bench.h"
#include "engine/engine.h"

#define DIR     "build/bench/"
#define ATOMS   DIR "atoms-%u.tsv"
#define EVENTS  DIR "otrf.json"
#define SOURCE  "../shared/data/logs/OTRF"
#define RULES   "../shared/data/rules/sigma"
#define STRINGS 1000
#define HITS    620 /* of the rules and events there, as every rule tried on every event has it */

static char atoms[64];

static void die(const char *what)
{
	fprintf(stderr, "sigma: %s\n", what);
	exit(1);
}

static bool there(unsigned count)
{
	char command[512];

	snprintf(atoms, sizeof(atoms), ATOMS, count);
	if (access(SOURCE, R_OK) || access(RULES, R_OK))
		return false;
	snprintf(command, sizeof(command),
		 "mkdir -p " DIR "; build/gen --write-atoms %u %s 2>/dev/null; [ -s " EVENTS
		 " ] || for z in $(find " SOURCE " -name '*.zip' | sort); do "
		 "unzip -p $z '*.json' -x '__MACOSX/*' 2>/dev/null; done | grep -a . >" EVENTS,
		 count ? count : 1, atoms);
	return system(command) == 0;
}

/* All threads' time: what else the machine does weighs less on it than on the clock. */
static double cpu_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* --- the bare loop -------------------------------------------------------- */

static hs_database_t *compile(void)
{
	static char text[STRINGS][16];
	const char *expressions[STRINGS];
	size_t lens[STRINGS];
	unsigned flags[STRINGS], ids[STRINGS];
	uint64_t state = 88172645463325252u;
	hs_database_t *db;
	hs_compile_error_t *error;

	for (unsigned i = 0; i < STRINGS; i++) {
		for (int k = 0; k < 12; k++) {
			state ^= state << 13;
			state ^= state >> 7;
			state ^= state << 17;
			text[i][k] = "abcdefghijklmnopqrstuvwxyz0123456789"[(state >> 33) % 36];
		}
		expressions[i] = text[i];
		lens[i] = 12;
		flags[i] = HS_FLAG_CASELESS | HS_FLAG_SINGLEMATCH;
		ids[i] = i;
	}
	if (hs_compile_lit_multi(expressions, flags, ids, lens, STRINGS, HS_MODE_BLOCK, NULL, &db,
				 &error) != HS_SUCCESS)
		die(error->message);
	return db;
}

static int count(unsigned id, unsigned long long from, unsigned long long to, unsigned f, void *arg)
{
	(void)id, (void)from, (void)to, (void)f;
	++*(uint64_t *)arg;
	return 0;
}

static double bare(const char *p, size_t len, const hs_database_t *db, hs_scratch_t *scratch,
		   uint64_t *matches)
{
	const char *end = p + len;
	double from = cpu_now();

	*matches = 0;
	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		if (!nl)
			nl = end;
		hs_scan(db, p, (unsigned)(nl - p), 0, scratch, count, matches);
		p = nl + 1;
	}
	return cpu_now() - from;
}

/* --- the pipeline --------------------------------------------------------- */

struct run {
	double seconds, load_seconds;
	uint64_t hits, records;
};

static void pipeline(struct run *r, bool rules)
{
	struct config c;
	struct problems ps;
	struct engine *e;
	struct ledger l;
	struct input_list inputs = {0};
	char why[256] = "";

	problems_init(&ps);
	if (config_init(&c))
		die("config");
	c.threads = 1;
	struct config_feed *feed = config_feed_add(&c, "atoms");
	snprintf(feed->path, sizeof(feed->path), "%s", atoms);
	if (rules)
		config_list_add(&c.rules, RULES);
	struct source *s = source_from_spec(&c.sources, "DE/energy/soc-a", why);
	double from = bench_now();
	if (engine_create(&e, &c, &ps, why) || engine_load(e, &ps) ||
	    input_list_add(&inputs, EVENTS, s, why) || engine_offer(e, &inputs))
		die(why);
	r->load_seconds = bench_now() - from;
	from = cpu_now();
	if (engine_start(e, false))
		die("threads");
	engine_wait(e, -1);
	engine_stop(e);
	r->seconds = cpu_now() - from;
	engine_ledger(e, &l);
	r->hits = counter_get(&l.hits);
	r->records = counter_get(&l.records);
	if (ledger_in_flight(&l))
		die("the ledger does not balance");
	if (engine_inputs_failed(e))
		die(EVENTS);
	engine_destroy(e);
	input_list_fini(&inputs);
	problems_fini(&ps);
	config_fini(&c);
}

int main(int argc, char **argv)
{
	unsigned atom_count = argc > 1 ? (unsigned)atoi(argv[1]) : 1000000;
	size_t repeats = argc > 2 ? (size_t)atoi(argv[2]) : 7;
	double alone[BENCH_REPEATS_MAX], with[BENCH_REPEATS_MAX], without[BENCH_REPEATS_MAX];
	hs_scratch_t *scratch = NULL;
	uint64_t matches;
	struct run r, none;
	struct stat st;

	if (!there(atom_count)) {
		printf("{\"bench\":\"sigma\",\"skipped\":\"%s or %s is not there\"}\n", SOURCE,
		       RULES);
		return 0;
	}
	repeats = repeats > BENCH_REPEATS_MAX ? BENCH_REPEATS_MAX : repeats;
	int fd = open(EVENTS, O_RDONLY);
	if (fd < 0 || fstat(fd, &st))
		die(EVENTS);
	size_t len = (size_t)st.st_size;
	char *p = mmap(NULL, len, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	hs_database_t *db = compile();
	if (p == MAP_FAILED || hs_alloc_scratch(db, &scratch) != HS_SUCCESS)
		die("memory");
	for (size_t i = 0; i < repeats; i++) {
		alone[i] = bare(p, len, db, scratch, &matches);
		pipeline(&r, true);
		with[i] = r.seconds;
		pipeline(&none, false);
		without[i] = none.seconds;
		if (r.hits - none.hits != HITS) {
			fprintf(stderr, "sigma: %llu hits of rules, not %d\n",
				(unsigned long long)(r.hits - none.hits), HITS);
			return 1;
		}
	}
	double a = bench_median(alone, repeats), b = bench_median(with, repeats),
	       n = bench_median(without, repeats);
	printf("{\"bench\":\"sigma\",\"bytes\":%zu,\"records\":%llu,\"atoms\":%u,\"hits\":%d,"
	       "\"bare_matches\":%llu,\"bare_mbps\":%.0f,\"one_worker_mbps\":%.0f,"
	       "\"atoms_alone_mbps\":%.0f,\"events_per_second\":%.0f,\"load_seconds\":%.2f,"
	       "\"ratio\":%.3f,\"ratio_min\":0.5,\"spread\":%.3f,\"repeats\":%zu,",
	       len, (unsigned long long)r.records, atom_count, HITS, (unsigned long long)matches,
	       (double)len / a / 1e6, (double)len / b / 1e6, (double)len / n / 1e6,
	       (double)r.records / b, r.load_seconds, a / b, bench_spread(with, repeats), repeats);
	bench_machine(stdout);
	puts("}");
	hs_free_scratch(scratch);
	hs_free_database(db);
	return 0;
}
