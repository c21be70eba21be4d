#include "raise/feedback.h"

#include <errno.h>

#include "base/hash.h"
#include "raise/board.h"
#include "tap.h"
#include "test_candidate.h"

#define LATE INT64_MAX

static struct feedback *parties(const char *registered, const char *desk, uint32_t quorum)
{
	struct feedback *f;

	if (feedback_init(&f, registered, desk, quorum) != 0)
		abort();
	return f;
}

/* All of them the desk. */
static struct feedback *made(const char *registered)
{
	return parties("", registered, 2);
}

static void hear(struct feedback *f, const char *text)
{
	if (feedback_read(f, text, strlen(text), AT(72, 0)) != 0)
		abort();
}

static char *all(const struct feedback *f)
{
	struct text t;

	text_init(&t);
	text_str(&t, "");
	feedback_print(f, &t);
	return text_take(&t);
}

static void says(struct feedback *f, const char *want, const char *name)
{
	char *got = all(f);

	tap_str(got, want, name);
	free(got);
	feedback_fini(f);
}

#define FP(target, by, time, reason)                                                               \
	"{\"event_type\":\"feedback\",\"verdict\":\"false_positive\",\"indicator\":\"" target      \
	"\",\"by\":\"" by "\",\"time\":\"" time "\",\"reason\":\"" reason "\"}\n"
#define OK(target, by, time)                                                                       \
	"{\"event_type\":\"feedback\",\"verdict\":\"confirmed\",\"indicator\":\"" target           \
	"\",\"by\":\"" by "\",\"time\":\"" time "\",\"reason\":\"\"}\n"

static void formats(void)
{
	struct feedback *f = made("desk");

	hear(f, FP("C2.example", "desk", "2026-11-20T10:00:00Z", "parked"));
	says(f, FP("c2.example", "desk", "2026-11-20T10:00:00.000000Z", "parked"),
	     "a record of ours");
	f = made("desk");
	hear(f,
	     "{\"event_type\":\"feedback\",\n "
	     "\"candidate\":\"94ec10fa-d3cb-5702-a458-30cd694d928e\",\n"
	     "\"verdict\":\"false_positive\",\"by\":\"desk\",\"time\":\"2026-11-20T10:00:00Z\"}");
	says(f,
	     FP("94ec10fa-d3cb-5702-a458-30cd694d928e", "desk", "2026-11-20T10:00:00.000000Z", ""),
	     "about a candidate, pretty-printed");
	f = made("other, CERT X");
	hear(f, "{\"Sighting\":{\"attribute_uuid\":\"5d3c5b43-0000-4000-8000-000000000001\","
		"\"type\":\"1\","
		"\"date_sighting\":\"1795168800\",\"source\":\"\",\"Organisation\":{\"name\":"
		"\"CERT X\"}}}");
	says(f,
	     FP("5d3c5b43-0000-4000-8000-000000000001", "CERT X", "2026-11-20T10:00:00.000000Z",
		"MISP sighting: false positive"),
	     "a MISP sighting");
	f = made("s");
	hear(f,
	     "{\"response\":[{\"Event\":{\"uuid\":\"u\",\"Attribute\":[{\"type\":\"domain\","
	     "\"value\":\"a.example\",\"Sighting\":[{\"type\":\"0\",\"date_sighting\":"
	     "\"1795168800\","
	     "\"source\":\"s\"},{\"type\":1,\"date_sighting\":1795168800,\"source\":\"s\"}]}]}}]}");
	tap_int((long long)feedback_counted(f, FEEDBACK_NO_VERDICT), 1,
		"a sighting of type 0 is no verdict");
	says(f,
	     FP("a.example", "s", "2026-11-20T10:00:00.000000Z", "MISP sighting: false positive"),
	     "sightings inside a response, by their attribute's value");
	f = made("s");
	hear(f, "{\"values\":[\"a.example\",\"192.0.2.1\"],\"type\":\"1\",\"timestamp\":1795168800,"
		"\"source\":\"s\"}");
	says(f,
	     FP("192.0.2.1", "s", "2026-11-20T10:00:00.000000Z", "MISP sighting: false positive")
		     FP("a.example", "s", "2026-11-20T10:00:00.000000Z",
			"MISP sighting: false positive"),
	     "as sightings/add takes it");
	f = made("Ana, desk");
	hear(f, "{\"type\":\"bundle\",\"id\":\"bundle--1\",\"objects\":[{\"type\":\"identity\","
		"\"id\":\"identity--1\"},"
		"{\"type\":\"opinion\",\"opinion\":\"strongly-disagree\",\"explanation\":\"a "
		"lab\",\"authors\":"
		"[\"Bo\",\"Ana\"],\"created_by_ref\":\"identity--1\",\"modified\":\"2026-11-20T10:"
		"00:00.000Z\","
		"\"object_refs\":[\"incident--94ec10fa-d3cb-5702-a458-30cd694d928e\",\"indicator--"
		"x\"]},"
		"{\"type\":\"opinion\",\"opinion\":\"neutral\",\"authors\":[\"Ana\"],\"object_"
		"refs\":[\"indicator--y\"],"
		"\"modified\":\"2026-11-20T10:00:00.000Z\"}]}");
	tap_int((long long)feedback_counted(f, FEEDBACK_NO_VERDICT), 1,
		"a neutral opinion is none");
	says(f,
	     FP("94ec10fa-d3cb-5702-a458-30cd694d928e", "Ana", "2026-11-20T10:00:00.000000Z",
		"a lab") FP("indicator--x", "Ana", "2026-11-20T10:00:00.000000Z", "a lab"),
	     "STIX opinions in a bundle");
}

