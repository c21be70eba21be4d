/* Reading a correlation rule's document. */
#include "match/sigma/sigma_correlation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/timestamp.h"
#include "match/sigma/sigma_read.h"

static const char *const type_names[] = {"event_count",      "value_count", "temporal",
					 "temporal_ordered", "value_sum",   "value_avg",
					 "value_percentile", "value_median"};
static const char *const criterion_names[] = {"gt", "gte", "lt", "lte", "eq", "neq"};

/* Keys that the specification does not know may mean what we cannot guess. */
static void only_keys(struct sigma_reader *rd, const struct sigma_yaml *map, const char *what,
		      const char *const *known)
{
	for (uint32_t i = 0; i + 1 < map->count; i += 2) {
		const struct sigma_yaml *key = map->items[i];
		bool found = false;
		for (int k = 0; known[k]; k++)
			found |= sigma_span_is(key->text, known[k]);
		if (!found)
			sigma_refuse(rd, key->line, "%s has no attribute \"%.*s\"", what,
				     (int)(key->text.len < 80 ? key->text.len : 80), key->text.p);
	}
}

static bool is_text(const struct sigma_yaml *n)
{
	return n && sigma_yaml_is_scalar(n) && n->kind != SIGMA_YAML_NULL && n->text.len > 0;
}

/* A list of texts, or a text alone, as nodes; what: for a refusal. NULL when there is none. */
static struct sigma_yaml *const *texts(struct sigma_reader *rd, struct sigma_yaml *const *at,
				       const char *what, uint32_t max, uint32_t *count)
{
	const struct sigma_yaml *n = *at;
	struct sigma_yaml *const *items = at;

	*count = 1;
	if (n->kind == SIGMA_YAML_LIST) {
		items = n->items;
		*count = n->count;
	}
	if (*count > max)
		sigma_refuse(rd, n->line, "%s names too many; accepted: up to %u", what, max);
	for (uint32_t i = 0; i < *count && !rd->bad; i++)
		if (!is_text(items[i]))
			sigma_refuse(rd, items[i]->line, "%s is a list of names", what);
	return items;
}

static void read_type(struct sigma_reader *rd, const struct sigma_yaml *map,
		      struct sigma_correlation *c)
{
	const struct sigma_yaml *n = sigma_yaml_get(map, "type");

	c->percentile = -1;
	for (uint8_t i = 0; is_text(n) && i <= SIGMA_CORRELATION_TYPES; i++) {
		if (!sigma_span_is(n->text, type_names[i]))
			continue;
		c->type = i;
		if (i ==
		    SIGMA_CORRELATION_TYPES) { /* the specification's hint: a percentile of 50 */
			c->type = SIGMA_VALUE_PERCENTILE;
			c->percentile = 50;
		}
		return;
	}
	sigma_refuse(rd, n ? n->line : rd->line,
		     "correlation type; accepted: event_count, value_count, temporal, "
		     "temporal_ordered, value_sum, value_avg, value_percentile, value_median");
}

static void read_timespan(struct sigma_reader *rd, const struct sigma_yaml *map,
			  struct sigma_correlation *c)
{
	static const struct {
		char letter;
		int64_t us;
	} units[] = {{'s', TIMESTAMP_SECOND},
		     {'m', 60 * TIMESTAMP_SECOND},
		     {'h', TIMESTAMP_HOUR},
		     {'d', TIMESTAMP_DAY}};
	const struct sigma_yaml *n = sigma_yaml_get(map, "timespan");
	uint32_t i = 0;
	int64_t v = 0;

	while (is_text(n) && i < n->text.len && i < 8 && n->text.p[i] >= '0' && n->text.p[i] <= '9')
		v = v * 10 + n->text.p[i++] - '0';
	for (size_t u = 0; u < 4 && v > 0 && i + 1 == n->text.len; u++)
		if (n->text.p[i] == units[u].letter && v <= 3660 * TIMESTAMP_DAY / units[u].us)
			c->timespan_us = v * units[u].us;
	if (c->timespan_us == 0)
		sigma_refuse(rd, n ? n->line : map->line,
			     "timespan; accepted: a number and s, m, h or d, up to ten years");
}

