/* What entities report: every word is read back, and numbers are kept rounded up. */
#include "config/vocab_impact.h"

#include <ctype.h>

#include "tap.h"

typedef int parse_fn(const char *p, size_t len);
typedef const char *name_fn(int value);

static int wrong_word(parse_fn *parse, name_fn *name, int v)
{
	char text[64];
	size_t len = strlen(name(v));

	memcpy(text, name(v), len + 1);
	int wrong = parse(text, len) != v || parse(text, len - 1) == v;
	for (size_t i = 0; i < len; i++)
		text[i] = (char)toupper((unsigned char)text[i]);
	text[len] = 'x';
	return wrong + (parse(text, len) != v || parse(text, len + 1) != -1);
}

static void words(void)
{
	int wrong = 0;

	for (int m = 0; m < IMPACT_MEASURE_COUNT; m++)
		wrong += wrong_word(vocab_impact_measure, vocab_impact_measure_name, m);
	tap_int(wrong, 0, "measures");
	for (int c = wrong = 0; c < IMPACT_CLAIM_COUNT; c++) {
		parse_fn *parse = c < IMPACT_TYPES         ? vocab_impact_type
				  : c < IMPACT_CLAIM_FIRST ? vocab_impact_cause
							   : vocab_impact_claim;
		wrong += wrong_word(parse, vocab_impact_claim_name, c);
	}
	tap_int(wrong, 0, "kinds of entity, causes, claims");
	const char *type = vocab_impact_claim_name(IMPACT_TYPE_DNS);
	const char *cause = vocab_impact_claim_name(IMPACT_CAUSE_HUMAN);
	tap_ok(vocab_impact_claim(type, strlen(type)) == -1 &&
		       vocab_impact_cause("death", 5) == -1 &&
		       vocab_impact_claim(cause, strlen(cause)) == IMPACT_CAUSE_HUMAN,
	       "a kind of entity is no claim; a cause is one, but a claim is no cause");
	const int64_t large = (int64_t)IMPACT_BIT(IMPACT_CLAIM_LARGE),
		      very = (int64_t)IMPACT_BIT(IMPACT_CLAIM_VERY_LARGE);
	tap_ok(vocab_impact_severity("Red", 3) == (large | very) &&
		       vocab_impact_severity("yellow", 6) == large &&
		       vocab_impact_severity("green", 5) == 0 &&
		       vocab_impact_severity("white", 5) == 0 &&
		       vocab_impact_severity("amber", 5) == -1,
	       "the colours: red is large too, amber is none of them");
}

static void numbers(void)
{
	static const struct {
		const char *text;
		enum impact_unit unit;
		int64_t want; /* -1 refused */
	} rows[] = {
		{"0", IMPACT_COUNT, 0},
		{"1", IMPACT_COUNT, 1},
		{"1.0", IMPACT_COUNT, 1},
		{"1.0000000000000000000000000000000000001", IMPACT_COUNT, 2},
		{"0.5", IMPACT_SECONDS, 1},
		{"1800.5", IMPACT_SECONDS, 1801},
		{"4294967295", IMPACT_COUNT, 4294967295},
		{"4294967295.1", IMPACT_COUNT, -1},
		{"4294967296", IMPACT_COUNT, -1},
		{"99999999999999999999999999999999", IMPACT_COUNT, -1},
		{"0000000000000000000000000000000007", IMPACT_COUNT, 7},
		{"1e6", IMPACT_COUNT, 1000000},
		{"1E+6", IMPACT_COUNT, 1000000},
		{"12.5e2", IMPACT_COUNT, 1250},
		{"1e-3", IMPACT_COUNT, 1},
		{"0e400", IMPACT_COUNT, 0},
		{"1e400", IMPACT_COUNT, -1},
		{"1e99999999999999999999", IMPACT_COUNT, -1},
		{"1e-99999999999999999999", IMPACT_COUNT, 1},
		{"100000000000000000000000000000e-23", IMPACT_COUNT, 1000000},
		{"5", IMPACT_SHARE, 50000},
		{"0.1", IMPACT_SHARE, 1000},
		{"0.10001", IMPACT_SHARE, 1001},
		{"5.00000001", IMPACT_SHARE, 50001},
		{"33.333333333333336", IMPACT_SHARE, 333334},
		{"100", IMPACT_SHARE, 1000000},
		{"100.0001", IMPACT_SHARE, -1},
		{"1e2", IMPACT_SHARE, 1000000},
		{"-1", IMPACT_COUNT, -1},
		{"-0", IMPACT_COUNT, -1},
		{"+1", IMPACT_COUNT, -1},
		{"", IMPACT_COUNT, -1},
		{".5", IMPACT_COUNT, -1},
		{"5.", IMPACT_COUNT, -1},
		{"1e", IMPACT_COUNT, -1},
		{"1e+", IMPACT_COUNT, -1},
		{"1 ", IMPACT_COUNT, -1},
		{"0x10", IMPACT_COUNT, -1},
		{"NaN", IMPACT_COUNT, -1},
		{"Infinity", IMPACT_COUNT, -1},
		{"true", IMPACT_COUNT, -1},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t n = 0;
		bool good =
			vocab_impact_number(rows[i].unit, rows[i].text, strlen(rows[i].text), &n);
		tap_int(good ? (long long)n : -1, rows[i].want, rows[i].text);
	}
}

/* Numbers as printed from parts of a millionth, against the same in whole arithmetic. */
static void rounding(void)
{
	uint64_t seed = 1;
	int wrong = 0;

	for (int i = 0; i < 100000; i++) {
		char text[64];
		uint32_t got;
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		uint64_t billionths = (seed >> 16) % 100000000001u; /* of a percent */
		snprintf(text, sizeof(text), "%llu.%09llu",
			 (unsigned long long)(billionths / 1000000000),
			 (unsigned long long)(billionths % 1000000000));
		uint64_t want = (billionths + 99999) / 100000;
		bool good = vocab_impact_number(IMPACT_SHARE, text, strlen(text), &got);
		wrong += !good || got != want;
	}
	tap_int(wrong, 0, "100,000 shares are rounded up");
}

int main(void)
{
	words();
	numbers();
	rounding();
	return tap_done();
}
