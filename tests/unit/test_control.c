/* The control socket's requests: what is answered, what is in force then, and what outlives a restart. */
#include "engine/control.h"

#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "test_engine.h"

static struct test_engine t;
static struct control *c;
static int last_signal;

static void on_signal(int n)
{
	last_signal = n;
}

static const char *ask(const char *request)
{
	static struct text out;

	text_reset(&out);
	control_answer(c, request, strlen(request), &out);
	text_char(&out, '\0');
	return out.p;
}

static bool ok(const char *request)
{
	const char *a = ask(request);
	bool good = strncmp(a, "{\"return\":\"OK\",\"message\":", 24) == 0;

	if (!good)
		printf("# %s -> %s\n", request, a);
	return good;
}

static bool refused(const char *request, const char *why)
{
	const char *a = ask(request);
	bool good = strncmp(a, "{\"return\":\"NOK\",", 16) == 0 && strstr(a, why);

	if (!good)
		printf("# %s -> %s\n", request, a);
	return good;
}

static bool found(const char *target)
{
	char request[256];

	snprintf(request, sizeof(request),
		 "{\"command\":\"indicator-lookup\",\"arguments\":{\"target\":\"%s\"}}", target);
	return strstr(ask(request), "\"id\"") != NULL;
}

static void plain(void)
{
	tap_ok(strcmp(ask("{\"version\":\"0.2\"}"), "{\"return\":\"OK\",\"message\":\"" TOCSIN_VERSION "\"}") == 0,
	       "suricatasc's greeting");
	tap_ok(ok("{\"command\":\"commands\"}") && ok("{\"command\":\"uptime\"}") &&
		       ok("{\"command\":\"running-mode\"}"), "what users of suricatasc try first");
	json_t *o = json_loads(ask("{\"command\":\"status\"}"), 0, NULL);
	const json_t *m = json_object_get(o, "message");
	tap_ok(json_is_integer(json_object_get(m, "generation")) && json_is_object(json_object_get(m, "live")) &&
		       json_is_object(json_object_get(m, "ledger")), "status is JSON with what it promises");
	json_decref(o);
	tap_ok(ok("{\"command\":\"reload-rules\"}") && last_signal == SIGHUP &&
		       ok("{\"command\":\"shutdown\"}") && last_signal == SIGTERM, "reload and shutdown");
	tap_ok(ok("{\"command\":\"log-level\",\"arguments\":{\"level\":\"error\"}}") &&
		       refused("{\"command\":\"log-level\",\"arguments\":{\"level\":\"loud\"}}", "debug"),
	       "log-level");
	tap_ok(refused("", "line of JSON") && refused("[]", "no object") && refused("{", "line of JSON") &&
		       refused("{\"command\":\"x\"}", "no command") && refused("{\"command\":7}", "no command") &&
		       refused("{\"command\":\"indicator-add\"}", "needs a value") &&
		       refused("{\"command\":\"indicator-add\",\"arguments\":[]}", "needs a value") &&
		       refused("{\"command\":\"indicator-add\",\"arguments\":{\"value\":\"a b\\nc\"}}", "needs a value") &&
		       refused("{\"command\":\"indicator-remove\"}", "needs an id") &&
		       refused("{\"command\":\"indicator-silence\",\"arguments\":{\"target\":\"x\",\"until\":\"y\"}}", "until"),
	       "what is no request is refused with a reason");
	tap_ok(refused("{\"command\":\"indicator-add\",\"arguments\":{\"value\":\"x.example\",\"severity\":\"loud\"}}", "severity") &&
		       refused("{\"command\":\"indicator-add\",\"arguments\":{\"object\":{\"type\":\"indicator\",\"id\":\"indicator--1\",\"pattern\":\"[\"}}}", "pattern"),
	       "nor is an indicator that cannot be taken");
}

static void indicators(void)
{
	tap_ok(found("c2.bad0.example") && !found("new.example"), "lookup");
	tap_ok(ok("{\"command\":\"indicator-add\",\"arguments\":{\"value\":\"new.example\",\"severity\":\"high\",\"valid_until\":\"2027-01-01T00:00:00Z\"}}") &&
		       found("new.example") && strstr(ask("{\"command\":\"indicator-lookup\",\"arguments\":{\"target\":\"new.example\"}}"), "\"severity\":\"high\",\"valid_until\":\"2027-01-01T00:00:00"),
	       "added with what is said of it");
	tap_ok(ok("{\"command\":\"indicator-add\",\"arguments\":{\"id\":\"case-7\",\"value\":\"192.0.2.9\",\"campaign\":\"Comma, \\\"Quote\\\"\"}}") &&
		       found("192.0.2.9") && strstr(ask("{\"command\":\"indicator-lookup\",\"arguments\":{\"target\":\"192.0.2.9\"}}"), "\"threat\":\"Comma, \\\"Quote\\\"\""), "under an id, of a campaign");
	tap_ok(ok("{\"command\":\"indicator-add\",\"arguments\":{\"object\":{\"type\":\"indicator\",\"id\":\"indicator--9\",\"modified\":\"2026-01-01T00:00:00Z\",\"pattern\":\"[domain-name:value='stix.example']\"}}}") &&
		       found("indicator--9") && found("stix.example"), "a STIX object");
	tap_ok(ok("{\"command\":\"indicator-remove\",\"arguments\":{\"id\":\"indicator--9\"}}") && !found("stix.example") &&
		       ok("{\"command\":\"indicator-remove\",\"arguments\":{\"id\":\"case-7\"}}") && !found("192.0.2.9"),
	       "removed by id");
	tap_ok(ok("{\"command\":\"indicator-remove\",\"arguments\":{\"id\":\"ip:203.0.113.7\",\"feed\":\"bad\"}}") && !found("203.0.113.7"),
	       "and of a feed's own");
	tap_ok(ok("{\"command\":\"indicator-silence\",\"arguments\":{\"target\":\"c2.bad0.example\"}}") && !found("c2.bad0.example"),
	       "silenced by value");
	tap_ok(ok("{\"command\":\"indicator-restore\",\"arguments\":{\"target\":\"c2.bad0.example\"}}") && found("c2.bad0.example"),
	       "restored");
	tap_ok(ok("{\"command\":\"indicator-silence\",\"arguments\":{\"target\":\"c2.bad0.example\",\"until\":\"2026-11-20T00:00:00Z\"}}") &&
		       strstr(ask("{\"command\":\"indicator-lookup\",\"arguments\":{\"target\":\"c2.bad0.example\"}}"), "\"valid_until\":\"2026-11-20T00:00:00"),
	       "silenced from a moment on");
}

