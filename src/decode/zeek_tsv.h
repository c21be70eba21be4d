/*
 * zeek_tsv - one line of a Zeek log in its ASCII form, read by its header.
 *
 * Thread   any; no state.
 * Owns     nothing: spans point into the line, the header or the arena.
 * Memory   at most the line's length of the arena, for escapes.
 * Limit    ZEEK_TSV_COLUMNS_MAX columns; those beyond are left out.
 */
#ifndef TOCSIN_DECODE_ZEEK_TSV_H
#define TOCSIN_DECODE_ZEEK_TSV_H

#include "base/arena.h"
#include "decode/dialect.h"

#define ZEEK_TSV_COLUMNS_MAX 256

typedef void zeek_tsv_visit(void *ctx, struct span column, struct span value);

/*
 * Every value that is set, under its column's name; sets and vectors element
 * by element, and the log's name as "_path". header: the '#' lines above.
 * False when the header names no fields or the arena is too small.
 */
bool zeek_tsv_read(struct arena *scratch, const char *header, const char *p, size_t len,
		   zeek_tsv_visit *visit, void *ctx);

#endif
