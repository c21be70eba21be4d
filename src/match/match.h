/*
 * match - records become hits: Hyperscan for patterns, exact tiers for atoms.
 *
 * A matcher is compiled from an indicator set and constant afterwards: one
 * generation. Workers hold a scratch each.
 *
 * Thread   matcher: any number of readers. scratch: one worker.
 * Owns     the matcher borrows the set, which must outlive it.
 * Memory   compile allocates; scan and verify never do.
 * Limit    MATCH_HITS_MAX hits a record; beyond, overflow is counted in the scratch.
 */
#ifndef TOCSIN_MATCH_MATCH_H
#define TOCSIN_MATCH_MATCH_H

#include "decode/event.h"
#include "match/indicator.h"
#include "match/seen.h"

#define MATCH_HITS_MAX 1024

struct matcher;
struct match_scratch;
struct scan_state;

struct hit {
	uint32_t indicator;                  /* index in the set */
	const struct observable *observable; /* NULL: on the raw bytes */
	struct span value;                   /* what matched */
	/* Not 0: a STIX pattern that takes several records; which of its observations this
	 * one is. It is no hit by itself (correlate/partial.h). */
	uint64_t observations;
};

/* A hit that a benign list suppressed. */
struct suppressed {
	uint32_t indicator;
	uint32_t benign; /* index in the set */
	struct span value;
};

struct match_result {
	uint32_t hits, suppressions, overflow;
	uint32_t undecided; /* patterns that were too much work on this record */
	struct hit hit[MATCH_HITS_MAX];
	struct suppressed suppressed[64];
};

/* 0, -ENOMEM, -EINVAL. Patterns that Hyperscan refuses go to ps with their feed and line. */
int matcher_compile(struct matcher **m, const struct indicator_set *set, struct problems *ps);
void matcher_free(struct matcher *m);
size_t matcher_bytes(const struct matcher *m); /* memory held */

/* The indicators of m's set that are this atom (a condition of set's) and nothing else, until
 * fn says false. */
void matcher_alone(const struct matcher *m, const struct indicator_set *set,
		   const struct condition *c, bool (*fn)(void *arg, uint32_t indicator), void *arg);

int match_scratch_init(struct match_scratch **sc, const struct matcher *m); /* 0, -ENOMEM */
void match_scratch_free(struct match_scratch *sc);

/*
 * Scan before parse. True when the record may hit something and must be
 * decoded; false is certain: no indicator matches any field of it. The bytes
 * are one record of this format (escapes and all); BATCH_PAD bytes after it
 * are readable. A frame that no decoder would take (not '{'..'}', unbalanced
 * strings, bytes >= 0x80 that may be no UTF-8) also answers true: decode says why.
 */
bool match_scan(const struct matcher *m, struct match_scratch *sc, enum format format,
		const char *p, size_t len);

/*
 * Looks ahead: scans len bytes of coming records, of this format and parted by
 * '\n', at once; match_scan() then has little left to do for each. The bytes must
 * stay as they are until the next call; records are scanned in ascending order.
 * len 0 forgets the block: call it before the bytes change. Returns where the next
 * block should begin: behind the last whole line.
 */
const char *match_block(const struct matcher *m, struct match_scratch *sc, enum format format,
			const char *p, size_t len);
/* The first '\n' in [p, end), or end; the block knows it. */
const char *match_line(const struct matcher *m, struct match_scratch *sc, const char *p,
		       const char *end);

/*
 * What lies over a generation until it is folded in: indicators that came later, compiled
 * by themselves, and a bit for each of the generation's own that no longer stands. One walk
 * over the bytes serves both; a hit is told by the part whose set it is of.
 * Borrows all it is given, NULL where there is none; has room for this many workers.
 */
struct match_overlay;
int match_overlay_create(struct match_overlay **o, const struct matcher *base,
			 const struct matcher *more, const uint64_t *withdrawn,
			 const uint64_t *more_withdrawn, uint32_t workers); /* 0, -ENOMEM */
/* The walk looks at all names, addresses and hashes, whatever is looked for. */
void match_overlay_watch(struct match_overlay *o);
void match_overlay_free(struct match_overlay *o);
/* From now on sc matches with it, as this worker; NULL: with the generation alone. Not
 * between match_block() and the end of its block. Takes no memory. */
void match_overlay_use(struct match_scratch *sc, const struct matcher *base,
		       const struct match_overlay *o, uint32_t worker);

/*
 * The bit sets (scan.h) of the block at hand, when it is one of JSON and the record lies
 * in it: *text is where they begin. NULL otherwise, or unless they are wanted.
 */
void match_want_sets(struct match_scratch *sc, bool wanted);
const struct scan_state *match_sets(const struct match_scratch *sc, const char *p, size_t len,
				    const char **text);

/* From now on what the walk meets is noted there (under an overlay that watches); NULL: nowhere. */
void match_watch(struct match_scratch *sc, struct seen_view *v);
/* Notes what a decoded record shows. */
void match_note(struct seen_view *v, const struct event *ev);
/* The hash that a condition of the set would have been noted under; false: none would be. */
bool match_noted(const struct indicator_set *s, const struct condition *c, uint64_t *hash);

/* Every hit of the decoded event: observables against atoms and typed patterns,
 * raw bytes against raw patterns; AND clauses checked; validity in event time
 * honoured; benign values set aside. Each (indicator, value) once. */
void match_verify(const struct matcher *m, struct match_scratch *sc, const struct event *ev,
		  struct match_result *out);

/* The hits of what lies over it; benign entries are the generation's. */
void match_verify_more(const struct matcher *m, struct match_scratch *sc, const struct event *ev,
		       struct match_result *out);

/* Every condition that is this very atom: kind and canonical text. Networks as written. */
void match_same(const struct matcher *m, const struct condition *c, struct span text,
		void (*found)(void *arg, uint32_t condition), void *arg);

#endif
