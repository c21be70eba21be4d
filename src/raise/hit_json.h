/*
 * hit_json - one hit as one NDJSON line (include/tocsin/hit.schema.json).
 *
 * Thread   any; one text a thread.
 * Order    none.
 * Owns     nothing; every text is borrowed for the call.
 * Memory   the text's, reused from line to line.
 * Limit    none.
 */
#ifndef TOCSIN_RAISE_HIT_JSON_H
#define TOCSIN_RAISE_HIT_JSON_H

#include "base/text.h"
#include "config/vocab.h"

struct hit_json {
	const char *by;    /* "rule:<id>" or "indicator:<id>", NUL-terminated */
	const char *value; /* what matched, in the record's own bytes */
	size_t value_len;
	uint8_t hit_class;    /* enum hit_class */
	const char *source;   /* the source's name */
	const char *position; /* position prefix: "file:/data/a.ndjson", "kafka:soc.de:3" */
	uint64_t offset;      /* byte, frame or Kafka offset */
	uint32_t sub;         /* line in a message, 0 none */
	int64_t time_us;
	int state;          /* the source's state, vocab; -1: leave out */
	const char *threat; /* threat id; NULL: leave out */
	uint64_t entity;    /* keyed hash; 0: leave out */
	int severity;       /* enum severity; -1: leave out */
	bool retrospective; /* it was seen before the indicator came */
};

/* Appends the line, without a newline. Errors stick in the text. */
void hit_json(struct text *out, const struct hit_json *h);

#endif
