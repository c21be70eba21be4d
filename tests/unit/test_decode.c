/* decode - golden records of each format, in the sensors' own shapes. */
#include "decoded.h"

static void eve_flow(void)
{
	tap_int(decode(FORMAT_AUTO,
		       "{\"timestamp\":\"2026-11-20T10:15:30.123456+0000\",\"flow_id\":"
		       "1234567890123456,"
		       "\"in_iface\":\"eth0\",\"event_type\":\"http\",\"src_ip\":\"10.1.2.3\","
		       "\"src_port\":49152,\"dest_ip\":\"198.51.100.7\",\"dest_port\":8080,"
		       "\"proto\":\"TCP\",\"community_id\":\"1:abc=\",\"host\":\"sensor-1\","
		       "\"http\":{"
		       "\"hostname\":\"evil.example\",\"http_port\":8080,\"url\":\"\\/"
		       "gate.php?id=1\","
		       "\"http_user_agent\":\"curl\\/8.0\",\"http_refer\":\"http://ref.example/\","
		       "\"http_method\":\"GET\",\"protocol\":\"HTTP/"
		       "1.1\",\"status\":200,\"length\":12}}"),
		REASON_OK, "EVE http");
	tap_int(ev.format, FORMAT_EVE, "told as EVE");
	tap_str(when(), "2026-11-20T10:15:30.123456Z", "time");
	has(OBSERVABLE_IP, ROLE_CLIENT, "10.1.2.3");
	has(OBSERVABLE_IP, ROLE_SERVER, "198.51.100.7");
	has(OBSERVABLE_DOMAIN, ROLE_ASKED, "evil.example");
	has(OBSERVABLE_PATH, ROLE_ASKED, "/gate.php?id=1");
	has(OBSERVABLE_URL, ROLE_ASKED, "http://evil.example:8080/gate.php?id=1");
	has(OBSERVABLE_USER_AGENT, ROLE_ASKED, "curl/8.0");
	tap_int(ev.client_port, 49152, "client port");
	tap_int(find(OBSERVABLE_IP, "198.51.100.7")->port, 8080, "server port at its address");
	tap_ok(ev.has_direction, "direction known");
	tap_str(entity(NULL), "ip:10.1.2.3", "the inside client is affected");
	tap_int(class_of(OBSERVABLE_DOMAIN, "evil.example"), CLASS_EFFECT, "asked for: effect");
	tap_int(class_of(OBSERVABLE_IP, "198.51.100.7"), CLASS_EFFECT, "reached out to: effect");
	tap_int(class_of(OBSERVABLE_IP, "10.1.2.3"), CLASS_ATTEMPT, "a client: attempt");
}

static void eve_alert(void)
{
	tap_int(decode(FORMAT_EVE,
		       "{\"timestamp\":\"2026-11-20T10:15:30.123456+0100\",\"flow_id\":1,"
		       "\"event_type\":\"alert\",\"src_ip\":\"198.51.100.7\",\"src_port\":80,"
		       "\"dest_ip\":\"10.1.2.3\",\"dest_port\":49152,\"proto\":\"TCP\",\"alert\":{"
		       "\"action\":\"allowed\",\"gid\":1,\"signature_id\":2000001,\"rev\":1,"
		       "\"signature\":\"made up\",\"category\":\"x\",\"severity\":1,"
		       "\"metadata\":{\"rsit_type\":[\"infected-system\"]}},"
		       "\"direction\":\"to_client\",\"flow\":{\"src_ip\":\"10.1.2.3\","
		       "\"dest_ip\":\"198.51.100.7\",\"src_port\":49152,\"dest_port\":80},"
		       "\"http\":{\"hostname\":\"203.0.113.9:8080\",\"url\":\"/\"}}"),
		REASON_OK, "EVE alert on an answer");
	tap_str(when(), "2026-11-20T09:15:30.123456Z", "zone");
	has(OBSERVABLE_IP, ROLE_CLIENT, "10.1.2.3");
	has(OBSERVABLE_IP, ROLE_SERVER, "198.51.100.7");
	has(OBSERVABLE_IP, ROLE_ASKED, "203.0.113.9");
	tap_ok(!find(OBSERVABLE_DOMAIN, "203.0.113.9:8080"), "an address is no domain");
	has(OBSERVABLE_URL, ROLE_ASKED, "http://203.0.113.9:8080/");
	tap_int(ev.client_port, 49152, "ports turned as well");
	tap_str(field(FIELD_RULE_NAME), "made up", "signature");
	tap_int(ev.stated_class, CLASS_EFFECT, "class from metadata");

	decode(FORMAT_EVE, "{\"timestamp\":\"2026-11-20T10:15:30Z\",\"event_type\":\"fileinfo\","
			   "\"src_ip\":\"198.51.100.7\",\"src_port\":443,\"dest_ip\":\"10.1.2.3\","
			   "\"dest_port\":50000,\"fileinfo\":{\"filename\":\"/a/b.exe\",\"md5\":"
			   "\"00112233445566778899aabbccddeeff\"}}");
	has(OBSERVABLE_IP, ROLE_CLIENT, "10.1.2.3");
	has(OBSERVABLE_HASH, ROLE_FOUND, "00112233445566778899aabbccddeeff");
	has(OBSERVABLE_FILE_NAME, ROLE_FOUND, "b.exe");
	decode(FORMAT_EVE,
	       "{\"timestamp\":\"2026-11-20T10:15:30Z\",\"event_type\":\"tls\","
	       "\"src_ip\":\"10.1.2.3\",\"src_port\":700,\"dest_ip\":\"198.51.100.7\","
	       "\"dest_port\":8443,\"tls\":{\"subject\":\"CN=x\",\"sni\":\"c2.example\","
	       "\"ja3\":{\"hash\":\"a0e9f5d64349fb13191bc781f81f42e1\",\"string\":\"1,2\"},"
	       "\"ja3s\":{\"hash\":\"b0e9f5d64349fb13191bc781f81f42e1\"},\"ja4\":\"t13d\"}}");
	has(OBSERVABLE_IP, ROLE_CLIENT, "10.1.2.3");
	has(OBSERVABLE_DOMAIN, ROLE_ASKED, "c2.example");
	has(OBSERVABLE_JA3, ROLE_ASKED, "a0e9f5d64349fb13191bc781f81f42e1");
	has(OBSERVABLE_JA3, ROLE_ASKED, "b0e9f5d64349fb13191bc781f81f42e1");
	has(OBSERVABLE_JA3, ROLE_ASKED, "t13d");
}

