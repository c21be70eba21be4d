/* STIX bundles: validity, confidence, markings, campaigns, versions, refusals, wrong types. */
#include "match/feed_load.h"
#include "tap.h"
#include "test_feed_dump.h"

#define EXAMPLES "../shared/data/suites/cti-stix2-json-schemas/examples"
#define ID(n)    "indicator--0000000" #n "-0000-4000-8000-000000000000"

static void check(const char *in, const char *want, const char *name)
{
	char *got = dump_bytes(in, strlen(in));

	tap_str(got, want, name);
	free(got);
}

static void indicators(void)
{
	check("{\"type\":\"bundle\",\"id\":\"bundle--1\",\"objects\":[{\"type\":\"indicator\","
	      "\"id\":\"" ID(1) "\","
				"\"spec_version\":\"2.1\",\"pattern\":\"[domain-name:value = "
				"'evil.example']\",\"pattern_type\":\"stix\","
				"\"valid_from\":\"2024-01-01T00:00:00Z\",\"valid_until\":\"2025-01-"
				"01T00:00:00.5Z\",\"confidence\":85,"
				"\"name\":\"C2\"}]}",
	      ID(1) " 0:domain=evil.example indicator:" ID(
		      1) "(C2) high amber clear c85 from=2024-01-01 "
			 "until=2025-01-01\n",
	      "a bundle of 2.1");
	check("{\"type\":\"indicator\",\"id\":\"" ID(
		      1) "\",\"pattern\":\"[ipv4-addr:value = '192.0.2.1']\"}",
	      ID(1) " 0:ip=192.0.2.1 indicator:" ID(1) "(192.0.2.1) medium amber clear\n",
	      "one object of 2.0, without pattern_type");
	check("[{\"type\":\"indicator\",\"id\":\"" ID(
		      1) "\",\"pattern\":\"evil[0-9]+\",\"pattern_type\":\"pcre\","
			 "\"confidence\":50}]",
	      ID(1) " 0:pattern/none/regex/0=evil[0-9]+ indicator:" ID(
		      1) " medium amber clear c50\n",
	      "an array, pcre");
	check("{\"more\":false,\"objects\":[{\"type\":\"indicator\",\"id\":\"" ID(
		      1) "\",\"pattern\":\"[ipv4-addr:value = '192.0.2.1']\",\"confidence\":10}]}",
	      ID(1) " 0:ip=192.0.2.1 indicator:" ID(1) "(192.0.2.1) medium amber clear c10\n",
	      "a TAXII envelope; low confidence leaves the feed's severity");
}

