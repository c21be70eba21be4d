#include "raise/board_table.h"
#include "raise/lifecycle.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int board_init(struct board **b)
{
	*b = calloc(1, sizeof(**b));
	return *b ? 0 : -ENOMEM;
}

void board_fini(struct board *b)
{
	if (!b)
		return;
	board_table_clear(b);
	free(b);
}

uint32_t board_count(const struct board *b, enum candidate_status status)
{
	assert((unsigned)status < CANDIDATE_STATUSES);
	return status == CANDIDATE_EXPIRED ? b->expired : b->by_status[status];
}

static int add_known(struct board *b, const struct candidate_said *s)
{
	int r = board_table_reserve(b);
	struct board_entry *e = r ? NULL : board_table_new(&s->threat);

	if (!e)
		return -ENOMEM;
	memcpy(e->id, s->head.id, sizeof(e->id));
	e->cell_us = s->head.cell_us;
	e->status = s->head.status;
	e->episode = s->episode;
	board_table_add(b, e);
	return 0;
}

int board_known(struct board *b, const struct candidate_said *s)
{
	struct board_entry *e = board_table_find(b, &s->threat, s->head.id);

	if (e && (e->superseded_by[0] || s->head.version <= e->version))
		return 0;
	if (!e) {
		int r = add_known(b, s);
		if (r)
			return r;
		e = board_table_find(b, &s->threat, s->head.id);
	}
	b->by_status[e->status]--;
	b->by_status[s->head.status]++;
	e->status = s->head.status;
	e->version = s->head.version;
	e->says = s->head.says;
	memcpy(e->superseded_by, s->superseded_by, sizeof(e->superseded_by));
	return 0;
}

void board_profile(const struct profile *p, char out[BOARD_PROFILE_MAX])
{
	static_assert(BOARD_PROFILE_MAX > sizeof(p->id) + sizeof(p->version), "both, and a space");
	snprintf(out, BOARD_PROFILE_MAX, "%s %s", p->id, p->version);
}

bool board_told(const struct board *b, const char *id, struct board_told *out)
{
	for (uint32_t i = 0; i < b->entry_chains; i++)
		for (const struct board_entry *e = b->entries[i]; e; e = e->next)
			if (strcmp(e->id, id) == 0) {
				*out = (struct board_told){e->id,      e->version,
							   e->status,  e->superseded_by,
							   e->profile, &e->threat,
							   &e->episode};
				return true;
			}
	return false;
}

/* One call's worth of saying. */
struct voice {
	struct board *b;
	const struct candidate_context *cx;
	board_say *say;
	void *arg;
};

/* What the candidate's line says, version and status aside. */
static int line_says(const struct candidate *c, const struct candidate_context *cx, uint64_t *says)
{
	struct candidate_head head;
	struct text line;

	text_init(&line);
	candidate_json(&line, c, cx);
	int r = line.error;
	if (r == 0) {
		bool ours = candidate_head(line.p, line.len, &head);
		assert(ours);
		*says = ours ? head.says : 0;
	}
	text_fini(&line);
	return r;
}

/* Moves e to this status and episode, and says it unless it was said before. */
static int tell(const struct voice *v, struct board_entry *e, const struct episode *ep,
		enum candidate_status status, const char *superseded_by)
{
	struct candidate c;
	uint64_t says;

	candidate_make_of(&c, v->cx, &e->threat, ep, status, e->version + 1);
	memcpy(c.id, e->id, sizeof(c.id));
	c.cell_us = e->cell_us;
	memcpy(c.superseded_by, superseded_by, strlen(superseded_by) + 1);
	if (status == CANDIDATE_WITHDRAWN && !superseded_by[0])
		c.rejected = candidate_rejected(v->cx, e->id, &e->threat, ep);
	int r = line_says(&c, v->cx, &says);
	if (r)
		return r;

