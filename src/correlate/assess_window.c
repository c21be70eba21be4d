#include "correlate/assess_window.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A sketch that also forgets: how often each register was given each rank. */
struct sliding {
	uint32_t given[HLL_REGISTERS][HLL_RANK_MAX + 1];
	uint8_t highest[HLL_REGISTERS];
	uint32_t ranks[HLL_RANK_MAX + 1]; /* registers by their highest */
	uint32_t members;                 /* sketches inside */
	bool used;
};

struct assess_window {
	struct window_input in;
	bool sketched;                /* some item is a sketch: elements are tracked for it */
	uint32_t *by_first, *by_last; /* items in order of time */
	uint8_t *active;              /* per item */
	uint32_t *entity_count, *entity_users; /* per entity id: lanes inside; largest report */
	uint32_t *origin_count;
	uint32_t *reports, *report_begin; /* items by entity id; where each id begins */
	size_t item_room, last_room, active_room, entity_room, users_room, origin_room, report_room,
		begin_room;
	/* what the window holds now */
	uint64_t entities, origins, users, sectors, long_reports;
	uint32_t sector_count[SECTORS];
	struct sliding entity_sketch, origin_sketch;
	struct interval *intervals;
	size_t interval_room;
	uint32_t interval_count;
};

bool assess_window_room(void **p, size_t *capacity, size_t need, size_t size)
{
	size_t wanted = *capacity ? *capacity : 64;

	while (wanted < need)
		wanted *= 2;
	if (wanted == *capacity)
		return true;
	void *more = realloc(*p, wanted * size);
	if (!more)
		return false;
	*p = more;
	*capacity = wanted;
	return true;
}

int assess_window_init(struct assess_window **w)
{
	*w = calloc(1, sizeof(**w));
	return *w ? 0 : -ENOMEM;
}

void assess_window_fini(struct assess_window *w)
{
	if (!w)
		return;
	free(w->by_first);
	free(w->by_last);
	free(w->active);
	free(w->entity_count);
	free(w->entity_users);
	free(w->origin_count);
	free(w->reports);
	free(w->report_begin);
	free(w->intervals);
	free(w);
}

/* --- a sketch that forgets ------------------------------------------------- */

static void sliding_reset(struct sliding *s)
{
	if (s->used)
		memset(s, 0, sizeof(*s));
	s->ranks[0] = HLL_REGISTERS;
}

static void sliding_add(struct sliding *s, uint32_t r, uint8_t rank)
{
	s->used = true;
	if (rank == 0 || s->given[r][rank]++ || rank <= s->highest[r])
		return;
	s->ranks[s->highest[r]]--;
	s->ranks[rank]++;
	s->highest[r] = rank;
}

static void sliding_remove(struct sliding *s, uint32_t r, uint8_t rank)
{
	if (rank == 0)
		return;
	assert(s->given[r][rank]);
	if (--s->given[r][rank] || rank < s->highest[r])
		return;
	s->ranks[rank]--;
	while (rank && !s->given[r][rank])
		rank--;
	s->highest[r] = rank;
	s->ranks[rank]++;
}

static void sliding_element(struct assess_window *w, struct sliding *s, uint64_t element, bool add)
{
	uint8_t rank;
	uint32_t r;

	if (!w->sketched)
		return;
	r = hll_register(element, &rank);
	(add ? sliding_add : sliding_remove)(s, r, rank);
}

static void sliding_sketch(struct sliding *s, const uint8_t *regs, bool add)
{
	for (uint32_t r = 0; r < HLL_REGISTERS; r++)
		(add ? sliding_add : sliding_remove)(s, r, regs[r]);
	s->members += add ? 1 : UINT32_MAX;
}

/* Distinct elements: counted while all are known, else estimated. */
static uint64_t sliding_count(const struct assess_window *w, const struct sliding *s,
			      uint64_t exact)
{
	if (!s->members)
		return exact;
	uint64_t estimate = hll_estimate_ranks(s->ranks);
	return estimate > w->in.exact_max ? estimate : (uint64_t)w->in.exact_max + 1;
}

/* --- begin ------------------------------------------------------------------ */

static int compare_first(const void *a, const void *b, void *arg)
{
	const struct window_item *items = arg;
	int64_t x = items[*(const uint32_t *)a].first_us, y = items[*(const uint32_t *)b].first_us;

	return (x > y) - (x < y);
}

static int compare_last(const void *a, const void *b, void *arg)
{
	const struct window_item *items = arg;
	int64_t x = items[*(const uint32_t *)a].last_us, y = items[*(const uint32_t *)b].last_us;

	return (x > y) - (x < y);
}

