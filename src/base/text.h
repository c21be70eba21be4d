/*
 * text - growing text buffer with a sticky error.
 *
 * Thread   one owner; no sharing.
 * Order    none.
 * Owns     its bytes, until text_fini(); text_take() hands them over.
 * Memory   realloc, doubling. Not for worker threads after start unless reused.
 * Limit    SIZE_MAX / 2 bytes; past it, or out of memory, error is set and
 *          every later call does nothing: write straight through, test once.
 */
#ifndef TOCSIN_BASE_TEXT_H
#define TOCSIN_BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
	char *p; /* always NUL-terminated once something was written */
	size_t len;
	size_t cap;
	int error; /* 0 or -ENOMEM */
};

void text_init(struct text *t);
void text_fini(struct text *t);
void text_reset(struct text *t); /* keeps the memory */
void text_char(struct text *t, char c);
void text_room(struct text *t, size_t len); /* for so many more bytes without moving */
void text_bytes(struct text *t, const void *p, size_t len);
void text_str(struct text *t, const char *s);
void text_printf(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A JSON string with its quotes; bytes that are no UTF-8 become U+FFFD. */
void text_json(struct text *t, const void *p, size_t len);
void text_json_str(struct text *t, const char *s);
/* "2026-11-22T04:33:00.000000Z" with its quotes. */
void text_json_time(struct text *t, int64_t time_us);
char *text_take(struct text *t); /* malloc'd, NULL after an error; t is empty again */

#endif
