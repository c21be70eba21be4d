#include "base/queue.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int queue_init(struct queue *q, uint32_t capacity)
{
	memset(q, 0, sizeof(*q));
	if (capacity == 0 || capacity > QUEUE_CAPACITY_MAX)
		return -EINVAL;
	q->items = calloc(capacity, sizeof(*q->items));
	if (!q->items)
		return -ENOMEM;
	q->capacity = capacity;
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&q->lock, NULL);
	pthread_cond_init(&q->not_empty, &attr);
	pthread_cond_init(&q->not_full, &attr);
	pthread_condattr_destroy(&attr);
	return 0;
}

void queue_fini(struct queue *q)
{
	if (!q->items)
		return;
	pthread_mutex_destroy(&q->lock);
	pthread_cond_destroy(&q->not_empty);
	pthread_cond_destroy(&q->not_full);
	free(q->items);
	q->items = NULL;
}

static bool push(struct queue *q, void *item, bool first)
{
	assert(item);
	pthread_mutex_lock(&q->lock);
	while (q->count == q->capacity && !q->closed)
		pthread_cond_wait(&q->not_full, &q->lock);
	bool open = !q->closed;
	if (open) {
		if (first)
			q->head = (q->head + q->capacity - 1) % q->capacity;
		q->items[(q->head + (first ? 0 : q->count)) % q->capacity] = item;
		q->count++;
		pthread_cond_signal(&q->not_empty);
	}
	pthread_mutex_unlock(&q->lock);
	return open;
}

bool queue_push(struct queue *q, void *item)
{
	return push(q, item, false);
}

bool queue_push_first(struct queue *q, void *item)
{
	return push(q, item, true);
}

/* @locks q->lock held */
static void *take(struct queue *q)
{
	if (q->count == 0)
		return NULL;
	void *item = q->items[q->head];
	q->head = (q->head + 1) % q->capacity;
	q->count--;
	pthread_cond_signal(&q->not_full);
	return item;
}

void *queue_pop(struct queue *q)
{
	pthread_mutex_lock(&q->lock);
	while (q->count == 0 && !q->closed)
		pthread_cond_wait(&q->not_empty, &q->lock);
	void *item = take(q);
	pthread_mutex_unlock(&q->lock);
	return item;
}

void *queue_pop_timed(struct queue *q, int timeout_ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += timeout_ms / 1000;
	until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&q->lock);
	while (q->count == 0 && !q->closed)
		if (pthread_cond_timedwait(&q->not_empty, &q->lock, &until) == ETIMEDOUT)
			break;
	void *item = take(q);
	pthread_mutex_unlock(&q->lock);
	return item;
}

void *queue_try_pop(struct queue *q)
{
	pthread_mutex_lock(&q->lock);
	void *item = take(q);
	pthread_mutex_unlock(&q->lock);
	return item;
}

void queue_close(struct queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->closed = true;
	pthread_cond_broadcast(&q->not_empty);
	pthread_cond_broadcast(&q->not_full);
	pthread_mutex_unlock(&q->lock);
}

bool queue_drained(struct queue *q)
{
	pthread_mutex_lock(&q->lock);
	bool drained = q->closed && q->count == 0;
	pthread_mutex_unlock(&q->lock);
	return drained;
}

uint32_t queue_count(struct queue *q)
{
	pthread_mutex_lock(&q->lock);
	uint32_t count = q->count;
	pthread_mutex_unlock(&q->lock);
	return count;
}
