/* What an entity reports: in a notification, and beside what other formats say. */
#include "decoded.h"

#define HEAD                                                                                       \
	"{\"notification\":{\"type\":\"incident-notification\",\"detected_at\":\"2026-11-20T10:"   \
	"00:00Z\""

static enum reason notify(const char *rest)
{
	char text[4096];

	snprintf(text, sizeof(text), HEAD "%s}}", rest);
	return decode(FORMAT_NOTIFICATION, text);
}

static uint64_t kept(int measure)
{
	return measure == IMPACT_USERS      ? ev.users_affected
	       : measure == IMPACT_DURATION ? ev.duration_s
					    : ev.measure[measure];
}

static void measures(void)
{
	int wrong = 0;

	for (int m = 0; m < IMPACT_MEASURE_COUNT; m++) {
		const char *field = vocab_impact_measure_field(m);
		const bool share = vocab_impact_unit(m) == IMPACT_SHARE;
		char text[256];
		snprintf(text, sizeof(text), ",\"impact\":{\"%s\":[7,3]}", field);
		wrong += notify(text) != REASON_OK || kept(m) != (share ? 70000 : 7) || !ev.reports;
		snprintf(text, sizeof(text), ",\"impact\":{\"%s\":-7}", field);
		wrong += notify(text) != REASON_NOTIFICATION_NUMBER;
		/* beside another format's fields; what is wrong there says nothing */
		snprintf(text, sizeof(text), "{\"Format\":\"IDEA0\",\"tocsin\":{\"%s\":[7,\"x\"]}}",
			 field);
		wrong += decode(FORMAT_AUTO, text) != REASON_OK || ev.format != FORMAT_IDEA ||
			 kept(m) != (share && m > IMPACT_DURATION ? 70000 : 7);
	}
	tap_int(wrong, 0, "every measure, of several the largest; negative ones refuse");
}

static void claims(void)
{
	int wrong = 0;

	for (int c = IMPACT_CLAIM_FIRST; c <= IMPACT_CLAIM_CAPACITY; c++) {
		char text[256];
		snprintf(text, sizeof(text), ",\"impact\":{\"%s\":true}",
			 vocab_impact_claim_name(c));
		wrong += notify(text) != REASON_OK || ev.claims != IMPACT_BIT(c);
		snprintf(text, sizeof(text), ",\"impact\":{\"%s\":false}",
			 vocab_impact_claim_name(c));
		wrong += notify(text) != REASON_OK || ev.claims != 0;
		snprintf(text, sizeof(text), ",\"impact\":{\"%s\":\"yes\"}",
			 vocab_impact_claim_name(c));
		wrong += notify(text) != REASON_NOTIFICATION_WORD;
		snprintf(text, sizeof(text),
			 "{\"time.source\":\"2026-11-20T10:00:00Z\",\"tocsin.%s\":true}",
			 vocab_impact_claim_name(c));
		wrong += decode(FORMAT_AUTO, text) != REASON_OK || ev.format != FORMAT_INTELMQ ||
			 ev.claims != IMPACT_BIT(c);
	}
	tap_int(wrong, 0, "every claim: true, false, or refused");
}

static void words(void)
{
	notify(",\"entity\":{\"name\":\"Hoster\",\"type\":[\"tld-name-registry\",\"trust-service-"
	       "provider\"],"
	       "\"sector\":\"energy\"},\"root_cause\":\"human-errors\",\"impact_severity\":"
	       "\"yellow\","
	       "\"member_states_affected\":[\"DE\",\"EL\"],\"member_state\":\"FR\",\"id\":\"n-1\","
	       "\"threat\":{\"campaign\":\"Night Owl\"},\"severity\":\"high\",\"tlp\":\"red\"");
	tap_ok(ev.claims == (IMPACT_BIT(IMPACT_TYPE_TLD) | IMPACT_BIT(IMPACT_TYPE_TRUST) |
			     IMPACT_BIT(IMPACT_CAUSE_HUMAN) | IMPACT_BIT(IMPACT_CLAIM_LARGE) |
			     IMPACT_BIT(IMPACT_CLAIM_SEVERAL_STATES)),
	       "types, cause, severity and states make claims");
	tap_ok(ev.sector == vocab_sector_parse("energy", 6) &&
		       ev.state_claim == vocab_state_parse("FR", 2) &&
		       ev.stated_severity == SEVERITY_HIGH && ev.tlp == TLP_RED &&
		       ev.campaign.len == 9 && ev.report_id.len == 3,
	       "sector, state, severity, marking, campaign, id");
	tap_ok(strcmp(entity(NULL), "org:hoster") == 0, "the entity is who is affected: %s",
	       entity(NULL));
	notify(",\"member_states_affected\":[\"DE\",\"EU\",\"GB\"]");
	tap_ok(!(ev.claims & IMPACT_BIT(IMPACT_CLAIM_SEVERAL_STATES)),
	       "EU and GB are no further Member States");
	tap_int(notify(",\"member_states_affected\":[\"ZZ\"]"), REASON_NOTIFICATION_WORD,
		"a state that is none");
	tap_int(decode(FORMAT_NOTIFICATION, "{\"notification\":{\"id\":\"x\"}}"),
		REASON_NOTIFICATION_WORD, "no type");
	tap_int(decode(FORMAT_NOTIFICATION, "{\"a\":1}"), REASON_NOTIFICATION_WORD,
		"no notification at all");
	notify(",\"threat\":{\"campaign\":\"a\\u0007\"}");
	tap_int(ev.refused, REASON_NOTIFICATION_WORD, "a name of more than one line");
}

