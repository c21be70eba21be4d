#include "match/pattern.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "match/pattern_compile.h"
#include "match/pattern_cover.h"
#include "match/pattern_literal.h"

#define FLAGS_TAKEN                                                                                \
	(HS_FLAG_CASELESS | HS_FLAG_DOTALL | HS_FLAG_MULTILINE | HS_FLAG_ALLOWEMPTY |              \
	 HS_FLAG_UTF8 | HS_FLAG_UCP | HS_FLAG_SINGLEMATCH | HS_FLAG_SOM_LEFTMOST)
#define RAW_REGEX_SHOWN 64 /* bytes before the end of a match that are given as its value */

/* What compile needs besides the set. */
struct build {
	struct pattern_set *s;
	struct problems *ps;
	uint8_t *refused, *always; /* by pattern number */
	bool extra_refused;
	struct pattern_list literals, loose, regexes[PATTERN_DATABASES];
};

static const struct condition *condition(const struct pattern_set *s, uint32_t pattern)
{
	return &s->set->conditions[s->conditions[pattern]];
}

static const char *text(const struct pattern_set *s, const struct condition *c)
{
	return s->set->text + c->text;
}

/* The indicator that holds a condition: first_condition ascends. */
static const struct indicator *owner(const struct indicator_set *set, uint32_t cond)
{
	for (uint32_t i = 0; i < set->count; i++)
		if (cond - set->indicators[i].first_condition < set->indicators[i].conditions)
			return &set->indicators[i];
	return NULL;
}

static void tell(struct build *b, uint32_t pattern, bool fatal, const char *why)
{
	const struct indicator_set *set = b->s->set;
	const struct indicator *ind = owner(set, b->s->conditions[pattern]);
	const struct condition *c = condition(b->s, pattern);
	const char *path = ind && ind->feed < set->feed_count ? set->feeds[ind->feed].path : "";
	const char *kind = ind && ind->rule ? "rule" : "indicator";
	int shown = c->text_len < 200 ? (int)c->text_len : 200;

	(fatal ? problem_refuse : problem_remark)(b->ps, kind, path, ind ? ind->line : 0,
						  "pattern '%.*s': %s", shown, text(b->s, c), why);
}

static void on_refused(void *ctx, unsigned pattern, const char *why)
{
	struct build *b = ctx;

	if (b->refused[pattern])
		return;
	b->refused[pattern] = 1;
	tell(b, pattern, true, why);
}

/* Literals are told apart from patterns: a regex may have several. */
static void on_literal_refused(void *ctx, unsigned literal, const char *why)
{
	struct build *b = ctx;

	if (literal < b->s->literal_count)
		on_refused(b, b->s->literal_pattern[literal], why);
	else
		b->extra_refused = true;
}

static int add_literals(struct build *b, uint32_t pattern, const struct pattern_plan *plan)
{
	struct pattern_set *s = b->s;

	for (uint32_t i = 0; i < plan->count; i++) {
		uint32_t id = s->literal_count;
		if ((id & (id - 1)) == 0) {
			size_t cap = id ? (size_t)id * 2 : 64;
			if (id == 0 || id >= 64) {
				uint32_t *more = realloc(s->literal_pattern, cap * sizeof(*more));
				if (!more)
					return -ENOMEM;
				s->literal_pattern = more;
			}
		}
		int err = pattern_list_add(&b->literals, plan->literal[i].p, plan->literal[i].len,
					   0, id);
		if (err)
			return err;
		s->literal_pattern[s->literal_count++] = pattern;
	}
	return 0;
}

/* Said once it is known that Hyperscan takes the pattern at all. */
static void tell_always(struct build *b)
{
	for (uint32_t i = 0; i < b->s->count; i++) {
		if (!b->always[i] || b->refused[i])
			continue;
		b->s->always++;
		tell(b, i, false,
		     "no text that it must contain: every record will be parsed for it");
	}
}

/* The pattern itself was taken; only its form for scan was not. */
static void on_loose_refused(void *ctx, unsigned pattern, const char *why)
{
	struct build *b = ctx;

	(void)why;
	b->always[pattern] = 1;
}

/* A regex that has no literal worth the name, into the database for scan. */
static int add_loose(struct build *b, uint32_t pattern, const struct pattern_plan *plan)
{
	const struct condition *c = condition(b->s, pattern);
	const char *re = text(b->s, c);
	size_t len = c->text_len;
	bool front = false, back = false;
	unsigned flags = (c->hs_flags & FLAGS_TAKEN & ~HS_FLAG_SOM_LEFTMOST) | HS_FLAG_SINGLEMATCH;

	/* raw bytes are scanned as they are matched; a URL may not be there in one piece */
	bool raw = c->type == OBSERVABLE_NONE;
	bool whole =
		raw || (c->type != OBSERVABLE_URL && pattern_unanchored(re, len, &front, &back));
	if (whole && !(flags & HS_FLAG_ALLOWEMPTY)) {
		if (raw)
			front = back = false;
		return pattern_list_add(&b->loose, re + front, len - front - back, flags, pattern);
	}
	if (plan->count)
		return add_literals(b, pattern, plan);
	b->always[pattern] = 1;
	return 0;
}

