#include "match/pattern.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "match/pattern_literal.h"

#define RAW_REGEX_SHOWN 64 /* bytes before the end of a match that are given as its value */

void pattern_fini(struct pattern_set *s)
{
	free(s->conditions);
	free(s->literal_pattern);
	free(s->globs);
	hs_free_database(s->literals);
	hs_free_database(s->cover);
	hs_free_database(s->loose_regexes);
	for (int t = 0; t < PATTERN_DATABASES; t++)
		hs_free_database(s->regexes[t]);
	memset(s, 0, sizeof(*s));
}

static size_t database_bytes(const hs_database_t *db)
{
	size_t n = 0;

	return db && hs_database_size(db, &n) == HS_SUCCESS ? n : 0;
}

size_t pattern_bytes(const struct pattern_set *s)
{
	size_t n = database_bytes(s->literals) + database_bytes(s->cover) +
		   database_bytes(s->loose_regexes);

	for (int t = 0; t < PATTERN_DATABASES; t++)
		n += database_bytes(s->regexes[t]);
	return n + ((size_t)s->count * 2 + s->literal_count) * sizeof(uint32_t);
}

int pattern_scratch_init(struct pattern_scratch *sc, const struct pattern_set *s)
{
	const hs_database_t *dbs[PATTERN_DATABASES + 3] = {s->literals, s->cover,
							   s->loose_regexes};

	memset(sc, 0, sizeof(*sc));
	memcpy(dbs + 3, s->regexes, sizeof(s->regexes));
	for (size_t i = 0; i < PATTERN_DATABASES + 3; i++) {
		if (dbs[i] && hs_alloc_scratch(dbs[i], &sc->hs) != HS_SUCCESS) {
			pattern_scratch_fini(sc);
			return -ENOMEM;
		}
	}
	return 0;
}

void pattern_scratch_fini(struct pattern_scratch *sc)
{
	hs_free_scratch(sc->hs);
	sc->hs = NULL;
}

static int stop(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
		void *ctx)
{
	(void)id, (void)from, (void)to, (void)flags, (void)ctx;
	return 1;
}

bool pattern_scan(const struct pattern_set *s, struct pattern_scratch *sc, const char *p,
		  size_t len)
{
	/* anything but a clean end of the bytes is a "maybe" */
	if (s->literals &&
	    hs_scan(s->literals, p, (unsigned)len, 0, sc->hs, stop, NULL) != HS_SUCCESS)
		return true;
	return pattern_scan_loose(s, sc, p, len);
}

bool pattern_scan_loose(const struct pattern_set *s, struct pattern_scratch *sc, const char *p,
			size_t len)
{
	return s->loose_regexes &&
	       hs_scan(s->loose_regexes, p, (unsigned)len, 0, sc->hs, stop, NULL) != HS_SUCCESS;
}

struct match {
	const struct pattern_set *s;
	enum observable_type type;
	struct span value;
	pattern_found *found;
	void *ctx;
};

static bool equal(const char *a, const char *b, size_t len, bool caseless)
{
	if (!caseless)
		return memcmp(a, b, len) == 0;
	for (size_t i = 0; i < len; i++) {
		char x = a[i], y = b[i];
		x = x >= 'A' && x <= 'Z' ? (char)(x + 32) : x;
		y = y >= 'A' && y <= 'Z' ? (char)(y + 32) : y;
		if (x != y)
			return false;
	}
	return true;
}

static bool contains(struct span v, const char *what, size_t len, bool caseless, size_t *at)
{
	for (*at = 0; *at + len <= v.len; ++*at)
		if (equal(v.p + *at, what, len, caseless))
			return true;
	return false;
}

/* Compares a substring or wildcard with the value, as written. */
static void compare(const struct match *m, uint32_t pattern)
{
	const struct condition *c = pattern_condition(m->s, pattern);
	bool caseless = c->hs_flags & HS_FLAG_CASELESS;
	const char *what = pattern_text(m->s, c);
	struct span v = m->value;
	size_t at;

	if (c->type != m->type)
		return;
	if (c->pattern_kind == PATTERN_WILDCARD) {
		if (!pattern_glob(what, c->text_len, v.p, v.len, caseless))
			return;
	} else {
		if (!contains(v, what, c->text_len, caseless, &at))
			return;
		if (m->type == OBSERVABLE_NONE)
			v = (struct span){v.p + at, c->text_len};
	}
	m->found(m->ctx, m->s->conditions[pattern], v);
}

static int on_literal(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
		      void *ctx)
{
	const struct match *m = ctx;

	(void)from, (void)to, (void)flags;
	if (id >= m->s->literal_count)
		return 0;
	uint32_t pattern = m->s->literal_pattern[id];
	if (pattern_condition(m->s, pattern)->pattern_kind != PATTERN_REGEX)
		compare(m, pattern);
	return 0;
}

static int on_regex(unsigned pattern, unsigned long long from, unsigned long long to,
		    unsigned flags, void *ctx)
{
	const struct match *m = ctx;
	struct span v = m->value;

	(void)from, (void)flags;
	if (m->type == OBSERVABLE_NONE) {
		size_t start = to > RAW_REGEX_SHOWN ? (size_t)to - RAW_REGEX_SHOWN : 0;
		v = (struct span){v.p + start, (uint32_t)(to - start)};
	}
	m->found(m->ctx, m->s->conditions[pattern], v);
	return 0;
}

void pattern_match(const struct pattern_set *s, struct pattern_scratch *sc,
		   enum observable_type type, const char *p, size_t len, pattern_found *found,
		   void *ctx)
{
	struct match m = {s, type, {p, (uint32_t)len}, found, ctx};

	if (!s->by_type[type] || len == 0)
		return;
	if (s->literals)
		hs_scan(s->literals, p, (unsigned)len, 0, sc->hs, on_literal, &m);
	if (s->regexes[type])
		hs_scan(s->regexes[type], p, (unsigned)len, 0, sc->hs, on_regex, &m);
	const hs_database_t *utf8 = s->regexes[OBSERVABLE_TYPES + type];
	if (utf8 && utf8_valid((const uint8_t *)p, len))
		hs_scan(utf8, p, (unsigned)len, 0, sc->hs, on_regex, &m);
	for (uint32_t i = 0; i < s->glob_count; i++)
		compare(&m, s->globs[i]);
}
