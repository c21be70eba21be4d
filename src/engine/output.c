#include "engine/output.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define FLUSH_TIMEOUT_MS 30000

static int add(struct output *o, const struct sink_ops *ops, const char *target,
	       const struct config *c, char why[256])
{
	assert(o->count < OUTPUT_SINKS_MAX);
	int err = ops->open(&o->sinks[o->count].sink, target,
			    (const char *const *)c->kafka_properties.items, why);
	if (!err)
		o->sinks[o->count++].ops = ops;
	return err;
}

int output_open(struct output *o, const struct config *c, char why[256])
{
	char target[2 * CONFIG_TEXT_MAX];
	int err = 0;

	memset(o, 0, sizeof(*o));
	text_init(&o->line);
	digest_init(&o->digest);
	o->stix = strcmp(c->output_format, "stix") == 0;
	if (c->output_stdout)
		err = add(o, &sink_stdout, "-", c, why);
	if (!err && c->output_file[0])
		err = add(o, &sink_file, c->output_file, c, why);
	if (!err && c->output_topic[0]) {
		snprintf(target, sizeof(target), "%s/%s", c->kafka_brokers, c->output_topic);
		err = add(o, &sink_kafka, target, c, why);
	}
	if (err)
		output_close(o);
	return err;
}

int output_format(struct output *o, const struct candidate *c, const struct candidate_context *cx)
{
	text_reset(&o->line);
	if (o->stix)
		candidate_stix(&o->line, c, cx);
	else
		candidate_json(&o->line, c, cx);
	return o->line.error;
}

int output_line(struct output *o, const char *id, const char *line, size_t len)
{
	int worst = 0;

	digest_line(&o->digest, line, len);
	for (uint32_t i = 0; i < o->count; i++) {
		int err = o->sinks[i].ops->write(o->sinks[i].sink, id, line, len);
		worst = err ? err : worst;
	}
	o->written += !worst;
	return worst;
}

int output_candidate(struct output *o, const struct candidate *c, const struct candidate_context *cx)
{
	int err = output_format(o, c, cx);

	return err ? err : output_line(o, c->id, o->line.p, o->line.len);
}

int output_flush(struct output *o)
{
	int worst = 0;

	for (uint32_t i = 0; i < o->count; i++) {
		int err = o->sinks[i].ops->flush(o->sinks[i].sink, FLUSH_TIMEOUT_MS);
		worst = err ? err : worst;
	}
	return worst;
}

int output_reopen(struct output *o)
{
	int worst = 0;

	for (uint32_t i = 0; i < o->count; i++) {
		int err = o->sinks[i].ops->reopen ? o->sinks[i].ops->reopen(o->sinks[i].sink) : 0;
		worst = err ? err : worst;
	}
	return worst;
}

void output_close(struct output *o)
{
	for (uint32_t i = 0; i < o->count; i++)
		o->sinks[i].ops->close(o->sinks[i].sink);
	o->count = 0;
	text_fini(&o->line);
}
