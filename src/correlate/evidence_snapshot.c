#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/evidence_image.h"

#define CHUNK 65536

struct out {
	int (*write)(void *arg, const void *p, size_t len);
	void *arg;
	XXH3_state_t *sum;
	size_t used;
	int rc; /* sticky */
	char buf[CHUNK];
};

static void flush(struct out *o)
{
	if (o->rc == 0 && o->used)
		o->rc = o->write(o->arg, o->buf, o->used);
	o->used = 0;
}

static void put(struct out *o, const void *p, size_t len)
{
	XXH3_64bits_update(o->sum, p, len);
	for (const char *from = p; len;) {
		size_t n = CHUNK - o->used < len ? CHUNK - o->used : len;
		memcpy(o->buf + o->used, from, n);
		o->used += n;
		from += n;
		len -= n;
		if (o->used == CHUNK)
			flush(o);
	}
}

/* Nobody else is there: relaxed everywhere. */
#define GET(p) atomic_load_explicit(p, memory_order_relaxed)

static struct slot_image image_of(const struct slot *s)
{
	struct slot_image image = {.element = GET(&s->element), .kind = (GET(&s->owner) & 7) - 1};

	if (image.kind == SLOT_RECORD) {
		image.a = GET(&s->low);
		image.b = GET(&s->high);
	} else {
		image.a = GET(&s->first) | (uint64_t)GET(&s->last) << 32;
		image.b = GET(&s->report);
	}
	return image;
}

void evidence_image_elements(const struct evidence_table *t, uint32_t cell,
			     void (*fn)(void *arg, const struct slot_image *image), void *arg)
{
	const struct cell *c = &t->cells[cell];
	const struct slot *more = evidence_table_more_of(t, cell);
	struct slot_image image = {.kind = IMAGE_ORIGIN, .element = GET(&c->origin)};

	if (image.element)
		fn(arg, &image);
	for (uint32_t i = 0; i < SIGHTINGS; i++) {
		struct joining j;
		if (!evidence_sighting_get(t, cell, i, &j))
			continue;
		image = (struct slot_image){.kind = IMAGE_IDENTITY, .element = j.identity};
		if (j.identity)
			fn(arg, &image);
		image = (struct slot_image){.kind = IMAGE_SIGHTING,
					    .element = j.entity,
					    .a = ~j.item.low,
					    .b = GET(&t->inside[cell].at[i].high)};
		fn(arg, &image);
	}
	for (uint32_t i = more ? GET(&more->head) : 0; i;) {
		image = image_of(&t->slots[i - 1]);
		fn(arg, &image);
		i = GET(&t->slots[i - 1].next) & ~LINKED;
	}
}

static void count_element(void *arg, const struct slot_image *image)
{
	(void)image;
	++*(uint32_t *)arg;
}

struct cell_image evidence_image_cell(const struct evidence_table *t, uint32_t cell)
{
	const struct cell *c = &t->cells[cell];
	const struct slot *more = evidence_table_more_of(t, cell);
	struct cell_image image = {
		.key = GET(&c->key),
		.first = more ? GET(&more->first) : 0,
		.last = more ? GET(&more->last) : 0,
		.marks = GET(&c->marks) & (MARK_PLAIN - 1),
		.has_block = more && GET(&more->block),
	};

	evidence_image_elements(t, cell, count_element, &image.entries);
	return image;
}

static void put_element(void *arg, const struct slot_image *image)
{
	put(arg, image, sizeof(*image));
}

static void put_cell(struct out *o, const struct evidence_table *t, uint32_t cell)
{
	struct cell_image image = evidence_image_cell(t, cell);

	put(o, &image, sizeof(image));
	evidence_image_elements(t, cell, put_element, o);
	if (image.has_block)
		put(o, &t->blocks[GET(&evidence_table_more_of(t, cell)->block) - 1], BLOCK_IMAGE);
}

static void put_lost(struct out *o, const struct evidence_table *t)
{
	uint64_t n = 0;

	for (uint64_t i = 0; i < LOST_ROWS * LOST_COLUMNS; i++)
		n += GET(&t->lost[i].count) != 0;
	put(o, &n, sizeof(n));
	for (uint64_t i = 0; i < LOST_ROWS * LOST_COLUMNS; i++) {
		struct lost_image image = {i, GET(&t->lost[i].count), GET(&t->lost[i].until)};
		if (image.count)
			put(o, &image, sizeof(image));
	}
}

int evidence_snapshot(const struct evidence_table *t,
		      int (*write)(void *arg, const void *p, size_t len), void *arg)
{
	struct out *o = malloc(sizeof(*o));
	XXH3_state_t *sum = XXH3_createState();
	struct header h = {.magic = EVIDENCE_IMAGE_MAGIC,
			   .version = EVIDENCE_IMAGE_VERSION,
			   .kinds = EVIDENCE_IMAGE_KINDS};
	int rc = -ENOMEM;

	if (o && sum) {
		o->write = write;
		o->arg = arg;
		o->sum = sum;
		o->used = 0;
		o->rc = 0;
		XXH3_64bits_reset(sum);
		for (uint32_t i = 0; i < t->config.cells; i++)
			h.cells += GET(&t->cells[i].key) != 0;
		put(o, &h, sizeof(h));
		for (uint32_t i = 0; i < t->config.cells && o->rc == 0; i++)
			if (GET(&t->cells[i].key))
				put_cell(o, t, i);
		put_lost(o, t);
		uint64_t digest = XXH3_64bits_digest(sum);
		put(o, &digest, sizeof(digest));
		flush(o);
		rc = o->rc;
	}
	XXH3_freeState(sum);
	free(o);
	return rc;
}
