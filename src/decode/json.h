/*
 * json - strict walk over one JSON text (RFC 8259), scalar by scalar.
 *
 * A path is the keys from the top, joined by dots; arrays add nothing to it,
 * and an empty key adds nothing either. So {"a":{"b":1}}, {"a.b":1} and
 * {"a":[{"b":1}]} are the same scalar, which is what telemetry means by them.
 *
 * Thread   one owner.
 * Order    scalars come in the order of the text.
 * Owns     nothing: spans point into the text, the arena, or (path) the walk
 *          itself; a path lives only while its visit runs.
 * Memory   at most len bytes of the arena, taken at the first escape.
 * Limit    DECODE_DEPTH_MAX containers; a path is cut at JSON_PATH_MAX bytes.
 */
#ifndef TOCSIN_DECODE_JSON_H
#define TOCSIN_DECODE_JSON_H

#include "base/arena.h"
#include "config/reason.h"
#include "decode/event.h"

#define JSON_PATH_MAX 512

enum json_kind {
	JSON_KIND_STRING,
	JSON_KIND_NUMBER,
	JSON_KIND_TRUE,
	JSON_KIND_FALSE,
	JSON_KIND_NULL
};

struct json_scalar {
	struct span path;
	struct span value; /* strings without quotes and escapes; else as written */
	enum json_kind kind;
	uint32_t key; /* counts keys: equal for the elements of one array */
};

typedef void json_visit(void *ctx, const struct json_scalar *s);

/*
 * REASON_OK, NOT_JSON, NOT_UTF8, TOO_COMPLEX (too deep), TOO_LONG (more
 * escaped text than the arena holds). What was visited before an error counts
 * for nothing. An escaped surrogate without its other half becomes U+FFFD.
 */
enum reason json_walk(struct arena *scratch, const char *p, size_t len, json_visit *visit,
		      void *ctx);

#endif
