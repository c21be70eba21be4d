#include "correlate/evidence_table.h"

#include <string.h>

/* --- what changed -------------------------------------------------------- */

struct taking {
	uint32_t *threats;
	uint32_t count, max, chain_begin;
};

static bool taken(const struct taking *k, uint32_t threat)
{
	for (uint32_t i = k->chain_begin; i < k->count; i++)
		if (k->threats[i] == threat)
			return true;
	return false;
}

static uint32_t next_of(const _Atomic uint32_t *next)
{
	/* acquire, paired with the release in evidence_table_link() */
	return atomic_load_explicit(next, memory_order_acquire) & ~LINKED;
}

/* The changed threats of one chain; false when there is no more room. */
static bool take_chain(struct evidence_table *t, uint32_t head, struct taking *k)
{
	k->chain_begin = k->count;
	for (uint32_t i = next_of(&t->heads[head]); i; i = next_of(&t->cells[i - 1].next)) {
		struct cell *c = &t->cells[i - 1];
		/* acq_rel: pairs with evidence_table_mark_dirty() both ways; a plain
		 * load of 0 would not order our clearing of the head's bit before it */
		if (!atomic_exchange_explicit(&c->dirty, 0, memory_order_acq_rel))
			continue;
		uint64_t key = atomic_load_explicit(&c->key, memory_order_relaxed);
		uint32_t threat = (uint32_t)(key >> 36);
		if (taken(k, threat))
			continue;
		if (k->count == k->max) {
			atomic_exchange_explicit(&c->dirty, 1, memory_order_acq_rel);
			return false;
		}
		k->threats[k->count++] = threat;
	}
	return true;
}

uint32_t evidence_take_dirty(struct evidence_table *t, uint32_t *threats, uint32_t max)
{
	struct taking k = {threats, 0, max, 0};
	uint32_t words = t->config.cells / 64;

	for (uint32_t n = 0; n < words; n++, t->take_from = (t->take_from + 1) % words) {
		_Atomic uint64_t *word = &t->dirty[t->take_from];
		if (!atomic_load_explicit(word, memory_order_relaxed))
			continue;
		/* before the cells' flags: pairs with evidence_table_mark_dirty() */
		uint64_t bits = atomic_exchange_explicit(word, 0, memory_order_acq_rel);
		while (bits) {
			uint32_t bit = (uint32_t)__builtin_ctzll(bits);
			if (!take_chain(t, t->take_from * 64 + bit, &k)) {
				/* this chain and the rest are for the next call */
				atomic_fetch_or_explicit(word, bits, memory_order_release);
				return k.count;
			}
			bits &= bits - 1;
		}
	}
	return k.count;
}

/* --- cells and entries --------------------------------------------------- */

static uint32_t relaxed(const _Atomic uint32_t *p)
{
	/* a join of some updates; all that happened before, through the list */
	return atomic_load_explicit(p, memory_order_relaxed);
}

/* The largest of a bit-per-value mark. */
static uint8_t highest(uint32_t marks)
{
	return marks ? (uint8_t)(31 - __builtin_clz(marks)) : 0;
}

/* A cell as its sightings and its slots have it. */
struct held {
	const struct cell *c;
	const struct slot *more; /* NULL: no slots */
	struct folded folded[FOLDED_MAX];
	uint32_t count;
};

static struct held hold(const struct evidence_table *t, uint32_t cell)
{
	struct held h = {.c = &t->cells[cell], .more = evidence_table_more_of(t, cell)};

	h.count = evidence_sighting_fold(t, cell, h.more, h.folded);
	return h;
}

static uint32_t count_of(const struct held *h, enum slot_kind kind)
{
	uint32_t n = h->more ? evidence_table_count(h->more, kind) : 0;

	for (uint32_t i = 0; i < h->count; i++)
		n += h->folded[i].kind == kind && !h->folded[i].slot;
	return n;
}

/* When the cell was first and last hit; false: nobody has said yet. */
static bool times_of(const struct held *h, uint32_t *first, uint32_t *last)
{
	*first = UINT32_MAX;
	*last = 0;
	for (uint32_t i = 0; i < h->count; i++) {
		*first = h->folded[i].first < *first ? h->folded[i].first : *first;
		*last = h->folded[i].last > *last ? h->folded[i].last : *last;
	}
	if (h->more && relaxed(&h->more->first) && relaxed(&h->more->last)) {
		uint32_t f = ~relaxed(&h->more->first), l = relaxed(&h->more->last) - 1;
		*first = f < *first ? f : *first;
		*last = l > *last ? l : *last;
	}
	return *first != UINT32_MAX;
}

