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

#endif
