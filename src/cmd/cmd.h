/*
 * cmd - the command line: one file a subcommand, one table of options.
 *
 * Exit codes: 0 ok; 1 candidates found, with --fail-on-candidate; 2 rules or
 * indicators did not load; 3 configuration or arguments; 4 input or output
 * failed; 5 accounted loss, with --strict.
 */
#ifndef TOCSIN_CMD_CMD_H
#define TOCSIN_CMD_CMD_H

#include "config/config.h"
#include "ingest/ingest.h"

enum {
	EXIT_OK = 0,
	EXIT_CANDIDATES = 1,
	EXIT_RULES = 2,
	EXIT_CONFIG = 3,
	EXIT_IO = 4,
	EXIT_LOSS = 5
};

/* What the arguments say, after parsing: the configuration with every flag applied. */
struct cli {
	const char *command;
	int argc; /* kept for a reload, which reads them again */
	char **argv;
	struct config config;
	struct problems problems;
	struct config_strings paths; /* with as[]: each PATH and the source that was in force */
	struct source **path_sources;
	const char *interface; /* -i */
	const char *log_dir;   /* -l */
	const char *argument;  /* explain ID */
	const char *explain_rule; /* check --explain: its id, name or title */
	const char *data;      /* demo --data */
	const char *brokers;   /* demo --brokers */
	int verbosity;
	bool quiet, stream, fail_on_candidate, json, dump_config, reference, explain_memory, test;
};

struct command {
	const char *name;
	const char *arguments; /* "[--as CC[/sector[/name]] PATH...]..." */
	const char *summary;   /* one line */
	const char *text;      /* for --help: a paragraph and examples */
	int (*run)(struct cli *cli);
};

extern const struct command command_run, command_replay, command_check, command_explain, command_ctl,
	command_demo, command_bench;

/* Reads argv after the subcommand. EXIT_OK to go on; otherwise an exit code + 1000
 * to leave with (help was printed, or the error). */
int cli_parse(struct cli *cli, const struct command *cmd, int argc, char **argv);
void cli_fini(struct cli *cli);
/* Prints problems to standard error, up to max of them; returns how many were refused. */
uint64_t cli_problems(const struct cli *cli, const struct problems *ps, size_t max);
int cmd_main(int argc, char **argv);

#endif
