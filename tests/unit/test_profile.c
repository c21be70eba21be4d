/* Profiles: the shipped ones load; what is wrong is refused with its line. */
#include "tap.h"

#include <unistd.h>

#include "base/timestamp.h"
#include "correlate/profile.h"

static const char *const dirs[] = {"nowhere", "rules", NULL};

static struct profile *shipped(const char *id)
{
	struct problems ps;

	problems_init(&ps);
	struct profile *p = profile_load(id, dirs, &ps);
	for (size_t i = 0; i < ps.count; i++)
		printf("# %s:%u: %s\n", ps.items[i].file, ps.items[i].line, ps.items[i].reason);
	tap_ok(p && ps.count == 0, "%s loads without a remark", id);
	problems_fini(&ps);
	return p;
}

static void test_observed(void)
{
	struct profile *p = shipped("observed");

	if (!p)
		return;
	tap_ok(strcmp(p->id, "observed") == 0 && p->window_us == TIMESTAMP_DAY &&
		       p->min_states == 2 && p->criteria_count == 2,
	       "24 h, two states, two criteria");
	const struct criterion *c = p->criteria;
	tap_ok(c[0].severity_min == SEVERITY_MEDIUM && c[0].annex == 1 && c[0].one_sector &&
		       c[0].effect_only && c[0].entities == 3 && !c[0].asserted,
	       "3 entities of one Annex I sector");
	tap_ok(c[1].severity_min == SEVERITY_MEDIUM && c[1].annex == 0 && !c[1].one_sector &&
		       c[1].effect_only && c[1].entities == 10 && !c[1].asserted,
	       "10 entities of any sectors");
	profile_free(p);
}

static void test_reported(void)
{
	struct profile *p = shipped("rules/significance/reported.yaml");
	bool used[6] = {0};

	if (!p)
		return;
	for (uint32_t i = 0; i < p->criteria_count; i++) {
		const struct criterion *c = &p->criteria[i];
		const bool has[] = {c->entities, c->sectors,    c->origins,
				    c->users,    c->duration_s, c->severity_min};
		for (int k = 0; k < 6; k++)
			used[k] |= has[k];
		if (!c->legal_basis[0] || !c->valid_from_us || !c->describe[0])
			tap_ok(false, "%s lacks its basis", c->id);
	}
	tap_ok(used[0] && used[1] && used[2] && used[3] && used[4] && used[5],
	       "reported uses every measure");
	tap_ok(p->criteria[0].users == 1000001 && p->criteria[0].duration_s == 3601 &&
		       p->criteria[0].asserted,
	       "more than 1 million users for more than one hour");
	profile_free(p);
}

/* --- what is refused ---------------------------------------------------------------- */

#define HEAD                                                                                       \
	"id: x\nversion: \"1\"\ntitle: t\nlegal_basis: l\nwindow: 24h\nmin_states: 2\ncriteria:\n"
#define CRITERION "  - id: c\n    legal_basis: l\n    basis: inferred\n    describe: d\n"
#define GOOD      HEAD CRITERION "    at_least:\n      entities: 3\n"

/* Refused, with this in the reason, on this line (0: whichever). */
static void refuses(const char *text, uint32_t line, const char *reason)
{
	struct problems ps;
	bool told = false;

	problems_init(&ps);
	struct profile *p = profile_parse(text, strlen(text), "p.yaml", &ps);
	for (size_t i = 0; i < ps.count; i++)
		told |= strstr(ps.items[i].reason, reason) && ps.items[i].fatal &&
			strcmp(ps.items[i].file, "p.yaml") == 0 &&
			(!line || ps.items[i].line == line);
	if (!tap_ok(!p && told, "refused, line %u: %s", line, reason))
		for (size_t i = 0; i < ps.count; i++)
			printf("# line %u: %s\n", ps.items[i].line, ps.items[i].reason);
	profile_free(p);
	problems_fini(&ps);
}

