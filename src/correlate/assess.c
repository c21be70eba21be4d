#include "correlate/assess.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/assess_window.h"

#define LANE(hit_class) (1u << (hit_class))
#define LANES_IMPACT	LANE(CLASS_EFFECT)
#define LANES_BOTH	(LANE(CLASS_EFFECT) | LANE(CLASS_ATTEMPT))

/* The best evidence of one state so far, best first. */
struct best_of {
	uint32_t count;
	struct assess_evidence best[ASSESS_EVIDENCE_MAX];
};

/* A moment at which the number of states changes. */
struct moment {
	int64_t at;
	uint8_t state;
	bool significant; /* else seen */
	int8_t step;
};

struct assessor {
	const struct profile *profile;
	const struct evidence_table *t;
	struct assess_window *window;
	uint32_t exact_max;
	int rc; /* sticky: -ENOMEM */

	struct evidence_cell *cells; /* of the threat, by time; an episode's then by state */
	size_t cell_count, cell_room;

	/* of one state in one episode */
	struct window_item *items;
	size_t item_count, item_room;
	uint64_t *records[CLASS_EFFECT + 1]; /* position hashes, by class */
	size_t record_count[CLASS_EFFECT + 1], record_room[CLASS_EFFECT + 1];
	uint8_t (*sketches)[HLL_REGISTERS];
	size_t sketch_count, sketch_room;
	uint64_t *scratch;
	size_t scratch_room;
	const struct evidence_cell *at; /* the cell being read */
	struct best_of *best;

	/* of one episode */
	struct moment *moments;
	size_t moment_count, moment_room;
	struct best_of bests[STATES];
	struct episode episode;
};

#define ROOM(a, p, room, need)                                                                     \
	(assess_window_room((void **)&(p), &(room), need, sizeof(*(p))) || ((a)->rc = -ENOMEM, 0))

int assessor_init(struct assessor **out, const struct profile *p)
{
	struct assessor *a = calloc(1, sizeof(*a));

	*out = NULL;
	if (!a || assess_window_init(&a->window)) {
		free(a);
		return -ENOMEM;
	}
	a->profile = p;
	*out = a;
	return 0;
}

void assessor_fini(struct assessor *a)
{
	if (!a)
		return;
	assess_window_fini(a->window);
	free(a->cells);
	free(a->items);
	for (int c = 0; c <= CLASS_EFFECT; c++)
		free(a->records[c]);
	free(a->sketches);
	free(a->scratch);
	free(a->moments);
	free(a);
}

/* --- one state's evidence ---------------------------------------------------- */

/* Better evidence first; by comes last so that the order is total. */
static int compare_evidence(const struct assess_evidence *a, const struct assess_evidence *b)
{
#define BY(x, y)                                                                                   \
	if ((x) != (y))                                                                            \
		return (x) < (y) ? -1 : 1
	BY(b->hit_class, a->hit_class); /* effect before attempt */
	BY(a->item.rank, b->item.rank);
	BY(a->item.time_us, b->item.time_us);
	BY(a->item.object, b->item.object);
	BY(a->item.offset, b->item.offset);
	BY(a->item.sub, b->item.sub);
	BY(a->item.by, b->item.by);
	return 0;
}

static int compare_shown(const void *va, const void *vb)
{
	const struct assess_evidence *a = va, *b = vb;

	BY(a->item.time_us, b->item.time_us);
	BY(a->item.object, b->item.object);
	BY(a->item.offset, b->item.offset);
	BY(a->item.sub, b->item.sub);
	BY(a->item.by, b->item.by);
	BY(a->state, b->state);
	return compare_evidence(a, b);
#undef BY
}

static bool same_record(const struct evidence_item *a, const struct evidence_item *b)
{
	return a->object == b->object && a->offset == b->offset && a->sub == b->sub;
}

/* Keeps the best of distinct records: the result does not depend on the order. */
static void keep_best(struct best_of *b, const struct assess_evidence *e)
{
	uint32_t at = 0, end = b->count;

	for (uint32_t i = 0; i < b->count; i++) {
		if (same_record(&b->best[i].item, &e->item)) {
			if (compare_evidence(&b->best[i], e) <= 0)
				return;
			end = i; /* the worse one of the same record makes room */
			break;
		}
	}
	if (end == ASSESS_EVIDENCE_MAX && compare_evidence(&b->best[--end], e) <= 0)
		return;
	if (end == b->count)
		b->count++;
	while (at < end && compare_evidence(&b->best[at], e) < 0)
		at++;
	memmove(&b->best[at + 1], &b->best[at], (end - at) * sizeof(*e));
	b->best[at] = *e;
}

