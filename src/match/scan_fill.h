/*
 * scan_fill - bytes become bit sets; the first half of scan_walk.h, which includes it.
 *
 * Thread   as scan.h.
 * Order    none.
 * Owns     nothing.
 * Memory   none. Reads up to 64 bytes past the end.
 * Limit    none.
 */
#include "match/scan.h"
#include "match/scan_masks.h"

/*
 * Bytes after a backslash that is none itself escaped; the carry is of the word before.
 * A run of backslashes that starts at an even place ends, once one is subtracted there,
 * differently from one that starts at an odd place (Langdale and Lemire, 2019, 3.1.1).
 */
static inline uint64_t escaped_by(uint64_t backslash, uint64_t *carry)
{
	const uint64_t odd = UINT64_C(0xaaaaaaaaaaaaaaaa);
	uint64_t first = backslash & ~*carry;
	uint64_t ends = (((first << 1) | odd) - first) ^ odd;
	uint64_t escaped = ends ^ (backslash | *carry);

	*carry = (ends & backslash) >> 63;
	return escaped;
}

/*
 * Dots that make their run worth a look: one with a letter behind it, as the last of a
 * name; one with the next two to four bytes on, as the first two of an IPv4 address. Of
 * "45.024246+0000" and "HTTP/1.1" none is. Behind a word's last dots is the next word.
 */
static inline uint64_t worthy(const struct scan_masks *k)
{
	uint64_t next_digit = k->digit >> 1, next_good = k->good >> 1;
	uint64_t near = k->dot >> 2 | k->dot >> 3 | k->dot >> 4;

	return (next_good & ~next_digit) | (next_digit & near) | UINT64_C(0xf) << 60;
}

/* Of bits, those that have another within the next five. */
static inline uint64_t followed(uint64_t x)
{
	uint64_t near = x >> 1;

	near |= near >> 1;
	near |= near >> 2;
	return x & (near | x >> 5);
}

/* Colons that an IPv6 address may begin with: "::", or three and more close together,
 * which the time of day has not. A word's last may go on in the next. */
static inline uint64_t v6_colons(uint64_t colon, uint64_t behind_quote)
{
	return (colon & colon >> 1) | followed(followed(colon)) |
	       (colon & ~behind_quote & UINT64_C(0x3ff) << 54);
}

struct fill {
	bool json; /* escapes are heeded at once */
	int rare;  /* classes that make a record rare */
	uint64_t any_dot;
};

/* What a word's last byte means for the next word's first. */
struct carry {
	uint64_t escape, quote, colon;
};

/*
 * One word: the first n of 64 bytes. What stands outside of strings is not told
 * apart: of JSON that is numbers and signs, which are no atoms.
 */
static inline __attribute__((always_inline)) void fill_word(struct scan_state *st, const char *p,
							    size_t w, unsigned n,
							    const struct fill *how, struct carry *c)
{
	struct scan_masks k;

	classify(p + w * 64, n, how->rare, &k);
	if (how->json) {
		uint64_t odd = 0;
		if (k.backslash | c->escape) {
			uint64_t escaped = escaped_by(k.backslash, &c->escape);
			/* the letter of an escape is none of a name, and its quote ends nothing */
			k.good &= ~escaped;
			k.hex &= ~escaped;
			k.quote &= ~escaped;
			odd = escaped & odd_escapes(p + w * 64, n);
			k.rare |= odd;
		}
		/* a quote behind a colon opens a value, be it one that begins with a blank */
		uint64_t quote = k.quote & ~(k.colon << 1 | c->colon);
		scan_set(st, SCAN_ODD)[w] = odd | (k.space & (quote << 1 | c->quote));
		c->quote = quote >> 63;
		c->colon = k.colon >> 63;
	}
	scan_set(st, SCAN_BAD)[w] = ~k.good;
	scan_set(st, SCAN_DOT)[w] = k.dot;
	scan_set(st, SCAN_NAME)[w] = k.dot & (worthy(&k) | how->any_dot);
	scan_set(st, SCAN_NOT_HEX)[w] = ~k.hex;
	scan_set(st, SCAN_QUOTE)[w] = k.quote;
	scan_set(st, SCAN_COLON)[w] = k.colon;
	scan_set(st, SCAN_V6)[w] = v6_colons(k.colon, k.quote << 1);
	scan_set(st, SCAN_RARE)[w] = k.rare;
}

