/* sigma - what rules are read as; what is refused, with line and reason; the public rules load. */
#include <ftw.h>

#include "base/problem.h"
#include "tap.h"
#include "test_sigma_dump.h"

#define HEAD "title: t\nlogsource:\n  product: p\ndetection:\n"

static struct sigma_set set;
static struct problems ps;

static const char *const hosts[] = {"srv*", "dc1"};
static const struct sigma_placeholder placeholders[] = {{"Hosts", hosts, 2}, {"None", NULL, 0}};

static void begin(void)
{
	problems_init(&ps);
	sigma_set_init(&set);
	set.placeholders = placeholders;
	set.placeholder_count = 2;
}

static void end(void)
{
	sigma_set_fini(&set);
	problems_fini(&ps);
}

/* All rules' ids and conditions, "; " between. */
static char *read_all(const char *text)
{
	struct text t;

	sigma_set_load(&set, "r.yml", text, strlen(text), &ps);
	sigma_set_finish(&set, &ps);
	text_init(&t);
	for (uint32_t i = 0; i < set.count; i++) {
		text_str(&t, i ? "; " : "");
		if (set.count > 1)
			text_printf(&t, "%.*s: ", (int)set.rules[i].id.len, set.rules[i].id.p);
		dump_node(&t, set.rules[i].condition);
	}
	for (size_t i = 0; i < ps.count; i++)
		text_printf(&t, "%s%u: %s", t.len ? "; " : "", ps.items[i].line,
			    ps.items[i].reason);
	return text_take(&t);
}

static void reads(const char *text, const char *want, const char *name)
{
	begin();
	char *got = read_all(text);
	tap_str(got ? got : "", want, name);
	free(got);
	end();
}

/* One item, whose value begins on line 6. */
static void item(const char *item_text, const char *want)
{
	char text[4096];

	snprintf(text, sizeof(text), HEAD "  s:\n    %s\n  condition: s\n", item_text);
	reads(text, want, item_text);
}

static void strings(void)
{
	item("f: Abc", "f='abc'");
	item("f: ''", "f=''");
	item("f: 'a*b?c'", "f='a<*>b<?>c'");
	item("f: 'a**b'", "f='a<*>b'");
	item("f: '\\*\\?'", "f='*?'");
	item("f: 'C:\\Windows\\\\x'", "f='c:\\windows\\x'");
	item("f: '\\\\*'", "f='\\<*>'");
	item("f: '\\\\\\*'", "f='\\*'");
	item("f: '\\\\\\\\a\\\\\\b'", "f='\\\\a\\\\b'");
	item("f: '\xc3\x84\xc3\x9f\xe2\x84\xaa'", "f='\\xc3\\xa4\\xc3\\x9f\\xe2\\x84\\xaa'");
	item("f: [a, B]", "f='a','b'");
	item("f: [1, 0x10, -2.50, '1']", "f=#1,#16,#-2.50,'1'");
	item("f: [true, True, yes]", "f='true','true','yes'");
	item("f: ~", "f=null");
	item("f:", "f=null");
	item("f: \"a\\0b\"", "f='a\\x00b'");
}

