/*
 * scan_masks - 64 bytes, told apart: what classify() of each walk fills in.
 *
 * Thread   any.
 * Order    none.
 * Owns     nothing.
 * Memory   none.
 * Limit    none.
 */
#ifndef TOCSIN_MATCH_SCAN_MASKS_H
#define TOCSIN_MATCH_SCAN_MASKS_H

#include <stdint.h>

struct scan_masks {
	uint64_t quote, backslash, dot, colon, at;
	uint64_t good; /* letters, digits, '-', '_', '.': what a host name is made of */
	uint64_t hex;
	uint64_t high; /* 0x80 and above */
};

/*
 * A byte's class is the "and" of what its two nibbles allow:
 *   1 digit: 3x, x0..x9        2 hex letter: 4x 6x, x1..x6
 *   4 other letter: 4x 6x, x7..xf   8 other letter: 5x 7x, x0..xa
 *   16 '-' '.': 2x, xd xe      32 '_': 5x, xf
 */
#define SCAN_CLASS_HEX 3
#define SCAN_LOW_NIBBLES                                                                           \
	1 | 8, 1 | 2 | 8, 1 | 2 | 8, 1 | 2 | 8, 1 | 2 | 8, 1 | 2 | 8, 1 | 2 | 8, 1 | 4 | 8,        \
		1 | 4 | 8, 1 | 4 | 8, 4 | 8, 4, 4, 4 | 16, 4 | 16, 4 | 32
#define SCAN_HIGH_NIBBLES 0, 0, 16, 1, 2 | 4, 8 | 32, 2 | 4, 8, 0, 0, 0, 0, 0, 0, 0, 0

#endif
