/* What the control socket changed, so that a restart does it again. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "engine/control_priv.h"

/* What an order is about: the last of those about one thing stands. */
static void subject(const json_t *o, struct text *out)
{
	static const char *const keys[] = {"id", "value", "target", "feed"};
	const json_t *arguments = json_object_get(o, "arguments");
	const char *name = json_string_value(json_object_get(o, "command"));
	char *object = json_dumps(json_object_get(arguments, "object"), JSON_COMPACT | JSON_SORT_KEYS);

	/* adding and removing are about the same thing, so are silencing and restoring */
	text_str(out, name && (strstr(name, "silence") || strstr(name, "restore")) ? "said" : "is");
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const char *s = json_string_value(json_object_get(arguments, keys[i]));
		/* a value without an id is its own */
		if (i == 1 && json_object_get(arguments, "id"))
			s = NULL;
		text_char(out, '\n');
		text_str(out, s ? s : "");
		if (i == 0 && !s) {
			s = json_string_value(json_object_get(arguments, "value"));
			text_str(out, s ? s : "");
		}
	}
	text_str(out, object ? object : "");
	free(object);
}

struct order {
	char *line, *subject;
};

static int read_lines(FILE *f, struct order **out, size_t *count)
{
	size_t capacity = 0, room = 0;
	char *line = NULL;
	ssize_t n;

	while ((n = getline(&line, &room, f)) > 0) {
		json_t *o = json_loadb(line, (size_t)n, 0, NULL);
		struct text t;
		if (!json_is_object(o)) { /* the last, half written when the power went */
			json_decref(o);
			continue;
		}
		if (*count == capacity) {
			capacity = capacity ? capacity * 2 : 64;
			struct order *grown = realloc(*out, capacity * sizeof(*grown));
			if (!grown)
				abort();
			*out = grown;
		}
		text_init(&t);
		subject(o, &t);
		json_decref(o);
		(*out)[(*count)++] = (struct order){strndup(line, (size_t)n), text_take(&t)};
	}
	free(line);
	return ferror(f) ? -EIO : 0;
}

static int by_subject(const void *a, const void *b, void *arg)
{
	const struct order *all = arg, *x = &all[*(const size_t *)a], *y = &all[*(const size_t *)b];
	int d = strcmp(x->subject, y->subject);

	return d ? d : (*(const size_t *)a > *(const size_t *)b) - (*(const size_t *)a < *(const size_t *)b);
}

/* Drops all but the last about each thing; the others keep their order. */
static void drop_replaced(struct order *all, size_t count)
{
	size_t *order = malloc((count + 1) * sizeof(*order));

	for (size_t i = 0; order && i < count; i++)
		order[i] = i;
	if (order)
		qsort_r(order, count, sizeof(*order), by_subject, all);
	for (size_t i = 0; order && i + 1 < count; i++)
		if (strcmp(all[order[i]].subject, all[order[i + 1]].subject) == 0) {
			free(all[order[i]].line);
			all[order[i]].line = NULL;
		}
	free(order);
}

static int rewrite(const char *path, const struct order *all, size_t count)
{
	char tmp[CONFIG_TEXT_MAX + 40];

	snprintf(tmp, sizeof(tmp), "%s.new", path);
	int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
	if (!f)
		return -errno;
	for (size_t i = 0; i < count; i++)
		if (all[i].line)
			fprintf(f, "%.*s\n", (int)strcspn(all[i].line, "\n"), all[i].line);
	int err = fflush(f) || fsync(fd) ? -errno : 0;
	if (fclose(f) && !err)
		err = -errno;
	if (!err && rename(tmp, path))
		err = -errno;
	return err;
}

static void do_again(struct control *c, const struct order *all, size_t count)
{
	size_t done = 0;

	c->replaying = true;
	for (size_t i = 0; i < count; i++) {
		struct text answer;
		if (!all[i].line)
			continue;
		text_init(&answer);
		control_answer(c, all[i].line, strlen(all[i].line), &answer);
		if (answer.p && !strstr(answer.p, "\"OK\""))
			log_warning("control.journal: %.200s: %.200s", all[i].line, answer.p);
		text_fini(&answer);
		done++;
	}
	c->replaying = false;
	if (done)
		log_info("control.journal: %zu orders done again", done);
}

int control_journal_open(struct control *c, char why[256])
{
	char path[CONFIG_TEXT_MAX + 32];
	struct order *all = NULL;
	size_t count = 0;

	c->journal_fd = -1;
	if (!c->e->config->state_dir[0])
		return 0;
	snprintf(path, sizeof(path), "%s/control.journal", c->e->config->state_dir);
	FILE *f = fopen(path, "re");
	int err = f ? read_lines(f, &all, &count) : errno == ENOENT ? 0 : -errno;
	if (f)
		fclose(f);
	if (!err) {
		drop_replaced(all, count);
		do_again(c, all, count);
		err = count ? rewrite(path, all, count) : 0;
	}
	if (!err) {
		c->journal_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
		err = c->journal_fd < 0 ? -errno : 0;
	}
	for (size_t i = 0; i < count; i++) {
		free(all[i].line);
		free(all[i].subject);
	}
	free(all);
	if (err)
		snprintf(why, 256, "%.200s: %s", path, strerror(-err));
	return err;
}

bool control_journal_add(struct control *c, const json_t *request, int64_t time_us)
{
	json_t *copy = json_copy((json_t *)request);

	if (c->journal_fd < 0 || c->replaying) {
		json_decref(copy);
		return true;
	}
	json_object_set_new(copy, "time", json_integer(time_us));
	char *line = json_dumps(copy, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(copy);
	size_t len = line ? strlen(line) : 0;
	if (line)
		line[len] = '\n'; /* in place of its end: one write is one line */
	bool ok = line && write(c->journal_fd, line, len + 1) == (ssize_t)(len + 1) &&
		  fdatasync(c->journal_fd) == 0;
	free(line);
	return ok;
}
