/* stix_pattern: goldens, refusals by name, the public validity suite, a property test
 * (the clauses mean what the tree means), hostile input. */
#include "match/stix_pattern.h"

#include <jansson.h>
#include <stdlib.h>

#include "tap.h"
#include "test_feed_dump.h"

#define SUITE "../shared/data/suites/stix-pattern-validity-dev.jsonl"

static void print(struct text *t, const struct draft *d)
{
	for (uint32_t i = 0; i < d->count; i++) {
		const struct condition *c = &d->conditions[i];
		text_printf(t, "%s%u:%s", i ? " " : "", c->clause, dump_kinds[c->kind]);
		if (c->kind == CONDITION_VALUE || c->kind == CONDITION_PATTERN)
			text_printf(t, "/%s", dump_types[c->type]);
		if (c->kind == CONDITION_PATTERN)
			text_printf(t, "/%s/%x", dump_patterns[c->pattern_kind], c->hs_flags);
		text_printf(t, "=%.*s", (int)c->text_len, d->text.p + c->text);
	}
}

/* The clauses, or "syntax: why", "unsupported: why". */
static char *parse(const char *p, size_t len)
{
	static const char *const names[] = {"", "syntax: ", "unsupported: "};
	char why[STIX_PATTERN_WHY_MAX];
	struct draft d;
	struct text t;

	text_init(&t);
	draft_init(&d);
	draft_reset(&d, NULL);
	enum stix_pattern_status st = stix_pattern_parse(p, len, &d, why);
	if (st == STIX_PATTERN_OK && d.evaluated)
		text_str(&t, d.open ? d.count ? "open: " : "open" : "evaluated: ");
	if (st == STIX_PATTERN_OK)
		print(&t, &d);
	else
		text_printf(&t, "%s%s", names[st], why);
	draft_fini(&d);
	return text_take(&t);
}

static void check(const char *pattern, const char *want)
{
	char *got = parse(pattern, strlen(pattern));

	tap_str(got, want, pattern);
	free(got);
}

static void paths(void)
{
	check("[ipv4-addr:value = '192.0.2.1']", "0:ip=192.0.2.1");
	check("[ipv4-addr:value = '198.51.100.9/24']", "0:net=198.51.100.0/24");
	check("[ipv4-addr:value ISSUBSET '198.51.100.0/24']", "0:net=198.51.100.0/24");
	check("[ipv6-addr:value = '2001:DB8::0']", "0:ip=2001:db8::");
	check("[domain-name:value == 'Evil[.]Example']", "0:domain=evil.example");
	check("[url:value = 'HTTP://Evil.Example:80']", "0:url=evil.example/");
	check("[email-addr:value = 'A@evil.example']", "0:email=a@evil.example");
	check("[email-message:from_ref.value = 'a@evil.example']", "0:email=a@evil.example");
	check("[email-message:to_refs[*].value = 'a@evil.example']", "0:email=a@evil.example");
	check("[email-message:to_refs[0].value = 'a@evil.example']", "0:email=a@evil.example");
	check("[file:name = 'a\\'b\\\\c.exe']", "0:value/file=a'b\\c.exe");
	check("[file:hashes.MD5 = 'D41D8CD98F00B204E9800998ECF8427E']",
	      "0:hash=d41d8cd98f00b204e9800998ecf8427e");
	check("[file:hashes.'SHA-1' = 'da39a3ee5e6b4b0d3255bfef95601890afd80709']",
	      "0:hash=da39a3ee5e6b4b0d3255bfef95601890afd80709");
	check("[file:hashes.SHA256 = "
	      "'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855']",
	      "0:hash=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	check("[x509-certificate:hashes.'MD5' = 'd41d8cd98f00b204e9800998ecf8427e']",
	      "0:hash=d41d8cd98f00b204e9800998ecf8427e");
	check("[network-traffic:dst_ref.value = '192.0.2.1' AND network-traffic:dst_port = 443]",
	      "0:ip=192.0.2.1 0:port=443");
	check("[network-traffic:dst_ref.type = 'domain-name' AND network-traffic:dst_ref.value = "
	      "'evil.example']",
	      "0:domain=evil.example");
	check("[network-traffic:dst_ref.value = '192.0.2.1' AND network-traffic:dst_port = '8080' "
	      "AND "
	      "network-traffic:dst_ref.type = 'ipv4-addr']",
	      "0:ip=192.0.2.1 0:port=8080");
	check("[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = "
	      "'Evil/1.0']",
	      "0:value/ua=Evil/1.0");
	check("[network-traffic:extensions.'http-request-ext'.request_value = '/gate.php?x=1']",
	      "0:value/path=/gate.php?x=1");
	check("[process:command_line LIKE '%-enc *%']", "0:pattern/command/wildcard/0=*-enc \\**");
	check("[process:image_ref.name = 'a.exe']", "0:value/file=a.exe");
	check("[windows-registry-key:key = 'HKEY_X\\\\y']", "0:value/registry=HKEY_X\\y");
	check("[domain-name:value LIKE 'evil_.%']", "0:pattern/domain/wildcard/1=evil?.*");
	check("[url:value MATCHES '^http://e\\\\.x/']", "0:pattern/url/regex/2=^http://e\\.x/");
	check("[domain-name:value = 'evil.example' AND domain-name:resolves_to_refs[*].value = "
	      "'192.0.2.1']",
	      "0:domain=evil.example 0:ip=192.0.2.1");
}

