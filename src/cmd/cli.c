/* One table of options drives getopt, --help and who takes what. */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cmd/cmd.h"

enum { RUN = 1, REPLAY = 2, CHECK = 4, EXPLAIN = 8, DEMO = 16, BENCH = 32, CTL = 64, ALL = 127 };

/* X(ID, letter or 0, "long", "ARG" or NULL, commands, "help") */
#define FLAGS(X)                                                                                   \
	X(CONFIG, 'c', "config", "FILE", ALL, "read this configuration (YAML)")                    \
	X(SET, 0, "set", "NAME=VALUE", ALL, "set one option of config/REFERENCE.md")               \
	X(AS, 0, "as", "CC[/SECTOR[/NAME]]", REPLAY | RUN | BENCH,                                  \
	  "the inputs after it speak for this Member State, NIS2 sector and SOC")                  \
	X(INDICATORS, 'I', "indicators", "PATH", ALL,                                              \
	  "add indicators: STIX 2.1, MISP JSON, Zeek Intel TSV, CSV or a plain list, told by content") \
	X(BENIGN, 0, "benign", "PATH", ALL,                                                        \
	  "values that must not raise: MISP warninglists, or one value a line")                    \
	X(ONLY_RULES, 'S', NULL, "FILE", ALL, "only the patterns of this file (id:/regex/flags)")  \
	X(RULES, 's', NULL, "FILE", ALL, "the patterns of this file as well")                      \
	X(PROFILE, 0, "profile", "ID|FILE", ALL, "the significance profile (default: observed)")   \
	X(FEEDBACK, 0, "feedback", "PATH", REPLAY | RUN | EXPLAIN,                                   \
	  "false positives told by people (feedback.desk and feedback.by say by whom): a file or a folder")          \
	X(HOME_NET, 0, "home-net", "CIDR,...", ALL, "what is inside (default: private ranges)")    \
	X(THREADS, 0, "threads", "N", REPLAY | RUN | DEMO, "worker threads (default: one a core)") \
	X(INTERFACE, 'i', NULL, "IFACE", RUN, "capture packets here; needs --as before it")        \
	X(LOG_DIR, 'l', NULL, "DIR", REPLAY | RUN,                                                 \
	  "write candidates.ndjson, hits.ndjson and stats.json into this folder")                  \
	X(FORMAT, 0, "format", "ndjson|stix", REPLAY | RUN, "what a candidate looks like")         \
	X(HITS, 0, "hits", "PATH", REPLAY | RUN, "write every hit as one NDJSON line")             \
	X(STATS, 0, "stats", "PATH", REPLAY | RUN, "write the summary as one JSON object")         \
	X(SIGHTINGS, 0, "sightings", "PATH", REPLAY | RUN,                                         \
	  "write each indicator that was seen, by Member State, to this file")                     \
	X(SIGHTINGS_FORMAT, 0, "sightings-format", "stix|misp", REPLAY | RUN,                      \
	  "STIX 2.1 sightings, or lines as MISP's /sightings/add takes them")                      \
	X(STREAM, 0, "stream", NULL, REPLAY, "print each change of a candidate as it happens")     \
	X(STRICT, 0, "strict", NULL, REPLAY, "exit 5 when anything was rejected or dropped")       \
	X(FAIL, 0, "fail-on-candidate", NULL, REPLAY, "exit 1 when a candidate was found")         \
	X(FATAL, 0, "init-errors-fatal", NULL, REPLAY | RUN,                                       \
	  "exit 2 when any rule or indicator is refused")                                          \
	X(JSON, 0, "json", NULL, CHECK, "print counts and refusals as one JSON object")            \
	X(MEMORY, 0, "explain-memory", NULL, CHECK, "print the tables and what they take")         \
	X(EXPLAIN_RULE, 0, "explain", "RULE", CHECK,                                               \
	  "how a Sigma rule was planned: what is looked for where, and what is verified after")    \
	X(DUMP, 0, "dump-config", NULL, CHECK, "print the configuration in force")                 \
	X(REFERENCE, 0, "reference", NULL, CHECK, "print config/REFERENCE.md")                     \
	X(DATA, 0, "data", "DIR", DEMO, "a folder of telemetry and indicators of your own")        \
	X(BROKERS, 0, "brokers", "HOST:PORT", DEMO, "a real Kafka instead of the embedded mock")   \
	X(VERBOSE, 'v', NULL, NULL, ALL, "say more; twice: debug")                                 \
	X(QUIET, 'q', "quiet", NULL, ALL, "no progress, no summary")                               \
	X(HELP, 'h', "help", NULL, ALL, "this text")

