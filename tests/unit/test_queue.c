/* The blocking queue: order, waiting for room, time-outs, closing, and many threads. */
#include "base/queue.h"

#include <errno.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/clock.h"
#include "tap.h"

static int item[64];

static void alone(void)
{
	struct queue q;
	bool order = true;

	tap_int(queue_init(&q, 0), -EINVAL, "no capacity");
	tap_int(queue_init(&q, QUEUE_CAPACITY_MAX + 1), -EINVAL, "too much capacity");
	tap_int(queue_init(&q, QUEUE_CAPACITY_MAX), 0, "the most");
	queue_fini(&q);
	tap_int(queue_init(&q, 3), 0, "three");
	tap_ok(queue_try_pop(&q) == NULL, "empty");
	for (int round = 0; round < 7; round++) {
		for (int i = 0; i < 3; i++)
			queue_push(&q, &item[3 * round + i]);
		for (int i = 0; i < 3; i++)
			order &= queue_pop(&q) == &item[3 * round + i];
	}
	tap_ok(order, "first in, first out, around the ring");
	uint64_t from = clock_monotonic_ns();
	tap_ok(queue_pop_timed(&q, 30) == NULL && clock_monotonic_ns() - from >= 30000000,
	       "a time-out lasts as long as it says");
	tap_ok(queue_pop_timed(&q, 0) == NULL, "none returns at once");
	queue_push(&q, &item[1]);
	tap_ok(queue_pop_timed(&q, 10000) == &item[1], "what is there does not wait");
	queue_push(&q, &item[0]);
	queue_push_first(&q, &item[1]);
	queue_push_first(&q, &item[2]);
	tap_ok(queue_pop(&q) == &item[2] && queue_pop(&q) == &item[1] && queue_pop(&q) == &item[0],
	       "what is pushed first is popped first, from the array's other end too");
	queue_push(&q, &item[2]);
	tap_ok(!queue_drained(&q), "open");
	queue_close(&q);
	tap_ok(!queue_push(&q, &item[3]), "closed takes nothing");
	tap_ok(!queue_drained(&q), "but is not drained");
	tap_ok(queue_pop(&q) == &item[2] && queue_drained(&q), "until what is inside is popped");
	tap_ok(queue_pop(&q) == NULL && queue_pop_timed(&q, 10000) == NULL, "then it gives nothing");
	queue_close(&q);
	queue_fini(&q);
}

struct waiter {
	struct queue *q;
	void *got;
	bool pushed;
	bool timed;
};

static void *pop_one(void *arg)
{
	struct waiter *w = arg;

	w->got = w->timed ? queue_pop_timed(w->q, 60000) : queue_pop(w->q);
	return NULL;
}

static void *push_one(void *arg)
{
	struct waiter *w = arg;

	w->pushed = queue_push(w->q, &item[9]);
	return NULL;
}

/* Whoever waits is woken, by what it waits for or by the close. */
static void woken(void)
{
	struct queue q;
	pthread_t t[4];

	for (int close = 0; close < 2; close++) {
		struct waiter w[2] = {{.q = &q, .got = item}, {.q = &q, .got = item, .timed = true}};
		queue_init(&q, 1);
		for (int i = 0; i < 2; i++)
			pthread_create(&t[i], NULL, pop_one, &w[i]);
		usleep(10000);
		for (int i = 0; i < 2 && !close; i++)
			queue_push(&q, &item[7]);
		if (close)
			queue_close(&q);
		for (int i = 0; i < 2; i++)
			pthread_join(t[i], NULL);
		void *want = close ? NULL : &item[7];
		tap_ok(w[0].got == want && w[1].got == want, "two that wait are woken by %s",
		       close ? "the close" : "an item each");
		queue_fini(&q);
	}
	for (int close = 0; close < 2; close++) {
		struct waiter w = {.q = &q, .pushed = close};
		queue_init(&q, 1);
		queue_push(&q, &item[8]);
		pthread_create(&t[0], NULL, push_one, &w);
		usleep(10000);
		if (close)
			queue_close(&q);
		else
			queue_pop(&q);
		pthread_join(t[0], NULL);
		tap_ok(w.pushed == !close, "one that waits for room is woken by %s",
		       close ? "the close, and keeps its item" : "a pop");
		queue_fini(&q);
	}
}

#define PRODUCERS 4
#define EACH	  20000

struct crowd {
	struct queue q;
	int *items;
	_Atomic uint32_t popped, out_of_order;
};

struct producer {
	struct crowd *c;
	int number;
};

static void *produce(void *arg)
{
	struct producer *p = arg;

	for (int i = 0; i < EACH; i++) {
		int *it = &p->c->items[p->number * EACH + i];
		*it = i + 1;
		queue_push(&p->c->q, it);
	}
	return NULL;
}

static void *consume(void *arg)
{
	struct crowd *c = arg;
	int last[PRODUCERS] = {0};
	int *it;

	for (uint32_t n = 0; (it = n % 3 ? queue_pop(&c->q) : queue_pop_timed(&c->q, 5)) || !queue_drained(&c->q);
	     n++) {
		if (!it)
			continue;
		int producer = (int)(it - c->items) / EACH;
		if (*it <= last[producer])
			atomic_fetch_add_explicit(&c->out_of_order, 1, memory_order_relaxed);
		last[producer] = *it;
		*it = 0;
		atomic_fetch_add_explicit(&c->popped, 1, memory_order_relaxed);
	}
	return NULL;
}

static void crowd(void)
{
	static int items[PRODUCERS * EACH];
	struct crowd c = {.items = items};
	struct producer p[PRODUCERS];
	pthread_t in[PRODUCERS], out[3];
	int left = 0;

	queue_init(&c.q, 5);
	for (int i = 0; i < 3; i++)
		pthread_create(&out[i], NULL, consume, &c);
	for (int i = 0; i < PRODUCERS; i++) {
		p[i] = (struct producer){&c, i};
		pthread_create(&in[i], NULL, produce, &p[i]);
	}
	for (int i = 0; i < PRODUCERS; i++)
		pthread_join(in[i], NULL);
	queue_close(&c.q);
	for (int i = 0; i < 3; i++)
		pthread_join(out[i], NULL);
	for (int i = 0; i < PRODUCERS * EACH; i++)
		left += items[i] != 0;
	tap_int(c.popped, PRODUCERS * EACH, "four producers, three consumers: every item once");
	tap_int(left, 0, "none left");
	tap_int(c.out_of_order, 0, "each producer's in order");
	queue_fini(&c.q);
}

int main(void)
{
	alone();
	woken();
	crowd();
	return tap_done();
}
