/*
 * object - the registry of what records come from: files, captures, partitions.
 *
 * Thread   object_get() any, under one mutex; object_by_id() any, lock-free.
 * Order    count is stored (release) after its object and chunk are written,
 *          and loaded (acquire) by object_by_id(): an id below it can be read.
 * Owns     objects, positions and headers, until object_registry_fini().
 * Memory   a chunk at a time, as objects appear; an object never moves.
 * Limit    OBJECT_CHUNKS * OBJECT_CHUNK objects.
 */
#include "ingest/ingest.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

#define OBJECT_CHUNK  1024u
#define OBJECT_CHUNKS 4096u

struct object_registry {
	pthread_mutex_t lock;
	struct object *chunk[OBJECT_CHUNKS];
	_Atomic uint32_t count;
	uint32_t *slots; /* open addressing: id + 1, 0 is free */
	uint32_t slot_count;
};

int object_registry_init(struct object_registry **r)
{
	struct object_registry *reg = calloc(1, sizeof(*reg));

	*r = NULL;
	if (!reg)
		return -ENOMEM;
	reg->slot_count = 2 * OBJECT_CHUNK;
	reg->slots = calloc(reg->slot_count, sizeof(*reg->slots));
	if (!reg->slots) {
		free(reg);
		return -ENOMEM;
	}
	pthread_mutex_init(&reg->lock, NULL);
	*r = reg;
	return 0;
}

static struct object *at(const struct object_registry *r, uint32_t id)
{
	return &r->chunk[id / OBJECT_CHUNK][id % OBJECT_CHUNK];
}

void object_registry_fini(struct object_registry *r)
{
	if (!r)
		return;
	for (uint32_t id = 0; id < object_count(r); id++) {
		free(at(r, id)->position);
		free(at(r, id)->header);
	}
	for (uint32_t i = 0; i < OBJECT_CHUNKS; i++)
		free(r->chunk[i]);
	pthread_mutex_destroy(&r->lock);
	free(r->slots);
	free(r);
}

/* The slot of this object, or the free one where it belongs. @locks r->lock held */
static uint32_t *slot_of(const struct object_registry *r, const char *position,
			 const struct source *s)
{
	uint64_t h = hash_bytes(position, strlen(position), s ? s->id + 1u : 0);
	uint32_t i = (uint32_t)h & (r->slot_count - 1);

	for (; r->slots[i]; i = (i + 1) & (r->slot_count - 1)) {
		const struct object *o = at(r, r->slots[i] - 1);
		if (o->source == s && strcmp(o->position, position) == 0)
			break;
	}
	return &r->slots[i];
}

/* @locks r->lock held */
static int grow(struct object_registry *r)
{
	uint32_t *old = r->slots;
	uint32_t count = object_count(r);

	r->slots = calloc(r->slot_count * (size_t)2, sizeof(*r->slots));
	if (!r->slots) {
		r->slots = old;
		return -ENOMEM;
	}
	r->slot_count *= 2;
	for (uint32_t id = 0; id < count; id++)
		*slot_of(r, at(r, id)->position, at(r, id)->source) = id + 1;
	free(old);
	return 0;
}

/* @locks r->lock held */
static struct object *append(struct object_registry *r, const char *position,
			     const struct source *s)
{
	uint32_t id = object_count(r);
	struct object **chunk = &r->chunk[id / OBJECT_CHUNK];

	if (!*chunk)
		*chunk = calloc(OBJECT_CHUNK, sizeof(**chunk));
	if (!*chunk)
		return NULL;
	struct object *o = at(r, id);
	o->position = strdup(position);
	if (!o->position)
		return NULL;
	o->id = id;
	o->name = hash_bytes(position, strlen(position),
			     s ? hash_bytes(s->name, strlen(s->name), 0) : 0);
	o->source = s;
	o->format = s ? s->format : FORMAT_AUTO;
	*slot_of(r, position, s) = id + 1;
	/* pairs with the acquire in object_count(): the object before its id */
	atomic_store_explicit(&r->count, id + 1, memory_order_release);
	return o;
}

struct object *object_get(struct object_registry *r, const char *position, const struct source *s)
{
	struct object *o = NULL;

	pthread_mutex_lock(&r->lock);
	const uint32_t *slot = slot_of(r, position, s);
	uint32_t count = object_count(r);
	if (*slot)
		o = at(r, *slot - 1);
	else if (count < OBJECT_CHUNK * OBJECT_CHUNKS &&
		 (2 * (count + 1) <= r->slot_count || grow(r) == 0))
		o = append(r, position, s);
	pthread_mutex_unlock(&r->lock);
	return o;
}

const struct object *object_by_id(const struct object_registry *r, uint32_t id)
{
	return id < object_count(r) ? at(r, id) : NULL;
}

uint32_t object_count(const struct object_registry *r)
{
	/* pairs with the release in append() */
	return atomic_load_explicit(&r->count, memory_order_acquire);
}
