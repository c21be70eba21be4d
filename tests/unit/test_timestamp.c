/* Times as text: what is one, what is none, and the way back against the C library. */
#include "base/timestamp.h"

#include <time.h>

#include "base/hash.h"
#include "tap.h"

static const struct {
	const char *text;
	int64_t us; /* -1: no time */
} times[] = {
	{"1970-01-01T00:00:00Z", 0},
	{"1970-01-01", 0},
	{"1970-01-01 00:00:00", 0},
	{"1970-01-01t00:00:00z", 0},
	{"1970-01-01T00:00Z", 0},
	{"1970-01-01T00:00:00.1Z", 100000},
	{"1970-01-01T00:00:00,123456Z", 123456},
	{"1970-01-01T00:00:00.123456789Z", 123456},
	{"1970-01-01T01:00:00+01:00", 0},
	{"1970-01-01T01:00:00+0100", 0},
	{"1970-01-01T01:00:00+01", 0},
	{"1970-01-01T00:00:00-00:00", 0},
	{"1970-01-01T00:00:00-00:30", INT64_C(1800000000)},
	{"1969-12-31T23:59:59.5-23:59", INT64_C(86339500000)},
	{"2000-02-29T00:00:00Z", INT64_C(951782400000000)},
	{"2016-12-31T23:59:60Z", INT64_C(1483228800000000)}, /* a leap second is the next one */
	{"9999-12-31T23:59:59.999999Z", INT64_C(253402300799999999)},
	{"", -1},
	{"1970", -1},
	{"1970-01", -1},
	{"1970-01-1", -1},
	{"70-01-01", -1},
	{"0000-01-01", -1},
	{"1970-00-01", -1},
	{"1970-13-01", -1},
	{"1970-01-00", -1},
	{"1970-04-31", -1},
	{"1900-02-29", -1},
	{"2023-02-29T00:00:00Z", -1},
	{"1970-01-01T", -1},
	{"1970-01-01T00", -1},
	{"1970-01-01T24:00:00Z", -1},
	{"1970-01-01T00:60:00Z", -1},
	{"1970-01-01T00:00:61Z", -1},
	{"1970-01-01T00:00:00.Z", -1},
	{"1970-01-01T00:00:00.", -1},
	{"1970-01-01T00:00:00+", -1},
	{"1970-01-01T00:00:00+1", -1},
	{"1970-01-01T00:00:00+01:", -1},
	{"1970-01-01T00:00:00+01:6", -1},
	{"1970-01-01T00:00:00+24:00", -1},
	{"1970-01-01T00:00:00+01:60", -1},
	{"1970-01-01T00:00:00ZZ", -1},
	{"1970-01-01T00:00:00 Z", -1},
	{" 1970-01-01", -1},
	{"1970-01-01\n", -1},
	{"+970-01-01", -1},
	{"1970/01/01", -1},
};

static const struct {
	const char *text;
	int64_t us; /* -1: no time */
} epochs[] = {
	{"0", 0},
	{"1700000000", INT64_C(1700000000000000)},
	{"1700000000.123456", INT64_C(1700000000123456)},
	{"1700000000.1", INT64_C(1700000000100000)},
	{"1700000000123", INT64_C(1700000000123000)},
	{"1700000000123456", INT64_C(1700000000123456)},
	{"1700000000123456789", INT64_C(1700000000123456)},
	{"99999999999", INT64_C(99999999999000000)}, /* the last second, then milliseconds */
	{"100000000000", INT64_C(100000000000000)},
	{"99999999999999", INT64_C(99999999999999000)},
	{"100000000000000", INT64_C(100000000000000)},
	{"9223372036854775799", INT64_C(9223372036854775)},
	{"-5.5", INT64_C(-5500000)},
	{"", -1},
	{"-", -1},
	{".5", -1},
	{"1.", -1},
	{"1e9", -1},
	{"1 ", -1},
	{"0x10", -1},
	{"99999999999999999999", -1},
	{"9223372036854775808", -1},
};

