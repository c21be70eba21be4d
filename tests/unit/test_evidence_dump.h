/* A table as text that is a function of the set it holds: what is exact is
 * listed in order, what is sketched as registers and best evidence. Also a
 * snapshot in memory. */
#ifndef TOCSIN_TESTS_EVIDENCE_DUMP_H
#define TOCSIN_TESTS_EVIDENCE_DUMP_H

#include <errno.h>
#include <inttypes.h>

#include "base/hash.h"
#include "base/text.h"
#include "correlate/evidence.h"

struct dump {
	struct evidence_cell *cells;
	struct evidence_entry *entries;
	size_t cell_count, entry_count;
};

static void dump_cell(void *arg, const struct evidence_cell *c)
{
	struct dump *d = arg;

	d->cells = realloc(d->cells, (d->cell_count + 1) * sizeof(*c));
	d->cells[d->cell_count++] = *c;
}

static void dump_entry(void *arg, const struct evidence_entry *e)
{
	struct dump *d = arg;

	d->entries = realloc(d->entries, (d->entry_count + 1) * sizeof(*e));
	d->entries[d->entry_count++] = *e;
}

static int dump_by_key(const void *va, const void *vb)
{
	const struct evidence_cell_key *a = &((const struct evidence_cell *)va)->key,
				       *b = &((const struct evidence_cell *)vb)->key;

	if (a->bucket != b->bucket)
		return a->bucket < b->bucket ? -1 : 1;
	if (a->state != b->state)
		return a->state < b->state ? -1 : 1;
	return (a->sector << 16 | a->hit_class << 8 | a->severity) -
	       (b->sector << 16 | b->hit_class << 8 | b->severity);
}

static int dump_by_hash(const void *va, const void *vb)
{
	const struct evidence_entry *a = va, *b = vb;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->pair != b->pair)
		return a->pair < b->pair ? -1 : 1;
	return (a->hash > b->hash) - (a->hash < b->hash);
}

static void dump_item(struct text *out, const struct evidence_item *i)
{
	text_printf(out, "  item %u %" PRId64 " %u %" PRIu64 " %u %u\n", i->rank, i->time_us,
		    i->object, i->offset, i->sub, i->by);
}

static void dump_sketch(const struct evidence_table *t, const struct evidence_cell *c,
			enum evidence_kind kind, struct text *out)
{
	uint8_t regs[HLL_REGISTERS] = {0};
	struct evidence_item best[EVIDENCE_BEST];

	evidence_read_sketch(t, c->index, kind, regs);
	text_printf(out, "  sketch %d %016" PRIx64 " ~%" PRIu64 "\n", kind,
		    hash_bytes(regs, sizeof(regs), 0), hll_estimate(regs));
	uint32_t n = kind == EVIDENCE_RECORD ? evidence_read_best(t, c->index, best) : 0;
	for (uint32_t i = 0; i < n; i++)
		dump_item(out, &best[i]);
}

static void dump_entries(const struct evidence_table *t, const struct evidence_cell *c,
			 struct text *out)
{
	struct dump d = {0};
	const bool over[] = {c->entities_over, c->records_over, c->origins_over, false};

	evidence_read_entries(t, c->index, dump_entry, &d);
	if (d.entry_count)
		qsort(d.entries, d.entry_count, sizeof(*d.entries), dump_by_hash);
	for (size_t i = 0; i < d.entry_count; i++) {
		const struct evidence_entry *e = &d.entries[i];
		if (over[e->kind])
			continue;
		text_printf(out,
			    "  %u.%u %016" PRIx64 " %" PRId64 "..%" PRId64 " %" PRIu64 " %" PRIu64
			    " %u %" PRIx64 "\n",
			    e->kind, e->pair, e->hash, e->first_us, e->last_us, e->users, e->duration_s,
			    e->sole, e->named);
		if (e->kind == EVIDENCE_RECORD)
			dump_item(out, &e->item);
	}
	for (int kind = 0; kind < 3; kind++)
		if (over[kind])
			dump_sketch(t, c, kind, out);
	free(d.entries);
}

__attribute__((unused)) static void dump_threat(const struct evidence_table *t, uint32_t threat,
						struct text *out)
{
	struct dump d = {0};

	evidence_read_cells(t, threat, dump_cell, &d);
	if (d.cell_count)
		qsort(d.cells, d.cell_count, sizeof(*d.cells), dump_by_key);
	for (size_t i = 0; i < d.cell_count; i++) {
		const struct evidence_cell *c = &d.cells[i];
		text_printf(out,
			    "%u %d %u %u %u %u tlp %u pap %u %" PRId64 "..%" PRId64 " over %d%d%d",
			    c->key.threat, c->key.bucket, c->key.state, c->key.sector,
			    c->key.hit_class, c->key.severity, c->tlp, c->pap, c->first_us,
			    c->last_us, c->entities_over, c->records_over, c->origins_over);
		/* how many of an oversized set are entries is chance */
		text_printf(out, " %u %u %u\n", c->entities_over ? 0 : c->entities,
			    c->records_over ? 0 : c->records, c->origins_over ? 0 : c->origins);
		dump_entries(t, c, out);
	}
	free(d.cells);
}

/* --- a snapshot in memory ------------------------------------------------------- */

struct blob {
	char *p;
	size_t len, at, fail_at; /* fail_at: writes beyond it fail; 0 never */
};

__attribute__((unused)) static int blob_write(void *arg, const void *p, size_t len)
{
	struct blob *b = arg;

	if (b->fail_at && b->len + len > b->fail_at)
		return -ENOSPC;
	b->p = realloc(b->p, b->len + len);
	memcpy(b->p + b->len, p, len);
	b->len += len;
	return 0;
}

__attribute__((unused)) static int64_t blob_read(void *arg, void *p, size_t len)
{
	struct blob *b = arg;
	size_t n = b->len - b->at < len ? b->len - b->at : len;

	if (n > 1000)
		n = 1000; /* readers get what there is, not what they asked for */
	memcpy(p, b->p + b->at, n);
	b->at += n;
	return (int64_t)n;
}

#endif
