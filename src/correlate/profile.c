#include "correlate/profile.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/timestamp.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* One load on its way: the document, where it came from, and who is told. */
struct load {
	yaml_document_t doc;
	const char *file;
	struct problems *ps;
	bool bad; /* sticky: something was refused */
};

#define REFUSE(l, node, ...)                                                                       \
	do {                                                                                       \
		(l)->bad = true;                                                                   \
		problem_refuse((l)->ps, "profile", (l)->file,                                      \
			       (uint32_t)(node)->start_mark.line + 1, __VA_ARGS__);                \
	} while (0)

/* What a key may hold, and where it goes. */
enum type { TEXT, ID, WHOLE, FLAG, SPAN, DATE, SEVERITY, BASIS, ANNEX, INSIDE };
struct key {
	const char *name;
	enum type type;
	bool required;
	size_t offset, size; /* TEXT, ID: of the array */
	uint64_t min, max;   /* WHOLE, SPAN in units of unit */
	uint64_t unit;       /* SPAN: microseconds a unit */
	/* INSIDE: a mapping of more keys, or the criteria */
	void (*inside)(struct load *l, yaml_node_t *node, void *base);
};

static const char *scalar(const yaml_node_t *node)
{
	return (const char *)node->data.scalar.value;
}

/* Text as a problem may quote it: short, and no control characters. */
static const char *quoted(const char *p, char out[48])
{
	size_t n = 0;

	for (; p[n] && n < 44; n++)
		out[n] = iscntrl((unsigned char)p[n]) ? '?' : p[n];
	strcpy(out + n, p[n] ? "..." : "");
	return out;
}

/* --- values ------------------------------------------------------------------ */

static void take_text(struct load *l, yaml_node_t *v, const struct key *k, void *at)
{
	size_t len = v->data.scalar.length;
	const char *p = scalar(v);

	if (len == 0 || len >= k->size || strlen(p) != len) {
		REFUSE(l, v, "%s: wants text of 1..%zu bytes", k->name, k->size - 1);
		return;
	}
	for (size_t i = 0; i < len; i++) {
		if (k->type == ID && !isalnum((unsigned char)p[i]) && !strchr("._-", p[i])) {
			REFUSE(l, v, "%s: wants letters, digits, '.', '_' and '-' only", k->name);
			return;
		}
	}
	memcpy(at, p, len + 1);
}

/* Decimal digits alone: "0x10", "1e3", "-1" and "1_000" are no counts. */
static bool digits(const char *p, uint64_t *out)
{
	uint64_t n = 0;

	if (!*p)
		return false;
	for (; *p; p++) {
		if (!isdigit((unsigned char)*p) || n > (UINT64_MAX - 9) / 10)
			return false;
		n = n * 10 + (uint64_t)(*p - '0');
	}
	*out = n;
	return true;
}

static void take_whole(struct load *l, yaml_node_t *v, const struct key *k, void *at)
{
	uint64_t n;
	char q[48];

	if (!digits(scalar(v), &n) || n < k->min || n > k->max) {
		REFUSE(l, v, "%s: wants a whole number %llu..%llu, not \"%s\"", k->name,
		       (unsigned long long)k->min, (unsigned long long)k->max,
		       quoted(scalar(v), q));
		return;
	}
	if (k->size == sizeof(uint64_t))
		*(uint64_t *)at = n;
	else
		*(uint32_t *)at = (uint32_t)n;
}

static void take_flag(struct load *l, yaml_node_t *v, const struct key *k, void *at)
{
	const char *p = scalar(v);
	bool yes = strcmp(p, "true") == 0;
	char q[48];

	if (!yes && strcmp(p, "false") != 0)
		REFUSE(l, v, "%s: wants true or false, not \"%s\"", k->name, quoted(p, q));
	else
		*(bool *)at = yes;
}

static void take_span(struct load *l, yaml_node_t *v, const struct key *k, void *at)
{
	int64_t us = vocab_duration_parse(scalar(v), v->data.scalar.length);
	char q[48];

	if (us < (int64_t)(k->min * k->unit) || us > (int64_t)(k->max * k->unit) ||
	    us % (int64_t)k->unit)
		REFUSE(l, v,
		       "%s: wants a duration of %llus..%llus, such as 90s, 30m, 24h, 7d, "
		       "not \"%s\"",
		       k->name, (unsigned long long)(k->min * k->unit / TIMESTAMP_SECOND),
		       (unsigned long long)(k->max * k->unit / TIMESTAMP_SECOND),
		       quoted(scalar(v), q));
	else
		*(int64_t *)at = us / (int64_t)k->unit;
}

