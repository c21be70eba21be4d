/*
 * sigma_yaml - a stream of YAML documents as plain trees.
 *
 * Scalars are typed as YAML 1.2.2's core schema does (yes and no are words). Aliases are
 * followed; a document may hold no cycle, no key twice, no merge key and no tag but the
 * core schema's.
 *
 * Thread   one owner.
 * Owns     nothing: trees are the pool's.
 * Memory   malloc inside libyaml while reading.
 * Limit    SIGMA_DEPTH_MAX levels, SIGMA_NODES_MAX nodes a document, aliases followed.
 */
#ifndef TOCSIN_MATCH_SIGMA_YAML_H
#define TOCSIN_MATCH_SIGMA_YAML_H

#include <stdint.h>

#include "match/sigma/sigma_pool.h"

enum sigma_yaml_kind {
	SIGMA_YAML_NULL,
	SIGMA_YAML_BOOL,
	SIGMA_YAML_INT,
	SIGMA_YAML_FLOAT,
	SIGMA_YAML_TEXT,
	SIGMA_YAML_LIST,
	SIGMA_YAML_MAP,
};

struct sigma_yaml {
	uint8_t kind; /* enum sigma_yaml_kind */
	bool open;    /* private: not read to its end */
	uint32_t line;
	uint32_t nodes; /* itself and all below */
	struct span text; /* of a scalar, as it stands between its quotes */
	uint32_t count, capacity; /* LIST: items; MAP: twice the pairs, key and value in turn */
	struct sigma_yaml **items;
};

struct sigma_yaml_stream;

struct sigma_yaml_stream *sigma_yaml_open(const char *p, size_t len); /* NULL: no memory */
/*
 * The next document's root, from pool; NULL at the end, or with *why told (then no
 * further document can be read): what is wrong, at *line.
 */
struct sigma_yaml *sigma_yaml_next(struct sigma_yaml_stream *s, struct sigma_pool *pool,
				   const char **why, uint32_t *line);
void sigma_yaml_close(struct sigma_yaml_stream *s);

bool sigma_yaml_is_scalar(const struct sigma_yaml *n);
/* The value of a key, or NULL. n may be any node. */
struct sigma_yaml *sigma_yaml_get(const struct sigma_yaml *n, const char *key);
/* INT and FLOAT as a number. */
long double sigma_yaml_number(const struct sigma_yaml *n);
const char *sigma_yaml_kind_name(const struct sigma_yaml *n);

#endif
