/*
 * ingest_null - the same line again and again, for benches: "lines:COUNT:TEXT".
 */
#include "ingest/ingest.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct input {
	struct object *object;
	const struct source *source;
	const _Atomic bool *stop;
	uint64_t left, done;     /* lines */
	uint32_t line, per_fill; /* bytes of a line, lines of a batch */
	uint8_t *block;          /* per_fill lines */
};

static void null_close(struct input *in)
{
	if (!in)
		return;
	free(in->block);
	free(in);
}

/* "lines:COUNT:TEXT"; false where it is something else. */
static bool parse(const char *spec, uint64_t *count, const char **text)
{
	char *end;

	if (strncmp(spec, "lines:", 6) != 0 || spec[6] < '0' || spec[6] > '9')
		return false;
	errno = 0;
	*count = strtoull(spec + 6, &end, 10);
	*text = end + 1;
	return errno == 0 && *end == ':' && strlen(*text) < BATCH_BYTES;
}

static int null_open(struct input **out, const struct ingest_context *cx, const char *spec,
		     const struct source *source, char why[256])
{
	const char *text;
	uint64_t count;

	*out = NULL;
	if (!parse(spec, &count, &text)) {
		snprintf(why, 256, "%.150s: expected lines:COUNT:TEXT", spec);
		return -EINVAL;
	}
	struct input *in = calloc(1, sizeof(*in));
	if (!in)
		return -ENOMEM;
	in->object = object_get(cx->objects, "null:", source);
	in->source = source;
	in->stop = cx->stop;
	in->left = count;
	in->line = (uint32_t)strlen(text) + 1;
	in->per_fill = BATCH_BYTES / in->line;
	in->block = malloc(BATCH_BYTES);
	if (!in->object || !in->block) {
		null_close(in);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < in->per_fill; i++) {
		memcpy(in->block + i * in->line, text, in->line - 1);
		in->block[(i + 1) * in->line - 1] = '\n';
	}
	*out = in;
	return 0;
}

static int null_fill(struct input *in, struct batch *b, char why[256])
{
	uint32_t lines = in->left < in->per_fill ? (uint32_t)in->left : in->per_fill;
	struct batch_item proto = {
		.state_claim = -1, .offset = in->done * in->line, .source = in->source};

	why[0] = '\0';
	if (lines == 0 || (in->stop && atomic_load_explicit(in->stop, memory_order_relaxed)))
		return 0;
	b->kind = BATCH_LINES;
	b->object = in->object;
	batch_append(b, in->block, lines * in->line, &proto);
	in->left -= lines;
	in->done += lines;
	return 1;
}

static void null_progress(const struct input *in, uint64_t *done, uint64_t *total)
{
	*done = in->done * in->line;
	*total = (in->done + in->left) * in->line;
}

const struct source_ops ingest_null = {
	.name = "null",
	.open = null_open,
	.fill = null_fill,
	.progress = null_progress,
	.close = null_close,
};
