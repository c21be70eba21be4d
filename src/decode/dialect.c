#include "decode/dialect.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "decode/dialect_rows.h"

#define SLOT_COUNT   (2 * DIALECT_PATHS_MAX) /* a power of two */
#define EVE_IN_ECS   "suricata.eve."
#define EVE_PATHS    256
#define EVE_PATH_MAX 64

struct dialect_index {
	uint32_t paths;
	uint16_t slot[SLOT_COUNT]; /* index in path + 1; 0 free */
	struct dialect_path path[DIALECT_PATHS_MAX];
	/* EVE's rows once more, as Filebeat nests them under ECS */
	uint32_t nested;
	struct dialect_row nested_row[EVE_PATHS];
	char nested_path[EVE_PATHS][EVE_PATH_MAX];
};

static const struct {
	const char *path;
	uint32_t tells;
} telling[] = {
	{"Format", TELL_IDEA},
	{"notification.schema", TELL_NOTIFICATION},
	{"event_type", TELL_EVENT_TYPE},
	{"src_ip", TELL_FLOW},
	{"timestamp", TELL_FLOW},
	{"flow_id", TELL_FLOW},
	{"id.orig_h", TELL_ZEEK},
	{"_path", TELL_ZEEK},
	{"ts", TELL_TS},
	{"uid", TELL_UID},
	{"@timestamp", TELL_ECS},
	{"ecs.version", TELL_ECS},
	{"classification.taxonomy", TELL_INTELMQ},
	{"time.source", TELL_INTELMQ},
	{"category", TELL_CATEGORY},
	{"source", TELL_CHANNEL},
	{"address.ip", TELL_N6},
	{"time", TELL_N6},
	{"id", TELL_N6},
	{"EventID", TELL_EVENT_ID},
	{"Channel", TELL_WINDOWS},
	{"SourceName", TELL_WINDOWS},
	{"Hostname", TELL_WINDOWS},
	{"Computer", TELL_WINDOWS},
	{"TimeCreated", TELL_WINDOWS},
	{"UtcTime", TELL_WINDOWS},
	{"EventTime", TELL_WINDOWS},
	{"Event.System.EventID", TELL_EVENT_ID},
	{"Event.System.EventID.#text", TELL_EVENT_ID},
	{"Event.System.Channel", TELL_WINDOWS},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

int dialect_tell(uint32_t t)
{
	if (t & TELL_NOTIFICATION)
		return DIALECT_NOTIFICATION;
	if (t & TELL_IDEA)
		return DIALECT_IDEA;
	if ((t & TELL_EVENT_TYPE) && (t & TELL_FLOW))
		return DIALECT_EVE;
	if (t & TELL_INTELMQ)
		return DIALECT_INTELMQ;
	if ((t & TELL_CATEGORY) && (t & TELL_CHANNEL) && (t & TELL_N6))
		return DIALECT_N6;
	if ((t & TELL_ZEEK) || ((t & TELL_TS) && (t & TELL_UID)))
		return DIALECT_ZEEK;
	if ((t & TELL_EVENT_ID) && (t & TELL_WINDOWS))
		return DIALECT_WINDOWS;
	return t & TELL_ECS ? DIALECT_ECS : -1;
}

int dialect_of_format(enum format format)
{
	switch (format) {
	case FORMAT_EVE:
		return DIALECT_EVE;
	case FORMAT_ZEEK:
	case FORMAT_ZEEK_TSV:
		return DIALECT_ZEEK;
	case FORMAT_ECS:
		return DIALECT_ECS;
	case FORMAT_IDEA:
		return DIALECT_IDEA;
	case FORMAT_INTELMQ:
		return DIALECT_INTELMQ;
	case FORMAT_N6:
		return DIALECT_N6;
	case FORMAT_NOTIFICATION:
		return DIALECT_NOTIFICATION;
	case FORMAT_MAP:
		return DIALECT_MAP;
	default:
		return -1;
	}
}

enum format dialect_format(enum dialect d)
{
	static const enum format formats[DIALECTS] = {
		[DIALECT_EVE] = FORMAT_EVE,   [DIALECT_ZEEK] = FORMAT_ZEEK,
		[DIALECT_ECS] = FORMAT_ECS,   [DIALECT_WINDOWS] = FORMAT_MAP,
		[DIALECT_IDEA] = FORMAT_IDEA, [DIALECT_INTELMQ] = FORMAT_INTELMQ,
		[DIALECT_N6] = FORMAT_N6,     [DIALECT_NOTIFICATION] = FORMAT_NOTIFICATION,
		[DIALECT_MAP] = FORMAT_MAP,
	};
	return formats[d];
}

/* The slot of this path, or the free one where it would go. */
static uint32_t probe(const struct dialect_index *x, struct span path)
{
	uint32_t at = (uint32_t)hash_bytes(path.p, path.len, 0) & (SLOT_COUNT - 1);

	while (x->slot[at]) {
		const struct dialect_path *e = &x->path[x->slot[at] - 1];
		if (e->len == path.len && memcmp(e->path, path.p, path.len) == 0)
			break;
		at = (at + 1) & (SLOT_COUNT - 1);
	}
	return at;
}

const struct dialect_path *dialect_find(const struct dialect_index *x, struct span path)
{
	uint32_t at = probe(x, path);

	return x->slot[at] ? &x->path[x->slot[at] - 1] : NULL;
}

static struct dialect_path *intern(struct dialect_index *x, const char *path)
{
	struct span s = {path, (uint32_t)strlen(path)};
	uint32_t at = probe(x, s);

	if (!x->slot[at]) {
		assert(x->paths < DIALECT_PATHS_MAX);
		x->path[x->paths] = (struct dialect_path){.path = path, .len = s.len};
		x->slot[at] = (uint16_t)++x->paths;
	}
	return &x->path[x->slot[at] - 1];
}

/* The first row for a path stands: a format's own goes before the common one. */
static void add_rows(struct dialect_index *x, enum dialect d, const struct dialect_row *rows,
		     size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct dialect_path *e = intern(x, rows[i].path);
		if (!e->row[d])
			e->row[d] = &rows[i];
	}
}

