#include "match/sigma/sigma_yaml.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "match/sigma/sigma_rule.h"

#define CORE	    "tag:yaml.org,2002:"
#define KEYS_MAX    4096 /* of one map */
#define ANCHORS_MAX 256	 /* of one document */

struct anchor {
	struct span name;
	struct sigma_yaml *node;
	struct anchor *next;
};

struct sigma_yaml_stream {
	yaml_parser_t parser;
	char why[160];
};

/* One document while it is read; why is sticky. */
struct read {
	struct sigma_yaml_stream *s;
	struct sigma_pool *pool;
	struct anchor *anchors;
	uint32_t anchor_count;
	const char *why;
	uint32_t line;
};

struct sigma_yaml_stream *sigma_yaml_open(const char *p, size_t len)
{
	struct sigma_yaml_stream *s = calloc(1, sizeof(*s));

	if (!s || !yaml_parser_initialize(&s->parser)) {
		free(s);
		return NULL;
	}
	yaml_parser_set_input_string(&s->parser, (const unsigned char *)p, len);
	yaml_parser_set_encoding(&s->parser, YAML_UTF8_ENCODING);
	return s;
}

void sigma_yaml_close(struct sigma_yaml_stream *s)
{
	if (s)
		yaml_parser_delete(&s->parser);
	free(s);
}

static void *fail(struct read *r, size_t line, const char *why)
{
	if (!r->why) {
		r->why = why;
		r->line = (uint32_t)line + 1;
	}
	return NULL;
}

static bool next_event(struct read *r, yaml_event_t *ev)
{
	yaml_parser_t *p = &r->s->parser;

	if (r->why)
		return false;
	if (yaml_parser_parse(p, ev))
		return true;
	snprintf(r->s->why, sizeof(r->s->why), "no YAML: %s%s%s",
		 p->problem ? p->problem : "cannot be read", p->context ? ", " : "",
		 p->context ? p->context : "");
	fail(r, p->problem_mark.line, r->s->why);
	return false;
}

static bool one_of(struct span s, const char *const *words)
{
	for (; *words; words++)
		if (strlen(*words) == s.len && memcmp(*words, s.p, s.len) == 0)
			return true;
	return false;
}

static size_t run(const char *p, const char *set)
{
	return strspn(p, set);
}

/* [-+]?[0-9]+ | 0o[0-7]+ | 0x[0-9a-fA-F]+ */
static bool is_int(const char *p)
{
	if (strncmp(p, "0o", 2) == 0)
		return p[2] && !p[2 + run(p + 2, "01234567")];
	if (strncmp(p, "0x", 2) == 0)
		return p[2] && !p[2 + run(p + 2, "0123456789abcdefABCDEF")];
	p += *p == '-' || *p == '+';
	return *p && !p[run(p, "0123456789")];
}

/* [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?; infinity and NaN are no numbers here */
static bool is_float(const char *p)
{
	static const char digits[] = "0123456789";

	p += *p == '-' || *p == '+';
	size_t whole = run(p, digits), part = 0;
	p += whole;
	if (*p == '.') {
		part = run(p + 1, digits);
		p += 1 + part;
	}
	if (whole + part == 0)
		return false;
	if (*p == 'e' || *p == 'E') {
		p++;
		p += *p == '-' || *p == '+';
		if (!run(p, digits))
			return false;
		p += run(p, digits);
	}
	return *p == '\0';
}

/* The type of a plain scalar in the core schema, YAML 1.2.2 section 10.3.2. */
static uint8_t plain_kind(struct span s)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
	static const char *const bools[] = {"true",  "True",  "TRUE", "false",
					    "False", "FALSE", NULL};

	if (strlen(s.p) != s.len)
		return SIGMA_YAML_TEXT;
	if (one_of(s, nulls))
		return SIGMA_YAML_NULL;
	if (one_of(s, bools))
		return SIGMA_YAML_BOOL;
	if (is_int(s.p))
		return SIGMA_YAML_INT;
	return is_float(s.p) ? SIGMA_YAML_FLOAT : SIGMA_YAML_TEXT;
}

static bool core_tag(const yaml_char_t *tag, const char *name)
{
	return !tag || strcmp((const char *)tag, name) == 0;
}

