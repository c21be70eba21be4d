/*
 * own_profile - threats that are judged by a significance profile of their own: those of
 * Sigma correlations that name one (tocsin: {profile: ID}).
 *
 * Thread   judge. own_profile_check(): who builds a ruleset.
 * Order    own_profile_follow() before judging: it takes up what the rules in force say.
 * Owns     the profiles and their assessors.
 * Memory   malloc when the rules change.
 * Limit    as many as correlations.
 */
#ifndef TOCSIN_ENGINE_OWN_PROFILE_H
#define TOCSIN_ENGINE_OWN_PROFILE_H

#include "engine/engine_priv.h"

/* 0, -ENOMEM. @thread judge */
int own_profile_follow(struct engine *e);
void own_profile_fini(struct own_profiles *own);
/* The engine's unless the threat has its own. @thread judge */
struct assessor *own_profile_assessor(const struct engine *e, uint32_t threat);
/* As candidate_context asks; arg is the engine. */
const struct profile *own_profile_of(void *arg, uint32_t threat);

/* Does it load? What is wrong goes to ps. */
bool own_profile_check(const char *id, struct problems *ps);

#endif
