/*
 * exact_net - the networks that contain an address, longest first.
 *
 * Thread   built by one thread, then constant.
 * Order    none.
 * Owns     its tables; networks stay with the caller, who compares.
 * Memory   exact_net_init() and exact_net_finish() allocate: as exact, plus 8 KiB.
 * Limit    as exact.
 *
 * One probe for each prefix length that exists in the family. In front, for
 * IPv4, a bit for each /16 that any network touches: most addresses end there.
 */
#ifndef TOCSIN_MATCH_EXACT_NET_H
#define TOCSIN_MATCH_EXACT_NET_H

#include "base/address.h"
#include "match/exact.h"

struct exact_net {
	struct exact table;
	uint64_t v4_touched[65536 / 64];         /* by the first two bytes, big-endian */
	uint8_t v4_lengths[33], v6_lengths[129]; /* that exist, longest first */
	uint32_t v4_count, v6_count;
	uint64_t v4_seen, v6_seen[3]; /* bit sets of the same, while building */
};

int exact_net_init(struct exact_net *n, uint32_t capacity); /* 0, -ENOMEM, -EINVAL */
void exact_net_fini(struct exact_net *n);
void exact_net_insert(struct exact_net *n, const struct network *net, uint32_t ref);
int exact_net_finish(struct exact_net *n); /* 0, -ENOMEM */

/*
 * The next network that contains a: *step starts at 0 and is advanced. Empty
 * when there is none left. *found is the network that the references name,
 * but for a hash collision: compare.
 */
struct exact_refs exact_net_next(const struct exact_net *n, const struct address *a, uint32_t *step,
				 struct network *found);
/* Whether any network contains a; a hash collision may say so wrongly. */
bool exact_net_any(const struct exact_net *n, const struct address *a);

static inline bool exact_net_v4_touched(const struct exact_net *n, uint8_t b0, uint8_t b1)
{
	return n->v4_touched[b0 << 2 | b1 >> 6] >> (b1 & 63) & 1;
}

#endif
