#include "match/indicator_index.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/lazy.h"

void index_map_fini(struct index_map *m)
{
	lazy_free(m->slots, (size_t)m->capacity * sizeof(*m->slots));
	lazy_free(m->keys, (size_t)m->capacity * sizeof(*m->keys));
	memset(m, 0, sizeof(*m));
}

static bool is_key(const struct index_key *k, const char *text, struct span key, uint32_t scope)
{
	return k->scope == scope && k->text.len == key.len &&
	       memcmp(text + k->text.at, key.p, key.len) == 0;
}

static struct index_slot *probe(const struct index_map *m, const char *text, struct span key,
				uint32_t scope, uint32_t hash)
{
	uint32_t mask = m->capacity - 1;

	for (uint32_t i = hash & mask;; i = (i + 1) & mask) {
		struct index_slot *s = &m->slots[i];
		if (s->value == INDEX_NONE ||
		    (s->hash == hash && is_key(&m->keys[i], text, key, scope)))
			return s;
	}
}

static void move(struct index_map *m, const struct index_map *old)
{
	for (uint32_t i = 0; i < m->capacity; i++)
		m->slots[i].value = INDEX_NONE;
	for (uint32_t i = 0; i < old->capacity; i++) {
		if (old->slots[i].value == INDEX_NONE)
			continue;
		uint32_t at = old->slots[i].hash & (m->capacity - 1);
		while (m->slots[at].value != INDEX_NONE)
			at = (at + 1) & (m->capacity - 1);
		m->slots[at] = old->slots[i];
		m->keys[at] = old->keys[i];
	}
}

static bool resize(struct index_map *m, uint32_t capacity)
{
	struct index_map old = *m;

	m->capacity = capacity;
	m->slots = lazy_alloc_huge((size_t)capacity * sizeof(*m->slots));
	m->keys = lazy_alloc_huge((size_t)capacity * sizeof(*m->keys));
	bool ok = m->slots && m->keys;
	if (ok)
		move(m, &old);
	index_map_fini(ok ? &old : &(struct index_map){m->slots, m->keys, capacity, 0});
	if (!ok)
		*m = old;
	return ok;
}

static bool grow(struct index_map *m)
{
	if (m->capacity >= 1u << 31)
		return false;
	return resize(m, m->capacity ? m->capacity * 2 : 64);
}

void index_map_prefetch(const struct index_map *m, struct span key, uint32_t scope)
{
	if (m->capacity)
		__builtin_prefetch(&m->slots[index_hash(key, scope) & (m->capacity - 1)]);
}

int index_map_reserve(struct index_map *m, uint32_t count)
{
	uint32_t capacity = 64;

	if (count >= 1u << 30)
		return -ENOMEM;
	while (capacity / 2 <= count)
		capacity *= 2;
	return capacity <= m->capacity || resize(m, capacity) ? 0 : -ENOMEM;
}

uint32_t index_hash(struct span key, uint32_t scope)
{
	return (uint32_t)(hash_bytes(key.p, key.len, hash_word(scope)) >> 32);
}

uint32_t index_map_get(const struct index_map *m, const char *text, struct span key, uint32_t scope)
{
	if (m->count == 0)
		return INDEX_NONE;
	return probe(m, text, key, scope, index_hash(key, scope))->value;
}

struct index_slot *index_map_put(struct index_map *m, const char *text, struct span key,
				 uint32_t scope)
{
	if (m->count >= m->capacity / 2 && !grow(m))
		return NULL;
	uint32_t hash = index_hash(key, scope);
	struct index_slot *s = probe(m, text, key, scope, hash);
	if (s->value == INDEX_NONE) {
		s->hash = hash;
		m->keys[s - m->slots].scope = scope;
		m->count++;
	}
	return s;
}

void index_map_set(struct index_map *m, struct index_slot *slot, struct ref key, uint32_t value)
{
	assert(value != INDEX_NONE);
	m->keys[slot - m->slots].text = key;
	slot->value = value;
}

void index_map_undo(struct index_map *m, struct index_slot *slot)
{
	assert(slot->value == INDEX_NONE && m->count > 0);
	m->count--;
}

int index_grow(void **items, uint32_t count, uint32_t *capacity, size_t size)
{
	if (count < *capacity)
		return 0;
	uint32_t more = *capacity ? *capacity * 2 : 16;
	void *p = more > *capacity ? realloc(*items, (size_t)more * size) : NULL;
	if (!p)
		return -ENOMEM;
	*items = p;
	*capacity = more;
	return 0;
}

int index_grow_lazy(void **items, uint32_t count, uint32_t *capacity, size_t size)
{
	if (count < *capacity)
		return 0;
	uint32_t more = *capacity ? *capacity * 2 : 64;
	void *p = more > *capacity
			  ? lazy_grow(*items, (size_t)*capacity * size, (size_t)more * size)
			  : NULL;
	if (!p)
		return -ENOMEM;
	*items = p;
	*capacity = more;
	return 0;
}

int indicator_set_room(struct indicator_set *s, size_t bytes)
{
	if (bytes > UINT32_MAX - s->text_len)
		return -EOVERFLOW;
	if (s->text_len + bytes <= s->text_capacity)
		return 0;
	size_t capacity = s->text_capacity ? s->text_capacity * 2 : 4096;
	while (capacity < s->text_len + bytes)
		capacity *= 2;
	char *p = realloc(s->text, capacity);
	if (!p)
		return -ENOMEM;
	s->text = p;
	s->text_capacity = capacity;
	return 0;
}

int indicator_set_text(struct indicator_set *s, struct span bytes, struct ref *at)
{
	*at = (struct ref){(uint32_t)s->text_len, bytes.len};
	if (bytes.len == 0)
		return 0;
	int err = indicator_set_room(s, bytes.len);
	if (err)
		return err;
	memcpy(s->text + s->text_len, bytes.p, bytes.len);
	s->text_len += bytes.len;
	return 0;
}

int index_compare(struct span a, struct span b)
{
	uint32_t n = a.len < b.len ? a.len : b.len;
	int c = n ? memcmp(a.p, b.p, n) : 0;

	return c ? c : (a.len > b.len) - (a.len < b.len);
}