	bool silent = e->version > 0 && says == e->says;
	if (silent && status != CANDIDATE_WITHDRAWN && status != CANDIDATE_EXPIRED)
		status = e->status;
	board_profile(candidate_profile(v->cx, ep), e->profile);
	if (!silent) {
		e->version = c.version;
		v->say(v->arg, &c);
	}
	v->b->by_status[e->status]--;
	v->b->by_status[status]++;
	e->status = status;
	e->says = says;
	e->episode = *ep;
	return 0;
}

static enum life_event event_of(const struct voice *v, const char *id,
				const struct threat_name *threat, const struct episode *was,
				const struct episode *now)
{
	return candidate_rejected(v->cx, id, threat, now) ? LIFE_REJECTED
							  : lifecycle_event(was, now);
}

static int first_time(const struct voice *v, const struct threat_name *threat,
		      const struct episode *ep)
{
	static const struct episode never;
	const int64_t window_us = v->cx->profile->window_us;
	int64_t cell_us = candidate_cell(ep->first_us, window_us);
	char id[CANDIDATE_ID_MAX];

	candidate_id(threat, cell_us, window_us, id);
	int status = lifecycle_next(LIFE_NEW, event_of(v, id, threat, &never, ep));
	if (status == LIFE_STAYS)
		return 0;
	int r = board_table_reserve(v->b);
	struct board_entry *e = r ? NULL : board_table_new(threat);
	if (!e)
		return -ENOMEM;
	e->cell_us = cell_us;
	memcpy(e->id, id, sizeof(e->id));
	e->status = CANDIDATE_WATCH;
	board_table_add(v->b, e);
	r = tell(v, e, ep, (enum candidate_status)status, "");
	if (r)
		board_table_remove(v->b, e);
	return r;
}

/* Is e, by its evidence, a name of this episode? */
static bool names(const struct board_entry *e, const struct episode *ep, int64_t window_us)
{
	return !e->superseded_by[0] && e->episode.first_us - window_us <= ep->last_us &&
	       ep->first_us - window_us <= e->episode.last_us;
}

/* What is alive goes on before what was withdrawn or expired; then the earlier cell. */
static bool before(const struct board_entry *a, const struct board_entry *b)
{
	bool a_gone = a->status >= CANDIDATE_WITHDRAWN, b_gone = b->status >= CANDIDATE_WITHDRAWN;

	static_assert(CANDIDATE_EXPIRED > CANDIDATE_WITHDRAWN && CANDIDATE_STATUSES == 6,
		      "withdrawn and expired are the last");

	if (a_gone != b_gone)
		return b_gone;
	if (a->cell_us != b->cell_us)
		return a->cell_us < b->cell_us;
	return strcmp(a->id, b->id) < 0;
}

static struct board_entry *survivor(const struct board *b, const struct threat_name *threat,
				    const struct episode *ep, int64_t window_us)
{
	struct board_entry *best = NULL;

	for (struct board_entry *e = board_table_first(b, threat); e; e = board_table_next(e))
		if (names(e, ep, window_us) && (!best || before(e, best)))
			best = e;
	return best;
}

/* Known candidates that this episode shows to be part of the survivor. */
static int take_over(const struct voice *v, struct board_entry *keep)
{
	const int64_t window_us = v->cx->profile->window_us;
	int r = 0;

	for (struct board_entry *e = board_table_first(v->b, &keep->threat); e && r == 0;
	     e = board_table_next(e)) {
		if (e == keep || !names(e, &keep->episode, window_us))
			continue;
		/* a line does not say enough to tell of it: the survivor's evidence does */
		const struct episode ep = e->episode.states ? e->episode : keep->episode;
		int status = lifecycle_next(e->status, LIFE_JOINED);
		if (status != LIFE_STAYS)
			r = tell(v, e, &ep, (enum candidate_status)status, keep->id);
		if (r == 0)
			memcpy(e->superseded_by, keep->id, sizeof(e->superseded_by));
	}
	return r;
}

/* The step that this assessment means for e. */
static int move(const struct voice *v, struct board_entry *e, const struct episode *ep)
{
	int status = lifecycle_next(e->status, event_of(v, e->id, &e->threat, &e->episode, ep));

	if (status != LIFE_STAYS)
		return tell(v, e, ep, (enum candidate_status)status, "");
	/* nothing to say, but its evidence goes on, and so does its time */
	e->episode = *ep;
	return 0;
}

