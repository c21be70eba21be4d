/* A snapshot is read whole, then checked whole, then joined: what is damaged
 * never reaches the table. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/evidence_image.h"
#include "correlate/names.h"

#define CHUNK 65536

struct in {
	const char *p;
	size_t left;
	struct evidence_table *t; /* NULL: only look whether it is sound */
	int rc;                   /* sticky */
	uint32_t threats, by;     /* highest numbers there may be */
	uint64_t origin;          /* of the cell's sightings */
};

/* The next len bytes; zeros, and -EBADMSG, when there are none. */
static bool get(struct in *in, void *out, size_t len)
{
	if (in->rc != -EBADMSG && in->left >= len) {
		memcpy(out, in->p, len);
		in->p += len;
		in->left -= len;
		return true;
	}
	memset(out, 0, len);
	in->rc = -EBADMSG;
	return false;
}

static bool key_sound(const struct in *in, uint64_t key)
{
	struct evidence_cell_key k = evidence_join_unkey(key);

	return key >> 63 == 0 && k.threat && k.threat <= in->threats && k.bucket < TIME_HOURS_MAX &&
	       k.state < STATES && k.sector < SECTORS;
}

/* Stored times: both there, inside the hour, in order. */
static bool times_sound(uint32_t first, uint32_t last)
{
	return last && last <= EVIDENCE_BUCKET_US && ~first < last;
}

static bool item_sound(const struct in *in, uint64_t low, uint64_t high)
{
	struct packed p = {~low, ~high};
	uint32_t by = (uint32_t)p.low & (NAMES_BY_MAX - 1);

	return (p.high >> 30 & UINT32_MAX) < EVIDENCE_BUCKET_US && by && by <= in->by;
}

static bool cell_sound(const struct in *in, const struct cell_image *c)
{
	const uint32_t tlp = (1u << TLPS) - 1, pap = ((1u << PAPS) - 1) << MARK_PAP;
	const uint32_t sketch = ((1u << SKETCHES) - 1) << MARK_SKETCH;

	/* without times: nothing but sightings, or not even those */
	bool times = times_sound(c->first, c->last) || (!c->first && !c->last && !c->has_block);

	return key_sound(in, c->key) && times && (c->marks & tlp) && (c->marks & pap) &&
	       !(c->marks & ~(tlp | pap | sketch)) && c->has_block <= 1 &&
	       (c->has_block || !(c->marks & sketch));
}

static bool slot_sound(const struct in *in, const struct slot_image *s)
{
	if (s->kind == SLOT_RECORD)
		return item_sound(in, s->a, s->b);
	if (s->kind == IMAGE_ORIGIN || s->kind == IMAGE_IDENTITY)
		return s->element != 0;
	if (s->kind == IMAGE_SIGHTING)
		return item_sound(in, s->a, s->b) && (in->origin || (s->b & PACKED_ORIGIN));
	return s->kind <= SLOT_REPORT && times_sound((uint32_t)s->a, (uint32_t)(s->a >> 32)) &&
	       (s->kind != SLOT_ENTITY || s->b <= SOLE_SEVERAL);
}

/* The block's bytes at p, in the layout of struct block. */
static bool block_sound(const struct in *in, const uint8_t *p)
{
	for (uint32_t i = 0; i < SKETCHES * HLL_REGISTERS; i++)
		if (p[i] > HLL_RANK_MAX)
			return false;
	for (uint32_t i = 0; i < EVIDENCE_BEST; i++) {
		uint64_t pair[2];
		memcpy(pair, p + SKETCHES * HLL_REGISTERS + i * 16, 16);
		if ((pair[0] || pair[1]) && !item_sound(in, pair[0], pair[1]))
			return false;
	}
	return true;
}

