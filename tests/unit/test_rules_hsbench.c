/* hsbench's pattern files. */
#include <hs.h>
#include <unistd.h>

#include "tap.h"
#include "test_feed_dump.h"

#define SUITE "../shared/data/suites/hyperscan/tools/hscollider/test_cases/pcre/charclass.txt"

static char *load(const char *text, const char *again)
{
	char path[] = "/tmp/tocsin-rules-XXXXXX", other[] = "/tmp/tocsin-rules-XXXXXX";
	const char *const texts[2] = {text, again};
	char *const paths[2] = {path, other};
	struct indicator_set s;
	struct problems ps;
	struct text t;

	text_init(&t);
	problems_init(&ps);
	indicator_set_init(&s);
	for (int i = 0; i < 2 && texts[i]; i++) {
		int fd = mkstemp(paths[i]);
		if (fd < 0 || write(fd, texts[i], strlen(texts[i])) < 0)
			return NULL;
		close(fd);
		rules_load_file(&s, paths[i], &ps);
		unlink(paths[i]);
	}
	indicator_set_finish(&s);
	char *set = dump_set(&s);
	text_str(&t, set);
	free(set);
	for (size_t i = 0; i < ps.count; i++)
		text_printf(&t, "! %s %u: %.60s\n", ps.items[i].kind, ps.items[i].line,
			    ps.items[i].reason);
	indicator_set_fini(&s);
	problems_fini(&ps);
	return text_take(&t);
}

static void check(const char *text, const char *again, const char *want, const char *name)
{
	char *got = load(text, again);

	tap_str(got, want, name);
	free(got);
}

static void flags(void)
{
	static const struct {
		char letter;
		unsigned flag;
	} rows[] = {{'i', HS_FLAG_CASELESS},
		    {'s', HS_FLAG_DOTALL},
		    {'m', HS_FLAG_MULTILINE},
		    {'H', HS_FLAG_SINGLEMATCH},
		    {'V', HS_FLAG_ALLOWEMPTY},
		    {'8', HS_FLAG_UTF8},
		    {'W', HS_FLAG_UCP},
		    {'P', HS_FLAG_PREFILTER},
		    {'L', HS_FLAG_SOM_LEFTMOST},
		    {'O', 0},
		    {'o', 0}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char in[32], want[128], name[32];
		snprintf(in, sizeof(in), "7:/a/%c\n", rows[i].letter);
		snprintf(want, sizeof(want),
			 "7 0:pattern/none/regex/%x=a rule:7 medium amber clear rule\n",
			 rows[i].flag);
		snprintf(name, sizeof(name), "flag %c", rows[i].letter);
		check(in, NULL, want, name);
	}
}

static void suite(void)
{
	struct indicator_set s;
	struct problems ps;

	if (access(SUITE, R_OK) != 0)
		return tap_skip(1, SUITE " is not there");
	problems_init(&ps);
	indicator_set_init(&s);
	int rc = rules_load_file(&s, SUITE, &ps);
	indicator_set_finish(&s);
	for (size_t i = 0; i < ps.count && i < 5; i++)
		printf("# line %u: %s\n", ps.items[i].line, ps.items[i].reason);
	tap_ok(rc == 0 && s.count > 100 && ps.refused == 0, "a public pattern file: %u rules",
	       s.count);
	indicator_set_fini(&s);
	problems_fini(&ps);
}

int main(void)
{
	check("# comment\n\n10:/evil[0-9]+/is\r\n", NULL,
	      "10 0:pattern/none/regex/3=evil[0-9]+ rule:10 medium amber clear rule\n", "a rule");
	check("de soc.1:/a/b:c/\n", NULL,
	      "de soc.1 0:pattern/none/regex/0=a/b:c rule:de soc.1 medium amber clear rule\n",
	      "any id up to ':', the last '/' ends the expression");
	check("1:/a/\n1:/a/\n", "1:/a/\n",
	      "1 0:pattern/none/regex/0=a rule:1 medium amber clear rule\n", "the same rule again");
	char *got = load("1:/a/\n1:/b/\n", "1:/a/i\n");
	tap_ok(got && strstr(got, "! rule 2: rule id 1 is taken by line 1 of") &&
		       strstr(got, "! rule 1: rule id 1 is taken by line 1 of"),
	       "another rule under its id, in this file or the next");
	free(got);
	check("1:/a/x\n2:/a/{min_offset=3}\n3:/a/C\n4:/a/Q\nno colon\n:/a/\n5:a/\n6:/a\n7://\n",
	      NULL,
	      "! rule 1: unknown flag 'x'\n! rule 2: extended parameters are not supported\n"
	      "! rule 3: flag C (combinations of rules) is not supported\n"
	      "! rule 4: flag Q (never report) is not supported\n! rule 5: no \"id:/regex/flags\"\n"
	      "! rule 6: no id before the ':'\n! rule 7: no '/' after the ':'\n"
	      "! rule 8: no '/' that ends the expression\n! rule 9: an empty pattern\n",
	      "refusals with their lines");
	flags();
	suite();
	return tap_done();
}
