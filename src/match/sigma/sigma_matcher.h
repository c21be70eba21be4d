/*
 * sigma_matcher - a set's rules bound to field maps, and what of them a record fits.
 *
 * A record is read once (sigma_read_*), which tells its shape and its log sources; then
 * the rules of those are evaluated. A field is looked up when the first rule asks for it.
 *
 * Thread   matcher: any number of readers. scratch: one worker.
 * Order    rules are told in ascending order of their number.
 * Owns     the matcher borrows set and maps, which must outlive it. Spans of a record live
 *          until the next read.
 * Memory   creating allocates; reading and matching never do.
 * Limit    SIGMA_RECORD_VALUES_MAX values of a record; beyond, overflow counts them.
 */
#ifndef TOCSIN_MATCH_SIGMA_MATCHER_H
#define TOCSIN_MATCH_SIGMA_MATCHER_H

#include "config/reason.h"
#include "match/sigma/sigma_map.h"
#include "match/sigma/sigma_set.h"

#define SIGMA_RECORD_VALUES_MAX 8192
#define SIGMA_NO_ROUTE          UINT32_MAX

struct sigma_matcher;
struct sigma_scratch;

/*
 * maps may be NULL. sources are log sources that registered sources state of
 * themselves: number i of them is a route that sigma_read_* takes as "stated". 0, -ENOMEM.
 */
int sigma_matcher_create(struct sigma_matcher **m, const struct sigma_set *set,
			 const struct sigma_maps *maps, const struct sigma_logsource *sources,
			 uint32_t source_count);
void sigma_matcher_free(struct sigma_matcher *m);
size_t sigma_matcher_bytes(const struct sigma_matcher *m);
/* Whether any map or source has a log source that this rule is about. */
bool sigma_matcher_routed(const struct sigma_matcher *m, uint32_t rule);

struct sigma_scratch *sigma_scratch_create(const struct sigma_matcher *m); /* NULL: no memory */
void sigma_scratch_free(struct sigma_scratch *sc);

/* Takes a record in as whatever decode would take it for; see the three below. */
bool sigma_read(const struct sigma_matcher *m, struct sigma_scratch *sc, uint32_t stated,
		enum format format, const char *header, const char *p, size_t len);

/*
 * Takes a record in: one JSON object, a Zeek row by its header, or a line. stated is
 * the source's log source or SIGMA_NO_ROUTE. False: no rule is about such a record,
 * or it cannot be read (which decode says better).
 */
bool sigma_read_json(const struct sigma_matcher *m, struct sigma_scratch *sc, uint32_t stated,
		     const char *p, size_t len);
bool sigma_read_tsv(const struct sigma_matcher *m, struct sigma_scratch *sc, uint32_t stated,
		    const char *header, const char *p, size_t len);
bool sigma_read_line(const struct sigma_matcher *m, struct sigma_scratch *sc, uint32_t stated,
		     const char *p, size_t len);

struct sigma_hit {
	uint32_t rule;     /* index in the set */
	struct span value; /* of a field that fits, "" where only absence did */
};

struct sigma_result {
	uint32_t hits, overflow;
	uint32_t gave_up; /* expressions that reached their limit: counted as not found */
	struct sigma_hit hit[1024];
};

/* Every rule that the record at hand fits. */
void sigma_match(const struct sigma_matcher *m, struct sigma_scratch *sc, struct sigma_result *out);
/* One rule, whatever the record's log source. */
bool sigma_match_rule(const struct sigma_matcher *m, struct sigma_scratch *sc, uint32_t rule,
		      struct span *value);

#endif