/* The records that tests/cases/30_schema validates. */
static const char golden[] = FP("c2.example", "desk", "2026-11-20T10:00:00Z", "parked")
	OK("domain:c2.example", "desk",
	   "2026-11-21T10:00:00.5+01:00") "{\"event_type\":\"feedback\",\"verdict\":\"false_"
					  "positive\",\"candidate\":"
					  "\"94ec10fa-d3cb-5702-a458-30cd694d928e\",\"by\":"
					  "\"desk\",\"time\":\"2026-11-20T10:00:00Z\"}\n";

static void by_the_schema(const char *path)
{
	struct feedback *f = made("desk");

	if (path) {
		FILE *out = fopen(path, "w");
		if (!out || fputs(golden, out) < 0 || fclose(out) != 0)
			abort();
		feedback_fini(f);
		return;
	}
	hear(f, golden);
	tap_int((long long)feedback_counted(f, FEEDBACK_TAKEN), 3,
		"what the schema's examples say is heard");
	feedback_fini(f);
}

static void refusals(void)
{
	static const struct {
		const char *record;
		enum feedback_count why;
	} bad[] = {
		{"nonsense\n", FEEDBACK_NOT_JSON},
		{"{\"event_type\":\"hit\"}\n", FEEDBACK_NOT_FEEDBACK},
		{"17\n", FEEDBACK_NOT_FEEDBACK},
		{FP("a", "stranger", "2026-11-20T10:00:00Z", ""), FEEDBACK_UNREGISTERED},
		{FP("a", "", "2026-11-20T10:00:00Z", ""), FEEDBACK_UNREGISTERED},
		{FP("a", "des", "2026-11-20T10:00:00Z", ""), FEEDBACK_UNREGISTERED},
		{FP("a", "desk,b", "2026-11-20T10:00:00Z", ""), FEEDBACK_UNREGISTERED},
		{FP("a", "desk", "yesterday", ""), FEEDBACK_NO_TIME},
		{FP("a", "desk", "1969-11-20T10:00:00Z", ""), FEEDBACK_NO_TIME},
		{FP("a", "desk", "2026-11-24T10:00:00Z", ""), FEEDBACK_TIME_FUTURE},
		{FP("", "desk", "2026-11-20T10:00:00Z", ""), FEEDBACK_NO_TARGET},
		{"{\"event_type\":\"feedback\",\"verdict\":\"maybe\",\"indicator\":\"a\",\"by\":"
		 "\"desk\"}\n",
		 FEEDBACK_NO_VERDICT},
		{"{\"type\":\"opinion\",\"opinion\":\"disagree\",\"authors\":[\"desk\"]}\n",
		 FEEDBACK_NO_TARGET},
	};
	struct feedback *f = made("desk,b");
	uint64_t sum = 0;
	int wrong = 0;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint64_t before = feedback_counted(f, bad[i].why);
		hear(f, bad[i].record);
		hear(f, bad[i].record);
		wrong += feedback_counted(f, bad[i].why) != before + 1;
	}
	tap_int(wrong, 0, "each refusal has its name, and counts once however often it is read");
	for (int i = 0; i < FEEDBACK_COUNTERS; i++)
		sum += feedback_counted(f, (enum feedback_count)i);
	tap_int((long long)sum, (long long)(sizeof(bad) / sizeof(bad[0])),
		"and nothing else is counted");
	tap_int((long long)feedback_generation(f), 0, "none of it is heard");
	hear(f, "{\"event_type\":\"feedback\",\"verd");
	tap_int((long long)feedback_counted(f, FEEDBACK_NOT_JSON), 1,
		"a line that is being written is waited for");
	says(f, "", "nothing stands");
}

