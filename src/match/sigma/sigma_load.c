/* A file's documents: rules, filters, and the actions that make a collection of them. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "match/sigma/sigma_read.h"

/* One file. Trees live until its end: a later document may repeat an earlier one. */
struct load {
	struct sigma_set *s;
	struct problems *ps;
	const char *path;
	struct sigma_pool trees;
	struct sigma_yaml *global, *previous;
};

void sigma_refuse(struct sigma_reader *rd, uint32_t line, const char *fmt, ...)
{
	char why[512];
	va_list ap;

	if (rd->bad)
		return;
	rd->bad = true;
	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	problem_refuse(rd->ps, "rule", rd->path, line, "%s", why);
}

void *sigma_alloc(struct sigma_reader *rd, size_t count, size_t size)
{
	void *p = sigma_pool_alloc(rd->pool, count * size);

	if (!p)
		rd->bad = true; /* the whole load ends with -ENOMEM */
	return p;
}

struct sigma_value *sigma_values_add(struct sigma_reader *rd, struct sigma_values *list,
				     const struct sigma_value *v)
{
	if (++rd->values > SIGMA_VALUES_MAX) {
		sigma_refuse(rd, rd->line, "too many values; accepted: up to 65,536 a rule");
		return NULL;
	}
	if (list->count == list->capacity) {
		uint32_t capacity = list->capacity ? list->capacity * 2 : 1;
		struct sigma_value *more = sigma_alloc(rd, capacity, sizeof(*more));
		if (!more)
			return NULL;
		if (list->count)
			memcpy(more, list->v, list->count * sizeof(*more));
		list->v = more;
		list->capacity = capacity;
	}
	list->v[list->count] = *v;
	return &list->v[list->count++];
}

/* over's keys on top of base's: maps are merged, all else is replaced. NULL: no memory. */
static struct sigma_yaml *merge(struct load *l, struct sigma_yaml *base, struct sigma_yaml *over)
{
	if (!base || base->kind != SIGMA_YAML_MAP || over->kind != SIGMA_YAML_MAP)
		return over;
	struct sigma_yaml *n = sigma_pool_alloc(&l->trees, sizeof(*n));
	struct sigma_yaml **items =
		sigma_pool_alloc(&l->trees, ((size_t)base->count + over->count + 1) * sizeof(*items));
	if (!n || !items)
		return NULL;
	*n = *over;
	n->items = items;
	n->count = 0;
	for (uint32_t i = 0; i + 1 < base->count; i += 2) {
		struct sigma_yaml *above = sigma_yaml_get(over, base->items[i]->text.p);
		items[n->count++] = base->items[i];
		items[n->count] = above ? merge(l, base->items[i + 1], above) : base->items[i + 1];
		if (!items[n->count++])
			return NULL;
	}
	for (uint32_t i = 0; i + 1 < over->count; i += 2) {
		if (sigma_yaml_get(base, over->items[i]->text.p))
			continue;
		items[n->count++] = over->items[i];
		items[n->count++] = over->items[i + 1];
	}
	return n;
}

static void read_rule(struct sigma_reader *rd, const struct sigma_yaml *doc, bool collected)
{
	const struct sigma_yaml *detection = sigma_yaml_get(doc, "detection");
	const struct sigma_yaml *condition = sigma_yaml_get(detection, "condition");
	struct sigma_rule r = {.file = rd->path, .line = rd->line};

	sigma_meta_read(rd, doc, &r);
	if (!detection || detection->kind != SIGMA_YAML_MAP)
		sigma_refuse(rd, detection ? detection->line : rd->line,
			     detection ? "detection is no map" : "no detection");
	else if (!condition)
		sigma_refuse(rd, detection->line, "detection has no condition");
	if (rd->bad)
		return;
	struct sigma_identifiers ids = sigma_detection_read(rd, detection, NULL);
	if (!rd->bad)
		r.condition = sigma_condition_read(rd, condition, &ids);
	r.keywords = rd->keywords;
	if (!rd->bad)
		sigma_set_add(rd, &r, collected);
}

/* "any" or "all" of the log source, one reference, or a list of them. */
static void read_references(struct sigma_reader *rd, const struct sigma_yaml *n,
			    struct sigma_filter *f)
{
	const struct sigma_yaml *one[1] = {n};
	bool list = n && n->kind == SIGMA_YAML_LIST;
	const struct sigma_yaml *const *items =
		list ? (const struct sigma_yaml *const *)n->items : one;
	uint32_t count = list ? n->count : 1;

	if (!n || count == 0) {
		sigma_refuse(rd, n ? n->line : rd->line, "filter names no rules");
		return;
	}
	f->any = !list && (sigma_span_is(n->text, "any") || sigma_span_is(n->text, "all"));
	f->rules = sigma_alloc(rd, count, sizeof(*f->rules));
	for (uint32_t i = 0; f->rules && i < count && !f->any; i++) {
		if (items[i]->kind != SIGMA_YAML_TEXT)
			sigma_refuse(rd, items[i]->line, "a rule's id or name, not %s",
				     sigma_yaml_kind_name(items[i]));
		else
			f->rules[f->count++] =
				sigma_pool_copy(rd->pool, items[i]->text.p, items[i]->text.len);
	}
}

