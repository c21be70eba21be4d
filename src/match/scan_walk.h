/*
 * scan_walk - the body of the walk, once for each instruction set.
 *
 * Include after defining, in the including file,
 *   static inline void classify(const char *p, unsigned n, int rare, struct scan_masks *k)
 *   static inline void classify_rare(const char *p, unsigned n, struct scan_rare_masks *k)
 *   static inline uint64_t odd_escapes(const char *p, unsigned n): where 'u' and '/' stand
 *   static inline uint64_t prefix_xor(uint64_t x)
 *   static inline uint32_t zero_groups(const uint64_t *bits): of 512 bits, which 16 in a row are 0
 * and SCAN_WALK(name), which names what is made: scan_walk_..., a struct scan_walk.
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
#include "match/scan_fill.h"

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

/* The bits of word w that lie before end. */
static inline uint64_t upto(size_t w, size_t end)
{
	if (end <= w * 64)
		return 0;
	return below(end - w * 64 < 64 ? (unsigned)(end - w * 64) : 64);
}

/* The bits of word w that lie in [from, to). */
static inline uint64_t within(size_t w, size_t from, size_t to)
{
	return upto(w, to) & ~upto(w, from);
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

/* What a walk pushes: st's pending, counted where the compiler keeps it in a register. */
struct cursor {
	struct scan_state *st;
	uint32_t n;
};

static inline void push(struct cursor *c, size_t at, uint64_t hash)
{
	struct scan_state *st = c->st;

	exact_prefetch(st->plan->atoms, hash);
	st->place[c->n] = (uint32_t)at;
	st->pending[c->n++] = hash;
}

/* Room for all that one name or address pushes. */
static inline void make_room(struct cursor *c)
{
	if (__builtin_expect(c->n < SCAN_PENDING_MAX - EDGE, 1))
		return;
	c->st->pending_count = c->n;
	scan_settle(c->st);
	c->n = 0;
}

/* Three dots: "1.2.3.4" is the only shape that counts. */
static inline void take_v4(struct cursor *cu, const char *p, size_t at, unsigned len, uint64_t dots)
{
	const struct scan_plan *plan = cu->st->plan;
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
	if (plan->v4)
		push(cu, at, exact_hash_v4(v));
	if (plan->nets_v4 &&
	    (exact_net_v4_touched(plan->nets, (uint8_t)a, (uint8_t)b) ||
	     (plan->more_nets && exact_net_v4_touched(plan->more_nets, (uint8_t)a, (uint8_t)b)))) {
		cu->st->at = (uint32_t)at;
		scan_v4_networks(cu->st, v);
	}
}

/* The name and its parents, by the labels from the right. */
static inline void take_name(struct cursor *c, const char *p, size_t at, unsigned len,
			     uint64_t dots)
{
	const struct scan_plan *plan = c->st->plan;
	unsigned last = 63u - (unsigned)__builtin_clzll(dots);
	uint64_t h = exact_label_padded(EXACT_SEED_NAME, p + last + 1, len - last - 1);

	/* most of what has dots in it is the name of a file, or a number of a version */
	if (!(plan->tops[scan_top(h) / 64] >> (scan_top(h) % 64) & 1))
		return;
	if (plan->top_names)
		push(c, at, h);
	unsigned end = last;
	dots ^= UINT64_C(1) << last;
	while (dots) {
		unsigned dot = 63u - (unsigned)__builtin_clzll(dots);
		h = exact_label_padded(h, p + dot + 1, end - dot - 1);
		push(c, at, h);
		end = dot;
		dots ^= UINT64_C(1) << dot;
	}
	push(c, at, exact_label_padded(h, p, end));
}

/* Shapes that few records have may push as well. */
static __attribute__((noinline)) void take_rare(struct cursor *c, const char *p, size_t at,
						size_t len)
{
	struct scan_state *st = c->st;

	st->pending_count = c->n;
	st->at = (uint32_t)at;
	if (len > EDGE)
		scan_long_name(st, p, len);
	else
		scan_v4_range(st, p, len);
	c->n = st->pending_count;
}

static inline void take_dotted(struct cursor *c, const char *text, size_t start, size_t end)
{
	const struct scan_plan *plan = c->st->plan;
	const char *p = text + start;
	unsigned len = (unsigned)(end - start);

	make_room(c);
	if (__builtin_expect(end - start > EDGE, 0)) {
		take_rare(c, p, start, end - start);
		return;
	}
	uint64_t dots = window(scan_set(c->st, SCAN_DOT), start) & below(len);
	while (dots >> (len - 1)) {
		len--; /* the root's dot */
		dots &= below(len);
		if (!dots)
			return;
	}
	unsigned top = 63u - (unsigned)__builtin_clzll(dots);
	bool digit = (unsigned)(p[top + 1] - '0') <= 9;
	if (digit) {
		int count = __builtin_popcountll(dots);
		if (count == 3)
			take_v4(c, p, start, len, dots);
		else if (count > 3)
			take_rare(c, p, start, len);
	}
	if (plan->names && (!digit || plan->digit_names))
		take_name(c, p, start, len, dots);
}

static inline void walk_dots(struct scan_state *st, const char *p, size_t len, bool json)
{
	const uint64_t *bad = scan_set(st, SCAN_BAD), *all = scan_set(st, SCAN_NAME);
	struct cursor c = {st, st->pending_count};
	size_t done = 0; /* dots before this place belong to a name that was taken */

	for (size_t w = 0; w * 64 < len; w++) {
		uint64_t dots = all[w] & ~upto(w, done);
		while (dots) {
			size_t at = w * 64 + (unsigned)__builtin_ctzll(dots);
			size_t start = after_previous(bad, at), end = next_set(bad, at);
			/* a key; were it a value, the text would be no JSON */
			if (!(json && p[end] == '"' && p[end + 1] == ':'))
				take_dotted(&c, p, start, end);
			done = end;
			dots &= ~upto(w, end);
		}
	}
	st->pending_count = c.n;
}

/* A run of 32 hex digits holds 16 aligned ones. */
static inline void walk_hex(struct scan_state *st, const char *p, size_t len)
{
	const uint64_t *not_hex = scan_set(st, SCAN_NOT_HEX);
	size_t done = 0;

	for (size_t w = 0; w * 64 < len; w += 8) {
		for (uint32_t groups = zero_groups(not_hex + w); groups; groups &= groups - 1) {
			size_t at = w * 64 + (unsigned)__builtin_ctz(groups) * 16;
			if (at >= len)
				return;
			if (at < done)
				continue;
			size_t start = after_previous(not_hex, at), end = next_set(not_hex, at);
			size_t n = end - start;
			st->at = (uint32_t)start;
			if (n == 32 || n == 40 || n == 64 || n == 128)
				scan_push(st, exact_label_padded(EXACT_SEED_FLAT, p + start, n));
			done = end;
		}
	}
}

/* The end of the hex digits and colons at this place. */
static inline size_t next_other(const uint64_t *not_hex, const uint64_t *colons, size_t at)
{
	uint64_t w;

	while ((w = window(not_hex, at) & ~window(colons, at)) == 0)
		at += EDGE;
	return at + (unsigned)__builtin_ctzll(w);
}

/* Runs of hex digits and colons that hold "::" or seven colons. */
static inline void walk_v6(struct scan_state *st, const char *p, size_t len)
{
	const uint64_t *colons = scan_set(st, SCAN_COLON), *not_hex = scan_set(st, SCAN_NOT_HEX);
	size_t done = 0;

	for (size_t w = 0; w * 64 < len; w++) {
		uint64_t c = scan_set(st, SCAN_V6)[w] & ~upto(w, done);
		while (c) {
			size_t at = w * 64 + (unsigned)__builtin_ctzll(c);
			size_t start = after_previous(not_hex, at);
			while (start > 0 && p[start - 1] == ':')
				start = after_previous(not_hex, start - 1);
			size_t end = done = next_other(not_hex, colons, at);
			uint64_t in = window(colons, start) & below((unsigned)(end - start));
			st->at = (uint32_t)start;
			if (end - start < EDGE && ((in & in >> 1) || __builtin_popcountll(in) == 7))
				scan_v6(st, p + start, end - start);
			c &= ~upto(w, end);
		}
	}
}

static inline void walk_values(struct scan_state *st, const char *p, size_t from, size_t to)
{
	const uint64_t *lengths = st->plan->value_lengths;
	size_t open = SIZE_MAX;

	for (size_t w = from / 64; w * 64 < to; w++) {
		for (uint64_t q = scan_set(st, SCAN_QUOTE)[w] & within(w, from, to); q;
		     q &= q - 1) {
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

static inline void walk(struct scan_state *st, const char *p, size_t len, bool json)
{
	const struct scan_plan *plan = st->plan;

	if (plan->names || plan->v4 || plan->nets_v4)
		walk_dots(st, p, len, json);
	if (plan->hashes)
		walk_hex(st, p, len);
	if (plan->v6 || plan->nets_v6)
		walk_v6(st, p, len);
}

static void SCAN_WALK(block)(struct scan_state *st, const char *p, size_t len, bool json)
{
	fill(st, p, len, json);
	walk(st, p, len, json);
}

static void SCAN_WALK(rest)(struct scan_state *st, const char *p, size_t from, size_t to, bool json)
{
	if (json && st->plan->values)
		walk_values(st, p, from, to);
}

static void SCAN_WALK(record)(struct scan_state *st, const char *p, size_t len, bool json)
{
	fill(st, p, len, false);
	st->backslash = st->high = st->emails = false;
	if (SCAN_WALK(look)(st, 0) < len)
		fill_second(st, p, len, json);
	walk(st, p, len, json);
	if (st->emails)
		for (size_t w = 0; w * 64 < len; w++)
			for (uint64_t a = scan_set(st, SCAN_AT)[w]; a; a &= a - 1)
				scan_email(st, p, len, w * 64 + (unsigned)__builtin_ctzll(a));
	if (json && (st->plan->values || st->emails))
		walk_values(st, p, 0, len);
}

const struct scan_walk SCAN_WALK(scan_walk) = {SCAN_WALK(block), SCAN_WALK(look), SCAN_WALK(rest),
					       SCAN_WALK(record)};
