/*
 * match_cache - a sealed set and its exact tables in a file, and back without reading a feed.
 *
 * Thread   one owner.
 * Order    none.
 * Owns     an opened set holds the mapping; its matcher borrows from it.
 * Memory   the file's pages; what live versions are held against is copied.
 * Limit    as cache_file. Every number and offset is checked before it is used: a file that
 *          was made to harm is refused like a damaged one.
 *
 * Patterns are not in it: their databases have files of their own (pattern_cache.h).
 */
#ifndef TOCSIN_MATCH_MATCH_CACHE_H
#define TOCSIN_MATCH_MATCH_CACHE_H

#include "base/cache_file.h"
#include "match/match.h"

/* Of ps those that loading told (but for rules), from first to before last. more: bytes of the caller's
 * own, or NULL. 0, -errno. */
int match_cache_save(const char *path, const struct cache_key *key, const struct matcher *m,
		     const struct problems *ps, size_t first, size_t last,
		     const struct cache_part *more);
/* The set and its matcher; ps gets what loading told then. set is as after
 * indicator_set_seal(); more is of its file. 0; -ENOENT, -EPERM, -EBADMSG as cache_file_open(); -ENOMEM. */
int match_cache_open(const char *path, const struct cache_key *key, struct indicator_set *set,
		     struct matcher **m, struct problems *ps, struct cache_part *more);

#endif
