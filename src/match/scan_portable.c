/* The walk in plain C, for processors without AVX2. */
#include <assert.h>
#include <stdbool.h>

#include "match/scan_masks.h"

static const uint8_t low_nibble[16] = {SCAN_LOW_NIBBLES};
static const uint8_t high_nibble[16] = {SCAN_HIGH_NIBBLES};

/* Of all bytes so far, or-ed together. */
struct sum {
	uint8_t bytes, classes;
};

static inline void sum_init(struct sum *sum)
{
	*sum = (struct sum){0};
}

static inline bool sum_high(const struct sum *sum)
{
	return sum->bytes & 0x80;
}

static inline bool sum_class(const struct sum *sum, int class)
{
	return sum->classes & class;
}

static inline void classify(const char *p, unsigned n, struct scan_masks *k, struct sum *sum)
{
	*k = (struct scan_masks){0};
	for (unsigned i = 0; i < n; i++) {
		uint8_t c = (uint8_t)p[i], class = low_nibble[c & 15] & high_nibble[c >> 4];
		sum->bytes |= c;
		sum->classes |= class;
		k->quote |= (uint64_t)(c == '"') << i;
		k->dot |= (uint64_t)(c == '.') << i;
		k->colon |= (uint64_t)(c == ':') << i;
		k->good |= (uint64_t)((class & SCAN_CLASS_GOOD) != 0) << i;
		k->hex |= (uint64_t)((class & SCAN_CLASS_HEX) != 0) << i;
	}
}

static inline void classify_rare(const char *p, unsigned n, struct scan_rare_masks *k)
{
	*k = (struct scan_rare_masks){0};
	for (unsigned i = 0; i < n; i++) {
		k->quote |= (uint64_t)(p[i] == '"') << i;
		k->backslash |= (uint64_t)(p[i] == '\\') << i;
		k->colon |= (uint64_t)(p[i] == ':') << i;
		k->at |= (uint64_t)(p[i] == '@') << i;
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
