#include "match/scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "match/matcher.h"


int scan_state_init(struct scan_state *st, const struct scan_plan *plan)
{
	memset(st, 0, sizeof(*st));
	st->plan = plan;
	st->bits = calloc(SCAN_WORDS * SCAN_BITS, sizeof(*st->bits));
	st->plain = malloc(SCAN_BYTES_MAX + SCAN_PAD);
	if (!st->bits || !st->plain) {
		scan_state_fini(st);
		return -ENOMEM;
	}
	for (enum scan_bits b = 0; b < SCAN_BITS; b++)
		scan_set(st, b)[-1] = ~UINT64_C(0);
	return 0;
}

void scan_state_fini(struct scan_state *st)
{
	free(st->bits);
	free(st->plain);
	memset(st, 0, sizeof(*st));
}

const struct scan_walk *scan_walk_best(void)
{
#ifdef __x86_64__
	__builtin_cpu_init();
	bool bits = __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
		    __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("pclmul") &&
		    __builtin_cpu_supports("avx2");
	if (bits && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw"))
		return &scan_walk_avx512;
	if (bits)
		return &scan_walk_avx2;
#endif
	return &scan_walk_portable;
}

static bool holds(const struct exact *atoms, uint64_t hash)
{
	return atoms && exact_maybe(atoms, hash) && exact_find(atoms, hash).count > 0;
}

void scan_settle(struct scan_state *st)
{
	const struct exact *atoms = st->plan->atoms, *more = st->plan->more_atoms;

	for (uint32_t i = 0; i < st->pending_count; i++) {
		uint64_t hash = st->pending[i];
		if (!holds(atoms, hash) && !holds(more, hash))
			continue;
		st->at = st->place[i];
		scan_found(st);
	}
	if (st->seen)
		for (uint32_t i = 0; i < st->pending_count; i++)
			seen_note(st->seen, st->pending[i]);
	st->pending_count = 0;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four hex digits at p; -1 when they are none. */
static int32_t hex4(const char *p, const char *end)
{
	int32_t v = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int d = hex_value(p[i]);
		if (d < 0)
			return -1;
		v = v << 4 | d;
	}
	return v;
}

/* After "\u" at p; a surrogate without its other half is U+FFFD. */
static const char *take_unicode(const char *p, const char *end, char **out)
{
	int32_t cp = hex4(p, end);
	uint8_t utf8[4];

	if (cp < 0)
		return p;
	p += 4;
	if (cp >= 0xd800 && cp < 0xdc00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u') {
		int32_t low = hex4(p + 2, end);
		if (low >= 0xdc00 && low < 0xe000) {
			cp = 0x10000 + ((cp - 0xd800) << 10) + (low - 0xdc00);
			p += 6;
		}
	}
	size_t n = utf8_put((uint32_t)cp, utf8);
	if (n == 0)
		n = utf8_put(0xfffd, utf8);
	memcpy(*out, utf8, n);
	*out += n;
	return p;
}

size_t scan_unescape(const char *p, size_t len, char *out)
{
	static const char letters[] = "bfnrt", means[] = "\b\f\n\r\t";
	const char *end = p + len, *at;
	char *o = out;

	while (p < end) {
		if (*p != '\\' || p + 1 == end) {
			*o++ = *p++;
			continue;
		}
		char c = p[1];
		p += 2;
		if (c == 'u') {
			p = take_unicode(p, end, &o);
		} else if (c == 'x' && end - p >= 2 && hex_value(p[0]) >= 0 &&
			   hex_value(p[1]) >= 0) {
			*o++ = (char)(hex_value(p[0]) << 4 | hex_value(p[1]));
			p += 2;
		} else if ((at = memchr(letters, c, sizeof(letters) - 1))) {
			*o++ = means[at - letters];
		} else {
			*o++ = c;
		}
	}
	return (size_t)(o - out);
}

void scan_unescape_strings(struct scan_state *st, const char *p, size_t len)
{
	const uint64_t *quotes = scan_set(st, SCAN_QUOTE);
	char *out = st->plain;
	size_t open = SIZE_MAX;

	for (size_t w = 0; w * 64 < len; w++) {
		for (uint64_t q = quotes[w]; q; q &= q - 1) {
			size_t at = w * 64 + (unsigned)__builtin_ctzll(q);
			if (open == SIZE_MAX) {
				open = at + 1;
				continue;
			}
			if (memchr(p + open, '\\', at - open)) {
				size_t n = scan_unescape(p + open, at - open, out);
				scan_value(st, out, n);
				out += n;
				*out++ = '\n'; /* there is room: the quotes are not copied */
			}
			open = SIZE_MAX;
		}
	}
	st->plain_len = (size_t)(out - st->plain);
	memset(out, 0, SCAN_PAD);
}

void scan_line_values(struct scan_state *st, const char *p, size_t len)
{
	const char *end = p + len;

	scan_value(st, p, len);
	while (p < end) {
		const char *tab = memchr(p, '\t', (size_t)(end - p));
		const char *stop = tab ? tab : end;
		scan_value(st, p, (size_t)(stop - p));
		if (memchr(p, ',', (size_t)(stop - p))) {
			for (const char *q = p; q < stop;) {
				const char *comma = memchr(q, ',', (size_t)(stop - q));
				const char *e = comma ? comma : stop;
				scan_value(st, q, (size_t)(e - q));
				q = e + 1;
			}
		}
		p = stop + 1;
	}
}