static uint8_t scalar_kind(struct read *r, const yaml_event_t *ev, struct span text)
{
	static const char *const names[] = {CORE "null", CORE "bool", CORE "int", CORE "float",
					    CORE "str"};
	const char *tag = (const char *)ev->data.scalar.tag;
	uint8_t kind = plain_kind(text);

	if (!tag)
		return ev->data.scalar.plain_implicit ? kind : SIGMA_YAML_TEXT;
	if (strcmp(tag, "!") == 0 || strcmp(tag, names[SIGMA_YAML_TEXT]) == 0)
		return SIGMA_YAML_TEXT;
	if (kind < SIGMA_YAML_TEXT && strcmp(tag, names[kind]) == 0)
		return kind;
	fail(r, ev->start_mark.line, "a tag that the value does not bear");
	return SIGMA_YAML_TEXT;
}

static struct sigma_yaml *new_node(struct read *r, const yaml_event_t *ev, uint8_t kind)
{
	struct sigma_yaml *n = sigma_pool_alloc(r->pool, sizeof(*n));

	if (!n)
		return fail(r, ev->start_mark.line, "out of memory");
	n->kind = kind;
	n->line = (uint32_t)ev->start_mark.line + 1;
	n->nodes = 1;
	return n;
}

static void keep_anchor(struct read *r, const yaml_char_t *name, struct sigma_yaml *n)
{
	struct anchor *a = name && n ? sigma_pool_alloc(r->pool, sizeof(*a)) : NULL;

	if (!a)
		return;
	if (++r->anchor_count > ANCHORS_MAX)
		fail(r, n->line - 1, "too many anchors; accepted: up to 256 a document");
	a->name = sigma_pool_copy(r->pool, name, strlen((const char *)name));
	a->node = n;
	a->next = r->anchors;
	r->anchors = a;
}

static struct sigma_yaml *follow(struct read *r, const yaml_event_t *ev)
{
	const char *name = (const char *)ev->data.alias.anchor;

	for (struct anchor *a = r->anchors; a; a = a->next)
		if (strcmp(a->name.p, name) == 0)
			return a->node->open ? fail(r, ev->start_mark.line, "an alias of itself")
					     : a->node;
	return fail(r, ev->start_mark.line, "an alias of nothing");
}

static bool add_item(struct read *r, struct sigma_yaml *n, struct sigma_yaml *item)
{
	if (n->count == n->capacity) {
		uint32_t capacity = n->capacity ? n->capacity * 2 : 8;
		struct sigma_yaml **items = sigma_pool_alloc(r->pool, capacity * sizeof(*items));
		if (!items) {
			fail(r, item->line - 1, "out of memory");
			return false;
		}
		if (n->count)
			memcpy(items, n->items, n->count * sizeof(*items));
		n->items = items;
		n->capacity = capacity;
	}
	n->items[n->count++] = item;
	n->nodes += item->nodes;
	if (n->nodes > SIGMA_NODES_MAX)
		fail(r, item->line - 1, "too many values; accepted: up to 65,536 a document");
	return !r->why;
}

static void check_key(struct read *r, const struct sigma_yaml *map, const struct sigma_yaml *key)
{
	if (!sigma_yaml_is_scalar(key))
		fail(r, key->line - 1, "a key that is no plain word");
	else if (strlen(key->text.p) != key->text.len)
		fail(r, key->line - 1, "a key with a NUL in it");
	else if (strcmp(key->text.p, "<<") == 0)
		fail(r, key->line - 1, "a merge key, which YAML 1.2 does not have");
	else if (map->count / 2 >= KEYS_MAX)
		fail(r, key->line - 1, "too many keys; accepted: up to 4,096 a map");
	else if (sigma_yaml_get(map, key->text.p))
		fail(r, key->line - 1, "a key that was there before");
}

static struct sigma_yaml *read_node(struct read *r, yaml_event_t *ev, uint32_t depth);

