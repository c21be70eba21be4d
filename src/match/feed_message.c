#include "match/feed_message.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/timestamp.h"
#include "match/feed_load.h"
#include "match/indicator_join.h"

int feed_message_load(struct indicator_set *s, const struct feed *feed,
		      const struct feed_message *m, struct problems *ps)
{
	if (m->key.len > FEED_KEY_MAX) {
		problem_refuse(ps, "indicator", feed->path, 0, "a key of more than %d bytes",
			       FEED_KEY_MAX);
		return 0;
	}
	if (m->payload.p)
		return feed_load_message(s, feed, m, ps);
	if (m->key.len == 0)
		return 0;
	/* whichever kind of id it was: one that all share, or one of the feed's own */
	int rc = indicator_set_withdraw(s, NULL, m->key, m->version);
	return rc ? rc : indicator_set_withdraw(s, feed, m->key, m->version);
}

int feed_message_value(struct indicator_set *s, struct span value)
{
	static const struct feed none = {.name = "value"};
	struct draft d;
	int rc = indicator_set_init(s);

	if (rc)
		return rc;
	draft_init(&d);
	draft_reset(&d, &none);
	int feed = indicator_set_feed(s, &none);
	d.id = value;
	if (feed < 0)
		rc = feed;
	else if (feed_list_take(&d, 0, value) || d.count == 0)
		rc = -EINVAL;
	else
		rc = indicator_set_put(s, (uint16_t)feed, &d, 0, 0);
	if (!rc)
		rc = indicator_set_finish(s);
	draft_fini(&d);
	if (rc)
		indicator_set_fini(s);
	return rc;
}

static void copy(char *out, size_t size, struct span s)
{
	snprintf(out, size, "%.*s", (int)(s.len < size ? s.len : size - 1), s.p);
}

static struct span string(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	return json_is_string(v) ? (struct span){json_string_value(v), (uint32_t)json_string_length(v)}
				 : (struct span){"", 0};
}

/* What a decimal number says, whether it is text or not; -1: nothing. */
static long long number(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);
	struct span s = string(o, key);
	char *end;

	if (json_is_integer(v))
		return json_integer_value(v) < 1000000000000 ? json_integer_value(v) : -1;
	if (s.len == 0 || s.len > 12 || s.p[0] < '0' || s.p[0] > '9')
		return -1;
	long long n = strtoll(s.p, &end, 10);
	return *end == '\0' ? n : -1;
}

static void read_sighting(const json_t *o, struct feed_sighting *out)
{
	const json_t *attribute = json_object_get(o, "Attribute");
	const json_t *who = json_object_get(o, "Organisation");
	long long type = number(o, "type"), time = number(o, "date_sighting"),
		  org = number(o, "org_id");
	struct span target = string(attribute, "uuid");

	if (target.len == 0)
		target = string(o, "attribute_uuid");
	if (target.len == 0)
		target = string(attribute, "value");
	if (target.len == 0)
		target = string(o, "value");
	copy(out->id, sizeof(out->id), string(o, "uuid"));
	copy(out->source, sizeof(out->source), string(o, "source"));
	if (string(who, "uuid").len)
		copy(out->by, sizeof(out->by), string(who, "uuid"));
	else if (org >= 0)
		snprintf(out->by, sizeof(out->by), "org:%lld", org);
	if (type < 0 || type > 2 || time < 0 || target.len >= sizeof(out->target))
		return;
	out->type = (int)type;
	out->time_us = out->said_us = time * TIMESTAMP_SECOND;
	copy(out->target, sizeof(out->target), target);
}

bool feed_sighting_read(struct span payload, struct feed_sighting *out)
{
	static const char key[] = "\"Sighting\"";

	if (!payload.p || !memmem(payload.p, payload.len, key, sizeof(key) - 1))
		return false;
	json_t *o = json_loadb(payload.p, payload.len, JSON_ALLOW_NUL, NULL);
	const json_t *inner = json_object_get(o, "Sighting");
	bool is = json_is_object(inner);
	if (is) {
		struct span action = string(o, "action");
		memset(out, 0, sizeof(*out));
		read_sighting(inner, out);
		out->deleted = action.len == 6 && memcmp(action.p, "delete", 6) == 0;
	}
	json_decref(o);
	return is;
}
