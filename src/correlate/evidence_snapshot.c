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
	int rc;			   /* sticky */
	struct slot_image *images; /* of the cell that is being written */
	uint32_t count, room;
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

/* Writers may be on: every word is read for itself, and what is not complete yet is left
 * out. What was complete when the snapshot began is in it. */
#define GET(p) atomic_load_explicit(p, memory_order_relaxed)

/* False: claimed this instant. */
static bool image_of(const struct slot *s, struct slot_image *image)
{
	struct packed item;

	*image = (struct slot_image){.element = GET(&s->element), .kind = (GET(&s->owner) & 7) - 1};
	if (image->kind == SLOT_RECORD) {
		if (!evidence_join_load_item(&s->low, &item))
			return false;
		image->a = ~item.low;
		image->b = ~item.high;
		return true;
	}
	uint32_t first = GET(&s->first), last = GET(&s->last);
	image->a = first | (uint64_t)last << 32;
	image->b = GET(&s->report);
	return first && last;
}

static uint32_t next_of(const _Atomic uint32_t *next)
{
	/* acquire, paired with the release in evidence_table_link() */
	return atomic_load_explicit(next, memory_order_acquire) & ~LINKED;
}

void evidence_image_elements(const struct evidence_table *t, uint32_t cell,
			     void (*fn)(void *arg, const struct slot_image *image), void *arg)
{
	const struct slot *more = evidence_table_more_of(t, cell);
	struct slot_image image;
	struct joining j[SIGHTINGS];
	bool there[SIGHTINGS];

	for (uint32_t i = 0; i < SIGHTINGS; i++)
		there[i] = evidence_sighting_get(t, cell, i, &j[i]);
	/* after them: whoever sees a sighting sees its origin */
	image = (struct slot_image){.kind = IMAGE_ORIGIN, .element = GET(&t->cells[cell].origin)};
	if (image.element)
		fn(arg, &image);
	for (uint32_t i = 0; i < SIGHTINGS; i++) {
		if (!there[i])
			continue;
		image = (struct slot_image){.kind = IMAGE_IDENTITY, .element = j[i].identity};
		if (image.element)
			fn(arg, &image);
		image = (struct slot_image){.kind = IMAGE_SIGHTING,
					    .element = j[i].entity,
					    .a = ~j[i].item.low,
					    .b = ~(j[i].item.high |
						   (j[i].origin ? PACKED_ORIGIN : 0))};
		fn(arg, &image);
	}
	for (uint32_t i = more ? next_of(&more->head) : 0; i; i = next_of(&t->slots[i - 1].next))
		if (image_of(&t->slots[i - 1], &image))
			fn(arg, &image);
}

struct cell_image evidence_image_cell(const struct evidence_table *t, uint32_t cell)
{
	const struct cell *c = &t->cells[cell];
	const struct slot *more = evidence_table_more_of(t, cell);
	struct cell_image image = {.key = GET(&c->key), .marks = GET(&c->marks) & (MARK_PLAIN - 1)};

	if (more) {
		image.first = GET(&more->first);
		image.last = GET(&more->last);
		image.has_block = GET(&more->block) != 0;
	}
	/* a block without times is of this instant */
	if (!image.first || !image.last)
		image.first = image.last = image.has_block = 0;
	if (!image.has_block)
		image.marks &= (1u << MARK_SKETCH) - 1;
	return image;
}

void evidence_image_block(const struct evidence_table *t, uint32_t cell, uint8_t out[BLOCK_IMAGE])
{
	const struct block *b = &t->blocks[GET(&evidence_table_more_of(t, cell)->block) - 1];
	struct packed item;

	for (uint32_t i = 0; i < SKETCHES * HLL_REGISTERS; i++)
		out[i] = GET(&b->regs[i / HLL_REGISTERS][i % HLL_REGISTERS]);
	for (uint32_t i = 0; i < EVIDENCE_BEST; i++) {
		uint64_t pair[2] = {0, 0};
		if (evidence_join_load_item(&b->best[i].low, &item)) {
			pair[0] = ~item.low;
			pair[1] = ~item.high;
		}
		memcpy(out + SKETCHES * HLL_REGISTERS + i * 16, pair, 16);
	}
}

static void gather(void *arg, const struct slot_image *image)
{
	struct out *o = arg;

	if (o->count == o->room) {
		uint32_t room = o->room ? o->room * 2 : 64;
		struct slot_image *images = realloc(o->images, room * sizeof(*images));
		if (!images) {
			o->rc = o->rc ? o->rc : -ENOMEM;
			return;
		}
		o->images = images;
		o->room = room;
	}
	o->images[o->count++] = *image;
}

