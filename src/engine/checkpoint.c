#include "engine/checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "engine/engine_priv.h"

#define MAGIC	 "tocsinC5"
#define BARE	 "tocsinC4" /* nothing of patterns that take several records */
#define DENSE	 "tocsinC3" /* by-names were numbered from 1, without a gap */
#define BUF_SIZE (1u << 20)

void checkpoint_marks_fini(struct checkpoint_marks *m)
{
	for (uint32_t i = 0; i < m->file_count; i++)
		free(m->files[i].path);
	free(m->files);
	free(m->kafka);
	memset(m, 0, sizeof(*m));
}

/* A file written or read through one buffer, hashed on the way. Errors stick. */
struct stream {
	int fd;
	int error;
	uint8_t *buf;
	size_t at, have;
	uint64_t left; /* reading: bytes of the body not yet in buf */
	XXH3_state_t hash;
};

static void spill(struct stream *s)
{
	size_t done = 0;

	XXH3_64bits_update(&s->hash, s->buf, s->at);
	while (!s->error && done < s->at) {
		ssize_t n = write(s->fd, s->buf + done, s->at - done);
		if (n < 0 && errno != EINTR)
			s->error = -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	s->at = 0;
}

static int put(void *arg, const void *p, size_t len)
{
	struct stream *s = arg;
	const uint8_t *q = p;

	while (len && !s->error) {
		size_t n = BUF_SIZE - s->at < len ? BUF_SIZE - s->at : len;
		memcpy(s->buf + s->at, q, n);
		s->at += n;
		q += n;
		len -= n;
		if (s->at == BUF_SIZE)
			spill(s);
	}
	return s->error;
}

static void refill(struct stream *s)
{
	size_t want = s->left < BUF_SIZE ? (size_t)s->left : BUF_SIZE;
	ssize_t n;

	do
		n = read(s->fd, s->buf, want);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		s->error = n < 0 ? -errno : -EBADMSG;
	s->at = 0;
	s->have = n > 0 ? (size_t)n : 0;
	s->left -= s->have;
}

static int64_t get(void *arg, void *p, size_t len)
{
	struct stream *s = arg;
	uint8_t *q = p;
	size_t done = 0;

	while (done < len && !s->error) {
		if (s->at == s->have) {
			if (s->left == 0)
				break;
			refill(s);
			continue;
		}
		size_t n = s->have - s->at < len - done ? s->have - s->at : len - done;
		memcpy(q + done, s->buf + s->at, n);
		s->at += n;
		done += n;
	}
	return s->error ? s->error : (int64_t)done;
}

static void put_u64(struct stream *s, uint64_t v)
{
	put(s, &v, sizeof(v));
}

static uint64_t get_u64(struct stream *s)
{
	uint64_t v = 0;

	if (get(s, &v, sizeof(v)) != sizeof(v) && !s->error)
		s->error = -EBADMSG;
	return v;
}

static void put_bytes(struct stream *s, const void *p, size_t len)
{
	put_u64(s, len);
	put(s, p, len);
}

static void put_str(struct stream *s, const char *text)
{
	put_bytes(s, text, strlen(text));
}

/* malloc'd and NUL-terminated; NULL with the error set. */
static char *get_str(struct stream *s, size_t *len_out)
{
	uint64_t len = get_u64(s);

	if (!s->error && len > (uint64_t)s->left + (s->have - s->at))
		s->error = -EBADMSG;
	char *p = s->error ? NULL : malloc(len + 1);
	if (!p) {
		s->error = s->error ? s->error : -ENOMEM;
		return NULL;
	}
	if (get(s, p, len) != (int64_t)len)
		s->error = s->error ? s->error : -EBADMSG;
	p[len] = '\0';
	if (len_out)
		*len_out = len;
	return p;
}

static void save_names(struct stream *s, const struct engine *e)
{
	put_u64(s, names_threat_count(e->names));
	for (uint32_t i = 1; i <= names_threat_count(e->names); i++) {
		const struct threat_name *t = names_threat_get(e->names, i);
		put_u64(s, t->kind);
		put_str(s, t->id);
		put_str(s, t->name);
	}
	const char *by;
	uint32_t number;
	for (uint32_t i = 0; (by = names_by_added(e->names, i, &number)); i++) {
		put_u64(s, number);
		put_str(s, by);
	}
	put_u64(s, 0);
}

static void load_by(struct stream *s, struct engine *e, uint64_t number)
{
	char *by = number < NAMES_BY_MAX ? get_str(s, NULL) : NULL;

	if (!by || names_by_at(e->names, by, strlen(by), (uint32_t)number) != number)
		s->error = s->error ? s->error : -EBADMSG;
	free(by);
}

/* Numbers must come out as they were: names is empty but for what came from here. */
static void load_names(struct stream *s, struct engine *e, bool dense)
{
	uint64_t n = get_u64(s);

	for (uint64_t i = 1; i <= n && !s->error; i++) {
		uint8_t kind = (uint8_t)get_u64(s);
		char *id = get_str(s, NULL), *name = get_str(s, NULL);
		if (id && name &&
		    names_threat(e->names, kind, id, strlen(id), name, strlen(name)) != i)
			s->error = -EBADMSG;
		free(id);
		free(name);
	}
	n = s->error ? 0 : get_u64(s);
	for (uint64_t i = 1; dense && i <= n && !s->error; i++)
		load_by(s, e, i);
	for (; !dense && n && !s->error; n = get_u64(s))
		load_by(s, e, n);
}

static void save_objects(struct stream *s, const struct engine *e)
{
	put_u64(s, object_count(e->objects));
	for (uint32_t i = 0; i < object_count(e->objects); i++) {
		const struct object *o = object_by_id(e->objects, i);
		put_str(s, o->position);
		put_str(s, o->source ? o->source->name : "");
	}
}

static void load_objects(struct stream *s, struct engine *e)
{
	uint64_t n = get_u64(s);

	for (uint64_t i = 0; i < n && !s->error; i++) {
		char *position = get_str(s, NULL), *name = get_str(s, NULL);
		const struct object *o = NULL;
		if (position && name)
			o = object_get(e->objects, position,
				       source_find(&e->config->sources, name, strlen(name)));
		/* a source that the configuration no longer has shares an object with none */
		if (!s->error && (!o || o->id > i))
			s->error = -EBADMSG;
		free(position);
		free(name);
	}
}

static void save_outbox(struct stream *s, const struct outbox *b)
{
	put_u64(s, b->count);
	for (uint32_t i = 0; i < b->count; i++) {
		put_str(s, b->entries[i].id);
		put_u64(s, b->entries[i].version);
		put_bytes(s, b->entries[i].line, b->entries[i].len);
	}
}

static void load_outbox(struct stream *s, struct outbox *b)
{
	uint64_t n = get_u64(s);

	for (uint64_t i = 0; i < n && !s->error; i++) {
		size_t len = 0;
		char *id = get_str(s, NULL);
		uint32_t version = (uint32_t)get_u64(s);
		char *line = get_str(s, &len);
		if (id && line && outbox_add(b, id, version, line, len))
			s->error = -ENOMEM;
		free(id);
		free(line);
	}
}

/* As records, so that who is registered now decides who is heard. */
static void save_feedback(struct stream *s, const struct engine *e)
{
	struct text t;

	text_init(&t);
	feedback_print(e->feedback.store, &t);
	s->error = s->error ? s->error : t.error;
	put_bytes(s, t.p ? t.p : "", t.len);
	text_fini(&t);
}

static void load_feedback(struct stream *s, struct engine *e)
{
	size_t len = 0;
	char *p = get_str(s, &len);

	if (p)
		s->error = feedback_read(e->feedback.store, p, len, INT64_MAX);
	/* who is registered may be others than when the board took it in */
	e->feedback.reviewed = UINT64_MAX;
	free(p);
}

static void save_marks(struct stream *s, const struct checkpoint_marks *m)
{
	put_u64(s, m->kafka_count);
	for (uint32_t i = 0; i < m->kafka_count; i++) {
		put_str(s, m->kafka[i].topic);
		put_u64(s, (uint64_t)m->kafka[i].partition);
		put_u64(s, (uint64_t)m->kafka[i].next_offset);
	}
	put_u64(s, m->file_count);
	for (uint32_t i = 0; i < m->file_count; i++) {
		put_str(s, m->files[i].path);
		put(s, &m->files[i].mark, sizeof(m->files[i].mark));
	}
}

static void load_marks(struct stream *s, struct checkpoint_marks *m)
{
	uint64_t n = get_u64(s);

	m->kafka = s->error || n > 1000000 ? NULL : calloc(n + 1, sizeof(*m->kafka));
	for (uint64_t i = 0; m->kafka && i < n && !s->error; i++) {
		char *topic = get_str(s, NULL);
		snprintf(m->kafka[i].topic, sizeof(m->kafka[i].topic), "%s", topic ? topic : "");
		m->kafka[i].partition = (int32_t)get_u64(s);
		m->kafka[i].next_offset = (int64_t)get_u64(s);
		m->kafka_count++;
		free(topic);
	}
	n = s->error ? 0 : get_u64(s);
	m->files = s->error || n > 1000000 ? NULL : calloc(n + 1, sizeof(*m->files));
	for (uint64_t i = 0; m->files && i < n && !s->error; i++) {
		m->files[i].path = get_str(s, NULL);
		m->file_count++;
		if (get(s, &m->files[i].mark, sizeof(struct file_mark)) != sizeof(struct file_mark))
			s->error = s->error ? s->error : -EBADMSG;
	}
	if (!m->kafka || !m->files)
		s->error = s->error ? s->error : -EBADMSG;
}

/* What is known of each source beside evidence: what it claimed, and how much it read. */
static void save_sources(struct stream *s, const struct engine *e)
{
	uint64_t records[SOURCES_MAX];

	engine_records(e, records);
	put_u64(s, e->config->sources.count);
	for (uint32_t i = 0; i < e->config->sources.count; i++) {
		put_str(s, e->config->sources.sources[i].name);
		put_u64(s, counter_get(&e->share.claimed[i]));
		put_u64(s, records[i]);
	}
}

static void load_sources(struct stream *s, struct engine *e)
{
	uint64_t n = get_u64(s);

	for (uint64_t i = 0; i < n && !s->error; i++) {
		char *name = get_str(s, NULL);
		uint64_t claimed = get_u64(s), records = get_u64(s);
		const struct source *source =
			name ? source_find(&e->config->sources, name, strlen(name)) : NULL;
		if (source && !s->error) {
			counter_add(&e->share.claimed[source->id], claimed);
			counter_add(&e->records_before[source->id], records);
		}
		free(name);
	}
}

static void save_body(struct stream *s, struct engine *e, const struct outbox *b,
		      const struct checkpoint_marks *m)
{
	save_names(s, e);
	save_objects(s, e);
	save_marks(s, m);
	save_sources(s, e);
	save_outbox(s, b);
	save_feedback(s, e);
	if (!s->error)
		s->error = board_snapshot(e->board, put, s);
	if (!s->error)
		s->error = partial_snapshot(e->partial, put, s);
	if (!s->error)
		s->error = evidence_snapshot(e->evidence, put, s);
}

static int finish_file(struct stream *s, const char *tmp, const char *path, const char *dir)
{
	spill(s);
	uint64_t hash = XXH3_64bits_digest(&s->hash);
	if (!s->error && write(s->fd, &hash, sizeof(hash)) != sizeof(hash))
		s->error = errno ? -errno : -EIO;
	if (!s->error && fsync(s->fd))
		s->error = -errno;
	if (close(s->fd) && !s->error)
		s->error = -errno;
	if (!s->error && rename(tmp, path))
		s->error = -errno;
	int d = s->error ? -1 : open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d >= 0) {
		fsync(d); /* the rename itself; a failure only means an older checkpoint */
		close(d);
	}
	if (s->error)
		unlink(tmp);
	return s->error;
}

