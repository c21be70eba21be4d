#include "engine/sightings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "correlate/hll.h"
#include "engine/engine_priv.h"
#include "raise/sink.h"

struct sum {
	uint32_t by;
	uint8_t state, tlp;
	int64_t first_us, last_us;
	uint64_t count; /* 0: free */
};

struct taking {
	struct engine *e;
	struct sum *sums;
	uint32_t size, used; /* a power of two */
	const struct evidence_cell *cell;
	int error;
};

static struct sum *slot(struct sum *sums, uint32_t size, uint32_t by, uint8_t state)
{
	uint32_t at = (uint32_t)hash_word((uint64_t)by << 8 | state) & (size - 1);

	while (sums[at].count && (sums[at].by != by || sums[at].state != state))
		at = (at + 1) & (size - 1);
	return &sums[at];
}

static bool grow(struct taking *t)
{
	uint32_t size = t->size ? t->size * 2 : 1024;
	struct sum *sums = calloc(size, sizeof(*sums));

	if (!sums)
		return false;
	for (uint32_t i = 0; i < t->size; i++)
		if (t->sums[i].count)
			*slot(sums, size, t->sums[i].by, t->sums[i].state) = t->sums[i];
	free(t->sums);
	t->sums = sums;
	t->size = size;
	return true;
}

static void add(struct taking *t, uint32_t by, int64_t first, int64_t last, uint64_t count)
{
	const struct evidence_cell *c = t->cell;
	const char *name = by ? names_by_get(t->e->names, by) : "";

	if (strncmp(name, "indicator:", 10) != 0 || count == 0)
		return;
	if (2 * t->used >= t->size && !grow(t)) {
		t->error = -ENOMEM;
		return;
	}
	struct sum *s = slot(t->sums, t->size, by, c->key.state);
	if (!s->count) {
		*s = (struct sum){by, c->key.state, c->tlp, first, last, 0};
		t->used++;
	}
	s->first_us = first < s->first_us ? first : s->first_us;
	s->last_us = last > s->last_us ? last : s->last_us;
	s->tlp = c->tlp > s->tlp ? c->tlp : s->tlp;
	s->count += count;
}

static void on_entry(void *arg, const struct evidence_entry *e)
{
	if (e->kind == EVIDENCE_RECORD)
		add(arg, e->item.by, e->item.time_us, e->item.time_us, 1);
}

static void on_cell(void *arg, const struct evidence_cell *c)
{
	struct taking *t = arg;
	struct evidence_item best[EVIDENCE_BEST];
	uint8_t regs[HLL_REGISTERS] = {0};

	if (c->key.hit_class != CLASS_EFFECT && c->key.hit_class != CLASS_ATTEMPT)
		return;
	t->cell = c;
	if (!c->records_over) {
		evidence_read_entries(t->e->evidence, c->index, on_entry, t);
		return;
	}
	evidence_read_sketch(t->e->evidence, c->index, EVIDENCE_RECORD, regs);
	if (evidence_read_best(t->e->evidence, c->index, best))
		add(t, best[0].by, c->first_us, c->last_us, hll_estimate(regs));
}

static int by_indicator(const void *a, const void *b)
{
	const struct sighting *x = a, *y = b;
	int d = strcmp(x->indicator, y->indicator);

	return d ? d : strcmp(vocab_state_code(x->state), vocab_state_code(y->state));
}

int sightings_take(struct engine *e, struct sighting **out, uint32_t *count)
{
	struct taking t = {.e = e};
	uint32_t threats = names_threat_count(e->names), n = 0;

	for (uint32_t i = 1; i <= threats && !t.error; i++)
		evidence_read_cells(e->evidence, i, on_cell, &t);
	struct sighting *s = t.error ? NULL : malloc((t.used + 1) * sizeof(*s));
	for (uint32_t i = 0; s && i < t.size; i++) {
		const struct sum *m = &t.sums[i];
		if (m->count)
			s[n++] = (struct sighting){names_by_get(e->names, m->by) + 10, m->state, m->tlp,
						   m->first_us, m->last_us, m->count};
	}
	free(t.sums);
	if (!s)
		return -ENOMEM;
	qsort(s, n, sizeof(*s), by_indicator);
	*out = s;
	*count = n;
	return 0;
}

static int write_whole(const char *path, const struct text *t)
{
	char tmp[CONFIG_TEXT_MAX + 8];

	snprintf(tmp, sizeof(tmp), "%s.new", path);
	int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
	if (!f)
		return -errno;
	bool ok = (t->len == 0 || fwrite(t->p, 1, t->len, f) == t->len) && fflush(f) == 0 &&
		  fsync(fd) == 0;
	int err = ok ? 0 : -errno;
	if (fclose(f) && !err)
		err = -errno;
	if (!err && rename(tmp, path))
		err = -errno;
	if (err)
		unlink(tmp);
	return err;
}

static int write_file(const char *path, bool misp, const struct sighting *s, uint32_t n,
		      uint32_t *left_out)
{
	struct text t;

	text_init(&t);
	*left_out = n - (misp ? sighting_misp(&t, s, n) : sighting_stix(&t, s, n));
	if (!misp)
		text_char(&t, '\n');
	int err = t.error ? t.error : write_whole(path, &t);
	text_fini(&t);
	return err;
}