enum flag {
	FLAG_FIRST = 0x100,
#define X(id, letter, name, arg, commands, help) FLAG_##id,
	FLAGS(X)
#undef X
};

static const struct flag_row {
	enum flag id;
	char letter;
	const char *name, *arg;
	int commands;
	const char *help;
} rows[] = {
#define X(id, letter, name, arg, commands, help) {FLAG_##id, letter, name, arg, commands, help},
	FLAGS(X)
#undef X
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static int mask_of(const struct command *cmd)
{
	return cmd == &command_run       ? RUN
	       : cmd == &command_replay  ? REPLAY
	       : cmd == &command_check   ? CHECK
	       : cmd == &command_explain ? EXPLAIN
	       : cmd == &command_bench   ? BENCH
	       : cmd == &command_ctl     ? CTL
					 : DEMO;
}

static void help(const struct command *cmd)
{
	printf("usage: tocsin %s [options] %s\n\n%s\n\n%s\noptions:\n", cmd->name, cmd->arguments,
	       cmd->summary, cmd->text);
	for (size_t i = 0; i < ROWS; i++) {
		char left[64], letter[5] = "    ";
		const struct flag_row *r = &rows[i];
		if (!(r->commands & mask_of(cmd)))
			continue;
		if (r->letter)
			snprintf(letter, sizeof(letter), "-%c%s", r->letter, r->name ? ", " : "");
		snprintf(left, sizeof(left), "%s%s%s%s%s", letter, r->name ? "--" : "",
			 r->name ? r->name : "", r->arg ? " " : "", r->arg ? r->arg : "");
		printf("  %-34s%s%s\n", left, strlen(left) > 33 ? "\n                                    " : "",
		       r->help);
	}
	puts("\nexit codes: 0 ok; 1 candidates found (--fail-on-candidate); 2 rules or indicators did\n"
	     "not load; 3 configuration or arguments; 4 input or output failed; 5 accounted loss (--strict)");
}

/* getopt's two tables, from ours. */
struct tables {
	char letters[2 * ROWS + 2];
	struct option longs[ROWS + 1];
};

static void build(struct tables *t, int mask)
{
	size_t l = 0, n = 0;

	t->letters[l++] = '-'; /* arguments in their place: --as binds what follows it */
	for (size_t i = 0; i < ROWS; i++) {
		if (!(rows[i].commands & mask))
			continue;
		if (rows[i].letter) {
			t->letters[l++] = rows[i].letter;
			if (rows[i].arg)
				t->letters[l++] = ':';
		}
		if (rows[i].name)
			t->longs[n++] = (struct option){rows[i].name, rows[i].arg != NULL, NULL,
							(int)rows[i].id};
	}
	t->letters[l] = '\0';
	memset(&t->longs[n], 0, sizeof(t->longs[n]));
}

static enum flag flag_of(int option)
{
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].letter && rows[i].letter == option)
			return rows[i].id;
	return (enum flag)option;
}

struct parse {
	struct cli *cli;
	struct source *as;
	bool only_rules;
	bool failed;
};

