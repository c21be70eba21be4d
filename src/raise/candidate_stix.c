#include "raise/candidate.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/timestamp.h"
#include "raise/describe.h"
#include "raise/score.h"
#include "raise/candidate_pattern.h"
#include "raise/stix_common.h"

static const char incident_core[] = "extension-definition--ef765651-680c-498d-9894-99799f2fa126";
/* Referred to and not embedded: they are published by others. */
static const char *const pap_marking[PAPS] = {
	"marking-definition--ad15a0cd-55b6-4588-a14c-a66105329b92",
	"marking-definition--c43594d1-4b11-4c59-93ab-1c9b14d53ce9",
	"marking-definition--60f8932b-e51e-4458-b265-a2e8be9a80ab",
	"marking-definition--740d36e5-7714-4c30-961a-3ae632ceee0e",
};

struct bundle {
	struct text *out;
	const struct candidate *c;
	const struct candidate_context *cx;
	char created[TIMESTAMP_TEXT_MAX], modified[TIMESTAMP_TEXT_MAX];
	char incident[STIX_ID_MAX], threat[128];
	bool threat_known; /* by its own STIX id: referred to, not embedded */
};

/* An object of the candidate's own, with its markings. */
static void begin(struct bundle *b, const char *type, const char *id)
{
	const struct episode *ep = &b->c->episode;

	stix_begin(b->out, type, id, b->created, b->modified);
	text_printf(b->out, ",\"object_marking_refs\":[\"%s\"", stix_tlp_id(ep->tlp));
	if (ep->pap != PAP_CLEAR)
		text_printf(b->out, ",\"%s\"", pap_marking[ep->pap]);
	text_char(b->out, ']');
}

/*
 * sighting_of_ref must name an SDO (section 5.2), so the threat must be one:
 * - an id that is a STIX id is referred to: the object is its producer's, and a
 *   second version of it must not come from here;
 * - "type:value" is an indicator whose pattern can be written down;
 * - anything else (a rule, a feed's own id, a campaign known by its name) is a
 *   campaign of that name: activity that belongs together, which is all we know.
 */
static void name_threat(struct bundle *b, struct text *pattern)
{
	const struct threat_name *t = &b->c->threat;
	char id[STIX_ID_MAX];

	b->threat_known = strlen(t->id) < sizeof(b->threat) && candidate_pattern_is_sdo(t->id);
	if (b->threat_known) {
		strcpy(b->threat, t->id);
		return;
	}
	bool written = t->kind == NAME_INDICATOR && candidate_pattern_of(pattern, t->id);
	stix_make_id(id, written ? "indicator" : "campaign", b->c->id, t->id);
	strcpy(b->threat, id);
}

static void threat(struct bundle *b, const char *pattern)
{
	const struct candidate *c = b->c;

	if (b->threat_known)
		return;
	if (pattern) {
		begin(b, "indicator", b->threat);
		stix_string(b->out, "name", c->threat.name);
		text_str(b->out, ",\"indicator_types\":[\"malicious-activity\"]");
		stix_string(b->out, "pattern", pattern);
		stix_string(b->out, "pattern_type", "stix");
		stix_moment(b->out, "valid_from", c->episode.first_us);
	} else {
		begin(b, "campaign", b->threat);
		stix_string(b->out, "name", c->threat.name);
		struct text t;
		text_init(&t);
		text_printf(&t, "Activity known as %s %s.", describe_kind(c->threat.kind),
			    c->threat.id);
		stix_string(b->out, "description", t.p ? t.p : "");
		text_fini(&t);
		stix_moment(b->out, "first_seen", c->episode.first_us);
		stix_moment(b->out, "last_seen", c->episode.last_us);
	}
	text_char(b->out, '}');
}

static void incident_name(struct bundle *b)
{
	const struct episode *ep = &b->c->episode;
	struct text t;
	const char *sep = "";

	text_init(&t);
	text_printf(&t, "%s: %s in ",
		    ep->status == EPISODE_RAISED ? "Suspected large-scale incident"
						 : "Suspected incident",
		    b->c->threat.name);
	for (uint32_t i = 0; i < ep->states; i++)
		if (vocab_state_is_member(ep->state[i].state) && ep->state[i].entities) {
			text_printf(&t, "%s%s", sep, vocab_state_code(ep->state[i].state));
			sep = ", ";
		}
	stix_string(b->out, "name", t.p ? t.p : "");
	text_reset(&t);
	candidate_explain(&t, b->c, b->cx);
	stix_string(b->out, "description", t.p ? t.p : "");
	if (t.error)
		b->out->error = t.error;
	text_fini(&t);
}

static void entity_counts(struct bundle *b)
{
	const uint64_t max = (UINT64_C(1) << 53) - 1; /* what every JSON reader takes */
	uint64_t entities = 0, users = 0;
	const struct episode *ep = &b->c->episode;

	for (uint32_t i = 0; i < ep->states; i++) {
		const struct state_assessment *st = &ep->state[i];
		if (!vocab_state_is_member(st->state))
			continue;
		entities = entities > max - (st->entities < max ? st->entities : max)
				   ? max
				   : entities + st->entities;
		users = users > max - (st->users < max ? st->users : max) ? max : users + st->users;
	}
	text_printf(b->out, ",\"impacted_entity_counts\":{\"entity\":%" PRIu64, entities);
	if (users)
		text_printf(b->out, ",\"individual\":%" PRIu64, users);
	text_char(b->out, '}');
}

