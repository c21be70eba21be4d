#include "engine/lineage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct config_feed *find(const struct config *c, const char *name)
{
	for (uint32_t i = 0; i < c->feed_count; i++)
		if (strcmp(c->feeds[i].name, name) == 0)
			return &c->feeds[i];
	return NULL;
}

const char *lineage_root(const struct config *c, const char *feed)
{
	const struct config_feed *f = find(c, feed);

	/* a ring of feeds that copy one another ends somewhere in it; config_finish() refuses it */
	for (uint32_t steps = 0; f && f->derived_from[0] && steps < c->feed_count; steps++) {
		feed = f->derived_from;
		f = find(c, feed);
	}
	return f && f->lineage[0] ? f->lineage : feed;
}

/* Of each feed of the set, the first feed with the same root. */
static uint16_t *roots(const struct indicator_set *s, const struct config *c)
{
	uint16_t *root = calloc(s->feed_count + 1, sizeof(*root));
	const char **name = calloc(s->feed_count + 1, sizeof(*name));

	for (uint32_t i = 0; root && name && i < s->feed_count; i++) {
		name[i] = lineage_root(c, s->feeds[i].name);
		while (strcmp(name[root[i]], name[i]) != 0)
			root[i]++;
	}
	if (!name) {
		free(root);
		root = NULL;
	}
	free(name);
	return root;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* (threat, root) of each pair of a threat and a feed that there is; returns how many. */
static size_t pairs(uint64_t *pair, const struct indicator_set *s, const uint16_t *root)
{
	size_t n = 0;

	for (uint32_t i = 0; i < s->atoms.meta_count; i++) {
		uint32_t feed, threat = atom_meta_threat(s, i, &feed);
		if (threat < threats_whole(s))
			pair[n++] = (uint64_t)threat << 16 | root[feed];
	}
	for (uint32_t i = s->atoms.count; i < s->count; i++) {
		struct indicator in = indicator_at(s, i);
		pair[n++] = (uint64_t)in.threat << 16 | root[in.feed];
	}
	return n;
}

int lineage_count(uint16_t **root, uint16_t **origins, const struct indicator_set *s,
		  const struct config *c)
{
	size_t most = (size_t)s->atoms.meta_count + s->count - s->atoms.count, n = 0;
	uint64_t *pair = malloc((most + 1) * sizeof(*pair));

	*root = roots(s, c);
	*origins = calloc((size_t)threats_whole(s) + 1, sizeof(**origins));
	if (!pair || !*root || !*origins) {
		free(pair);
		return -ENOMEM; /* the caller frees both */
	}
	n = pairs(pair, s, *root);
	qsort(pair, n, sizeof(*pair), compare);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || pair[i] != pair[i - 1])
			(*origins)[pair[i] >> 16]++;
	free(pair);
	return 0;
}
