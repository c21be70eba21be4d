/*
 * sigma_keys - which of some keys a record of JSON holds, told from its raw bytes.
 *
 * Thread   filled by one thread, then constant.
 * Order    none.
 * Owns     nothing; names are the caller's.
 * Memory   none.
 * Limit    SIGMA_KEY_NAMES_MAX names of 2 to SIGMA_KEY_BYTES bytes, SIGMA_KEY_BITS numbers.
 *
 * Keys are found in the bit sets that the scan of atoms has made of a block (scan.h): a
 * quote with a colon behind it. The scan knows which records are not written so plainly
 * (SCAN_ODD); those are to be parsed. Depth is not looked at, so that a key may be found
 * where none of that meaning is, but is never missed.
 */
#ifndef TOCSIN_MATCH_SIGMA_KEYS_H
#define TOCSIN_MATCH_SIGMA_KEYS_H

#include "decode/event.h"
#include "match/scan.h"

#define SIGMA_KEY_NAMES_MAX 512
#define SIGMA_KEY_BYTES     63
#define SIGMA_KEY_BITS      64
#define SIGMA_CHANNEL_MAX   127
#define SIGMA_OTHERS_MAX    32

struct sigma_keys {
	struct span name[SIGMA_KEY_NAMES_MAX];
	uint8_t bit[SIGMA_KEY_NAMES_MAX];
	uint32_t count;
	uint16_t slot[1024];       /* 1 + index, by hash */
	uint64_t tails[1024 / 64]; /* which last two bytes some name has, by hash */
	/* those whose values count, as numbers of keys */
	uint64_t channels, events, others;
	/* what the last are looked at for: words of lower case; any_other: every value */
	struct span other[SIGMA_OTHERS_MAX];
	uint32_t other_count;
	bool any_other;
};

/* The name stands for this number. False when there is no room, or the name is none that
 * can be found: it has one byte or very many, or ends in a colon. */
bool sigma_keys_add(struct sigma_keys *k, struct span name, unsigned bit);

struct sigma_seen {
	uint64_t keys; /* by number */
	bool blank;    /* a key has a blank in it, which counts for nothing: any key may be there */
	/* Of the keys whose values count, one was there, or several with the same value. */
	bool has_channel, has_event;
	bool unplain;        /* or with another, or one that is none of these: */
	struct span channel; /* a string of ASCII without escapes */
	uint32_t event;      /* a whole number */
	bool other;          /* one of those values stands there */
};

/* Of the record [from, to) of a block whose sets st holds. */
struct sigma_seen sigma_keys_find(const struct sigma_keys *k, const struct scan_state *st,
				  const char *text, size_t from, size_t to);

#endif
