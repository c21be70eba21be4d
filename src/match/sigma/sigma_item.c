/* One detection item: a field, its modifiers, its values. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "match/sigma/sigma_read.h"

enum modifier {
	MOD_CONTAINS,
	MOD_STARTSWITH,
	MOD_ENDSWITH,
	MOD_ALL,
	MOD_RE,
	MOD_I,
	MOD_M,
	MOD_S,
	MOD_CASED,
	MOD_CIDR,
	MOD_EXISTS,
	MOD_BASE64,
	MOD_BASE64OFFSET,
	MOD_WIDE,
	MOD_UTF16LE,
	MOD_UTF16BE,
	MOD_UTF16,
	MOD_WINDASH,
	MOD_EXPAND,
	MOD_FIELDREF,
	MOD_GT,
	MOD_GTE,
	MOD_LT,
	MOD_LTE,
	MOD_NEQ,
	MOD_MINUTE,
	MOD_HOUR,
	MOD_DAY,
	MOD_WEEK,
	MOD_MONTH,
	MOD_YEAR,
	MODIFIERS
};

static const char *const names[MODIFIERS] = {
	"contains", "startswith",   "endswith", "all",	   "re",      "i",	 "m",
	"s",	    "cased",	    "cidr",	"exists",  "base64",  "base64offset",
	"wide",	    "utf16le",	    "utf16be",	"utf16",   "windash", "expand",	 "fieldref",
	"gt",	    "gte",	    "lt",	"lte",	   "neq",     "minute",	 "hour",
	"day",	    "week",	    "month",	"year",
};

#define BIT(m)	  (UINT64_C(1) << (m))
#define PLACES	  (BIT(MOD_CONTAINS) | BIT(MOD_STARTSWITH) | BIT(MOD_ENDSWITH))
#define REGEX	  (BIT(MOD_RE) | BIT(MOD_I) | BIT(MOD_M) | BIT(MOD_S))
#define COMPARES  (BIT(MOD_GT) | BIT(MOD_GTE) | BIT(MOD_LT) | BIT(MOD_LTE))
#define TIMES                                                                                      \
	(BIT(MOD_MINUTE) | BIT(MOD_HOUR) | BIT(MOD_DAY) | BIT(MOD_WEEK) | BIT(MOD_MONTH) |         \
	 BIT(MOD_YEAR))
#define ENCODINGS                                                                                  \
	(BIT(MOD_BASE64) | BIT(MOD_BASE64OFFSET) | BIT(MOD_WIDE) | BIT(MOD_UTF16LE) |              \
	 BIT(MOD_UTF16BE) | BIT(MOD_UTF16))
#define LOGIC (BIT(MOD_ALL) | BIT(MOD_NEQ))

/* What a modifier that changes the kind of a value may stand beside. */
static const struct {
	uint64_t of, beside;
	const char *told;
} companions[] = {
	{BIT(MOD_RE), REGEX | PLACES | LOGIC | BIT(MOD_EXPAND) | BIT(MOD_CASED),
	 "re goes with i, m, s, contains, startswith, endswith, expand, cased, all, neq"},
	{BIT(MOD_CIDR), BIT(MOD_CIDR) | BIT(MOD_EXPAND) | LOGIC, "cidr goes with expand, all, neq"},
	{BIT(MOD_EXISTS), BIT(MOD_EXISTS), "exists stands alone"},
	{BIT(MOD_FIELDREF), BIT(MOD_FIELDREF) | PLACES | LOGIC | BIT(MOD_CASED),
	 "fieldref goes with contains, startswith, endswith, cased, all, neq"},
	{COMPARES, COMPARES | TIMES | LOGIC, "gt, gte, lt, lte go with a part of time, all, neq"},
	{TIMES, COMPARES | TIMES | LOGIC, "a part of time goes with gt, gte, lt, lte, all, neq"},
};

#define CHAIN_MAX 16

struct chain {
	uint32_t line;
	struct span field;
	uint8_t order[CHAIN_MAX];
	uint32_t count;
	uint64_t set;
};

static bool has(const struct chain *c, uint64_t mask)
{
	return c->set & mask;
}

