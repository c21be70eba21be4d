/*
 * service - an engine that serves: live inputs, the judge, checkpoints, outputs.
 *
 * The order that loses nothing and doubles nothing: judge; still the world;
 * write evidence, board, outbox and input marks as one checkpoint; let the
 * world go on; then send the outbox, and commit the marks.
 *
 * Thread   one owner (the main thread).
 * Owns     its live readers, outbox and marks; engine and output are borrowed.
 * Limit    without state_dir nothing survives a restart, and lines leave at once.
 */
#ifndef TOCSIN_ENGINE_SERVICE_H
#define TOCSIN_ENGINE_SERVICE_H

#include "engine/checkpoint.h"
#include "engine/live.h"

struct service {
	struct engine *e;
	struct output *o;
	struct live *live;
	struct outbox outbox;
	struct checkpoint_marks marks; /* of the last checkpoint */
	uint64_t checkpoint_ns, retry_ns, scan_ns; /* monotonic */
	uint64_t history_ns; /* when history was last on the disk */
	int history_error;   /* 0, or why it could not be written */
	uint64_t judged_ns, judge_took_ns, checkpoint_took_ns;
	bool changed; /* since the last checkpoint */
	uint64_t raised, watch;
	uint32_t recalled; /* lines of earlier lives and other nodes */
	int recall_error;  /* the first line that could not be read */
	int feedback_error; /* of the last look */
	int error; /* last output error, 0 when all went out */
};

/* Between engine_create() and engine_load(): takes up the last checkpoint, if
 * there is one. 0 or -errno with why. */
int service_restore(struct service *s, struct engine *e, char why[256]);
/* Starts workers and inputs. 0 or -errno with why. */
int service_start(struct service *s, struct output *o, const struct live_options *lo,
		  char why[256]);
/* Until there is something to do: evidence to judge, a checkpoint, or that fd (-1: none) is
 * readable; raise_interval at most. */
void service_wait(const struct service *s, int fd);
/* Call after each wait. 0 or -errno (a checkpoint that could not be written). */
int service_tick(struct service *s);
/* Every input has come to its end (stop_at_end). */
bool service_ended(const struct service *s);
/* Drains, judges, checkpoints, sends, commits, and frees. 0 or -errno: lines or
 * a checkpoint could not be written. */
int service_stop(struct service *s);

#endif
