/*
 * assess_sliding - a sketch that also forgets. For src/correlate/assess_window.c only.
 *
 * A register keeps how often it was given each rank, so that what leaves a window
 * can be taken out again; what is left is the sketch of what is inside.
 *
 * Thread   one owner.
 * Order    none: what is added and what was removed of it is all that counts.
 * Owns     nothing.
 * Memory   the struct; zero is an unused one, and reset comes first.
 * Limit    as hll.h; UINT32_MAX elements.
 */
#ifndef TOCSIN_CORRELATE_ASSESS_SLIDING_H
#define TOCSIN_CORRELATE_ASSESS_SLIDING_H

#include <stdbool.h>
#include <stdint.h>

#include "correlate/hll.h"

struct assess_sliding {
	uint32_t given[HLL_REGISTERS][HLL_RANK_MAX + 1];
	uint8_t highest[HLL_REGISTERS];
	uint32_t ranks[HLL_RANK_MAX + 1]; /* registers by their highest */
	uint32_t members;                 /* sketches inside */
	bool used;
};

void assess_sliding_reset(struct assess_sliding *s);
/* One element, or a whole sketch, comes (add) or goes. */
void assess_sliding_element(struct assess_sliding *s, uint64_t element, bool add);
void assess_sliding_sketch(struct assess_sliding *s, const uint8_t *regs, bool add);
/* Distinct elements: exact while no sketch is inside, else estimated, as a sketch
 * stands for more than exact_max. */
uint64_t assess_sliding_count(const struct assess_sliding *s, uint64_t exact, uint32_t exact_max);

#endif
