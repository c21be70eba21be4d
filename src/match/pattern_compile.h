/*
 * pattern_compile - one Hyperscan database from a list, without what it refuses.
 *
 * Thread   one owner.
 * Order    none.
 * Owns     the list owns its texts until pattern_list_fini().
 * Memory   allocates.
 * Limit    PATTERNS_MAX entries.
 */
#ifndef TOCSIN_MATCH_PATTERN_COMPILE_H
#define TOCSIN_MATCH_PATTERN_COMPILE_H

#include <hs.h>
#include <stdbool.h>
#include <stddef.h>

struct pattern_list {
	char **texts;
	size_t *lens;
	unsigned *flags, *ids;
	unsigned count, capacity;
	bool literal; /* texts are bytes, not regexes */
};

/* Copies p. 0, -ENOMEM. */
int pattern_list_add(struct pattern_list *l, const char *p, size_t len, unsigned flags,
		     unsigned id);
void pattern_list_fini(struct pattern_list *l);

typedef void pattern_refused(void *ctx, unsigned id, const char *why);

/*
 * *db is NULL for an empty list. What Hyperscan refuses is told, and left out.
 * 0, -ENOMEM, -EINVAL when it refuses the whole without naming an entry.
 */
int pattern_list_compile(struct pattern_list *l, hs_database_t **db, pattern_refused *refused,
			 void *ctx);
/* The same without a look at the cache (pattern_cache.h). */
int pattern_list_build(struct pattern_list *l, hs_database_t **db, pattern_refused *refused,
		       void *ctx);

#endif
