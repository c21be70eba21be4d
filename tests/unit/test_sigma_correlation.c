/* Sigma correlations: what is read of a document, what refers to what, and which records
 * complete them, against an evaluator that looks at every window anew. */
#include "match/sigma/sigma_set.h"
#include "match/sigma/sigma_window.h"
#include "tap.h"

#include <math.h>

#include "base/text.h"
#include "base/timestamp.h"

/* ---- reading ---- */

static void dump(struct text *t, const struct sigma_set *s, const struct sigma_correlation *c)
{
	static const char *const signs[] = {">", ">=", "<", "<=", "=", "!="};
	static const char *const terms[] = {"", "&", "|", "!"};

	text_printf(t, "%s/%u %u %llds", c->meta.id.p, c->depth, c->type,
		    (long long)(c->timespan_us / TIMESTAMP_SECOND));
	for (uint32_t i = 0; i < c->reference_count; i++)
		text_printf(t, "%s%s%s", i ? "," : " of ", c->references[i].text.p,
			    c->references[i].correlation == SIGMA_NO_CORRELATION ? "" : "*");
	for (uint32_t i = 0; i < c->group_count; i++) {
		text_printf(t, "%s", i ? "," : " by ");
		for (uint32_t k = 0; k < c->reference_count; k++) {
			uint32_t f = c->groups[i].field[k];
			text_printf(t, "%s%s", k ? "/" : "",
				    f == SIGMA_FIELD_STATE ? "(state)" : s->fields[f].p);
		}
	}
	for (uint32_t i = 0; i < c->field_count; i++)
		text_printf(t, "%s%s", i ? "," : " values ", c->fields[i].name.p);
	for (uint32_t i = 0; i < c->criterion_count; i++)
		text_printf(t, " %s%Lg", signs[c->criteria[i].kind], c->criteria[i].number);
	for (uint32_t i = 0; i < c->term_count; i++) {
		if (c->terms[i].kind == SIGMA_TERM_RULE)
			text_printf(t, "%s%u", i ? "" : " ", c->terms[i].rule);
		else
			text_str(t, terms[c->terms[i].kind]);
	}
	if (c->type == SIGMA_VALUE_PERCENTILE && c->percentile >= 0)
		text_printf(t, " p%g", c->percentile);
	text_printf(t, "%s%s%s%s", c->undoable ? " undoable" : "", c->crosses ? " crosses" : "",
		    c->meta.referred ? " quiet" : "", c->profile.len ? " profile " : "");
	text_bytes(t, c->profile.p, c->profile.len);
	text_str(t, "; ");
}

static void reads(const char *yaml, const char *want, const char *name)
{
	struct problems ps;
	struct sigma_set s;
	struct text t;

	problems_init(&ps);
	text_init(&t);
	if (sigma_set_init(&s) || sigma_set_load(&s, "r.yml", yaml, strlen(yaml), &ps) ||
	    sigma_set_finish(&s, &ps))
		abort();
	for (uint32_t i = 0; i < s.chain.count; i++)
		dump(&t, &s, &s.chain.list[i]);
	for (uint32_t r = 0; r < s.count && s.chain.count; r++)
		for (uint32_t i = s.chain.first[r]; i < s.chain.first[r + 1]; i++)
			text_printf(&t, "%s%s>%s%s ", s.rules[r].id.p,
				    s.rules[r].referred ? "(quiet)" : "",
				    s.chain.list[s.chain.feeds[i].correlation].meta.id.p,
				    s.chain.feeds[i].via == SIGMA_NO_CORRELATION ? "" : "*");
	for (size_t i = 0; i < ps.count; i++)
		text_printf(&t, "%u: %s; ", ps.items[i].line, ps.items[i].reason);
	tap_str(t.p ? t.p : "", want, name);
	text_fini(&t);
	sigma_set_fini(&s);
	problems_fini(&ps);
}

#define RULE(id)                                                                                   \
	"title: " id "\nname: " id                                                                 \
	"\nlogsource: {product: p}\ndetection: {s: {f: 1}, condition: s}\n---\n"
#define MANY "title: m\nid: m\nname: many\n"

