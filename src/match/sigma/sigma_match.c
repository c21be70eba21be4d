/* Rules evaluated on the record at hand, straight along their trees. */
#include <stdlib.h>
#include <string.h>

#include "base/timestamp.h"
#include "decode/ascii.h"
#include "match/sigma/sigma_bind.h"
#include "match/sigma/sigma_read.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct eval {
	const struct sigma_matcher *m;
	struct sigma_scratch *sc;
	struct span value; /* of the first field that fitted */
	bool has_value;
};

/* A whole text as a decimal number: [-+]?digits[.digits][e[-+]digits]. */
static bool number_of(struct span s, long double *out)
{
	char text[64];
	size_t i = 0, digits = 0;

	if (s.len == 0 || s.len >= sizeof(text))
		return false;
	i += s.p[0] == '-' || s.p[0] == '+';
	for (; i < s.len && ascii_digit(s.p[i]); i++)
		digits++;
	if (i < s.len && s.p[i] == '.')
		for (i++; i < s.len && ascii_digit(s.p[i]); i++)
			digits++;
	if (digits == 0)
		return false;
	if (i < s.len && (s.p[i] == 'e' || s.p[i] == 'E')) {
		i++;
		i += i < s.len && (s.p[i] == '-' || s.p[i] == '+');
		size_t from = i;
		while (i < s.len && ascii_digit(s.p[i]))
			i++;
		if (i == from)
			return false;
	}
	if (i != s.len)
		return false;
	memcpy(text, s.p, s.len);
	text[s.len] = '\0';
	*out = strtold(text, NULL);
	return true;
}

static bool compare(long double x, uint8_t how, long double y)
{
	switch (how) {
	case SIGMA_LT:
		return x < y;
	case SIGMA_LTE:
		return x <= y;
	case SIGMA_GT:
		return x > y;
	default:
		return x >= y;
	}
}

static int two_digits(const char *p)
{
	return ascii_digit(p[0]) && ascii_digit(p[1]) ? (p[0] - '0') * 10 + p[1] - '0' : -1;
}

struct civil {
	int year, month, day, hour, minute; /* hour -1: a date without a time */
};

/* "YYYY-MM-DD", then blank or 'T' and "hh:mm": as it stands, its zone is not looked at. */
static bool read_civil(struct span s, struct civil *c)
{
	if (s.len < 10 || s.p[4] != '-' || s.p[7] != '-')
		return false;
	int century = two_digits(s.p), year = two_digits(s.p + 2);
	*c = (struct civil){century * 100 + year, two_digits(s.p + 5), two_digits(s.p + 8), -1, -1};
	if (century < 0 || year < 0 || c->month < 1 || c->month > 12 || c->day < 1 || c->day > 31)
		return false;
	if (s.len == 10)
		return true;
	if (s.len < 16 || (s.p[10] != ' ' && s.p[10] != 'T' && s.p[10] != 't') || s.p[13] != ':')
		return false;
	c->hour = two_digits(s.p + 11);
	c->minute = two_digits(s.p + 14);
	return c->hour >= 0 && c->hour < 24 && c->minute >= 0 && c->minute < 60;
}

static int64_t day_number(int year, int month, int day)
{
	return timestamp_civil(year, month, day, 0, 0, 0) / 86400;
}

/* ISO 8601: the week of the year whose Thursday it has. 1970-01-01 was one. */
static int week_of(const struct civil *c)
{
	int64_t day = day_number(c->year, c->month, c->day);
	int64_t weekday = ((day + 3) % 7 + 7) % 7; /* Monday is 0 */
	int64_t thursday = day - weekday + 3;
	int year = c->year;

	if (thursday < day_number(year, 1, 1))
		year--;
	else if (thursday >= day_number(year + 1, 1, 1))
		year++;
	return (int)((thursday - day_number(year, 1, 1)) / 7) + 1;
}

static bool time_part_of(struct span s, uint8_t part, long double *out)
{
	struct civil c;

	if (!read_civil(s, &c))
		return false;
	int parts[] = {[SIGMA_MINUTE] = c.minute, [SIGMA_HOUR] = c.hour,   [SIGMA_DAY] = c.day,
		       [SIGMA_WEEK] = 0,	  [SIGMA_MONTH] = c.month, [SIGMA_YEAR] = c.year};
	if (part == SIGMA_WEEK)
		parts[SIGMA_WEEK] = week_of(&c);
	*out = parts[part];
	return parts[part] >= 0;
}

static struct span text_for(struct sigma_scratch *sc, const struct sigma_item *item,
			    struct sigma_field_value *v)
{
	return item->cased ? v->text : sigma_folded(sc, v);
}

static bool number_fits(struct eval *e, const struct sigma_item *item, const struct sigma_value *x,
			struct sigma_field_value *v)
{
	long double n;

	/* a number equals a number whatever its spelling, a text only as text */
	if (x->kind == SIGMA_NUMBER && !item->time_part && v->kind != JSON_KIND_NUMBER)
		return sigma_parts_match(x->parts, x->part_count, text_for(e->sc, item, v));
	if (!(item->time_part ? time_part_of(v->text, item->time_part, &n)
			      : number_of(v->text, &n)))
		return false;
	return x->kind == SIGMA_NUMBER ? n == x->number : compare(n, x->compare, x->number);
}

static bool placed(struct span in, struct span what, const struct sigma_value *x)
{
	if (what.len > in.len)
		return false;
	if (x->contains)
		return what.len == 0 || memmem(in.p, in.len, what.p, what.len);
	if (x->starts || x->ends)
		return (x->starts && memcmp(in.p, what.p, what.len) == 0) ||
		       (x->ends && memcmp(in.p + in.len - what.len, what.p, what.len) == 0);
	return in.len == what.len && memcmp(in.p, what.p, in.len) == 0;
}

