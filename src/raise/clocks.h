/*
 * clocks - by when the law wants to hear of an incident.
 *
 * All are counted from aware_at: the event time of the evidence that decided
 * the candidate's status. Classification as a major incident (DORA) is taken to
 * be the same moment. A report that is due some time after an earlier one is
 * counted from the latest time at which that one may be made; who reports
 * earlier is due earlier.
 *
 * Months are calendar months, as in Article 3 of Regulation (EEC, Euratom) No
 * 1182/71: the same day of the month, or its last where there is no such day.
 * That Regulation lets a period of months run to the end of that day, and past
 * holidays; here it ends at the same time of day, so never later than the law's.
 *
 * Thread   any.
 * Order    none.
 * Owns     nothing.
 * Memory   none.
 * Limit    the years that timestamp.h can print.
 */
#ifndef TOCSIN_RAISE_CLOCKS_H
#define TOCSIN_RAISE_CLOCKS_H

#include <stdint.h>

enum clock_id {
	CLOCK_NIS2_EARLY_WARNING,
	CLOCK_NIS2_NOTIFICATION,
	CLOCK_NIS2_FINAL,
	CLOCK_DORA_INITIAL,
	CLOCK_DORA_INITIAL_LATEST,
	CLOCK_DORA_INTERMEDIATE,
	CLOCK_DORA_FINAL,
	CLOCKS
};

struct clock_rule {
	const char *name;       /* "nis2-early-warning" */
	const char *title;      /* "NIS2 early warning" */
	int counted_from;       /* a clock_id, or -1: aware_at */
	uint32_t hours, months; /* one of them is 0 */
	const char *limit;      /* the same as an ISO 8601 duration */
	const char *legal_basis;
};

const struct clock_rule *clocks_rule(enum clock_id id);
int64_t clocks_due(enum clock_id id, int64_t aware_us);
int64_t clocks_add_months(int64_t us, uint32_t months);

#endif
