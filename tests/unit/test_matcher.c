/* Directed cases: each kind of condition through scan and verify, and what surrounds them. */
#include <pthread.h>
#ifdef TOCSIN_JEMALLOC
#include <jemalloc/jemalloc.h>
#endif

#include "base/text.h"
#include "decode/decode.h"
#include "match/match.h"
#include "tap.h"
#include "test_matcher_set.h"

struct bench {
	struct indicator_set set;
	struct matcher *m;
	struct match_scratch *sc;
	struct problems ps;
	struct decoder d;
};

static struct event ev;
static struct match_result result;

static void start(struct bench *b)
{
	problems_init(&b->ps);
	if (matcher_compile(&b->m, &b->set, &b->ps) || match_scratch_init(&b->sc, b->m) ||
	    decoder_init(&b->d))
		abort();
}

static void stop(struct bench *b)
{
	decoder_fini(&b->d);
	match_scratch_free(b->sc);
	matcher_free(b->m);
	problems_fini(&b->ps);
	set_fini(&b->set);
	memset(b, 0, sizeof(*b));
}

/* scan and verify of a record: -1 when scan says no (and verify agrees), else the hits. */
static int run(struct bench *b, enum format format, const char *record)
{
	static char padded[65536];
	size_t len = strlen(record);

	memset(padded, 'x', sizeof(padded));
	memcpy(padded, record, len);
	bool maybe = match_scan(b->m, b->sc, format, padded, len);
	if (decode_text(&b->d, format, NULL, NULL, padded, len, &ev) != REASON_OK)
		return maybe ? -2 : -3;
	match_verify(b->m, b->sc, &ev, &result);
	if (!maybe && result.hits + result.suppressions > 0)
		return -4;
	return maybe ? (int)result.hits : -1;
}

static void eve(struct bench *b, const char *fields, int want, const char *name)
{
	char record[4096];
	snprintf(record, sizeof(record),
		 "{\"timestamp\":\"2026-11-22T05:00:00.000000+0000\",\"event_type\":\"http\","
		 "\"src_ip\":\"10.0.0.7\",\"src_port\":51000,\"dest_port\":443%s%s}",
		 *fields ? "," : "", fields);
	tap_int(run(b, FORMAT_EVE, record), want, name);
}