static enum hit_class class_of_type(const char *type)
{
	char text[256];

	snprintf(text, sizeof(text),
		 "{\"notification\":{\"type\":\"%s\",\"indicators\":{\"ip\":\"192.0.2.1\"}}}",
		 type);
	if (decode(FORMAT_NOTIFICATION, text) != REASON_OK || ev.observables != 1)
		return CLASS_NONE;
	return event_class(&ev, &ev.observable[0], &home);
}

static void classes(void)
{
	static const char *const effects[] = {"early-warning", "incident-notification",
					      "intermediate-report", "progress-report",
					      "final-report"};
	static const char *const others[] = {"near-miss", "cyber-threat", "scheduled-maintenance"};
	int wrong = 0;

	for (int i = 0; i < 5; i++)
		wrong += class_of_type(effects[i]) != CLASS_EFFECT;
	for (int i = 0; i < 3; i++)
		wrong += class_of_type(others[i]) != CLASS_ATTEMPT;
	tap_int(wrong, 0,
		"an incident is an effect; a near miss, a threat and maintenance are not");
	notify(",\"exercise\":true");
	tap_int(event_class(&ev, NULL, &home), CLASS_TEST, "an exercise");
}

static void times(void)
{
	decode(FORMAT_NOTIFICATION,
	       "{\"notification\":{\"type\":\"final-report\",\"submitted_at\":\"2026-11-22T00:00:"
	       "00Z\","
	       "\"started_at\":\"2026-11-20T08:00:00Z\",\"ended_at\":\"2026-11-20T09:00:00.2Z\"}}");
	tap_int((long long)ev.duration_s, 3601, "from beginning to end, a second begun is one");
	tap_int(ev.time_us, INT64_C(1795161600) * TIMESTAMP_SECOND, "its time is when it began");
	notify(",\"started_at\":\"2026-11-20T08:00:00Z\",\"ended_at\":\"2026-11-20T07:00:00Z\"");
	tap_int((long long)ev.duration_s, 0, "what ended before it began did not last");
	tap_int(ev.time_us, INT64_C(1795168800) * TIMESTAMP_SECOND,
		"detection goes before the beginning");
	notify(",\"started_at\":\"2026-11-20T08:00:00Z\",\"ended_at\":\"2026-11-20T09:00:00Z\","
	       "\"impact\":{\"duration_seconds\":5}");
	tap_int((long long)ev.duration_s, 5, "what is said goes before what follows");
#define IDEA(category)                                                                             \
	"{\"Format\":\"IDEA0\",\"Category\":[\"" category                                          \
	"\"],\"EventTime\":\"2026-11-20T08:00:00Z\","                                              \
	"\"CeaseTime\":\"2026-11-20T09:00:00Z\"}"
	decode(FORMAT_AUTO, IDEA("Availability.DDoS"));
	tap_int((long long)ev.duration_s, 3600, "IDEA0: a disruption's beginning and end");
	decode(FORMAT_AUTO, IDEA("Malware"));
	tap_int((long long)ev.duration_s, 0, "but not an infection's");
}

static void tags(void)
{
	decode(FORMAT_AUTO, "{\"@timestamp\":\"2026-11-20T08:00:00Z\",\"tags\":[\"nis:impact-"
			    "severity=\\\"red\\\"\"]}");
	tap_ok(ev.reports && ev.claims == (IMPACT_BIT(IMPACT_CLAIM_LARGE) |
					   IMPACT_BIT(IMPACT_CLAIM_VERY_LARGE)),
	       "a severity's tag in any format");
	decode(FORMAT_AUTO, "{\"@timestamp\":\"x\",\"tags\":[\"nis2:impact-severity="
			    "\\\"green\\\"\",\"nis:impact-severity=\","
			    "\"nis:impact-severity=\\\"\",\"nis:impact-severity=red\"]}");
	tap_ok(!ev.reports && !ev.claims, "green, and what is no tag, say nothing");
}

/* Indicators by the thousand stand before what counts. */
static void long_lists(void)
{
	static char text[200000];
	char *o = text;

	o += sprintf(o, "%s", HEAD ",\"indicators\":{\"domain\":[\"x.example\"");
	for (int i = 0; i < 9000; i++)
		o += sprintf(o, ",\"n%d.example\"", i);
	sprintf(o, "]},\"entity\":{\"name\":\"Hoster\"},\"member_state\":\"FR\",\"impact\":{"
		   "\"users_affected\":3},"
		   "\"threat\":{\"campaign\":\"c\"}}}");
	tap_int(decode(FORMAT_NOTIFICATION, text), REASON_OK, "9,001 indicators");
	tap_ok(ev.users_affected == 3 && ev.campaign.len == 1 && ev.organisation.len == 6 &&
		       ev.state_claim >= 0 && ev.has_time,
	       "do not crowd out the impact, the threat, the entity, the state and the time");
	tap_ok(ev.overflow > 8000, "and what is not kept is counted: %u", ev.overflow);
}

int main(void)
{
	decoded_init();
	measures();
	claims();
	words();
	classes();
	times();
	tags();
	long_lists();
	decoder_fini(&decoder);
	return tap_done();
}
