/*
 * lineage - which feeds of indicators are one origin: those that copy one another.
 *
 * A feed's root is that of the feed it is derived_from, else its lineage, else
 * its name. A threat has as many origins as its indicators' feeds have roots.
 *
 * Thread   any; constant once built.
 * Order    the result does not depend on the order of feeds or indicators.
 * Owns     nothing; the caller frees the counts.
 * Memory   two bytes a threat number.
 * Limit    UINT16_MAX origins a threat.
 */
#ifndef TOCSIN_ENGINE_LINEAGE_H
#define TOCSIN_ENGINE_LINEAGE_H

#include "config/config.h"
#include "match/indicator.h"

/* The root of the feed of this name; the name itself when the configuration has none. */
const char *lineage_root(const struct config *c, const char *feed);

/* Origins by number in names; threat[i] is the number of the set's threat i. 0, -ENOMEM. */
int lineage_count(uint16_t **counts, uint32_t *numbers, const struct indicator_set *s,
		  const uint32_t *threat, const struct config *c);

#endif