static int bits(uint64_t mask)
{
	return __builtin_popcountll(mask);
}

static int modifier_of(struct span name)
{
	for (int m = 0; m < MODIFIERS; m++)
		if (sigma_span_is(name, names[m]))
			return m;
	return -1;
}

static void add_modifier(struct sigma_reader *rd, struct chain *c, struct span name)
{
	int m = modifier_of(name);

	if (m < 0)
		sigma_refuse(rd, c->line, "unknown modifier \"%.*s\"",
			     (int)(name.len < 80 ? name.len : 80), name.p);
	else if (has(c, BIT(m)))
		sigma_refuse(rd, c->line, "modifier %s twice", names[m]);
	else if (c->count == CHAIN_MAX)
		sigma_refuse(rd, c->line, "too many modifiers; accepted: up to 16");
	else if (BIT(m) & (REGEX & ~BIT(MOD_RE)) && !has(c, BIT(MOD_RE)))
		sigma_refuse(rd, c->line, "modifier %s without re before it", names[m]);
	if (rd->bad)
		return;
	c->order[c->count++] = (uint8_t)m;
	c->set |= BIT(m);
}

static void check_chain(struct sigma_reader *rd, const struct chain *c)
{
	for (size_t i = 0; i < sizeof(companions) / sizeof(companions[0]); i++)
		if (has(c, companions[i].of) && has(c, ~companions[i].beside))
			sigma_refuse(rd, c->line, "modifiers that do not go together: %s",
				     companions[i].told);
	if (bits(c->set & COMPARES) > 1 || bits(c->set & TIMES) > 1)
		sigma_refuse(rd, c->line, "two comparisons, or two parts of time, in one item");
	if (c->field.len == 0 &&
	    has(c, BIT(MOD_EXISTS) | BIT(MOD_FIELDREF) | COMPARES | TIMES))
		sigma_refuse(rd, c->line, "a modifier that needs a field, and there is none");
}

static void read_chain(struct sigma_reader *rd, struct span key, struct chain *c)
{
	const char *p = key.p, *end = key.p + key.len;
	const char *bar = memchr(p, '|', key.len);

	c->field = (struct span){p, (uint32_t)((bar ? bar : end) - p)};
	while (bar && !rd->bad) {
		p = bar + 1;
		bar = memchr(p, '|', (size_t)(end - p));
		add_modifier(rd, c, (struct span){p, (uint32_t)((bar ? bar : end) - p)});
	}
	if (!rd->bad)
		check_chain(rd, c);
}

/* A number's text: integers in decimal, however they were written. */
static struct span number_text(struct sigma_reader *rd, const struct sigma_yaml *n)
{
	char text[64];
	int len;

	if (n->kind != SIGMA_YAML_INT)
		return n->text;
	len = snprintf(text, sizeof(text), "%.0Lf", sigma_yaml_number(n));
	if (len < 0 || (size_t)len >= sizeof(text)) {
		sigma_refuse(rd, n->line, "a number of too many digits");
		return n->text;
	}
	return sigma_pool_copy(rd->pool, text, (size_t)len);
}

static bool is_number(const struct sigma_yaml *n)
{
	return n->kind == SIGMA_YAML_INT || n->kind == SIGMA_YAML_FLOAT;
}

static void want(struct sigma_reader *rd, const struct sigma_yaml *n, bool ok, const char *what)
{
	if (!ok)
		sigma_refuse(rd, n->line, "%s, not %s", what, sigma_yaml_kind_name(n));
}

static void check_time(struct sigma_reader *rd, const struct chain *c, const struct sigma_yaml *n)
{
	static const struct {
		uint64_t of;
		int low, high;
	} ranges[] = {{BIT(MOD_MINUTE), 0, 59}, {BIT(MOD_HOUR), 0, 23}, {BIT(MOD_DAY), 1, 31},
		      {BIT(MOD_WEEK), 1, 53},	{BIT(MOD_MONTH), 1, 12}, {BIT(MOD_YEAR), 0, 9999}};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		if (!has(c, ranges[i].of))
			continue;
		long double v = sigma_yaml_number(n);
		if (v < ranges[i].low || v > ranges[i].high || n->kind != SIGMA_YAML_INT)
			sigma_refuse(rd, n->line, "no such part of time; accepted: %d to %d",
				     ranges[i].low, ranges[i].high);
	}
}