static void complain(struct parse *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void complain(struct parse *p, const char *fmt, ...)
{
	char why[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	log_error("%s", why);
	p->failed = true;
}

static void set(struct parse *p, const char *name, const char *value)
{
	char assignment[CONFIG_TEXT_MAX + 64];

	if (snprintf(assignment, sizeof(assignment), "%s=%s", name, value) >= (int)sizeof(assignment))
		complain(p, "%s: too long", name);
	else
		config_set(&p->cli->config, assignment, &p->cli->problems);
}

static void add_path(struct parse *p, const char *path)
{
	struct cli *cli = p->cli;

	if (strcmp(cli->command, "explain") == 0) {
		cli->argument = path;
		return;
	}
	if (!p->as && strcmp(cli->command, "check") != 0 && strcmp(cli->command, "ctl") != 0) {
		complain(p, "%s: who speaks? Put --as CC[/sector[/name]] before it, as in --as DE/energy/soc-a",
			 path);
		return;
	}
	struct source **grown =
		realloc(cli->path_sources, (cli->paths.count + 1) * sizeof(*grown));
	if (!grown || (cli->path_sources = grown, !config_list_add(&cli->paths, path))) {
		complain(p, "more than %d inputs; name their folder instead", CONFIG_LIST_MAX);
		return;
	}
	cli->path_sources[cli->paths.count - 1] = p->as;
}

static void add_feed(struct parse *p, const char *path)
{
	const char *slash = strrchr(path, '/');
	struct config_feed *f = config_feed_add(&p->cli->config, slash && slash[1] ? slash + 1 : path);

	if (!f)
		complain(p, "more than %d indicator feeds", CONFIG_LIST_MAX);
	else
		snprintf(f->path, sizeof(f->path), "%s", path);
}

static void apply(struct parse *p, enum flag f, const char *arg)
{
	struct cli *cli = p->cli;
	char why[256];

	switch (f) {
	case FLAG_CONFIG:
		config_load(&cli->config, arg, &cli->problems);
		break;
	case FLAG_SET:
		config_set(&cli->config, arg, &cli->problems);
		break;
	case FLAG_AS:
		p->as = source_from_spec(&cli->config.sources, arg, why);
		if (!p->as)
			complain(p, "--as %s: %s", arg, why);
		break;
	case FLAG_INDICATORS:
		add_feed(p, arg);
		break;
	case FLAG_BENIGN:
		config_list_add(&cli->config.benign, arg);
		break;
	case FLAG_ONLY_RULES:
		while (!p->only_rules && cli->config.rules.count)
			free(cli->config.rules.items[--cli->config.rules.count]);
		p->only_rules = true;
		/* fallthrough */
		__attribute__((fallthrough));
	case FLAG_RULES:
		config_list_add(&cli->config.rules, arg);
		break;
	case FLAG_PROFILE:
		set(p, "profile", arg);
		break;
	case FLAG_FEEDBACK:
		set(p, "feedback.path", arg);
		break;
	case FLAG_HOME_NET:
		set(p, "home_net", arg);
		break;
	case FLAG_THREADS:
		set(p, "threads", arg);
		break;
	case FLAG_FORMAT:
		set(p, "output.format", arg);
		break;
	case FLAG_HITS:
		set(p, "output.hits", arg);
		break;
	case FLAG_SIGHTINGS:
		set(p, "sightings.file", arg);
		break;
	case FLAG_SIGHTINGS_FORMAT:
		set(p, "sightings.format", arg);
		break;
	case FLAG_STATS:
		set(p, "output.stats", arg);
		break;
	case FLAG_STRICT:
		set(p, "strict", "true");
		break;
	case FLAG_FATAL:
		set(p, "init_errors_fatal", "true");
		break;
	case FLAG_INTERFACE: {
		struct config_input *in = p->as ? config_input_add(&cli->config, p->as) : NULL;
		if (in)
			snprintf(in->interface, sizeof(in->interface), "%s", arg);
		else
			complain(p, "-i %s: put --as CC[/sector[/name]] before it", arg);
		break;
	}
	case FLAG_LOG_DIR:
		cli->log_dir = arg;
		break;
	case FLAG_DATA:
		cli->data = arg;
		break;
	case FLAG_BROKERS:
		cli->brokers = arg;
		break;
	case FLAG_STREAM:
		cli->stream = true;
		break;
	case FLAG_FAIL:
		cli->fail_on_candidate = true;
		break;
	case FLAG_JSON:
		cli->json = true;
		break;
	case FLAG_MEMORY:
		cli->explain_memory = true;
		break;
	case FLAG_EXPLAIN_RULE:
		cli->explain_rule = arg;
		break;
	case FLAG_DUMP:
		cli->dump_config = true;
		break;
	case FLAG_REFERENCE:
		cli->reference = true;
		break;
	case FLAG_VERBOSE:
		cli->verbosity++;
		break;
	case FLAG_QUIET:
		cli->quiet = true;
		break;
	case FLAG_FIRST:
	case FLAG_HELP:
		break;
	}
}

/* -l DIR: the three files that a user of sensors expects in a log folder. */
static void log_dir(struct parse *p)
{
	struct config *c = &p->cli->config;
	char path[CONFIG_TEXT_MAX];

	if (!p->cli->log_dir)
		return;
	const struct {
		const char *option, *file;
		const char *now;
	} files[] = {{"output.file", "candidates.ndjson", c->output_file},
		     {"output.hits", "hits.ndjson", c->output_hits},
		     {"output.stats", "stats.json", c->output_stats}};
	for (size_t i = 0; i < 3; i++) {
		if (files[i].now[0])
			continue;
		snprintf(path, sizeof(path), "%.400s/%s", p->cli->log_dir, files[i].file);
		set(p, files[i].option, path);
	}
}

int cli_parse(struct cli *cli, const struct command *cmd, int argc, char **argv)
{
	struct parse p = {.cli = cli};
	struct tables t;
	int o;

	memset(cli, 0, sizeof(*cli));
	cli->command = cmd->name;
	cli->argc = argc;
	cli->argv = argv;
	problems_init(&cli->problems);
	if (config_init(&cli->config))
		return 1000 + EXIT_CONFIG;
	build(&t, mask_of(cmd));
	optind = 0; /* start over, tables and all */
	while ((o = getopt_long(argc, argv, t.letters, t.longs, NULL)) != -1) {
		if (o == '?') {
			fprintf(stderr, "Try 'tocsin %s --help'.\n", cmd->name);
			return 1000 + EXIT_CONFIG;
		}
		if (o == 1) {
			add_path(&p, optarg);
			continue;
		}
		if (flag_of(o) == FLAG_HELP) {
			help(cmd);
			return 1000 + EXIT_OK;
		}
		apply(&p, flag_of(o), optarg);
	}
	for (; optind < argc; optind++)
		add_path(&p, argv[optind]);
	log_dir(&p);
	log_set_level(cli->verbosity > 1   ? LOG_DEBUG
		      : cli->verbosity > 0 ? LOG_INFO
		      : cli->quiet	   ? LOG_ERROR
					   : LOG_WARNING);
	config_finish(&cli->config, &cli->problems);
	if (cli->problems.refused) {
		cli_problems(cli, &cli->problems, 20);
		p.failed = true;
	}
	return p.failed ? 1000 + EXIT_CONFIG : EXIT_OK;
}

void cli_fini(struct cli *cli)
{
	for (uint32_t i = 0; i < cli->paths.count; i++)
		free(cli->paths.items[i]);
	free(cli->paths.items);
	free(cli->path_sources);
	problems_fini(&cli->problems);
	config_fini(&cli->config);
}

uint64_t cli_problems(const struct cli *cli, const struct problems *ps, size_t max)
{
	size_t shown = 0;

	for (size_t i = 0; i < ps->count && shown < max; i++) {
		const struct problem *pr = &ps->items[i];
		if (!pr->fatal && cli->verbosity == 0)
			continue;
		shown++;
		if (pr->line)
			fprintf(stderr, "%s:%u: %s: %s\n", pr->file, pr->line, pr->kind, pr->reason);
		else
			fprintf(stderr, "%s: %s: %s\n", pr->file, pr->kind, pr->reason);
	}
	if (ps->refused > shown)
		fprintf(stderr, "... and %llu more; tocsin check lists them all\n",
			(unsigned long long)(ps->refused - shown));
	return ps->refused;
}