/* Elements may come while they are counted, so they are kept first. */
static void put_cell(struct out *o, const struct evidence_table *t, uint32_t cell)
{
	struct cell_image image = evidence_image_cell(t, cell);
	uint8_t block[BLOCK_IMAGE];

	o->count = 0;
	evidence_image_elements(t, cell, gather, o);
	image.entries = o->count;
	put(o, &image, sizeof(image));
	put(o, o->images, o->count * sizeof(*o->images));
	if (image.has_block) {
		evidence_image_block(t, cell, block);
		put(o, block, sizeof(block));
	}
}

static void put_lost(struct out *o, const struct evidence_table *t)
{
	struct lost_image *rows = malloc(LOST_ROWS * LOST_COLUMNS * sizeof(*rows));
	uint64_t n = 0;

	if (!rows) {
		o->rc = o->rc ? o->rc : -ENOMEM;
		return;
	}
	for (uint64_t i = 0; i < LOST_ROWS * LOST_COLUMNS; i++) {
		rows[n] = (struct lost_image){i, GET(&t->lost[i].count), GET(&t->lost[i].until)};
		n += rows[n].count != 0;
	}
	put(o, &n, sizeof(n));
	put(o, rows, n * sizeof(*rows));
	free(rows);
}

/* A cell that says something: a claim of this instant has no marks yet, and says nothing. */
static bool says(const struct evidence_table *t, uint32_t cell)
{
	const uint32_t tlp = (1u << TLPS) - 1, pap = ((1u << PAPS) - 1) << MARK_PAP;
	uint32_t marks = GET(&t->cells[cell].marks);

	return GET(&t->cells[cell].key) && (marks & tlp) && (marks & pap);
}

/* The cells to write: how many must be known before the first is. */
struct chosen {
	uint32_t *cells, count, room;
};

static int choose(struct chosen *k, uint32_t cell)
{
	if (k->count == k->room) {
		uint32_t room = k->room ? k->room * 2 : 64;
		uint32_t *cells = realloc(k->cells, room * sizeof(*cells));
		if (!cells)
			return -ENOMEM;
		k->cells = cells;
		k->room = room;
	}
	k->cells[k->count++] = cell;
	return 0;
}

static int write_cells(const struct evidence_table *t, const struct chosen *k, bool lost,
		       int (*write)(void *arg, const void *p, size_t len), void *arg)
{
	struct out *o = malloc(sizeof(*o));
	XXH3_state_t *sum = XXH3_createState();
	struct header h = {.magic = EVIDENCE_IMAGE_MAGIC,
			   .version = EVIDENCE_IMAGE_VERSION,
			   .kinds = EVIDENCE_IMAGE_KINDS,
			   .cells = k->count};
	const uint64_t none = 0;
	int rc = -ENOMEM;

	if (o && sum) {
		memset(o, 0, offsetof(struct out, buf));
		o->write = write;
		o->arg = arg;
		o->sum = sum;
		XXH3_64bits_reset(sum);
		put(o, &h, sizeof(h));
		for (uint32_t i = 0; i < k->count && o->rc == 0; i++)
			put_cell(o, t, k->cells[i]);
		if (lost)
			put_lost(o, t);
		else
			put(o, &none, sizeof(none));
		uint64_t digest = XXH3_64bits_digest(sum);
		put(o, &digest, sizeof(digest));
		flush(o);
		rc = o->rc;
		free(o->images);
	}
	XXH3_freeState(sum);
	free(o);
	return rc;
}

int evidence_snapshot(const struct evidence_table *t,
		      int (*write)(void *arg, const void *p, size_t len), void *arg)
{
	struct chosen k = {0};
	int rc = 0;

	for (uint32_t i = 0; i < t->config.cells && rc == 0; i++)
		if (says(t, i))
			rc = choose(&k, i);
	if (rc == 0)
		rc = write_cells(t, &k, true, write, arg);
	free(k.cells);
	return rc;
}

int evidence_snapshot_threat(const struct evidence_table *t, uint32_t threat,
			     int (*write)(void *arg, const void *p, size_t len), void *arg)
{
	struct chosen k = {0};
	int rc = 0;

	for (uint32_t i = next_of(&t->heads[evidence_table_threat_head(t, threat)]); i && rc == 0;
	     i = next_of(&t->cells[i - 1].next))
		if (GET(&t->cells[i - 1].key) >> 36 == threat && says(t, i - 1))
			rc = choose(&k, i - 1);
	if (rc == 0)
		rc = write_cells(t, &k, false, write, arg);
	free(k.cells);
	return rc;
}