static enum sigma_compare compare_of(const struct chain *c)
{
	return has(c, BIT(MOD_LT))    ? SIGMA_LT
	       : has(c, BIT(MOD_LTE)) ? SIGMA_LTE
	       : has(c, BIT(MOD_GT))  ? SIGMA_GT
				      : SIGMA_GTE;
}

static void read_number(struct sigma_reader *rd, const struct chain *c, const struct sigma_yaml *n,
			struct sigma_value *v)
{
	want(rd, n, is_number(n), "gt, gte, lt, lte and parts of time compare with a number");
	if (rd->bad)
		return;
	check_time(rd, c, n);
	sigma_string_plain(rd, number_text(rd, n), v);
	v->kind = has(c, COMPARES) ? SIGMA_COMPARE : SIGMA_NUMBER;
	v->compare = (uint8_t)compare_of(c);
	v->number = sigma_yaml_number(n);
}

static void read_field(struct sigma_reader *rd, const struct chain *c, const struct sigma_yaml *n,
		       struct sigma_value *v)
{
	want(rd, n, n->kind == SIGMA_YAML_TEXT && n->text.len, "fieldref names a field");
	v->kind = SIGMA_FIELD;
	v->text = sigma_pool_copy(rd->pool, n->text.p, n->text.len);
	v->field = sigma_field(rd, v->text);
	v->contains = has(c, BIT(MOD_CONTAINS));
	v->starts = has(c, BIT(MOD_STARTSWITH));
	v->ends = has(c, BIT(MOD_ENDSWITH));
}

/* A text as the kind that the modifiers make of it. */
static void read_text(struct sigma_reader *rd, const struct chain *c, uint32_t line,
		      struct span raw, struct sigma_value *v)
{
	if (has(c, BIT(MOD_RE))) {
		v->kind = SIGMA_REGEX;
		v->text = sigma_pool_copy(rd->pool, raw.p, raw.len);
	} else if (has(c, BIT(MOD_CIDR))) {
		v->kind = SIGMA_CIDR;
		v->text = sigma_pool_copy(rd->pool, raw.p, raw.len);
		if (!network_parse(raw.p, raw.len, &v->network))
			sigma_refuse(rd, line, "\"%.*s\" is no network; accepted: address/bits",
				     (int)(raw.len < 80 ? raw.len : 80), raw.p);
	} else {
		sigma_string_parse(rd, raw, v);
	}
}

/* What the value stands for before the modifiers that transform it. */
static void read_value(struct sigma_reader *rd, const struct chain *c, const struct sigma_yaml *n,
		       struct sigma_values *out)
{
	struct sigma_value v = {.text = {"", 0}, .field = SIGMA_FIELD_NONE};
	struct span text = is_number(n) ? number_text(rd, n) : n->text;

	if (has(c, BIT(MOD_EXISTS))) {
		want(rd, n, n->kind == SIGMA_YAML_BOOL, "exists is true or false");
		v.kind = SIGMA_EXISTS;
		v.exists = n->text.len && (n->text.p[0] | 0x20) == 't';
	} else if (has(c, COMPARES | TIMES)) {
		read_number(rd, c, n, &v);
	} else if (has(c, BIT(MOD_FIELDREF))) {
		read_field(rd, c, n, &v);
	} else if (n->kind == SIGMA_YAML_NULL) {
		if (has(c, ~LOGIC) || c->field.len == 0)
			sigma_refuse(rd, n->line, "null is no text; accepted: with a field, and no "
						  "modifier but all and neq");
		v.kind = SIGMA_NULL;
	} else if (has(c, BIT(MOD_EXPAND))) {
		struct sigma_values texts = sigma_string_expand(rd, n->line, text);
		for (uint32_t i = 0; i < texts.count && !rd->bad; i++) {
			struct sigma_value one = v;
			read_text(rd, c, n->line, texts.v[i].text, &one);
			sigma_values_add(rd, out, &one);
		}
		return;
	} else if (n->kind == SIGMA_YAML_BOOL) {
		/* one spelling, whatever YAML allows */
		text = (n->text.p[0] | 0x20) == 't' ? (struct span){"true", 4}
						     : (struct span){"false", 5};
		read_text(rd, c, n->line, text, &v);
	} else {
		read_text(rd, c, n->line, text, &v);
		if (is_number(n) && v.kind == SIGMA_STRING) {
			v.kind = SIGMA_NUMBER;
			v.number = sigma_yaml_number(n);
		}
	}
	sigma_values_add(rd, out, &v);
}

