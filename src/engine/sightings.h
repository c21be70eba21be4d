/*
 * sightings - what the evidence says of each indicator in each Member State, told to others.
 *
 * Taken from the evidence, so nothing is counted twice and the same evidence gives the same
 * bytes. A record that several indicators of one threat hit counts for the one that the
 * evidence names; where a cell outgrew exact records, its estimate counts for the indicator
 * of its best evidence. Benign and exercise traffic is left out.
 *
 * Thread   judge, or after engine_stop().
 * Order    by indicator, then state.
 * Owns     nothing.
 * Memory   heap: an indicator in a state, while it works.
 * Limit    none.
 */
#ifndef TOCSIN_ENGINE_SIGHTINGS_H
#define TOCSIN_ENGINE_SIGHTINGS_H

#include "config/config.h"
#include "raise/sighting.h"

struct engine;

/* All of them, malloc'd; the texts are names'. 0, -ENOMEM. */
int sightings_take(struct engine *e, struct sighting **out, uint32_t *count);

/* Replaces the file by all of them. 0 or -errno; left_out: those that no format can name. */
int sightings_write(struct engine *e, const char *path, bool misp, uint32_t *left_out);

/* Where a service tells them, each interval: the whole file again, and on a topic those that
 * changed, by their ids. */
struct sightings_feed;
int sightings_open(struct sightings_feed **f, struct engine *e, char why[256]); /* *f NULL: nowhere */
void sightings_tick(struct sightings_feed *f, bool now);
void sightings_close(struct sightings_feed *f);

#endif
