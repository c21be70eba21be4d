/*
 * ruleset - what is looked for: indicators, rules and benign lists, compiled, with their
 * numbers in names. What arrives later lies over it as a small ruleset of its own
 * (generation.h) until both are folded into the next.
 *
 * Thread   built by one; read by all workers.
 * Order    none; a reference keeps it alive, the last one to put it frees it.
 * Owns     its set and matcher, and a scratch a worker.
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
	_Atomic uint32_t references;
	struct indicator_set set;
	struct matcher *matcher;
	struct ruleset_sigma *sigma; /* shared by what is folded from it; NULL when it lies over another */
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
	uint64_t *linked; /* hashes of ids whose campaign a relationship states, ascending */
	uint32_t linked_count;
	struct match_scratch **scratch; /* one a worker; NULL when it lies over another */
	uint32_t scratch_count;
};

/* What a ruleset is made with. */
struct ruleset_order {
	const struct config *config;
	struct names *names;
	/* the one in force, NULL before the first: threats that go on keep their numbers */
	const struct ruleset *before;
	const struct ruleset *before_more; /* what lies over it */
	uint32_t workers;
	bool watch; /* workers note all names, addresses and hashes (retro.h) */
	struct problems *problems;
};

/* Loads and compiles everything that the configuration names, joined with count sets that
 * arrived while serving. 0; -ENOMEM; -ENOENT when a named file could not be read or held
 * nothing that could be taken; -EINVAL when o->before is in force and Sigma files are broken;
 * -ESTALE when a feed lost more than feed_loss_max of what o->before has of it (told in
 * problems). */
int ruleset_build(struct ruleset **out, const struct ruleset_order *o,
		  const struct indicator_set *const *live, uint32_t count);
/* What o->before looks for, joined with what arrived. 0, -ENOMEM, -EOVERFLOW. */
int ruleset_fold(struct ruleset **out, const struct ruleset_order *o,
		 const struct indicator_set *live);
/* A set that lies over o->before, compiled; it is moved into the ruleset in any case.
 * 0, -ENOMEM, -EOVERFLOW. */
int ruleset_lay(struct ruleset **out, const struct ruleset_order *o, struct indicator_set *delta);
void ruleset_hold(struct ruleset *r);
void ruleset_put(struct ruleset *r); /* r may be NULL */

/* The numbers in names of an indicator and of a threat of the set; 0 when names is full. */
uint32_t ruleset_by(const struct ruleset *r, uint32_t indicator);
uint32_t ruleset_threat(const struct ruleset *r, uint32_t threat);
/* Independent feeds that name the threat of this number; 0: none does in this generation. */
uint32_t ruleset_origins(const struct ruleset *r, uint32_t number);

/* The number in names of the campaign that a feed has by this id or name (case is
 * ignored); 0: of none. */
uint32_t ruleset_campaign(const struct ruleset *r, const char *p, size_t len);

#endif
