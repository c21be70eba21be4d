/* tocsin replay: files in, candidates out, the same for any number of threads. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/summary.h"
#include "engine/sightings.h"
#include "engine/engine.h"
#include "engine/output.h"
#include "cmd/cmd_engine.h"

struct replay {
	struct cli *cli;
	struct engine *e;
	struct output out;
	struct input_list inputs;
	uint64_t raised, watch;
	int output_error;
};

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

/* The main thread while others work: the bar, and with --stream the judge. */
static void attend(struct replay *r)
{
	struct progress bar;
	uint64_t total = 0;
	int64_t interval_us = r->cli->stream ? r->cli->config.raise_interval : 100000;

	for (uint32_t i = 0; i < r->inputs.count; i++)
		total += r->inputs.items[i].bytes;
	progress_init(&bar, r->cli->quiet);
	while (!engine_wait(r->e, interval_us)) {
		struct ledger sum;
		if (bar.terminal) {
			engine_ledger(r->e, &sum);
			progress_draw(&bar, engine_bytes_read(r->e), total, counter_get(&sum.records),
				      counter_get(&sum.hits));
		}
		if (r->cli->stream)
			engine_judge(r->e, say, r);
	}
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
	if (r->output_error || engine_inputs_failed(r->e))
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
			    r->watch, digest, r->inputs.count, engine_inputs_failed(r->e)};
	if (c->output_stats[0] && (err = summary_write(c->output_stats, r->e, &s))) {
		log_error("%s: %s", c->output_stats, strerror(-err));
		r->output_error = err;
	}
	uint32_t left_out = 0;
	if (c->sightings_file[0] &&
	    (err = sightings_write(r->e, c->sightings_file, strcmp(c->sightings_format, "misp") == 0,
				   &left_out))) {
		log_error("%s: %s", c->sightings_file, strerror(-err));
		r->output_error = err;
	}
	if (left_out)
		log_warning("%u sightings are of indicators that %s has no name for", left_out,
			    c->sightings_format);
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
	cli->config.retro_window = 0; /* nothing comes later */
	int code = gather_inputs(&r);
	if (code == EXIT_OK)
		code = open_all(&r, &ps);
	if (code == EXIT_OK) {
		uint64_t started_ns = clock_monotonic_ns();
		if (engine_offer(r.e, &r.inputs) || engine_start(r.e, false)) {
			log_error("threads cannot be started");
			code = EXIT_IO;
		} else {
			attend(&r);
			code = finish(&r, started_ns);
		}
	}
	output_close(&r.out);
	engine_destroy(r.e);
	input_list_fini(&r.inputs);
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