static void test_atoms(void)
{
	struct bench b = {0};

	set_one(&b.set, CONDITION_IP, OBSERVABLE_IP, "203.0.113.9");
	set_one(&b.set, CONDITION_IP, OBSERVABLE_IP, "2001:db8::9");
	set_one(&b.set, CONDITION_NETWORK, OBSERVABLE_IP, "198.51.100.0/24");
	set_one(&b.set, CONDITION_NETWORK, OBSERVABLE_IP, "198.51.0.0/16");
	set_one(&b.set, CONDITION_NETWORK, OBSERVABLE_IP, "2001:db8:77::/48");
	set_one(&b.set, CONDITION_DOMAIN, OBSERVABLE_DOMAIN, "evil.example");
	set_one(&b.set, CONDITION_DOMAIN, OBSERVABLE_DOMAIN, "xn--bse-sna.example");
	set_one(&b.set, CONDITION_URL, OBSERVABLE_URL, "drop.example/gate.php?a=1");
	set_one(&b.set, CONDITION_HASH, OBSERVABLE_HASH, "0123456789abcdef0123456789abcdef");
	set_one(&b.set, CONDITION_EMAIL, OBSERVABLE_EMAIL, "boss@mail.example");
	set_one(&b.set, CONDITION_VALUE, OBSERVABLE_USER_AGENT, "EvilBot/1.0 (x)");
	set_one(&b.set, CONDITION_VALUE, OBSERVABLE_FILE_NAME, "dropper.exe");
	start(&b);

	eve(&b, "\"dest_ip\":\"192.0.2.1\"", -1, "nothing known");
	eve(&b, "\"dest_ip\":\"203.0.113.9\"", 1, "IPv4");
	eve(&b, "\"dest_ip\":\"203.0.113.90\"", -1, "not its neighbour");
	eve(&b, "\"dest_ip\":\"2001:0db8:0000:0000:0000:0000:0000:0009\"", 1, "IPv6 in full");
	eve(&b, "\"dest_ip\":\"2001:db8::9\"", 1, "IPv6, short");
	eve(&b, "\"dest_ip\":\"::ffff:203.0.113.9\"", 1, "IPv4 in IPv6");
	eve(&b, "\"dest_ip\":\"::ffff:cb00:7109\"", 1, "IPv4 in IPv6, in hex");
	eve(&b, "\"dest_ip\":\"198.51.100.77\"", 1, "IPv4 network");
	tap_int(result.hit[0].indicator, 2, "the longest network");
	eve(&b, "\"dest_ip\":\"198.51.101.77\"", 1, "the shorter network");
	tap_int(result.hit[0].indicator, 3, "is the shorter");
	eve(&b, "\"dest_ip\":\"2001:db8:77:1::5\"", 1, "IPv6 network");
	eve(&b, "\"dns\":{\"rrname\":\"evil.example\"}", 1, "domain");
	eve(&b, "\"dns\":{\"rrname\":\"A.b.EVIL.example.\"}", 1,
	    "its subdomain, other case, root dot");
	eve(&b, "\"dns\":{\"rrname\":\"notevil.example\"}", -1, "no label boundary");
	eve(&b, "\"dns\":{\"rrname\":\"a b$.evil.example\"}", 1, "odd bytes in front");
	eve(&b, "\"dns\":{\"rrname\":\"ev\\u0069l.example\"}", 1, "escaped");
	eve(&b, "\"dns\":{\"rrname\":\"www.b\xc3\xb6se.example\"}", 1, "name beyond ASCII");
	eve(&b, "\"dns\":{\"rrname\":\"b\\u00f6se.example\"}", 1, "the same, escaped");
	eve(&b, "\"http\":{\"hostname\":\"drop.example\",\"url\":\"/gate.php?a=1\"}", 1,
	    "composed URL");
	eve(&b, "\"http\":{\"hostname\":\"drop.example\",\"url\":\"/other\"}", 0,
	    "host of a URL atom alone");
	eve(&b, "\"http\":{\"hostname\":\"evil.example:8080\",\"url\":\"\\/x\"}", 2,
	    "host with port: host and URL");
	eve(&b, "\"fileinfo\":{\"md5\":\"0123456789ABCDEF0123456789abcdef\"}", 1, "hash");
	eve(&b, "\"fileinfo\":{\"md5\":\"0123456789abcdef0123456789abcdee\"}", -1,
	    "not another hash");
	eve(&b, "\"smtp\":{\"mail_from\":\"<Boss@Mail.Example>\"}", 1, "e-mail in brackets");
	eve(&b, "\"http\":{\"http_user_agent\":\"evilbot/1.0 (X)\"}", 1, "user agent, other case");
	eve(&b, "\"fileinfo\":{\"filename\":\"/a/b/Dropper.exe\"}", 1, "file name of a path");
	tap_int(run(&b, FORMAT_AUTO,
		    "{\"EventID\":1,\"Computer\":\"pc\",\"UtcTime\":\"2026-11-22 "
		    "05:00:00.000\",\"Image\":"
		    "\"C:\\\\Temp\\\\dropper.exe\",\"Hashes\":\"SHA1="
		    "2222222222222222222222222222222222222222,"
		    "MD5=0123456789ABCDEF0123456789ABCDEF\"}"),
		2, "Sysmon: image and hash");
	tap_int(run(&b, FORMAT_LINES, "Nov 22 host sshd: from 203.0.113.9 port 22"), 1,
		"opaque line");
	tap_int(run(&b, FORMAT_LINES, "Nov 22 host sshd: from 203.0.113.10 port 22"), -1,
		"clean line");
	tap_int(run(&b, FORMAT_LINES, "Nov 22 host postfix: to=Boss@mail.example, relay=x"), 1,
		"e-mail behind a sign that an address may hold");
	tap_int(run(&b, FORMAT_AUTO, "GET http://evil.example/x"), 2, "line with a URL");
	tap_int(run(&b, FORMAT_EVE, "{\"src_ip\":\"10.0.0.1\""), -2,
		"broken frame goes to the parser");
	tap_int(run(&b, FORMAT_EVE, "{\"src_ip\":\"10.0.0.1}"), -2, "so does an open string");
	tap_int(run(&b, FORMAT_EVE, "{\"src_ip\":\"\xff\"}"), -2, "and what is no UTF-8");
	tap_int(run(&b, FORMAT_AUTO,
		    "{\"DetectTime\":\"2026-11-22T05:00:00Z\",\"Format\":\"IDEA0\",\"Source\":"
		    "[{\"IP4\":[\"203.0.113.9-203.0.113.9\"]}]}"),
		1, "IDEA0 range of one address");
	stop(&b);
}

