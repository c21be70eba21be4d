/*
 * profile - when impact in a state is significant, as versioned data.
 *
 * rules/significance/<id>.yaml; every criterion cites its legal basis. A state
 * is significant when a criterion that is no part holds inside one closed window
 * [t, t + window]: a hit exactly `window` after the first still counts. Evidence
 * from before a criterion's valid_from, or after its valid_to, does not count
 * towards it (days are UTC days). rules/README.md tells each key to people.
 *
 *   id: observed
 *   version: "1.0"
 *   title: ...
 *   legal_basis: ...
 *   window: 24h               # 1h..31d
 *   min_states: 2             # 2..27
 *   valid_from: 2021-06-23    # optional; of the profile, for people
 *   criteria:
 *     - id: one-sector
 *       legal_basis: ...
 *       basis: inferred       # from telemetry; asserted: from reports
 *       valid_from: 2021-06-23 # optional, as valid_to, the last day
 *       describe: one sentence for people
 *       part: true            # never enough by itself; others build on it
 *       applies_to: union_entities # of state EU; member_states is the default
 *       counting:             # what counts towards it; all optional
 *         severity: medium    # this or higher
 *         annex: 1            # 0 any sector, unknown too; 1, 2: of Directive (EU) 2022/2555
 *         one_sector: true    # all within one known sector
 *         one_entity: true    # all of it reported by one entity
 *         entity_type: [cloud-computing-service-provider]
 *         effect_only: true   # the default; false: attempts too
 *       at_least: {entities: 3}      # also sectors, origins, reporters and what is reported
 *       more_than: {users: 1000000}  # the law's own numbers, of what is reported
 *       reported: [data_compromised] # claims
 *       when:                 # and this: a tree of the same, and of earlier criteria by id
 *         all: [other-id, {any: [{more_than: {users_share: 5%}}, {at_least: 2, of: [a, b, c]}]}]
 *       overrides:            # other numbers for a Member State, a sector, or both
 *         - {member_state: DE, sector: energy, legal_basis: ..., at_least: {entities: 2}}
 *
 * Thread   built by one, then constant.
 * Order    none.
 * Owns     its strings.
 * Memory   one block; the file is read whole.
 * Limit    PROFILE_CRITERIA_MAX criteria, PROFILE_NODES_MAX nodes of all trees,
 *          PROFILE_OVERRIDES_MAX overrides, PROFILE_BYTES_MAX bytes.
 */
#ifndef TOCSIN_CORRELATE_PROFILE_H
#define TOCSIN_CORRELATE_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/problem.h"
#include "config/vocab.h"
#include "config/vocab_impact.h"

#define PROFILE_CRITERIA_MAX  32
#define PROFILE_NODES_MAX     256
#define PROFILE_OVERRIDES_MAX 64
#define PROFILE_DEPTH_MAX     8 /* of a tree */
#define PROFILE_BYTES_MAX     (1u << 20)

/* What must be reached inside one window, all of it; 0 asks for nothing. Users
 * and duration are not in measure[]. */
#define PROFILE_DEMAND                                                                             \
	uint64_t entities, sectors, origins, users, duration_s;                                    \
	uint64_t reporters; /* one_entity: so many entities, each on its own */                    \
	uint64_t claims;    /* bit per enum impact_claim */                                        \
	uint32_t measure[IMPACT_MEASURE_COUNT]

struct demand {
	PROFILE_DEMAND;
};

struct criterion {
	char id[64];
	char legal_basis[256];
	char describe[256]; /* one sentence for people */
	bool asserted;	    /* from reports (users, duration), not inferred from telemetry */
	bool part;	    /* holds or not, but makes nothing significant */
	bool union_entities; /* judged for EU, not for Member States */
	int64_t valid_from_us; /* 0 = always */
	int64_t valid_until_us; /* the day after valid_to; 0 = still */
	/* What counts towards it: */
	uint8_t severity_min; /* lanes below are not counted */
	uint8_t annex;	      /* 0 any sector (unknown too), 1, 2 */
	bool one_sector;      /* all of it within one sector */
	bool one_entity;      /* what one entity reported */
	bool effect_only;     /* default true */
	uint64_t types;	      /* one_entity: bit per kind of entity, any of them; 0 whichever */
	/* All of those that are not 0 must be reached inside one window: */
	union {
		struct demand demand;
		struct {
			PROFILE_DEMAND;
		};
	};
	uint16_t node; /* and the tree from here; 0 none */
};

enum profile_node_kind { NODE_DEMAND, NODE_CRITERION, NODE_OF };

struct profile_node {
	uint8_t kind;
	uint16_t need;		/* NODE_OF: so many of its children */
	uint16_t first, count;	/* NODE_OF: its children */
	uint16_t criterion;	/* NODE_CRITERION: an earlier one */
	struct demand demand;	/* NODE_DEMAND */
};

/* Other numbers: what is not 0 stands in place of the criterion's. */
struct profile_override {
	uint16_t criterion;
	uint32_t states;  /* bit per Member State; 0 all */
	uint32_t sectors; /* bit per sector; 0 all */
	char legal_basis[256];
	struct demand demand;
};

struct profile {
	char id[64], version[32], title[256], legal_basis[256];
	int64_t window_us;     /* 1 h..31 d; default 24 h */
	uint32_t min_states;   /* 2..27: significant Member States that make a candidate */
	int64_t valid_from_us; /* for people; 0 = not said */
	uint32_t criteria_count;
	struct criterion criteria[PROFILE_CRITERIA_MAX];
	uint32_t node_count; /* node[0] is none */
	struct profile_node node[PROFILE_NODES_MAX];
	uint32_t override_count;
	struct profile_override override[PROFILE_OVERRIDES_MAX];
};

/* id_or_path: a path when it holds '/' or ends in .yaml, else looked for in
 * the rule directories (NULL-terminated). NULL with problems told (file, line,
 * key, accepted range). */
struct profile *profile_load(const char *id_or_path, const char *const *dirs, struct problems *ps);
/* The same from text; file is what problems are told of. */
struct profile *profile_parse(const char *text, size_t len, const char *file, struct problems *ps);
void profile_free(struct profile *p);
/* The built-in copy of "observed" is not a copy: profile_load finds the file. */

/* True when it asks for nothing at all. */
bool profile_demand_empty(const struct demand *d);
/* What criterion c asks for in this state and sector (-1: of no one sector): its own
 * numbers, or those of the override that names most: state and sector, state, sector. */
struct demand profile_demand(const struct profile *p, uint32_t c, int state, int sector);
/* That override, or NULL. */
const struct profile_override *profile_override_of(const struct profile *p, uint32_t c, int state,
						   int sector);

#endif
