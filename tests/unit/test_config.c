/* Options: each row's bounds, YAML with its lines, --set, the dump read back, the reference page. */
#include "config/config_priv.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/text.h"
#include "base/timestamp.h"
#include "tap.h"

static bool set(struct config *c, const char *name, const char *value)
{
	struct problems ps;
	struct text t;

	problems_init(&ps);
	text_init(&t);
	text_printf(&t, "%s=%s", name, value);
	bool ok = config_set(c, t.p, &ps);
	/* refused: once, under its name */
	if (!ok && (ps.refused != 1 || strncmp(ps.items[0].reason, name, strlen(name)) != 0))
		tap_ok(false, "%s: the refusal names it", name);
	text_fini(&t);
	problems_fini(&ps);
	return ok;
}

static bool set_number(struct config *c, const char *name, uint64_t n, const char *unit)
{
	char value[64];

	snprintf(value, sizeof(value), "%llu%s", (unsigned long long)n, unit);
	return set(c, name, value);
}

static void count_row(struct config *c, const struct config_option *o)
{
	const uint64_t *v = (const uint64_t *)(const void *)((const char *)c + o->offset);

	tap_ok(set_number(c, o->name, o->min, "") && *v == o->min, "%s: its least, %llu", o->name,
	       (unsigned long long)o->min);
	tap_ok(set_number(c, o->name, o->max, "") && *v == o->max, "%s: its most, %llu", o->name,
	       (unsigned long long)o->max);
	tap_ok((o->min == 0 || !set_number(c, o->name, o->min - 1, "")) &&
		       !set_number(c, o->name, o->max + 1, "") && !set(c, o->name, "-1") &&
		       !set(c, o->name, "") && !set(c, o->name, "18446744073709551616") &&
		       !set(c, o->name, "1x") && !set(c, o->name, " 1") && *v == o->max,
	       "%s: below, above and what is no number change nothing", o->name);
}

static void duration_row(struct config *c, const struct config_option *o)
{
	const int64_t *v = (const int64_t *)(const void *)((const char *)c + o->offset);
	const int64_t most = (int64_t)o->max * TIMESTAMP_DAY;

	tap_ok(set(c, o->name, "0") && *v == 0 && set_number(c, o->name, o->max, "d") && *v == most,
	       "%s: 0 to %llud", o->name, (unsigned long long)o->max);
	tap_ok(!set_number(c, o->name, o->max * 24 + 1, "h") &&
		       !set_number(c, o->name, (uint64_t)most + 1, "us") && !set(c, o->name, "-1s") &&
		       !set(c, o->name, "5") && !set(c, o->name, "") && *v == most,
	       "%s: above and what is no duration change nothing", o->name);
}

static void time_row(struct config *c, const struct config_option *o)
{
	const int64_t *v = (const int64_t *)(const void *)((const char *)c + o->offset);

	tap_ok(set(c, o->name, "0") && *v == 0 && set(c, o->name, "2026-11-22T00:00:00Z") &&
		       *v == INT64_C(1795305600000000), "%s: a time", o->name);
	tap_ok(!set(c, o->name, "1969-12-31") && !set(c, o->name, "1") && !set(c, o->name, "") &&
		       *v == INT64_C(1795305600000000), "%s: before 1970 and no time change nothing", o->name);
}

static void flag_row(struct config *c, const struct config_option *o)
{
	const bool *v = (const bool *)(const void *)((const char *)c + o->offset);

	tap_ok(set(c, o->name, "true") && *v && set(c, o->name, "Off") && !*v && set(c, o->name, "1") && *v &&
		       set(c, o->name, "no") && !*v, "%s: yes and no", o->name);
	tap_ok(set(c, o->name, "on") && !set(c, o->name, "2") && !set(c, o->name, "") &&
		       !set(c, o->name, "tru") && *v, "%s: a word that is neither changes nothing", o->name);
}

