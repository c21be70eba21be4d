/*
 * scan - the raw bytes of a record against the exact tiers, without a parse.
 *
 * Thread   a scan_state is one worker's.
 * Order    none.
 * Owns     its bit sets and its buffer.
 * Memory   scan_state_init() takes everything; pages are touched as records need them.
 * Limit    SCAN_BYTES_MAX bytes a record; longer ones are always parsed.
 *
 * One pass turns the bytes of many records into bit sets, 64 bytes a step: where a
 * host name ends, dots, hex digits, quotes, colons, and where a line ends or a byte
 * stands that makes a record rare: an escape that may hide something, UTF-8, an '@'. Rare records
 * are filled again by themselves, with escapes heeded. The sets are walked dot by dot, not byte by
 * byte: a host name or an IPv4 address has a dot in it, an IPv6 address "::" or seven colons, a
 * hash 32 hex digits in a row, an e-mail address an '@'. Each is hashed and looked up in the filter
 * of exact.h. So a value costs nothing until it looks like an atom, and host:port, URLs, lists and
 * "SHA1=..,MD5=.." need no code of their own.
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
#include "match/seen.h"

#define SCAN_BYTES_MAX   (1u << 20)
#define SCAN_PENDING_MAX 256
#define SCAN_PAD         64   /* readable bytes behind a record, and behind the unescaped copy */
#define SCAN_LENGTHS     1024 /* value lengths are told apart up to here */
#define SCAN_TOPS        4096 /* last labels of names are told apart by so many hashes */

/* What the set holds, so that the walk skips what cannot matter. Constant. */
struct scan_plan {
	const struct exact *atoms;
	const struct exact_net *nets;
	const struct exact *more_atoms; /* of a delta (match_overlay.h); NULL: there is none */
	const struct exact_net *more_nets;
	bool names;       /* domains, hosts of URLs */
	bool top_names;   /* a domain of one label: the last label is looked up as well */
	bool digit_names; /* a domain whose last label starts with a digit */
	uint64_t tops[SCAN_TOPS / 64]; /* last labels that some name ends in, by hash */
	bool v4, v6;                   /* addresses */
	bool nets_v4, nets_v6;
	bool hashes, emails;
	bool values;     /* VALUE atoms: whole values by length */
	bool escapes;    /* any escape of JSON may hide what is looked for */
	bool file_names; /* VALUE atoms that match the last part of a path */
	uint64_t value_lengths[SCAN_LENGTHS /
			       64]; /* of VALUE and e-mail atoms, modulo SCAN_LENGTHS */
};

/* The bit of tops for the hash of a last label. */
static inline unsigned scan_top(uint64_t hash)
{
	return (unsigned)(hash >> 52);
}

enum scan_bits {
	SCAN_BAD,
	SCAN_DOT,
	SCAN_NAME, /* dots of what may be a name or an IPv4 address */
	SCAN_NOT_HEX,
	SCAN_QUOTE,
	SCAN_COLON,
	SCAN_V6, /* colons of what may be an IPv6 address */
	SCAN_RARE,
	SCAN_AT,
	SCAN_ODD, /* JSON that is not written in the one plain way */
	SCAN_BITS
};

/* Where in a block something was found: one past a place in the record that holds it. */
#define SCAN_FINDS_MAX 256
struct scan_finds {
	uint32_t count; /* more than SCAN_FINDS_MAX: some were not kept */
	uint32_t ends[SCAN_FINDS_MAX];
};

struct scan_state {
	const struct scan_plan *plan;
	uint64_t *bits;                     /* see scan_set() */
	uint64_t pending[SCAN_PENDING_MAX]; /* hashes to look up once the caches have the words */
	uint32_t place[SCAN_PENDING_MAX];   /* where they come from */
	uint32_t pending_count;
	uint32_t at;              /* where the walk stands */
	struct scan_finds *finds; /* of a block; NULL: maybe says it of a record */
	struct seen_view *seen; /* where what the walk meets is noted; NULL: nowhere */
	bool maybe;
	/* what the last record showed */
	bool backslash, high, balanced, emails;
	char *plain; /* unescaped copy, SCAN_BYTES_MAX + SCAN_PAD */
	size_t plain_len;
};

/* One word in front of a set, two behind, and those that a last window reads. */
#define SCAN_WORDS (SCAN_BYTES_MAX / 64 + 256 + 8)

/* A bit set: a word of ones before it, words of room after. */
static inline uint64_t *scan_set(const struct scan_state *st, enum scan_bits set)
{
	return st->bits + (size_t)set * SCAN_WORDS + 1;
}

/*
 * Whether a record [from, to) of a block of JSON has \u or "\/" in it, or a blank right
 * behind a quote that may end a key. (A key that ends in a colon is not told so.)
 */
static inline bool scan_odd(const struct scan_state *st, size_t from, size_t to)
{
	const uint64_t *odd = scan_set(st, SCAN_ODD);
	size_t w = from / 64, last = (to - 1) / 64;
	uint64_t in = ~UINT64_C(0) << (from % 64);

	for (; w < last; w++, in = ~UINT64_C(0))
		if (odd[w] & in)
			return true;
	return odd[w] & in & (~UINT64_C(0) >> (63 - (to - 1) % 64));
}

int scan_state_init(struct scan_state *st, const struct scan_plan *plan); /* 0, -ENOMEM */
void scan_state_fini(struct scan_state *st);

/*
 * All push what is to be looked up, or say so where they know at once. json: keys
 * do not count. 64 bytes behind the text are readable.
 */
struct scan_walk {
	/* Fills and walks a block: names, addresses, hashes. */
	void (*block)(struct scan_state *st, const char *p, size_t len, bool json);
	/* The next rare byte at or after from, at least the length when there is none; sets
	 * balanced for the bytes up to there. */
	size_t (*look)(struct scan_state *st, size_t from);
	/* The rest of one record of that block that was looked at and holds no rare byte. */
	void (*rest)(struct scan_state *st, const char *p, size_t from, size_t to, bool json);
	/* All of a record by itself. */
	void (*record)(struct scan_state *st, const char *p, size_t len, bool json);
};
extern const struct scan_walk scan_walk_portable, scan_walk_avx2, scan_walk_avx512;
const struct scan_walk *scan_walk_best(void);

/* The walk stands on something that is looked for. */
static inline void scan_found(struct scan_state *st)
{
	st->maybe = true;
	if (st->finds && st->finds->count++ < SCAN_FINDS_MAX)
		st->finds->ends[st->finds->count - 1] = st->at + 1;
}

/* Looks the pending hashes up; one that is there is found. Empties them. */
void scan_settle(struct scan_state *st);

static inline void scan_push(struct scan_state *st, uint64_t hash)
{
	exact_prefetch(st->plan->atoms, hash);
	st->place[st->pending_count] = st->at;
	st->pending[st->pending_count++] = hash;
	if (__builtin_expect(st->pending_count == SCAN_PENDING_MAX, 0))
		scan_settle(st);
}

/* Text between quotes; never longer than it was. Zeek's \xHH is understood as well. */
size_t scan_unescape(const char *p, size_t len, char *out);
/* Every string with a backslash in it, unescaped, a line each, into plain. */
void scan_unescape_strings(struct scan_state *st, const char *p, size_t len);
/* Values of a line: the whole, and what tabs and Zeek's set separator part. */
void scan_line_values(struct scan_state *st, const char *p, size_t len);
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
