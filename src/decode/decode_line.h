/*
 * decode_line - an opaque line: the words in it that look like observables.
 *
 * Thread   any; no state.
 * Owns     nothing: spans point into the line.
 * Memory   none.
 * Limit    none but the event's.
 */
#ifndef TOCSIN_DECODE_DECODE_LINE_H
#define TOCSIN_DECODE_DECODE_LINE_H

#include "decode/event.h"

/* Addresses, domains, URLs, hashes and e-mail addresses, with ROLE_OTHER; the
 * time and, of an RFC 5424 line, the host from its head. Not finished yet. */
void decode_line(const char *p, size_t len, struct event *ev);

/* The time at the head of a line: RFC 3339, RFC 5424 after its "<PRI>1 ", or an epoch. */
bool decode_line_time(const char *p, size_t len, int64_t *time_us);

#endif
