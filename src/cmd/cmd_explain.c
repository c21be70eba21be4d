/* tocsin explain: a candidate's evidence, recomputed from the last checkpoint. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cmd/cmd_engine.h"
#include "engine/service.h"
#include "raise/recheck.h"

struct search {
	const char *id;
	const struct engine *e;
	const struct board_told *told; /* NULL: never said */
	bool found, holds;
};

static void print(struct search *s, const struct candidate *now)
{
	const struct candidate_context *cx = engine_context(s->e);
	bool colour = isatty(STDOUT_FILENO);
	struct text t;

	text_init(&t);
	if (now)
		candidate_terminal(&t, now, cx, colour);
	recheck_print(&t, s->told, now, cx, colour);
	if (now) {
		text_char(&t, '\n');
		candidate_explain(&t, now, cx);
		text_char(&t, '\n');
	}
	if (!t.error)
		fputs(t.p, stdout);
	text_fini(&t);
	s->holds = recheck_holds(s->told, now);
}

/* Every candidate that the evidence makes now: by the name that was said, or else its own. */
static void look(void *arg, const struct candidate *c)
{
	struct search *s = arg;
	struct candidate now = *c;

	engine_name(s->e, &now);
	if (s->found || strcmp(now.id, s->id) != 0)
		return;
	s->found = true;
	/* what was said stands as its status as long as it is no less now */
	if (s->told && now.status == CANDIDATE_RAISED && s->told->status > CANDIDATE_RAISED &&
	    s->told->status < CANDIDATE_WITHDRAWN)
		now.status = s->told->status;
	print(s, &now);
}

/* Its evidence is no longer stored: as history kept it. */
static void remember(const struct search *s, const struct kept *kept)
{
	struct text t;

	text_init(&t);
	kept_print(&t, kept, engine_context(s->e)->profile, !s->told, isatty(STDOUT_FILENO));
	if (!t.error)
		fputs(t.p, stdout);
	text_fini(&t);
}

/* What was told of it by a life of which only history is left. */
static void told_before(const struct kept *kept, struct board_told *told)
{
	static const struct episode unknown;

	*told = (struct board_told){.id = kept->id,
				    .superseded_by = "",
				    .profile = "",
				    .threat = &kept->threat,
				    .episode = &unknown};
	kept_told(kept, &told->version, &told->status);
}

static int explain(struct cli *cli, struct engine *e)
{
	struct board_told told;
	struct kept kept;
	struct service s;
	struct search find = {.id = cli->argument, .e = e};
	char why[256] = "";
	int err = service_restore(&s, e, why);

	if (!err)
		err = engine_feedback_read(e, why);
	if (!err)
		err = engine_look_history(e, why);
	keeper_fini(&s.keeper);
	outbox_fini(&s.outbox);
	if (err) {
		log_error("%s", why);
		return EXIT_IO;
	}
	if (engine_told(e, cli->argument, &told))
		find.told = &told;
	bool remembered = engine_kept(e, cli->argument, &kept) && !find.told;
	if (remembered && kept.threat.id[0]) {
		told_before(&kept, &told);
		find.told = &told;
	}
	if (find.told ? engine_reassess(e, told.threat, look, &find)
		      : engine_candidates(e, look, &find))
		return EXIT_IO;
	if (remembered && !find.found)
		find.told = NULL; /* nothing to compare it with */
	if (!find.found && kept.states)
		remember(&find, &kept);
	if (!find.found && find.told)
		print(&find, NULL);
	if (find.found || find.told || kept.states)
		return find.holds ? EXIT_OK : EXIT_CANDIDATES;
	log_error("no candidate %s is known, nor made by the evidence in %s%s", cli->argument,
		  cli->config.state_dir, cli->config.history_dir[0] ? ", nor kept in history_dir" : "");
	return EXIT_CONFIG;
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
	.text = "Judges the stored evidence anew, under the profile and feedback in force now, and prints the\n"
		"candidate as it stands: states, criteria with their legal basis, evidence, score; whether what\n"
		"was said of it still holds, and what changed since. What has expired from the evidence is told\n"
		"from history_dir, as it was told last. Exit 0: it holds; 1: it does not; 3: no such candidate.\n\n"
		"  tocsin explain 7c9e6679-7425-50de-944b-e07fc1f90ae7 -c /etc/tocsin/tocsin.yaml\n"
		"  tocsin explain 7c9e6679-7425-50de-944b-e07fc1f90ae7 -c tocsin.yaml --profile stricter.yaml\n",
	.run = explain_run,
};
