#include "engine/engine_info.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "engine/engine_priv.h"

#define HEAVY_SHOWN 8

/* Of an id that is KIND:VALUE, as one whose feed gave it no other is. */
static const char *value_of(const struct threat_name *t)
{
	static const char *const kinds[] = {"ip",    "network",    "domain", "url",  "hash",
					    "email", "user-agent", "ja3",    "file", "path"};
	size_t len = strcspn(t->id, ":");

	for (size_t i = 0; t->kind == NAME_INDICATOR && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strlen(kinds[i]) == len && strncmp(t->id, kinds[i], len) == 0 && t->id[len])
			return t->id + len + 1;
	return "";
}

void engine_set_aside_text(const struct engine *e, const struct set_aside *s,
			   struct set_aside_text *out)
{
	const struct threat_name *t = names_threat_get(e->names, s->threat);
	const char *by = s->by ? names_by_get(e->names, s->by) : "";
	const char *colon = strchr(by, ':');
	size_t len = 0;

	snprintf(out->threat, sizeof(out->threat), "%s", t->name);
	const char *value = value_of(t);
	snprintf(out->value, sizeof(out->value), "%s", strcmp(value, t->name) ? value : "");
	snprintf(out->by, sizeof(out->by), "%s", colon ? colon + 1 : by);
	out->states[0] = '\0';
	for (int i = 0; i < STATES; i++)
		if (s->states >> i & 1)
			len += (size_t)snprintf(out->states + len, sizeof(out->states) - len,
						"%s%s", len ? " " : "", vocab_state_code(i));
}

/* The threats with most hits; true counts lie between the two bounds. While workers work,
 * as of their last batches. */
static void heavy_json(struct text *t, const struct engine *e)
{
	struct heavy sum;

	engine_heavy(e, &sum);
	text_str(t, ",\"heavy\":[");
	for (uint32_t i = 0; i < sum.used && i < HEAVY_SHOWN; i++) {
		text_str(t, i ? ",{\"threat\":" : "{\"threat\":");
		text_json_str(t, names_threat_get(e->names, sum.key[i])->id);
		text_printf(t, ",\"hits_at_least\":%llu,\"hits_at_most\":%llu}",
			    (unsigned long long)(sum.count[i] - sum.error[i]),
			    (unsigned long long)sum.count[i]);
	}
	text_char(t, ']');
}

/* Live sources' clocks, as their records tell (skew.h). */
static void clocks_json(struct text *t, const struct engine *e)
{
	const char *comma = "";
	int64_t lead;

	text_str(t, ",\"clocks\":{");
	for (uint32_t i = 0; i < e->config->sources.count; i++) {
		if (!skew_lead(&e->skew[i], clock_wall_us(), &lead))
			continue;
		text_str(t, comma);
		text_json_str(t, e->config->sources.sources[i].name);
		text_printf(t, ":{\"ahead_ms\":%lld,\"behind_ms\":%lld}",
			    (long long)(lead > 0 ? lead / 1000 : 0),
			    (long long)(lead < 0 ? -lead / 1000 : 0));
		comma = ",";
	}
	text_char(t, '}');
}

static void history_json(struct text *t, const struct engine *e)
{
	struct history_usage u;

	if (!e->history)
		return;
	history_usage(e->history, &u);
	text_printf(t,
		    ",\"history\":{\"records\":%llu,\"on_disk\":%llu,\"unsynced\":%llu,"
		    "\"dropped\":%llu,\"damaged\":%llu}",
		    (unsigned long long)u.records, (unsigned long long)u.on_disk,
		    (unsigned long long)u.unsynced, (unsigned long long)u.dropped,
		    (unsigned long long)u.damaged);
}

/* What arrived while serving, and how long it took until every worker matched with it. */
static void live_json(struct text *t, const struct engine *e)
{
	struct generation_holder *h = (struct generation_holder *)&e->rules;
	struct generation *g = generation_get(h);
	struct intel_counts n;
	struct effect effect;

	intel_counts(e->intel, &n);
	pthread_mutex_lock(&h->lock);
	effect = h->effect;
	pthread_mutex_unlock(&h->lock);
	text_printf(t,
		    ",\"live\":{\"messages\":%llu,\"waiting\":%llu,\"refused\":%llu,"
		    "\"indicators\":%u,\"withdrawn\":%u,\"silenced\":%llu,\"folds\":%llu,"
		    "\"fold_ms\":%llu,\"effect\":",
		    (unsigned long long)n.messages, (unsigned long long)n.waiting,
		    (unsigned long long)n.refused, g && g->more ? g->more->set.count : 0,
		    g ? g->withdrawals : 0, (unsigned long long)n.silenced,
		    (unsigned long long)n.folds, (unsigned long long)n.fold_ms_last);
	effect_json(t, &effect);
	retro_json(t, e->retro);
	text_char(t, '}');
	generation_put(h, g);
}

