/*
 * problem - what could not be taken while loading: file, line, reason.
 *
 * Every loader (config, indicators, rules, profiles) reports here instead of
 * printing, so that `check`, `replay` and `run` tell the same story.
 *
 * Thread   one owner.
 * Owns     copies of all strings.
 * Limit    the first PROBLEMS_MAX are kept, the rest counted.
 */
#ifndef TOCSIN_BASE_PROBLEM_H
#define TOCSIN_BASE_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROBLEMS_MAX   10000
#define PROBLEM_KINDS_MAX 16

struct problem {
	const char *kind; /* static: "config", "indicator", "rule", "profile", "benign", "fieldmap" */
	char *file;
	uint32_t line; /* 1-based; 0 = the whole file */
	char *reason;  /* one line: what, and the accepted range or form where there is one */
	bool fatal;    /* false: a remark that refuses nothing */
};

struct problems {
	struct problem *items;
	size_t count, capacity;
	uint64_t refused;  /* fatal ones, kept or not */
	struct {
		const char *kind;
		uint64_t refused;
	} by_kind[PROBLEM_KINDS_MAX]; /* the same, each kind for itself */
	uint64_t not_kept; /* beyond PROBLEMS_MAX */
};

uint64_t problems_refused(const struct problems *ps, const char *kind);
void problems_init(struct problems *ps);
void problems_fini(struct problems *ps);
/* ps may be NULL: nothing is kept. */
void problem_refuse(struct problems *ps, const char *kind, const char *file, uint32_t line,
		    const char *fmt, ...) __attribute__((format(printf, 5, 6)));
void problem_remark(struct problems *ps, const char *kind, const char *file, uint32_t line,
		    const char *fmt, ...) __attribute__((format(printf, 5, 6)));

#endif
