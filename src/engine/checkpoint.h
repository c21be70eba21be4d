/*
 * checkpoint - what survives a crash: names, objects, evidence, the board, the
 * outbox, and how far each input had been read when all of it was true.
 *
 * The board, the outbox and the marks are of one moment, in which the world stood still.
 * Evidence is written after it, while workers go on: it holds what it held then and a part
 * of what came since, which is read again from the marks and joins to the same.
 *
 * magic[8] number:u64 | evidence | names, objects, records | the cut | where evidence ends:u64
 * XXH3-64 of all before it:u64. Written to a temporary file that is renamed when it is safe.
 *
 * Thread   cut: the judge; write: any one; load: before the engine starts.
 * Limit    one file, state_dir/checkpoint; versioned, checksummed as a whole.
 */
#ifndef TOCSIN_ENGINE_CHECKPOINT_H
#define TOCSIN_ENGINE_CHECKPOINT_H

#include "engine/engine.h"
#include "engine/outbox.h"
#include "ingest/ingest_kafka.h"

struct file_position {
	char *path;
	struct file_mark mark;
};

struct checkpoint_marks {
	struct kafka_mark *kafka;
	uint32_t kafka_count;
	struct file_position *files;
	uint32_t file_count;
};

void checkpoint_marks_fini(struct checkpoint_marks *m);

/* What must be of one moment, to memory; s->error tells. @locks the engine quiescent */
void checkpoint_cut(struct stream *s, struct engine *e, const struct outbox *b,
		    const struct checkpoint_marks *m);
/* Evidence, names and that, to the disk, while workers go on. 0 or -errno; the file before
 * stays in place unless the new one is whole. @thread any one */
int checkpoint_write(const struct engine *e, const char *state_dir, uint64_t number,
		     const struct stream *cut);
/* Both. */
int checkpoint_save(struct engine *e, const char *state_dir, uint64_t number,
		    const struct outbox *b, const struct checkpoint_marks *m);
/* 0; -ENOENT: there is none; -EBADMSG: damaged or of another version, told in why. */
int checkpoint_load(struct engine *e, const char *state_dir, uint64_t *number, struct outbox *b,
		    struct checkpoint_marks *m, char why[256]);

#endif
