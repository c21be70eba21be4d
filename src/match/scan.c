#include "match/scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "match/matcher.h"

#define PAD 64 /* readable bytes behind a record, and behind the unescaped copy */

int scan_state_init(struct scan_state *st, const struct scan_plan *plan)
{
	/* one word in front, two behind, and the words that a last window reads */
	size_t words = SCAN_BYTES_MAX / 64 + 8;

	memset(st, 0, sizeof(*st));
	st->plan = plan;
	st->memory = calloc(words * SCAN_BITS, sizeof(*st->memory));
	st->plain = malloc(SCAN_BYTES_MAX + PAD);
	if (!st->memory || !st->plain) {
		scan_state_fini(st);
		return -ENOMEM;
	}
	for (int b = 0; b < SCAN_BITS; b++) {
		st->bits[b] = st->memory + words * (size_t)b + 1;
		st->bits[b][-1] = ~UINT64_C(0);
	}
	return 0;
}

void scan_state_fini(struct scan_state *st)
{
	free(st->memory);
	free(st->plain);
	memset(st, 0, sizeof(*st));
}

scan_walk_fn *scan_walk_best(void)
{
#ifdef __x86_64__
	__builtin_cpu_init();
	bool bits = __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
		    __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("pclmul") &&
		    __builtin_cpu_supports("avx2");
	if (bits && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw"))
		return scan_walk_avx512;
	if (bits)
		return scan_walk_avx2;
#endif
	return scan_walk_portable;
}

bool scan_settle(struct scan_state *st)
{
	const struct exact *atoms = st->plan->atoms;
	bool maybe = false;

	for (uint32_t i = 0; i < st->pending_count && !maybe; i++)
		maybe = exact_maybe(atoms, st->pending[i]) &&
			exact_find(atoms, st->pending[i]).count > 0;
	st->pending_count = 0;
	return maybe;
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

/* Text between quotes; never longer than it was. Zeek's \xHH is understood as well. */
static size_t unescape(const char *p, size_t len, char *out)
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

/* Every string with a backslash in it, unescaped, a line each, into plain. */
static void unescape_strings(struct scan_state *st, const char *p, size_t len)
{
	const uint64_t *quotes = st->bits[SCAN_QUOTE];
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
				size_t n = unescape(p + open, at - open, out);
				scan_value(st, out, n);
				out += n;
				*out++ = '\n'; /* there is room: the quotes are not copied */
			}
			open = SIZE_MAX;
		}
	}
	st->plain_len = (size_t)(out - st->plain);
	memset(out, 0, PAD);
}

/* Values of a line: the whole, and what tabs and Zeek's set separator part. */
static void line_values(struct scan_state *st, const char *p, size_t len)
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

/* In place, unlike qsort(), which may allocate; the ends are nearly sorted. */
static void sort_ends(uint32_t *ends, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++) {
		uint32_t end = ends[i], k = i;
		for (; k > 0 && ends[k - 1] > end; k--)
			ends[k] = ends[k - 1];
		ends[k] = end;
	}
}

#define AHEAD_REST 16 /* blocks scanned record by record after one with too many finds */

void match_block(const struct matcher *m, struct match_scratch *sc, const char *p, size_t len)
{
	struct match_ahead *a = &sc->ahead;

	a->start = a->end = NULL;
	if (len == 0 || (a->rest > 0 && a->rest--))
		return;
	a->finds =
		pattern_scan_block(&m->patterns, &sc->patterns, p, len, a->ends, BLOCK_FINDS_MAX);
	if (a->finds > BLOCK_FINDS_MAX) {
		a->rest = AHEAD_REST;
		return;
	}
	/* Hyperscan tells finds by their ends, but says so of no order */
	sort_ends(a->ends, a->finds);
	a->next = 0;
	a->start = p;
	a->end = p + len;
}

/* Whether a pattern may match in these bytes, as pattern_scan(). A find that
 * began in the record before counts as well: that is a "maybe" too many. */
static bool scan_patterns(const struct matcher *m, struct match_scratch *sc, const char *p,
			  size_t len)
{
	struct match_ahead *a = &sc->ahead;

	if (!a->start || p < a->start || p + len > a->end)
		return pattern_scan(&m->patterns, &sc->patterns, p, len);
	while (a->next < a->finds && a->start + a->ends[a->next] <= p)
		a->next++;
	if (a->next < a->finds && a->start + a->ends[a->next] <= p + len)
		return true;
	return pattern_scan_loose(&m->patterns, &sc->patterns, p, len);
}

/* The bytes as they are, then what escapes hide. */
static bool scan_text(const struct matcher *m, struct match_scratch *sc, const char *p, size_t len,
		      bool json)
{
	struct scan_state *st = &sc->scan;

	m->walk(st, p, len, json);
	if (json && !st->balanced)
		return true;
	bool backslash = st->backslash, high = st->high;
	if (high && !utf8_valid((const uint8_t *)p, len))
		return true;
	if (high)
		scan_beyond_ascii(st, p, len);
	if (!json && m->plan.values)
		line_values(st, p, len);
	if (st->maybe || scan_patterns(m, sc, p, len))
		return true;
	if (backslash) {
		if (json) {
			unescape_strings(st, p, len);
		} else {
			st->plain_len = unescape(p, len, st->plain);
			memset(st->plain + st->plain_len, 0, PAD);
		}
		p = st->plain;
		len = st->plain_len;
		m->walk(st, p, len, false);
		if (st->high && !utf8_valid((const uint8_t *)p, len))
			return true;
		if (st->high)
			scan_beyond_ascii(st, p, len);
		if (!json && m->plan.values)
			line_values(st, p, len);
		if (st->maybe || pattern_scan(&m->patterns, &sc->patterns, p, len))
			return true;
	}
	return scan_settle(st);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* What decode leaves of a record: a byte order mark and line ends are not part of it. */
static void trim(const char **p, size_t *len)
{
	while (*len > 0 && ((*p)[*len - 1] == '\n' || (*p)[*len - 1] == '\r'))
		--*len;
	if (*len >= 3 && memcmp(*p, "\xef\xbb\xbf", 3) == 0) {
		*p += 3;
		*len -= 3;
	}
}

/* No decoder takes a JSON record that is not framed so. */
static bool framed(const char *p, size_t len)
{
	while (len > 0 && is_space(p[len - 1]))
		len--;
	while (len > 0 && is_space(*p)) {
		p++;
		len--;
	}
	return len >= 2 && *p == '{' && p[len - 1] == '}';
}

bool match_scan(const struct matcher *m, struct match_scratch *sc, enum format format,
		const char *p, size_t len)
{
	if (m->parse_all || len > SCAN_BYTES_MAX - PAD || format == FORMAT_PACKET)
		return true;
	trim(&p, &len);
	bool json = format != FORMAT_LINES && format != FORMAT_ZEEK_TSV;
	if (format == FORMAT_AUTO) {
		size_t i = 0;
		while (i < len && is_space(p[i]))
			i++;
		json = i < len && p[i] == '{';
	}
	if (json && !framed(p, len))
		return true;
	sc->scan.pending_count = 0;
	sc->scan.maybe = false;
	return scan_text(m, sc, p, len, json);
}