static struct sigma_values encode(struct sigma_reader *rd, uint32_t line, enum modifier m,
				  const struct sigma_values *in)
{
	struct sigma_values out = {0};

	for (uint32_t i = 0; i < in->count && !rd->bad; i++) {
		struct sigma_value v = in->v[i];
		switch (m) {
		case MOD_BASE64OFFSET:
			sigma_encode_base64offset(rd, line, &v, &out);
			continue;
		case MOD_BASE64:
			sigma_encode_base64(rd, line, &v);
			break;
		default:
			sigma_encode_utf16(rd, line, &v,
					   m == MOD_UTF16BE ? SIGMA_UTF16_BE
					   : m == MOD_UTF16 ? SIGMA_UTF16_BOM
							    : SIGMA_UTF16_LE);
		}
		sigma_values_add(rd, &out, &v);
	}
	return out;
}

static bool has_dash(const struct sigma_value *v)
{
	for (uint32_t i = 0; i < v->part_count; i++)
		if (v->parts[i].kind == SIGMA_DASH)
			return true;
	return false;
}

static struct sigma_values spell_dashes(struct sigma_reader *rd, uint32_t line,
					const struct sigma_values *in)
{
	struct sigma_values out = {0};

	for (uint32_t i = 0; i < in->count && !rd->bad; i++) {
		if (has_dash(&in->v[i]))
			sigma_encode_dashes(rd, line, &in->v[i], &out);
		else
			sigma_values_add(rd, &out, &in->v[i]);
	}
	return out;
}

/* Where an expression must stand: a group of its own between anchors that no m moves. */
static void place_regex(struct sigma_reader *rd, struct sigma_value *v, bool starts, bool ends)
{
	char *p = sigma_alloc(rd, (size_t)v->text.len + 16, 1);

	if (!p || !(starts || ends))
		return;
	int n = sprintf(p, "%s(?:%s)%s", starts ? "\\A" : "", v->text.p, ends ? "\\z" : "");
	v->text = (struct span){p, (uint32_t)n};
}

static void place(struct sigma_reader *rd, struct sigma_value *v, enum modifier m)
{
	if (v->kind == SIGMA_REGEX) {
		place_regex(rd, v, m == MOD_STARTSWITH, m == MOD_ENDSWITH);
	} else if (v->kind == SIGMA_STRING || v->kind == SIGMA_NUMBER) {
		v->kind = SIGMA_STRING;
		sigma_string_wrap(rd, v, m != MOD_STARTSWITH, m != MOD_ENDSWITH);
	}
}

static void transform(struct sigma_reader *rd, uint32_t line, enum modifier m,
		      struct sigma_values *list)
{
	if (BIT(m) & ENCODINGS) {
		*list = spell_dashes(rd, line, list);
		*list = encode(rd, line, m, list);
	}
	for (uint32_t i = 0; i < list->count && !rd->bad; i++) {
		struct sigma_value *v = &list->v[i];
		if (BIT(m) & PLACES)
			place(rd, v, m);
		else if (m == MOD_WINDASH)
			sigma_string_dashes(rd, line, v);
		else if (m == MOD_I)
			v->caseless = true;
		else if (m == MOD_M)
			v->multiline = true;
		else if (m == MOD_S)
			v->dotall = true;
		if ((m == MOD_WINDASH || m == MOD_CASED) && v->kind == SIGMA_NUMBER)
			v->kind = SIGMA_STRING;
	}
}

