/*
 * profile - when impact in a state is significant, as versioned data.
 *
 * rules/significance/<id>.yaml; every criterion cites its legal basis. A
 * criterion is a conjunction; a state is significant when any criterion holds.
 *
 * Thread   built by one, then constant.
 * Owns     its strings.
 * Limit    PROFILE_CRITERIA_MAX criteria.
 */
#ifndef TOCSIN_CORRELATE_PROFILE_H
#define TOCSIN_CORRELATE_PROFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/problem.h"
#include "config/vocab.h"

#define PROFILE_CRITERIA_MAX 32

struct criterion {
	char id[64];
	char legal_basis[256];
	char describe[256]; /* one sentence for people */
	bool asserted;	    /* from reports (users, duration), not inferred from telemetry */
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
	int64_t valid_from_us; /* 0 = always */
	uint32_t criteria_count;
	struct criterion criteria[PROFILE_CRITERIA_MAX];
};

/* id_or_path: a path when it holds '/' or ends in .yaml, else looked for in
 * the rule directories (NULL-terminated). NULL with problems told (file, line,
 * key, accepted range). */
struct profile *profile_load(const char *id_or_path, const char *const *dirs, struct problems *ps);
void profile_free(struct profile *p);
/* The built-in copy of "observed" is not a copy: profile_load finds the file. */

#endif
