/*
 * pattern_library - whether the pattern library at hand finds what is there.
 *
 * Vectorscan 5.4.9, which Debian 12 has, misses short patterns beyond a block's first 64
 * bytes on processors with AVX-512: "/", or "ab" beside one more (its issues 304 and 317
 * tell of such). A missed literal is a missed attack, so this is looked at before
 * anything is compiled. Hyperscan 5.4.0 passes.
 *
 * Thread   any; looked at once.
 * Memory   some databases of a few kilobytes, freed before it returns.
 */
#ifndef TOCSIN_MATCH_PATTERN_LIBRARY_H
#define TOCSIN_MATCH_PATTERN_LIBRARY_H

/* 0; -ENOTSUP: it misses, and why says what; -ENOMEM. */
int pattern_library_check(char why[256]);

#endif
