/* The walk with AVX2: 32 bytes a load. */
#include <assert.h>

#include "match/scan_masks.h"

#ifdef __x86_64__
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2,lzcnt,popcnt,pclmul"))),         \
			     apply_to = function)
#else
#pragma GCC target("avx2,bmi,bmi2,lzcnt,popcnt,pclmul")
#endif
#include <immintrin.h>

static inline uint64_t bits_of(__m256i a, __m256i b)
{
	return (uint32_t)_mm256_movemask_epi8(a) | (uint64_t)(uint32_t)_mm256_movemask_epi8(b)
							   << 32;
}

static inline uint64_t bytes_equal(__m256i a, __m256i b, char c)
{
	__m256i v = _mm256_set1_epi8(c);
	return bits_of(_mm256_cmpeq_epi8(a, v), _mm256_cmpeq_epi8(b, v));
}

static inline __m256i class_of(__m256i v)
{
	const __m256i low = _mm256_broadcastsi128_si256(_mm_setr_epi8(SCAN_LOW_NIBBLES));
	const __m256i high = _mm256_broadcastsi128_si256(_mm_setr_epi8(SCAN_HIGH_NIBBLES));
	__m256i nibble = _mm256_and_si256(_mm256_srli_epi16(v, 4), _mm256_set1_epi8(15));

	/* a byte from 0x80 on looks up zero in low */
	return _mm256_and_si256(_mm256_shuffle_epi8(low, v), _mm256_shuffle_epi8(high, nibble));
}

static inline void classify(const char *p, struct scan_masks *k)
{
	__m256i a = _mm256_loadu_si256((const __m256i *)(const void *)p);
	__m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32));
	__m256i ca = class_of(a), cb = class_of(b);
	__m256i hex = _mm256_set1_epi8(SCAN_CLASS_HEX), zero = _mm256_setzero_si256();

	k->quote = bytes_equal(a, b, '"');
	k->backslash = bytes_equal(a, b, '\\');
	k->dot = bytes_equal(a, b, '.');
	k->colon = bytes_equal(a, b, ':');
	k->at = bytes_equal(a, b, '@');
	k->high = bits_of(a, b);
	k->good = ~bits_of(_mm256_cmpeq_epi8(ca, zero), _mm256_cmpeq_epi8(cb, zero));
	k->hex = ~bits_of(_mm256_cmpeq_epi8(_mm256_and_si256(ca, hex), zero),
			  _mm256_cmpeq_epi8(_mm256_and_si256(cb, hex), zero));
}

static inline uint64_t prefix_xor(uint64_t x)
{
	__m128i ones = _mm_set1_epi8(-1);
	return (uint64_t)_mm_cvtsi128_si64(
		_mm_clmulepi64_si128(_mm_set_epi64x(0, (long long)x), ones, 0));
}

#define SCAN_WALK scan_walk_avx2
#include "match/scan_walk.h"

#ifdef __clang__
#pragma clang attribute pop
#endif
#endif
