/*
 * ruleset_cache - whether what a configuration names is what was compiled last time.
 *
 * The key is of the options and of what the file system says of each file: path, device,
 * inode, size, and when it was last modified and changed. Contents are not read: hashing a
 * large feed would take longer than all the rest of a warm start. A file that changed in
 * the last moment could change again under the same time, so it is not cached yet.
 *
 * Thread   one owner.
 * Order    none.
 * Owns     nothing.
 * Memory   while it runs.
 * Limit    none.
 */
#ifndef TOCSIN_ENGINE_RULESET_CACHE_H
#define TOCSIN_ENGINE_RULESET_CACHE_H

#include "base/cache_file.h"
#include "config/config.h"

/* Where the cache lies; false: the configuration names no folder for it. */
bool ruleset_cache_path(const struct config *c, char path[CONFIG_TEXT_MAX + 64]);
/* False: an input cannot be found, and there is no key. *settled: none changed just now. */
bool ruleset_cache_key(const struct config *c, struct cache_key *key, bool *settled);

#endif