/* Reports by entity, as a counting sort. */
static void index_reports(struct assess_window *w)
{
	const struct window_input *in = &w->in;

	memset(w->report_begin, 0, (in->entities + 2) * sizeof(*w->report_begin));
	for (uint32_t i = 0; i < in->count; i++)
		if (in->items[i].kind == WINDOW_REPORT)
			w->report_begin[in->items[i].id + 2]++;
	for (uint32_t id = 2; id < in->entities + 2; id++)
		w->report_begin[id] += w->report_begin[id - 1];
	for (uint32_t i = 0; i < in->count; i++)
		if (in->items[i].kind == WINDOW_REPORT)
			w->reports[w->report_begin[in->items[i].id + 1]++] = i;
}

static bool make_room(struct assess_window *w)
{
	const struct window_input *in = &w->in;

#define ROOM(p, room, need) assess_window_room((void **)&w->p, &w->room, need, sizeof(*w->p))
	return ROOM(by_first, item_room, in->count) && ROOM(by_last, last_room, in->count) &&
	       ROOM(active, active_room, in->count) && ROOM(reports, report_room, in->count) &&
	       ROOM(entity_count, entity_room, in->entities) &&
	       ROOM(entity_users, users_room, in->entities) &&
	       ROOM(origin_count, origin_room, in->origins) &&
	       ROOM(report_begin, begin_room, (size_t)in->entities + 2);
#undef ROOM
}

int assess_window_begin(struct assess_window *w, const struct window_input *in)
{
	w->in = *in;
	w->interval_count = 0;
	if (!make_room(w))
		return -ENOMEM;
	w->sketched = false;
	for (uint32_t i = 0; i < in->count; i++) {
		w->by_first[i] = w->by_last[i] = i;
		w->sketched |= in->items[i].kind >= WINDOW_ENTITY_SKETCH;
	}
	qsort_r(w->by_first, in->count, sizeof(*w->by_first), compare_first, (void *)in->items);
	qsort_r(w->by_last, in->count, sizeof(*w->by_last), compare_last, (void *)in->items);
	index_reports(w);
	return 0;
}

/* --- the window moves --------------------------------------------------------- */

static void reset(struct assess_window *w)
{
	w->entities = w->origins = w->users = w->sectors = w->long_reports = 0;
	memset(w->sector_count, 0, sizeof(w->sector_count));
	memset(w->active, 0, w->in.count);
	memset(w->entity_count, 0, w->in.entities * sizeof(*w->entity_count));
	memset(w->entity_users, 0, w->in.entities * sizeof(*w->entity_users));
	memset(w->origin_count, 0, w->in.origins * sizeof(*w->origin_count));
	sliding_reset(&w->entity_sketch);
	sliding_reset(&w->origin_sketch);
}

static uint64_t counted(uint32_t *count, bool add)
{
	return add ? (*count)++ == 0 : --*count == 0;
}

/* The largest report of this entity in the window, and the sum over entities. */
static void move_report(struct assess_window *w, const struct window_item *it,
			const struct criterion *c, bool add)
{
	uint32_t most = 0, id = it->id;

	for (uint32_t n = w->report_begin[id]; n < w->report_begin[id + 1]; n++) {
		uint32_t i = w->reports[n];
		if (w->active[i] && w->in.items[i].users > most)
			most = w->in.items[i].users;
	}
	w->users += most;
	w->users -= w->entity_users[id];
	w->entity_users[id] = most;
	if (c->duration_s && it->duration_s >= c->duration_s)
		w->long_reports += add ? 1 : UINT64_MAX;
}

static void move(struct assess_window *w, uint32_t i, const struct criterion *c, bool add)
{
	const struct window_item *it = &w->in.items[i];
	const uint64_t step = add ? 1 : UINT64_MAX;

	w->active[i] = add;
	switch ((enum window_kind)it->kind) {
	case WINDOW_CELL:
		if (it->sector != SECTOR_UNKNOWN)
			w->sectors += step * counted(&w->sector_count[it->sector], add);
		break;
	case WINDOW_ENTITY:
		w->entities += step * counted(&w->entity_count[it->id], add);
		sliding_element(w, &w->entity_sketch, it->hash, add);
		break;
	case WINDOW_ORIGIN:
		w->origins += step * counted(&w->origin_count[it->id], add);
		sliding_element(w, &w->origin_sketch, it->hash, add);
		break;
	case WINDOW_REPORT:
		move_report(w, it, c, add);
		break;
	case WINDOW_ENTITY_SKETCH:
		sliding_sketch(&w->entity_sketch, w->in.sketches[it->id], add);
		break;
	case WINDOW_ORIGIN_SKETCH:
		sliding_sketch(&w->origin_sketch, w->in.sketches[it->id], add);
		break;
	}
}

