#include "correlate/history_segment.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "config/vocab.h"

#define MAGIC	     "tocsinH2"
#define NEW	     "history.new"
#define NAME_MAX_LEN 32
#define UNITS_AT_ONCE 4096
#define LOOKS_MAX    16 /* a compaction takes longer than a look */
#define CALENDAR_END INT64_C(253402300800000000) /* 10000-01-01 */

/* --- bytes ---------------------------------------------------------------- */

static void put(uint8_t *p, uint64_t v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static uint64_t get(const uint8_t *p, unsigned bytes)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < bytes; i++)
		v |= (uint64_t)p[i] << 8 * i;
	return v;
}

static void seal(uint8_t p[HISTORY_UNIT])
{
	put(p + HISTORY_UNIT - 8, hash_bytes(p, HISTORY_UNIT - 8, 0), 8);
}

static bool sealed(const uint8_t p[HISTORY_UNIT])
{
	return get(p + HISTORY_UNIT - 8, 8) == hash_bytes(p, HISTORY_UNIT - 8, 0);
}

void history_segment_header(const struct history_header *h, uint8_t out[HISTORY_UNIT])
{
	memset(out, 0, HISTORY_UNIT);
	memcpy(out, MAGIC, 8);
	put(out + 8, h->number, 8);
	put(out + 16, h->replaces, 8);
	seal(out);
}

bool history_segment_read_header(const uint8_t p[HISTORY_UNIT], struct history_header *h)
{
	if (memcmp(p, MAGIC, 8) != 0 || !sealed(p))
		return false;
	*h = (struct history_header){get(p + 8, 8), get(p + 16, 8)};
	return h->number > h->replaces;
}

enum { WITHDRAWN = 1, RAISED = 2, ENTITIES_EXACT = 4, RECORDS_EXACT = 8, EXPIRED = 16, FLAGS = 32 };

/* threat 16 | candidate 16 | first 8 | last - first 7 | state 1 | version 4 | flags 1 | severity, tlp,
 * pap 1 | score 1 | 0 1 | profile 8 | decided 8 | entities 8 | records 8 | users 8 | origins 4 |
 * sectors 4 | criteria 4 | 0 12 | sum 8 */
void history_segment_record(const struct history_record *r, uint8_t out[HISTORY_UNIT])
{
	assert(r->last_us >= r->first_us && (r->last_us - r->first_us) >> 56 == 0);
	memset(out, 0, HISTORY_UNIT);
	put(out, r->threat[0], 8);
	put(out + 8, r->threat[1], 8);
	memcpy(out + 16, r->candidate, 16);
	put(out + 32, (uint64_t)r->first_us, 8);
	put(out + 40, (uint64_t)(r->last_us - r->first_us), 7);
	put(out + 47, r->state, 1);
	put(out + 48, r->version, 4);
	put(out + 52, (r->withdrawn ? WITHDRAWN : 0) | (r->raised ? RAISED : 0) |
			      (r->entities_exact ? ENTITIES_EXACT : 0) |
			      (r->records_exact ? RECORDS_EXACT : 0) | (r->expired ? EXPIRED : 0),
	    1);
	put(out + 53, r->severity | r->tlp << 2 | r->pap << 5, 1);
	put(out + 54, r->score, 1);
	put(out + 56, r->profile, 8);
	put(out + 64, (uint64_t)r->decided_us, 8);
	put(out + 72, r->entities, 8);
	put(out + 80, r->records, 8);
	put(out + 88, r->users, 8);
	put(out + 96, r->origins, 4);
	put(out + 100, r->sectors, 4);
	put(out + 104, r->criteria, 4);
	seal(out);
}

static bool told_sound(const struct history_record *r)
{
	return r->tlp < TLPS && r->pap < PAPS && r->score <= 100 && r->decided_us >= 0 &&
	       r->decided_us < CALENDAR_END && r->sectors >> SECTORS == 0;
}