static void modifiers(void)
{
	item("f|contains: a", "f='<*>a<*>'");
	item("f|startswith: 'a*'", "f='a<*>'");
	item("f|endswith: a", "f='<*>a'");
	item("f|contains|all: [A, b]", "f=all '<*>a<*>','<*>b<*>'");
	item("f|cased|contains: A", "f=cased '<*>A<*>'");
	item("f|contains: 12", "f='<*>12<*>'");
	item("f|re: 'A.+\\\\b'", "f=/A.+\\\\b/");
	item("f|re|i|m|s: a", "f=/a/ims");
	item("f|re|startswith: a|b", "f=/\\A(?:a|b)/");
	item("f|re|endswith: a|b", "f=/(?:a|b)\\z/");
	item("f|re|contains: a", "f=/a/");
	item("f|cidr: [10.1.2.3/8, '2001:db8::/32']", "f=net 10.0.0.0/8,net 2001:db8::/32");
	item("f|exists: true", "f=there");
	item("f|exists: FALSE", "f=absent");
	item("f|base64: Hello", "f='sgvsbg8='");
	item("f|base64|cased: 'a'", "f=cased 'YQ=='");
	item("f|base64offset|contains|cased: foobar",
	     "f=cased ['<*>Zm9vYmFy<*>'|'<*>Zvb2Jhc<*>'|'<*>mb29iYX<*>']");
	item("f|utf16le: aB", "f='a\\x00b\\x00'");
	item("f|wide|contains: a*b", "f='<*>a\\x00<*>b\\x00<*>'");
	item("f|utf16be: a\xf0\x9f\x98\x80", "f='\\x00a\\xd8=\\xde\\x00'");
	item("f|utf16: a", "f='\\xff\\xfea\\x00'");
	item("f|utf16|base64offset|contains|cased: a",
	     "f=cased ['<*>//5hA<*>'|'<*>/+YQ<*>'|'<*>//mEA<*>']");
	item("f|windash|contains: ' -a/b\xe2\x80\x93'", "f='<*> <->a<->b<-><*>'");
	item("f|windash|base64|cased: '-'",
	     "f=cased ['LQ=='|'Lw=='|'4oCT'|'4oCU'|'4oCV']");
	item("f|expand: 'x%Hosts%y'", "f=['xsrv<*>y'|'xdc1y']");
	item("f|contains|expand: '%Hosts%'", "f=['<*>srv<*>'|'<*>dc1<*>']");
	item("f|expand: '\\%a%Hosts%'", "f=['%asrv<*>'|'%adc1']");
	item("f|expand: '%None%'", "f=[]");
	item("f|expand: '100%'", "f='100%'");
	item("f: '%Hosts%'", "f='%hosts%'");
	item("f|fieldref: g", "f=field g");
	item("f|fieldref|endswith|neq: g", "f!=field g last");
	item("f|gt: 5", "f=>5");
	item("f|gte: 5", "f=>=5");
	item("f|lt: -0.5", "f=<-0.5");
	item("f|lte: 1e3", "f=<=1000");
	item("f|neq: [a, 1]", "f!='a',#1");
	item("f|hour: 23", "f.hour=#23");
	item("f|minute|gte: 5", "f.minute=>=5");
	item("f|week|neq: [1, 53]", "f.week!=#1,#53");
	item("f|year|lt: 2024", "f.year=<2024");
	item("'|all': [a, 'b*']", "=all '<*>a<*>','<*>b<*>'");
	item("'|re': 'a'", "=/a/");
	item("'|endswith': 'a'", "='<*>a'");
}

static void refused(const char *item_text, uint32_t line, const char *why)
{
	char want[600];

	snprintf(want, sizeof(want), "%u: %s", line, why);
	item(item_text, want);
}

static void refused_items(void)
{
	refused("f|containz: a", 6, "unknown modifier \"containz\"");
	refused("f|contains|contains: a", 6, "modifier contains twice");
	refused("f|i: a", 6, "modifier i without re before it");
	refused("f|all: a", 6, "all of a single value; accepted: a list of several");
	refused("f: [a, null]", 6,
		"null in a list of values; accepted: null as the only value of a field");
	refused("f: []", 6, "no value");
	refused("f: {g: a}", 6,
		"a map as the value of a field; accepted: a value, or a list of values");
	refused("f|contains: null", 6,
		"null is no text; accepted: with a field, and no modifier but all and neq");
	refused("f|exists: 1", 6, "exists is true or false, not a number");
	refused("f|exists|contains: true", 6,
		"modifiers that do not go together: exists stands alone");
	refused("f|cidr: 10.0.0.0/33", 6,
		"\"10.0.0.0/33\" is no network; accepted: address/bits");
	refused("f|gt: a", 6, "gt, gte, lt, lte and parts of time compare with a number, not a text");
	refused("f|gt|lt: 1", 6, "two comparisons, or two parts of time, in one item");
	refused("f|hour: 24", 6, "no such part of time; accepted: 0 to 23");
	refused("f|re: '(a'", 6,
		"no regular expression: missing closing parenthesis at character 2");
	refused("f|re|base64: a", 6,
		"modifiers that do not go together: re goes with i, m, s, contains, startswith, "
		"endswith, expand, cased, all, neq");
	refused("f|base64: 'a*'", 6, "base64 of a wildcard; accepted: plain text");
	refused("f|contains|base64: 'a'", 6, "base64 of a wildcard; accepted: plain text");
	refused("f|windash|base64: '-----'", 6,
		"windash with 5 dashes under an encoding; accepted: up to 4");
	refused("f|expand: '%Nobody%'", 6, "placeholder %Nobody% is not configured");
	refused("'|exists': true", 6, "a modifier that needs a field, and there is none");
	refused("f: !!binary aGk=", 6, "a tag that the value does not bear");
	refused("f: *a", 6, "an alias of nothing");
	refused("<<: {f: a}", 6, "a merge key, which YAML 1.2 does not have");
	refused("[a]: b", 6, "a key that is no plain word");
}

