/* profile_read - one value, one mapping, one list of words; strictly. */
#include "correlate/profile_read.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/timestamp.h"

const char *profile_read_scalar(const yaml_node_t *node)
{
	return (const char *)node->data.scalar.value;
}

/* Text as a problem may quote it: short, and no control characters. */
const char *profile_read_quoted(const char *p, char out[48])
{
	size_t n = 0;

	for (; p[n] && n < 44; n++)
		out[n] = iscntrl((unsigned char)p[n]) ? '?' : p[n];
	strcpy(out + n, p[n] ? "..." : "");
	return out;
}

/* --- values ------------------------------------------------------------------ */

static void take_text(struct load *l, yaml_node_t *v, const struct key *k, void *at)
{
	size_t len = v->data.scalar.length;
	const char *p = profile_read_scalar(v);

	if (len == 0 || len >= k->size || strlen(p) != len) {
		REFUSE(l, v, "%s: wants text of 1..%zu bytes", k->name, k->size - 1);
		return;
	}
	for (size_t i = 0; i < len; i++) {
		if (k->type == ID && !isalnum((unsigned char)p[i]) && !strchr("._-", p[i])) {
			REFUSE(l, v, "%s: wants letters, digits, '.', '_' and '-' only", k->name);
			return;
		}
	}
	memcpy(at, p, len + 1);
}

/* Decimal digits alone: "0x10", "1e3", "-1" and "1_000" are no counts. */
static bool digits(const char *p, uint64_t *out)
{
	uint64_t n = 0;

	if (!*p)
		return false;
	for (; *p; p++) {
		if (!isdigit((unsigned char)*p) || n > (UINT64_MAX - 9) / 10)
			return false;
		n = n * 10 + (uint64_t)(*p - '0');
	}
	*out = n;
	return true;
}

static void take_whole(struct load *l, yaml_node_t *v, const struct key *k, void *at)
{
	uint64_t n;
	char q[48];

	if (!digits(profile_read_scalar(v), &n) || n < k->min || n > k->max) {
		REFUSE(l, v, "%s: wants a whole number %llu..%llu, not \"%s\"", k->name,
		       (unsigned long long)k->min, (unsigned long long)k->max,
		       profile_read_quoted(profile_read_scalar(v), q));
		return;
	}
	if (k->size == sizeof(uint64_t))
		*(uint64_t *)at = n;
	else
		*(uint32_t *)at = (uint32_t)n;
}

static void take_flag(struct load *l, yaml_node_t *v, const struct key *k, void *at)
{
	const char *p = profile_read_scalar(v);
	bool yes = strcmp(p, "true") == 0;
	char q[48];

	if (!yes && strcmp(p, "false") != 0)
		REFUSE(l, v, "%s: wants true or false, not \"%s\"", k->name,
		       profile_read_quoted(p, q));
	else
		*(bool *)at = yes;
}

static void take_span(struct load *l, yaml_node_t *v, const struct key *k, void *at)
{
	int64_t us = vocab_duration_parse(profile_read_scalar(v), v->data.scalar.length);
	char q[48];

	if (us < (int64_t)(k->min * k->unit) || us > (int64_t)(k->max * k->unit) ||
	    us % (int64_t)k->unit)
		REFUSE(l, v,
		       "%s: wants a duration of %llus..%llus, such as 90s, 30m, 24h, 7d, "
		       "not \"%s\"",
		       k->name, (unsigned long long)(k->min * k->unit / TIMESTAMP_SECOND),
		       (unsigned long long)(k->max * k->unit / TIMESTAMP_SECOND),
		       profile_read_quoted(profile_read_scalar(v), q));
	else
		*(int64_t *)at = us / (int64_t)k->unit;
}

/* A day: hours are what evidence is kept by, and a day begins with one. */
static bool take_day(struct load *l, yaml_node_t *v, const struct key *k, int64_t *us)
{
	char q[48];

	if (timestamp_parse(profile_read_scalar(v), v->data.scalar.length, us) &&
	    *us % TIMESTAMP_DAY == 0 && *us > 0)
		return true;
	REFUSE(l, v, "%s: wants a date such as 2024-10-18, not \"%s\"", k->name,
	       profile_read_quoted(profile_read_scalar(v), q));
	return false;
}

static void take_date(struct load *l, yaml_node_t *v, const struct key *k, void *at)
{
	int64_t us;

	if (take_day(l, v, k, &us))
		*(int64_t *)at = us;
}

