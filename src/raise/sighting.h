/*
 * sighting - an indicator seen in a Member State: since when, until when, how often.
 *
 *   STIX 2.1  one bundle: the engine's identity, places, markings, the sightings, and an
 *             indicator for each that is known by its value alone; ids are UUIDv5 of
 *             indicator and state, so that a later one is a newer version of the same
 *   MISP      a line each, as /sightings/add takes it: the attribute's uuid, or values;
 *             MISP has no count, so it is told of the first and of the last
 *
 * What is known to neither (a feed's own id) is left out, and counted.
 *
 * Thread   any.
 * Order    that of the calls; the same sightings give the same bytes.
 * Owns     nothing.
 * Memory   the text's.
 * Limit    a count of 999,999,999 (STIX 2.1, section 5.2).
 */
#ifndef TOCSIN_RAISE_SIGHTING_H
#define TOCSIN_RAISE_SIGHTING_H

#include "base/text.h"

struct sighting {
	const char *indicator; /* its id, without "indicator:" */
	int state, tlp;
	int64_t first_us, last_us;
	uint64_t count;
};

/* All of them, sorted by indicator and state. Returns how many could be told. */
uint32_t sighting_stix(struct text *out, const struct sighting *s, uint32_t count);
uint32_t sighting_misp(struct text *out, const struct sighting *s, uint32_t count);
/* One, as a message: a bundle or lines; and the id that it is known by. False: left out. */
bool sighting_message(struct text *out, const struct sighting *s, bool misp, char id[64]);

#endif
