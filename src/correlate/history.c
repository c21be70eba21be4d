#include "correlate/history.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "config/vocab.h"
#include "correlate/history_segment.h"

#define SEGMENT_BYTES (1u << 20)
#define AT_ONCE	      4096 /* records a write */
#define SLACK	      4096 /* records on disk, beside twice those known, before compaction */
#define SEGMENTS_FEW  64
#define NONE	      UINT32_MAX

struct entry {
	struct history_record r;
	uint32_t next; /* of the chain, NONE at its end */
	bool dirty;    /* not on disk as it is */
};

struct history {
	int dir, fd; /* fd: of the segment being written, -1 none */
	uint64_t at; /* in it */
	uint64_t next;
	struct entry *entries;
	uint32_t count, capacity, max;
	uint32_t *chains, chain_mask; /* first entry of (threat, state) */
	uint32_t dirty;
	uint64_t on_disk, segments, dropped, damaged;
	int64_t newest_us;
	struct durable *writer;
	uint8_t *buf; /* AT_ONCE units */
	int error;    /* sticky while loading */
};

void history_threat(uint8_t kind, const char *id, uint64_t threat[2])
{
	XXH128_hash_t h = XXH3_128bits_withSeed(id, strlen(id), kind);

	threat[0] = h.low64;
	threat[1] = h.high64;
}

uint64_t history_profile(const char *id, const char *version)
{
	return hash_bytes(version, strlen(version), hash_bytes(id, strlen(id), 0));
}

/* --- in memory ------------------------------------------------------------------ */

static_assert(sizeof(struct entry) + sizeof(uint32_t) <= HISTORY_RECORD_BYTES, "as is told");

static uint32_t *chain_of(const struct history *h, const uint64_t threat[2], uint8_t state)
{
	return &h->chains[(uint32_t)hash_word(threat[0] + state) & h->chain_mask];
}

static void link_entry(struct history *h, uint32_t i)
{
	uint32_t *chain = chain_of(h, h->entries[i].r.threat, h->entries[i].r.state);

	h->entries[i].next = *chain;
	*chain = i;
}

static void link_all(struct history *h)
{
	memset(h->chains, 0xff, ((size_t)h->chain_mask + 1) * sizeof(*h->chains));
	h->dirty = 0;
	for (uint32_t i = 0; i < h->count; i++) {
		link_entry(h, i);
		h->dirty += h->entries[i].dirty;
	}
}

static int grow(struct history *h)
{
	uint32_t capacity = h->capacity ? h->capacity * 2 : 1024;

	if (h->count < h->capacity)
		return 0;
	uint32_t *chains = malloc((size_t)capacity * sizeof(*chains));
	struct entry *entries =
		chains ? realloc(h->entries, (size_t)capacity * sizeof(*entries)) : NULL;
	if (!entries) {
		free(chains);
		return -ENOMEM;
	}
	free(h->chains);
	h->chains = chains;
	h->chain_mask = capacity - 1;
	h->entries = entries;
	h->capacity = capacity;
	link_all(h);
	return 0;
}

/* Keeps what ended at least then. */
static void forget(struct history *h, int64_t oldest_us)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < h->count; i++)
		if (h->entries[i].r.last_us >= oldest_us)
			h->entries[kept++] = h->entries[i];
	h->count = kept;
	if (h->chains)
		link_all(h);
}