static bool reached(const struct assess_window *w, const struct criterion *c)
{
	return w->sectors >= c->sectors && w->users >= c->users &&
	       (!c->duration_s || w->long_reports) &&
	       (!c->entities || sliding_count(w, &w->entity_sketch, w->entities) >= c->entities) &&
	       (!c->origins || sliding_count(w, &w->origin_sketch, w->origins) >= c->origins);
}

/* --- criteria ----------------------------------------------------------------- */

static bool counts(const struct criterion *c, const struct window_item *it, int sector)
{
	return (it->hit_class == CLASS_EFFECT ||
		(it->hit_class == CLASS_ATTEMPT && !c->effect_only)) &&
	       it->severity >= c->severity_min && (sector < 0 || it->sector == sector) &&
	       (!c->annex || vocab_sector_annex(it->sector) == c->annex);
}

static int note(struct assess_window *w, int64_t from, int64_t to)
{
	if (!assess_window_room((void **)&w->intervals, &w->interval_room,
				(size_t)w->interval_count + 1, sizeof(*w->intervals)))
		return -ENOMEM;
	w->intervals[w->interval_count++] = (struct interval){from, to};
	return 0;
}

/* The place of the next item that counts, from at on. */
static uint32_t skip(const struct assess_window *w, const uint32_t *order, uint32_t at,
		     const struct criterion *c, int sector)
{
	while (at < w->in.count && !counts(c, &w->in.items[order[at]], sector))
		at++;
	return at;
}

static int sweep(struct assess_window *w, const struct criterion *c, int sector)
{
	const struct window_item *items = w->in.items;
	uint32_t in = skip(w, w->by_first, 0, c, sector), out = skip(w, w->by_last, 0, c, sector);
	int64_t from = 0;
	bool held = false;

	reset(w);
	while (out < w->in.count) { /* what is last to leave came in before */
		int64_t leaves = items[w->by_last[out]].last_us + w->in.window_us + 1, now = leaves;
		if (in < w->in.count && items[w->by_first[in]].first_us < now)
			now = items[w->by_first[in]].first_us;
		while (in < w->in.count && items[w->by_first[in]].first_us == now) {
			move(w, w->by_first[in], c, true);
			in = skip(w, w->by_first, in + 1, c, sector);
		}
		while (out < w->in.count &&
		       items[w->by_last[out]].last_us + w->in.window_us + 1 == now) {
			move(w, w->by_last[out], c, false);
			out = skip(w, w->by_last, out + 1, c, sector);
		}
		bool holds = out < w->in.count && reached(w, c);
		if (holds && !held)
			from = now;
		if (held && !holds && note(w, from, now - 1))
			return -ENOMEM;
		held = holds;
	}
	return 0;
}

/* Unknown is no sector: its sources may belong to different ones. */
static int sweep_sectors(struct assess_window *w, const struct criterion *c)
{
	uint32_t present = 0;
	int rc = 0;

	for (uint32_t i = 0; i < w->in.count; i++)
		if (counts(c, &w->in.items[i], -1))
			present |= 1u << w->in.items[i].sector;
	for (int sector = 1; sector < SECTORS && rc == 0; sector++)
		if (present >> sector & 1)
			rc = sweep(w, c, sector);
	return rc;
}

int assess_window_judge(struct assess_window *w, const struct criterion *c)
{
	uint32_t before = w->interval_count;
	int rc = c->one_sector ? sweep_sectors(w, c) : sweep(w, c, -1);

	return rc ? rc : (int)(w->interval_count - before);
}

static int compare_interval(const void *a, const void *b)
{
	const struct interval *x = a, *y = b;

	return (x->from > y->from) - (x->from < y->from);
}

uint32_t assess_window_merge(struct interval *v, uint32_t count)
{
	uint32_t kept = 0;

	if (count)
		qsort(v, count, sizeof(*v), compare_interval);
	for (uint32_t i = 0; i < count; i++) {
		if (kept && v[i].from <= v[kept - 1].to + 1) {
			if (v[i].to > v[kept - 1].to)
				v[kept - 1].to = v[i].to;
		} else {
			v[kept++] = v[i];
		}
	}
	return kept;
}

const struct interval *assess_window_intervals(struct assess_window *w, uint32_t *count)
{
	w->interval_count = assess_window_merge(w->intervals, w->interval_count);
	*count = w->interval_count;
	return w->intervals;
}