static void test_patterns(void)
{
	struct bench b = {0};

	set_pattern(&b.set, PATTERN_SUBSTRING, OBSERVABLE_URL, "evil.example/gate", 0);
	set_pattern(&b.set, PATTERN_WILDCARD, OBSERVABLE_DOMAIN, "login-*.example",
		    HS_FLAG_CASELESS);
	set_pattern(&b.set, PATTERN_REGEX, OBSERVABLE_USER_AGENT, "^Zbot/[0-9]+$", 0);
	set_pattern(&b.set, PATTERN_SUBSTRING, OBSERVABLE_COMMAND, "-enc \"caf\xc3\xa9", 0);
	set_pattern(&b.set, PATTERN_REGEX, OBSERVABLE_NONE, "rawmark[0-9]{3}", 0);
	set_pattern(&b.set, PATTERN_REGEX, OBSERVABLE_DOMAIN, "^[bcdfg]{12}\\.(com|net)$", 0);
	set_pattern(&b.set, PATTERN_REGEX, OBSERVABLE_URL, "broken(", 0);
	start(&b);
	tap_int((long long)b.ps.refused, 1, "Hyperscan's refusal is told");
	if (!tap_ok(b.ps.count == 1 && b.ps.items[0].line == 7 &&
			    strstr(b.ps.items[0].reason, "broken("),
		    "with its line and text"))
		printf("# %zu %u %s\n", b.ps.count, b.ps.items[0].line, b.ps.items[0].reason);
	eve(&b, "\"http\":{\"hostname\":\"evil.example\",\"url\":\"/gate.php\"}", 1,
	    "substring over host and path");
	eve(&b, "\"http\":{\"hostname\":\"evil.example\",\"url\":\"/x\"}", 0, "half of it");
	eve(&b, "\"tls\":{\"sni\":\"LOGIN-bank.example\"}", 1, "wildcard");
	eve(&b, "\"tls\":{\"sni\":\"xlogin-bank.example\"}", 0, "wildcard covers the whole value");
	eve(&b, "\"http\":{\"http_user_agent\":\"Zbot/12\"}", 1, "anchored regex");
	eve(&b, "\"http\":{\"http_user_agent\":\"Zbot/12x\"}", 0, "anchored at the end");
	eve(&b, "\"tls\":{\"sni\":\"Zbot/12\"}", 0, "not on another type");
	eve(&b, "\"note\":\"rawmark123\"", 1, "raw regex");
	eve(&b, "\"dns\":{\"rrname\":\"bcdfgbcdfgbc.com\"}", 1, "regex without a literal");
	eve(&b, "\"dns\":{\"rrname\":\"www.site.org\"}", -1, "clean");
	tap_int(run(&b, FORMAT_AUTO,
		    "{\"EventID\":1,\"Computer\":\"pc\",\"UtcTime\":\"2026-11-22 05:00:00.000\","
		    "\"CommandLine\":\"ps -enc \\\"caf\\u00e9 x\"}"),
		1, "a literal behind escapes");
	stop(&b);
}

static void test_clauses(void)
{
	struct bench b = {0};

	set_indicator(&b.set);
	set_condition(&b.set, 0, CONDITION_IP, OBSERVABLE_IP, "203.0.113.9");
	set_condition(&b.set, 0, CONDITION_PORT, OBSERVABLE_IP, "")->port = 443;
	set_condition(&b.set, 1, CONDITION_DOMAIN, OBSERVABLE_DOMAIN, "a.example");
	set_condition(&b.set, 1, CONDITION_IP, OBSERVABLE_IP, "203.0.113.10");
	struct indicator *ind = set_indicator(&b.set);
	ind->valid_from = INT64_C(1700000000) * 1000000;
	ind->valid_until = INT64_C(1790000000) * 1000000; /* 2026-09-21 */
	set_condition(&b.set, 0, CONDITION_IP, OBSERVABLE_IP, "203.0.113.11");
	start(&b);
	eve(&b, "\"dest_ip\":\"203.0.113.9\"", 1, "address and port");
	tap_int(run(&b, FORMAT_EVE,
		    "{\"timestamp\":\"2026-11-22T05:00:00.000000+0000\",\"event_type\":\"flow\","
		    "\"src_ip\":\"10.0.0.7\",\"src_port\":443,\"dest_ip\":\"203.0.113.9\",\"dest_"
		    "port\":80}"),
		0, "the port is the other side's");
	eve(&b, "\"dns\":{\"rrname\":\"a.example\"}", 0, "half a clause");
	eve(&b, "\"dest_ip\":\"203.0.113.10\",\"dns\":{\"rrname\":\"a.example\"}", 1,
	    "both halves");
	eve(&b, "\"dest_ip\":\"203.0.113.11\"", 0, "no longer valid");
	tap_int(run(&b, FORMAT_EVE,
		    "{\"timestamp\":\"2025-11-22T05:00:00.000000+0000\",\"event_type\":\"flow\","
		    "\"src_ip\":\"203.0.113.11\",\"dest_ip\":\"10.0.0.1\"}"),
		1, "valid then");
	tap_int(run(&b, FORMAT_EVE,
		    "{\"event_type\":\"flow\",\"src_ip\":\"203.0.113.11\","
		    "\"dest_ip\":\"10.0.0.1\",\"flow_id\":1}"),
		1, "without a time it counts");
	stop(&b);
}

