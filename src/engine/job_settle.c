/* What a record speaks for: its state, time, entity and origin. */
#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "engine/job.h"

void job_refuse(struct worker *wk, enum reason r)
{
	assert(r != REASON_OK);
	counter_add(&wk->ledger.reason[r], 1);
}

/* Which state the record speaks for: its source's, unless the source is
 * registered to aggregate for the state that the record or header names. */
static enum reason settle_state(struct worker *wk, struct job *j)
{
	int claim = j->item->state_claim != -1 ? j->item->state_claim : wk->event.state_claim;

	j->state = j->source->state;
	if (claim == -1 || claim == j->state)
		return REASON_OK;
	if (!j->source->aggregates) {
		counter_add(&wk->ledger.claims_ignored, 1);
		return REASON_OK;
	}
	if (claim < 0 || !(j->source->aggregates >> claim & 1))
		return REASON_STATE_NOT_REGISTERED;
	j->state = (uint8_t)claim;
	return REASON_OK;
}

/* The latest time that is taken, from what arrived with time t. A service's clock moves
 * on; a replay's must not, or a second run could differ. */
int64_t job_latest_time(struct engine *e, const struct source *s, int64_t t)
{
	if (!e->live)
		return e->future_limit_us;
	int64_t now = clock_wall_us();
	skew_see(&e->skew[s->id], t, now);
	return now + e->config->clock_skew_max;
}

static enum reason settle_time(struct worker *wk, struct job *j)
{
	struct engine *e = wk->e;

	if (!wk->event.has_time && !j->item->time_us)
		return REASON_NO_TIME;
	j->time_us = wk->event.has_time ? wk->event.time_us : j->item->time_us;
	if (j->time_us < e->config->time_min || j->time_us < 0)
		return REASON_TIME_PAST;
	if (j->time_us > job_latest_time(e, j->source, j->time_us))
		return REASON_TIME_FUTURE;
	high_mark *mark = &wk->e->watermark[j->source->id];
	if (e->live && j->time_us < high_mark_get(mark) - e->config->retention)
		return REASON_LATE;
	high_mark_raise(mark, j->time_us);
	return REASON_OK;
}

/* Entities leave this function only as keyed hashes. A record that names nobody
 * affects at least the organisation behind its source. */
static void settle_entity(struct worker *wk, struct job *j)
{
	const struct source *s = j->source;
	char text[ENTITY_TEXT_MAX];
	uint8_t out[crypto_shorthash_BYTES];

	static_assert(crypto_shorthash_BYTES == 8 && crypto_shorthash_KEYBYTES == 16,
		      "SipHash-2-4");
	j->origin = source_origin(s, j->state);
	j->identity = event_identity(&wk->event);
	/* who is affected by what a relay passes on, its own registration cannot say */
	size_t len = event_entity(&wk->event, s->relay ? NULL : s, &wk->e->config->home, text);
	if (len == 0 && s->relay) {
		j->entity = 0;
		return;
	}
	if (len == 0)
		len = (size_t)snprintf(text, sizeof(text), "source:%s", s->name);
	crypto_shorthash(out, (const uint8_t *)text, len, wk->e->entity_key);
	memcpy(&j->entity, out, 8);
	j->entity += j->entity == 0;
}

enum reason job_settle(struct worker *wk, struct job *j)
{
	enum reason why = settle_state(wk, j);

	if (why == REASON_OK)
		why = settle_time(wk, j);
	if (why == REASON_OK)
		settle_entity(wk, j);
	return why;
}
