/*
 * live - the readers of a service: a thread for each followed file or
 * interface, and one for all topics.
 *
 * Thread   start and stop by the service; marks while the engine is quiescent.
 * Owns     its threads and inputs.
 * Limit    LIVE_READERS_MAX readers.
 */
#ifndef TOCSIN_ENGINE_LIVE_H
#define TOCSIN_ENGINE_LIVE_H

#include "engine/checkpoint.h"

#define LIVE_READERS_MAX 512

struct live;

struct live_options {
	const char *brokers; /* instead of the configuration's; may be NULL */
	bool stop_at_end;    /* files end, topics end where they ended at start (demo, drain) */
};

/* Starts every input of the configuration; resumes from marks. 0 or -errno with why. */
int live_start(struct live **l, struct engine *e, const struct live_options *o,
	       const struct checkpoint_marks *marks, char why[256]);
/* Starts readers for files that came into followed folders. @thread main */
void live_rescan(struct live *l);
/* Readers that have not come to their end. */
uint32_t live_running(const struct live *l);
/* Where every input stands. @locks the engine quiescent */
int live_marks(struct live *l, struct checkpoint_marks *out);
/* Commits the offsets of marks that a durable checkpoint holds. 0 or -errno. */
int live_commit(struct live *l, const struct checkpoint_marks *m);
/* After engine_interrupt(): waits for the readers. */
void live_join(struct live *l);
void live_free(struct live *l);

#endif