static void test_refused(void)
{
	struct problems ps;

	problems_init(&ps);
	struct profile *p = profile_parse(GOOD, strlen(GOOD), "p.yaml", &ps);
	tap_ok(p && ps.count == 0 && p->criteria[0].effect_only, "the pattern they vary is good");
	profile_free(p);
	problems_fini(&ps);

	refuses(GOOD "      hosts: 3\n", 14,
		"unknown key \"hosts\"; known: entities, sectors, "
		"origins, users, duration");
	refuses(GOOD "colour: red\n", 14, "unknown key \"colour\"; known: id, version, title");
	refuses(GOOD "    counting:\n      annexe: 1\n", 15, "known: severity, annex, one_sector");
	refuses(GOOD "    counting:\n      annex: 3\n", 15, "wants 0 (any sector), 1 or 2");
	refuses(GOOD "    counting:\n      severity: grave\n", 15, "wants low, medium or high");
	refuses(GOOD "    counting:\n      one_sector: maybe\n", 15, "wants true or false");
	refuses(GOOD "      users: 3\n", 8, "basis must be asserted");
	refuses(GOOD "      entities: 4\n", 14, "entities is given twice");
	refuses(GOOD "      sectors: 99\n", 14, "wants a whole number 1..18");
	refuses(GOOD "      origins: -1\n", 14, "wants a whole number 1..1000000000");
	refuses(GOOD "      origins: 99999999999999999999999\n", 14, "wants a whole number");
	refuses(GOOD "      origins: 0x10\n", 14, "wants a whole number");
	refuses(GOOD "      duration: 3\n", 14, "wants a duration");
	refuses(GOOD "      duration: 400d\n", 14, "wants a duration");
	refuses(GOOD "      duration: 1500ms\n", 14, "wants a duration");
	refuses(GOOD "    counting:\n      one_sector: true\n    basis: asserted\n", 16, "twice");
	refuses(GOOD CRITERION "    at_least: {entities: 1}\n", 14, "id c is taken");
	refuses(HEAD CRITERION "    at_least: {}\n", 12, "wants entities, sectors, origins");
	refuses(HEAD CRITERION "    at_least: 3\n", 12, "wants a mapping");
	refuses(HEAD CRITERION, 8, "at_least is missing");
	refuses(HEAD CRITERION "    counting: {one_sector: true}\n    at_least: {sectors: 2}\n", 8,
		"contradict");
	refuses(HEAD "  - id: c/d\n", 8, "wants letters, digits");
	refuses(HEAD "  - basis: guessed\n", 8, "wants inferred or asserted");
	refuses(HEAD "  - valid_from: yesterday\n", 8, "wants a date");
	refuses(HEAD "  []\n", 8, "wants a list of 1..32");
	refuses("id: x\nwindow: 30m\n", 2, "wants a duration of 3600s..2678400s");
	refuses("id: x\nwindow: 32d\n", 2, "wants a duration");
	refuses("id: x\nmin_states: 1\n", 2, "wants a whole number 2..27");
	refuses("id: x\nmin_states: 28\n", 2, "wants a whole number 2..27");
	refuses("id: x\nversion: [1]\n", 2, "wants one value");
	refuses("id: \"\"\n", 1, "wants text of 1..63 bytes");
	refuses("id: x\n", 1, "criteria is missing");
	refuses("- 1\n", 1, "wants a mapping");
	refuses("", 0, "empty");
	refuses("id: x\n  bad: indent\n", 2, "not YAML");
	refuses("id: \"\\x01\\0\"\n", 1, "id: wants text");
	refuses(GOOD "---\nid: y\n", 0, "one document a file");
	refuses("id: &a x\ntitle: *b\n", 2, "not YAML");
}

static void test_files(void)
{
	struct problems ps;

	problems_init(&ps);
	tap_ok(!profile_load("no-such", dirs, &ps) && ps.count == 1 &&
		       strstr(ps.items[0].reason, "nowhere rules"),
	       "an unknown id tells where it was looked for");
	tap_ok(!profile_load("./no-such.yaml", dirs, &ps) && ps.count == 2 &&
		       strstr(ps.items[1].reason, "cannot be opened"),
	       "a path that is not there");
	tap_ok(!profile_load("./rules", dirs, &ps) && ps.count == 3 &&
		       strstr(ps.items[2].reason, "cannot be read"),
	       "a folder");
	problems_fini(&ps);
	tap_ok(!profile_load("no-such", NULL, NULL), "nobody to tell");
}

int main(void)
{
	test_observed();
	test_reported();
	test_refused();
	test_files();
	return tap_done();
}