static void read_references(struct sigma_reader *rd, const struct sigma_yaml *map,
			    struct sigma_correlation *c)
{
	struct sigma_yaml *n = sigma_yaml_get(map, "rules");
	uint32_t count = 0;

	if (!n || (n->kind == SIGMA_YAML_LIST && n->count == 0)) {
		sigma_refuse(rd, n ? n->line : map->line, "correlation names no rules");
		return;
	}
	struct sigma_yaml *const *items = texts(rd, &n, "rules", SIGMA_REFERENCES_MAX, &count);
	c->references = rd->bad ? NULL : sigma_alloc(rd, count, sizeof(*c->references));
	for (uint32_t i = 0; c->references && i < count; i++) {
		struct span text = sigma_pool_copy(rd->pool, items[i]->text.p, items[i]->text.len);
		for (uint32_t k = 0; k < i; k++)
			if (sigma_span_equal(c->references[k].text, text))
				sigma_refuse(rd, items[i]->line, "rules names %.*s twice",
					     (int)(text.len < 80 ? text.len : 80), text.p);
		c->references[c->reference_count++] =
			(struct sigma_reference){text, items[i]->line, SIGMA_NO_CORRELATION};
	}
}

/* The field that an alias means in records of that reference; NULL: it is no alias. */
static const struct sigma_yaml *alias(struct sigma_reader *rd, const struct sigma_yaml *map,
				      const struct sigma_yaml *name, struct span reference)
{
	const struct sigma_yaml *a = sigma_yaml_get(sigma_yaml_get(map, "aliases"), name->text.p);

	if (!a)
		return NULL;
	const struct sigma_yaml *field = sigma_yaml_get(a, reference.p);
	if (!is_text(field)) {
		sigma_refuse(rd, a->line, "alias %.*s has no field for rule %.*s",
			     (int)(name->text.len < 80 ? name->text.len : 80), name->text.p,
			     (int)(reference.len < 80 ? reference.len : 80), reference.p);
		return name;
	}
	return field;
}

static struct sigma_key *read_keys(struct sigma_reader *rd, const struct sigma_yaml *map,
				   struct sigma_yaml *n, const char *what,
				   struct sigma_correlation *c, uint32_t *count)
{
	*count = 0;
	if (!n || n->kind == SIGMA_YAML_NULL)
		return NULL;
	struct sigma_yaml *const *items = texts(rd, &n, what, SIGMA_KEYS_MAX, count);
	struct sigma_key *keys = rd->bad ? NULL : sigma_alloc(rd, *count + 1, sizeof(*keys));
	for (uint32_t i = 0; keys && i < *count && !rd->bad; i++) {
		keys[i].name = sigma_pool_copy(rd->pool, items[i]->text.p, items[i]->text.len);
		keys[i].field = sigma_alloc(rd, c->reference_count, sizeof(*keys[i].field));
		for (uint32_t r = 0; keys[i].field && r < c->reference_count; r++) {
			const struct sigma_yaml *field =
				alias(rd, map, items[i], c->references[r].text);
			struct span name = field ? field->text : keys[i].name;
			bool state = sigma_span_is(name, "member_state");
			keys[i].field[r] = state ? SIGMA_FIELD_STATE : sigma_field(rd, name);
			c->crosses |= state;
		}
	}
	return keys;
}

static void read_aliases(struct sigma_reader *rd, const struct sigma_yaml *map)
{
	const struct sigma_yaml *n = sigma_yaml_get(map, "aliases");

	if (!n || n->kind == SIGMA_YAML_NULL)
		return;
	if (n->kind != SIGMA_YAML_MAP)
		sigma_refuse(rd, n->line, "aliases is a map of names");
	for (uint32_t i = 1; !rd->bad && i < n->count; i += 2)
		if (n->items[i]->kind != SIGMA_YAML_MAP)
			sigma_refuse(rd, n->items[i]->line,
				     "an alias is a map of rules and fields");
}

/* ---- condition ---- */

static bool is_temporal(const struct sigma_correlation *c)
{
	return c->type == SIGMA_TEMPORAL || c->type == SIGMA_TEMPORAL_ORDERED;
}

