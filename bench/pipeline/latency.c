/*
 * latency - from the second state's deciding record entering the engine to the
 * candidate leaving it, while other records keep the workers half busy.
 *
 *   latency [TRIALS]
 *
 * "Entering" is the call of tocsin_feed() or write(2); "leaving" is the callback, or the
 * line read from the service's standard output. Half load is half of what the same input
 * takes when it is offered without a pause, just before. With a state_dir a candidate waits
 * for the disk: what that is under the same load, an entry written and synced by this program
 * alone, is told beside.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "bench.h"
#include "tocsin/tocsin.h"

#define DIR        "build/bench/"
#define ASKED_MS   10.0
#define TRIALS_MAX 4000
#define PIECE      (64u << 10) /* of the other records, at a time */
#define GAP_US     11000       /* between deciding records; no multiple of a period in the engine */
#define LINE_MAX_  512

static double entered[TRIALS_MAX], left[TRIALS_MAX];
static int trials = 400;

static void die(const char *what)
{
	fprintf(stderr, "latency: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* One host of a state asks for the trial's name. */
static int spell(char *out, int trial, int state, int host)
{
	return snprintf(
		out, LINE_MAX_,
		"{\"timestamp\":\"2026-03-01T10:00:0%d.000000+0000\",\"event_type\":\"dns\",\"src_"
		"ip\":\"10.%d.0.%d\","
		"\"src_port\":5353,\"dest_ip\":\"192.0.2.53\",\"dest_port\":53,\"proto\":\"UDP\","
		"\"dns\":{\"type\":\"query\",\"rrname\":\"t%d.lat.example\"}}\n",
		host, state, host, trial);
}

static void write_feed(void)
{
	if (system("mkdir -p " DIR " && build/gen --write-atoms 10000 " DIR
		   "latency.tsv 2>/dev/null;"
		   " build/gen --bytes 32M --out " DIR "latency.json 2>/dev/null"))
		die("build/gen");
	FILE *f = fopen(DIR "latency.txt", "w");
	if (!f)
		die(DIR "latency.txt");
	for (int i = 0; i < trials; i++)
		fprintf(f, "t%d.lat.example\n", i);
	fclose(f);
}

/* A candidate's line: when its trial was raised. */
static void look(const char *line)
{
	const char *name = strstr(line, "\"name\":\"t");
	int trial = name ? atoi(name + 9) : -1;

	if (trial >= 0 && trial < trials && strstr(line, "\"status\":\"raised\"") &&
	    left[trial] == 0)
		left[trial] = bench_now();
}

/* --- the other records ---------------------------------------------------------- */

struct load {
	char *bytes; /* whole lines; pieces[] are where to cut them */
	size_t cut[8192];
	int pieces;
	int (*send)(struct load *l, const char *p, size_t len); /* 0, or the end */
	struct tocsin *t;
	int source, fd;
	uint64_t offset;
	double rate; /* bytes a second to keep to; 0: all that is taken */
	_Atomic bool stop;
	double sent, seconds;
	pthread_t thread;
};

static void read_load(struct load *l)
{
	FILE *f = fopen(DIR "latency.json", "r");
	struct stat st;

	if (!f || fstat(fileno(f), &st) || !(l->bytes = malloc((size_t)st.st_size)) ||
	    fread(l->bytes, 1, (size_t)st.st_size, f) != (size_t)st.st_size)
		die(DIR "latency.json");
	fclose(f);
	for (size_t at = 0; at + PIECE < (size_t)st.st_size && l->pieces < 8191;) {
		const char *nl =
			memchr(l->bytes + at + PIECE, '\n', (size_t)st.st_size - at - PIECE);
		l->cut[l->pieces++] = at;
		at = nl ? (size_t)(nl - l->bytes) + 1 : (size_t)st.st_size;
		l->cut[l->pieces] = at;
	}
}

static int to_api(struct load *l, const char *p, size_t len)
{
	return tocsin_feed(l->t, l->source, p, len - 1, l->offset++);
}

static int to_pipe(struct load *l, const char *p, size_t len)
{
	for (ssize_t n; len; p += n, len -= (size_t)n)
		if ((n = write(l->fd, p, len)) <= 0)
			return -1;
	return 0;
}

static void *load_thread(void *arg)
{
	struct load *l = arg;
	double from = bench_now();

	for (int i = 0; !atomic_load_explicit(&l->stop, memory_order_relaxed);
	     i = (i + 1) % l->pieces) {
		size_t len = l->cut[i + 1] - l->cut[i];
		if (l->send(l, l->bytes + l->cut[i], len))
			break;
		l->sent += (double)len;
		double ahead = l->rate > 0 ? l->sent / l->rate - (bench_now() - from) : 0;
		if (ahead > 0)
			usleep((useconds_t)(ahead * 1e6));
	}
	l->seconds = bench_now() - from;
	return NULL;
}

static void load_begin(struct load *l, double rate)
{
	l->rate = rate;
	l->sent = 0;
	atomic_store(&l->stop, false);
	pthread_create(&l->thread, NULL, load_thread, l);
}

/* Bytes a second that went. */
static double load_end(struct load *l)
{
	atomic_store(&l->stop, true);
	pthread_join(l->thread, NULL);
	return l->sent / l->seconds;
}

/* Flat out for a second and a half; then half of it. */
static double half_load(struct load *l)
{
	load_begin(l, 0);
	usleep(1500000);
	double most = load_end(l);
	load_begin(l, most / 2);
	return most / 2;
}

/* --- figures -------------------------------------------------------------------------- */

/* 99th percentile of n, in place. */
static double p99_of(double *ms, int n)
{
	qsort(ms, (size_t)n, sizeof(*ms), bench_ascending);
	return n ? ms[(int)(0.99 * (n - 1))] : NAN;
}

/* What the disk takes for as much as a journal entry, now: written over, and synced. */
static double disk_p99(void)
{
	static char entry[8192];
	double ms[200];
	int fd = open(DIR "latency-disk", O_RDWR | O_CREAT | O_TRUNC, 0600), n = 0;

	if (fd < 0)
		die(DIR "latency-disk");
	for (int round = 0; round < 2; round++)
		for (n = 0; n < 200; n++) {
			double from = bench_now();
			if (pwrite(fd, entry, sizeof(entry), n * (off_t)sizeof(entry)) < 0 ||
			    (round && fdatasync(fd)))
				die(DIR "latency-disk");
			ms[n] = (bench_now() - from) * 1e3;
			if (round)
				usleep(GAP_US);
			else if (n == 199)
				fsync(fd);
		}
	close(fd);
	unlink(DIR "latency-disk");
	return p99_of(ms, n);
}

static int tell(const char *way, double rate, double disk)
{
	static double ms[TRIALS_MAX];
	int n = 0;

	for (int i = 0; i < trials; i++)
		if (left[i] > 0)
			ms[n++] = (left[i] - entered[i]) * 1e3;
	double p99 = p99_of(ms, n), p50 = n ? ms[n / 2] : NAN;
	printf("{\"bench\":\"latency\",\"way\":\"%s\",\"trials\":%d,\"raised\":%d,\"load_mb_s\":%."
	       "0f,"
	       "\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"max_ms\":%.2f,\"p99_ms_asked\":%.0f,\"met\":%s,",
	       way, trials, n, rate / 1e6, p50, p99, n ? ms[n - 1] : NAN, ASKED_MS,
	       p99 < ASKED_MS ? "true" : "false");
	if (disk > 0)
		printf("\"disk_sync_p99_ms\":%.2f,", disk);
	bench_machine(stdout);
	puts("}");
	fflush(stdout);
	memset(entered, 0, sizeof(entered));
	memset(left, 0, sizeof(left));
	return n != trials; /* a candidate that never came fails the run */
}

/* --- through the API -------------------------------------------------------------------- */

static _Atomic bool looking;

static void on_change(void *arg, const char *id, const char *line, size_t len)
{
	(void)arg;
	(void)id;
	(void)len;
	look(line);
}

/* What an embedder does who wants to know at once. */
static void *look_thread(void *arg)
{
	while (atomic_load(&looking)) {
		tocsin_flush(arg);
		tocsin_changes(arg, on_change, NULL);
		usleep(500);
	}
	return NULL;
}

static int through_the_api(struct load *l)
{
	struct tocsin_config *c = tocsin_config_create();
	char line[LINE_MAX_];
	pthread_t looker;
	uint64_t offset = 0;

	tocsin_config_set(c, "threads", "2");
	tocsin_config_set(c, "retention", "366d");
	tocsin_config_indicators(c, DIR "latency.txt");
	tocsin_config_indicators(c, DIR "latency.tsv");
	if (tocsin_open(&l->t, c))
		die(tocsin_config_error(c));
	int de = tocsin_source(l->t, "DE/energy/soc-de"),
	    fr = tocsin_source(l->t, "FR/energy/soc-fr");
	l->source = tocsin_source(l->t, "IT/energy/soc-it");
	l->send = to_api;
	for (int i = 0; i < trials; i++)
		for (int h = 1; h <= 5; h++) { /* three in one state, two in the other */
			int n = spell(line, i, h <= 3 ? 1 : 2, h <= 3 ? h : h - 3);
			tocsin_feed(l->t, h <= 3 ? de : fr, line, (size_t)n - 1, offset++);
		}
	atomic_store(&looking, true);
	pthread_create(&looker, NULL, look_thread, l->t);
	double rate = half_load(l);
	for (int i = 0; i < trials; i++) {
		int n = spell(line, i, 2, 3);
		usleep(GAP_US);
		entered[i] = bench_now();
		tocsin_feed(l->t, fr, line, (size_t)n - 1, offset++);
	}
	usleep(500000);
	load_end(l);
	atomic_store(&looking, false);
	pthread_join(looker, NULL);
	tocsin_close(l->t);
	return tell("api: feed, then flush and changes every 0.5 ms", rate, 0);
}

/* --- through the service ------------------------------------------------------------------- */

struct service {
	pid_t pid;
	int out;
	pthread_t reader;
};

static void *read_lines(void *arg)
{
	FILE *f = fdopen(*(int *)arg, "r");
	char *line = NULL;
	size_t room = 0;

	while (f && getline(&line, &room, f) > 0)
		look(line);
	free(line);
	if (f)
		fclose(f);
	return NULL;
}

static void start(struct service *s, const char *more)
{
	int ends[2];
	FILE *f = fopen(DIR "latency.yaml", "w");

	if (!f || pipe(ends))
		die("pipe");
	fprintf(f,
		"sources:\n  - {name: de, state: DE, sector: energy, format: eve, path: "
		"latency-de}\n"
		"  - {name: fr, state: FR, sector: energy, format: eve, path: latency-fr}\n"
		"  - {name: it, state: IT, sector: energy, format: eve, path: latency-it}\n"
		"indicators:\n  - path: latency.txt\n  - path: latency.tsv\nthreads: 2\nretention: "
		"366d\n%s",
		more);
	fclose(f);
	s->pid = fork();
	if (s->pid == 0) {
		dup2(ends[1], 1);
		close(ends[0]);
		execl("build/tocsin", "tocsin", "run", "-q", "-c", DIR "latency.yaml",
		      (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	s->out = ends[0];
	pthread_create(&s->reader, NULL, read_lines, &s->out);
}

static int make(const char *path, bool fifo)
{
	unlink(path);
	int fd = fifo && mkfifo(path, 0666)
			 ? -1
			 : open(path, fifo ? O_RDWR : O_WRONLY | O_CREAT | O_APPEND, 0666);
	if (fd < 0)
		die(path);
	return fd;
}

static void say(int fd, int trial, int state, int host)
{
	char line[LINE_MAX_];
	int n = spell(line, trial, state, host);

	if (write(fd, line, (size_t)n) != n)
		die("write");
}

static int through_the_service(struct load *l, const char *way, const char *more, bool fifo)
{
	struct service s;
	int de = make(DIR "latency-de", false), fr = make(DIR "latency-fr", fifo);

	if (system("rm -rf " DIR "latency-state"))
		die("rm");
	l->fd = make(DIR "latency-it", true);
	l->send = to_pipe;
	for (int i = 0; i < trials; i++)
		for (int h = 1; h <= 3; h++)
			say(de, i, 1, h);
	start(&s, more);
	for (int i = 0; i < trials; i++)
		for (int h = 1; h <= 2; h++)
			say(fr, i, 2, h);
	usleep(500000);
	double rate = half_load(l);
	usleep(500000);
	for (int i = 0; i < trials; i++) {
		usleep(GAP_US);
		entered[i] = bench_now();
		say(fr, i, 2, 3);
	}
	usleep(2000000);
	double disk = strstr(more, "state_dir") ? disk_p99() : 0;
	load_end(l);
	kill(s.pid, SIGTERM);
	waitpid(s.pid, NULL, 0);
	pthread_join(s.reader, NULL);
	close(de);
	close(fr);
	close(l->fd);
	return tell(way, rate, disk);
}

int main(int argc, char **argv)
{
	static struct load l;
	int bad = 0;

	if (argc > 1 && atoi(argv[1]) > 0 && atoi(argv[1]) <= TRIALS_MAX)
		trials = atoi(argv[1]);
	signal(SIGPIPE, SIG_IGN);
	write_feed();
	read_load(&l);
	bad |= through_the_api(&l);
	bad |= through_the_service(&l, "run: file, as configured by default", "", false);
	bad |= through_the_service(&l, "run: file, raise_interval 1ms", "raise_interval: 1ms\n",
				   false);
	bad |= through_the_service(&l, "run: pipe, raise_interval 1ms", "raise_interval: 1ms\n",
				   true);
	bad |= through_the_service(&l, "run: pipe, raise_interval 1ms, state_dir",
				   "raise_interval: 1ms\nstate_dir: latency-state\n", true);
	bad |= through_the_service(&l, "run: pipe, raise_interval 1ms, state_dir, state_sync false",
				   "raise_interval: 1ms\nstate_dir: latency-state\nstate_sync: false\n", true);
	free(l.bytes);
	return bad;
}
