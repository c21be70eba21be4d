/*
 * inbox - messages that a reader leaves for the service, a line each.
 *
 * Thread   add: any; take: one owner. One lock, for a copy.
 * Order    as they were added.
 * Owns     what has not been taken.
 * Memory   heap.
 * Limit    what arrives between two looks of the owner.
 */
#ifndef TOCSIN_ENGINE_INBOX_H
#define TOCSIN_ENGINE_INBOX_H

#include <pthread.h>

#include "base/text.h"

struct inbox {
	pthread_mutex_t lock;
	struct text lines; /* under lock */
};

void inbox_init(struct inbox *b);
void inbox_fini(struct inbox *b);
bool inbox_add(struct inbox *b, const void *p, size_t len); /* false: no memory */
/* All of it, into out, which is initialised; text_fini() it. */
void inbox_take(struct inbox *b, struct text *out);

#endif
