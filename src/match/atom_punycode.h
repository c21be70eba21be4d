/*
 * atom_punycode - a label beyond ASCII as its "xn--" form (RFC 3492).
 *
 * Thread   any; no state.
 * Owns     nothing.
 * Memory   none.
 * Limit    ATOM_LABEL_MAX bytes out; at most as many code points in.
 *
 * Mapping is simple lower-casing of the scripts that European registries offer,
 * not all of UTS 46: names arrive in composed form and mostly lower-case already.
 */
#ifndef TOCSIN_MATCH_ATOM_PUNYCODE_H
#define TOCSIN_MATCH_ATOM_PUNYCODE_H

#include <stddef.h>
#include <stdint.h>

#define ATOM_LABEL_MAX 63

/* The lower-case letter of a code point, or itself. */
uint32_t atom_lower(uint32_t cp);

/* UTF-8 label to "xn--..." in out; its length, or 0 (broken UTF-8, too long). */
size_t atom_punycode_label(const uint8_t *p, size_t len, char out[ATOM_LABEL_MAX]);

#endif
