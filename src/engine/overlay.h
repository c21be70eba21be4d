/*
 * overlay - what has arrived, and what people silenced, as one generation over a ruleset.
 *
 * Thread   one at a time; the sets are constant meanwhile.
 * Order    none.
 * Owns     nothing that it does not hand over.
 * Memory   heap.
 * Limit    as indicator.h.
 */
#ifndef TOCSIN_ENGINE_OVERLAY_H
#define TOCSIN_ENGINE_OVERLAY_H

#include "engine/generation.h"
#include "engine/silence.h"

/* Takes base's reference over, in any case. silenced: how many indicators no longer stand,
 * or end sooner, for what people say. 0, -ENOMEM, -EOVERFLOW. */
int overlay_build(struct generation **g, const struct ruleset_order *o, struct ruleset *base,
		  const struct indicator_set *const *sets, uint32_t count,
		  struct silence *silence, uint64_t *silenced);

#endif
