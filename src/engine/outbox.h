/*
 * outbox - lines that were decided and are on their way to the sinks.
 *
 * With a state folder the last lines are held here until a journal or a checkpoint has
 * them (keeper.h); after a crash what a sink has not had yet goes out again.
 * Each sink has its own place in the row, so a broker that is away holds up
 * nobody else and loses nothing.
 *
 * Thread   one owner.
 * Owns     its lines.
 * Limit    grows with lines that some sink has not taken.
 */
#ifndef TOCSIN_ENGINE_OUTBOX_H
#define TOCSIN_ENGINE_OUTBOX_H

#include "engine/output.h"
#include "engine/stream.h"

struct outbox_entry {
	char id[CANDIDATE_ID_MAX];
	uint32_t version;
	uint64_t serial; /* in the order of outbox_add(), across lives */
	char *line;
	size_t len;
	uint32_t sent; /* bit per sink */
};

struct outbox {
	struct outbox_entry *entries;
	uint32_t count, capacity;
	uint64_t next; /* serial */
	uint64_t held; /* that many of the last do not leave yet */
};

void outbox_fini(struct outbox *b);
/* 0 or -ENOMEM. The line is copied. */
int outbox_add(struct outbox *b, const char *id, uint32_t version, const char *line, size_t len);
/* Sends what each sink has not had and is not held, in order; forgets what all have.
 * Returns the number of lines that some sink still lacks, and the last error in *error. */
uint32_t outbox_send(struct outbox *b, struct output *o, int *error);
/* Marks lines that the candidates file holds from an earlier life as sent there. */
void outbox_mark_written(struct outbox *b, const struct output *o, const char *path);

/* All lines before this serial have been sent. */
void outbox_forget(struct outbox *b, uint64_t serial);
/* The serial of the first line that some sink still lacks. */
uint64_t outbox_first(const struct outbox *b);
/* Lines from this serial on, to a stream and back; those known already are passed over. */
void outbox_put(struct stream *s, const struct outbox *b, uint64_t from);
void outbox_get(struct stream *s, struct outbox *b);

#endif