static size_t lines_of_journal(void)
{
	FILE *f = fopen(test_path("state/control.journal"), "r");
	size_t n = 0;

	for (int ch; f && (ch = fgetc(f)) != EOF;)
		n += ch == '\n';
	if (f)
		fclose(f);
	return n;
}

static int start(void)
{
	char why[256] = "", set[256];

	if (test_engine_init(&t, "1"))
		return 1;
	snprintf(set, sizeof(set), "state_dir=%s", test_path("state"));
	config_set(&t.config, set, &t.problems);
	if (engine_load(t.e, &t.problems) || engine_start(t.e, true) || intel_start(t.e->intel) ||
	    control_open(&c, t.e, test_path("ctl"), why)) {
		printf("# %s\n", why);
		return 1;
	}
	control_on_signal(c, on_signal);
	intel_wait(t.e->intel, 10000);
	return 0;
}

static void stop(void)
{
	control_close(c);
	intel_stop(t.e->intel);
	engine_stop(t.e);
	test_engine_fini(&t);
}

static void restart(void)
{
	size_t before = lines_of_journal();
	FILE *f = fopen(test_path("state/control.journal"), "a");

	fputs("{\"command\":\"indicator-add\",\"argum", f); /* cut short by the end of power */
	fclose(f);
	stop();
	if (start()) {
		tap_ok(false, "started again");
		return;
	}
	tap_ok(found("new.example") && !found("192.0.2.9") && !found("stix.example") && !found("203.0.113.7") &&
		       strstr(ask("{\"command\":\"indicator-lookup\",\"arguments\":{\"target\":\"c2.bad0.example\"}}"), "\"valid_until\":\"2026-11-20T00:00:00"),
	       "what was ordered is in force after a restart");
	tap_ok(lines_of_journal() < before, "what was replaced has left the journal: %zu lines of %zu",
	       lines_of_journal(), before);
	tap_ok(ok("{\"command\":\"indicator-remove\",\"arguments\":{\"id\":\"new.example\"}}") && !found("new.example"),
	       "and can be taken back");
}

static void over_the_socket(void)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	struct stat st;
	char buf[65536];
	size_t have = 0;

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", test_path("ctl"));
	tap_ok(stat(to.sun_path, &st) == 0 && (st.st_mode & 0777) == 0600, "the socket is its owner's alone");
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)))
		return;
	static const char two[] = "{\"command\":\"uptime\"}\n\n{\"command\":\"vers";
	static const char rest[] = "ion\"}\n";
	send(fd, two, sizeof(two) - 1, 0);
	usleep(20000);
	send(fd, rest, sizeof(rest) - 1, 0);
	while (have < sizeof(buf) - 1 && !(have && buf[have - 1] == '\n' && memchr(buf, '\n', have - 1))) {
		ssize_t n = recv(fd, buf + have, sizeof(buf) - 1 - have, 0);
		if (n <= 0)
			break;
		have += (size_t)n;
	}
	buf[have] = '\0';
	tap_ok(strstr(buf, "\"message\":0}\n{\"return\":\"OK\",\"message\":\"" TOCSIN_VERSION "\"}\n") != NULL,
	       "lines in pieces, two answers in order");
	memset(buf, 'x', sizeof(buf));
	size_t sent = 0;
	for (ssize_t n; sent < 2 * CONTROL_LINE_MAX && (n = send(fd, buf, sizeof(buf), MSG_NOSIGNAL)) > 0;)
		sent += (size_t)n;
	ssize_t n = recv(fd, buf, sizeof(buf), 0);
	tap_ok(n <= 0, "a line without an end is not waited for");
	close(fd);
	struct control *other;
	char why[256] = "";
	tap_ok(control_open(&other, t.e, to.sun_path, why) == -EADDRINUSE && strstr(why, "ctl"),
	       "a socket that somebody listens on is not taken over: %s", why);
	tap_ok(stat(to.sun_path, &st) == 0, "nor removed");
}

int main(void)
{
	test_dir_init(20);
	mkdir(test_path("state"), 0700);
	if (start())
		return 1;
	plain();
	indicators();
	restart();
	over_the_socket();
	stop();
	struct stat st;
	tap_ok(stat(test_path("ctl"), &st) != 0, "closed, the socket is gone");
	test_dir_fini();
	return tap_done();
}