static void shapes(void)
{
	check("[ipv4-addr:value IN ('192.0.2.1', '192.0.2.2')]", "0:ip=192.0.2.1 1:ip=192.0.2.2");
	check("[ipv4-addr:value = '192.0.2.1' OR ipv4-addr:value = '192.0.2.2' AND "
	      "domain-name:value = 'a.example']",
	      "0:ip=192.0.2.1 1:ip=192.0.2.2 1:domain=a.example");
	check("[(ipv4-addr:value = '192.0.2.1' OR ipv4-addr:value = '192.0.2.2') AND "
	      "domain-name:value = 'a.example']",
	      "0:ip=192.0.2.1 0:domain=a.example 1:ip=192.0.2.2 1:domain=a.example");
	check("[ipv4-addr:value = '192.0.2.1'] OR ([domain-name:value = 'a.example'] OR [url:value "
	      "= 'b.example/'])",
	      "0:ip=192.0.2.1 1:domain=a.example 2:url=b.example/");
	check(" [ ipv4-addr : value = '192.0.2.1' ] // x", "0:ip=192.0.2.1");
	check("[/* a */ipv4-addr:value='192.0.2.1']", "0:ip=192.0.2.1");
	check("[ipv4-addr:value = '192.0.2.1' OR ipv4-addr:value = '192.0.2.1']", "0:ip=192.0.2.1");
	check("[ipv4-addr:value = '192.0.2.1' OR (ipv4-addr:value = '192.0.2.1' AND "
	      "domain-name:value = 'a.example')]",
	      "0:ip=192.0.2.1");
}

/* What the conditions only bring to the evaluator, and what every record is looked at for. */
static void plans(void)
{
	check("[ipv4-addr:value != '192.0.2.1']", "open");
	check("[network-traffic:dst_port > 1024]", "open");
	check("[ipv4-addr:value NOT = '192.0.2.1']", "open");
	check("[ipv4-addr:value ISSUPERSET '192.0.2.1']", "open");
	check("[EXISTS ipv4-addr:value]", "open");
	check("[NOT EXISTS file:x AND file:name = 'a.exe']", "evaluated: 0:value/file=a.exe");
	check("[network-traffic:dst_port = 443]", "open");
	check("[network-traffic:dst_ref.type = 'ipv4-addr']", "open");
	check("[network-traffic:dst_ref.value LIKE '192.%']", "open");
	check("[ipv4-addr:value = '192.0.2.1' AND network-traffic:dst_port > 1024]",
	      "evaluated: 0:ip=192.0.2.1");
	check("[ipv4-addr:value = '192.0.2.1' OR network-traffic:dst_port > 1024]", "open");
	check("[ipv4-addr:value = '192.0.2.1'] AND [domain-name:value = 'a.example']",
	      "evaluated: 0:ip=192.0.2.1 1:domain=a.example");
	check("[ipv4-addr:value = '192.0.2.1'] FOLLOWEDBY [domain-name:value = 'a.example']",
	      "evaluated: 0:ip=192.0.2.1 1:domain=a.example");
	check("[ipv4-addr:value = '192.0.2.1'] WITHIN 5 SECONDS", "0:ip=192.0.2.1");
	check("[ipv4-addr:value = '192.0.2.1'] REPEATS 1 TIMES", "0:ip=192.0.2.1");
	check("[ipv4-addr:value = '192.0.2.1'] REPEATS 5 TIMES", "evaluated: 0:ip=192.0.2.1");
	check("[ipv4-addr:value = '192.0.2.1'] START t'2024-01-01T00:00:00Z' STOP "
	      "t'2024-02-01T00:00:00Z'",
	      "evaluated: 0:ip=192.0.2.1");
	check("[ipv4-addr:value = '192.0.2.1' OR mutex:name = 'x']", "evaluated: 0:ip=192.0.2.1");
}

