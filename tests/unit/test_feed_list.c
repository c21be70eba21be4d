/* Plain lists: kinds told by content, comments, counts, refusals; and real ones. */
#include "test_feed_dump.h"

#include <unistd.h>

#include "base/clock.h"
#include "tap.h"

#define SHARED "../shared/data/iocs"

static void check(const char *in, const char *want, const char *name)
{
	char *got = dump_bytes(in, strlen(in));

	tap_str(got, want, name);
	free(got);
}

static void kinds(void)
{
	check("192.0.2.1\n",
	      "ip:192.0.2.1 0:ip=192.0.2.1 indicator:ip:192.0.2.1(192.0.2.1) medium amber clear\n",
	      "an address");
	check("2001:DB8::0001 # why\r\n",
	      "ip:2001:db8::1 0:ip=2001:db8::1 indicator:ip:2001:db8::1(2001:db8::1) medium amber "
	      "clear\n",
	      "IPv6, a comment behind it, CR LF");
	check("198.51.100.7/24\t17",
	      "network:198.51.100.0/24 0:net=198.51.100.0/24 "
	      "indicator:network:198.51.100.0/24(198.51.100.0/24) medium amber clear\n",
	      "a network with a count, no line end");
	check("198.51.100.7/32\n",
	      "ip:198.51.100.7 0:ip=198.51.100.7 indicator:ip:198.51.100.7(198.51.100.7) medium "
	      "amber clear\n",
	      "a /32 is an address");
	check("*.Evil[.]Example ; note\n",
	      "domain:evil.example 0:domain=evil.example "
	      "indicator:domain:evil.example(evil.example) "
	      "medium amber clear\n",
	      "a defanged domain");
	check("hxxps://Evil.example/A%7e\n",
	      "url:evil.example/A~ 0:url=evil.example/A~ "
	      "indicator:url:evil.example/A~(evil.example/A~) "
	      "medium amber clear\n",
	      "a defanged URL");
	check("http://192.0.2.1\n",
	      "ip:192.0.2.1 0:ip=192.0.2.1 indicator:ip:192.0.2.1(192.0.2.1) medium amber clear\n",
	      "a URL without a path is its host");
	check("192.0.2.1:8080\n",
	      "ip:192.0.2.1:8080 0:ip=192.0.2.1 0:port=8080 indicator:ip:192.0.2.1:8080 medium "
	      "amber clear\n",
	      "an address and a port");
	check("http://evil.example:8080\n",
	      "domain:evil.example:8080 0:domain=evil.example 0:port=8080 "
	      "indicator:domain:evil.example:8080 medium amber clear\n",
	      "a domain and a port");
	check("D41D8CD98F00B204E9800998ECF8427E\n",
	      "hash:d41d8cd98f00b204e9800998ecf8427e 0:hash=d41d8cd98f00b204e9800998ecf8427e "
	      "indicator:hash:d41d8cd98f00b204e9800998ecf8427e(d41d8cd98f00b204e9800998ecf8427e) "
	      "medium amber clear\n",
	      "a hash");
	check("Bad[@]Evil.example\n",
	      "email:bad@evil.example 0:email=bad@evil.example "
	      "indicator:email:bad@evil.example(bad@evil.example) medium amber clear\n",
	      "an e-mail address");
	check("0.0.0.0 evil.example\n",
	      "domain:evil.example 0:domain=evil.example "
	      "indicator:domain:evil.example(evil.example) "
	      "medium amber clear\n",
	      "a hosts file");
	check("[2001:db8::1]:53\n",
	      "ip:2001:db8::1:53 0:ip=2001:db8::1 0:port=53 indicator:ip:2001:db8::1:53 medium "
	      "amber clear\n",
	      "IPv6 and a port is no JSON");
}

static void refusals(void)
{
	check("", "", "an empty list");
	check("# only\n; comments\n\n   \n// here\n", "", "comments alone");
	check("nonsense\n/panel/x.php\n192.0.2.1 evil.example\n192.0.2.256\n0.0.0.0/0\nhttp://\n",
	      "! 1: \"nonsense\": no address, network, domain, URL, hash or e-mail address\n"
	      "! 2: \"/panel/x.php\": a path without a host\n"
	      "! 3: \"192.0.2.1 evil.example\": more than one value on a line\n"
	      "! 4: \"192.0.2.256\": no address, network, domain, URL, hash or e-mail address\n"
	      "! 5: \"0.0.0.0/0\": a /0 network is everything\n"
	      "! 6: \"http://\": no URL with a valid host\n",
	      "each with its line");
	char *got = dump_bytes("evil.example\0\nother.example\n", 28);
	tap_ok(strstr(got, "! 1: ") && strstr(got, "domain:other.example"),
	       "a NUL spoils its line alone");
	free(got);
}

static void duplicates(void)
{
	check("evil.example\nEVIL.example.\n*.evil.example\n",
	      "domain:evil.example 0:domain=evil.example "
	      "indicator:domain:evil.example(evil.example) "
	      "medium amber clear\n",
	      "three spellings are one indicator");
}

static void million(void)
{
	struct feed f = dump_feed("million", "million.txt");
	struct indicator_set s;
	struct text t;

	text_init(&t);
	for (uint32_t i = 0; i < 1000000; i++)
		text_printf(&t, "10.%u.%u.%u\t%u\n", i >> 16, i >> 8 & 255, i & 255, i % 9);
	indicator_set_init(&s);
	uint64_t start = clock_monotonic_ns();
	int rc = feed_load_bytes(&s, &f, t.p, t.len, NULL);
	uint64_t loaded = clock_monotonic_ns();
	rc |= indicator_set_finish(&s);
	uint64_t done = clock_monotonic_ns();
	printf("# 1,000,000 addresses: load %.2f s, finish %.2f s\n",
	       (double)(loaded - start) / 1e9, (double)(done - loaded) / 1e9);
	tap_ok(rc == 0 && s.count == 1000000 && s.threat_count == 1000000, "a million addresses");
	indicator_set_fini(&s);
	text_fini(&t);
}

static void real(const char *path, uint32_t least)
{
	struct feed f = dump_feed("real", path);
	struct indicator_set s;
	struct problems ps;

	if (access(path, R_OK) != 0)
		return tap_skip(1, "%s is not there", path);
	problems_init(&ps);
	indicator_set_init(&s);
	int rc = feed_load_file(&s, &f, &ps) | indicator_set_finish(&s);
	printf("# %s: %u indicators, %u refused\n", path, s.count, (unsigned)ps.refused);
	tap_ok(rc == 0 && s.count >= least && ps.refused == 0, "%s", path);
	indicator_set_fini(&s);
	problems_fini(&ps);
}

int main(void)
{
	kinds();
	refusals();
	duplicates();
	million();
	real(SHARED "/ipsum/3.txt", 1000);
	real(SHARED "/maltrail/trails/static/mass_scanner_cidr.txt", 10);
	return tap_done();
}