static void eve_dns(void)
{
	static const char *const dns[] = {
		"{\"type\":\"query\",\"id\":1,\"rrname\":\"c2.example\",\"rrtype\":\"A\"}",
		"{\"version\":2,\"type\":\"answer\",\"rrname\":\"c2.example\",\"answers\":"
		"[{\"rrname\":\"c2.example\",\"rdata\":\"192.0.2.1\"}]}",
		"{\"version\":3,\"type\":\"request\",\"queries\":[{\"rrname\":\"a.example\"},"
		"{\"rrname\":\"c2.example\",\"rrtype\":\"A\"}]}",
		"{\"query\":[{\"type\":\"query\",\"rrname\":\"c2.example\"}]}",
	};
	char text[1024];

	for (size_t i = 0; i < sizeof(dns) / sizeof(dns[0]); i++) {
		snprintf(
			text, sizeof(text),
			"{\"timestamp\":\"2026-11-20T10:15:30.000001+0000\",\"event_type\":\"dns\","
			"\"src_ip\":\"2001:db8::5\",\"src_port\":5353,\"dest_ip\":\"2001:db8::1\","
			"\"dest_port\":53,\"proto\":\"UDP\",\"dns\":%s}",
			dns[i]);
		tap_int(decode(FORMAT_AUTO, text), REASON_OK, "EVE dns layout");
		has(OBSERVABLE_DOMAIN, ROLE_ASKED, "c2.example");
	}
	has(OBSERVABLE_IP, ROLE_CLIENT, "2001:db8::5");
}