static bool is_count(const struct sigma_correlation *c)
{
	return c->type == SIGMA_EVENT_COUNT || c->type == SIGMA_VALUE_COUNT || is_temporal(c);
}

static void read_criterion(struct sigma_reader *rd, const struct sigma_yaml *key,
			   const struct sigma_yaml *n, uint8_t kind, struct sigma_correlation *c)
{
	bool whole = n->kind == SIGMA_YAML_INT;
	long double v = whole || n->kind == SIGMA_YAML_FLOAT ? sigma_yaml_number(n) : NAN;

	if (isnan(v) || isinf(v) || (is_count(c) && (!whole || v < 0 || v > SIGMA_COUNT_MAX))) {
		sigma_refuse(rd, key->line, "%.*s is a number%s", (int)key->text.len, key->text.p,
			     is_count(c) ? "; accepted: 0 to 65,535" : "");
		return;
	}
	if (c->criterion_count < SIGMA_CRITERIA_MAX)
		c->criteria[c->criterion_count++] = (struct sigma_criterion){kind, v};
	/* a count only grows with what else is there */
	c->undoable |= !is_count(c) || kind > SIGMA_IS_GTE;
}

static void read_percentile(struct sigma_reader *rd, const struct sigma_yaml *n,
			    struct sigma_correlation *c)
{
	long double v = n->kind == SIGMA_YAML_INT || n->kind == SIGMA_YAML_FLOAT
				? sigma_yaml_number(n)
				: -1;

	if (c->type != SIGMA_VALUE_PERCENTILE || !(v >= 0 && v <= 100))
		sigma_refuse(rd, n->line, "percentile is of value_percentile; accepted: 0 to 100");
	c->percentile = (double)v;
}

static void read_map(struct sigma_reader *rd, const struct sigma_yaml *map,
		     const struct sigma_yaml *n, struct sigma_correlation *c)
{
	static const char *const known[] = {"gt",  "gte",   "lt",         "lte", "eq",
					    "neq", "field", "percentile", NULL};

	only_keys(rd, n, "condition", known);
	for (uint32_t i = 0; i + 1 < n->count && !rd->bad; i += 2) {
		for (uint8_t k = 0; k < 6; k++)
			if (sigma_span_is(n->items[i]->text, criterion_names[k]))
				read_criterion(rd, n->items[i], n->items[i + 1], k, c);
		if (sigma_span_is(n->items[i]->text, "percentile"))
			read_percentile(rd, n->items[i + 1], c);
	}
	if (c->criterion_count == 0)
		sigma_refuse(rd, n->line, "condition; accepted: gt, gte, lt, lte, eq, neq");
	c->fields = read_keys(rd, map, sigma_yaml_get(n, "field"), "field", c, &c->field_count);
}

/* A condition of names: or, and, not, parentheses. */
struct words {
	struct sigma_reader *rd;
	struct sigma_correlation *c;
	const char *p, *end;
	struct span word;
	uint32_t line, depth;
	struct sigma_term *terms;
};

static void next_word(struct words *w)
{
	while (w->p < w->end && strchr(" \t\r\n", *w->p))
		w->p++;
	const char *from = w->p;
	if (w->p < w->end && (*w->p == '(' || *w->p == ')'))
		w->p++;
	else
		while (w->p < w->end && !strchr(" \t\r\n()", *w->p))
			w->p++;
	w->word = (struct span){from, (uint32_t)(w->p - from)};
}

static bool take_word(struct words *w, const char *word)
{
	bool same = w->word.len == strlen(word) && strncasecmp(w->word.p, word, w->word.len) == 0;

	if (same)
		next_word(w);
	return same;
}

static void push(struct words *w, enum sigma_term_kind kind, uint32_t rule)
{
	if (w->c->term_count == SIGMA_TERMS_MAX)
		sigma_refuse(w->rd, w->line, "condition is too long; accepted: up to 256 terms");
	else if (!w->rd->bad)
		w->terms[w->c->term_count++] = (struct sigma_term){(uint8_t)kind, (uint8_t)rule};
}

static void either(struct words *w);

