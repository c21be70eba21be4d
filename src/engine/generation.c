#include "engine/generation.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

void effect_add(struct effect *f, uint64_t us)
{
	uint32_t i = 0;

	while (i + 1 < EFFECT_BUCKETS && us > UINT64_C(64) << i)
		i++;
	f->bucket[i]++;
	f->count++;
	f->sum_us += us;
	f->last_us = us;
	f->max_us = us > f->max_us ? us : f->max_us;
}

void effect_json(struct text *t, const struct effect *f)
{
	uint64_t below = 0;

	text_printf(t, "{\"count\":%llu,\"last_ms\":%.3f,\"max_ms\":%.3f,\"mean_ms\":%.3f,\"le_ms\":{",
		    (unsigned long long)f->count, (double)f->last_us / 1e3, (double)f->max_us / 1e3,
		    f->count ? (double)f->sum_us / 1e3 / (double)f->count : 0);
	for (uint32_t i = 0, shown = 0; i < EFFECT_BUCKETS; i++) {
		if (!f->bucket[i])
			continue;
		below += f->bucket[i];
		text_printf(t, "%s\"%.3f\":%llu", shown++ ? "," : "", (double)(UINT64_C(64) << i) / 1e3,
			    (unsigned long long)below);
	}
	text_str(t, "}}");
}

void generation_holder_init(struct generation_holder *h)
{
	memset(h, 0, sizeof(*h));
	pthread_mutex_init(&h->lock, NULL);
}

static void free_generation(struct generation *g)
{
	match_overlay_free(g->over);
	ruleset_put(g->more);
	ruleset_put(g->base);
	free(g->withdrawn);
	free(g->more_withdrawn);
	free(g);
}

static void free_list(struct generation *g)
{
	for (struct generation *next; g; g = next) {
		next = g->next;
		free_generation(g);
	}
}

void generation_holder_fini(struct generation_holder *h)
{
	free_list(h->retired);
	free_list(h->oldest);
	pthread_mutex_destroy(&h->lock);
}

int generation_create(struct generation **out, struct ruleset *base, struct ruleset *more,
		      uint64_t *withdrawn, uint64_t *more_withdrawn, uint32_t workers, bool watch)
{
	struct generation *g = calloc(1, sizeof(*g));

	*out = NULL;
	if (!g) {
		ruleset_put(base);
		ruleset_put(more);
		free(withdrawn);
		free(more_withdrawn);
		return -ENOMEM;
	}
	g->base = base;
	g->more = more;
	g->withdrawn = withdrawn;
	g->more_withdrawn = more_withdrawn;
	for (uint32_t i = 0; withdrawn && i < base->set.count; i += 64)
		g->withdrawals += (uint32_t)__builtin_popcountll(withdrawn[i / 64]);
	if (more || g->withdrawals || watch) {
		int err = match_overlay_create(&g->over, base->matcher, more ? more->matcher : NULL,
					       withdrawn, more_withdrawn, workers);
		if (err) {
			free_generation(g);
			return err;
		}
		if (watch)
			match_overlay_watch(g->over);
	}
	*out = g;
	return 0;
}

/* What nobody holds leaves the old end; what is then the oldest is in effect everywhere. */
static void settle(struct generation_holder *h)
{
	while (h->oldest != h->current && h->oldest->references == 0) {
		struct generation *g = h->oldest, *next = g->next;
		/* its news are the next one's as well, and came before those */
		if (g->arrived_ns)
			next->arrived_ns = g->arrived_ns;
		h->oldest = next;
		g->next = h->retired;
		h->retired = g;
	}
	if (h->oldest && h->oldest->arrived_ns) {
		effect_add(&h->effect, (clock_monotonic_ns() - h->oldest->arrived_ns) / 1000);
		h->oldest->arrived_ns = 0;
	}
}

void generation_publish(struct generation_holder *h, struct generation *g)
{
	pthread_mutex_lock(&h->lock);
	g->number = ++h->published;
	if (h->current)
		h->current->next = g;
	else
		h->oldest = g;
	h->current = g;
	settle(h);
	pthread_mutex_unlock(&h->lock);
	generation_reap(h);
}

struct generation *generation_get(struct generation_holder *h)
{
	pthread_mutex_lock(&h->lock);
	struct generation *g = h->current;
	if (g)
		g->references++;
	pthread_mutex_unlock(&h->lock);
	return g;
}

void generation_put(struct generation_holder *h, struct generation *g)
{
	if (!g)
		return;
	pthread_mutex_lock(&h->lock);
	if (--g->references == 0 && h->oldest != h->current)
		settle(h);
	pthread_mutex_unlock(&h->lock);
}

void generation_reap(struct generation_holder *h)
{
	pthread_mutex_lock(&h->lock);
	struct generation *g = h->retired;
	h->retired = NULL;
	pthread_mutex_unlock(&h->lock);
	free_list(g);
}
