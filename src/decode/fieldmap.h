/*
 * fieldmap - a user's mapping of JSON paths to ECS fields, from YAML.
 *
 *   name: my sensor
 *   timestamp: meta.seen_at
 *   fields:
 *     net.src: source.ip
 *     net.sport: source.port
 *
 * Fields may name further paths for the time: "timestamp" goes first, then
 * the order of the file.
 *
 * Thread   constant after loading.
 * Owns     its copy of all paths.
 * Memory   fieldmap_load() allocates; reading never does.
 * Limit    FIELDMAP_ROWS_MAX rows; paths shorter than JSON_PATH_MAX.
 */
#ifndef TOCSIN_DECODE_FIELDMAP_H
#define TOCSIN_DECODE_FIELDMAP_H

#include "decode/decode.h"
#include "decode/dialect.h"

#define FIELDMAP_ROWS_MAX 512

const struct dialect_index *fieldmap_index(const struct fieldmap *m);
const char *fieldmap_name(const struct fieldmap *m); /* "" when it has none */
/* As fieldmap_load(), from text; path is what problems call it. */
struct fieldmap *fieldmap_parse(const char *text, size_t len, const char *path,
				struct problems *ps);

#endif
