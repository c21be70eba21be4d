/* The walk with AVX-512BW: 64 bytes a load, comparisons straight into bit masks. */
#include <assert.h>
#include <stdbool.h>

#include "match/scan_masks.h"

#ifdef __x86_64__
#ifdef __clang__
#pragma clang attribute push(                                                                      \
	__attribute__((target("avx512f,avx512bw,avx2,bmi,bmi2,lzcnt,popcnt,pclmul"))),             \
	apply_to = function)
#else
#pragma GCC target("avx512f,avx512bw,avx2,bmi,bmi2,lzcnt,popcnt,pclmul")
#endif
#include <immintrin.h>

static inline uint64_t bytes_equal(__m512i v, char c)
{
	return _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(c));
}

static inline __m512i load(const char *p, unsigned n)
{
	return n == 64 ? _mm512_loadu_si512(p) : _mm512_maskz_loadu_epi8((UINT64_C(1) << n) - 1, p);
}

static inline void classify(const char *p, unsigned n, int rare, struct scan_masks *k)
{
	const __m512i low = _mm512_broadcast_i32x4(_mm_setr_epi8(SCAN_LOW_NIBBLES));
	const __m512i high = _mm512_broadcast_i32x4(_mm_setr_epi8(SCAN_HIGH_NIBBLES));
	__m512i v = load(p, n);
	__m512i nibble = _mm512_and_si512(_mm512_srli_epi16(v, 4), _mm512_set1_epi8(15));
	/* a byte from 0x80 on looks up zero in low */
	__m512i class =
		_mm512_and_si512(_mm512_shuffle_epi8(low, v), _mm512_shuffle_epi8(high, nibble));

	k->quote = bytes_equal(v, '"');
	k->dot = bytes_equal(v, '.');
	k->colon = bytes_equal(v, ':');
	k->space = _mm512_cmple_epu8_mask(v, _mm512_set1_epi8(' '));
	k->backslash = bytes_equal(v, '\\');
	k->digit = _mm512_test_epi8_mask(class, _mm512_set1_epi8(SCAN_CLASS_DIGIT));
	k->good = _mm512_test_epi8_mask(class, _mm512_set1_epi8(SCAN_CLASS_GOOD));
	k->hex = _mm512_test_epi8_mask(class, _mm512_set1_epi8(SCAN_CLASS_HEX));
	k->rare = _mm512_test_epi8_mask(class, _mm512_set1_epi8((char)rare)) |
		  _mm512_movepi8_mask(v) | bytes_equal(v, '\n');
}

static inline uint64_t odd_escapes(const char *p, unsigned n)
{
	__m512i v = load(p, n);

	return bytes_equal(v, 'u') | bytes_equal(v, '/');
}

static inline void classify_rare(const char *p, unsigned n, struct scan_rare_masks *k)
{
	__m512i v = load(p, n);

	k->quote = bytes_equal(v, '"');
	k->backslash = bytes_equal(v, '\\');
	k->colon = bytes_equal(v, ':');
	k->at = bytes_equal(v, '@');
	k->high = _mm512_movepi8_mask(v);
}

static inline uint64_t prefix_xor(uint64_t x)
{
	__m128i ones = _mm_set1_epi8(-1);
	return (uint64_t)_mm_cvtsi128_si64(
		_mm_clmulepi64_si128(_mm_set_epi64x(0, (long long)x), ones, 0));
}

static inline uint32_t zero_groups(const uint64_t *bits)
{
	return _mm512_cmpeq_epi16_mask(_mm512_loadu_si512(bits), _mm512_setzero_si512());
}

#define SCAN_WALK(name) name##_avx512
#include "match/scan_walk.h"

#ifdef __clang__
#pragma clang attribute pop
#endif
#endif
