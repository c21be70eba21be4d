/*
 * state - the parts of what an engine knows that a checkpoint and the journal both hold.
 *
 * Names and objects only grow and keep their numbers, so a part is what has come since the
 * reader's last; the rest of the state speaks in those numbers.
 *
 * Thread   put: any one, while workers run; get: before the engine starts.
 * Order    put the numbers after what speaks in them, and read them first.
 * Owns     nothing.
 * Memory   of feedback a copy while it is written.
 * Limit    what does not fit is -EBADMSG in the stream.
 */
#ifndef TOCSIN_ENGINE_STATE_H
#define TOCSIN_ENGINE_STATE_H

#include "engine/engine.h"
#include "engine/stream.h"

/* What the reader has by now. */
struct state_known {
	uint32_t threats, by, objects; /* how many */
	uint64_t feedback;             /* generation */
};

/* What there is now; *k: what there was at least. */
struct state_known state_now(const struct engine *e, const struct state_known *k);
/* Names and objects beyond *k, which becomes what there is. */
void state_put_numbers(struct stream *s, const struct engine *e, struct state_known *k);
void state_get_numbers(struct stream *s, struct engine *e);
/* How many records each source has brought at least: what is read again counts when it is more. */
void state_put_records(struct stream *s, const struct engine *e);
void state_get_records(struct stream *s, struct engine *e);
/* All words of people, if there are others than *k has; as records, so that who is registered
 * when they are read decides who is heard. */
void state_put_feedback(struct stream *s, const struct engine *e, struct state_known *k);
void state_get_feedback(struct stream *s, struct engine *e);

#endif