static void incident(struct bundle *b)
{
	struct score s = {0};

	if (b->c->status != CANDIDATE_WITHDRAWN)
		score_episode(&s, &b->c->episode, candidate_profile(b->cx, &b->c->episode));
	begin(b, "incident", b->incident);
	/* for good (section 3.2): what was withdrawn otherwise may be re-opened */
	if (b->c->superseded_by[0])
		text_str(b->out, ",\"revoked\":true");
	text_str(b->out, ",\"labels\":");
	describe_labels(b->out, &b->c->episode, candidate_status_name(b->c->status));
	incident_name(b);
	text_printf(b->out,
		    ",\"extensions\":{\"%s\":{\"extension_type\":\"property-extension\","
		    "\"determination\":\"%s\",\"investigation_status\":\"%s\","
		    "\"criticality\":%" PRIu32 ",\"detection_methods\":[\"automated-tool\"]",
		    incident_core, b->c->rejected ? "false-positive" : "suspected",
		    b->c->status >= CANDIDATE_WITHDRAWN ? "closed" : "new", s.hundredths);
	entity_counts(b);
	text_printf(b->out,
		    ",\"scores\":[{\"name\":\"tocsin\",\"value\":%" PRIu32
		    ",\"description\":\"0 to 100; from 50 significant in as many Member States as "
		    "the profile asks for\"}]}}}",
		    s.hundredths);
}

static void sighting(struct bundle *b, const struct state_assessment *st)
{
	char id[STIX_ID_MAX], where[STIX_ID_MAX];

	stix_location_id(where, st->state);
	stix_make_id(id, "sighting", b->c->id, vocab_state_code(st->state));
	begin(b, "sighting", id);
	stix_moment(b->out, "first_seen", st->first_us);
	stix_moment(b->out, "last_seen", st->last_us);
	text_printf(b->out,
		    ",\"count\":%" PRIu64 ",\"sighting_of_ref\":\"%s\","
		    "\"where_sighted_refs\":[\"%s\"],\"summary\":true}",
		    st->records < STIX_COUNT_MAX ? st->records : STIX_COUNT_MAX, b->threat, where);
}

static void relationship(struct bundle *b, const char *type, const char *from, const char *to)
{
	char id[STIX_ID_MAX];

	stix_make_id(id, "relationship", from, to);
	begin(b, "relationship", id);
	text_printf(b->out,
		    ",\"relationship_type\":\"%s\",\"source_ref\":\"%s\",\"target_ref\":\"%s\"}",
		    type, from, to);
}

/* The words of the incident extension's relationship table; to attribute an
 * incident to anyone is not ours, so other threats are only related to it. */
static void relationships(struct bundle *b)
{
	const struct episode *ep = &b->c->episode;
	bool indicator = strncmp(b->threat, "indicator--", 11) == 0;
	bool campaign = strncmp(b->threat, "campaign--", 10) == 0;

	relationship(b,
		     indicator  ? "detected"
		     : campaign ? "associated-with"
				: "related-to",
		     b->threat, b->incident);
	for (uint32_t i = 0; i < ep->states; i++) {
		char where[STIX_ID_MAX];
		if (!vocab_state_is_member(ep->state[i].state) || ep->state[i].entities == 0)
			continue;
		stix_location_id(where, ep->state[i].state);
		relationship(b, "located-at", b->incident, where);
	}
}

static void stamp(struct bundle *b)
{
	const struct episode *ep = &b->c->episode;
	int64_t created = ep->status == EPISODE_NONE ? ep->first_us : ep->decided_us;
	int64_t modified = created > ep->last_us ? created : ep->last_us;

	stix_time(created, b->created);
	stix_time(modified + (int64_t)(b->c->version - 1) * 1000, b->modified);
}

void candidate_stix(struct text *out, const struct candidate *c, const struct candidate_context *cx)
{
	struct bundle b = {.out = out, .c = c, .cx = cx};
	const struct episode *ep = &c->episode;
	char id[STIX_ID_MAX];
	struct text pattern;

	text_init(&pattern);
	stamp(&b);
	snprintf(b.incident, sizeof(b.incident), "incident--%s", c->id);
	name_threat(&b, &pattern);
	stix_make_id(id, "bundle", "", c->id);
	text_printf(out, "{\"type\":\"bundle\",\"id\":\"%s\",\"objects\":[", id);
	stix_identity(out);
	stix_marking(out, ep->tlp);
	for (uint32_t i = 0; i < ep->states; i++)
		stix_location(out, ep->state[i].state);
	threat(&b, pattern.len ? pattern.p : NULL);
	incident(&b);
	for (uint32_t i = 0; i < ep->states; i++)
		sighting(&b, &ep->state[i]);
	relationships(&b);
	text_str(out, "]}");
	if (pattern.error)
		out->error = pattern.error;
	text_fini(&pattern);
}