static void take_evidence(struct assessor *a, const struct evidence_item *item)
{
	struct assess_evidence e = {a->at->key.state, a->at->key.hit_class, *item};

	keep_best(a->best, &e);
}

static struct window_item *add_item(struct assessor *a, enum window_kind kind)
{
	const struct evidence_cell *c = a->at;

	if (a->rc || !ROOM(a, a->items, a->item_room, a->item_count + 1))
		return NULL;
	struct window_item *it = &a->items[a->item_count++];
	*it = (struct window_item){
		.first_us = c->first_us,
		.last_us = c->last_us,
		.kind = kind,
		.sector = c->key.sector,
		.hit_class = c->key.hit_class,
		.severity = c->key.severity,
	};
	return it;
}

static void add_record(struct assessor *a, const struct evidence_entry *e)
{
	uint8_t class = a->at->key.hit_class;

	if (a->rc || !ROOM(a, a->records[class], a->record_room[class], a->record_count[class] + 1))
		return;
	a->records[class][a->record_count[class]++] = e->hash;
	take_evidence(a, &e->item);
}

static void take_entry(void *arg, const struct evidence_entry *e)
{
	struct assessor *a = arg;
	static const uint8_t kinds[] = {[EVIDENCE_ENTITY] = WINDOW_ENTITY,
					[EVIDENCE_ORIGIN] = WINDOW_ORIGIN,
					[EVIDENCE_REPORT] = WINDOW_REPORT};

	if (e->kind == EVIDENCE_RECORD) {
		if (!a->at->records_over)
			add_record(a, e);
		return;
	}
	if ((e->kind == EVIDENCE_ENTITY && a->at->entities_over) ||
	    (e->kind == EVIDENCE_ORIGIN && a->at->origins_over))
		return; /* in the sketch, with all the others */
	struct window_item *it = add_item(a, kinds[e->kind]);
	if (!it)
		return;
	it->hash = e->hash;
	it->first_us = e->first_us;
	it->last_us = e->last_us;
	it->users = (uint32_t)e->users;
	it->duration_s = (uint32_t)e->duration_s;
}

static void add_sketch(struct assessor *a, enum window_kind kind, enum evidence_kind of)
{
	struct window_item *it = add_item(a, kind);

	if (!it || !ROOM(a, a->sketches, a->sketch_room, a->sketch_count + 1))
		return;
	it->id = (uint32_t)a->sketch_count++;
	memset(a->sketches[it->id], 0, HLL_REGISTERS);
	evidence_read_sketch(a->t, a->at->index, of, a->sketches[it->id]);
}

static void gather_cell(struct assessor *a, const struct evidence_cell *c)
{
	struct evidence_item items[EVIDENCE_BEST];

	a->at = c;
	add_item(a, WINDOW_CELL);
	evidence_read_entries(a->t, c->index, take_entry, a);
	if (c->entities_over)
		add_sketch(a, WINDOW_ENTITY_SKETCH, EVIDENCE_ENTITY);
	if (c->origins_over)
		add_sketch(a, WINDOW_ORIGIN_SKETCH, EVIDENCE_ORIGIN);
	uint32_t n = c->records_over ? evidence_read_best(a->t, c->index, items) : 0;
	for (uint32_t i = 0; i < n; i++)
		take_evidence(a, &items[i]);
}

/* --- how many ---------------------------------------------------------------- */

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static size_t sort_unique(uint64_t *v, size_t count)
{
	size_t kept = 0;

	if (count)
		qsort(v, count, sizeof(*v), compare_u64);
	for (size_t i = 0; i < count; i++)
		if (!kept || v[i] != v[kept - 1])
			v[kept++] = v[i];
	return kept;
}

static size_t collect(struct assessor *a, uint32_t kinds, uint32_t lanes)
{
	size_t n = 0;

	if (!ROOM(a, a->scratch, a->scratch_room, a->item_count + 1))
		return 0;
	for (size_t i = 0; i < a->item_count; i++)
		if (kinds >> a->items[i].kind & 1 && lanes >> a->items[i].hit_class & 1)
			a->scratch[n++] = a->items[i].hash;
	return sort_unique(a->scratch, n);
}

/* Dense numbers for hashes, so that the windows count in arrays. */
static uint32_t number(struct assessor *a, uint32_t kinds)
{
	size_t n = collect(a, kinds, UINT32_MAX);

	for (size_t i = 0; i < a->item_count && n; i++) {
		struct window_item *it = &a->items[i];
		if (!(kinds >> it->kind & 1))
			continue;
		const uint64_t *p =
			bsearch(&it->hash, a->scratch, n, sizeof(*a->scratch), compare_u64);
		it->id = (uint32_t)(p - a->scratch);
	}
	return (uint32_t)n;
}

