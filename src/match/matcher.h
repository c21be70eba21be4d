/*
 * matcher - the inside of a compiled generation and of a worker's scratch.
 *
 * Thread   as match.h.
 * Order    none.
 * Owns     its tables; the set is borrowed.
 * Memory   compile and scratch init allocate everything.
 * Limit    as match.h.
 */
#ifndef TOCSIN_MATCH_MATCHER_H
#define TOCSIN_MATCH_MATCHER_H

#include "match/exact.h"
#include "match/exact_net.h"
#include "match/match.h"
#include "match/matcher_benign.h"
#include "match/matcher_stix.h"
#include "match/pattern.h"
#include "match/scan.h"

/* What one event may meet before hits are counted as overflow. */
#define MATCHER_FOUND_MAX 8192

/* Offset and length in the set's text. */
struct matcher_text {
	uint32_t at, len;
};

struct matcher {
	const struct indicator_set *set;
	struct exact atoms;
	struct exact_net nets;
	struct pattern_set patterns;
	struct matcher_benign benign;
	struct matcher_stix stix;
	struct scan_plan plan;
	const struct scan_walk *walk;
	struct matcher_text *extra; /* texts of the set that patterns look for as well */
	uint32_t extras;
	bool parse_all;	   /* some condition can only be decided on a parsed record */
	bool tiers_parse_all; /* the same, but for patterns */
};

/* A condition that holds for one observable (NULL: the raw bytes). */
struct matcher_found {
	uint32_t condition;
	uint32_t indicator;
	const struct observable *observable;
	struct span value;
	uint64_t observations; /* as in struct hit */
	bool hit;
};

/* A block of coming records that was scanned at once; see match_block(). */
struct match_ahead {
	const char *start, *end; /* equal: none */
	bool json;
	size_t clean_from, clean_to; /* looked at, and no rare byte */
	uint32_t next;               /* of finds, the first that is not behind us */
	uint32_t rest;               /* blocks to leave alone after one that was full of finds */
	struct scan_finds finds;     /* ascending */
	/* whose bit sets are at hand, be it searched or not; json is told of these */
	const char *sets, *sets_end;
	bool sets_wanted;
};

struct match_overlay {
	const struct matcher *base, *more;
	const uint64_t *withdrawn, *more_withdrawn; /* a bit an indicator; NULL: none */
	struct scan_plan plan;                      /* of both */
	bool parse_all;
	struct pattern_scratch *rooms; /* for more's databases, one a worker */
	uint32_t room_count;
};

struct match_scratch {
	const struct match_overlay *over; /* NULL: the generation is all there is */
	struct pattern_scratch *more;     /* of over */
	struct match_ahead ahead;
	struct scan_state block; /* of ahead */
	struct scan_state scan;  /* of a record by itself */
	struct pattern_scratch patterns;
	struct matcher_stix_scratch stix;
	struct matcher_found found[MATCHER_FOUND_MAX];
	uint32_t found_count, found_lost;
};

/* The rest of compiling: m has set, tables, plan and extra; freed on error. 0, -errno. */
int matcher_complete(struct matcher *m, struct problems *ps);

/* Whether every record is to be parsed. */
static inline bool matcher_parses_all(const struct matcher *m, const struct match_scratch *sc)
{
	return m->parse_all || (sc->over && sc->over->parse_all);
}

/* The indicator that a condition belongs to. */
uint32_t matcher_owner(const struct indicator_set *set, uint32_t condition);

/*
 * A name as atoms have it, of what is left after labels that no name can have
 * were taken off in front: a query for "a b.evil.example" asked evil.example.
 * 0 when nothing is left.
 */
size_t matcher_name(const char *p, size_t len, char *out, size_t size);

#endif
