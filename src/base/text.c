#include "base/text.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/timestamp.h"
#include "base/utf8.h"

void text_init(struct text *t)
{
	memset(t, 0, sizeof(*t));
}

void text_fini(struct text *t)
{
	free(t->p);
	text_init(t);
}

void text_reset(struct text *t)
{
	t->len = 0;
	t->error = 0;
	if (t->p)
		t->p[0] = '\0';
}

/* Room for `more` bytes and the NUL. */
static bool reserve(struct text *t, size_t more)
{
	if (t->error)
		return false;
	if (more < t->cap - t->len) /* cap 0 and len 0: false */
		return true;
	size_t cap = t->cap ? t->cap : 256;
	while (cap - t->len <= more) {
		if (cap > SIZE_MAX / 4) {
			t->error = -ENOMEM;
			return false;
		}
		cap *= 2;
	}
	char *p = realloc(t->p, cap);
	if (!p) {
		t->error = -ENOMEM;
		return false;
	}
	t->p = p;
	t->cap = cap;
	return true;
}

void text_room(struct text *t, size_t len)
{
	reserve(t, len);
}

void text_char(struct text *t, char c)
{
	text_bytes(t, &c, 1);
}

void text_bytes(struct text *t, const void *p, size_t len)
{
	if (!reserve(t, len))
		return;
	if (len)
		memcpy(t->p + t->len, p, len);
	t->len += len;
	t->p[t->len] = '\0';
}

void text_str(struct text *t, const char *s)
{
	text_bytes(t, s, strlen(s));
}

void text_printf(struct text *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	assert(n >= 0);
	if (!reserve(t, (size_t)n))
		return;
	va_start(ap, fmt);
	vsnprintf(t->p + t->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	t->len += (size_t)n;
}

static void json_char(struct text *t, unsigned char c)
{
	switch (c) {
	case '"':
		text_bytes(t, "\\\"", 2);
		break;
	case '\\':
		text_bytes(t, "\\\\", 2);
		break;
	case '\n':
		text_bytes(t, "\\n", 2);
		break;
	case '\r':
		text_bytes(t, "\\r", 2);
		break;
	case '\t':
		text_bytes(t, "\\t", 2);
		break;
	default:
		if (c < 0x20 || c == 0x7f)
			text_printf(t, "\\u%04x", c);
		else
			text_char(t, (char)c);
	}
}

void text_json(struct text *t, const void *p, size_t len)
{
	const uint8_t *s = p;

	text_char(t, '"');
	for (size_t i = 0; i < len;) {
		if (s[i] < 0x80) {
			json_char(t, s[i++]);
			continue;
		}
		size_t n = utf8_sequence(s + i, len - i);
		if (n)
			text_bytes(t, s + i, n);
		else
			text_bytes(t, "\xef\xbf\xbd", 3);
		i += n ? n : 1;
	}
	text_char(t, '"');
}

void text_json_str(struct text *t, const char *s)
{
	text_json(t, s, strlen(s));
}

void text_json_time(struct text *t, int64_t time_us)
{
	char buf[TIMESTAMP_TEXT_MAX];

	timestamp_format(time_us, buf);
	text_printf(t, "\"%s\"", buf);
}

char *text_take(struct text *t)
{
	char *p = t->error ? NULL : t->p;

	if (!p && !t->error)
		p = calloc(1, 1);
	if (t->error)
		free(t->p);
	text_init(t);
	return p;
}
