#include "raise/sink.h"

/* Takes everything and keeps nothing, so that a bench can leave the output out. */

static int null_open(struct sink **s, const char *target, const char *const *properties,
		     char why[256])
{
	(void)target;
	(void)properties;
	(void)why;
	*s = NULL;
	return 0;
}

static int null_write(struct sink *s, const char *id, const char *line, size_t len)
{
	(void)s;
	(void)id;
	(void)line;
	(void)len;
	return 0;
}

static int null_flush(struct sink *s, int timeout_ms)
{
	(void)s;
	(void)timeout_ms;
	return 0;
}

static int null_reopen(struct sink *s)
{
	(void)s;
	return 0;
}

static void null_close(struct sink *s)
{
	(void)s;
}

const struct sink_ops sink_null = {.name = "null",
				   .open = null_open,
				   .write = null_write,
				   .flush = null_flush,
				   .reopen = null_reopen,
				   .close = null_close};
