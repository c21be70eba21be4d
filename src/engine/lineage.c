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

int lineage_count(uint16_t **counts, uint32_t *numbers, const struct indicator_set *s,
		  const uint32_t *threat, const struct config *c)
{
	uint64_t *pair = calloc(s->count + 1, sizeof(*pair));
	uint16_t *root = roots(s, c);
	int err = pair && root ? 0 : -ENOMEM;

	*numbers = 0;
	for (uint32_t i = 0; i < s->threat_count; i++)
		*numbers = threat[i] > *numbers ? threat[i] : *numbers;
	*counts = err ? NULL : calloc(*numbers + 1, sizeof(**counts));
	for (uint32_t i = 0; *counts && i < s->count; i++)
		pair[i] = (uint64_t)threat[indicator_at(s, i).threat] << 16 |
			  root[indicator_at(s, i).feed];
	if (*counts && s->count)
		qsort(pair, s->count, sizeof(*pair), compare);
	for (uint32_t i = 0; *counts && i < s->count; i++)
		if (i == 0 || pair[i] != pair[i - 1])
			(*counts)[pair[i] >> 16]++;
	free(pair);
	free(root);
	return *counts ? 0 : -ENOMEM;
}
