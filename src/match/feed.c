#include "match/feed_load.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/lazy.h"

/* Room for what the file says it holds, and a look for more: pipes say nothing. */
static int read_fd(int fd, struct feed_bytes *b)
{
	for (;;) {
		if (b->len + 1 >= b->room) {
			char *more = lazy_grow(b->p, b->room, b->room * 2);
			if (!more)
				return -ENOMEM;
			b->p = more;
			b->room *= 2;
		}
		ssize_t n = read(fd, b->p + b->len, b->room - 1 - b->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0; /* what was not written is zero */
		b->len += (size_t)n;
		if (b->len > FEED_BYTES_MAX)
			return -EFBIG;
	}
}

void feed_bytes_fini(struct feed_bytes *b)
{
	lazy_free(b->p, b->room);
	*b = (struct feed_bytes){0};
}

int feed_read(const char *path, struct feed_bytes *b)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return -errno;
	int rc = fstat(fd, &st) ? -errno : 0;
	if (!rc && S_ISREG(st.st_mode) && (uint64_t)st.st_size > FEED_BYTES_MAX)
		rc = -EFBIG;
	*b = (struct feed_bytes){.room = 4096};
	if (!rc)
		b->room += S_ISREG(st.st_mode) ? (size_t)st.st_size : 0;
	b->p = rc ? NULL : lazy_alloc_huge(b->room);
	if (!rc)
		rc = b->p ? read_fd(fd, b) : -ENOMEM;
	close(fd);
	if (rc)
		feed_bytes_fini(b);
	return rc;
}

void feed_refuse(struct feed_load *l, uint32_t line, const char *fmt, ...)
{
	char why[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	problem_refuse(l->ps, "indicator", l->feed->path, line, "%s", why);
}

/* Printable, and short enough to be read. */
static void excerpt(const char *p, size_t len, char out[100])
{
	size_t n = len < 96 ? len : 96;

	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)p[i] < ' ' || p[i] == 0x7f ? '?' : p[i];
	memcpy(out + n, len > n ? "..." : "", len > n ? 4 : 1);
}

void feed_refuse_value(struct feed_load *l, uint32_t line, const char *p, size_t len,
		       const char *why)
{
	char value[100];

	excerpt(p ? p : "", len, value);
	if (len == 0)
		feed_refuse(l, line, "%s", why);
	else
		feed_refuse(l, line, "\"%s\": %s", value, why);
}

/* A feed's own id means nothing elsewhere: the threat is named by the value, or, where
 * there are several, by feed and id. */
static struct span local_threat(struct feed_load *l)
{
	struct draft *d = &l->draft;

	if (d->conditions[d->count - 1].clause == 0)
		return draft_own_id(d);
	size_t at = d->text.len;
	text_printf(&d->text, "%s:%.*s", l->feed->name, (int)d->id.len, d->id.p);
	if (d->text.error)
		return (struct span){0};
	return (struct span){d->text.p + at, (uint32_t)(d->text.len - at)};
}

/* Under a key there is one indicator, and the key is its id. */
static bool take_key(struct feed_load *l)
{
	struct draft *d = &l->draft;
	struct span key = l->message->key;

	if (l->taken) {
		feed_refuse(l, d->line, "more than one indicator under a key");
		return false;
	}
	if (d->id.len && (d->id.len != key.len || memcmp(d->id.p, key.p, key.len) != 0)) {
		feed_refuse_value(l, d->line, d->id.p, d->id.len, "is not the message's key");
		return false;
	}
	d->local |= d->id.len == 0;
	d->id = key;
	d->modified = l->message->version;
	return l->taken = true;
}

