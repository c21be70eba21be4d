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
	refuses(HEAD CRITERION, 8, "asks for nothing");
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

/* Of what entities report: line 8 is the criterion, 13 the first line added. */
#define REPORTED                                                                                   \
	HEAD "  - id: a\n    legal_basis: l\n    basis: asserted\n    describe: d\n"              \
	     "    counting: {one_entity: true}\n"
#define SECOND "  - {id: b, legal_basis: l, basis: asserted, describe: d, "
#define ONE    "counting: {one_entity: true}, "

static void test_refused_reported(void)
{
	refuses(REPORTED "    more_than: {entities: 3}\n", 13,
		"known: users, duration, unavailable, limited");
	refuses(REPORTED "    more_than: {users: -3}\n", 13, "wants a whole number 0..4294967294");
	refuses(REPORTED "    more_than: {users_share: 5}\n", 13, "wants a percentage");
	refuses(REPORTED "    more_than: {users_share: 100%}\n", 13, "wants a percentage from 0%");
	refuses(REPORTED "    at_least: {users_share: 5%}\n", 13, "in more_than");
	refuses(REPORTED "    more_than: {unavailable: 1500ms}\n", 13, "wants a duration of 0s..");
	refuses(REPORTED "    more_than: {unavailable_in_week: 8d}\n", 13, "wants a duration of 0s..604799s");
	refuses(REPORTED "    more_than: {response_time: 2d}\n", 13, "0ms..86399999ms");
	refuses(REPORTED "    at_least: {users: 3}\n    more_than: {users: 2}\n", 14,
		"is in at_least and in more_than");
	refuses(REPORTED "    at_least: {users: 3, origins: 2}\n", 8, "counted over all");
	refuses(REPORTED "    reported: [martians]\n", 13, "no claim or cause \"martians\"");
	refuses(REPORTED "    reported: capacity_exceeded\n", 13, "its own rule");
	refuses(REPORTED "    reported: [[death]]\n", 13, "wants words");
	refuses(REPORTED "    reported: []\n", 13, "wants a word, or a list of words");
	refuses(REPORTED "    reported: death\n    valid_from: 2025-02-02\n    valid_to: 2025-02-01\n",
		8, "valid_from is after valid_to");
	refuses(REPORTED "    reported: death\n    valid_from: 2025-02-02T01:00:00Z\n", 14,
		"wants a date");
	refuses(REPORTED "    reported: death\n    applies_to: everybody\n", 14,
		"wants member_states or union_entities");
	refuses(REPORTED "    reported: death\n    part: true\n", 8, "no criterion is built on it");
	refuses(REPORTED "    reported: death\n" SECOND "reported: death}\n", 14,
		"counting.one_entity must be true");
	refuses(REPORTED "    reported: death\n" SECOND
			 "counting: {entity_type: cloud}, at_least: {users: 1}}\n",
		14, "no type \"cloud\"; known: dns-service-provider");
	refuses(REPORTED "    reported: death\n" SECOND
			 "counting: {entity_type: online-marketplace}, at_least: {users: 1}}\n",
		14, "entity_type needs counting.one_entity");
	refuses(HEAD CRITERION "    counting: {annex: 2}\n    at_least: {sectors: 8}\n", 8,
		"can never hold: Annex 2 has 7");
}

static void test_refused_trees(void)
{
	refuses(REPORTED "    when: b\n", 13, "no criterion \"b\" before this one");
	refuses(REPORTED "    when: a\n", 13, "no criterion \"a\" before this one");
	refuses(REPORTED "    when: {all: []}\n", 13, "wants a list of terms");
	refuses(REPORTED "    when: {of: [{reported: death}]}\n", 13, "or {at_least: N, of: [..]}");
	refuses(REPORTED "    when: {any: [{reported: death}], all: [{reported: death}]}\n", 13,
		"wants {all: [..]}");
	refuses(REPORTED "    when: {at_least: 3, of: [{reported: death}, {reported: data_losses}]}\n",
		13, "at_least 3 of 2 can never hold: wants 1..2");
	refuses(REPORTED "    when: {at_least: 0, of: [{reported: death}]}\n", 13,
		"wants a whole number 1..");
	refuses(REPORTED "    when: {any: [{martians: 3}]}\n", 13,
		"unknown key \"martians\"; known: at_least, more_than, reported");
	refuses(REPORTED "    when: {any: [{at_least: {reporters: 2}}]}\n", 13,
		"belongs to the criterion's own");
	refuses(REPORTED "    when: &x {any: [*x]}\n", 13, "wants at most 8 levels");
	refuses(REPORTED "    reported: death\n" SECOND ONE "applies_to: union_entities, when: a}\n",
		14, "applies to others");
	refuses(HEAD CRITERION "    at_least: {entities: 3}\n" SECOND ONE "when: c}\n", 13,
		"is not of one entity");
	refuses(REPORTED "    reported: death\n    valid_to: 2024-12-31\n" SECOND ONE
			 "valid_from: 2025-01-01, when: {all: [a]}}\n",
		15, "never valid at the same time");
}

