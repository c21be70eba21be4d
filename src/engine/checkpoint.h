/*
 * checkpoint - what survives a crash: names, objects, evidence, the board, the
 * outbox, and how far each input had been read when all of it was true.
 *
 * Written while the engine is quiescent, to a temporary file that is renamed
 * when it is safe; offsets are committed after that, never before. Anything
 * later is read again, harmlessly: every join is idempotent.
 *
 * Thread   one owner, engine quiescent (save) or not started (load).
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

/* 0 or -errno; the file before stays in place unless the new one is whole. */
int checkpoint_save(struct engine *e, const char *state_dir, const struct outbox *b,
		    const struct checkpoint_marks *m);
/* 0; -ENOENT: there is none; -EBADMSG: damaged or of another version, told in why. */
int checkpoint_load(struct engine *e, const char *state_dir, struct outbox *b,
		    struct checkpoint_marks *m, char why[256]);

#endif