static void text_row(struct config *c, const struct config_option *o)
{
	const char *v = (const char *)c + o->offset;
	char most[CONFIG_TEXT_MAX + 1];

	memset(most, 'x', sizeof(most));
	most[CONFIG_TEXT_MAX] = '\0';
	tap_ok(!set(c, o->name, most), "%s: %d bytes are too many", o->name, CONFIG_TEXT_MAX);
	most[CONFIG_TEXT_MAX - 1] = '\0';
	tap_ok(set(c, o->name, most) && strcmp(v, most) == 0, "%s: %d bytes are not", o->name,
	       CONFIG_TEXT_MAX - 1);
	tap_ok(set(c, o->name, "") == (o->min == 0) && set(c, o->name, "a=b") && strcmp(v, "a=b") == 0,
	       "%s: empty%s, and '=' is a letter", o->name, o->min ? " is refused" : "");
}

/* Every row of the table, so that a new option is tested by being one. */
static void rows(void)
{
	struct config c, fresh;
	char why[256];
	size_t n = 0;

	config_init(&c);
	config_init(&fresh);
	for (const struct config_option *o; (o = config_option_at(n)); n++) {
		if (!config_option_set(&fresh, o, o->def, "", why))
			tap_ok(false, "%s: the default is refused: %s", o->name, why);
		if (config_option_find(o->name) != o)
			tap_ok(false, "%s: there twice", o->name);
		switch (o->type) {
		case CONFIG_COUNT:
			count_row(&c, o);
			break;
		case CONFIG_DURATION:
			duration_row(&c, o);
			break;
		case CONFIG_TIME:
			time_row(&c, o);
			break;
		case CONFIG_FLAG:
			flag_row(&c, o);
			break;
		case CONFIG_TEXT:
		case CONFIG_PATH:
		case CONFIG_NAMED:
			text_row(&c, o);
			break;
		}
	}
	tap_ok(n > 20, "%zu options", n);
	struct problems ps;
	problems_init(&ps);
	tap_ok(config_finish(&fresh, &ps) && ps.count == 0, "the defaults hold together");
	problems_fini(&ps);
	config_fini(&c);
	config_fini(&fresh);
}

static void counts(void)
{
	static const struct {
		const char *text;
		uint64_t n;
	} good[] = {{"0", 0}, {"1k", 1024}, {"1K", 1024}, {"3M", 3 << 20}, {"2GiB", UINT64_C(2) << 30},
		    {"1kib", 1024}, {"007", 7}, {"18446744073709551615", UINT64_MAX}};
	static const char *const bad[] = {"", "-1", "+1", "k", "1t", "1kk", "1kb", "1 k", "0x10", "1.5",
					  "18446744073709551616", "17179869184G"};
	uint64_t n;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		tap_ok(config_parse_count(good[i].text, &n) && n == good[i].n, "count %s", good[i].text);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		tap_ok(!config_parse_count(bad[i], &n), "no count: \"%s\"", bad[i]);
}

static void set_forms(void)
{
	static const char *const bad[] = {"threads", "", "=", "=1", "no.such=1", "threads =1", "table=1",
					  "sources=x", "Threads=1",
					  "a.name.that.is.much.longer.than.any.option.there.will.ever.be.here=1"};
	struct config c;
	struct problems ps;

	problems_init(&ps);
	config_init(&c);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		bool ok = config_set(&c, bad[i], &ps);
		tap_ok(!ok && ps.count == i + 1 && strcmp(ps.items[i].file, "--set") == 0,
		       "--set \"%s\" is refused", bad[i]);
	}
	tap_ok(config_set(&c, "table.cells=1k", &ps) && c.table_cells == 1024, "--set table.cells=1k");
	tap_ok(config_set(&c, "kafka.brokers=a:1,b:2", &ps) && strcmp(c.kafka_brokers, "a:1,b:2") == 0,
	       "--set of a list of brokers");
	problems_fini(&ps);
	config_fini(&c);
}

