#include "base/find.h"

#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>

/* Of 16 places from p on, those where the needle's first and last byte stand. */
static unsigned places(const char *p, __m128i first, __m128i last, size_t needle_len)
{
	__m128i a = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i b = _mm_loadu_si128((const __m128i *)(const void *)(p + needle_len - 1));

	return (unsigned)_mm_movemask_epi8(
		_mm_and_si128(_mm_cmpeq_epi8(a, first), _mm_cmpeq_epi8(b, last)));
}

static const char *check(const char *p, unsigned at, const char *needle, size_t needle_len)
{
	for (; at; at &= at - 1) {
		const char *here = p + __builtin_ctz(at);
		if (memcmp(here, needle, needle_len) == 0)
			return here;
	}
	return NULL;
}

const char *find_bytes(const char *text, size_t len, const char *needle, size_t needle_len)
{
	if (needle_len == 0)
		return text;
	if (needle_len > len)
		return NULL;
	size_t starts = len - needle_len + 1; /* places where it could begin */
	if (starts < 16)
		return memmem(text, len, needle, needle_len);
	const __m128i first = _mm_set1_epi8(needle[0]);
	const __m128i last = _mm_set1_epi8(needle[needle_len - 1]);
	const char *p = text, *end = text + starts, *found = NULL;
	for (; end - p >= 16 && !found; p += 16)
		found = check(p, places(p, first, last, needle_len), needle, needle_len);
	/* the last places once more, with some that were seen */
	if (!found && p < end)
		found = check(end - 16, places(end - 16, first, last, needle_len), needle,
			      needle_len);
	return found;
}
#else
const char *find_bytes(const char *text, size_t len, const char *needle, size_t needle_len)
{
	return memmem(text, len, needle, needle_len);
}
#endif