static uint64_t at_least(const struct assessor *a, const uint8_t *regs)
{
	uint64_t n = hll_estimate(regs);

	return n > a->exact_max ? n : (uint64_t)a->exact_max + 1;
}

/* Distinct hashes of v[0..n) and of the sketches of this kind in these lanes. */
static uint64_t distinct(struct assessor *a, const uint64_t *v, size_t n, enum window_kind sketch,
			 uint32_t lanes, bool *exact)
{
	uint8_t regs[HLL_REGISTERS] = {0};

	*exact = true;
	for (size_t i = 0; i < a->item_count; i++) {
		const struct window_item *it = &a->items[i];
		if (it->kind != sketch || !(lanes >> it->hit_class & 1))
			continue;
		hll_merge(regs, a->sketches[it->id]);
		*exact = false;
	}
	for (size_t i = 0; i < n && !*exact; i++)
		hll_add(regs, v[i]);
	return *exact ? n : at_least(a, regs);
}

static uint64_t count_records(struct assessor *a, const struct evidence_cell *cells, size_t count,
			      bool *exact)
{
	size_t effects = a->record_count[CLASS_EFFECT], attempts = a->record_count[CLASS_ATTEMPT];
	uint8_t regs[HLL_REGISTERS] = {0};

	*exact = true;
	for (size_t i = 0; i < count; i++) {
		if (!cells[i].records_over)
			continue;
		evidence_read_sketch(a->t, cells[i].index, EVIDENCE_RECORD, regs);
		*exact = false;
	}
	if (!ROOM(a, a->scratch, a->scratch_room, effects + attempts + 1))
		return 0;
	if (effects)
		memcpy(a->scratch, a->records[CLASS_EFFECT], effects * sizeof(uint64_t));
	if (attempts)
		memcpy(a->scratch + effects, a->records[CLASS_ATTEMPT],
		       attempts * sizeof(uint64_t));
	size_t n = sort_unique(a->scratch, effects + attempts);
	for (size_t i = 0; i < n && !*exact; i++)
		hll_add(regs, a->scratch[i]);
	return *exact ? n : at_least(a, regs);
}

/* Reported impact of effect lanes; ids are numbered. */
static void count_reports(struct assessor *a, uint32_t entities, struct state_assessment *s)
{
	if (!ROOM(a, a->scratch, a->scratch_room, (size_t)entities + 1))
		return;
	memset(a->scratch, 0, entities * sizeof(*a->scratch));
	for (size_t i = 0; i < a->item_count; i++) {
		const struct window_item *it = &a->items[i];
		if (it->kind != WINDOW_REPORT || it->hit_class != CLASS_EFFECT)
			continue;
		if (a->scratch[it->id] < it->users)
			a->scratch[it->id] = it->users;
		if (s->duration_s < it->duration_s)
			s->duration_s = it->duration_s;
	}
	for (uint32_t id = 0; id < entities; id++)
		s->users += a->scratch[id];
}

static void look_at_cells(const struct evidence_cell *cells, size_t count,
			  struct state_assessment *s)
{
	bool effect = false;

	s->first_us = INT64_MAX;
	for (size_t i = 0; i < count; i++)
		effect |= cells[i].key.hit_class == CLASS_EFFECT;
	for (size_t i = 0; i < count; i++) {
		const struct evidence_cell *c = &cells[i];
		if (s->first_us > c->first_us)
			s->first_us = c->first_us;
		if (s->last_us < c->last_us)
			s->last_us = c->last_us;
		if (effect && c->key.hit_class != CLASS_EFFECT)
			continue;
		if (effect)
			s->sectors |= 1u << c->key.sector;
		if (s->severity < c->key.severity)
			s->severity = c->key.severity;
	}
}

