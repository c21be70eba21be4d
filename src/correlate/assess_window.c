#include "correlate/assess_window.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/assess_sliding.h"

struct assess_window {
	struct window_input in;
	bool sketched;                /* some item is a sketch: elements are tracked for it */
	uint32_t *by_first, *by_last; /* items in order of time */
	uint8_t *active;              /* per item */
	uint32_t *entity_count, *entity_users; /* per entity id: lanes inside; largest report */
	uint32_t *origin_count;
	/* reports by entity id, each entity's in order of time; where each id begins */
	uint32_t *reports_first, *reports_last, *report_begin, *report_cursor;
	uint32_t *users, *users_begin; /* those of users, likewise */
	size_t item_room, last_room, active_room, entity_room, users_room, origin_room,
		reports_first_room, reports_last_room, begin_room, cursor_room, users_index_room,
		users_begin_room;
	/* what the window holds now */
	uint64_t entities, origins, users_sum, sectors, long_reports;
	uint32_t sector_count[SECTORS];
	struct assess_sliding entity_sketch, origin_sketch;
	/* of one entity: its reports that reach what is asked for */
	uint32_t reaching[IMPACT_MEASURE_COUNT];
	uint32_t claiming[IMPACT_CLAIM_COUNT], of_type;
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
	free(w->reports_first);
	free(w->reports_last);
	free(w->report_begin);
	free(w->report_cursor);
	free(w->users);
	free(w->users_begin);
	free(w);
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

static bool is_report(const struct window_item *it, uint8_t pairs)
{
	return it->kind == WINDOW_REPORT && it->pair < pairs;
}

/* Where each entity's reports of the first so many pairs begin. */
static void count_reports(const struct window_input *in, uint8_t pairs, uint32_t *begin)
{
	memset(begin, 0, (in->entities + 1) * sizeof(*begin));
	for (uint32_t i = 0; i < in->count; i++)
		if (is_report(&in->items[i], pairs))
			begin[in->items[i].id + 1]++;
	for (uint32_t id = 0; id < in->entities; id++)
		begin[id + 1] += begin[id];
}

/* They, in this order of all items. */
static void place_reports(struct assess_window *w, uint8_t pairs, const uint32_t *begin,
			  const uint32_t *order, uint32_t *out)
{
	const struct window_input *in = &w->in;

	memcpy(w->report_cursor, begin, in->entities * sizeof(*begin));
	for (uint32_t i = 0; i < in->count; i++)
		if (is_report(&in->items[order[i]], pairs))
			out[w->report_cursor[in->items[order[i]].id]++] = order[i];
}

/* Reports by entity, as a counting sort. */
static void index_reports(struct assess_window *w)
{
	const uint8_t all = IMPACT_PAIR_CLAIMS + 1, plain = 1; /* the pair of users */

	count_reports(&w->in, all, w->report_begin);
	place_reports(w, all, w->report_begin, w->by_first, w->reports_first);
	place_reports(w, all, w->report_begin, w->by_last, w->reports_last);
	count_reports(&w->in, plain, w->users_begin);
	place_reports(w, plain, w->users_begin, w->by_first, w->users);
}

static bool make_room(struct assess_window *w)
{
	const struct window_input *in = &w->in;

#define ROOM(p, room, need) assess_window_room((void **)&w->p, &w->room, need, sizeof(*w->p))
	return ROOM(by_first, item_room, in->count) && ROOM(by_last, last_room, in->count) &&
	       ROOM(active, active_room, in->count) &&
	       ROOM(reports_first, reports_first_room, in->count) &&
	       ROOM(reports_last, reports_last_room, in->count) &&
	       ROOM(entity_count, entity_room, in->entities) &&
	       ROOM(entity_users, users_room, in->entities) &&
	       ROOM(origin_count, origin_room, in->origins) &&
	       ROOM(report_begin, begin_room, (size_t)in->entities + 1) &&
	       ROOM(report_cursor, cursor_room, (size_t)in->entities + 1) &&
	       ROOM(users, users_index_room, in->count) &&
	       ROOM(users_begin, users_begin_room, (size_t)in->entities + 1);
#undef ROOM
}

int assess_window_begin(struct assess_window *w, const struct window_input *in)
{
	w->in = *in;
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
	w->entities = w->origins = w->users_sum = w->sectors = w->long_reports = 0;
	memset(w->sector_count, 0, sizeof(w->sector_count));
	memset(w->active, 0, w->in.count);
	memset(w->entity_count, 0, w->in.entities * sizeof(*w->entity_count));
	memset(w->entity_users, 0, w->in.entities * sizeof(*w->entity_users));
	memset(w->origin_count, 0, w->in.origins * sizeof(*w->origin_count));
	assess_sliding_reset(&w->entity_sketch);
	assess_sliding_reset(&w->origin_sketch);
}

static uint64_t counted(uint32_t *count, bool add)
{
	return add ? (*count)++ == 0 : --*count == 0;
}

/* The largest report of this entity in the window, and the sum over entities. */
static void move_users(struct assess_window *w, uint32_t id)
{
	uint32_t most = 0;

	for (uint32_t n = w->users_begin[id]; n < w->users_begin[id + 1]; n++) {
		const struct window_item *it = &w->in.items[w->users[n]];
		if (w->active[w->users[n]] && it->value[0] > most)
			most = it->value[0];
	}
	w->users_sum += most;
	w->users_sum -= w->entity_users[id];
	w->entity_users[id] = most;
}

static void move_report(struct assess_window *w, const struct window_item *it,
			const struct demand *d, bool add)
{
	if (it->pair != 0)
		return;
	if (d->users)
		move_users(w, it->id);
	if (d->duration_s && it->value[1] >= d->duration_s)
		w->long_reports += add ? 1 : UINT64_MAX;
}

static void move(struct assess_window *w, uint32_t i, const struct demand *d, bool add)
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
		if (w->sketched)
			assess_sliding_element(&w->entity_sketch, it->hash, add);
		break;
	case WINDOW_ORIGIN:
		w->origins += step * counted(&w->origin_count[it->id], add);
		if (w->sketched)
			assess_sliding_element(&w->origin_sketch, it->hash, add);
		break;
	case WINDOW_REPORT:
		move_report(w, it, d, add);
		break;
	case WINDOW_ENTITY_SKETCH:
		assess_sliding_sketch(&w->entity_sketch, w->in.sketches[it->id], add);
		break;
	case WINDOW_ORIGIN_SKETCH:
		assess_sliding_sketch(&w->origin_sketch, w->in.sketches[it->id], add);
		break;
	}
}

