/* tocsin demo: the main job on a folder of telemetry and indicators, told on the terminal. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "cmd/cmd_engine.h"
#include "cmd/demo_kafka.h"
#include "cmd/summary.h"
#include "engine/engine_info.h"
#include "engine/service.h"

#define DAY_US		  (86400 * INT64_C(1000000))
#define RETENTION_DEFAULT (7 * DAY_US)
#define RETENTION_ALL	  (200 * 365 * DAY_US)

struct demo {
	struct cli *cli;
	struct engine *e;
	struct output out;
	struct service s;
	struct demo_kafka *kafka;
	uint64_t started_ns;
	uint64_t raised, watch;
	struct digest digest; /* of the candidates as they are in the end */
};

static bool is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* "DE-energy" or "DE-energy-soc-a" names a source as --as DE/energy/soc-a does. */
static struct source *source_of(struct config *c, const char *folder)
{
	char why[256], spec[256];
	size_t len = strlen(folder);

	if (len < 2 || len > 200 || (folder[2] != '\0' && folder[2] != '-'))
		return NULL;
	if (vocab_state_parse(folder, 2) < 0)
		return NULL;
	/* the longest sector name that fits: some hold a hyphen themselves */
	for (size_t cut = len; cut > 3; cut--) {
		if ((folder[cut] != '-' && folder[cut] != '\0') ||
		    vocab_sector_parse(folder + 3, cut - 3) < 0)
			continue;
		snprintf(spec, sizeof(spec), "%.2s/%.*s/%s", folder, (int)(cut - 3), folder + 3,
			 folder[cut] ? folder : "");
		return source_from_spec(&c->sources, spec, why);
	}
	snprintf(spec, sizeof(spec), "%.2s//%s", folder, folder[2] ? folder : "");
	return source_from_spec(&c->sources, spec, why);
}

static bool add_folder(struct demo *d, const char *dir, const char *name)
{
	struct config *c = &d->cli->config;
	char path[CONFIG_TEXT_MAX];

	snprintf(path, sizeof(path), "%.300s/%.200s", dir, name);
	if (name[0] == '.' || !is_folder(path))
		return false;
	if (strcasecmp(name, "indicators") == 0) {
		struct config_feed *f = config_feed_add(c, name);
		if (f)
			snprintf(f->path, sizeof(f->path), "%s", path);
		return f != NULL;
	}
	if (strcasecmp(name, "benign") == 0)
		return config_list_add(&c->benign, path);
	struct source *s = source_of(c, name);
	struct config_input *in = s ? config_input_add(c, s) : NULL;
	if (in)
		snprintf(in->path, sizeof(in->path), "%s", path);
	else
		log_warning("%s: not CC or CC-sector, indicators or benign; left alone", path);
	return in != NULL;
}