bool history_segment_read_record(const uint8_t p[HISTORY_UNIT], struct history_record *r)
{
	if (!sealed(p))
		return false;
	*r = (struct history_record){.threat = {get(p, 8), get(p + 8, 8)},
				     .first_us = (int64_t)get(p + 32, 8),
				     .state = p[47],
				     .version = (uint32_t)get(p + 48, 4),
				     .withdrawn = p[52] & WITHDRAWN,
				     .raised = p[52] & RAISED,
				     .entities_exact = p[52] & ENTITIES_EXACT,
				     .records_exact = p[52] & RECORDS_EXACT,
				     .expired = p[52] & EXPIRED,
				     .severity = p[53] & 3,
				     .tlp = p[53] >> 2 & 7,
				     .pap = p[53] >> 5,
				     .score = p[54],
				     .profile = get(p + 56, 8),
				     .decided_us = (int64_t)get(p + 64, 8),
				     .entities = get(p + 72, 8),
				     .records = get(p + 80, 8),
				     .users = get(p + 88, 8),
				     .origins = (uint32_t)get(p + 96, 4),
				     .sectors = (uint32_t)get(p + 100, 4),
				     .criteria = (uint32_t)get(p + 104, 4)};
	memcpy(r->candidate, p + 16, 16);
	int64_t length = (int64_t)get(p + 40, 7);
	if (r->first_us < 0 || r->first_us >= CALENDAR_END || length >= CALENDAR_END - r->first_us ||
	    r->version == 0 || r->state >= STATES || !vocab_state_is_member(r->state) ||
	    p[52] >= FLAGS || p[55] || get(p + 108, 8) || get(p + 116, 4) || !told_sound(r))
		return false;
	r->last_us = r->first_us + length;
	return true;
}

/* --- writing ---------------------------------------------------------------- */

static void name_of(uint64_t number, char out[NAME_MAX_LEN])
{
	snprintf(out, NAME_MAX_LEN, "%016" PRIx64 ".seg", number);
}

int history_segment_create(int dir, const struct history_header *h, struct durable *w)
{
	uint8_t header[HISTORY_UNIT];
	char name[NAME_MAX_LEN] = NEW;

	if (h->replaces)
		unlinkat(dir, NEW, 0);
	else
		name_of(h->number, name);
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	history_segment_header(h, header);
	int err = durable_write(w, fd, header, sizeof(header), 0);
	if (!err && fsync(dir))
		err = -errno;
	if (err) {
		close(fd);
		unlinkat(dir, name, 0);
		return err;
	}
	return fd;
}

/* --- the folder -------------------------------------------------------------- */

struct listed {
	uint64_t number[HISTORY_SEGMENTS_MAX];
	uint32_t count;
};

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static int list(int dir, struct listed *l)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d) {
		int err = -errno;
		if (fd >= 0)
			close(fd);
		return err;
	}
	l->count = 0;
	for (struct dirent *e; (e = readdir(d)) && l->count < HISTORY_SEGMENTS_MAX;) {
		char name[NAME_MAX_LEN];
		uint64_t number;
		if (sscanf(e->d_name, "%16" SCNx64 ".seg", &number) != 1 || number == 0 ||
		    number >> 63)
			continue;
		name_of(number, name);
		if (strcmp(name, e->d_name) == 0)
			l->number[l->count++] = number;
	}
	closedir(d);
	qsort(l->number, l->count, sizeof(l->number[0]), compare);
	return 0;
}

static void remove_up_to(int dir, const struct listed *l, uint64_t number)
{
	char name[NAME_MAX_LEN];

	for (uint32_t i = 0; i < l->count && l->number[i] <= number; i++) {
		name_of(l->number[i], name);
		unlinkat(dir, name, 0);
	}
}

int history_segment_publish(int dir, const struct history_header *h)
{
	struct listed *l = malloc(sizeof(*l));
	char name[NAME_MAX_LEN];
	int err = l ? list(dir, l) : -ENOMEM;

	name_of(h->number, name);
	if (!err && renameat(dir, NEW, dir, name))
		err = -errno;
	if (!err && fsync(dir))
		err = -errno;
	if (!err)
		remove_up_to(dir, l, h->replaces);
	free(l);
	return err;
}

