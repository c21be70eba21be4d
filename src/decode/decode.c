#include "decode/decode.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "decode/decode_line.h"
#include "decode/dialect.h"
#include "decode/fieldmap.h"
#include "decode/json.h"
#include "decode/zeek_tsv.h"

#define ITEMS_MAX 4096 /* known scalars of a record; an event holds far fewer */
#define LIST_MAX  1024 /* of them, elements of one list: a long one leaves room for the rest */

/* A scalar whose path some format knows, until it is told which format it is. */
struct item {
	const struct dialect_path *path;
	struct span value;
	bool inner; /* known by its path below the record's only key */
};

struct collect {
	const struct dialect_index *index;
	struct item *items;
	uint32_t count, overflow;
	uint32_t tells, inner_tells;
	uint32_t wrapper; /* bytes of the only key and its dot, 0 none */
	/* what was found for the last key: elements of an array share it */
	uint32_t key, listed;
	const struct dialect_path *outer, *inner;
};

int decoder_init(struct decoder *d)
{
	d->index = dialect_index_create(NULL, 0);
	if (!d->index)
		return -ENOMEM;
	int err = arena_init(&d->scratch, DECODE_BYTES_MAX + ITEMS_MAX * sizeof(struct item) + 64);
	if (err)
		dialect_index_free(d->index);
	return err;
}

void decoder_fini(struct decoder *d)
{
	arena_fini(&d->scratch);
	dialect_index_free(d->index);
	d->index = NULL;
}

static uint32_t tells_of(const struct dialect_path *path, struct span v)
{
	uint32_t tells = path->tells;

	if ((tells & TELL_IDEA) && !(v.len >= 4 && memcmp(v.p, "IDEA", 4) == 0))
		tells &= ~(uint32_t)TELL_IDEA;
	if ((tells & TELL_NOTIFICATION) &&
	    !(v.len == strlen(DIALECT_NOTIFICATION_SCHEMA) &&
	      memcmp(v.p, DIALECT_NOTIFICATION_SCHEMA, v.len) == 0))
		tells &= ~(uint32_t)TELL_NOTIFICATION;
	if ((tells & TELL_CHANNEL) && !memchr(v.p, '.', v.len))
		tells &= ~(uint32_t)TELL_CHANNEL;
	return tells;
}

static void look_up(struct collect *c, struct span path)
{
	c->outer = dialect_find(c->index, path);
	c->inner = NULL;
	if (c->wrapper && path.len > c->wrapper)
		c->inner = dialect_find(c->index,
					(struct span){path.p + c->wrapper, path.len - c->wrapper});
}

static void add_item(struct collect *c, const struct dialect_path *path, bool inner,
		     struct span value)
{
	if (path->tells)
		*(inner ? &c->inner_tells : &c->tells) |= tells_of(path, value);
	if (c->count == ITEMS_MAX)
		c->overflow++;
	else
		c->items[c->count++] = (struct item){path, value, inner};
}

static void add_known(struct collect *c, struct span value)
{
	if (c->outer)
		add_item(c, c->outer, false, value);
	if (c->inner)
		add_item(c, c->inner, true, value);
}

static void visit_json(void *ctx, const struct json_scalar *s)
{
	struct collect *c = ctx;

	if (s->key != c->key) {
		c->key = s->key;
		c->listed = 0;
		look_up(c, s->path);
	}
	if (c->outer && c->listed++ >= LIST_MAX)
		c->overflow++;
	else if (s->kind != JSON_KIND_NULL)
		add_known(c, s->value);
}

static void visit_tsv(void *ctx, struct span column, struct span value)
{
	struct collect *c = ctx;

	look_up(c, column);
	add_known(c, value);
}

static const char *skip_space(const char *p, const char *end)
{
	while (p < end && memchr(" \t\r\n", *p, 4))
		p++;
	return p;
}

/*
 * Zeek's Kafka plugin tags a record with its log: {"http":{...}}. The bytes of
 * that key when the record may be of this shape, 0 otherwise.
 */
static struct span wrapper_key(const char *p, const char *end)
{
	const struct span none = {"", 0};

	p = skip_space(p + 1, end);
	if (p == end || *p != '"')
		return none;
	struct span key = {++p, 0};
	while (p < end && *p != '"' && *p != '\\' && *p != '.')
		p++;
	key.len = (uint32_t)(p - key.p);
	if (p == end || *p != '"')
		return none;
	p = skip_space(p + 1, end);
	if (p == end || *p != ':')
		return none;
	p = skip_space(p + 1, end);
	if (p == end || *p != '{')
		return none;
	for (end--; end > p && memchr(" \t\r\n", end[-1], 4); end--)
		;
	return end > p && end[-1] == '}' ? key : none;
}

