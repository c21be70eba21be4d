#include "raise/candidate.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/timestamp.h"
#include "raise/describe.h"
#include "raise/score.h"
#include "raise/candidate_pattern.h"

/*
 * What is the same in every bundle (the engine's identity, the locations) was
 * made once, at this time: an object's "created" must never change. What
 * belongs to the candidate was created when its status was decided, in event
 * time; "modified" is its last evidence, a millisecond later for each version,
 * because a reader takes an object as newer only if "modified" is.
 */
#define CONSTANT_SINCE "2026-01-01T00:00:00.000Z"
#define COUNT_MAX      UINT64_C(999999999) /* STIX 2.1, section 5.2 */
#define ID_MAX         (64 + CANDIDATE_ID_MAX)

static const char incident_core[] = "extension-definition--ef765651-680c-498d-9894-99799f2fa126";
static const char tlp_extension[] = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d";

static const struct {
	const char *name, *id;
} tlp_marking[TLPS] = {
	{"TLP:CLEAR", "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487"},
	{"TLP:GREEN", "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"},
	{"TLP:AMBER", "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"},
	{"TLP:AMBER+STRICT", "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003"},
	{"TLP:RED", "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"},
};

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
	char identity[ID_MAX], incident[ID_MAX], threat[128];
	bool threat_known; /* by its own STIX id: referred to, not embedded */
};

/* "created" and "modified" have milliseconds, no more and no less (section 3.2). */
static void stix_time(int64_t us, char out[TIMESTAMP_TEXT_MAX])
{
	timestamp_format(us, out);
	memcpy(out + 23, "Z", 2);
}

/* type--UUIDv5 of what the object stands for. */
static void make_id(char out[ID_MAX], const char *type, const char *about, const char *what)
{
	char uuid[CANDIDATE_ID_MAX];
	struct text t;

	text_init(&t);
	text_printf(&t, "stix\n%s\n%s\n%s", type, about, what);
	assert(!t.error);
	candidate_uuid(t.p, t.len, uuid);
	text_fini(&t);
	snprintf(out, ID_MAX, "%s--%s", type, uuid);
}

static void location_id(char out[ID_MAX], int state)
{
	make_id(out, "location", "", vocab_state_code(state));
}

static void begin_with(struct bundle *b, const char *type, const char *id, const char *created,
		       const char *modified)
{
	text_printf(b->out,
		    ",{\"type\":\"%s\",\"spec_version\":\"2.1\",\"id\":\"%s\","
		    "\"created_by_ref\":\"%s\",\"created\":\"%s\",\"modified\":\"%s\"",
		    type, id, b->identity, created, modified);
}

/* An object of the candidate's own, with its markings. */
static void begin(struct bundle *b, const char *type, const char *id)
{
	const struct episode *ep = &b->c->episode;

	begin_with(b, type, id, b->created, b->modified);
	text_printf(b->out, ",\"object_marking_refs\":[\"%s\"", tlp_marking[ep->tlp].id);
	if (ep->pap != PAP_CLEAR)
		text_printf(b->out, ",\"%s\"", pap_marking[ep->pap]);
	text_char(b->out, ']');
}

static void string(struct bundle *b, const char *key, const char *value)
{
	text_printf(b->out, ",\"%s\":", key);
	text_json_str(b->out, value);
}

static void moment(struct bundle *b, const char *key, int64_t us)
{
	text_printf(b->out, ",\"%s\":", key);
	text_json_time(b->out, us);
}

static void identity(struct bundle *b)
{
	/* the first object: no comma before it, and it is its own creator */
	text_printf(b->out,
		    "{\"type\":\"identity\",\"spec_version\":\"2.1\",\"id\":\"%s\","
		    "\"created\":\"" CONSTANT_SINCE "\",\"modified\":\"" CONSTANT_SINCE "\"",
		    b->identity);
	string(b, "name", "tocsin");
	string(b, "description",
	       "Correlates telemetry of national SOCs across Member States. What "
	       "it raises is a candidate; a human decides.");
	string(b, "identity_class", "system");
	text_char(b->out, '}');
}

