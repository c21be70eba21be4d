/* engine_info - what an engine can tell of itself: for summaries, check, metrics. */
#ifndef TOCSIN_ENGINE_INFO_H
#define TOCSIN_ENGINE_INFO_H

#include "base/text.h"
#include "correlate/assess.h"
#include "engine/engine.h"

struct set_aside_text {
	char threat[256]; /* name of the threat */
	char value[256];  /* what was seen, when the name is another: "" else */
	char states[128]; /* "DE FR GB" */
	char by[256];	  /* the benign list's name */
};
void engine_set_aside_text(const struct engine *e, const struct set_aside *s,
			   struct set_aside_text *out);

/* ,"table":{...},"generation":N,"indicators":N,"sources":[{"name","watermark"}]  */
void engine_info_json(struct text *t, const struct engine *e);

/* The tables and what they take, one a line, and the sum. */
void engine_explain_memory(FILE *out, const struct config *c);

/* How the Sigma rules of this id, name or title were planned; how many there are. */
uint32_t engine_explain_rule(FILE *out, const struct engine *e, const char *rule);

struct indicator_counts {
	uint64_t indicators, rules, threats, benign, benign_lists, feeds;
	uint64_t ips, networks, domains, urls, hashes, emails, values, patterns;
	uint64_t revoked, deleted, not_to_ids;
	/* of rules; correlations are refused, and nothing that is read is of the log source of
	 * an unrouted one */
	uint64_t sigma_rules, sigma_filters, sigma_correlations, sigma_unrouted;
};
void engine_indicator_counts(const struct engine *e, struct indicator_counts *out);

/* What the control socket tells at any time. @thread any */
void engine_status_json(struct text *t, const struct engine *e);

#endif