static void condition(const char *text, const char *want)
{
	char rule[1024];

	snprintf(rule, sizeof(rule),
		 HEAD "  a1: {f: 1}\n  a2: {f: 2}\n  b: {g: x, h: y}\n  _c: [k]\n  condition: %s\n",
		 text);
	reads(rule, want, text);
}

static void conditions(void)
{
	condition("a1 or a2 and not b", "or(f=#1 and(f=#2 not(and(g='x' h='y'))))");
	condition("(a1 or a2) AND _c", "and(or(f=#1 f=#2) ='<*>k<*>')");
	condition("1 of a*", "or(f=#1 f=#2)");
	condition("all of a*", "and(f=#1 f=#2)");
	condition("not 1 of them", "not(or(f=#1 f=#2 and(g='x' h='y')))");
	condition("all of _*", "='<*>k<*>'");
	condition("any of *2 or not not b", "or(f=#2 not(not(and(g='x' h='y'))))");
	condition("[a1, b and a2]", "or(f=#1 and(and(g='x' h='y') f=#2))");
	condition("a3", "9: condition: there is no search identifier \"a3\"");
	condition("a1 and", "9: condition: ends where a search identifier is expected");
	condition("a1 a2", "9: condition: \"a2\" where \"and\", \"or\" or the end is expected");
	condition("(a1", "9: condition: ends where \")\" is expected");
	condition("2 of a*", "9: condition: \"2\" where \"1 of\" or \"all of\" is expected");
	condition("1 of z*", "9: condition: no search identifier fits \"z*\"");
	condition("a1 | count() > 5",
		  "9: condition: an aggregation, which version 2 of Sigma does not have; accepted: "
		  "a correlation rule");
	condition("5", "9: condition is a text, or a list of texts, not a number");
}

static void detections(void)
{
	reads(HEAD "  s:\n    - f: a\n      g: b\n    - k1\n    - 7\n    - h: c\n  condition: s\n",
	      "or(and(f='a' g='b') ='<*>k1<*>','<*>7<*>' h='c')", "a list of maps and keywords");
	reads(HEAD "  s: word\n  condition: s\n", "='<*>word<*>'", "one keyword");
	reads(HEAD "  s: [[a]]\n  condition: s\n",
	      "5: a list in a list; accepted: maps and keywords", "a list in a list");
	reads(HEAD "  s: {}\n  condition: s\n", "5: an empty map", "an empty map");
	reads(HEAD "  condition: s\n", "5: no search identifier", "nothing to search for");
	reads(HEAD "  s: {f: a}\n", "5: detection has no condition", "no condition");
	reads("title: t\ndetection: {s: a, condition: s}\n", "1: no logsource", "no log source");
	reads("logsource: {product: p}\ndetection: {s: a, condition: s}\n", "1: no title",
	      "no title");
	reads(HEAD "  s: {f: a, f: b}\n  condition: s\n", "5: a key that was there before",
	      "a key twice");
	reads(HEAD "  s: {f: a\n", "6: no YAML: did not find expected ',' or '}', while parsing a "
				   "flow mapping",
	      "broken YAML");
	reads("level: urgent\n" HEAD "  s: a\n  condition: s\n",
	      "1: unknown level \"urgent\"; accepted: informational, low, medium, high, critical",
	      "an unknown level");
	reads("status: unsupported\n" HEAD "  s: a\n  condition: s\n",
	      "1: status unsupported: its author says it cannot be used", "an unsupported rule");
	reads("taxonomy: ecs\n" HEAD "  s: a\n  condition: s\n",
	      "1: taxonomy is not known; accepted: sigma", "another taxonomy");
	reads("title: c\ncorrelation: {type: event_count}\n",
	      "2: timespan; accepted: a number and s, m, h or d, up to ten years", "a correlation");
}

