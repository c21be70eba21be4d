/*
 * share - how much of the evidence table one source may claim.
 *
 * A source that invents hits must not fill the table for the others. What a
 * source's hits claimed first is counted; past its share its hits are not
 * placed, and the ledger says so (over_share). Hits that add to what is there
 * claim nothing. A lone source has the whole table.
 *
 * Thread   take and full: any. The rest: while nobody else calls anything.
 * Order    relaxed: hits under way may pass the limit, by one a thread.
 * Owns     nothing.
 * Memory   8 bytes a source.
 * Limit    SOURCES_MAX sources.
 */
#ifndef TOCSIN_ENGINE_SHARE_H
#define TOCSIN_ENGINE_SHARE_H

#include "base/counter.h"
#include "config/config.h"
#include "correlate/evidence.h"

struct share {
	uint64_t max;	    /* entries a source; UINT64_MAX none */
	uint64_t cell_cost; /* a cell counts as so many entries */
	counter claimed[SOURCES_MAX];
};

void share_init(struct share *s, const struct config *c);
bool share_full(const struct share *s, uint16_t source);
void share_take(struct share *s, uint16_t source, const struct evidence_claims *claims);
/* The table has forgotten: of `before` entries `after` are left. */
void share_forget(struct share *s, uint64_t before, uint64_t after);

#endif
