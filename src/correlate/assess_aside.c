/* What was set aside: benign and exercise lanes, for the sentence that says so. */
#include <assert.h>

#include "correlate/assess_state.h"

struct aside {
	struct assessor *a;
	enum hit_class hit_class;
	struct set_aside *out;
};

static void take_aside(void *arg, const struct evidence_cell *c)
{
	struct aside *as = arg;
	struct assessor *a = as->a;

	if (c->key.hit_class == as->hit_class && a->rc == 0 &&
	    ROOM(a, a->cells, a->cell_room, a->cell_count + 1))
		a->cells[a->cell_count++] = *c;
}

static void aside_by(struct set_aside *out, const struct evidence_item *item)
{
	if (!out->by || item->by < out->by)
		out->by = item->by;
}

struct aside_read {
	struct aside *as;
	enum evidence_kind kind;
	size_t count;
};

static void aside_entry(void *arg, const struct evidence_entry *e)
{
	struct aside_read *r = arg;
	struct assessor *a = r->as->a;

	if (e->kind == r->kind && a->rc == 0 && ROOM(a, a->scratch, a->scratch_room, r->count + 1))
		a->scratch[r->count++] = e->hash;
	if (e->kind == EVIDENCE_RECORD && !a->at->records_over)
		aside_by(r->as->out, &e->item);
}

/* Distinct elements of a kind over all the cells collected. */
static uint64_t aside_count(struct aside *as, enum evidence_kind kind)
{
	struct assessor *a = as->a;
	struct aside_read r = {as, kind, 0};
	uint8_t regs[HLL_REGISTERS] = {0};
	bool exact = true;

	for (size_t i = 0; i < a->cell_count; i++) {
		a->at = &a->cells[i];
		exact &= kind == EVIDENCE_ENTITY ? !a->at->entities_over : !a->at->records_over;
		evidence_read_entries(a->t, a->at->index, aside_entry, &r);
	}
	for (size_t i = 0; i < a->cell_count && !exact; i++)
		evidence_read_sketch(a->t, a->cells[i].index, kind, regs);
	return exact ? assess_count_unique(a->scratch, r.count) : assess_count_sketch(a, regs);
}

static void take_raised(void *arg, const struct episode *ep)
{
	*(bool *)arg |= ep->status == EPISODE_RAISED;
}

bool assess_set_aside(struct assessor *a, const struct evidence_table *t, uint32_t threat,
		      enum hit_class hit_class, struct set_aside *out)
{
	struct aside as = {a, hit_class, out};
	struct evidence_item items[EVIDENCE_BEST];
	struct evidence_usage usage;

	assert(hit_class == CLASS_NONE || hit_class == CLASS_TEST);
	evidence_usage(t, &usage);
	a->t = t;
	a->exact_max = usage.capacity.exact_max;
	a->rc = 0;
	a->cell_count = 0;
	*out = (struct set_aside){.threat = threat, .hit_class = hit_class, .first_us = INT64_MAX};
	evidence_read_cells(t, threat, take_aside, &as);
	for (size_t i = 0; i < a->cell_count; i++) {
		const struct evidence_cell *c = &a->cells[i];
		out->states |= 1u << c->key.state;
		out->first_us = c->first_us < out->first_us ? c->first_us : out->first_us;
		out->last_us = c->last_us > out->last_us ? c->last_us : out->last_us;
		uint32_t n = c->records_over ? evidence_read_best(t, c->index, items) : 0;
		while (n--)
			aside_by(out, &items[n]);
	}
	out->entities = aside_count(&as, EVIDENCE_ENTITY);
	out->records = aside_count(&as, EVIDENCE_RECORD);
	if (a->cell_count == 0)
		return false;
	a->benign = hit_class == CLASS_NONE;
	if (a->benign)
		assess_threat(a, t, threat, take_raised, &out->would_raise);
	a->benign = false;
	return true;
}