static void marking(struct bundle *b)
{
	uint8_t tlp = b->c->episode.tlp;

	text_printf(b->out,
		    ",{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\"id\":\"%s\","
		    "\"created\":\"2022-10-01T00:00:00.000Z\",\"name\":\"%s\",\"extensions\":{"
		    "\"%s\":{\"extension_type\":\"property-extension\",\"tlp_2_0\":\"%s\"}}}",
		    tlp_marking[tlp].id, tlp_marking[tlp].name, tlp_extension, vocab_tlp_name(tlp));
}

/* CERT-EU's constituency is spread over the Union: a region, for want of a country. */
static void location(struct bundle *b, int state)
{
	char id[ID_MAX];

	location_id(id, state);
	begin_with(b, "location", id, CONSTANT_SINCE, CONSTANT_SINCE);
	string(b, "name", vocab_state_name(state));
	if (state == STATE_EU)
		string(b, "region", "europe");
	else
		string(b, "country", vocab_state_code(state));
	text_char(b->out, '}');
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
	char id[ID_MAX];

	b->threat_known = strlen(t->id) < sizeof(b->threat) && candidate_pattern_is_sdo(t->id);
	if (b->threat_known) {
		strcpy(b->threat, t->id);
		return;
	}
	bool written = t->kind == NAME_INDICATOR && candidate_pattern_of(pattern, t->id);
	make_id(id, written ? "indicator" : "campaign", b->c->id, t->id);
	strcpy(b->threat, id);
}

static void threat(struct bundle *b, const char *pattern)
{
	const struct candidate *c = b->c;

	if (b->threat_known)
		return;
	if (pattern) {
		begin(b, "indicator", b->threat);
		string(b, "name", c->threat.name);
		text_str(b->out, ",\"indicator_types\":[\"malicious-activity\"]");
		string(b, "pattern", pattern);
		string(b, "pattern_type", "stix");
		moment(b, "valid_from", c->episode.first_us);
	} else {
		begin(b, "campaign", b->threat);
		string(b, "name", c->threat.name);
		struct text t;
		text_init(&t);
		text_printf(&t, "Activity known as %s %s.", describe_kind(c->threat.kind),
			    c->threat.id);
		string(b, "description", t.p ? t.p : "");
		text_fini(&t);
		moment(b, "first_seen", c->episode.first_us);
		moment(b, "last_seen", c->episode.last_us);
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
	string(b, "name", t.p ? t.p : "");
	text_reset(&t);
	candidate_explain(&t, b->c, b->cx);
	string(b, "description", t.p ? t.p : "");
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
	char id[ID_MAX], where[ID_MAX];

	location_id(where, st->state);
	make_id(id, "sighting", b->c->id, vocab_state_code(st->state));
	begin(b, "sighting", id);
	moment(b, "first_seen", st->first_us);
	moment(b, "last_seen", st->last_us);
	text_printf(b->out,
		    ",\"count\":%" PRIu64 ",\"sighting_of_ref\":\"%s\","
		    "\"where_sighted_refs\":[\"%s\"],\"summary\":true}",
		    st->records < COUNT_MAX ? st->records : COUNT_MAX, b->threat, where);
}

static void relationship(struct bundle *b, const char *type, const char *from, const char *to)
{
	char id[ID_MAX];

	make_id(id, "relationship", from, to);
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
		char where[ID_MAX];
		if (!vocab_state_is_member(ep->state[i].state) || ep->state[i].entities == 0)
			continue;
		location_id(where, ep->state[i].state);
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
	char id[ID_MAX];
	struct text pattern;

	text_init(&pattern);
	stamp(&b);
	make_id(b.identity, "identity", "", "tocsin");
	snprintf(b.incident, sizeof(b.incident), "incident--%s", c->id);
	name_threat(&b, &pattern);
	make_id(id, "bundle", "", c->id);
	text_printf(out, "{\"type\":\"bundle\",\"id\":\"%s\",\"objects\":[", id);
	identity(&b);
	marking(&b);
	for (uint32_t i = 0; i < ep->states; i++)
		location(&b, ep->state[i].state);
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
