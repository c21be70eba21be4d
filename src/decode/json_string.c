#include "decode/json_string.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/utf8.h"
#include "decode/ascii.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* Four hex digits at p, or -1. */
static int32_t hex4(const char *p, const char *end)
{
	int32_t value = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int d = ascii_hex(p[i]);
		if (d < 0)
			return -1;
		value = value << 4 | d;
	}
	return value;
}

/* The first byte that is not plain: a quote, a backslash, a control character, non-ASCII. */
static const char *skip_plain(const char *p, const char *end)
{
#if defined(__SSE2__)
	const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\');
	const __m128i space = _mm_set1_epi8(0x20);

	for (; end - p >= 16; p += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
		/* signed: bytes from 0x80 are below the space, like control characters */
		__m128i stop = _mm_or_si128(
			_mm_cmplt_epi8(v, space),
			_mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, slash)));
		unsigned mask = (unsigned)_mm_movemask_epi8(stop);
		if (mask)
			return p + __builtin_ctz(mask);
	}
#endif
	while (p < end && (signed char)*p >= 0x20 && *p != '"' && *p != '\\')
		p++;
	return p;
}

/* Length of the escape at p (a backslash), 0 if there is no such escape. */
static size_t escape_len(const char *p, const char *end)
{
	if (end - p < 2)
		return 0;
	if (p[1] == 'u')
		return hex4(p + 2, end) >= 0 ? 6 : 0;
	return p[1] && strchr("\"\\/bfnrt", p[1]) ? 2 : 0;
}

const char *json_string_end(const char *p, const char *end, bool *escaped)
{
	*escaped = false;
	for (;;) {
		p = skip_plain(p, end);
		if (p == end)
			return NULL;
		if (*p == '"')
			return p;
		size_t n = 0;
		if (*p == '\\') {
			n = escape_len(p, end);
			*escaped = true;
		} else if ((signed char)*p < 0) {
			n = utf8_sequence((const uint8_t *)p, (size_t)(end - p));
		}
		if (n == 0)
			return NULL;
		p += n;
	}
}

static char short_escape(char c)
{
	switch (c) {
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	default:
		return c; /* quote, backslash, slash stand for themselves */
	}
}

/* The code point of "\uXXXX" at *p, with its second half where it has one; *p moves past. */
static uint32_t code_point(const char **p, const char *end)
{
	uint32_t cp = (uint32_t)hex4(*p + 2, end);

	*p += 6;
	if (cp < 0xd800 || cp > 0xdfff)
		return cp;
	if (cp <= 0xdbff && end - *p >= 6 && (*p)[0] == '\\' && (*p)[1] == 'u') {
		uint32_t low = (uint32_t)hex4(*p + 2, end);
		if (low >= 0xdc00 && low <= 0xdfff) {
			*p += 6;
			return 0x10000 + ((cp - 0xd800) << 10) + (low - 0xdc00);
		}
	}
	/* UTF-8 has no surrogates; the rest of the string is still evidence */
	return 0xfffd;
}

size_t json_string_unescape(const char *p, size_t len, char *out)
{
	const char *end = p + len;
	char *o = out;

	while (p < end) {
		const char *slash = memchr(p, '\\', (size_t)(end - p));
		size_t plain = (size_t)((slash ? slash : end) - p);
		memcpy(o, p, plain);
		o += plain;
		p += plain;
		if (p == end)
			break;
		if (p[1] == 'u') {
			o += utf8_put(code_point(&p, end), (uint8_t *)o);
		} else {
			*o++ = short_escape(p[1]);
			p += 2;
		}
	}
	assert((size_t)(o - out) <= len);
	return (size_t)(o - out);
}
