#include "ingest/unpack.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC_BYTES 4
#define GZIP_WINDOW (15 + 16) /* zlib: 32 KiB window, gzip wrapper only */

int unpack_open(struct unpack *u, const char *path, bool io_uring, const _Atomic bool *stop,
		char why[256])
{
	memset(u, 0, sizeof(*u));
	int err = raw_open(&u->raw, path, io_uring, stop, why);
	if (err)
		return err;
	u->buffer = malloc(UNPACK_BUFFER);
	if (!u->buffer) {
		snprintf(why, 256, "%.180s: out of memory", path);
		raw_close(&u->raw);
		return -ENOMEM;
	}
	return 0;
}

void unpack_close(struct unpack *u)
{
	if (u->kind == UNPACK_GZIP)
		inflateEnd(&u->z);
	ZSTD_freeDCtx(u->zstd);
	free(u->buffer);
	u->buffer = NULL;
	raw_close(&u->raw);
}

static bool is_gzip(const uint8_t *p)
{
	return p[0] == 0x1f && p[1] == 0x8b && p[2] == 8;
}

static bool is_zstd(const uint8_t *p)
{
	uint32_t magic = p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;

	return magic == 0xfd2fb528u || (magic & 0xfffffff0u) == 0x184d2a50u;
}

/* 0 something is buffered or the input has ended, else as raw_read. */
static ssize_t refill(struct unpack *u, size_t want, int wait_ms)
{
	memmove(u->buffer, u->buffer + u->at, u->len - u->at);
	u->len -= u->at;
	u->at = 0;
	while (u->len < want && !u->raw_end) {
		ssize_t n = raw_read(&u->raw, u->buffer + u->len, UNPACK_BUFFER - u->len, wait_ms);
		if (n < 0)
			return n;
		u->raw_end = n == 0;
		u->len += (size_t)n;
	}
	return 0;
}

static ssize_t tell_kind(struct unpack *u, int wait_ms)
{
	ssize_t err = refill(u, MAGIC_BYTES, wait_ms);

	if (err)
		return err;
	u->kind = UNPACK_PLAIN;
	if (u->len >= MAGIC_BYTES && is_gzip(u->buffer)) {
		if (inflateInit2(&u->z, GZIP_WINDOW) != Z_OK)
			return -ENOMEM;
		u->kind = UNPACK_GZIP;
	} else if (u->len >= MAGIC_BYTES && is_zstd(u->buffer)) {
		u->zstd = ZSTD_createDCtx();
		if (!u->zstd)
			return -ENOMEM;
		u->kind = UNPACK_ZSTD;
	}
	return 0;
}

static ssize_t plain_read(struct unpack *u, void *dst, size_t len, int wait_ms)
{
	size_t have = u->len - u->at;

	if (have == 0)
		return raw_read(&u->raw, dst, len, wait_ms);
	if (have > len)
		have = len;
	memcpy(dst, u->buffer + u->at, have);
	u->at += have;
	return (ssize_t)have;
}

static void broken(struct unpack *u)
{
	u->end = u->bad = true;
	u->torn = u->member;
}

/* Between members: true when another one starts here, else the end, good or bad. */
static bool next_member(struct unpack *u)
{
	const uint8_t *p = u->buffer + u->at;

	while (u->kind == UNPACK_GZIP && u->at < u->len && *p == 0)
		p++, u->at++;
	size_t left = u->len - u->at;
	if (left == 0 || (left < MAGIC_BYTES && !u->raw_end)) {
		u->end = left == 0 && u->raw_end;
		return false;
	}
	if (left >= MAGIC_BYTES && (u->kind == UNPACK_GZIP ? is_gzip(p) : is_zstd(p))) {
		u->member = true;
		return true;
	}
	broken(u);
	return false;
}

/* One step of the decoder: bytes written to dst; sets member, end, bad. */
static size_t gzip_step(struct unpack *u, void *dst, size_t len)
{
	u->z.next_in = u->buffer + u->at;
	u->z.avail_in = (uInt)(u->len - u->at);
	u->z.next_out = dst;
	u->z.avail_out = (uInt)len;
	int ret = inflate(&u->z, Z_NO_FLUSH);
	u->at = u->len - u->z.avail_in;
	if (ret == Z_STREAM_END) {
		u->member = false;
		inflateReset(&u->z);
	} else if (ret != Z_OK && ret != Z_BUF_ERROR) {
		broken(u);
	}
	return len - u->z.avail_out;
}

static size_t zstd_step(struct unpack *u, void *dst, size_t len)
{
	ZSTD_inBuffer in = {u->buffer, u->len, u->at};
	ZSTD_outBuffer out = {dst, len, 0};
	size_t ret = ZSTD_decompressStream(u->zstd, &out, &in);

	u->at = in.pos;
	if (ZSTD_isError(ret))
		broken(u);
	else if (ret == 0)
		u->member = false;
	return out.pos;
}

static ssize_t packed_read(struct unpack *u, void *dst, size_t len, int wait_ms)
{
	while (!u->end) {
		/* a magic number may lie across two reads; a decoder takes any byte */
		size_t want = u->member ? 1 : MAGIC_BYTES;
		size_t before = u->len - u->at;
		if (before < want) {
			ssize_t err = refill(u, want, wait_ms);
			if (err)
				return err;
		}
		if (!u->member && !next_member(u))
			continue;
		before = u->len - u->at;
		size_t n = u->kind == UNPACK_GZIP ? gzip_step(u, dst, len) : zstd_step(u, dst, len);
		if (n > 0)
			return (ssize_t)n;
		if (u->member && u->raw_end && before == u->len - u->at)
			broken(u); /* it wants more, and there is no more */
	}
	return 0;
}

ssize_t unpack_read(struct unpack *u, void *dst, size_t len, int wait_ms)
{
	assert(u->buffer && len > 0);
	if (u->kind == UNPACK_UNKNOWN) {
		ssize_t err = tell_kind(u, wait_ms);
		if (err)
			return err;
	}
	if (u->kind == UNPACK_PLAIN)
		return plain_read(u, dst, len, wait_ms);
	return packed_read(u, dst, len, wait_ms);
}

bool unpack_ready(const struct unpack *u)
{
	return u->at < u->len || u->raw_end || raw_ready(&u->raw);
}

void unpack_seek(struct unpack *u, uint64_t offset)
{
	assert(u->raw.regular && u->kind <= UNPACK_PLAIN);
	u->kind = UNPACK_PLAIN;
	u->at = u->len = 0;
	u->raw_end = false;
	u->raw.offset = offset;
}
