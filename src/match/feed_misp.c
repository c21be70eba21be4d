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

static bool is_attribute(struct feed_value o)
{
	return feed_get(o, "value").node && feed_get(o, "type").node &&
	       (feed_get(o, "to_ids").node || feed_get(o, "category").node);
}

/* A manifest, a tag or a server setting is none of these. */
bool feed_misp_is(struct feed_value o)
{
	return feed_is_object(feed_get(o, "Event")) || feed_get(o, "Attribute").node ||
	       feed_get(o, "Object").node || is_attribute(o);
}

static struct span value_text(struct feed_value o)
{
	struct feed_value v = feed_get(o, "value");

	return feed_kind(v) == FEED_REAL ? (struct span){"", 0} : feed_text(v);
}

static int64_t timestamp_of(struct feed_value o)
{
	struct feed_value v = feed_get(o, "timestamp");
	struct span s = feed_text(v);
	int64_t us;
	double n;

	if (feed_kind(v) == FEED_INTEGER)
		return feed_json_number(o, "timestamp", &n) && n > 0 && n < 1e11
			       ? (int64_t)n * TIMESTAMP_SECOND
			       : INT64_MIN;
	if (feed_is_string(v) && s.len &&
	    (timestamp_parse_epoch(s.p, s.len, &us) || timestamp_parse(s.p, s.len, &us)))
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
static bool set_aside(struct feed_load *l, struct feed_value o, const struct around *a)
{
	if (a->withdrawn || feed_json_true(o, "deleted"))
		l->s->deleted++;
	else if (!feed_json_true(o, "to_ids"))
		l->s->not_to_ids++;
	else
		return false;
	return true;
}

static void attribute(struct feed_load *l, struct feed_value o, const struct around *a)
{
	char why[STIX_PATTERN_WHY_MAX];
	struct draft *d = &l->draft;
	struct misp_marks own;
	struct span id = feed_json_string(o, "uuid"), v = value_text(o);
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
static int threat_level(struct feed_value o)
{
	double level;

	if (!feed_json_number(o, "threat_level_id", &level))
		return -1;
	return level == 1   ? SEVERITY_HIGH
	       : level == 2 ? SEVERITY_MEDIUM
	       : level == 3 ? SEVERITY_LOW
			    : -1;
}

static void read_event(struct around *a, struct feed_value event)
{
	feed_misp_marks(&a->event, event);
	a->name = feed_json_string(event, "info");
	a->severity = threat_level(event);
	a->withdrawn |= feed_json_true(event, "deleted");
}

static void one_attribute(struct feed_load *l, struct feed_value o, const struct around *a)
{
	struct around near;

	if (l->error)
		return;
	if (!feed_is_object(o)) {
		feed_refuse(l, 0, "an attribute that is no object");
		return;
	}
	/* a search result carries the event inside each attribute */
	struct feed_value event = feed_get(o, "Event");
	if (feed_is_object(event)) {
		near = *a;
		read_event(&near, event);
		a = &near;
	}
	attribute(l, o, a);
}

/* An array of them, or one alone. */
static void attributes(struct feed_load *l, struct feed_value v, const struct around *a)
{
	if (!v.node)
		return;
	if (!feed_is_array(v))
		return one_attribute(l, v, a);
	feed_each(o, v)
		one_attribute(l, o, a);
}

static void one_object(struct feed_load *l, struct feed_value o, struct around *a)
{
	bool withdrawn = a->withdrawn;

	feed_misp_marks(&a->object, o);
	a->withdrawn |= feed_json_true(o, "deleted");
	attributes(l, feed_get(o, "Attribute"), a);
	feed_misp_no_marks(&a->object);
	a->withdrawn = withdrawn;
}

static void objects(struct feed_load *l, struct feed_value v, struct around *a)
{
	if (feed_is_object(v))
		one_object(l, v, a);
	feed_each(o, v)
		one_object(l, o, a);
}

/* Kafka messages say what was done: "delete", "soft-delete". */
static bool deletes(struct feed_value o)
{
	struct span action = feed_json_string(o, "action");

	return action.len >= 6 && memmem(action.p, action.len, "delete", 6);
}

void feed_misp(struct feed_load *l, struct feed_value o)
{
	struct feed_value event = feed_get(o, "Event");
	struct around a = {.severity = -1, .withdrawn = deletes(o)};

	feed_misp_no_marks(&a.event);
	feed_misp_no_marks(&a.object);
	if (is_attribute(o)) {
		one_attribute(l, o, &a);
		return;
	}
	if (feed_is_object(event)) {
		read_event(&a, event);
		attributes(l, feed_get(event, "Attribute"), &a);
		objects(l, feed_get(event, "Object"), &a);
	} else if (feed_get(o, "info").node) {
		read_event(&a, o); /* an event without its wrapping */
	}
	attributes(l, feed_get(o, "Attribute"), &a);
	objects(l, feed_get(o, "Object"), &a);
}
