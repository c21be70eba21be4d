/*
 * profile - when impact in a state is significant, as versioned data.
 *
 * rules/significance/<id>.yaml; every criterion cites its legal basis. A
 * criterion is a conjunction; a state is significant when any criterion holds
 * inside one closed window [t, t + window]: a hit exactly `window` after the
 * first still counts. valid_from says since when the cited text applies, for
 * people and reports: evidence of any age is judged.
 *
 *   id: observed
 *   version: "1.0"
 *   title: ...
 *   legal_basis: ...
 *   window: 24h               # 1h..31d
 *   min_states: 2             # 2..27
 *   valid_from: 2021-06-23    # optional, as below
 *   criteria:
 *     - id: one-sector
 *       legal_basis: ...
 *       basis: inferred       # from telemetry; asserted: from reports
 *       valid_from: 2021-06-23
 *       describe: one sentence for people
 *       counting:             # what counts towards it; all optional
 *         severity: medium    # this or higher
 *         annex: 1            # 0 any sector, unknown too; 1, 2: of Directive (EU) 2022/2555
 *         one_sector: true    # all within one known sector
 *         effect_only: true   # the default; false: attempts too
 *       at_least:             # one or more, all must be reached
 *         entities: 3         # also: sectors, origins, users, duration (1h)
 *
 * Thread   built by one, then constant.
 * Order    none.
 * Owns     its strings.
 * Memory   one block; the file is read whole.
 * Limit    PROFILE_CRITERIA_MAX criteria, PROFILE_BYTES_MAX bytes.
 */
#ifndef TOCSIN_CORRELATE_PROFILE_H
#define TOCSIN_CORRELATE_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/problem.h"
#include "config/vocab.h"

#define PROFILE_CRITERIA_MAX 32
#define PROFILE_BYTES_MAX    (1u << 20)

struct criterion {
	char id[64];
	char legal_basis[256];
	char describe[256]; /* one sentence for people */
	bool asserted;	    /* from reports (users, duration), not inferred from telemetry */
	int64_t valid_from_us; /* of the legal basis; 0 = not said */
	/* What counts towards it: */
	uint8_t severity_min; /* lanes below are not counted */
	uint8_t annex;	      /* 0 any sector (unknown too), 1, 2 */
	bool one_sector;      /* all of it within one sector */
	bool effect_only;     /* default true */
	/* All of those that are not 0 must be reached inside one window: */
	uint64_t entities, sectors, origins, users, duration_s;
};

struct profile {
	char id[64], version[32], title[256], legal_basis[256];
	int64_t window_us;     /* 1 h..31 d; default 24 h */
	uint32_t min_states;   /* 2..27: significant Member States that make a candidate */
	int64_t valid_from_us; /* 0 = not said */
	uint32_t criteria_count;
	struct criterion criteria[PROFILE_CRITERIA_MAX];
};

/* id_or_path: a path when it holds '/' or ends in .yaml, else looked for in
 * the rule directories (NULL-terminated). NULL with problems told (file, line,
 * key, accepted range). */
struct profile *profile_load(const char *id_or_path, const char *const *dirs, struct problems *ps);
/* The same from text; file is what problems are told of. */
struct profile *profile_parse(const char *text, size_t len, const char *file, struct problems *ps);
void profile_free(struct profile *p);
/* The built-in copy of "observed" is not a copy: profile_load finds the file. */

#endif