void feed_add(struct feed_load *l)
{
	struct draft *d = &l->draft;

	if (l->error || (l->message && l->message->key.len && !take_key(l)))
		return;
	if (d->id.len == 0) {
		assert(!d->dead);
		d->local = true;
		d->id = draft_own_id(d);
	} else if (d->local) {
		d->threat_id = local_threat(l);
	}
	l->error = d->text.error ? d->text.error : indicator_set_add(l->s, l->number, d);
	if (l->error == -EOVERFLOW)
		feed_refuse(l, d->line, "the indicator set is full (%u indicators, 4 GB of text)",
			    INDICATORS_MAX);
}

bool feed_next_line(const char **p, const char *end, struct span *line)
{
	if (*p >= end)
		return false;
	const char *nl = memchr(*p, '\n', (size_t)(end - *p));
	const char *stop = nl ? nl : end;
	size_t n = (size_t)(stop - *p);

	*line = (struct span){*p, (uint32_t)(n && stop[-1] == '\r' ? n - 1 : n)};
	*p = nl ? nl + 1 : end;
	return true;
}

struct span feed_trim(struct span s)
{
	while (s.len && (*s.p == ' ' || *s.p == '\t')) {
		s.p++;
		s.len--;
	}
	while (s.len && (s.p[s.len - 1] == ' ' || s.p[s.len - 1] == '\t'))
		s.len--;
	return s;
}

/* '{', or '[' that a JSON value follows: a list may begin with "[2001:db8::1]:80". */
static bool looks_json(const char *p, size_t len)
{
	size_t i = strspn(p, " \t\r\n");

	if (i < len && p[i] == '{')
		return true;
	if (i >= len || p[i] != '[')
		return false;
	i++;
	i += strspn(p + i, " \t\r\n");
	return i >= len || strchr("{[]\"", p[i]) != NULL;
}

static void read_all(struct feed_load *l)
{
	if (l->len >= 3 && memcmp(l->p, "\xef\xbb\xbf", 3) == 0) {
		l->p += 3;
		l->len -= 3;
	}
	if (looks_json(l->p, l->len))
		feed_json(l);
	else if (feed_zeek_is(l->p, l->len))
		feed_zeek(l);
	else if (feed_csv_is(l->p, l->len))
		feed_csv(l);
	else
		feed_list(l);
}

/* p[len] is NUL. */
static int load(struct indicator_set *s, const struct feed *feed, const char *p, size_t len,
		const struct feed_message *m, struct problems *ps)
{
	struct feed_load l = {
		.s = s, .feed = feed, .ps = ps, .p = p, .len = len, .message = m};
	int number = indicator_set_feed(s, feed);

	if (number < 0)
		return number;
	l.number = (uint16_t)number;
	l.lines.line = 1;
	draft_init(&l.draft);
	read_all(&l);
	draft_fini(&l.draft);
	return l.error;
}

int feed_load_file(struct indicator_set *s, const struct feed *feed, struct problems *ps)
{
	struct feed_bytes b;
	int rc = feed_read(feed->path, &b);

	if (rc) {
		problem_refuse(ps, "indicator", feed->path, 0, "cannot read the file: %s",
			       strerror(-rc));
		return rc;
	}
	rc = load(s, feed, b.p, b.len, NULL, ps);
	feed_bytes_fini(&b);
	return rc;
}

int feed_load_bytes(struct indicator_set *s, const struct feed *feed, const char *p, size_t len,
		    struct problems *ps)
{
	const struct feed_message m = {.payload = {p, (uint32_t)len}};

	return len > FEED_BYTES_MAX ? -EFBIG : feed_load_message(s, feed, &m, ps);
}

int feed_load_message(struct indicator_set *s, const struct feed *feed,
		      const struct feed_message *m, struct problems *ps)
{
	const char *p = m->payload.p;
	size_t len = m->payload.len;
	char *copy = len <= FEED_BYTES_MAX ? malloc(len + 1) : NULL;

	if (!copy)
		return len <= FEED_BYTES_MAX ? -ENOMEM : -EFBIG;
	memcpy(copy, p, len);
	copy[len] = '\0';
	int rc = load(s, feed, copy, len, m, ps);
	free(copy);
	return rc;
}
