/*
 * journal_entry - one entry of the journal: the lines that were said, and all that a
 * restart needs to know that they were.
 *
 * Of each threat that something was said of: its evidence, at least as it was judged, and
 * its candidates on the board. Then the names, objects, record counts and words of people
 * that these speak of, and the lines. Each part is a join or carries a number, so an entry
 * may be taken up on top of a state that is newer.
 *
 * Thread   put: the judge, while workers run. get: before the engine starts.
 * Order    entries are taken up in the order they were written: numbers go on.
 * Owns     nothing.
 * Memory   put: the entry; get: the evidence of a threat.
 * Limit    the stream's room.
 */
#ifndef TOCSIN_ENGINE_JOURNAL_ENTRY_H
#define TOCSIN_ENGINE_JOURNAL_ENTRY_H

#include "engine/outbox.h"
#include "engine/state.h"

/* body: evidence, board and the lines from this serial on. */
void journal_entry_put(struct stream *body, const struct engine *e, const uint32_t *threats,
		       uint32_t count, const struct outbox *b, uint64_t from);
/* head: what body speaks in, made after it; goes before it. *k becomes what is known then. */
void journal_entry_put_head(struct stream *head, const struct engine *e, struct state_known *k);

/* Takes one up. 0; -EBADMSG: it is none, -ENOMEM; then a part of it may be in. A table that is
 * too small counts what it lacks (evidence_lost). */
int journal_entry_get(const void *p, size_t len, struct engine *e, struct outbox *b);

#endif
