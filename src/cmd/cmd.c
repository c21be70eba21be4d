#include "cmd/cmd.h"

#include <stdio.h>
#include <string.h>

#include "cmd/build_info.h"

static const struct command *const commands[] = {&command_run, &command_replay, &command_check,
						 &command_explain, &command_ctl, &command_demo, &command_bench};

static void usage(FILE *out)
{
	fputs("tocsin hears the same attack in two Member States and rings.\n\nusage:\n", out);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		fprintf(out, "  tocsin %-8s %s\n", commands[i]->name, commands[i]->summary);
	fputs("  tocsin -T       the same as check\n"
	      "  tocsin -V       version, libraries and CPU\n\n"
	      "'tocsin COMMAND --help' teaches a command. A first try:\n"
	      "  tocsin replay -I indicators.json --as DE/energy/soc-a a.ndjson --as FR/health b.pcap\n",
	      out);
}

static int dispatch(const struct command *cmd, int argc, char **argv)
{
	struct cli cli;
	int code = cli_parse(&cli, cmd, argc, argv);

	code = code == EXIT_OK ? cmd->run(&cli) : code - 1000;
	cli_fini(&cli);
	return code;
}

int cmd_main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "--help";

	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
		usage(argc > 1 ? stdout : stderr);
		return argc > 1 ? EXIT_OK : EXIT_CONFIG;
	}
	if (strcmp(name, "-V") == 0 || strcmp(name, "--version") == 0 ||
	    strcmp(name, "--build-info") == 0) {
		build_info(stdout);
		return EXIT_OK;
	}
	if (strcmp(name, "-T") == 0)
		return dispatch(&command_check, argc - 1, argv + 1);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i]->name, name) == 0)
			return dispatch(commands[i], argc - 1, argv + 1);
	/* `tocsin -c FILE -T`, as a sensor's user types it */
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "-T") == 0) {
			for (; i > 1; i--)
				argv[i] = argv[i - 1];
			return dispatch(&command_check, argc - 1, argv + 1);
		}
	fprintf(stderr, "tocsin: no command \"%s\"\n", name);
	usage(stderr);
	return EXIT_CONFIG;
}
