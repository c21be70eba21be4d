/* An indicator that comes late finds what was seen before it, by source, marked so. */
#include "engine/retro.h"

#include "base/clock.h"
#include "base/timestamp.h"
#include "raise/candidate.h"
#include "test_engine.h"

static struct test_engine t;
static struct text said;

static void on_candidate(void *arg, const struct candidate *c)
{
	(void)arg;
	candidate_json(&said, c, engine_context(t.e));
	text_char(&said, '\n');
}

static void add(const char *json)
{
	struct feed f = {.name = "isac", .path = "kafka:isac", .tlp = TLP_AMBER, .severity = SEVERITY_HIGH};
	struct intel_news n = {.kind = INTEL_MESSAGE, .feed = &f};

	n.message.payload = (struct span){json, (uint32_t)strlen(json)};
	intel_add(t.e->intel, &n);
}

static void record(struct text *out, const char *name, const char *more)
{
	text_printf(out,
		    "{\"timestamp\":\"2026-11-20T10:00:00.000000+0000\",\"event_type\":\"dns\",\"src_ip\":"
		    "\"10.1.2.3\",\"dest_ip\":\"192.0.2.53\",\"proto\":\"UDP\",\"dns\":{\"type\":\"query\","
		    "\"rrname\":\"%s\"}%s}\n", name, more);
}

static char *slurp(const char *name)
{
	char *p = calloc(1, 1 << 20);
	FILE *f = fopen(test_path(name), "r");

	if (f) {
		size_t n = fread(p, 1, (1 << 20) - 1, f);
		p[n] = '\0';
		fclose(f);
	}
	return p;
}

static int times(const char *in, const char *what)
{
	int n = 0;

	for (const char *p = in; (p = strstr(p, what)); p++)
		n++;
	return n;
}

/* Asked and placed, as the judge of a service does. */
static void judge(void)
{
	intel_wait(t.e->intel, 10000);
	engine_quiesce(t.e);
	engine_resume(t.e);
	engine_judge(t.e, on_candidate, NULL);
}

static void telemetry(void)
{
	struct text a, b;

	text_init(&a);
	text_init(&b);
	for (int i = 0; i < 200; i++)
		record(&a, "clean.example", "");
	record(&a, "www.late.example", ",\"fileinfo\":{\"md5\":\"00112233445566778899aabbccddeeff\"}");
	record(&a, "x.example", ",\"note\":\"tab\\tand 198.51.100.7 and 2001:db8::77\"");
	record(&a, "c2.bad0.example", ",\"http\":{\"url\":\"http://parsed.example/\"}");
	record(&b, "late.example", "");
	record(&b, "only-fr.example", "");
	test_write("de-late.json", a.p, a.len);
	test_write("fr-late.json", b.p, b.len);
	text_fini(&a);
	text_fini(&b);
	test_engine_read(&t, "de-late.json", 0);
	test_engine_read(&t, "fr-late.json", 1);
	engine_quiesce(t.e);
	engine_resume(t.e);
}

