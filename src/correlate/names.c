#include "correlate/names.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/lazy.h"

#define CHUNK      (1u << NAMES_CHUNK_BITS)
#define TEXT_BLOCK 65536

struct entry {
	struct threat_name name; /* a by-name has an id only */
	uint32_t hash;
	uint32_t id_len;
	uint32_t number;
};

/* Entries 1..count; entry n is chunks[n >> NAMES_CHUNK_BITS][n & (CHUNK - 1)]. */
struct set {
	_Atomic(struct entry *) *chunks;
	_Atomic uint32_t count;
	_Atomic uint32_t highest; /* number */
	_Atomic uint32_t *entry_of_number; /* NULL: they are the same */
	uint32_t max;
	uint32_t next;	 /* no number below it is free. @locks names.lock */
	uint32_t *index; /* open addressing: entries, 0 is free. @locks names.lock */
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

static size_t index_bytes(const struct set *s)
{
	return ((size_t)s->mask + 1) * sizeof(*s->index);
}

static int set_init(struct set *s, uint32_t max)
{
	s->max = max;
	s->mask = 1023;
	s->next = 1;
	s->chunks = calloc((max >> NAMES_CHUNK_BITS) + 1, sizeof(*s->chunks));
	s->index = lazy_alloc(index_bytes(s));
	return s->chunks && s->index ? 0 : -ENOMEM;
}

static void set_fini(struct set *s)
{
	for (uint32_t i = 0; s->chunks && i <= s->max >> NAMES_CHUNK_BITS; i++)
		lazy_free(atomic_load_explicit(&s->chunks[i], memory_order_relaxed),
			  CHUNK * sizeof(struct entry));
	free(s->chunks);
	lazy_free(s->index, index_bytes(s));
	lazy_free(s->entry_of_number, ((size_t)s->max + 1) * sizeof(*s->entry_of_number));
}

int names_init(struct names **out)
{
	struct names *n = calloc(1, sizeof(*n));

	*out = NULL;
	if (!n)
		return -ENOMEM;
	pthread_mutex_init(&n->lock, NULL);
	n->by.entry_of_number = lazy_alloc(NAMES_BY_MAX * sizeof(*n->by.entry_of_number));
	if (set_init(&n->threats, NAMES_THREATS_MAX - 1) || set_init(&n->by, NAMES_BY_MAX - 1) ||
	    !n->by.entry_of_number) {
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
		lazy_free(b, sizeof(*b) + b->size);
		b = before;
	}
	pthread_mutex_destroy(&n->lock);
	free(n);
}

/* @locks n->lock held */
static struct text_block *room_for(struct names *n, size_t bytes)
{
	struct text_block *b = n->text;

	if (b && b->size - b->used >= bytes)
		return b;
	size_t size = bytes < TEXT_BLOCK ? TEXT_BLOCK : bytes;
	b = lazy_alloc(sizeof(*b) + size);
	if (!b)
		return NULL;
	b->before = n->text;
	b->size = size;
	return n->text = b;
}

/* A NUL-terminated copy that lives as long as n. @locks n->lock held */
static const char *keep(struct names *n, const char *p, size_t len)
{
	struct text_block *b = room_for(n, len + 1);

	if (!b)
		return NULL;
	char *copy = b->p + b->used;
	if (len)
		memcpy(copy, p, len);
	copy[len] = '\0';
	b->used += len + 1;
	return copy;
}

static struct entry *entry_at(const struct set *s, uint32_t number)
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
		struct entry *chunk = lazy_alloc(CHUNK * sizeof(*chunk));
		if (!chunk)
			return NULL;
		/* pairs with the acquire in entry_of() */
		atomic_store_explicit(place, chunk, memory_order_release);
	}
	return entry_at(s, number);
}

/* The index place of this key, or the free one where it belongs. */
static uint32_t *find(struct set *s, uint32_t hash, uint8_t kind, const char *id, size_t len)
{
	for (uint32_t i = hash & s->mask;; i = (i + 1) & s->mask) {
		if (!s->index[i])
			return &s->index[i];
		const struct entry *e = entry_at(s, s->index[i]);
		if (e->hash == hash && e->name.kind == kind && e->id_len == len &&
		    memcmp(e->name.id, id, len) == 0)
			return &s->index[i];
	}
}

/* Keeps the index at most half full with so many entries. */
static int grow(struct set *s, uint32_t count)
{
	uint32_t mask = s->mask, have = atomic_load_explicit(&s->count, memory_order_relaxed);

	while (count >= mask / 2)
		mask = mask * 2 + 1;
	if (mask == s->mask)
		return 0;
	uint32_t *index = lazy_alloc(((size_t)mask + 1) * sizeof(*index));
	if (!index)
		return -ENOMEM;
	for (uint32_t n = 1; n <= have; n++) {
		uint32_t i = entry_at(s, n)->hash & mask;
		while (index[i])
			i = (i + 1) & mask;
		index[i] = n;
	}
	lazy_free(s->index, index_bytes(s));
	s->index = index;
	s->mask = mask;
	return 0;
}

