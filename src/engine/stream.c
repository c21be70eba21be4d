#include "engine/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void init(struct stream *s, int fd)
{
	memset(s, 0, offsetof(struct stream, hash));
	s->fd = fd;
	XXH3_64bits_reset(&s->hash);
}

void stream_to_memory(struct stream *s, size_t room)
{
	init(s, -1);
	s->room = room;
}

void stream_from_memory(struct stream *s, const void *p, size_t len)
{
	init(s, -1);
	s->buf = (uint8_t *)p; /* reading never writes to it */
	s->have = len;
}

int stream_to_file(struct stream *s, int fd)
{
	init(s, fd);
	s->have = STREAM_BUFFER;
	s->buf = malloc(STREAM_BUFFER);
	return s->buf ? 0 : -ENOMEM;
}

int stream_from_file(struct stream *s, int fd, uint64_t len)
{
	int err = stream_to_file(s, fd);

	s->have = 0;
	s->left = len;
	return err;
}

void stream_fini(struct stream *s)
{
	free(s->buf);
	s->buf = NULL;
}

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
	s->done += s->at;
	s->at = 0;
}

static void grow(struct stream *s, size_t len)
{
	size_t size = s->have ? s->have : 4096;

	if (s->room - s->at < len) {
		s->error = -EFBIG;
		return;
	}
	while (size - s->at < len)
		size *= 2;
	uint8_t *buf = realloc(s->buf, size);
	if (!buf) {
		s->error = -ENOMEM;
		return;
	}
	s->buf = buf;
	s->have = size;
}

int stream_put(void *arg, const void *p, size_t len)
{
	struct stream *s = arg;
	const uint8_t *q = p;

	if (s->fd < 0 && !s->error && s->have - s->at < len)
		grow(s, len);
	while (len && !s->error) {
		size_t n = s->have - s->at < len ? s->have - s->at : len;
		memcpy(s->buf + s->at, q, n);
		s->at += n;
		q += n;
		len -= n;
		if (s->at == s->have && s->fd >= 0)
			spill(s);
	}
	return s->error;
}

int stream_flush(struct stream *s)
{
	if (s->at)
		spill(s);
	return s->error;
}

static void refill(struct stream *s)
{
	size_t want = s->left < STREAM_BUFFER ? (size_t)s->left : STREAM_BUFFER;
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

int64_t stream_get(void *arg, void *p, size_t len)
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

int stream_hash(struct stream *s, uint64_t *hash)
{
	while (s->left && !s->error) {
		refill(s);
		XXH3_64bits_update(&s->hash, s->buf, s->have);
	}
	s->at = s->have;
	*hash = XXH3_64bits_digest(&s->hash);
	return s->error;
}

uint64_t stream_left(const struct stream *s)
{
	return s->left + (s->have - s->at);
}

void stream_put_u64(struct stream *s, uint64_t v)
{
	stream_put(s, &v, sizeof(v));
}

uint64_t stream_get_u64(struct stream *s)
{
	uint64_t v = 0;

	if (stream_get(s, &v, sizeof(v)) != sizeof(v) && !s->error)
		s->error = -EBADMSG;
	return s->error ? 0 : v;
}

void stream_put_bytes(struct stream *s, const void *p, size_t len)
{
	stream_put_u64(s, len);
	stream_put(s, p, len);
}

void stream_put_str(struct stream *s, const char *text)
{
	stream_put_bytes(s, text, strlen(text));
}

char *stream_get_str(struct stream *s, size_t *len_out)
{
	uint64_t len = stream_get_u64(s);

	if (!s->error && len > stream_left(s))
		s->error = -EBADMSG;
	char *p = s->error ? NULL : malloc(len + 1);
	if (!p) {
		s->error = s->error ? s->error : -ENOMEM;
		return NULL;
	}
	if (stream_get(s, p, len) != (int64_t)len && !s->error)
		s->error = -EBADMSG;
	p[len] = '\0';
	if (len_out)
		*len_out = len;
	return p;
}
