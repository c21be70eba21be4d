/*
 * feed_mark - TLP and PAP as feeds write them: STIX marking ids and objects, MISP tags.
 *
 * Private to src/match/feed*.c.
 *
 * Thread   any; no state.
 * Owns     nothing.
 * Memory   none.
 * Limit    none.
 */
#ifndef TOCSIN_MATCH_FEED_MARK_H
#define TOCSIN_MATCH_FEED_MARK_H

#include "match/feed_tree.h"
#include "match/indicator_draft.h"

/* The marking ids that FIRST's TLP 1.0 and 2.0 and MISP's PAP fixed. */
bool feed_mark_known(struct span id, int *tlp, int *pap);
/* A marking-definition object; false when it says nothing about TLP or PAP. */
bool feed_mark_object(struct feed_value o, int *tlp, int *pap);
/* "tlp:amber", "PAP:RED"; -1 where it is none. An unknown word behind "tlp:" is red. */
void feed_mark_tag(struct span tag, int *tlp, int *pap);
/* Onto the draft: the first replaces the feed's default, of several the strictest counts. */
void feed_mark(struct draft *d, int tlp, int pap);

#endif
