#include "raise/candidate.h"

#include <jansson.h>

#include "raise/candidate_pattern.h"
#include "tap.h"
#include "test_candidate.h"

static char *print(const struct candidate *c, const struct candidate_context *cx)
{
	struct text t;

	text_init(&t);
	candidate_stix(&t, c, cx);
	return text_take(&t);
}

static const char *str(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s ? s : "";
}

/* The nth object of a type; NULL when there are fewer. */
static json_t *object(const json_t *bundle, const char *type, int n)
{
	json_t *o;
	size_t i;

	json_array_foreach(json_object_get(bundle, "objects"), i,
			   o) if (strcmp(str(o, "type"), type) == 0 && n-- == 0) return o;
	return NULL;
}

static json_t *with_id(const json_t *bundle, const char *id)
{
	json_t *o;
	size_t i;

	json_array_foreach(json_object_get(bundle, "objects"), i,
			   o) if (strcmp(str(o, "id"), id) == 0) return o;
	return NULL;
}

static json_t *bundle(const struct fixture *f, const struct episode *ep,
		      enum candidate_status status, uint32_t version)
{
	struct candidate c;

	candidate_make(&c, &f->cx, ep, status, version);
	char *s = print(&c, &f->cx);
	json_t *j = strchr(s, '\n') ? NULL : json_loads(s, JSON_REJECT_DUPLICATES, NULL);
	tap_ok(j != NULL, "a bundle is one line of JSON without doubled keys");
	free(s);
	return j;
}

static void campaign(const struct fixture *f)
{
	struct episode ep = fixture_raised(f);

	ep.state[0].records = UINT64_MAX;
	json_t *b = bundle(f, &ep, CANDIDATE_RAISED, 1);
	json_t *threat = object(b, "campaign", 0), *incident = object(b, "incident", 0);
	tap_str(str(threat, "name"), "Night\"jar", "a campaign of the threat's name");
	tap_ok(object(b, "sighting", 3) && !object(b, "sighting", 4), "one sighting a state");
	tap_int(json_integer_value(json_object_get(object(b, "sighting", 0), "count")), 999999999,
		"a count stops where STIX does");
	tap_str(str(object(b, "sighting", 1), "sighting_of_ref"), str(threat, "id"),
		"sightings are of the threat");
	const char *where = json_string_value(
		json_array_get(json_object_get(object(b, "sighting", 1), "where_sighted_refs"), 0));
	tap_str(str(with_id(b, where), "country"), "FR", "and where it was sighted");
	tap_str(str(object(b, "location", 3), "region"), "europe", "EU is a region");
	tap_str(str(incident, "created"), "2026-11-20T09:15:00.000Z", "created when decided");
	tap_str(str(incident, "modified"), "2026-11-20T12:30:00.000Z",
		"modified by the last evidence");
	tap_str(str(object(b, "marking-definition", 0), "id"),
		"marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421", "TLP:AMBER 2.0");
	tap_int((long long)json_array_size(json_object_get(incident, "object_marking_refs")), 2,
		"marked with TLP and PAP");
	tap_str(str(object(b, "relationship", 0), "relationship_type"), "associated-with",
		"campaign and incident are related");
	tap_ok(object(b, "relationship", 2) && !object(b, "relationship", 3),
	       "located where somebody is affected: DE and FR");
	json_decref(b);
}

static void versions(const struct fixture *f)
{
	struct episode ep = fixture_raised(f);
	json_t *a = bundle(f, &ep, CANDIDATE_RAISED, 1), *b = bundle(f, &ep, CANDIDATE_UPDATED, 2);
	json_t *c = bundle(f, &ep, CANDIDATE_WITHDRAWN, 3), *d;
	struct candidate gone;
	struct text t;

	candidate_make(&gone, &f->cx, &ep, CANDIDATE_WITHDRAWN, 4);
	strcpy(gone.superseded_by, "94ec10fa-d3cb-5702-a458-30cd694d928e");
	text_init(&t);
	candidate_stix(&t, &gone, &f->cx);
	d = json_loads(t.p, 0, NULL);
	text_fini(&t);

	tap_str(str(object(b, "incident", 0), "id"), str(object(a, "incident", 0), "id"),
		"a version has the same incident");
	tap_str(str(object(b, "incident", 0), "modified"), "2026-11-20T12:30:00.001Z",
		"modified later");
	tap_ok(!json_object_get(object(b, "incident", 0), "revoked") &&
		       !json_object_get(object(c, "incident", 0), "revoked") &&
		       json_is_true(json_object_get(object(d, "incident", 0), "revoked")),
	       "revoked is what became part of another: anything else may be re-opened");
	tap_str(json_string_value(json_array_get(json_object_get(object(b, "incident", 0), "labels"), 0)),
		"tocsin:status=\"updated\"", "the status is a label");
	json_decref(d);
	json_decref(a);
	json_decref(b);
	json_decref(c);
}

