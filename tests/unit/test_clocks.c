#include "raise/clocks.h"

#include <string.h>
#include <time.h>

#include "base/hash.h"
#include "base/timestamp.h"
#include "tap.h"

static int64_t at(const char *s)
{
	int64_t us = 0;

	if (!timestamp_parse(s, strlen(s), &us))
		printf("# %s is no time\n", s);
	return us;
}

static void month_later(const char *from, const char *to)
{
	char got[TIMESTAMP_TEXT_MAX], want[TIMESTAMP_TEXT_MAX];

	timestamp_format(clocks_add_months(at(from), 1), got);
	timestamp_format(at(to), want);
	tap_str(got, want, from);
}

static void due(enum clock_id id, const char *aware, const char *want)
{
	char got[TIMESTAMP_TEXT_MAX], wanted[TIMESTAMP_TEXT_MAX];

	timestamp_format(clocks_due(id, at(aware)), got);
	timestamp_format(at(want), wanted);
	tap_str(got, wanted, clocks_rule(id)->name);
}

/* The obvious way: day by day to the same date of the next month, or the day before it is over. */
static int64_t by_days(int64_t us)
{
	struct tm from, tm;
	time_t t = (time_t)(us / TIMESTAMP_SECOND), start = t;

	gmtime_r(&t, &from);
	for (;;) {
		time_t next = t + 86400;
		gmtime_r(&next, &tm);
		int passed = (tm.tm_year - from.tm_year) * 12 + tm.tm_mon - from.tm_mon;
		if (passed > 1)
			break;
		t = next;
		if (passed == 1 && tm.tm_mday == from.tm_mday)
			break;
	}
	return us + (int64_t)(t - start) * TIMESTAMP_SECOND;
}

int main(void)
{
	int wrong = 0, odd = 0;

	month_later("2026-01-31T10:20:30.000001Z", "2026-02-28T10:20:30.000001Z");
	month_later("2028-01-31", "2028-02-29");
	month_later("2028-01-29", "2028-02-29");
	month_later("2026-01-29", "2026-02-28");
	month_later("2100-01-30", "2100-02-28");
	month_later("2000-01-30", "2000-02-29");
	month_later("2026-03-31", "2026-04-30");
	month_later("2026-02-28", "2026-03-28");
	month_later("2028-02-29", "2028-03-29");
	month_later("2026-12-31T23:59:59.999999Z", "2027-01-31T23:59:59.999999Z");
	month_later("1969-12-31T23:59:59.999999Z", "1970-01-31T23:59:59.999999Z");
	due(CLOCK_NIS2_EARLY_WARNING, "2026-11-20T09:15:00Z", "2026-11-21T09:15:00Z");
	due(CLOCK_NIS2_NOTIFICATION, "2026-11-20T09:15:00Z", "2026-11-23T09:15:00Z");
	due(CLOCK_NIS2_FINAL, "2026-11-20T09:15:00Z", "2026-12-23T09:15:00Z");
	due(CLOCK_NIS2_FINAL, "2027-01-28T09:15:00Z", "2027-02-28T09:15:00Z");
	due(CLOCK_DORA_INITIAL, "2026-11-20T22:15:00Z", "2026-11-21T02:15:00Z");
	due(CLOCK_DORA_INITIAL_LATEST, "2026-11-20T22:15:00Z", "2026-11-21T22:15:00Z");
	due(CLOCK_DORA_INTERMEDIATE, "2026-11-20T22:15:00Z", "2026-11-24T02:15:00Z");
	due(CLOCK_DORA_FINAL, "2028-01-27T22:15:00Z", "2028-02-29T02:15:00Z");
	for (uint64_t i = 0; i < 20000; i++) {
		int64_t us = (int64_t)(hash_word(i + 1) % 8000000000000000u); /* until 2223 */
		wrong += clocks_add_months(us, 1) != by_days(us);
		for (int c = 0; c < CLOCKS; c++)
			odd += clocks_due((enum clock_id)c, us) <= us ||
			       clocks_due((enum clock_id)c, us + 1) <
				       clocks_due((enum clock_id)c, us);
	}
	tap_int(wrong, 0, "a month is what counting days says");
	tap_int(odd, 0, "every clock is due later, and later still for what was known later");
	return tap_done();
}
