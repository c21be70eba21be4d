#include "engine/checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/engine_priv.h"
#include "engine/state.h"

#define MAGIC	 "tocsinC6"

void checkpoint_marks_fini(struct checkpoint_marks *m)
{
	for (uint32_t i = 0; i < m->file_count; i++)
		free(m->files[i].path);
	free(m->files);
	free(m->kafka);
	memset(m, 0, sizeof(*m));
}

static void save_marks(struct stream *s, const struct checkpoint_marks *m)
{
	stream_put_u64(s, m->kafka_count);
	for (uint32_t i = 0; i < m->kafka_count; i++) {
		stream_put_str(s, m->kafka[i].topic);
		stream_put_u64(s, (uint64_t)m->kafka[i].partition);
		stream_put_u64(s, (uint64_t)m->kafka[i].next_offset);
	}
	stream_put_u64(s, m->file_count);
	for (uint32_t i = 0; i < m->file_count; i++) {
		stream_put_str(s, m->files[i].path);
		stream_put(s, &m->files[i].mark, sizeof(m->files[i].mark));
	}
}

static void load_marks(struct stream *s, struct checkpoint_marks *m)
{
	uint64_t n = stream_get_u64(s);

	m->kafka = s->error || n > 1000000 ? NULL : calloc(n + 1, sizeof(*m->kafka));
	for (uint64_t i = 0; m->kafka && i < n && !s->error; i++) {
		char *topic = stream_get_str(s, NULL);
		snprintf(m->kafka[i].topic, sizeof(m->kafka[i].topic), "%s", topic ? topic : "");
		m->kafka[i].partition = (int32_t)stream_get_u64(s);
		m->kafka[i].next_offset = (int64_t)stream_get_u64(s);
		m->kafka_count++;
		free(topic);
	}
	n = s->error ? 0 : stream_get_u64(s);
	m->files = s->error || n > 1000000 ? NULL : calloc(n + 1, sizeof(*m->files));
	for (uint64_t i = 0; m->files && i < n && !s->error; i++) {
		m->files[i].path = stream_get_str(s, NULL);
		m->file_count++;
		if (stream_get(s, &m->files[i].mark, sizeof(struct file_mark)) != sizeof(struct file_mark))
			s->error = s->error ? s->error : -EBADMSG;
	}
	if (!m->kafka || !m->files)
		s->error = s->error ? s->error : -EBADMSG;
}

/* What is known of each source beside evidence: what it claimed, and how much it read. */
static void save_sources(struct stream *s, const struct engine *e)
{
	uint64_t records[SOURCES_MAX];

	engine_records_read(e, records);
	stream_put_u64(s, e->config->sources.count);
	for (uint32_t i = 0; i < e->config->sources.count; i++) {
		stream_put_str(s, e->config->sources.sources[i].name);
		stream_put_u64(s, counter_get(&e->share.claimed[i]));
		stream_put_u64(s, records[i]);
	}
}

static void load_sources(struct stream *s, struct engine *e)
{
	uint64_t n = stream_get_u64(s);

	for (uint64_t i = 0; i < n && !s->error; i++) {
		char *name = stream_get_str(s, NULL);
		uint64_t claimed = stream_get_u64(s), records = stream_get_u64(s);
		const struct source *source =
			name ? source_find(&e->config->sources, name, strlen(name)) : NULL;
		if (source && !s->error) {
			counter_add(&e->share.claimed[source->id], claimed);
			counter_add(&e->records_before[source->id], records);
		}
		free(name);
	}
}

void checkpoint_cut(struct stream *s, struct engine *e, const struct outbox *b,
		    const struct checkpoint_marks *m)
{
	struct state_known nothing = {.feedback = UINT64_MAX};

	stream_to_memory(s, SIZE_MAX / 4);
	save_marks(s, m);
	save_sources(s, e);
	outbox_put(s, b, 0);
	state_put_feedback(s, e, &nothing);
	if (!s->error)
		s->error = board_snapshot(e->board, stream_put, s);
	if (!s->error)
		s->error = partial_snapshot(e->partial, stream_put, s);
}

/* Evidence first, while workers go on; then the numbers that it speaks in. */
static void save_body(struct stream *s, const struct engine *e, uint64_t number,
		      const struct stream *cut)
{
	struct state_known nothing = {0};

	stream_put(s, MAGIC, 8);
	stream_put_u64(s, number);
	if (!s->error)
		s->error = evidence_snapshot(e->evidence, stream_put, s);
	uint64_t end = s->done + s->at;
	state_put_numbers(s, e, &nothing);
	state_put_records(s, e);
	stream_put(s, cut->buf, cut->at);
	stream_put_u64(s, end);
}

