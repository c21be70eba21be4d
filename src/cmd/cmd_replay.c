/* tocsin replay: files in, candidates out, the same for any number of threads. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/summary.h"
#include "engine/engine.h"
#include "engine/output.h"
#include "cmd/cmd_engine.h"

#define READERS_MAX 4

struct replay {
	struct cli *cli;
	struct engine *e;
	struct output out;
	struct input_list inputs;
	pthread_mutex_t lock; /* next, done_bytes, failed, readers_left */
	pthread_cond_t ended; /* readers_left is 0 */
	uint32_t next;
	uint64_t done_bytes; /* of finished inputs */
	uint32_t failed;
	struct reading reading[READERS_MAX];
	pthread_t readers[READERS_MAX];
	uint32_t reader_count, readers_left;
	uint64_t raised, watch;
	int output_error;
};

/* One of the readers: takes the next input until there is none. */
static bool read_one(struct replay *r, struct reading *at)
{
	char why[256] = "";

	pthread_mutex_lock(&r->lock);
	const struct input_path *in =
		r->next < r->inputs.count ? &r->inputs.items[r->next++] : NULL;
	pthread_mutex_unlock(&r->lock);
	if (!in)
		return false;
	int err = engine_read(r->e, in->ops, in->path, in->source, at, why);
	if (err) {
		log_error("%s: %s", in->path, why[0] ? why : strerror(-err));
		engine_refuse_input(r->e, in->ops == &ingest_pcap && err == -EINVAL ? REASON_BAD_CAPTURE
									: REASON_READ_FAILED);
	}
	pthread_mutex_lock(&r->lock);
	r->failed += err && !(in->ops == &ingest_pcap && err == -EINVAL);
	r->done_bytes += in->bytes;
	atomic_store_explicit(&at->done, 0, memory_order_relaxed); /* counted as finished now */
	pthread_mutex_unlock(&r->lock);
	return true;
}

struct reader_args {
	struct replay *r;
	uint32_t index;
};

static void *reader_thread(void *arg)
{
	struct reader_args *a = arg;
	struct replay *r = a->r;

	pthread_setname_np(pthread_self(), "tocsin-reader");
	while (read_one(r, &r->reading[a->index]))
		;
	pthread_mutex_lock(&r->lock);
	if (--r->readers_left == 0)
		pthread_cond_signal(&r->ended);
	pthread_mutex_unlock(&r->lock);
	free(a);
	return NULL;
}

static int start_readers(struct replay *r, uint64_t threads)
{
	uint32_t n = threads && threads < READERS_MAX ? (uint32_t)threads : READERS_MAX;

	n = n < r->inputs.count ? n : r->inputs.count;
	for (uint32_t i = 0; i < n; i++) {
		struct reader_args *a = malloc(sizeof(*a));
		if (!a)
			return -ENOMEM;
		*a = (struct reader_args){r, i};
		pthread_mutex_lock(&r->lock);
		r->readers_left++;
		pthread_mutex_unlock(&r->lock);
		if (pthread_create(&r->readers[i], NULL, reader_thread, a)) {
			free(a);
			return -EAGAIN;
		}
		r->reader_count++;
	}
	return 0;
}

static void say(void *arg, const struct candidate *c)
{
	struct replay *r = arg;
	int err = output_candidate(&r->out, c, engine_context(r->e));

	if (err && !r->output_error)
		r->output_error = err;
}

static void note(void *arg, const char *id, const char *line, size_t len)
{
	struct replay *r = arg;
	int err = r->out.stix ? 0 : output_line(&r->out, id, line, len);

	if (err && !r->output_error)
		r->output_error = err;
}

static void say_final(void *arg, const struct candidate *c)
{
	struct replay *r = arg;

	r->raised += c->status == CANDIDATE_RAISED;
	r->watch += c->status == CANDIDATE_WATCH;
	if (!r->cli->stream)
		say(arg, c);
}

static uint64_t bytes_done(struct replay *r)
{
	pthread_mutex_lock(&r->lock);
	uint64_t done = r->done_bytes;
	pthread_mutex_unlock(&r->lock);
	for (uint32_t i = 0; i < r->reader_count; i++)
		done += counter_get(&r->reading[i].done);
	return done;
}

/* Until the readers have ended, or this long: true when they have. */
static bool wait_ended(struct replay *r, int64_t us)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	int64_t ns = until.tv_nsec + us * 1000;
	until.tv_sec += ns / 1000000000;
	until.tv_nsec = ns % 1000000000;
	pthread_mutex_lock(&r->lock);
	while (r->readers_left && pthread_cond_timedwait(&r->ended, &r->lock, &until) == 0)
		;
	bool ended = r->readers_left == 0;
	pthread_mutex_unlock(&r->lock);
	return ended;
}

/* The main thread while others work: the bar, and with --stream the judge. */
static void attend(struct replay *r)
{
	struct progress bar;
	uint64_t total = 0;
	int64_t interval_us = r->cli->stream ? r->cli->config.raise_interval : 100000;

	for (uint32_t i = 0; i < r->inputs.count; i++)
		total += r->inputs.items[i].bytes;
	progress_init(&bar, r->cli->quiet);
	while (!wait_ended(r, interval_us)) {
		struct ledger sum;
		if (bar.terminal) {
			engine_ledger(r->e, &sum);
			progress_draw(&bar, bytes_done(r), total, counter_get(&sum.records),
				      counter_get(&sum.hits));
		}
		if (r->cli->stream)
			engine_judge(r->e, say, r);
	}
	for (uint32_t i = 0; i < r->reader_count; i++)
		pthread_join(r->readers[i], NULL);
	engine_stop(r->e);
	if (r->cli->stream)
		engine_judge(r->e, say, r);
	progress_clear(&bar);
}

