#include "raise/sighting.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <uuid.h>

#include "raise/candidate_pattern.h"
#include "raise/stix_common.h"

static bool is_uuid(const char *s)
{
	uuid_t u;

	return strlen(s) == 36 && uuid_parse(s, u) == 0;
}

/* What it is called in STIX; pattern: where it has to be written down. False: it has no name. */
static bool stix_name(const char *indicator, char id[STIX_ID_MAX], struct text *pattern)
{
	if (strncmp(indicator, "indicator--", 11) == 0 && candidate_pattern_is_sdo(indicator)) {
		snprintf(id, STIX_ID_MAX, "%s", indicator);
		return true;
	}
	if (is_uuid(indicator)) { /* a MISP attribute, as MISP itself exports it */
		snprintf(id, STIX_ID_MAX, "indicator--%s", indicator);
		return true;
	}
	stix_make_id(id, "indicator", "sighted", indicator);
	return candidate_pattern_of(pattern, indicator);
}

static void marked(struct text *out, int tlp)
{
	text_printf(out, ",\"object_marking_refs\":[\"%s\"]", stix_tlp_id(tlp));
}

static void indicator(struct text *out, const struct sighting *s, const char *id, const char *pattern)
{
	char created[TIMESTAMP_TEXT_MAX];
	const char *colon = strchr(s->indicator, ':');

	stix_time(s->first_us, created);
	stix_begin(out, "indicator", id, created, created);
	marked(out, s->tlp);
	stix_string(out, "name", colon ? colon + 1 : s->indicator);
	text_str(out, ",\"indicator_types\":[\"malicious-activity\"]");
	stix_string(out, "pattern", pattern);
	stix_string(out, "pattern_type", "stix");
	stix_moment(out, "valid_from", s->first_us);
	text_char(out, '}');
}

static void sighting_id(char id[STIX_ID_MAX], const struct sighting *s)
{
	stix_make_id(id, "sighting", s->indicator, vocab_state_code(s->state));
}

/* Made when it was first seen; modified with the last, and a millisecond later for each more. */
static void sighting(struct text *out, const struct sighting *s, const char *of)
{
	char id[STIX_ID_MAX], where[STIX_ID_MAX], created[TIMESTAMP_TEXT_MAX],
		modified[TIMESTAMP_TEXT_MAX];

	sighting_id(id, s);
	stix_location_id(where, s->state);
	stix_time(s->first_us, created);
	stix_time(s->last_us + (int64_t)(s->count < 1000000 ? s->count : 1000000) * 1000, modified);
	stix_begin(out, "sighting", id, created, modified);
	marked(out, s->tlp);
	stix_moment(out, "first_seen", s->first_us);
	stix_moment(out, "last_seen", s->last_us);
	text_printf(out,
		    ",\"count\":%" PRIu64 ",\"sighting_of_ref\":\"%s\","
		    "\"where_sighted_refs\":[\"%s\"],\"summary\":true}",
		    s->count < STIX_COUNT_MAX ? s->count : STIX_COUNT_MAX, of, where);
}

static void frame(struct text *out, const struct sighting *s, uint32_t count)
{
	char id[STIX_ID_MAX];
	uint64_t states = 0;
	uint32_t tlps = 0;

	stix_make_id(id, "bundle", "sightings", count == 1 ? s->indicator : "");
	text_printf(out, "{\"type\":\"bundle\",\"id\":\"%s\",\"objects\":[", id);
	stix_identity(out);
	for (uint32_t i = 0; i < count; i++) {
		states |= UINT64_C(1) << s[i].state;
		tlps |= 1u << s[i].tlp;
	}
	for (int t = 0; t < TLPS; t++)
		if (tlps >> t & 1)
			stix_marking(out, t);
	for (int i = 0; i < STATES; i++)
		if (states >> i & 1)
			stix_location(out, i);
}

uint32_t sighting_stix(struct text *out, const struct sighting *s, uint32_t count)
{
	const char *written = ""; /* the last indicator that had to be */
	uint32_t told = 0;

	frame(out, s, count);
	for (uint32_t i = 0; i < count; i++) {
		char of[STIX_ID_MAX];
		struct text pattern;
		text_init(&pattern);
		if (stix_name(s[i].indicator, of, &pattern)) {
			if (pattern.len && strcmp(written, s[i].indicator) != 0) {
				/* one object for all states: as of the first, as strict as any */
				struct sighting all = s[i];
				for (uint32_t k = i; k < count && strcmp(s[k].indicator, s[i].indicator) == 0; k++) {
					all.first_us = s[k].first_us < all.first_us ? s[k].first_us : all.first_us;
					all.tlp = s[k].tlp > all.tlp ? s[k].tlp : all.tlp;
				}
				indicator(out, &all, of, pattern.p);
			}
			written = s[i].indicator;
			sighting(out, &s[i], of);
			told++;
		}
		text_fini(&pattern);
	}
	text_str(out, "]}");
	return told;
}

static void misp_line(struct text *out, const struct sighting *s, int64_t time_us)
{
	const char *colon = strchr(s->indicator, ':');
	const char *uuid = strncmp(s->indicator, "indicator--", 11) == 0 ? s->indicator + 11
								       : s->indicator;

	if (is_uuid(uuid)) {
		text_printf(out, "{\"uuid\":\"%s\"", uuid);
	} else {
		text_str(out, "{\"values\":[");
		text_json_str(out, colon + 1);
		text_char(out, ']');
	}
	text_printf(out, ",\"timestamp\":\"%lld\",\"source\":\"tocsin %s\",\"type\":\"0\"}\n",
		    (long long)(time_us / TIMESTAMP_SECOND), vocab_state_code(s->state));
}

/* A uuid, or a value that can be told apart from its type. */
static bool misp_has(const char *indicator)
{
	struct text pattern;
	const char *uuid = strncmp(indicator, "indicator--", 11) == 0 ? indicator + 11 : indicator;

	text_init(&pattern);
	bool has = is_uuid(uuid) || candidate_pattern_of(&pattern, indicator);
	text_fini(&pattern);
	return has;
}

uint32_t sighting_misp(struct text *out, const struct sighting *s, uint32_t count)
{
	uint32_t told = 0;

	for (uint32_t i = 0; i < count; i++) {
		if (!misp_has(s[i].indicator))
			continue;
		misp_line(out, &s[i], s[i].first_us);
		if (s[i].last_us / TIMESTAMP_SECOND != s[i].first_us / TIMESTAMP_SECOND)
			misp_line(out, &s[i], s[i].last_us);
		told++;
	}
	return told;
}

bool sighting_message(struct text *out, const struct sighting *s, bool misp, char id[64])
{
	char full[STIX_ID_MAX];

	sighting_id(full, s);
	snprintf(id, 64, "%.63s", full);
	size_t before = out->len;
	if ((misp ? sighting_misp(out, s, 1) : sighting_stix(out, s, 1)) == 1)
		return true;
	out->len = before;
	return false;
}
