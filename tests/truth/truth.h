/*
 * truth - ground truth: seeded multi-state campaigns over noise, and a slow, obvious
 * correlator that says what must come of them.
 *
 * Nothing of src/ is included here: the words are those of the profile, the candidate
 * contract and the law, written down a second time.
 *
 * Thread   one owner; a finished world is constant and may be read by many.
 * Owns     a world owns all that it points to.
 * Limit    TRUTH_SEEDS_MAX seeds a world: each has its own hosts (10.<slot>.x.y).
 */
#ifndef TOCSIN_TESTS_TRUTH_H
#define TOCSIN_TESTS_TRUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define TRUTH_SEEDS_MAX 256
#define TRUTH_PACK      50 /* seeds a world: they share its profile and sources, nothing else */

/* --- seeded choices --------------------------------------------------------- */

struct rng {
	uint64_t state;
};

uint64_t rng_next(struct rng *r);
uint32_t rng_below(struct rng *r, uint32_t n); /* 0..n-1 */
int64_t rng_between(struct rng *r, int64_t low, int64_t high);
bool rng_chance(struct rng *r, uint32_t percent);

/* --- the world -------------------------------------------------------------- */

enum truth_severity { TRUTH_NONE, TRUTH_LOW, TRUTH_MEDIUM, TRUTH_HIGH };
enum truth_class { TRUTH_ATTEMPT, TRUTH_EFFECT };

#define TRUTH_STATES  12 /* the last two are GB and EU, which never count */
#define TRUTH_MEMBERS 10
extern const char *const truth_states[TRUTH_STATES];
#define TRUTH_SECTORS 8
extern const char *const truth_sectors[TRUTH_SECTORS]; /* 0 is unknown */
extern const int truth_annex[TRUTH_SECTORS];
extern const char *const truth_severities[4], *const truth_tlps[4];

struct truth_criterion {
	int severity, annex;
	bool one_sector, attempts_too;
	uint32_t entities, sectors, origins, users, duration_s;
};

struct truth_profile {
	int64_t window_us;
	int min_states, criteria;
	struct truth_criterion criterion[4];
};

struct truth_source {
	char name[24], organisation[24], space[16];
	int state, sector, tlp;
	bool exercise;
	uint32_t aggregates; /* bit per state */
};

struct truth_threat {
	char name[48];
	int seed;
};

struct truth_atom {
	int threat, severity, tlp;
	bool address, benign;
	char value[48];
};

/* What the engine should make of a line. */
enum truth_fate {
	FATE_CLEAN,
	FATE_HIT,
	FATE_EXERCISE,
	FATE_FUTURE,
	FATE_PAST,
	FATE_UNREGISTERED,
	FATES
};

/* One hit of one record: all that the reference sees. */
struct truth_hit {
	int threat, state, sector, severity, tlp, origin, record;
	enum truth_class hit_class;
	int64_t time_us;
	uint64_t entity;
	uint32_t users, duration_s;
};

struct truth_record {
	int source, seed, hits;
	enum truth_fate fate;
	int64_t time_us;
	struct truth_hit hit[2];
	char *line;
};

/* Lines that are delivered as one; offset is their place in the source's stream. */
struct truth_message {
	int source, seed, first, count;
	uint64_t offset;
};

struct truth_world {
	uint64_t first_seed;
	int seeds;
	struct truth_profile profile;
	struct truth_source *sources;
	struct truth_threat *threats;
	struct truth_atom *atoms;
	struct truth_record *records;
	struct truth_message *messages;
	int *order; /* messages in order of delivery; some more than once */
	int source_count, threat_count, atom_count, record_count, message_count, order_count;
	int source_room, threat_room, atom_room, record_room, message_room, order_room;
};

/* The world of seeds first..first+seeds-1; first is a multiple of TRUTH_PACK, or seeds is 1. */
void world_make(struct truth_world *w, uint64_t first, int seeds);
void world_free(struct truth_world *w);
/* The files an engine needs, into an existing folder: profile.yaml, indicators.csv,
 * benign.txt, sources.yaml. paths: each source reads in/<its name>. */
void world_write(const struct truth_world *w, const char *folder, bool paths);

#define TRUTH_EXERCISE 23 /* the source that only exercises */
/* Adds the threats and records of the seed with this slot. */
void campaign_make(struct truth_world *w, int slot);

/* Array grows by one; the new, zeroed element. */
void *truth_push(void *array, int *count, int *room, size_t size);
#define PUSH(w, of) truth_push(&(w)->of##s, &(w)->of##_count, &(w)->of##_room, sizeof(*(w)->of##s))

/* The spelling of a line. */
struct truth_shot {
	const struct truth_atom *asked, *peer,
		*knocking;   /* name asked for; address reached; from outside */
	uint32_t host;       /* of the seed's hosts */
	int slot;            /* which seed of the world */
	int severity, claim; /* stated, or -1 */
	bool test;           /* marked as an exercise */
	int organisation;    /* number of a named one, -1 none */
	uint32_t users, duration_s;
	int64_t time_us;
	uint32_t serial;
};
char *shot_line(const struct truth_shot *s);

/* --- what must come of it ---------------------------------------------------- */

/* One candidate a line, canonical; sorted. Compared as text, so that a difference reads. */
struct truth_lines {
	char **line;
	int count, room;
};
void lines_add(struct truth_lines *l, char *line);
void lines_sort(struct truth_lines *l);
void lines_free(struct truth_lines *l);

struct truth_state {
	int state, severity;
	bool significant, deciding;
	uint32_t criteria, entities, attempted, records, origins, sectors, duration_s;
	uint64_t users;
	int64_t first_us, last_us;
};
struct truth_candidate {
	const char *threat;
	bool raised;
	int64_t start_us, end_us, decided_us;
	int tlp, states;
	struct truth_state state[TRUTH_STATES];
};
char *candidate_text(const struct truth_candidate *c);

/* All candidates of these hits; out is not sorted. */
void reference_candidates(const struct truth_world *w, const struct truth_hit *hits, int count,
			  struct truth_lines *out);
/* Of the messages that take[] holds (NULL: all), each counted once. */
void reference_world(const struct truth_world *w, const bool *take, struct truth_lines *out);

/* The same from a line that an engine printed; NULL when it is no candidate by the contract.
 * status, id and version may be NULL. */
char *candidate_read(const char *line, size_t len, char status[16], char id[40], int *version);

/* --- the engine, through its public interface --------------------------------- */

struct drive {
	int threads, feeders;
	uint64_t shuffle; /* seed of the order of delivery; 0: as the world has it */
	int looks;        /* how often what changed is asked for meanwhile */
};
struct driven {
	struct truth_lines final, told; /* at the end; as the changes told it */
	char why[256];                  /* what else is wrong, or "" */
};
/* Feeds messages order[0..count) of w; folder is where its files are. */
void drive_engine(const struct truth_world *w, const char *folder, const int *order, int count,
		  const struct drive *d, struct driven *out);
void driven_free(struct driven *d);

#endif
