/* What STIX objects say about indicators that may come before or after them. */
#include <errno.h>

#include "match/indicator_draft.h"
#include "match/indicator_index.h"

/* The slot of id, its key stored in the set's text when it is new. */
static int slot_of(struct indicator_set *s, struct index_map *m, struct span id, uint32_t next,
		   uint32_t *value)
{
	struct index_slot *slot = index_map_put(m, s->text, id, 0);

	if (!slot)
		return -ENOMEM;
	*value = slot->value;
	if (*value != INDEX_NONE)
		return 0;
	struct ref key;
	int rc = indicator_set_text(s, id, &key);
	if (rc)
		index_map_undo(m, slot);
	else
		index_map_set(m, slot, key, *value = next);
	return rc;
}

static int order(struct indicator_set *s, struct span a, struct ref b)
{
	return index_compare(a, index_span(s, b));
}

int indicator_set_link(struct indicator_set *s, struct span id, struct span source,
		       struct span target, int64_t modified, bool revoked)
{
	struct index *ix = s->index;
	uint32_t at;

	if (index_grow((void **)&ix->links, ix->link_count, &ix->link_capacity, sizeof(*ix->links)))
		return -ENOMEM;
	int rc = slot_of(s, &ix->by_link, id, ix->link_count, &at);
	if (rc)
		return rc;
	struct link *l = &ix->links[at];
	if (at < ix->link_count) {
		/* of two that claim the same version, the greater wins: any order will do */
		int c = modified != l->modified ? (modified > l->modified ? 1 : -1)
			: revoked != l->revoked ? revoked - l->revoked
						: order(s, target, l->target);
		if (c == 0)
			c = order(s, source, l->source);
		if (c <= 0)
			return 0;
	} else {
		ix->link_count++;
	}
	l->modified = modified;
	l->revoked = revoked;
	rc = indicator_set_text(s, source, &l->source);
	return rc ? rc : indicator_set_text(s, target, &l->target);
}

int indicator_set_object(struct indicator_set *s, struct span id, struct span name,
			 int64_t modified)
{
	struct index *ix = s->index;
	uint32_t at;

	if (index_grow((void **)&ix->objects, ix->object_count, &ix->object_capacity,
		       sizeof(*ix->objects)))
		return -ENOMEM;
	int rc = slot_of(s, &ix->by_object, id, ix->object_count, &at);
	if (rc)
		return rc;
	struct object *o = &ix->objects[at];
	if (at == ix->object_count)
		ix->object_count++;
	else if (modified < o->modified ||
		 (modified == o->modified && order(s, name, o->name) <= 0))
		return 0;
	o->modified = modified;
	return indicator_set_text(s, name, &o->name);
}

int indicator_set_marking(struct indicator_set *s, struct span id, int tlp, int pap)
{
	struct index *ix = s->index;
	uint32_t at;

	if (index_grow((void **)&ix->markings, ix->marking_count, &ix->marking_capacity,
		       sizeof(*ix->markings)))
		return -ENOMEM;
	int rc = slot_of(s, &ix->by_marking, id, ix->marking_count, &at);
	if (rc)
		return rc;
	struct marking *m = &ix->markings[at];
	if (at == ix->marking_count) {
		ix->marking_count++;
		*m = (struct marking){-1, -1};
	}
	/* said twice: the stricter */
	if (tlp > m->tlp)
		m->tlp = (int8_t)tlp;
	if (pap > m->pap)
		m->pap = (int8_t)pap;
	return 0;
}
