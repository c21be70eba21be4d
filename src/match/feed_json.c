#include "match/feed_load.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NEST_MAX 8 /* of arrays and responses around events and bundles */

struct span feed_json_string(struct feed_value o, const char *key)
{
	struct feed_value v = feed_get(o, key);

	return feed_is_string(v) ? feed_text(v) : (struct span){"", 0};
}

static bool is_word(struct span s, const char *word)
{
	return s.len == strlen(word) && strncasecmp(s.p, word, s.len) == 0;
}

bool feed_json_true(struct feed_value o, const char *key)
{
	struct feed_value v = feed_get(o, key);
	struct span s = feed_text(v);

	if (feed_is_string(v))
		return is_word(s, "1") || is_word(s, "true");
	if (feed_kind(v) != FEED_INTEGER)
		return feed_kind(v) == FEED_TRUE;
	for (uint32_t i = 0; i < s.len; i++)
		if (s.p[i] >= '1' && s.p[i] <= '9')
			return true;
	return false;
}

bool feed_json_number(struct feed_value o, const char *key, double *value)
{
	struct feed_value v = feed_get(o, key);
	struct span s = feed_text(v);
	char number[64], *end;

	if (s.len == 0 || s.len >= sizeof(number))
		return false;
	memcpy(number, s.p, s.len);
	number[s.len] = '\0';
	*value = strtod(number, &end);
	return end == number + s.len;
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
	if (id.len == 0 || id.p < l->p || id.p >= l->p + l->len)
		return 0;
	size_t at = (size_t)(id.p - l->p);
	if (at < l->lines.at)
		l->lines = (struct feed_lines){.line = 1};
	l->lines.line += count_lines(l->p + l->lines.at, id.p);
	l->lines.at = at;
	return l->lines.line;
}

static void value(struct feed_load *l, struct feed_value v, int depth);

static void array(struct feed_load *l, struct feed_value v, int depth)
{
	feed_each(item, v)
		value(l, item, depth + 1);
}

static void value(struct feed_load *l, struct feed_value v, int depth)
{
	if (l->error)
		return;
	if (depth > NEST_MAX)
		feed_refuse(l, 0, "nested deeper than %d levels", NEST_MAX);
	else if (feed_is_array(v))
		array(l, v, depth);
	else if (feed_is_string(v))
		feed_list_value(l, 0, feed_text(v).p, feed_text(v).len);
	else if (!feed_is_object(v))
		feed_refuse(l, 0, "neither an object nor a value");
	else if (feed_stix_is(v))
		feed_stix(l, v);
	else if (feed_misp_is(v))
		feed_misp(l, v);
	else if (feed_get(v, "response").node)
		value(l, feed_get(v, "response"), depth + 1);
	else if (feed_get(v, "list").node)
		feed_refuse(l, 0,
			    "a MISP warninglist says what is benign: load it as a benign list");
	else
		feed_refuse(l, 0, "a JSON object that is neither STIX nor MISP");
}

/* One JSON text, or several one after the other (a line each, say). */
void feed_json(struct feed_load *l)
{
	const char *p = l->p, *end = l->p + l->len;
	struct feed_tree tree;

	l->error = feed_tree_init(&tree, l->len);
	while (!l->error) {
		while (p < end && *p && strchr(" \t\r\n", *p))
			p++;
		if (p == end)
			break;
		const char *why = feed_tree_read(&tree, p, (size_t)(end - p), &p);
		if (why) {
			feed_refuse(l, 1 + count_lines(l->p, p), "no valid JSON: %s", why);
			break;
		}
		value(l, feed_root(&tree), 0);
	}
	feed_tree_fini(&tree);
}
