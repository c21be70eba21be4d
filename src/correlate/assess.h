/*
 * assess - evidence becomes significance: the episodes of one threat.
 *
 * An episode is a maximal run of a threat's evidence (effect and attempt
 * lanes, all states) in which no two neighbours in time lie further apart than
 * the profile's window. It is a function of the set of evidence alone, so
 * order, threads and redelivery cannot change it. Within an episode a state is
 * significant if some window [t, t + window] makes a criterion hold; the
 * two-state rule needs min_states Member States significant inside the same
 * window. Windows are exact to the microsecond: each entity of a cell keeps
 * its first and last time, and only a window's two edge hours need them.
 *
 * Thread   one assessor per thread; reads a live table.
 * Memory   grows with the largest threat assessed; outside worker threads.
 */
#ifndef TOCSIN_CORRELATE_ASSESS_H
#define TOCSIN_CORRELATE_ASSESS_H

#include "correlate/evidence.h"
#include "correlate/profile.h"

#define ASSESS_EVIDENCE_MAX 16 /* per episode, spread over its states first */

struct state_assessment {
	uint8_t state;
	bool significant;	 /* in some window of the episode */
	bool deciding;		 /* significant inside the deciding window */
	uint32_t criteria;	 /* bit per profile criterion that holds in some window */
	uint64_t entities;	 /* affected: distinct, effect lanes */
	bool entities_exact;
	uint64_t attempted;	 /* distinct entities in attempt lanes */
	uint64_t records;	 /* effect and attempt lanes */
	bool records_exact;
	uint32_t origins;
	uint32_t sectors;	 /* bit per vocab sector, effect lanes (bit 0 unknown) */
	uint64_t users, duration_s; /* reported: sum over entities of users; max of duration */
	uint8_t severity;	 /* highest, effect lanes; attempt lanes when there is no effect */
	int64_t first_us, last_us;
};

enum episode_status { EPISODE_NONE, EPISODE_WATCH, EPISODE_RAISED };

struct episode {
	uint32_t threat;
	enum episode_status status;
	int64_t first_us, last_us;	    /* of all its evidence */
	int64_t decided_us;		    /* first event time at which status holds; 0 for NONE */
	uint8_t tlp, pap;
	uint32_t states;		    /* entries of state[], sorted by code; EU and GB included */
	struct state_assessment state[STATES];
	uint32_t evidence_count;
	struct assess_evidence {
		uint8_t state;
		uint8_t hit_class;
		struct evidence_item item;
	} evidence[ASSESS_EVIDENCE_MAX]; /* sorted by (time, object, offset, sub, by) */
};

struct assessor;
int assessor_init(struct assessor **a, const struct profile *p); /* 0, -ENOMEM; p is borrowed */
void assessor_fini(struct assessor *a);
/* Calls fn for every episode of the threat in order of time. 0 or -ENOMEM. */
int assess_threat(struct assessor *a, const struct evidence_table *t, uint32_t threat,
		  void (*fn)(void *arg, const struct episode *ep), void *arg);

/* What was seen but set aside: benign or exercise lanes of the threat. */
struct set_aside {
	uint32_t threat;
	uint8_t hit_class; /* CLASS_NONE benign, CLASS_TEST exercise */
	uint32_t states;   /* bit per state */
	uint64_t entities, records;
	uint32_t by; /* smallest; names the benign list */
	int64_t first_us, last_us;
};
/* True when the threat has such a lane. */
bool assess_set_aside(struct assessor *a, const struct evidence_table *t, uint32_t threat,
		      enum hit_class hit_class, struct set_aside *out);

#endif