/* The last word counts, in whatever order and however often the words come. */
static void any_order(void)
{
	enum { N = 40 };
	static const char *const who[] = {"desk", "misp", "cert"};
	char *want = NULL;
	int same = 0, rounds = 50;
	uint64_t seed = 5;

	for (int round = 0; round < rounds; round++) {
		struct feedback *f = made("desk,misp,cert");
		uint8_t order[2 * N];
		for (int i = 0; i < 2 * N; i++)
			order[i] = (uint8_t)(i % N);
		for (int i = 2 * N - 1; round && i > 0; i--) {
			seed = hash_word(seed + 1);
			int k = (int)(seed % (uint64_t)(i + 1));
			uint8_t t = order[i];
			order[i] = order[k];
			order[k] = t;
		}
		for (int i = 0; i < 2 * N; i++) {
			char target[16], reason[16];
			uint64_t h = hash_word(order[i] + 1000u);
			snprintf(target, sizeof(target), "t%d", (int)(h % 5));
			snprintf(reason, sizeof(reason), "r%d", (int)(h >> 8 & 1));
			feedback_hear(f, target, who[h >> 16 & 1], reason, (int64_t)(h >> 24 & 3),
				      h >> 32 & 1);
		}
		char *got = all(f);
		if (!want)
			want = strdup(got);
		same += strcmp(got, want) == 0;
		free(got);
		feedback_fini(f);
	}
	tap_int(same, rounds, "words in any order, twice: the same stand");
	free(want);
}

static bool against(const struct fixture *x, const struct feedback *f, const struct episode *ep)
{
	const struct threat_name *t = names_threat_get(x->names, ep->threat);
	char id[CANDIDATE_ID_MAX];

	candidate_id(t, candidate_cell(ep->first_us, TIMESTAMP_DAY), TIMESTAMP_DAY, id);
	struct feedback_votes v;
	feedback_votes(f, id, t, ep, x->names, &v);
	return v.against != NULL;
}

static void about(const struct fixture *x)
{
	struct episode ep = fixture_raised(x), of_domain = ep;
	struct feedback *f = made("desk");

	of_domain.threat = x->domain;
	tap_ok(!against(x, NULL, &ep) && !against(x, f, &ep), "nobody said anything");
	hear(f, FP("c2.EXAMPLE", "desk", "2026-11-20T20:00:00Z", ""));
	tap_ok(against(x, f, &of_domain), "a value is what its indicator's threat is named by");
	tap_ok(against(x, f, &ep), "a campaign all of whose evidence is by it falls too");
	ep.evidence[1].item.by = x->by_rule;
	tap_ok(!against(x, f, &ep), "but not one that has other evidence");
	hear(f, FP("sid-7", "desk", "2026-11-20T21:00:00Z", ""));
	tap_ok(against(x, f, &ep), "unless that is one as well");
	of_domain.first_us = AT(20, 0) + 1;
	tap_ok(!against(x, f, &of_domain), "what began after the word is judged afresh");
	of_domain.first_us = AT(8, 0);
	hear(f, OK("domain:c2.example", "desk", "2026-11-20T22:00:00Z"));
	tap_ok(!against(x, f, &of_domain) && !against(x, f, &ep), "a later word takes it back");
	hear(f, FP("misp:nightjar", "desk", "2026-11-20T22:00:00Z", ""));
	tap_ok(against(x, f, &ep), "a word about the campaign");
	char id[CANDIDATE_ID_MAX], line[256];
	candidate_id(names_threat_get(x->names, ep.threat), AT(0, 0), TIMESTAMP_DAY, id);
	snprintf(line, sizeof(line),
		 "{\"event_type\":\"feedback\",\"verdict\":\"confirmed\",\"candidate\":\"%s\","
		 "\"by\":\"desk\",\"time\":\"2026-11-20T09:00:00Z\"}\n",
		 id);
	hear(f, line);
	tap_ok(!against(x, f, &ep), "what is said of the candidate itself goes before all");
	feedback_fini(f);
}

