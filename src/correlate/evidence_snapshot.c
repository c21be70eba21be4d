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

static void put_slot(struct out *o, const struct slot *s)
{
	struct slot_image image = {.element = GET(&s->element), .kind = (GET(&s->owner) & 7) - 1};

	if (image.kind == SLOT_RECORD) {
		image.a = GET(&s->low);
		image.b = GET(&s->high);
	} else {
		image.a = GET(&s->first) | (uint64_t)GET(&s->last) << 32;
		image.b = GET(&s->report);
	}
	put(o, &image, sizeof(image));
}

/* The cell's sightings and slots, in turn; without o, only how many. */
static uint32_t put_elements(struct out *o, const struct evidence_table *t, const struct cell *c,
			     const struct slot *more)
{
	uint32_t n = GET(&c->origin) != 0;
	struct slot_image image = {.kind = IMAGE_ORIGIN, .element = GET(&c->origin)};

	if (n && o)
		put(o, &image, sizeof(image));
	for (uint32_t i = 0; i < SIGHTINGS; i++) {
		if (!GET(&c->low[i]))
			continue;
		image = (struct slot_image){.kind = IMAGE_SIGHTING,
					    .element = GET(&c->sighting[i].entity),
					    .a = GET(&c->low[i]),
					    .b = GET(&c->sighting[i].high)};
		if (o)
			put(o, &image, sizeof(image));
		n++;
	}
	for (uint32_t i = more ? GET(&more->head) : 0; i; n++) {
		if (o)
			put_slot(o, &t->slots[i - 1]);
		i = GET(&t->slots[i - 1].next) & ~LINKED;
	}
	return n;
}

static void put_cell(struct out *o, const struct evidence_table *t, const struct cell *c)
{
	const struct slot *more = GET(&c->more) ? &t->slots[GET(&c->more) - 1] : NULL;
	struct cell_image image = {
		.key = GET(&c->key),
		.first = more ? GET(&more->first) : 0,
		.last = more ? GET(&more->last) : 0,
		.marks = GET(&c->marks),
		.entries = put_elements(NULL, t, c, more),
		.has_block = more && GET(&more->block),
	};

	put(o, &image, sizeof(image));
	put_elements(o, t, c, more);
	if (image.has_block)
		put(o, &t->blocks[GET(&more->block) - 1], BLOCK_IMAGE);
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
				put_cell(o, t, &t->cells[i]);
		uint64_t digest = XXH3_64bits_digest(sum);
		put(o, &digest, sizeof(digest));
		flush(o);
		rc = o->rc;
	}
	XXH3_freeState(sum);
	free(o);
	return rc;
}