/* A folder without demo.yaml: its sub-folders say who speaks. */
static int add_data(struct demo *d, const char *dir)
{
	struct dirent **names;
	int n = scandir(dir, &names, NULL, alphasort);

	if (n < 0) {
		log_error("%s: %s", dir, strerror(errno));
		return EXIT_IO;
	}
	for (int i = 0; i < n; i++) {
		add_folder(d, dir, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	if (d->cli->config.input_count)
		return EXIT_OK;
	log_error("%s: holds neither demo.yaml nor folders of telemetry named CC or CC-sector, such "
		  "as DE-energy, beside indicators/ and benign/", dir);
	return EXIT_CONFIG;
}

static int configure(struct demo *d)
{
	struct config *c = &d->cli->config;
	const char *dir = d->cli->data;
	char path[CONFIG_TEXT_MAX];

	if (dir) {
		snprintf(path, sizeof(path), "%.480s/demo.yaml", dir);
		if (access(path, R_OK) == 0) {
			if (!config_load(c, path, &d->cli->problems) ||
			    !config_finish(c, &d->cli->problems)) {
				cli_problems(d->cli, &d->cli->problems, 20);
				return EXIT_CONFIG;
			}
		} else {
			int code = add_data(d, dir);
			if (code != EXIT_OK)
				return code;
		}
	}
	if (c->input_count == 0) {
		log_error("nothing to show: --data DIR or -c FILE");
		return EXIT_CONFIG;
	}
	if (c->feed_count == 0 && c->rules.count == 0) {
		log_error("no indicators, so nothing can be found: put them into %s/indicators",
			  dir ? dir : ".");
		return EXIT_CONFIG;
	}
	/* all of it is the past: nothing is too late, unless the user says so */
	if (c->retention == RETENTION_DEFAULT)
		c->retention = RETENTION_ALL;
	c->output_stdout = false;
	if (!c->output_file[0]) {
		snprintf(c->output_file, sizeof(c->output_file), "tocsin-candidates.ndjson");
		unlink(c->output_file); /* of the demo before; files of the user's are added to */
	}
	return EXIT_OK;
}

static bool has_topics(const struct config *c)
{
	for (uint32_t i = 0; i < c->input_count; i++)
		if (c->inputs[i].topic[0])
			return true;
	return false;
}

static int feed_kafka(struct demo *d)
{
	struct config *c = &d->cli->config;
	const char *brokers = d->cli->brokers ? d->cli->brokers
			      : c->kafka_brokers[0] ? c->kafka_brokers
						    : NULL;
	char why[256] = "";

	if (!has_topics(c))
		return EXIT_OK;
	int err = demo_kafka_start(&d->kafka, brokers, why);
	if (!err)
		err = demo_kafka_produce(d->kafka, c, why);
	if (err) {
		log_error("kafka: %s", why);
		return EXIT_IO;
	}
	snprintf(c->kafka_brokers, sizeof(c->kafka_brokers), "%s", demo_kafka_brokers(d->kafka));
	if (brokers)
		snprintf(c->kafka_group, sizeof(c->kafka_group), "tocsin-demo-%ld", (long)getpid());
	return EXIT_OK;
}

static int start(struct demo *d, struct problems *ps)
{
	const struct config *c = &d->cli->config;
	char why[256] = "";
	int code = cli_engine(d->cli, &d->e, ps);

	if (code != EXIT_OK)
		return code;
	service_restore(&d->s, d->e, why);
	int err = output_open(&d->out, c, why);
	if (!err)
		err = service_start(&d->s, &d->out, &(struct live_options){.stop_at_end = true}, why);
	if (!err)
		return EXIT_OK;
	log_error("%s", why);
	return EXIT_IO;
}

static void tell_input(const struct demo *d)
{
	const struct config *c = &d->cli->config;

	for (uint32_t i = 0; i < c->input_count; i++) {
		const struct config_input *in = &c->inputs[i];
		const struct source *s = in->source;
		printf("  %s %-22s %-22s %s%s\n", vocab_state_code(s->state), s->name,
		       vocab_sector_name(s->sector), in->topic[0] ? "kafka:" : "",
		       in->topic[0] ? in->topic : in->path);
	}
}

static void tell_candidate(void *arg, const struct candidate *c)
{
	struct demo *d = arg;
	struct candidate last = *c;
	struct text t;

	/* how many versions were said on the way is a matter of timing: the digest is not */
	if (output_format(&d->out, c, engine_context(d->e)) == 0)
		digest_line(&d->digest, d->out.line.p, d->out.line.len);
	/* the name in the file: evidence may have come out of order since it was first said */
	engine_name(d->e, &last);
	text_init(&t);
	candidate_terminal(&t, &last, engine_context(d->e), isatty(STDOUT_FILENO));
	if (!t.error)
		fputs(t.p, stdout);
	text_fini(&t);
	d->raised += c->status == CANDIDATE_RAISED;
	d->watch += c->status == CANDIDATE_WATCH;
}

#define SET_ASIDE_MAX	 1024
#define SET_ASIDE_SHOWN 3

static void tell_set_aside(struct demo *d)
{
	static struct set_aside rows[SET_ASIDE_MAX];
	uint32_t n = engine_set_aside(d->e, CLASS_NONE, rows, SET_ASIDE_MAX);

	for (uint32_t i = 0; i < n && i < SET_ASIDE_SHOWN; i++) {
		struct set_aside_text t;
		engine_set_aside_text(d->e, &rows[i], &t);
		printf(" NOT RAISED  %s\n", t.value[0] ? t.value : t.threat);
		if (t.value[0])
			printf("   an indicator names it: %s\n", t.threat);
		printf("   seen by %llu entities in %s,\n"
		       "   but benign by the list \"%s\"\n",
		       (unsigned long long)rows[i].entities, t.states, t.by);
	}
	if (n > SET_ASIDE_SHOWN)
		printf(" NOT RAISED  and %u more benign values\n", n - SET_ASIDE_SHOWN);
}

static void tell_end(struct demo *d)
{
	struct ledger sum;
	char digest[DIGEST_TEXT_MAX];

	if (d->raised + d->watch == 0)
		puts(" NO CANDIDATE  no threat is significant in one Member State and seen in another");
	tell_set_aside(d);
	engine_ledger(d->e, &sum);
	digest_hex(&d->digest, digest);
	struct summary s = {&sum, (double)(clock_monotonic_ns() - d->started_ns) / 1e9, d->raised,
			    d->watch, digest, d->cli->config.input_count, 0};
	putchar('\n');
	fflush(stdout);
	if (!d->cli->quiet)
		summary_print_counts(stderr, &s);
	if (d->cli->config.output_stats[0])
		summary_write(d->cli->config.output_stats, d->e, &s);
	printf("candidates, one NDJSON line each: %s\n", d->cli->config.output_file);
}

static int serve_to_end(struct demo *d)
{
	while (!service_ended(&d->s)) {
		service_wait(&d->s, -1);
		service_tick(&d->s);
	}
	return service_stop(&d->s) ? EXIT_IO : EXIT_OK;
}

static int demo_run(struct cli *cli)
{
	struct demo d = {.cli = cli, .started_ns = clock_monotonic_ns()};
	struct problems ps;

	problems_init(&ps);
	int code = configure(&d);
	if (code == EXIT_OK)
		code = feed_kafka(&d);
	if (code == EXIT_OK) {
		printf("tocsin listens to %u sources:\n", cli->config.input_count);
		tell_input(&d);
		fflush(stdout);
		code = start(&d, &ps);
	}
	if (code == EXIT_OK) {
		code = serve_to_end(&d);
		putchar('\n');
		digest_init(&d.digest);
		engine_candidates(d.e, tell_candidate, &d);
		tell_end(&d);
	}
	output_close(&d.out);
	engine_destroy(d.e);
	demo_kafka_stop(d.kafka);
	problems_fini(&ps);
	return code;
}

const struct command command_demo = {
	.name = "demo",
	.arguments = "--data DIR",
	.summary = "the main job on a folder of telemetry and indicators, told on the terminal",
	.text = "DIR holds demo.yaml (a configuration), or folders of telemetry named by Member State and\n"
		"sector (DE-energy, FR-health) beside indicators/ and benign/. A source with a topic and a\n"
		"path goes through Kafka: librdkafka's in-process mock cluster, or --brokers. Candidates\n"
		"go to ./tocsin-candidates.ndjson, or to output.file; DIR is only read.\n\n"
		"  tocsin demo --data build/demo\n"
		"  tocsin demo --data ~/incident-2026-11 --brokers localhost:9092\n",
	.run = demo_run,
};
