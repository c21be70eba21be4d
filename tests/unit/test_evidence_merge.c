/* evidence_merge_cell() is the union of two sets: commutative, associative, idempotent,
 * and equal to what plain arrays hold, below exact_max and above. argv: seeds */
#include "tap.h"

#include "test_assess_oracle.h"
#include "test_evidence_dump.h"

#define HITS 120

static const struct evidence_config config = {1024, 4096, 64, 16};

/* Hits of one cell: few or many elements, shared by the parts or not. */
static struct observation draw_one_cell(uint64_t *s, uint64_t spread, uint64_t positions)
{
	return (struct observation){
		.threat = 1,
		.by = 1 + (uint32_t)below(s, 2),
		.state = 3,
		.sector = 1,
		.tlp = (uint8_t)below(s, TLPS),
		.pap = (uint8_t)below(s, PAPS),
		.hit_class = CLASS_EFFECT,
		.severity = 2,
		.rank = (uint8_t)below(s, 2),
		.time_us = T0 + (int64_t)below(s, (uint64_t)TIMESTAMP_HOUR),
		.entity = below(s, 5) ? hash_word(below(s, spread) + 1) : 0,
		.origin = below(s, 5) ? hash_word(below(s, 1 + spread / 4) + 100)
				      : below(s, 2) * EVIDENCE_RELAYED,
		.identity = below(s, 4) ? 0 : hash_word(below(s, positions) + 1000),
		.offset = below(s, positions) | (below(s, 9) ? 0 : UINT64_C(1) << 45),
		.pair = (uint8_t)(below(s, 3) ? 0 : below(s, 2) ? 1 : IMPACT_PAIR_CLAIMS),
		.users = below(s, 9) ? 0 : below(s, 100),
	};
}

/* --- the brute force ---------------------------------------------------------------- */

struct set {
	struct evidence_entry e[2 * HITS];
	int n;
	struct evidence_cell cell;
};

static int item_compare(const struct evidence_item *a, const struct evidence_item *b)
{
	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	if (a->time_us != b->time_us)
		return a->time_us < b->time_us ? -1 : 1;
	if (a->object != b->object)
		return a->object < b->object ? -1 : 1;
	if (a->offset != b->offset)
		return a->offset < b->offset ? -1 : 1;
	if (a->sub != b->sub)
		return a->sub < b->sub ? -1 : 1;
	return (a->by > b->by) - (a->by < b->by);
}

static void add_element(struct set *s, int kind, uint64_t hash, const struct observation *o)
{
	const uint8_t pair = kind == EVIDENCE_REPORT ? o->pair : 0;
	struct evidence_item item = {o->rank, o->time_us, o->object,
				     o->sub,  o->by,      o->offset & ((UINT64_C(1) << 40) - 1)};
	int i = 0;

	while (i < s->n &&
	       (s->e[i].kind != kind || s->e[i].hash != hash || s->e[i].pair != pair))
		i++;
	struct evidence_entry *e = &s->e[i];
	if (i == s->n) {
		s->n++;
		*e = (struct evidence_entry){.kind = (uint8_t)kind, .pair = pair, .hash = hash};
		e->item = item;
		e->first_us = e->last_us = o->time_us;
	}
	e->first_us = o->time_us < e->first_us ? o->time_us : e->first_us;
	e->last_us = o->time_us > e->last_us ? o->time_us : e->last_us;
	if (pair == IMPACT_PAIR_CLAIMS)
		e->users |= o->users;
	else if (kind == EVIDENCE_REPORT && o->users > e->users)
		e->users = o->users;
	if (kind == EVIDENCE_ENTITY)
		e->sole = evidence_sole_join(e->sole, evidence_sole(o->origin));
	if (kind == EVIDENCE_ORIGIN)
		e->named |= evidence_named(o->entity);
	if (item_compare(&item, &e->item) < 0)
		e->item = item;
}

static void set_hit(struct set *s, const struct observation *o)
{
	uint64_t position = hash_pair((uint64_t)o->object << 32 | o->sub, o->offset);
	uint64_t record = o->identity ? o->identity : position;
	struct evidence_cell *c = &s->cell;

	c->first_us = !c->last_us || o->time_us < c->first_us ? o->time_us : c->first_us;
	c->last_us = o->time_us > c->last_us ? o->time_us : c->last_us;
	c->tlp = o->tlp > c->tlp ? o->tlp : c->tlp;
	c->pap = o->pap > c->pap ? o->pap : c->pap;
	add_element(s, EVIDENCE_RECORD, record, o);
	if (o->entity)
		add_element(s, EVIDENCE_ENTITY, o->entity, o);
	if (o->origin)
		add_element(s, EVIDENCE_ORIGIN, o->origin, o);
	if (o->entity && o->users)
		add_element(s, EVIDENCE_REPORT, evidence_reporter(o->entity), o);
}

/* --- and the table beside it ----------------------------------------------------------- */

struct seen {
	const struct evidence_table *t;
	struct set *want;
	int cells, wrong, entries;
};

static int distinct(const struct set *s, int kind)
{
	int n = 0;

	for (int i = 0; i < s->n; i++)
		n += s->e[i].kind == kind;
	return n;
}

static void see_entry(void *arg, const struct evidence_entry *e)
{
	struct seen *v = arg;
	const struct set *s = v->want;

	for (int i = 0; i < s->n; i++) {
		const struct evidence_entry *w = &s->e[i];
		if (w->kind != e->kind || w->hash != e->hash || w->pair != e->pair)
			continue;
		v->entries++;
		if (distinct(s, e->kind) > (int)config.exact_max)
			return; /* its times are chance */
		v->wrong += e->kind == EVIDENCE_RECORD
				    ? item_compare(&w->item, &e->item) != 0
				    : w->first_us != e->first_us || w->last_us != e->last_us ||
					      w->users != e->users || w->sole != e->sole ||
					      w->named != e->named;
		return;
	}
	v->wrong++; /* nobody brought it */
}

