#include "correlate/names.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

#define CHUNK      (1u << NAMES_CHUNK_BITS)
#define TEXT_BLOCK 65536

struct entry {
	struct threat_name name; /* a by-name has an id only */
	uint32_t hash;
	uint32_t id_len;
};

/* Numbers 1..count; entry n is chunks[n >> NAMES_CHUNK_BITS][n & (CHUNK - 1)]. */
struct set {
	_Atomic(struct entry *) *chunks;
	_Atomic uint32_t count;
	uint32_t max;
	uint32_t *index; /* open addressing: numbers, 0 is free. @locks names.lock */
	uint32_t mask;
};

struct text_block {
	struct text_block *before;
	size_t used, size;
	char p[];
};

struct names {
	pthread_mutex_t lock;
	struct set threats, by;
	struct text_block *text; /* @locks lock */
};

static int set_init(struct set *s, uint32_t max)
{
	s->max = max;
	s->mask = 1023;
	s->chunks = calloc((max >> NAMES_CHUNK_BITS) + 1, sizeof(*s->chunks));
	s->index = calloc(s->mask + 1, sizeof(*s->index));
	return s->chunks && s->index ? 0 : -ENOMEM;
}

static void set_fini(struct set *s)
{
	for (uint32_t i = 0; s->chunks && i <= s->max >> NAMES_CHUNK_BITS; i++)
		free(atomic_load_explicit(&s->chunks[i], memory_order_relaxed));
	free(s->chunks);
	free(s->index);
}

int names_init(struct names **out)
{
	struct names *n = calloc(1, sizeof(*n));

	*out = NULL;
	if (!n)
		return -ENOMEM;
	pthread_mutex_init(&n->lock, NULL);
	if (set_init(&n->threats, NAMES_THREATS_MAX - 1) || set_init(&n->by, NAMES_BY_MAX - 1)) {
		names_fini(n);
		return -ENOMEM;
	}
	*out = n;
	return 0;
}

void names_fini(struct names *n)
{
	if (!n)
		return;
	set_fini(&n->threats);
	set_fini(&n->by);
	for (struct text_block *b = n->text; b;) {
		struct text_block *before = b->before;
		free(b);
		b = before;
	}
	pthread_mutex_destroy(&n->lock);
	free(n);
}

/* A NUL-terminated copy that lives as long as n. @locks n->lock held */
static const char *keep(struct names *n, const char *p, size_t len)
{
	struct text_block *b = n->text;

	if (!b || b->size - b->used <= len) {
		size_t size = len < TEXT_BLOCK ? TEXT_BLOCK : len + 1;
		b = malloc(sizeof(*b) + size);
		if (!b)
			return NULL;
		b->before = n->text;
		b->used = 0;
		b->size = size;
		n->text = b;
	}
	char *copy = b->p + b->used;
	if (len)
		memcpy(copy, p, len);
	copy[len] = '\0';
	b->used += len + 1;
	return copy;
}

static struct entry *entry_of(const struct set *s, uint32_t number)
{
	/* pairs with the release in entry_make(): a chunk is seen cleared */
	struct entry *chunk =
		atomic_load_explicit(&s->chunks[number >> NAMES_CHUNK_BITS], memory_order_acquire);

	assert(chunk);
	return &chunk[number & (CHUNK - 1)];
}

static struct entry *entry_make(struct set *s, uint32_t number)
{
	_Atomic(struct entry *) *place = &s->chunks[number >> NAMES_CHUNK_BITS];

	/* relaxed: writers are behind the lock */
	if (!atomic_load_explicit(place, memory_order_relaxed)) {
		struct entry *chunk = calloc(CHUNK, sizeof(*chunk));
		if (!chunk)
			return NULL;
		/* pairs with the acquire in entry_of() */
		atomic_store_explicit(place, chunk, memory_order_release);
	}
	return entry_of(s, number);
}

