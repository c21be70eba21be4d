/* named - notifications that count without a hit: they name their threat, or assert what stands
 * by itself. */
#include <assert.h>
#include <string.h>

#include "engine/engine_priv.h"

bool named_by_itself(const struct event *ev)
{
	return ev->campaign.len || ev->claims & IMPACT_BIT(IMPACT_CLAIM_CAPACITY);
}

/* That a state's capacity is exceeded counts only as the word of a source which is
 * registered for that state and may say so. */
void named_settle_capacity(struct worker *wk, const struct source *s, uint8_t state)
{
	const uint64_t capacity = IMPACT_BIT(IMPACT_CLAIM_CAPACITY);

	if (!(wk->event.claims & capacity) || (s->may_assert_capacity && state == s->state))
		return;
	wk->event.claims &= ~capacity;
	counter_add(&wk->ledger.assertions_ignored, 1);
}

/* A campaign that no feed knows is known by its folded name from now on, so the same
 * word in two states is one threat. The names take memory, hence their bound. */
static uint32_t new_campaign(struct worker *wk, const char *prefix, struct span name)
{
	char id[32 + EVENT_NAME_MAX];
	size_t len = strlen(prefix);

	assert(name.len <= EVENT_NAME_MAX && len < 32);
	memcpy(id, prefix, len);
	for (uint32_t i = 0; i < name.len; i++)
		id[len++] =
			(char)(name.p[i] >= 'A' && name.p[i] <= 'Z' ? name.p[i] | 0x20 : name.p[i]);
	uint32_t threat = names_threat_find(wk->e->names, NAME_CAMPAIGN, id, len);
	if (threat)
		return threat;
	/* relaxed: several workers at once may each name one more */
	if (atomic_load_explicit(&wk->e->campaigns_named, memory_order_relaxed) >=
	    CAMPAIGNS_NAMED_MAX) {
		counter_add(&wk->ledger.campaigns_refused, 1);
		return 0;
	}
	atomic_fetch_add_explicit(&wk->e->campaigns_named, 1, memory_order_relaxed);
	return names_threat(wk->e->names, NAME_CAMPAIGN, id, len, id, len);
}

/* The threat that a notification names; or, where an exceeded capacity is asserted of
 * none that is known, the notification itself. 0: it names none. */
uint32_t named_threat(struct worker *wk)
{
	const struct event *ev = &wk->event;
	uint32_t threat = 0;

	if (ev->campaign.len) {
		threat = ruleset_campaign(wk->rules, ev->campaign.p, ev->campaign.len);
		if (!threat && wk->generation->more)
			threat = ruleset_campaign(wk->generation->more, ev->campaign.p,
						  ev->campaign.len);
		return threat ? threat : new_campaign(wk, "", ev->campaign);
	}
	if (ev->claims & IMPACT_BIT(IMPACT_CLAIM_CAPACITY) && wk->result.hits + wk->more.hits == 0 &&
	    ev->report_id.len)
		return new_campaign(wk, "notification:", ev->report_id);
	return 0;
}
