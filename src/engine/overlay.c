#include "engine/overlay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "match/feed_message.h"
#include "match/indicator_join.h"

/* A generation in the making. */
struct making {
	const struct ruleset *base;
	struct indicator_set delta; /* until it is laid */
	struct ruleset *more;
	uint64_t *withdrawn, *more_withdrawn;
	int64_t until; /* of what is being silenced */
	uint64_t silenced;
	int error;
};

static uint64_t *bits_for(uint32_t count)
{
	return calloc(count / 64 + 1, sizeof(uint64_t));
}

static struct span text_of(const char *s)
{
	return (struct span){s, (uint32_t)strlen(s)};
}

/* Base's indicators: they go, or come over with an earlier end. */
static bool silence_base(void *arg, uint32_t indicator)
{
	struct making *k = arg;

	if (!k->error && indicator_at(&k->base->set, indicator).valid_until > k->until) {
		k->error = indicator_set_cut(&k->delta, &k->base->set, indicator, k->until,
					     k->withdrawn);
		k->silenced++;
	}
	return k->error == 0;
}

/* What is said to be over, among what lies over the base. */
static bool silence_more(void *arg, uint32_t indicator)
{
	struct making *k = arg;

	indicator_set_end(&k->more->set, indicator, k->until);
	if (k->until == INT64_MIN)
		k->more_withdrawn[indicator / 64] |= UINT64_C(1) << (indicator % 64);
	k->silenced++;
	return true;
}

/* The target as an id that all share, or as a value: then whoever says it and nothing else. */
static void each_meant(const struct ruleset *r, const char *target,
		       bool (*fn)(void *arg, uint32_t indicator), void *arg)
{
	uint32_t indicator = indicator_set_find(&r->set, NULL, text_of(target));
	struct indicator_set value;

	if (indicator != INDICATOR_NONE) {
		fn(arg, indicator);
		return;
	}
	if (feed_message_value(&value, text_of(target)) == 0) {
		struct condition c = value.count ? condition_at(&value, 0) : (struct condition){0};
		if (value.count && value.condition_count == 1)
			matcher_alone(r->matcher, &value, &c, fn, arg);
		indicator_set_fini(&value);
	}
}

static void on_base(void *arg, const char *target, int64_t until)
{
	struct making *k = arg;

	k->until = until;
	each_meant(k->base, target, silence_base, k);
}

static void on_more(void *arg, const char *target, int64_t until)
{
	struct making *k = arg;

	k->until = until;
	each_meant(k->more, target, silence_more, k);
}

static int gather(struct making *k, const struct indicator_set *const *sets, uint32_t count,
		  struct silence *silence)
{
	int err = 0;

	for (uint32_t i = 0; i < count && !err; i++)
		err = indicator_set_overlay(&k->delta, sets[i], &k->base->set, k->withdrawn);
	if (!err)
		err = silence_each(silence, on_base, k);
	return err ? err : k->error;
}

static int lay(struct making *k, const struct ruleset_order *o, struct silence *silence)
{
	int err = ruleset_lay(&k->more, o, &k->delta);

	if (err || k->more->set.count == 0) { /* withdrawals alone need no matcher */
		ruleset_put(k->more);
		k->more = NULL;
		return err;
	}
	k->more_withdrawn = bits_for(k->more->set.count);
	return k->more_withdrawn ? silence_each(silence, on_more, k) : -ENOMEM;
}

int overlay_build(struct generation **g, const struct ruleset_order *o, struct ruleset *base,
		  const struct indicator_set *const *sets, uint32_t count,
		  struct silence *silence, uint64_t *silenced)
{
	struct making k = {.base = base, .withdrawn = bits_for(base->set.count)};
	struct ruleset_order over = *o;
	int err = k.withdrawn ? indicator_set_init(&k.delta) : -ENOMEM;

	over.before = base;
	if (!err)
		err = gather(&k, sets, count, silence);
	if (!err && indicator_set_versions(&k.delta) > 0)
		err = lay(&k, &over, silence);
	indicator_set_fini(&k.delta);
	if (err) {
		ruleset_put(base);
		ruleset_put(k.more);
		free(k.withdrawn);
		free(k.more_withdrawn);
		return err;
	}
	*silenced = k.silenced;
	return generation_create(g, base, k.more, k.withdrawn, k.more_withdrawn, o->workers,
				 o->watch);
}
