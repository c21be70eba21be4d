#include "raise/board_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uuid.h>

#include "base/hash.h"

#define HEADER_BYTES 20                           /* magic, version, length */
#define CALENDAR_END UINT64_C(253402300800000000) /* 10000-01-01 */

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

/* Event times lie between 1970 and the end of the calendar: what is told of them
 * subtracts one from another. */
static int64_t get_time(struct cursor *c)
{
	uint64_t us = get(c, 8);

	if (us >= CALENDAR_END)
		c->ok = false;
	return c->ok ? (int64_t)us : 0;
}

static void get_reports(struct cursor *c, struct state_assessment *st)
{
	st->claims = get(c, 8);
	if (st->claims >> IMPACT_CLAIM_COUNT)
		c->ok = false;
	for (int m = 0; m < IMPACT_MEASURE_COUNT; m++)
		st->measure[m] = (uint32_t)get(c, 4);
}

static void get_state(struct cursor *c, struct state_assessment *st)
{
	st->state = (uint8_t)get_below(c, 1, STATES);
	uint32_t flags = get_below(c, 2, 1024);
	st->significant = flags & 1;
	st->deciding = flags >> 1 & 1;
	st->entities_exact = flags >> 2 & 1;
	st->records_exact = flags >> 3 & 1;
	st->single_origin = flags >> 4 & 1;
	st->capped = flags >> 5 & 1;
	st->ordinary = flags >> 6 & 1;
	st->capacity_exceeded = flags >> 7 & 1;
	st->largest_share = (uint8_t)get_below(c, 1, 101);
	st->shared = get(c, 8);
	st->criteria = (uint32_t)get(c, 4);
	st->entities = get(c, 8);
	st->attempted = get(c, 8);
	st->records = get(c, 8);
	st->origins = (uint32_t)get(c, 4);
	st->sectors = get_below(c, 4, 1u << SECTORS);
	st->users = get(c, 8);
	st->duration_s = get(c, 8);
	st->severity = (uint8_t)get_below(c, 1, SEVERITY_HIGH + 1);
	st->first_us = get_time(c);
	st->last_us = get_time(c);
	if (flags >> 8 & 1)
		get_reports(c, st);
	if (flags >> 9 & 1) {
		st->refused = get(c, 8);
		st->complete_since_us = get_time(c);
	}
}

static void get_evidence(struct cursor *c, struct assess_evidence *e)
{
	e->state = (uint8_t)get_below(c, 1, STATES);
	e->hit_class = (uint8_t)get_below(c, 1, CLASS_TEST + 1);
	e->item.rank = (uint8_t)get(c, 1);
	e->item.time_us = get_time(c);
	e->item.object = (uint32_t)get(c, 4);
	e->item.sub = (uint32_t)get(c, 4);
	e->item.by = (uint32_t)get(c, 4);
	e->item.offset = get(c, 8);
}

