/* event_identity - the name of the observation behind a record. */
#include <string.h>

#include "base/hash.h"
#include "decode/event.h"

#define UUID_LEN 36

struct named {
	struct span id, parent, uuid, community, dataset;
	uint32_t parents;
};

/* Ids are compared as relays may rewrite them: ASCII case ignored. */
static uint64_t mix(uint64_t h, struct span v)
{
	char lower[128];

	if (v.len > sizeof(lower))
		return hash_bytes(v.p, v.len, h);
	for (uint32_t i = 0; i < v.len; i++)
		lower[i] = (char)(v.p[i] >= 'A' && v.p[i] <= 'Z' ? v.p[i] | 0x20 : v.p[i]);
	return hash_bytes(lower, v.len, h);
}

static void take_first(struct span *to, struct span v)
{
	if (!to->len)
		*to = v;
}

static void take(struct named *n, const struct field *f)
{
	switch (f->id) {
	case FIELD_EVENT_ID:
		take_first(&n->id, f->value);
		break;
	case FIELD_EVENT_PARENT_ID:
		take_first(&n->parent, f->value);
		n->parents++;
		break;
	case FIELD_EVENT_UUID:
		take_first(&n->uuid, f->value);
		break;
	case FIELD_COMMUNITY_ID:
		take_first(&n->community, f->value);
		break;
	case FIELD_EVENT_DATASET:
		take_first(&n->dataset, f->value);
		break;
	default:
		break;
	}
}

/* Of the fields that tell events of one flow and time apart. */
static uint64_t what_it_says(const struct event *ev)
{
	uint64_t h = 0;

	for (uint32_t i = 0; i < ev->fields; i++) {
		const struct field *f = &ev->field[i];
		if (f->id == FIELD_RULE_NAME || f->id == FIELD_DNS_QUESTION_NAME ||
		    f->id == FIELD_URL_ORIGINAL || f->id == FIELD_FILE_NAME ||
		    f->id == FIELD_FILE_HASH_SHA256)
			h = mix(h + f->id, f->value);
	}
	return h;
}

/* One event of a flow: the flow's name, when, and which. */
static uint64_t of_flow(const struct event *ev, const struct named *n, struct span flow)
{
	uint64_t h = mix(ev->format, flow);

	h = mix(h, n->community);
	h = mix(h, n->dataset);
	return hash_pair(h ^ what_it_says(ev), (uint64_t)ev->time_us);
}

static uint64_t of_format(const struct event *ev, const struct named *n)
{
	switch ((enum format)ev->format) {
	case FORMAT_IDEA:
		return n->parents == 1 ? mix(FORMAT_IDEA, n->parent)
		       : n->id.len     ? mix(FORMAT_IDEA, n->id)
				       : 0;
	case FORMAT_N6:
		return n->id.len ? mix(FORMAT_N6, n->id) : 0;
	case FORMAT_ECS:
		/* some agents number their events from one: the time tells those apart */
		return n->id.len && ev->has_time
			       ? hash_pair(mix(FORMAT_ECS, n->id), (uint64_t)ev->time_us)
			       : 0;
	case FORMAT_EVE:
		return n->community.len && ev->has_time ? of_flow(ev, n, n->community) : 0;
	case FORMAT_ZEEK:
	case FORMAT_ZEEK_TSV:
		return n->id.len && ev->has_time ? of_flow(ev, n, n->id) : 0;
	default:
		return 0;
	}
}

uint64_t event_identity(const struct event *ev)
{
	struct named n = {0};

	for (uint32_t i = 0; i < ev->fields; i++)
		take(&n, &ev->field[i]);
	return n.uuid.len == UUID_LEN ? mix(UUID_LEN, n.uuid) : of_format(ev, &n);
}