#define DOC(id, rest) "---\ntitle: t\nid: " id "\n" rest

static void collections(void)
{
	reads("action: global\ntitle: t\nlogsource: {product: p}\ndetection:\n  s: {f: a}\n"
	      "  condition: s\n---\nid: r1\n---\nid: r2\ndetection: {s: {g: b}}\n---\naction: reset\n"
	      "---\nid: r3\n---\naction: what\n",
	      "r1: f='a'; r2: and(f='a' g='b'); 15: no title; 17: unknown action; accepted: global, "
	      "reset, repeat",
	      "global and reset");
	reads(DOC("r1", "logsource: {product: p}\ndetection: {s: {f: a}, condition: s}\n")
	      "---\naction: repeat\nid: r2\ndetection: {s: {f: b}}\n"
	      "---\naction: repeat\nid: r3\ndetection: {condition: not s}\n",
	      "r1: f='a'; r2: f='b'; r3: not(f='b')", "repeat");
	reads("---\naction: repeat\nid: r2\n", "2: action repeat, and no rule before it",
	      "repeat of nothing");
	reads("action: global\ntitle: t\nid: g\nlogsource: {product: p}\n"
	      "---\ndetection: {s: {f: a}, condition: s}\n---\ndetection: {s: {f: b}, condition: s}\n",
	      "g: f='a'; g: f='b'", "a collection's rules share their id");
	reads(DOC("r1", "logsource: {product: p}\ndetection: {s: {f: a}, condition: s}\n")
	      DOC("r1", "logsource: {product: p}\ndetection: {s: {f: a}, condition: s}\n"),
	      "f='a'; 7: rule id r1 is taken by line 2 of r.yml", "an id twice");
}

#define RULE                                                                                       \
	"title: T\nid: r1\nname: n1\nlogsource: {product: windows, category: c}\n"                 \
	"detection: {s: {f: a}, condition: s}\n---\ntitle: F\n"

static void filters(void)
{
	reads(RULE "logsource: {product: windows}\nfilter:\n  rules: [r1]\n  x: {u|startswith: adm_}\n"
		   "  condition: not x\n",
	      "and(f='a' not(u='adm_<*>'))", "a filter by id");
	reads(RULE "logsource: {product: windows}\nfilter: {rules: n1, x: {u: b}, condition: x}\n",
	      "and(f='a' u='b')", "a filter by name");
	reads(RULE "logsource: {category: c}\nfilter: {rules: any, x: {u: b}, condition: not x}\n",
	      "and(f='a' not(u='b'))", "a filter of a log source");
	reads(RULE "logsource: {product: linux}\nfilter: {rules: any, x: {u: b}, condition: not x}\n",
	      "f='a'", "a filter of another log source");
	reads(RULE "logsource: {product: linux}\nfilter: {rules: r1, x: {u: b}, condition: not x}\n",
	      "f='a'; 7: does not apply to r1, which has another log source",
	      "a filter that contradicts itself");
	reads(RULE "logsource: {product: windows}\nfilter: {rules: [r9], x: {u: b}, condition: not x}\n",
	      "f='a'; 7: filter refers to r9, which is not loaded", "a filter of no rule");
	reads(RULE "logsource: {product: windows}\nfilter: {x: {u: b}, condition: not x}\n",
	      "f='a'; 7: filter names no rules", "a filter that names none");
}