static int finish_file(struct stream *s, const char *tmp, const char *path, const char *dir)
{
	stream_flush(s);
	uint64_t hash = XXH3_64bits_digest(&s->hash);
	stream_put_u64(s, hash);
	stream_flush(s);
	if (!s->error && fsync(s->fd))
		s->error = -errno;
	if (close(s->fd) && !s->error)
		s->error = -errno;
	if (!s->error && rename(tmp, path))
		s->error = -errno;
	int d = s->error ? -1 : open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d >= 0) {
		/* until the folder is safe the older one may be the one that is found */
		if (fsync(d))
			s->error = -errno;
		close(d);
	}
	if (s->error)
		unlink(tmp);
	return s->error;
}

int checkpoint_write(const struct engine *e, const char *state_dir, uint64_t number,
		     const struct stream *cut)
{
	char path[CONFIG_TEXT_MAX + 32], tmp[CONFIG_TEXT_MAX + 32];
	struct stream s;

	if (cut->error)
		return cut->error;
	snprintf(path, sizeof(path), "%s/checkpoint", state_dir);
	snprintf(tmp, sizeof(tmp), "%s/checkpoint.new", state_dir);
	int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (stream_to_file(&s, fd)) {
		close(fd);
		return -ENOMEM;
	}
	save_body(&s, e, number, cut);
	int err = finish_file(&s, tmp, path, state_dir);
	stream_fini(&s);
	return err;
}

int checkpoint_save(struct engine *e, const char *state_dir, uint64_t number,
		    const struct outbox *b, const struct checkpoint_marks *m)
{
	struct stream cut;

	checkpoint_cut(&cut, e, b, m);
	int err = checkpoint_write(e, state_dir, number, &cut);
	stream_fini(&cut);
	return err;
}

/* Reads the file once for its checksum alone, so that a damaged one changes nothing.
 * Where evidence ends, or -errno. */
static int64_t verify(int fd)
{
	struct stat st;
	struct stream s;
	uint64_t hash = 0, tail[2];

	if (fstat(fd, &st) || st.st_size < 40)
		return -EBADMSG;
	uint64_t body = (uint64_t)st.st_size - 8;
	int err = stream_from_file(&s, fd, body);
	if (!err)
		err = stream_hash(&s, &hash);
	stream_fini(&s);
	if (err)
		return err;
	if (pread(fd, tail, 16, (off_t)body - 8) != 16 || tail[1] != hash || tail[0] < 16 ||
	    tail[0] > body - 8)
		return -EBADMSG;
	return (int64_t)tail[0];
}

static void load_rest(struct stream *s, struct engine *e, struct outbox *b,
		      struct checkpoint_marks *m)
{
	state_get_numbers(s, e);
	if (!s->error)
		state_get_records(s, e);
	if (!s->error)
		load_marks(s, m);
	if (!s->error)
		load_sources(s, e);
	if (!s->error)
		outbox_get(s, b);
	if (!s->error)
		state_get_feedback(s, e);
	if (!s->error)
		s->error = board_restore(e->board, stream_get, s);
	if (!s->error)
		s->error = partial_restore(e->partial, e->names, stream_get, s);
	if (!s->error && stream_left(s))
		s->error = -EBADMSG;
}

/* From where the descriptor is put: 0 or -errno. */
static int open_part(struct stream *s, int fd, uint64_t from, uint64_t to)
{
	if (lseek(fd, (off_t)from, SEEK_SET) < 0)
		return -errno;
	return stream_from_file(s, fd, to - from);
}

static int load_parts(int fd, struct engine *e, uint64_t *number, struct outbox *b,
		      struct checkpoint_marks *m)
{
	struct stat st;
	struct stream s;
	char head[16];
	int64_t evidence_end = verify(fd);

	if (evidence_end < 0 || fstat(fd, &st))
		return evidence_end < 0 ? (int)evidence_end : -errno;
	if (pread(fd, head, 16, 0) != 16 || memcmp(head, MAGIC, 8) != 0)
		return -EBADMSG;
	memcpy(number, head + 8, 8);
	int err = open_part(&s, fd, (uint64_t)evidence_end, (uint64_t)st.st_size - 16);
	if (!err) {
		load_rest(&s, e, b, m);
		err = s.error;
		stream_fini(&s);
	}
	if (!err)
		err = open_part(&s, fd, 16, (uint64_t)evidence_end);
	if (!err) {
		err = evidence_restore_named(e->evidence, e->names, stream_get, &s);
		stream_fini(&s);
	}
	return err;
}

int checkpoint_load(struct engine *e, const char *state_dir, uint64_t *number, struct outbox *b,
		    struct checkpoint_marks *m, char why[256])
{
	char path[CONFIG_TEXT_MAX + 32];

	*number = 0;
	snprintf(path, sizeof(path), "%s/checkpoint", state_dir);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int err = fd < 0 ? -errno : load_parts(fd, e, number, b, m);
	if (fd >= 0)
		close(fd);
	if (err && err != -ENOENT)
		snprintf(why, 256, "%.180s: %s", path,
			 err == -EBADMSG ? "damaged, or of another version; move it away to start afresh"
					 : strerror(-err));
	return err;
}
