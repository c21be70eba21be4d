/*
 * feed_csv - rows of a delimited text with a header; private to src/match/feed_csv*.c.
 *
 * Thread   one owner.
 * Owns     csv_row owns the unquoted text of the row at hand.
 * Memory   grows to the largest row.
 * Limit    CSV_COLUMNS_MAX columns; more are not looked at.
 */
#ifndef TOCSIN_MATCH_FEED_CSV_H
#define TOCSIN_MATCH_FEED_CSV_H

#include "match/feed_load.h"

#define CSV_COLUMNS_MAX 64

struct csv_row {
	struct text text;
	uint32_t line; /* on which it begins */
	int columns;
	uint32_t at[CSV_COLUMNS_MAX], len[CSV_COLUMNS_MAX];
};

struct csv_reader {
	const char *p, *end;
	uint32_t line; /* of p */
	char delimiter;
};

/* RFC 4180, any delimiter. The next row, comments ('#' first) and empty lines passed
 * over; false at the end. */
bool feed_csv_next(struct csv_reader *r, struct csv_row *row);
/* Column i without the blanks around it; empty when the row is shorter. */
struct span feed_csv_cell(const struct csv_row *row, int i);

/* What a column's name says it holds. */
enum csv_column {
	CSV_IGNORED,
	CSV_VALUE, /* any kind: the type column says which, or the content */
	CSV_IP,
	CSV_DOMAIN,
	CSV_URL,
	CSV_HASH,
	CSV_EMAIL,
	CSV_PORT,
	CSV_TYPE,
	CSV_ID,
	CSV_NAME,
	CSV_CONFIDENCE,
	CSV_TLP,
	CSV_SEVERITY,
	CSV_CAMPAIGN, /* these three in this order */
	CSV_THREAT,
	CSV_MALWARE,
	CSV_VALID_FROM,
	CSV_VALID_UNTIL,
	CSV_MEANINGS
};

struct csv_header {
	int count;
	uint8_t meaning[CSV_COLUMNS_MAX]; /* enum csv_column */
};

/* What a column of this name holds. */
enum csv_column feed_csv_meaning(struct span s);
/* True when the row names at least one column that holds values. */
bool feed_csv_header(const struct csv_row *row, struct csv_header *h);

#endif
