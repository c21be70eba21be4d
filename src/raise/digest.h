/*
 * digest - a running XXH3-128 over printed lines, each with its newline: the
 * same number that xxh128sum gives for the file.
 *
 * Thread   one owner.
 * Order    lines count in the order they are added.
 * Owns     nothing outside itself.
 * Memory   none beyond the struct.
 * Limit    not for secrets: XXH3 is no cryptographic hash.
 */
#ifndef TOCSIN_RAISE_DIGEST_H
#define TOCSIN_RAISE_DIGEST_H

#include "base/hash.h"

#define DIGEST_TEXT_MAX 33

struct digest {
	XXH3_state_t state;
};

void digest_init(struct digest *d);
void digest_line(struct digest *d, const char *line, size_t len); /* without its newline */
void digest_hex(const struct digest *d, char out[DIGEST_TEXT_MAX]);

#endif