static void documents(void)
{
	reads(RULE("a") MANY
	      "correlation:\n  type: event_count\n  rules: [a]\n  group-by: [Host, User]\n"
	      "  timespan: 1h\n  condition:\n    gte: 100\n",
	      "m/0 0 3600s of a by Host,User >=100; a(quiet)>m ", "counts of events");
	reads(RULE("a") MANY
	      "correlation: {type: event_count, rules: a, group-by: Host, timespan: 90m,"
	      " condition: {gt: 100, lte: 200}, generate: true}\n",
	      "m/0 0 5400s of a by Host >100 <=200 undoable; a>m ", "a range; one name; generate");
	reads(RULE("a") MANY
	      "generate: true\ncorrelation: {type: value_count, rules: [a], timespan: 1d,"
	      " condition: {field: [User, Ip], gte: 3}}\n",
	      "m/0 1 86400s of a values User,Ip >=3; a>m ", "pairs of values");
	reads(RULE("a") RULE("b") MANY
	      "correlation: {type: temporal, rules: [a, b], timespan: 5m}\n",
	      "m/0 2 300s of a,b 01&; a(quiet)>m b(quiet)>m ", "all of them");
	reads(RULE("a") RULE("b") MANY "correlation: {type: temporal, rules: [a, b], timespan: 5m, "
				       "condition: not (a and b) OR b}\n",
	      "m/0 2 300s of a,b 01&!1| undoable; a(quiet)>m b(quiet)>m ", "a condition of names");
	reads(RULE("a") RULE("b") MANY
	      "correlation: {type: temporal_ordered, rules: [a, b], timespan: "
	      "10s, condition: a and b, group-by: [x, y], "
	      "aliases: {x: {a: p, b: q}}}\n",
	      "m/0 3 10s of a,b by p/q,y/y 01&; a(quiet)>m b(quiet)>m ", "in order, with an alias");
	reads(RULE("a") MANY "correlation: {type: value_avg, rules: [a], timespan: 5m, "
			     "condition: {field: n, gt: 1.5}}\n",
	      "m/0 5 300s of a values n >1.5 undoable; a(quiet)>m ", "a mean");
	reads(RULE("a") MANY "correlation: {type: value_percentile, rules: [a], timespan: 5m, "
			     "condition: {field: n, gt: 1, percentile: 95}}\n",
	      "m/0 6 300s of a values n >1 p95 undoable; a(quiet)>m ", "a percentile");
	reads(RULE("a") MANY
	      "tocsin:\n  profile: observed\ncorrelation: {type: value_count, rules: [a], "
	      "timespan: 1d, condition: {field: member_state, gte: 2}}\n",
	      "m/0 1 86400s of a values member_state >=2 crosses profile observed; a(quiet)>m ",
	      "the cross-border rule");
	reads(RULE("a") RULE("b") "title: c\nname: c\ncorrelation: {type: temporal_ordered, rules: "
				  "[many, b], "
				  "timespan: 5m}\n---\n" MANY
				  "correlation: {type: event_count, rules: [a], timespan: 5m, "
				  "condition: {gte: 9}}\n",
	      "m/0 0 300s of a >=9 quiet; c/1 3 300s of many*,b 01&; a(quiet)>m a(quiet)>c* "
	      "b(quiet)>c ",
	      "a chain, whoever comes first");
}

static void refusals(void)
{
	reads("title: a\nname: a\ncorrelation: {type: temporal, rules: [b], timespan: 5m}\n---\n"
	      "title: b\nname: b\ncorrelation: {type: temporal, rules: [c], timespan: 5m}\n---\n"
	      "title: c\nname: c\ncorrelation: {type: temporal, rules: [b], timespan: 5m}\n",
	      "5: a cycle of correlations: b rests on itself; 3: correlation refers to b, which is "
	      "not loaded; 11: correlation refers to b, which is not loaded; ",
	      "a cycle, and who refers to it");
	reads(RULE("a") "title: x\nid: a\nname: y\ncorrelation: {type: temporal, rules: [a], "
			"timespan: 5m}\n",
	      "6: rule id a is taken by another rule; ", "an id twice");
	reads(RULE("a") "title: x\nfoo: 1\ntocsin: {severity: 3}\ncorrelation: {type: temporal, "
			"rules: "
			"[a], timespan: 5m}\n",
	      "8: tocsin has no attribute \"severity\"; ", "our block is read strictly");
	reads(RULE("a") "title: x\ncorrelation: {type: value_percentile, rules: [a], timespan: 5m, "
			"condition: {field: n, gt: 1, percentile: 101}}\n",
	      "7: percentile is of value_percentile; accepted: 0 to 100; ", "beyond all");
	reads(RULE("a") "title: x\ncorrelation: {type: value_sum, rules: [a], timespan: 5m, "
			"condition: {field: [n, m], gt: 1}}\n",
	      "7: condition: one field, of numbers; ", "two fields to sum up");
}

/* ---- windows ---- */

static uint32_t seed = 5;