static void summarise(struct assessor *a, const struct evidence_cell *cells, size_t count,
		      uint32_t entities, struct state_assessment *s)
{
	const uint32_t entity = 1u << WINDOW_ENTITY, origin = 1u << WINDOW_ORIGIN;
	bool exact;
	size_t n;

	look_at_cells(cells, count, s);
	n = collect(a, entity, LANES_IMPACT);
	s->entities = distinct(a, a->scratch, n, WINDOW_ENTITY_SKETCH, LANES_IMPACT,
			       &s->entities_exact);
	n = collect(a, entity, LANE(CLASS_ATTEMPT));
	s->attempted = distinct(a, a->scratch, n, WINDOW_ENTITY_SKETCH, LANE(CLASS_ATTEMPT),
				&exact);
	n = collect(a, origin, LANES_BOTH);
	uint64_t origins =
		distinct(a, a->scratch, n, WINDOW_ORIGIN_SKETCH, LANES_BOTH, &exact);
	s->origins = origins < UINT32_MAX ? (uint32_t)origins : UINT32_MAX;
	s->records = count_records(a, cells, count, &s->records_exact);
	count_reports(a, entities, s);
}

/* --- one state, one episode ---------------------------------------------------- */

static void add_moments(struct assessor *a, uint8_t state, bool significant,
			const struct interval *v, uint32_t count)
{
	if (!ROOM(a, a->moments, a->moment_room, a->moment_count + 2 * (size_t)count + 1))
		return;
	for (uint32_t i = 0; i < count; i++) {
		a->moments[a->moment_count++] =
			(struct moment){v[i].from, state, significant, 1};
		a->moments[a->moment_count++] =
			(struct moment){v[i].to + 1, state, significant, -1};
	}
}

/* When this state is seen in a window: from a cell's first until its last has left. */
static void seen(struct assessor *a, const struct evidence_cell *cells, size_t count)
{
	/* cells are sorted by first, and each is far shorter than the window */
	struct interval v = {cells[0].first_us, cells[0].last_us + a->profile->window_us};

	for (size_t i = 1; i < count; i++) {
		if (cells[i].first_us > v.to + 1) {
			add_moments(a, cells[0].key.state, false, &v, 1);
			v.from = cells[i].first_us;
		}
		if (v.to < cells[i].last_us + a->profile->window_us)
			v.to = cells[i].last_us + a->profile->window_us;
	}
	add_moments(a, cells[0].key.state, false, &v, 1);
}

static void judge(struct assessor *a, uint32_t entities, uint32_t origins,
		  struct state_assessment *s)
{
	const struct window_input in = {
		.items = a->items,
		.count = (uint32_t)a->item_count,
		.entities = entities,
		.origins = origins,
		.sketches = (const uint8_t (*)[HLL_REGISTERS])a->sketches,
		.exact_max = a->exact_max,
		.window_us = a->profile->window_us,
	};
	uint32_t count;

	if (assess_window_begin(a->window, &in)) {
		a->rc = -ENOMEM;
		return;
	}
	for (uint32_t c = 0; c < a->profile->criteria_count; c++) {
		int held = assess_window_judge(a->window, &a->profile->criteria[c]);
		if (held < 0)
			a->rc = held;
		else if (held)
			s->criteria |= 1u << c;
	}
	s->significant = s->criteria != 0;
	const struct interval *v = assess_window_intervals(a->window, &count);
	add_moments(a, s->state, true, v, count);
}

static void assess_state(struct assessor *a, const struct evidence_cell *cells, size_t count)
{
	struct state_assessment *s = &a->episode.state[a->episode.states];

	*s = (struct state_assessment){.state = cells[0].key.state};
	a->item_count = a->sketch_count = 0;
	memset(a->record_count, 0, sizeof(a->record_count));
	a->best = &a->bests[a->episode.states++];
	a->best->count = 0;
	for (size_t i = 0; i < count; i++)
		gather_cell(a, &cells[i]);
	uint32_t entities = number(a, 1u << WINDOW_ENTITY | 1u << WINDOW_REPORT);
	uint32_t origins = number(a, 1u << WINDOW_ORIGIN);
	if (a->rc)
		return;
	summarise(a, cells, count, entities, s);
	if (!vocab_state_is_member(s->state))
		return;
	seen(a, cells, count);
	judge(a, entities, origins, s);
}

/* --- one episode ----------------------------------------------------------------- */

