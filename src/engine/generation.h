/*
 * generation - what is looked for from one moment to the next: a ruleset, and what has
 * arrived since it was built lying over it.
 *
 * Thread   published by one at a time; held by workers, a batch each; freed by whoever
 *          calls reap, which no worker does.
 * Order    get and put under the holder's lock; a reference keeps it alive. It is in effect
 *          once no worker holds an older one.
 * Owns     its delta; the ruleset is shared by the generations over it.
 * Memory   malloc while building, never on workers' threads.
 */
#ifndef TOCSIN_ENGINE_GENERATION_H
#define TOCSIN_ENGINE_GENERATION_H

#include "base/text.h"
#include "engine/ruleset.h"

struct generation {
	uint32_t number, references; /* under the holder's lock */
	struct ruleset *base;
	struct ruleset *more;			 /* NULL: nothing was added */
	uint64_t *withdrawn, *more_withdrawn;	 /* bits, by indicator of the part; may be NULL */
	uint32_t withdrawals;			 /* bits that are set in withdrawn */
	struct match_overlay *over;		 /* NULL: the base is all there is */
	uint64_t arrived_ns;			 /* of its oldest news, monotonic; 0 none */
	struct generation *next;		 /* the newer one */
};

/* How long news took from arrival until every worker matched with them. */
#define EFFECT_BUCKETS 24 /* up to 2^i ms/16: from 62.5 us to minutes */
struct effect {
	uint64_t count, sum_us, max_us, last_us;
	uint64_t bucket[EFFECT_BUCKETS]; /* the first holds up to 64 us, each next twice that */
};
void effect_add(struct effect *f, uint64_t us);
/* {"count":..,"last_ms":..,"max_ms":..,"mean_ms":..,"le_ms":{"1.024":..,...}} */
void effect_json(struct text *t, const struct effect *f);

struct generation_holder {
	pthread_mutex_t lock;
	struct generation *oldest, *current;
	struct generation *retired; /* unreferenced; to be freed by reap */
	uint32_t published;
	struct effect effect;
};

void generation_holder_init(struct generation_holder *h);
void generation_holder_fini(struct generation_holder *h);

/* A generation of base alone, or with what lies over it (then over is made here, for this
 * many workers; so it is to watch all names, addresses and hashes). Takes base's reference, more and the bits over. 0, -ENOMEM: all freed. */
int generation_create(struct generation **g, struct ruleset *base, struct ruleset *more,
		      uint64_t *withdrawn, uint64_t *more_withdrawn, uint32_t workers, bool watch);
void generation_publish(struct generation_holder *h, struct generation *g); /* takes g over */
struct generation *generation_get(struct generation_holder *h);
void generation_put(struct generation_holder *h, struct generation *g);
/* Frees what no worker holds any longer. */
void generation_reap(struct generation_holder *h);

#endif
