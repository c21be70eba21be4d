#include "raise/candidate.h"

#include <jansson.h>

#include "raise/digest.h"
#include "raise/score.h"
#include "tap.h"
#include "test_candidate.h"

static char *print(const struct candidate *c, const struct candidate_context *cx)
{
	struct text t;

	text_init(&t);
	candidate_json(&t, c, cx);
	return text_take(&t);
}

static json_t *parse(const struct candidate *c, const struct candidate_context *cx)
{
	char *line = print(c, cx);
	json_t *j = json_loads(line, JSON_REJECT_DUPLICATES, NULL);

	tap_ok(j && !strchr(line, '\n'), "one line of JSON without doubled keys");
	free(line);
	return j;
}

static const char *str(const json_t *j, const char *key)
{
	return json_string_value(json_object_get(j, key));
}

/* The value of the nth array element's key. */
static const char *nth(const json_t *j, const char *array, size_t n, const char *key)
{
	return str(json_array_get(json_object_get(j, array), n), key);
}

static const char *const contract_order[] = {"event_type", "id",     "version",       "status",
					     "threat",     "window", "member_states", "profile",
					     "tlp",        "score",  "evidence",      "explain"};

static void key_order(const json_t *j)
{
	const char *key;
	json_t *value;
	size_t at = 0, count = sizeof(contract_order) / sizeof(contract_order[0]);

	json_object_foreach((json_t *)j, key,
			    value) if (at < count && strcmp(key, contract_order[at]) == 0) at++;
	tap_ok(at == count, "the contract's keys stand in the contract's order");
}

static void raised(const struct fixture *f)
{
	struct episode ep = fixture_raised(f);
	struct candidate c;

	candidate_make(&c, &f->cx, &ep, CANDIDATE_RAISED, 1);
	json_t *j = parse(&c, &f->cx);
	key_order(j);
	tap_str(str(j, "status"), "raised", "status");
	tap_str(str(json_object_get(j, "threat"), "name"), "Night\"jar", "a quote in a name");
	tap_str(str(json_object_get(j, "window"), "start"), "2026-11-20T08:00:00.000000Z", "start");
	tap_int((long long)json_array_size(json_object_get(j, "member_states")), 3,
		"three Member States");
	tap_str(nth(j, "member_states", 0, "code"), "DE", "sorted by code");
	tap_str(nth(j, "member_states", 2, "code"), "PL", "the seen state is the last");
	tap_str(nth(j, "other_sources", 0, "code"), "EU", "EU is no Member State");
	tap_str(nth(j, "criteria_detail", 0, "basis"), "inferred", "criterion by telemetry");
	tap_int((long long)json_array_size(json_object_get(j, "criteria_detail")), 1,
		"only criteria that hold");
	tap_ok(strstr(nth(j, "member_states", 2, "missing"), "attempts") != NULL,
	       "attempts alone are named as such");
	tap_str(nth(j, "evidence", 1, "position"), "file:/data/fr.ndjson@12", "second position");
	tap_str(nth(j, "evidence", 2, "position"), "file:/data/pl \"new\".pcap@7+3",
		"the same time: ordered by position text; a line in a message is +n");
	tap_str(nth(j, "evidence", 2, "class"), "attempt", "class of evidence");
	tap_str(nth(j, "evidence", 0, "by"), "indicator:domain:c2.example", "by");
	tap_ok(strstr(str(j, "explain"), "human decides") != NULL, "a human decides");
	json_decref(j);
}

/* Sum of the printed terms in hundredths, by their text. */
static void sums(const struct fixture *f, const struct episode *ep, enum candidate_status status)
{
	struct candidate c;
	json_t *term;
	size_t i;
	double sum = 0;

	candidate_make(&c, &f->cx, ep, status, 1);
	json_t *j = parse(&c, &f->cx);
	json_array_foreach(json_object_get(j, "score_terms"), i, term) sum +=
		100 * json_number_value(json_object_get(term, "value"));
	double score = 100 * json_number_value(json_object_get(j, "score"));
	tap_ok((int)(sum + 0.5) == (int)(score + 0.5), "terms sum to the score (%.0f)", score);
	tap_ok(c.score * 100 > score - 0.001 && c.score * 100 < score + 0.001,
	       "the struct's score is the printed one");
	json_decref(j);
}

