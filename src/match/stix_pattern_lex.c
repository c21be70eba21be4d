#include <stdlib.h>
#include <string.h>

#include "base/timestamp.h"
#include "match/stix_pattern_tree.h"

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* The grammar's white space beyond ASCII: U+0085, U+00A0, U+1680, U+2000.., U+3000. */
static size_t blank(const char *p, const char *end)
{
	static const char *const wide[] = {"\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80",
					   "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf",
					   "\xe2\x81\x9f", "\xe3\x80\x80"};
	size_t left = (size_t)(end - p);

	if (*p == ' ' || (*p >= '\t' && *p <= '\r'))
		return 1;
	if (!(*p & 0x80))
		return 0;
	if (left >= 3 && memcmp(p, "\xe2\x80", 2) == 0 && (uint8_t)p[2] >= 0x80 &&
	    (uint8_t)p[2] <= 0x8a)
		return 3;
	for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++)
		if (left >= strlen(wide[i]) && memcmp(p, wide[i], strlen(wide[i])) == 0)
			return strlen(wide[i]);
	return 0;
}

/* Past white space and comments; false inside a comment that never ends. */
static bool skip(struct stix_lexer *lx)
{
	while (lx->p < lx->end) {
		size_t n = blank(lx->p, lx->end);
		const char *to = lx->p + n;
		if (n == 0 && lx->end - lx->p >= 2 && memcmp(lx->p, "//", 2) == 0) {
			to = memchr(lx->p, '\n', (size_t)(lx->end - lx->p));
			to = to ? to : lx->end;
		} else if (n == 0 && lx->end - lx->p >= 2 && memcmp(lx->p, "/*", 2) == 0) {
			to = memmem(lx->p + 2, (size_t)(lx->end - lx->p - 2), "*/", 2);
			if (!to)
				return false;
			to += 2;
		} else if (n == 0) {
			break;
		}
		lx->p = to;
	}
	return true;
}

/* To behind the closing quote; only \' and \\ are escapes. NULL: none, or another escape. */
static const char *string_end(const char *p, const char *end)
{
	for (p++; p < end; p++) {
		if (*p == '\'')
			return p + 1;
		if (*p != '\\')
			continue;
		if (p + 1 == end || (p[1] != '\'' && p[1] != '\\'))
			return NULL;
		p++;
	}
	return NULL;
}

static struct stix_token make(struct stix_lexer *lx, enum stix_token_kind kind, const char *to)
{
	struct stix_token t = {.kind = kind, .p = lx->p, .len = (uint32_t)(to - lx->p)};

	lx->p = to;
	return t;
}

bool stix_time_valid(const char *p, size_t len)
{
	int64_t us;

	return len >= 20 && p[10] == 'T' && p[16] == ':' && p[len - 1] == 'Z' &&
	       !memchr(p, ',', len) && !memchr(p, ' ', len) && timestamp_parse(p, len, &us);
}

static bool hex_valid(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!digit(p[i]) && !((p[i] | 0x20) >= 'a' && (p[i] | 0x20) <= 'f'))
			return false;
	return len % 2 == 0;
}

static bool base64_valid(const char *p, size_t len)
{
	size_t body = len;

	while (body && len - body < 2 && p[body - 1] == '=')
		body--;
	for (size_t i = 0; i < body; i++)
		if (p[i] == '_' || (!letter(p[i]) && !digit(p[i]) && p[i] != '+' && p[i] != '/'))
			return false;
	return len % 4 == 0;
}

/* t'..', h'..', b'..' */
static struct stix_token typed_literal(struct stix_lexer *lx)
{
	const char *quote = lx->p + 1;
	const char *to = string_end(quote, lx->end);
	size_t len = to ? (size_t)(to - quote) - 2 : 0;
	bool good = false;
	enum stix_token_kind kind = *lx->p == 't'   ? STIX_TIME
				    : *lx->p == 'h' ? STIX_HEX
						    : STIX_BINARY;

	if (to)
		good = kind == STIX_TIME  ? stix_time_valid(quote + 1, len)
		       : kind == STIX_HEX ? hex_valid(quote + 1, len)
					  : base64_valid(quote + 1, len);
	return make(lx, good ? kind : STIX_BAD, to ? to : lx->end);
}

