/*
 * out - the generator's output buffer: text appended, written a megabyte at a time.
 *
 * Thread   one owner.
 * Owns     its buffer and descriptor.
 * Limit    one record is at most OUT_RECORD_MAX bytes.
 */
#ifndef GEN_OUT_H
#define GEN_OUT_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define OUT_BYTES      (1u << 20)
#define OUT_RECORD_MAX 8192u

struct out {
	int fd;
	char *p;
	size_t len;
	size_t begin;   /* of the record being written */
	uint64_t bytes; /* of all records, those still in the buffer too */
	int64_t second; /* the one that day_time[] spells */
	char day_time[sizeof("2025-09-16T08:00:00")];
};

/* Each exits with a message and code 4 when the disk or the pipe fails. */
void out_open(struct out *o, const char *path); /* NULL: standard output */
void out_record_end(struct out *o);             /* the newline; writes when the buffer is full */
void out_close(struct out *o);

static inline void out_bytes(struct out *o, const char *p, size_t len)
{
	memcpy(o->p + o->len, p, len);
	o->len += len;
}

#define out_lit(o, s) out_bytes(o, s, sizeof(s) - 1)

static inline void out_str(struct out *o, const char *s)
{
	out_bytes(o, s, strlen(s));
}

static inline void out_u64(struct out *o, uint64_t n)
{
	char digits[20];
	int i = 20;

	do
		digits[--i] = (char)('0' + n % 10);
	while (n /= 10);
	out_bytes(o, digits + i, (size_t)(20 - i));
}

/* Exactly this many digits, with leading zeros. */
static inline void out_digits(struct out *o, uint64_t n, int count)
{
	for (int i = count; i-- > 0; n /= 10)
		o->p[o->len + (size_t)i] = (char)('0' + n % 10);
	o->len += (size_t)count;
}

static inline void out_hex(struct out *o, uint64_t n, int count)
{
	for (int i = 0; i < count; i++)
		o->p[o->len++] = "0123456789abcdef"[n >> (4 * (i & 15)) & 15];
}

/* "2025-09-16T08:00:00" of this second since 1970, UTC. */
void out_second(struct out *o, int64_t second);

#endif
