/* decode - reports (IDEA0, IntelMQ, n6), Windows events, opaque lines, times without decoding. */
#include "decoded.h"

static void idea(void)
{
	tap_int(decode(FORMAT_AUTO,
		       "{\"Format\":\"IDEA0\",\"ID\":\"4390fc3f-c753-4a3e-bc83-1b44f24baf75\","
		       "\"CreateTime\":\"2026-11-20T10:20:00Z\",\"DetectTime\":\"2026-11-20T10:15:"
		       "30Z\","
		       "\"EventTime\":\"2026-11-20T10:15:00Z\",\"Category\":[\"Recon.Scanning\"],"
		       "\"TLP\":\"AMBER\",\"Confidence\":0.9,\"Source\":[{\"Type\":[\"x\"],\"IP4\":"
		       "[\"192.0.2.0/24\",\"192.0.2.5-192.0.2.9\",\"192.0.2.77\"],\"Port\":[4444],"
		       "\"Hostname\":[\"scan.example\"]}],\"Target\":[{\"IP4\":[\"198.51.100.4/"
		       "32\"],"
		       "\"IP6\":[\"2001:db8::4-2001:db8::4\"],\"Port\":[22,23],\"Proto\":[\"tcp\"]}"
		       "],"
		       "\"Node\":[{\"Name\":\"cz.org.sensor\"}]}"),
		REASON_OK, "IDEA0 scan");
	tap_int(ev.format, FORMAT_IDEA, "told as IDEA0");
	tap_str(when(), "2026-11-20T10:15:30.000000Z", "DetectTime");
	has(OBSERVABLE_IP, ROLE_CLIENT, "192.0.2.77");
	has(OBSERVABLE_IP, ROLE_SERVER, "198.51.100.4");
	has(OBSERVABLE_IP, ROLE_SERVER, "2001:db8::4");
	tap_ok(!find(OBSERVABLE_IP, "192.0.2.0") && !find(OBSERVABLE_IP, "192.0.2.5"),
	       "networks and ranges are nobody");
	tap_str(entity(NULL), "ip:198.51.100.4", "the target is affected");
	tap_int(ev.stated_class, CLASS_ATTEMPT, "class");
	tap_int(ev.tlp, TLP_AMBER, "TLP");
	tap_int(ev.server_port, 22, "port");

	decode(FORMAT_IDEA,
	       "{\"Format\":\"IDEA0\",\"DetectTime\":\"2026-11-20T10:15:30Z\",\"Category\":"
	       "[\"Intrusion.Botnet\"],\"Source\":[{\"IP4\":[\"198.51.100.9\"]}],\"Target\":"
	       "[{\"IP4\":[\"203.0.113.1\"],\"Hostname\":[\"c2.example\"]}]}");
	tap_str(entity(NULL), "ip:198.51.100.9", "of a bot the source is affected");
	has(OBSERVABLE_DOMAIN, ROLE_ASKED, "c2.example");
	tap_int(class_of(OBSERVABLE_DOMAIN, "c2.example"), CLASS_EFFECT, "and it is effect");
	decode(FORMAT_IDEA,
	       "{\"Format\":\"IDEA0\",\"Category\":[\"Attempt.Login\",\"Test\"],\"Target\":"
	       "[{\"Hostname\":[\"SSH.Example\"]}],\"Source\":[{\"IP4\":[\"192.0.2.1\"]}]}");
	tap_str(entity(NULL), "host:ssh.example", "a target known by name");
	tap_ok(ev.test && class_of(OBSERVABLE_IP, "192.0.2.1") == CLASS_TEST, "Category Test");
	decode(FORMAT_IDEA, "{\"Format\":\"IDEA0\",\"Category\":[\"Recon.Scanning\"],\"Source\":"
			    "[{\"IP4\":[\"192.0.2.1\"]}]}");
	tap_str(entity(NULL), "(nobody)", "a scan of nobody in particular: not the scanner");
}