static void scores(const struct fixture *f)
{
	struct episode ep = fixture_watch(f);
	struct score s;

	sums(f, &ep, CANDIDATE_WATCH);
	ep.state[0].entities = 1000000;
	ep.state[0].origins = 9;
	ep.state[1].entities = 2;
	ep.states = 3;
	ep.state[2] = fixture_seen(PL, 2);
	score_episode(&s, &ep, &f->profile);
	tap_ok(s.hundredths <= 48, "the strongest watch stays at most 0.48 (%u)", s.hundredths);

	ep = fixture_raised(f);
	sums(f, &ep, CANDIDATE_RAISED);
	for (int i = 0; i < 3; i++) {
		ep.state[i] = fixture_significant((uint8_t)(3 * i), 3);
		ep.state[i].severity = SEVERITY_LOW;
		ep.state[i].origins = 1;
		ep.state[i].sectors = 0;
	}
	ep.states = 2;
	score_episode(&s, &ep, &f->profile);
	tap_int(s.hundredths, 80, "the weakest raised candidate has 0.80");
	ep.states = 27;
	for (uint8_t i = 0; i < 27; i++) {
		ep.state[i] = fixture_significant(i, UINT64_MAX);
		ep.state[i].origins = UINT32_MAX;
		ep.state[i].sectors = 0x7ffff;
	}
	score_episode(&s, &ep, &f->profile);
	tap_int(s.hundredths, 100, "the strongest raised candidate has 1.00");
	sums(f, &ep, CANDIDATE_RAISED);
	ep.status = EPISODE_NONE;
	score_episode(&s, &ep, &f->profile);
	tap_int(s.hundredths, 0, "what does not hold has no score");
}

static void ids(const struct fixture *f)
{
	struct threat_name threat = *names_threat_get(f->names, f->domain);
	char a[CANDIDATE_ID_MAX], b[CANDIDATE_ID_MAX];

	/* computed with Python's uuid.uuid5 from the same namespace and text */
	candidate_id(&threat, AT(0, 0), TIMESTAMP_DAY, a);
	tap_str(a, "8e91c98c-5fc1-5807-9aec-b30aed31c5ed", "the id is RFC 9562's version 5");
	candidate_id(&threat, AT(24, 0), TIMESTAMP_DAY, b);
	tap_ok(strcmp(a, b) != 0, "another cell, another id");
	candidate_id(&threat, AT(0, 0), 2 * TIMESTAMP_DAY, b);
	tap_ok(strcmp(a, b) != 0, "another length of cells, another id");
	tap_ok(candidate_cell(AT(0, 0), TIMESTAMP_DAY) == AT(0, 0) &&
		       candidate_cell(AT(24, 0) - 1, TIMESTAMP_DAY) == AT(0, 0) &&
		       candidate_cell(AT(24, 0), TIMESTAMP_DAY) == AT(24, 0) &&
		       candidate_cell(-1, TIMESTAMP_DAY) == -TIMESTAMP_DAY,
	       "a day's cells are the days of UTC");
	threat.kind = NAME_RULE;
	candidate_id(&threat, AT(0, 0), TIMESTAMP_DAY, b);
	tap_ok(strcmp(a, b) != 0, "another kind, another id");
}

