#include "raise/anomaly.h"

#include <assert.h>
#include <inttypes.h>

#include "raise/describe.h"

static void name_it(const char *kind, const struct threat_name *threat, char id[CANDIDATE_ID_MAX])
{
	struct text t;

	text_init(&t);
	text_printf(&t, "anomaly\n%s\n%s\n%s", kind, describe_kind(threat->kind), threat->id);
	assert(!t.error); /* as in candidate_id() */
	candidate_uuid(t.p, t.len, id);
	text_fini(&t);
}

static void explain(struct text *out, const struct threat_name *threat, const struct episode *ep)
{
	struct text t;
	const char *sep = "";

	text_init(&t);
	text_printf(&t, "\"%s\" is in so many records of ", threat->name);
	for (uint32_t i = 0; i < ep->states; i++) {
		if (!ep->state[i].ordinary)
			continue;
		text_printf(&t, "%s%s", sep, vocab_state_name(ep->state[i].state));
		sep = ", ";
	}
	text_str(&t, " that it says nothing there: it is counted as a whole and does not raise.");
	text_str(out, ",\"explain\":");
	text_json_str(out, t.p && !t.error ? t.p : "");
	if (t.error)
		out->error = t.error;
	text_fini(&t);
}

/* Up to where the kinds differ. */
static void head(struct text *out, const char *kind, const struct threat_name *threat,
		 char id[CANDIDATE_ID_MAX])
{
	name_it(kind, threat, id);
	text_printf(out, "{\"event_type\":\"anomaly\",\"id\":\"%s\",\"kind\":\"%s\","
			 "\"class\":\"summarised\",\"threat\":{\"kind\":\"%s\",\"id\":",
		    id, kind, describe_kind(threat->kind));
	text_json_str(out, threat->id);
	text_str(out, ",\"name\":");
	text_json_str(out, threat->name);
	text_char(out, '}');
}

void anomaly_summarised(struct text *out, char id[CANDIDATE_ID_MAX],
			const struct threat_name *threat, uint64_t at_least, uint64_t at_most,
			uint64_t of_records)
{
	struct text t;

	head(out, "summarised", threat, id);
	text_printf(out, ",\"hits_at_least\":%" PRIu64 ",\"hits_at_most\":%" PRIu64
			 ",\"of_records\":%" PRIu64, at_least, at_most, of_records);
	text_init(&t);
	text_printf(&t, "\"%s\" is in half of what is read while the evidence table fills up: from now "
			"on its records and entities are estimated, so that others keep their room.",
		    threat->name);
	text_str(out, ",\"explain\":");
	text_json_str(out, t.p && !t.error ? t.p : "");
	if (t.error)
		out->error = t.error;
	text_fini(&t);
	text_char(out, '}');
}

void anomaly_over_correlation(struct text *out, char id[CANDIDATE_ID_MAX],
			      const struct threat_name *threat, const struct episode *ep,
			      const uint64_t of[STATES])
{
	const char *sep = "";

	head(out, "over_correlation", threat, id);
	text_str(out, ",\"window\":{\"start\":");
	text_json_time(out, ep->first_us);
	text_str(out, ",\"end\":");
	text_json_time(out, ep->last_us);
	text_str(out, "},\"member_states\":[");
	for (uint32_t i = 0; i < ep->states; i++) {
		const struct state_assessment *s = &ep->state[i];
		if (!s->ordinary)
			continue;
		text_printf(out,
			    "%s{\"code\":\"%s\",\"records\":%" PRIu64 ",\"of_records\":%" PRIu64
			    ",\"entities\":%" PRIu64 "}",
			    sep, vocab_state_code(s->state), s->records, of[s->state], s->entities);
		sep = ",";
	}
	text_char(out, ']');
	explain(out, threat, ep);
	text_char(out, '}');
}
