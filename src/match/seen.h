/*
 * seen - which names, addresses and hashes each source has shown lately: the answer to "was
 * this seen before anybody said that it is bad?", from a bounded table and no store.
 *
 * A slot holds 36 bits of a hash of observable and source, and the minutes in which it was
 * seen first and last. Eight slots are a cache line. Where a line is full, what was last seen
 * the longest ago gives way, and since() tells from when on nothing has been lost so.
 *
 * Error    never a no for what was seen since since(). A yes for what was not: at most
 *          SEEN_ERROR (8 slots x 2^-32) for each observable asked of each source.
 * Thread   note: any number, a view each; find, sweep, since: any.
 * Order    relaxed: a slot is one word, and says all by itself. Two that note one observable
 *          at once may keep it twice; find joins them.
 * Owns     its table.
 * Memory   seen_init() takes all of it.
 * Limit    a window of SEEN_WINDOW_MAX minutes: minutes are kept modulo 2^14, and sweep must
 *          be called for the whole table within 6 days.
 */
#ifndef TOCSIN_MATCH_SEEN_H
#define TOCSIN_MATCH_SEEN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEEN_WINDOW_MAX	 (5u * 24 * 60)
#define SEEN_ERROR	 2e-9
#define SEEN_RECENT_BITS 12

struct seen {
	_Atomic uint64_t *slots;
	uint32_t lines; /* of 8 slots */
	uint32_t window; /* minutes */
	_Atomic uint64_t evicted, lost; /* still in the window; races that were given up */
	_Atomic uint32_t lost_minute;	/* the latest last minute that was evicted */
};

int seen_init(struct seen **s, size_t bytes, uint32_t window_minutes); /* 0, -ENOMEM */
void seen_fini(struct seen *s);
size_t seen_bytes(size_t bytes); /* what init will take */

/* What one worker notes, of one source in one minute. */
struct seen_view {
	struct seen *seen;
	uint64_t salt;	 /* of the source: seen_salt() */
	uint32_t minute; /* since 1970 */
	uint64_t recent[1u << SEEN_RECENT_BITS]; /* what was noted just now */
};

uint64_t seen_salt(const char *source);
void seen_put(struct seen *s, uint64_t key, uint32_t minute);

static inline uint64_t seen_key(uint64_t hash, uint64_t salt)
{
	unsigned __int128 m = (unsigned __int128)(hash ^ salt) * UINT64_C(0x9fb21c651e98df25);

	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

/* An observable's hash as exact_hash.h has it. */
static inline void seen_note(struct seen_view *v, uint64_t hash)
{
	uint64_t key = seen_key(hash, v->salt), now = key + v->minute;
	uint64_t *recent = &v->recent[key >> (64 - SEEN_RECENT_BITS)];

	if (*recent == now)
		return;
	*recent = now;
	seen_put(v->seen, key, v->minute);
}

/* When it was seen first and last, in minutes since 1970, if within the window before now. */
bool seen_find(const struct seen *s, uint64_t hash, uint64_t salt, uint32_t now, uint32_t *first,
	       uint32_t *last);
/* What was last seen after this minute is all there. */
uint32_t seen_since(const struct seen *s, uint32_t now);
/* Clears what has left the window, in lines from.. of them; returns entries that stay. */
uint64_t seen_sweep(struct seen *s, uint32_t from, uint32_t lines, uint32_t now);

#endif
