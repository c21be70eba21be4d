/*
 * pattern_cache - compiled Hyperscan databases in files, by what they were compiled from.
 *
 * The name of a file is a hash of all texts, flags and ids, of the library's version and of
 * the processor's features: a database is found as long as none of these changes. Files that
 * were not asked for in PATTERN_CACHE_DAYS are removed.
 *
 * Thread   use: once, before anything is compiled; the others: any.
 * Order    none.
 * Owns     nothing.
 * Memory   what a database takes, twice while it is read.
 * Limit    what compiles in less than PATTERN_CACHE_LEAST_MS is not worth a file.
 *          Files are trusted as cache_file.h says; Hyperscan checks what it reads back.
 */
#ifndef TOCSIN_MATCH_PATTERN_CACHE_H
#define TOCSIN_MATCH_PATTERN_CACHE_H

#include "match/pattern_compile.h"

#define PATTERN_CACHE_DAYS     30
#define PATTERN_CACHE_LEAST_MS 20

/* Databases are looked for and kept in this folder; "" keeps none. The first stays for as
 * long as the process lives. Old files go. */
void pattern_cache_use(const char *dir);

#endif
