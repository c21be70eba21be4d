/* Scan before parse: a block of records at once, then what is left of each. */
#include <string.h>

#include "base/utf8.h"
#include "match/match.h"
#include "match/matcher.h"

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

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_json(enum format format, const char *p, size_t len)
{
	size_t i = 0;

	if (format != FORMAT_AUTO)
		return format != FORMAT_LINES && format != FORMAT_ZEEK_TSV;
	while (i < len && is_space(p[i]))
		i++;
	return i < len && p[i] == '{';
}

#define AHEAD_REST 16 /* blocks scanned record by record after one with too many finds */

/* The literals of both parts, in a block. */
static void find_patterns(const struct matcher *m, struct match_scratch *sc, const char *p,
			  size_t len)
{
	struct scan_finds *f = &sc->ahead.finds;

	f->count = pattern_scan_block(&m->patterns, &sc->patterns, p, len, f->ends, SCAN_FINDS_MAX);
	if (f->count <= SCAN_FINDS_MAX && sc->over && sc->over->more)
		f->count += pattern_scan_block(&sc->over->more->patterns, sc->more, p, len,
					       f->ends + f->count, SCAN_FINDS_MAX - f->count);
}

/* Whether a pattern of either part may match, as pattern_scan(); loose: in a block that
 * was searched for the literals. */
static bool may_match(const struct matcher *m, struct match_scratch *sc, const char *p, size_t len,
		      bool loose)
{
	bool (*scan)(const struct pattern_set *, struct pattern_scratch *, const char *, size_t) =
		loose ? pattern_scan_loose : pattern_scan;

	return scan(&m->patterns, &sc->patterns, p, len) ||
	       (sc->over && sc->over->more && scan(&sc->over->more->patterns, sc->more, p, len));
}

/* Fills and walks the block; what the walk finds goes to f. */
static void walk_block(const struct matcher *m, struct match_scratch *sc, enum format format,
		       const char *p, size_t len)
{
	struct match_ahead *a = &sc->ahead;

	a->json = is_json(format, p, len);
	sc->block.pending_count = 0;
	sc->block.finds = &a->finds;
	m->walk->block(&sc->block, p, len, a->json);
	scan_settle(&sc->block);
	sc->block.finds = NULL;
	a->sets = p;
	a->sets_end = p + len;
}

const char *match_block(const struct matcher *m, struct match_scratch *sc, enum format format,
			const char *p, size_t len)
{
	struct match_ahead *a = &sc->ahead;
	struct scan_finds *f = &a->finds;

	a->start = a->end = a->sets = a->sets_end = NULL;
	if (len == 0)
		return p;
	bool idle = matcher_parses_all(m, sc) || (a->rest > 0 && a->rest--);
	if (idle && !a->sets_wanted)
		return p + len;
	if (len > SCAN_BYTES_MAX - SCAN_PAD)
		len = SCAN_BYTES_MAX - SCAN_PAD;
	/* whole lines: what is cut would be scanned twice */
	const char *last = memrchr(p, '\n', len);
	len = last ? (size_t)(last - p) + 1 : len;
	f->count = 0;
	if (!idle)
		find_patterns(m, sc, p, len);
	walk_block(m, sc, format, p, len);
	if (f->count > SCAN_FINDS_MAX)
		a->rest = AHEAD_REST;
	if (idle || f->count > SCAN_FINDS_MAX)
		return p + len;
	/* Hyperscan tells finds by their ends, but says so of no order */
	sort_ends(f->ends, f->count);
	a->next = 0;
	a->clean_from = SIZE_MAX;
	a->start = p;
	return a->end = p + len;
}

void match_want_sets(struct match_scratch *sc, bool wanted)
{
	sc->ahead.sets_wanted = wanted;
}

const struct scan_state *match_sets(const struct match_scratch *sc, const char *p, size_t len,
				    const char **text)
{
	const struct match_ahead *a = &sc->ahead;

	if (!a->sets || !a->json || p < a->sets || p + len > a->sets_end)
		return NULL;
	*text = a->sets;
	return &sc->block;
}

/* Looks at the record that starts at p; where its first rare byte is, if not the end. */
static const char *look(const struct matcher *m, struct match_scratch *sc, const char *p)
{
	struct match_ahead *a = &sc->ahead;
	size_t len = (size_t)(a->end - a->start);

	a->clean_from = (size_t)(p - a->start);
	a->clean_to = m->walk->look(&sc->block, a->clean_from);
	if (a->clean_to > len)
		a->clean_to = len;
	return a->start + a->clean_to;
}

