/* How a rule was planned, in words. */
#include <math.h>
#include <string.h>

#include "match/sigma/sigma_plan_priv.h"
#include "match/sigma/sigma_read.h"

#define LITERALS_SHOWN 12
#define IDS_SHOWN      16

/* What a condition is made of, each value counted once for each place it stands in. */
struct parts {
	uint32_t values, regexes, negations, steps;
	const struct span *fields; /* the set's */
	uint64_t seen[SIGMA_FIELDS_MAX / 64];
};

static void count_item(struct parts *p, const struct sigma_item *item)
{
	if (item->field != SIGMA_FIELD_NONE)
		p->seen[item->field / 64] |= UINT64_C(1) << (item->field % 64);
	for (uint32_t i = 0; i < item->count; i++)
		for (uint32_t k = 0; k < item->choices[i].count; k++) {
			p->values++;
			p->regexes += item->choices[i].values[k].kind == SIGMA_REGEX;
		}
}

static void count_node(struct parts *p, const struct sigma_node *n)
{
	if (p->steps++ > SIGMA_VALUES_MAX)
		return;
	p->negations += n->kind == SIGMA_NOT;
	if (n->kind == SIGMA_ITEM)
		count_item(p, n->item);
	for (uint32_t i = 0; i < n->count; i++)
		count_node(p, n->children[i]);
}

static void put_span(struct text *out, const char *before, struct span s, const char *none)
{
	text_str(out, before);
	if (s.len)
		text_bytes(out, s.p, s.len);
	else
		text_str(out, none);
}

static void put_logsource(struct text *out, const struct sigma_logsource *l)
{
	put_span(out, "product ", l->product, "any");
	put_span(out, ", category ", l->category, "any");
	put_span(out, ", service ", l->service, "any");
	text_char(out, '\n');
}

static void put_tests(struct text *out, const char *before, const struct sigma_tests *tests)
{
	for (uint32_t i = 0; i < tests->count; i++) {
		const struct sigma_test *t = &tests->list[i];
		put_span(out, before, t->name, "");
		for (uint32_t k = 0; k < t->count; k++)
			put_span(out, k ? " or " : " ", t->values[k], "\"\"");
		text_str(out, t->count ? "" : " is there");
		before = ", ";
	}
}

/* Where records of the rule's log source come from, as field maps and sources tell it. */
static void put_routes(const struct sigma_plan *plan, uint32_t rule, struct text *out)
{
	const struct sigma_matcher *m = plan->m;
	uint32_t mapped = m->maps ? m->maps->route_count : 0, shown = 0, more = 0;

	for (uint32_t r = 0; r < m->routes; r++) {
		if (!(m->rules[(size_t)r * m->words + rule / 64] >> (rule % 64) & 1))
			continue;
		if (shown++ >= IDS_SHOWN) {
			more++;
			continue;
		}
		if (r >= mapped) {
			text_str(out, "  records of sources that state such a log source\n");
			continue;
		}
		const struct sigma_route *route = &m->maps->route[r];
		put_span(out, "  records of map ", m->maps->map[route->map].name, "without a name");
		put_tests(out, " with ", &route->when);
		put_tests(out, " unless ", &route->unless);
		text_char(out, '\n');
	}
	if (more)
		text_printf(out, "  and %u other kinds of records\n", more);
	if (shown == 0)
		text_str(
			out,
			"  no field map and no source has such records: the rule is never tried\n");
}

static void put_events(const struct sigma_events *e, struct text *out)
{
	if (e->any)
		return;
	text_str(out, "of those, events");
	for (uint32_t i = 0; i < e->count && i < IDS_SHOWN; i++)
		text_printf(out, "%s %u", i ? "," : "", e->id[i]);
	if (e->count > IDS_SHOWN)
		text_printf(out, " and %u others", e->count - IDS_SHOWN);
	text_char(out, '\n');
}

static void put_literals(const struct sigma_witness *w, struct text *out)
{
	for (uint32_t i = 0; i < w->count && i < LITERALS_SHOWN; i++) {
		text_str(out, "  ");
		text_bytes(out, w->literals[i].p, w->literals[i].len);
		text_char(out, '\n');
	}
	if (w->count > LITERALS_SHOWN)
		text_printf(out, "  and %u others\n", w->count - LITERALS_SHOWN);
}

static void put_witnesses(const struct sigma_witness *w, struct text *out)
{
	if (w[0].any) {
		text_str(out,
			 "nothing that could be looked for must be there: every such record is "
			 "parsed for this rule\n");
		return;
	}
	for (int i = 0; i < SIGMA_WITNESSES; i++) {
		if (w[i].any)
			continue;
		if (w[i].count == 0)
			text_str(out, "looked for in the raw bytes: nothing; what must be there "
				      "only \\u can "
				      "write\n");
		else
			text_printf(out, "%s (in about one record in %.0f):\n",
				    i ? "and one of"
				      : "looked for in the raw bytes, in any case, one of",
				    1 / fmin(1, fmax(w[i].share, 1e-9)));
		put_literals(&w[i], out);
	}
	text_str(out, "a record with \\u or \\/ in it is parsed without\n");
}

static void put_groups(const struct sigma_plan *plan, uint32_t rule, struct text *out)
{
	uint32_t groups = 0, rules = 0, literals = 0;

	for (uint32_t i = 0; i < plan->group_count; i++) {
		const struct sigma_group *g = &plan->groups[i];
		for (uint32_t k = 0; k < g->count; k++)
			if (g->rules[k] == rule && i != plan->all) {
				rules = groups && rules < g->count ? rules : g->count;
				literals =
					groups && literals < g->literals ? literals : g->literals;
				groups++;
			}
	}
	if (groups)
		text_printf(out,
			    "searched together with other rules in %u groups, the smallest of %u "
			    "rules and "
			    "%u literals\n",
			    groups, rules, literals);
}

void sigma_plan_explain(const struct sigma_plan *plan, uint32_t number, struct text *out)
{
	const struct sigma_set *set = plan->m->set;
	const struct sigma_rule *rule = &set->rules[number];
	static struct parts p;
	const char *comma = " of ";

	memset(&p, 0, sizeof(p));
	count_node(&p, rule->condition);
	text_printf(out, "rule:%s \"%s\" (%s:%u)\nlog source: ", rule->id.p, rule->title.p,
		    rule->file, rule->line);
	put_logsource(out, &rule->logsource);
	put_routes(plan, number, out);
	put_events(&plan->events[number], out);
	put_witnesses(plan->witnesses + (size_t)number * SIGMA_WITNESSES, out);
	put_groups(plan, number, out);
	text_printf(out, "verified after: %u values", p.values);
	for (uint32_t f = 0; f < set->field_count; f++)
		if (p.seen[f / 64] >> (f % 64) & 1) {
			put_span(out, comma, set->fields[f], "");
			comma = ", ";
		}
	if (p.regexes)
		text_printf(out, "; %u expressions by PCRE2, %u steps each at most", p.regexes,
			    SIGMA_REGEX_STEPS);
	if (p.negations)
		text_printf(out, "; %u negations", p.negations);
	text_char(out, '\n');
}
