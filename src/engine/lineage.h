/*
 * lineage - which feeds of indicators are one origin: those that copy one another.
 *
 * A feed's root is that of the feed it is derived_from, else its lineage, else
 * its name. A threat has as many origins as its indicators' feeds have roots.
 *
 * Thread   any; constant once built.
 * Order    the result does not depend on the order of feeds or indicators.
 * Owns     nothing; the caller frees the counts.
 * Memory   two bytes a feed and a threat that no atom names.
 * Limit    UINT16_MAX origins a threat.
 */
#ifndef TOCSIN_ENGINE_LINEAGE_H
#define TOCSIN_ENGINE_LINEAGE_H

#include "config/config.h"
#include "match/indicator.h"

/* The root of the feed of this name; the name itself when the configuration has none. */
const char *lineage_root(const struct config *c, const char *feed);

/* Of a sealed set: the first feed of the same root by feed, and origins by threat, of those
 * that no atom names. 0, -ENOMEM. */
int lineage_count(uint16_t **root, uint16_t **origins, const struct indicator_set *s,
		  const struct config *c);

#endif
