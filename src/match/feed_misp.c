/* MISP events, attributes and objects. */
#include "match/feed_misp.h"

#include <stdio.h>
#include <string.h>

#include "base/timestamp.h"
#include "match/feed_mark.h"

/* What surrounds an attribute. */
struct around {
	struct misp_marks event, object;
	struct span name; /* the event's info */
	int severity;     /* -1 not stated */
	bool withdrawn;   /* the message deletes what it holds */
};

static bool is_attribute(const json_t *o)
{
	return json_object_get(o, "value") && json_object_get(o, "type") &&
	       (json_object_get(o, "to_ids") || json_object_get(o, "category"));
}

/* A manifest, a tag or a server setting is none of these. */
bool feed_misp_is(const json_t *o)
{
	return json_is_object(json_object_get(o, "Event")) || json_object_get(o, "Attribute") ||
	       json_object_get(o, "Object") || is_attribute(o);
}

static struct span value_text(const json_t *o, char number[32])
{
	const json_t *v = json_object_get(o, "value");

	if (json_is_integer(v)) {
		int n = snprintf(number, 32, "%lld", (long long)json_integer_value(v));
		return (struct span){number, (uint32_t)n};
	}
	return feed_json_string(o, "value");
}

static int64_t timestamp_of(const json_t *o)
{
	const json_t *v = json_object_get(o, "timestamp");
	struct span s = feed_json_string(o, "timestamp");
	int64_t us;

	if (json_is_integer(v)) {
		json_int_t n = json_integer_value(v);
		return n > 0 && n < INT64_C(100000000000) ? n * TIMESTAMP_SECOND : INT64_MIN;
	}
	if (s.len && (timestamp_parse_epoch(s.p, s.len, &us) || timestamp_parse(s.p, s.len, &us)))
		return us;
	return INT64_MIN;
}

/* What the attribute says wins over its object, and that over the event. */
static void mark(struct draft *d, const struct misp_marks *own, const struct around *a)
{
	const struct misp_marks *levels[] = {own, &a->object, &a->event};
	const struct misp_marks *by = NULL;
	int tlp = -1, pap = -1;

	for (int i = 0; i < 3; i++) {
		tlp = tlp < 0 ? levels[i]->tlp : tlp;
		pap = pap < 0 ? levels[i]->pap : pap;
		by = !by && levels[i]->rank >= 0 ? levels[i] : by;
	}
	feed_mark(d, tlp, pap);
	if (by) {
		d->campaign = (struct span){by->id, by->id_len};
		d->campaign_name = (struct span){by->name, by->name_len};
	}
}

/* Not for detection: counted, and an older version that was, ends. */
static bool set_aside(struct feed_load *l, const json_t *o, const struct around *a)
{
	if (a->withdrawn || feed_json_true(o, "deleted"))
		l->s->deleted++;
	else if (!feed_json_true(o, "to_ids"))
		l->s->not_to_ids++;
	else
		return false;
	return true;
}

static void attribute(struct feed_load *l, const json_t *o, const struct around *a)
{
	char why[STIX_PATTERN_WHY_MAX], number[32];
	struct draft *d = &l->draft;
	struct misp_marks own;
	struct span id = feed_json_string(o, "uuid"), v = value_text(o, number);
	uint32_t line = feed_line_of(l, id);
	const char *bad = NULL;

	draft_reset(d, l->feed);
	d->line = line;
	d->modified = timestamp_of(o);
	if (a->severity >= 0)
		d->severity = (uint8_t)a->severity;
	d->name = a->name;
	d->dead = set_aside(l, o, a);
	if (d->dead && id.len == 0)
		return;
	feed_misp_marks(&own, o);
	mark(d, &own, a);
	if (!d->dead)
		bad = feed_misp_value(d, feed_json_string(o, "type"), v, why);
	d->id = id;
	if (bad)
		feed_refuse_value(l, line, v.p, v.len, bad);
	else
		feed_add(l);
}

/* MISP: 1 high, 2 medium, 3 low, 4 undefined. */
static int threat_level(const json_t *o)
{
	double level;

	if (!feed_json_number(o, "threat_level_id", &level))
		return -1;
	return level == 1   ? SEVERITY_HIGH
	       : level == 2 ? SEVERITY_MEDIUM
	       : level == 3 ? SEVERITY_LOW
			    : -1;
}

static void read_event(struct around *a, const json_t *event)
{
	feed_misp_marks(&a->event, event);
	a->name = feed_json_string(event, "info");
	a->severity = threat_level(event);
	a->withdrawn |= feed_json_true(event, "deleted");
}

static void one_attribute(struct feed_load *l, const json_t *o, const struct around *a)
{
	struct around near;

	if (l->error)
		return;
	if (!json_is_object(o)) {
		feed_refuse(l, 0, "an attribute that is no object");
		return;
	}
	/* a search result carries the event inside each attribute */
	const json_t *event = json_object_get(o, "Event");
	if (json_is_object(event)) {
		near = *a;
		read_event(&near, event);
		a = &near;
	}
	attribute(l, o, a);
}

/* An array of them, or one alone. */
static void attributes(struct feed_load *l, const json_t *v, const struct around *a)
{
	size_t i;
	const json_t *o;

	if (!v)
		return;
	if (!json_is_array(v))
		return one_attribute(l, v, a);
	json_array_foreach(v, i, o) one_attribute(l, o, a);
}

static void one_object(struct feed_load *l, const json_t *o, struct around *a)
{
	bool withdrawn = a->withdrawn;

	feed_misp_marks(&a->object, o);
	a->withdrawn |= feed_json_true(o, "deleted");
	attributes(l, json_object_get(o, "Attribute"), a);
	feed_misp_marks(&a->object, NULL);
	a->withdrawn = withdrawn;
}

static void objects(struct feed_load *l, const json_t *v, struct around *a)
{
	size_t i;
	const json_t *o;

	if (json_is_object(v))
		one_object(l, v, a);
	json_array_foreach(v, i, o) one_object(l, o, a);
}

/* Kafka messages say what was done: "delete", "soft-delete". */
static bool deletes(const json_t *o)
{
	struct span action = feed_json_string(o, "action");

	return action.len >= 6 && memmem(action.p, action.len, "delete", 6);
}

void feed_misp(struct feed_load *l, const json_t *o)
{
	const json_t *event = json_object_get(o, "Event");
	struct around a = {.severity = -1, .withdrawn = deletes(o)};

	feed_misp_marks(&a.event, NULL);
	feed_misp_marks(&a.object, NULL);
	if (is_attribute(o)) {
		one_attribute(l, o, &a);
		return;
	}
	if (json_is_object(event)) {
		read_event(&a, event);
		attributes(l, json_object_get(event, "Attribute"), &a);
		objects(l, json_object_get(event, "Object"), &a);
	} else if (json_object_get(o, "info")) {
		read_event(&a, o); /* an event without its wrapping */
	}
	attributes(l, json_object_get(o, "Attribute"), &a);
	objects(l, json_object_get(o, "Object"), &a);
}