static void indicators(struct fixture *f)
{
	static const char known[] = "indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f";
	struct episode ep = fixture_raised(f);

	ep.threat = f->domain;
	json_t *b = bundle(f, &ep, CANDIDATE_RAISED, 1);
	tap_str(str(object(b, "indicator", 0), "pattern"), "[domain-name:value = 'c2.example']",
		"an indicator's pattern");
	tap_str(str(object(b, "relationship", 0), "relationship_type"), "detected",
		"it detected the incident");
	json_decref(b);

	ep.threat = fixture_threat(f, NAME_INDICATOR, known, known);
	b = bundle(f, &ep, CANDIDATE_RAISED, 1);
	tap_ok(!object(b, "indicator", 0) && !object(b, "campaign", 0),
	       "what has a STIX id is not made again");
	tap_str(str(object(b, "sighting", 0), "sighting_of_ref"), known, "but referred to");
	json_decref(b);
	ep.threat = f->rule;
	b = bundle(f, &ep, CANDIDATE_RAISED, 1);
	tap_str(str(object(b, "campaign", 0), "name"), "Beacon of a known loader",
		"a rule is a campaign of its name");
	json_decref(b);
}

static void patterns(void)
{
	static const struct {
		const char *id, *pattern;
	} cases[] = {
		{"ip:192.0.2.7", "[ipv4-addr:value = '192.0.2.7']"},
		{"ip:2001:db8::1", "[ipv6-addr:value = '2001:db8::1']"},
		{"ip:192.0.2.0/24", "[ipv4-addr:value ISSUBSET '192.0.2.0/24']"},
		{"domain:a'b\\c", "[domain-name:value = 'a\\'b\\\\c']"},
		{"url:http://x.example/a:b", "[url:value = 'http://x.example/a:b']"},
		{"email:a@x.example", "[email-addr:value = 'a@x.example']"},
		{"hash:d41d8cd98f00b204e9800998ecf8427e",
		 "[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']"},
		{"hash:da39a3ee5e6b4b0d3255bfef95601890afd80709",
		 "[file:hashes.'SHA-1' = 'da39a3ee5e6b4b0d3255bfef95601890afd80709']"},
		{"hash:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		 "[file:hashes.'SHA-256' = "
		 "'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855']"},
		{"ip:256.0.2.7", ""},
		{"hash:d41d", ""},
		{"hash:zzzd8cd98f00b204e9800998ecf8427e", ""},
		{"domain:", ""},
		{"domain", ""},
		{"useragent:curl", ""},
		{"", ""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct text t;
		text_init(&t);
		bool ok = candidate_pattern_of(&t, cases[i].id);
		tap_ok(ok == (cases[i].pattern[0] != '\0') &&
			       strcmp(t.p ? t.p : "", cases[i].pattern) == 0,
		       "\"%s\" is %s", cases[i].id, ok ? t.p : "no pattern");
		text_fini(&t);
	}
	tap_ok(candidate_pattern_is_sdo("intrusion-set--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"),
	       "an SDO's id");
	tap_ok(!candidate_pattern_is_sdo("identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f") &&
		       !candidate_pattern_is_sdo("malware--8e2e2d2b") && !candidate_pattern_is_sdo("--") &&
		       !candidate_pattern_is_sdo("malware--8e2e2d2b-17d4-9cbf-938f-98ee46b3cd3f"),
	       "what is none");
}

/* Bundles for tests/cases/30_schema: every kind of threat, every marking. */
static void golden(struct fixture *f, const char *path)
{
	static const char *const ids[] = {"ip:192.0.2.0/24", "url:http://x.example/'\\\"",
					  "malware--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f",
					  "5f0c-unknown"};
	FILE *out = fopen(path, "w");

	for (uint32_t i = 0; out && i < 12; i++) {
		struct candidate c;
		struct episode ep = i % 2 ? fixture_raised(f) : fixture_watch(f);
		uint32_t threats[] = {f->campaign, f->domain, f->rule};
		ep.tlp = (uint8_t)(i % TLPS);
		ep.pap = (uint8_t)(i % PAPS);
		ep.threat =
			i < 4 ? fixture_threat(f, NAME_INDICATOR, ids[i], "named") : threats[i % 3];
		candidate_make(&c, &f->cx, &ep, (enum candidate_status)(i % CANDIDATE_STATUSES),
			       1 + i);
		char *line = print(&c, &f->cx);
		fprintf(out, "%s\n", line);
		free(line);
	}
	if (out)
		fclose(out);
}

int main(int argc, char **argv)
{
	struct fixture f;

	fixture_init(&f);
	if (argc > 1) {
		golden(&f, argv[1]);
		fixture_fini(&f);
		return 0;
	}
	campaign(&f);
	versions(&f);
	indicators(&f);
	patterns();
	fixture_fini(&f);
	return tap_done();
}