/* PATHs of the command line, or else the paths of the configuration's sources. */
static int gather_inputs(struct replay *r)
{
	struct cli *cli = r->cli;
	char why[256];
	int err = 0;

	for (uint32_t i = 0; i < cli->paths.count && !err; i++)
		if ((err = input_list_add(&r->inputs, cli->paths.items[i], cli->path_sources[i], why)))
			log_error("%s: %s", cli->paths.items[i], why);
	for (uint32_t i = 0; i < cli->config.input_count && !err && !cli->paths.count; i++) {
		const struct config_input *in = &cli->config.inputs[i];
		if (in->path[0] && (err = input_list_add(&r->inputs, in->path, in->source, why)))
			log_error("%s:%u: %s: %s", cli->config.path, in->line, in->path, why);
	}
	if (err)
		return EXIT_IO;
	if (r->inputs.count == 0 && !cli->paths.count) {
		log_error("nothing to replay: name files or folders, as in "
			  "tocsin replay -I indicators --as DE/energy telemetry.ndjson");
		return EXIT_CONFIG;
	}
	input_list_sort(&r->inputs);
	return EXIT_OK;
}

static int open_all(struct replay *r, struct problems *ps)
{
	const struct config *c = &r->cli->config;
	char why[256] = "";
	int err;
	int code = cli_engine(r->cli, &r->e, ps);

	if (code != EXIT_OK)
		return code;
	if (c->output_hits[0] && (err = engine_open_hits(r->e, c->output_hits))) {
		log_error("%s: %s", c->output_hits, strerror(-err));
		return EXIT_IO;
	}
	if ((err = output_open(&r->out, c, why))) {
		log_error("%s", why);
		return EXIT_IO;
	}
	if (engine_feedback_read(r->e, why) || engine_open_history(r->e, why)) {
		log_error("%s", why);
		return EXIT_IO;
	}
	engine_number_inputs(r->e, &r->inputs);
	engine_anomalies(r->e, note, r);
	return EXIT_OK;
}

static int exit_code(struct replay *r, const struct ledger *l)
{
	if (r->output_error || r->failed)
		return EXIT_IO;
	if (r->cli->config.strict && ledger_lossy(l))
		return EXIT_LOSS;
	if (r->cli->fail_on_candidate && r->raised + r->watch)
		return EXIT_CANDIDATES;
	return EXIT_OK;
}

static int finish(struct replay *r, uint64_t started_ns)
{
	const struct config *c = &r->cli->config;
	struct ledger sum;
	char digest[DIGEST_TEXT_MAX];

	if (engine_candidates(r->e, say_final, r))
		r->output_error = -ENOMEM;
	int kept = engine_sync_history(r->e);
	if (kept)
		log_error("history_dir: %s", strerror(-kept));
	r->output_error = r->output_error ? r->output_error : kept;
	int err = output_flush(&r->out);
	if (!r->output_error)
		r->output_error = err ? err : engine_output_failed(r->e);
	engine_ledger(r->e, &sum);
	digest_hex(&r->out.digest, digest);
	struct summary s = {&sum, (double)(clock_monotonic_ns() - started_ns) / 1e9, r->raised,
			    r->watch, digest, r->inputs.count, r->failed};
	if (c->output_stats[0] && (err = summary_write(c->output_stats, r->e, &s))) {
		log_error("%s: %s", c->output_stats, strerror(-err));
		r->output_error = err;
	}
	if (!r->cli->quiet)
		summary_print(stderr, r->e, &s);
	if (r->output_error)
		log_error("output failed: %s", strerror(-r->output_error));
	return exit_code(r, &sum);
}

static int replay_run(struct cli *cli)
{
	struct replay r = {.cli = cli};
	struct problems ps;

	problems_init(&ps);
	pthread_mutex_init(&r.lock, NULL);
	pthread_cond_init(&r.ended, NULL);
	int code = gather_inputs(&r);
	if (code == EXIT_OK)
		code = open_all(&r, &ps);
	if (code == EXIT_OK) {
		uint64_t started_ns = clock_monotonic_ns();
		if (engine_start(r.e, false) || start_readers(&r, cli->config.threads)) {
			log_error("threads cannot be started");
			code = EXIT_IO;
		}
		attend(&r);
		code = code ? code : finish(&r, started_ns);
	}
	output_close(&r.out);
	engine_destroy(r.e);
	input_list_fini(&r.inputs);
	pthread_cond_destroy(&r.ended);
	pthread_mutex_destroy(&r.lock);
	problems_fini(&ps);
	return code;
}

const struct command command_replay = {
	.name = "replay",
	.arguments = "[--as CC[/SECTOR[/NAME]] PATH...]...",
	.summary = "files, folders or - in; candidates out, the same for any number of threads",
	.text = "PATH is a capture (pcap, pcapng), NDJSON, a Zeek log or plain lines, .gz or .zst\n"
		"included, told by content; a folder is walked. Each PATH speaks for the Member State of\n"
		"the --as before it. Candidates go to standard output as NDJSON, each once, in its final\n"
		"state; everything else to standard error.\n\n"
		"  tocsin replay -I isac.stix.json --benign lists/ \\\n"
		"      --as DE/energy/soc-a eve.json.gz --as FR/health/chu zeek/ --as IT/transport rail.pcap\n"
		"  tocsin replay -c tocsin.yaml --hits hits.ndjson --stats stats.json --strict\n",
	.run = replay_run,
};
