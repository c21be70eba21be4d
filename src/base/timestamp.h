/*
 * timestamp - event times: microseconds since 1970-01-01T00:00:00Z, int64_t.
 *
 * Everything that reads or writes a time goes through here, so that one
 * instant has one spelling (RFC 3339, UTC, six digits) wherever it appears.
 */
#ifndef TOCSIN_BASE_TIMESTAMP_H
#define TOCSIN_BASE_TIMESTAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TIMESTAMP_TEXT_MAX 32
#define TIMESTAMP_SECOND   INT64_C(1000000)
#define TIMESTAMP_HOUR     (3600 * TIMESTAMP_SECOND)
#define TIMESTAMP_DAY	   (24 * TIMESTAMP_HOUR)

/*
 * RFC 3339 and its relatives in the field: 'T' or space, fraction of 1..9
 * digits after '.' or ',', zone 'Z', "+01:00", "+0100", "+01" or none (then
 * UTC). A date alone is midnight. Years 1..9999. Returns false if not a time.
 */
bool timestamp_parse(const char *p, size_t len, int64_t *time_us);

/* Epoch as text: seconds with an optional fraction ("1700000000.123456"),
 * or whole milliseconds, microseconds, nanoseconds, told by magnitude. */
bool timestamp_parse_epoch(const char *p, size_t len, int64_t *time_us);

/* Seconds (floored) since 1970 of a civil UTC time; month 1..12. */
int64_t timestamp_civil(int year, int month, int day, int hour, int minute, int second);

/* "2026-11-22T04:33:00.000000Z"; years outside 0..9999 are clamped. */
void timestamp_format(int64_t time_us, char out[TIMESTAMP_TEXT_MAX]);

#endif
