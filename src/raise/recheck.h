/*
 * recheck - does what was said still hold, and what changed since?
 *
 * What was said holds while its evidence, judged now, still makes it what it was
 * said to be, or more: a watch that is raised now holds, a raised one that is a
 * watch now does not. What expired, is part of another, or is called a false
 * positive does not.
 *
 * Thread   any.
 * Order    none.
 * Owns     nothing.
 * Memory   heap, for scratch.
 * Limit    none.
 */
#ifndef TOCSIN_RAISE_RECHECK_H
#define TOCSIN_RAISE_RECHECK_H

#include "raise/board.h"
#include "raise/candidate.h"

/* told: as last said, or NULL: never. now: as judged now, under its id, or NULL: no
 * stored evidence makes it anything. */
bool recheck_holds(const struct board_told *told, const struct candidate *now);
/* The same in words, with what was said and what has changed: lines for a terminal. */
void recheck_print(struct text *out, const struct board_told *told, const struct candidate *now,
		   const struct candidate_context *cx, bool colour);
/* What changed from one assessment to another, as clauses separated by "; "; nothing
 * when nothing did. criteria: their numbers mean the same in both. */
void recheck_changes(struct text *out, const struct episode *was, const struct episode *now,
		     const struct profile *p, bool criteria);

#endif