static void zeek(void)
{
	static const char plain[] =
		"{\"ts\":1763633730.5,\"uid\":\"CAbc\",\"id.orig_h\":\"192.0.2.66\",\"id.orig_p\":"
		"4444,"
		"\"id.resp_h\":\"10.0.0.80\",\"id.resp_p\":8080,\"method\":\"GET\","
		"\"host\":\"bad.example\",\"uri\":\"/x\",\"user_agent\":\"scan\"}";
	char tagged[1024];

	tap_int(decode(FORMAT_AUTO, plain), REASON_OK, "Zeek http");
	tap_int(ev.format, FORMAT_ZEEK, "told as Zeek");
	tap_str(when(), "2025-11-20T10:15:30.500000Z", "epoch time");
	has(OBSERVABLE_URL, ROLE_ASKED, "http://bad.example:8080/x");
	tap_int(class_of(OBSERVABLE_DOMAIN, "bad.example"), CLASS_ATTEMPT, "inbound: attempt");
	tap_int(event_class(&ev, NULL, &home), CLASS_ATTEMPT, "raw bytes inbound: attempt");
	tap_str(entity(NULL), "ip:10.0.0.80", "the inside server is affected");

	snprintf(tagged, sizeof(tagged), " {\"http\" : %s }\n", plain);
	tap_int(decode(FORMAT_AUTO, tagged), REASON_OK, "tagged form");
	tap_int(ev.format, FORMAT_ZEEK, "told as Zeek through its tag");
	tap_str(field(FIELD_EVENT_DATASET), "http", "the tag is the log's name");
	has(OBSERVABLE_URL, ROLE_ASKED, "http://bad.example:8080/x");
	tap_int(decode(FORMAT_ZEEK, tagged), REASON_OK, "tagged form, format fixed");
	has(OBSERVABLE_IP, ROLE_SERVER, "10.0.0.80");

	decode(FORMAT_ZEEK, "{\"stats\":{\"ts\":1763633730.5,\"peer\":\"x\"}}");
	tap_str(when(), "2025-11-20T10:15:30.500000Z", "a tagged log without a connection");

	/* where the tag and a column look like a path of EVE's */
	decode(FORMAT_AUTO, "{\"files\":{\"ts\":1,\"uid\":\"C\",\"filename\":\"a\",\"md5\":"
			    "\"00112233445566778899aabbccddeeff\"}}");
	has(OBSERVABLE_HASH, ROLE_FOUND, "00112233445566778899aabbccddeeff");
	has(OBSERVABLE_FILE_NAME, ROLE_FOUND, "a");

	decode(FORMAT_AUTO, "{\"_path\":\"files\",\"ts\":\"2026-11-20T10:15:30.25Z\","
			    "\"tx_hosts\":[\"198.51.100.7\"],\"rx_hosts\":[\"10.0.0.9\"],"
			    "\"sha1\":\"00112233445566778899aabbccddeeff00112233\"}");
	tap_str(when(), "2026-11-20T10:15:30.250000Z", "ISO time");
	has(OBSERVABLE_IP, ROLE_CLIENT, "10.0.0.9");
	has(OBSERVABLE_IP, ROLE_SERVER, "198.51.100.7");
	has(OBSERVABLE_HASH, ROLE_FOUND, "00112233445566778899aabbccddeeff00112233");
	decode(FORMAT_AUTO,
	       "{\"_path\":\"smtp\",\"ts\":1763633730,\"mailfrom\":\"m@bad.example\","
	       "\"from\":\"\\\"A, B\\\" <a.b@bad.example>\",\"rcptto\":[\"x@org.example\"]}");
	has(OBSERVABLE_EMAIL, ROLE_SENDER, "m@bad.example");
	has(OBSERVABLE_EMAIL, ROLE_SENDER, "a.b@bad.example");
	has(OBSERVABLE_EMAIL, ROLE_ASKED, "x@org.example");
}

