/*
 * queue - bounded blocking FIFO of pointers between threads.
 *
 * Thread   any number of producers and consumers.
 * Order    a mutex; what was written before push is seen after pop.
 * Owns     push hands the item over; when it fails the caller keeps it.
 * Memory   queue_init() takes everything.
 * Limit    capacity 1..QUEUE_CAPACITY_MAX.
 *
 * One item is a batch of up to a megabyte: one lock a batch is far below a
 * part in a thousand of the batch's work, so nothing finer is called for.
 */
#ifndef TOCSIN_BASE_QUEUE_H
#define TOCSIN_BASE_QUEUE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define QUEUE_CAPACITY_MAX 65536

struct queue {
	pthread_mutex_t lock;
	pthread_cond_t not_empty, not_full;
	void **items;
	uint32_t capacity, head, count;
	bool closed;
};

int queue_init(struct queue *q, uint32_t capacity); /* 0, -EINVAL, -ENOMEM */
void queue_fini(struct queue *q);
bool queue_push(struct queue *q, void *item); /* waits for room; false once closed */
bool queue_push_first(struct queue *q, void *item); /* the same, to be popped next */
void *queue_pop(struct queue *q);	      /* waits; NULL once closed and empty */
void *queue_pop_timed(struct queue *q, int timeout_ms); /* NULL on timeout, or closed and empty */
void *queue_try_pop(struct queue *q);
void queue_close(struct queue *q); /* what is inside can still be popped */
bool queue_drained(struct queue *q); /* closed and empty */
uint32_t queue_count(struct queue *q);

#endif
