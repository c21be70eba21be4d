/*
 * indicator_join - what arrived while serving, beside a generation or joined into the next.
 *
 * Of the versions of one id the same one stands whatever set holds it and in whatever
 * order it came (indicator.h): sets of versions form a semilattice, and this is its join.
 *
 * Thread   one owner of the set that is written; the others are constant meanwhile.
 * Order    none: a join of the same sets in any order holds the same versions.
 * Owns     nothing.
 * Memory   the written set's.
 * Limit    as indicator.h.
 */
#ifndef TOCSIN_MATCH_INDICATOR_JOIN_H
#define TOCSIN_MATCH_INDICATOR_JOIN_H

#include "match/indicator.h"

/* All versions of from into s, withdrawn ones too, and what its objects say about others.
 * s is to be finished before use. 0, -ENOMEM, -EOVERFLOW. */
int indicator_set_join(struct indicator_set *s, const struct indicator_set *from);

/* An independent set with all that from says, sealed or not, its benign lists too: loading goes
 * on in it. Of a sealed set, whose content hashes are gone, versions of the same time and weight
 * give way to what is joined. 0, -ENOMEM, -EOVERFLOW. */
int indicator_set_thaw(struct indicator_set *s, const struct indicator_set *from);

/*
 * What live adds to base: delta (to be finished) gets those versions that stand against
 * base's, and withdrawn (a bit for each of base's indicators) says which of base's no
 * longer do. A relationship with an indicator of base brings that one over as well.
 * Call it for several live sets in turn. What live says about base's indicators in other
 * ways (a marking that base did not have, a campaign's name) waits until they are joined;
 * so does the campaign of a version whose relationship only base has. 0, -ENOMEM, -EOVERFLOW.
 */
int indicator_set_overlay(struct indicator_set *delta, const struct indicator_set *live,
			  const struct indicator_set *base, uint64_t *withdrawn);

/* Base's indicator as a version of delta's that ends at valid_until, if that is sooner. */
int indicator_set_cut(struct indicator_set *delta, const struct indicator_set *base,
		      uint32_t indicator, int64_t valid_until, uint64_t *withdrawn);

/* Ends an indicator of a finished set at valid_until, if that is sooner. */
void indicator_set_end(struct indicator_set *s, uint32_t indicator, int64_t valid_until);

/* Withdraws what has this id; feed NULL: an id that is the same everywhere (STIX, MISP),
 * else one of that feed's own ("domain:evil.example"). modified: when. */
int indicator_set_withdraw(struct indicator_set *s, const struct feed *feed, struct span id,
			   int64_t modified);

#define INDICATOR_NONE UINT32_MAX
/* The indicator that stands under this id, INDICATOR_NONE; feed as above. */
uint32_t indicator_set_find(const struct indicator_set *s, const struct feed *feed, struct span id);
/* When the version under this id is from, withdrawn or not; INT64_MIN: there is none. */
int64_t indicator_set_modified(const struct indicator_set *s, const struct feed *feed,
			       struct span id);
/* Versions held, withdrawn ones too. */
uint32_t indicator_set_versions(const struct indicator_set *s);
/* Whether live says something of base's indicators that waits for the join. */
bool indicator_set_waits(const struct indicator_set *live, const struct indicator_set *base);
/* Hashes of the ids whose campaign a relationship of the set states, ascending, malloc'd. */
int indicator_set_linked(const struct indicator_set *s, uint64_t **hashes, uint32_t *count);
uint64_t indicator_link_hash(struct span id);

#endif