static void nest_eve(struct dialect_index *x)
{
	const struct dialect_table *eve = &dialect_tables[DIALECT_EVE];

	assert(eve->count <= EVE_PATHS);
	for (size_t i = 0; i < eve->count; i++) {
		char *path = x->nested_path[i];
		int n = snprintf(path, EVE_PATH_MAX, EVE_IN_ECS "%s", eve->rows[i].path);
		assert(n > 0 && n < EVE_PATH_MAX);
		x->nested_row[i] = eve->rows[i];
		x->nested_row[i].path = path;
		/* ECS's own words go first */
		x->nested_row[i].rank += 10;
	}
	add_rows(x, DIALECT_ECS, x->nested_row, eve->count);
}

static void add_built_in(struct dialect_index *x)
{
	for (int d = 0; d < DIALECT_MAP; d++) {
		add_rows(x, (enum dialect)d, dialect_tables[d].rows, dialect_tables[d].count);
		add_rows(x, (enum dialect)d, dialect_common.rows, dialect_common.count);
	}
	nest_eve(x);
	for (size_t i = 0; i < COUNT(telling); i++)
		intern(x, telling[i].path)->tells |= telling[i].tells;
}

struct dialect_index *dialect_index_create(const struct dialect_row *rows, size_t count)
{
	struct dialect_index *x = calloc(1, sizeof(*x));

	assert(count <= DIALECT_PATHS_MAX / 2);
	if (!x)
		return NULL;
	if (rows)
		add_rows(x, DIALECT_MAP, rows, count);
	else
		add_built_in(x);
	return x;
}

void dialect_index_free(struct dialect_index *x)
{
	free(x);
}

void dialect_begin(struct draft *d, struct event *ev)
{
	memset(d->slot, 0, sizeof(d->slot));
	d->extras = 0;
	d->typed = false;
	d->ev = ev;
}
