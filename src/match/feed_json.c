#include "match/feed_load.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NEST_MAX   8 /* of arrays and responses around events and bundles */
#define WINDOW     4096
#define MISSES_MAX 32 /* searches of the whole file for an id that is not ahead */

struct span feed_json_string(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	if (!json_is_string(v))
		return (struct span){"", 0};
	return (struct span){json_string_value(v), (uint32_t)json_string_length(v)};
}

bool feed_json_true(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	if (json_is_string(v))
		return strcmp(json_string_value(v), "1") == 0 ||
		       strcasecmp(json_string_value(v), "true") == 0;
	return json_is_true(v) || (json_is_integer(v) && json_integer_value(v) != 0);
}

bool feed_json_number(const json_t *o, const char *key, double *value)
{
	const json_t *v = json_object_get(o, key);
	char *end;

	if (json_is_number(v)) {
		*value = json_number_value(v);
		return true;
	}
	if (!json_is_string(v) || json_string_length(v) == 0)
		return false;
	*value = strtod(json_string_value(v), &end);
	return *end == '\0' && end == json_string_value(v) + json_string_length(v);
}

/* Is what stands before the quote at p the key "id" or "uuid" and its colon? */
static bool after_id_key(const char *start, const char *p)
{
	static const char *const keys[] = {"\"id\"", "\"uuid\""};

	while (p > start && strchr(" \t\r\n", p[-1]))
		p--;
	if (p == start || *--p != ':')
		return false;
	while (p > start && strchr(" \t\r\n", p[-1]))
		p--;
	for (int i = 0; i < 2; i++) {
		size_t n = strlen(keys[i]);
		if ((size_t)(p - start) >= n && memcmp(p - n, keys[i], n) == 0)
			return true;
	}
	return false;
}

/* memmem() a window at a time: under a sanitizer it costs what it is shown, not what it
 * reads, and the next id is mostly near. */
static const char *find_near(const char *from, const char *end, struct span id)
{
	while ((size_t)(end - from) >= id.len) {
		size_t left = (size_t)(end - from),
		       n = left < WINDOW + id.len ? left : WINDOW + id.len;
		const char *at = memmem(from, n, id.p, id.len);
		if (at || n == left)
			return at;
		from += WINDOW;
	}
	return NULL;
}

static const char *search(const char *start, const char *from, const char *end, struct span id)
{
	while ((from = find_near(from, end, id))) {
		if (from > start && from[-1] == '"' && from + id.len < end && from[id.len] == '"' &&
		    after_id_key(start, from - 1))
			return from;
		from += id.len;
	}
	return NULL;
}

static uint32_t count_lines(const char *p, const char *end)
{
	uint32_t n = 0;

	while ((p = memchr(p, '\n', (size_t)(end - p)))) {
		n++;
		p++;
	}
	return n;
}

uint32_t feed_line_of(struct feed_load *l, struct span id)
{
	const char *end = l->p + l->len, *from = l->p + l->lines.at;

	if (id.len == 0 || l->lines.misses >= MISSES_MAX)
		return 0;
	const char *at = search(l->p, from, end, id);
	if (at) {
		l->lines.line += count_lines(from, at);
		l->lines.at = (size_t)(at - l->p) + id.len;
		return l->lines.line;
	}
	l->lines.misses++;
	at = search(l->p, l->p, from, id);
	return at ? 1 + count_lines(l->p, at) : 0;
}

static void value(struct feed_load *l, const json_t *v, int depth);

static void array(struct feed_load *l, const json_t *v, int depth)
{
	size_t i;
	const json_t *item;

	json_array_foreach(v, i, item) value(l, item, depth + 1);
}

static void value(struct feed_load *l, const json_t *v, int depth)
{
	if (l->error)
		return;
	if (depth > NEST_MAX)
		feed_refuse(l, 0, "nested deeper than %d levels", NEST_MAX);
	else if (json_is_array(v))
		array(l, v, depth);
	else if (json_is_string(v))
		feed_list_value(l, 0, json_string_value(v), json_string_length(v));
	else if (!json_is_object(v))
		feed_refuse(l, 0, "neither an object nor a value");
	else if (feed_stix_is(v))
		feed_stix(l, v);
	else if (feed_misp_is(v))
		feed_misp(l, v);
	else if (json_object_get(v, "response"))
		value(l, json_object_get(v, "response"), depth + 1);
	else if (json_object_get(v, "list"))
		feed_refuse(l, 0,
			    "a MISP warninglist says what is benign: load it as a benign list");
	else
		feed_refuse(l, 0, "a JSON object that is neither STIX nor MISP");
}

/* One JSON text, or several one after the other (a line each, say). */
void feed_json(struct feed_load *l)
{
	const char *p = l->p, *end = l->p + l->len;
	uint32_t line = 1;

	for (;;) {
		json_error_t e;
		while (p < end && strchr(" \t\r\n", *p) && *p)
			line += *p++ == '\n';
		if (p == end || l->error)
			return;
		json_t *root = json_loadb(p, (size_t)(end - p),
					  JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, &e);
		if (!root) {
			feed_refuse(l, line + (uint32_t)(e.line > 0 ? e.line - 1 : 0),
				    "no valid JSON: %s", e.text);
			return;
		}
		value(l, root, 0);
		json_decref(root);
		line += count_lines(p, p + e.position);
		p += e.position;
	}
}