int sightings_write(struct engine *e, const char *path, bool misp, uint32_t *left_out)
{
	struct sighting *s;
	uint32_t n;
	int err = sightings_take(e, &s, &n);

	if (err)
		return err;
	err = write_file(path, misp, s, n, left_out);
	free(s);
	return err;
}

/* --- a service ------------------------------------------------------------------------------- */

struct sightings_feed {
	struct engine *e;
	bool misp;
	struct sink *sink; /* of the topic; NULL: none */
	uint64_t *sent;	   /* hashes of what was sent, by (indicator, state): pairs of key and content */
	uint32_t sent_size, sent_count;
	uint64_t told_ns;
	int error;
};

int sightings_open(struct sightings_feed **out, struct engine *e, char why[256])
{
	const struct config *c = e->config;
	char target[2 * CONFIG_TEXT_MAX];

	*out = NULL;
	if (!c->sightings_file[0] && !c->sightings_topic[0])
		return 0;
	struct sightings_feed *f = calloc(1, sizeof(*f));
	if (!f)
		return -ENOMEM;
	f->e = e;
	f->misp = strcmp(c->sightings_format, "misp") == 0;
	f->told_ns = clock_monotonic_ns();
	snprintf(target, sizeof(target), "%s/%s", c->kafka_brokers, c->sightings_topic);
	int err = c->sightings_topic[0]
			  ? sink_kafka.open(&f->sink, target,
					    (const char *const *)c->kafka_properties.items, why)
			  : 0;
	if (err) {
		free(f);
		return err;
	}
	*out = f;
	return 0;
}

static bool grow_sent(struct sightings_feed *f)
{
	uint32_t size = f->sent_size ? f->sent_size * 2 : 1024;
	uint64_t *sent = calloc(2 * (size_t)size, sizeof(*sent));

	if (!sent)
		return false;
	for (uint32_t i = 0; i < f->sent_size; i++) {
		uint32_t at = (uint32_t)f->sent[2 * i] & (size - 1);
		if (!f->sent[2 * i])
			continue;
		while (sent[2 * at])
			at = (at + 1) & (size - 1);
		sent[2 * at] = f->sent[2 * i];
		sent[2 * at + 1] = f->sent[2 * i + 1];
	}
	free(f->sent);
	f->sent = sent;
	f->sent_size = size;
	return true;
}

/* Where the content that was last sent of it stands; NULL: no memory. */
static uint64_t *sent_of(struct sightings_feed *f, const struct sighting *s)
{
	uint64_t key = hash_bytes(s->indicator, strlen(s->indicator), (uint64_t)s->state + 1) | 1;

	if (2 * f->sent_count >= f->sent_size && !grow_sent(f))
		return NULL;
	uint32_t at = (uint32_t)key & (f->sent_size - 1);
	while (f->sent[2 * at] && f->sent[2 * at] != key)
		at = (at + 1) & (f->sent_size - 1);
	if (!f->sent[2 * at]) {
		f->sent[2 * at] = key;
		f->sent_count++;
	}
	return &f->sent[2 * at + 1];
}

static int send_changed(struct sightings_feed *f, const struct sighting *s, uint32_t n)
{
	struct text t;
	int err = 0;

	text_init(&t);
	for (uint32_t i = 0; i < n && !err; i++) {
		uint64_t *sent = sent_of(f, &s[i]);
		uint64_t now = hash_pair(hash_pair((uint64_t)s[i].first_us, (uint64_t)s[i].last_us),
					 s[i].count);
		char id[64];
		if (sent && *sent == now)
			continue;
		text_reset(&t);
		if (!sighting_message(&t, &s[i], f->misp, id))
			continue;
		if (f->misp && t.len)
			t.len--; /* the last line's end */
		err = t.error ? t.error : sink_kafka.write(f->sink, id, t.p, t.len);
		if (sent && !err)
			*sent = now;
	}
	text_fini(&t);
	int flushed = sink_kafka.flush(f->sink, 5000);
	if (flushed == -EIO && f->sent) /* some were given up: all again next time */
		memset(f->sent, 0, 2 * (size_t)f->sent_size * sizeof(*f->sent)), f->sent_count = 0;
	return err ? err : flushed;
}

void sightings_tick(struct sightings_feed *f, bool now)
{
	const struct config *c = f ? f->e->config : NULL;
	struct sighting *s;
	uint32_t n, left_out = 0;

	if (!f || (!now && (clock_monotonic_ns() - f->told_ns) / 1000 < (uint64_t)c->sightings_interval))
		return;
	int err = sightings_take(f->e, &s, &n);
	if (!err) {
		if (c->sightings_file[0])
			err = write_file(c->sightings_file, f->misp, s, n, &left_out);
		int sent = f->sink ? send_changed(f, s, n) : 0;
		err = err ? err : sent;
		free(s);
	}
	if (err && err != f->error)
		log_error("sightings cannot be told: %s", strerror(-err));
	f->error = err;
	f->told_ns = clock_monotonic_ns();
}

void sightings_close(struct sightings_feed *f)
{
	if (!f)
		return;
	if (f->sink)
		sink_kafka.close(f->sink);
	free(f->sent);
	free(f);
}
