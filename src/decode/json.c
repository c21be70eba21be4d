#include "decode/json.h"

#include <assert.h>
#include <string.h>

#include "base/utf8.h"
#include "decode/decode.h"
#include "decode/json_string.h"

/* One open container: where its path ends, and whether it is an object. */
struct level {
	uint16_t path_len;
	bool object;
};

/* A sticky cursor: error stays, and p does not move any more. */
struct walk {
	const char *p, *end;
	enum reason error;
	json_visit *visit;
	void *ctx;
	struct arena *scratch;
	char *text; /* the rest of the arena's piece for unescaped strings */
	uint32_t depth;
	struct json_scalar scalar;
	struct level level[DECODE_DEPTH_MAX];
	char path[JSON_PATH_MAX];
};

static void fail(struct walk *w, enum reason why)
{
	if (w->error == REASON_OK)
		w->error = why;
	w->p = w->end;
}

static void skip_space(struct walk *w)
{
	while (w->p < w->end && (*w->p == ' ' || *w->p == '\n' || *w->p == '\t' || *w->p == '\r'))
		w->p++;
}

/* The next byte that is no white space, taken; 0 at the end. */
static char next(struct walk *w)
{
	skip_space(w);
	return w->p < w->end ? *w->p++ : '\0';
}

/* Unescaped text is never longer than escaped: one piece serves the whole record. */
static bool reserve(struct walk *w, const char *from)
{
	if (!w->text)
		w->text = arena_alloc(w->scratch, (size_t)(w->end - from));
	if (!w->text)
		fail(w, REASON_TOO_LONG);
	return w->text;
}

/* The string whose opening quote was taken. */
static struct span string(struct walk *w)
{
	const char *from = w->p;
	bool escaped;
	const char *end = json_string_end(from, w->end, &escaped);
	struct span s = {from, 0};

	if (!end) {
		fail(w, REASON_NOT_JSON);
		return s;
	}
	w->p = end + 1;
	s.len = (uint32_t)(end - from);
	if (escaped && reserve(w, from)) {
		s.p = w->text;
		s.len = (uint32_t)json_string_unescape(from, (size_t)(end - from), w->text);
		w->text += s.len;
	}
	return s;
}

static bool digits(struct walk *w)
{
	const char *from = w->p;

	while (w->p < w->end && *w->p >= '0' && *w->p <= '9')
		w->p++;
	return w->p > from;
}

/* The byte at hand; 0 at the end, which no token begins with. */
static char here(const struct walk *w)
{
	return w->p < w->end ? *w->p : '\0';
}

/* number = [ "-" ] int [ frac ] [ exp ], RFC 8259 section 6 */
static struct span number(struct walk *w)
{
	const char *from = w->p;
	bool ok = true;

	w->p += *w->p == '-';
	if (here(w) == '0')
		w->p++;
	else
		ok = digits(w);
	if (ok && here(w) == '.') {
		w->p++;
		ok = digits(w);
	}
	if (ok && (here(w) | 0x20) == 'e') {
		w->p++;
		w->p += here(w) == '+' || here(w) == '-';
		ok = digits(w);
	}
	struct span s = {from, (uint32_t)(w->p - from)};
	if (!ok)
		fail(w, REASON_NOT_JSON);
	return s;
}

static struct span literal(struct walk *w, const char *word, enum json_kind kind)
{
	size_t len = strlen(word);
	struct span s = {w->p, (uint32_t)len};

	w->scalar.kind = kind;
	if ((size_t)(w->end - w->p) < len || memcmp(w->p, word, len) != 0)
		fail(w, REASON_NOT_JSON);
	else
		w->p += len;
	return s;
}

