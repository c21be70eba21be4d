/*
 * partial - observations of rules that take several records, until they are complete.
 *
 * An observation is kept under (rule, group, which), and within that by stretches of
 * event time. Of a stretch the PARTIAL_KEPT earliest and the PARTIAL_KEPT latest are
 * kept: what is kept is a function of the set of all that came, whatever the order, how
 * often, and on how many threads; and of a window no longer than a stretch, as many are
 * kept as there were, or PARTIAL_KEPT (or what the rule needs). What is dropped in between is
 * counted.
 *
 * Thread   partial_add: any number of writers, a lock a shard, no allocation. The rest:
 *          one thread; partial_each may run beside writers.
 * Order    by time, then by position.
 * Owns     its memory.
 * Memory   partial_init() takes everything.
 * Limit    as many observations as init says; beyond, -ENOSPC, counted, and then what
 *          is kept depends on the order.
 */
#ifndef TOCSIN_CORRELATE_PARTIAL_H
#define TOCSIN_CORRELATE_PARTIAL_H

#include "correlate/evidence.h"

#define PARTIAL_KEPT     256 /* at either end of a stretch, unless a rule needs more */
#define PARTIAL_KEPT_MAX 65536

/* What is kept of a rule's observations. */
struct partial_shape {
	int64_t stretch_us; /* 0: all time is one */
	uint32_t keep;      /* PARTIAL_KEPT..PARTIAL_KEPT_MAX */
	bool by_value;      /* of each value by itself */
};

struct partial {
	uint64_t rule;  /* what it belongs to: a hash of the rule's id and text */
	uint64_t group; /* and to whom: the values that the rule groups by */
	uint64_t which; /* observations of the rule that it satisfies, a bit each */
	uint64_t value; /* what the rule counts: a hash, or the bits of a number */
	struct observation o;
	uint8_t told; /* bits of the judge's own. @thread judge */
};

struct partial_store;

int partial_init(struct partial_store **s, uint32_t capacity); /* 0, -EINVAL, -ENOMEM */
void partial_fini(struct partial_store *s);
size_t partial_bytes(uint32_t capacity);

/* Joins p; a rule has one shape. 0; -ENOSPC when the store is full. @thread any */
int partial_add(struct partial_store *s, const struct partial *p, struct partial_shape shape);

/* Has anything been added since the last partial_each()? @thread judge */
bool partial_changed(const struct partial_store *s);
/* Calls fn for each (rule, group) with its observations in order; what fn sets in told
 * stays. 0, -ENOMEM. @thread judge */
typedef void partial_group(void *arg, struct partial *const *p, uint32_t count);
int partial_each(struct partial_store *s, partial_group *fn, void *arg);

struct partial_usage {
	uint32_t kept, capacity;
	uint64_t dropped; /* of stretches that had too many */
	uint64_t refused; /* the store was full */
};
void partial_usage(const struct partial_store *s, struct partial_usage *u);

/* Quiescent: forgets what was observed before that time, and when the store is half full,
 * what lies further behind newest_us than its stretch and a slack: only records as late as
 * that could still need it. */
void partial_forget(struct partial_store *s, int64_t before_us, int64_t newest_us,
		    int64_t slack_us);
/* Quiescent: writes all that is kept, and joins what was written; as evidence.h has them. */
int partial_snapshot(const struct partial_store *s,
		     int (*write)(void *arg, const void *p, size_t len), void *arg);
/* -EBADMSG too when names has not handed out a number that was written. */
struct names;
int partial_restore(struct partial_store *s, const struct names *names,
		    int64_t (*read)(void *arg, void *p, size_t len), void *arg);

#endif