/* The first number from wish on, then from 1, that no entry has. @locks n->lock held */
static uint32_t free_number(struct set *s, uint32_t wish, uint32_t entry)
{
	if (!s->entry_of_number)
		return entry;
	bool hint = wish == 0;
	uint32_t number = hint ? s->next : wish <= s->max ? wish : 1;
	/* relaxed: only written behind the lock; there are more numbers than entries */
	while (atomic_load_explicit(&s->entry_of_number[number], memory_order_relaxed))
		number = number == s->max ? 1 : number + 1;
	if (hint)
		s->next = number;
	return number;
}

static void give_number(struct set *s, uint32_t number, uint32_t entry)
{
	if (s->entry_of_number)
		/* pairs with the acquire in names_by_get(): the entry, then its number */
		atomic_store_explicit(&s->entry_of_number[number], entry, memory_order_release);
	/* relaxed: writers are behind the lock; pairs with the acquire in names_*_count() */
	if (number > atomic_load_explicit(&s->highest, memory_order_relaxed))
		atomic_store_explicit(&s->highest, number, memory_order_release);
	atomic_store_explicit(&s->count, entry, memory_order_release);
}

/* @locks n->lock held */
static uint32_t add(struct names *n, struct set *s, struct threat_name *name, size_t id_len,
		    size_t name_len, uint32_t wish)
{
	uint32_t hash = (uint32_t)hash_bytes(name->id, id_len, name->kind);
	/* relaxed: only written behind the lock */
	uint32_t count = atomic_load_explicit(&s->count, memory_order_relaxed);
	uint32_t *place = find(s, hash, name->kind, name->id, id_len);

	if (*place)
		return entry_at(s, *place)->number;
	if (count == s->max || id_len > UINT32_MAX || grow(s, count + 1))
		return 0;
	struct entry *e = entry_make(s, count + 1);
	const char *id = keep(n, name->id, id_len);
	const char *shown = keep(n, name->name, name_len);
	if (!e || !id || !shown)
		return 0;
	uint32_t number = free_number(s, wish, count + 1);
	*e = (struct entry){{name->kind, id, shown}, hash, (uint32_t)id_len, number};
	*find(s, hash, name->kind, id, id_len) = count + 1;
	give_number(s, number, count + 1);
	return number;
}

uint32_t names_threat(struct names *n, uint8_t kind, const char *id, size_t id_len,
		      const char *name, size_t name_len)
{
	struct threat_name key = {kind, id, name};

	pthread_mutex_lock(&n->lock);
	uint32_t number = add(n, &n->threats, &key, id_len, name_len, 0);
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

uint32_t names_by_at(struct names *n, const char *by, size_t len, uint32_t wish)
{
	struct threat_name key = {0, by, ""};

	pthread_mutex_lock(&n->lock);
	uint32_t number = add(n, &n->by, &key, len, 0, wish);
	pthread_mutex_unlock(&n->lock);
	return number;
}

uint32_t names_by(struct names *n, const char *by, size_t len)
{
	return names_by_at(n, by, len, 0);
}

/* @locks n->lock held */
static int reserve(struct set *s, uint32_t more)
{
	uint32_t count = atomic_load_explicit(&s->count, memory_order_relaxed);

	if (more > s->max - count)
		more = s->max - count;
	int err = grow(s, count + more);
	for (uint64_t i = count + 1; !err && i <= (uint64_t)count + more; i += CHUNK)
		err = entry_make(s, (uint32_t)i) ? 0 : -ENOMEM;
	return err || more == 0 || entry_make(s, count + more) ? err : -ENOMEM;
}

int names_reserve(struct names *n, uint32_t threats, uint32_t by, size_t text_bytes)
{
	pthread_mutex_lock(&n->lock);
	int err = reserve(&n->threats, threats);
	if (!err)
		err = reserve(&n->by, by);
	if (!err && !room_for(n, text_bytes))
		err = -ENOMEM;
	pthread_mutex_unlock(&n->lock);
	return err;
}

uint32_t names_threat_count(const struct names *n)
{
	/* pairs with the release in give_number() */
	return atomic_load_explicit(&n->threats.count, memory_order_acquire);
}

uint32_t names_by_count(const struct names *n)
{
	/* pairs with the release in give_number() */
	return atomic_load_explicit(&n->by.highest, memory_order_acquire);
}

const struct threat_name *names_threat_get(const struct names *n, uint32_t threat)
{
	assert(threat && threat <= names_threat_count(n));
	return &entry_at(&n->threats, threat)->name;
}

const char *names_by_get(const struct names *n, uint32_t by)
{
	assert(by && by < NAMES_BY_MAX);
	/* pairs with the release in give_number(): the entry is seen whole */
	uint32_t entry = atomic_load_explicit(&n->by.entry_of_number[by], memory_order_acquire);
	return entry ? entry_at(&n->by, entry)->name.id : "";
}

const char *names_by_added(const struct names *n, uint32_t i, uint32_t *number)
{
	/* pairs with the release in give_number() */
	if (i >= atomic_load_explicit(&n->by.count, memory_order_acquire))
		return NULL;
	const struct entry *e = entry_at(&n->by, i + 1);
	*number = e->number;
	return e->name.id;
}