static bool describe(const struct evidence_table *t, uint32_t i, struct evidence_cell *out)
{
	const struct held h = hold(t, i);
	uint32_t marks = relaxed(&h.c->marks), most = t->config.exact_max, first, last;
	struct evidence_cell_key key =
		evidence_join_unkey(atomic_load_explicit(&h.c->key, memory_order_relaxed));
	int64_t hour = key.bucket * EVIDENCE_BUCKET_US;

	if (!times_of(&h, &first, &last))
		return false;
	*out = (struct evidence_cell){
		.key = key,
		.tlp = highest(marks & ((1u << MARK_PAP) - 1)),
		.pap = highest(marks >> MARK_PAP & ((1u << (MARK_SKETCH - MARK_PAP)) - 1)),
		.first_us = hour + first,
		.last_us = hour + last,
		.entities = count_of(&h, SLOT_ENTITY),
		.records = count_of(&h, SLOT_RECORD),
		.origins = count_of(&h, SLOT_ORIGIN),
		.index = i,
	};
	out->entities_over = out->entities > most || marks >> (MARK_SKETCH + SLOT_ENTITY) & 1;
	out->records_over = out->records > most || marks >> (MARK_SKETCH + SLOT_RECORD) & 1;
	out->origins_over = out->origins > most || marks >> (MARK_SKETCH + SLOT_ORIGIN) & 1;
	return true;
}

void evidence_read_cells(const struct evidence_table *t, uint32_t threat,
			 void (*fn)(void *arg, const struct evidence_cell *c), void *arg)
{
	uint32_t head = evidence_table_threat_head(t, threat);

	for (uint32_t i = next_of(&t->heads[head]); i; i = next_of(&t->cells[i - 1].next)) {
		const struct cell *c = &t->cells[i - 1];
		struct evidence_cell cell;
		uint64_t key = atomic_load_explicit(&c->key, memory_order_relaxed);
		/* a cell without its first time was linked this instant: not yet said */
		if (key >> 36 == threat && describe(t, i - 1, &cell))
			fn(arg, &cell);
	}
}

static int32_t bucket_of(const struct cell *c)
{
	return evidence_join_unkey(atomic_load_explicit(&c->key, memory_order_relaxed)).bucket;
}

static enum slot_kind kind_of(const struct slot *s)
{
	return (relaxed(&s->owner) & 7) - 1;
}

static bool describe_slot(const struct slot *s, int32_t bucket, struct evidence_entry *e)
{
	int64_t hour = bucket * EVIDENCE_BUCKET_US;

	*e = (struct evidence_entry){.kind = kind_of(s)};
	e->hash = atomic_load_explicit(&s->element, memory_order_relaxed);
	if (e->kind == SLOT_RECORD) {
		struct packed p;
		if (!evidence_join_load_item(&s->low, &p))
			return false;
		e->item = evidence_join_unpack(p, bucket);
		return true;
	}
	e->first_us = hour + ~relaxed(&s->first);
	e->last_us = hour + relaxed(&s->last) - 1;
	if (e->kind == SLOT_ENTITY)
		e->sole = (uint16_t)atomic_load_explicit(&s->sole, memory_order_relaxed);
	if (e->kind == SLOT_ORIGIN)
		e->named = atomic_load_explicit(&s->named, memory_order_relaxed);
	if (e->kind == SLOT_REPORT) {
		e->pair = (uint8_t)(e->hash >> EVIDENCE_REPORTER_BITS);
		e->hash = evidence_reporter(e->hash);
		uint64_t report = atomic_load_explicit(&s->report, memory_order_relaxed);
		e->users = report >> 32;
		e->duration_s = report & UINT32_MAX;
	}
	return relaxed(&s->first) && relaxed(&s->last);
}

static struct evidence_entry describe_folded(const struct folded *f, int32_t bucket)
{
	int64_t hour = bucket * EVIDENCE_BUCKET_US;
	struct evidence_entry e = {.kind = (uint8_t)f->kind, .hash = f->element};

