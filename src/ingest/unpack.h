/*
 * unpack - the bytes of an input as they were before gzip (RFC 1952) or
 * Zstandard (RFC 8878), told by their first bytes and not by the name.
 *
 * Members and frames that follow each other are one stream; zero bytes after
 * the last one are padding. What cannot be unpacked ends the stream: bad is
 * set, and torn when it broke inside a member, so that the last line decoded
 * is not a whole one.
 *
 * Thread   one owner.
 * Owns     the raw input, a buffer and the decoder's state.
 * Memory   at open: UNPACK_BUFFER; at the first compressed byte: 48 KiB for
 *          gzip, the frame's window (128 MiB at most) for Zstandard.
 */
#ifndef TOCSIN_INGEST_UNPACK_H
#define TOCSIN_INGEST_UNPACK_H

#include <zlib.h>
#include <zstd.h>

#include "ingest/raw.h"

#define UNPACK_BUFFER (256u << 10)

enum unpack_kind { UNPACK_UNKNOWN, UNPACK_PLAIN, UNPACK_GZIP, UNPACK_ZSTD };

struct unpack {
	struct raw raw;
	enum unpack_kind kind;
	bool member; /* inside a member or frame */
	bool raw_end;
	bool end, bad, torn;
	uint8_t *buffer;
	size_t at, len; /* what is left in buffer: [at, len) */
	z_stream z;
	ZSTD_DCtx *zstd;
};

int unpack_open(struct unpack *u, const char *path, bool io_uring, const _Atomic bool *stop,
		char why[256]); /* 0, -errno */
void unpack_close(struct unpack *u);
/* As raw_read; 0 is the end, after which bad says whether it came too early. */
ssize_t unpack_read(struct unpack *u, void *dst, size_t len, int wait_ms);
/* True when unpack_read() has something to work on without waiting. */
bool unpack_ready(const struct unpack *u);
/* Plain input only: go on from this byte; what was buffered is forgotten. */
void unpack_seek(struct unpack *u, uint64_t offset);

#endif
