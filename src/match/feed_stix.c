/* STIX 2.1 and 2.0: indicators, and what the other objects of a bundle say about them. */
#include <stdio.h>
#include <string.h>

#include "base/timestamp.h"
#include "match/feed_load.h"
#include "match/feed_mark.h"
#include "match/stix_pattern.h"

static bool same(struct span s, const char *word)
{
	return s.len == strlen(word) && memcmp(s.p, word, s.len) == 0;
}

static bool starts(struct span s, const char *word)
{
	return s.len > strlen(word) && memcmp(s.p, word, strlen(word)) == 0;
}

bool feed_stix_is(struct feed_value o)
{
	struct span type = feed_json_string(o, "type"), id = feed_json_string(o, "id");

	return same(type, "bundle") || feed_is_array(feed_get(o, "objects")) ||
	       (type.len && id.len && memmem(id.p, id.len, "--", 2)) || same(type, "indicator");
}

/* Absent is open; false when it is there and no time. */
static bool time_of(struct feed_value o, const char *key, int64_t *us)
{
	if (!feed_get(o, key).node)
		return true;
	struct span s = feed_json_string(o, key);
	return timestamp_parse(s.p, s.len, us);
}

static int64_t modified_of(struct feed_value o)
{
	int64_t us = INT64_MIN;

	if (!feed_get(o, "modified").node || !time_of(o, "modified", &us))
		time_of(o, "created", &us);
	return us;
}

/* NULL, or why the times cannot be used. */
static const char *validity(struct draft *d, struct feed_value o)
{
	if (!time_of(o, "valid_from", &d->valid_from))
		return "valid_from is no timestamp";
	if (!time_of(o, "valid_until", &d->valid_until))
		return "valid_until is no timestamp";
	return d->valid_until > d->valid_from ? NULL : "valid_until is not after valid_from";
}

static const char *confidence(struct draft *d, struct feed_value o)
{
	struct feed_value v = feed_get(o, "confidence");
	double c;

	if (!v.node || feed_kind(v) == FEED_NULL)
		return NULL;
	if (!feed_json_number(o, "confidence", &c) || !(c >= 0 && c <= 100))
		return "confidence is not 0 to 100";
	d->confidence = (int8_t)c;
	if (c >= 80)
		d->severity = SEVERITY_HIGH;
	else if (c >= 50)
		d->severity = SEVERITY_MEDIUM;
	return NULL;
}

/* Marking ids as one text; those that are known by heart are settled at once. */
static void markings(struct draft *d, struct feed_value o, struct text *unknown)
{
	struct feed_value refs = feed_get(o, "object_marking_refs");

	feed_each(v, refs) {
		int tlp = -1, pap = -1;
		struct span id = feed_text(v);
		if (!feed_is_string(v))
			continue;
		if (feed_mark_known(id, &tlp, &pap)) {
			feed_mark(d, tlp, pap);
			continue;
		}
		if (memchr(id.p, ' ', id.len))
			continue;
		if (unknown->len)
			text_char(unknown, ' ');
		text_bytes(unknown, id.p, id.len);
	}
	d->markings = (struct span){unknown->p, (uint32_t)unknown->len};
}

/* Patterns of the other languages: NULL when the draft has it, else why not. */
static const char *pattern(struct draft *d, struct feed_value o, char why[STIX_PATTERN_WHY_MAX])
{
	struct span type = feed_json_string(o, "pattern_type"), p = feed_json_string(o, "pattern");

	if (p.len == 0)
		return "no pattern";
	if (same(type, "pcre"))
		return draft_pattern(d, 0, OBSERVABLE_NONE, PATTERN_REGEX, 0, p.p, p.len);
	if (type.len && !same(type, "stix")) {
		snprintf(why, STIX_PATTERN_WHY_MAX, "pattern_type %.*s comes with a later release",
			 (int)(type.len < 40 ? type.len : 40), type.p);
		return why;
	}
	enum stix_pattern_status st = stix_pattern_parse(p.p, p.len, d, why);
	if (st == STIX_PATTERN_SYNTAX) {
		memmove(why + 17, why, STIX_PATTERN_WHY_MAX - 18);
		memcpy(why, "no STIX pattern: ", 17);
		why[STIX_PATTERN_WHY_MAX - 1] = '\0';
	}
	return st == STIX_PATTERN_OK ? NULL : why;
}

static void indicator(struct feed_load *l, struct feed_value o)
{
	char why[STIX_PATTERN_WHY_MAX];
	struct draft *d = &l->draft;
	struct text unknown;
	struct span id = feed_json_string(o, "id");
	uint32_t line = feed_line_of(l, id);
	const char *bad;

	draft_reset(d, l->feed);
	text_init(&unknown);
	d->line = line;
	d->modified = modified_of(o);
	d->name = feed_json_string(o, "name");
	if (feed_json_true(o, "revoked")) {
		l->s->revoked++;
		d->dead = true;
		bad = id.len ? NULL : "an indicator without an id";
	} else if (id.len == 0) {
		bad = "an indicator without an id";
	} else if (!(bad = validity(d, o)) && !(bad = confidence(d, o))) {
		bad = pattern(d, o, why);
		markings(d, o, &unknown);
	}
	d->id = id;
	if (bad)
		feed_refuse_value(l, line, id.p, id.len, bad);
	else
		feed_add(l);
	text_fini(&unknown);
}

static void relationship(struct feed_load *l, struct feed_value o)
{
	struct span source = feed_json_string(o, "source_ref");
	struct span target = feed_json_string(o, "target_ref");
	struct span id = feed_json_string(o, "id");

	if (!same(feed_json_string(o, "relationship_type"), "indicates") ||
	    !starts(source, "indicator--") || target.len == 0 || id.len == 0)
		return;
	l->error = indicator_set_link(l->s, id, source, target, modified_of(o),
				      feed_json_true(o, "revoked"));
}

static void named(struct feed_load *l, struct feed_value o)
{
	struct span id = feed_json_string(o, "id"), name = feed_json_string(o, "name");

	if (id.len && name.len)
		l->error = indicator_set_object(l->s, id, name, modified_of(o));
}

static void marking(struct feed_load *l, struct feed_value o)
{
	struct span id = feed_json_string(o, "id");
	int tlp = -1, pap = -1;

	if (id.len && feed_mark_object(o, &tlp, &pap))
		l->error = indicator_set_marking(l->s, id, tlp, pap);
}

static void object(struct feed_load *l, struct feed_value o)
{
	static const char *const names[] = {"campaign", "intrusion-set", "threat-actor", "malware",
					    "tool"};
	struct span type = feed_json_string(o, "type");

	if (same(type, "indicator"))
		return indicator(l, o);
	if (same(type, "relationship"))
		return relationship(l, o);
	if (same(type, "marking-definition"))
		return marking(l, o);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (same(type, names[i]))
			return named(l, o);
}

void feed_stix(struct feed_load *l, struct feed_value o)
{
	struct feed_value objects = feed_get(o, "objects");
	size_t i = 0;

	if (!objects.node) {
		if (!same(feed_json_string(o, "type"), "bundle"))
			object(l, o);
		return;
	}
	if (!feed_is_array(objects)) {
		feed_refuse(l, feed_line_of(l, feed_json_string(o, "id")),
			    "a bundle's objects are no array");
		return;
	}
	feed_each(v, objects) {
		if (l->error)
			return;
		if (feed_is_object(v))
			object(l, v);
		else
			feed_refuse(l, 0, "objects[%zu] is no object", i);
		i++;
	}
}
