/* The YAML side of config: libyaml's document tree, because its nodes know their lines. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "config/config_priv.h"

struct load {
	struct config *c;
	struct problems *ps;
	const char *path;
	yaml_document_t doc;
};

static uint32_t line_of(const yaml_node_t *n)
{
	return (uint32_t)n->start_mark.line + 1;
}

static const char *scalar(const yaml_node_t *n)
{
	return n && n->type == YAML_SCALAR_NODE ? (const char *)n->data.scalar.value : NULL;
}

static yaml_node_t *node(struct load *l, int index)
{
	return yaml_document_get_node(&l->doc, index);
}

__attribute__((format(printf, 3, 4))) static void refuse(struct load *l, const yaml_node_t *n,
							 const char *fmt, ...)
{
	char why[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	problem_refuse(l->ps, "config", l->path, line_of(n), "%s", why);
}

static bool copy(struct load *l, const yaml_node_t *n, const char *key, char *out, size_t size)
{
	const char *v = scalar(n);

	if (v && strlen(v) < size) {
		snprintf(out, size, "%s", v);
		return true;
	}
	refuse(l, n, "%s: a text of at most %zu bytes", key, size - 1);
	return false;
}

static void copy_path(struct load *l, const yaml_node_t *n, const char *key, char *out)
{
	char raw[CONFIG_TEXT_MAX];

	if (!copy(l, n, key, raw, sizeof(raw)) || config_resolve(out, l->path, raw))
		return;
	out[0] = '\0';
	refuse(l, n, "%s: a path of at most %d bytes", key, CONFIG_TEXT_MAX - 1);
}

/* A word of a fixed vocabulary, or -1 with the problem told. */
static int word(struct load *l, const yaml_node_t *n, const char *key,
		int (*parse)(const char *, size_t), const char *accepted)
{
	const char *v = scalar(n);
	int w = v ? parse(v, strlen(v)) : -1;

	if (w < 0)
		refuse(l, n, "%s: \"%s\" is not %s", key, v ? v : "(a list or map)", accepted);
	return w;
}

static const char STATE_WORDS[] = "a two-letter code of a Member State (EL is GR), EU or GB";
static const char SECTOR_WORDS[] = "a NIS2 sector: energy, transport, banking, financial, health, "
				   "drinking-water, waste-water, digital-infrastructure, ...";
static const char TLP_WORDS[] = "one of clear, green, amber, amber+strict, red";
static const char PAP_WORDS[] = "one of clear, green, amber, red";
static const char SEVERITY_WORDS[] = "one of low, medium, high";
static const char FORMAT_WORDS[] =
	"one of auto, eve, zeek, zeek-tsv, ecs, idea, intelmq, n6, notification, map, lines";

static void set_byte(uint8_t *out, int value)
{
	if (value >= 0)
		*out = (uint8_t)value;
}

static void aggregates(struct load *l, const yaml_node_t *n, struct source *s)
{
	if (n->type != YAML_SEQUENCE_NODE) {
		refuse(l, n, "aggregates: a list of states, such as [DE, FR]");
		return;
	}
	for (yaml_node_item_t *i = n->data.sequence.items.start; i < n->data.sequence.items.top; i++) {
		int state = word(l, node(l, *i), "aggregates", vocab_state_parse, STATE_WORDS);
		if (state >= 0)
			s->aggregates |= 1u << state;
	}
}

static void may_assert(struct load *l, const yaml_node_t *n, struct source *s)
{
	static const char accepted[] = "may_assert: a list of what its word counts for: [capacity]";

	if (n->type != YAML_SEQUENCE_NODE) {
		refuse(l, n, "%s", accepted);
		return;
	}
	for (yaml_node_item_t *i = n->data.sequence.items.start; i < n->data.sequence.items.top; i++) {
		const char *v = scalar(node(l, *i));
		if (!v || strcmp(v, "capacity") != 0)
			refuse(l, node(l, *i), "%s", accepted);
		else if (!vocab_state_is_member(s->state))
			refuse(l, n, "may_assert: capacity is a Member State's, and %s is none",
			       vocab_state_code(s->state));
		else
			s->may_assert_capacity = true;
	}
}

/* Exercise traffic that was taken for real would raise: any other word is refused. */
static void flag(struct load *l, const yaml_node_t *n, const char *key, bool *out)
{
	if (!scalar(n) || !config_parse_flag(scalar(n), out))
		refuse(l, n, "%s: neither true nor false", key);
}

static yaml_node_t *lookup(struct load *l, const yaml_node_t *map, const char *key);