/* Loads this text; the file is memory. */
static bool load(struct config *c, const char *yaml, struct problems *ps)
{
	char path[64];
	int fd = memfd_create("config", 0);

	problems_init(ps);
	config_init(c);
	if (fd < 0 || write(fd, yaml, strlen(yaml)) != (ssize_t)strlen(yaml))
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	bool ok = config_load(c, path, ps);
	close(fd);
	return ok;
}

static const struct {
	const char *yaml;
	uint32_t line;
	const char *says;
} errors[] = {
	{"threads: 2\nthread: 4\n", 2, "no option \"thread\""},
	{"threads: many\n", 1, "not a number from 0 to 256"},
	{"\n\nthreads: 257\n", 3, "not a number from 0 to 256"},
	{"threads: [1, 2]\n", 1, "one value"},
	{"threads: {a: 1}\n", 1, "no option \"threads.a\""},
	{"table:\n  cells: 1k\n  rows: 5\n", 3, "no option \"table.rows\""},
	{"table:\n  cells:\n    x: 1\n", 3, "no option group \"table.cells\""},
	{"retention: 400d\n", 1, "at most 366d"},
	{"time_min: yesterday\n", 1, "not a time"},
	{"follow: perhaps\n", 1, "neither true nor false"},
	{"profile: \"\"\n", 1, "a text of 1 to 511 bytes"},
	{"? [a]\n: 1\n", 1, "a key is a plain word"},
	{"- threads\n", 1, "a map of options"},
	{"just words\n", 1, "a map of options"},
	{"threads: 1\n\tx: 2\n", 2, "not YAML"},
	{"a: [1, 2\n", 2, "not YAML"},
	{"a: \"\xff\xfe\"\n", 1, "not YAML"},
	{"sources: {name: a, state: DE}\n", 1, "sources: a list"},
	{"sources:\n  - name: a\n", 2, "needs a name and a state"},
	{"sources:\n  - {name: a, state: DE}\n  - {name: a, state: FR}\n", 3, "is there already"},
	{"sources:\n  - {name: a, state: US}\n", 2, "two-letter code"},
	{"sources:\n  - name: a\n    state: DE\n    sector: cheese\n", 4, "NIS2 sector"},
	{"sources:\n  - name: a\n    state: DE\n    tlp: blue\n", 4, "one of clear, green"},
	{"sources:\n  - name: a\n    state: DE\n    format: xml\n", 4, "one of auto, eve"},
	{"sources:\n  - name: a\n    state: DE\n    format: map\n", 2, "needs a fieldmap"},
	{"sources:\n  - name: a\n    state: DE\n    colour: red\n", 4, "no key \"colour\""},
	{"sources:\n  - name: a\n    state: DE\n    exercise: maybe\n", 4, "neither true nor false"},
	{"sources:\n  - name: a\n    state: DE\n    relay: [no]\n", 4, "neither true nor false"},
	{"sources:\n  - name: a\n    state: DE\n    aggregates: FR\n", 4, "a list of states"},
	{"sources:\n  - name: a\n    state: DE\n    aggregates: [FR, XX]\n", 4, "two-letter code"},
	{"indicators:\n  - {tlp: red}\n", 2, "needs a path or a topic"},
	{"indicators:\n  - path: a\n    pap: purple\n", 3, "one of clear, green, amber, red"},
	{"indicators:\n  - path: a\n    severity: awful\n", 3, "one of low, medium, high"},
	{"indicators:\n  - path: a\n    price: 5\n", 3, "no key \"price\""},
	{"indicators: a\n", 1, "indicators: a list"},
	{"rules:\n  - [a]\n", 2, "a text of at most"},
	{"kafka:\n  properties: 5\n", 2, "a map of librdkafka settings"},
	{"kafka:\n  properties: {a: [1]}\n", 2, "plain texts"},
};

