/* Forgetting in place. Linear probing has no tombstones here: what is dropped
 * is closed up by moving later slots back (Knuth, TAOCP 6.4, algorithm R), the
 * cells' new places are noted, and the lists are made anew. Everything below is
 * alone with the table, so every access is relaxed. */
#include "correlate/evidence_table.h"

#include <string.h>

#define GET(p)    atomic_load_explicit(p, memory_order_relaxed)
#define PUT(p, v) atomic_store_explicit(p, v, memory_order_relaxed)

/* An open-addressing array as algorithm R needs it. */
struct array {
	struct evidence_table *t;
	uint32_t size;
	uint64_t (*content)(const struct evidence_table *t, uint32_t i); /* 0 = free */
	uint32_t (*home)(const struct evidence_table *t, uint32_t i);
	bool (*old)(const struct evidence_table *t, uint32_t i, int32_t oldest);
	void (*move)(struct evidence_table *t, uint32_t to, uint32_t from);
	void (*clear)(struct evidence_table *t, uint32_t i);
};

/* Would a search from home meet the hole before it meets at? */
static bool fills(uint32_t home, uint32_t hole, uint32_t at)
{
	return hole <= at ? home <= hole || home > at : home <= hole && home > at;
}

static void drop(const struct array *a, uint32_t hole)
{
	uint32_t at = hole;

	/* a full array has no end of run: once round is enough */
	for (uint32_t steps = 1; steps < a->size; steps++) {
		at = at + 1 == a->size ? 0 : at + 1;
		if (!a->content(a->t, at))
			break;
		if (!fills(a->home(a->t, at), hole, at))
			continue;
		a->move(a->t, hole, at);
		hole = at;
	}
	a->clear(a->t, hole);
}

static void drop_old(const struct array *a, int32_t oldest)
{
	for (uint32_t i = 0; i < a->size; i++)
		while (a->content(a->t, i) && a->old(a->t, i, oldest))
			drop(a, i);
}

static bool key_old(uint64_t key, int32_t oldest)
{
	return evidence_join_unkey(key).bucket < oldest;
}

/* --- slots: before the cells move, while owners are still right ------------ */

static uint32_t cell_of(const struct evidence_table *t, uint32_t slot)
{
	return GET(&t->slots[slot].owner) >> 3;
}

static uint64_t slot_content(const struct evidence_table *t, uint32_t i)
{
	return GET(&t->slots[i].owner);
}

static uint32_t slot_home(const struct evidence_table *t, uint32_t i)
{
	const struct slot *s = &t->slots[i];
	uint64_t key = GET(&t->cells[cell_of(t, i)].key);

	enum slot_kind kind = (GET(&s->owner) & 7) - 1;

	return evidence_table_slot_home(t, evidence_table_salt(t, key), kind,
					kind == SLOT_CELL ? 0 : GET(&s->element));
}

static bool slot_old(const struct evidence_table *t, uint32_t i, int32_t oldest)
{
	return key_old(GET(&t->cells[cell_of(t, i)].key), oldest);
}

static void slot_move(struct evidence_table *t, uint32_t to, uint32_t from)
{
	memcpy(&t->slots[to], &t->slots[from], sizeof(*t->slots));
}

static void slot_clear(struct evidence_table *t, uint32_t i)
{
	memset(&t->slots[i], 0, sizeof(*t->slots));
}

/* --- blocks ---------------------------------------------------------------- */

static uint64_t block_content(const struct evidence_table *t, uint32_t i)
{
	return GET(&t->block_owner[i]);
}

static uint32_t block_home(const struct evidence_table *t, uint32_t i)
{
	return (uint32_t)(evidence_table_salt(t, GET(&t->block_owner[i])) % t->config.overflows);
}

static bool block_old(const struct evidence_table *t, uint32_t i, int32_t oldest)
{
	return key_old(GET(&t->block_owner[i]), oldest);
}

static void block_move(struct evidence_table *t, uint32_t to, uint32_t from)
{
	memcpy(&t->blocks[to], &t->blocks[from], sizeof(*t->blocks));
	PUT(&t->block_owner[to], GET(&t->block_owner[from]));
}

static void block_clear(struct evidence_table *t, uint32_t i)
{
	memset(&t->blocks[i], 0, sizeof(*t->blocks));
	PUT(&t->block_owner[i], 0);
}

/* --- cells ----------------------------------------------------------------- */

static uint64_t cell_content(const struct evidence_table *t, uint32_t i)
{
	return GET(&t->cells[i].key);
}

static uint32_t cell_home(const struct evidence_table *t, uint32_t i)
{
	return evidence_table_cell_home(t, evidence_table_salt(t, GET(&t->cells[i].key)));
}

static bool cell_old(const struct evidence_table *t, uint32_t i, int32_t oldest)
{
	return key_old(GET(&t->cells[i].key), oldest);
}

static void cell_move(struct evidence_table *t, uint32_t to, uint32_t from)
{
	memcpy(&t->cells[to], &t->cells[from], sizeof(*t->cells));
	memcpy(&t->inside[to], &t->inside[from], sizeof(*t->inside));
}

