#include "engine/heavy_watch.h"

#include <string.h>

void heavy_watch_init(struct heavy_watch *w)
{
	memset(w, 0, sizeof(*w));
	pthread_mutex_init(&w->lock, NULL);
}

void heavy_watch_fini(struct heavy_watch *w)
{
	pthread_mutex_destroy(&w->lock);
}

void heavy_watch_show(struct heavy_watch *w, const struct heavy *h)
{
	/* a worker waits for nobody who only looks */
	if (pthread_mutex_trylock(&w->lock))
		return;
	w->shown = *h;
	pthread_mutex_unlock(&w->lock);
}

void heavy_watch_summarised(struct heavy_watch *w, uint32_t threat)
{
	for (uint32_t i = 0; i < HEAVY_KEYS; i++) {
		/* relaxed: the worker reads what it wrote itself */
		uint32_t seen = atomic_load_explicit(&w->summarised[i], memory_order_relaxed);
		if (seen == 0)
			atomic_store_explicit(&w->summarised[i], threat, memory_order_release);
		if (seen == 0 || seen == threat)
			return;
	}
}

void heavy_watch_sum(struct heavy_watch *w, struct heavy *sum)
{
	pthread_mutex_lock(&w->lock);
	heavy_merge(sum, &w->shown);
	pthread_mutex_unlock(&w->lock);
}

uint32_t heavy_watch_next(const struct heavy_watch *w, uint32_t i)
{
	/* acquire, paired with the release in heavy_watch_summarised() */
	return i < HEAVY_KEYS ? atomic_load_explicit(&w->summarised[i], memory_order_acquire) : 0;
}