static void read_filter(struct sigma_reader *rd, const struct sigma_yaml *doc)
{
	const struct sigma_yaml *filter = sigma_yaml_get(doc, "filter");
	const struct sigma_yaml *condition = sigma_yaml_get(filter, "condition");
	struct sigma_filter f = {.file = rd->path, .line = rd->line};

	if (!sigma_yaml_get(doc, "title"))
		sigma_refuse(rd, rd->line, "no title");
	sigma_meta_logsource(rd, doc, &f.logsource);
	if (filter->kind != SIGMA_YAML_MAP)
		sigma_refuse(rd, filter->line, "filter is no map");
	else if (!condition)
		sigma_refuse(rd, filter->line, "filter has no condition");
	if (!rd->bad)
		read_references(rd, sigma_yaml_get(filter, "rules"), &f);
	if (rd->bad)
		return;
	struct sigma_identifiers ids = sigma_detection_read(rd, filter, "rules");
	if (!rd->bad)
		f.condition = sigma_condition_read(rd, condition, &ids);
	f.keywords = rd->keywords;
	if (!rd->bad)
		sigma_set_add_filter(rd, &f);
}

static void read_document(struct load *l, const struct sigma_yaml *doc, bool collected)
{
	struct sigma_reader rd = {.s = l->s,
				  .pool = &l->s->pool,
				  .ps = l->ps,
				  .path = l->path,
				  .line = doc->line};

	if (doc->kind != SIGMA_YAML_MAP) {
		sigma_refuse(&rd, doc->line, "a rule is a map, not %s", sigma_yaml_kind_name(doc));
	} else if (sigma_yaml_get(doc, "correlation")) {
		sigma_correlation_read(&rd, doc);
	} else if (sigma_yaml_get(doc, "filter")) {
		read_filter(&rd, doc);
	} else {
		read_rule(&rd, doc, collected);
	}
}

static struct sigma_yaml *without_action(struct load *l, const struct sigma_yaml *doc)
{
	struct sigma_yaml *n = sigma_pool_alloc(&l->trees, sizeof(*n));
	struct sigma_yaml **items = sigma_pool_alloc(&l->trees, (doc->count + 1) * sizeof(*items));

	if (!n || !items)
		return NULL;
	*n = *doc;
	n->items = items;
	n->count = 0;
	for (uint32_t i = 0; i + 1 < doc->count; i += 2) {
		if (strcmp(doc->items[i]->text.p, "action") == 0)
			continue;
		items[n->count++] = doc->items[i];
		items[n->count++] = doc->items[i + 1];
	}
	return n;
}

/*
 * global: what the rules that follow have in common. reset: nothing any more. repeat: the
 * rule before, with this on top. A rule's own keys stand over those of global.
 */
static void act(struct load *l, struct sigma_yaml *doc)
{
	const struct sigma_yaml *action = sigma_yaml_get(doc, "action");
	struct sigma_yaml *plain = action ? without_action(l, doc) : doc;

	if (!plain)
		return;
	if (action && sigma_span_is(action->text, "global")) {
		l->global = merge(l, l->global, plain);
	} else if (action && sigma_span_is(action->text, "reset")) {
		l->global = NULL;
	} else if (!action || (sigma_span_is(action->text, "repeat") && l->previous)) {
		l->previous = action ? merge(l, l->previous, plain) : plain;
		bool collected = action || l->global;
		struct sigma_yaml *whole = l->previous ? merge(l, l->global, l->previous) : NULL;
		if (whole)
			read_document(l, whole, collected);
	} else {
		problem_refuse(l->ps, "rule", l->path, action->line,
			       sigma_span_is(action->text, "repeat")
				       ? "action repeat, and no rule before it"
				       : "unknown action; accepted: global, reset, repeat");
	}
}

static void read_stream(struct load *l, struct sigma_yaml_stream *in)
{
	const char *why = NULL;
	uint32_t line = 0, documents = 0;
	struct sigma_yaml *doc;

	while ((doc = sigma_yaml_next(in, &l->trees, &why, &line))) {
		documents++;
		if (doc->kind != SIGMA_YAML_NULL)
			act(l, doc);
	}
	l->s->broken += why != NULL;
	if (why)
		problem_refuse(l->ps, "rule", l->path, line, "%s%s", why,
			       documents ? "; what follows in this file is not read" : "");
}

int sigma_set_load(struct sigma_set *s, const char *path, const char *p, size_t len,
		   struct problems *ps)
{
	struct load l = {.s = s, .ps = ps};

	if (len > SIGMA_FILE_BYTES_MAX) {
		s->broken++;
		problem_refuse(ps, "rule", path, 0, "too long; accepted: up to 1 MiB");
		return 0;
	}
	l.path = sigma_pool_copy(&s->pool, path, strlen(path)).p;
	struct sigma_yaml_stream *in = sigma_yaml_open(p, len);
	if (!in)
		return -ENOMEM;
	read_stream(&l, in);
	sigma_yaml_close(in);
	bool failed = l.trees.failed || s->pool.failed;
	sigma_pool_free(&l.trees);
	return failed ? -ENOMEM : 0;
}