int checkpoint_save(struct engine *e, const char *state_dir, const struct outbox *b,
		    const struct checkpoint_marks *m)
{
	char path[CONFIG_TEXT_MAX + 32], tmp[CONFIG_TEXT_MAX + 32];
	struct stream s = {.buf = malloc(BUF_SIZE)};

	if (!s.buf)
		return -ENOMEM;
	snprintf(path, sizeof(path), "%s/checkpoint", state_dir);
	snprintf(tmp, sizeof(tmp), "%s/checkpoint.new", state_dir);
	XXH3_64bits_reset(&s.hash);
	s.fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (s.fd < 0) {
		int err = -errno;
		free(s.buf);
		return err;
	}
	put(&s, MAGIC, 8);
	save_body(&s, e, b, m);
	int err = finish_file(&s, tmp, path, state_dir);
	free(s.buf);
	return err;
}

/* Reads the file once for its checksum alone, so that a damaged one changes nothing. */
static int verify(struct stream *s)
{
	struct stat st;
	uint64_t want;

	if (fstat(s->fd, &st) || st.st_size < 16)
		return -EBADMSG;
	uint64_t body = (uint64_t)st.st_size - 8;
	XXH3_64bits_reset(&s->hash);
	s->left = body;
	while (s->left && !s->error) {
		refill(s);
		XXH3_64bits_update(&s->hash, s->buf, s->have);
	}
	if (s->error || read(s->fd, &want, 8) != 8 || want != XXH3_64bits_digest(&s->hash) ||
	    lseek(s->fd, 0, SEEK_SET) != 0)
		return -EBADMSG;
	s->at = s->have = 0;
	s->left = body;
	return 0;
}