/* What follows until the collection ends. */
static void read_items(struct read *r, struct sigma_yaml *n, yaml_event_type_t end, uint32_t depth)
{
	yaml_event_t ev;
	bool done = false;

	while (!done && next_event(r, &ev)) {
		done = ev.type == end;
		struct sigma_yaml *item = done ? NULL : read_node(r, &ev, depth);
		if (item && n->kind == SIGMA_YAML_MAP && n->count % 2 == 0)
			check_key(r, n, item);
		if (item && !r->why)
			add_item(r, n, item);
		yaml_event_delete(&ev);
	}
}

static struct sigma_yaml *read_collection(struct read *r, const yaml_event_t *ev, uint32_t depth)
{
	const bool map = ev->type == YAML_MAPPING_START_EVENT;
	const yaml_char_t *tag = map ? ev->data.mapping_start.tag : ev->data.sequence_start.tag;

	if (!core_tag(tag, map ? CORE "map" : CORE "seq"))
		return fail(r, ev->start_mark.line, "a tag of no use here");
	if (depth >= SIGMA_DEPTH_MAX)
		return fail(r, ev->start_mark.line, "nested too deep; accepted: up to 32 levels");
	struct sigma_yaml *n = new_node(r, ev, map ? SIGMA_YAML_MAP : SIGMA_YAML_LIST);
	if (!n)
		return NULL;
	n->text = (struct span){"", 0};
	n->open = true;
	keep_anchor(r, map ? ev->data.mapping_start.anchor : ev->data.sequence_start.anchor, n);
	read_items(r, n, map ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT, depth + 1);
	n->open = false;
	return n;
}

static struct sigma_yaml *read_node(struct read *r, yaml_event_t *ev, uint32_t depth)
{
	struct sigma_yaml *n;

	switch (ev->type) {
	case YAML_ALIAS_EVENT:
		return follow(r, ev);
	case YAML_SCALAR_EVENT:
		n = new_node(r, ev, SIGMA_YAML_TEXT);
		if (!n)
			return NULL;
		n->text = sigma_pool_copy(r->pool, ev->data.scalar.value, ev->data.scalar.length);
		n->kind = scalar_kind(r, ev, n->text);
		keep_anchor(r, ev->data.scalar.anchor, n);
		return n;
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		return read_collection(r, ev, depth);
	default:
		return fail(r, ev->start_mark.line, "no value where one is expected");
	}
}

struct sigma_yaml *sigma_yaml_next(struct sigma_yaml_stream *s, struct sigma_pool *pool,
				   const char **why, uint32_t *line)
{
	struct read r = {.s = s, .pool = pool};
	struct sigma_yaml *root = NULL;
	yaml_event_t ev;
	bool done = false;

	while (!done && next_event(&r, &ev)) {
		switch (ev.type) {
		case YAML_STREAM_START_EVENT:
		case YAML_DOCUMENT_START_EVENT:
			break;
		case YAML_STREAM_END_EVENT:
		case YAML_DOCUMENT_END_EVENT:
		case YAML_NO_EVENT:
			done = true;
			break;
		default:
			root = read_node(&r, &ev, 0);
		}
		yaml_event_delete(&ev);
	}
	if (pool->failed)
		fail(&r, 0, "out of memory");
	*why = r.why;
	*line = r.line;
	return r.why ? NULL : root;
}

bool sigma_yaml_is_scalar(const struct sigma_yaml *n)
{
	return n->kind < SIGMA_YAML_LIST;
}

struct sigma_yaml *sigma_yaml_get(const struct sigma_yaml *n, const char *key)
{
	for (uint32_t i = 0; n && n->kind == SIGMA_YAML_MAP && i + 1 < n->count; i += 2)
		if (strcmp(n->items[i]->text.p, key) == 0)
			return n->items[i + 1];
	return NULL;
}

long double sigma_yaml_number(const struct sigma_yaml *n)
{
	assert(n->kind == SIGMA_YAML_INT || n->kind == SIGMA_YAML_FLOAT);
	if (n->kind == SIGMA_YAML_INT && strncmp(n->text.p, "0o", 2) == 0)
		return (long double)strtoull(n->text.p + 2, NULL, 8);
	return strtold(n->text.p, NULL);
}

const char *sigma_yaml_kind_name(const struct sigma_yaml *n)
{
	static const char *const names[] = {"null",   "a boolean", "a number", "a number",
					    "a text", "a list",	   "a map"};

	return names[n->kind];
}
