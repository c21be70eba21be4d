/* What history has of a candidate's threat, and what it is told. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uuid.h>

#include "base/log.h"
#include "engine/engine_priv.h"

int engine_open_history(struct engine *e, char why[256])
{
	struct history_usage u;

	if (!e->config->history_dir[0])
		return 0;
	int err = history_open(&e->history, e->config->history_dir,
			       (uint32_t)e->config->history_max, why);
	if (err)
		return err;
	history_usage(e->history, &u);
	if (u.damaged)
		log_warning("history_dir %s: %llu damaged records were passed over",
			    e->config->history_dir, (unsigned long long)u.damaged);
	return 0;
}

int engine_sync_history(struct engine *e)
{
	return e->history ? history_sync(e->history) : 0;
}

/* --- told ------------------------------------------------------------------------ */

struct telling {
	const struct candidate *c;
	uuid_t id;
	struct history_record *rows; /* newest first */
	uint32_t count, max, total;
};

static int newer(const struct history_record *a, const struct history_record *b)
{
	if (a->last_us != b->last_us)
		return a->last_us > b->last_us ? -1 : 1;
	return memcmp(a->candidate, b->candidate, sizeof(a->candidate));
}

/* Ended before this episode began, and not longer ago than the rules look back. */
static void tell(void *arg, const struct history_record *r)
{
	struct telling *t = arg;
	int64_t since = t->c->episode.first_us - r->last_us;
	uint32_t at;

	if (r->withdrawn || since <= 0 || since > HISTORY_SPAN_US ||
	    memcmp(r->candidate, t->id, sizeof(r->candidate)) == 0)
		return;
	t->total++;
	for (at = t->count; at > 0 && newer(r, &t->rows[at - 1]) < 0; at--)
		if (at < t->max)
			t->rows[at] = t->rows[at - 1];
	if (at < t->max)
		t->rows[at] = *r;
	t->count += t->count < t->max;
}

uint32_t engine_recurrence(void *arg, const struct candidate *c, uint8_t state,
			   struct history_record *rows, uint32_t max)
{
	struct engine *e = arg;
	struct telling t = {.c = c, .rows = rows, .max = max};
	uint64_t threat[2];

	if (!e->history || uuid_parse(c->id, t.id))
		return 0;
	history_threat(c->threat.kind, c->threat.id, threat);
	history_find(e->history, threat, state, tell, &t);
	return t.total;
}

/* --- kept -------------------------------------------------------------------------- */

struct known {
	const uint8_t *id;
	bool live;
	int64_t first_us, last_us;
};

static void find_own(void *arg, const struct history_record *r)
{
	struct known *k = arg;

	if (memcmp(r->candidate, k->id, sizeof(r->candidate)) != 0)
		return;
	k->live = !r->withdrawn;
	k->first_us = r->first_us;
	k->last_us = r->last_us;
}

static const struct state_assessment *state_of(const struct candidate *c, uint8_t state)
{
	for (uint32_t i = 0; i < c->episode.states; i++)
		if (c->episode.state[i].state == state)
			return &c->episode.state[i];
	return NULL;
}

int engine_note_history(struct engine *e, const struct candidate *c)
{
	struct history_record r = {.version = c->version};
	int err = 0;

	if (!e->history || uuid_parse(c->id, r.candidate))
		return 0;
	history_threat(c->threat.kind, c->threat.id, r.threat);
	for (uint8_t s = 0; s < STATES && !err; s++) {
		const struct state_assessment *st = state_of(c, s);
		bool holds = st && st->significant && c->status != CANDIDATE_WITHDRAWN;
		struct known k = {.id = r.candidate};
		if (!vocab_state_is_member(s))
			continue;
		history_find(e->history, r.threat, s, find_own, &k);
		if (!holds && !k.live)
			continue;
		r.state = s;
		r.withdrawn = !holds;
		r.first_us = holds ? st->first_us : k.first_us;
		r.last_us = holds ? st->last_us : k.last_us;
		err = history_put(e->history, &r);
	}
	return err;
}
