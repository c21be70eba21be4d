/*
 * scan_walk - the body of the walk, once for each instruction set.
 *
 * Include after defining, in the including file,
 *   struct sum, sum_init(), sum_high(), sum_class(): what was among all bytes
 *   static inline void classify(const char *p, unsigned n, struct scan_masks *k, struct sum *sum)
 *   static inline void classify_rare(const char *p, unsigned n, struct scan_rare_masks *k)
 *   static inline uint64_t prefix_xor(uint64_t x)
 * and SCAN_WALK, the name of the function to make.
 *
 * Thread   as scan.h.
 * Order    none.
 * Owns     nothing.
 * Memory   none. Reads up to 64 bytes past the end.
 * Limit    little-endian: bit i of a set is byte i of the text.
 */
#include <string.h>

#include "match/exact_hash.h"
#include "match/scan.h"
#include "match/scan_masks.h"

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "bit sets are read at byte places");

#define EDGE 56 /* bits that window() and before() are sure to give */

/* Bits from place at on; at least EDGE of them are valid. */
static inline uint64_t window(const uint64_t *bits, size_t at)
{
	uint64_t w;

	memcpy(&w, (const char *)bits + (at >> 3), sizeof(w));
	return w >> (at & 7);
}

/* Bits before place at, the nearest on top; at least EDGE of them are valid. */
static inline uint64_t before(const uint64_t *bits, size_t at)
{
	uint64_t w;

	memcpy(&w, (const char *)bits + (ptrdiff_t)(at >> 3) - 7, sizeof(w));
	return w << (8 - (at & 7)); /* 1..8: bit at - 1 on top */
}

static inline uint64_t below(unsigned n)
{
	return n >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << n) - 1;
}

/* The next set bit at or after place at; there is always one behind the text. */
static inline size_t next_set(const uint64_t *bits, size_t at)
{
	uint64_t w;

	while ((w = window(bits, at)) == 0)
		at += EDGE;
	return at + (unsigned)__builtin_ctzll(w);
}

/* One past the last set bit before place at; the word in front is all ones. */
static inline size_t after_previous(const uint64_t *bits, size_t at)
{
	uint64_t w;

	while ((w = before(bits, at)) == 0)
		at = at > EDGE ? at - EDGE : 0;
	return at - (unsigned)__builtin_clzll(w);
}

/* Bytes after a backslash that is none itself escaped. Backslashes are rare. */
static inline uint64_t escaped_by(uint64_t backslash, bool *carry)
{
	uint64_t escaped = *carry;

	backslash &= ~escaped;
	*carry = false;
	while (backslash) {
		uint64_t one = backslash & -backslash;
		*carry = one >> 63;
		escaped |= one << 1;
		backslash &= ~(one | one << 1);
	}
	return escaped;
}

/* What a whole walk needs to know besides its bit sets. */
struct seen {
	bool backslash, high, at;
	uint64_t long_hex, double_colon;
	unsigned colon_count; /* but those right behind a quote, as behind a key */
};

/* Whether any 16 aligned bits are all ones: a run of 32 holds such a group. */
static inline uint64_t full_lanes(uint64_t x)
{
	const uint64_t low = UINT64_C(0x7fff7fff7fff7fff);

	/* the top bit of a lane is left only where the 15 below carried into it */
	return ((x & low) + UINT64_C(0x0001000100010001)) & x & ~low;
}

/* Where a fill writes, and what it carries from one word to the next. */
struct fill {
	uint64_t *bad, *dot, *not_hex;
	uint64_t quotes, colon_carry, quote_carry;
	struct sum sum;
	struct seen seen;
};

/*
 * One word: the first n of 64 bytes. What stands outside of strings is not told
 * apart: of JSON that is numbers and signs, which are no atoms.
 */
static inline __attribute__((always_inline)) void fill_word(struct fill *f, const char *p, size_t w,
							    unsigned n)
{
	struct scan_masks k;

	classify(p, n, &k, &f->sum);
	f->bad[w] = ~k.good;
	f->dot[w] = k.dot;
	f->not_hex[w] = ~k.hex;
	f->quotes ^= k.quote;
	f->seen.long_hex |= full_lanes(k.hex);
	f->seen.double_colon |= k.colon & (k.colon << 1 | f->colon_carry);
	f->seen.colon_count +=
		(unsigned)__builtin_popcountll(k.colon & ~(k.quote << 1 | f->quote_carry));
	f->colon_carry = k.colon >> 63;
	f->quote_carry = k.quote >> 63;
}

static __attribute__((noinline)) void fill_first(struct scan_state *st, const char *p, size_t len,
						 struct seen *seen)
{
	struct fill f = {.bad = st->bits[SCAN_BAD],
			 .dot = st->bits[SCAN_DOT],
			 .not_hex = st->bits[SCAN_NOT_HEX]};
	size_t w = 0;

