#include "cmd/cmd_engine.h"

#include <errno.h>

#include "base/log.h"

#define PROBLEMS_SHOWN 20

int cli_engine_create(const struct cli *cli, struct engine **e, struct problems *ps)
{
	char why[256] = "";

	if (engine_create(e, &cli->config, ps, why) == 0)
		return EXIT_OK;
	cli_problems(cli, ps, PROBLEMS_SHOWN);
	log_error("%s", why);
	return EXIT_CONFIG;
}

int cli_engine_load(const struct cli *cli, struct engine *e, struct problems *ps)
{
	int err = engine_load(e, ps);

	cli_problems(cli, ps, PROBLEMS_SHOWN);
	if (err == -ENOMEM)
		log_error("out of memory while loading indicators");
	else if (err)
		log_error("indicators, rules or benign lists did not load");
	else if (cli->config.init_errors_fatal && ps->refused)
		log_error("rules or indicators were refused, and init_errors_fatal is set");
	else
		return EXIT_OK;
	return EXIT_RULES;
}

int cli_engine(const struct cli *cli, struct engine **e, struct problems *ps)
{
	int code = cli_engine_create(cli, e, ps);

	return code == EXIT_OK ? cli_engine_load(cli, *e, ps) : code;
}
