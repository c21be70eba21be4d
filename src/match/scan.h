/*
 * scan - the raw bytes of a record against the exact tiers, without a parse.
 *
 * Thread   a scan_state is one worker's.
 * Order    none.
 * Owns     its bit sets and its buffer.
 * Memory   scan_state_init() takes everything; pages are touched as records need them.
 * Limit    SCAN_BYTES_MAX bytes a record; longer ones are always parsed.
 *
 * One pass turns the bytes into bit sets, 64 bytes a step: where a host name ends,
 * dots, hex digits; a second one, for the few records that need them, where
 * quotes, colons and '@' are. The sets are then walked
 * dot by dot, not byte by byte: a host name or an IPv4 address has a dot in it, an
 * IPv6 address "::" or seven colons, a hash 32 hex digits in a row, an e-mail
 * address an '@'. Each is hashed and looked up in the filter of exact.h. So a
 * value costs nothing until it looks like an atom, and host:port, URLs, lists
 * and "SHA1=..,MD5=.." need no code of their own.
 *
 * The walk exists three times: AVX-512, AVX2 and portable C (scan_walk.h).
 */
#ifndef TOCSIN_MATCH_SCAN_H
#define TOCSIN_MATCH_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "match/exact.h"
#include "match/exact_net.h"

#define SCAN_BYTES_MAX   (1u << 20)
#define SCAN_PENDING_MAX 256
#define SCAN_LENGTHS     1024 /* value lengths are told apart up to here */

/* What the set holds, so that the walk skips what cannot matter. Constant. */
struct scan_plan {
	const struct exact *atoms;
	const struct exact_net *nets;
	bool names;       /* domains, hosts of URLs */
	bool top_names;   /* a domain of one label: the last label is looked up as well */
	bool digit_names; /* a domain whose last label starts with a digit */
	bool v4, v6;      /* addresses */
	bool nets_v4, nets_v6;
	bool hashes, emails;
	bool values;     /* VALUE atoms: whole values by length */
	bool file_names; /* VALUE atoms that match the last part of a path */
	uint64_t value_lengths[SCAN_LENGTHS /
			       64]; /* of VALUE and e-mail atoms, modulo SCAN_LENGTHS */
};

enum scan_bits { SCAN_QUOTE, SCAN_BAD, SCAN_DOT, SCAN_NOT_HEX, SCAN_COLON, SCAN_AT, SCAN_BITS };

struct scan_state {
	const struct scan_plan *plan;
	uint64_t *bits[SCAN_BITS]; /* a word of ones before, words of room after */
	uint64_t *memory;
	uint64_t pending[SCAN_PENDING_MAX]; /* hashes to look up once the caches have the words */
	uint32_t pending_count;
	bool maybe;
	/* what the last walk saw */
	bool backslash, high, balanced;
	char *plain; /* unescaped copy, SCAN_BYTES_MAX + BATCH_PAD */
	size_t plain_len;
};

int scan_state_init(struct scan_state *st, const struct scan_plan *plan); /* 0, -ENOMEM */
void scan_state_fini(struct scan_state *st);

/*
 * Walks len bytes (64 more are readable) and fills pending; json: keys do not
 * count. Sets maybe where it knows at once.
 */
typedef void scan_walk_fn(struct scan_state *st, const char *p, size_t len, bool json);
scan_walk_fn scan_walk_portable, scan_walk_avx2, scan_walk_avx512;
scan_walk_fn *scan_walk_best(void);

/* Looks the pending hashes up; true when one is there. Empties them. */
bool scan_settle(struct scan_state *st);

static inline void scan_push(struct scan_state *st, uint64_t hash)
{
	exact_prefetch(st->plan->atoms, hash);
	st->pending[st->pending_count++] = hash;
	if (__builtin_expect(st->pending_count == SCAN_PENDING_MAX, 0))
		st->maybe |= scan_settle(st);
}

/* A whole value: VALUE atoms, and e-mail addresses that stand alone. */
void scan_value(struct scan_state *st, const char *p, size_t len);
/* Names and addresses with bytes beyond ASCII, in valid UTF-8. */
void scan_beyond_ascii(struct scan_state *st, const char *p, size_t len);

/* Rare shapes, out of the walk's way. text is all of the walk's bytes. */
void scan_email(struct scan_state *st, const char *text, size_t len, size_t at);
void scan_v6(struct scan_state *st, const char *p, size_t len);
void scan_long_name(struct scan_state *st, const char *p, size_t len);
void scan_v4_range(struct scan_state *st, const char *p, size_t len);
void scan_v4_networks(struct scan_state *st, uint32_t network_order);

#endif