const char *match_line(const struct matcher *m, struct match_scratch *sc, const char *p,
		       const char *end)
{
	const struct match_ahead *a = &sc->ahead;

	if (a->start && p >= a->start && p < a->end) {
		p = look(m, sc, p);
		if (p >= end)
			return end;
		if (p < a->end && *p == '\n')
			return p;
	}
	const char *nl = memchr(p, '\n', (size_t)(end - p));
	return nl ? nl : end;
}

/* Whether the block found anything in these bytes. What began in the record before
 * counts as well: that is a "maybe" too many. */
static bool found_ahead(struct match_ahead *a, const char *p, size_t len)
{
	const struct scan_finds *f = &a->finds;

	while (a->next < f->count && a->start + f->ends[a->next] <= p)
		a->next++;
	return a->next < f->count && a->start + f->ends[a->next] <= p + len;
}

/* Whether the block has seen this record whole, and all of it but what rest() adds. */
static bool is_ahead(const struct matcher *m, struct match_scratch *sc, const char *p, size_t len,
		     bool json)
{
	const struct match_ahead *a = &sc->ahead;

	if (!a->start || p < a->start || p + len > a->end || json != a->json)
		return false;
	if (a->clean_from != (size_t)(p - a->start))
		look(m, sc, p);
	return p + len <= a->start + a->clean_to;
}

/* Whether a pattern may match in these bytes, as pattern_scan(). */
static bool scan_patterns(const struct matcher *m, struct match_scratch *sc, const char *p,
			  size_t len)
{
	struct match_ahead *a = &sc->ahead;

	if (!a->start || p < a->start || p + len > a->end)
		return may_match(m, sc, p, len, false);
	return found_ahead(a, p, len) || may_match(m, sc, p, len, true);
}

/* A record of the block that needs no look at its escapes. */
static bool scan_ahead(const struct matcher *m, struct match_scratch *sc, const char *p, size_t len,
		       bool json)
{
	struct scan_state *st = &sc->block;
	size_t from = (size_t)(p - sc->ahead.start);

	st->maybe = false;
	m->walk->rest(st, sc->ahead.start, from, from + len, json);
	if (json && !st->balanced)
		return true;
	if (!json && st->plan->values)
		scan_line_values(st, p, len);
	if (st->maybe || scan_patterns(m, sc, p, len))
		return true;
	scan_settle(st);
	return st->maybe;
}

/* The bytes as they are, then what escapes hide. */
static bool scan_text(const struct matcher *m, struct match_scratch *sc, const char *p, size_t len,
		      bool json)
{
	struct scan_state *st = &sc->scan;

	m->walk->record(st, p, len, json);
	if (json && !st->balanced)
		return true;
	bool backslash = st->backslash, high = st->high;
	if (high && !utf8_valid((const uint8_t *)p, len))
		return true;
	if (high)
		scan_beyond_ascii(st, p, len);
	if (!json && st->plan->values)
		scan_line_values(st, p, len);
	if (st->maybe || scan_patterns(m, sc, p, len))
		return true;
	if (backslash) {
		if (json) {
			scan_unescape_strings(st, p, len);
		} else {
			st->plain_len = scan_unescape(p, len, st->plain);
			memset(st->plain + st->plain_len, 0, SCAN_PAD);
		}
		p = st->plain;
		len = st->plain_len;
		m->walk->record(st, p, len, false);
		if (st->high && !utf8_valid((const uint8_t *)p, len))
			return true;
		if (st->high)
			scan_beyond_ascii(st, p, len);
		if (!json && st->plan->values)
			scan_line_values(st, p, len);
		if (st->maybe || may_match(m, sc, p, len, false))
			return true;
	}
	scan_settle(st);
	return st->maybe;
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
	if (matcher_parses_all(m, sc) || len > SCAN_BYTES_MAX - SCAN_PAD || format == FORMAT_PACKET)
		return true;
	trim(&p, &len);
	bool json = is_json(format, p, len);
	if (json && !framed(p, len))
		return true;
	if (is_ahead(m, sc, p, len, json))
		return scan_ahead(m, sc, p, len, json);
	sc->scan.pending_count = 0;
	sc->scan.maybe = false;
	return scan_text(m, sc, p, len, json);
}
