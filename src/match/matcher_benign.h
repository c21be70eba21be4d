/*
 * matcher_benign - which benign list a value is on.
 *
 * Thread   built by one thread, then constant; scratch is the worker's.
 * Order    of several entries that hold, the one loaded first is named.
 * Owns     its tables and databases; borrows the set.
 * Memory   init allocates; find does not.
 * Limit    EXACT_REFS_MAX entries.
 */
#ifndef TOCSIN_MATCH_MATCHER_BENIGN_H
#define TOCSIN_MATCH_MATCHER_BENIGN_H

#include <hs.h>

#include "match/exact.h"
#include "match/exact_net.h"
#include "match/indicator.h"
#include "match/pattern.h"

struct matcher_benign {
	const struct indicator_set *set;
	struct exact texts; /* STRING and HOSTNAME */
	struct exact_net nets;
	uint32_t *net_entry; /* CIDR entries by network number */
	struct network *net;
	uint32_t net_count;
	hs_database_t *substrings, *regexes;
};

int matcher_benign_init(struct matcher_benign *b, const struct indicator_set *set,
			struct problems *ps); /* 0, -ENOMEM, -EINVAL */
void matcher_benign_fini(struct matcher_benign *b);
size_t matcher_benign_bytes(const struct matcher_benign *b);

/* The entry that the value is on, or -1. addr is the value's when it is an address. */
int64_t matcher_benign_find(const struct matcher_benign *b, hs_scratch_t *hs, struct span value,
			    enum observable_type type, const struct address *addr);

#endif
