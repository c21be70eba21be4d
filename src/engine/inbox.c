#include "engine/inbox.h"

#include <string.h>

void inbox_init(struct inbox *b)
{
	pthread_mutex_init(&b->lock, NULL);
	text_init(&b->lines);
}

void inbox_fini(struct inbox *b)
{
	text_fini(&b->lines);
	pthread_mutex_destroy(&b->lock);
}

bool inbox_add(struct inbox *b, const void *p, size_t len)
{
	const char *s = p;

	pthread_mutex_lock(&b->lock);
	/* a message is a line: what is pretty-printed inside it must not look like many */
	for (size_t at = 0; at < len;) {
		const char *nl = memchr(s + at, '\n', len - at);
		size_t n = nl ? (size_t)(nl - s) - at : len - at;
		text_bytes(&b->lines, s + at, n);
		text_char(&b->lines, nl ? ' ' : '\n');
		at += n + (nl != NULL);
	}
	if (b->lines.len && b->lines.p[b->lines.len - 1] != '\n')
		text_char(&b->lines, '\n');
	bool ok = b->lines.error == 0;
	pthread_mutex_unlock(&b->lock);
	return ok;
}

void inbox_take(struct inbox *b, struct text *out)
{
	pthread_mutex_lock(&b->lock);
	*out = b->lines;
	text_init(&b->lines);
	pthread_mutex_unlock(&b->lock);
}