/* Any value of the other field. */
static bool field_fits(struct eval *e, const struct sigma_item *item, const struct sigma_value *x,
		       struct sigma_field_value *v)
{
	bool there;

	for (uint32_t n = sigma_slot(e->m, e->sc, x->field, &there); n; n = e->sc->value[n - 1].next) {
		struct sigma_field_value *other = &e->sc->value[n - 1];
		if (other->kind != JSON_KIND_NULL &&
		    placed(text_for(e->sc, item, v), text_for(e->sc, item, other), x))
			return true;
	}
	return false;
}

static bool value_fits(struct eval *e, const struct sigma_item *item, const struct sigma_value *x,
		       struct sigma_field_value *v)
{
	struct address a;
	int found;

	if (v->kind == JSON_KIND_NULL)
		return false;
	switch (x->kind) {
	case SIGMA_STRING:
		return sigma_parts_match(x->parts, x->part_count, text_for(e->sc, item, v));
	case SIGMA_NUMBER:
	case SIGMA_COMPARE:
		return number_fits(e, item, x, v);
	case SIGMA_REGEX:
		found = sigma_regex_find(&e->m->set->regexes, e->sc->regex, x->regex, v->text.p,
					 v->text.len);
		e->sc->gave_up += found < 0;
		return found > 0;
	case SIGMA_CIDR:
		return address_parse(v->text.p, v->text.len, &a) &&
		       network_contains(&x->network, &a);
	default:
		return field_fits(e, item, x, v);
	}
}

static void remember(struct eval *e, const struct sigma_item *item,
		     const struct sigma_field_value *v)
{
	if (e->has_value || item->negated)
		return;
	e->value = v->text;
	e->has_value = true;
}

/* Every value of the record for keywords, else those of the field. */
static bool any_value_fits(struct eval *e, const struct sigma_item *item,
			   const struct sigma_value *x, uint32_t first)
{
	struct sigma_scratch *sc = e->sc;
	const bool keywords = item->field == SIGMA_FIELD_NONE;
	uint32_t n = keywords ? sc->value_count != 0 : first;

	while (n) {
		struct sigma_field_value *v = &sc->value[n - 1];
		if (value_fits(e, item, x, v)) {
			remember(e, item, v);
			return true;
		}
		n = !keywords ? v->next : n < sc->value_count ? n + 1 : 0;
	}
	return false;
}

static bool all_null(const struct sigma_scratch *sc, uint32_t first)
{
	for (uint32_t n = first; n; n = sc->value[n - 1].next)
		if (sc->value[n - 1].kind != JSON_KIND_NULL)
			return false;
	return true;
}

static bool choice_fits(struct eval *e, const struct sigma_item *item,
			const struct sigma_choice *c)
{
	bool there = false;
	uint32_t first = item->field == SIGMA_FIELD_NONE
				 ? 0
				 : sigma_slot(e->m, e->sc, item->field, &there);

	for (uint32_t i = 0; i < c->count; i++) {
		const struct sigma_value *x = &c->values[i];
		bool fits = x->kind == SIGMA_EXISTS ? there == x->exists
			    : x->kind == SIGMA_NULL ? !there || (first && all_null(e->sc, first))
						    : any_value_fits(e, item, x, first);
		if (fits)
			return true;
	}
	return false;
}

static bool item_fits(struct eval *e, const struct sigma_item *item)
{
	bool fits = item->all;

	for (uint32_t i = 0; i < item->count && fits == item->all; i++)
		fits = choice_fits(e, item, &item->choices[i]);
	return fits != item->negated;
}

/* What a branch remembered stands only when the branch does. */
static bool node_fits(struct eval *e, const struct sigma_node *n)
{
	struct span value = e->value;
	bool has_value = e->has_value, fits;

	switch (n->kind) {
	case SIGMA_ITEM:
		fits = item_fits(e, n->item);
		break;
	case SIGMA_NOT:
		fits = !node_fits(e, n->children[0]);
		e->value = value;
		e->has_value = has_value;
		return fits;
	default:
		fits = n->kind == SIGMA_AND;
		for (uint32_t i = 0; i < n->count && fits == (n->kind == SIGMA_AND); i++)
			fits = node_fits(e, n->children[i]);
	}
	if (!fits) {
		e->value = value;
		e->has_value = has_value;
	}
	return fits;
}

bool sigma_match_rule(const struct sigma_matcher *m, struct sigma_scratch *sc, uint32_t rule,
		      struct span *value)
{
	struct eval e = {.m = m, .sc = sc, .value = {"", 0}};
	bool fits = node_fits(&e, m->set->rules[rule].condition);

	*value = e.value;
	return fits;
}

void sigma_match(const struct sigma_matcher *m, struct sigma_scratch *sc, struct sigma_result *out)
{
	struct span value;

	out->hits = out->overflow = 0;
	sc->gave_up = 0;
	for (uint32_t w = 0; w < m->words; w++)
		for (uint64_t bits = sc->rules[w]; bits; bits &= bits - 1) {
			uint32_t rule = w * 64 + (uint32_t)__builtin_ctzll(bits);
			if (!sigma_match_rule(m, sc, rule, &value))
				continue;
			if (out->hits == COUNT(out->hit))
				out->overflow++;
			else
				out->hit[out->hits++] = (struct sigma_hit){rule, value};
		}
	out->gave_up = sc->gave_up;
	out->overflow += sc->overflow;
}
