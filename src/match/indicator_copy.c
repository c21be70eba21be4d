/* A set as the start of the next generation. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "match/indicator_index.h"

/* A copy of count items in a block of its own, never NULL for none. */
static int copy_array(void *to, uint32_t *capacity, const void *from, size_t count, size_t size)
{
	void *p = malloc((count + 1) * size);

	if (!p)
		return -ENOMEM;
	if (count)
		memcpy(p, from, count * size);
	*(void **)to = p;
	if (capacity)
		*capacity = (uint32_t)count + 1;
	return 0;
}

static int copy_map(struct index_map *to, const struct index_map *from)
{
	*to = *from;
	to->slots = NULL;
	if (!from->slots)
		return 0;
	int rc = copy_array(&to->slots, NULL, from->slots, from->capacity, sizeof(*from->slots));
	if (rc)
		to->count = to->capacity = 0;
	return rc;
}

#define COPY(to, from, field, n, cap)                                                              \
	copy_array(&(to)->field, &(to)->cap, (from)->field, (from)->n, sizeof(*(from)->field))

static int copy_index(struct index *to, const struct index *from)
{
	int rc = 0;

	*to = (struct index){.entry_count = from->entry_count,
			     .link_count = from->link_count,
			     .object_count = from->object_count,
			     .marking_count = from->marking_count};
	rc |= copy_map(&to->by_id, &from->by_id);
	rc |= copy_map(&to->by_link, &from->by_link);
	rc |= copy_map(&to->by_object, &from->by_object);
	rc |= copy_map(&to->by_marking, &from->by_marking);
	rc |= COPY(to, from, entries, entry_count, entry_capacity);
	rc |= COPY(to, from, links, link_count, link_capacity);
	rc |= COPY(to, from, objects, object_count, object_capacity);
	rc |= COPY(to, from, markings, marking_count, marking_capacity);
	return rc ? -ENOMEM : 0;
}

int indicator_set_copy(struct indicator_set *s, const struct indicator_set *from)
{
	int rc = indicator_set_init(s);

	if (rc)
		return rc;
	void *index = s->index;
	*s = *from;
	s->index = index;
	s->text = NULL;
	s->indicators = NULL;
	s->conditions = NULL;
	s->threats = NULL;
	s->feeds = NULL;
	s->benigns = NULL;
	s->benign_lists = NULL;
	rc |= copy_array(&s->text, NULL, from->text, from->text_len, 1);
	s->text_capacity = from->text_len + 1;
	rc |= COPY(s, from, indicators, count, capacity);
	rc |= COPY(s, from, conditions, condition_count, condition_capacity);
	rc |= COPY(s, from, threats, threat_count, threat_capacity);
	rc |= COPY(s, from, feeds, feed_count, feed_capacity);
	rc |= COPY(s, from, benigns, benign_count, benign_capacity);
	rc |= COPY(s, from, benign_lists, benign_list_count, benign_list_capacity);
	rc |= copy_index(s->index, from->index);
	if (rc)
		indicator_set_fini(s);
	return rc ? -ENOMEM : 0;
}
