/*
 * json_string - where a JSON string ends, and what its escapes stand for.
 *
 * Thread   any; no state.
 * Owns     nothing.
 * Memory   none.
 * Limit    none.
 */
#ifndef TOCSIN_DECODE_JSON_STRING_H
#define TOCSIN_DECODE_JSON_STRING_H

#include <stdbool.h>
#include <stddef.h>

/*
 * From the byte after the opening quote to the closing quote, or NULL: the
 * string does not end, holds a control character, a bad escape or bytes that
 * are no UTF-8. *escaped tells whether there is anything to unescape.
 */
const char *json_string_end(const char *p, const char *end, bool *escaped);

/* Checked text between the quotes, unescaped into out (at least len bytes). */
size_t json_string_unescape(const char *p, size_t len, char *out);

#endif
