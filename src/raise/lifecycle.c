#include "raise/lifecycle.h"

#include <assert.h>

#define W  CANDIDATE_WATCH
#define R  CANDIDATE_RAISED
#define U  CANDIDATE_UPDATED
#define C  CANDIDATE_CORROBORATED
#define X  CANDIDATE_WITHDRAWN
#define E  CANDIDATE_EXPIRED
#define __ LIFE_STAYS

static const signed char step[CANDIDATE_STATUSES + 1][LIFE_EVENTS] = {
	/*                          not watch raised supported rejected joined over */
	[CANDIDATE_WATCH]        = {X,  W,    R,     R,        X,       X,     E},
	[CANDIDATE_RAISED]       = {X,  W,    U,     C,        X,       X,     E},
	[CANDIDATE_UPDATED]      = {X,  W,    U,     C,        X,       X,     E},
	[CANDIDATE_CORROBORATED] = {X,  W,    U,     C,        X,       X,     E},
	[CANDIDATE_WITHDRAWN]    = {__, W,    R,     R,        __,      __,    __},
	[CANDIDATE_EXPIRED]      = {__, W,    R,     R,        __,      __,    __},
	[LIFE_NEW]               = {__, W,    R,     R,        X,       __,    __},
};

int lifecycle_next(int from, enum life_event event)
{
	assert(from >= 0 && from <= LIFE_NEW && (unsigned)event < LIFE_EVENTS);
	return step[from][event];
}

static const struct state_assessment *state_of(const struct episode *ep, uint8_t state)
{
	for (uint32_t i = 0; i < ep->states; i++)
		if (ep->state[i].state == state)
			return &ep->state[i];
	return NULL;
}

bool lifecycle_corroborates(const struct episode *was, const struct episode *now)
{
	/* what only a line told of: which origins it had is not known */
	if (!was->states)
		return false;
	for (uint32_t i = 0; i < now->states; i++) {
		const struct state_assessment *st = &now->state[i], *old;
		if (!vocab_state_is_member(st->state) || !st->significant)
			continue;
		old = state_of(was, st->state);
		if (!old || !old->significant || st->origins > old->origins)
			return true;
	}
	return false;
}

enum life_event lifecycle_event(const struct episode *was, const struct episode *now)
{
	switch (now->status) {
	case EPISODE_RAISED:
		return lifecycle_corroborates(was, now) ? LIFE_SUPPORTED : LIFE_RAISED;
	case EPISODE_WATCH:
		return LIFE_WATCH;
	case EPISODE_NONE:
		break;
	}
	return LIFE_NOT;
}