static void take_last_day(struct load *l, yaml_node_t *v, const struct key *k, void *at)
{
	int64_t us;

	if (take_day(l, v, k, &us))
		*(int64_t *)at = us + TIMESTAMP_DAY;
}

static void take_severity(struct load *l, yaml_node_t *v, const struct key *k, void *at)
{
	int severity = vocab_severity_parse(profile_read_scalar(v), v->data.scalar.length);
	char q[48];

	if (severity < 0)
		REFUSE(l, v, "%s: wants low, medium or high, not \"%s\"", k->name,
		       profile_read_quoted(profile_read_scalar(v), q));
	else
		*(uint8_t *)at = (uint8_t)severity;
}

static void take_basis(struct load *l, yaml_node_t *v, const struct key *k, void *at)
{
	bool asserted = strcmp(profile_read_scalar(v), "asserted") == 0;
	char q[48];

	if (!asserted && strcmp(profile_read_scalar(v), "inferred") != 0)
		REFUSE(l, v, "%s: wants inferred or asserted, not \"%s\"", k->name,
		       profile_read_quoted(profile_read_scalar(v), q));
	else
		*(bool *)at = asserted;
}

static void take_annex(struct load *l, yaml_node_t *v, const struct key *k, void *at)
{
	uint64_t n;
	char q[48];

	if (!digits(profile_read_scalar(v), &n) || n > 2)
		REFUSE(l, v, "%s: wants 0 (any sector), 1 or 2, not \"%s\"", k->name,
		       profile_read_quoted(profile_read_scalar(v), q));
	else
		*(uint8_t *)at = (uint8_t)n;
}

static void take_applies(struct load *l, yaml_node_t *v, const struct key *k, void *at)
{
	const char *p = profile_read_scalar(v);
	bool of_union = strcmp(p, "union_entities") == 0;
	char q[48];

	if (!of_union && strcmp(p, "member_states") != 0)
		REFUSE(l, v, "%s: wants member_states or union_entities, not \"%s\"", k->name,
		       profile_read_quoted(p, q));
	else
		*(bool *)at = of_union;
}

/* --- measures ------------------------------------------------------------------ */

/* A threshold as evidence keeps the measure; false when it is none. */
static bool parse_measure(enum impact_unit unit, const char *p, size_t len, uint64_t *n)
{
	uint32_t share;
	int64_t us;

	switch (unit) {
	case IMPACT_COUNT:
		return digits(p, n);
	case IMPACT_SHARE:
		if (!len || p[len - 1] != '%' ||
		    !vocab_impact_number(IMPACT_SHARE, p, len - 1, &share))
			return false;
		*n = share;
		return true;
	default:
		us = vocab_duration_parse(p, len);
		*n = (uint64_t)us / (unit == IMPACT_SECONDS ? TIMESTAMP_SECOND : 1000);
		return us >= 0 && us % (unit == IMPACT_SECONDS ? TIMESTAMP_SECOND : 1000) == 0;
	}
}

static void refuse_measure(struct load *l, yaml_node_t *v, const struct key *k, uint64_t min,
			   uint64_t max)
{
	const unsigned long long from = min, to = max;
	const char *p = profile_read_scalar(v);
	char q[48];

	profile_read_quoted(p, q);
	switch (vocab_impact_unit((int)k->unit)) {
	case IMPACT_COUNT:
		REFUSE(l, v, "%s: wants a whole number %llu..%llu, not \"%s\"", k->name, from, to,
		       q);
		break;
	case IMPACT_SHARE:
		REFUSE(l, v,
		       "%s: wants a percentage from 0%% to below 100%%, such as 5%%, not \"%s\"",
		       k->name, q);
		break;
	case IMPACT_MILLISECONDS:
		REFUSE(l, v, "%s: wants a duration of %llums..%llums, such as 10s, not \"%s\"",
		       k->name, from, to, q);
		break;
	case IMPACT_SECONDS:
		REFUSE(l, v,
		       "%s: wants a duration of %llus..%llus, such as 90s, 30m, 24h, 7d, "
		       "not \"%s\"",
		       k->name, from, to, q);
	}
}

/* Whole numbers: more than n is at least n + 1. A share is kept rounded up, which
 * tells "more than" exactly and "at least" not at all. */
