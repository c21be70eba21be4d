/* decoded - what the decode tests share: one record in, one value asked for. */
#ifndef TOCSIN_TESTS_DECODED_H
#define TOCSIN_TESTS_DECODED_H

#include "base/timestamp.h"
#include "decode/decode.h"
#include "tap.h"

static struct decoder decoder;
static struct event ev;
static struct home_net home;

__attribute__((unused)) static void decoded_init(void)
{
	if (decoder_init(&decoder))
		abort();
	home_net_default(&home);
}

__attribute__((unused)) static enum reason decode(enum format format, const char *text)
{
	return decode_text(&decoder, format, NULL, NULL, text, strlen(text), &ev);
}

/* The observable of this type and value, or NULL. */
__attribute__((unused)) static const struct observable *find(enum observable_type type,
							     const char *value)
{
	for (uint32_t i = 0; i < ev.observables; i++) {
		const struct observable *o = &ev.observable[i];
		if (o->type == type && o->value.len == strlen(value) &&
		    memcmp(o->value.p, value, o->value.len) == 0)
			return o;
	}
	return NULL;
}

__attribute__((unused)) static void has(enum observable_type type, enum observable_role role,
					const char *value)
{
	const struct observable *o = find(type, value);

	tap_ok(o && o->role == role, "observable %s (type %d, role %d%s)", value, (int)type,
	       (int)role, o && o->role != role ? ": found with another role" : "");
}

__attribute__((unused)) static const char *field(enum event_field f)
{
	static char text[4096];

	for (uint32_t i = 0; i < ev.fields; i++)
		if (ev.field[i].id == f) {
			snprintf(text, sizeof(text), "%.*s", (int)ev.field[i].value.len,
				 ev.field[i].value.p);
			return text;
		}
	return "(none)";
}

__attribute__((unused)) static const char *entity(const struct source *s)
{
	static char text[ENTITY_TEXT_MAX];

	return event_entity(&ev, s, &home, text) ? text : "(nobody)";
}

__attribute__((unused)) static const char *when(void)
{
	static char text[TIMESTAMP_TEXT_MAX];

	if (!ev.has_time)
		return "(none)";
	timestamp_format(ev.time_us, text);
	return text;
}

__attribute__((unused)) static enum hit_class class_of(enum observable_type type, const char *value)
{
	return event_class(&ev, find(type, value), &home);
}

#endif