/* The newest event time of each source that has spoken. */
static void watermarks_json(struct text *t, const struct engine *e)
{
	const char *comma = "";

	text_str(t, ",\"watermarks\":{");
	for (uint32_t i = 0; i < e->config->sources.count; i++) {
		int64_t w = high_mark_get(&e->watermark[i]);
		if (w == 0)
			continue;
		text_str(t, comma);
		text_json_str(t, e->config->sources.sources[i].name);
		text_char(t, ':');
		text_json_time(t, w);
		comma = ",";
	}
	text_char(t, '}');
}

void engine_info_json(struct text *t, const struct engine *e)
{
	struct evidence_usage u;

	evidence_usage(e->evidence, &u);
	text_printf(t,
		    ",\"table\":{\"cells\":%u,\"cells_max\":%u,\"entries\":%u,\"entries_max\":%u,"
		    "\"overflows\":%u,\"overflows_max\":%u},\"generation\":%u",
		    u.cells, u.capacity.cells, u.entries, u.capacity.entries, u.overflows,
		    u.capacity.overflows, e->rules.published);
	watermarks_json(t, e);
	clocks_json(t, e);
	heavy_json(t, e);
	history_json(t, e);
	live_json(t, e);
}

void engine_status_json(struct text *t, const struct engine *e)
{
	struct generation *g = generation_get((struct generation_holder *)&e->rules);
	struct ledger sum;

	engine_ledger(e, &sum);
	text_printf(t, "{\"generation\":%u,\"indicators\":%u,\"ledger\":{", g ? g->number : 0,
		    g ? g->base->set.count - g->withdrawals + (g->more ? g->more->set.count : 0) : 0);
	text_printf(t,
		    "\"records\":%llu,\"bytes\":%llu,\"clean\":%llu,\"hit\":%llu,\"hits\":%llu,"
		    "\"in_flight\":%llu}",
		    (unsigned long long)counter_get(&sum.records),
		    (unsigned long long)counter_get(&sum.bytes),
		    (unsigned long long)counter_get(&sum.clean),
		    (unsigned long long)counter_get(&sum.hit),
		    (unsigned long long)counter_get(&sum.hits),
		    (unsigned long long)ledger_in_flight(&sum));
	watermarks_json(t, e);
	live_json(t, e);
	text_char(t, '}');
	generation_put((struct generation_holder *)&e->rules, g);
}

static bool span_is(struct span s, const char *text)
{
	return s.len == strlen(text) && strncasecmp(s.p, text, s.len) == 0;
}

uint32_t engine_explain_rule(FILE *out, const struct engine *e, const char *name)
{
	const struct ruleset_sigma *r = e->rules.current->base->sigma;
	uint32_t found = 0;

	for (uint32_t i = 0; r->plan && i < r->set.count; i++) {
		const struct sigma_rule *rule = &r->set.rules[i];
		struct text text;
		if (!span_is(rule->id, name) && !span_is(rule->name, name) &&
		    !span_is(rule->title, name))
			continue;
		text_init(&text);
		sigma_plan_explain(r->plan, i, &text);
		fwrite(text.p, 1, text.len, out);
		text_fini(&text);
		found++;
	}
	return found;
}

static uint32_t worker_threads(const struct config *c)
{
	long n = c->threads ? (long)c->threads : sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : (uint32_t)n;
}

static uint64_t explain_row(FILE *out, const char *what, uint64_t count, uint64_t bytes)
{
	fprintf(out, "%-16s %10llu %16llu\n", what, (unsigned long long)count,
		(unsigned long long)bytes);
	return bytes;
}

/* The largest file of feeds: it is in memory while it is read. */
static uint64_t largest_feed(const struct indicator_set *s)
{
	uint64_t largest = 0;
	struct stat st;

	for (uint32_t i = 0; i < s->feed_count; i++)
		if (stat(s->feeds[i].path, &st) == 0 && (uint64_t)st.st_size > largest)
			largest = (uint64_t)st.st_size;
	return largest;
}

#define LOADING_BYTES 360 /* of each indicator, until its set is settled and packed */

/* Two generations are there while one follows the other, and what reading the next takes. */
static void explain_loaded(FILE *out, const struct ruleset *r)
{
	const struct indicator_set *s = &r->set;
	uint64_t set = indicator_set_bytes(s), tables = matcher_bytes(r->matcher), sum = 0;

	sum += explain_row(out, "indicator texts", s->count, s->text_len);
	sum += explain_row(out, "indicators", s->count, set - s->text_len);
	sum += explain_row(out, "match tables", s->condition_count, tables);
	explain_row(out, "a generation", 1, sum);
	explain_row(out, "in a reload", 2, 2 * sum);
	explain_row(out, "while it reads", s->count,
		    (uint64_t)s->count * LOADING_BYTES + 2 * s->text_len + largest_feed(s) * 3 / 2);
	fputs("Names of what was hit come on top, and lie in pages that are reserved and not taken.\n",
	      out);
}