/* The index place of this key, or the free one where it belongs. */
static uint32_t *find(struct set *s, uint32_t hash, uint8_t kind, const char *id, size_t len)
{
	for (uint32_t i = hash & s->mask;; i = (i + 1) & s->mask) {
		if (!s->index[i])
			return &s->index[i];
		const struct entry *e = entry_of(s, s->index[i]);
		if (e->hash == hash && e->name.kind == kind && e->id_len == len &&
		    memcmp(e->name.id, id, len) == 0)
			return &s->index[i];
	}
}

/* Keeps the index at most half full. */
static int grow(struct set *s, uint32_t count)
{
	if (count < s->mask / 2)
		return 0;
	uint32_t mask = s->mask * 2 + 1;
	uint32_t *index = calloc((size_t)mask + 1, sizeof(*index));
	if (!index)
		return -ENOMEM;
	for (uint32_t n = 1; n <= count; n++) {
		uint32_t i = entry_of(s, n)->hash & mask;
		while (index[i])
			i = (i + 1) & mask;
		index[i] = n;
	}
	free(s->index);
	s->index = index;
	s->mask = mask;
	return 0;
}

/* @locks n->lock held */
static uint32_t add(struct names *n, struct set *s, struct threat_name *name, size_t id_len,
		    size_t name_len)
{
	uint32_t hash = (uint32_t)hash_bytes(name->id, id_len, name->kind);
	/* relaxed: only written behind the lock */
	uint32_t count = atomic_load_explicit(&s->count, memory_order_relaxed);
	uint32_t *place = find(s, hash, name->kind, name->id, id_len);

	if (*place)
		return *place;
	if (count == s->max || id_len > UINT32_MAX || grow(s, count))
		return 0;
	struct entry *e = entry_make(s, count + 1);
	const char *id = keep(n, name->id, id_len);
	const char *shown = keep(n, name->name, name_len);
	if (!e || !id || !shown)
		return 0;
	*e = (struct entry){{name->kind, id, shown}, hash, (uint32_t)id_len};
	*find(s, hash, name->kind, id, id_len) = count + 1;
	/* pairs with the acquire in names_*_get(): the entry, then its number */
	atomic_store_explicit(&s->count, count + 1, memory_order_release);
	return count + 1;
}

uint32_t names_threat(struct names *n, uint8_t kind, const char *id, size_t id_len,
		      const char *name, size_t name_len)
{
	struct threat_name key = {kind, id, name};

	pthread_mutex_lock(&n->lock);
	uint32_t number = add(n, &n->threats, &key, id_len, name_len);
	pthread_mutex_unlock(&n->lock);
	return number;
}

uint32_t names_threat_find(struct names *n, uint8_t kind, const char *id, size_t id_len)
{
	pthread_mutex_lock(&n->lock);
	uint32_t number = *find(&n->threats, (uint32_t)hash_bytes(id, id_len, kind), kind, id,
				id_len);
	pthread_mutex_unlock(&n->lock);
	return number;
}

uint32_t names_by(struct names *n, const char *by, size_t len)
{
	struct threat_name key = {0, by, ""};

	pthread_mutex_lock(&n->lock);
	uint32_t number = add(n, &n->by, &key, len, 0);
	pthread_mutex_unlock(&n->lock);
	return number;
}

uint32_t names_threat_count(const struct names *n)
{
	/* pairs with the release in add() */
	return atomic_load_explicit(&n->threats.count, memory_order_acquire);
}

uint32_t names_by_count(const struct names *n)
{
	/* pairs with the release in add() */
	return atomic_load_explicit(&n->by.count, memory_order_acquire);
}

const struct threat_name *names_threat_get(const struct names *n, uint32_t threat)
{
	assert(threat && threat <= names_threat_count(n));
	return &entry_of(&n->threats, threat)->name;
}

const char *names_by_get(const struct names *n, uint32_t by)
{
	assert(by && by <= names_by_count(n));
	return entry_of(&n->by, by)->name.id;
}
