/*
 * sigma_fold - text whose case does not matter, as texts that are equal byte by byte.
 *
 * Each code point becomes the lower case of its upper case, one for one: what Unicode
 * calls simple case folding (CaseFolding.txt, C and S), except that a letter outside ASCII
 * never becomes one of ASCII (U+212A is not k, U+017F not s), so that a scan for ASCII
 * letters in two cases finds all. Bytes that are no UTF-8 stay as they are.
 *
 * Thread   any, after the first sigma_fold_init().
 * Owns     a locale, for as long as the process runs.
 * Memory   sigma_fold_init() allocates once; folding never does.
 * Limit    out takes SIGMA_FOLD_ROOM(len) bytes: two bytes may become three.
 */
#ifndef TOCSIN_MATCH_SIGMA_FOLD_H
#define TOCSIN_MATCH_SIGMA_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIGMA_FOLD_ROOM(len) ((len) + (len) / 2 + 4)

void sigma_fold_init(void);
uint32_t sigma_fold_code(uint32_t cp);
size_t sigma_fold(const char *p, size_t len, char *out); /* bytes written */

#endif
