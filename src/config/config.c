#include "config/config.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/timestamp.h"
#include "config/config_priv.h"

static const struct config_option options[] = {
#define X(member, name, type, def, min, max, doc)                                                  \
	{name, CONFIG_##type, offsetof(struct config, member), def, min, max, doc},
	CONFIG_OPTIONS(X)
#undef X
};

#define OPTION_COUNT (sizeof(options) / sizeof(options[0]))

const struct config_option *config_option_at(size_t i)
{
	return i < OPTION_COUNT ? &options[i] : NULL;
}

const struct config_option *config_option_find(const char *name)
{
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (strcmp(options[i].name, name) == 0)
			return &options[i];
	return NULL;
}

bool config_parse_count(const char *value, uint64_t *out)
{
	char *end;

	if (!isdigit((unsigned char)value[0]))
		return false;
	errno = 0;
	unsigned long long n = strtoull(value, &end, 10);
	unsigned shift = 0;
	if (*end) {
		const char *units = "kmg";
		const char *u = strchr(units, tolower((unsigned char)*end));
		if (!u)
			return false;
		shift = (unsigned)(u - units + 1) * 10;
		end++;
		end += strcasecmp(end, "iB") == 0 ? 2 : 0;
	}
	if (errno || *end || n > UINT64_MAX >> shift)
		return false;
	*out = (uint64_t)n << shift;
	return true;
}

bool config_parse_flag(const char *value, bool *out)
{
	static const char *const yes[] = {"true", "yes", "on", "1"};
	static const char *const no[] = {"false", "no", "off", "0"};

	for (size_t i = 0; i < 4; i++) {
		if (strcasecmp(value, yes[i]) == 0) {
			*out = true;
			return true;
		}
		if (strcasecmp(value, no[i]) == 0) {
			*out = false;
			return true;
		}
	}
	return false;
}

static bool set_count(const struct config_option *o, const char *value, uint64_t *out, char *why)
{
	uint64_t n;

	if (config_parse_count(value, &n) && n >= o->min && n <= o->max) {
		*out = n;
		return true;
	}
	snprintf(why, 256, "%s: \"%s\" is not a number from %llu to %llu (k, M, G allowed)",
		 o->name, value, (unsigned long long)o->min, (unsigned long long)o->max);
	return false;
}

/* Durations have their range in days. */
static bool set_duration(const struct config_option *o, const char *value, int64_t *out, char *why)
{
	int64_t us = vocab_duration_parse(value, strlen(value));

	if (strcmp(value, "0") == 0)
		us = 0;
	if (us >= 0 && us <= (int64_t)o->max * TIMESTAMP_DAY) {
		*out = us;
		return true;
	}
	snprintf(why, 256, "%s: \"%s\" is not a duration such as 500ms, 90s, 24h, 7d, at most %llud",
		 o->name, value, (unsigned long long)o->max);
	return false;
}

static bool set_time(const struct config_option *o, const char *value, int64_t *out, char *why)
{
	int64_t us = 0;

	if (strcmp(value, "0") == 0 ||
	    (timestamp_parse(value, strlen(value), &us) && us >= 0)) {
		*out = us;
		return true;
	}
	snprintf(why, 256, "%s: \"%s\" is not a time such as 1990-01-01T00:00:00Z, from 1970 on",
		 o->name, value);
	return false;
}

static bool set_text(const struct config_option *o, const char *value, char *out, char *why)
{
	size_t len = strlen(value);

	if (len < CONFIG_TEXT_MAX && len >= o->min) {
		memcpy(out, value, len + 1);
		return true;
	}
	snprintf(why, 256, "%s: a text of %llu to %d bytes", o->name, (unsigned long long)o->min,
		 CONFIG_TEXT_MAX - 1);
	return false;
}

/* Paths are relative to the file that names them; "-" is left alone. */
bool config_resolve(char out[CONFIG_TEXT_MAX], const char *base, const char *path)
{
	const char *slash = strrchr(base, '/');
	int n;

	if (path[0] == '/' || path[0] == '\0' || strcmp(path, "-") == 0 || !slash)
		n = snprintf(out, CONFIG_TEXT_MAX, "%s", path);
	else
		n = snprintf(out, CONFIG_TEXT_MAX, "%.*s/%s", (int)(slash - base), base, path);
	return n < CONFIG_TEXT_MAX;
}

/* What is found by its id has neither. */
static bool is_path(const char *s)
{
	size_t len = strlen(s);

	return strchr(s, '/') || (len > 5 && strcmp(s + len - 5, ".yaml") == 0);
}

bool config_option_set(struct config *c, const struct config_option *o, const char *value,
		       const char *base, char why[256])
{
	char *member = (char *)c + o->offset;
	char resolved[CONFIG_TEXT_MAX];

	switch (o->type) {
	case CONFIG_COUNT:
		return set_count(o, value, (uint64_t *)(void *)member, why);
	case CONFIG_DURATION:
		return set_duration(o, value, (int64_t *)(void *)member, why);
	case CONFIG_TIME:
		return set_time(o, value, (int64_t *)(void *)member, why);
	case CONFIG_FLAG:
		if (config_parse_flag(value, (bool *)(void *)member))
			return true;
		snprintf(why, 256, "%s: \"%s\" is neither true nor false", o->name, value);
		return false;
	case CONFIG_NAMED:
		if (!is_path(value))
			return set_text(o, value, member, why);
		__attribute__((fallthrough));
	case CONFIG_PATH:
		if (config_resolve(resolved, base, value))
			return set_text(o, resolved, member, why);
		snprintf(why, 256, "%s: a path of at most %d bytes", o->name, CONFIG_TEXT_MAX - 1);
		return false;
	case CONFIG_TEXT:
		return set_text(o, value, member, why);
	}
	return false;
}

int config_init(struct config *c)
{
	char why[256];

	memset(c, 0, sizeof(*c));
	for (size_t i = 0; i < OPTION_COUNT; i++)
		config_option_set(c, &options[i], options[i].def, "", why);
	home_net_default(&c->home);
	return source_registry_init(&c->sources);
}

static void strings_fini(struct config_strings *l)
{
	for (uint32_t i = 0; i < l->count; i++)
		free(l->items[i]);
	free(l->items);
	memset(l, 0, sizeof(*l));
}

void config_fini(struct config *c)
{
	strings_fini(&c->rules);
	strings_fini(&c->benign);
	strings_fini(&c->kafka_properties);
	for (uint32_t i = 0; i < c->placeholder_count; i++)
		strings_fini(&c->placeholders[i].values);
	free(c->placeholders);
	free(c->inputs);
	free(c->feeds);
	source_registry_fini(&c->sources);
	memset(c, 0, sizeof(*c));
}

/* Room for one more in an array that doubles at powers of two. */
static bool grow(void **items, uint32_t count, size_t size)
{
	if (count & (count - 1))
		return true;
	void *p = realloc(*items, (count ? (size_t)count * 2 : 1) * size);
	if (p)
		*items = p;
	return p != NULL;
}

bool config_list_add(struct config_strings *l, const char *text)
{
	char **items = l->count == CONFIG_LIST_MAX
			       ? NULL
			       : realloc(l->items, (l->count + 2) * sizeof(*items));
	if (!items)
		return false;
	l->items = items;
	items[l->count] = strdup(text);
	items[l->count + 1] = NULL;
	return items[l->count] && ++l->count;
}

struct config_placeholder *config_placeholder_add(struct config *c, const char *name)
{
	struct config_placeholder *ph;

	if (c->placeholder_count == CONFIG_LIST_MAX || strlen(name) >= sizeof(ph->name) ||
	    !grow((void **)&c->placeholders, c->placeholder_count, sizeof(*ph)))
		return NULL;
	ph = &c->placeholders[c->placeholder_count++];
	memset(ph, 0, sizeof(*ph));
	strcpy(ph->name, name);
	return ph;
}

struct config_feed *config_feed_add(struct config *c, const char *name)
{
	if (c->feed_count == CONFIG_LIST_MAX ||
	    !grow((void **)&c->feeds, c->feed_count, sizeof(*c->feeds)))
		return NULL;
	struct config_feed *f = &c->feeds[c->feed_count++];
	memset(f, 0, sizeof(*f));
	snprintf(f->name, sizeof(f->name), "%s", name);
	f->tlp = TLP_AMBER;
	f->severity = SEVERITY_MEDIUM;
	return f;
}

struct config_input *config_input_add(struct config *c, struct source *s)
{
	if (c->input_count == CONFIG_LIST_MAX ||
	    !grow((void **)&c->inputs, c->input_count, sizeof(*c->inputs)))
		return NULL;
	struct config_input *in = &c->inputs[c->input_count++];
	memset(in, 0, sizeof(*in));
	in->source = s;
	return in;
}

bool config_set(struct config *c, const char *assignment, struct problems *ps)
{
	const char *eq = strchr(assignment, '=');
	char name[64], why[256];

	if (!eq || (size_t)(eq - assignment) >= sizeof(name)) {
		problem_refuse(ps, "config", "--set", 0, "\"%s\" is not name=value", assignment);
		return false;
	}
	snprintf(name, sizeof(name), "%.*s", (int)(eq - assignment), assignment);
	const struct config_option *o = config_option_find(name);
	if (!o) {
		problem_refuse(ps, "config", "--set", 0,
			       "no option \"%s\"; config/REFERENCE.md lists them", name);
		return false;
	}
	if (config_option_set(c, o, eq + 1, "", why))
		return true;
	problem_refuse(ps, "config", "--set", 0, "%s", why);
	return false;
}

static bool power_of_two(uint64_t n)
{
	return n && (n & (n - 1)) == 0;
}

static const struct config_feed *feed_find(const struct config *c, const char *name)
{
	for (uint32_t i = 0; i < c->feed_count; i++)
		if (strcmp(c->feeds[i].name, name) == 0)
			return &c->feeds[i];
	return NULL;
}

/* What a feed is derived from is there, and is not, through others, the feed itself. */
static void check_lineage(const struct config *c, const char *file, struct problems *ps)
{
	for (uint32_t i = 0; i < c->feed_count; i++) {
		const struct config_feed *f = &c->feeds[i], *from = f;
		uint32_t steps = 0;
		while (from && from->derived_from[0] && steps++ < c->feed_count)
			from = feed_find(c, from->derived_from);
		if (from && !from->derived_from[0])
			continue;
		problem_refuse(ps, "config", file, f->line,
			       "indicators: derived_from \"%s\" leads to no feed that is an origin",
			       f->derived_from);
	}
}

bool config_finish(struct config *c, struct problems *ps)
{
	const char *file = c->path[0] ? c->path : "--set";
	uint64_t before = ps->refused;
	char bad[64];

	if (c->home_net[0] && !home_net_parse(&c->home, c->home_net, bad))
		problem_refuse(ps, "config", file, 0,
			       "home_net: \"%s\" is no CIDR, or there are more than %d", bad,
			       HOME_NETS_MAX);
	if (!power_of_two(c->table_cells) || !power_of_two(c->table_entries))
		problem_refuse(ps, "config", file, 0,
			       "table.cells and table.entries are powers of two (512k, 2M)");
	if (strcmp(c->output_format, "ndjson") != 0 && strcmp(c->output_format, "stix") != 0)
		problem_refuse(ps, "config", file, 0, "output.format: \"%s\" is neither ndjson nor stix",
			       c->output_format);
	if (strcmp(c->sightings_format, "stix") != 0 && strcmp(c->sightings_format, "misp") != 0)
		problem_refuse(ps, "config", file, 0, "sightings.format: \"%.64s\" is neither stix nor misp",
			       c->sightings_format);
	check_lineage(c, file, ps);
	if (c->checkpoint_interval < 100000)
		problem_refuse(ps, "config", file, 0, "checkpoint_interval: at least 100ms");
	if (c->raise_interval < 1000)
		problem_refuse(ps, "config", file, 0, "raise_interval: at least 1ms");
	if (c->retention < TIMESTAMP_DAY)
		problem_refuse(ps, "config", file, 0, "retention: at least 1d");
	return ps->refused == before;
}