static void see_sketch(struct seen *v, const struct evidence_cell *c, int kind)
{
	uint8_t got[HLL_REGISTERS] = {0}, want[HLL_REGISTERS] = {0};

	evidence_read_sketch(v->t, c->index, (enum evidence_kind)kind, got);
	for (int i = 0; i < v->want->n; i++)
		if (v->want->e[i].kind == kind)
			hll_add(want, v->want->e[i].hash);
	v->wrong += memcmp(got, want, sizeof(got)) != 0;
}

static void see_cell(void *arg, const struct evidence_cell *c)
{
	struct seen *v = arg;
	const uint32_t count[] = {c->entities, c->records, c->origins};
	const bool over[] = {c->entities_over, c->records_over, c->origins_over};
	const struct evidence_cell *w = &v->want->cell;

	v->cells++;
	v->wrong += c->first_us != w->first_us || c->last_us != w->last_us || c->tlp != w->tlp ||
		    c->pap != w->pap;
	evidence_read_entries(v->t, c->index, see_entry, v);
	for (int kind = 0; kind < EVIDENCE_REPORT; kind++) {
		int n = distinct(v->want, kind);
		v->wrong += over[kind] != (n > (int)config.exact_max) ||
			    (!over[kind] && (int)count[kind] != n);
		see_sketch(v, c, kind);
	}
	v->wrong += !over[0] && !over[1] && !over[2] && v->entries != v->want->n;
}

static bool equals(const struct evidence_table *t, struct set *want)
{
	struct seen v = {.t = t, .want = want};

	evidence_read_cells(t, 1, see_cell, &v);
	return v.wrong == 0 && v.cells == (want->n > 0);
}

/* --- the laws --------------------------------------------------------------------------- */

static struct evidence_table *make(const struct observation *hits, int n)
{
	struct evidence_table *t;

	if (evidence_init(&t, &config))
		exit(2);
	for (int i = 0; i < n; i++)
		if (evidence_update(t, &hits[i]))
			exit(2);
	return t;
}

struct into {
	struct evidence_table *t;
	const struct evidence_table *from;
	int rc;
};

static void merge_cell(void *arg, const struct evidence_cell *c)
{
	struct into *m = arg;

	m->rc |= evidence_merge_cell(m->t, m->from, c->index);
}

static void merge(struct evidence_table *t, const struct evidence_table *from)
{
	struct into m = {t, from, 0};

	evidence_read_cells(from, 1, merge_cell, &m);
	if (m.rc)
		exit(2);
}

static char *text_of(const struct evidence_table *t)
{
	struct text out;

	text_init(&out);
	text_str(&out, "");
	dump_threat(t, 1, &out);
	return text_take(&out);
}

static bool same(const struct evidence_table *a, const struct evidence_table *b)
{
	char *x = text_of(a), *y = text_of(b);
	bool equal = strcmp(x, y) == 0;

	free(x);
	free(y);
	return equal;
}

static int failures[5], over;

static void laws(uint64_t seed)
{
	struct observation hits[HITS];
	struct set all = {.n = 0};
	uint64_t s = seed;
	uint64_t spread = 1 + below(&s, 30), positions = 1 + below(&s, 60);
	int n = 1 + (int)below(&s, HITS), i = (int)below(&s, (uint64_t)n),
	    j = i + (int)below(&s, (uint64_t)(n - i));

	for (int k = 0; k < n; k++) {
		hits[k] = draw_one_cell(&s, spread, positions);
		set_hit(&all, &hits[k]);
	}
	over += distinct(&all, EVIDENCE_RECORD) > (int)config.exact_max;
	struct evidence_table *a = make(hits, i), *b = make(hits + i, j - i),
			      *c = make(hits + j, n - j), *ab = make(hits, i),
			      *ba = make(hits + i, j - i), *bc = make(hits + i, j - i),
			      *whole = make(hits, n), *none = make(hits, 0);
	merge(ab, b);
	merge(ba, a);
	failures[0] += !same(ab, ba);
	merge(bc, c);
	merge(ab, c); /* (a + b) + c */
	merge(ba, c);
	merge(none, a);
	merge(none, bc); /* a + (b + c), into nothing */
	failures[1] += !same(ab, none) || !same(ab, whole) || !same(ba, whole);
	merge(ab, none);
	merge(ab, a);
	failures[2] += !same(ab, whole);
	failures[3] += !equals(ab, &all) || !equals(none, &all) || !equals(whole, &all);
	struct evidence_table *tables[] = {a, b, c, ab, ba, bc, whole, none};
	for (int k = 0; k < 8; k++)
		evidence_fini(tables[k]);
}

int main(int argc, char **argv)
{
	int seeds = argc > 1 ? atoi(argv[1]) : TAP_SANITIZED ? 150 : 1000;

	for (int i = 1; i <= seeds; i++)
		laws((uint64_t)i);
	tap_int(failures[0], 0, "commutative");
	tap_int(failures[1], 0, "associative, and the union");
	tap_int(failures[2], 0, "idempotent");
	tap_int(failures[3], 0, "equal to what plain arrays hold");
	tap_ok(over > seeds / 10 && over < seeds, "below and above exact_max (%d above)", over);
	return tap_done();
}
