/*
 * intake - the inputs of a replay, which the workers read themselves: one that needs a
 * batch fills it from an input that no other is reading, and works on it.
 *
 * Threads that only read would take from the workers' cores what they save them, and
 * leave the bytes in another core's cache: on two cores that cost a tenth of what two
 * workers do. A service keeps its readers, because its inputs wait for bytes.
 *
 * Thread   intake_fill() by all workers, the rest by any.
 * Order    an input is opened, filled and closed by one thread at a time, under the lane's
 *          turn; its batches are filled in order of position.
 * Owns     inputs while they are open; the list is borrowed.
 * Memory   init; and what an input takes to be opened.
 * Limit    as many inputs open as there are workers.
 */
#ifndef TOCSIN_ENGINE_INTAKE_H
#define TOCSIN_ENGINE_INTAKE_H

#include "base/counter.h"
#include "ingest/ingest.h"

struct engine;
struct intake;

int intake_init(struct intake **in, struct engine *e, uint32_t lanes); /* 0, -ENOMEM */
void intake_fini(struct intake *in);
int intake_add(struct intake *in, const struct input_list *l); /* 0, -ENOMEM */
/* No more will be added: once all have ended, intake_fill() says false. */
void intake_close(struct intake *in);
/* A batch from the pool with one fill of some input, which may be nothing but refused[];
 * NULL: all have ended. Waits for its turn. */
struct batch *intake_fill(struct intake *in);
/* Until all that was added has been read, or so long (-1: for ever). True when it has. */
bool intake_wait(struct intake *in, int64_t us);
uint64_t intake_done(struct intake *in);   /* bytes, for a progress bar */
uint32_t intake_failed(struct intake *in); /* inputs that could not be read to their end */

#endif
