/*
 * file_input - the inside of a file input, shared by ingest_file.c (bytes to lines),
 * file_follow.c (files that grow and rotate) and file_sniff.c (a stream's first bytes).
 *
 * Thread   as ingest.h.
 * Owns     its descriptors and `rest`.
 * Memory   `rest`, at open.
 */
#ifndef TOCSIN_INGEST_FILE_INPUT_H
#define TOCSIN_INGEST_FILE_INPUT_H

#include "ingest/ingest.h"
#include "ingest/unpack.h"

/* One byte more than a batch: a record of exactly BATCH_BYTES is seen to end. */
#define FILE_WINDOW (BATCH_BYTES + 1u)

struct input {
	struct ingest_context cx;
	struct unpack u;
	const struct source *source;
	struct object *object;
	char *path;
	uint8_t *rest; /* FILE_WINDOW bytes; [rest_at, rest_len) are read and not delivered */
	size_t rest_at, rest_len;
	uint64_t offset; /* in the stream, of the first byte not delivered */
	bool follow;     /* a plain regular file that may grow */
	int watch;       /* inotify's descriptor; -1: none, then it is looked at now and then */
	bool sniffed;    /* its first bytes were looked at */
	bool skipping;   /* inside a line too long */
	bool end;        /* no more bytes will come */
	uint32_t grace;  /* follow: quiet looks since the path names another file */
	bool told;       /* bad compression or a failed read was counted */
	int error;       /* a failed read, told after what came before it */
};

/* The object that the bytes to come belong to; NULL: out of memory. */
struct object *file_object(struct input *in);
/* One item of the batch's first len bytes, and on in the stream. */
void file_item(struct input *in, struct batch *b, size_t len);

/* Watches the path from here on, in place of what it named before. */
void file_watch(struct input *in);
/* At the end of a file that may grow: looks whether it still is the one to follow.
 * 1, or -errno with why. */
int file_follow(struct input *in, struct batch *b, char why[256]);

/* Looks at the stream's first bytes; false: more must be seen (all: there is no more).
 * *skip: leading bytes to leave out, a byte order mark. */
bool file_sniff(struct input *in, const uint8_t *p, size_t len, bool all, size_t *skip);

#endif
