#include "correlate/profile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/timestamp.h"
#include "correlate/profile_read.h"

static void take_profile(struct load *l, yaml_node_t *node, struct profile *p)
{
	static const struct key keys[] = {
		{"id", ID, .required = true, PLACE(profile, id)},
		{"version", TEXT, .required = true, PLACE(profile, version)},
		{"title", TEXT, .required = true, PLACE(profile, title)},
		{"legal_basis", TEXT, .required = true, PLACE(profile, legal_basis)},
		{"window", SPAN, PLACE(profile, window_us), .min = TIMESTAMP_HOUR,
		 .max = 31 * TIMESTAMP_DAY, .unit = 1},
		{"min_states", WHOLE, PLACE(profile, min_states), .min = 2, .max = STATE_MEMBERS},
		{"valid_from", DATE, PLACE(profile, valid_from_us)},
		{"criteria", INSIDE, .required = true, .inside = profile_read_criteria},
	};

	p->window_us = TIMESTAMP_DAY;
	p->min_states = 2;
	p->node_count = 1;
	l->p = p;
	profile_read_mapping(l, node, "profile", keys, COUNT(keys), p);
	if (!l->bad)
		profile_read_check(l);
}

/* --- documents ------------------------------------------------------------------- */

static void refuse_yaml(struct load *l, const yaml_parser_t *parser)
{
	l->bad = true;
	problem_refuse(l->ps, "profile", l->file, (uint32_t)parser->problem_mark.line + 1,
		       "not YAML: %s", parser->problem ? parser->problem : "out of memory");
}

/* One document and nothing after it. */
static void take_document(struct load *l, yaml_parser_t *parser, struct profile *p)
{
	yaml_document_t after;

	if (!yaml_parser_load(parser, &l->doc)) {
		refuse_yaml(l, parser);
		return;
	}
	yaml_node_t *root = yaml_document_get_root_node(&l->doc);
	if (root) {
		take_profile(l, root, p);
		if (!yaml_parser_load(parser, &after)) {
			refuse_yaml(l, parser);
		} else {
			yaml_node_t *second = yaml_document_get_root_node(&after);
			if (second)
				REFUSE(l, second, "profile: one document a file");
			yaml_document_delete(&after);
		}
	} else {
		l->bad = true;
		problem_refuse(l->ps, "profile", l->file, 0, "profile: the file is empty");
	}
	yaml_document_delete(&l->doc);
}

struct profile *profile_parse(const char *text, size_t len, const char *file, struct problems *ps)
{
	struct load l = {.file = file, .ps = ps};
	struct profile *p = calloc(1, sizeof(*p));
	yaml_parser_t parser;

	if (!p || !yaml_parser_initialize(&parser)) {
		free(p);
		problem_refuse(ps, "profile", file, 0, "out of memory");
		return NULL;
	}
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	take_document(&l, &parser, p);
	yaml_parser_delete(&parser);
	if (!l.bad)
		return p;
	profile_free(p);
	return NULL;
}

void profile_free(struct profile *p)
{
	free(p);
}

/* --- files ------------------------------------------------------------------------ */

static struct profile *load_open(FILE *f, const char *path, struct problems *ps)
{
	char *text = malloc(PROFILE_BYTES_MAX + 1);
	struct profile *p = NULL;

	if (!text) {
		problem_refuse(ps, "profile", path, 0, "out of memory");
		return NULL;
	}
	size_t len = fread(text, 1, PROFILE_BYTES_MAX + 1, f);
	if (ferror(f))
		problem_refuse(ps, "profile", path, 0, "cannot be read: %s", strerror(errno));
	else if (len > PROFILE_BYTES_MAX)
		problem_refuse(ps, "profile", path, 0, "longer than %u bytes", PROFILE_BYTES_MAX);
	else
		p = profile_parse(text, len, path, ps);
	free(text);
	return p;
}

static struct profile *load_path(const char *path, struct problems *ps)
{
	FILE *f = fopen(path, "rbe");

	if (!f) {
		problem_refuse(ps, "profile", path, 0, "cannot be opened: %s", strerror(errno));
		return NULL;
	}
	struct profile *p = load_open(f, path, ps);
	fclose(f);
	return p;
}

static bool is_path(const char *s)
{
	size_t len = strlen(s);

	return strchr(s, '/') || (len > 5 && strcmp(s + len - 5, ".yaml") == 0);
}

struct profile *profile_load(const char *id_or_path, const char *const *dirs, struct problems *ps)
{
	char path[4096], looked[1024] = "";
	size_t n = 0;

	if (is_path(id_or_path))
		return load_path(id_or_path, ps);
	for (; dirs && *dirs; dirs++) {
		/* a rule directory, or its significance folder itself */
		static const char *const inside[] = {"significance/", ""};
		for (size_t i = 0; i < COUNT(inside); i++) {
			int len = snprintf(path, sizeof(path), "%s/%s%s.yaml", *dirs, inside[i],
					   id_or_path);
			FILE *f = len < (int)sizeof(path) ? fopen(path, "rbe") : NULL;
			if (!f)
				continue;
			struct profile *p = load_open(f, path, ps);
			fclose(f);
			return p;
		}
		if (n < sizeof(looked))
			n += (size_t)snprintf(looked + n, sizeof(looked) - n, " %s", *dirs);
	}
	problem_refuse(ps, "profile", id_or_path, 0,
		       "no such profile; looked for significance/%s.yaml in:%s", id_or_path,
		       n ? looked : " no directory");
	return NULL;
}
