/* The walk in plain C, for processors without AVX2. */
#include <assert.h>

#include "match/scan_masks.h"

static const uint8_t low_nibble[16] = {SCAN_LOW_NIBBLES};
static const uint8_t high_nibble[16] = {SCAN_HIGH_NIBBLES};

static inline void classify(const char *p, struct scan_masks *k)
{
	*k = (struct scan_masks){0};
	for (unsigned i = 0; i < 64; i++) {
		uint8_t c = (uint8_t)p[i], class = low_nibble[c & 15] & high_nibble[c >> 4];
		k->quote |= (uint64_t)(c == '"') << i;
		k->backslash |= (uint64_t)(c == '\\') << i;
		k->dot |= (uint64_t)(c == '.') << i;
		k->colon |= (uint64_t)(c == ':') << i;
		k->at |= (uint64_t)(c == '@') << i;
		k->good |= (uint64_t)(class != 0) << i;
		k->hex |= (uint64_t)((class & SCAN_CLASS_HEX) != 0) << i;
		k->high |= (uint64_t)(c >> 7) << i;
	}
}

static inline uint64_t prefix_xor(uint64_t x)
{
	for (unsigned shift = 1; shift < 64; shift *= 2)
		x ^= x << shift;
	return x;
}

#define SCAN_WALK scan_walk_portable
#include "match/scan_walk.h"