static void cell_clear(struct evidence_table *t, uint32_t i)
{
	memset(&t->cells[i], 0, sizeof(*t->cells));
	memset(&t->inside[i], 0, sizeof(*t->inside));
}

/* --- lists and figures, anew ------------------------------------------------ */

static void push(_Atomic uint32_t *head, _Atomic uint32_t *next, uint32_t i)
{
	PUT(next, GET(head) | LINKED);
	PUT(head, i + 1);
}

/* Until the chains are made anew, heads[] tells where the cell of a place went. */
static void note_moves(struct evidence_table *t)
{
	for (uint32_t i = 0; i < t->config.cells; i++) {
		struct cell *c = &t->cells[i];
		if (!GET(&c->key))
			continue;
		PUT(&t->heads[GET(&c->dirty) >> 1], i);
		PUT(&c->dirty, GET(&c->dirty) & 1);
		PUT(&c->more, 0);
	}
}

static void relink_slots(struct evidence_table *t)
{
	/* what the lists begin in comes before what is on them */
	for (int pass = 0; pass < 2; pass++)
		for (uint32_t i = 0; i < t->config.entries; i++) {
			struct slot *s = &t->slots[i];
			uint32_t owner = GET(&s->owner), kind = (owner & 7) - 1;
			if (!owner || (kind == SLOT_CELL) != (pass == 0))
				continue;
			struct cell *c = &t->cells[GET(&t->heads[owner >> 3])];
			PUT(&s->owner, evidence_table_owner((uint32_t)(c - t->cells), kind));
			if (kind == SLOT_CELL) {
				PUT(&c->more, i + 1);
				PUT(&s->head, 0);
				PUT(&s->block, 0);
			} else {
				push(&t->slots[GET(&c->more) - 1].head, &s->next, i);
			}
			PUT(&t->used[i % COUNTERS].entries,
			    GET(&t->used[i % COUNTERS].entries) + 1);
		}
}

static void relink_cells(struct evidence_table *t)
{
	memset(t->heads, 0, sizeof(*t->heads) * t->config.cells);
	memset(t->dirty, 0, sizeof(*t->dirty) * (t->config.cells / 64));
	memset(t->tags, 0, sizeof(*t->tags) * (t->config.cells / GROUP));
	for (uint32_t i = 0; i < t->config.cells; i++) {
		struct cell *c = &t->cells[i];
		if (!GET(&c->key))
			continue;
		uint32_t head = evidence_table_threat_head(t, (uint32_t)(GET(&c->key) >> 36));
		push(&t->heads[head], &c->next, i);
		uint64_t tag = evidence_table_tag(evidence_table_salt(t, GET(&c->key)));
		PUT(&t->tags[i / GROUP], GET(&t->tags[i / GROUP]) | tag << i % GROUP * 8);
		if (GET(&c->dirty))
			PUT(&t->dirty[head / 64],
			    GET(&t->dirty[head / 64]) | UINT64_C(1) << (head % 64));
		PUT(&t->used[i % COUNTERS].cells, GET(&t->used[i % COUNTERS].cells) + 1);
	}
}

static void relink_blocks(struct evidence_table *t)
{
	for (uint32_t i = 0; i < t->config.overflows; i++) {
		uint64_t key = GET(&t->block_owner[i]);
		if (!key)
			continue;
		/* its cell is there: blocks and cells are dropped by the same hour */
		uint32_t cell = evidence_table_cell(t, key, evidence_table_salt(t, key));
		assert(cell != NONE && GET(&t->cells[cell].more));
		PUT(&t->slots[GET(&t->cells[cell].more) - 1].block, i + 1);
		PUT(&t->used[i % COUNTERS].overflows, GET(&t->used[i % COUNTERS].overflows) + 1);
	}
}

void evidence_compact(struct evidence_table *t, int32_t oldest_bucket)
{
	const struct array slots = {t,        t->config.entries, slot_content, slot_home,
				    slot_old, slot_move,         slot_clear};
	const struct array blocks = {t,         t->config.overflows, block_content, block_home,
				     block_old, block_move,          block_clear};
	const struct array cells = {t,        t->config.cells, cell_content, cell_home,
				    cell_old, cell_move,       cell_clear};

	for (uint32_t i = 0; i < t->config.cells; i++)
		PUT(&t->cells[i].dirty, (GET(&t->cells[i].dirty) & 1) | i << 1);
	drop_old(&slots, oldest_bucket);
	drop_old(&blocks, oldest_bucket);
	drop_old(&cells, oldest_bucket);
	memset(t->memo, 0, sizeof(*t->memo) * (t->memo_mask + 1u));
	evidence_lost_forget(t, oldest_bucket * EVIDENCE_BUCKET_US);
	memset(t->used, 0, sizeof(t->used));
	note_moves(t);
	relink_slots(t);
	relink_cells(t);
	relink_blocks(t);
}