static void operand(struct words *w)
{
	if (++w->depth > SIGMA_DEPTH_MAX)
		sigma_refuse(w->rd, w->line, "condition is nested too deep");
	if (w->rd->bad)
		return;
	if (take_word(w, "not")) {
		operand(w);
		push(w, SIGMA_TERM_NOT, 0);
		w->c->undoable = true;
	} else if (take_word(w, "(")) {
		either(w);
		if (!take_word(w, ")"))
			sigma_refuse(w->rd, w->line, "condition: a parenthesis is not closed");
	} else {
		uint32_t i = 0;
		while (i < w->c->reference_count &&
		       !sigma_span_equal(w->c->references[i].text, w->word))
			i++;
		if (i == w->c->reference_count)
			sigma_refuse(w->rd, w->line,
				     "condition: \"%.*s\" where a name of rules is expected",
				     (int)(w->word.len < 80 ? w->word.len : 80), w->word.p);
		push(w, SIGMA_TERM_RULE, i);
		next_word(w);
	}
	w->depth--;
}

static void both(struct words *w)
{
	operand(w);
	while (!w->rd->bad && take_word(w, "and")) {
		operand(w);
		push(w, SIGMA_TERM_AND, 0);
	}
}

static void either(struct words *w)
{
	both(w);
	while (!w->rd->bad && take_word(w, "or")) {
		both(w);
		push(w, SIGMA_TERM_OR, 0);
	}
}

static void read_terms(struct sigma_reader *rd, const struct sigma_yaml *n,
		       struct sigma_correlation *c)
{
	struct words w = {.rd = rd,
			  .c = c,
			  .p = n->text.p,
			  .end = n->text.p + n->text.len,
			  .line = n->line,
			  .terms = sigma_alloc(rd, SIGMA_TERMS_MAX, sizeof(*w.terms))};

	if (!w.terms)
		return;
	c->terms = w.terms;
	next_word(&w);
	either(&w);
	if (w.word.len && !rd->bad)
		sigma_refuse(rd, n->line, "condition: \"%.*s\" where its end is expected",
			     (int)(w.word.len < 80 ? w.word.len : 80), w.word.p);
}

/* Without a condition all rules must be there. */
static void all_rules(struct sigma_reader *rd, struct sigma_correlation *c)
{
	struct sigma_term *t = sigma_alloc(rd, 2 * (size_t)c->reference_count, sizeof(*t));

	for (uint32_t i = 0; t && i < c->reference_count; i++) {
		t[c->term_count++] = (struct sigma_term){SIGMA_TERM_RULE, (uint8_t)i};
		if (i)
			t[c->term_count++] = (struct sigma_term){SIGMA_TERM_AND, 0};
	}
	c->terms = t;
}

static bool only_and(const struct sigma_correlation *c)
{
	uint32_t rules = 0;

	for (uint32_t i = 0; i < c->term_count; i++) {
		rules += c->terms[i].kind == SIGMA_TERM_RULE;
		if (c->terms[i].kind == SIGMA_TERM_OR || c->terms[i].kind == SIGMA_TERM_NOT)
			return false;
	}
	return rules == c->reference_count;
}

static void read_condition(struct sigma_reader *rd, const struct sigma_yaml *map,
			   struct sigma_correlation *c)
{
	const struct sigma_yaml *n = sigma_yaml_get(map, "condition");
	uint32_t line = n ? n->line : map->line;
	bool counts_values = !is_temporal(c) && c->type != SIGMA_EVENT_COUNT;

	if (n && n->kind == SIGMA_YAML_MAP)
		read_map(rd, map, n, c);
	else if (is_text(n) && is_temporal(c))
		read_terms(rd, n, c);
	else if (!n && is_temporal(c))
		all_rules(rd, c);
	else
		sigma_refuse(rd, line, n ? "condition is no map" : "correlation has no condition");
	if (rd->bad)
		return;
	if (counts_values && c->field_count == 0)
		sigma_refuse(rd, line, "condition names no field to take values from");
	else if (!counts_values && c->field_count)
		sigma_refuse(rd, line, "condition: this type of correlation has no field");
	else if (c->type != SIGMA_VALUE_COUNT && c->type != SIGMA_VALUE_PERCENTILE &&
		 c->field_count > 1)
		sigma_refuse(rd, line, "condition: one field, of numbers");
	else if (c->type == SIGMA_TEMPORAL_ORDERED && (c->criterion_count || !only_and(c)))
		sigma_refuse(rd, line,
			     "condition: temporal_ordered asks for all of its rules; accepted: "
			     "none, or all of them joined by and");
}

