/* Benign lists: warninglists of every type, folders, plain lists; and the public ones. */
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"
#include "test_feed_dump.h"

#define LISTS "../shared/data/iocs/misp-warninglists"

static const char *const kinds[] = {"string", "substring", "hostname", "cidr", "regex"};

static void print(struct text *t, const struct indicator_set *s, const struct problems *ps)
{
	for (uint32_t i = 0; i < s->benign_count; i++)
		text_printf(t, "%s:%s=%.*s\n", s->benign_lists[s->benigns[i].list].name,
			    kinds[s->benigns[i].kind], (int)s->benigns[i].text_len,
			    s->text + s->benigns[i].text);
	for (size_t i = 0; i < ps->count; i++)
		text_printf(t, "! %u: %s\n", ps->items[i].line, ps->items[i].reason);
}

static char *load(const char *path)
{
	struct indicator_set s;
	struct problems ps;
	struct text t;

	text_init(&t);
	problems_init(&ps);
	indicator_set_init(&s);
	int rc = benign_load(&s, path, &ps);
	if (rc)
		text_printf(&t, "error %d\n", rc);
	print(&t, &s, &ps);
	indicator_set_fini(&s);
	problems_fini(&ps);
	return text_take(&t);
}

static void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (f) {
		fputs(text, f);
		fclose(f);
	}
}

static void check(const char *text, const char *want, const char *name)
{
	char path[] = "/tmp/tocsin-benign-XXXXXX";
	int fd = mkstemp(path);

	if (fd < 0)
		return tap_skip(1, "no temporary file");
	close(fd);
	put(path, text);
	char *got = load(path);
	tap_str(got, want, name);
	free(got);
	unlink(path);
}

static void warninglists(void)
{
	check("{\"name\":\"H\",\"type\":\"hostname\",\"list\":[\"Example.COM\",\".example.net\",\"*"
	      ".example.org\","
	      "\"192.0.2.1\"]}",
	      "H:hostname=example.com\nH:hostname=example.net\nH:hostname=example.org\nH:cidr=192."
	      "0.2.1\n",
	      "hostname");
	check("{\"name\":\"C\",\"type\":\"cidr\",\"list\":[\"198.51.100.7/"
	      "24\",\"192.0.2.1\",\"2001:DB8::/32\"]}",
	      "C:cidr=198.51.100.0/24\nC:cidr=192.0.2.1\nC:cidr=2001:db8::/32\n", "cidr");
	check("{\"name\":\"S\",\"type\":\"string\",\"list\":[\"Example.com\",\"http://"
	      "Example.com\",\".example.net\","
	      "\"D41D8CD98F00B204E9800998ECF8427E\",\"Plain "
	      "Text\",\"2001:DB8::1\",\"A@Example.com\"]}",
	      "S:string=example.com\nS:string=example.com/\nS:hostname=example.net\n"
	      "S:string=d41d8cd98f00b204e9800998ecf8427e\nS:string=plain text\nS:cidr=2001:db8::1\n"
	      "S:string=a@example.com\n",
	      "string");
	check("{\"name\":\"U\",\"type\":\"substring\",\"list\":[\"Analyze.Example\"]}",
	      "U:substring=analyze.example\n", "substring");
	check("{\"name\":\"R\",\"type\":\"regex\",\"list\":[\"/^(noc|soc)@.*$/i\",\"[0-9]+\",\"/x/"
	      "g\"]}",
	      "R:regex=(?i)^(noc|soc)@.*$\nR:regex=[0-9]+\nR:regex=x\n", "regex");
	check("{\"name\":\"O\",\"list\":{\"a.example\":1}}", "O:string=a.example\n",
	      "values as keys, no type");
}

static void refusals(void)
{
	check("{\"name\":\"H\",\"type\":\"hostname\",\n\"list\":[\"ok.example\",\n\"not a "
	      "host\",\n\"\",\n7]}",
	      "H:hostname=ok.example\n! 3: \"not a host\": no host name\n! 0: \"\": no value\n"
	      "! 0: \"\": an entry that is no string\n",
	      "entries");
	check("{\"name\":\"C\",\"type\":\"cidr\",\"list\":[\"0.0.0.0/0\",\"192.0.2.0/33\"]}",
	      "! 1: \"0.0.0.0/0\": a /0 network is everything\n! 1: \"192.0.2.0/33\": no address "
	      "or CIDR\n",
	      "networks");
	check("{\"name\":\"R\",\"type\":\"regex\",\"list\":[\"/(/\",\"/a/x\"]}",
	      "! 1: \"/(/\": the expression is not supported\n! 1: \"/a/x\": unknown flag of the "
	      "expression\n",
	      "expressions");
	check("{\"name\":\"X\",\"type\":\"telepathy\",\"list\":[]}",
	      "! 0: unknown type \"telepathy\"\n", "a type");
	check("{\"name\":\"X\"}", "! 0: no warninglist: it has no \"list\"\n", "no list");
	check("{\"name\":", "! 1: no valid JSON: the text ends too soon\n",
	      "broken JSON");
	char *got = load("/nonexistent/list");
	tap_str(got, "error -2\n! 0: cannot read the file: No such file or directory\n", "no file");
	free(got);
}

static void folder(void)
{
	char top[] = "/tmp/tocsin-benign-XXXXXX", path[128];

	if (!mkdtemp(top))
		return tap_skip(2, "no temporary folder");
	snprintf(path, sizeof(path), "%s/b.one", top);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/b.one/list.json", top);
	put(path, "{\"name\":\"J\",\"type\":\"cidr\",\"list\":[\"192.0.2.1\"]}");
	snprintf(path, sizeof(path), "%s/a.txt", top);
	put(path, "# comment\nExample.com ; note\n192.0.2.0/24\nhttp://example.net/x\nlocalhost\n");
	snprintf(path, sizeof(path), "%s/README.md", top);
	put(path, "no list\n");
	char *got = load(top);
	tap_str(got,
		"a.txt:hostname=example.com\na.txt:cidr=192.0.2.0/24\na.txt:string=example.net/x\n"
		"a.txt:hostname=localhost\nJ:cidr=192.0.2.1\n",
		"a folder with a plain list and a warninglist in a folder");
	free(got);
	unlink(path);
	snprintf(path, sizeof(path), "%s/a.txt", top);
	unlink(path);
	snprintf(path, sizeof(path), "%s/b.one/list.json", top);
	unlink(path);
	snprintf(path, sizeof(path), "%s/b.one", top);
	rmdir(path);
	rmdir(top);
}

static void public_lists(void)
{
	struct indicator_set s;
	struct problems ps;

	if (access(LISTS, R_OK) != 0)
		return tap_skip(1, LISTS " is not there");
	problems_init(&ps);
	indicator_set_init(&s);
	int rc = benign_load(&s, LISTS, &ps);
	printf("# %u lists, %u values, %u refused\n", s.benign_list_count, s.benign_count,
	       (unsigned)ps.refused);
	for (size_t i = 0; i < ps.count && i < 20; i++)
		printf("# %s:%u: %s\n", ps.items[i].file, ps.items[i].line, ps.items[i].reason);
	tap_ok(rc == 0 && s.benign_list_count > 50 && s.benign_count > 10000 &&
		       ps.refused * 1000 < s.benign_count,
	       "the public warninglists");
	indicator_set_fini(&s);
	problems_fini(&ps);
}

int main(void)
{
	warninglists();
	refusals();
	folder();
	public_lists();
	return tap_done();
}