	if (f->kind == SLOT_RECORD) {
		e.item = evidence_join_unpack(f->item, bucket);
	} else {
		e.first_us = hour + f->first;
		e.last_us = hour + f->last;
		e.sole = f->kind == SLOT_ENTITY ? f->sole : 0;
		e.named = f->kind == SLOT_ORIGIN ? f->named : 0;
	}
	return e;
}

/* The slots of a cell, newest first. */
static uint32_t first_slot(const struct held *h)
{
	return h->more ? next_of(&h->more->head) : 0;
}

static bool is_folded(const struct held *h, uint32_t slot)
{
	for (uint32_t i = 0; i < h->count; i++)
		if (h->folded[i].slot == slot)
			return true;
	return false;
}

void evidence_read_entries(const struct evidence_table *t, uint32_t cell,
			   void (*fn)(void *arg, const struct evidence_entry *e), void *arg)
{
	const struct held h = hold(t, cell);
	int32_t bucket = bucket_of(h.c);
	struct evidence_entry e;

	for (uint32_t i = 0; i < h.count; i++) {
		e = describe_folded(&h.folded[i], bucket);
		fn(arg, &e);
	}
	for (uint32_t i = first_slot(&h); i; i = next_of(&t->slots[i - 1].next))
		if (!is_folded(&h, i) && describe_slot(&t->slots[i - 1], bucket, &e))
			fn(arg, &e);
}

/* --- sketches ------------------------------------------------------------ */

static const struct block *block_of(const struct evidence_table *t, const struct held *h)
{
	uint32_t at = h->more ? relaxed(&h->more->block) : 0;

	return at ? &t->blocks[at - 1] : NULL;
}

void evidence_read_sketch(const struct evidence_table *t, uint32_t cell, enum evidence_kind kind,
			  uint8_t *regs)
{
	const struct held h = hold(t, cell);
	const struct block *b = block_of(t, &h);

	assert(kind < SKETCHES);
	for (uint32_t i = 0; i < h.count; i++)
		if ((int)h.folded[i].kind == (int)kind)
			hll_add(regs, h.folded[i].element);
	for (uint32_t i = first_slot(&h); i; i = next_of(&t->slots[i - 1].next)) {
		const struct slot *s = &t->slots[i - 1];
		if ((int)kind_of(s) == (int)kind)
			hll_add(regs, atomic_load_explicit(&s->element, memory_order_relaxed));
	}
	for (uint32_t r = 0; b && r < HLL_REGISTERS; r++) {
		uint8_t rank = atomic_load_explicit(&b->regs[kind][r], memory_order_relaxed);
		if (regs[r] < rank)
			regs[r] = rank;
	}
}

static void keep_smaller(struct packed best[EVIDENCE_BEST], uint64_t record, struct packed p)
{
	struct packed *b = &best[record % EVIDENCE_BEST];

	if (evidence_join_less(p, *b))
		*b = p;
}

uint32_t evidence_read_best(const struct evidence_table *t, uint32_t cell,
			    struct evidence_item out[EVIDENCE_BEST])
{
	const struct held h = hold(t, cell);
	const struct block *b = block_of(t, &h);
	struct packed best[EVIDENCE_BEST], p;
	uint32_t count = 0;

	memset(best, 0xff, sizeof(best));
	for (uint64_t i = 0; b && i < EVIDENCE_BEST; i++)
		if (evidence_join_load_item(&b->best[i].low, &p))
			best[i] = p;
	for (uint32_t i = 0; i < h.count; i++)
		if (h.folded[i].kind == SLOT_RECORD)
			keep_smaller(best, h.folded[i].element, h.folded[i].item);
	for (uint32_t i = first_slot(&h); i; i = next_of(&t->slots[i - 1].next)) {
		const struct slot *s = &t->slots[i - 1];
		if (kind_of(s) == SLOT_RECORD && evidence_join_load_item(&s->low, &p))
			keep_smaller(best, atomic_load_explicit(&s->element, memory_order_relaxed),
				     p);
	}
	for (int i = 0; i < EVIDENCE_BEST; i++)
		if (best[i].high != UINT64_MAX)
			out[count++] = evidence_join_unpack(best[i], bucket_of(h.c));
	return count;
}