	sum_init(&f.sum);
	for (; w < len / 64; w++)
		fill_word(&f, p + w * 64, w, 64);
	if (len % 64) {
		fill_word(&f, p + w * 64, w, len % 64);
		w++;
	}
	/* nothing ends later than the text */
	f.bad[w] = f.bad[w + 1] = f.not_hex[w] = f.not_hex[w + 1] = ~UINT64_C(0);
	f.dot[w] = f.dot[w + 1] = 0;
	st->balanced = __builtin_popcountll(f.quotes) % 2 == 0;
	f.seen.backslash = sum_class(&f.sum, SCAN_CLASS_BACKSLASH);
	f.seen.at = sum_class(&f.sum, SCAN_CLASS_AT);
	f.seen.high = sum_high(&f.sum);
	*seen = f.seen;
}

/* The sets that few records need, and escapes heeded. */
static __attribute__((noinline)) void fill_second(struct scan_state *st, const char *p, size_t len,
						  bool json)
{
	uint64_t inside = 0;
	bool escape = false;
	size_t w = 0;

	for (; w * 64 < len; w++) {
		struct scan_rare_masks k;
		size_t left = len - w * 64;
		uint64_t in = ~UINT64_C(0);

		classify_rare(p + w * 64, left < 64 ? (unsigned)left : 64, &k);
		if (json) {
			if (k.backslash || escape)
				k.quote &= ~escaped_by(k.backslash, &escape);
			in = prefix_xor(k.quote) ^ inside;
			inside = (uint64_t)((int64_t)in >> 63);
		}
		st->bits[SCAN_QUOTE][w] = k.quote;
		st->bits[SCAN_COLON][w] = k.colon & in;
		st->bits[SCAN_AT][w] = k.at & in;
	}
	st->bits[SCAN_COLON][w] = st->bits[SCAN_COLON][w + 1] = 0;
	st->balanced = inside == 0;
}

/* One to three digits as they stand in a 32-bit load; -1 when they are none. */
static inline int octet(const char *p, unsigned n)
{
	uint32_t x;

	if (n - 1 > 2)
		return -1;
	memcpy(&x, p, sizeof(x));
	x <<= 32 - 8 * n;
	/* good bytes with a high nibble of 3 are digits */
	if ((x & 0xf0f0f0f0) != (uint32_t)(UINT64_C(0x30303030) << (32 - 8 * n)))
		return -1;
	x &= 0x0f0f0f0f;
	return (int)((x >> 24) + (x >> 16 & 15) * 10 + (x >> 8 & 15) * 100);
}

/* Three dots: "1.2.3.4" is the only shape that counts. */
static inline void take_v4(struct scan_state *st, const char *p, unsigned len, uint64_t dots)
{
	unsigned d1 = (unsigned)__builtin_ctzll(dots);
	dots &= dots - 1;
	unsigned d2 = (unsigned)__builtin_ctzll(dots);
	dots &= dots - 1;
	unsigned d3 = (unsigned)__builtin_ctzll(dots);
	int a = octet(p, d1), b = octet(p + d1 + 1, d2 - d1 - 1);
	int c = octet(p + d2 + 1, d3 - d2 - 1), d = octet(p + d3 + 1, len - d3 - 1);

	if ((unsigned)(a | b | c | d) > 255)
		return;
	uint32_t v = (uint32_t)a | (uint32_t)b << 8 | (uint32_t)c << 16 | (uint32_t)d << 24;
	if (st->plan->v4)
		scan_push(st, exact_hash_v4(v));
	if (st->plan->nets_v4 && exact_net_v4_touched(st->plan->nets, (uint8_t)a, (uint8_t)b))
		scan_v4_networks(st, v);
}

/* The name and its parents, by the labels from the right. */
static inline void take_name(struct scan_state *st, const char *p, unsigned len, uint64_t dots)
{
	uint64_t h = EXACT_SEED_NAME;
	unsigned end = len;
	bool push = st->plan->top_names;

	while (dots) {
		unsigned dot = 63u - (unsigned)__builtin_clzll(dots);
		h = exact_label_padded(h, p + dot + 1, end - dot - 1);
		if (push)
			scan_push(st, h);
		push = true;
		end = dot;
		dots ^= UINT64_C(1) << dot;
	}
	scan_push(st, exact_label_padded(h, p, end));
}

static inline void take_dotted(struct scan_state *st, const char *p, size_t start, size_t end)
{
	if (__builtin_expect(end - start > EDGE, 0)) {
		scan_long_name(st, p + start, end - start);
		return;
	}
	unsigned len = (unsigned)(end - start);
	uint64_t dots = window(st->bits[SCAN_DOT], start) & below(len);
	while (dots >> (len - 1)) {
		len--; /* the root's dot */
		dots &= below(len);
		if (!dots)
			return;
	}
	unsigned top = 63u - (unsigned)__builtin_clzll(dots);
	bool digit = (unsigned)(p[start + top + 1] - '0') <= 9;
	if (digit) {
		int count = __builtin_popcountll(dots);
		if (count == 3)
			take_v4(st, p + start, len, dots);
		else if (count > 3)
			scan_v4_range(st, p + start, len);
	}
	if (st->plan->names && (!digit || st->plan->digit_names))
		take_name(st, p + start, len, dots);
}

