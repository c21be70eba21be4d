/* A set as the start of the next generation. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/lazy.h"
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
	*to = (struct index_map){0};
	if (!from->slots)
		return 0;
	size_t slots = (size_t)from->capacity * sizeof(*from->slots);
	size_t keys = (size_t)from->capacity * sizeof(*from->keys);
	to->capacity = from->capacity;
	to->slots = lazy_alloc_huge(slots);
	to->keys = lazy_alloc_huge(keys);
	if (!to->slots || !to->keys)
		return -ENOMEM; /* index_map_fini() frees what there is */
	memcpy(to->slots, from->slots, slots);
	memcpy(to->keys, from->keys, keys);
	to->count = from->count;
	return 0;
}

#define COPY(to, from, field, n, cap)                                                              \
	copy_array(&(to)->field, &(to)->cap, (from)->field, (from)->n, sizeof(*(from)->field))

static int copy_entries(struct index *to, const struct index *from)
{
	size_t bytes = (size_t)from->entry_capacity * sizeof(*from->entries);

	if (!from->entries)
		return 0;
	to->entries = lazy_alloc_huge(bytes);
	if (!to->entries)
		return -ENOMEM;
	memcpy(to->entries, from->entries, (size_t)from->entry_count * sizeof(*from->entries));
	to->entry_capacity = from->entry_capacity;
	return 0;
}

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
	rc |= copy_entries(to, from);
	rc |= COPY(to, from, links, link_count, link_capacity);
	rc |= COPY(to, from, objects, object_count, object_capacity);
	rc |= COPY(to, from, markings, marking_count, marking_capacity);
	return rc ? -ENOMEM : 0;
}

/* Moves a piece of text into the copy's block; what nothing points to stays behind. */
static int keep(struct indicator_set *s, const struct indicator_set *from, struct ref *r)
{
	struct span text = index_span(from, *r);

	return indicator_set_text(s, text, r);
}

static int keep_condition(struct indicator_set *s, const struct indicator_set *from,
			  struct condition *c)
{
	struct ref r = {c->text, c->text_len};
	int rc = keep(s, from, &r);

	c->text = r.at;
	return rc;
}

static int keep_entry(struct indicator_set *s, const struct indicator_set *from, struct entry *e)
{
	int rc = keep(s, from, &e->id);

	rc |= keep(s, from, &e->threat_id);
	rc |= keep(s, from, &e->name);
	rc |= keep(s, from, &e->campaign);
	rc |= keep(s, from, &e->campaign_name);
	rc |= keep(s, from, &e->markings);
	if (e->indicator == INDEX_NONE)
		return rc;
	struct indicator *in = &s->indicators[e->indicator];
	in->id = e->id.at;
	in->threat = INDEX_NONE;
	struct ref pattern = {in->pattern, in->pattern_len};
	rc |= keep(s, from, &pattern);
	in->pattern = pattern.at;
	for (uint32_t i = 0; i < in->conditions; i++)
		rc |= keep_condition(s, from, &s->conditions[in->first_condition + i]);
	return rc;
}

static int keep_keys(struct indicator_set *s, const struct indicator_set *from, struct index_map *m)
{
	int rc = 0;

	for (uint32_t i = 0; i < m->capacity; i++)
		if (m->slots[i].value != INDEX_NONE)
			rc |= keep(s, from, &m->keys[i].text);
	return rc;
}

static int keep_texts(struct indicator_set *s, const struct indicator_set *from)
{
	struct index *ix = s->index;
	int rc = 0;

	for (uint32_t i = 0; i < ix->entry_count; i++)
		rc |= keep_entry(s, from, &ix->entries[i]);
	for (uint32_t i = 0; i < ix->by_id.capacity; i++)
		if (ix->by_id.slots[i].value != INDEX_NONE)
			ix->by_id.keys[i].text = ix->entries[ix->by_id.slots[i].value].id;
	rc |= keep_keys(s, from, &ix->by_link);
	rc |= keep_keys(s, from, &ix->by_object);
	rc |= keep_keys(s, from, &ix->by_marking);
	for (uint32_t i = 0; i < ix->link_count; i++) {
		rc |= keep(s, from, &ix->links[i].source);
		rc |= keep(s, from, &ix->links[i].target);
	}
	for (uint32_t i = 0; i < ix->object_count; i++)
		rc |= keep(s, from, &ix->objects[i].name);
	for (uint32_t i = 0; i < s->benign_count; i++) {
		struct ref r = {s->benigns[i].text, s->benigns[i].text_len};
		rc |= keep(s, from, &r);
		s->benigns[i].text = r.at;
	}
	return rc;
}

int indicator_set_copy(struct indicator_set *s, const struct indicator_set *from)
{
	assert(!from->sealed);
	int rc = indicator_set_init(s);

	if (rc)
		return rc;
	void *index = s->index;
	*s = *from;
	s->index = index;
	s->text = NULL;
	s->text_len = s->text_capacity = 0;
	s->indicators = NULL;
	s->conditions = NULL;
	s->threats = NULL;
	s->threat_count = s->threat_capacity = 0;
	s->feeds = NULL;
	s->benigns = NULL;
	s->benign_lists = NULL;
	rc |= COPY(s, from, indicators, count, capacity);
	rc |= COPY(s, from, conditions, condition_count, condition_capacity);
	rc |= COPY(s, from, feeds, feed_count, feed_capacity);
	rc |= COPY(s, from, benigns, benign_count, benign_capacity);
	rc |= COPY(s, from, benign_lists, benign_list_count, benign_list_capacity);
	rc |= copy_index(s->index, from->index);
	if (!rc)
		rc = keep_texts(s, from);
	if (rc)
		indicator_set_fini(s);
	return rc ? -ENOMEM : 0;
}
