#include "match/seen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/lazy.h"

/* A slot: fingerprint 36 | first 14 | last 14; 0 is empty. */
#define MINUTE_BITS 14
#define MINUTE_MASK ((1u << MINUTE_BITS) - 1)
#define LINE	    8
#define TRIES	    4

static uint64_t print_of(uint64_t key)
{
	uint64_t p = key >> 28;

	return p + (p == 0);
}

static uint64_t slot_of(uint64_t print, uint32_t first, uint32_t last)
{
	return print << 28 | (uint64_t)(first & MINUTE_MASK) << MINUTE_BITS | (last & MINUTE_MASK);
}

static uint32_t first_of(uint64_t slot)
{
	return (uint32_t)(slot >> MINUTE_BITS) & MINUTE_MASK;
}

static uint32_t last_of(uint64_t slot)
{
	return (uint32_t)slot & MINUTE_MASK;
}

/* Minutes from then, of which only the low bits are known, until now. */
static uint32_t age(uint32_t now, uint32_t then)
{
	return (now - then) & MINUTE_MASK;
}

static _Atomic uint64_t *line_of(const struct seen *s, uint64_t key)
{
	return s->slots + (((key & UINT32_MAX) * s->lines) >> 32) * LINE;
}

size_t seen_bytes(size_t bytes)
{
	return bytes / (LINE * 8) * (LINE * 8);
}

int seen_init(struct seen **out, size_t bytes, uint32_t window)
{
	struct seen *s = calloc(1, sizeof(*s));
	size_t lines = bytes / (LINE * 8);

	*out = s;
	if (!s)
		return -ENOMEM;
	s->lines = lines < 1 ? 1 : lines > UINT32_MAX ? UINT32_MAX : (uint32_t)lines;
	s->window = window < SEEN_WINDOW_MAX ? window : SEEN_WINDOW_MAX;
	s->slots = lazy_alloc((size_t)s->lines * LINE * 8);
	if (s->slots)
		return 0;
	free(s);
	*out = NULL;
	return -ENOMEM;
}

void seen_fini(struct seen *s)
{
	if (!s)
		return;
	lazy_free(s->slots, (size_t)s->lines * LINE * 8);
	free(s);
}

uint64_t seen_salt(const char *source)
{
	return hash_bytes(source, strlen(source), 0x7365656e);
}

/* relaxed throughout: a slot is read and replaced whole, and nothing else hangs on it */
static uint64_t get(const _Atomic uint64_t *slot)
{
	return atomic_load_explicit(slot, memory_order_relaxed);
}

static bool replace(_Atomic uint64_t *slot, uint64_t was, uint64_t is)
{
	return atomic_compare_exchange_strong_explicit(slot, &was, is, memory_order_relaxed,
						       memory_order_relaxed);
}

/* Known already: the last minute moves on. */
static bool touch(const struct seen *s, _Atomic uint64_t *slot, uint64_t was, uint64_t print,
		  uint32_t minute)
{
	uint32_t last = last_of(was);
	uint32_t first = age(minute, last) > s->window ? minute : first_of(was);

	return last == (minute & MINUTE_MASK) || replace(slot, was, slot_of(print, first, minute));
}

static void evicted(struct seen *s, uint64_t slot, uint32_t minute)
{
	uint32_t back = age(minute, last_of(slot)), last = minute - back;

	if (back > s->window)
		return;
	atomic_fetch_add_explicit(&s->evicted, 1, memory_order_relaxed);
	uint32_t known = atomic_load_explicit(&s->lost_minute, memory_order_relaxed);
	while (known < last && !atomic_compare_exchange_weak_explicit(&s->lost_minute, &known, last,
								      memory_order_relaxed,
								      memory_order_relaxed))
		;
}

/* False: another worker was faster, look again. */
static bool try_put(struct seen *s, _Atomic uint64_t *line, uint64_t print, uint32_t minute)
{
	_Atomic uint64_t *oldest = line;
	uint64_t oldest_was = 0;
	uint32_t oldest_age = 0;

	for (uint32_t i = 0; i < LINE; i++) {
		uint64_t was = get(&line[i]);
		if (was >> 28 == print)
			return touch(s, &line[i], was, print, minute);
		uint32_t a = was ? age(minute, last_of(was)) : MINUTE_MASK + 1;
		if (a > oldest_age || i == 0) {
			oldest = &line[i];
			oldest_was = was;
			oldest_age = a;
		}
	}
	if (!replace(oldest, oldest_was, slot_of(print, minute, minute)))
		return false;
	if (oldest_was)
		evicted(s, oldest_was, minute);
	return true;
}

void seen_put(struct seen *s, uint64_t key, uint32_t minute)
{
	_Atomic uint64_t *line = line_of(s, key);

	for (int i = 0; i < TRIES; i++)
		if (try_put(s, line, print_of(key), minute))
			return;
	atomic_fetch_add_explicit(&s->lost, 1, memory_order_relaxed);
}

bool seen_find(const struct seen *s, uint64_t hash, uint64_t salt, uint32_t now, uint32_t *first,
	       uint32_t *last)
{
	uint64_t key = seen_key(hash, salt);
	const _Atomic uint64_t *line = line_of(s, key);
	uint32_t oldest = 0, newest = MINUTE_MASK;
	bool found = false;

	for (uint32_t i = 0; i < LINE; i++) {
		uint64_t slot = get(&line[i]);
		if (!slot || slot >> 28 != print_of(key) || age(now, last_of(slot)) > s->window)
			continue;
		uint32_t f = age(now, first_of(slot)), l = age(now, last_of(slot));
		oldest = f > oldest ? f : oldest;
		newest = l < newest ? l : newest;
		found = true;
	}
	if (found) {
		*first = now - oldest;
		*last = now - newest;
	}
	return found;
}

uint32_t seen_since(const struct seen *s, uint32_t now)
{
	uint32_t lost = atomic_load_explicit(&s->lost_minute, memory_order_relaxed);
	uint32_t start = now - s->window;

	return lost > start ? lost : start;
}

uint64_t seen_sweep(struct seen *s, uint32_t from, uint32_t lines, uint32_t now)
{
	uint64_t kept = 0;

	for (size_t i = (size_t)from * LINE; i < ((size_t)from + lines) * LINE && i < (size_t)s->lines * LINE; i++) {
		uint64_t slot = get(&s->slots[i]);
		if (slot && age(now, last_of(slot)) > s->window)
			replace(&s->slots[i], slot, 0);
		else
			kept += slot != 0;
	}
	return kept;
}
