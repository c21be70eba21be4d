#include "match/stix_world.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int stix_world_init(struct stix_world *w, uint32_t items, uint32_t objects)
{
	*w = (struct stix_world){.item_capacity = items, .object_capacity = objects};
	w->items = calloc(items, sizeof(*w->items));
	w->objects = calloc(objects, sizeof(*w->objects));
	stix_world_reset(w);
	return w->items && w->objects ? 0 : -ENOMEM;
}

void stix_world_fini(struct stix_world *w)
{
	free(w->items);
	free(w->objects);
	*w = (struct stix_world){0};
}

void stix_world_reset(struct stix_world *w)
{
	w->item_count = 1; /* STIX_NOTHING */
	w->object_count = 0;
	w->lost = 0;
}

static uint32_t new_item(struct stix_world *w, struct span key, enum stix_kind kind)
{
	if (w->item_count == w->item_capacity) {
		w->lost++;
		return STIX_NOTHING;
	}
	w->items[w->item_count] = (struct stix_item){.kind = (uint8_t)kind, .key = key};
	return w->item_count++;
}

uint32_t stix_world_add(struct stix_world *w, uint32_t parent, struct span key, enum stix_kind kind)
{
	uint32_t n = parent == STIX_NOTHING ? STIX_NOTHING : new_item(w, key, kind);

	if (n == STIX_NOTHING)
		return n;
	struct stix_item *p = &w->items[parent];
	if (p->first == STIX_NOTHING)
		p->first = n;
	else
		w->items[p->last].next = n;
	p->last = n;
	return n;
}

static struct span word(const char *s)
{
	return (struct span){s, (uint32_t)strlen(s)};
}

uint32_t stix_world_text(struct stix_world *w, uint32_t parent, const char *key, struct span text)
{
	uint32_t n = stix_world_add(w, parent, word(key), STIX_VALUE_STRING);

	w->items[n].text = text; /* of STIX_NOTHING nobody reads it */
	return n;
}

uint32_t stix_world_number(struct stix_world *w, uint32_t parent, const char *key, long double v)
{
	uint32_t n = stix_world_add(w, parent, word(key), STIX_VALUE_NUMBER);

	w->items[n].number = v;
	return n;
}

uint32_t stix_world_object(struct stix_world *w, struct span type, struct span id)
{
	if (w->object_count == w->object_capacity) {
		w->lost++;
		return STIX_NOTHING;
	}
	uint32_t item = new_item(w, (struct span){0}, STIX_VALUE_OBJECT);
	if (item == STIX_NOTHING)
		return item;
	w->objects[w->object_count++] = (struct stix_object){type, id, item};
	stix_world_text(w, item, "type", type);
	return item;
}

void stix_world_refer(struct stix_world *w, uint32_t parent, const char *key, uint32_t object_item)
{
	if (object_item == STIX_NOTHING)
		return;
	uint32_t n = stix_world_add(w, parent, word(key), STIX_VALUE_STRING);
	for (uint32_t i = 0; i < w->object_count; i++)
		if (w->objects[i].item == object_item)
			w->items[n].target = i + 1;
}