/* The same instant by gmtime_r and strftime. */
static void by_libc(int64_t us, char out[TIMESTAMP_TEXT_MAX])
{
	int64_t s = us / TIMESTAMP_SECOND - (us % TIMESTAMP_SECOND < 0);
	time_t t = (time_t)s;
	char date[TIMESTAMP_TEXT_MAX];
	struct tm tm;

	gmtime_r(&t, &tm);
	snprintf(date, sizeof(date), "%04u", (unsigned)(tm.tm_year + 1900) % 10000);
	strftime(date + 4, sizeof(date) - 4, "-%m-%dT%H:%M:%S", &tm);
	snprintf(out, TIMESTAMP_TEXT_MAX, "%.19s.%06uZ", date,
		 (unsigned)(us - s * TIMESTAMP_SECOND) % 1000000);
}

static void against_libc(void)
{
	const int64_t first = timestamp_civil(1, 1, 1, 0, 0, 0) * TIMESTAMP_SECOND;
	const uint64_t span = (uint64_t)(timestamp_civil(10000, 1, 1, 0, 0, 0) * TIMESTAMP_SECOND - first);
	int wrong_text = 0, wrong_time = 0, wrong_civil = 0;

	for (uint64_t i = 0; i < 100000; i++) {
		int64_t us = first + (int64_t)(hash_word(i + 1) % span), back = 0;
		char got[TIMESTAMP_TEXT_MAX], want[TIMESTAMP_TEXT_MAX];
		struct tm tm = {0};

		timestamp_format(us, got);
		by_libc(us, want);
		wrong_text += strcmp(got, want) != 0;
		wrong_time += !timestamp_parse(got, strlen(got), &back) || back != us;
		sscanf(got, "%d-%d-%dT%d:%d:%d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
		       &tm.tm_min, &tm.tm_sec);
		int64_t civil = timestamp_civil(tm.tm_year, tm.tm_mon, tm.tm_mday, tm.tm_hour,
						tm.tm_min, tm.tm_sec);
		tm.tm_year -= 1900;
		tm.tm_mon--;
		wrong_civil += timegm(&tm) != civil;
	}
	tap_int(wrong_text, 0, "100000 random times are spelled as gmtime_r has them");
	tap_int(wrong_time, 0, "and read back as they were");
	tap_int(wrong_civil, 0, "timestamp_civil agrees with timegm");
}

/* Nothing that is cut short or changed in one byte reads beyond its end (asan sees it). */
static void cut_and_changed(void)
{
	static const char whole[] = "2026-11-22T04:33:00.123456+01:00";
	int64_t us;

	for (size_t len = 0; len < sizeof(whole); len++) {
		char *exact = malloc(len + 1);
		memcpy(exact, whole, len);
		char *cut = realloc(exact, len ? len : 1);
		timestamp_parse(cut, len, &us);
		timestamp_parse_epoch(cut, len, &us);
		for (size_t i = 0; i < len; i++) {
			cut[i] ^= (char)(1 + hash_word(len * 64 + i) % 255);
			timestamp_parse(cut, len, &us);
		}
		free(cut);
	}
	tap_ok(true, "cut and changed times are read without harm");
}

int main(void)
{
	char text[TIMESTAMP_TEXT_MAX];

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		int64_t us = -1;
		bool ok = timestamp_parse(times[i].text, strlen(times[i].text), &us);
		tap_ok(ok == (times[i].us != -1) && us == times[i].us, "\"%s\" is %s",
		       times[i].text[0] && times[i].text[strlen(times[i].text) - 1] == '\n' ? "(newline)"
											  : times[i].text,
		       times[i].us == -1 ? "no time" : "a time");
	}
	for (size_t i = 0; i < sizeof(epochs) / sizeof(epochs[0]); i++) {
		int64_t us = -1;
		bool ok = timestamp_parse_epoch(epochs[i].text, strlen(epochs[i].text), &us);
		tap_ok(ok == (epochs[i].us != -1) && us == epochs[i].us, "epoch \"%s\" is %s",
		       epochs[i].text, epochs[i].us == -1 ? "no time" : "a time");
	}
	against_libc();
	cut_and_changed();
	timestamp_format(INT64_MAX, text);
	tap_str(text, "9999-12-31T23:59:59.999999Z", "the far future is clamped");
	timestamp_format(INT64_MIN, text);
	tap_str(text, "0000-01-01T00:00:00.000000Z", "and the far past");
	timestamp_format(-1, text);
	tap_str(text, "1969-12-31T23:59:59.999999Z", "a microsecond before 1970");
	return tap_done();
}
