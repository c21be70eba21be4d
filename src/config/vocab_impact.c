#include "config/vocab_impact.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

static const struct {
	const char *field, *name;
	uint8_t unit;
} measures[IMPACT_MEASURE_COUNT] = {
#define X(id, field, name, unit) {field, name, IMPACT_##unit},
	IMPACT_MEASURES(X)
#undef X
};

static const char *const claims[IMPACT_CLAIM_COUNT] = {
#define X(id, name) [IMPACT_TYPE_##id] = name,
	IMPACT_ENTITY_TYPES(X)
#undef X
#define X(id, name) [IMPACT_CAUSE_##id] = name,
		IMPACT_CAUSES(X)
#undef X
#define X(id, name) [IMPACT_CLAIM_##id] = name,
			IMPACT_CLAIMS(X) IMPACT_DERIVED(X)
#undef X
};

static_assert(IMPACT_PAIRS < IMPACT_PAIR_CLAIMS && IMPACT_CLAIM_COUNT <= 64,
	      "a pair is 4 bits, a claim one of 64");

static bool same(const char *p, size_t len, const char *word)
{
	return strlen(word) == len && strncasecmp(p, word, len) == 0;
}

int vocab_impact_measure(const char *p, size_t len)
{
	for (int m = 0; m < IMPACT_MEASURE_COUNT; m++)
		if (same(p, len, measures[m].name))
			return m;
	return -1;
}

const char *vocab_impact_measure_name(int measure)
{
	assert(measure >= 0 && measure < IMPACT_MEASURE_COUNT);
	return measures[measure].name;
}

const char *vocab_impact_measure_field(int measure)
{
	assert(measure >= 0 && measure < IMPACT_MEASURE_COUNT);
	return measures[measure].field;
}

enum impact_unit vocab_impact_unit(int measure)
{
	assert(measure >= 0 && measure < IMPACT_MEASURE_COUNT);
	return measures[measure].unit;
}

static int find_claim(int from, int to, const char *p, size_t len)
{
	for (int c = from; c < to; c++)
		if (same(p, len, claims[c]))
			return c;
	return -1;
}

int vocab_impact_type(const char *p, size_t len)
{
	return find_claim(0, IMPACT_TYPES, p, len);
}

int vocab_impact_cause(const char *p, size_t len)
{
	return find_claim(IMPACT_CAUSE_FIRST, IMPACT_CLAIM_FIRST, p, len);
}

int vocab_impact_claim(const char *p, size_t len)
{
	return find_claim(IMPACT_CAUSE_FIRST, IMPACT_CLAIM_COUNT, p, len);
}

const char *vocab_impact_claim_name(int claim)
{
	assert(claim >= 0 && claim < IMPACT_CLAIM_COUNT);
	return claims[claim];
}

int64_t vocab_impact_severity(const char *p, size_t len)
{
	const int64_t large = (int64_t)IMPACT_BIT(IMPACT_CLAIM_LARGE);

	if (same(p, len, "red"))
		return large | (int64_t)IMPACT_BIT(IMPACT_CLAIM_VERY_LARGE);
	if (same(p, len, "yellow"))
		return large;
	return same(p, len, "green") || same(p, len, "white") ? 0 : -1;
}

/* A number of RFC 8259 as digits * 10^scale; tail: something but zeros was cut off. */
struct decimal {
	uint64_t digits;
	int64_t scale;
	bool tail;
};

#define DIGITS_MAX UINT64_C(100000000000000000) /* 17 digits: more than 32 bits and six decimals   \
						 */
#define SCALE_MAX 1000

static const char *take_digits(const char *p, const char *end, bool fraction, struct decimal *d)
{
	for (; p < end && *p >= '0' && *p <= '9'; p++) {
		bool room = d->digits < DIGITS_MAX;
		d->tail |= !room && *p != '0';
		if (room)
			d->digits = d->digits * 10 + (uint64_t)(*p - '0');
		d->scale += (room ? 0 : 1) - (fraction ? 1 : 0);
	}
	return p;
}

static const char *take_exponent(const char *p, const char *end, struct decimal *d)
{
	int64_t e = 0;
	bool minus = p < end && *p == '-';

	p += p < end && (*p == '-' || *p == '+');
	if (p == end)
		return NULL;
	for (; p < end && *p >= '0' && *p <= '9'; p++)
		e = e < SCALE_MAX ? e * 10 + (*p - '0') : e;
	d->scale += minus ? -e : e;
	return p;
}

static bool parse_decimal(const char *p, size_t len, struct decimal *d)
{
	const char *end = p + len, *from = p;

	*d = (struct decimal){0};
	p = take_digits(p, end, false, d);
	if (p == from)
		return false;
	if (p < end && *p == '.') {
		from = ++p;
		p = take_digits(p, end, true, d);
		if (p == from)
			return false;
	}
	if (p < end && (*p == 'e' || *p == 'E'))
		p = take_exponent(p + 1, end, d);
	return p == end;
}

bool vocab_impact_number(enum impact_unit unit, const char *p, size_t len, uint32_t *out)
{
	const uint64_t most = unit == IMPACT_SHARE ? IMPACT_SHARE_WHOLE : UINT32_MAX;
	struct decimal d;

	if (!parse_decimal(p, len, &d))
		return false;
	d.scale += unit == IMPACT_SHARE ? 4 : 0; /* percent to millionths */
	for (; d.scale > 0 && d.digits; d.scale--) {
		if (d.digits > most)
			return false;
		d.digits *= 10;
	}
	for (; d.scale < 0 && d.digits; d.scale++) {
		d.tail |= d.digits % 10 != 0;
		d.digits /= 10;
	}
	d.digits += d.tail;
	if (d.digits > most)
		return false;
	*out = (uint32_t)d.digits;
	return true;
}
