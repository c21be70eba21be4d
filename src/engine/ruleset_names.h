/*
 * ruleset_names - the inside of a ruleset: numbers in names, and origins of threats.
 *
 * Private to src/engine/ruleset*.c.
 *
 * Thread   init, fini: one; the numbers: any (ruleset.h).
 * Order    none.
 * Owns     the ruleset's arrays of numbers, and its lookup of threats.
 * Memory   8 bytes an indicator of address space, a page of memory where one was hit.
 * Limit    as names.
 */
#ifndef TOCSIN_ENGINE_RULESET_NAMES_H
#define TOCSIN_ENGINE_RULESET_NAMES_H

#include "engine/ruleset.h"

int ruleset_names_init(struct ruleset *r, struct names *names, const struct config *c); /* 0, -ENOMEM */
void ruleset_names_fini(struct ruleset *r);

/* Threats that were hit in another generation go on under their numbers, whichever indicator
 * would name them now: else one campaign's evidence would lie under two. */
void ruleset_keep(struct ruleset *r, const struct ruleset *before);
/* So do those of what lies over a base: of the campaign that only the base knows of, else of
 * who says the same atom there. */
void ruleset_inherit(struct ruleset *r, const struct ruleset *base);

#endif