#define OVERRIDES HEAD CRITERION "    at_least: {entities: 3}\n"

static void test_refused_overrides(void)
{
	refuses(OVERRIDES "    overrides: 3\n", 13, "wants a list");
	refuses(OVERRIDES "    overrides: [{legal_basis: l, at_least: {entities: 2}}]\n", 13,
		"wants a member_state, a sector, or both");
	refuses(OVERRIDES "    overrides: [{member_state: DE, at_least: {entities: 2}}]\n", 13,
		"legal_basis is missing");
	refuses(OVERRIDES "    overrides: [{member_state: DE, legal_basis: l}]\n", 13,
		"wants at_least or more_than");
	refuses(OVERRIDES
		"    overrides:\n      - {member_state: DX, legal_basis: l, at_least: {entities: 2}}\n",
		14, "\"DX\" is no Member State");
	refuses(OVERRIDES
		"    overrides:\n      - {member_state: EU, legal_basis: l, at_least: {entities: 2}}\n",
		14, "\"EU\" is no Member State");
	refuses(OVERRIDES
		"    overrides:\n      - {sector: moon, legal_basis: l, at_least: {entities: 2}}\n",
		14, "\"moon\" is no NIS2 sector");
	refuses(OVERRIDES
		"    overrides:\n      - {sector: energy, legal_basis: l, at_least: {entities: 2}}\n",
		14, "need counting.one_sector");
	refuses(OVERRIDES
		"    counting: {annex: 2, one_sector: true}\n"
		"    overrides:\n      - {sector: energy, legal_basis: l, at_least: {entities: 2}}\n",
		15, "can never hold");
	refuses(OVERRIDES
		"    counting: {one_sector: true}\n"
		"    overrides:\n      - {sector: energy, legal_basis: l, at_least: {sectors: 2}}\n",
		15, "contradict");
	refuses(OVERRIDES
		"    overrides:\n      - {member_state: DE, legal_basis: l, at_least: {entities: 2}}\n"
		"      - {member_state: [FR, DE], legal_basis: l, at_least: {entities: 4}}\n",
		15, "names the same state and sector");
	refuses(OVERRIDES
		"    overrides:\n      - {member_state: DE, legal_basis: l, more_than: {users: 4}}\n",
		8, "basis must be asserted");
	refuses(OVERRIDES
		"    applies_to: union_entities\n"
		"    overrides:\n      - {member_state: DE, legal_basis: l, at_least: {entities: 2}}\n",
		15, "can never hold");
}

/* The override that names most stands; what it does not name stays. */
static void test_overrides(void)
{
	static const char text[] = OVERRIDES
		"    counting: {one_sector: true, severity: high}\n"
		"    overrides:\n"
		"      - {sector: energy, legal_basis: s, at_least: {entities: 5}}\n"
		"      - {member_state: [DE, EL], legal_basis: m, at_least: {entities: 6, origins: 2}}\n"
		"      - {member_state: DE, sector: [energy, health], legal_basis: b, at_least: {entities: 7}}\n";
	struct problems ps;

	problems_init(&ps);
	struct profile *p = profile_parse(text, sizeof(text) - 1, "p.yaml", &ps);
	const int de = vocab_state_parse("DE", 2), gr = vocab_state_parse("GR", 2),
		  fr = vocab_state_parse("FR", 2), energy = vocab_sector_parse("energy", 6),
		  health = vocab_sector_parse("health", 6), space = vocab_sector_parse("space", 5);
	if (!tap_ok(p && p->override_count == 3, "a state, a sector, both"))
		return;
#define ASKS(state, sector) profile_demand(p, 0, state, sector).entities
	tap_int((long long)ASKS(fr, space), 3, "neither: the criterion's own");
	tap_int((long long)ASKS(fr, energy), 5, "a sector's");
	tap_int((long long)ASKS(gr, energy), 6, "a state's goes before a sector's; EL is GR");
	tap_int((long long)profile_demand(p, 0, gr, energy).origins, 2, "with all it names");
	tap_int((long long)ASKS(de, health), 7, "both goes before either");
	tap_int((long long)profile_demand(p, 0, de, health).origins, 0, "and alone");
	tap_int((long long)ASKS(de, -1), 6, "of no one sector, a sector's numbers are not meant");
	tap_ok(strcmp(profile_override_of(p, 0, de, space)->legal_basis, "m") == 0,
	       "and it tells its own legal basis");
	profile_free(p);
	problems_fini(&ps);
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
	test_refused_reported();
	test_refused_trees();
	test_refused_overrides();
	test_overrides();
	test_files();
	return tap_done();
}
