/*
 * shipped - where the files that come with the program lie: below PREFIX/share/tocsin of its
 * PREFIX/bin, in the tree that it was built in, in the folder it is started from, or where the
 * system keeps them. In that order.
 *
 * Thread   one owner.
 * Owns     the paths; dirs ends with NULL.
 * Memory   its own.
 * Limit    paths of 4,095 bytes.
 */
#ifndef TOCSIN_ENGINE_SHIPPED_H
#define TOCSIN_ENGINE_SHIPPED_H

#define SHIPPED_DIRS_MAX 5

struct shipped {
	char path[SHIPPED_DIRS_MAX][4096];
	const char *dirs[SHIPPED_DIRS_MAX + 1];
};

/* Candidates for a folder such as "rules/significance", whether they exist or not. */
void shipped_find(struct shipped *s, const char *folder);

#endif
