/* test_candidate_names - names_* over plain arrays, while the real ones are not in the tree. */
#ifndef TOCSIN_TESTS_CANDIDATE_NAMES_H
#define TOCSIN_TESTS_CANDIDATE_NAMES_H

#include <stdlib.h>
#include <string.h>

#include "correlate/names.h"

struct names {
	struct threat_name threat[256];
	char *by[256];
	uint32_t threats, bys;
};

int names_init(struct names **n)
{
	*n = calloc(1, sizeof(**n));
	return *n ? 0 : -1;
}

void names_fini(struct names *n)
{
	for (uint32_t i = 0; i < n->threats; i++) {
		free((char *)n->threat[i].id);
		free((char *)n->threat[i].name);
	}
	for (uint32_t i = 0; i < n->bys; i++)
		free(n->by[i]);
	free(n);
}

uint32_t names_threat(struct names *n, uint8_t kind, const char *id, size_t id_len,
		      const char *name, size_t name_len)
{
	n->threat[n->threats++] =
		(struct threat_name){kind, strndup(id, id_len), strndup(name, name_len)};
	return n->threats;
}

uint32_t names_by(struct names *n, const char *by, size_t len)
{
	n->by[n->bys++] = strndup(by, len);
	return n->bys;
}

const struct threat_name *names_threat_get(const struct names *n, uint32_t threat)
{
	return &n->threat[threat - 1];
}

const char *names_by_get(const struct names *n, uint32_t by)
{
	return n->by[by - 1];
}

#endif