/* --- no party alone ------------------------------------------------------------------- */

enum { PARTIES = 5, TARGETS = 4 };
static const char *const party[PARTIES] = {"a", "b", "c", "d", "e"};

struct said {
	bool any, false_positive;
	int64_t time_us;
};

/* By hand: each party's last word about the most special thing that it has spoken of. */
static bool withdraws(struct said w[PARTIES][TARGETS], uint32_t desks, int quorum)
{
	const struct said *desk = NULL;
	int net = 0;

	for (int p = 0; p < PARTIES; p++) {
		const struct said *last = NULL;
		for (int t = TARGETS - 1; t >= 0; t--) /* the id; the threat's id and value; another */
			if (t != 3 && w[p][t].any &&
			    (!last || t == 0 ||
			     (last != &w[p][0] && w[p][t].time_us > last->time_us)))
				last = &w[p][t];
		if (!last)
			continue;
		net += last->false_positive ? 1 : -1;
		if (desks >> p & 1 && (!desk || last->time_us > desk->time_us))
			desk = last;
	}
	return desk ? desk->false_positive : net >= quorum;
}

static void quorum(const struct fixture *x)
{
	struct episode ep = fixture_raised(x);
	char id[CANDIDATE_ID_MAX];
	uint64_t seed = 3;
	int wrong = 0, alone = 0, desk_alone = 0;

	ep.threat = x->domain;
	const struct threat_name *t = names_threat_get(x->names, ep.threat);
	candidate_id(t, candidate_cell(ep.first_us, TIMESTAMP_DAY), TIMESTAMP_DAY, id);
	const char *target[TARGETS] = {id, "domain:c2.example", "C2.example", "other.example"};
	for (int round = 0; round < 2000; round++) {
		struct said w[PARTIES][TARGETS] = {{{0}}};
		seed += 3;
		uint32_t desks = (uint32_t)(hash_word(seed) & hash_word(seed + 1)) & 31;
		char by[16] = "", desk[16] = "";
		int need = 1 + (int)(hash_word(seed + 2) % 3), n = (int)(hash_word(seed + 3) % 12);
		for (int p = 0; p < PARTIES; p++)
			snprintf((desks >> p & 1 ? desk : by) + strlen(desks >> p & 1 ? desk : by), 4,
				 "%s,", party[p]);
		struct feedback *f = parties(by, desk, (uint32_t)need);
		for (int i = 0; i < n; i++) {
			uint64_t h = hash_word(seed + 100 + (uint64_t)i);
			struct said *s = &w[h % PARTIES][h >> 8 & 3];
			*s = (struct said){true, h >> 16 & 1, AT(20, 0) + i};
			feedback_hear(f, target[h >> 8 & 3], party[h % PARTIES], "",
				      s->time_us, s->false_positive);
		}
		wrong += against(x, f, &ep) != withdraws(w, desks, need);
		feedback_fini(f);
	}
	tap_int(wrong, 0, "votes are counted as by hand");

	/* one that says all it can of everything */
	struct feedback *f = parties("liar, honest, other", "desk", 2);
	for (int i = 0; i < 200000; i++) {
		char target_text[32];
		snprintf(target_text, sizeof(target_text), "value-%d.example", i);
		feedback_hear(f, i < 3 ? target[i] : target_text, "liar", "", AT(40, 0) + i, true);
		alone += i % 1000 == 999 && against(x, f, &ep);
	}
	tap_int(alone, 0, "one party withdraws nothing, whatever and however often it says it");
	tap_ok(feedback_counted(f, FEEDBACK_FULL) > 0, "what it may have stored has a bound");
	feedback_hear(f, "c2.example", "honest", "", AT(41, 0), true);
	tap_ok(against(x, f, &ep), "and leaves others their room: two do");
	feedback_hear(f, "c2.example", "other", "", AT(42, 0), false);
	tap_ok(!against(x, f, &ep), "a third who confirms weighs as much as one who does not");
	feedback_hear(f, "c2.example", "desk", "", AT(30, 0), true);
	tap_ok(against(x, f, &ep), "the desk's word stands by itself");
	feedback_hear(f, "c2.example", "desk", "", AT(31, 0), false);
	desk_alone = against(x, f, &ep);
	feedback_hear(f, "c2.example", "other", "", AT(43, 0), true);
	tap_ok(!desk_alone && !against(x, f, &ep), "for the candidate too, whoever says otherwise");
	feedback_fini(f);

	char many[65 * 5 + 1] = "";
	for (int i = 0; i < 65; i++)
		snprintf(many + 5 * i, 6, "p%03d,", i);
	tap_int(feedback_init(&f, many, "", 2), -E2BIG, "more parties than there may be");
}

