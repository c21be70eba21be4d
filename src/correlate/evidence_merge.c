/* Cells joined into a table, from a snapshot or from another table: what is there
 * already and what comes are united, whichever was first. */
#include <errno.h>
#include <string.h>

#include "correlate/evidence_image.h"

void evidence_merge_begin(struct merging *m, const struct cell_image *image)
{
	m->key = image->key;
	m->salt = evidence_table_salt(m->t, image->key);
	m->cell = evidence_table_cell(m->t, image->key, m->salt);
	if (m->cell == NONE) {
		m->rc = -ENOSPC;
		return;
	}
	evidence_join_or32(&m->t->cells[m->cell].marks, image->marks & ((1u << MARK_SKETCH) - 1));
	if (!image->first)
		return;
	bool claimed;
	uint32_t more = evidence_table_more(m->t, m->cell, m->salt, &claimed);
	if (more == NONE) {
		m->rc = -ENOSPC;
		m->cell = NONE;
		return;
	}
	evidence_join_max32(&m->t->slots[more].first, image->first);
	evidence_join_max32(&m->t->slots[more].last, image->last);
}

static void join_image(struct slot *s, const struct slot_image *image)
{
	if (image->kind == SLOT_RECORD) {
		evidence_join_item(&s->low, (struct packed){~image->a, ~image->b});
		return;
	}
	evidence_join_max32(&s->first, (uint32_t)image->a);
	evidence_join_max32(&s->last, (uint32_t)(image->a >> 32));
	if (image->kind == SLOT_ENTITY)
		evidence_join_sole(&s->sole, (uint16_t)image->b);
	if (image->kind == SLOT_ORIGIN)
		evidence_join_or64(&s->named, image->b);
	if (image->kind == SLOT_REPORT)
		evidence_join_report(&s->report,
				     (uint8_t)(image->element >> EVIDENCE_REPORTER_BITS),
				     (uint32_t)(image->b >> 32), (uint32_t)image->b);
}

/* An element that found the exact entries used up. */
static void join_over(struct merging *m, const struct slot_image *image)
{
	struct block *b = evidence_table_block(m->t, m->cell);
	uint8_t rank;

	if (!b) {
		m->rc = -ENOSPC;
		return;
	}
	uint32_t r = hll_register(image->element, &rank);
	evidence_join_max8(&b->regs[image->kind][r], rank);
	if (image->kind == SLOT_RECORD)
		evidence_join_item(&b->best[image->element % EVIDENCE_BEST].low,
				   (struct packed){~image->a, ~image->b});
	evidence_join_or32(&m->t->cells[m->cell].marks, 1u << (MARK_SKETCH + image->kind));
}

static void join_sighting(struct merging *m, const struct slot_image *image)
{
	struct joining j = {.entity = image->element,
			    .item = {~image->a, ~image->b & ~PACKED_ORIGIN},
			    .origin = image->b & PACKED_ORIGIN ? 0 : m->origin,
			    .identity = m->identity};
	struct evidence_item item = evidence_join_unpack(j.item, 0);

	m->identity = 0;
	j.object = item.object;
	j.sub = item.sub;
	j.offset = item.offset;
	evidence_table_join(m->t, m->cell, m->salt, &j, &m->rc, NULL);
}

static void join_slot(struct merging *m, const struct slot_image *image)
{
	bool claimed, full;

	if (evidence_table_more(m->t, m->cell, m->salt, &claimed) == NONE) {
		m->rc = -ENOSPC;
		return;
	}
	uint32_t i = evidence_table_slot(m->t, m->cell, m->salt, image->kind, image->element,
					 &claimed, &full);
	if (full) {
		join_over(m, image);
	} else if (i == NONE) {
		m->rc = -ENOSPC;
	} else {
		join_image(&m->t->slots[i], image);
		evidence_table_slot_done(m->t, m->cell, i, image->kind, claimed);
	}
}

void evidence_merge_element(struct merging *m, const struct slot_image *image)
{
	if (m->cell == NONE)
		return;
	if (image->kind == IMAGE_ORIGIN)
		m->origin = image->element;
	else if (image->kind == IMAGE_IDENTITY)
		m->identity = image->element;
	else if (image->kind == IMAGE_SIGHTING)
		join_sighting(m, image);
	else
		join_slot(m, image);
}

void evidence_merge_block(struct merging *m, const uint8_t *p, uint32_t marks)
{
	/* a cell with a block has times, so it has slots */
	struct block *b = m->cell == NONE ? NULL : evidence_table_block(m->t, m->cell);

	if (!b) {
		m->rc = -ENOSPC;
		return;
	}
	for (uint32_t i = 0; i < SKETCHES * HLL_REGISTERS; i++)
		evidence_join_max8(&b->regs[i / HLL_REGISTERS][i % HLL_REGISTERS], p[i]);
	for (uint32_t i = 0; i < EVIDENCE_BEST; i++) {
		uint64_t pair[2];
		memcpy(pair, p + SKETCHES * HLL_REGISTERS + i * 16, 16);
		if (pair[1])
			evidence_join_item(&b->best[i].low, (struct packed){~pair[0], ~pair[1]});
	}
	evidence_join_or32(&m->t->cells[m->cell].marks, marks);
}

int evidence_merge_end(struct merging *m)
{
	struct evidence_cell_key k = evidence_join_unkey(m->key);

	if (m->cell != NONE)
		evidence_table_mark_dirty(m->t, m->cell);
	if (m->rc) /* of which hits of the hour something is missing, nobody knows */
		evidence_lost_add(m->t, k.threat, k.state, (k.bucket + 1) * EVIDENCE_BUCKET_US - 1);
	return m->rc;
}

static void merge_element(void *arg, const struct slot_image *image)
{
	evidence_merge_element(arg, image);
}

int evidence_merge_cell(struct evidence_table *t, const struct evidence_table *from, uint32_t cell)
{
	const struct cell_image image = evidence_image_cell(from, cell);
	struct merging m = {.t = t};

	evidence_merge_begin(&m, &image);
	evidence_image_elements(from, cell, merge_element, &m);
	if (image.has_block) {
		uint8_t bytes[BLOCK_IMAGE];
		evidence_image_block(from, cell, bytes);
		evidence_merge_block(&m, bytes, image.marks);
	}
	return evidence_merge_end(&m);
}
