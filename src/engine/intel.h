/*
 * intel - indicators that arrive while serving: from topics, and by the control socket.
 *
 * What arrives is read into a set of versions, and lies over the ruleset in force as a
 * small one of its own (generation.h); when it has grown, both are folded into the next
 * ruleset in the background. All of it is kept, joined, for the next reload.
 *
 * Thread   add, pending, wait: any. rebuild: main. Its own two threads read and fold.
 * Order    none: versions decide. What is added before pending() says no is in force for
 *          every batch that a worker takes after it.
 * Owns     its sets and threads; generations are the holder's.
 * Memory   heap, never on workers' threads.
 * Limit    as indicator.h; INTEL_WAITING_MAX messages wait, then add waits.
 */
#ifndef TOCSIN_ENGINE_INTEL_H
#define TOCSIN_ENGINE_INTEL_H

#include "base/text.h"
#include "config/config.h"
#include "match/feed_message.h"

#define INTEL_WAITING_MAX 65536

struct engine;
struct intel;

enum intel_kind {
	INTEL_MESSAGE,	/* message, of feed */
	INTEL_WITHDRAW, /* message.key is withdrawn, in both namespaces, at message.version */
	INTEL_SAID,	/* said, decisive */
};

struct intel_news {
	enum intel_kind kind;
	const struct feed *feed;     /* copied */
	struct feed_message message; /* copied */
	const struct feed_sighting *said;
};

int intel_init(struct intel **in, struct engine *e); /* 0, -ENOMEM */
int intel_start(struct intel *in);		     /* its threads; 0 or -errno */
void intel_stop(struct intel *in);
void intel_fini(struct intel *in);

/* False: out of memory. Without threads it is taken in at once, by the caller. */
bool intel_add(struct intel *in, const struct intel_news *n);
/* Something that was added is not in force yet. */
bool intel_pending(struct intel *in);
/* Waits until what was added so far is in force for batches to come, this long at most. */
bool intel_wait(struct intel *in, uint32_t timeout_ms);

/* Builds from c's files and all that arrived, and publishes. 0, -ENOMEM, -ENOENT. */
int intel_rebuild(struct intel *in, const struct config *c, struct problems *ps);
/* Folds now what has arrived, if anything has; for tests, and before counting. */
int intel_fold(struct intel *in);

struct intel_counts {
	uint64_t messages, refused; /* since start; entries that were refused */
	uint64_t folds, fold_ms_last;
	uint64_t waiting;	    /* messages not read yet */
	uint64_t silenced;	    /* indicators that people silenced */
};
void intel_counts(struct intel *in, struct intel_counts *out);

#endif
