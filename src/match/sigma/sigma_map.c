#include "match/sigma/sigma_map.h"

#include <errno.h>
#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "match/sigma/sigma_fold.h"
#include "match/sigma/sigma_yaml.h"

/* One file. bad is sticky: the first reason is told. */
struct load {
	struct sigma_maps *m;
	struct problems *ps;
	const char *path;
	bool bad;
};

struct sigma_maps *sigma_maps_create(void)
{
	sigma_fold_init();
	return calloc(1, sizeof(struct sigma_maps));
}

void sigma_maps_free(struct sigma_maps *m)
{
	if (m)
		sigma_pool_free(&m->pool);
	free(m);
}

__attribute__((format(printf, 3, 4))) static void refuse(struct load *l, uint32_t line,
							  const char *fmt, ...)
{
	char why[300];
	va_list ap;

	if (l->bad)
		return;
	l->bad = true;
	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	problem_refuse(l->ps, "fieldmap", l->path, line, "%s", why);
}

static void *alloc(struct load *l, size_t count, size_t size)
{
	void *p = sigma_pool_alloc(&l->m->pool, count * size + 1);

	if (!p)
		l->bad = true;
	return p;
}

/* A copy without blanks: records' own keys are compared without theirs. */
static struct span squeeze(struct load *l, struct span s)
{
	char *p = alloc(l, s.len + 1, 1);
	uint32_t n = 0;

	for (uint32_t i = 0; p && i < s.len; i++)
		if (s.p[i] != ' ')
			p[n++] = s.p[i];
	return (struct span){p ? p : "", n};
}

static struct span word(struct load *l, const struct sigma_yaml *n, const char *what)
{
	if (!n || !sigma_yaml_is_scalar(n)) {
		refuse(l, n ? n->line : 0, "%s is a word", what);
		return (struct span){"", 0};
	}
	return sigma_pool_copy(&l->m->pool, n->text.p, n->text.len);
}

static struct span folded(struct load *l, const struct sigma_yaml *n)
{
	struct span s = word(l, n, "a value");
	char *p = alloc(l, SIGMA_FOLD_ROOM((size_t)s.len), 1);

	return p ? (struct span){p, (uint32_t)sigma_fold(s.p, s.len, p)} : s;
}

/* A word, or a list of words. */
static const struct span *words(struct load *l, const struct sigma_yaml *n, uint32_t *count,
				bool fold)
{
	const struct sigma_yaml *one = n;
	bool list = n->kind == SIGMA_YAML_LIST;
	const struct sigma_yaml *const *items =
		list ? (const struct sigma_yaml *const *)n->items : &one;
	uint32_t len = list ? n->count : 1;
	struct span *out = alloc(l, len, sizeof(*out));

	*count = 0;
	for (uint32_t i = 0; out && i < len && !l->bad; i++)
		out[(*count)++] = fold ? folded(l, items[i])
				       : squeeze(l, word(l, items[i], "a name"));
	return out;
}

static bool is_map(struct load *l, const struct sigma_yaml *n, const char *what)
{
	if (n->kind != SIGMA_YAML_MAP)
		refuse(l, n->line, "%s is a map, not %s", what, sigma_yaml_kind_name(n));
	return !l->bad;
}

/* [a, b]: they are there. {a: x, b: [y, z]}: with these values. */
static struct sigma_tests read_tests(struct load *l, const struct sigma_yaml *n)
{
	struct sigma_tests out = {0};
	bool map = n->kind == SIGMA_YAML_MAP;

	if (n->kind != SIGMA_YAML_LIST && !map) {
		refuse(l, n->line, "a list of paths, or a map of their values, not %s",
		       sigma_yaml_kind_name(n));
		return out;
	}
	struct sigma_test *list = alloc(l, n->count + 1, sizeof(*list));
	for (uint32_t i = 0; list && i < n->count && !l->bad; i += map ? 2 : 1) {
		struct sigma_test *t = &list[out.count++];
		t->name = squeeze(l, word(l, n->items[i], "a path"));
		if (map)
			t->values = words(l, n->items[i + 1], &t->count, true);
	}
	out.list = list;
	return out;
}

static struct sigma_aliases read_aliases(struct load *l, const struct sigma_yaml *n)
{
	struct sigma_aliases out = {0};

	if (!is_map(l, n, "fields"))
		return out;
	struct sigma_alias *list = alloc(l, n->count / 2 + 1, sizeof(*list));
	for (uint32_t i = 0; list && i + 1 < n->count && !l->bad; i += 2) {
		struct sigma_alias *a = &list[out.count++];
		a->name = squeeze(l, word(l, n->items[i], "a field"));
		a->others = words(l, n->items[i + 1], &a->count, false);
	}
	out.list = list;
	return out;
}

static void read_shape(struct load *l, const struct sigma_yaml *n)
{
	struct sigma_shape s = {.map = l->m->map_count, .name = {"", 0}};

	if (!is_map(l, n, "a shape"))
		return;
	for (uint32_t i = 0; i + 1 < n->count && !l->bad; i += 2) {
		const char *key = n->items[i]->text.p;
		const struct sigma_yaml *value = n->items[i + 1];
		if (strcmp(key, "name") == 0)
			s.name = word(l, value, key);
		else if (strcmp(key, "tells") == 0)
			s.tells = read_tests(l, value);
		else if (strcmp(key, "under") == 0)
			s.under = words(l, value, &s.under_count, false);
		else if (strcmp(key, "fields") == 0)
			s.fields = read_aliases(l, value);
		else
			refuse(l, n->items[i]->line,
			       "unknown key \"%s\"; accepted: name, tells, under, fields", key);
	}
	if (s.tells.count == 0)
		refuse(l, n->line, "a shape that nothing tells; accepted: tells, with a path at least");
	if (l->m->shape_count == SIGMA_SHAPES_MAX)
		refuse(l, n->line, "too many shapes; accepted: up to 64 in all maps");
	if (!l->bad)
		l->m->shape[l->m->shape_count++] = s;
}