static void get_cell(struct in *in)
{
	struct cell_image image;
	struct slot_image slot;
	uint8_t block[BLOCK_IMAGE];
	struct merging m = {.t = in->t, .cell = NONE};

	if (!get(in, &image, sizeof(image)) || !cell_sound(in, &image)) {
		in->rc = -EBADMSG;
		return;
	}
	if (in->t)
		evidence_merge_begin(&m, &image);
	in->origin = 0;
	for (uint32_t i = 0; i < image.entries && in->rc != -EBADMSG; i++) {
		if (!get(in, &slot, sizeof(slot)) || !slot_sound(in, &slot))
			in->rc = -EBADMSG;
		else if (in->t)
			evidence_merge_element(&m, &slot);
		if (slot.kind == IMAGE_ORIGIN)
			in->origin = slot.element;
	}
	if (image.has_block && (!get(in, block, sizeof(block)) || !block_sound(in, block)))
		in->rc = -EBADMSG;
	else if (image.has_block && in->t)
		evidence_merge_block(&m, block, image.marks);
	if (in->t && evidence_merge_end(&m) && !in->rc)
		in->rc = m.rc;
}

static void get_lost(struct in *in)
{
	uint64_t n;

	get(in, &n, sizeof(n));
	for (uint64_t i = 0; i < n && in->rc != -EBADMSG; i++) {
		struct lost_image image;
		if (!get(in, &image, sizeof(image)) || image.place >= LOST_ROWS * LOST_COLUMNS ||
		    image.until < 0 || image.until > TIME_HOURS_MAX * EVIDENCE_BUCKET_US)
			in->rc = -EBADMSG;
		else if (in->t)
			evidence_lost_join(&in->t->lost[image.place], image.count, image.until);
	}
}

/* One pass over a whole snapshot without its checksum. */
static int walk(const char *p, size_t len, struct evidence_table *t, const struct names *names)
{
	struct in in = {.p = p,
			.left = len,
			.t = t,
			.threats = names ? names_threat_count(names) : UINT32_MAX,
			.by = names ? names_by_count(names) : UINT32_MAX};
	struct header h;

	if (!get(&in, &h, sizeof(h)) || memcmp(h.magic, EVIDENCE_IMAGE_MAGIC, 8) ||
	    h.version != EVIDENCE_IMAGE_VERSION || h.kinds != EVIDENCE_IMAGE_KINDS)
		return -EBADMSG;
	for (uint64_t i = 0; i < h.cells && in.rc != -EBADMSG; i++)
		get_cell(&in);
	if (in.rc != -EBADMSG)
		get_lost(&in);
	return in.left ? -EBADMSG : in.rc;
}

/* All there is to read, malloc'd; 0 or -errno. */
static int slurp(int64_t (*read)(void *arg, void *p, size_t len), void *arg, char **p, size_t *len)
{
	size_t capacity = 0;

	for (*p = NULL, *len = 0;;) {
		if (capacity - *len < CHUNK) {
			capacity = capacity ? capacity * 2 : 4 * CHUNK;
			char *more = realloc(*p, capacity);
			if (!more)
				return -ENOMEM;
			*p = more;
		}
		int64_t n = read(arg, *p + *len, capacity - *len);
		if (n <= 0)
			return (int)n;
		*len += (size_t)n;
	}
}

int evidence_restore(struct evidence_table *t, int64_t (*read)(void *arg, void *p, size_t len),
		     void *arg)
{
	return evidence_restore_named(t, NULL, read, arg);
}

int evidence_restore_named(struct evidence_table *t, const struct names *names,
			   int64_t (*read)(void *arg, void *p, size_t len), void *arg)
{
	char *p;
	size_t len;
	uint64_t digest;
	int rc = slurp(read, arg, &p, &len);

	if (rc == 0 && len < sizeof(struct header) + sizeof(digest))
		rc = -EBADMSG;
	if (rc == 0) {
		len -= sizeof(digest);
		memcpy(&digest, p + len, sizeof(digest));
		rc = hash_bytes(p, len, 0) == digest ? walk(p, len, NULL, names) : -EBADMSG;
	}
	if (rc == 0)
		rc = walk(p, len, t, names);
	free(p);
	return rc;
}
