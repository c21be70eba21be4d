#include "decode/fieldmap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/text.h"
#include "decode/json.h"

#define FILE_BYTES_MAX (1u << 20)

struct fieldmap {
	char *name;
	struct dialect_index *index;
	size_t count;
	struct dialect_row row[FIELDMAP_ROWS_MAX];
};

/* One load: problems say file and line; bad is sticky. */
struct load {
	const char *path;
	struct problems *ps;
	yaml_document_t doc;
	struct fieldmap *m;
	bool bad;
};

const struct dialect_index *fieldmap_index(const struct fieldmap *m)
{
	return m->index;
}

const char *fieldmap_name(const struct fieldmap *m)
{
	return m->name ? m->name : "";
}

static void refuse(struct load *l, const yaml_node_t *at, const char *what, const char *accepted)
{
	uint32_t line = at ? (uint32_t)at->start_mark.line + 1 : 0;

	problem_refuse(l->ps, "fieldmap", l->path, line, "%s; accepted: %s", what, accepted);
	l->bad = true;
}

/* The node's text, or NULL with a problem told. */
static const char *scalar(struct load *l, const yaml_node_t *n, const char *accepted)
{
	if (n->type != YAML_SCALAR_NODE || n->data.scalar.length == 0 ||
	    strlen((const char *)n->data.scalar.value) != n->data.scalar.length) {
		refuse(l, n, "not a plain word", accepted);
		return NULL;
	}
	return (const char *)n->data.scalar.value;
}

static void add_row(struct load *l, const yaml_node_t *at, const char *path, enum event_field f,
		    size_t rank)
{
	struct fieldmap *m = l->m;

	if (strlen(path) >= JSON_PATH_MAX) {
		refuse(l, at, "path too long", "keys joined by dots, fewer than 512 bytes");
		return;
	}
	if (m->count == FIELDMAP_ROWS_MAX) {
		refuse(l, at, "too many fields", "at most 512");
		return;
	}
	for (size_t i = 0; i < m->count; i++)
		if (strcmp(m->row[i].path, path) == 0) {
			refuse(l, at, "path mapped twice", "one field for a path");
			return;
		}
	struct dialect_row row = {strdup(path), (uint16_t)f, SLOT_NONE, 0};
	if (f == FIELD_TIMESTAMP) {
		row.field = FIELD_NONE;
		row.slot = SLOT_TIME;
		row.rank = (uint8_t)(rank < UINT8_MAX ? rank : UINT8_MAX);
	}
	if (!row.path)
		refuse(l, at, "out of memory", "a smaller map");
	else
		m->row[m->count++] = row;
}

static void refuse_field(struct load *l, const yaml_node_t *at, const char *name)
{
	struct text names;

	text_init(&names);
	for (int f = FIELD_NONE + 1; f < FIELD_COUNT; f++)
		text_printf(&names, "%s%s", f > FIELD_NONE + 1 ? ", " : "", event_field_name(f));
	problem_refuse(l->ps, "fieldmap", l->path, (uint32_t)at->start_mark.line + 1,
		       "unknown field \"%s\"; accepted: %s", name, names.p ? names.p : "");
	l->bad = true;
	text_fini(&names);
}

static void read_field(struct load *l, const yaml_node_t *key, const yaml_node_t *value)
{
	const char *path = scalar(l, key, "json.path: ecs.name");
	const char *name = scalar(l, value, "json.path: ecs.name");

	if (!path || !name)
		return;
	int f = event_field_find(name, strlen(name));
	if (f < 0)
		refuse_field(l, value, name);
	else
		add_row(l, key, path, (enum event_field)f, l->m->count + 1);
}

typedef void pair_read(struct load *l, const yaml_node_t *key, const yaml_node_t *value);

static void each_pair(struct load *l, const yaml_node_t *map, pair_read *read)
{
	const yaml_node_pair_t *end = map->data.mapping.pairs.top;

	for (const yaml_node_pair_t *p = map->data.mapping.pairs.start; p < end; p++)
		read(l, yaml_document_get_node(&l->doc, p->key),
		     yaml_document_get_node(&l->doc, p->value));
}

static void read_top(struct load *l, const yaml_node_t *key, const yaml_node_t *value)
{
	static const char accepted[] = "name, timestamp, fields";
	const char *word = scalar(l, key, accepted);
	const char *text;

	if (!word)
		return;
	if (strcmp(word, "fields") == 0) {
		if (value->type == YAML_MAPPING_NODE)
			each_pair(l, value, read_field);
		else
			refuse(l, value, "fields is no mapping", "json.path: ecs.name, one a line");
	} else if (strcmp(word, "timestamp") == 0) {
		text = scalar(l, value, "the path of the event time");
		if (text)
			add_row(l, value, text, FIELD_TIMESTAMP, 0);
	} else if (strcmp(word, "name") == 0) {
		text = scalar(l, value, "a name");
		if (text && !l->m->name)
			l->m->name = strdup(text);
	} else {
		refuse(l, key, "unknown key", accepted);
	}
}

static void read_document(struct load *l)
{
	const yaml_node_t *root = yaml_document_get_root_node(&l->doc);

	if (!root || root->type != YAML_MAPPING_NODE) {
		refuse(l, root, "not a mapping", "name, timestamp, fields");
		return;
	}
	each_pair(l, root, read_top);
	if (!l->bad && l->m->count == 0)
		refuse(l, root, "maps nothing", "at least one line under fields");
	if (!l->bad) {
		l->m->index = dialect_index_create(l->m->row, l->m->count);
		l->bad = !l->m->index;
	}
}

struct fieldmap *fieldmap_parse(const char *text, size_t len, const char *path, struct problems *ps)
{
	struct load l = {.path = path, .ps = ps, .m = calloc(1, sizeof(*l.m))};
	yaml_parser_t parser;

	if (!l.m || !yaml_parser_initialize(&parser)) {
		free(l.m);
		return NULL;
	}
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	if (yaml_parser_load(&parser, &l.doc)) {
		read_document(&l);
		yaml_document_delete(&l.doc);
	} else {
		problem_refuse(ps, "fieldmap", path, (uint32_t)parser.problem_mark.line + 1,
			       "no YAML: %s", parser.problem ? parser.problem : "cannot be read");
		l.bad = true;
	}
	yaml_parser_delete(&parser);
	if (l.bad) {
		fieldmap_free(l.m);
		return NULL;
	}
	return l.m;
}

struct fieldmap *fieldmap_load(const char *path, struct problems *ps)
{
	struct fieldmap *m = NULL;
	char *text = malloc(FILE_BYTES_MAX + 1);
	FILE *f = fopen(path, "rbe");
	size_t len = f && text ? fread(text, 1, FILE_BYTES_MAX + 1, f) : 0;

	if (!f || !text || ferror(f))
		problem_refuse(ps, "fieldmap", path, 0, "cannot be read: %s", strerror(errno));
	else if (len > FILE_BYTES_MAX)
		problem_refuse(ps, "fieldmap", path, 0, "too long; accepted: up to 1 MiB");
	else
		m = fieldmap_parse(text, len, path, ps);
	if (f)
		fclose(f);
	free(text);
	return m;
}

void fieldmap_free(struct fieldmap *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->count; i++)
		free((char *)(uintptr_t)m->row[i].path);
	dialect_index_free(m->index);
	free(m->name);
	free(m);
}
