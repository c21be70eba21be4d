#include "match/pattern_literal.h"

#include <hs.h>
#include <string.h>

/* The run being read and the best so far, of one branch. */
struct run {
	const struct condition *c;
	pattern_score *score;
	double best_score;
	char p[PATTERN_LITERAL_MAX * 4];
	size_t len;
	struct pattern_literal best;
};

static void offer(struct run *r, const char *p, size_t len)
{
	if (len > PATTERN_LITERAL_MAX) {
		/* the tail: Hyperscan's literal matcher hashes tails */
		p += len - PATTERN_LITERAL_MAX;
		len = PATTERN_LITERAL_MAX;
	}
	double score = r->score(p, len);
	if (score > r->best_score) {
		r->best_score = score;
		memcpy(r->best.p, p, len);
		r->best.len = (uint8_t)len;
	}
}

/*
 * A URL may have been put together from scheme, host, port and path, with the
 * signs between them made up: the run is cut there. The first '/' that does not
 * belong to "://" is where a path could begin; no later one can.
 */
static void offer_url(struct run *r)
{
	size_t from = 0;
	bool host = true;

	for (size_t i = 0; i <= r->len; i++) {
		char c = i < r->len ? r->p[i] : '\0';
		bool scheme_end =
			c == ':' && i + 2 < r->len && r->p[i + 1] == '/' && r->p[i + 2] == '/';
		if (i < r->len && !strchr(":[]", c) && !(c == '/' && host))
			continue;
		if (!scheme_end && !(from > 0 && r->p[from - 1] == ':' &&
				     strspn(r->p + from, "0123456789") >= i - from))
			offer(r, r->p + from, i - from);
		host = scheme_end || (host && c != '/');
		i += scheme_end ? 2 : 0;
		from = i + 1;
	}
}

/* What folds together with something beyond ASCII is not looked for by bytes. */
static bool folds_away(const struct condition *c, char ch)
{
	const unsigned both = HS_FLAG_UTF8 | HS_FLAG_CASELESS;

	/* U+212A KELVIN SIGN is a 'k', U+017F LONG S an 's' */
	return (c->hs_flags & both) == both && ((ch & 0x80) || strchr("kKsS", ch));
}

static void end_run(struct run *r)
{
	r->p[r->len < sizeof(r->p) ? r->len : sizeof(r->p) - 1] = '\0';
	if (r->len && r->c->type == OBSERVABLE_URL)
		offer_url(r);
	else
		offer(r, r->p, r->len);
	r->len = 0;
}

static void add(struct run *r, char ch)
{
	if (folds_away(r->c, ch)) {
		end_run(r);
		return;
	}
	if (r->len == sizeof(r->p) - 1)
		end_run(r);
	r->p[r->len++] = ch;
}

/* A quantifier that allows none: the character before it is not required. */
static void drop_last(struct run *r)
{
	while (r->len > 0 && (r->p[r->len - 1] & 0xc0) == 0x80)
		r->len--;
	if (r->len > 0)
		r->len--;
	end_run(r);
}

/* After '[' at p: past the ']' that closes the class, or NULL. */
static const char *skip_class(const char *p, const char *end)
{
	if (p < end && *p == '^')
		p++;
	if (p < end && *p == ']')
		p++;
	for (; p < end && *p != ']'; p++) {
		if (*p == '\\') {
			p++;
		} else if (*p == '[' && p + 1 < end && strchr(":.=", p[1])) {
			const char *q = p + 2;
			while (q + 1 < end && !(q[0] == p[1] && q[1] == ']'))
				q++;
			if (q + 1 < end)
				p = q + 1;
		}
	}
	return p < end ? p + 1 : NULL;
}

/* After '(' at p: past the ')' that closes the group, or NULL. */
static const char *skip_group(const char *p, const char *end)
{
	int depth = 1;

	while (p < end && depth > 0) {
		char c = *p++;
		if (c == '\\')
			p++;
		else if (c == '(')
			depth++;
		else if (c == ')')
			depth--;
		else if (c == '[' && !(p = skip_class(p, end)))
			return NULL;
	}
	return depth == 0 && p <= end ? p : NULL;
}