static void marks(void)
{
	static const struct {
		const char *uuid, *want;
	} rows[] = {
		{"94868c89-83c2-464b-929b-a1a8aa3c8487", "clear clear"},
		{"bab4a63c-aed9-4cf5-a766-dfca5abac2bb", "green clear"},
		{"55d920b0-5e8b-4f79-9ee9-91f868d9b421", "amber clear"},
		{"939a9414-2ddd-4d32-a0cd-375ea402b003", "amber+strict clear"},
		{"e828b379-4e03-4974-9ac4-e53a884c97c1", "red clear"},
		{"613f2e26-407d-48c7-9eca-b8e91df99dc9", "clear clear"},
		{"34098fce-860f-48ae-8e50-ebd3cc5e41da", "green clear"},
		{"f88d31f6-486f-44da-b317-01333bde0b82", "amber clear"},
		{"5e57c739-391a-4eb3-b6be-7d15ca92d5ed", "red clear"},
		{"c43594d1-4b11-4c59-93ab-1c9b14d53ce9", "amber green"},
		{"60f8932b-e51e-4458-b265-a2e8be9a80ab", "amber amber"},
		{"740d36e5-7714-4c30-961a-3ae632ceee0e", "amber red"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char in[512], want[512];
		snprintf(in, sizeof(in),
			 "{\"type\":\"indicator\",\"id\":\"" ID(
				 1) "\",\"pattern\":\"[ipv4-addr:value = "
				    "'192.0.2.1']\",\"object_marking_refs\":[\"marking-definition--"
				    "%s\"]}",
			 rows[i].uuid);
		snprintf(want, sizeof(want),
			 ID(1) " 0:ip=192.0.2.1 indicator:" ID(1) "(192.0.2.1) medium %s\n",
			 rows[i].want);
		check(in, want, rows[i].uuid);
	}
	check("[{\"type\":\"indicator\",\"id\":\"" ID(
		      1) "\",\"pattern\":\"[ipv4-addr:value = '192.0.2.1']\","
			 "\"object_marking_refs\":[\"marking-definition--own\",\"marking-"
			 "definition--pap\","
			 "\"marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da\"]},"
			 "{\"type\":\"marking-definition\",\"id\":\"marking-definition--own\","
			 "\"extensions\":"
			 "{\"extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d\":{"
			 "\"extension_type\":"
			 "\"property-extension\",\"tlp_2_0\":\"amber+strict\"}}},"
			 "{\"type\":\"marking-definition\",\"id\":\"marking-definition--pap\","
			 "\"extensions\":"
			 "{\"extension-definition--f8d78575-edfd-406e-8e84-6162a8450f5b\":{\"pap\":"
			 "\"red\"}}}]",
	      ID(1) " 0:ip=192.0.2.1 indicator:" ID(1) "(192.0.2.1) medium amber+strict red\n",
	      "markings defined behind the indicator; the strictest counts");
	check("[{\"type\":\"indicator\",\"id\":\"" ID(
		      1) "\",\"pattern\":\"[ipv4-addr:value = '192.0.2.1']\","
			 "\"object_marking_refs\":[\"marking-definition--old\"]},"
			 "{\"type\":\"marking-definition\",\"id\":\"marking-definition--old\","
			 "\"definition_type\":\"tlp\","
			 "\"definition\":{\"tlp\":\"green\"}}]",
	      ID(1) " 0:ip=192.0.2.1 indicator:" ID(1) "(192.0.2.1) medium green clear\n",
	      "a TLP 1.0 definition of its own");
}

#define REL(n, from, to)                                                                           \
	"{\"type\":\"relationship\",\"id\":\"relationship--" #n                                    \
	"\",\"relationship_type\":\"indicates\","                                                  \
	"\"source_ref\":\"" from "\",\"target_ref\":\"" to "\"}"
#define NAMED(type, id, name) "{\"type\":\"" type "\",\"id\":\"" id "\",\"name\":\"" name "\"}"
#define PLAIN(n)                                                                                   \
	"{\"type\":\"indicator\",\"id\":\"" ID(                                                    \
		n) "\",\"pattern\":\"[ipv4-addr:value = '192.0.2.1']\"}"

static void campaigns(void)
{
	check("[" REL(1, ID(1), "malware--1") "," REL(2, ID(1), "campaign--2") "," REL(
		      3, ID(1), "campaign--1") "," NAMED("campaign", "campaign--1",
							 "Op One") "," NAMED("malware",
									     "malware--1",
									     "M") "," PLAIN(1) "]",
	      ID(1) " 0:ip=192.0.2.1 campaign:campaign--1(Op One) medium amber clear\n",
	      "campaign before malware, the smallest id of two");
	check("[" PLAIN(1) "," REL(1, ID(1), "tool--1") "," REL(
		      2, ID(1), "intrusion-set--1") "," REL(3, ID(1), "threat-actor--1") "]",
	      ID(1) " 0:ip=192.0.2.1 campaign:intrusion-set--1 medium amber clear\n",
	      "intrusion set before threat actor and tool; no name known");
	check("[" PLAIN(1) "," REL(1, ID(1), "attack-pattern--1") "]",
	      ID(1) " 0:ip=192.0.2.1 indicator:" ID(1) "(192.0.2.1) medium amber clear\n",
	      "a technique is nothing to correlate by");
	check("[" PLAIN(1) "," PLAIN(2) "," REL(1, ID(2), "malware--1") "]",
	      ID(1) " 0:ip=192.0.2.1 indicator:" ID(1) "(192.0.2.1) medium amber clear\n" ID(
		      2) " 0:ip=192.0.2.1 campaign:malware--1 medium amber clear\n",
	      "a campaign claims one of two with the same atom");
	check("[" PLAIN(2) "," PLAIN(1) "]",
	      ID(1) " 0:ip=192.0.2.1 indicator:" ID(1) "(192.0.2.1) medium amber clear\n" ID(
		      2) " 0:ip=192.0.2.1 indicator:" ID(1) "(192.0.2.1) medium amber clear\n",
	      "two with the same atom share the threat of the smallest id");
}

#define VERSION(pattern, modified, more)                                                           \
	"{\"type\":\"indicator\",\"id\":\"" ID(1) "\",\"pattern\":\"[ipv4-addr:value = '" pattern  \
						  "']\","                                          \
						  "\"modified\":\"" modified "\"" more "}"

static void versions(void)
{
	static const char want[] =
		ID(1) " 0:ip=192.0.2.2 indicator:" ID(1) "(192.0.2.2) medium amber clear\n";

	check("[" VERSION("192.0.2.1", "2024-01-01T00:00:00Z",
			  "") "," VERSION("192.0.2.2", "2024-01-02T00:00:00Z", "") "]",
	      want, "the newer version wins");
	check("[" VERSION("192.0.2.2", "2024-01-02T00:00:00Z",
			  "") "," VERSION("192.0.2.1", "2024-01-01T00:00:00Z", "") "]",
	      want, "also when it comes first");
	check("[" VERSION("192.0.2.2", "2024-01-02T00:00:00Z", ",\"revoked\":true") "," VERSION(
		      "192.0.2.1", "2024-01-01T00:00:00Z", "") "]",
	      "revoked 1 deleted 0 not_to_ids 0\n", "a revoked id stays revoked");
}

static void refusals(void)
{
	check("{\"type\":\"bundle\",\n\"objects\":[\n"
	      "{\"type\":\"indicator\",\"id\":\"i--1\"},\n"
	      "{\"type\":\"indicator\",\"id\":\"i--2\",\"pattern\":\"alert "
	      "tcp\",\"pattern_type\":\"snort\"},\n"
	      "{\"type\":\"indicator\",\"id\":\"i--3\",\"pattern\":\"[mutex:name = 'x']\"},\n"
	      "{\"type\":\"indicator\",\"id\":\"i--4\",\"pattern\":\"[ipv4-addr:value = \"},\n"
	      "{\"type\":\"indicator\",\"id\":\"i--5\",\"pattern\":\"[ipv4-addr:value = "
	      "'192.0.2.1']\",\"valid_from\":\"x\"},\n"
	      "{\"type\":\"indicator\",\"id\":\"i--6\",\"pattern\":\"[ipv4-addr:value = "
	      "'192.0.2.1']\",\"confidence\":101},\n"
	      "{\"type\":\"indicator\",\"pattern\":\"[ipv4-addr:value = '192.0.2.1']\"},\n"
	      "{\"type\":\"indicator\",\"id\":\"i--7\",\"pattern\":\"[ipv4-addr:value = "
	      "'192.0.2.1']\","
	      "\"valid_from\":\"2024-01-02T00:00:00Z\",\"valid_until\":\"2024-01-01T00:00:00Z\"},\n"
	      "7]}",
	      "! 3: \"i--1\": no pattern\n"
	      "! 4: \"i--2\": pattern_type snort comes with a later release\n"
	      "! 5: \"i--3\": column 2: object path mutex:name is in no record\n"
	      "! 6: \"i--4\": no STIX pattern: column 20: the pattern ends where a literal is "
	      "expected\n"
	      "! 7: \"i--5\": valid_from is no timestamp\n"
	      "! 8: \"i--6\": confidence is not 0 to 100\n"
	      "! 0: an indicator without an id\n"
	      "! 10: \"i--7\": valid_until is not after valid_from\n"
	      "! 0: objects[8] is no object\n",
	      "each with its line and reason");
	check("{\"type\":\"bundle\",\n\"objects\":[\n{]}",
	      "! 3: no valid JSON: no key where one is due\n", "broken JSON");
	check("{\"type\":\"bundle\",\"id\":\"bundle--1\",\"objects\":{}}",
	      "! 1: a bundle's objects are no array\n", "objects that are no array");
	check("{\"hello\":1}", "! 0: a JSON object that is neither STIX nor MISP\n",
	      "neither STIX nor MISP");
	check("[[[[[[[[[[[[{}]]]]]]]]]]]]", "! 0: nested deeper than 8 levels\n", "nesting");
	check("[\"evil.example\",\"192.0.2.1\"]",
	      "domain:evil.example 0:domain=evil.example "
	      "indicator:domain:evil.example(evil.example) medium amber "
	      "clear\nip:192.0.2.1 0:ip=192.0.2.1 indicator:ip:192.0.2.1(192.0.2.1) medium amber "
	      "clear\n",
	      "an array of plain values");
}

/* Each member of an indicator replaced by a value of every JSON type: no crash, and never
 * more than one indicator. */
static void wrong_types(void)
{
	static const char *const members[] = {
		"type",       "id",          "pattern",    "pattern_type",
		"valid_from", "valid_until", "confidence", "object_marking_refs",
		"revoked",    "modified",    "name",       "relationship_type",
		"source_ref", "target_ref",  "extensions", "definition",
		"objects"};
	static const char *const values[] = {"null",           "true",          "-1", "1e400",
					     "\"\"",           "\"x\\u0000y\"", "[]", "{}",
					     "[null,1,[],{}]", "{\"tlp\":{}}"};
	static const char *const types[] = {"indicator", "relationship", "marking-definition",
					    "campaign", "bundle"};
	int wrong = 0;

	for (size_t m = 0; m < sizeof(members) / sizeof(members[0]); m++)
		for (size_t v = 0; v < sizeof(values) / sizeof(values[0]); v++)
			for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
				char in[512];
				snprintf(in, sizeof(in),
					 "{\"type\":\"%s\",\"id\":\"indicator--1\",\"pattern\":\"["
					 "ipv4-addr:value "
					 "= "
					 "'192.0.2.1']\",\"source_ref\":\"indicator--1\",\"target_"
					 "ref\":\"tool--1\","
					 "\"relationship_type\":\"indicates\",\"%s\":%s}",
					 types[t], members[m], values[v]);
				char *got = dump_bytes(in, strlen(in));
				wrong += !got;
				free(got);
			}
	tap_int(wrong, 0, "every member with every JSON type");
}

static void examples(void)
{
	static const char *const files[] = {"threat-reports/apt1.json",
					    "threat-reports/poisonivy.json",
					    "indicator-to-campaign-relationship.json"};
	struct indicator_set s;
	struct problems ps;

	problems_init(&ps);
	indicator_set_init(&s);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char path[256];
		snprintf(path, sizeof(path), EXAMPLES "/%s", files[i]);
		struct feed f = dump_feed("examples", path);
		feed_load_file(&s, &f, &ps);
	}
	indicator_set_finish(&s);
	if (s.feed_count == 0 || s.count == 0)
		tap_skip(1, EXAMPLES " is not there");
	else
		tap_ok(s.count == 35 && ps.refused == 3,
		       "public examples: %u indicators, %u refused", s.count, (unsigned)ps.refused);
	for (size_t i = 0; i < ps.count; i++)
		printf("# %s:%u: %s\n", ps.items[i].file, ps.items[i].line, ps.items[i].reason);
	indicator_set_fini(&s);
	problems_fini(&ps);
}

int main(void)
{
	indicators();
	marks();
	campaigns();
	versions();
	refusals();
	wrong_types();
	examples();
	return tap_done();
}
