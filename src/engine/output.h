/*
 * output - one candidate to every sink that the configuration names, in its format.
 *
 * Thread   one writer.
 * Owns     its sinks.
 * Limit    a sink's error is returned, with the line not yet written there.
 */
#ifndef TOCSIN_ENGINE_OUTPUT_H
#define TOCSIN_ENGINE_OUTPUT_H

#include "config/config.h"
#include "raise/candidate.h"
#include "raise/digest.h"
#include "raise/sink.h"

#define OUTPUT_SINKS_MAX 8

struct output {
	struct {
		const struct sink_ops *ops;
		struct sink *sink;
	} sinks[OUTPUT_SINKS_MAX];
	uint32_t count;
	bool stix;
	struct text line;
	struct digest digest;
	uint64_t written; /* candidates */
};

int output_open(struct output *o, const struct config *c, char why[256]); /* 0 or -errno */
int output_candidate(struct output *o, const struct candidate *c, const struct candidate_context *cx);
/* A line made before (from a checkpoint's outbox). */
int output_line(struct output *o, const char *id, const char *line, size_t len);
/* The candidate's line in this output's format, in o->line. */
int output_format(struct output *o, const struct candidate *c, const struct candidate_context *cx);
int output_flush(struct output *o);
int output_reopen(struct output *o);
void output_close(struct output *o);

#endif