static void logsource(struct load *l, const yaml_node_t *n, struct source *s)
{
	const struct {
		const char *key;
		char *to;
	} parts[] = {{"product", s->product}, {"category", s->category}, {"service", s->service}};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		yaml_node_t *v = lookup(l, n, parts[i].key);
		if (v)
			copy(l, v, "logsource", parts[i].to, sizeof(s->product));
		for (char *p = parts[i].to; *p; p++)
			if (*p >= 'A' && *p <= 'Z')
				*p = (char)(*p | 0x20);
	}
	if (!s->product[0] && !s->category[0] && !s->service[0])
		refuse(l, n, "logsource: a map of product, category, service, as Sigma rules name them");
}

static void source_key(struct load *l, struct config_input *in, const char *key,
		       const yaml_node_t *v)
{
	struct source *s = in->source;

	if (strcmp(key, "name") == 0 || strcmp(key, "state") == 0)
		return; /* read before */
	if (strcmp(key, "soc") == 0)
		copy(l, v, key, s->soc, sizeof(s->soc));
	else if (strcmp(key, "organisation") == 0)
		copy(l, v, key, s->organisation, sizeof(s->organisation));
	else if (strcmp(key, "address_space") == 0)
		copy(l, v, key, s->address_space, sizeof(s->address_space));
	else if (strcmp(key, "sector") == 0)
		set_byte(&s->sector, word(l, v, key, vocab_sector_parse, SECTOR_WORDS));
	else if (strcmp(key, "tlp") == 0)
		set_byte(&s->tlp, word(l, v, key, vocab_tlp_parse, TLP_WORDS));
	else if (strcmp(key, "format") == 0)
		set_byte(&s->format, word(l, v, key, vocab_format_parse, FORMAT_WORDS));
	else if (strcmp(key, "exercise") == 0)
		flag(l, v, key, &s->exercise);
	else if (strcmp(key, "relay") == 0)
		flag(l, v, key, &s->relay);
	else if (strcmp(key, "lineage") == 0)
		copy(l, v, key, s->lineage, sizeof(s->lineage));
	else if (strcmp(key, "aggregates") == 0)
		aggregates(l, v, s);
	else if (strcmp(key, "may_assert") == 0)
		may_assert(l, v, s);
	else if (strcmp(key, "logsource") == 0)
		logsource(l, v, s);
	else if (strcmp(key, "path") == 0)
		copy_path(l, v, key, in->path);
	else if (strcmp(key, "topic") == 0)
		copy(l, v, key, in->topic, sizeof(in->topic));
	else if (strcmp(key, "interface") == 0)
		copy(l, v, key, in->interface, sizeof(in->interface));
	else if (strcmp(key, "fieldmap") == 0)
		copy_path(l, v, key, in->fieldmap);
	else
		refuse(l, v,
		       "sources: no key \"%s\"; there are name, state, sector, soc, tlp, format, "
		       "organisation, address_space, exercise, aggregates, may_assert, lineage, relay, "
		       "logsource, path, topic, interface, fieldmap",
		       key);
}

static yaml_node_t *lookup(struct load *l, const yaml_node_t *map, const char *key)
{
	if (map->type != YAML_MAPPING_NODE)
		return NULL;
	for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top; p++) {
		const char *k = scalar(node(l, p->key));
		if (k && strcmp(k, key) == 0)
			return node(l, p->value);
	}
	return NULL;
}

static void add_source(struct load *l, const yaml_node_t *n)
{
	yaml_node_t *name = lookup(l, n, "name"), *state = lookup(l, n, "state");

	if (!scalar(name) || !scalar(state)) {
		refuse(l, n, "sources: each needs a name and a state, as in {name: de-soc, state: DE}");
		return;
	}
	int cc = word(l, state, "state", vocab_state_parse, STATE_WORDS);
	if (cc < 0)
		return;
	struct source *s = source_add(&l->c->sources, scalar(name), cc);
	struct config_input *in = s ? config_input_add(l->c, s) : NULL;
	if (!in) {
		refuse(l, n, "sources: \"%s\" is there already, is longer than %d bytes, or is one too many",
		       scalar(name), SOURCE_NAME_MAX - 1);
		return;
	}
	in->line = line_of(n);
	for (yaml_node_pair_t *p = n->data.mapping.pairs.start; p < n->data.mapping.pairs.top; p++)
		if (scalar(node(l, p->key)))
			source_key(l, in, scalar(node(l, p->key)), node(l, p->value));
	if (s->format == FORMAT_MAP && !in->fieldmap[0])
		refuse(l, n, "sources: format map needs a fieldmap: PATH");
}

