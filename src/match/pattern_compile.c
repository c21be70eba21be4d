#include "match/pattern_compile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "match/pattern.h"

#define TRIES_TOGETHER 8 /* refusals met one at a time before each entry is tried alone */

static int grow(struct pattern_list *l)
{
	unsigned cap = l->capacity ? l->capacity * 2 : 64;
	char **texts = realloc(l->texts, cap * sizeof(*texts));
	if (texts)
		l->texts = texts;
	size_t *lens = realloc(l->lens, cap * sizeof(*lens));
	if (lens)
		l->lens = lens;
	unsigned *flags = realloc(l->flags, cap * sizeof(*flags));
	if (flags)
		l->flags = flags;
	unsigned *ids = realloc(l->ids, cap * sizeof(*ids));
	if (ids)
		l->ids = ids;
	if (!texts || !lens || !flags || !ids)
		return -ENOMEM;
	l->capacity = cap;
	return 0;
}

int pattern_list_add(struct pattern_list *l, const char *p, size_t len, unsigned flags, unsigned id)
{
	if (l->count == PATTERNS_MAX || (l->count == l->capacity && grow(l) != 0))
		return -ENOMEM;
	char *text = malloc(len + 1);
	if (!text)
		return -ENOMEM;
	memcpy(text, p, len);
	text[len] = '\0';
	l->texts[l->count] = text;
	l->lens[l->count] = len;
	l->flags[l->count] = flags;
	l->ids[l->count++] = id;
	return 0;
}

void pattern_list_fini(struct pattern_list *l)
{
	for (unsigned i = 0; i < l->count; i++)
		free(l->texts[i]);
	free(l->texts);
	free(l->lens);
	free(l->flags);
	free(l->ids);
	memset(l, 0, sizeof(*l));
}

static void drop(struct pattern_list *l, unsigned i)
{
	unsigned last = --l->count;

	free(l->texts[i]);
	l->texts[i] = l->texts[last];
	l->lens[i] = l->lens[last];
	l->flags[i] = l->flags[last];
	l->ids[i] = l->ids[last];
}

static hs_error_t compile_part(const struct pattern_list *l, unsigned from, unsigned count,
			       hs_database_t **db, hs_compile_error_t **error)
{
	const char *const *texts = (const char *const *)l->texts + from;

	if (l->literal)
		return hs_compile_lit_multi(texts, l->flags + from, l->ids + from, l->lens + from,
					    count, HS_MODE_BLOCK, NULL, db, error);
	return hs_compile_multi(texts, l->flags + from, l->ids + from, count, HS_MODE_BLOCK, NULL,
				db, error);
}

/* Hyperscan takes regexes as C strings. */
static void drop_with_nul(struct pattern_list *l, pattern_refused *refused, void *ctx)
{
	for (unsigned i = l->count; i-- > 0;) {
		if (l->literal || !memchr(l->texts[i], '\0', l->lens[i]))
			continue;
		refused(ctx, l->ids[i], "a regular expression with a NUL byte");
		drop(l, i);
	}
}

static void try_each(struct pattern_list *l, pattern_refused *refused, void *ctx)
{
	for (unsigned i = l->count; i-- > 0;) {
		hs_database_t *db = NULL;
		hs_compile_error_t *error = NULL;
		if (compile_part(l, i, 1, &db, &error) != HS_SUCCESS) {
			refused(ctx, l->ids[i], error ? error->message : "refused");
			drop(l, i);
		}
		hs_free_database(db);
		hs_free_compile_error(error);
	}
}

int pattern_list_build(struct pattern_list *l, hs_database_t **db, pattern_refused *refused,
			 void *ctx)
{
	*db = NULL;
	drop_with_nul(l, refused, ctx);
	for (unsigned tries = 0; l->count > 0; tries++) {
		hs_compile_error_t *error = NULL;
		hs_error_t e = compile_part(l, 0, l->count, db, &error);
		if (e == HS_SUCCESS)
			return 0;
		int which = error ? error->expression : -1;
		bool named = which >= 0 && (unsigned)which < l->count;
		if (named) {
			refused(ctx, l->ids[which], error->message);
			drop(l, (unsigned)which);
		}
		hs_free_compile_error(error);
		if (e == HS_NOMEM)
			return -ENOMEM;
		if (!named && tries > TRIES_TOGETHER)
			return -EINVAL;
		if (!named || tries == TRIES_TOGETHER) {
			try_each(l, refused, ctx);
			tries = TRIES_TOGETHER;
		}
	}
	return 0;
}
