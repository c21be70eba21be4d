#include "engine/own_profile.h"

#include <errno.h>
#include <stdlib.h>

#include "engine/shipped.h"

static struct profile *load(const char *id, struct problems *ps)
{
	struct shipped shipped;

	shipped_find(&shipped, "rules/significance");
	return profile_load(id, shipped.dirs, ps);
}

bool own_profile_check(const char *id, struct problems *ps)
{
	struct profile *p = load(id, ps);

	profile_free(p);
	return p != NULL;
}

void own_profile_fini(struct own_profiles *own)
{
	for (uint32_t i = 0; i < own->count; i++) {
		if (own->list[i].assessor)
			assessor_fini(own->list[i].assessor);
		profile_free(own->list[i].profile);
	}
	free(own->list);
	ruleset_sigma_put(own->of);
	*own = (struct own_profiles){0};
}

static int take(struct engine *e, struct own_profiles *own, uint32_t correlation)
{
	const struct sigma_correlation *c = &own->of->set.chain.list[correlation];
	struct own_profile *p = &own->list[own->count];

	if (c->profile.len == 0)
		return 0;
	*p = (struct own_profile){own->of->chain_threat[correlation], load(c->profile.p, NULL),
				  NULL};
	if (!p->profile) /* it was there when the rules were loaded: judged by the engine's */
		return 0;
	own->count++;
	return engine_assessor(e, p->profile, &p->assessor);
}

int own_profile_follow(struct engine *e)
{
	struct generation *g = generation_get(&e->rules);
	struct ruleset_sigma *sigma = g ? g->base->sigma : NULL;
	struct own_profiles *own = &e->own;
	int err = 0;

	if (sigma != own->of) {
		own_profile_fini(own);
		if (sigma) {
			ruleset_sigma_hold(sigma);
			own->of = sigma;
			own->list = calloc((size_t)sigma->set.chain.count + 1, sizeof(*own->list));
			err = own->list ? 0 : -ENOMEM;
		}
		for (uint32_t i = 0; sigma && !err && i < sigma->set.chain.count; i++)
			err = take(e, own, i);
	}
	generation_put(&e->rules, g);
	return err;
}

static const struct own_profile *find(const struct engine *e, uint32_t threat)
{
	for (uint32_t i = 0; i < e->own.count; i++)
		if (e->own.list[i].threat == threat)
			return &e->own.list[i];
	return NULL;
}

struct assessor *own_profile_assessor(const struct engine *e, uint32_t threat)
{
	const struct own_profile *p = find(e, threat);

	return p ? p->assessor : e->assessor;
}

const struct profile *own_profile_of(void *arg, uint32_t threat)
{
	const struct engine *e = arg;
	const struct own_profile *p = find(e, threat);

	return p ? p->profile : e->profile;
}