static void heads(const struct fixture *f)
{
	struct episode ep = fixture_raised(f);
	struct candidate_head h, g;
	struct candidate c;

	candidate_make(&c, &f->cx, &ep, CANDIDATE_RAISED, 41);
	char *line = print(&c, &f->cx);
	size_t len = strlen(line);
	tap_ok(candidate_head(line, len, &h) && h.version == 41 && h.status == CANDIDATE_RAISED &&
		       strcmp(h.id, c.id) == 0,
	       "a printed line can be read back");
	tap_ok(!candidate_head(line, len - 1, &h), "half a line is none");
	tap_ok(!candidate_head("{\"event_type\":\"hit\"}", 20, &h), "a hit is no candidate");
	c.version = 42;
	c.status = CANDIDATE_UPDATED;
	char *next = print(&c, &f->cx);
	candidate_head(line, len, &h);
	tap_ok(candidate_head(next, strlen(next), &g) && g.says == h.says,
	       "version and status do not count as said");
	free(next);
	c.episode.state[0].records++;
	next = print(&c, &f->cx);
	tap_ok(candidate_head(next, strlen(next), &g) && g.says != h.says, "a record more does");
	free(next);
	free(line);
}

static void digests(void)
{
	struct digest d;
	char hex[DIGEST_TEXT_MAX];

	digest_init(&d);
	digest_hex(&d, hex);
	tap_str(hex, "99aa06d3014798d86001c324468d497f", "XXH3-128 of nothing");
	digest_line(&d, "a", 1);
	digest_line(&d, "b", 1);
	digest_hex(&d, hex);
	struct digest e;
	digest_init(&e);
	digest_line(&e, "a\nb", 3);
	char same[DIGEST_TEXT_MAX];
	digest_hex(&e, same);
	tap_str(hex, same, "lines are hashed with their newlines");
}

static void withdrawn(const struct fixture *f)
{
	struct episode ep = fixture_watch(f);
	struct candidate c;

	candidate_make(&c, &f->cx, &ep, CANDIDATE_WITHDRAWN, 2);
	strcpy(c.superseded_by, "fd3edd2f-9f3e-5d6e-8a7e-94f6bd7a42c9");
	json_t *j = parse(&c, &f->cx);
	tap_str(str(j, "superseded_by"), c.superseded_by, "the surviving id is named");
	tap_ok(strstr(str(j, "explain"), c.superseded_by) != NULL, "in the explanation too");
	tap_ok(json_number_value(json_object_get(j, "score")) == 0, "and the score is 0");
	json_decref(j);
}

/* The lines that tests/cases/30_schema validates: every status, a merger, one that
 * holds no more, estimates, a criterion by report. */
static void golden(const struct fixture *f, const char *path)
{
	FILE *out = fopen(path, "w");

	const int n = CANDIDATE_STATUSES;

	for (int i = 0; out && i < n + 4; i++) {
		enum candidate_status status = i < n        ? (enum candidate_status)i
					       : i == n + 2 ? CANDIDATE_UPDATED
							    : CANDIDATE_WITHDRAWN;
		const struct feedback_verdict word = {.target = "misp:nightjar",
						      .by = "desk",
						      .reason = "our own \"scanner\"",
						      .time_us = AT(15, 0),
						      .false_positive = true};
		struct episode ep = i == 0 ? fixture_watch(f) : fixture_raised(f);
		struct candidate c;
		if (i == n + 1)
			ep.status = EPISODE_NONE;
		if (i == n + 2) {
			ep.threat = f->rule;
			ep.state[0].entities_exact = ep.state[0].records_exact = false;
			ep.state[0].criteria = 7;
			ep.state[0].users = 250000;
			ep.state[0].duration_s = 7200;
		}
		candidate_make(&c, &f->cx, &ep, status, 1 + (uint32_t)i);
		if (i == n + 3)
			c.rejected = &word;
		if (i == n)
			strcpy(c.superseded_by, "94ec10fa-d3cb-5702-a458-30cd694d928e");
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
	raised(&f);
	scores(&f);
	ids(&f);
	heads(&f);
	withdrawn(&f);
	digests();
	fixture_fini(&f);
	return tap_done();
}