/* The dialect's rows over all items, and what follows from them. */
static void apply(const struct collect *c, enum dialect dialect, bool inner, struct event *ev)
{
	struct draft draft;

	ev->overflow += c->overflow;
	dialect_begin(&draft, ev);
	for (uint32_t i = 0; i < c->count; i++) {
		const struct item *it = &c->items[i];
		const struct dialect_row *row = it->path->row[dialect];
		if (row && it->inner == inner)
			dialect_take(&draft, dialect, row, it->value);
	}
	dialect_end(&draft, dialect);
}

static bool collect_begin(struct collect *c, struct decoder *d, const struct dialect_index *index)
{
	*c = (struct collect){.index = index};
	c->items = arena_alloc(&d->scratch, ITEMS_MAX * sizeof(*c->items));
	return c->items;
}

/* Only what is inside the only key looks like Zeek; a time is enough where Zeek was announced. */
static bool is_tagged(const struct collect *c, enum format format)
{
	return dialect_tell(c->tells) < 0 &&
	       (dialect_tell(c->inner_tells) == DIALECT_ZEEK ||
		(format == FORMAT_ZEEK && (c->inner_tells & TELL_TS)));
}

static enum reason decode_json(struct decoder *d, enum format format, const struct fieldmap *map,
			       const char *p, size_t len, struct event *ev)
{
	struct collect c;
	struct span key = wrapper_key(p, p + len);
	int dialect = dialect_of_format(format);

	if (!collect_begin(&c, d, map ? fieldmap_index(map) : d->index))
		return REASON_TOO_LONG;
	if (key.len && (format == FORMAT_AUTO || format == FORMAT_ZEEK))
		c.wrapper = key.len + 1;
	enum reason why = json_walk(&d->scratch, p, len, visit_json, &c);
	if (why != REASON_OK)
		return why;
	bool tagged = is_tagged(&c, format);
	if (tagged) {
		dialect = DIALECT_ZEEK;
		event_add(ev, FIELD_EVENT_DATASET, key.p, key.len);
	} else if (dialect < 0) {
		dialect = dialect_tell(c.tells);
	}
	/* an object of no known format may still use ECS names */
	if (dialect < 0)
		dialect = DIALECT_ECS;
	ev->format = (uint8_t)dialect_format((enum dialect)dialect);
	apply(&c, (enum dialect)dialect, tagged, ev);
	return (enum reason)ev->refused;
}

static enum reason decode_opaque(const char *p, size_t len, struct event *ev)
{
	ev->format = FORMAT_LINES;
	decode_line(p, len, ev);
	event_finish(ev);
	return REASON_OK;
}

static enum reason decode_tsv(struct decoder *d, const char *header, const char *p, size_t len,
			      struct event *ev)
{
	struct collect c;

	ev->format = FORMAT_ZEEK_TSV;
	ev->comment = p[0] == '#';
	if (ev->comment)
		return REASON_OK;
	if (!collect_begin(&c, d, d->index))
		return REASON_TOO_LONG;
	if (!header || !zeek_tsv_read(&d->scratch, header, p, len, visit_tsv, &c)) {
		/* without its header a row is only a line */
		return decode_opaque(p, len, ev);
	}
	apply(&c, DIALECT_ZEEK, false, ev);
	return REASON_OK;
}

enum reason decode_text(struct decoder *d, enum format format, const struct fieldmap *map,
			const char *header, const char *p, size_t len, struct event *ev)
{
	const char *end = p + len;

	assert(format != FORMAT_PACKET && (format != FORMAT_MAP || map));
	event_reset(ev);
	ev->format = (uint8_t)format;
	if (len > DECODE_BYTES_MAX)
		return REASON_TOO_LONG;
	arena_reset(&d->scratch);
	while (end > p && (end[-1] == '\n' || end[-1] == '\r'))
		end--;
	/* a byte order mark says nothing about UTF-8 */
	if (end - p >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
		p += 3;
	len = (size_t)(end - p);
	ev->raw = (struct span){p, (uint32_t)len};
	const char *first = skip_space(p, end);
	ev->comment = first == end;
	if (ev->comment)
		return REASON_OK;
	if (format == FORMAT_LINES)
		return decode_opaque(p, len, ev);
	if (format == FORMAT_ZEEK_TSV || (format == FORMAT_AUTO && header && *first != '{'))
		return decode_tsv(d, header, p, len, ev);
	if (*first == '{')
		return decode_json(d, format, format == FORMAT_MAP ? map : NULL, first,
				   (size_t)(end - first), ev);
	return format == FORMAT_AUTO ? decode_opaque(p, len, ev) : REASON_NOT_JSON;
}
