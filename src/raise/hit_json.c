#include "raise/hit_json.h"

#include <string.h>

#include "base/timestamp.h"

#define CALENDAR_END INT64_C(253402300800000000) /* 10000-01-01 */

/* Written for every hit, so without printf: what is plain ASCII goes in one copy. */

static void literal(struct text *out, const char *s)
{
	text_bytes(out, s, strlen(s));
}

static bool plain(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)p[i];
		if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\')
			return false;
	}
	return true;
}

static void string(struct text *out, const char *key, const char *p, size_t len)
{
	literal(out, key);
	if (plain(p, len)) {
		text_char(out, '"');
		text_bytes(out, p, len);
		text_char(out, '"');
	} else {
		text_json(out, p, len);
	}
}

static void number(struct text *out, uint64_t value)
{
	char buf[20];
	size_t at = sizeof(buf);

	do {
		buf[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	text_bytes(out, buf + at, sizeof(buf) - at);
}

/* A prefix is a path or a topic and may need escapes; the number after it never does. */
static void position(struct text *out, const struct hit_json *h)
{
	string(out, ",\"position\":", h->position, strlen(h->position));
	if (out->error)
		return;
	out->p[out->len - 1] = '@'; /* over the closing quote */
	number(out, h->offset);
	if (h->sub) {
		text_char(out, '+');
		number(out, h->sub);
	}
	text_char(out, '"');
}

static void entity(struct text *out, uint64_t hash)
{
	static const char hex[] = "0123456789abcdef";
	char buf[16];

	for (int i = 15; i >= 0; i--, hash >>= 4)
		buf[i] = hex[hash & 15];
	string(out, ",\"entity_hash\":", buf, sizeof(buf));
}

/* Hits come in bursts and the calendar is most of a line's cost: a second that
 * was written just now is only given other microseconds. */
static const char *moment(int64_t us)
{
	static _Thread_local struct {
		int64_t second;
		char text[TIMESTAMP_TEXT_MAX];
	} last = {.second = -1};

	bool usual = us >= 0 && us < CALENDAR_END; /* beyond, timestamp_format() clamps */
	if (!usual || us / TIMESTAMP_SECOND != last.second) {
		timestamp_format(us, last.text);
		last.second = usual ? us / TIMESTAMP_SECOND : -1;
		return last.text;
	}
	us %= TIMESTAMP_SECOND;
	for (int i = 25; i >= 20; i--, us /= 10)
		last.text[i] = (char)('0' + us % 10);
	return last.text;
}

void hit_json(struct text *out, const struct hit_json *h)
{
	literal(out, "{\"event_type\":\"hit\"");
	string(out, ",\"by\":", h->by, strlen(h->by));
	string(out, ",\"value\":", h->value, h->value_len);
	literal(out, ",\"class\":\"");
	literal(out, vocab_class_name(h->hit_class));
	string(out, "\",\"source\":", h->source, strlen(h->source));
	position(out, h);
	const char *time = moment(h->time_us);
	string(out, ",\"time\":", time, strlen(time));
	if (h->state >= 0)
		string(out, ",\"member_state\":", vocab_state_code(h->state), 2);
	if (h->threat)
		string(out, ",\"threat\":", h->threat, strlen(h->threat));
	if (h->entity)
		entity(out, h->entity);
	if (h->severity >= 0)
		string(out, ",\"severity\":", vocab_severity_name(h->severity),
		       strlen(vocab_severity_name(h->severity)));
	if (h->retrospective)
		text_str(out, ",\"retrospective\":true");
	text_char(out, '}');
}
