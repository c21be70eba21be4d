/*
 * board - the candidates that are alive: status, version, what was last said.
 *
 * offer() takes each episode as assessed now and decides what to say: nothing,
 * a new watch or raised candidate, an update, a withdrawal. An episode that
 * overlaps a known candidate of the same threat is that candidate and keeps
 * its id, so late evidence and restarts cannot double it.
 *
 * Thread   one owner (the raise thread); save and restore while it rests.
 * Owns     its candidates and strings.
 * Limit    grows with the live candidates.
 */
#ifndef TOCSIN_RAISE_BOARD_H
#define TOCSIN_RAISE_BOARD_H

#include "raise/candidate.h"

struct board;
int board_init(struct board **b); /* 0, -ENOMEM */
void board_fini(struct board *b);

/* Says what changed through say(arg, candidate); only watch and raised episodes
 * count. A change is: first time; watch to raised; another state seen or
 * significant; a criterion more; entities or records grown. 0 or -ENOMEM. */
int board_offer(struct board *b, const struct candidate_context *cx, const struct episode *ep,
		void (*say)(void *arg, const struct candidate *c), void *arg);
/* Candidates whose window ended before this time expire, through say. */
int board_expire(struct board *b, const struct candidate_context *cx, int64_t before_us,
		 void (*say)(void *arg, const struct candidate *c), void *arg);
uint32_t board_count(const struct board *b, enum candidate_status status);

/* Binary, versioned, checksummed, through the same callbacks as evidence. */
int board_snapshot(const struct board *b, int (*write)(void *arg, const void *p, size_t len),
		   void *arg);
int board_restore(struct board *b, int64_t (*read)(void *arg, void *p, size_t len), void *arg);

#endif