/* Records in one buffer, scanned behind match_block(). */
struct pile {
	char bytes[1 << 20];
	size_t from[4096], len;
	uint32_t records;
};

static void add_record(struct pile *p, const char *record)
{
	size_t n = strlen(record);

	p->from[p->records++] = p->len;
	memcpy(p->bytes + p->len, record, n);
	p->len += n;
	p->bytes[p->len++] = '\n';
}

/* Records that scan does not say no to. */
static uint32_t count_maybe(struct bench *b, struct pile *p, size_t window)
{
	size_t looked = 0;
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->records; i++) {
		size_t from = p->from[i];
		size_t end = i + 1 < p->records ? p->from[i + 1] - 1 : p->len - 1;
		if (end > looked && window) {
			looked = from + window < p->len ? from + window : p->len;
			match_block(b->m, b->sc, FORMAT_EVE, p->bytes + from, looked - from);
		}
		n += match_scan(b->m, b->sc, FORMAT_EVE, p->bytes + from, end - from);
	}
	match_block(b->m, b->sc, FORMAT_EVE, NULL, 0);
	return n;
}

static void test_blocks(void)
{
	static struct pile clean, mixed, full;
	static char record[80000];
	struct bench b = {0};

	set_pattern(&b.set, PATTERN_SUBSTRING, OBSERVABLE_USER_AGENT, "evilbot", HS_FLAG_CASELESS);
	set_pattern(&b.set, PATTERN_REGEX, OBSERVABLE_DOMAIN, "^[bcdfg]{12}\\.(com|net)$", 0);
	start(&b);
	for (int i = 0; i < 1000; i++) {
		add_record(&clean, "{\"http\":{\"http_user_agent\":\"a bot\"}}");
		add_record(&mixed, i % 50 == 0 ? "{\"a\":\"EvilBot\"}" : "{\"a\":\"evil bot\"}");
		add_record(&full, "{\"a\":\"evilbot, evilbot\"}");
	}
	size_t n = (size_t)sprintf(record, "{\"a\":\"");
	memset(record + n, 'x', 70000);
	strcpy(record + n + 70000, " evilbot\"}");
	add_record(&mixed, record);
	add_record(&mixed, "{\"a\":\"evilbo\"}");
	add_record(&mixed, "{\"a\":\"t\"}");
	add_record(&mixed, "{\"a\":\"bcdfgbcdfgbc.com\"}");
	static const size_t windows[] = {0, 1, 40, 1000, 16384, SIZE_MAX / 2};
	for (size_t w = 0; w < sizeof(windows) / sizeof(windows[0]); w++) {
		tap_int(count_maybe(&b, &clean, windows[w]), 0, "blocks of clean records");
		tap_int(count_maybe(&b, &mixed, windows[w]), 22, "blocks with some");
		tap_int(count_maybe(&b, &full, windows[w]), 1000, "blocks too full to keep");
	}
	const char *p = mixed.bytes;
	match_block(b.m, b.sc, FORMAT_EVE, p, mixed.len);
	match_block(b.m, b.sc, FORMAT_EVE, NULL, 0);
	memcpy(mixed.bytes, "{\"b\":\"", 6);
	tap_ok(match_scan(b.m, b.sc, FORMAT_EVE, p, mixed.from[1] - 1) &&
		       !match_scan(b.m, b.sc, FORMAT_EVE, p + mixed.from[1],
				   mixed.from[2] - mixed.from[1] - 1),
	       "a block forgotten is one not looked at");
	stop(&b);
}