static void indicators_come(void)
{
	judge();
	char *before = slurp("hits");
	tap_ok(times(before, "retrospective") == 0 && times(before, "\"value\":\"c2.bad0.example\"") == 1,
	       "before, only what was looked for is a hit");
	free(before);
	add("{\"type\":\"indicator\",\"id\":\"indicator--l\",\"pattern\":\"[domain-name:value='late.example']\",\"valid_from\":\"2026-12-31T00:00:00Z\"}");
	add("198.51.100.7\n2001:db8:0::77\n");
	add("00112233445566778899AABBCCDDEEFF\nonly-fr.example\nnever.example\nparsed.example\nc2.bad0.example\nexample\n");
	add("{\"type\":\"indicator\",\"id\":\"indicator--o\",\"pattern\":\"[domain-name:value='clean.example']\",\"valid_until\":\"2026-01-01T00:00:00Z\"}");
	add("{\"type\":\"indicator\",\"id\":\"indicator--a\",\"pattern\":\"[domain-name:value='clean.example' AND ipv4-addr:value='192.0.2.53']\"}");
	judge();
	char *after = slurp("hits");
	tap_int(times(after, "\"retrospective\":true"), 7, "seven sightings of five indicators");
	tap_ok(times(after, "\"value\":\"late.example\",\"class\":\"attempt\",\"source\":\"de-soc\",\"position\":\"retro:de-soc@") == 1 &&
		       times(after, "\"value\":\"late.example\",\"class\":\"attempt\",\"source\":\"fr-soc\",\"position\":\"retro:fr-soc@") == 1,
	       "a domain in two states, in one as the parent of what was asked, before its valid_from");
	tap_ok(times(after, "\"value\":\"198.51.100.7\"") == 1 && times(after, "\"value\":\"2001:db8::77\"") == 1,
	       "addresses, out of a record with an escape");
	tap_ok(times(after, "\"value\":\"00112233445566778899aabbccddeeff\"") == 1, "a hash, in whichever case");
	tap_ok(times(after, "\"value\":\"only-fr.example\"") == 1 && times(after, "never.example") == 0, "by source, and no more");
	tap_ok(times(after, "\"value\":\"parsed.example\"") == 1, "what a parsed record shows");
	tap_ok(times(after, "\"value\":\"c2.bad0.example\"") == 1, "what was looked for before is not told again");
	tap_ok(times(after, "\"value\":\"clean.example\"") == 0, "nor what had ended by then, or takes more than the atom");
	free(after);
	add("{\"type\":\"indicator\",\"id\":\"indicator--l\",\"modified\":\"2026-02-01T00:00:00Z\",\"confidence\":90,\"pattern\":\"[domain-name:value='late.example']\"}");
	judge();
	intel_fold(t.e->intel);
	judge();
	after = slurp("hits");
	tap_int(times(after, "\"retrospective\":true"), 7, "a new version of it, or a fold, asks nothing again");
	free(after);
	test_engine_read(&t, "fr-late.json", 1);
	judge();
	after = slurp("hits");
	tap_ok(times(after, "\"retrospective\":true") == 7 && times(after, "\"value\":\"late.example\"") == 3,
	       "what comes now is matched as any other");
	free(after);
	struct text many;
	text_init(&many);
	for (int i = 1; i < 40; i++) {
		char time[TIMESTAMP_TEXT_MAX]; /* about now: what was noted is */
		timestamp_format(clock_wall_us() - (int64_t)i * 60 * TIMESTAMP_SECOND, time);
		text_printf(&many,
			    "{\"timestamp\":\"%s\",\"event_type\":\"dns\",\"src_ip\":"
			    "\"10.1.2.%d\",\"dest_ip\":\"192.0.2.53\",\"proto\":\"UDP\",\"dns\":{\"type\":\"query\","
			    "\"rrname\":\"late.example\"}}\n", time, i);
	}
	test_write("many.json", many.p, many.len);
	text_fini(&many);
	test_engine_read(&t, "many.json", 0);
	judge();
	const char *both = said.p ? strstr(said.p, "\"id\":\"indicator--l\"") : NULL;
	tap_ok(both && strstr(both, "\"code\":\"DE\"") && strstr(both, "\"code\":\"FR\"") &&
		       strstr(both, "\"retrospective\":true"), "a candidate tells it as retrospective evidence, beside what came later");
	struct text j;
	text_init(&j);
	retro_json(&j, t.e->retro);
	printf("# %s\n", j.p);
	tap_ok(strstr(j.p, "\"asked\":8") && strstr(j.p, "\"seen\":7") && strstr(j.p, "\"error\":2e-09"), "counted");
	text_fini(&j);
}

static int start(bool retro)
{
	if (test_engine_init(&t, "2"))
		return 1;
	if (retro) {
		/* as the configuration would have said before the engine was made */
		engine_destroy(t.e);
		config_set(&t.config, "retro.window=24h", &t.problems);
		config_set(&t.config, "retro.memory=1M", &t.problems);
		char why[256];
		if (engine_create(&t.e, &t.config, &t.problems, why))
			return 1;
	}
	return engine_load(t.e, &t.problems) || engine_open_hits(t.e, test_path("hits")) ||
	       engine_start(t.e, true) || intel_start(t.e->intel);
}

static void stop(void)
{
	intel_stop(t.e->intel);
	engine_stop(t.e);
	test_engine_fini(&t);
}

int main(void)
{
	test_dir_init(20);
	text_init(&said);
	if (start(true))
		return 1;
	telemetry();
	indicators_come();
	stop();
	if (start(false))
		return 1;
	telemetry();
	add("late.example\n");
	judge();
	char *hits = slurp("hits");
	tap_int(times(hits, "late.example"), 0, "without retro.window nothing is looked back for");
	free(hits);
	stop();
	text_fini(&said);
	test_dir_fini();
	return tap_done();
}
