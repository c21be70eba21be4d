/*
 * evidence_image - what a snapshot is made of; for evidence_snapshot.c,
 * evidence_restore.c and evidence_merge.c only.
 *
 * header | cells, each: cell_image, its slot_images, its block if it has one |
 * how many lost_images, and those | XXH3-64 of all before it. A sighting's image
 * follows that of its origin, and that of what it is known by. Little-endian. Elements are written, not places, so
 * that a table of any size and seed can join it.
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
#define EVIDENCE_IMAGE_VERSION 6
#define EVIDENCE_IMAGE_KINDS   4 /* of elements: what readers are told */

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
enum { IMAGE_ORIGIN = SLOT_CELL + 1, IMAGE_SIGHTING, IMAGE_IDENTITY };

struct slot_image {
	uint64_t element;
	uint32_t kind, zero;
	uint64_t a, b; /* first | last << 32, report, sole or named; or low, high (of a sighting too) */
};
static_assert(sizeof(struct slot_image) == 32, "on disk");

struct lost_image {
	uint64_t place, count;
	int64_t until;
};
static_assert(sizeof(struct lost_image) == 24, "on disk");

/* A cell as it is written: its image (entries is left 0), then its slots' and sightings' in
 * turn. Writers may be on. */
struct cell_image evidence_image_cell(const struct evidence_table *t, uint32_t cell);
void evidence_image_elements(const struct evidence_table *t, uint32_t cell,
			     void (*fn)(void *arg, const struct slot_image *image), void *arg);

#define BLOCK_IMAGE (SKETCHES * HLL_REGISTERS + EVIDENCE_BEST * 16)
static_assert(sizeof(struct block) == BLOCK_IMAGE, "written as it lies");

void evidence_image_block(const struct evidence_table *t, uint32_t cell, uint8_t out[BLOCK_IMAGE]);

/* A cell's image on its way into a table: begin, elements in their order, block, end. */
struct merging {
	struct evidence_table *t;
	uint64_t key, salt;
	uint64_t origin;   /* of the sightings */
	uint64_t identity; /* of the next one; 0 = none */
	uint32_t cell;              /* NONE: there was no room */
	int rc;
};
void evidence_merge_begin(struct merging *m, const struct cell_image *image);
void evidence_merge_element(struct merging *m, const struct slot_image *image);
void evidence_merge_block(struct merging *m, const uint8_t *block, uint32_t marks);
int evidence_merge_end(struct merging *m); /* 0, -ENOSPC */

#endif
