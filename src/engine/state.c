#include "engine/state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine_priv.h"

static void put_threats(struct stream *s, const struct engine *e, uint32_t from, uint32_t to)
{
	stream_put_u64(s, from);
	stream_put_u64(s, to);
	for (uint32_t i = from + 1; i <= to; i++) {
		const struct threat_name *t = names_threat_get(e->names, i);
		stream_put_u64(s, t->kind);
		stream_put_str(s, t->id);
		stream_put_str(s, t->name);
	}
}

static void put_objects(struct stream *s, const struct engine *e, uint32_t from, uint32_t to)
{
	stream_put_u64(s, from);
	stream_put_u64(s, to);
	for (uint32_t i = from; i < to; i++) {
		const struct object *o = object_by_id(e->objects, i);
		stream_put_str(s, o->position);
		stream_put_str(s, o->source ? o->source->name : "");
	}
}

/* In the order in which they got their numbers, which have gaps. */
static uint32_t put_by(struct stream *s, const struct engine *e, uint32_t from)
{
	const char *by;
	uint32_t number;

	stream_put_u64(s, from);
	for (; (by = names_by_added(e->names, from, &number)); from++) {
		stream_put_u64(s, number);
		stream_put_str(s, by);
	}
	stream_put_u64(s, 0);
	return from;
}

struct state_known state_now(const struct engine *e, const struct state_known *k)
{
	struct state_known now = {names_threat_count(e->names), k->by, object_count(e->objects),
				  feedback_generation(e->feedback.store)};
	uint32_t number;

	while (names_by_added(e->names, now.by, &number))
		now.by++;
	return now;
}

void state_put_numbers(struct stream *s, const struct engine *e, struct state_known *k)
{
	const uint32_t threats = names_threat_count(e->names), objects = object_count(e->objects);

	put_threats(s, e, k->threats, threats);
	k->threats = threats;
	k->by = put_by(s, e, k->by);
	put_objects(s, e, k->objects, objects);
	k->objects = objects;
}

/* The two numbers between which what follows lies: it must go on where we are. */
static uint64_t get_range(struct stream *s, uint64_t have, uint64_t *from)
{
	*from = stream_get_u64(s);
	uint64_t to = stream_get_u64(s);

	if (!s->error && (*from > have || to < *from))
		s->error = -EBADMSG;
	return s->error ? *from : to;
}

/* Numbers must come out as they were. */
static void get_threats(struct stream *s, struct engine *e)
{
	uint64_t from, to = get_range(s, names_threat_count(e->names), &from);

	for (uint64_t i = from + 1; i <= to && !s->error; i++) {
		uint8_t kind = (uint8_t)stream_get_u64(s);
		char *id = stream_get_str(s, NULL), *name = stream_get_str(s, NULL);
		if (id && name &&
		    names_threat(e->names, kind, id, strlen(id), name, strlen(name)) != i)
			s->error = -EBADMSG;
		free(id);
		free(name);
	}
}

static void get_by(struct stream *s, struct engine *e)
{
	uint64_t from = stream_get_u64(s), number = s->error ? 0 : stream_get_u64(s);
	uint32_t at;

	if (!s->error && from && !names_by_added(e->names, (uint32_t)(from - 1), &at))
		s->error = -EBADMSG;
	for (; number && !s->error; number = stream_get_u64(s)) {
		char *by = number < NAMES_BY_MAX ? stream_get_str(s, NULL) : NULL;
		if (!s->error &&
		    (!by || names_by_at(e->names, by, strlen(by), (uint32_t)number) != number))
			s->error = -EBADMSG;
		free(by);
	}
}

static void get_objects(struct stream *s, struct engine *e)
{
	/* a source that the configuration no longer has shares an object with none, so there
	 * may be fewer than there were */
	uint64_t from, to = get_range(s, UINT32_MAX, &from);

	for (uint64_t i = from; i < to && !s->error; i++) {
		char *position = stream_get_str(s, NULL), *name = stream_get_str(s, NULL);
		const struct object *o = NULL;
		if (position && name)
			o = object_get(e->objects, position,
				       source_find(&e->config->sources, name, strlen(name)));
		if (!s->error && (!o || o->id > i))
			s->error = -EBADMSG;
		free(position);
		free(name);
	}
}

void state_get_numbers(struct stream *s, struct engine *e)
{
	get_threats(s, e);
	if (!s->error)
		get_by(s, e);
	if (!s->error)
		get_objects(s, e);
}

void state_put_records(struct stream *s, const struct engine *e)
{
	uint64_t records[SOURCES_MAX];

	engine_records(e, records);
	stream_put_u64(s, e->config->sources.count);
	for (uint32_t i = 0; i < e->config->sources.count; i++) {
		stream_put_str(s, e->config->sources.sources[i].name);
		stream_put_u64(s, records[i]);
	}
}

void state_get_records(struct stream *s, struct engine *e)
{
	uint64_t n = stream_get_u64(s);

	for (uint64_t i = 0; i < n && !s->error; i++) {
		char *name = stream_get_str(s, NULL);
		uint64_t records = stream_get_u64(s);
		const struct source *source =
			name ? source_find(&e->config->sources, name, strlen(name)) : NULL;
		if (source && !s->error && records > e->records_least[source->id])
			e->records_least[source->id] = records;
		free(name);
	}
}

void state_put_feedback(struct stream *s, const struct engine *e, struct state_known *k)
{
	uint64_t generation = feedback_generation(e->feedback.store);
	struct text t;

	text_init(&t);
	if (generation != k->feedback)
		feedback_print(e->feedback.store, &t);
	s->error = s->error ? s->error : t.error;
	stream_put_bytes(s, t.p ? t.p : "", t.len);
	text_fini(&t);
	k->feedback = generation;
}

void state_get_feedback(struct stream *s, struct engine *e)
{
	size_t len = 0;
	char *p = stream_get_str(s, &len);

	if (p && len)
		s->error = feedback_read(e->feedback.store, p, len, INT64_MAX);
	/* who is registered may be others than when the board took it in */
	e->feedback.reviewed = UINT64_MAX;
	free(p);
}