static void refusals(void)
{
	check("[mutex:name = 'x']",
	      "unsupported: column 2: object path mutex:name is in no record");
	check("[file:hashes.SSDEEP = 'x']",
	      "unsupported: column 2: object path file:hashes.SSDEEP is in no record");
	check("[ipv4-addr:value = '192.0.2.1' AND x:'a.b'[2].c NOT = 'y']",
	      "unsupported: column 36: object path x:a.b[*].c is in no record");
	check("[network-traffic:dst_ref.type = 'ipv6-addr' AND network-traffic:dst_ref.value = "
	      "'192.0.2.1']",
	      "unsupported: the pattern can never match");
	check("[ipv4-addr:value = 'nonsense']",
	      "unsupported: column 20: nonsense: no address or CIDR");
	check("[ipv4-addr:value = '']", "unsupported: column 20: : no value");
	check("[file:hashes.MD5 = 'da39a3ee5e6b4b0d3255bfef95601890afd80709']",
	      "unsupported: column 20: da39a3ee5e6b4b0d3255bfef95601890afd80709: the hash has not "
	      "the length of "
	      "its algorithm");
	check("[domain-name:value ISSUBSET '192.0.2.0/24']",
	      "unsupported: column 29: 192.0.2.0/24: ISSUBSET is for addresses");
	check("[ipv4-addr:value IN ()]", "unsupported: the pattern can never match");
	check("", "syntax: column 1: the pattern ends where '[' is expected");
	check("ipv4-addr:value = 'x'", "syntax: column 1: expected '[', found \"ipv4-addr\"");
	check("[ipv4-addr:value = '192.0.2.1'",
	      "syntax: column 31: the pattern ends where ']' is expected");
	check("[ipv4-addr:value = \"192.0.2.1\"]",
	      "syntax: column 20: expected a token of the pattern language, found \"\"\"");
	check("[file:name = 'a\\.b']",
	      "syntax: column 14: expected a token of the pattern language, found \"'a\\.b']\"");
	check("[mutex:name != 'x'] AND",
	      "syntax: column 24: the pattern ends where '[' is expected");
}

static void bounds(void)
{
	struct text t;

	text_init(&t);
	text_str(&t, "[ipv4-addr:value IN ('192.0.2.0'");
	for (int i = 1; i < 64; i++)
		text_printf(&t, ",'192.0.2.%d'", i);
	text_str(&t, ")]");
	char *got = parse(t.p, t.len);
	tap_ok(strstr(got, "63:ip=192.0.2.63") != NULL, "64 alternatives");
	free(got);
	t.len -= 2;
	text_str(&t, ",'192.0.2.64')]");
	got = parse(t.p, t.len);
	tap_str(got, "unsupported: more than 64 alternatives, or 16 conditions in one",
		"65 are too many");
	free(got);
	text_reset(&t);
	for (int i = 0; i < 7; i++)
		text_printf(&t,
			    "%s(domain-name:value = 'a%d.example' OR domain-name:value = "
			    "'b%d.example')",
			    i ? " AND " : "[", i, i);
	text_char(&t, ']');
	got = parse(t.p, t.len);
	tap_str(got, "unsupported: more than 64 alternatives, or 16 conditions in one",
		"two to the power of 7 are too many");
	free(got);
	text_fini(&t);
}

static void hostile(void)
{
	struct text t;

	text_init(&t);
	text_char(&t, '[');
	for (int i = 0; i < 500000; i++)
		text_char(&t, '(');
	char *got = parse(t.p, t.len);
	tap_str(got, "unsupported: column 67: parentheses deeper than 64",
		"half a million parentheses");
	free(got);
	text_reset(&t);
	text_str(&t, "[domain-name:value = 'a.example'");
	while (t.len < 1000000)
		text_printf(&t, " OR domain-name:value = 'a%u.example'", (unsigned)t.len);
	text_char(&t, ']');
	got = parse(t.p, t.len);
	tap_ok(strncmp(got, "unsupported: ", 13) == 0, "a pattern of a megabyte");
	free(got);
	while (t.len < (1 << 20) + 1)
		text_char(&t, ' ');
	got = parse(t.p, t.len);
	tap_str(got, "unsupported: a pattern of more than 1048576 bytes", "more than a megabyte");
	free(got);
	got = parse("[ipv4-addr:value\0= '192.0.2.1']", 31);
	tap_ok(strncmp(got, "syntax: ", 8) == 0, "a NUL");
	free(got);
	text_fini(&t);
}

/* ---- property: a random expression and its clauses agree on random truth values ---- */

#define VARIABLES 6

struct expression {
	int kind; /* 0 variable, 1 AND, 2 OR */
	int variable, children;
	struct expression *child[3];
};

static uint32_t seed = 12345;