static void take_date(struct load *l, yaml_node_t *v, const struct key *k, void *at)
{
	char q[48];

	if (!timestamp_parse(scalar(v), v->data.scalar.length, at))
		REFUSE(l, v, "%s: wants a date such as 2024-10-18, not \"%s\"", k->name,
		       quoted(scalar(v), q));
}

static void take_severity(struct load *l, yaml_node_t *v, const struct key *k, void *at)
{
	int severity = vocab_severity_parse(scalar(v), v->data.scalar.length);
	char q[48];

	if (severity < 0)
		REFUSE(l, v, "%s: wants low, medium or high, not \"%s\"", k->name,
		       quoted(scalar(v), q));
	else
		*(uint8_t *)at = (uint8_t)severity;
}

static void take_basis(struct load *l, yaml_node_t *v, const struct key *k, void *at)
{
	bool asserted = strcmp(scalar(v), "asserted") == 0;
	char q[48];

	if (!asserted && strcmp(scalar(v), "inferred") != 0)
		REFUSE(l, v, "%s: wants inferred or asserted, not \"%s\"", k->name,
		       quoted(scalar(v), q));
	else
		*(bool *)at = asserted;
}

static void take_annex(struct load *l, yaml_node_t *v, const struct key *k, void *at)
{
	uint64_t n;
	char q[48];

	if (!digits(scalar(v), &n) || n > 2)
		REFUSE(l, v, "%s: wants 0 (any sector), 1 or 2, not \"%s\"", k->name,
		       quoted(scalar(v), q));
	else
		*(uint8_t *)at = (uint8_t)n;
}

static void take_value(struct load *l, yaml_node_t *v, const struct key *k, void *base)
{
	static void (*const take[])(struct load *, yaml_node_t *, const struct key *, void *) = {
		[TEXT] = take_text,         [ID] = take_text,     [WHOLE] = take_whole,
		[FLAG] = take_flag,         [SPAN] = take_span,   [DATE] = take_date,
		[SEVERITY] = take_severity, [BASIS] = take_basis, [ANNEX] = take_annex,
	};

	if (k->type == INSIDE)
		k->inside(l, v, base);
	else if (v->type != YAML_SCALAR_NODE)
		REFUSE(l, v, "%s: wants one value", k->name);
	else
		take[k->type](l, v, k, (char *)base + k->offset);
}

/* --- mappings ------------------------------------------------------------------ */

static const struct key *find_key(const struct key *keys, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

static void refuse_key(struct load *l, yaml_node_t *node, const char *what, const struct key *keys,
		       size_t count)
{
	char list[256] = "", q[48];

	for (size_t i = 0, n = 0; i < count && n < sizeof(list); i++)
		n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s", i ? ", " : "",
				      keys[i].name);
	REFUSE(l, node, "%s: unknown key \"%s\"; known: %s", what,
	       node->type == YAML_SCALAR_NODE ? quoted(scalar(node), q) : "(not text)", list);
}

static void take_mapping(struct load *l, yaml_node_t *node, const char *what,
			 const struct key *keys, size_t count, void *base)
{
	uint32_t given = 0;

	if (node->type != YAML_MAPPING_NODE) {
		REFUSE(l, node, "%s: wants a mapping of keys to values", what);
		return;
	}
	for (yaml_node_pair_t *p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top;
	     p++) {
		yaml_node_t *k = yaml_document_get_node(&l->doc, p->key);
		yaml_node_t *v = yaml_document_get_node(&l->doc, p->value);
		const struct key *known =
			k->type == YAML_SCALAR_NODE ? find_key(keys, count, scalar(k)) : NULL;
		if (!known) {
			refuse_key(l, k, what, keys, count);
			continue;
		}
		uint32_t bit = 1u << (known - keys);
		if (given & bit)
			REFUSE(l, k, "%s: %s is given twice", what, known->name);
		given |= bit;
		take_value(l, v, known, base);
	}
	for (size_t i = 0; i < count; i++)
		if (keys[i].required && !(given >> i & 1))
			REFUSE(l, node, "%s: %s is missing", what, keys[i].name);
}

