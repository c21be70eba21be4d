/*
 * exact_hash - one way to hash an atom, whichever text it is found in.
 *
 * Thread   any.
 * Order    none.
 * Owns     nothing.
 * Memory   none. *_padded reads up to 16 bytes past the text; the others do not.
 * Limit    none.
 *
 * ASCII case never changes a hash: every byte is folded by "or 0x20", which also
 * folds a few other bytes together ('@' and '`'). A hash only says where to look.
 * A dotted name is hashed label by label from the right, so that one walk gives
 * the hash of the name and of each of its parents.
 */
#ifndef TOCSIN_MATCH_EXACT_HASH_H
#define TOCSIN_MATCH_EXACT_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/address.h"

#define EXACT_FOLD         UINT64_C(0x2020202020202020)
#define EXACT_SEED_FLAT    UINT64_C(0x9e3779b97f4a7c15) /* hash, e-mail, VALUE */
#define EXACT_SEED_NAME    UINT64_C(0xc2b2ae3d27d4eb4f) /* domain, host of a URL */
#define EXACT_SEED_URL     UINT64_C(0x165667b19e3779f9)
#define EXACT_SEED_ADDRESS UINT64_C(0x27d4eb2f165667c5)
#define EXACT_WORD         UINT64_C(0xa0761d6478bd642f)
#define EXACT_LAST         UINT64_C(0xe7037ed1a0b428db)

/* The two halves of a 64 x 64 product, folded: mixes both operands. */
static inline uint64_t exact_mix(uint64_t a, uint64_t b)
{
	unsigned __int128 m = (unsigned __int128)a * b;
	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

static inline uint64_t exact_load(const char *p)
{
	uint64_t w;
	memcpy(&w, p, sizeof(w));
	return w;
}

/* The low n bytes, n 0..8. */
static inline uint64_t exact_low(uint64_t w, size_t n)
{
#ifdef __BMI2__
	return __builtin_ia32_bzhi_di(w, 8 * n);
#else
	return n >= 8 ? w : w & ((UINT64_C(1) << (8 * n)) - 1);
#endif
}

/* The last 16 bytes or fewer of a label, of which a and b hold the words: no branch. */
static inline uint64_t exact_tail(uint64_t h, uint64_t a, uint64_t b, size_t n)
{
	size_t first = n < 8 ? n : 8;

	a = exact_low(a | EXACT_FOLD, first);
	b = exact_low(b | EXACT_FOLD, n - first);
	return exact_mix(h ^ a, EXACT_LAST ^ n ^ (b << 8 | b >> 56));
}

static inline uint64_t exact_label_padded(uint64_t h, const char *p, size_t n)
{
	for (; __builtin_expect(n > 16, 0); p += 16, n -= 16)
		h = exact_mix(h ^ (exact_load(p) | EXACT_FOLD),
			      EXACT_WORD ^ (exact_load(p + 8) | EXACT_FOLD));
	return exact_tail(h, exact_load(p), exact_load(p + 8), n);
}

static inline uint64_t exact_label(uint64_t h, const char *p, size_t n)
{
	uint64_t w[2] = {0};

	for (; n > 16; p += 16, n -= 16)
		h = exact_mix(h ^ (exact_load(p) | EXACT_FOLD),
			      EXACT_WORD ^ (exact_load(p + 8) | EXACT_FOLD));
	if (n)
		memcpy(w, p, n);
	return exact_tail(h, w[0], w[1], n);
}

static inline uint64_t exact_hash_flat(const char *p, size_t len)
{
	return exact_label(EXACT_SEED_FLAT, p, len);
}

static inline uint64_t exact_hash_url(const char *p, size_t len)
{
	return exact_label(EXACT_SEED_URL, p, len);
}

/* Takes the last label off [p, *len), with its dot, and hashes it on. */
static inline uint64_t exact_name_step(uint64_t h, const char *p, size_t *len)
{
	size_t at = *len;

	while (at > 0 && p[at - 1] != '.')
		at--;
	h = exact_label(h, p + at, *len - at);
	*len = at > 0 ? at - 1 : 0;
	return h;
}

/* A whole canonical name: no empty labels. */
static inline uint64_t exact_hash_name(const char *p, size_t len)
{
	uint64_t h = EXACT_SEED_NAME;

	do
		h = exact_name_step(h, p, &len);
	while (len > 0);
	return h;
}

static inline uint64_t exact_hash_v4(uint32_t network_order)
{
	return exact_mix(exact_mix(EXACT_SEED_ADDRESS ^ network_order, EXACT_WORD),
			 EXACT_LAST ^ 32);
}

static inline uint64_t exact_hash_address(const struct address *a)
{
	uint64_t w[2];

	memcpy(w, a->b, sizeof(w));
	uint64_t h = exact_mix(EXACT_SEED_ADDRESS ^ w[0], EXACT_WORD);
	return exact_mix(h ^ w[1], EXACT_LAST ^ a->bits);
}

static inline uint64_t exact_hash_network(const struct address *base, unsigned prefix)
{
	return exact_mix(exact_hash_address(base) ^ (prefix + 1), EXACT_LAST);
}

#endif