static void explain_rules(FILE *out, const struct config *c)
{
	struct names *names = NULL;
	struct ruleset *r = NULL;

	if (c->feed_count + c->rules.count + c->benign.count == 0) {
		fputs("Indicators and compiled patterns come on top; none are named.\n", out);
		return;
	}
	if (names_init(&names) == 0) {
		const struct ruleset_order o = {.config = c, .names = names, .workers = 1};
		if (ruleset_build(&r, &o, NULL, 0) == 0)
			explain_loaded(out, r);
		else
			fputs("Indicators and rules do not load; tocsin check tells why.\n", out);
	}
	ruleset_put(r);
	names_fini(names);
}

void engine_explain_memory(FILE *out, const struct config *c)
{
	const struct evidence_config ec = {(uint32_t)c->table_cells, (uint32_t)c->table_entries,
					   (uint32_t)c->table_overflows,
					   (uint32_t)c->table_exact_max};
	struct evidence_part parts[EVIDENCE_PARTS];
	uint32_t threads = worker_threads(c), n = evidence_parts(&ec, parts);
	uint32_t batches = c->batches ? (uint32_t)c->batches : 4 + 2 * threads;
	uint64_t sum = 0;

	fprintf(out, "%-16s %10s %16s\n", "table", "count", "bytes");
	for (uint32_t i = 0; i < n; i++)
		sum += explain_row(out, parts[i].what, parts[i].count,
				   parts[i].count * parts[i].bytes_each);
	sum += explain_row(out, "partial", c->table_partial,
			   partial_bytes((uint32_t)c->table_partial));
	sum += explain_row(out, "batches", batches, (uint64_t)batches * (BATCH_BYTES + BATCH_PAD));
	sum += explain_row(out, "batch items", batches,
			   (uint64_t)batches * BATCH_ITEMS_MAX * sizeof(struct batch_item));
	if (c->retro_window)
		sum += explain_row(out, "seen, for retro", c->retro_memory / 8,
				   seen_bytes(c->retro_memory) + threads * sizeof(struct seen_view));
	if (c->history_dir[0])
		sum += explain_row(out, "history, at most", c->history_max, c->history_max * HISTORY_RECORD_BYTES);
	sum += explain_row(out, "workers", threads,
			   (uint64_t)threads * (sizeof(struct worker) + 2 * BATCH_BYTES));
	fprintf(out, "%-16s %10s %16llu\n", "sum", "", (unsigned long long)sum);
	fprintf(out,
		"The evidence table is in %s pages. A cell (%llu bytes) holds four hits of one\n"
		"origin itself; what outgrows it takes entries.\n",
		evidence_huge_pages(&ec) ? "huge" : "ordinary",
		(unsigned long long)(n ? parts[0].bytes_each : 0));
	explain_rules(out, c);
}

static void count_sigma(const struct ruleset_sigma *r, struct indicator_counts *out)
{
	out->rules += r->set.count;
	out->threats += r->set.count;
	out->sigma_rules = r->set.count;
	out->sigma_filters = r->set.filters;
	out->sigma_correlations = r->set.correlations;
	out->sigma_unrouted = r->unrouted;
}

void engine_indicator_counts(const struct engine *e, struct indicator_counts *out)
{
	const struct indicator_set *s = &e->rules.current->base->set;
	uint64_t *const by_kind[] = {
		[CONDITION_IP] = &out->ips,         [CONDITION_NETWORK] = &out->networks,
		[CONDITION_DOMAIN] = &out->domains, [CONDITION_URL] = &out->urls,
		[CONDITION_HASH] = &out->hashes,    [CONDITION_EMAIL] = &out->emails,
		[CONDITION_VALUE] = &out->values,   [CONDITION_PATTERN] = &out->patterns,
	};

	memset(out, 0, sizeof(*out));
	for (int kind = 0; kind <= CONDITION_PATTERN; kind++)
		if (kind != CONDITION_PORT)
			*by_kind[kind] = s->kinds[kind];
	out->indicators = s->atoms.count;
	for (uint32_t i = s->atoms.count; i < s->count; i++)
		++*(indicator_at(s, i).rule ? &out->rules : &out->indicators);
	out->threats = s->threats_named;
	count_sigma(e->rules.current->base->sigma, out);
	out->benign = s->benign_count;
	out->benign_lists = s->benign_list_count;
	out->feeds = s->feed_count;
	out->revoked = s->revoked;
	out->deleted = s->deleted;
	out->not_to_ids = s->not_to_ids;
}