static void get_episode(struct cursor *c, struct episode *ep)
{
	ep->threat = (uint32_t)get(c, 4);
	const uint32_t status = get_below(c, 1, 32);

	ep->status = (enum episode_status)(status & 15);
	ep->held_back = status >> 4;
	if (ep->status > EPISODE_RAISED)
		c->ok = false;
	ep->first_us = get_time(c);
	ep->last_us = get_time(c);
	ep->decided_us = get_time(c);
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

/* Empty, or an id. */
static void get_superseded(struct cursor *c, char out[CANDIDATE_ID_MAX])
{
	uint64_t len = get(c, 4);

	if (len == CANDIDATE_ID_MAX - 1)
		get_id(c, out);
	else if (len)
		c->ok = false;
}

static void get_profile(struct cursor *c, char out[BOARD_PROFILE_MAX])
{
	size_t len = get_below(c, 4, BOARD_PROFILE_MAX);
	const char *p = take(c, len);

	if (p)
		memcpy(out, p, len);
	out[p ? len : 0] = '\0';
}

static int get_entry(struct cursor *c, struct board *b)
{
	struct board_entry head = {0}, *e;

	get_id(c, head.id);
	head.version = (uint32_t)get(c, 4);
	head.status = (enum candidate_status)get_below(c, 1, CANDIDATE_STATUSES);
	head.says = get(c, 8);
	head.cell_us = get_time(c);
	get_superseded(c, head.superseded_by);
	get_profile(c, head.profile);
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
	e->cell_us = head.cell_us;
	memcpy(e->superseded_by, head.superseded_by, sizeof(e->superseded_by));
	memcpy(e->profile, head.profile, sizeof(e->profile));
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
	int r = 0;

	b->expired = (uint32_t)get(c, 4);
	b->horizon_us = (int64_t)get(c, 8);
	uint32_t n = (uint32_t)get(c, 4);

	for (; n > 0 && r == 0; n--)
		r = get_entry(c, b);
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

/* The payload of a whole, undamaged snapshot. 0, -EBADMSG, -ENOMEM, what read returned. */
static int read_payload(struct text *t, int64_t (*read)(void *arg, void *p, size_t len), void *arg)
{
	int r = pull(t, HEADER_BYTES, read, arg);

	if (r)
		return r;
	struct cursor c = {(const uint8_t *)t->p + 8, (const uint8_t *)t->p + t->len, true};
	uint64_t version = get(&c, 4), length = get(&c, 8);
	if (memcmp(t->p, BOARD_SNAPSHOT_MAGIC, 8) != 0 || version != BOARD_SNAPSHOT_VERSION ||
	    length > SIZE_MAX / 4)
		return -EBADMSG;
	text_reset(t);
	r = pull(t, length + 8, read, arg);
	if (r)
		return r;
	c = (struct cursor){(const uint8_t *)t->p + length, (const uint8_t *)t->p + t->len, true};
	t->len = length;
	return get(&c, 8) == hash_bytes(t->p, length, 0) ? 0 : -EBADMSG;
}

static int read_board(struct board *fresh, int64_t (*read)(void *arg, void *p, size_t len),
		      void *arg)
{
	struct text t;

	text_init(&t);
	int r = read_payload(&t, read, arg);
	if (r == 0) {
		struct cursor c = {(const uint8_t *)t.p, (const uint8_t *)t.p + t.len, true};
		r = get_board(&c, fresh);
	}
	text_fini(&t);
	return r;
}

int board_restore(struct board *b, int64_t (*read)(void *arg, void *p, size_t len), void *arg)
{
	struct board fresh = {0};
	int r = read_board(&fresh, read, arg);

	if (r == 0) {
		struct board old = *b;
		*b = fresh;
		fresh = old;
	}
	board_table_clear(&fresh);
	return r;
}

/* Puts e, of another board, into b, unless b knows as late a version of it. */
static int join_entry(struct board *b, struct board_entry *e)
{
	struct board_entry *old = board_table_find(b, &e->threat, e->id);
	int r = 0;

	if (old && old->version >= e->version) {
		board_table_free(e);
		return 0;
	}
	if (old)
		board_table_remove(b, old);
	else
		r = board_table_reserve(b);
	if (r)
		board_table_free(e);
	else
		board_table_add(b, e);
	return r;
}

int board_restore_join(struct board *b, int64_t (*read)(void *arg, void *p, size_t len), void *arg)
{
	struct board fresh = {0};
	int r = read_board(&fresh, read, arg);

	if (r == 0) {
		b->expired = fresh.expired > b->expired ? fresh.expired : b->expired;
		b->horizon_us = fresh.horizon_us > b->horizon_us ? fresh.horizon_us : b->horizon_us;
	}
	for (uint32_t i = 0; r == 0 && i < fresh.entry_chains; i++)
		while (r == 0 && fresh.entries[i]) {
			struct board_entry *e = fresh.entries[i];
			fresh.entries[i] = e->next;
			r = join_entry(b, e);
		}
	board_table_clear(&fresh);
	return r;
}
