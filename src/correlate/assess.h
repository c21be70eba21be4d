/*
 * assess - evidence becomes significance: the episodes of one threat.
 *
 * An episode is a maximal run of a threat's evidence (effect and attempt
 * lanes, all states) in which no two neighbours in time lie further apart than
 * the profile's window. It is a function of the set of evidence alone, so
 * order, threads and redelivery cannot change it.
 *
 * A window is closed: [t, t + window]; a hit exactly one window after the first
 * is still inside. Within an episode a Member State is significant if some
 * window makes a criterion hold; the two-state rule needs min_states Member
 * States significant inside the same window; a watch needs one, and another
 * Member State seen (effect or attempt) in that window. decided_us is the end of
 * the earliest such window: the first moment whose evidence sufficed, looking
 * one window back.
 *
 * EU (Union entities) is judged by criteria of its own and never counted; GB is
 * carried, never judged. Two things raise apart from the rule, and assess_basis()
 * tells them: an operator's assertion that one Member State's capacity to respond
 * is exceeded (Directive (EU) 2022/2555, Article 6(7)), decided when it was first
 * asserted; and significance for Union entities (Regulation (EU, Euratom)
 * 2023/2841, Article 3(8)), decided when a criterion first held.
 *
 * Windows are exact to the microsecond: each entity of a cell keeps its first
 * and last time, and a cell is no longer than a window. Two things are known by
 * the hour: a cell with more than exact_max entities or origins counts whole
 * wherever the window touches its first..last, its distinct elements estimated
 * (hll.h) and never below exact_max + 1; and what an entity reported is the
 * largest of its reports in the hour, standing from the first to the last.
 *
 * Measures: an entity or origin in several sectors, severities or hours is one.
 * Sector "unknown" is counted under annex 0, but is not a sector: neither for
 * `sectors` nor for one_sector. users is the sum over entities of the largest
 * report in the window, duration the longest reported; with one_entity, all that
 * is reported is asked of one entity's largest reports.
 *
 * Independence: of the copies of one record (same identity) the first-hand one
 * stands, then the first by position, and origins are those of the records that
 * stand. A state's significance rests on a single origin when it does not hold
 * without one of them, in one window at least for each; when all its records
 * stand with one; or when another Member State has every one of them too. Such
 * states are marked, and with the cap they do not count. More evidence from one
 * origin can therefore never take away what others show. And a moment at which all
 * significant Member States rest on one voice (an origin, or a relay with what the
 * same source saw itself: assessor_same()) raises nothing, cap or not: without that
 * voice none of them would be significant then. In a cell that
 * outgrew exact_max who named whom is known of 64 classes of entities: without
 * one origin it counts for at most what the others named. The cap holds for Union
 * entities too; an asserted exceeded capacity is one operator's word by nature, and
 * neither the cap nor `ordinary` is asked of it.
 *
 * Thread   one assessor per thread; reads a live table.
 * Order    what happened before the call is seen; see evidence.h.
 * Owns     its scratch; profile and table are borrowed.
 * Memory   grows with the largest threat assessed; outside worker threads.
 * Limit    ASSESS_EVIDENCE_MAX pieces of evidence an episode.
 */
#ifndef TOCSIN_CORRELATE_ASSESS_H
#define TOCSIN_CORRELATE_ASSESS_H

#include "correlate/evidence.h"
#include "correlate/profile.h"

/* Per episode: each state's best in turn (effect before attempt, then rank, time,
 * position), a record once a state. */
#define ASSESS_EVIDENCE_MAX 16

struct state_assessment {
	uint8_t state;
	bool significant;	 /* in some window of the episode; Member States and EU */
	bool deciding;		 /* significant inside the deciding window, or what decided apart */
	bool capacity_exceeded;	 /* asserted by an operator; Member States only */
	uint32_t criteria;	 /* bit per profile criterion that holds in some window */
	uint64_t entities;	 /* affected: distinct, effect lanes */
	bool entities_exact;
	uint64_t attempted;	 /* distinct entities in attempt lanes */
	uint64_t records;	 /* effect and attempt lanes */
	bool records_exact;
	uint32_t origins;	 /* distinct, effect and attempt lanes */
	uint32_t sectors;	 /* bit per vocab sector, effect lanes (bit 0 unknown) */
	uint64_t users, duration_s; /* reported: effect lanes; sum over entities of users; max of duration */
	uint64_t claims;	 /* reported: effect lanes; union of all, bit per enum impact_claim */
	uint32_t measure[IMPACT_MEASURE_COUNT]; /* the same, the largest of one entity; not users, duration */
	uint8_t severity;	 /* highest, effect lanes; attempt lanes when there is no effect */
	int64_t first_us, last_us;
	/* independence; assess_independence.c has the rule */
	bool single_origin;    /* significant, but not without one of its origins */
	bool capped;	       /* it would be significant, were it not for the influence cap */
	uint8_t largest_share; /* per cent of its affected entities that one origin alone names */
	bool ordinary;	       /* in too many of the state's records to be significant */
	uint64_t shared;       /* records that another Member State's evidence holds too */
	/* what the table had no room for; see evidence_lost() */
	uint64_t refused;	   /* hits, at most */
	int64_t complete_since_us; /* 0: nothing was refused */
};

enum episode_status { EPISODE_NONE, EPISODE_WATCH, EPISODE_RAISED };

struct episode {
	uint32_t threat;
	enum episode_status status;
	int64_t first_us, last_us;	    /* of all its evidence */
	bool held_back;	/* enough states were significant together, but all by one source's word */
	int64_t decided_us;		    /* first event time at which status holds; 0 for NONE;
					     * the deciding window is [decided_us - window, decided_us] */
	uint8_t tlp, pap;
	uint32_t states;		    /* entries of state[], sorted by code; EU and GB included */
	struct state_assessment state[STATES];
	uint32_t evidence_count;
	struct assess_evidence {
		uint8_t state;
		uint8_t hit_class;
		struct evidence_item item;
	} evidence[ASSESS_EVIDENCE_MAX]; /* sorted by (time, object, offset, sub, by, state) */
};

/* By which rule a raised episode stands; a watch is of the rule of Member States. */
enum assess_basis { BASIS_MEMBER_STATES, BASIS_CAPACITY, BASIS_UNION_ENTITIES };
enum assess_basis assess_basis(const struct episode *ep, const struct profile *p);

struct assessor;
int assessor_init(struct assessor **a, const struct profile *p); /* 0, -ENOMEM; p is borrowed */
void assessor_fini(struct assessor *a);
/* Who is behind an object of evidence, speaking of this state: its origin as in struct
 * observation. cap: what rests on one origin does not raise. Before the first assessment. */
void assessor_origins(struct assessor *a, uint64_t (*fn)(void *arg, uint32_t object, uint8_t state),
		      void *arg, bool cap);
/* What this origin says of its own state, and what the same one relays of others, is one
 * voice. Before the first assessment. Those beyond ASSESS_SAME_MAX stay apart. */
#define ASSESS_SAME_MAX 256
void assessor_same(struct assessor *a, uint64_t origin, uint64_t relay);
/* Is a threat with so many records in a state (effect and attempt) ordinary there? Then it is
 * not significant there, and says so. NULL: never. Before the first assessment. */
void assessor_ordinary(struct assessor *a, bool (*fn)(void *arg, uint8_t state, uint64_t records),
		       void *arg);
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
	bool would_raise; /* benign: counted as effect it would, all of its hits */
};
/* True when the threat has such a lane. */
bool assess_set_aside(struct assessor *a, const struct evidence_table *t, uint32_t threat,
		      enum hit_class hit_class, struct set_aside *out);

#endif
