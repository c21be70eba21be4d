/*
 * heavy - who is most frequent in a stream, in fixed memory: Space-Saving
 * (Metwally, Agrawal, El Abbadi, "Efficient computation of frequent and top-k
 * elements in data streams", ICDT 2005), mergeable as in Agarwal et al.,
 * "Mergeable summaries", PODS 2012.
 *
 * After n additions of weight one, with HEAVY_KEYS counters:
 *   at_most(k) - at_least(k) <= n / HEAVY_KEYS for every key k, and the true
 *   count lies between them; a key more frequent than that is held. The same
 *   holds for n the sum, after merging.
 * While no more than HEAVY_KEYS keys were seen, every count is exact.
 *
 * Which keys are held at the edge depends on the order they came in: this finds
 * suspects and protects memory. What is decided about a threat is decided from
 * joined evidence (assess.h).
 *
 * Thread   one owner.
 * Order    none.
 * Owns     nothing.
 * Memory   the struct.
 * Limit    a lookup looks at every key: 64 words side by side.
 */
#ifndef TOCSIN_CORRELATE_HEAVY_H
#define TOCSIN_CORRELATE_HEAVY_H

#include <stdint.h>

#define HEAVY_KEYS 64

struct heavy {
	uint32_t key[HEAVY_KEYS]; /* 0 is no key */
	uint64_t count[HEAVY_KEYS], error[HEAVY_KEYS];
	uint64_t total;
	uint32_t used, last; /* last: where the last addition went */
	uint32_t from;	     /* where to look for the least count next */
	uint64_t least;	     /* no count is below it */
};

void heavy_add(struct heavy *h, uint32_t key);
uint64_t heavy_at_least(const struct heavy *h, uint32_t key);
uint64_t heavy_at_most(const struct heavy *h, uint32_t key);
void heavy_merge(struct heavy *h, const struct heavy *other);

#endif
