/*
 * counter - numbers that one thread writes and others may read at any time.
 *
 * Thread   counter_add: one writer. counter_max: any. counter_get: any.
 * Order    relaxed: a reader may be a few events behind, never torn.
 */
#ifndef TOCSIN_BASE_COUNTER_H
#define TOCSIN_BASE_COUNTER_H

#include <stdatomic.h>
#include <stdint.h>

typedef _Atomic uint64_t counter;
typedef _Atomic int64_t high_mark;

static inline void counter_add(counter *c, uint64_t n)
{
	/* one writer: a load and a store do, and cost no locked instruction */
	uint64_t v = atomic_load_explicit(c, memory_order_relaxed);
	atomic_store_explicit(c, v + n, memory_order_relaxed);
}

static inline uint64_t counter_get(const counter *c)
{
	return atomic_load_explicit((counter *)c, memory_order_relaxed);
}

/* Raises the mark to at least v. */
static inline void high_mark_raise(high_mark *m, int64_t v)
{
	int64_t old = atomic_load_explicit(m, memory_order_relaxed);

	while (old < v && !atomic_compare_exchange_weak_explicit(m, &old, v, memory_order_relaxed,
								 memory_order_relaxed))
		;
}

static inline int64_t high_mark_get(const high_mark *m)
{
	return atomic_load_explicit((high_mark *)m, memory_order_relaxed);
}

#endif
