/*
 * cache_file - parts of memory in one file, and back as a mapping.
 *
 * A cache is trusted as far as its file is: a regular file of this user or root that
 * nobody else may write. Beyond that its size, key and checksum must be right; what the
 * parts hold is for their reader to check.
 *
 * Thread   one owner.
 * Order    a file appears whole under its name or not at all (rename).
 * Owns     the mapping, until cache_file_close().
 * Memory   the mapping is private and read-only: pages of the file's.
 * Limit    CACHE_PARTS_MAX parts, each at a multiple of 64 bytes.
 */
#ifndef TOCSIN_BASE_CACHE_FILE_H
#define TOCSIN_BASE_CACHE_FILE_H

#include <stddef.h>
#include <stdint.h>

#define CACHE_PARTS_MAX 48

struct cache_part {
	const void *p;
	uint64_t bytes;
};

struct cache_key {
	uint64_t hash[2];
};

struct cache_file {
	void *map;
	size_t bytes;
	struct cache_part parts[CACHE_PARTS_MAX];
};

int cache_file_write(const char *path, const struct cache_key *key,
		     const struct cache_part parts[CACHE_PARTS_MAX]); /* 0, -errno */
/* 0; -ENOENT: no file, or of another key; -EPERM: others may write it; -EBADMSG: damaged. */
int cache_file_open(struct cache_file *f, const char *path, const struct cache_key *key);
void cache_file_close(struct cache_file *f);

#endif
