/* The walk in plain C, for processors without AVX2. */
#include <assert.h>
#include <stdbool.h>

#include "match/scan_masks.h"

static const uint8_t low_nibble[16] = {SCAN_LOW_NIBBLES};
static const uint8_t high_nibble[16] = {SCAN_HIGH_NIBBLES};

static inline void classify(const char *p, unsigned n, int rare, struct scan_masks *k)
{
	*k = (struct scan_masks){0};
	for (unsigned i = 0; i < n; i++) {
		uint8_t c = (uint8_t)p[i], class = low_nibble[c & 15] & high_nibble[c >> 4];
		k->quote |= (uint64_t)(c == '"') << i;
		k->dot |= (uint64_t)(c == '.') << i;
		k->colon |= (uint64_t)(c == ':') << i;
		k->space |= (uint64_t)(c <= ' ') << i;
		k->backslash |= (uint64_t)(c == '\\') << i;
		k->digit |= (uint64_t)((class & SCAN_CLASS_DIGIT) != 0) << i;
		k->good |= (uint64_t)((class & SCAN_CLASS_GOOD) != 0) << i;
		k->hex |= (uint64_t)((class & SCAN_CLASS_HEX) != 0) << i;
		k->rare |= (uint64_t)((class & rare) || c >= 0x80 || c == '\n') << i;
	}
}

static inline uint64_t odd_escapes(const char *p, unsigned n)
{
	uint64_t odd = 0;

	for (unsigned i = 0; i < n; i++)
		odd |= (uint64_t)(p[i] == 'u' || p[i] == '/') << i;
	return odd;
}

static inline void classify_rare(const char *p, unsigned n, struct scan_rare_masks *k)
{
	*k = (struct scan_rare_masks){0};
	for (unsigned i = 0; i < n; i++) {
		k->quote |= (uint64_t)(p[i] == '"') << i;
		k->backslash |= (uint64_t)(p[i] == '\\') << i;
		k->colon |= (uint64_t)(p[i] == ':') << i;
		k->at |= (uint64_t)(p[i] == '@') << i;
		k->high |= (uint64_t)((uint8_t)p[i] >= 0x80) << i;
	}
}

static inline uint64_t prefix_xor(uint64_t x)
{
	for (unsigned shift = 1; shift < 64; shift *= 2)
		x ^= x << shift;
	return x;
}

static inline uint32_t zero_groups(const uint64_t *bits)
{
	uint32_t groups = 0;

	for (unsigned i = 0; i < 32; i++)
		groups |= (uint32_t)((bits[i / 4] >> (i % 4 * 16) & 0xffff) == 0) << i;
	return groups;
}

#define SCAN_WALK(name) name##_portable
#include "match/scan_walk.h"
