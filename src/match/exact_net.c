#include "match/exact_net.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "match/exact_hash.h"

int exact_net_init(struct exact_net *n, uint32_t capacity)
{
	memset(n, 0, sizeof(*n));
	return exact_init(&n->table, capacity);
}

void exact_net_fini(struct exact_net *n)
{
	exact_fini(&n->table);
}

static void touch(struct exact_net *n, const struct network *net)
{
	uint32_t first = (uint32_t)net->base.b[0] << 8 | net->base.b[1];
	uint32_t count = net->prefix >= 16 ? 1 : 1u << (16 - net->prefix);

	for (uint32_t i = first; i < first + count; i++)
		n->v4_touched[i / 64] |= UINT64_C(1) << (i % 64);
}

void exact_net_insert(struct exact_net *n, const struct network *net, uint32_t ref)
{
	assert(net->prefix <= net->base.bits);
	if (net->base.bits == 32) {
		touch(n, net);
		n->v4_seen |= UINT64_C(1) << net->prefix;
	} else {
		n->v6_seen[net->prefix / 64] |= UINT64_C(1) << (net->prefix % 64);
	}
	exact_insert(&n->table, exact_hash_network(&net->base, net->prefix), ref);
}

int exact_net_finish(struct exact_net *n)
{
	for (int i = 32; i >= 0; i--)
		if (n->v4_seen >> i & 1)
			n->v4_lengths[n->v4_count++] = (uint8_t)i;
	for (int i = 128; i >= 0; i--)
		if (n->v6_seen[i / 64] >> (i % 64) & 1)
			n->v6_lengths[n->v6_count++] = (uint8_t)i;
	return exact_finish(&n->table);
}

static void cut(struct address *a, unsigned prefix)
{
	unsigned whole = prefix / 8, rest = prefix % 8;

	if (rest)
		a->b[whole++] &= (uint8_t)(0xff00 >> rest);
	memset(a->b + whole, 0, 16 - whole);
}

struct exact_refs exact_net_next(const struct exact_net *n, const struct address *a, uint32_t *step,
				 struct network *found)
{
	const uint8_t *lengths = a->bits == 32 ? n->v4_lengths : n->v6_lengths;
	uint32_t count = a->bits == 32 ? n->v4_count : n->v6_count;

	if (a->bits == 32 && !exact_net_v4_touched(n, a->b[0], a->b[1]))
		count = 0;
	while (*step < count) {
		found->prefix = lengths[(*step)++];
		found->base = *a;
		cut(&found->base, found->prefix);
		struct exact_refs refs =
			exact_find(&n->table, exact_hash_network(&found->base, found->prefix));
		if (refs.count)
			return refs;
	}
	return (struct exact_refs){NULL, 0};
}

bool exact_net_any(const struct exact_net *n, const struct address *a)
{
	struct network found;
	uint32_t step = 0;

	return exact_net_next(n, a, &step, &found).count > 0;
}
