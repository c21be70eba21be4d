/* The walk with AVX-512BW: 64 bytes a load, comparisons straight into bit masks. */
#include <assert.h>

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

static inline void classify(const char *p, struct scan_masks *k)
{
	const __m512i low = _mm512_broadcast_i32x4(_mm_setr_epi8(SCAN_LOW_NIBBLES));
	const __m512i high = _mm512_broadcast_i32x4(_mm_setr_epi8(SCAN_HIGH_NIBBLES));
	__m512i v = _mm512_loadu_si512(p);
	__m512i nibble = _mm512_and_si512(_mm512_srli_epi16(v, 4), _mm512_set1_epi8(15));
	/* a byte from 0x80 on looks up zero in low */
	__m512i class =
		_mm512_and_si512(_mm512_shuffle_epi8(low, v), _mm512_shuffle_epi8(high, nibble));

	k->quote = bytes_equal(v, '"');
	k->backslash = bytes_equal(v, '\\');
	k->dot = bytes_equal(v, '.');
	k->colon = bytes_equal(v, ':');
	k->at = bytes_equal(v, '@');
	k->high = _mm512_movepi8_mask(v);
	k->good = _mm512_test_epi8_mask(class, class);
	k->hex = _mm512_test_epi8_mask(class, _mm512_set1_epi8(SCAN_CLASS_HEX));
}

static inline uint64_t prefix_xor(uint64_t x)
{
	__m128i ones = _mm_set1_epi8(-1);
	return (uint64_t)_mm_cvtsi128_si64(
		_mm_clmulepi64_si128(_mm_set_epi64x(0, (long long)x), ones, 0));
}

#define SCAN_WALK scan_walk_avx512
#include "match/scan_walk.h"

#ifdef __clang__
#pragma clang attribute pop
#endif
#endif
