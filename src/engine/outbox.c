#include "engine/outbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

#define SEND_TIMEOUT_MS 5000

static void drop(struct outbox_entry *en)
{
	free(en->line);
	memset(en, 0, sizeof(*en));
}

void outbox_fini(struct outbox *b)
{
	for (uint32_t i = 0; i < b->count; i++)
		drop(&b->entries[i]);
	free(b->entries);
	memset(b, 0, sizeof(*b));
}

int outbox_add(struct outbox *b, const char *id, uint32_t version, const char *line, size_t len)
{
	if (b->count == b->capacity) {
		uint32_t capacity = b->capacity ? b->capacity * 2 : 32;
		struct outbox_entry *entries = realloc(b->entries, capacity * sizeof(*entries));
		if (!entries)
			return -ENOMEM;
		b->entries = entries;
		b->capacity = capacity;
	}
	struct outbox_entry *en = &b->entries[b->count];
	memset(en, 0, sizeof(*en));
	snprintf(en->id, sizeof(en->id), "%s", id);
	en->version = version;
	en->len = len;
	en->line = malloc(len + 1);
	if (!en->line)
		return -ENOMEM;
	memcpy(en->line, line, len);
	en->line[len] = '\0';
	en->serial = b->next++;
	b->count++;
	return 0;
}

static uint32_t free_to_go(const struct outbox *b)
{
	return b->held < b->count ? b->count - (uint32_t)b->held : 0;
}

/* One sink: its missing lines in order, until one fails. Lines count as sent
 * only after the flush that follows them. */
static int send_to(struct outbox *b, struct output *o, uint32_t sink)
{
	const struct sink_ops *ops = o->sinks[sink].ops;
	struct sink *s = o->sinks[sink].sink;
	uint32_t end = 0;
	int err = 0;

	for (uint32_t i = 0; i < free_to_go(b) && !err; i++) {
		struct outbox_entry *en = &b->entries[i];
		if (!(en->sent >> sink & 1))
			err = ops->write(s, en->id, en->line, en->len);
		end = err ? i : i + 1;
	}
	int flushed = ops->flush(s, SEND_TIMEOUT_MS);
	/* -ETIMEDOUT: still on its way; writing it again would double it */
	if (flushed && flushed != -ETIMEDOUT) {
		if (ops->reopen)
			ops->reopen(s);
		return flushed;
	}
	for (uint32_t i = 0; i < end; i++)
		b->entries[i].sent |= 1u << sink;
	return err ? err : flushed;
}

uint32_t outbox_send(struct outbox *b, struct output *o, int *error)
{
	const uint32_t all = (1u << o->count) - 1;
	const uint32_t free = free_to_go(b);
	uint32_t kept = 0;

	*error = 0;
	for (uint32_t i = 0; i < o->count && free_to_go(b); i++) {
		int err = send_to(b, o, i);
		*error = err ? err : *error;
	}
	for (uint32_t i = 0; i < b->count; i++) {
		if (i < free && (b->entries[i].sent & all) == all) {
			digest_line(&o->digest, b->entries[i].line, b->entries[i].len);
			o->written++;
			drop(&b->entries[i]);
		} else {
			b->entries[kept++] = b->entries[i];
		}
	}
	b->count = kept;
	return kept;
}

struct marking {
	struct outbox *b;
	uint32_t bit;
};

static void mark(void *arg, const struct candidate_head *head, const char *line, size_t len)
{
	struct marking *m = arg;

	(void)line;
	(void)len;
	for (uint32_t i = 0; i < m->b->count; i++)
		if (m->b->entries[i].version == head->version &&
		    strcmp(m->b->entries[i].id, head->id) == 0)
			m->b->entries[i].sent |= m->bit;
}

void outbox_mark_written(struct outbox *b, const struct output *o, const char *path)
{
	for (uint32_t i = 0; i < o->count; i++) {
		struct marking m = {b, 1u << i};
		if (o->sinks[i].ops != &sink_file || b->count == 0)
			continue;
		int err = sink_file_scan(path, mark, &m);
		if (err && err != -ENOENT)
			log_warning("%s: cannot be read back: %s", path, strerror(-err));
	}
}

void outbox_forget(struct outbox *b, uint64_t serial)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < b->count; i++) {
		if (b->entries[i].serial < serial)
			drop(&b->entries[i]);
		else
			b->entries[kept++] = b->entries[i];
	}
	b->count = kept;
}

uint64_t outbox_first(const struct outbox *b)
{
	return b->count ? b->entries[0].serial : b->next;
}

void outbox_put(struct stream *s, const struct outbox *b, uint64_t from)
{
	uint32_t first = 0;

	while (first < b->count && b->entries[first].serial < from)
		first++;
	stream_put_u64(s, b->count - first);
	for (uint32_t i = first; i < b->count; i++) {
		stream_put_u64(s, b->entries[i].serial);
		stream_put_str(s, b->entries[i].id);
		stream_put_u64(s, b->entries[i].version);
		stream_put_bytes(s, b->entries[i].line, b->entries[i].len);
	}
	stream_put_u64(s, b->next);
}

static void get_line(struct stream *s, struct outbox *b)
{
	size_t len = 0;
	uint64_t serial = stream_get_u64(s);
	char *id = stream_get_str(s, NULL);
	uint32_t version = (uint32_t)stream_get_u64(s);
	char *line = stream_get_str(s, &len);

	if (id && line && serial >= b->next) {
		b->next = serial;
		if (outbox_add(b, id, version, line, len))
			s->error = -ENOMEM;
	}
	free(id);
	free(line);
}

void outbox_get(struct stream *s, struct outbox *b)
{
	uint64_t n = stream_get_u64(s);

	for (uint64_t i = 0; i < n && !s->error; i++)
		get_line(s, b);
	uint64_t next = stream_get_u64(s);
	b->next = next > b->next ? next : b->next;
}