static void read_own(struct sigma_reader *rd, const struct sigma_yaml *doc,
		     struct sigma_correlation *c)
{
	static const char *const known[] = {"profile", NULL};
	const struct sigma_yaml *n = sigma_yaml_get(doc, "tocsin");

	c->profile = (struct span){"", 0};
	if (!n)
		return;
	if (n->kind != SIGMA_YAML_MAP) {
		sigma_refuse(rd, n->line, "tocsin is a map; accepted: profile");
		return;
	}
	only_keys(rd, n, "tocsin", known);
	const struct sigma_yaml *p = sigma_yaml_get(n, "profile");
	if (p && (!is_text(p) || p->text.len > 255))
		sigma_refuse(rd, p->line, "profile is the id of a significance profile");
	else if (p)
		c->profile = sigma_pool_copy(rd->pool, p->text.p, p->text.len);
}

static void read_generate(struct sigma_reader *rd, const struct sigma_yaml *doc,
			  const struct sigma_yaml *map, struct sigma_correlation *c)
{
	/* the specification shows it beside the correlation; converters look inside it */
	const struct sigma_yaml *n = sigma_yaml_get(map, "generate");

	n = n ? n : sigma_yaml_get(doc, "generate");
	if (n && n->kind != SIGMA_YAML_BOOL)
		sigma_refuse(rd, n->line, "generate; accepted: true, false");
	c->generate = n && (n->text.p[0] | 0x20) == 't';
}

void sigma_correlation_read(struct sigma_reader *rd, const struct sigma_yaml *doc)
{
	static const char *const known[] = {"type",     "rules",     "aliases",  "group-by",
					    "timespan", "condition", "generate", NULL};
	const struct sigma_yaml *map = sigma_yaml_get(doc, "correlation");
	struct sigma_correlation c = {.meta = {.file = rd->path, .line = rd->line}};

	sigma_meta_names(rd, doc, &c.meta);
	if (map->kind != SIGMA_YAML_MAP) {
		sigma_refuse(rd, map->line, "correlation is no map");
		return;
	}
	only_keys(rd, map, "correlation", known);
	read_type(rd, map, &c);
	read_timespan(rd, map, &c);
	read_references(rd, map, &c);
	read_aliases(rd, map);
	if (!rd->bad)
		c.groups = read_keys(rd, map, sigma_yaml_get(map, "group-by"), "group-by", &c,
				     &c.group_count);
	if (!rd->bad)
		read_condition(rd, map, &c);
	read_generate(rd, doc, map, &c);
	read_own(rd, doc, &c);
	if (!rd->bad)
		sigma_correlation_add(rd, &c);
}

bool sigma_criteria_hold(const struct sigma_correlation *c, long double number)
{
	for (uint32_t i = 0; i < c->criterion_count; i++) {
		long double than = c->criteria[i].number;
		bool holds[] = {[SIGMA_IS_GT] = number > than,  [SIGMA_IS_GTE] = number >= than,
				[SIGMA_IS_LT] = number < than,  [SIGMA_IS_LTE] = number <= than,
				[SIGMA_IS_EQ] = number == than, [SIGMA_IS_NEQ] = number != than};
		if (!holds[c->criteria[i].kind])
			return false;
	}
	return true;
}

bool sigma_terms_hold(const struct sigma_correlation *c, uint64_t there)
{
	bool stack[SIGMA_TERMS_MAX];
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->term_count; i++) {
		const struct sigma_term *t = &c->terms[i];
		if (t->kind == SIGMA_TERM_RULE) {
			stack[n++] = there >> t->rule & 1;
		} else if (t->kind == SIGMA_TERM_NOT) {
			stack[n - 1] = !stack[n - 1];
		} else {
			n--;
			stack[n - 1] = t->kind == SIGMA_TERM_AND ? stack[n - 1] && stack[n]
								 : stack[n - 1] || stack[n];
		}
	}
	return n == 1 && stack[0];
}
