/* utf8 - well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates. */
#ifndef TOCSIN_BASE_UTF8_H
#define TOCSIN_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the well-formed sequence at p (1..4), or 0 where it is broken. */
size_t utf8_sequence(const uint8_t *p, size_t len);
bool utf8_valid(const uint8_t *p, size_t len);
/* Writes code point cp; returns 1..4, or 0 for a surrogate or beyond U+10FFFF. */
size_t utf8_put(uint32_t cp, uint8_t out[4]);

#endif