static struct stix_token word(struct stix_lexer *lx)
{
	const char *to = lx->p;

	if (lx->end - lx->p > 1 && lx->p[1] == '\'' && strchr("thb", *lx->p))
		return typed_literal(lx);
	while (to < lx->end && (letter(*to) || digit(*to) || *to == '-'))
		to++;
	struct stix_token t = make(lx, STIX_WORD, to);
	t.hyphen = memchr(t.p, '-', t.len) != NULL;
	if (stix_keyword(&t, "true") || stix_keyword(&t, "false") || stix_keyword(&t, "TRUE") ||
	    stix_keyword(&t, "FALSE"))
		t.kind = STIX_BOOL;
	return t;
}

static struct stix_token number(struct stix_lexer *lx)
{
	const char *to = lx->p + (*lx->p == '-' || *lx->p == '+');
	const char *digits = to;
	bool negative = *lx->p == '-';
	enum stix_token_kind kind = STIX_INT;

	while (to < lx->end && digit(*to))
		to++;
	if (to - digits > 1 && *digits == '0')
		kind = STIX_BAD;
	if (to + 1 < lx->end && *to == '.' && digit(to[1])) {
		kind = STIX_FLOAT;
		for (to++; to < lx->end && digit(*to);)
			to++;
	} else if (to == digits) {
		return make(lx, STIX_BAD, to == lx->p ? to + 1 : to);
	}
	struct stix_token t = make(lx, kind, to);
	t.negative = negative;
	return t;
}

static struct stix_token comparison(struct stix_lexer *lx)
{
	char a = lx->p[0], b = lx->end - lx->p > 1 ? lx->p[1] : '\0';

	if (a == '=')
		return make(lx, STIX_EQ, lx->p + (b == '=' ? 2 : 1));
	if (a == '!')
		return make(lx, b == '=' ? STIX_NE : STIX_BAD, lx->p + (b == '=' ? 2 : 1));
	if (a == '<' && b == '>')
		return make(lx, STIX_NE, lx->p + 2);
	return make(lx, STIX_ORDER, lx->p + (b == '=' ? 2 : 1));
}

struct stix_token stix_lex(struct stix_lexer *lx)
{
	if (!skip(lx))
		return make(lx, STIX_BAD, lx->end);
	if (lx->p == lx->end)
		return make(lx, STIX_END, lx->end);
	char c = *lx->p;
	if (letter(c))
		return word(lx);
	if (c == '\'') {
		const char *to = string_end(lx->p, lx->end);
		return make(lx, to ? STIX_STRING : STIX_BAD, to ? to : lx->end);
	}
	if (digit(c) || c == '-' || c == '+' ||
	    (c == '.' && lx->end - lx->p > 1 && digit(lx->p[1])))
		return number(lx);
	if (c && strchr("=!<>", c))
		return comparison(lx);
	return make(lx, c && strchr("[](),:.*", c) ? STIX_PUNCT : STIX_BAD, lx->p + 1);
}

long double stix_number(const struct stix_token *t)
{
	char text[64];
	uint32_t n = t->len < sizeof(text) - 1 ? t->len : (uint32_t)sizeof(text) - 1;

	/* a longer one is a fraction with more digits than any double has, or out of range */
	memcpy(text, t->p, n);
	text[n] = '\0';
	return strtold(text, NULL);
}

bool stix_keyword(const struct stix_token *t, const char *w)
{
	return t->kind == STIX_WORD && t->len == strlen(w) && memcmp(t->p, w, t->len) == 0;
}

bool stix_reserved(const struct stix_token *t)
{
	static const char *const words[] = {
		"AND",        "OR",       "NOT",    "FOLLOWEDBY", "LIKE", "MATCHES",
		"ISSUPERSET", "ISSUBSET", "EXISTS", "LAST",       "IN",   "START",
		"STOP",       "SECONDS",  "WITHIN", "REPEATS",    "TIMES"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (stix_keyword(t, words[i]))
			return true;
	return false;
}