static void scalar(struct walk *w)
{
	struct json_scalar *s = &w->scalar;

	s->kind = JSON_KIND_NUMBER;
	switch (*w->p) {
	case '"':
		w->p++;
		s->kind = JSON_KIND_STRING;
		s->value = string(w);
		break;
	case 't':
		s->value = literal(w, "true", JSON_KIND_TRUE);
		break;
	case 'f':
		s->value = literal(w, "false", JSON_KIND_FALSE);
		break;
	case 'n':
		s->value = literal(w, "null", JSON_KIND_NULL);
		break;
	default:
		s->value = number(w);
	}
	if (w->error == REASON_OK)
		w->visit(w->ctx, s);
}

/* The path of a key: the containers' path, a dot, the key. A key at the top stands as it is. */
static void set_path(struct walk *w, struct span key)
{
	uint32_t base = w->level[w->depth - 1].path_len;

	w->scalar.key++;
	if (base == 0) {
		w->scalar.path = key;
		if (key.len > JSON_PATH_MAX)
			w->scalar.path.len = JSON_PATH_MAX;
		return;
	}
	uint32_t len = base;
	if (key.len && len < JSON_PATH_MAX)
		w->path[len++] = '.';
	uint32_t room = JSON_PATH_MAX - len, n = key.len < room ? key.len : room;
	memcpy(w->path + len, key.p, n);
	w->scalar.path = (struct span){w->path, len + n};
}

static void key(struct walk *w, char first)
{
	if (first != '"') {
		fail(w, REASON_NOT_JSON);
		return;
	}
	struct span k = string(w);
	if (next(w) != ':')
		fail(w, REASON_NOT_JSON);
	if (w->error == REASON_OK)
		set_path(w, k);
}

/* Opens a container under the path at hand. */
static void push(struct walk *w, bool object)
{
	struct span path = w->scalar.path;

	if (w->depth == DECODE_DEPTH_MAX) {
		fail(w, REASON_TOO_COMPLEX);
		return;
	}
	if (path.p != w->path)
		memcpy(w->path, path.p, path.len);
	w->scalar.path.p = w->path;
	w->level[w->depth++] = (struct level){(uint16_t)path.len, object};
}

/* After a value in a container: closes what ends here. True if another value follows. */
static bool more(struct walk *w)
{
	while (w->depth > 0) {
		const struct level *l = &w->level[w->depth - 1];
		char c = next(w);
		if (c == ',') {
			if (l->object)
				key(w, next(w));
			return w->error == REASON_OK;
		}
		if (c != (l->object ? '}' : ']')) {
			fail(w, REASON_NOT_JSON);
			return false;
		}
		w->depth--;
		/* elements of an array that is still open report under its path */
		w->scalar.path = (struct span){w->path, l->path_len};
		w->scalar.key++;
	}
	return false;
}

/* One value, or the opening of a container. True if a value must follow at once. */
static bool value(struct walk *w)
{
	skip_space(w);
	if (w->p == w->end) {
		fail(w, REASON_NOT_JSON);
		return false;
	}
	bool object = *w->p == '{';
	if (!object && *w->p != '[') {
		scalar(w);
		return false;
	}
	w->p++;
	push(w, object);
	skip_space(w);
	if (w->p < w->end && *w->p == (object ? '}' : ']'))
		return false;
	if (object)
		key(w, next(w));
	return w->error == REASON_OK;
}

enum reason json_walk(struct arena *scratch, const char *p, size_t len, json_visit *visit,
		      void *ctx)
{
	struct walk w;

	assert(len <= UINT32_MAX);
	w.p = p;
	w.end = p + len;
	w.error = REASON_OK;
	w.visit = visit;
	w.ctx = ctx;
	w.scratch = scratch;
	w.text = NULL;
	w.depth = 0;
	w.scalar = (struct json_scalar){.path = {w.path, 0}};
	while (value(&w) || more(&w))
		;
	skip_space(&w);
	if (w.error == REASON_OK && w.p != w.end)
		w.error = REASON_NOT_JSON;
	if (w.error == REASON_NOT_JSON && !utf8_valid((const uint8_t *)p, len))
		w.error = REASON_NOT_UTF8;
	return w.error;
}
