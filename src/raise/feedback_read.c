/* Feedback as others write it: our records, MISP's sightings, STIX opinions. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/timestamp.h"
#include "raise/feedback.h"

#define NEST_MAX 8 /* of arrays and objects around a record */

struct reading {
	struct feedback *f;
	int64_t future_us;
	int error;
};

/* One record, as far as it could be read. */
struct record {
	const json_t *json;
	const char *target, *by, *reason;
	int64_t time_us;
	bool has_time, has_verdict, false_positive;
};

static const char *string(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

static void refuse(struct reading *r, const json_t *o, enum feedback_count why)
{
	char *text = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);

	if (!text)
		r->error = -ENOMEM;
	else
		feedback_count(r->f, why, text, strlen(text));
	free(text);
}

static void take(struct reading *r, const struct record *rec)
{
	if (r->error)
		return;
	if (!rec->has_verdict)
		refuse(r, rec->json, FEEDBACK_NO_VERDICT);
	else if (!feedback_is_registered(r->f, rec->by))
		refuse(r, rec->json, FEEDBACK_UNREGISTERED);
	else if (!rec->has_time || rec->time_us < 0)
		refuse(r, rec->json, FEEDBACK_NO_TIME);
	else if (rec->time_us > r->future_us)
		refuse(r, rec->json, FEEDBACK_TIME_FUTURE);
	else if (!rec->target[0] || strlen(rec->target) > FEEDBACK_TEXT_MAX ||
		 strlen(rec->reason) > FEEDBACK_TEXT_MAX)
		refuse(r, rec->json, FEEDBACK_NO_TARGET);
	else
		r->error = feedback_hear(r->f, rec->target, rec->by, rec->reason, rec->time_us,
					 rec->false_positive);
}

static bool read_time(const char *s, int64_t *us)
{
	return timestamp_parse(s, strlen(s), us);
}

/* --- ours ---------------------------------------------------------------------------- */

static void ours(struct reading *r, const json_t *o)
{
	const char *verdict = string(o, "verdict"), *id = string(o, "candidate");
	struct record rec = {.json = o, .by = string(o, "by"), .reason = string(o, "reason")};

	rec.target = id[0] ? id : string(o, "indicator");
	rec.false_positive = strcmp(verdict, "false_positive") == 0;
	rec.has_verdict = rec.false_positive || strcmp(verdict, "confirmed") == 0;
	rec.has_time = read_time(string(o, "time"), &rec.time_us);
	take(r, &rec);
}

/* --- MISP ---------------------------------------------------------------------------- */

/* Seconds since 1970, as text or number. */
static bool epoch(const json_t *v, int64_t *us)
{
	if (json_is_integer(v) && json_integer_value(v) < INT64_C(253402300800)) {
		*us = json_integer_value(v) * TIMESTAMP_SECOND;
		return true;
	}
	return json_is_string(v) &&
	       timestamp_parse_epoch(json_string_value(v), json_string_length(v), us);
}

static const char *misp_by(const json_t *s)
{
	const char *source = string(s, "source");

	return source[0] ? source : string(json_object_get(s, "Organisation"), "name");
}

/* attribute: what the sighting stands in, or NULL. */
static void sighting(struct reading *r, const json_t *s, const json_t *attribute)
{
	const json_t *type = json_object_get(s, "type"), *values = json_object_get(s, "values"), *v;
	struct record rec = {
		.json = s, .by = misp_by(s), .reason = "MISP sighting: false positive"};
	size_t i;

	rec.has_verdict = rec.false_positive =
		strcmp(string(s, "type"), "1") == 0 ||
		(json_is_integer(type) && json_integer_value(type) == 1);
	rec.has_time = epoch(json_object_get(s, "date_sighting"), &rec.time_us) ||
		       epoch(json_object_get(s, "timestamp"), &rec.time_us);
	json_array_foreach(values, i, v)
	{
		rec.target = json_is_string(v) ? json_string_value(v) : "";
		take(r, &rec);
	}
	if (json_array_size(values))
		return;
	if (!attribute)
		attribute = json_object_get(s, "Attribute");
	rec.target = string(s, "value");
	if (!rec.target[0])
		rec.target = string(attribute, "value");
	if (!rec.target[0])
		rec.target = string(s, "attribute_uuid");
	if (!rec.target[0])
		rec.target = string(attribute, "uuid");
	take(r, &rec);
}

