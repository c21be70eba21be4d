/* The walk with AVX2: 32 bytes a load. */
#include <assert.h>
#include <stdbool.h>

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

/* 32 of the n bytes at p, from this one on; zeroes behind them. */
static inline __m256i load(const char *p, unsigned from, unsigned n)
{
	static const uint8_t keep[128] = {
		[0 ... 63] = 0xff,
	};
	__m256i v = _mm256_loadu_si256((const __m256i *)(const void *)(p + from));

	if (n == 64)
		return v;
	return _mm256_and_si256(
		v, _mm256_loadu_si256((const __m256i *)(const void *)(keep + 64 - n + from)));
}

static inline uint64_t of_class(__m256i a, __m256i b, int class)
{
	__m256i c = _mm256_set1_epi8((char)class), zero = _mm256_setzero_si256();

	return ~bits_of(_mm256_cmpeq_epi8(_mm256_and_si256(a, c), zero),
			_mm256_cmpeq_epi8(_mm256_and_si256(b, c), zero));
}

static inline __m256i at_most_blank(__m256i v)
{
	return _mm256_cmpeq_epi8(_mm256_max_epu8(v, _mm256_set1_epi8(' ')), _mm256_set1_epi8(' '));
}

static inline void classify(const char *p, unsigned n, int rare, struct scan_masks *k)
{
	__m256i a = load(p, 0, n), b = load(p, 32, n);
	__m256i ca = class_of(a), cb = class_of(b);

	k->quote = bytes_equal(a, b, '"');
	k->dot = bytes_equal(a, b, '.');
	k->colon = bytes_equal(a, b, ':');
	k->space = bits_of(at_most_blank(a), at_most_blank(b));
	k->backslash = bytes_equal(a, b, '\\');
	k->digit = of_class(ca, cb, SCAN_CLASS_DIGIT);
	k->good = of_class(ca, cb, SCAN_CLASS_GOOD);
	k->hex = of_class(ca, cb, SCAN_CLASS_HEX);
	k->rare = of_class(ca, cb, rare) | bits_of(a, b) | bytes_equal(a, b, '\n');
}

static inline uint64_t odd_escapes(const char *p, unsigned n)
{
	__m256i a = load(p, 0, n), b = load(p, 32, n);

	return bytes_equal(a, b, 'u') | bytes_equal(a, b, '/');
}

static inline void classify_rare(const char *p, unsigned n, struct scan_rare_masks *k)
{
	__m256i a = load(p, 0, n), b = load(p, 32, n);

	k->quote = bytes_equal(a, b, '"');
	k->backslash = bytes_equal(a, b, '\\');
	k->colon = bytes_equal(a, b, ':');
	k->at = bytes_equal(a, b, '@');
	k->high = bits_of(a, b);
}

static inline uint64_t prefix_xor(uint64_t x)
{
	__m128i ones = _mm_set1_epi8(-1);
	return (uint64_t)_mm_cvtsi128_si64(
		_mm_clmulepi64_si128(_mm_set_epi64x(0, (long long)x), ones, 0));
}

static inline uint32_t zero_groups(const uint64_t *bits)
{
	const __m256i zero = _mm256_setzero_si256(), *v = (const __m256i *)(const void *)bits;
	__m256i a = _mm256_cmpeq_epi16(_mm256_loadu_si256(v), zero);
	__m256i b = _mm256_cmpeq_epi16(_mm256_loadu_si256(v + 1), zero);

	/* packing works in halves: a low, b low, a high, b high */
	return (uint32_t)_mm256_movemask_epi8(
		_mm256_permute4x64_epi64(_mm256_packs_epi16(a, b), 0xd8));
}

#define SCAN_WALK(name) name##_avx2
#include "match/scan_walk.h"

#ifdef __clang__
#pragma clang attribute pop
#endif
#endif
