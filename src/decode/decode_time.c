/* decode_time - the time of a record without decoding it. */
#include <string.h>

#include "base/timestamp.h"
#include "decode/decode.h"
#include "decode/decode_line.h"

static const char *skip_space(const char *p, const char *end)
{
	while (p < end && memchr(" \t\r\n", *p, 4))
		p++;
	return p;
}

/* Where the events of a format keep their time, best first. */
static const char *const *time_keys(enum format format)
{
	static const char *const any[] = {"@timestamp",  "timestamp",   "ts",
					  "DetectTime",  "time.source", "UtcTime",
					  "TimeCreated", "time",        NULL};
	static const char *const eve[] = {"timestamp", NULL};
	static const char *const zeek[] = {"ts", NULL};
	static const char *const ecs[] = {"@timestamp", NULL};
	static const char *const idea[] = {"DetectTime", NULL};
	static const char *const intelmq[] = {"time.source", "time.observation", NULL};
	static const char *const n6[] = {"time", NULL};
	static const char *const notification[] = {"detected_at", "started_at", "submitted_at",
						   NULL};
	static const char *const none[] = {NULL};

	switch (format) {
	case FORMAT_AUTO:
		return any;
	case FORMAT_EVE:
		return eve;
	case FORMAT_ZEEK:
		return zeek;
	case FORMAT_ECS:
		return ecs;
	case FORMAT_IDEA:
		return idea;
	case FORMAT_INTELMQ:
		return intelmq;
	case FORMAT_N6:
		return n6;
	case FORMAT_NOTIFICATION:
		return notification;
	default:
		return none;
	}
}

/* The value behind this key, if the bytes at p (past the key's last letter) are '":' and a time. */
static bool time_after(const char *p, const char *end, int64_t *time_us)
{
	if (p == end || *p != '"')
		return false;
	p = skip_space(p + 1, end);
	if (p == end || *p != ':')
		return false;
	p = skip_space(p + 1, end);
	bool quoted = p < end && *p == '"';
	p += quoted;
	const char *stop = p;
	while (stop < end && !memchr("\",}] \t\r\n", *stop, quoted ? 1 : 8))
		stop++;
	size_t len = (size_t)(stop - p);
	return timestamp_parse(p, len, time_us) || timestamp_parse_epoch(p, len, time_us);
}

static bool find_time(const char *key, const char *p, const char *end, int64_t *time_us)
{
	size_t n = strlen(key);

	while ((p = memmem(p, (size_t)(end - p), key, n))) {
		if (p[-1] == '"' && time_after(p + n, end, time_us))
			return true;
		p += n;
	}
	return false;
}

bool decode_time(enum format format, const char *p, size_t len, int64_t *time_us)
{
	const char *end = p + len;

	if (format == FORMAT_LINES || format == FORMAT_ZEEK_TSV || len == 0 || *p != '{')
		return decode_line_time(p, len, time_us);
	for (const char *const *key = time_keys(format); *key; key++)
		if (find_time(*key, p + 1, end, time_us))
			return true;
	return false;
}
