/* STIX patterns on records: what a decoded record shows as objects, and that the scan of
 * the raw bytes never hides a record that a pattern matches. */
#include <jansson.h>

#include "base/text.h"
#include "decode/decode.h"
#include "match/match.h"
#include "tap.h"

static const char http[] =
	"{\"timestamp\":\"2026-11-20T10:00:00.000000+0000\",\"event_type\":\"http\","
	"\"src_ip\":\"10.0.0.5\",\"src_port\":50123,\"dest_ip\":\"203.0.113.7\",\"dest_port\":8080,"
	"\"proto\":\"TCP\",\"http\":{\"hostname\":\"cdn.evil.example\",\"url\":\"/a/"
	"gate.php?id=7\","
	"\"http_method\":\"POST\",\"http_user_agent\":\"Evil/1.0\"}}";
static const char process[] =
	"{\"@timestamp\":\"2026-11-20T10:00:00Z\",\"event\":{\"category\":\"process\"},"
	"\"user\":{\"name\":\"root\"},"
	"\"process\":{\"executable\":\"C:\\\\Windows\\\\System32\\\\cmd.exe\",\"name\":\"cmd.exe\","
	"\"command_line\":\"cmd /c "
	"whoami\",\"hash\":{\"md5\":\"d41d8cd98f00b204e9800998ecf8427e\"},"
	"\"parent\":{\"executable\":\"C:\\\\Office\\\\winword.exe\",\"command_line\":\"winword "
	"x.doc\"}}}";
static const char mail[] =
	"{\"timestamp\":\"2026-11-20T10:00:00.000000+0000\",\"event_type\":\"smtp\","
	"\"src_ip\":\"198.51.100.9\",\"dest_ip\":\"10.0.0.25\",\"email\":{\"from\":\"Bad "
	"<bad@evil.example>\","
	"\"to\":[\"a@victim.example\",\"b@victim.example\"]}}";

static struct event ev;
static struct match_result result;
static struct decoder decoder;

/* Hits of the pattern on the record; -1 refused; -2 scan says no and verify yes. */
static int hits(const char *pattern, enum format format, const char *record)
{
	static char padded[65536];
	struct indicator_set set;
	struct problems ps;
	struct matcher *m = NULL;
	struct match_scratch *sc = NULL;
	struct feed feed = {.name = "f", .path = "f.json"};
	size_t len = strlen(record);
	json_t *o = json_pack("{s:s,s:s,s:s,s:s,s:s}", "type", "indicator", "id", "indicator--1",
			      "pattern_type", "stix", "pattern", pattern, "valid_from",
			      "2020-01-01T00:00:00Z");
	char *text = json_dumps(o, 0);
	int n = -1;

	problems_init(&ps);
	if (indicator_set_init(&set) || feed_load_bytes(&set, &feed, text, strlen(text), &ps) ||
	    indicator_set_finish(&set) || matcher_compile(&m, &set, &ps) ||
	    match_scratch_init(&sc, m))
		abort();
	memset(padded, 'x', sizeof(padded));
	memcpy(padded, record, len);
	if (ps.refused == 0) {
		bool maybe = match_scan(m, sc, format, padded, len);
		if (decode_text(&decoder, format, NULL, NULL, padded, len, &ev) != REASON_OK)
			abort();
		match_verify(m, sc, &ev, &result);
		n = result.hits > 0;
		if (!maybe && n)
			n = -2;
	}
	match_scratch_free(sc);
	matcher_free(m);
	indicator_set_fini(&set);
	problems_fini(&ps);
	free(text);
	json_decref(o);
	return n;
}

static void eve(const char *record, int want, const char *pattern)
{
	tap_int(hits(pattern, FORMAT_EVE, record), want, pattern);
}

static void ecs(int want, const char *pattern)
{
	tap_int(hits(pattern, FORMAT_ECS, process), want, pattern);
}

