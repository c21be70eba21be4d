#include "raise/board_table.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uuid.h>

#include "base/hash.h"

/*
 * magic[8] version:u32 length:u64 payload[length] XXH3-64(payload):u64
 *
 * Every number is little-endian and every struct is written field by field, so
 * that neither padding nor a new field changes what an old snapshot means.
 */
static const char magic[8] = {'t', 'o', 'c', 's', 'i', 'n', 'b', 'd'};
#define SNAPSHOT_VERSION 1u
#define HEADER_BYTES	 20

static void put(struct text *t, uint64_t value, unsigned bytes)
{
	char le[8];

	for (unsigned i = 0; i < bytes; i++)
		le[i] = (char)(value >> 8 * i);
	text_bytes(t, le, bytes);
}

static void put_string(struct text *t, const char *s)
{
	size_t len = strlen(s);

	put(t, len, 4);
	text_bytes(t, s, len);
}

static void put_state(struct text *t, const struct state_assessment *st)
{
	put(t, st->state, 1);
	put(t, st->significant | st->deciding << 1 | st->entities_exact << 2 | st->records_exact << 3,
	    1);
	put(t, st->criteria, 4);
	put(t, st->entities, 8);
	put(t, st->attempted, 8);
	put(t, st->records, 8);
	put(t, st->origins, 4);
	put(t, st->sectors, 4);
	put(t, st->users, 8);
	put(t, st->duration_s, 8);
	put(t, st->severity, 1);
	put(t, (uint64_t)st->first_us, 8);
	put(t, (uint64_t)st->last_us, 8);
}

static void put_evidence(struct text *t, const struct assess_evidence *e)
{
	put(t, e->state, 1);
	put(t, e->hit_class, 1);
	put(t, e->item.rank, 1);
	put(t, (uint64_t)e->item.time_us, 8);
	put(t, e->item.object, 4);
	put(t, e->item.sub, 4);
	put(t, e->item.by, 4);
	put(t, e->item.offset, 8);
}

static void put_episode(struct text *t, const struct episode *ep)
{
	put(t, ep->threat, 4);
	put(t, ep->status, 1);
	put(t, (uint64_t)ep->first_us, 8);
	put(t, (uint64_t)ep->last_us, 8);
	put(t, (uint64_t)ep->decided_us, 8);
	put(t, ep->tlp, 1);
	put(t, ep->pap, 1);
	put(t, ep->states, 1);
	for (uint32_t i = 0; i < ep->states; i++)
		put_state(t, &ep->state[i]);
	put(t, ep->evidence_count, 1);
	for (uint32_t i = 0; i < ep->evidence_count; i++)
		put_evidence(t, &ep->evidence[i]);
}

static void put_entry(struct text *t, const struct board_entry *e)
{
	text_bytes(t, e->id, CANDIDATE_ID_MAX - 1);
	put(t, e->version, 4);
	put(t, e->status, 1);
	put(t, e->says, 8);
	put(t, (uint64_t)e->start_us, 8);
	put(t, e->threat.kind, 1);
	put_string(t, e->threat.id);
	put_string(t, e->threat.name);
	put_episode(t, &e->episode);
}

static void put_board(struct text *t, const struct board *b)
{
	put(t, b->by_status[CANDIDATE_EXPIRED], 4);
	put(t, b->entry_count, 4);
	for (uint32_t i = 0; i < b->entry_chains; i++)
		for (const struct board_entry *e = b->entries[i]; e; e = e->next)
			put_entry(t, e);
	put(t, b->line_count, 4);
	for (uint32_t i = 0; i < b->line_chains; i++)
		for (const struct board_line *l = b->lines[i]; l; l = l->next) {
			text_bytes(t, l->id, CANDIDATE_ID_MAX - 1);
			put(t, l->version, 4);
			put(t, l->says, 8);
		}
}

int board_snapshot(const struct board *b, int (*write)(void *arg, const void *p, size_t len),
		   void *arg)
{
	struct text payload, frame;

	text_init(&payload);
	text_init(&frame);
	put_board(&payload, b);
	text_bytes(&frame, magic, sizeof(magic));
	put(&frame, SNAPSHOT_VERSION, 4);
	put(&frame, payload.len, 8);
	int r = payload.error ? payload.error : frame.error;
	if (r == 0)
		r = write(arg, frame.p, frame.len);
	if (r == 0)
		r = write(arg, payload.p, payload.len);
	if (r == 0) {
		text_reset(&frame);
		put(&frame, hash_bytes(payload.p, payload.len, 0), 8);
		r = write(arg, frame.p, frame.len);
	}
	text_fini(&frame);
	text_fini(&payload);
	return r;
}