/* What stands right behind an escape, at every place of a block's words. */
static void test_escapes(void)
{
	static const char *const before[] = {"\\n",  "\\t",  "\\r\\n", "\\b",      "\\f",
					     "\\\\", "\\\"", "\\/",    "x\\\\\\n", "\\u0009"};
	static const char *const atoms[] = {"evil.example", "203.0.113.9",
					    "00112233445566778899aabbccddeeff"};
	static struct pile p;
	struct bench b = {0};
	uint32_t atom = 0, none = 0, hidden = 0;

	set_one(&b.set, CONDITION_DOMAIN, OBSERVABLE_DOMAIN, atoms[0]);
	set_one(&b.set, CONDITION_IP, OBSERVABLE_IP, atoms[1]);
	set_one(&b.set, CONDITION_HASH, OBSERVABLE_HASH, atoms[2]);
	start(&b);
	for (size_t e = 0; e < sizeof(before) / sizeof(*before); e++)
		for (int at = 0; at < 130; at++) {
			char record[512], hides[512], clean[512];
			const char *what = atoms[at % 3];
			const char *same = strspn(before[e], "\\btnf") == 2 ? before[e] + 1 : "";
			snprintf(record, sizeof(record), "{\"a\":\"%0*d%s%s\\t\"}", at, 0,
				 before[e], what);
			snprintf(clean, sizeof(clean), "{\"a\":\"%0*d%sgood.example\\t\"}", at, 0,
				 before[e]);
			/* a letter that belongs to no escape belongs to the value */
			snprintf(hides, sizeof(hides), "{\"a\":\"%0*d-%s%s\"}", at, 0, same, what);
			p.records = 0;
			p.len = 0;
			add_record(&p, record);
			atom += count_maybe(&b, &p, SIZE_MAX / 2) == 1;
			p.records = 0;
			p.len = 0;
			add_record(&p, clean);
			none += count_maybe(&b, &p, SIZE_MAX / 2) == 0;
			p.records = 0;
			p.len = 0;
			add_record(&p, hides);
			hidden += *same && *same != '\\' && at % 3 == 0 &&
				  count_maybe(&b, &p, SIZE_MAX / 2) == 0;
		}
	tap_int(atom, 10 * 130, "an atom behind any escape is found");
	tap_int(none, 10 * 130, "and what is none is not");
	tap_int(hidden, 4 * 44, "nor what only looks like one without the backslash");
	stop(&b);
}

static void test_benign(void)
{
	struct bench b = {0};

	set_one(&b.set, CONDITION_DOMAIN, OBSERVABLE_DOMAIN, "a.example");
	set_one(&b.set, CONDITION_NETWORK, OBSERVABLE_IP, "203.0.113.0/24");
	set_pattern(&b.set, PATTERN_SUBSTRING, OBSERVABLE_USER_AGENT, "bot", 0);
	set_benign(&b.set, BENIGN_STRING, "www.a.example");
	set_benign(&b.set, BENIGN_HOSTNAME, ".cdn.a.example");
	set_benign(&b.set, BENIGN_CIDR, "203.0.113.128/25");
	set_benign(&b.set, BENIGN_SUBSTRING, "goodbot");
	set_benign(&b.set, BENIGN_REGEX, "^nicebot/[0-9]$");
	start(&b);
	eve(&b, "\"dns\":{\"rrname\":\"x.a.example\"}", 1, "not benign");
	eve(&b, "\"dns\":{\"rrname\":\"WWW.a.example\"}", 0, "string");
	tap_ok(result.suppressions == 1 && result.suppressed[0].benign == 0, "names the entry");
	eve(&b, "\"dns\":{\"rrname\":\"e1.cdn.a.example\"}", 0, "hostname and below");
	tap_ok(result.suppressions == 1 && result.suppressed[0].benign == 1, "names the entry");
	eve(&b, "\"dest_ip\":\"203.0.113.1\"", 1, "outside the network");
	eve(&b, "\"dest_ip\":\"203.0.113.200\"", 0, "inside");
	tap_ok(result.suppressions == 1 && result.suppressed[0].benign == 2, "names the entry");
	eve(&b, "\"http\":{\"http_user_agent\":\"a goodbot x\"}", 0, "substring");
	eve(&b, "\"http\":{\"http_user_agent\":\"nicebot/2\"}", 0, "regex");
	eve(&b, "\"http\":{\"http_user_agent\":\"badbot/2\"}", 1, "neither");
	stop(&b);
}