int board_offer(struct board *b, const struct candidate_context *cx, const struct episode *ep,
		board_say *say, void *arg)
{
	const struct voice v = {b, cx, say, arg};
	const struct threat_name *threat = names_threat_get(cx->names, ep->threat);

	assert(threat && ep->states <= STATES);
	if (ep->last_us < b->horizon_us)
		return 0;
	struct board_entry *e = survivor(b, threat, ep, cx->profile->window_us);
	if (!e)
		return first_time(&v, threat, ep);
	int r = move(&v, e, ep);
	return r ? r : take_over(&v, e);
}

bool board_name(const struct board *b, const struct candidate_context *cx, struct candidate *c)
{
	const struct board_entry *e =
		survivor(b, &c->threat, &c->episode, cx->profile->window_us);

	if (!e)
		return false;
	memcpy(c->id, e->id, sizeof(c->id));
	c->cell_us = e->cell_us;
	c->version = e->version;
	return true;
}

static int by_window(const void *a, const void *b)
{
	const struct board_entry *x = *(struct board_entry *const *)a;
	const struct board_entry *y = *(struct board_entry *const *)b;

	if (x->episode.first_us != y->episode.first_us)
		return x->episode.first_us < y->episode.first_us ? -1 : 1;
	return strcmp(x->id, y->id);
}

void board_forget(struct board *b, int64_t before_us)
{
	for (uint32_t i = 0; i < b->entry_chains; i++)
		for (struct board_entry *e = b->entries[i], *next; e; e = next) {
			next = e->next;
			if (e->episode.last_us < before_us)
				board_table_remove(b, e);
		}
}

/* Entries that ended before this time, by window and id. NULL: no memory. */
static struct board_entry **collect(const struct board *b, int64_t before_us, uint32_t *count)
{
	struct board_entry **list = calloc(b->entry_count + 1, sizeof(*list));

	*count = 0;
	for (uint32_t i = 0; list && i < b->entry_chains; i++)
		for (struct board_entry *e = b->entries[i]; e; e = e->next)
			if (e->episode.last_us < before_us && !e->superseded_by[0])
				list[(*count)++] = e;
	if (list)
		qsort(list, *count, sizeof(list[0]), by_window);
	return list;
}

int board_review(struct board *b, const struct candidate_context *cx, board_say *say, void *arg)
{
	const struct voice v = {b, cx, say, arg};
	uint32_t n;
	struct board_entry **list = collect(b, INT64_MAX, &n);
	int r = list ? 0 : -ENOMEM;

	for (uint32_t i = 0; i < n && r == 0; i++) {
		struct board_entry *e = list[i];
		struct feedback_votes votes;
		/* what evidence withdrew, or only a line told of, has nothing to judge */
		if (e->episode.status == EPISODE_NONE || e->status == CANDIDATE_EXPIRED)
			continue;
		feedback_votes(cx->feedback, e->id, &e->threat, &e->episode, cx->names, &votes);
		/* what was said of it stands in its line, whether or not that withdraws it */
		if (votes.count || e->status == CANDIDATE_WITHDRAWN)
			r = move(&v, e, &e->episode);
	}
	free(list);
	return r;
}

int board_expire(struct board *b, const struct candidate_context *cx, int64_t before_us,
		 board_say *say, void *arg)
{
	const struct voice v = {b, cx, say, arg};
	uint32_t n;
	struct board_entry **list = collect(b, before_us, &n);
	int r = list ? 0 : -ENOMEM;

	b->horizon_us = before_us > b->horizon_us ? before_us : b->horizon_us;
	for (uint32_t i = 0; i < n && r == 0; i++) {
		int status = lifecycle_next(list[i]->status, LIFE_OVER);
		if (status == LIFE_STAYS)
			continue;
		r = tell(&v, list[i], &list[i]->episode, (enum candidate_status)status, "");
		b->expired += r == 0;
	}
	free(list);
	if (r == 0)
		board_forget(b, before_us - cx->profile->window_us);
	return r;
}
