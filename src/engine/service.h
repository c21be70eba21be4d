/*
 * service - an engine that serves: live inputs, the judge, checkpoints, outputs.
 *
 * The order that loses nothing and doubles nothing: judge; make what was said durable
 * (keeper.h); send it. Checkpoints are the keeper's; once one is whole, the offsets of its
 * marks are committed.
 *
 * Thread   one owner (the main thread).
 * Owns     its live readers, outbox and keeper; engine and output are borrowed.
 * Limit    without state_dir nothing survives a restart, and lines leave at once.
 */
#ifndef TOCSIN_ENGINE_SERVICE_H
#define TOCSIN_ENGINE_SERVICE_H

#include "engine/keeper.h"

struct service {
	struct engine *e;
	struct output *o;
	struct live *live;
	struct control *control;
	struct sightings_feed *sightings;
	struct outbox outbox;
	struct keeper keeper;
	uint64_t retry_ns, scan_ns; /* monotonic */
	uint64_t history_ns; /* when history was last on the disk */
	int history_error;   /* 0, or why it could not be written */
	uint64_t judged_ns, judge_took_ns;
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
/* Call after each wait. 0 or -errno (the last checkpoint could not be written). */
int service_tick(struct service *s);
/* Every input has come to its end (stop_at_end). */
bool service_ended(const struct service *s);
/* Drains, judges, checkpoints, sends, commits, and frees. 0 or -errno: lines or
 * a checkpoint could not be written. */
int service_stop(struct service *s);

#endif