static int add_pattern(struct build *b, uint32_t pattern)
{
	struct pattern_set *s = b->s;
	const struct condition *c = condition(s, pattern);
	struct pattern_plan plan;
	int err = 0;

	if (c->hs_flags & ~(unsigned)FLAGS_TAKEN) {
		on_refused(b, pattern, "flags other than i, s, m, H, 8, W, L, V");
		return 0;
	}
	s->by_type[c->type] = true;
	pattern_plan(c, text(s, c), &plan);
	if (c->pattern_kind == PATTERN_REGEX) {
		unsigned flags =
			(c->hs_flags & FLAGS_TAKEN & ~HS_FLAG_SOM_LEFTMOST) | HS_FLAG_SINGLEMATCH;
		unsigned db = c->type + (flags & HS_FLAG_UTF8 ? OBSERVABLE_TYPES : 0u);
		err = pattern_list_add(&b->regexes[db], text(s, c), c->text_len, flags, pattern);
		if (err)
			return err;
		if (plan.count == 0 || plan.shortish)
			return add_loose(b, pattern, &plan);
	} else if (plan.count == 0) {
		s->globs[s->glob_count++] = pattern;
		b->always[pattern] = 1;
	}
	return add_literals(b, pattern, &plan);
}

/* Case counts for all literals or for none; a regex may switch it off inside. */
static bool any_caseless(const struct pattern_set *s)
{
	for (uint32_t i = 0; i < s->count; i++) {
		const struct condition *c = condition(s, i);
		if (c->hs_flags & HS_FLAG_CASELESS)
			return true;
		if (c->pattern_kind == PATTERN_REGEX && memmem(text(s, c), c->text_len, "(?", 2))
			return true;
	}
	return false;
}

static int collect(struct build *b)
{
	struct pattern_set *s = b->s;
	const struct indicator_set *set = s->set;

	for (uint32_t i = 0; i < set->condition_count; i++)
		s->count += set->conditions[i].kind == CONDITION_PATTERN;
	if (s->count > PATTERNS_MAX)
		return -EINVAL;
	s->conditions = malloc((s->count + 1) * sizeof(*s->conditions));
	s->globs = malloc((s->count + 1) * sizeof(*s->globs));
	b->refused = calloc(s->count + 1, 1);
	b->always = calloc(s->count + 1, 1);
	if (!s->conditions || !s->globs || !b->refused || !b->always)
		return -ENOMEM;
	uint32_t n = 0;
	for (uint32_t i = 0; i < set->condition_count; i++)
		if (set->conditions[i].kind == CONDITION_PATTERN)
			s->conditions[n++] = i;
	return 0;
}

static void on_cover_refused(void *ctx, unsigned id, const char *why)
{
	(void)id, (void)why;
	*(bool *)ctx = true;
}

/* Where a fragment were refused, nothing would be covered. */
static int compile_cover(struct build *b)
{
	struct pattern_list cover = {0};
	bool refused = false;
	int err = pattern_cover(&b->literals, &cover);

	if (!err)
		err = pattern_list_compile(&cover, &b->s->cover, on_cover_refused, &refused);
	if (refused) {
		hs_free_database(b->s->cover);
		b->s->cover = NULL;
	}
	pattern_list_fini(&cover);
	return err;
}

/* The regexes first: what is refused there need not be looked for. */
static int compile_all(struct build *b, bool caseless)
{
	struct pattern_set *s = b->s;
	int err = 0;

	for (int t = 0; t < PATTERN_DATABASES && !err; t++)
		err = pattern_list_compile(&b->regexes[t], &s->regexes[t], on_refused, b);
	if (!err)
		err = pattern_list_compile(&b->loose, &s->loose_regexes, on_loose_refused, b);
	s->literals_caseless = caseless || any_caseless(s);
	for (unsigned i = 0; s->literals_caseless && i < b->literals.count; i++)
		b->literals.flags[i] |= HS_FLAG_CASELESS;
	b->literals.literal = true;
	if (!err)
		err = pattern_list_compile(&b->literals, &s->literals, on_literal_refused, b);
	return err ? err : compile_cover(b);
}

static int add_extras(struct build *b, const struct span *extra, uint32_t extras)
{
	int err = 0;

	for (uint32_t i = 0; i < extras && !err; i++) {
		uint32_t len =
			extra[i].len < PATTERN_LITERAL_MAX ? extra[i].len : PATTERN_LITERAL_MAX;
		err = pattern_list_add(&b->literals, extra[i].p + extra[i].len - len, len, 0,
				       b->s->literal_count + i);
	}
	return err;
}

int pattern_compile(struct pattern_set *s, const struct indicator_set *set,
		    const struct span *extra, uint32_t extras, struct problems *ps)
{
	struct build b = {.s = s, .ps = ps};

	memset(s, 0, sizeof(*s));
	s->set = set;
	int err = collect(&b);
	for (uint32_t i = 0; i < s->count && !err; i++)
		err = add_pattern(&b, i);
	if (!err)
		err = add_extras(&b, extra, extras);
	if (!err)
		err = compile_all(&b, extras > 0);
	if (!err)
		tell_always(&b);
	s->always += b.extra_refused;
	pattern_list_fini(&b.literals);
	pattern_list_fini(&b.loose);
	for (int t = 0; t < PATTERN_DATABASES; t++)
		pattern_list_fini(&b.regexes[t]);
	free(b.refused);
	free(b.always);
	if (err)
		pattern_fini(s);
	return err;
}

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
	const struct condition *c = condition(m->s, pattern);
	bool caseless = c->hs_flags & HS_FLAG_CASELESS;
	const char *what = text(m->s, c);
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
	if (condition(m->s, pattern)->pattern_kind != PATTERN_REGEX)
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