/* Reads through; the first thing that does not fit clears ok, and all later
 * reads give 0. */
struct cursor {
	const uint8_t *p, *end;
	bool ok;
};

static const void *take(struct cursor *c, size_t len)
{
	if (!c->ok || (size_t)(c->end - c->p) < len) {
		c->ok = false;
		return NULL;
	}
	c->p += len;
	return c->p - len;
}

static uint64_t get(struct cursor *c, unsigned bytes)
{
	const uint8_t *p = take(c, bytes);
	uint64_t value = 0;

	for (unsigned i = 0; p && i < bytes; i++)
		value |= (uint64_t)p[i] << 8 * i;
	return value;
}

/* A number below limit; what is not would index past a table. */
static uint32_t get_below(struct cursor *c, unsigned bytes, uint32_t limit)
{
	uint64_t value = get(c, bytes);

	if (value >= limit)
		c->ok = false;
	return c->ok ? (uint32_t)value : 0;
}

/* A malloc'd copy, NULL when it does not fit or holds a NUL. */
static char *get_string(struct cursor *c)
{
	size_t len = get(c, 4);
	const char *p = take(c, len);

	if (!p || memchr(p, '\0', len)) {
		c->ok = false;
		return NULL;
	}
	return strndup(p, len);
}

static void get_id(struct cursor *c, char out[CANDIDATE_ID_MAX])
{
	const char *p = take(c, CANDIDATE_ID_MAX - 1);
	uuid_t id;

	if (!p)
		return;
	memcpy(out, p, CANDIDATE_ID_MAX - 1);
	out[CANDIDATE_ID_MAX - 1] = '\0';
	if (uuid_parse(out, id) != 0)
		c->ok = false;
}

static void get_state(struct cursor *c, struct state_assessment *st)
{
	st->state = (uint8_t)get_below(c, 1, STATES);
	uint32_t flags = get_below(c, 1, 16);
	st->significant = flags & 1;
	st->deciding = flags >> 1 & 1;
	st->entities_exact = flags >> 2 & 1;
	st->records_exact = flags >> 3 & 1;
	st->criteria = (uint32_t)get(c, 4);
	st->entities = get(c, 8);
	st->attempted = get(c, 8);
	st->records = get(c, 8);
	st->origins = (uint32_t)get(c, 4);
	st->sectors = get_below(c, 4, 1u << SECTORS);
	st->users = get(c, 8);
	st->duration_s = get(c, 8);
	st->severity = (uint8_t)get_below(c, 1, SEVERITY_HIGH + 1);
	st->first_us = (int64_t)get(c, 8);
	st->last_us = (int64_t)get(c, 8);
}

static void get_evidence(struct cursor *c, struct assess_evidence *e)
{
	e->state = (uint8_t)get_below(c, 1, STATES);
	e->hit_class = (uint8_t)get_below(c, 1, CLASS_TEST + 1);
	e->item.rank = (uint8_t)get(c, 1);
	e->item.time_us = (int64_t)get(c, 8);
	e->item.object = (uint32_t)get(c, 4);
	e->item.sub = (uint32_t)get(c, 4);
	e->item.by = (uint32_t)get(c, 4);
	e->item.offset = get(c, 8);
}

static void get_episode(struct cursor *c, struct episode *ep)
{
	ep->threat = (uint32_t)get(c, 4);
	ep->status = (enum episode_status)get_below(c, 1, EPISODE_RAISED + 1);
	ep->first_us = (int64_t)get(c, 8);
	ep->last_us = (int64_t)get(c, 8);
	ep->decided_us = (int64_t)get(c, 8);
	ep->tlp = (uint8_t)get_below(c, 1, TLPS);
	ep->pap = (uint8_t)get_below(c, 1, PAPS);
	ep->states = get_below(c, 1, STATES + 1);
	for (uint32_t i = 0; i < ep->states; i++)
		get_state(c, &ep->state[i]);
	ep->evidence_count = get_below(c, 1, ASSESS_EVIDENCE_MAX + 1);
	for (uint32_t i = 0; i < ep->evidence_count; i++)
		get_evidence(c, &ep->evidence[i]);
	if (ep->first_us > ep->last_us)
		c->ok = false;
}