/* One unit of a file; 0 at its end, -EBADMSG for a rest. */
static int read_units(int fd, uint8_t *buf, size_t *units)
{
	size_t have = 0;

	while (have < UNITS_AT_ONCE * HISTORY_UNIT) {
		ssize_t n = read(fd, buf + have, UNITS_AT_ONCE * HISTORY_UNIT - have);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		have += (size_t)n;
	}
	*units = have / HISTORY_UNIT;
	return have % HISTORY_UNIT ? -EBADMSG : 0;
}

static int open_segment(int dir, uint64_t number, struct history_header *h)
{
	uint8_t header[HISTORY_UNIT];
	char name[NAME_MAX_LEN];

	name_of(number, name);
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (read(fd, header, sizeof(header)) != sizeof(header) ||
	    !history_segment_read_header(header, h) || h->number != number) {
		close(fd);
		return -EBADMSG;
	}
	return fd;
}

static int load_one(int fd, uint8_t *buf, void (*fn)(void *arg, const struct history_record *r),
		    void *arg, struct history_found *found)
{
	struct history_record r;
	size_t units = 0;
	int err;

	do {
		err = read_units(fd, buf, &units);
		if (err && err != -EBADMSG)
			return err;
		found->damaged += err == -EBADMSG;
		for (size_t i = 0; i < units; i++) {
			if (!history_segment_read_record(buf + i * HISTORY_UNIT, &r)) {
				found->damaged++;
				continue;
			}
			found->records++;
			fn(arg, &r);
		}
	} while (units == UNITS_AT_ONCE);
	return 0;
}

/* The highest number that a sound segment makes void. */
static uint64_t void_up_to(int dir, const struct listed *l)
{
	uint64_t most = 0;

	for (uint32_t i = 0; i < l->count; i++) {
		struct history_header h;
		int fd = open_segment(dir, l->number[i], &h);
		if (fd < 0)
			continue;
		close(fd);
		most = h.replaces > most ? h.replaces : most;
	}
	return most;
}

/* All segments listed in l, once; their own process may tidy what is void. */
static int load_all(int dir, bool ours, void (*fn)(void *arg, const struct history_record *r),
		    void *arg, struct history_found *found)
{
	struct listed *l = malloc(sizeof(*l));
	uint8_t *buf = malloc(UNITS_AT_ONCE * HISTORY_UNIT);
	int err = l && buf ? list(dir, l) : -ENOMEM;
	uint64_t gone = err ? 0 : void_up_to(dir, l);

	*found = (struct history_found){.next = 1};
	for (uint32_t i = 0; !err && i < l->count; i++) {
		struct history_header h;
		found->next = l->number[i] + 1;
		if (l->number[i] <= gone)
			continue;
		int fd = open_segment(dir, l->number[i], &h);
		if (fd == -EBADMSG) {
			found->damaged++;
			continue;
		}
		err = fd < 0 ? fd : load_one(fd, buf, fn, arg, found);
		found->segments++;
		if (fd >= 0)
			close(fd);
	}
	if (!err && ours)
		remove_up_to(dir, l, gone);
	if (ours)
		unlinkat(dir, NEW, 0); /* of a compaction that did not come to its end */
	free(l);
	free(buf);
	return err;
}

int history_segment_load(int dir, void (*fn)(void *arg, const struct history_record *r), void *arg,
			 struct history_found *found)
{
	return load_all(dir, true, fn, arg, found);
}

int history_segment_look(int dir, void (*fn)(void *arg, const struct history_record *r), void *arg,
			 struct history_found *found)
{
	int err = -ENOENT;

	/* a segment that was listed and is gone was replaced by one that was not listed */
	for (int i = 0; i < LOOKS_MAX && err == -ENOENT; i++)
		err = load_all(dir, false, fn, arg, found);
	return err;
}