/*
 * json: of escapes only \u, which may stand for any letter, and a slash that is written
 * as two bytes make a record rare; unless something is looked for that others would hide.
 */
static __attribute__((noinline)) void fill(struct scan_state *st, const char *p, size_t len,
					   bool json)
{
	const struct scan_plan *plan = st->plan;
	const struct fill how = {
		.json = json,
		.rare = (json && !plan->escapes ? 0 : SCAN_CLASS_BACKSLASH) |
			(plan->emails ? SCAN_CLASS_AT : 0),
		.any_dot = plan->digit_names ? ~UINT64_C(0) : 0,
	};
	struct carry c = {0};
	size_t w = 0;

	for (; w < len / 64; w++)
		fill_word(st, p, w, 64, &how, &c);
	if (len % 64) {
		fill_word(st, p, w, len % 64, &how, &c);
		w++;
	}
	/* nothing goes on behind the text */
	scan_set(st, SCAN_BAD)[w] = scan_set(st, SCAN_BAD)[w + 1] = ~UINT64_C(0);
	scan_set(st, SCAN_NOT_HEX)[w] = scan_set(st, SCAN_NOT_HEX)[w + 1] = ~UINT64_C(0);
	scan_set(st, SCAN_RARE)[w] = ~UINT64_C(0);
	scan_set(st, SCAN_QUOTE)[w] = 0;
	scan_set(st, SCAN_DOT)[w] = scan_set(st, SCAN_DOT)[w + 1] = 0;
	scan_set(st, SCAN_COLON)[w] = scan_set(st, SCAN_COLON)[w + 1] = 0;
}

/* From here to the next rare byte, which is returned: whether strings are closed. */
static size_t SCAN_WALK(look)(struct scan_state *st, size_t from)
{
	const uint64_t *quotes = scan_set(st, SCAN_QUOTE), *rare = scan_set(st, SCAN_RARE);
	uint64_t in = ~UINT64_C(0) << (from % 64), all = 0, stop;
	size_t w = from / 64;

	for (; (stop = rare[w] & in) == 0; w++, in = ~UINT64_C(0))
		all ^= quotes[w] & in;
	all ^= quotes[w] & in & (stop ^ (stop - 1));
	st->balanced = __builtin_popcountll(all) % 2 == 0;
	return w * 64 + (unsigned)__builtin_ctzll(stop);
}

/* The sets that few records need, and escapes heeded. */
static __attribute__((noinline)) void fill_second(struct scan_state *st, const char *p, size_t len,
						  bool json)
{
	uint64_t inside = 0, backslash = 0, high = 0, at = 0;
	uint64_t carry = 0;
	size_t w = 0;

	for (; w * 64 < len; w++) {
		struct scan_rare_masks k;
		size_t left = len - w * 64;
		uint64_t in = ~UINT64_C(0);

		classify_rare(p + w * 64, left < 64 ? (unsigned)left : 64, &k);
		backslash |= k.backslash;
		high |= k.high;
		at |= k.at;
		if (json) {
			k.quote &= ~escaped_by(k.backslash, &carry);
			in = prefix_xor(k.quote) ^ inside;
			inside = (uint64_t)((int64_t)in >> 63);
		}
		scan_set(st, SCAN_QUOTE)[w] = k.quote;
		scan_set(st, SCAN_AT)[w] = k.at & in;
	}
	st->balanced = inside == 0;
	st->backslash = backslash;
	st->high = high;
	st->emails = at && st->plan->emails;
}
