/*
 * evidence_image - what a snapshot is made of; for evidence_snapshot.c and
 * evidence_restore.c only.
 *
 * header | cells, each: cell_image, its slot_images, its block if it has one |
 * XXH3-64 of all before it. A sighting's image follows that of its origin. Little-endian. Elements
 * are written, not places, so that a table of any size and seed can join it.
 *
 * Thread   none.
 * Order    none.
 * Owns     nothing.
 * Memory   none.
 * Limit    EVIDENCE_IMAGE_VERSION changes when any of this does.
 */
#ifndef TOCSIN_CORRELATE_EVIDENCE_IMAGE_H
#define TOCSIN_CORRELATE_EVIDENCE_IMAGE_H

#include "correlate/evidence_table.h"

#define EVIDENCE_IMAGE_MAGIC   "tocsinEV"
#define EVIDENCE_IMAGE_VERSION 2
#define EVIDENCE_IMAGE_KINDS   4 /* of elements; a version 1 has no others */

struct header {
	char magic[8];
	uint32_t version, kinds;
	uint64_t cells;
};
static_assert(sizeof(struct header) == 24, "on disk");

struct cell_image {
	uint64_t key;
	uint32_t first, last, marks, entries;
	uint32_t has_block, zero;
};
static_assert(sizeof(struct cell_image) == 32, "on disk");

/* Kinds of images that are not slots'. */
enum { IMAGE_ORIGIN = SLOT_CELL + 1, IMAGE_SIGHTING };

struct slot_image {
	uint64_t element;
	uint32_t kind, zero;
	uint64_t a, b; /* first | last << 32, report; or low, high (of a sighting too) */
};
static_assert(sizeof(struct slot_image) == 32, "on disk");

#define BLOCK_IMAGE (SKETCHES * HLL_REGISTERS + EVIDENCE_BEST * 16)
static_assert(sizeof(struct block) == BLOCK_IMAGE, "written as it lies");

#endif
