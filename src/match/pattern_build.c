/* From conditions to databases: what is looked for where, and what Hyperscan refuses. */
#include "match/pattern.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "match/matcher.h"
#include "match/pattern_compile.h"
#include "match/pattern_cover.h"
#include "match/pattern_literal.h"

#define FLAGS_TAKEN                                                                                \
	(HS_FLAG_CASELESS | HS_FLAG_DOTALL | HS_FLAG_MULTILINE | HS_FLAG_ALLOWEMPTY |              \
	 HS_FLAG_UTF8 | HS_FLAG_UCP | HS_FLAG_SINGLEMATCH | HS_FLAG_SOM_LEFTMOST)

/* What compile needs besides the set. */
struct build {
	struct pattern_set *s;
	struct problems *ps;
	uint8_t *refused, *always; /* by pattern number */
	bool extra_refused;
	struct pattern_list literals, loose, regexes[PATTERN_DATABASES];
};

static void tell(struct build *b, uint32_t pattern, bool fatal, const char *why)
{
	const struct indicator_set *set = b->s->set;
	const struct indicator ind =
		indicator_at(set, matcher_owner(set, b->s->conditions[pattern]));
	const struct condition *c = pattern_condition(b->s, pattern);
	const char *path = ind.feed < set->feed_count ? set->feeds[ind.feed].path : "";
	const char *kind = ind.rule ? "rule" : "indicator";
	int shown = c->text_len < 200 ? (int)c->text_len : 200;

	(fatal ? problem_refuse : problem_remark)(b->ps, kind, path, ind.line,
						  "pattern '%.*s': %s", shown, pattern_text(b->s, c), why);
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
	const struct condition *c = pattern_condition(b->s, pattern);
	const char *re = pattern_text(b->s, c);
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
	const struct condition *c = pattern_condition(s, pattern);
	struct pattern_plan plan;
	int err = 0;

	if (c->hs_flags & ~(unsigned)FLAGS_TAKEN) {
		on_refused(b, pattern, "flags other than i, s, m, H, 8, W, L, V");
		return 0;
	}
	s->by_type[c->type] = true;
	pattern_plan(c, pattern_text(s, c), &plan);
	if (c->pattern_kind == PATTERN_REGEX) {
		unsigned flags =
			(c->hs_flags & FLAGS_TAKEN & ~HS_FLAG_SOM_LEFTMOST) | HS_FLAG_SINGLEMATCH;
		unsigned db = c->type + (flags & HS_FLAG_UTF8 ? OBSERVABLE_TYPES : 0u);
		err = pattern_list_add(&b->regexes[db], pattern_text(s, c), c->text_len, flags, pattern);
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
		const struct condition *c = pattern_condition(s, i);
		if (c->hs_flags & HS_FLAG_CASELESS)
			return true;
		if (c->pattern_kind == PATTERN_REGEX && memmem(pattern_text(s, c), c->text_len, "(?", 2))
			return true;
	}
	return false;
}

static int collect(struct build *b)
{
	struct pattern_set *s = b->s;
	const struct indicator_set *set = s->set;

	for (uint32_t i = set->atoms.count; i < set->condition_count; i++)
		s->count += condition_whole(set, i)->kind == CONDITION_PATTERN;
	if (s->count > PATTERNS_MAX)
		return -EINVAL;
	s->conditions = malloc((s->count + 1) * sizeof(*s->conditions));
	s->globs = malloc((s->count + 1) * sizeof(*s->globs));
	b->refused = calloc(s->count + 1, 1);
	b->always = calloc(s->count + 1, 1);
	if (!s->conditions || !s->globs || !b->refused || !b->always)
		return -ENOMEM;
	uint32_t n = 0;
	for (uint32_t i = set->atoms.count; i < set->condition_count; i++)
		if (condition_whole(set, i)->kind == CONDITION_PATTERN)
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

/* Whether JSON may write some of what is looked for with a backslash. */
static bool any_escape(const struct build *b)
{
	for (unsigned i = 0; i < b->literals.count; i++)
		for (size_t k = 0; k < b->literals.lens[i]; k++) {
			uint8_t c = (uint8_t)b->literals.texts[i][k];
			if (c < 0x20 || c == '"' || c == '\\')
				return true;
		}
	return b->loose.count > 0;
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
	s->escapes = any_escape(b);
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
