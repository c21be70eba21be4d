/*
 * benign_load - one list of benign values on its way into the set; private to benign*.c.
 *
 * Thread   one owner.
 * Order    none; the error is sticky.
 * Owns     nothing; the bytes are the caller's.
 * Memory   the set's.
 * Limit    BENIGN_LISTS_MAX lists.
 */
#ifndef TOCSIN_MATCH_BENIGN_LOAD_H
#define TOCSIN_MATCH_BENIGN_LOAD_H

#include "match/indicator.h"

#define BENIGN_LISTS_MAX UINT16_MAX

struct benign_load {
	struct indicator_set *s;
	struct problems *ps;
	const char *path, *p;
	size_t len;
	uint16_t list;
	uint32_t searches;
	int error;
};

/* Keeps one entry of a warninglist of this type, in canonical form; NULL, or why not. */
const char *benign_entry(struct benign_load *b, enum benign_kind kind, struct span v);
/* One line of a plain list: address, network, host name, or a text. */
const char *benign_plain(struct benign_load *b, struct span v);

#endif