static uint32_t roll(uint32_t n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

#define MOMENTS 24

static int by_number(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double number(const struct sigma_moment *m)
{
	double d;

	memcpy(&d, &m->value, sizeof(d));
	return d;
}

/* Every chain of different moments, none before the one before, that takes the last. */
static bool chain(const struct sigma_moment *m, uint32_t n, uint32_t step, uint32_t steps,
		  uint32_t used, int64_t least)
{
	if (step == steps)
		return used >> (n - 1) & 1;
	for (uint32_t i = 0; i < n; i++)
		if (!(used >> i & 1) && m[i].there >> step & 1 && m[i].time_us >= least &&
		    chain(m, n, step + 1, steps, used | 1u << i, m[i].time_us))
			return true;
	return false;
}

static bool slow(const struct sigma_correlation *c, const struct sigma_moment *m, uint32_t n)
{
	double sorted[MOMENTS], sum = 0;
	uint32_t distinct = 0, mine = 0;
	uint64_t there = 0;

	for (uint32_t i = 0; i < n; i++) {
		bool again = false;
		for (uint32_t k = 0; k < i; k++)
			again |= m[k].value == m[i].value;
		distinct += !again;
		mine += m[i].value == m[n - 1].value;
		there |= m[i].there;
		sorted[i] = number(&m[i]);
		sum += sorted[i];
	}
	qsort(sorted, n, sizeof(*sorted), by_number);
	switch (c->type) {
	case SIGMA_EVENT_COUNT:
		return sigma_criteria_hold(c, n);
	case SIGMA_VALUE_COUNT:
		return sigma_criteria_hold(c, distinct);
	case SIGMA_TEMPORAL:
		return sigma_criteria_hold(c, __builtin_popcountll(there));
	case SIGMA_TEMPORAL_ORDERED:
		return chain(m, n, 0, c->reference_count, 0, INT64_MIN);
	case SIGMA_VALUE_SUM:
		return sigma_criteria_hold(c, sum);
	case SIGMA_VALUE_AVG:
		return sigma_criteria_hold(c, (long double)sum / n);
	}
	if (c->percentile < 0)
		return sigma_criteria_hold(c, 100.0L * mine / n);
	uint32_t rank = (uint32_t)ceil(c->percentile / 100 * n);
	return sigma_criteria_hold(c, sorted[rank ? rank - 1 : 0]);
}

static int by_time(const void *a, const void *b)
{
	const struct sigma_moment *x = a, *y = b;

	return (x->time_us > y->time_us) - (x->time_us < y->time_us);
}

static void windows(void)
{
	int wrong = 0, yes = 0, all = 0, rounds = TAP_SANITIZED ? 2000 : 20000;
	int64_t undecided = 0;

	for (int round = 0; round < rounds; round++) {
		struct sigma_moment m[MOMENTS];
		struct sigma_correlation c = {.type = (uint8_t)roll(SIGMA_CORRELATION_TYPES),
					      .timespan_us = (1 + roll(20)) * TIMESTAMP_SECOND,
					      .reference_count = 2 + roll(2),
					      .percentile = roll(2) ? (double)roll(101) : -1,
					      .criterion_count = 1 + roll(2)};
		uint32_t n = 1 + roll(c.type == SIGMA_TEMPORAL_ORDERED ? 8 : MOMENTS);
		for (uint32_t i = 0; i < c.criterion_count; i++)
			c.criteria[i] = (struct sigma_criterion){(uint8_t)roll(6), roll(8)};
		for (uint32_t i = 0; i < n; i++) {
			double d = roll(6) * 0.5;
			m[i] = (struct sigma_moment){.time_us = roll(40) * TIMESTAMP_SECOND,
						     .there = 1 +
							      roll((1u << c.reference_count) - 1)};
			memcpy(&m[i].value, &d, sizeof(d));
		}
		qsort(m, n, sizeof(*m), by_time);
		undecided += sigma_window_find(&c, m, n);
		for (uint32_t i = 0; i < n; i++) {
			uint32_t from = i;
			while (from > 0 && m[i].time_us - m[from - 1].time_us <= c.timespan_us)
				from--;
			bool want = slow(&c, m + from, i + 1 - from);
			wrong += m[i].completes != want || m[i].from != from;
			yes += want;
			all++;
		}
	}
	printf("# %d records, %d complete something\n", all, yes);
	tap_ok(wrong == 0 && undecided == 0,
	       "%d windows are as a look at each alone says (%d wrong)", all, wrong);
	tap_ok(yes * 10 > all && yes * 10 < all * 9, "of either answer there are many");
}

int main(void)
{
	documents();
	refusals();
	windows();
	return tap_done();
}