static uint32_t roll(uint32_t n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

static struct expression *grow(int depth)
{
	struct expression *e = calloc(1, sizeof(*e));

	e->kind = depth == 0 ? 0 : (int)roll(3);
	e->variable = (int)roll(VARIABLES);
	e->children = e->kind ? 2 + (int)roll(2) : 0;
	for (int i = 0; i < e->children; i++)
		e->child[i] = grow(depth - 1);
	return e;
}

static void wither(struct expression *e)
{
	for (int i = 0; i < e->children; i++)
		wither(e->child[i]);
	free(e);
}

static bool evaluate(const struct expression *e, uint32_t truth)
{
	if (e->kind == 0)
		return truth >> e->variable & 1;
	for (int i = 0; i < e->children; i++)
		if (evaluate(e->child[i], truth) != (e->kind == 1))
			return e->kind == 2;
	return e->kind == 1;
}

/* Parentheses where precedence needs them, and sometimes where it does not. */
static void write_expression(struct text *t, const struct expression *e, int parent)
{
	bool wrap = (parent == 1 && e->kind == 2) || roll(4) == 0;

	if (wrap)
		text_char(t, '(');
	if (e->kind == 0)
		text_printf(t, "domain-name:value = 'v%d.example'", e->variable);
	for (int i = 0; i < e->children; i++) {
		if (i)
			text_str(t, e->kind == 1 ? " AND " : " OR ");
		write_expression(t, e->child[i], e->kind);
	}
	if (wrap)
		text_char(t, ')');
}

static bool evaluate_clauses(const struct draft *d, uint32_t truth)
{
	bool clause[INDICATOR_CLAUSES_MAX], seen[INDICATOR_CLAUSES_MAX] = {false};

	for (uint32_t i = 0; i < d->count; i++) {
		const struct condition *c = &d->conditions[i];
		int variable = d->text.p[c->text + 1] - '0';
		if (!seen[c->clause])
			clause[c->clause] = seen[c->clause] = true;
		clause[c->clause] &= truth >> variable & 1;
	}
	for (int i = 0; i < INDICATOR_CLAUSES_MAX; i++)
		if (seen[i] && clause[i])
			return true;
	return false;
}

static void property(void)
{
	int wrong = 0, refused = 0, rounds = 5000;

	for (int round = 0; round < rounds; round++) {
		char why[STIX_PATTERN_WHY_MAX];
		struct expression *e = grow(1 + (int)roll(4));
		struct draft d;
		struct text t;
		text_init(&t);
		draft_init(&d);
		draft_reset(&d, NULL);
		text_char(&t, '[');
		write_expression(&t, e, 0);
		text_char(&t, ']');
		enum stix_pattern_status st = stix_pattern_parse(t.p, t.len, &d, why);
		refused += st == STIX_PATTERN_UNSUPPORTED;
		wrong += st == STIX_PATTERN_SYNTAX;
		for (uint32_t truth = 0; st == STIX_PATTERN_OK && truth < 1u << VARIABLES; truth++)
			wrong += evaluate(e, truth) != evaluate_clauses(&d, truth);
		draft_fini(&d);
		text_fini(&t);
		wither(e);
	}
	printf("# property: %d expressions, %d beyond the bounds\n", rounds, refused);
	tap_int(wrong, 0, "clauses mean what the expression means, for every truth value");
	tap_ok(refused < rounds / 10, "few of them beyond the bounds");
}

static void suite(void)
{
	FILE *f = fopen(SUITE, "r");
	char *line = NULL;
	size_t cap = 0;
	int valid[3] = {0}, invalid[3] = {0};

	if (!f)
		return tap_skip(2, SUITE " is not there");
	while (getline(&line, &cap, f) > 0) {
		json_t *o = json_loads(line, 0, NULL);
		const char *p = json_string_value(json_object_get(o, "pattern"));
		char why[STIX_PATTERN_WHY_MAX];
		struct draft d;
		if (!p)
			continue;
		draft_init(&d);
		draft_reset(&d, NULL);
		enum stix_pattern_status st = stix_pattern_parse(p, strlen(p), &d, why);
		bool good = json_is_true(json_object_get(o, "valid"));
		(good ? valid : invalid)[st]++;
		if (good == (st == STIX_PATTERN_SYNTAX))
			printf("# %s: %s: %s\n", good ? "valid" : "invalid", p, why);
		draft_fini(&d);
		json_decref(o);
	}
	free(line);
	fclose(f);
	printf("# valid: %d taken, %d unsupported, %d syntax; invalid: %d taken, %d unsupported, "
	       "%d syntax\n",
	       valid[0], valid[2], valid[1], invalid[0], invalid[2], invalid[1]);
	tap_int(valid[STIX_PATTERN_SYNTAX], 0,
		"no valid pattern of the suite is called a syntax error");
	tap_int(invalid[STIX_PATTERN_OK] + invalid[STIX_PATTERN_UNSUPPORTED], 0,
		"every invalid pattern of the suite is a syntax error");
}

int main(void)
{
	paths();
	shapes();
	plans();
	refusals();
	bounds();
	hostile();
	property();
	suite();
	return tap_done();
}
