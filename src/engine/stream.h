/*
 * stream - the bytes of what outlives a process: to and from a file through one
 * buffer, hashed on the way, or to and from memory. Errors stick: write or read
 * through, test once.
 *
 * Thread   one owner.
 * Order    as written. Numbers as the machine has them.
 * Owns     its buffer; not the descriptor.
 * Memory   STREAM_BUFFER for a file; of a memory stream all that was put.
 * Limit    room, of a memory stream: -EFBIG beyond.
 */
#ifndef TOCSIN_ENGINE_STREAM_H
#define TOCSIN_ENGINE_STREAM_H

#include <stddef.h>

#include "base/hash.h"

#define STREAM_BUFFER (1u << 20)

struct stream {
	int fd; /* -1: memory */
	int error;
	uint8_t *buf;
	size_t at, have; /* writing: bytes in buf, its size; reading: next byte, bytes in buf */
	size_t room;     /* memory, writing: at most */
	uint64_t left;   /* file, reading: bytes not yet in buf */
	uint64_t done;   /* file, writing: bytes before those in buf */
	XXH3_state_t hash;
};

void stream_to_memory(struct stream *s, size_t room);
void stream_from_memory(struct stream *s, const void *p, size_t len); /* p is borrowed */
int stream_to_file(struct stream *s, int fd);                         /* 0, -ENOMEM */
/* The len bytes from here on. 0, -ENOMEM */
int stream_from_file(struct stream *s, int fd, uint64_t len);
void stream_fini(struct stream *s); /* not of one from memory: nothing is its own */

/* As callbacks: 0 or the error; bytes read, 0 at the end, or the error. */
int stream_put(void *arg, const void *p, size_t len);
int64_t stream_get(void *arg, void *p, size_t len);
/* To a file: what is still in the buffer. */
int stream_flush(struct stream *s);
/* Reads to its end for the hash alone. 0 or -errno */
int stream_hash(struct stream *s, uint64_t *hash);
uint64_t stream_left(const struct stream *s);

void stream_put_u64(struct stream *s, uint64_t v);
void stream_put_bytes(struct stream *s, const void *p, size_t len);
void stream_put_str(struct stream *s, const char *text);
uint64_t stream_get_u64(struct stream *s);
/* What stream_put_bytes() put: malloc'd and NUL-terminated; NULL with the error set. */
char *stream_get_str(struct stream *s, size_t *len);

#endif