static void feed_key(struct load *l, struct config_feed *f, const char *key, const yaml_node_t *v)
{
	if (strcmp(key, "name") == 0)
		copy(l, v, key, f->name, sizeof(f->name));
	else if (strcmp(key, "path") == 0)
		copy_path(l, v, key, f->path);
	else if (strcmp(key, "topic") == 0)
		copy(l, v, key, f->topic, sizeof(f->topic));
	else if (strcmp(key, "campaign") == 0)
		copy(l, v, key, f->campaign, sizeof(f->campaign));
	else if (strcmp(key, "lineage") == 0)
		copy(l, v, key, f->lineage, sizeof(f->lineage));
	else if (strcmp(key, "derived_from") == 0)
		copy(l, v, key, f->derived_from, sizeof(f->derived_from));
	else if (strcmp(key, "compacted") == 0)
		flag(l, v, key, &f->compacted);
	else if (strcmp(key, "tlp") == 0)
		set_byte(&f->tlp, word(l, v, key, vocab_tlp_parse, TLP_WORDS));
	else if (strcmp(key, "pap") == 0)
		set_byte(&f->pap, word(l, v, key, vocab_pap_parse, PAP_WORDS));
	else if (strcmp(key, "severity") == 0)
		set_byte(&f->severity, word(l, v, key, vocab_severity_parse, SEVERITY_WORDS));
	else
		refuse(l, v,
		       "indicators: no key \"%s\"; there are name, path, topic, tlp, pap, severity, "
		       "campaign, lineage, derived_from, compacted",
		       key);
}

static void add_feed(struct load *l, const yaml_node_t *n)
{
	struct config_feed *f = config_feed_add(l->c, "");

	if (!f) {
		refuse(l, n, "indicators: at most %d", CONFIG_LIST_MAX);
		return;
	}
	f->line = line_of(n);
	if (scalar(n)) {
		copy_path(l, n, "indicators", f->path);
	} else if (n->type == YAML_MAPPING_NODE) {
		for (yaml_node_pair_t *p = n->data.mapping.pairs.start;
		     p < n->data.mapping.pairs.top; p++)
			if (scalar(node(l, p->key)))
				feed_key(l, f, scalar(node(l, p->key)), node(l, p->value));
	}
	if (!f->path[0] && !f->topic[0])
		refuse(l, n, "indicators: each needs a path or a topic");
	if (!f->name[0]) {
		const char *from = f->path[0] ? f->path : f->topic;
		const char *slash = strrchr(from, '/');
		snprintf(f->name, sizeof(f->name), "%.127s", slash ? slash + 1 : from);
	}
}

static void add_path(struct load *l, const yaml_node_t *n, struct config_strings *list)
{
	char path[CONFIG_TEXT_MAX] = "";

	copy_path(l, n, "path", path);
	if (path[0] && !config_list_add(list, path))
		refuse(l, n, "a list of at most %d paths", CONFIG_LIST_MAX);
}

static void each(struct load *l, const yaml_node_t *list, const char *key,
		 void (*add)(struct load *, const yaml_node_t *))
{
	if (list->type != YAML_SEQUENCE_NODE) {
		refuse(l, list, "%s: a list", key);
		return;
	}
	for (yaml_node_item_t *i = list->data.sequence.items.start;
	     i < list->data.sequence.items.top; i++)
		add(l, node(l, *i));
}

static void add_rule(struct load *l, const yaml_node_t *n)
{
	add_path(l, n, &l->c->rules);
}

static void add_benign(struct load *l, const yaml_node_t *n)
{
	add_path(l, n, &l->c->benign);
}

/* name: value, or name: [values] */
static void placeholders(struct load *l, const yaml_node_t *map)
{
	static const char accepted[] = "placeholders: a map of names, each with a text or a list of texts";

	if (map->type != YAML_MAPPING_NODE) {
		refuse(l, map, "%s", accepted);
		return;
	}
	for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top; p++) {
		yaml_node_t *key = node(l, p->key), *v = node(l, p->value);
		struct config_placeholder *ph =
			scalar(key) ? config_placeholder_add(l->c, scalar(key)) : NULL;
		bool ok = ph && (scalar(v) ? config_list_add(&ph->values, scalar(v))
					   : v->type == YAML_SEQUENCE_NODE);
		for (yaml_node_item_t *i = v->data.sequence.items.start;
		     ok && !scalar(v) && i < v->data.sequence.items.top; i++)
			ok = scalar(node(l, *i)) && config_list_add(&ph->values, scalar(node(l, *i)));
		if (!ok)
			refuse(l, key, "%s", accepted);
	}
}