static void load_body(struct stream *s, struct engine *e, struct outbox *b,
		      struct checkpoint_marks *m)
{
	char magic[8];

	bool known = get(s, magic, 8) == 8, dense = known && memcmp(magic, DENSE, 8) == 0;
	bool bare = dense || (known && memcmp(magic, BARE, 8) == 0);
	if (!known || (!bare && memcmp(magic, MAGIC, 8) != 0)) {
		s->error = -EBADMSG;
		return;
	}
	load_names(s, e, dense);
	if (!s->error)
		load_objects(s, e);
	if (!s->error)
		load_marks(s, m);
	if (!s->error)
		load_sources(s, e);
	if (!s->error)
		load_outbox(s, b);
	if (!s->error)
		load_feedback(s, e);
	if (!s->error)
		s->error = board_restore(e->board, get, s);
	if (!s->error && !bare)
		s->error = partial_restore(e->partial, e->names, get, s);
	if (!s->error)
		s->error = evidence_restore_named(e->evidence, e->names, get, s);
}

int checkpoint_load(struct engine *e, const char *state_dir, struct outbox *b,
		    struct checkpoint_marks *m, char why[256])
{
	char path[CONFIG_TEXT_MAX + 32];
	struct stream s = {.buf = malloc(BUF_SIZE)};

	if (!s.buf)
		return -ENOMEM;
	snprintf(path, sizeof(path), "%s/checkpoint", state_dir);
	s.fd = open(path, O_RDONLY | O_CLOEXEC);
	int err = s.fd < 0 ? -errno : verify(&s);
	if (!err) {
		load_body(&s, e, b, m);
		err = s.error;
	}
	if (s.fd >= 0)
		close(s.fd);
	free(s.buf);
	if (err && err != -ENOENT)
		snprintf(why, 256, "%.180s: %s", path,
			 err == -EBADMSG ? "damaged, or of another version; move it away to start afresh"
					 : strerror(-err));
	return err;
}
