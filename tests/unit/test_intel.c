/*
 * Indicators that arrive while serving: added, changed, revoked, silenced, ended, in any
 * order, folded in or not, reloaded or not. What is in force is asked by records.
 */
#include "engine/intel.h"

#include "test_engine.h"

static struct test_engine t;
static uint64_t draws = 5;

static uint32_t draw(uint32_t below)
{
	draws = draws * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(draws >> 33) % below;
}

static void add(const char *feed, const char *json)
{
	struct feed f = {.tlp = TLP_AMBER, .severity = SEVERITY_MEDIUM};
	struct intel_news n = {.kind = INTEL_MESSAGE, .feed = &f};

	snprintf(f.name, sizeof(f.name), "%s", feed);
	snprintf(f.path, sizeof(f.path), "kafka:%s", feed);
	n.message.payload = (struct span){json, (uint32_t)strlen(json)};
	intel_add(t.e->intel, &n);
}

static void add_key(const char *key, const char *payload, int64_t version)
{
	struct feed f = {.name = "native", .path = "kafka:native", .severity = SEVERITY_MEDIUM};
	struct intel_news n = {.kind = INTEL_MESSAGE, .feed = &f};

	n.message = (struct feed_message){{key, (uint32_t)strlen(key)}, {0}, version};
	if (payload)
		n.message.payload = (struct span){payload, (uint32_t)strlen(payload)};
	intel_add(t.e->intel, &n);
}

static void stix(int id, int day, const char *name, const char *more)
{
	char json[1024];

	snprintf(json, sizeof(json),
		 "{\"type\":\"indicator\",\"id\":\"indicator--00000000-0000-4000-8000-%012d\","
		 "\"modified\":\"2026-01-%02dT00:00:00Z\",\"valid_from\":\"2026-01-01T00:00:00Z\","
		 "\"pattern_type\":\"stix\",\"pattern\":\"[domain-name:value = '%s']\"%s}",
		 id, day, name, more);
	add("isac", json);
}

static void misp(int id, int day, const char *name, const char *action)
{
	char json[1024];

	snprintf(json, sizeof(json),
		 "{\"Attribute\":{\"uuid\":\"00000000-0000-4000-9000-%012d\",\"type\":\"domain\","
		 "\"category\":\"Network activity\",\"to_ids\":%s,\"value\":\"%s\",\"timestamp\":\"%lld\"},"
		 "\"action\":\"%s\"}",
		 id, strcmp(action, "quiet") ? "true" : "false", name,
		 (long long)(1767225600 + (day - 1) * 86400), action);
	add("misp", json);
}

/* type 1: false positive; 2: over from epoch seconds on. */
static void sight(int number, const char *target, int org, int type, long long at, const char *action)
{
	char json[1024];

	snprintf(json, sizeof(json),
		 "{\"Sighting\":{\"uuid\":\"00000000-0000-4000-a000-%012d\",\"attribute_id\":\"7\","
		 "\"org_id\":\"%d\",\"date_sighting\":\"%lld\",\"type\":\"%d\",\"source\":\"\",\"Attribute\":"
		 "{\"uuid\":\"%s\",\"value\":\"v\",\"type\":\"domain\",\"to_ids\":true}},\"action\":\"%s\"}",
		 number, org, at, type, target, action);
	add("misp", json);
}

/* Hits on a question for this name at that microsecond of 2026-11-20T10:00:00. */
static uint64_t ask_at(const char *name, int us)
{
	struct ledger before, after;
	char line[512];
	int n = snprintf(line, sizeof(line),
			 "{\"timestamp\":\"2026-11-20T10:00:00.%06d+0000\",\"event_type\":\"dns\","
			 "\"src_ip\":\"10.1.2.3\",\"src_port\":5353,\"dest_ip\":\"192.0.2.53\","
			 "\"dest_port\":53,\"proto\":\"UDP\",\"dns\":{\"type\":\"query\",\"rrname\":\"%s\"}}\n",
			 us, name);

	intel_wait(t.e->intel, 10000);
	engine_ledger(t.e, &before);
	test_write("ask.json", line, (size_t)n);
	test_engine_read(&t, "ask.json", 0);
	engine_quiesce(t.e);
	engine_resume(t.e);
	engine_ledger(t.e, &after);
	return counter_get(&after.hits) - counter_get(&before.hits);
}

static uint64_t ask(const char *name)
{
	return ask_at(name, 0);
}