static bool is_sighting(const json_t *o)
{
	const json_t *type = json_object_get(o, "type");

	return (json_is_integer(type) || strlen(string(o, "type")) == 1) &&
	       (json_object_get(o, "date_sighting") || json_object_get(o, "values") ||
		json_object_get(o, "value") || json_object_get(o, "attribute_uuid"));
}

/* --- STIX ---------------------------------------------------------------------------- */

static const char *stix_by(const struct feedback *f, const json_t *o)
{
	const json_t *author;
	size_t i;

	json_array_foreach(
		json_object_get(o, "authors"), i,
		author) if (json_is_string(author) &&
			    feedback_is_registered(
				    f, json_string_value(author))) return json_string_value(author);
	return string(o, "created_by_ref");
}

static void opinion(struct reading *r, const json_t *o)
{
	static const char incident[] = "incident--";
	const char *word = string(o, "opinion");
	struct record rec = {.json = o, .by = stix_by(r->f, o), .reason = string(o, "explanation")};
	const json_t *refs = json_object_get(o, "object_refs"), *ref;
	size_t i;

	rec.false_positive =
		strcmp(word, "disagree") == 0 || strcmp(word, "strongly-disagree") == 0;
	rec.has_verdict = rec.false_positive || strcmp(word, "agree") == 0 ||
			  strcmp(word, "strongly-agree") == 0;
	rec.has_time = read_time(string(o, "modified"), &rec.time_us);
	if (!json_array_size(refs)) {
		refuse(r, o, FEEDBACK_NO_TARGET);
		return;
	}
	json_array_foreach(refs, i, ref)
	{
		rec.target = json_is_string(ref) ? json_string_value(ref) : "";
		if (strncmp(rec.target, incident, sizeof(incident) - 1) == 0)
			rec.target += sizeof(incident) - 1;
		take(r, &rec);
	}
}

/* --- what stands around them ------------------------------------------------------------ */

static void any(struct reading *r, const json_t *v, const json_t *attribute, int depth);

/* True: the object is a wrapping, or part of one. */
static bool unwrap(struct reading *r, const json_t *o, const json_t *attribute, int depth)
{
	static const char *const keys[] = {"Sighting", "Attribute", "Event",          "Object",
					   "response", "objects",   "ShadowAttribute"};
	bool found = false;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const json_t *inner = json_object_get(o, keys[i]);
		if (!inner)
			continue;
		found = true;
		/* {"value":...,"Sighting":[...]}: the object is the attribute of these */
		any(r, inner, i == 0 && string(o, "value")[0] ? o : attribute, depth + 1);
	}
	return found;
}

static void object(struct reading *r, const json_t *o, const json_t *attribute, int depth)
{
	if (strcmp(string(o, "event_type"), "feedback") == 0)
		ours(r, o);
	else if (strcmp(string(o, "type"), "opinion") == 0)
		opinion(r, o);
	else if (is_sighting(o))
		sighting(r, o, attribute);
	else if (!unwrap(r, o, attribute, depth) && depth == 0)
		refuse(r, o, FEEDBACK_NOT_FEEDBACK);
}

static void any(struct reading *r, const json_t *v, const json_t *attribute, int depth)
{
	const json_t *item;
	size_t i;

	if (r->error || depth > NEST_MAX)
		return;
	if (json_is_object(v))
		object(r, v, attribute, depth);
	else if (json_is_array(v))
		json_array_foreach(v, i, item) any(r, item, attribute, depth + 1);
	else if (depth == 0)
		refuse(r, v, FEEDBACK_NOT_FEEDBACK);
}

static void line(struct reading *r, const char *p, size_t len, bool whole)
{
	size_t blank = 0;

	while (blank < len && strchr(" \t\r", p[blank]))
		blank++;
	if (blank == len)
		return;
	json_t *v = json_loadb(p, len, JSON_DECODE_ANY, NULL);
	if (v)
		any(r, v, NULL, 0);
	else if (whole)
		feedback_count(r->f, FEEDBACK_NOT_JSON, p, len);
	json_decref(v);
}

int feedback_read(struct feedback *f, const char *p, size_t len, int64_t future_us)
{
	struct reading r = {f, future_us, 0};
	json_t *document = len ? json_loadb(p, len, 0, NULL) : NULL;

	if (document) {
		any(&r, document, NULL, 0);
		json_decref(document);
		return r.error;
	}
	for (const char *end = p + len; p < end && !r.error;) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		line(&r, p, (size_t)((nl ? nl : end) - p), nl != NULL);
		p = nl ? nl + 1 : end;
	}
	return r.error;
}
