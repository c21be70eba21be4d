/*
 * find - bytes in bytes, for needles of some dozen bytes in texts of up to some kilobytes.
 *
 * memmem() of glibc takes its time to prepare, some 50 ns; this compares the first and the
 * last byte of the needle at 16 places at once.
 *
 * Thread   any; no state.
 * Order    none.
 * Owns     nothing.
 * Memory   none.
 * Limit    none, but a long needle that is often nearly there costs its length each time.
 */
#ifndef TOCSIN_BASE_FIND_H
#define TOCSIN_BASE_FIND_H

#include <stddef.h>

/* The first place, or NULL. A needle of no bytes is found at once. */
const char *find_bytes(const char *text, size_t len, const char *needle, size_t needle_len);

#endif