static void take_measure(struct load *l, yaml_node_t *v, const struct key *k, void *base)
{
	const enum impact_unit unit = vocab_impact_unit((int)k->unit);
	const uint64_t min = l->more ? 0 : 1, max = l->more ? k->max - 1 : k->max;
	struct demand *d = base;
	uint64_t n = 0;

	if (unit == IMPACT_SHARE && !l->more) {
		REFUSE(l, v, "%s: a share is asked for in more_than, as the law does", k->name);
		return;
	}
	if (!parse_measure(unit, profile_read_scalar(v), v->data.scalar.length, &n) || n < min ||
	    n > max) {
		refuse_measure(l, v, k, min, max);
		return;
	}
	n += l->more;
	uint64_t already = k->unit == IMPACT_USERS      ? d->users
			   : k->unit == IMPACT_DURATION ? d->duration_s
							: d->measure[k->unit];
	if (already)
		REFUSE(l, v, "%s: is in at_least and in more_than", k->name);
	else if (k->unit == IMPACT_USERS)
		d->users = n;
	else if (k->unit == IMPACT_DURATION)
		d->duration_s = n;
	else
		d->measure[k->unit] = (uint32_t)n;
}

void profile_read_value(struct load *l, yaml_node_t *v, const struct key *k, void *base)
{
	static void (*const take[])(struct load *, yaml_node_t *, const struct key *, void *) = {
		[TEXT] = take_text,         [ID] = take_text,         [WHOLE] = take_whole,
		[FLAG] = take_flag,         [SPAN] = take_span,       [DATE] = take_date,
		[SEVERITY] = take_severity, [BASIS] = take_basis,     [ANNEX] = take_annex,
		[LAST_DAY] = take_last_day, [APPLIES] = take_applies, [MEASURE] = take_measure,
	};

	if (k->type == INSIDE)
		k->inside(l, v, base);
	else if (v->type != YAML_SCALAR_NODE)
		REFUSE(l, v, "%s: wants one value", k->name);
	else
		take[k->type](l, v, k, (char *)base + k->offset);
}

/* --- mappings ------------------------------------------------------------------ */

static const struct key *find_key(const struct key *keys, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

static void refuse_key(struct load *l, yaml_node_t *node, const char *what, const struct key *keys,
		       size_t count)
{
	char list[512] = "", q[48];

	for (size_t i = 0, n = 0; i < count && n < sizeof(list); i++)
		n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s", i ? ", " : "",
				      keys[i].name);
	REFUSE(l, node, "%s: unknown key \"%s\"; known: %s", what,
	       node->type == YAML_SCALAR_NODE ? profile_read_quoted(profile_read_scalar(node), q)
					      : "(not text)",
	       list);
}

void profile_read_mapping(struct load *l, yaml_node_t *node, const char *what,
			  const struct key *keys, size_t count, void *base)
{
	uint32_t given = 0;

	if (node->type != YAML_MAPPING_NODE) {
		REFUSE(l, node, "%s: wants a mapping of keys to values", what);
		return;
	}
	for (yaml_node_pair_t *p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top;
	     p++) {
		yaml_node_t *k = yaml_document_get_node(&l->doc, p->key);
		yaml_node_t *v = yaml_document_get_node(&l->doc, p->value);
		const struct key *known = k->type == YAML_SCALAR_NODE
						  ? find_key(keys, count, profile_read_scalar(k))
						  : NULL;
		if (!known) {
			refuse_key(l, k, what, keys, count);
			continue;
		}
		uint32_t bit = 1u << (known - keys);
		if (given & bit)
			REFUSE(l, k, "%s: %s is given twice", what, known->name);
		given |= bit;
		profile_read_value(l, v, known, base);
	}
	for (size_t i = 0; i < count; i++)
		if (keys[i].required && !(given >> i & 1))
			REFUSE(l, node, "%s: %s is missing", what, keys[i].name);
}

void profile_read_words(struct load *l, yaml_node_t *node, const char *what,
			void (*word)(struct load *l, yaml_node_t *v, void *base), void *base)
{
	if (node->type == YAML_SCALAR_NODE) {
		word(l, node, base);
		return;
	}
	if (node->type != YAML_SEQUENCE_NODE ||
	    node->data.sequence.items.start == node->data.sequence.items.top) {
		REFUSE(l, node, "%s: wants a word, or a list of words", what);
		return;
	}
	for (yaml_node_item_t *i = node->data.sequence.items.start;
	     i < node->data.sequence.items.top; i++) {
		yaml_node_t *v = yaml_document_get_node(&l->doc, *i);
		if (v->type == YAML_SCALAR_NODE)
			word(l, v, base);
		else
			REFUSE(l, v, "%s: wants words", what);
	}
}
