/*
 * ingest - bytes in: a reader fills batches from one input at a time.
 *
 * A backend is one const struct source_ops. The engine opens an input, calls
 * fill() with an empty batch until it returns 0 (end) or <0 (failed), pushes
 * each filled batch to the workers, and closes it.
 *
 * Thread   open, fill and close of one input are called by one thread at a time.
 * Order    none; batches of one input leave in order of position.
 * Owns     the input owns its descriptors and buffers; the batch is lent.
 * Memory   taken at open.
 * Limit    record_bytes_max: a longer line is skipped and counted TOO_LONG.
 */
#ifndef TOCSIN_INGEST_INGEST_H
#define TOCSIN_INGEST_INGEST_H

#include <stdbool.h>
#include <stdint.h>

#include "ingest/batch.h"

/* What the reader needs to know of the world. */
struct ingest_context {
	uint32_t record_bytes_max; /* 1 KiB..BATCH_BYTES */
	bool follow;               /* files: wait for more at the end (run) */
	bool io_uring;             /* files: try it first; falls back by itself */
	const _Atomic bool *stop;  /* set: fill() returns 0 soon, at a record boundary */
	int hurry; /* files, streams, interfaces: readable: fill() does not wait; 0: none */
	struct object_registry *objects;
	const struct source_registry *sources;
};

struct object_registry;

struct input; /* a backend's own state */

struct source_ops {
	const char *name; /* "file", "pcap", "kafka", "null" */
	/* spec: a path, "-", an interface... 0 and *in, or -errno with why. */
	int (*open)(struct input **in, const struct ingest_context *cx, const char *spec,
		    const struct source *source, char why[256]);
	/* <0 -errno (why says what), 0 end, >0 there may be more. The batch comes in
	 * empty and may go out with items == 0 and only refused[] set; refused[] is
	 * to be added to the ledger whatever is returned. A part that is broken is
	 * counted and ends the input, with 0 next time; why then says what it was.
	 * Never blocks longer than ~200 ms in live inputs (streams, follow, capture,
	 * kafka): then returns >0 with items 0. */
	int (*fill)(struct input *in, struct batch *b, char why[256]);
	/* Bytes done and bytes in all (0 when unknown), for the progress bar. */
	void (*progress)(const struct input *in, uint64_t *done, uint64_t *total);
	void (*close)(struct input *in);
};

extern const struct source_ops ingest_file; /* NDJSON or plain lines, .gz, .zst, "-" */
extern const struct source_ops ingest_pcap; /* pcap, pcapng, .gz and .zst of them, "-" */
extern const struct source_ops ingest_live; /* an interface, through libpcap */
extern const struct source_ops ingest_null; /* "lines:COUNT:TEXT": the same line, for benches */

/*
 * Where a followed file stands, for a checkpoint: taken between two fills, it
 * names the first byte that no batch has held yet. After a restart, seek goes
 * there when the path still is that file: 0; -ESTALE when it is another one by
 * now or shorter (it is then read from its start), -ESPIPE for a stream or a
 * compressed file. Only between open and the first fill.
 */
struct file_mark {
	uint64_t device, inode, offset;
};
void ingest_file_mark(const struct input *in, struct file_mark *mark);
int ingest_file_seek(struct input *in, const struct file_mark *mark);

/* Frames the kernel had no room for, and the interface dropped, since open. */
uint64_t ingest_live_drops(const struct input *in);

/* Objects by name and source, stable ids and addresses, thread-safe. */
int object_registry_init(struct object_registry **r); /* 0, -ENOMEM */
void object_registry_fini(struct object_registry *r);
/* The object of this position prefix and source, made if new; NULL when out of memory.
 * position is copied; s is kept, and outlives the registry. */
struct object *object_get(struct object_registry *r, const char *position, const struct source *s);
const struct object *object_by_id(const struct object_registry *r, uint32_t id);
uint32_t object_count(const struct object_registry *r);

/* One input of a replay: a regular file, found by expanding a path. */
struct input_path {
	char *path;
	const struct source *source;
	const struct source_ops *ops; /* pcap or file, told by content (through gz and zst) */
	uint64_t bytes;               /* on disk; 0 for a stream */
	uint64_t device, inode;
};

struct input_list {
	struct input_path *items;
	uint32_t count, capacity;
	uint32_t *slots; /* of (device, inode, source), while it is built: index + 1, 0 free */
	uint32_t slot_count;
};

/*
 * Adds path: a file, "-", or a folder (walked depth-first, names in byte
 * order, hidden ones skipped, symbolic links to files followed). The same file
 * twice for the same source is taken once. 0 or -errno with why.
 */
int input_list_add(struct input_list *l, const char *path, const struct source *s, char why[256]);
/* By source name then path: the order that makes object ids independent of the arguments'. */
void input_list_sort(struct input_list *l);
/* Makes the inputs' objects in the list's order, so that several readers opening
 * them in any order find the same ids. 0, -ENOMEM. */
int input_list_register(const struct input_list *l, struct object_registry *r);
void input_list_fini(struct input_list *l);

#endif