struct heard {
	const struct candidate_context *cx;
	uint32_t count, version;
	enum candidate_status status;
	char id[CANDIDATE_ID_MAX], by[64];
	bool explained;
};

static void listen(void *arg, const struct candidate *c)
{
	struct heard *h = arg;
	struct text t;

	text_init(&t);
	candidate_json(&t, c, h->cx);
	h->explained = strstr(t.p, "\"reason\":\"false-positive\"") &&
		       strstr(t.p, "Withdrawn: desk called");
	text_fini(&t);
	h->count++;
	h->version = c->version;
	h->status = c->status;
	strcpy(h->id, c->id);
	snprintf(h->by, sizeof(h->by), "%s", c->rejected ? c->rejected->by : "");
}

static void on_the_board(const struct fixture *x)
{
	struct candidate_context cx = x->cx;
	struct heard h = {.cx = &cx};
	struct episode ep = fixture_raised(x);
	struct feedback *f = made("desk");
	struct board *b;

	if (board_init(&b) != 0)
		abort();
	cx.feedback = f;
	board_offer(b, &cx, &ep, listen, &h);
	tap_ok(h.count == 1 && h.status == CANDIDATE_RAISED, "raised");
	hear(f, FP("c2.example", "desk", "2026-11-20T20:00:00Z", "ours"));
	board_review(b, &cx, listen, &h);
	tap_ok(h.count == 2 && h.status == CANDIDATE_WITHDRAWN && strcmp(h.by, "desk") == 0 &&
		       h.explained,
	       "a word withdraws it, and the line says whose");
	ep.state[0].entities++;
	ep.last_us += TIMESTAMP_HOUR;
	board_offer(b, &cx, &ep, listen, &h);
	board_review(b, &cx, listen, &h);
	tap_int(h.count, 2, "more of the same evidence changes nothing");
	hear(f, OK("c2.example", "desk", "2026-11-20T21:00:00Z"));
	board_review(b, &cx, listen, &h);
	tap_ok(h.count == 3 && h.status == CANDIDATE_RAISED && h.version == 3,
	       "taken back, it is raised again");
	board_review(b, &cx, listen, &h);
	tap_int(h.count, 3, "once");
	hear(f, FP("c2.example", "desk", "2026-11-20T22:00:00Z", "after all"));
	struct episode other = ep;
	other.threat = x->domain;
	board_offer(b, &cx, &other, listen, &h);
	tap_ok(h.count == 4 && h.status == CANDIDATE_WITHDRAWN && h.version == 1,
	       "what is known to be false when it comes is said once, as withdrawn");
	board_offer(b, &cx, &other, listen, &h);
	tap_int(h.count, 4, "and not again");
	other.first_us = other.last_us = AT(48, 0);
	board_offer(b, &cx, &other, listen, &h);
	tap_ok(h.count == 5 && h.status == CANDIDATE_RAISED, "a later episode is judged afresh");
	board_fini(b);
	feedback_fini(f);
}

int main(int argc, char **argv)
{
	struct fixture x;

	by_the_schema(argc > 1 ? argv[1] : NULL);
	if (argc > 1)
		return 0;
	fixture_init(&x);
	formats();
	refusals();
	any_order();
	quorum(&x);
	about(&x);
	on_the_board(&x);
	fixture_fini(&x);
	return tap_done();
}