static void yaml_errors(void)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		struct problems ps;
		struct config c;
		bool ok = load(&c, errors[i].yaml, &ps);
		const struct problem *p = ps.count ? &ps.items[0] : NULL;
		if (!tap_ok(!ok && ps.refused == 1 && p && p->line == errors[i].line &&
				    strstr(p->reason, errors[i].says), "line %u: %s", errors[i].line,
			    errors[i].says))
			printf("# got line %u: %s (%llu)\n", p ? p->line : 0, p ? p->reason : "nothing",
			       (unsigned long long)ps.refused);
		problems_fini(&ps);
		config_fini(&c);
	}
	struct problems ps;
	struct config c;
	problems_init(&ps);
	config_init(&c);
	tap_ok(!config_load(&c, "/no/such/file", &ps) && ps.refused == 1 && ps.items[0].line == 0,
	       "a missing file: %s", ps.count ? ps.items[0].reason : "");
	problems_fini(&ps);
	config_fini(&c);
}

static void yaml_good(void)
{
	struct problems ps;
	struct config c;

	static const char *const empty[] = {"", "# nothing\n", "---\n"};

	for (size_t i = 0; i < 3; i++) {
		tap_ok(load(&c, empty[i], &ps) && ps.count == 0, "an empty file, %zu bytes",
		       strlen(empty[i]));
		problems_fini(&ps);
		config_fini(&c);
	}
	tap_ok(load(&c,
		    "threads: 3\nhome_net: [10.0.0.0/8, 2001:db8::/32]\ntable: {cells: 2k, entries: 4k}\n"
		    "state_dir: state\noutput: {file: /abs/out, hits: \"-\"}\n"
		    "sources:\n"
		    "  - {name: a, state: EL, sector: health, soc: s, tlp: green, format: zeek, "
		    "exercise: yes, aggregates: [DE, FR], lineage: l, relay: true, topic: t}\n"
		    "indicators:\n  - feeds/x.csv\n  - {path: y, name: why, tlp: red, severity: high, "
		    "derived_from: x.csv, lineage: m}\n"
		    "rules: [r.txt]\nbenign: [b]\nkafka: {brokers: \"k:1\", properties: {a.b: 5}}\nprofile: mine.yaml\n",
		    &ps),
	       "one of everything");
	for (size_t i = 0; i < ps.count; i++)
		printf("# %u: %s\n", ps.items[i].line, ps.items[i].reason);
	tap_ok(config_finish(&c, &ps) && c.threads == 3 && c.home.count == 2 && c.table_cells == 2048,
	       "options");
	tap_str(c.state_dir, "/proc/self/fd/state", "a path is relative to the file");
	tap_str(c.profile, "/proc/self/fd/mine.yaml", "so is a profile's, which may be an id as well");
	tap_ok(strcmp(c.output_file, "/abs/out") == 0 && strcmp(c.output_hits, "-") == 0,
	       "but for absolute ones and \"-\"");
	const struct source *s = source_find(&c.sources, "a", 1);
	tap_ok(s && strcmp(vocab_state_code(s->state), "GR") == 0 && s->tlp == TLP_GREEN &&
		       s->format == FORMAT_ZEEK && s->exercise &&
		       s->aggregates == (1u << vocab_state_parse("DE", 2) | 1u << vocab_state_parse("FR", 2)),
	       "a source");
	tap_ok(strcmp(s->lineage, "l") == 0 && s->relay, "its lineage");
	tap_ok(c.input_count == 1 && strcmp(c.inputs[0].topic, "t") == 0 && c.inputs[0].line == 7,
	       "its input, and the line it stands in");
	tap_ok(c.feed_count == 2 && strcmp(c.feeds[0].name, "x.csv") == 0 && c.feeds[0].tlp == TLP_AMBER &&
		       c.feeds[0].severity == SEVERITY_MEDIUM && strcmp(c.feeds[1].name, "why") == 0 &&
		       c.feeds[1].tlp == TLP_RED, "feeds");
	tap_ok(strcmp(c.feeds[1].derived_from, "x.csv") == 0 && strcmp(c.feeds[1].lineage, "m") == 0,
	       "their lineage");
	tap_ok(c.rules.count == 1 && c.benign.count == 1 && !c.benign.items[1] &&
		       strcmp(c.kafka_properties.items[0], "a.b=5") == 0, "lists");
	problems_fini(&ps);
	config_fini(&c);
}