static void read_route(struct load *l, const struct sigma_yaml *n)
{
	struct sigma_route r = {.is = {{"", 0}, {"", 0}, {"", 0}}, .map = l->m->map_count};

	if (!is_map(l, n, "a log source"))
		return;
	for (uint32_t i = 0; i + 1 < n->count && !l->bad; i += 2) {
		const char *key = n->items[i]->text.p;
		const struct sigma_yaml *value = n->items[i + 1];
		if (strcmp(key, "product") == 0)
			r.is.product = folded(l, value);
		else if (strcmp(key, "category") == 0)
			r.is.category = folded(l, value);
		else if (strcmp(key, "service") == 0)
			r.is.service = folded(l, value);
		else if (strcmp(key, "when") == 0)
			r.when = read_tests(l, value);
		else if (strcmp(key, "unless") == 0)
			r.unless = read_tests(l, value);
		else
			refuse(l, n->items[i]->line, "unknown key \"%s\"; accepted: product, "
						     "category, service, when, unless", key);
	}
	if (l->m->route_count == SIGMA_ROUTES_MAX)
		refuse(l, n->line, "too many log sources; accepted: up to 512 in all maps");
	if (!l->bad)
		l->m->route[l->m->route_count++] = r;
}

static void each(struct load *l, const struct sigma_yaml *list,
		 void (*read)(struct load *l, const struct sigma_yaml *n))
{
	if (list->kind != SIGMA_YAML_LIST)
		refuse(l, list->line, "a list, not %s", sigma_yaml_kind_name(list));
	for (uint32_t i = 0; i < list->count && !l->bad; i++)
		read(l, list->items[i]);
}

static void read_map(struct load *l, const struct sigma_yaml *doc)
{
	struct sigma_map map = {.name = {"", 0}};

	if (!is_map(l, doc, "a field map"))
		return;
	for (uint32_t i = 0; i + 1 < doc->count && !l->bad; i += 2) {
		const char *key = doc->items[i]->text.p;
		const struct sigma_yaml *value = doc->items[i + 1];
		if (strcmp(key, "name") == 0)
			map.name = word(l, value, key);
		else if (strcmp(key, "shapes") == 0)
			each(l, value, read_shape);
		else if (strcmp(key, "fields") == 0)
			map.fields = read_aliases(l, value);
		else if (strcmp(key, "logsources") == 0)
			each(l, value, read_route);
		else
			refuse(l, doc->items[i]->line,
			       "unknown key \"%s\"; accepted: name, shapes, fields, logsources", key);
	}
	if (l->m->map_count == SIGMA_SHAPES_MAX)
		refuse(l, doc->line, "too many maps; accepted: up to 64");
	if (!l->bad)
		l->m->map[l->m->map_count++] = map;
}

int sigma_maps_load(struct sigma_maps *m, const char *path, const char *p, size_t len,
		    struct problems *ps)
{
	struct load l = {.m = m, .ps = ps, .path = path};
	uint32_t maps = m->map_count, shapes = m->shape_count, routes = m->route_count, line = 0;
	const char *why = NULL;
	struct sigma_pool trees = {0};
	struct sigma_yaml_stream *in =
		len <= SIGMA_FILE_BYTES_MAX ? sigma_yaml_open(p, len) : NULL;
	struct sigma_yaml *doc = NULL;

	if (len > SIGMA_FILE_BYTES_MAX)
		refuse(&l, 0, "too long; accepted: up to 1 MiB");
	while (in && !l.bad && (doc = sigma_yaml_next(in, &trees, &why, &line)))
		read_map(&l, doc);
	if (why)
		refuse(&l, line, "%s", why);
	if (!l.bad && m->map_count == maps)
		refuse(&l, 0, "empty; accepted: field maps");
	sigma_yaml_close(in);
	bool failed = trees.failed || m->pool.failed;
	sigma_pool_free(&trees);
	if (l.bad) { /* all of a file or nothing */
		m->map_count = maps;
		m->shape_count = shapes;
		m->route_count = routes;
	}
	return failed ? -ENOMEM : l.bad ? -EINVAL : 0;
}

static int load_file(struct sigma_maps *m, const char *path, struct problems *ps)
{
	char *text = malloc(SIGMA_FILE_BYTES_MAX + 1);
	FILE *f = fopen(path, "rbe");
	int err = !text ? -ENOMEM : !f ? -errno : 0;

	if (!err) {
		size_t len = fread(text, 1, SIGMA_FILE_BYTES_MAX + 1, f);
		err = ferror(f) ? -EIO : sigma_maps_load(m, path, text, len, ps);
	}
	if (f)
		fclose(f);
	free(text);
	return err;
}

int sigma_maps_load_dir(struct sigma_maps *m, const char *dir, struct problems *ps)
{
	char pattern[4096];
	glob_t found;
	int err = 0;

	snprintf(pattern, sizeof(pattern), "%s/*.yaml", dir);
	int rc = glob(pattern, 0, NULL, &found);
	if (rc)
		return rc == GLOB_NOSPACE ? -ENOMEM : -ENOENT;
	for (size_t i = 0; i < found.gl_pathc && err != -ENOMEM; i++) {
		int one = load_file(m, found.gl_pathv[i], ps);
		err = one ? one : err;
	}
	globfree(&found);
	return err;
}
