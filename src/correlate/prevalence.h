/*
 * prevalence - how usual it is, in a Member State and sector, that a threat is
 * seen by so many; and how far above that one threat is.
 *
 * Known entities are those that any threat hit (effect or attempt); who was
 * never hit is not known. The baseline is the mean, over the threats seen there,
 * of the part of the known entities that each hit; the lift is a threat's part
 * over it: 1 is as usual as any other. All of it is a function of the evidence
 * at the census; entities are counted exactly up to exact_max a cell, by sketch
 * beyond (hll.h), known entities always by sketch.
 *
 * Thread   one owner; reads a live table.
 * Order    what happened before the call is seen; see evidence.h.
 * Owns     its memory.
 * Memory   init takes a megabyte; scratch grows with the largest threat.
 * Limit    Member States only. A census reads the whole table, at once or a part at a
 *          time; a part is no smaller than a threat. While writers are on it is that of
 *          no one moment, each threat as it was when it came to its turn.
 */
#ifndef TOCSIN_CORRELATE_PREVALENCE_H
#define TOCSIN_CORRELATE_PREVALENCE_H

#include "correlate/evidence.h"

#define PREVALENCE_LEAST 100 /* known entities below which nothing is said */

struct prevalence;
int prevalence_init(struct prevalence **p); /* 0, -ENOMEM */
void prevalence_fini(struct prevalence *p);
/* Takes stock of threats 1..threats. 0, -ENOMEM. */
int prevalence_census(struct prevalence *p, const struct evidence_table *t, uint32_t threats);
/* The next part of that: threats until so many cells were read (of a threat without any, one is
 * counted). 1: it was the last, and from now on its census is told; 0: there is more; -ENOMEM:
 * it begins anew. */
int prevalence_step(struct prevalence *p, const struct evidence_table *t, uint32_t threats,
		    uint32_t cells);

struct prevalence_row {
	uint8_t state, sector;
	uint64_t entities; /* of the threat, all its evidence */
	uint64_t known;	   /* of the state and sector */
	double share, lift; /* lift 0: no other threat was seen there */
};
/* The threat's rows by the last census, by state and sector; -ENOMEM. */
int prevalence_of(struct prevalence *p, const struct evidence_table *t, uint32_t threat,
		  struct prevalence_row *rows, uint32_t max);

#endif