static void properties(struct load *l, const yaml_node_t *map)
{
	if (map->type != YAML_MAPPING_NODE) {
		refuse(l, map, "kafka.properties: a map of librdkafka settings");
		return;
	}
	for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top; p++) {
		const char *k = scalar(node(l, p->key)), *v = scalar(node(l, p->value));
		char text[2 * CONFIG_TEXT_MAX];
		if (k && v && snprintf(text, sizeof(text), "%s=%s", k, v) < (int)sizeof(text))
			config_list_add(&l->c->kafka_properties, text);
		else
			refuse(l, map, "kafka.properties: names and values are plain texts");
	}
}

/* Lists of plain values become "a,b,c". */
static bool join(struct load *l, const yaml_node_t *list, char out[CONFIG_TEXT_MAX])
{
	size_t len = 0;

	out[0] = '\0';
	for (yaml_node_item_t *i = list->data.sequence.items.start;
	     i < list->data.sequence.items.top; i++) {
		const char *v = scalar(node(l, *i));
		int n = v ? snprintf(out + len, CONFIG_TEXT_MAX - len, "%s%s", len ? "," : "", v) : -1;
		if (n < 0 || (size_t)n >= CONFIG_TEXT_MAX - len)
			return false;
		len += (size_t)n;
	}
	return true;
}

static void option(struct load *l, const char *name, const yaml_node_t *v)
{
	const struct config_option *o = config_option_find(name);
	char joined[CONFIG_TEXT_MAX], why[256];
	const char *value = scalar(v);

	if (!o) {
		refuse(l, v, "no option \"%s\"; config/REFERENCE.md lists them", name);
		return;
	}
	if (!value && v->type == YAML_SEQUENCE_NODE && o->type == CONFIG_TEXT && join(l, v, joined))
		value = joined;
	if (!value)
		refuse(l, v, "%s: one value, not a list or map", name);
	else if (!config_option_set(l->c, o, value, l->path, why))
		refuse(l, v, "%s", why);
}

static void mapping(struct load *l, const yaml_node_t *map, const char *prefix);

static void entry(struct load *l, const char *name, const yaml_node_t *v)
{
	if (strcmp(name, "sources") == 0)
		each(l, v, name, add_source);
	else if (strcmp(name, "indicators") == 0)
		each(l, v, name, add_feed);
	else if (strcmp(name, "rules") == 0)
		each(l, v, name, add_rule);
	else if (strcmp(name, "benign") == 0)
		each(l, v, name, add_benign);
	else if (strcmp(name, "placeholders") == 0)
		placeholders(l, v);
	else if (strcmp(name, "kafka.properties") == 0)
		properties(l, v);
	else if (v->type == YAML_MAPPING_NODE)
		mapping(l, v, name);
	else
		option(l, name, v);
}

/* The tree has few levels: table.cells is the deepest kind of name. */
static void mapping(struct load *l, const yaml_node_t *map, const char *prefix)
{
	if (strchr(prefix, '.')) {
		refuse(l, map, "no option group \"%s\"", prefix);
		return;
	}
	for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top; p++) {
		const char *key = scalar(node(l, p->key));
		char name[128];
		if (!key || snprintf(name, sizeof(name), "%s%s%s", prefix, *prefix ? "." : "", key) >=
				    (int)sizeof(name))
			refuse(l, node(l, p->key), "a key is a plain word");
		else
			entry(l, name, node(l, p->value));
	}
}

static bool parse(struct load *l, FILE *f)
{
	yaml_parser_t parser;

	if (!yaml_parser_initialize(&parser))
		return false;
	yaml_parser_set_input_file(&parser, f);
	bool ok = yaml_parser_load(&parser, &l->doc);
	if (!ok)
		problem_refuse(l->ps, "config", l->path, (uint32_t)parser.problem_mark.line + 1,
			       "not YAML: %s", parser.problem ? parser.problem : "out of memory");
	yaml_parser_delete(&parser);
	return ok;
}

bool config_load(struct config *c, const char *path, struct problems *ps)
{
	struct load l = {.c = c, .ps = ps, .path = path};
	uint64_t before = ps->refused;
	FILE *f = fopen(path, "rb");

	if (!f) {
		problem_refuse(ps, "config", path, 0, "cannot be read: %s", strerror(errno));
		return false;
	}
	snprintf(c->path, sizeof(c->path), "%s", path);
	if (parse(&l, f)) {
		yaml_node_t *root = yaml_document_get_root_node(&l.doc);
		if (root && root->type == YAML_MAPPING_NODE)
			mapping(&l, root, "");
		else if (root && !(scalar(root) && scalar(root)[0] == '\0'))
			refuse(&l, root, "a configuration is a map of options");
		yaml_document_delete(&l.doc);
	}
	fclose(f);
	return ps->refused == before;
}