#define PLACE(s, f) .offset = offsetof(struct s, f), .size = sizeof(((struct s *)0)->f)

static void take_counting(struct load *l, yaml_node_t *node, void *base)
{
	static const struct key keys[] = {
		{"severity", SEVERITY, PLACE(criterion, severity_min)},
		{"annex", ANNEX, PLACE(criterion, annex)},
		{"one_sector", FLAG, PLACE(criterion, one_sector)},
		{"effect_only", FLAG, PLACE(criterion, effect_only)},
	};

	take_mapping(l, node, "counting", keys, COUNT(keys), base);
}

static void take_at_least(struct load *l, yaml_node_t *node, void *base)
{
	static const struct key keys[] = {
		{"entities", WHOLE, PLACE(criterion, entities), .min = 1, .max = 1000000000},
		{"sectors", WHOLE, PLACE(criterion, sectors), .min = 1, .max = SECTORS - 1},
		{"origins", WHOLE, PLACE(criterion, origins), .min = 1, .max = 1000000000},
		{"users", WHOLE, PLACE(criterion, users), .min = 1, .max = UINT32_MAX},
		{"duration", SPAN, PLACE(criterion, duration_s), .min = 1, .max = 366 * 86400,
		 .unit = TIMESTAMP_SECOND},
	};
	struct criterion *c = base;

	take_mapping(l, node, "at_least", keys, COUNT(keys), base);
	if (node->type == YAML_MAPPING_NODE && !c->entities && !c->sectors && !c->origins &&
	    !c->users && !c->duration_s && !l->bad)
		REFUSE(l, node, "at_least: wants entities, sectors, origins, users or duration");
}

static void take_criterion(struct load *l, yaml_node_t *node, struct criterion *c)
{
	static const struct key keys[] = {
		{"id", ID, .required = true, PLACE(criterion, id)},
		{"legal_basis", TEXT, .required = true, PLACE(criterion, legal_basis)},
		{"basis", BASIS, .required = true, PLACE(criterion, asserted)},
		{"valid_from", DATE, PLACE(criterion, valid_from_us)},
		{"describe", TEXT, .required = true, PLACE(criterion, describe)},
		{"counting", INSIDE, .inside = take_counting},
		{"at_least", INSIDE, .required = true, .inside = take_at_least},
	};

	c->effect_only = true;
	take_mapping(l, node, "criterion", keys, COUNT(keys), c);
	if (c->one_sector && c->sectors > 1)
		REFUSE(l, node, "criterion: one_sector and sectors: %llu contradict",
		       (unsigned long long)c->sectors);
	if (!c->asserted && (c->users || c->duration_s))
		REFUSE(l, node,
		       "criterion: users and duration are only ever reported: "
		       "basis must be asserted");
}

static void take_criteria(struct load *l, yaml_node_t *node, void *base)
{
	struct profile *p = base;

	if (node->type != YAML_SEQUENCE_NODE ||
	    node->data.sequence.items.top == node->data.sequence.items.start ||
	    node->data.sequence.items.top - node->data.sequence.items.start >
		    PROFILE_CRITERIA_MAX) {
		REFUSE(l, node, "criteria: wants a list of 1..%d criteria", PROFILE_CRITERIA_MAX);
		return;
	}
	for (yaml_node_item_t *i = node->data.sequence.items.start;
	     i < node->data.sequence.items.top && p->criteria_count < PROFILE_CRITERIA_MAX; i++) {
		yaml_node_t *item = yaml_document_get_node(&l->doc, *i);
		struct criterion *c = &p->criteria[p->criteria_count++];
		take_criterion(l, item, c);
		for (uint32_t n = 0; n + 1 < p->criteria_count; n++)
			if (c->id[0] && strcmp(p->criteria[n].id, c->id) == 0)
				REFUSE(l, item, "criterion: id %s is taken", c->id);
	}
}

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
		{"criteria", INSIDE, .required = true, .inside = take_criteria},
	};

	p->window_us = TIMESTAMP_DAY;
	p->min_states = 2;
	take_mapping(l, node, "profile", keys, COUNT(keys), p);
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
