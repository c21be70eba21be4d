#include "cmd/summary.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "correlate/assess.h"
#include "engine/engine_info.h"

#define SET_ASIDE_MAX 1024
#define SET_ASIDE_SHOWN 5

static double rate(uint64_t n, double seconds)
{
	return seconds > 0 ? (double)n / seconds : 0;
}

static void print_reasons(FILE *out, const struct ledger *l)
{
	for (int r = REASON_OK + 1; r < REASON_COUNT; r++) {
		uint64_t n = counter_get(&l->reason[r]);
		if (n)
			fprintf(out, "  %-9s %12llu  %s: %s\n",
				reason_is_drop(r) ? "dropped" : "rejected", (unsigned long long)n,
				reason_name(r), reason_doc(r));
	}
	if (counter_get(&l->unplaced))
		fprintf(out, "  %-9s %12llu  hits that found the evidence table full (table.cells, "
			     "table.entries)\n",
			"unplaced", (unsigned long long)counter_get(&l->unplaced));
}

static void print_partial(FILE *out, const struct ledger *l)
{
	const struct {
		const counter *n;
		const char *what;
	} rows[] = {{&l->partial_refused, "observations of rules of several records that found no "
					  "room (table.partial)"},
		    {&l->partial_dropped, "of these, in a stretch of time that had too many"},
		    {&l->undecided, "STIX patterns that took too much work to decide"}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (counter_get(rows[i].n))
			fprintf(out, "  %-9s %12llu  %s\n", "partial",
				(unsigned long long)counter_get(rows[i].n), rows[i].what);
}

static void print_over_share(FILE *out, const struct ledger *l)
{
	if (counter_get(&l->over_share))
		fprintf(out, "  %-9s %12llu  hits of sources past their share of the evidence table "
			     "(table.source_share)\n",
			"unplaced", (unsigned long long)counter_get(&l->over_share));
}

static void print_set_aside(FILE *out, struct engine *e)
{
	static struct set_aside rows[SET_ASIDE_MAX];
	uint32_t n = engine_set_aside(e, CLASS_NONE, rows, SET_ASIDE_MAX);

	for (uint32_t i = 0; i < n && i < SET_ASIDE_SHOWN; i++) {
		struct set_aside_text t;
		engine_set_aside_text(e, &rows[i], &t);
		const char *value = t.value[0] ? t.value : t.threat;
		fprintf(out, "  not raised  %s: seen in %s by %llu entities,\n"
			     "              but benign by \"%s\"\n",
			value, t.states, (unsigned long long)rows[i].entities, t.by);
	}
	if (n > SET_ASIDE_SHOWN)
		fprintf(out, "  not raised  and %u more benign values (--stats lists them)\n",
			n - SET_ASIDE_SHOWN);
}

void summary_print_counts(FILE *out, const struct summary *s)
{
	const struct ledger *l = s->ledger;
	uint64_t records = counter_get(&l->records), bytes = counter_get(&l->bytes);

	fprintf(out, "tocsin: %llu records, %.1f MB in %.2f s (%.0f records/s, %.1f MB/s)\n",
		(unsigned long long)records, (double)bytes / 1e6, s->seconds,
		rate(records, s->seconds), rate(bytes, s->seconds) / 1e6);
	fprintf(out, "  clean     %12llu\n  hit       %12llu  (%llu hits)\n",
		(unsigned long long)counter_get(&l->clean), (unsigned long long)counter_get(&l->hit),
		(unsigned long long)counter_get(&l->hits));
	print_reasons(out, l);
	print_over_share(out, l);
	print_partial(out, l);
	fprintf(out, "  in flight %12llu  %s\n", (unsigned long long)ledger_in_flight(l),
		ledger_in_flight(l) ? "THE LEDGER DOES NOT BALANCE" : "the ledger balances");
	fprintf(out, "  candidates %llu raised, %llu watch\n", (unsigned long long)s->raised,
		(unsigned long long)s->watch);
	fprintf(out, "  digest    %s\n", s->digest);
}

static void print_feedback(FILE *out, const struct feedback *f)
{
	for (int i = 0; i < FEEDBACK_COUNTERS; i++) {
		uint64_t n = feedback_counted(f, (enum feedback_count)i);
		if (n)
			fprintf(out, "  feedback  %12llu  %s\n", (unsigned long long)n,
				feedback_count_name((enum feedback_count)i));
	}
}

void summary_print(FILE *out, struct engine *e, const struct summary *s)
{
	summary_print_counts(out, s);
	print_feedback(out, engine_feedback(e));
	print_set_aside(out, e);
}

static void json_set_aside(struct text *t, struct engine *e)
{
	static struct set_aside rows[SET_ASIDE_MAX];
	uint32_t n = engine_set_aside(e, CLASS_NONE, rows, SET_ASIDE_MAX);

	text_str(t, ",\"suppressed\":[");
	for (uint32_t i = 0; i < n; i++) {
		struct set_aside_text s;
		engine_set_aside_text(e, &rows[i], &s);
		text_str(t, i ? ",{\"threat\":" : "{\"threat\":");
		text_json_str(t, s.threat);
		if (s.value[0]) {
			text_str(t, ",\"value\":");
			text_json_str(t, s.value);
		}
		text_str(t, ",\"list\":");
		text_json_str(t, s.by);
		text_str(t, ",\"states\":");
		text_json_str(t, s.states);
		text_printf(t, ",\"entities\":%llu,\"records\":%llu,\"would_raise\":%s}",
			    (unsigned long long)rows[i].entities, (unsigned long long)rows[i].records,
			    rows[i].would_raise ? "true" : "false");
	}
	text_char(t, ']');
}

static void json_feedback(struct text *t, const struct feedback *f)
{
	text_str(t, ",\"feedback\":{");
	for (int i = 0; i < FEEDBACK_COUNTERS; i++)
		text_printf(t, "%s\"%s\":%llu", i ? "," : "",
			    feedback_count_name((enum feedback_count)i),
			    (unsigned long long)feedback_counted(f, (enum feedback_count)i));
	text_char(t, '}');
}

static void json(struct text *t, struct engine *e, const struct summary *s)
{
	const struct ledger *l = s->ledger;

	text_printf(t,
		    "{\"event_type\":\"stats\",\"records\":%llu,\"bytes\":%llu,\"seconds\":%.6f,"
		    "\"hits\":%llu,\"candidates\":%llu,\"raised\":%llu,\"watch\":%llu,"
		    "\"inputs\":%u,\"inputs_failed\":%u,\"ledger\":",
		    (unsigned long long)counter_get(&l->records),
		    (unsigned long long)counter_get(&l->bytes), s->seconds,
		    (unsigned long long)counter_get(&l->hits),
		    (unsigned long long)(s->raised + s->watch), (unsigned long long)s->raised,
		    (unsigned long long)s->watch, s->inputs, s->inputs_failed);
	ledger_json(t, l);
	text_printf(t,
		    ",\"suppressed_hits\":%llu,\"claims_ignored\":%llu,"
		    "\"assertions_ignored\":%llu,\"campaigns_refused\":%llu,\"unplaced_hits\":%llu,"
		    "\"over_share_hits\":%llu,"
		    "\"hit_overflow\":%llu,\"field_overflow\":%llu,"
		    "\"patterns_undecided\":%llu,\"partial_refused\":%llu,"
		    "\"partial_dropped\":%llu",
		    (unsigned long long)counter_get(&l->suppressed),
		    (unsigned long long)counter_get(&l->claims_ignored),
		    (unsigned long long)counter_get(&l->assertions_ignored),
		    (unsigned long long)counter_get(&l->campaigns_refused),
		    (unsigned long long)counter_get(&l->unplaced),
		    (unsigned long long)counter_get(&l->over_share),
		    (unsigned long long)counter_get(&l->hit_overflow),
		    (unsigned long long)counter_get(&l->field_overflow),
		    (unsigned long long)counter_get(&l->undecided),
		    (unsigned long long)counter_get(&l->partial_refused),
		    (unsigned long long)counter_get(&l->partial_dropped));
	json_set_aside(t, e);
	engine_info_json(t, e);
	json_feedback(t, engine_feedback(e));
	text_printf(t, ",\"digest\":\"%s\"}\n", s->digest);
}

int summary_write(const char *path, struct engine *e, const struct summary *s)
{
	struct text t;
	FILE *f = strcmp(path, "-") == 0 ? stdout : fopen(path, "wb");

	if (!f)
		return -errno;
	text_init(&t);
	json(&t, e, s);
	int err = t.error;
	if (!err && fwrite(t.p, 1, t.len, f) != t.len)
		err = -errno;
	if ((f == stdout ? fflush(f) : fclose(f)) && !err)
		err = -errno;
	text_fini(&t);
	return err;
}

void progress_init(struct progress *p, bool quiet)
{
	p->terminal = !quiet && isatty(STDERR_FILENO);
	p->drawn_ns = 0;
	p->started_ns = clock_monotonic_ns();
}

static int columns(void)
{
	struct winsize w;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 40 ? w.ws_col : 80;
}

void progress_draw(struct progress *p, uint64_t done, uint64_t total, uint64_t records,
		   uint64_t hits)
{
	uint64_t now = clock_monotonic_ns();
	char bar[64], text[128];

	if (!p->terminal || now - p->drawn_ns < 100000000u)
		return;
	p->drawn_ns = now;
	double seconds = (double)(now - p->started_ns) / 1e9;
	double part = total ? (double)done / (double)total : 0;
	part = part > 1 ? 1 : part;
	snprintf(text, sizeof(text), " %3.0f %% %8.1f MB/s %10llu records %8llu hits", part * 100,
		 rate(done, seconds) / 1e6, (unsigned long long)records, (unsigned long long)hits);
	int width = columns() - (int)strlen(text) - 4;
	width = width > 40 ? 40 : width < 0 ? 0 : width;
	int full = (int)(part * width);
	for (int i = 0; i < width; i++)
		bar[i] = i < full ? '#' : '.';
	bar[width] = '\0';
	fprintf(stderr, "\r[%s]%s", bar, text);
	fflush(stderr);
}

void progress_clear(struct progress *p)
{
	if (p->terminal && p->drawn_ns)
		fprintf(stderr, "\r\033[K");
}