static bool reached(const struct assess_window *w, const struct demand *d)
{
	return w->sectors >= d->sectors && w->users_sum >= d->users &&
	       (!d->duration_s || w->long_reports) &&
	       (!d->entities || assess_sliding_count(&w->entity_sketch, w->entities,
						     w->in.exact_max) >= d->entities) &&
	       (!d->origins || assess_sliding_count(&w->origin_sketch, w->origins,
						    w->in.exact_max) >= d->origins);
}

/* --- what one entity reported ------------------------------------------------- */

/*
 * Of each measure the largest stands, and it reaches a threshold when some report
 * does: so counting the reports that do is enough, and a step costs the same
 * however much one entity reports. Claims are united in the same way.
 */
static void reset_entity(struct assess_window *w)
{
	memset(w->reaching, 0, sizeof(w->reaching));
	memset(w->claiming, 0, sizeof(w->claiming));
	w->of_type = 0;
}

static uint64_t asked(const struct demand *d, int measure)
{
	return measure == IMPACT_USERS      ? d->users
	       : measure == IMPACT_DURATION ? d->duration_s
					    : d->measure[measure];
}

static void move_claims(struct assess_window *w, uint64_t claims, uint64_t types,
			const struct demand *d, uint32_t step)
{
	w->of_type += claims & types ? step : 0;
	for (uint64_t bits = claims & d->claims; bits; bits &= bits - 1)
		w->claiming[__builtin_ctzll(bits)] += step;
}

static void move_entity(struct assess_window *w, const struct window_item *it,
			const struct criterion *c, const struct demand *d, bool add)
{
	const uint32_t step = add ? 1 : UINT32_MAX;

	if (it->pair == IMPACT_PAIR_CLAIMS) {
		move_claims(w, (uint64_t)it->value[0] << 32 | it->value[1], c->types, d, step);
		return;
	}
	for (int half = 0; half < 2; half++) {
		int measure = 2 * it->pair + half;
		if (measure < IMPACT_MEASURE_COUNT && asked(d, measure) &&
		    it->value[half] >= asked(d, measure))
			w->reaching[measure] += step;
	}
}