/* A copy has an original, in the end. */
static void lineage(void)
{
	static const struct {
		const char *yaml;
		bool good;
	} rows[] = {
		{"indicators:\n  - {path: a, derived_from: b}\n  - {path: b}\n", true},
		{"indicators:\n  - {path: a, derived_from: c}\n  - {path: b}\n", false},
		{"indicators:\n  - {path: a, derived_from: a}\n", false},
		{"indicators:\n  - {path: a, derived_from: b}\n  - {path: b, derived_from: a}\n", false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct problems ps;
		struct config c;
		bool loaded = load(&c, rows[i].yaml, &ps);
		tap_ok(loaded && config_finish(&c, &ps) == rows[i].good, "lineage, row %zu", i);
		problems_fini(&ps);
		config_fini(&c);
	}
}

/* What is only seen when all is read. */
static void whole(void)
{
	static const char *const bad[] = {"home_net=10.0.0.0/33",    "table.cells=1025",
					  "table.entries=5000",	     "output.format=xml",
					  "checkpoint_interval=99ms", "raise_interval=999us",
					  "retention=23h"};
	static const char *const edge[] = {"home_net=10.0.0.0/8", "table.cells=1024", "output.format=stix",
					   "checkpoint_interval=100ms", "raise_interval=1ms", "retention=1d"};
	struct problems ps;
	struct config c;

	problems_init(&ps);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		config_init(&c);
		bool set_ok = config_set(&c, bad[i], &ps);
		tap_ok(set_ok && !config_finish(&c, &ps), "%s is refused in the end", bad[i]);
		config_fini(&c);
	}
	config_init(&c);
	for (size_t i = 0; i < sizeof(edge) / sizeof(edge[0]); i++)
		config_set(&c, edge[i], &ps);
	tap_ok(config_finish(&c, &ps), "their edges are taken");
	config_fini(&c);
	problems_fini(&ps);
}

/* --dump-config is a configuration. */
static void dump(void)
{
	struct problems ps;
	struct config c, again;
	char *first = NULL, *second = NULL;
	size_t first_len, second_len;

	load(&c,
	     "threads: 3\nretention: 8d\nprofile: \"quote \\\" and \\\\ backslash\"\n"
	     "entity_key: 00112233445566778899aabbccddeeff\n"
	     "sources:\n  - {name: 'a \"b\"', state: DE, format: eve, path: /x}\n"
	     "indicators:\n  - {path: /y, name: 'n \"m\"'}\n", &ps);
	FILE *out = open_memstream(&first, &first_len);
	config_dump(&c, out);
	fclose(out);
	tap_ok(!strstr(first, "00112233"), "no key in the clear");
	problems_fini(&ps);
	tap_ok(load(&again, first, &ps), "what is dumped is read again");
	for (size_t i = 0; i < ps.count; i++)
		printf("# %u: %s\n", ps.items[i].line, ps.items[i].reason);
	out = open_memstream(&second, &second_len);
	config_dump(&again, out);
	fclose(out);
	tap_str(second, first, "and says the same");
	free(first);
	free(second);
	config_fini(&c);
	config_fini(&again);
	problems_fini(&ps);
}

static void reference(void)
{
	char *want = NULL, *got;
	size_t want_len, got_len = 0;
	FILE *out = open_memstream(&want, &want_len);

	config_reference(out);
	fclose(out);
	got = calloc(1, want_len + 2);
	FILE *in = fopen("config/REFERENCE.md", "rb");
	if (in) {
		got_len = fread(got, 1, want_len + 1, in);
		fclose(in);
	}
	tap_ok(got_len == want_len && memcmp(got, want, want_len) == 0,
	       "config/REFERENCE.md is fresh (make docs writes it)");
	free(want);
	free(got);
}

int main(void)
{
	rows();
	counts();
	set_forms();
	yaml_errors();
	yaml_good();
	lineage();
	whole();
	dump();
	reference();
	return tap_done();
}