#define THREAD_RECORDS 20000

struct thread {
	struct bench *b;
	uint32_t hits;
};

static void *worker(void *arg)
{
	struct thread *t = arg;
	struct match_scratch *sc;
	struct event *e = calloc(1, sizeof(*e));
	struct match_result *r = calloc(1, sizeof(*r));
	char record[256] = {0};

	if (match_scratch_init(&sc, t->b->m) || !e || !r)
		abort();
	for (int i = 0; i < THREAD_RECORDS; i++) {
		snprintf(record, sizeof(record),
			 "{\"dest_ip\":\"203.0.113.%d\",\"a\":\"evil%d.example\"}", i % 250,
			 i % 100);
		if (!match_scan(t->b->m, sc, FORMAT_EVE, record, strlen(record)))
			continue;
		event_reset(e);
		event_observe(e, OBSERVABLE_IP, record + 12, strcspn(record + 12, "\""));
		match_verify(t->b->m, sc, e, r);
		t->hits += r->hits;
	}
	match_scratch_free(sc);
	free(e);
	free(r);
	return NULL;
}

static void test_threads(void)
{
	struct bench b = {0};
	struct thread t[2] = {{&b, 0}, {&b, 0}};
	pthread_t id[2];

	set_one(&b.set, CONDITION_IP, OBSERVABLE_IP, "203.0.113.9");
	set_pattern(&b.set, PATTERN_SUBSTRING, OBSERVABLE_DOMAIN, "evil77", 0);
	start(&b);
	for (int i = 0; i < 2; i++)
		pthread_create(&id[i], NULL, worker, &t[i]);
	for (int i = 0; i < 2; i++)
		pthread_join(id[i], NULL);
	tap_ok(t[0].hits == THREAD_RECORDS / 250 && t[1].hits == t[0].hits,
	       "two scratches on one matcher");
	stop(&b);
}

#ifdef TOCSIN_JEMALLOC
static uint64_t allocated(void)
{
	uint64_t n = 0;
	size_t size = sizeof(n);

	mallctl("thread.allocated", &n, &size, NULL, 0);
	return n;
}
#endif

static void test_allocation(void)
{
#ifdef TOCSIN_JEMALLOC
	static const char record[4096] =
		"{\"src_ip\":\"203.0.113.9\",\"dns\":{\"rrname\":\"www.\\u0065vil.example\"},\"x\":"
		"\"2001:db8::1 b\xc3\xb6se.example a@b.example rawmark123\"}";
	struct bench b = {0};

	for (int i = 0; i < 2000; i++)
		set_one(&b.set, CONDITION_IP, OBSERVABLE_IP, "203.0.113.9");
	set_one(&b.set, CONDITION_DOMAIN, OBSERVABLE_DOMAIN, "evil.example");
	set_pattern(&b.set, PATTERN_REGEX, OBSERVABLE_NONE, "rawmark[0-9]{3}", 0);
	set_benign(&b.set, BENIGN_SUBSTRING, "good");
	start(&b);
	decode_text(&b.d, FORMAT_EVE, NULL, NULL, record, strlen(record), &ev);
	uint64_t before = allocated();
	bool maybe = match_scan(b.m, b.sc, FORMAT_EVE, record, strlen(record));
	match_verify(b.m, b.sc, &ev, &result);
	tap_int((long long)(allocated() - before), 0, "neither scan nor verify allocates");
	tap_ok(maybe && result.hits == MATCH_HITS_MAX && result.overflow == 2002 - MATCH_HITS_MAX,
	       "hits beyond the limit are counted");
	stop(&b);
#else
	tap_skip(2, "allocation is counted with jemalloc");
#endif
}

int main(void)
{
	struct bench empty = {0};

	start(&empty);
	eve(&empty, "\"dest_ip\":\"1.2.3.4\"", -1, "an empty set");
	stop(&empty);
	test_atoms();
	test_patterns();
	test_clauses();
	test_blocks();
	test_escapes();
	test_benign();
	test_threads();
	test_allocation();
	return tap_done();
}