static bool reached_entity(const struct assess_window *w, const struct criterion *c,
			   const struct demand *d)
{
	if (c->types && !w->of_type)
		return false;
	for (int m = 0; m < IMPACT_MEASURE_COUNT; m++)
		if (asked(d, m) && !w->reaching[m])
			return false;
	for (uint64_t bits = d->claims; bits; bits &= bits - 1)
		if (!w->claiming[__builtin_ctzll(bits)])
			return false;
	return true;
}

/* --- sweeps --------------------------------------------------------------------- */

/* What is swept: everything in order of time, or the reports of one entity. */
struct sweep {
	struct assess_window *w;
	const struct criterion *c;
	const struct demand *d;
	int sector;
	bool entity;
	const uint32_t *first, *last;
	uint32_t count;
};

static bool counts(const struct criterion *c, const struct window_item *it, int sector)
{
	return (it->hit_class == CLASS_EFFECT ||
		(it->hit_class == CLASS_ATTEMPT && !c->effect_only)) &&
	       it->severity >= c->severity_min && (sector < 0 || it->sector == sector) &&
	       (!c->annex || vocab_sector_annex(it->sector) == c->annex) &&
	       /* days begin with an hour, and an item lies within one: all of it is on one side */
	       it->first_us >= c->valid_from_us &&
	       (!c->valid_until_us || it->first_us < c->valid_until_us);
}

static int note(struct intervals *out, int64_t from, int64_t to)
{
	if (!assess_window_room((void **)&out->v, &out->room, (size_t)out->count + 1,
				sizeof(*out->v)))
		return -ENOMEM;
	out->v[out->count++] = (struct interval){from, to};
	return 0;
}

/* The place of the next item that counts, from at on. */
static uint32_t skip(const struct sweep *s, const uint32_t *order, uint32_t at)
{
	while (at < s->count && !counts(s->c, &s->w->in.items[order[at]], s->sector))
		at++;
	return at;
}

static void step(const struct sweep *s, uint32_t item, bool add)
{
	if (s->entity)
		move_entity(s->w, &s->w->in.items[item], s->c, s->d, add);
	else
		move(s->w, item, s->d, add);
}

static bool holds_now(const struct sweep *s)
{
	return s->entity ? reached_entity(s->w, s->c, s->d) : reached(s->w, s->d);
}

static int sweep(const struct sweep *s, struct intervals *out)
{
	const struct window_item *items = s->w->in.items;
	const int64_t after = s->w->in.window_us + 1;
	uint32_t in = skip(s, s->first, 0), gone = skip(s, s->last, 0);
	int64_t from = 0;
	bool held = false;

	while (gone < s->count) { /* what is last to leave came in before */
		int64_t now = items[s->last[gone]].last_us + after;
		if (in < s->count && items[s->first[in]].first_us < now)
			now = items[s->first[in]].first_us;
		while (in < s->count && items[s->first[in]].first_us == now) {
			step(s, s->first[in], true);
			in = skip(s, s->first, in + 1);
		}
		while (gone < s->count && items[s->last[gone]].last_us + after == now) {
			step(s, s->last[gone], false);
			gone = skip(s, s->last, gone + 1);
		}
		bool holds = gone < s->count && holds_now(s);
		if (holds && !held)
			from = now;
		if (held && !holds && note(out, from, now - 1))
			return -ENOMEM;
		held = holds;
	}
	return 0;
}

int assess_window_sweep(struct assess_window *w, const struct criterion *c, const struct demand *d,
			int sector, int64_t entity, struct intervals *out)
{
	struct sweep s = {w, c, d, sector, entity >= 0, w->by_first, w->by_last, w->in.count};

	if (s.entity) {
		const uint32_t begin = w->report_begin[entity];
		s.first = w->reports_first + begin;
		s.last = w->reports_last + begin;
		s.count = w->report_begin[entity + 1] - begin;
		reset_entity(w);
	} else {
		reset(w);
	}
	return sweep(&s, out);
}

uint32_t assess_window_sectors(const struct assess_window *w, const struct criterion *c)
{
	uint32_t present = 0;

	for (uint32_t i = 0; i < w->in.count; i++)
		if (counts(c, &w->in.items[i], -1))
			present |= 1u << w->in.items[i].sector;
	return present;
}

uint32_t assess_window_entities(const struct assess_window *w)
{
	return w->in.entities;
}

bool assess_window_reports(const struct assess_window *w, uint32_t entity)
{
	return w->report_begin[entity] < w->report_begin[entity + 1];
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
