/*
 * keeper - what makes a line durable before it is seen, and how a restart takes it up.
 *
 * A line leaves once a journal entry holds it, with the evidence and the candidates behind it;
 * if the journal cannot, once a checkpoint does. Every checkpoint_interval, and when the
 * journal is half full, a checkpoint is cut in a moment of rest and written behind the
 * workers' backs. README.md has the rule and why it loses and doubles nothing.
 *
 * Thread   one owner, the judge; a thread of its own writes each checkpoint.
 * Order    restore, start, then said, commit, step and sent in turn, stop.
 * Owns     the journal, the marks and its thread; engine and outbox are borrowed.
 * Memory   of a checkpoint what is cut: the board, lines that wait, marks.
 * Limit    one checkpoint at a time; one that failed is tried again after KEEPER_RETRY_NS.
 */
#ifndef TOCSIN_ENGINE_KEEPER_H
#define TOCSIN_ENGINE_KEEPER_H

#include <pthread.h>
#include <stdatomic.h>

#include "engine/checkpoint.h"
#include "engine/journal.h"
#include "engine/live.h"
#include "engine/state.h"

#define KEEPER_RETRY_NS 200000000u

struct keeper {
	struct engine *e;
	struct outbox *outbox;
	const char *dir;
	struct checkpoint_marks marks; /* of the last whole checkpoint */
	bool based;                    /* there is one */
	uint64_t number;               /* its; of none: where numbers begin */
	uint64_t next;                 /* of the one to come */
	struct journal *journal;       /* NULL: it could not be opened */
	uint64_t written;              /* the number of the journal that is written to */
	bool open;                     /* lines go into it */
	bool chained;                  /* all lines before those in it are durable */
	struct state_known known;      /* what its readers know */
	uint32_t *said;                /* threats of lines that are in no entry yet */
	uint32_t said_count, said_room;
	uint64_t entered;          /* serials before it are in an entry, or in the cut before it */
	uint64_t durable;          /* before it: may leave */
	uint64_t sent;             /* before it: have left, as the journal knows */
	uint64_t done_ns, took_ns; /* the last checkpoint, whole or not */
	int error, journal_error;
	bool asked; /* the world to stand still */
	struct {
		pthread_t thread;
		bool on;
		_Atomic bool done;
		int error;
		uint64_t serial, began_ns;
		struct state_known known;
		struct stream cut;
		struct checkpoint_marks marks;
	} write;
};

/* Before engine_load(): takes up the last checkpoint and the journal behind it, if there are
 * any. 0 or -errno with why. */
int keeper_restore(struct keeper *k, struct engine *e, struct outbox *b, char why[256]);
/* Before the workers start: a checkpoint of what was taken up, and a journal. What fails is
 * told, and tried again by keeper_step(). */
void keeper_start(struct keeper *k);

/* A line about this threat (0: none) has been added to the outbox. */
void keeper_said(struct keeper *k, uint32_t threat);
/* Are there lines that no entry has yet? */
bool keeper_pending(const struct keeper *k);
/* Makes the lines added durable, if the journal can. */
void keeper_commit(struct keeper *k);
/* Tells the journal which lines have left. */
void keeper_sent(struct keeper *k);

/* Is there to be a checkpoint? Then what is to be in it is said first. */
bool keeper_due(const struct keeper *k);
/* Goes on with a checkpoint: call when one is due, and after each wait. compact: called
 * while the world stands still. True when one has become whole: marks may be committed.
 * k->error tells how the last one ended. */
bool keeper_step(struct keeper *k, struct live *l, void (*compact)(struct engine *e));
/* Until when to wait at most for the next step. */
uint64_t keeper_next_ns(const struct keeper *k, uint64_t until);

/* Before readers are told to end: the world moves again, and nothing is being written. */
void keeper_rest(struct keeper *k);
/* A checkpoint, now; nobody else is there. 0 or -errno. */
int keeper_save(struct keeper *k, struct live *l);
void keeper_fini(struct keeper *k);

#endif