static int compare_last(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Room for new ones: the oldest eighth goes. */
static int make_room(struct history *h)
{
	uint32_t before = h->count;
	int64_t *last = malloc((size_t)h->count * sizeof(*last));

	if (!last)
		return -ENOMEM;
	for (uint32_t i = 0; i < h->count; i++)
		last[i] = h->entries[i].r.last_us;
	qsort(last, h->count, sizeof(*last), compare_last);
	forget(h, last[h->count / 8] + 1);
	free(last);
	h->dropped += before - h->count;
	return 0;
}

static struct entry *find(const struct history *h, const struct history_record *r)
{
	for (uint32_t i = h->chains ? *chain_of(h, r->threat, r->state) : NONE; i != NONE;
	     i = h->entries[i].next) {
		struct history_record *x = &h->entries[i].r;
		if (memcmp(x->threat, r->threat, sizeof(x->threat)) == 0 && x->state == r->state &&
		    memcmp(x->candidate, r->candidate, sizeof(x->candidate)) == 0)
			return &h->entries[i];
	}
	return NULL;
}

#define LARGER(field) x->field = r->field > x->field ? r->field : x->field

static void join_told(struct history_record *x, const struct history_record *r)
{
	x->raised |= r->raised;
	x->expired |= r->expired;
	x->entities_exact &= r->entities_exact;
	x->records_exact &= r->records_exact;
	x->sectors |= r->sectors;
	LARGER(severity);
	LARGER(tlp);
	LARGER(pap);
	LARGER(score);
	LARGER(decided_us);
	LARGER(entities);
	LARGER(records);
	LARGER(users);
	LARGER(origins);
	if (x->profile == r->profile)
		x->criteria |= r->criteria;
	else if (r->profile > x->profile) {
		x->profile = r->profile;
		x->criteria = r->criteria;
	}
}

/* As they lie on disk. */
static bool same(const struct history_record *a, const struct history_record *b)
{
	uint8_t x[HISTORY_UNIT], y[HISTORY_UNIT];

	history_segment_record(a, x);
	history_segment_record(b, y);
	return memcmp(x, y, sizeof(x)) == 0;
}

/* Joins r into *x; true when that changed it. */
static bool join(struct history_record *x, const struct history_record *r)
{
	struct history_record before = *x;

	if (r->version > x->version)
		*x = *r;
	if (r->version != x->version)
		return false;
	x->first_us = r->first_us < x->first_us ? r->first_us : x->first_us;
	x->last_us = r->last_us > x->last_us ? r->last_us : x->last_us;
	x->withdrawn |= r->withdrawn;
	join_told(x, r);
	return !same(&before, x);
}

static int take(struct history *h, const struct history_record *r, bool dirty)
{
	struct entry *e = find(h, r);
	int err = 0;

	h->newest_us = r->last_us > h->newest_us ? r->last_us : h->newest_us;
	if (e) {
		bool changed = join(&e->r, r) && dirty;
		h->dirty += changed && !e->dirty;
		e->dirty |= changed;
		return 0;
	}
	if (h->count == h->max)
		err = make_room(h);
	if (!err)
		err = grow(h);
	if (err)
		return err;
	h->entries[h->count] = (struct entry){*r, NONE, dirty};
	h->dirty += dirty;
	link_entry(h, h->count++);
	return 0;
}

int history_put(struct history *h, const struct history_record *r)
{
	assert(r->version && r->first_us >= 0 && r->last_us >= r->first_us && !history_looks(h));
	return take(h, r, true);
}

void history_find(const struct history *h, const uint64_t threat[2], uint8_t state,
		  void (*fn)(void *arg, const struct history_record *r), void *arg)
{
	for (uint32_t i = h->chains ? *chain_of(h, threat, state) : NONE; i != NONE;
	     i = h->entries[i].next) {
		const struct history_record *r = &h->entries[i].r;
		if (memcmp(r->threat, threat, sizeof(r->threat)) == 0 && r->state == state)
			fn(arg, r);
	}
}

void history_candidate(const struct history *h, const uint8_t candidate[16],
		       void (*fn)(void *arg, const struct history_record *r), void *arg)
{
	for (uint8_t state = 0; state < STATES; state++)
		for (uint32_t i = 0; i < h->count; i++) {
			const struct history_record *r = &h->entries[i].r;
			if (r->state == state && memcmp(r->candidate, candidate, 16) == 0)
				fn(arg, r);
		}
}

/* --- on disk ---------------------------------------------------------------------- */

static void load(void *arg, const struct history_record *r)
{
	struct history *h = arg;

	h->error = h->error ? h->error : take(h, r, false);
}

static struct history *made(uint32_t records_max)
{
	struct history *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->fd = h->dir = -1;
	h->max = records_max;
	return h;
}

int history_look(struct history **out, const char *dir, char why[256])
{
	struct history *h = made(UINT32_MAX);
	struct history_found found;
	int err = h ? 0 : -ENOMEM;

	*out = NULL;
	if (!err && (h->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		err = -errno;
	if (!err)
		err = history_segment_look(h->dir, load, h, &found);
	err = err || !h ? err : h->error;
	if (err) {
		snprintf(why, 256, "history_dir %.180s: %s", dir, strerror(-err));
		history_close(h);
		return err;
	}
	*out = h;
	return 0;
}

bool history_looks(const struct history *h)
{
	return !h->writer;
}

int history_open(struct history **out, const char *dir, uint32_t records_max, char why[256])
{
	struct history *h = made(records_max);
	struct history_found found;
	int err = -ENOMEM;

	*out = NULL;
	if (!h)
		goto fail;
	h->buf = malloc((size_t)AT_ONCE * HISTORY_UNIT);
	err = h->buf ? durable_init(&h->writer) : -ENOMEM;
	if (!err && ((mkdir(dir, 0700) && errno != EEXIST) ||
		     (h->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0 ||
		     flock(h->dir, LOCK_EX | LOCK_NB)))
		err = -errno;
	if (!err)
		err = history_segment_load(h->dir, load, h, &found);
	err = err ? err : h->error;
	if (err)
		goto fail;
	h->next = found.next;
	h->segments = found.segments;
	h->on_disk = found.records;
	h->damaged = found.damaged;
	*out = h;
	return 0;
fail:
	snprintf(why, 256, "history_dir %.180s: %s", dir,
		 err == -EWOULDBLOCK ? "another process has it open" : strerror(-err));
	history_close(h);
	return err;
}

void history_close(struct history *h)
{
	if (!h)
		return;
	durable_fini(h->writer);
	if (h->fd >= 0)
		close(h->fd);
	if (h->dir >= 0)
		close(h->dir);
	free(h->entries);
	free(h->chains);
	free(h->buf);
	free(h);
}

/* Up to AT_ONCE entries from *i on, dirty ones or all, into buf; how many. */
static uint32_t fill(struct history *h, uint32_t *i, bool all)
{
	uint32_t n = 0;

	for (; *i < h->count && n < AT_ONCE; ++*i)
		if (all || h->entries[*i].dirty)
			history_segment_record(&h->entries[*i].r, h->buf + n++ * HISTORY_UNIT);
	return n;
}

static int open_segment(struct history *h)
{
	const struct history_header header = {h->next, 0};

	if (h->fd >= 0 && h->at < SEGMENT_BYTES)
		return 0;
	if (h->fd >= 0)
		close(h->fd);
	h->fd = history_segment_create(h->dir, &header, h->writer);
	if (h->fd < 0)
		return h->fd;
	h->next++;
	h->segments++;
	h->at = HISTORY_UNIT;
	return 0;
}

static int append(struct history *h)
{
	uint32_t i = 0;
	int err = 0;

	while (h->dirty && !err) {
		uint32_t from = i, n = fill(h, &i, false);
		err = open_segment(h);
		if (!err)
			err = durable_write(h->writer, h->fd, h->buf, n * HISTORY_UNIT, h->at);
		for (uint32_t k = from; k < i && !err; k++)
			h->entries[k].dirty = false;
		h->dirty -= err ? 0 : n;
		h->at += err ? 0 : n * HISTORY_UNIT;
		h->on_disk += err ? 0 : n;
	}
	return err;
}

/* All that is known into one segment, which replaces all others. */
static int compact(struct history *h)
{
	const struct history_header header = {h->next, h->next - 1};
	uint64_t at = HISTORY_UNIT;
	int fd = history_segment_create(h->dir, &header, h->writer), err = fd < 0 ? fd : 0;

	for (uint32_t i = 0, n; !err && (n = fill(h, &i, true)) > 0; at += n * HISTORY_UNIT)
		err = durable_write(h->writer, fd, h->buf, n * HISTORY_UNIT, at);
	if (fd >= 0 && close(fd) && !err)
		err = -errno;
	if (!err)
		err = history_segment_publish(h->dir, &header);
	if (err)
		return err;
	if (h->fd >= 0)
		close(h->fd);
	h->fd = -1;
	h->next++;
	h->segments = 1;
	h->on_disk = h->count;
	return 0;
}

int history_sync(struct history *h)
{
	assert(!history_looks(h));
	int err = append(h);

	if (err || (h->segments <= SEGMENTS_FEW && h->on_disk <= 2 * (uint64_t)h->count + SLACK))
		return err;
	forget(h, h->newest_us - HISTORY_KEEP_US);
	return compact(h);
}

void history_usage(const struct history *h, struct history_usage *u)
{
	*u = (struct history_usage){.records = h->count,
				    .on_disk = h->on_disk,
				    .unsynced = h->dirty,
				    .dropped = h->dropped,
				    .damaged = h->damaged,
				    .io_uring = h->writer && durable_uring(h->writer)};
}