static void life_of_one(void)
{
	stix(1, 1, "one.example", "");
	tap_int((long long)ask("one.example"), 1, "an indicator that arrives is in force");
	stix(1, 3, "other.example", "");
	tap_ok(ask("one.example") == 0 && ask("other.example") == 1, "changed: the new value counts");
	stix(1, 2, "one.example", "");
	tap_ok(ask("one.example") == 0 && ask("www.other.example") == 1, "an older version changes nothing");
	stix(1, 3, "other.example", ",\"revoked\":true");
	tap_int((long long)ask("other.example"), 0, "revoked");
	stix(1, 4, "other.example", "");
	tap_int((long long)ask("other.example"), 1, "and said again, later");
	misp(1, 1, "misp.example", "add");
	tap_int((long long)ask("misp.example"), 1, "a MISP attribute");
	misp(1, 1, "misp.example", "delete");
	tap_int((long long)ask("misp.example"), 0, "deleted");
	misp(2, 1, "soft.example", "add");
	misp(2, 2, "soft.example", "quiet");
	tap_int((long long)ask("soft.example"), 0, "no longer for detection");
	misp(2, 3, "soft.example", "edit");
	tap_int((long long)ask("soft.example"), 1, "and again");
	add("misp", "{\"Event\":{\"uuid\":\"e\",\"info\":\"published\",\"Attribute\":[{\"uuid\":\"p1\",\"type\":"
		    "\"ip-dst\",\"category\":\"Network activity\",\"to_ids\":true,\"value\":\"192.0.2.53\","
		    "\"timestamp\":\"1767225600\"}]},\"action\":\"publish\"}");
	tap_int((long long)ask("good.example"), 1, "a published event's attributes");
	add("misp", "{\"Attribute\":{\"uuid\":\"p1\",\"type\":\"ip-dst\",\"category\":\"n\",\"to_ids\":true,\"value\":"
		    "\"192.0.2.53\",\"timestamp\":\"1767225601\"},\"action\":\"soft-delete\"}");
	tap_int((long long)ask("good.example"), 0, "one of them deleted by its own topic");
}

static void ends(void)
{
	stix(2, 1, "ends.example", ",\"valid_until\":\"2026-11-20T10:00:00.000500Z\"");
	tap_int((long long)ask_at("ends.example", 499), 1, "in force up to the microsecond before valid_until");
	tap_int((long long)ask_at("ends.example", 500), 0, "and not at it");
	stix(2, 2, "ends.example", ",\"valid_until\":\"2026-11-20T10:00:00.000700Z\"");
	tap_int((long long)ask_at("ends.example", 500), 1, "extended");
}

static void the_files(void)
{
	struct feed f = {.name = "bad"};
	struct intel_news n = {.kind = INTEL_WITHDRAW, .feed = &f};
	static const char id[] = "domain:c2.bad0.example";

	tap_int((long long)ask("c2.bad0.example"), 1, "what a file lists is in force");
	n.message.key = (struct span){id, sizeof(id) - 1};
	n.message.version = 1;
	intel_add(t.e->intel, &n);
	tap_int((long long)ask("c2.bad0.example"), 0, "withdrawn");
	tap_int(engine_reload(t.e, &t.config, &t.problems), 0, "a reload");
	tap_ok(ask("c2.bad0.example") == 0 && ask("other.example") == 1 && ask("soft.example") == 1,
	       "does not bring it back, nor forget what arrived");
	add("bad", "c2.bad0.example\n");
	tap_int((long long)ask("c2.bad0.example"), 0, "an undated value is older than the withdrawal");
}

static void keys(void)
{
	int64_t ms = 1770000000000 * 1000ll;

	add_key("k1", "key.example", ms);
	tap_int((long long)ask("key.example"), 1, "a value under a key");
	add_key("k1", NULL, ms);
	tap_int((long long)ask("key.example"), 0, "a tombstone of the same millisecond");
	add_key("k1", "key.example", ms);
	tap_int((long long)ask("key.example"), 1, "put again in it");
	add_key("k1", "moved.example", ms + 5000);
	tap_ok(ask("key.example") == 0 && ask("moved.example") == 1, "another value under the key");
	intel_fold(t.e->intel);
	add_key("k1", NULL, ms + 5000);
	tap_int((long long)ask("moved.example"), 0, "a tombstone of what was folded in");
	add_key("indicator--k", "{\"type\":\"indicator\",\"id\":\"indicator--k\",\"pattern\":"
				"\"[domain-name:value='skey.example']\"}", ms);
	tap_int((long long)ask("skey.example"), 1, "a STIX object under its id");
	add_key("indicator--k", NULL, ms + 1000);
	tap_int((long long)ask("skey.example"), 0, "and its tombstone");
	struct intel_counts before, after;
	intel_counts(t.e->intel, &before);
	add_key("k2", "{\"type\":\"indicator\",\"id\":\"indicator--x\",\"pattern\":"
		      "\"[domain-name:value='wrong.example']\"}", ms);
	add_key("k3", "two.example\nthree.example", ms);
	tap_ok(ask("wrong.example") == 0 && ask("two.example") == 1 && ask("three.example") == 0,
	       "a foreign id and a second value are not taken");
	intel_counts(t.e->intel, &after);
	tap_int((long long)(after.refused - before.refused), 2, "but counted");
}