static void ecs(void)
{
	static const char nested[] =
		"{\"@timestamp\":\"2026-11-20T10:15:30.000Z\",\"ecs\":{\"version\":\"8.11\"},"
		"\"event\":{\"dataset\":\"d\",\"kind\":\"event\"},\"source\":{\"ip\":\"10.9.9.9\","
		"\"port\":1},"
		"\"destination\":{\"address\":\"www.evil.example.\",\"port\":443},"
		"\"url\":{\"full\":\"https://u:p@evil.example:444/a?b#c\"},"
		"\"host\":{\"name\":\"PC-7\"},\"organization\":{\"name\":\"Stadtwerke X\"},"
		"\"file\":{\"hash\":{\"sha256\":"
		"\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\"}},"
		"\"threat\":{\"indicator\":{\"ip\":\"203.0.113.200\"}},"
		"\"tocsin\":{\"users_affected\":1200,\"member_state\":\"EL\",\"duration_seconds\":"
		"3600.5},"
		"\"tags\":[\"rsit:intrusions=\\\"system-compromise\\\"\",\"tlp:amber+strict\"]}";
	static const char dotted[] =
		"{\"@timestamp\":\"2026-11-20T10:15:30.000Z\",\"ecs.version\":\"8.11\","
		"\"event.dataset\":\"d\",\"event.kind\":\"event\",\"source.ip\":\"10.9.9.9\","
		"\"source.port\":1,\"destination.address\":\"www.evil.example.\","
		"\"destination.port\":443,\"url.full\":\"https://u:p@evil.example:444/a?b#c\","
		"\"host.name\":\"PC-7\",\"organization.name\":\"Stadtwerke "
		"X\",\"file.hash.sha256\":"
		"\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\","
		"\"threat.indicator.ip\":\"203.0.113.200\",\"tocsin.users_affected\":1200,"
		"\"tocsin.member_state\":\"EL\",\"tocsin.duration_seconds\":3600.5,"
		"\"tags\":[\"rsit:intrusions=\\\"system-compromise\\\"\",\"tlp:amber+strict\"]}";
	const char *const both[] = {nested, dotted};

	for (int i = 0; i < 2; i++) {
		tap_int(decode(FORMAT_AUTO, both[i]), REASON_OK, i ? "ECS dotted" : "ECS nested");
		tap_int(ev.format, FORMAT_ECS, "told as ECS");
		has(OBSERVABLE_IP, ROLE_CLIENT, "10.9.9.9");
		has(OBSERVABLE_DOMAIN, ROLE_ASKED, "www.evil.example");
		has(OBSERVABLE_DOMAIN, ROLE_ASKED, "evil.example");
		has(OBSERVABLE_URL, ROLE_ASKED, "https://u:p@evil.example:444/a?b#c");
		tap_ok(!find(OBSERVABLE_IP, "203.0.113.200"),
		       "an indicator's own value is not seen");
		tap_int((long long)ev.users_affected, 1200, "users");
		tap_int((long long)ev.duration_s, 3600, "duration");
		tap_int(ev.state_claim, vocab_state_parse("GR", 2), "state claimed");
		tap_int(ev.stated_class, CLASS_EFFECT, "class from a tag");
		tap_int(ev.tlp, TLP_AMBER_STRICT, "TLP from a tag");
		tap_str(entity(NULL), "org:stadtwerke x", "organisation");
	}
	tap_int(decode(FORMAT_AUTO,
		       "{\"@timestamp\":\"2026-11-20T10:15:30Z\",\"suricata\":{\"eve\":{\"event_"
		       "type\":"
		       "\"tls\",\"src_ip\":\"10.0.0.1\",\"dest_ip\":\"192.0.2.1\",\"tls\":{\"sni\":"
		       "\"c2.example\"}}}}"),
		REASON_OK, "EVE under ECS");
	tap_int(ev.format, FORMAT_ECS, "is ECS");
	has(OBSERVABLE_DOMAIN, ROLE_ASKED, "c2.example");
	has(OBSERVABLE_IP, ROLE_SERVER, "192.0.2.1");
	decode(FORMAT_AUTO,
	       "{\"eventTime\":\"2026-11-20T10:15:30Z\",\"source\":{\"ip\":\"10.0.0.1\"}}");
	tap_str(when(), "2026-11-20T10:15:30.000000Z", "an unknown object: generic time key");
	has(OBSERVABLE_IP, ROLE_CLIENT, "10.0.0.1");
}

static void ecs_parts(void)
{
	decode(FORMAT_ECS,
	       "{\"client\":{\"ip\":\"192.0.2.1\",\"port\":7},\"server\":{\"ip\":"
	       "\"10.0.0.1\"},\"url\":{\"domain\":\"h.example\",\"path\":\"/a\",\"query\":"
	       "\"b=c\",\"scheme\":\"https\",\"port\":8443}}");
	has(OBSERVABLE_URL, ROLE_ASKED, "https://h.example:8443/a?b=c");
	has(OBSERVABLE_PATH, ROLE_ASKED, "/a?b=c");
	has(OBSERVABLE_IP, ROLE_CLIENT, "192.0.2.1");
	has(OBSERVABLE_IP, ROLE_SERVER, "10.0.0.1");
	tap_int(ev.client_port, 7, "client's port");
	decode(FORMAT_ECS, "{\"source.ip\":\"10.0.0.1\",\"source.port\":80,\"destination.ip\":"
			   "\"192.0.2.1\",\"destination.port\":7,\"client.ip\":\"192.0.2.1\"}");
	has(OBSERVABLE_IP, ROLE_CLIENT, "192.0.2.1");
	tap_int(ev.server_port, 80, "an answer's packet: turned by client.ip");
}

static void refusals(void)
{
	tap_int(decode(FORMAT_EVE, "not json"), REASON_NOT_JSON,
		"fixed format: a line is no record");
	tap_int(decode(FORMAT_AUTO, "{\"a\":1"), REASON_NOT_JSON, "a broken object");
	tap_int(decode(FORMAT_AUTO, "{\"a\":\"\xff\"}"), REASON_NOT_UTF8, "no UTF-8");
	tap_int(decode(FORMAT_EVE, "[]"), REASON_NOT_JSON, "an array is no record");
	tap_int(decode(FORMAT_AUTO, "{} {}"), REASON_NOT_JSON, "two objects in a line");
	tap_int(decode(FORMAT_AUTO, "  \r\n"), REASON_OK, "an empty line");
	tap_ok(ev.comment, "is not counted");
	tap_int(decode(FORMAT_EVE, "\xef\xbb\xbf{}"), REASON_OK,
		"a byte order mark is passed over");
}

int main(void)
{
	decoded_init();
	eve_flow();
	eve_alert();
	eve_dns();
	zeek();
	ecs();
	ecs_parts();
	refusals();
	decoder_fini(&decoder);
	return tap_done();
}
