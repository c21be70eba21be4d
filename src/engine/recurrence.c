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
	struct history_record r;
};

static void find_own(void *arg, const struct history_record *r)
{
	struct known *k = arg;

	if (memcmp(r->candidate, k->id, sizeof(r->candidate)) != 0)
		return;
	k->live = !r->withdrawn;
	k->r = *r;
}

static const struct state_assessment *state_of(const struct candidate *c, uint8_t state)
{
	for (uint32_t i = 0; i < c->episode.states; i++)
		if (c->episode.state[i].state == state)
			return &c->episode.state[i];
	return NULL;
}

static void tell_state(struct history_record *r, const struct state_assessment *st)
{
	r->state = st->state;
	r->first_us = st->first_us;
	r->last_us = st->last_us;
	r->severity = st->severity;
	r->entities = st->entities;
	r->entities_exact = st->entities_exact;
	r->records = st->records;
	r->records_exact = st->records_exact;
	r->users = st->users;
	r->origins = st->origins;
	r->sectors = st->sectors;
	r->criteria = st->criteria;
}

int engine_note_history(struct engine *e, const struct candidate *c)
{
	const struct profile *p = candidate_profile(&e->context, &c->episode);
	struct history_record r = {.version = c->version,
				   .raised = c->episode.status == EPISODE_RAISED,
				   .expired = c->status == CANDIDATE_EXPIRED,
				   .tlp = c->episode.tlp,
				   .pap = c->episode.pap,
				   .score = (uint8_t)(c->score * 100 + 0.5),
				   .profile = history_profile(p->id, p->version),
				   .decided_us = c->episode.decided_us};
	int err = 0;

	if (!e->history || history_looks(e->history) || uuid_parse(c->id, r.candidate))
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
		/* what no longer holds keeps what was told of it */
		k.r.version = c->version;
		k.r.withdrawn = true;
		if (holds)
			tell_state(&r, st);
		err = history_put(e->history, holds ? &r : &k.r);
	}
	return err;
}

/* --- explained --------------------------------------------------------------------- */

int engine_look_history(struct engine *e, char why[256])
{
	if (!e->config->history_dir[0])
		return 0;
	int err = history_look(&e->history, e->config->history_dir, why);
	return err == -ENOENT ? 0 : err;
}

static void take_own(void *arg, const struct history_record *r)
{
	kept_add(arg, r);
}

static void take_other(void *arg, const struct history_record *r)
{
	kept_add_other(arg, r);
}

bool engine_kept(const struct engine *e, const char *id, struct kept *k)
{
	uint64_t threat[2];
	uuid_t uuid;

	*k = (struct kept){.threat = {.id = "", .name = ""}};
	snprintf(k->id, sizeof(k->id), "%.36s", id);
	if (!e->history || uuid_parse(id, uuid))
		return false;
	history_candidate(e->history, uuid, take_own, k);
	if (!k->states)
		return false;
	for (uint8_t s = 0; s < STATES; s++)
		history_find(e->history, k->state[0].threat, s, take_other, k);
	for (uint32_t t = 1; t <= names_threat_count(e->names); t++) {
		const struct threat_name *n = names_threat_get(e->names, t);
		history_threat(n->kind, n->id, threat);
		if (memcmp(threat, k->state[0].threat, sizeof(threat)) == 0)
			k->threat = *n;
	}
	return true;
}
