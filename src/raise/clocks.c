#include "raise/clocks.h"

#include <assert.h>
#include <time.h>

#include "base/timestamp.h"

#define NIS2 "Directive (EU) 2022/2555, Article 23(4)"
#define DORA "Delegated Regulation (EU) 2025/301, Article 5"

static const struct clock_rule rules[CLOCKS] = {
	[CLOCK_NIS2_EARLY_WARNING] = {"nis2-early-warning", "NIS2 early warning", -1, 24, 0,
				      "PT24H", NIS2 "(a)"},
	[CLOCK_NIS2_NOTIFICATION] = {"nis2-notification", "NIS2 notification", -1, 72, 0, "PT72H",
				     NIS2 "(b)"},
	[CLOCK_NIS2_FINAL] = {"nis2-final", "NIS2 final report", CLOCK_NIS2_NOTIFICATION, 0, 1,
			      "P1M", NIS2 "(d)"},
	[CLOCK_DORA_INITIAL] = {"dora-initial", "DORA initial notification", -1, 4, 0, "PT4H",
				DORA},
	[CLOCK_DORA_INITIAL_LATEST] = {"dora-initial-latest",
				       "DORA initial notification at the latest", -1, 24, 0,
				       "PT24H", DORA},
	[CLOCK_DORA_INTERMEDIATE] = {"dora-intermediate", "DORA intermediate report",
				     CLOCK_DORA_INITIAL, 72, 0, "PT72H", DORA},
	[CLOCK_DORA_FINAL] = {"dora-final", "DORA final report", CLOCK_DORA_INTERMEDIATE, 0, 1,
			      "P1M", DORA},
};

const struct clock_rule *clocks_rule(enum clock_id id)
{
	assert((unsigned)id < CLOCKS);
	return &rules[id];
}

static int days_of(int year, int month)
{
	int64_t from = timestamp_civil(year, month, 1, 0, 0, 0);
	int64_t to = month == 12 ? timestamp_civil(year + 1, 1, 1, 0, 0, 0)
				 : timestamp_civil(year, month + 1, 1, 0, 0, 0);

	return (int)((to - from) / 86400);
}

int64_t clocks_add_months(int64_t us, uint32_t months)
{
	int64_t second = us / TIMESTAMP_SECOND - (us % TIMESTAMP_SECOND < 0);
	time_t t = (time_t)second;
	struct tm tm;

	gmtime_r(&t, &tm);
	int64_t month = tm.tm_mon + (int64_t)months;
	int year = tm.tm_year + 1900 + (int)(month / 12), days;
	days = days_of(year, (int)(month % 12) + 1);
	int64_t due =
		timestamp_civil(year, (int)(month % 12) + 1, tm.tm_mday < days ? tm.tm_mday : days,
				tm.tm_hour, tm.tm_min, tm.tm_sec);
	return due * TIMESTAMP_SECOND + (us - second * TIMESTAMP_SECOND);
}

int64_t clocks_due(enum clock_id id, int64_t aware_us)
{
	const struct clock_rule *r = clocks_rule(id);
	int64_t from = r->counted_from < 0 ? aware_us
					   : clocks_due((enum clock_id)r->counted_from, aware_us);

	from += r->hours * TIMESTAMP_HOUR;
	return r->months ? clocks_add_months(from, r->months) : from;
}
