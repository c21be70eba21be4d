#include "raise/stix_common.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/*
 * What is the same in every bundle (the engine's identity, the locations) was
 * made once, at this time: an object's "created" must never change. What
 * belongs to the candidate was created when its status was decided, in event
 * time; "modified" is its last evidence, a millisecond later for each version,
 * because a reader takes an object as newer only if "modified" is.
 */
#define CONSTANT_SINCE "2026-01-01T00:00:00.000Z"

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

void stix_time(int64_t us, char out[TIMESTAMP_TEXT_MAX])
{
	timestamp_format(us, out);
	memcpy(out + 23, "Z", 2);
}

void stix_make_id(char out[STIX_ID_MAX], const char *type, const char *about, const char *what)
{
	char uuid[CANDIDATE_ID_MAX];
	struct text t;

	text_init(&t);
	text_printf(&t, "stix\n%s\n%s\n%s", type, about, what);
	assert(!t.error);
	candidate_uuid(t.p, t.len, uuid);
	text_fini(&t);
	snprintf(out, STIX_ID_MAX, "%s--%s", type, uuid);
}

void stix_identity_id(char out[STIX_ID_MAX])
{
	stix_make_id(out, "identity", "", "tocsin");
}

void stix_location_id(char out[STIX_ID_MAX], int state)
{
	stix_make_id(out, "location", "", vocab_state_code(state));
}

const char *stix_tlp_id(int tlp)
{
	return tlp_marking[tlp].id;
}

void stix_string(struct text *out, const char *key, const char *value)
{
	text_printf(out, ",\"%s\":", key);
	text_json_str(out, value);
}

void stix_moment(struct text *out, const char *key, int64_t us)
{
	text_printf(out, ",\"%s\":", key);
	text_json_time(out, us);
}

void stix_begin(struct text *out, const char *type, const char *id, const char *created,
		const char *modified)
{
	char identity[STIX_ID_MAX];

	stix_identity_id(identity);
	text_printf(out,
		    ",{\"type\":\"%s\",\"spec_version\":\"2.1\",\"id\":\"%s\","
		    "\"created_by_ref\":\"%s\",\"created\":\"%s\",\"modified\":\"%s\"",
		    type, id, identity, created, modified);
}

void stix_identity(struct text *out)
{
	char id[STIX_ID_MAX];

	stix_identity_id(id);
	/* the first object, and its own creator */
	text_printf(out,
		    "{\"type\":\"identity\",\"spec_version\":\"2.1\",\"id\":\"%s\","
		    "\"created\":\"" CONSTANT_SINCE "\",\"modified\":\"" CONSTANT_SINCE "\"",
		    id);
	stix_string(out, "name", "tocsin");
	stix_string(out, "description",
		    "Correlates telemetry of national SOCs across Member States. What "
		    "it raises is a candidate; a human decides.");
	stix_string(out, "identity_class", "system");
	text_char(out, '}');
}

void stix_marking(struct text *out, int tlp)
{
	text_printf(out,
		    ",{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\"id\":\"%s\","
		    "\"created\":\"2022-10-01T00:00:00.000Z\",\"name\":\"%s\",\"extensions\":{"
		    "\"%s\":{\"extension_type\":\"property-extension\",\"tlp_2_0\":\"%s\"}}}",
		    tlp_marking[tlp].id, tlp_marking[tlp].name, tlp_extension, vocab_tlp_name(tlp));
}

/* CERT-EU's constituency is spread over the Union: a region, for want of a country. */
void stix_location(struct text *out, int state)
{
	char id[STIX_ID_MAX];

	stix_location_id(id, state);
	stix_begin(out, "location", id, CONSTANT_SINCE, CONSTANT_SINCE);
	stix_string(out, "name", vocab_state_name(state));
	if (state == STATE_EU)
		stix_string(out, "region", "europe");
	else
		stix_string(out, "country", vocab_state_code(state));
	text_char(out, '}');
}
