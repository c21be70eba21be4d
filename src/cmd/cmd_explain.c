/* tocsin explain: a candidate's evidence, recomputed from the last checkpoint. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cmd/cmd_engine.h"
#include "engine/service.h"

struct search {
	const char *id;
	const struct engine *e;
	bool found, json;
};

static void look(void *arg, const struct candidate *c)
{
	struct search *s = arg;
	struct text t;

	if (strcmp(c->id, s->id) != 0)
		return;
	s->found = true;
	text_init(&t);
	candidate_terminal(&t, c, engine_context(s->e), isatty(STDOUT_FILENO));
	text_char(&t, '\n');
	candidate_explain(&t, c, engine_context(s->e));
	text_char(&t, '\n');
	if (!t.error)
		fputs(t.p, stdout);
	text_fini(&t);
}

static int explain(struct cli *cli, struct engine *e)
{
	struct service s;
	struct search find = {.id = cli->argument, .e = e};
	char why[256] = "";
	int err = service_restore(&s, e, why);

	if (err) {
		log_error("%s", why);
		return EXIT_IO;
	}
	err = engine_candidates(e, look, &find);
	checkpoint_marks_fini(&s.marks);
	outbox_fini(&s.outbox);
	if (err)
		return EXIT_IO;
	if (find.found)
		return EXIT_OK;
	log_error("no candidate %s holds on the evidence in %s", cli->argument,
		  cli->config.state_dir);
	return EXIT_CANDIDATES;
}

static int explain_run(struct cli *cli)
{
	struct engine *e = NULL;
	struct problems ps;

	if (!cli->argument || !cli->config.state_dir[0]) {
		log_error("explain needs an ID and the service's configuration, whose state_dir holds the "
			  "evidence: tocsin explain ID -c FILE");
		return EXIT_CONFIG;
	}
	problems_init(&ps);
	int code = cli_engine_create(cli, &e, &ps);
	if (code == EXIT_OK)
		code = explain(cli, e);
	engine_destroy(e);
	problems_fini(&ps);
	return code;
}

const struct command command_explain = {
	.name = "explain",
	.arguments = "ID -c FILE",
	.summary = "a candidate's evidence, recomputed from the service's last checkpoint",
	.text = "Judges the stored evidence anew and prints the candidate as it stands: states, criteria\n"
		"with their legal basis, evidence. Exit 1: it does not hold (any more).\n\n"
		"  tocsin explain 7c9e6679-7425-50de-944b-e07fc1f90ae7 -c /etc/tocsin/tocsin.yaml\n",
	.run = explain_run,
};