static inline void walk_dots(struct scan_state *st, const char *p, size_t len, bool json)
{
	const uint64_t *bad = st->bits[SCAN_BAD];
	size_t done = 0; /* dots before this place belong to a name that was taken */

	for (size_t w = 0; w * 64 < len; w++) {
		uint64_t dots = st->bits[SCAN_DOT][w];
		if (done > w * 64)
			dots &= ~below(done - w * 64 < 64 ? (unsigned)(done - w * 64) : 64);
		while (dots) {
			size_t at = w * 64 + (unsigned)__builtin_ctzll(dots);
			size_t start = after_previous(bad, at), end = next_set(bad, at);
			/* a key; were it a value, the text would be no JSON */
			if (!(json && p[end] == '"' && p[end + 1] == ':'))
				take_dotted(st, p, start, end);
			done = end;
			dots &= ~below(end - w * 64 < 64 ? (unsigned)(end - w * 64) : 64);
		}
	}
}

static inline void walk_hex(struct scan_state *st, const char *p, size_t len)
{
	const uint64_t *not_hex = st->bits[SCAN_NOT_HEX];
	size_t done = 0;

	for (size_t w = 0; w * 64 < len; w++) {
		for (uint64_t lanes = full_lanes(~not_hex[w]); lanes; lanes &= lanes - 1) {
			size_t at = w * 64 + (unsigned)__builtin_ctzll(lanes);
			if (at < done)
				continue;
			size_t start = after_previous(not_hex, at), end = next_set(not_hex, at);
			size_t n = end - start;
			if (n == 32 || n == 40 || n == 64 || n == 128)
				scan_push(st, exact_label_padded(EXACT_SEED_FLAT, p + start, n));
			done = end;
		}
	}
}

/* Runs of hex digits and colons that hold "::" or seven colons. */
static inline void walk_colons(struct scan_state *st, const char *p, size_t len)
{
	const uint64_t *colons = st->bits[SCAN_COLON], *not_hex = st->bits[SCAN_NOT_HEX];
	size_t done = 0;

	for (size_t w = 0; w * 64 < len; w++) {
		for (uint64_t c = colons[w]; c; c &= c - 1) {
			size_t at = w * 64 + (unsigned)__builtin_ctzll(c), end = at;
			if (at < done)
				continue;
			size_t start = after_previous(not_hex, at);
			while (end < len && p[end] == ':')
				end = next_set(not_hex, end + 1);
			done = end;
			uint64_t in = window(colons, start) & below((unsigned)(end - start));
			if (end - start < EDGE && ((in & in >> 1) || __builtin_popcountll(in) == 7))
				scan_v6(st, p + start, end - start);
		}
	}
}

static inline void walk_values(struct scan_state *st, const char *p, size_t len)
{
	const uint64_t *lengths = st->plan->value_lengths;
	size_t open = SIZE_MAX;

	for (size_t w = 0; w * 64 < len; w++) {
		for (uint64_t q = st->bits[SCAN_QUOTE][w]; q; q &= q - 1) {
			size_t at = w * 64 + (unsigned)__builtin_ctzll(q);
			if (open == SIZE_MAX) {
				open = at + 1;
				continue;
			}
			size_t n = at - open;
			if ((lengths[n % SCAN_LENGTHS / 64] >> (n % 64) & 1) ||
			    st->plan->file_names)
				if (p[at + 1] != ':')
					scan_value(st, p + open, n);
			open = SIZE_MAX;
		}
	}
}

void SCAN_WALK(struct scan_state *st, const char *p, size_t len, bool json)
{
	const struct scan_plan *plan = st->plan;
	struct seen seen;

	fill_first(st, p, len, &seen);
	seen.at &= plan->emails;
	bool colons = (seen.double_colon || seen.colon_count >= 7) && (plan->v6 || plan->nets_v6);
	if (seen.backslash || seen.at || colons || (json && plan->values))
		fill_second(st, p, len, json);
	st->backslash = seen.backslash;
	st->high = seen.high;
	if (plan->names || plan->v4 || plan->nets_v4)
		walk_dots(st, p, len, json);
	if (seen.long_hex && plan->hashes)
		walk_hex(st, p, len);
	if (colons)
		walk_colons(st, p, len);
	if (seen.at)
		for (size_t w = 0; w * 64 < len; w++)
			for (uint64_t a = st->bits[SCAN_AT][w]; a; a &= a - 1)
				scan_email(st, p, len, w * 64 + (unsigned)__builtin_ctzll(a));
	if (json && (plan->values || seen.at))
		walk_values(st, p, len);
}
