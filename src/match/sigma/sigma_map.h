/*
 * sigma_map - how records name what rules call a field, and which log sources they are of.
 *
 * A document of a map file describes a family of records (the *.yaml of rules/fieldmaps/sigma):
 *
 *   name: windows
 *   shapes:                        # how the same event is spelt by different shippers
 *     - name: winlogbeat
 *       tells: [winlog.channel, winlog.event_id]    # a record with all of these
 *       under: [winlog.event_data.]                 # where a field is looked for by its own name
 *       fields: {Channel: winlog.channel}           # or by another one
 *   fields: {Image: [NewProcessName]}               # other fields that stand in for an absent one
 *   logsources:                                     # every one whose conditions hold
 *     - {product: windows, service: security, when: {Channel: Security}}
 *
 * A path is keys joined by dots (decode/json.h); blanks count for nothing. In "under", one
 * "*" stands for a key of any name. "tells" may be a map of paths and the values they must have.
 * Of a field's places, the first that holds a value counts: fields of the shape, then "under",
 * then the same for what stands in.
 *
 * Thread   built by one thread, then constant.
 * Order    maps are tried in the order they were loaded; of several shapes that a record tells,
 *          the one with the most words.
 * Owns     its texts.
 * Memory   malloc while loading.
 * Limit    SIGMA_SHAPES_MAX shapes, SIGMA_ROUTES_MAX log sources in all.
 */
#ifndef TOCSIN_MATCH_SIGMA_MAP_H
#define TOCSIN_MATCH_SIGMA_MAP_H

#include "base/problem.h"
#include "match/sigma/sigma_pool.h"
#include "match/sigma/sigma_rule.h"

#define SIGMA_SHAPES_MAX 64
#define SIGMA_ROUTES_MAX 512

/* A field or path, and the values that it may have: none means any. */
struct sigma_test {
	struct span name;
	uint32_t count;
	const struct span *values; /* compared as Sigma does: without case */
};

struct sigma_tests {
	uint32_t count;
	const struct sigma_test *list;
};

/* Names that go by another name: one to many, in order. */
struct sigma_alias {
	struct span name;
	uint32_t count;
	const struct span *others;
};

struct sigma_aliases {
	uint32_t count;
	const struct sigma_alias *list;
};

struct sigma_shape {
	struct span name;
	struct sigma_tests tells; /* by path */
	uint32_t under_count;
	const struct span *under;
	struct sigma_aliases fields; /* field -> paths */
	uint32_t map;
};

/* A log source that a record is of when all of when hold and none of unless. */
struct sigma_route {
	struct sigma_logsource is;
	struct sigma_tests when, unless; /* by field */
	uint32_t map;
};

struct sigma_map {
	struct span name;
	struct sigma_aliases fields; /* field -> other fields */
};

struct sigma_maps {
	struct sigma_map map[SIGMA_SHAPES_MAX];
	struct sigma_shape shape[SIGMA_SHAPES_MAX];
	struct sigma_route route[SIGMA_ROUTES_MAX];
	uint32_t map_count, shape_count, route_count;
	struct sigma_pool pool;
};

struct sigma_maps *sigma_maps_create(void); /* NULL: no memory */
void sigma_maps_free(struct sigma_maps *m);
/* One file's text. What is wrong goes to ps (kind "fieldmap"). 0, -EINVAL, -ENOMEM. */
int sigma_maps_load(struct sigma_maps *m, const char *path, const char *p, size_t len,
		    struct problems *ps);
/* Every *.yaml of a folder, in the order of their names. 0, -errno. */
int sigma_maps_load_dir(struct sigma_maps *m, const char *dir, struct problems *ps);

#endif