static int compare_moment(const void *a, const void *b)
{
	const struct moment *x = a, *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

/* Marks the states that are significant at this moment. */
static void mark_deciding(struct episode *ep, const int *significant)
{
	for (uint32_t i = 0; i < ep->states; i++)
		ep->state[i].deciding = significant[ep->state[i].state] > 0;
}

/* The first moment at which enough states are significant, else of a watch. */
static void decide(struct assessor *a)
{
	struct episode *ep = &a->episode;
	int significant[STATES] = {0};
	uint32_t together = 0, here = 0;

	if (a->moment_count)
		qsort(a->moments, a->moment_count, sizeof(*a->moments), compare_moment);
	for (size_t i = 0; i < a->moment_count && ep->status != EPISODE_RAISED; i++) {
		const struct moment *m = &a->moments[i];
		/* a state's intervals are apart: it counts once */
		if (m->significant) {
			significant[m->state] += m->step;
			together += (uint32_t)m->step;
		} else {
			here += (uint32_t)m->step;
		}
		if (i + 1 < a->moment_count && m[1].at == m->at)
			continue;
		if (together >= a->profile->min_states)
			ep->status = EPISODE_RAISED;
		else if (ep->status == EPISODE_NONE && together >= 1 && here >= 2)
			ep->status = EPISODE_WATCH;
		else
			continue;
		ep->decided_us = m->at;
		mark_deciding(ep, significant);
	}
}

/* Each state's best, in turn. */
static void choose_evidence(struct assessor *a)
{
	struct episode *ep = &a->episode;
	bool more = true;

	for (uint32_t turn = 0; more && ep->evidence_count < ASSESS_EVIDENCE_MAX; turn++) {
		more = false;
		for (uint32_t s = 0; s < ep->states; s++) {
			if (turn >= a->bests[s].count ||
			    ep->evidence_count == ASSESS_EVIDENCE_MAX)
				continue;
			ep->evidence[ep->evidence_count++] = a->bests[s].best[turn];
			more = true;
		}
	}
	qsort(ep->evidence, ep->evidence_count, sizeof(ep->evidence[0]), compare_shown);
}

static int compare_state(const void *va, const void *vb)
{
	const struct evidence_cell *a = va, *b = vb;

	if (a->key.state != b->key.state)
		return a->key.state < b->key.state ? -1 : 1;
	return (a->first_us > b->first_us) - (a->first_us < b->first_us);
}

static void assess_episode(struct assessor *a, struct evidence_cell *cells, size_t count)
{
	struct episode *ep = &a->episode;

	memset(ep, 0, sizeof(*ep));
	ep->threat = cells[0].key.threat;
	ep->first_us = INT64_MAX;
	a->moment_count = 0;
	qsort(cells, count, sizeof(*cells), compare_state);
	for (size_t i = 0, j; i < count; i = j) {
		for (j = i; j < count && cells[j].key.state == cells[i].key.state; j++) {
			const struct evidence_cell *c = &cells[j];
			ep->first_us = c->first_us < ep->first_us ? c->first_us : ep->first_us;
			ep->last_us = c->last_us > ep->last_us ? c->last_us : ep->last_us;
			ep->tlp = c->tlp > ep->tlp ? c->tlp : ep->tlp;
			ep->pap = c->pap > ep->pap ? c->pap : ep->pap;
		}
		assess_state(a, &cells[i], j - i);
	}
	decide(a);
	choose_evidence(a);
}

static void take_cell(void *arg, const struct evidence_cell *c)
{
	struct assessor *a = arg;

	if (c->key.hit_class != CLASS_EFFECT && c->key.hit_class != CLASS_ATTEMPT)
		return;
	if (a->rc == 0 && ROOM(a, a->cells, a->cell_room, a->cell_count + 1))
		a->cells[a->cell_count++] = *c;
}

static int compare_time(const void *va, const void *vb)
{
	const struct evidence_cell *a = va, *b = vb;

	return (a->first_us > b->first_us) - (a->first_us < b->first_us);
}

int assess_threat(struct assessor *a, const struct evidence_table *t, uint32_t threat,
		  void (*fn)(void *arg, const struct episode *ep), void *arg)
{
	struct evidence_usage usage;

	evidence_usage(t, &usage);
	a->t = t;
	a->exact_max = usage.capacity.exact_max;
	a->rc = 0;
	a->cell_count = 0;
	evidence_read_cells(t, threat, take_cell, a);
	if (a->cell_count)
		qsort(a->cells, a->cell_count, sizeof(*a->cells), compare_time);
	for (size_t i = 0, j; i < a->cell_count && a->rc == 0; i = j) {
		int64_t last = a->cells[i].last_us;
		for (j = i + 1; j < a->cell_count; j++) {
			if (a->cells[j].first_us - last > a->profile->window_us)
				break;
			if (last < a->cells[j].last_us)
				last = a->cells[j].last_us;
		}
		assess_episode(a, &a->cells[i], j - i);
		if (a->rc == 0)
			fn(arg, &a->episode);
	}
	return a->rc;
}

/* --- set aside --------------------------------------------------------------------- */

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
	return exact ? sort_unique(a->scratch, r.count) : at_least(a, regs);
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
	return a->cell_count > 0;
}
