/*
 * sigma_line - what a line says, as names and values: audit records and syslog.
 *
 * An audit record (type=.. msg=audit(..): key=value ..) gives "@audit", its keys and those
 * inside msg='..'; hexadecimal forms of texts are spelt out. A syslog line gives "@syslog",
 * "host", "program", "pid" and "message" behind them. Any other line is one "message".
 *
 * Thread   any; no state.
 * Owns     nothing: spans point into the line or the arena.
 * Memory   at most the line's length of the arena.
 * Limit    SIGMA_LINE_PAIRS_MAX pairs; further ones are left out.
 */
#ifndef TOCSIN_MATCH_SIGMA_LINE_H
#define TOCSIN_MATCH_SIGMA_LINE_H

#include "base/arena.h"
#include "decode/event.h"

#define SIGMA_LINE_PAIRS_MAX 512

typedef void sigma_line_visit(void *ctx, struct span name, struct span value);

void sigma_line_read(struct arena *arena, const char *p, size_t len, sigma_line_visit *visit,
		     void *ctx);

#endif
