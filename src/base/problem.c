#include "base/problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void problems_init(struct problems *ps)
{
	memset(ps, 0, sizeof(*ps));
}

void problems_fini(struct problems *ps)
{
	for (size_t i = 0; i < ps->count; i++) {
		free(ps->items[i].file);
		free(ps->items[i].reason);
	}
	free(ps->items);
	problems_init(ps);
}

static struct problem *slot(struct problems *ps)
{
	if (ps->count == PROBLEMS_MAX)
		return NULL;
	if (ps->count == ps->capacity) {
		size_t capacity = ps->capacity ? ps->capacity * 2 : 16;
		struct problem *items = realloc(ps->items, capacity * sizeof(*items));
		if (!items)
			return NULL;
		ps->items = items;
		ps->capacity = capacity;
	}
	return &ps->items[ps->count];
}

static void count_refused(struct problems *ps, const char *kind)
{
	ps->refused++;
	for (size_t i = 0; i < PROBLEM_KINDS_MAX; i++) {
		if (ps->by_kind[i].kind && strcmp(ps->by_kind[i].kind, kind) != 0)
			continue;
		ps->by_kind[i].kind = kind;
		ps->by_kind[i].refused++;
		return;
	}
}

uint64_t problems_refused(const struct problems *ps, const char *kind)
{
	for (size_t i = 0; i < PROBLEM_KINDS_MAX && ps->by_kind[i].kind; i++)
		if (strcmp(ps->by_kind[i].kind, kind) == 0)
			return ps->by_kind[i].refused;
	return 0;
}

static void add(struct problems *ps, bool fatal, const char *kind, const char *file, uint32_t line,
		const char *fmt, va_list ap)
{
	if (!ps)
		return;
	if (fatal)
		count_refused(ps, kind);
	struct problem *pr = slot(ps);
	if (!pr) {
		ps->not_kept++;
		return;
	}
	char reason[1024];
	vsnprintf(reason, sizeof(reason), fmt, ap);
	*pr = (struct problem){kind, strdup(file ? file : "-"), line, strdup(reason), fatal};
	if (pr->file && pr->reason) {
		ps->count++;
		return;
	}
	free(pr->file);
	free(pr->reason);
	ps->not_kept++;
}

void problem_refuse(struct problems *ps, const char *kind, const char *file, uint32_t line,
		    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(ps, true, kind, file, line, fmt, ap);
	va_end(ap);
}

void problem_remark(struct problems *ps, const char *kind, const char *file, uint32_t line,
		    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(ps, false, kind, file, line, fmt, ap);
	va_end(ap);
}
