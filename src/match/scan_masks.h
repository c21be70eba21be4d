/*
 * scan_masks - 64 bytes, told apart: what each walk's classify() fills in.
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

/* What the first pass over a word gives; bytes that do not count are zeroes. */
struct scan_masks {
	uint64_t quote, dot, colon, digit, backslash;
	uint64_t space; /* up to ' ' */
	uint64_t good;  /* letters, digits, '-', '_', '.': what a host name is made of */
	uint64_t hex;
	uint64_t rare; /* '\n', bytes from 0x80 on, and those of the classes asked for */
};

/* What only few records need of a word. */
struct scan_rare_masks {
	uint64_t quote, backslash, colon, at, high;
};

/*
 * A byte's class is the "and" of what its two nibbles allow:
 *   1 digit: 3x, x0..x9        2 hex letter: 4x 6x, x1..x6
 *   4 other letter: 4x 6x, x7..xf   8 other letter: 5x 7x, x0..xa
 *   16 '-' '.': 2x, xd xe      32 '_': 5x, xf
 *   64 backslash: 5x, xc       128 '@': 4x, x0
 */
#define SCAN_CLASS_DIGIT     1
#define SCAN_CLASS_HEX       3
#define SCAN_CLASS_GOOD      63
#define SCAN_CLASS_BACKSLASH 64
#define SCAN_CLASS_AT        128
#define SCAN_LOW_NIBBLES                                                                           \
	(char)(1 | 8 | 128), 1 | 2 | 8, 1 | 2 | 8, 1 | 2 | 8, 1 | 2 | 8, 1 | 2 | 8, 1 | 2 | 8,     \
		1 | 4 | 8, 1 | 4 | 8, 1 | 4 | 8, 4 | 8, 4, 4 | 64, 4 | 16, 4 | 16, 4 | 32
#define SCAN_HIGH_NIBBLES                                                                          \
	0, 0, 16, 1, (char)(2 | 4 | 128), 8 | 32 | 64, 2 | 4, 8, 0, 0, 0, 0, 0, 0, 0, 0

#endif
