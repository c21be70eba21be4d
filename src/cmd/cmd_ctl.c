/* tocsin ctl: asks and orders a running service through its control socket. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "cmd/cmd.h"

static int dial(const char *path)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(to.sun_path))
		return -ENAMETOOLONG;
	memcpy(to.sun_path, path, strlen(path) + 1);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	int err = -errno;
	close(fd);
	return err;
}

/* "key=value"; a value that is a JSON object is one. */
static bool add_argument(json_t *arguments, const char *word)
{
	const char *eq = strchr(word, '=');

	if (!eq || eq == word)
		return false;
	json_t *value = eq[1] == '{' ? json_loads(eq + 1, 0, NULL) : NULL;
	char *key = strndup(word, (size_t)(eq - word));
	bool ok = key && json_object_set_new(arguments, key, value ? value : json_string(eq + 1)) == 0;
	free(key);
	return ok;
}

static json_t *request_of(const struct cli *cli)
{
	json_t *arguments = json_object();

	for (uint32_t i = 1; i < cli->paths.count; i++)
		if (!add_argument(arguments, cli->paths.items[i])) {
			log_error("\"%s\": arguments are key=value, in UTF-8", cli->paths.items[i]);
			json_decref(arguments);
			return NULL;
		}
	return json_pack("{s:s, s:o}", "command", cli->paths.items[0], "arguments", arguments);
}

/* Sends the line and reads the answer's. 0 or -errno. */
static int exchange(int fd, const char *line, struct text *answer)
{
	size_t len = strlen(line), done = 0;

	while (done < len) {
		ssize_t n = send(fd, line + done, len - done, MSG_NOSIGNAL);
		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	while (!answer->p || !memchr(answer->p, '\n', answer->len)) {
		char buf[16384];
		ssize_t n = recv(fd, buf, sizeof(buf), 0);
		if (n == 0)
			return -ECONNRESET;
		if (n < 0 && errno != EINTR)
			return -errno;
		text_bytes(answer, buf, n > 0 ? (size_t)n : 0);
		if (answer->error)
			return -ENOMEM;
	}
	return 0;
}

static int show(const struct text *answer)
{
	json_t *o = json_loadb(answer->p, answer->len, 0, NULL);
	const char *result = json_string_value(json_object_get(o, "return"));
	const json_t *message = json_object_get(o, "message");
	bool ok = result && strcmp(result, "OK") == 0;
	char *text = json_is_string(message) ? NULL : json_dumps(message, JSON_INDENT(1) | JSON_ENCODE_ANY);

	fprintf(ok ? stdout : stderr, "%s%s\n", ok ? "" : "tocsin: error: ",
		text ? text : message ? json_string_value(message) : "no answer that can be read");
	free(text);
	json_decref(o);
	return ok ? EXIT_OK : EXIT_RULES;
}

static int ctl_run(struct cli *cli)
{
	struct text line, answer;
	const char *path = cli->config.control;

	if (!path[0] || cli->paths.count == 0) {
		log_error("ctl needs a command, and the service's configuration with control: PATH: "
			  "tocsin ctl -c FILE status");
		return EXIT_CONFIG;
	}
	json_t *request = request_of(cli);
	char *text = request ? json_dumps(request, JSON_COMPACT) : NULL;
	json_decref(request);
	if (!text)
		return EXIT_CONFIG;
	text_init(&line);
	text_init(&answer);
	text_printf(&line, "%s\n", text);
	int fd = dial(path);
	int err = fd < 0 ? fd : line.error ? line.error : exchange(fd, line.p, &answer);
	if (err)
		log_error("%s: %s", path, strerror(-err));
	if (fd >= 0)
		close(fd);
	int code = err ? EXIT_IO : show(&answer);
	free(text);
	text_fini(&line);
	text_fini(&answer);
	return code;
}

const struct command command_ctl = {
	.name = "ctl",
	.arguments = "-c FILE COMMAND [KEY=VALUE...]",
	.summary = "asks and orders a running service through its control socket",
	.text = "The service listens on the socket that its configuration names (control: PATH). \"commands\"\n"
		"lists what there is. Prints the answer's message; exit 0: done; 2: refused; 4: no service.\n\n"
		"  tocsin ctl -c /etc/tocsin/tocsin.yaml status\n"
		"  tocsin ctl -c tocsin.yaml indicator-add value=evil.example severity=high valid_until=2026-12-01T00:00:00Z\n"
		"  tocsin ctl --set control=/run/tocsin.sock indicator-remove id=evil.example\n"
		"  tocsin ctl -c tocsin.yaml indicator-silence target=192.0.2.1\n"
		"  tocsin ctl -c tocsin.yaml log-level level=debug\n",
	.run = ctl_run,
};