/* Syntax that would change how the rest reads: no attempt is made. */
static bool understood(const char *re, size_t len)
{
	for (size_t i = 0; i + 1 < len; i++) {
		if (re[i] == '\\') {
			if (strchr("QEcogkN0123456789", re[i + 1]))
				return false;
			i++;
		} else if (re[i] == '(' && (re[i + 1] == '*' || (re[i + 1] == '?' && i + 2 < len &&
								 re[i + 2] == '#'))) {
			return false;
		} else if (re[i] == '(' && re[i + 1] == '?') {
			for (size_t j = i + 2; j < len && strchr("imsxUJX-^", re[j]); j++)
				if (re[j] == 'x' || re[j] == '^')
					return false;
		}
	}
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* After the backslash at p; returns past the escape, NULL when not understood. */
static const char *take_escape(struct run *r, const char *p, const char *end)
{
	if (p >= end)
		return NULL;
	char c = *p++;
	bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
	if (!letter) {
		add(r, c);
		return p;
	}
	if (c == 'x' && end - p >= 2 && hex_digit(p[0]) >= 0 && hex_digit(p[1]) >= 0) {
		int v = hex_digit(p[0]) << 4 | hex_digit(p[1]);
		if (v >= 0x80)
			end_run(r);
		else
			add(r, (char)v);
		return p + 2;
	}
	end_run(r);
	if (strchr("xpP", c)) {
		if (p >= end)
			return NULL;
		if (*p != '{') /* \pL, and forms of \x with fewer digits */
			return c == 'x' ? NULL : p + 1;
		p = memchr(p, '}', (size_t)(end - p));
		return p ? p + 1 : NULL;
	}
	return p;
}

/* After a quantifier's sign at p: past its "{m,n}" and its lazy or possessive sign. */
static const char *skip_quantifier(char sign, const char *p, const char *end)
{
	if (sign == '{') {
		const char *q = p;
		while (q < end && ((*q >= '0' && *q <= '9') || *q == ','))
			q++;
		if (q > p && q < end && *q == '}')
			p = q + 1;
	}
	if (p < end && (*p == '?' || *p == '+'))
		p++;
	return p;
}

/* Reads one branch from *p; true at its end, false when not understood. */
static bool take_branch(struct run *r, const char **at, const char *end)
{
	const char *p = *at;

	while (p && p < end && *p != '|') {
		char c = *p++;
		switch (c) {
		case '\\':
			p = take_escape(r, p, end);
			break;
		case '[':
			end_run(r);
			p = skip_class(p, end);
			break;
		case '(':
			end_run(r);
			p = skip_group(p, end);
			break;
		case ')':
			return false;
		case '*':
		case '?':
		case '{':
			drop_last(r);
			p = skip_quantifier(c, p, end);
			break;
		case '+':
		case '.':
		case '^':
		case '$':
			end_run(r);
			if (c == '+')
				p = skip_quantifier(c, p, end);
			break;
		default:
			add(r, c);
		}
	}
	end_run(r);
	*at = p;
	return p != NULL;
}

static bool keep(struct pattern_plan *plan, const struct run *r)
{
	if (r->best.len == 0 || plan->count == PATTERN_BRANCHES_MAX)
		return false;
	plan->shortish |= r->best.len < PATTERN_LITERAL_GOOD;
	plan->literal[plan->count++] = r->best;
	return true;
}

static bool plan_regex(const struct condition *c, pattern_score *score, const char *re,
		       struct pattern_plan *plan)
{
	const char *p = re, *end = re + c->text_len;

	if (!understood(re, c->text_len))
		return false;
	for (;;) {
		struct run r = {.c = c, .score = score};
		if (!take_branch(&r, &p, end) || !keep(plan, &r))
			return false;
		if (p >= end)
			return true;
		if (++p >= end) /* an empty last branch matches anything */
			return false;
	}
}

static bool plan_glob(const struct condition *c, pattern_score *score, const char *glob,
		      struct pattern_plan *plan)
{
	struct run r = {.c = c, .score = score};

	for (uint32_t i = 0; i < c->text_len; i++) {
		if (glob[i] == '*' || glob[i] == '?') {
			end_run(&r);
			continue;
		}
		if (glob[i] == '\\' && i + 1 < c->text_len)
			i++;
		add(&r, glob[i]);
	}
	end_run(&r);
	return keep(plan, &r);
}

static bool plan_substring(const struct condition *c, pattern_score *score, const char *text,
			   struct pattern_plan *plan)
{
	struct run r = {.c = c, .score = score};

	for (uint32_t i = 0; i < c->text_len; i++)
		add(&r, text[i]);
	end_run(&r);
	return keep(plan, &r);
}

void pattern_plan_by(const struct condition *c, const char *text, pattern_score *score,
		     struct pattern_plan *plan)
{
	bool good;

	plan->count = 0;
	plan->shortish = false;
	if (c->pattern_kind == PATTERN_REGEX)
		good = plan_regex(c, score, text, plan);
	else if (c->pattern_kind == PATTERN_WILDCARD)
		good = plan_glob(c, score, text, plan);
	else
		good = plan_substring(c, score, text, plan);
	if (!good)
		plan->count = 0;
}

static double by_length(const char *p, size_t len)
{
	(void)p;
	return (double)len;
}

void pattern_plan(const struct condition *c, const char *text, struct pattern_plan *plan)
{
	pattern_plan_by(c, text, by_length, plan);
}

bool pattern_unanchored(const char *re, size_t len, bool *skip_front, bool *skip_back)
{
	bool bars = false; /* at the top: the anchors would belong to one branch each */
	int depth = 0;

	*skip_front = len > 0 && re[0] == '^';
	*skip_back = len > 1 && re[len - 1] == '$' && re[len - 2] != '\\';
	if (!understood(re, len))
		return false;
	for (size_t i = *skip_front; i < len - *skip_back; i++) {
		char c = re[i];
		if (c == '\\') {
			if (++i < len && strchr("AzZGXRKC", re[i]))
				return false;
		} else if (c == '[') {
			const char *p = skip_class(re + i + 1, re + len);
			if (!p)
				return false;
			i = (size_t)(p - re) - 1;
		} else if (c == '^' || c == '$') {
			return false;
		} else if (c == '(' && i + 2 < len && re[i + 1] == '?' &&
			   strchr("=!<", re[i + 2])) {
			return false;
		}
		depth += (c == '(') - (c == ')');
		bars |= c == '|' && depth == 0;
	}
	return !bars || (!*skip_front && !*skip_back);
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* Past the character at p. */
static const char *next_char(const char *p, const char *end)
{
	for (p++; p < end && (*p & 0xc0) == 0x80; p++)
		;
	return p;
}

bool pattern_glob(const char *g, size_t glob_len, const char *p, size_t len, bool caseless)
{
	const char *ge = g + glob_len, *end = p + len;
	const char *star = NULL, *resume = NULL;

	/* one star is enough to come back to: the last one seen */
	while (p < end) {
		if (g < ge && *g == '*') {
			star = ++g;
			resume = p;
			continue;
		}
		const char *lit = g < ge && *g == '\\' && g + 1 < ge ? g + 1 : g;
		if (g < ge && *g == '?') {
			g++;
			p = next_char(p, end);
			continue;
		}
		if (g < ge && (*lit == *p || (caseless && lower(*lit) == lower(*p)))) {
			g = lit + 1;
			p++;
			continue;
		}
		if (!star)
			return false;
		g = star;
		p = resume = next_char(resume, end);
	}
	while (g < ge && *g == '*')
		g++;
	return g == ge;
}
