/* Requests and their answers; control_server.c has the socket. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "engine/control_priv.h"
#include "engine/engine_info.h"

const char *control_text(const struct request *r, const char *key)
{
	const char *s = json_string_value(json_object_get(r->arguments, key));

	return s ? s : "";
}

static void version(struct request *r)
{
	text_json_str(&r->out, TOCSIN_VERSION);
}

static void uptime(struct request *r)
{
	text_printf(&r->out, "%llu",
		    (unsigned long long)((clock_monotonic_ns() - r->c->started_ns) / 1000000000));
}

static void running_mode(struct request *r)
{
	text_json_str(&r->out, r->c->e->live ? "run" : "replay");
}

static void status(struct request *r)
{
	engine_status_json(&r->out, r->c->e);
}

static void to_self(int signal_number)
{
	kill(getpid(), signal_number);
}

static void reload(struct request *r)
{
	r->c->on_signal(SIGHUP);
	text_json_str(&r->out, "reload started; \"status\" tells the generation in force");
}

static void shut_down(struct request *r)
{
	r->c->on_signal(SIGTERM);
	text_json_str(&r->out, "draining");
}

static void log_level(struct request *r)
{
	static const char *const names[] = {"error", "warning", "info", "debug"};
	const char *level = control_text(r, "level");

	for (int i = 0; i < 4; i++)
		if (strcmp(level, names[i]) == 0) {
			log_set_level((enum log_level)i);
			text_json_str(&r->out, level);
			return;
		}
	snprintf(r->why, sizeof(r->why), "log-level: level is error, warning, info or debug");
}

static void list(struct request *r);

static const struct control_command commands[] = {
	{"commands", "what there is", false, list},
	{"version", "of this program", false, version},
	{"uptime", "seconds", false, uptime},
	{"running-mode", "run", false, running_mode},
	{"status", "generation, indicators, ledger, watermarks, how long news take", false, status},
	{"dump-counters", "the same", false, status},
	{"reload-rules", "read configuration, rules and indicators again", false, reload},
	{"ruleset-reload-nonblocking", "the same", false, reload},
	{"reopen-log-files", "the same: it reopens outputs", false, reload},
	{"shutdown", "drain and end", false, shut_down},
	{"log-level", "level: error, warning, info, debug", false, log_level},
	{"indicator-add",
	 "value, or object (STIX or MISP); id, severity, tlp, campaign, valid_from, valid_until", true,
	 control_indicator_add},
	{"indicator-remove", "id; feed, where the id is a feed's own", true, control_indicator_remove},
	{"indicator-silence", "target: an id or value; until: a time, absent: it never held", true,
	 control_indicator_silence},
	{"indicator-restore", "target: takes indicator-silence back", true, control_indicator_restore},
	{"indicator-lookup", "target: an id or value; what stands", false, control_indicator_lookup},
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void list(struct request *r)
{
	text_char(&r->out, '{');
	for (size_t i = 0; i < COMMANDS; i++) {
		text_str(&r->out, i ? "," : "");
		text_json_str(&r->out, commands[i].name);
		text_char(&r->out, ':');
		text_json_str(&r->out, commands[i].doc);
	}
	text_char(&r->out, '}');
}

static const struct control_command *find(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static void answer(struct request *r, struct text *out)
{
	text_str(out, r->why[0] ? "{\"return\":\"NOK\",\"message\":" : "{\"return\":\"OK\",\"message\":");
	if (r->why[0])
		text_json_str(out, r->why);
	else
		text_bytes(out, r->out.p, r->out.len);
	text_char(out, '}');
}

/* A moment of its own, so that of two orders the later stands. */
static int64_t moment(struct control *c, const json_t *o)
{
	int64_t us = c->replaying ? (int64_t)json_integer_value(json_object_get(o, "time"))
				  : clock_wall_us();

	if (us <= c->last_us)
		us = c->last_us + 1;
	return c->last_us = us;
}

static void run(struct control *c, const json_t *o, struct request *r)
{
	const char *name = json_string_value(json_object_get(o, "command"));
	const struct control_command *cmd = name ? find(name) : NULL;

	r->arguments = json_object_get(o, "arguments");
	if (!name && json_is_string(json_object_get(o, "version"))) {
		version(r); /* a greeting */
		return;
	}
	if (!cmd) {
		snprintf(r->why, sizeof(r->why), "no command \"%.64s\"; \"commands\" lists them",
			 name ? name : "");
		return;
	}
	if (cmd->changes)
		r->time_us = moment(c, o);
	cmd->run(r);
	if (cmd->changes && !r->why[0] && !control_journal_add(c, o, r->time_us))
		snprintf(r->why, sizeof(r->why),
			 "done, but it will not outlive a restart: the journal cannot be written");
}

void control_answer(struct control *c, const char *line, size_t len, struct text *out)
{
	struct request r = {.c = c};
	json_error_t e;
	json_t *o = json_loadb(line, len, JSON_REJECT_DUPLICATES, &e);

	text_init(&r.out);
	if (json_is_object(o))
		run(c, o, &r);
	else
		snprintf(r.why, sizeof(r.why), "a request is a line of JSON, {\"command\":NAME}: %.120s",
			 o ? "no object" : e.text);
	answer(&r, out);
	text_fini(&r.out);
	json_decref(o);
}

void control_on_signal(struct control *c, void (*fn)(int signal_number))
{
	c->on_signal = fn ? fn : to_self;
}
