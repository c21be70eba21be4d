/* tocsin check: everything is loaded as run would, and what cannot be taken is told. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "cmd/cmd.h"
#include "engine/engine.h"
#include "engine/engine_info.h"

struct row {
	const char *name;
	uint64_t count;
};

#define ROWS_MAX 24

static size_t count_rows(const struct indicator_counts *n, struct row rows[ROWS_MAX])
{
	const struct row all[] = {
		{"indicators", n->indicators}, {"rules", n->rules},	  {"threats", n->threats},
		{"ip", n->ips},		       {"network", n->networks},  {"domain", n->domains},
		{"url", n->urls},	       {"hash", n->hashes},	  {"email", n->emails},
		{"value", n->values},	       {"pattern", n->patterns},  {"benign", n->benign},
		{"benign_lists", n->benign_lists}, {"revoked", n->revoked}, {"deleted", n->deleted},
		{"not_to_ids", n->not_to_ids}, {"sigma_rules", n->sigma_rules},
		{"sigma_filters", n->sigma_filters}, {"sigma_correlations", n->sigma_correlations},
		{"sigma_unrouted", n->sigma_unrouted},
	};
	size_t count = sizeof(all) / sizeof(all[0]);

	memcpy(rows, all, sizeof(all));
	return count;
}

/* Refusals by kind: config, indicator, rule, profile, benign, fieldmap. */
static const char *const kinds[] = {"config", "indicator", "rule", "profile", "benign", "fieldmap"};

static void problems_json(struct text *t, const struct problems *ps, bool fatal)
{
	const char *comma = "";

	text_char(t, '[');
	for (size_t i = 0; i < ps->count; i++) {
		const struct problem *pr = &ps->items[i];
		if (pr->fatal != fatal)
			continue;
		text_printf(t, "%s{\"kind\":\"%s\",\"file\":", comma, pr->kind);
		text_json_str(t, pr->file);
		text_printf(t, ",\"line\":%u,\"reason\":", pr->line);
		text_json_str(t, pr->reason);
		text_char(t, '}');
		comma = ",";
	}
	text_char(t, ']');
}

static void print_json(const struct row *rows, size_t n, const struct problems *ps, bool ok)
{
	struct text t;

	text_init(&t);
	text_printf(&t, "{\"event_type\":\"check\",\"ok\":%s,\"loaded\":{", ok ? "true" : "false");
	for (size_t i = 0; i < n; i++)
		text_printf(&t, "%s\"%s\":%llu", i ? "," : "", rows[i].name,
			    (unsigned long long)rows[i].count);
	text_str(&t, "},\"refused\":{");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		text_printf(&t, "%s\"%s\":%llu", i ? "," : "", kinds[i],
			    (unsigned long long)problems_refused(ps, kinds[i]));
	text_str(&t, "},\"refusals\":");
	problems_json(&t, ps, true);
	text_str(&t, ",\"remarks\":");
	problems_json(&t, ps, false);
	text_printf(&t, ",\"not_listed\":%llu}\n", (unsigned long long)ps->not_kept);
	if (!t.error)
		fwrite(t.p, 1, t.len, stdout);
	text_fini(&t);
}

static void print_text(const struct row *rows, size_t n, const struct problems *ps)
{
	for (size_t i = 0; i < ps->count; i++)
		printf("%s:%u: %s%s: %s\n", ps->items[i].file, ps->items[i].line,
		       ps->items[i].fatal ? "" : "remark, ", ps->items[i].kind,
		       ps->items[i].reason);
	for (size_t i = 0; i < n; i++)
		if (rows[i].count)
			printf("%-14s %12llu\n", rows[i].name, (unsigned long long)rows[i].count);
	printf("%-14s %12llu\n", "refused", (unsigned long long)ps->refused);
}

static int check_run(struct cli *cli)
{
	struct engine *e = NULL;
	struct problems ps;
	struct row rows[ROWS_MAX] = {{0}};
	size_t n = 0;
	char why[256] = "";

	if (cli->reference) {
		config_reference(stdout);
		return EXIT_OK;
	}
	if (cli->dump_config)
		config_dump(&cli->config, stdout);
	if (cli->explain_memory)
		engine_explain_memory(stdout, &cli->config);
	if (cli->dump_config || cli->explain_memory)
		return EXIT_OK;
	problems_init(&ps);
	int err = engine_create(&e, &cli->config, &ps, why);
	bool loadable = !err;
	if (loadable && !(err = engine_load(e, &ps))) {
		struct indicator_counts counts;
		engine_indicator_counts(e, &counts);
		n = count_rows(&counts, rows);
	}
	if (cli->explain_rule) {
		bool none = !loadable || err || engine_explain_rule(stdout, e, cli->explain_rule) == 0;
		if (none)
			log_error("%s", loadable ? "no Sigma rule has this id, name or title" : why);
		engine_destroy(e);
		problems_fini(&ps);
		return none ? EXIT_RULES : EXIT_OK;
	}
	if (cli->json)
		print_json(rows, n, &ps, !err && !ps.refused);
	else
		print_text(rows, n, &ps);
	if (!loadable)
		log_error("%s", why);
	int code = !loadable ? EXIT_CONFIG
		   : err || ps.refused		    ? EXIT_RULES
						    : EXIT_OK;
	engine_destroy(e);
	problems_fini(&ps);
	return code;
}

const struct command command_check = {
	.name = "check",
	.arguments = "",
	.summary = "loads configuration, indicators and rules; tells what it cannot take, where and why",
	.text = "Loads what run and replay would load and lists every rule, indicator or setting that is\n"
		"refused, with file, line and reason. Exit 0: all was taken. 2: something was refused.\n\n"
		"  tocsin check -c tocsin.yaml\n"
		"  tocsin check -I feeds/ --benign lists/ --json | jq .refusals\n"
		"  tocsin check -s rules/ --explain 9bd012ee-0dff-44d7-84a0-aa698cfd87a3\n",
	.run = check_run,
};