static void intelmq_record(const char *taxonomy, const char *type, const char *rest)
{
	static char text[1024]; /* spans point into it */

	snprintf(text, sizeof(text),
		 "{\"classification.taxonomy\":\"%s\",\"classification.type\":\"%s\",\"feed.name\":"
		 "\"f\","
		 "\"time.observation\":\"2026-11-20T11:00:00+00:00\",\"time.source\":"
		 "\"2026-11-20T10:15:30+00:00\",\"tlp\":\"GREEN\",%s}",
		 taxonomy, type, rest);
	tap_int(decode(FORMAT_AUTO, text), REASON_OK, type);
	tap_int(ev.format, FORMAT_INTELMQ, "told as IntelMQ");
}

static void intelmq(void)
{
	intelmq_record(
		"malicious-code", "infected-system",
		"\"source.ip\":\"198.51.100.3\",\"source.port\":50000,\"destination.ip\":"
		"\"203.0.113.3\",\"destination.fqdn\":\"c2.example\",\"destination.port\":443,"
		"\"malware.hash.md5\":\"00112233445566778899aabbccddeeff\"");
	tap_str(when(), "2026-11-20T10:15:30.000000Z", "time.source");
	tap_str(entity(NULL), "ip:198.51.100.3", "the infected system");
	has(OBSERVABLE_IP, ROLE_SERVER, "203.0.113.3");
	has(OBSERVABLE_DOMAIN, ROLE_ASKED, "c2.example");
	has(OBSERVABLE_HASH, ROLE_FOUND, "00112233445566778899aabbccddeeff");
	tap_int(ev.stated_class, CLASS_EFFECT, "class");
	tap_int(ev.tlp, TLP_GREEN, "TLP");
	intelmq_record("intrusion-attempts", "brute-force",
		       "\"source.ip\":\"192.0.2.3\",\"destination.ip\":\"198.51.100.3\"");
	tap_str(entity(NULL), "ip:198.51.100.3", "the destination of an attack");
	tap_int(ev.stated_class, CLASS_ATTEMPT, "class");
	has(OBSERVABLE_IP, ROLE_CLIENT, "192.0.2.3");
	intelmq_record("malicious-code", "c2-server",
		       "\"source.ip\":\"192.0.2.3\",\"source.fqdn\":\"c2.example\"");
	has(OBSERVABLE_IP, ROLE_SERVER, "192.0.2.3");
	intelmq_record("vulnerable", "vulnerable-system", "\"source.ip\":\"198.51.100.8\"");
	tap_str(entity(NULL), "ip:198.51.100.8", "a vulnerable system is its own victim");
	intelmq_record("information-gathering", "scanner", "\"source.ip\":\"192.0.2.3\"");
	tap_str(entity(NULL), "(nobody)", "a scanner is no victim");
	intelmq_record("test", "test", "\"source.ip\":\"192.0.2.3\"");
	tap_ok(ev.test, "test traffic");
}

static void n6_record(const char *category, const char *rest)
{
	static char text[1024]; /* spans point into it */

	snprintf(
		text, sizeof(text),
		"{\"id\":\"0011\",\"source\":\"provider.channel\",\"restriction\":\"need-to-know\","
		"\"confidence\":\"medium\",\"category\":\"%s\",\"time\":\"2026-11-20T10:15:30Z\",%"
		"s}",
		category, rest);
	tap_int(decode(FORMAT_AUTO, text), REASON_OK, category);
	tap_int(ev.format, FORMAT_N6, "told as n6");
}