static int get_entry(struct cursor *c, struct board *b)
{
	struct board_entry head = {0}, *e;

	get_id(c, head.id);
	head.version = (uint32_t)get(c, 4);
	head.status = (enum candidate_status)get_below(c, 1, CANDIDATE_EXPIRED);
	head.says = get(c, 8);
	head.start_us = (int64_t)get(c, 8);
	head.threat.kind = (uint8_t)get_below(c, 1, NAME_RULE + 1);
	char *id = get_string(c), *name = get_string(c);
	int r = !c->ok ? -EBADMSG : id && name ? board_table_reserve(b) : -ENOMEM;
	if (r)
		goto out;
	e = board_table_new(&(struct threat_name){head.threat.kind, id, name});
	r = e ? 0 : -ENOMEM;
	if (r)
		goto out;
	memcpy(e->id, head.id, sizeof(e->id));
	e->version = head.version;
	e->status = head.status;
	e->says = head.says;
	e->start_us = head.start_us;
	get_episode(c, &e->episode);
	board_table_add(b, e);
	r = c->ok ? 0 : -EBADMSG;
out:
	free(id);
	free(name);
	return r;
}

static int get_board(struct cursor *c, struct board *b)
{
	uint32_t expired = (uint32_t)get(c, 4), n = (uint32_t)get(c, 4);
	int r = 0;

	for (; n > 0 && r == 0; n--)
		r = get_entry(c, b);
	b->by_status[CANDIDATE_EXPIRED] = expired;
	n = r == 0 ? (uint32_t)get(c, 4) : 0;
	for (; n > 0 && r == 0; n--) {
		char id[CANDIDATE_ID_MAX];
		get_id(c, id);
		uint32_t version = (uint32_t)get(c, 4);
		uint64_t says = get(c, 8);
		r = c->ok ? board_table_set_line(b, id, version, says) : -EBADMSG;
	}
	if (r == 0 && (!c->ok || c->p != c->end))
		r = -EBADMSG;
	return r;
}

/* Appends len bytes of the stream, in steps: a damaged length must not allocate. */
static int pull(struct text *t, uint64_t len, int64_t (*read)(void *arg, void *p, size_t len),
		void *arg)
{
	char buf[65536];

	while (len > 0) {
		int64_t n = read(arg, buf, len < sizeof(buf) ? (size_t)len : sizeof(buf));
		if (n < 0)
			return (int)n;
		if (n == 0 || (uint64_t)n > len)
			return -EBADMSG;
		text_bytes(t, buf, (size_t)n);
		if (t->error)
			return t->error;
		len -= (uint64_t)n;
	}
	return 0;
}

int board_restore(struct board *b, int64_t (*read)(void *arg, void *p, size_t len), void *arg)
{
	struct board fresh = {0};
	struct text t;
	struct cursor c = {.ok = true};

	text_init(&t);
	int r = pull(&t, HEADER_BYTES, read, arg);
	if (r)
		goto out;
	c = (struct cursor){(const uint8_t *)t.p + sizeof(magic), (const uint8_t *)t.p + t.len,
			    true};
	uint32_t version = (uint32_t)get(&c, 4);
	uint64_t length = get(&c, 8);
	r = memcmp(t.p, magic, sizeof(magic)) != 0 || version != SNAPSHOT_VERSION ||
			    length > SIZE_MAX / 4
		    ? -EBADMSG
		    : 0;
	text_reset(&t);
	if (r == 0)
		r = pull(&t, length + 8, read, arg);
	if (r)
		goto out;
	c = (struct cursor){(const uint8_t *)t.p + length, (const uint8_t *)t.p + t.len, true};
	if (get(&c, 8) != hash_bytes(t.p, length, 0)) {
		r = -EBADMSG;
		goto out;
	}
	c = (struct cursor){(const uint8_t *)t.p, (const uint8_t *)t.p + length, true};
	r = get_board(&c, &fresh);
	if (r == 0) {
		board_table_clear(b);
		*b = fresh;
		fresh = (struct board){0};
	}
out:
	board_table_clear(&fresh);
	text_fini(&t);
	return r;
}