static void traffic(void)
{
	eve(http, 1, "[network-traffic:dst_port = 8080]");
	eve(http, 0, "[network-traffic:src_port = 8080]");
	eve(http, 1,
	    "[network-traffic:src_port > 50000 AND network-traffic:dst_port IN (80, 8080)]");
	eve(http, 0,
	    "[network-traffic:src_port > 50000 AND network-traffic:dst_port NOT IN (80, 8080)]");
	eve(http, 1,
	    "[network-traffic:dst_ref.value = '203.0.113.7' AND network-traffic:dst_port != 443]");
	eve(http, 0,
	    "[network-traffic:dst_ref.value = '203.0.113.7' AND network-traffic:dst_port != 8080]");
	eve(http, 0,
	    "[network-traffic:src_ref.value = '203.0.113.7' AND network-traffic:dst_port != 443]");
	eve(http, 1,
	    "[network-traffic:src_ref.value ISSUBSET '10.0.0.0/8' AND NOT EXISTS "
	    "network-traffic:x]");
	eve(http, 1,
	    "[network-traffic:dst_ref.value = '203.0.113.0/24' AND network-traffic:src_port >= "
	    "50123]");
	eve(http, 1, "[network-traffic:dst_ref.value LIKE '%.evil.example']");
	eve(http, 1, "[network-traffic:dst_ref.type = 'domain-name']");
	eve(http, 1, "[network-traffic:protocols[*] = 'tcp' AND url:value LIKE '%gate.php%']");
	eve(http, 0, "[network-traffic:protocols[*] = 'udp' AND url:value LIKE '%gate.php%']");
	eve(http, 1, "[network-traffic:protocols[1] = 'tcp']");
	eve(http, 1,
	    "[network-traffic:extensions.'http-request-ext'.request_method = 'POST' AND "
	    "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = "
	    "'Evil/1.0']");
	eve(http, 0,
	    "[network-traffic:extensions.'http-request-ext'.request_method = 'GET' AND "
	    "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = "
	    "'Evil/1.0']");
	eve(http, 1,
	    "[domain-name:value = 'CDN[.]Evil.example' AND network-traffic:src_port != 1]");
	eve(http, 0, "[domain-name:value = 'evil.example' AND network-traffic:src_port != 1]");
	eve(http, 1,
	    "[domain-name:value MATCHES '^cdn[.](?!good)' AND EXISTS network-traffic:src_port]");
	eve(http, 1,
	    "[domain-name:value != 'a.example' AND domain-name:resolves_to_refs[*].value = "
	    "'203.0.113.7']");
}

static void others(void)
{
	ecs(1,
	    "[process:command_line LIKE '%whoami%' AND process:creator_user_ref.user_id = 'root']");
	ecs(0, "[process:command_line LIKE '%whoami%' AND process:creator_user_ref.user_id != "
	       "'root']");
	ecs(1, "[process:image_ref.name = 'cmd.exe' AND process:parent_ref.image_ref.name = "
	       "'winword.exe']");
	ecs(0, "[process:image_ref.name = 'winword.exe' AND process:parent_ref.image_ref.name = "
	       "'winword.exe']");
	ecs(1, "[file:name = 'cmd.exe' AND file:parent_directory_ref.path = "
	       "'C:\\\\Windows\\\\System32']");
	ecs(0, "[file:name = 'cmd.exe' AND file:parent_directory_ref.path = 'C:\\\\Office']");
	ecs(1,
	    "[file:name = 'cmd.exe' AND file:hashes.MD5 = 'D41D8CD98F00B204E9800998ECF8427E' AND "
	    "user-account:user_id = 'root']");
	ecs(0, "[file:name = 'winword.exe' AND file:hashes.MD5 = "
	       "'D41D8CD98F00B204E9800998ECF8427E' AND "
	       "user-account:user_id = 'root']");
	ecs(1, "[user-account:account_login IN ('root', 'admin')]");
	eve(mail, 1,
	    "[email-message:from_ref.value = 'BAD@evil.example' AND email-message:to_refs[1].value "
	    "= "
	    "'b@victim.example' AND email-message:to_refs[*].value != 'x@y.example']");
	eve(mail, 0,
	    "[email-message:to_refs[*].value = 'bad@evil.example' AND "
	    "email-message:to_refs[*].value != "
	    "'x@y.example']");
}

static void times(void)
{
	eve(http, 1,
	    "[network-traffic:dst_ref.value = '203.0.113.7'] START t'2026-11-20T10:00:00Z' STOP "
	    "t'2026-11-20T10:00:01Z'");
	eve(http, 0,
	    "[network-traffic:dst_ref.value = '203.0.113.7'] START t'2026-11-20T10:00:01Z' STOP "
	    "t'2026-11-21T10:00:00Z'");
	eve(http, 1,
	    "[network-traffic:dst_ref.value = '203.0.113.8'] START t'2026-11-20T10:00:00Z' STOP "
	    "t'2026-11-21T10:00:00Z' OR [network-traffic:dst_port = 8080]");
	eve(http, 1,
	    "[ipv4-addr:value = '203.0.113.7'] FOLLOWEDBY [domain-name:value = 'x.example']");
	tap_int((long long)result.hit[0].observations, 1, "of a pattern of two, the first");
	eve(http, 1,
	    "[ipv4-addr:value = '192.0.2.1'] FOLLOWEDBY [domain-name:value = 'cdn.evil.example']");
	tap_int((long long)result.hit[0].observations, 2, "the second");
	eve(http, 0,
	    "[ipv4-addr:value = '192.0.2.1'] FOLLOWEDBY [domain-name:value = 'evil.example']");
	eve(http, -1, "[mutex:name = 'x'] FOLLOWEDBY [file:hashes.SSDEEP = 'y']");
	eve(http, 1, "[domain-name:value MATCHES '^(c)dn[.]evil(?=[.])']");
	eve(http, -1, "[domain-name:value MATCHES '(' AND network-traffic:dst_port = 1]");
}

int main(void)
{
	if (decoder_init(&decoder))
		return 1;
	traffic();
	others();
	times();
	decoder_fini(&decoder);
	return tap_done();
}
