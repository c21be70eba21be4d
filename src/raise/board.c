#include "raise/board_table.h"

#include <assert.h>
#include <errno.h>
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
	return b->by_status[status];
}

int board_known(struct board *b, const char *id, uint32_t version, uint64_t says)
{
	if (strlen(id) != CANDIDATE_ID_MAX - 1)
		return -EINVAL;
	return board_table_set_line(b, id, version, says);
}

/* One call's worth of saying. */
struct voice {
	struct board *b;
	const struct candidate_context *cx;
	board_say *say;
	void *arg;
};

static bool is_raised(enum candidate_status s)
{
	return s == CANDIDATE_RAISED || s == CANDIDATE_UPDATED;
}

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
	memcpy(c.superseded_by, superseded_by, strlen(superseded_by) + 1);
	int r = line_says(&c, v->cx, &says);
	if (r)
		return r;

	bool silent = e->version > 0 && says == e->says;
	const struct board_line *l = board_table_line(v->b, e->id);
	if (!silent && l && l->version >= c.version) {
		/* an earlier life got further than what it saved */
		silent = says == l->says;
		c.version = silent ? l->version : l->version + 1;
		e->version = c.version;
	}
	if (silent && is_raised(e->status) && is_raised(status))
		status = e->status;
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

static enum candidate_status next_status(const struct board_entry *e, const struct episode *ep)
{
	switch (ep->status) {
	case EPISODE_RAISED:
		return is_raised(e->status) ? CANDIDATE_UPDATED : CANDIDATE_RAISED;
	case EPISODE_WATCH:
		return CANDIDATE_WATCH;
	case EPISODE_NONE:
		break;
	}
	return CANDIDATE_WITHDRAWN;
}

static int first_time(const struct voice *v, const struct threat_name *threat,
		      const struct episode *ep)
{
	int r = board_table_reserve(v->b);
	struct board_entry *e = r ? NULL : board_table_new(threat);

	if (!e)
		return -ENOMEM;
	candidate_id(threat, ep->first_us, e->id);
	e->start_us = ep->first_us;
	e->status = CANDIDATE_WATCH;
	board_table_add(v->b, e);
	r = tell(v, e, ep, next_status(e, ep), "");
	if (r)
		board_table_remove(v->b, e);
	return r;
}

static bool overlaps(const struct board_entry *e, const struct episode *ep)
{
	return e->episode.first_us <= ep->last_us && ep->first_us <= e->episode.last_us;
}

/* What is alive goes on before what was withdrawn; then the earlier window. */
static bool before(const struct board_entry *a, const struct board_entry *b)
{
	bool a_gone = a->status == CANDIDATE_WITHDRAWN, b_gone = b->status == CANDIDATE_WITHDRAWN;

	if (a_gone != b_gone)
		return b_gone;
	if (a->start_us != b->start_us)
		return a->start_us < b->start_us;
	return strcmp(a->id, b->id) < 0;
}

static struct board_entry *survivor(const struct board *b, const struct threat_name *threat,
				    const struct episode *ep)
{
	struct board_entry *best = NULL;

	for (struct board_entry *e = board_table_first(b, threat); e; e = board_table_next(e))
		if (overlaps(e, ep) && (!best || before(e, best)))
			best = e;
	return best;
}

/* Known candidates that this episode shows to be part of the survivor. */
static int take_over(const struct voice *v, struct board_entry *keep)
{
	for (struct board_entry *e = board_table_first(v->b, &keep->threat), *next; e; e = next) {
		next = board_table_next(e);
		if (e == keep || !overlaps(e, &keep->episode))
			continue;
		int r = 0;
		if (e->status != CANDIDATE_WITHDRAWN)
			r = tell(v, e, &e->episode, CANDIDATE_WITHDRAWN, keep->id);
		if (r)
			return r;
		board_table_remove(v->b, e);
	}
	return 0;
}

int board_offer(struct board *b, const struct candidate_context *cx, const struct episode *ep,
		board_say *say, void *arg)
{
	const struct voice v = {b, cx, say, arg};
	const struct threat_name *threat = names_threat_get(cx->names, ep->threat);

	assert(threat && ep->states <= STATES);
	struct board_entry *e = survivor(b, threat, ep);
	if (!e)
		return ep->status == EPISODE_NONE ? 0 : first_time(&v, threat, ep);
	if (e->status == CANDIDATE_WITHDRAWN && ep->status == EPISODE_NONE)
		return 0;
	int r = tell(&v, e, ep, next_status(e, ep), "");
	return r ? r : take_over(&v, e);
}

bool board_name(const struct board *b, struct candidate *c)
{
	const struct board_entry *e = survivor(b, &c->threat, &c->episode);

	if (!e)
		return false;
	memcpy(c->id, e->id, sizeof(c->id));
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

static uint32_t collect(const struct board *b, int64_t before_us, struct board_entry **list)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < b->entry_chains; i++)
		for (struct board_entry *e = b->entries[i]; e; e = e->next)
			if (e->episode.last_us < before_us)
				list[n++] = e;
	return n;
}

int board_expire(struct board *b, const struct candidate_context *cx, int64_t before_us,
		 board_say *say, void *arg)
{
	const struct voice v = {b, cx, say, arg};
	struct board_entry **list = calloc(b->entry_count + 1, sizeof(*list));
	int r = 0;

	if (!list)
		return -ENOMEM;
	uint32_t n = collect(b, before_us, list);
	qsort(list, n, sizeof(list[0]), by_window);
	for (uint32_t i = 0; i < n && r == 0; i++) {
		struct board_entry *e = list[i];
		if (e->status != CANDIDATE_WITHDRAWN) {
			r = tell(&v, e, &e->episode, CANDIDATE_EXPIRED, "");
			if (r)
				break;
			/* the count of those that expired stays when the entry goes */
			b->by_status[CANDIDATE_EXPIRED]++;
		}
		board_table_forget_line(b, e->id);
		board_table_remove(b, e);
	}
	free(list);
	return r;
}