/* After the last modifier: what evaluation needs. */
static void settle(struct sigma_reader *rd, const struct chain *c, uint32_t line,
		   struct sigma_value *v)
{
	if (v->kind == SIGMA_NUMBER && c->field.len == 0)
		v->kind = SIGMA_STRING;
	if (v->kind == SIGMA_STRING && c->field.len == 0 && !has(c, PLACES))
		sigma_string_wrap(rd, v, true, true);
	if ((v->kind == SIGMA_STRING || v->kind == SIGMA_NUMBER) && !has(c, BIT(MOD_CASED)))
		sigma_string_fold(rd, v);
	if (v->part_count > SIGMA_PARTS_MAX)
		sigma_refuse(rd, line, "too many wildcards; accepted: up to 256 parts of a string");
	if (v->kind == SIGMA_REGEX && !rd->bad)
		v->regex = sigma_regex_add(rd, line, v);
}

static struct sigma_choice read_choice(struct sigma_reader *rd, const struct chain *c,
				       const struct sigma_yaml *n)
{
	struct sigma_values list = {0};

	if (!sigma_yaml_is_scalar(n)) {
		sigma_refuse(rd, n->line, "%s as the value of a field; accepted: a value, or a list "
					  "of values", sigma_yaml_kind_name(n));
		return (struct sigma_choice){0};
	}
	read_value(rd, c, n, &list);
	for (uint32_t i = 0; i < c->count && !rd->bad; i++)
		transform(rd, n->line, (enum modifier)c->order[i], &list);
	for (uint32_t i = 0; i < list.count && !rd->bad; i++)
		settle(rd, c, n->line, &list.v[i]);
	return (struct sigma_choice){list.count, list.v};
}

static enum sigma_time_part time_part(const struct chain *c)
{
	return has(c, BIT(MOD_MINUTE))	? SIGMA_MINUTE
	       : has(c, BIT(MOD_HOUR))	? SIGMA_HOUR
	       : has(c, BIT(MOD_DAY))	? SIGMA_DAY
	       : has(c, BIT(MOD_WEEK))	? SIGMA_WEEK
	       : has(c, BIT(MOD_MONTH)) ? SIGMA_MONTH
	       : has(c, BIT(MOD_YEAR))	? SIGMA_YEAR
					: SIGMA_TIME_NONE;
}

static void check_list(struct sigma_reader *rd, const struct chain *c,
		       const struct sigma_yaml *const *values, uint32_t count)
{
	if (count == 0)
		sigma_refuse(rd, c->line, "no value");
	if (has(c, BIT(MOD_ALL)) && count == 1)
		sigma_refuse(rd, c->line, "all of a single value; accepted: a list of several");
	for (uint32_t i = 0; i < count && count > 1; i++)
		if (values[i]->kind == SIGMA_YAML_NULL)
			sigma_refuse(rd, values[i]->line, "null in a list of values; accepted: null "
							  "as the only value of a field");
}

const struct sigma_item *sigma_item_read(struct sigma_reader *rd, const struct sigma_yaml *key,
					 const struct sigma_yaml *const *values, uint32_t count)
{
	struct chain c = {.line = key ? key->line : count ? values[0]->line : rd->line,
			  .field = {"", 0}};
	struct sigma_item *item = sigma_alloc(rd, 1, sizeof(*item));
	struct sigma_choice *choices = sigma_alloc(rd, count + 1, sizeof(*choices));

	if (key)
		read_chain(rd, key->text, &c);
	if (!rd->bad)
		check_list(rd, &c, values, count);
	if (rd->bad || !item || !choices)
		return NULL;
	for (uint32_t i = 0; i < count && !rd->bad; i++)
		choices[i] = read_choice(rd, &c, values[i]);
	item->name = sigma_pool_copy(rd->pool, c.field.p, c.field.len);
	item->field = c.field.len ? sigma_field(rd, item->name) : SIGMA_FIELD_NONE;
	item->all = has(&c, BIT(MOD_ALL));
	item->cased = has(&c, BIT(MOD_CASED));
	item->negated = has(&c, BIT(MOD_NEQ));
	item->time_part = (uint8_t)time_part(&c);
	item->line = c.line;
	item->count = count;
	item->choices = choices;
	rd->keywords |= c.field.len == 0;
	return rd->bad ? NULL : item;
}