static void silenced(void)
{
	static const char target[] = "00000000-0000-4000-9000-000000000050";
	static const char over[] = "00000000-0000-4000-9000-000000000051";
	const long long ten = 1795168800; /* 2026-11-20T10:00:00Z */

	misp(50, 1, "wrong.example", "add");
	misp(51, 1, "over.example", "add");
	sight(1, target, 7, 1, ten, "add");
	sight(2, target, 7, 1, ten + 1, "add");
	tap_int((long long)ask("wrong.example"), 1, "one organisation silences nothing, however often");
	sight(3, target, 8, 0, ten, "add");
	tap_int((long long)ask("wrong.example"), 1, "nor does who has seen it");
	sight(4, target, 9, 1, ten, "add");
	tap_int((long long)ask("wrong.example"), 0, "two organisations do");
	intel_fold(t.e->intel);
	tap_int((long long)ask("wrong.example"), 0, "once it is folded in as well");
	sight(4, target, 9, 1, ten, "delete");
	tap_int((long long)ask("wrong.example"), 1, "unless one takes it back");
	sight(5, target, 10, 1, ten, "delete");
	sight(5, target, 10, 1, ten, "add");
	tap_int((long long)ask("wrong.example"), 1, "taken back before it was said");
	sight(6, over, 7, 2, ten, "add");
	sight(7, over, 8, 2, ten - 100, "add");
	tap_ok(ask_at("over.example", 0) == 0, "two expirations end it at the later one");
	tap_int((long long)ask_at("over.example", 999999), 0, "for good");
	sight(8, over, 8, 2, ten - 100, "delete");
	sight(7, over, 8, 2, ten - 100, "delete");
	tap_int((long long)ask_at("over.example", 0), 1, "taken back");
	struct feed_sighting said = {.target = "other.example", .by = "operator", .type = 1, .id = "ctl"};
	struct feed f = {.name = "control"};
	struct intel_news n = {.kind = INTEL_SAID, .feed = &f, .said = &said};
	intel_add(t.e->intel, &n);
	tap_int((long long)ask("other.example"), 0, "the operator's word is enough, by value");
	said.deleted = true;
	intel_add(t.e->intel, &n);
	tap_int((long long)ask("other.example"), 1, "and can be taken back");
}

/* The same messages in any order, read in pieces of any size, with folds and reloads. */
#define IDS	 6
#define VERSIONS 4
static struct version {
	int id, day, name;
	bool dead;
} versions[IDS * VERSIONS];

static void say_version(const struct version *v)
{
	char name[32];

	snprintf(name, sizeof(name), "order%d.example", v->name);
	if (v->id % 2)
		stix(100 + v->id, v->day, name, v->dead ? ",\"revoked\":true" : "");
	else
		misp(100 + v->id, v->day, name, v->dead ? "soft-delete" : "edit");
}

/* Bits by name: what the newest version of each id says, written down. */
static uint32_t expected(void)
{
	uint32_t bits = 0;

	for (int id = 0; id < IDS; id++) {
		const struct version *best = NULL;
		for (int i = 0; i < IDS * VERSIONS; i++)
			if (versions[i].id == id && (!best || versions[i].day > best->day ||
						     (versions[i].day == best->day && versions[i].dead)))
				best = &versions[i];
		if (!best->dead)
			bits |= 1u << best->name;
	}
	return bits;
}

static uint32_t in_force(void)
{
	uint32_t bits = 0;

	for (int n = 0; n < 8; n++) {
		char name[32];
		snprintf(name, sizeof(name), "order%d.example", n);
		bits |= (ask(name) > 0) << n;
	}
	return bits;
}

static void over_and_out(void)
{
	intel_stop(t.e->intel);
	engine_stop(t.e);
	test_engine_fini(&t);
}

static void any_order(void)
{
	int wrong = 0, rounds = 40, folds = 0;

	for (int r = 0; r < rounds; r++) {
		over_and_out();
		if (test_engine_init(&t, "2") || engine_load(t.e, &t.problems) ||
		    engine_start(t.e, false) || (r % 2 && intel_start(t.e->intel)))
			abort();
		if (r % 4 == 0) /* a new draw, then three more orders of it */
			for (int i = 0; i < IDS * VERSIONS; i++)
				versions[i] = (struct version){i / VERSIONS, 1 + i % VERSIONS / 2 * 2 + i % VERSIONS % 2,
							       (int)draw(8), draw(3) == 0};
		for (int i = IDS * VERSIONS - 1; i > 0; i--) {
			int k = (int)draw((uint32_t)i + 1);
			struct version v = versions[i];
			versions[i] = versions[k];
			versions[k] = v;
		}
		for (int i = 0; i < IDS * VERSIONS; i++) {
			say_version(&versions[i]);
			if (draw(5) == 0)
				say_version(&versions[draw((uint32_t)i + 1)]);
			if (draw(8) == 0)
				folds += intel_fold(t.e->intel) == 0;
			if (draw(20) == 0)
				engine_reload(t.e, &t.config, &t.problems);
		}
		uint32_t got = in_force(), want = expected();
		if (got != want && wrong++ < 3)
			printf("# round %d: got %x, want %x\n", r, got, want);
	}
	tap_int(wrong, 0, "40 times 24 versions of 6 indicators in any order");
	tap_ok(folds > 40, "with %d folds", folds);
}