static void n6(void)
{
	n6_record("bots",
		  "\"address\":[{\"ip\":\"198.51.100.4\",\"cc\":\"PL\",\"asn\":64500}],\"fqdn\":"
		  "\"c2.example\",\"dip\":\"203.0.113.4\",\"dport\":80,\"sport\":1025");
	tap_str(when(), "2026-11-20T10:15:30.000000Z", "time");
	tap_str(entity(NULL), "ip:198.51.100.4", "a bot is affected");
	has(OBSERVABLE_IP, ROLE_CLIENT, "198.51.100.4");
	has(OBSERVABLE_IP, ROLE_SERVER, "203.0.113.4");
	has(OBSERVABLE_DOMAIN, ROLE_ASKED, "c2.example");
	tap_int(ev.tlp, TLP_AMBER, "restriction as TLP");
	tap_int(ev.server_port, 80, "port");
	n6_record("cnc", "\"address\":[{\"ip\":\"203.0.113.4\"},{\"ip\":\"203.0.113.5\"}],"
			 "\"url\":\"http://c2.example/x\"");
	has(OBSERVABLE_IP, ROLE_SERVER, "203.0.113.4");
	has(OBSERVABLE_IP, ROLE_SERVER, "203.0.113.5");
	has(OBSERVABLE_URL, ROLE_ASKED, "http://c2.example/x");
	has(OBSERVABLE_DOMAIN, ROLE_ASKED, "c2.example");
	n6_record("scanning", "\"address\":[{\"ip\":\"192.0.2.4\"}],\"dip\":\"198.51.100.4\"");
	tap_str(entity(NULL), "ip:198.51.100.4", "what was scanned");
	n6_record("scanning", "\"address\":[{\"ip\":\"192.0.2.4\"}]");
	tap_str(entity(NULL), "(nobody)", "not the scanner");
}

static void windows(void)
{
	tap_int(decode(FORMAT_AUTO,
		       "{\"EventID\":3,\"Channel\":\"Microsoft-Windows-Sysmon/"
		       "Operational\",\"EventTime\":"
		       "\"2026-11-20 "
		       "06:15:30\",\"@timestamp\":\"2026-11-20T10:15:31.000Z\",\"UtcTime\":"
		       "\"2026-11-20 "
		       "10:15:30.123\",\"Hostname\":\"PC-1.corp.example\",\"SourceIp\":"
		       "\"10.0.0.5\",\"SourcePort\":\"50000\",\"DestinationIp\":\"203.0.113.5\","
		       "\"DestinationPort\":\"443\",\"DestinationHostname\":\"-\",\"Image\":"
		       "\"C:\\\\Windows\\\\x.exe\",\"host\":\"collector.example\"}"),
		REASON_OK, "a flat Sysmon event");
	tap_int(ev.format, FORMAT_MAP, "told as Windows");
	tap_str(when(), "2026-11-20T10:15:30.123000Z", "UtcTime before local time");
	has(OBSERVABLE_IP, ROLE_SERVER, "203.0.113.5");
	has(OBSERVABLE_FILE_NAME, ROLE_FOUND, "x.exe");
	tap_ok(!find(OBSERVABLE_DOMAIN, "-"), "'-' is no name");
	tap_ok(ev.host.len == 17 && memcmp(ev.host.p, "PC-1", 4) == 0,
	       "the host, not the collector");
}

static void lines(void)
{
	tap_int(decode(FORMAT_AUTO,
		       "<34>1 2026-11-20T10:15:30.5+01:00 fw-1.example app 1 ID [x@32473 "
		       "src=\"192.0.2.1:4444\"] "
		       "dst=[2001:db8::1] to http://u:p@evil.example:8080/a?b=c,d and "
		       "https://203.0.113.7/x. "
		       "mail <joe@mail.example>; hash 00112233445566778899AABBCCDDEEFF "
		       "/usr/bin/tool.sh C:\\a\\b.exe 198.51.100.0/24 v1.2.3 "
		       "xn--e1afmkfd.xn--p1ai, a.b.c1"),
		REASON_OK, "a syslog line");
	tap_int(ev.format, FORMAT_LINES, "told as a line");
	tap_str(when(), "2026-11-20T09:15:30.500000Z", "RFC 5424 time");
	tap_str(entity(NULL), "host:fw-1.example", "RFC 5424 host");
	has(OBSERVABLE_IP, ROLE_OTHER, "192.0.2.1");
	has(OBSERVABLE_IP, ROLE_OTHER, "2001:db8::1");
	has(OBSERVABLE_URL, ROLE_OTHER, "http://u:p@evil.example:8080/a?b=c,d");
	has(OBSERVABLE_DOMAIN, ROLE_OTHER, "evil.example");
	has(OBSERVABLE_URL, ROLE_OTHER, "https://203.0.113.7/x");
	has(OBSERVABLE_IP, ROLE_OTHER, "203.0.113.7");
	has(OBSERVABLE_EMAIL, ROLE_OTHER, "joe@mail.example");
	has(OBSERVABLE_HASH, ROLE_OTHER, "00112233445566778899AABBCCDDEEFF");
	has(OBSERVABLE_DOMAIN, ROLE_OTHER, "xn--e1afmkfd.xn--p1ai");
	tap_ok(!find(OBSERVABLE_DOMAIN, "tool.sh") && !find(OBSERVABLE_DOMAIN, "b.exe") &&
		       !find(OBSERVABLE_IP, "198.51.100.0") && !find(OBSERVABLE_DOMAIN, "v1.2.3") &&
		       !find(OBSERVABLE_DOMAIN, "a.b.c1"),
	       "paths, networks and versions are none");
	tap_int(decode(FORMAT_LINES, "caf\xe9 evil.example \xff"), REASON_OK,
		"any bytes make a line");
	has(OBSERVABLE_DOMAIN, ROLE_OTHER, "evil.example");
	tap_ok(!ev.has_time, "no time");
	decode(FORMAT_LINES, "[2026-11-20 10:15:30,250] x");
	tap_str(when(), "2026-11-20T10:15:30.250000Z", "date and time of day as two words");
	decode(FORMAT_LINES, "1763633730.5 x");
	tap_str(when(), "2025-11-20T10:15:30.500000Z", "epoch");
	decode(FORMAT_LINES, "Nov 20 10:15:30 fw x");
	tap_ok(!ev.has_time, "a time without a year is none");
	decode(FORMAT_LINES, "<13>Nov 20 10:15:30 fw 42 x");
	tap_ok(!ev.has_time, "nor behind a priority");
	tap_int(decode(FORMAT_LINES, "{\"a\":"), REASON_OK, "a brace makes no JSON of a line");
}

