#include "engine/journal_entry.h"

#include <errno.h>
#include <stdlib.h>

#include "engine/engine_priv.h"

/* Its length before it: both readers take all there is. */
static void put_section(struct stream *body, struct stream *section)
{
	body->error = body->error ? body->error : section->error;
	stream_put_bytes(body, section->buf, section->error ? 0 : section->at);
	stream_fini(section);
}

static void put_threat(struct stream *body, const struct engine *e, uint32_t threat)
{
	struct stream s;

	stream_to_memory(&s, body->room);
	s.error = evidence_snapshot_threat(e->evidence, threat, stream_put, &s);
	put_section(body, &s);
	stream_to_memory(&s, body->room);
	s.error =
		board_snapshot_threat(e->board, names_threat_get(e->names, threat), stream_put, &s);
	put_section(body, &s);
}

void journal_entry_put(struct stream *body, const struct engine *e, const uint32_t *threats,
		       uint32_t count, const struct outbox *b, uint64_t from)
{
	stream_put_u64(body, count);
	for (uint32_t i = 0; i < count && !body->error; i++)
		put_threat(body, e, threats[i]);
	outbox_put(body, b, from);
}

void journal_entry_put_head(struct stream *head, const struct engine *e, struct state_known *k)
{
	state_put_numbers(head, e, k);
	state_put_records(head, e);
	state_put_feedback(head, e, k);
}

/* A section as a stream of its own; the caller frees what is returned. NULL: s->error is set. */
static char *get_section(struct stream *s, struct stream *section)
{
	size_t len = 0;
	char *p = stream_get_str(s, &len);

	if (p && !s->error)
		stream_from_memory(section, p, len);
	return p;
}

static void get_threat(struct stream *s, struct engine *e)
{
	struct stream section;
	char *p = get_section(s, &section);

	if (!s->error) {
		int err = evidence_restore_named(e->evidence, e->names, stream_get, &section);
		s->error = err == -ENOSPC ? 0 : err;
	}
	free(p);
	p = s->error ? NULL : get_section(s, &section);
	if (!s->error)
		s->error = board_restore_join(e->board, stream_get, &section);
	free(p);
}

int journal_entry_get(const void *p, size_t len, struct engine *e, struct outbox *b)
{
	struct stream s;

	stream_from_memory(&s, p, len);
	state_get_numbers(&s, e);
	if (!s.error)
		state_get_records(&s, e);
	if (!s.error)
		state_get_feedback(&s, e);
	uint64_t n = s.error ? 0 : stream_get_u64(&s);
	for (uint64_t i = 0; i < n && !s.error; i++)
		get_threat(&s, e);
	if (!s.error)
		outbox_get(&s, b);
	return s.error ? s.error : stream_left(&s) ? -EBADMSG : 0;
}
