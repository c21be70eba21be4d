#include "base/timestamp.h"

#include <assert.h>
#include <stdio.h>

/* A sticky cursor: the first byte that does not fit clears ok. */
struct cursor {
	const char *p, *end;
	bool ok;
};

static bool at_digit(const struct cursor *c)
{
	return c->p < c->end && *c->p >= '0' && *c->p <= '9';
}

static int digits(struct cursor *c, int count)
{
	int value = 0;

	for (int i = 0; i < count; i++) {
		if (!at_digit(c)) {
			c->ok = false;
			return 0;
		}
		value = value * 10 + (*c->p++ - '0');
	}
	return value;
}

static bool accept(struct cursor *c, const char *any)
{
	if (c->p >= c->end)
		return false;
	for (; *any; any++)
		if (*c->p == *any) {
			c->p++;
			return true;
		}
	return false;
}

static void expect(struct cursor *c, const char *any)
{
	if (!accept(c, any))
		c->ok = false;
}

/* Digits after the point, as microseconds; more than six are cut. */
static int64_t fraction_us(struct cursor *c)
{
	int64_t us = 0;
	int n = 0;

	for (; at_digit(c); c->p++, n++)
		if (n < 6)
			us = us * 10 + (*c->p - '0');
	if (n == 0)
		c->ok = false;
	for (; n < 6; n++)
		us *= 10;
	return us;
}

static int64_t zone_seconds(struct cursor *c)
{
	if (c->p == c->end || accept(c, "Zz"))
		return 0;
	bool minus = *c->p == '-';
	expect(c, "+-");
	int hours = digits(c, 2);
	int minutes = 0;
	if (accept(c, ":") || at_digit(c))
		minutes = digits(c, 2);
	if (hours > 23 || minutes > 59)
		c->ok = false;
	int64_t s = hours * 3600 + minutes * 60;
	return minus ? -s : s;
}

/* Days from civil: Howard Hinnant, chrono-compatible low-level date algorithms. */
int64_t timestamp_civil(int year, int month, int day, int hour, int minute, int second)
{
	assert(month >= 1 && month <= 12);
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
	return (era * 146097 + doe - 719468) * 86400 + hour * 3600 + minute * 60 + second;
}

static int month_days(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return month == 2 && leap ? 29 : days[month - 1];
}

bool timestamp_parse(const char *p, size_t len, int64_t *time_us)
{
	struct cursor c = {p, p + len, true};
	int year = digits(&c, 4);
	expect(&c, "-");
	int month = digits(&c, 2);
	expect(&c, "-");
	int day = digits(&c, 2);
	if (!c.ok || year < 1 || month < 1 || month > 12 || day < 1 || day > month_days(year, month))
		return false;
	int hour = 0, minute = 0, second = 0;
	int64_t us = 0, zone = 0;
	if (c.p < c.end) {
		expect(&c, "Tt ");
		hour = digits(&c, 2);
		expect(&c, ":");
		minute = digits(&c, 2);
		if (accept(&c, ":"))
			second = digits(&c, 2);
		if (accept(&c, ".,"))
			us = fraction_us(&c);
		if (c.ok)
			zone = zone_seconds(&c);
	}
	if (!c.ok || c.p != c.end || hour > 23 || minute > 59 || second > 60)
		return false;
	int64_t s = timestamp_civil(year, month, day, hour, minute, second) - zone;
	*time_us = s * TIMESTAMP_SECOND + us;
	return true;
}

bool timestamp_parse_epoch(const char *p, size_t len, int64_t *time_us)
{
	struct cursor c = {p, p + len, true};
	bool minus = accept(&c, "-");
	int64_t whole = 0;
	int n = 0;
	for (; at_digit(&c) && n < 19; c.p++, n++) {
		if (whole > (INT64_MAX - 9) / 10)
			return false;
		whole = whole * 10 + (*c.p - '0');
	}
	if (n == 0)
		return false;
	int64_t us = 0;
	if (accept(&c, "."))
		us = fraction_us(&c);
	if (!c.ok || c.p != c.end)
		return false;
	/* 1e11 seconds is the year 5138: anything above is a finer unit. */
	if (whole < INT64_C(100000000000))
		us += whole * TIMESTAMP_SECOND;
	else if (whole < INT64_C(100000000000000))
		us = whole * 1000;
	else if (whole < INT64_C(100000000000000000))
		us = whole;
	else
		us = whole / 1000;
	*time_us = minus ? -us : us;
	return true;
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

void timestamp_format(int64_t time_us, char out[TIMESTAMP_TEXT_MAX])
{
	const int64_t lo = timestamp_civil(0, 1, 1, 0, 0, 0) * TIMESTAMP_SECOND;
	const int64_t hi = timestamp_civil(10000, 1, 1, 0, 0, 0) * TIMESTAMP_SECOND - 1;

	time_us = time_us < lo ? lo : time_us > hi ? hi : time_us;
	int64_t days = floor_div(time_us, TIMESTAMP_DAY);
	int64_t in_day = time_us - days * TIMESTAMP_DAY;
	int64_t z = days + 719468;
	int64_t era = floor_div(z, 146097);
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	int month = (int)(mp < 10 ? mp + 3 : mp - 9);
	int year = (int)(yoe + era * 400 + (month <= 2));
	int day = (int)(doy - (153 * mp + 2) / 5 + 1);
	unsigned s = (unsigned)(in_day / TIMESTAMP_SECOND);
	/* the remainders only tell the compiler what is so already */
	snprintf(out, TIMESTAMP_TEXT_MAX, "%04u-%02u-%02uT%02u:%02u:%02u.%06uZ",
		 (unsigned)year % 10000, (unsigned)month % 100, (unsigned)day % 100, s / 3600 % 100,
		 s / 60 % 60, s % 60, (unsigned)(in_day % TIMESTAMP_SECOND) % 1000000);
}
