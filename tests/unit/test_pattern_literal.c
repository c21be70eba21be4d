/* What a pattern cannot do without, by example. */
#include "match/pattern_literal.h"
#include "tap.h"
#include "test_matcher_set.h"

static void regex(const char *re, unsigned flags, enum observable_type type, const char *want)
{
	struct condition c = {.kind = CONDITION_PATTERN,
			      .type = (uint8_t)type,
			      .hs_flags = flags,
			      .pattern_kind = PATTERN_REGEX,
			      .text_len = (uint32_t)strlen(re)};
	struct pattern_plan plan;
	char got[1024] = "";

	pattern_plan(&c, re, &plan);
	for (uint32_t i = 0; i < plan.count; i++)
		sprintf(got + strlen(got), "%s%.*s", i ? "|" : "", plan.literal[i].len,
			plan.literal[i].p);
	tap_str(got, want, re);
}

static void part(enum pattern_kind kind, enum observable_type type, const char *text,
		 const char *want)
{
	struct condition c = {.kind = CONDITION_PATTERN,
			      .type = (uint8_t)type,
			      .pattern_kind = (uint8_t)kind,
			      .text_len = (uint32_t)strlen(text)};
	struct pattern_plan plan;
	char got[PATTERN_LITERAL_MAX + 1] = "";

	pattern_plan(&c, text, &plan);
	if (plan.count)
		sprintf(got, "%.*s", plan.literal[0].len, plan.literal[0].p);
	tap_str(got, want, text);
}

static void glob(const char *g, const char *value, bool want)
{
	tap_ok(pattern_glob(g, strlen(g), value, strlen(value), true) == want, "'%s' %s '%s'", g,
	       want ? "covers" : "does not cover", value);
}

static void loose(const char *re, bool want)
{
	bool front, back;

	tap_ok(pattern_unanchored(re, strlen(re), &front, &back) == want,
	       "%s may %sbe scanned loose", re, want ? "" : "not ");
}

int main(void)
{
	regex("abc", 0, OBSERVABLE_TEXT, "abc");
	regex("^abc$", 0, OBSERVABLE_TEXT, "abc");
	regex("abcd?efg", 0, OBSERVABLE_TEXT, "abc");
	regex("abcd*", 0, OBSERVABLE_TEXT, "abc");
	regex("abcd+efghi", 0, OBSERVABLE_TEXT, "efghi");
	regex("abcd{0,2}e", 0, OBSERVABLE_TEXT, "abc");
	regex("ab[cd]efg(hijkl|m)no", 0, OBSERVABLE_TEXT, "efg");
	regex("one|three|x.y", 0, OBSERVABLE_TEXT, "one|three|x");
	regex("one||two", 0, OBSERVABLE_TEXT, "");
	regex("one|[a-z]", 0, OBSERVABLE_TEXT, "");
	regex("a\\.b\\/c\\x41\\d", 0, OBSERVABLE_TEXT, "a.b/cA");
	regex("[]abc]def", 0, OBSERVABLE_TEXT, "def");
	regex("[[:alpha:]x]def", 0, OBSERVABLE_TEXT, "def");
	regex("\\Qa.b\\E", 0, OBSERVABLE_TEXT, "");
	regex("(?x) a b c", 0, OBSERVABLE_TEXT, "");
	regex("(?i)abc", 0, OBSERVABLE_TEXT, "abc");
	regex("a\\12bc", 0, OBSERVABLE_TEXT, "");
	regex("task|mno", HS_FLAG_UTF8 | HS_FLAG_CASELESS, OBSERVABLE_TEXT, "ta|mno");
	regex("https?://evil\\.com/gate/x", 0, OBSERVABLE_URL, "evil.com");
	regex("a)b", 0, OBSERVABLE_TEXT, "");
	regex("(ab", 0, OBSERVABLE_TEXT, "");
	regex("[ab", 0, OBSERVABLE_TEXT, "");
	regex("\\", 0, OBSERVABLE_TEXT, "");
	part(PATTERN_WILDCARD, OBSERVABLE_DOMAIN, "*.evil?example*", "example");
	part(PATTERN_WILDCARD, OBSERVABLE_DOMAIN, "a\\*bc*", "a*bc");
	part(PATTERN_WILDCARD, OBSERVABLE_DOMAIN, "*?*", "");
	part(PATTERN_SUBSTRING, OBSERVABLE_URL, "http://evil.com:8080/a/b.php", "evil.com");
	part(PATTERN_SUBSTRING, OBSERVABLE_URL, "x/long-path/file", "long-path/file");
	part(PATTERN_SUBSTRING, OBSERVABLE_URL, "http://", "");
	glob("*", "", true);
	glob("a*b*c", "aXbYbZc", true);
	glob("a*b*c", "aXbYbZ", false);
	glob("?", "\xc3\xa9", true);
	glob("??", "\xc3\xa9", false);
	glob("\\*x", "*X", true);
	glob("\\*x", "ax", false);
	loose("^[a-z]{9}\\.(com|net)$", true);
	loose("^a|b$", false);
	loose("a(?=b)", false);
	loose("a\\z", false);
	loose("[$^]x", true);
	return tap_done();
}
