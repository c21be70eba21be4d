#include "match/sigma/sigma_fold.h"

#include <assert.h>
#include <locale.h>
#include <pthread.h>
#include <string.h>
#include <wctype.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "base/utf8.h"

static locale_t unicode;

/* glibc builds C.UTF-8 in; without it only ASCII folds. */
static void open_locale(void)
{
	unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	if (!unicode)
		unicode = newlocale(LC_CTYPE_MASK, "C", (locale_t)0);
}

void sigma_fold_init(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, open_locale);
	assert(unicode);
}

uint32_t sigma_fold_code(uint32_t cp)
{
	if (cp < 0x80)
		return cp >= 'A' && cp <= 'Z' ? cp | 0x20 : cp;
	uint32_t folded = (uint32_t)towlower_l(towupper_l((wint_t)cp, unicode), unicode);
	return folded < 0x80 ? cp : folded;
}

/* The code point of a well-formed sequence of n bytes. */
static uint32_t code_point(const uint8_t *p, size_t n)
{
	uint32_t cp = n == 1 ? p[0] : p[0] & (0xffu >> (n + 1));

	for (size_t i = 1; i < n; i++)
		cp = cp << 6 | (p[i] & 0x3f);
	return cp;
}

#if defined(__SSE2__)
/* Sixteen bytes of ASCII at a time, as long as there are such; how many were folded. */
static size_t fold_ascii(const uint8_t *in, size_t len, uint8_t *out)
{
	const __m128i before = _mm_set1_epi8('A' - 1), behind = _mm_set1_epi8('Z' + 1);
	size_t i = 0;

	for (; i + 16 <= len; i += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(in + i));
		if (_mm_movemask_epi8(v))
			break;
		__m128i upper = _mm_and_si128(_mm_cmpgt_epi8(v, before), _mm_cmplt_epi8(v, behind));
		v = _mm_or_si128(v, _mm_and_si128(upper, _mm_set1_epi8(0x20)));
		_mm_storeu_si128((__m128i *)(void *)(out + i), v);
	}
	return i;
}
#else
static size_t fold_ascii(const uint8_t *in, size_t len, uint8_t *out)
{
	(void)in, (void)len, (void)out;
	return 0;
}
#endif

size_t sigma_fold(const char *p, size_t len, char *out)
{
	const uint8_t *in = (const uint8_t *)p, *end = in + len;
	uint8_t *o = (uint8_t *)out;

	while (in < end) {
		size_t many = fold_ascii(in, (size_t)(end - in), o);
		in += many;
		o += many;
		if (in == end)
			break;
		if (*in < 0x80) {
			*o++ = (uint8_t)(*in >= 'A' && *in <= 'Z' ? *in | 0x20 : *in);
			in++;
			continue;
		}
		size_t n = utf8_sequence(in, (size_t)(end - in));
		if (n == 0)
			*o++ = *in++;
		else
			o += utf8_put(sigma_fold_code(code_point(in, n)), o);
		in += n;
	}
	assert((size_t)(o - (uint8_t *)out) <= SIGMA_FOLD_ROOM(len));
	return (size_t)(o - (uint8_t *)out);
}
