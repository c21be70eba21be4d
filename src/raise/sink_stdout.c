#include "raise/sink.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "raise/sink_line.h"

struct sink {
	struct text line; /* reused: the line with its newline, for one write */
};

static int stdout_open(struct sink **s, const char *target, const char *const *properties,
		       char why[256])
{
	(void)target;
	(void)properties;
	(void)why;
	*s = calloc(1, sizeof(**s));
	return *s ? 0 : -ENOMEM;
}

static int stdout_write(struct sink *s, const char *id, const char *line, size_t len)
{
	(void)id;
	text_reset(&s->line);
	text_bytes(&s->line, line, len);
	text_char(&s->line, '\n');
	return s->line.error ? s->line.error
			     : sink_line_write(STDOUT_FILENO, s->line.p, s->line.len);
}

static int stdout_flush(struct sink *s, int timeout_ms)
{
	(void)s;
	(void)timeout_ms;
	return sink_line_sync(STDOUT_FILENO);
}

static int stdout_reopen(struct sink *s)
{
	(void)s;
	return 0;
}

static void stdout_close(struct sink *s)
{
	if (!s)
		return;
	text_fini(&s->line);
	free(s);
}

const struct sink_ops sink_stdout = {.name = "stdout",
				     .open = stdout_open,
				     .write = stdout_write,
				     .flush = stdout_flush,
				     .reopen = stdout_reopen,
				     .close = stdout_close};
