/* Input that means harm, and input that is merely large: no format may take long or crash. */
#include <ftw.h>
#include <unistd.h>

#include "base/clock.h"
#include "tap.h"
#include "test_feed_dump.h"

#define MALTRAIL "../shared/data/iocs/maltrail/trails"

static struct indicator_set total;
static struct problems problems;

/* Seconds to load and finish; far above what it takes, far below what n squared would. */
static void timed(struct text *t, uint32_t least, double most, const char *name)
{
	struct feed f = dump_feed("large", "large");
	struct indicator_set s;
	struct problems ps;

	problems_init(&ps);
	indicator_set_init(&s);
	uint64_t start = clock_monotonic_ns();
	int rc = feed_load_bytes(&s, &f, t->p, t->len, &ps) | indicator_set_finish(&s);
	double seconds = (double)(clock_monotonic_ns() - start) / 1e9;
	printf("# %s: %zu MB, %u indicators, %u refused, %.2f s\n", name, t->len >> 20, s.count,
	       (unsigned)ps.refused, seconds);
	tap_ok(rc == 0 && s.count >= least && seconds < most, "%s", name);
	indicator_set_fini(&s);
	problems_fini(&ps);
	text_fini(t);
}

static void large(void)
{
	struct text t;

	text_init(&t);
	text_str(&t, "{\"objects\":[");
	for (int i = 0; i < 50000; i++)
		text_printf(&t,
			    "%s{\"type\":\"relationship\",\"id\":\"relationship--%d\","
			    "\"relationship_type\":\"indicates\","
			    "\"source_ref\":\"indicator--%d\",\"target_ref\":\"malware--%d\"}\n",
			    i ? "," : "", i, i, i % 100);
	for (int i = 49999; i >= 0; i--)
		text_printf(&t,
			    ",{\"type\":\"indicator\",\"id\":\"indicator--%d\",\"pattern\":\"[ipv4-"
			    "addr:value = "
			    "'10.1.%d.%d']\"}\n",
			    i, i >> 8, i & 255);
	text_str(&t, "]}");
	timed(&t, 50000, 120, "STIX: relationships first, indicators in reverse");

	text_str(&t, "{\"Event\":{\"Attribute\":[");
	for (int i = 0; i < 100000; i++)
		text_printf(&t,
			    "%s{\"uuid\":\"same\\u0030%d\",\"type\":\"md5\",\"value\":\"%032d\","
			    "\"to_ids\":true}\n",
			    i ? "," : "", i, i);
	text_str(&t, "]}}");
	timed(&t, 100000, 120, "MISP: escaped ids that stand nowhere as they are");

	for (int i = 0; i < 300000; i++)
		text_str(&t, "# ip,domain\n");
	text_str(&t, "192.0.2.1\n");
	timed(&t, 1, 120, "a list whose comments all look like headers");

	text_str(&t, "value,comment\n");
	for (int i = 0; i < 300000; i++)
		text_printf(&t, "10.2.%d.%d,\"\n", i >> 8 & 255, i & 255);
	timed(&t, 1, 120, "CSV: quotes that never close where they should");

	for (int i = 0; i < 100000; i++)
		text_printf(&t,
			    "{\"Attribute\":{\"uuid\":\"u%d\",\"type\":\"domain\",\"value\":\"d%d."
			    "example\",\"to_ids\":1}}\n",
			    i, i);
	timed(&t, 100000, 120, "a JSON text a line");
}

static void nothing(const char *bytes, size_t len, const char *name)
{
	struct feed f = dump_feed("hostile", "hostile");
	struct indicator_set s;
	struct problems ps;

	problems_init(&ps);
	indicator_set_init(&s);
	int rc = feed_load_bytes(&s, &f, bytes, len, &ps) | indicator_set_finish(&s);
	tap_ok(rc == 0 && s.count == 0 && ps.refused > 0, "%s", name);
	indicator_set_fini(&s);
	problems_fini(&ps);
}

static void hostile(void)
{
	struct text t;

	text_init(&t);
	for (int i = 0; i < 100000; i++)
		text_char(&t, '[');
	nothing(t.p, t.len, "a hundred thousand brackets");
	text_reset(&t);
	for (int i = 0; i < 100000; i++)
		text_str(&t, "{\"Event\":");
	nothing(t.p, t.len, "events within events");
	text_reset(&t);
	for (int i = 0; i < 200000; i++)
		text_char(&t, 'a');
	nothing(t.p, t.len, "a line of 200,000 letters");
	text_reset(&t);
	text_str(&t, "{\"Attribute\":{\"uuid\":\"u\",\"type\":\"filename\",\"to_ids\":true,"
		     "\"value\":\"");
	for (int i = 0; i < 200000; i++)
		text_char(&t, 'a');
	text_str(&t, "\"}}");
	nothing(t.p, t.len, "a value of 200,000 letters");
	text_fini(&t);
	static const char nuls[] = "\0\0\0\0", utf16[] = "\xff\xfe{\0";
	static const char within[] = "{\"Attribute\":{\"type\":\"domain\",\"value\":"
				     "\"a\\u0000b.example\",\"to_ids\":1,\"uuid\":\"x\"}}";
	static const char broken[] =
		"{\"Attribute\":{\"type\":\"domain\",\"value\":\"\xff\xff\",\"to_ids\":true}}";
	nothing(nuls, sizeof(nuls) - 1, "NULs");
	nothing(within, sizeof(within) - 1, "a NUL within a value");
	nothing(utf16, sizeof(utf16) - 1, "UTF-16");
	nothing(broken, sizeof(broken) - 1, "no UTF-8");
}

static int one_file(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	if (flag == FTW_F) {
		struct feed f = dump_feed(path, path);
		feed_load_file(&total, &f, &problems);
	}
	return 0;
}

static void maltrail(void)
{
	if (access(MALTRAIL, R_OK) != 0)
		return tap_skip(1, MALTRAIL " is not there");
	uint32_t other = 0;
	problems_init(&problems);
	indicator_set_init(&total);
	nftw(MALTRAIL, one_file, 16, FTW_PHYS);
	indicator_set_finish(&total);
	for (size_t i = 0; i < problems.count; i++) {
		if (strstr(problems.items[i].reason, "a path without a host"))
			continue;
		other++;
		printf("# %s:%u: %s\n", problems.items[i].file, problems.items[i].line,
		       problems.items[i].reason);
	}
	printf("# maltrail: %u files, %u indicators, %u threats, %u refused\n", total.feed_count,
	       total.count, total.threat_count, (unsigned)problems.refused);
	tap_ok(total.feed_count == 415 && total.count > 190000 && other < 20,
	       "maltrail: all but paths without a host and a few expressions");
	indicator_set_fini(&total);
	problems_fini(&problems);
}

int main(void)
{
	large();
	hostile();
	maltrail();
	return tap_done();
}
