/*
 * dialect_rows - the built-in formats' tables, for dialect.c and the tests.
 *
 * Thread   constant.
 * Owns     static tables.
 * Memory   none.
 * Limit    none.
 */
#ifndef TOCSIN_DECODE_DIALECT_ROWS_H
#define TOCSIN_DECODE_DIALECT_ROWS_H

#include "decode/dialect.h"

struct dialect_table {
	const struct dialect_row *rows;
	size_t count;
};

extern const struct dialect_table dialect_tables[DIALECTS]; /* DIALECT_MAP: empty */
/* Context that any format may carry under its ECS name, where the format has no row of its own. */
extern const struct dialect_table dialect_common;

#endif
