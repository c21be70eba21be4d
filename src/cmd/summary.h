/*
 * summary - what a run of replay came to: for people, and as --stats JSON.
 */
#ifndef TOCSIN_CMD_SUMMARY_H
#define TOCSIN_CMD_SUMMARY_H

#include <stdio.h>

#include "cmd/cmd.h"
#include "engine/engine.h"
#include "engine/output.h"

struct summary {
	const struct ledger *ledger;
	double seconds;
	uint64_t raised, watch; /* candidates by final status */
	const char *digest;
	uint32_t inputs, inputs_failed;
};

void summary_print(FILE *out, struct engine *e, const struct summary *s);
/* Without the benign values: the caller tells of them itself. */
void summary_print_counts(FILE *out, const struct summary *s);
/* 0 or -errno. path "-" is standard output. */
int summary_write(const char *path, struct engine *e, const struct summary *s);

/* The bar on a terminal: call often, it redraws at most every 100 ms. */
struct progress {
	bool terminal;
	uint64_t drawn_ns;
	uint64_t started_ns;
};
void progress_init(struct progress *p, bool quiet);
void progress_draw(struct progress *p, uint64_t done, uint64_t total, uint64_t records,
		   uint64_t hits);
void progress_clear(struct progress *p);

#endif