static void meta(void)
{
	static const char text[] =
		"title: A title\nid: 5f7b\nlevel: critical\nstatus: test\n"
		"logsource: {category: WebServer, definition: x}\ntags: [attack.t1190, attack.execution]\n"
		"detection: {s: [x], condition: s}\n"
		"---\ntitle: B\nlevel: informational\nlogsource: {product: windows}\n"
		"tags: [attack.initial_access]\ndetection: {s: {f: x}, condition: s}\n"
		"---\ntitle: C\nlogsource: {product: windows}\ntags: [attack.initial-access, "
		"rsit.malicious-code]\ndetection: {s: {f: x}, condition: s}\n";

	begin();
	sigma_set_load(&set, "r.yml", text, strlen(text), &ps);
	sigma_set_finish(&set, &ps);
	if (!tap_ok(set.count == 3 && ps.refused == 0, "three rules"))
		return;
	const struct sigma_rule *r = set.rules;
	tap_ok(strcmp(r[0].id.p, "5f7b") == 0 && strcmp(r[1].id.p, "B") == 0, "an id, or the title");
	tap_ok(r[0].severity == SEVERITY_HIGH && r[1].severity == SEVERITY_LOW &&
		       r[2].severity == SEVERITY_MEDIUM,
	       "level as severity");
	tap_ok(r[0].hit_class == CLASS_ATTEMPT && r[1].hit_class == CLASS_ATTEMPT &&
		       r[2].hit_class == (uint8_t)vocab_rsit_class("malicious-code", 14),
	       "effect or attempt");
	tap_ok(strcmp(r[0].logsource.category.p, "webserver") == 0 &&
		       r[0].logsource.product.len == 0 && r[0].keywords && !r[1].keywords,
	       "log source in lower case; keywords are known");
	end();
}

/* Bytes that cost more than they say. */
static void hostile(void)
{
	enum { BYTES = SIGMA_FILE_BYTES_MAX };
	static const char *const bombs[] = {"[", "- ", "{a: ", "&a [", "? ", "\"a\\", "a: b: "};
	char *text = malloc(BYTES + 2);

	for (size_t i = 0; i < sizeof(bombs) / sizeof(bombs[0]); i++) {
		size_t n = strlen(bombs[i]);
		for (size_t k = 0; k < BYTES; k++)
			text[k] = bombs[i][k % n];
		begin();
		sigma_set_load(&set, "r.yml", text, BYTES, &ps);
		tap_ok(set.count == 0 && ps.refused == 1, "1 MiB of \"%s\" is refused: line %u, %s",
		       bombs[i], ps.items[0].line, ps.items[0].reason);
		end();
	}
	begin();
	sigma_set_load(&set, "r.yml", text, BYTES + 1, &ps);
	tap_ok(ps.refused == 1 && strstr(ps.items[0].reason, "1 MiB"), "a longer file is refused");
	free(text);
	end();
	reads("a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c "
	      "[*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e "
	      "[*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e]\n",
	      "5: too many values; accepted: up to 65,536 a document", "aliases that multiply");
	reads("a: &a [*a]\n", "1: an alias of itself", "an alias of itself");
	reads(HEAD "  s: {f|re: '(((a{1,999}){1,999}){1,999}){1,999}'}\n  condition: s\n",
	      "5: no regular expression: regular expression is too large at character 35",
	      "an expression that explodes");
}

static uint32_t files;

static int load_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	size_t n = strlen(path);
	FILE *f = type == FTW_F && n > 4 && strcmp(path + n - 4, ".yml") == 0 ? fopen(path, "rb")
									       : NULL;
	(void)st, (void)ftw;
	if (!f)
		return 0;
	static char buffer[SIGMA_FILE_BYTES_MAX + 1];
	n = fread(buffer, 1, sizeof(buffer), f);
	fclose(f);
	files++;
	if (!sigma_is_yaml(buffer, n))
		return 1;
	return sigma_set_load(&set, path, buffer, n, &ps);
}

static void public_rules(void)
{
	const char *data = getenv("DATA");
	char path[4096];

	snprintf(path, sizeof(path), "%s/rules/sigma", data ? data : "../shared/data");
	begin();
	set.placeholder_count = 0;
	int rc = nftw(path, load_file, 32, FTW_PHYS);
	if (rc < 0) {
		tap_skip(2, "%s is not there", path);
		end();
		return;
	}
	tap_ok(rc == 0 && sigma_set_finish(&set, &ps) == 0, "%u files of public rules", files);
	bool reasons = true;
	for (size_t i = 0; i < ps.count; i++)
		reasons &= strncmp(ps.items[i].reason, "placeholder ", 12) == 0;
	tap_ok(set.count * 100 >= files * 99 && reasons && set.count + ps.refused == files,
	       "%u load; %llu are refused, for placeholders that nobody configured", set.count,
	       (unsigned long long)ps.refused);
	end();
}

int main(void)
{
	strings();
	modifiers();
	refused_items();
	conditions();
	detections();
	collections();
	filters();
	meta();
	hostile();
	public_rules();
	return tap_done();
}