static void time_is(enum format format, const char *text, const char *want)
{
	char got[TIMESTAMP_TEXT_MAX] = "(none)";
	int64_t time_us;

	if (decode_time(format, text, strlen(text), &time_us))
		timestamp_format(time_us, got);
	tap_str(got, want, text);
}

static void times(void)
{
	static const char at[] = "2026-11-20T10:15:30.000000Z";

	time_is(FORMAT_EVE,
		"{\"timestamp\":\"2026-11-20T10:15:30.000000+0000\",\"event_type\":\"dns\"}", at);
	time_is(FORMAT_EVE, "{\"x\":\"timestamp\",\"timestamp\" : \"2026-11-20T10:15:30+0000\"}",
		at);
	time_is(FORMAT_ZEEK, "{\"ts\":1795169730.0,\"uid\":\"x\"}", at);
	time_is(FORMAT_ZEEK, "{\"http\":{\"ts\": 1795169730.0}}", at);
	time_is(FORMAT_ECS, "{\"a\":{\"b\":1},\"@timestamp\":\"2026-11-20T10:15:30Z\"}", at);
	time_is(FORMAT_IDEA,
		"{\"CreateTime\":\"2026-11-20T11:15:30Z\",\"DetectTime\":\"2026-11-20T10:15:30Z\"}",
		at);
	time_is(FORMAT_INTELMQ, "{\"time.source\":\"2026-11-20T10:15:30+00:00\"}", at);
	time_is(FORMAT_N6, "{\"time\":\"2026-11-20T10:15:30Z\"}", at);
	time_is(FORMAT_AUTO, "{\"event_type\":\"x\",\"timestamp\":\"2026-11-20T10:15:30Z\"}", at);
	time_is(FORMAT_AUTO, "<1>1 2026-11-20T10:15:30Z h", at);
	time_is(FORMAT_LINES, "2026-11-20T10:15:30Z h", at);
	time_is(FORMAT_ZEEK_TSV, "1795169730.000000\tCabc\t192.0.2.1", at);
	time_is(FORMAT_EVE, "{\"timestamp\":\"soon\"}", "(none)");
	time_is(FORMAT_EVE, "{\"timestamp\":", "(none)");
	time_is(FORMAT_EVE, "", "(none)");
	time_is(FORMAT_EVE, "{timestamp", "(none)");
}

int main(void)
{
	decoded_init();
	idea();
	intelmq();
	n6();
	windows();
	lines();
	times();
	decoder_fini(&decoder);
	return tap_done();
}
