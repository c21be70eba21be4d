/*
 * silence - indicators that people say are wrong or over: MISP's sightings of type 1 and 2,
 * and the operator's own word.
 *
 * No one source silences alone: it takes a quorum of organisations (feedback.quorum), or
 * the desk (feedback.desk), or the control socket. A false positive silences
 * from the beginning; an expiration from its moment in event time on. An organisation
 * counts once for an indicator, and with its earliest word. One whose name is kept back
 * counts together with all others such.
 *
 * Thread   one owner.
 * Order    none: of each sighting the largest by (when it was said, taken back, type) stands, a join.
 * Owns     its strings.
 * Memory   heap.
 * Limit    SILENCE_MAX sightings; further ones are counted as refused.
 */
#ifndef TOCSIN_ENGINE_SILENCE_H
#define TOCSIN_ENGINE_SILENCE_H

#include "match/feed_message.h"

#define SILENCE_MAX 65536

struct silence;
int silence_init(struct silence **s, uint32_t quorum); /* 0, -ENOMEM */
void silence_fini(struct silence *s);

/* Hears a sighting; decisive: its word is enough. True when something changed. */
bool silence_hear(struct silence *s, const struct feed_sighting *said, bool decisive);

/* Each indicator (an id, or a value) that ends at until; INT64_MIN: it never held. */
typedef void silence_told(void *arg, const char *target, int64_t until);
int silence_each(struct silence *s, silence_told *fn, void *arg); /* 0, -ENOMEM */
uint64_t silence_refused(const struct silence *s);

#endif