/* A second name for an atom that is known goes on with its threat, folded in or not. */
static void threats_go_on(void)
{
	ask("c2.bad0.example"); /* a threat that has been hit keeps its number */
	struct generation *g = generation_get(&t.e->rules);
	uint32_t before = 0;

	for (uint32_t i = 0; i < g->base->set.count; i++) {
		struct indicator in = indicator_at(&g->base->set, i);
		if (in.id_len == 22) /* domain:c2.bad0.example */
			before = ruleset_threat(g->base, in.threat);
	}
	generation_put(&t.e->rules, g);
	stix(0, 1, "c2.bad0.example", "");
	intel_wait(t.e->intel, 10000);
	g = generation_get(&t.e->rules);
	tap_ok(g->more && g->more->set.count >= 1, "what arrived lies over the rules");
	uint32_t over = 0, folded = 0;
	for (uint32_t i = 0; g->more && i < g->more->set.count; i++)
		over = ruleset_threat(g->more, indicator_at(&g->more->set, i).threat) == before ? before : over;
	generation_put(&t.e->rules, g);
	intel_fold(t.e->intel);
	g = generation_get(&t.e->rules);
	tap_ok(!g->more && !g->over, "folded in, nothing lies over them");
	for (uint32_t i = 0; i < g->base->set.count; i++) {
		struct indicator in = indicator_at(&g->base->set, i);
		const char *id = g->base->set.text + in.id;
		if (in.id_len == 47 && memcmp(id + 35, "000000000000", 12) == 0)
			folded = ruleset_threat(g->base, in.threat);
	}
	generation_put(&t.e->rules, g);
	tap_ok(before && over == before && folded == before,
	       "the same atom is the same threat: %u, %u, %u", before, over, folded);
}

static void effect(void)
{
	struct text j;

	text_init(&j);
	pthread_mutex_lock(&t.e->rules.lock);
	struct effect f = t.e->rules.effect;
	pthread_mutex_unlock(&t.e->rules.lock);
	effect_json(&j, &f);
	printf("# %s\n", j.p);
	tap_ok(f.count > 0 && f.max_us < 1000000, "in force on all workers within a second");
	text_fini(&j);
}

static void kept_waiting(void)
{
	struct effect before, after;
	struct generation *g = generation_get(&t.e->rules); /* as a worker in a batch holds it */

	pthread_mutex_lock(&t.e->rules.lock);
	before = t.e->rules.effect;
	pthread_mutex_unlock(&t.e->rules.lock);
	stix(70, 1, "first.example", "");
	intel_wait(t.e->intel, 10000);
	usleep(30000);
	stix(71, 1, "second.example", "");
	intel_wait(t.e->intel, 10000);
	pthread_mutex_lock(&t.e->rules.lock);
	after = t.e->rules.effect;
	pthread_mutex_unlock(&t.e->rules.lock);
	tap_int((long long)(after.count - before.count), 0, "while a worker matches with what was, nothing is in effect");
	generation_put(&t.e->rules, g);
	pthread_mutex_lock(&t.e->rules.lock);
	after = t.e->rules.effect;
	pthread_mutex_unlock(&t.e->rules.lock);
	tap_ok(after.count == before.count + 1 && after.last_us >= 30000,
	       "then all of it is, as late as the first had to wait: %llu us", (unsigned long long)after.last_us);
}

int main(void)
{
	test_dir_init(20);
	if (test_engine_init(&t, "2") || engine_load(t.e, &t.problems) || engine_start(t.e, false) ||
	    intel_start(t.e->intel))
		return 1;
	life_of_one();
	ends();
	the_files();
	keys();
	silenced();
	any_order();
	threats_go_on();
	over_and_out();
	if (test_engine_init(&t, "2") || engine_load(t.e, &t.problems) || engine_start(t.e, false) ||
	    intel_start(t.e->intel))
		return 1;
	life_of_one();
	kept_waiting();
	effect();
	over_and_out();
	test_dir_fini();
	return tap_done();
}
