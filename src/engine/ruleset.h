/*
 * ruleset - one generation of what is looked for: indicators, rules and benign
 * lists, compiled, with their numbers in names.
 *
 * Thread   built by one; read by all workers; freed by whoever puts it last.
 * Order    get and put under the holder's lock; a reference keeps it alive.
 * Owns     its set and matcher.
 * Memory   malloc while building, never on workers' threads: an indicator's name is made
 *          of reserved room when it is first hit.
 */
#ifndef TOCSIN_ENGINE_RULESET_H
#define TOCSIN_ENGINE_RULESET_H

#include <pthread.h>
#include <stdatomic.h>

#include "config/config.h"
#include "correlate/names.h"
#include "engine/ruleset_sigma.h"
#include "match/match.h"

struct ruleset {
	uint32_t generation;
	uint32_t references; /* under the holder's lock */
	struct indicator_set set;
	struct matcher *matcher;
	struct ruleset_sigma sigma;
	struct names *names;
	_Atomic uint32_t *threat; /* number in names, by threat of the set; 0: not hit yet */
	_Atomic uint32_t *by;	  /* number in names, by indicator; the same */
	uint32_t *benign_by; /* number in names, by benign list */
	uint32_t notification_by; /* number in names of "notification:campaign" */
	/* what a notification may call a campaign of the feeds: ids and names, folded, sorted */
	struct campaign_name {
		char *text;
		const char *id; /* borrowed from names: of equal texts the smallest id stands */
		uint32_t threat;
	} *campaigns;
	uint32_t campaign_count;
	uint32_t *whole;   /* threats that no atom names, by kind and id */
	uint16_t *origins; /* of these, independent feeds */
	uint16_t *root;	   /* of each feed, the first of the same origin */
};

/* What arrived on indicator topics since start; joined to the files at each build. */
struct ruleset_live {
	struct feed *feeds; /* one a message: name, defaults, "kafka:TOPIC" */
	char **payloads;
	size_t *lengths;
	uint32_t count, capacity;
};

bool ruleset_live_add(struct ruleset_live *l, const struct feed *feed, const void *p, size_t len);
void ruleset_live_fini(struct ruleset_live *l);

/* Loads and compiles everything that c names. 0; -ENOMEM; -ENOENT when a named
 * file could not be read or held nothing that could be taken (told in ps). */
int ruleset_build(struct ruleset **out, const struct config *c, const struct ruleset_live *live,
		  struct names *names, struct problems *ps);

/* The numbers in names of an indicator and of a threat of the set; 0 when names is full. */
uint32_t ruleset_by(const struct ruleset *r, uint32_t indicator);
uint32_t ruleset_threat(const struct ruleset *r, uint32_t threat);
/* Independent feeds that name the threat of this number; 0: none does in this generation. */
uint32_t ruleset_origins(const struct ruleset *r, uint32_t number);

/* The number in names of the campaign that a feed has by this id or name (case is
 * ignored); 0: of none. */
uint32_t ruleset_campaign(const struct ruleset *r, const char *p, size_t len);

/* The current generation, swapped by reload. */
struct ruleset_holder {
	pthread_mutex_t lock;
	struct ruleset *current;
	uint32_t generations;
};

void ruleset_holder_init(struct ruleset_holder *h);
void ruleset_holder_fini(struct ruleset_holder *h);
void ruleset_publish(struct ruleset_holder *h, struct ruleset *r); /* takes r over */
struct ruleset *ruleset_get(struct ruleset_holder *h);
void ruleset_put(struct ruleset_holder *h, struct ruleset *r);

#endif
