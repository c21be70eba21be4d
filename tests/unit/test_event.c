/* event - fields to observables, direction, class, entity. */
#include "decoded.h"

static void begin(enum format format)
{
	event_reset(&ev);
	ev.format = (uint8_t)format;
}

static void add(enum event_field f, const char *value)
{
	event_add(&ev, f, value, strlen(value));
}

static void names(void)
{
	int wrong = 0;

	for (int f = FIELD_NONE + 1; f < FIELD_COUNT; f++) {
		const char *name = event_field_name((enum event_field)f);
		wrong += event_field_find(name, strlen(name)) != f;
	}
	tap_int(wrong, 0, "every field is found by its name");
	tap_int(event_field_find("source.i", 8), -1, "and no other");
	tap_int(event_field_type(FIELD_SOURCE_IP), OBSERVABLE_IP, "type");
	tap_int(event_field_role(FIELD_FILE_NAME), ROLE_FOUND, "role");
}

static void values(void)
{
	begin(FORMAT_ECS);
	add(FIELD_FILE_HASHES,
	    "SHA1=75C5A97F521F760E32A4A9639A653EED862E9C61,"
	    "MD5=9520A99E77D6196D0D09833146424113,"
	    "SHA256=DD191A5B23DF92E12A8852291F9FB5ED594B76A28A5A464418442584AFD1E048,"
	    "IMPHASH=247B9220E5D9B720A82B2C8B5069AD69");
	tap_int(ev.observables, 4, "four hashes in one value");
	has(OBSERVABLE_HASH, ROLE_FOUND, "9520A99E77D6196D0D09833146424113");
	begin(FORMAT_ECS);
	add(FIELD_FILE_HASHES, "sha1:75C5A97F521F760E32A4A9639A653EED862E9C61");
	has(OBSERVABLE_HASH, ROLE_FOUND, "75C5A97F521F760E32A4A9639A653EED862E9C61");
	begin(FORMAT_ECS);
	add(FIELD_PROCESS_HASH, "9520A99E77D6196D0D09833146424113");
	add(FIELD_FILE_HASH_MD5, "-");
	add(FIELD_FILE_HASH_MD5, "not a hash of 32 bytes, not at al");
	tap_int(ev.observables, 1, "what is no hash is none");
	tap_int(ev.fields, 3, "but its field stays");

	begin(FORMAT_ECS);
	add(FIELD_URL_DOMAIN, "Evil.Example.");
	add(FIELD_URL_DOMAIN, "evil.example:8080");
	add(FIELD_URL_DOMAIN, "163.172.84.54");
	add(FIELD_URL_DOMAIN, "198.51.100.1:81");
	add(FIELD_URL_DOMAIN, "[2001:db8::1]:8080");
	add(FIELD_URL_DOMAIN, "2001:db8::2");
	add(FIELD_URL_DOMAIN, ".");
	add(FIELD_URL_DOMAIN, "");
	has(OBSERVABLE_DOMAIN, ROLE_ASKED, "Evil.Example");
	has(OBSERVABLE_DOMAIN, ROLE_ASKED, "evil.example");
	has(OBSERVABLE_IP, ROLE_ASKED, "163.172.84.54");
	has(OBSERVABLE_IP, ROLE_ASKED, "198.51.100.1");
	has(OBSERVABLE_IP, ROLE_ASKED, "2001:db8::1");
	has(OBSERVABLE_IP, ROLE_ASKED, "2001:db8::2");
	tap_int(ev.observables, 6, "nothing of a lone dot");

	begin(FORMAT_ECS);
	add(FIELD_EMAIL_FROM, "\"Doe, J\" <j.doe+x@Mail.Example>, other@two.example.");
	has(OBSERVABLE_EMAIL, ROLE_SENDER, "j.doe+x@Mail.Example");
	has(OBSERVABLE_EMAIL, ROLE_SENDER, "other@two.example");
	tap_int(ev.observables, 2, "two addresses");
	begin(FORMAT_ECS);
	add(FIELD_EMAIL_TO, "@ a@ @b <>");
	tap_int(ev.observables, 0, "halves of addresses are none");

	begin(FORMAT_ECS);
	add(FIELD_FILE_PATH, "C:\\Users\\x\\evil.exe");
	has(OBSERVABLE_FILE_NAME, ROLE_FOUND, "C:\\Users\\x\\evil.exe");
	has(OBSERVABLE_FILE_NAME, ROLE_FOUND, "evil.exe");
	add(FIELD_SOURCE_IP, "no address");
	tap_int(ev.observables, 2, "an unreadable address is no observable");
}

static void compose(const char *host, const char *path, const char *port, const char *scheme,
		    const char *want)
{
	begin(FORMAT_ECS);
	add(FIELD_URL_DOMAIN, host);
	add(FIELD_URL_ORIGINAL, path);
	if (port)
		add(FIELD_URL_PORT, port);
	if (scheme)
		add(FIELD_URL_SCHEME, scheme);
	event_finish(&ev);
	if (want)
		has(OBSERVABLE_URL, ROLE_ASKED, want);
	else
		tap_str(field(FIELD_URL_FULL), "(none)", "nothing to compose");
}

static void urls(void)
{
	static char path[EVENT_TEXT_MAX + 1];

	compose("h.example", "/a?b", NULL, NULL, "http://h.example/a?b");
	compose("h.example", "/", "80", NULL, "http://h.example/");
	compose("h.example", "/", "443", "https", "https://h.example/");
	compose("h.example", "/", "8443", "https", "https://h.example:8443/");
	compose("h.example:81", "/", "81", NULL, "http://h.example:81/");
	compose("2001:db8::1", "/", "81", NULL, "http://[2001:db8::1]:81/");
	compose("[2001:db8::1]", "/", "81", NULL, "http://[2001:db8::1]:81/");
	compose("h.example", "*", NULL, NULL, NULL);
	compose("h.example", "http://other.example/x", NULL, NULL, NULL);
	has(OBSERVABLE_URL, ROLE_ASKED, "http://other.example/x");
	has(OBSERVABLE_DOMAIN, ROLE_ASKED, "other.example");
	memset(path, '/', EVENT_TEXT_MAX);
	compose("h.example", path, NULL, NULL, NULL);
	tap_int(ev.overflow, 1, "a URL beyond the bound is counted");
}

static void limits(void)
{
	begin(FORMAT_ECS);
	for (int i = 0; i < 300; i++)
		add(FIELD_DNS_QUESTION_NAME, "x.example");
	tap_int(ev.fields, EVENT_FIELDS_MAX, "fields are bounded");
	tap_int(ev.observables, EVENT_OBSERVABLES_MAX, "observables are bounded");
	tap_int(ev.overflow, 300 - EVENT_FIELDS_MAX + 300 - EVENT_OBSERVABLES_MAX,
		"what is over is counted");
}

static void stated(const char *class, const char *type, const char *tag, int want, bool test)
{
	begin(FORMAT_ECS);
	if (class)
		add(FIELD_RSIT_CLASS, class);
	if (type)
		add(FIELD_RSIT_TYPE, type);
	if (tag)
		add(FIELD_TAGS, tag);
	event_finish(&ev);
	tap_ok(ev.stated_class == want && ev.test == test, "stated class: %s %s %s",
	       class ? class : "-", type ? type : "-", tag ? tag : "-");
}

static void classes(void)
{
	stated("malicious-code", NULL, NULL, CLASS_EFFECT, false);
	stated("intrusion-attempts", "brute-force", NULL, CLASS_ATTEMPT, false);
	stated("fraud", "phishing", NULL, CLASS_ATTEMPT, false);
	stated("fraud", "something new", NULL, CLASS_EFFECT, false);
	stated("Recon.Scanning", NULL, NULL, CLASS_ATTEMPT, false);
	stated("Intrusion.Botnet", NULL, NULL, CLASS_EFFECT, false);
	stated("Test", NULL, NULL, CLASS_NONE, true);
	stated("malicious-code", "test", NULL, CLASS_EFFECT, true);
	stated(NULL, NULL, "nis:test=\"test\"", CLASS_NONE, true);
	stated(NULL, NULL, "rsit:test=\"test\"", CLASS_NONE, true);
	stated(NULL, NULL, "rsit:intrusions=\"burglary\"", CLASS_EFFECT, false);
	stated(NULL, NULL, "malware", CLASS_NONE, false);
}

/* An exchange, and the class of a hit on each kind of value in it. */
static void exchange(const char *client, const char *server, int asked, int on_server, int raw)
{
	begin(FORMAT_EVE);
	add(FIELD_SOURCE_IP, client);
	add(FIELD_DESTINATION_IP, server);
	add(FIELD_DNS_QUESTION_NAME, "x.example");
	add(FIELD_EMAIL_FROM, "a@x.example");
	add(FIELD_FILE_NAME, "f");
	add(FIELD_RULE_NAME, "r");
	event_finish(&ev);
	tap_ok(class_of(OBSERVABLE_DOMAIN, "x.example") == (enum hit_class)asked &&
		       class_of(OBSERVABLE_IP, server) == (enum hit_class)on_server &&
		       class_of(OBSERVABLE_TEXT, "r") == (enum hit_class)raw &&
		       event_class(&ev, NULL, &home) == (enum hit_class)raw &&
		       class_of(OBSERVABLE_IP, client) == CLASS_ATTEMPT &&
		       class_of(OBSERVABLE_EMAIL, "a@x.example") == CLASS_ATTEMPT &&
		       class_of(OBSERVABLE_FILE_NAME, "f") == CLASS_EFFECT,
	       "classes of %s to %s", client, server);
}

static void directions(void)
{
	exchange("10.0.0.1", "192.0.2.1", CLASS_EFFECT, CLASS_EFFECT, CLASS_EFFECT);
	exchange("192.0.2.1", "10.0.0.1", CLASS_ATTEMPT, CLASS_ATTEMPT, CLASS_ATTEMPT);
	exchange("192.0.2.1", "198.51.100.1", CLASS_EFFECT, CLASS_EFFECT, CLASS_EFFECT);
	exchange("10.0.0.1", "10.0.0.2", CLASS_EFFECT, CLASS_EFFECT, CLASS_EFFECT);
	begin(FORMAT_EVE);
	add(FIELD_SOURCE_IP, "10.0.0.1");
	add(FIELD_RSIT_CLASS, "vulnerable");
	event_finish(&ev);
	tap_int(event_class(&ev, NULL, &home), CLASS_ATTEMPT, "what the record states goes first");
	ev.test = true;
	tap_int(event_class(&ev, NULL, &home), CLASS_TEST, "and an exercise before all");
	decode(FORMAT_LINES, "deny 192.0.2.1 to x.example");
	tap_int(class_of(OBSERVABLE_IP, "192.0.2.1"), CLASS_ATTEMPT, "an address in a line");
	tap_int(class_of(OBSERVABLE_DOMAIN, "x.example"), CLASS_EFFECT, "a name in a line");
	tap_int(event_class(&ev, NULL, &home), CLASS_EFFECT, "a line's bytes");
}

static void entities(void)
{
	struct source s = {.organisation = "", .address_space = "site-b"};

	begin(FORMAT_EVE);
	event_finish(&ev);
	tap_str(entity(NULL), "(nobody)", "nobody named");
	add(FIELD_DESTINATION_IP, "198.51.100.1");
	event_finish(&ev);
	tap_str(entity(NULL), "ip:198.51.100.1", "else the server");
	add(FIELD_SOURCE_IP, "192.0.2.1");
	event_finish(&ev);
	tap_str(entity(NULL), "ip:192.0.2.1", "else the client");
	tap_str(entity(&s), "ip:192.0.2.1", "an outside address has no space of its own");
	add(FIELD_HOST_NAME, "WEB-1.Org.Example");
	event_finish(&ev);
	tap_str(entity(NULL), "host:web-1.org.example", "else the host's name");
	begin(FORMAT_EVE);
	add(FIELD_SOURCE_IP, "192.0.2.1");
	add(FIELD_DESTINATION_IP, "10.1.2.3");
	add(FIELD_HOST_NAME, "WEB-1");
	event_finish(&ev);
	tap_str(entity(NULL), "ip:10.1.2.3", "the inside server");
	tap_str(entity(&s), "ip:site-b/10.1.2.3", "in its own address space");
	snprintf(s.organisation, sizeof(s.organisation), "Hospital Y");
	tap_str(entity(&s), "org:hospital y", "the source's organisation");
	add(FIELD_ORGANIZATION_ID, "ID-7");
	event_finish(&ev);
	tap_str(entity(&s), "org:id-7", "the record's own goes first");
	add(FIELD_ORGANIZATION_NAME, "Clinic \xc3\x84");
	ev.organisation.len = 0;
	event_finish(&ev);
	tap_str(entity(&s), "org:clinic \xc3\x84", "its name before its id");

	begin(FORMAT_ECS);
	add(FIELD_SOURCE_IP, "127.0.0.1");
	add(FIELD_DESTINATION_IP, "127.0.0.1");
	add(FIELD_HOST_NAME, "pc");
	event_finish(&ev);
	tap_str(entity(NULL), "host:pc", "every host has a loopback: its name says more");
}

static void numbers(void)
{
	begin(FORMAT_ECS);
	add(FIELD_USERS_AFFECTED, "250000");
	add(FIELD_USERS_AFFECTED, "99999999999999999999999");
	add(FIELD_DURATION, "-5");
	add(FIELD_SEVERITY, "critical");
	add(FIELD_MEMBER_STATE, "XX");
	add(FIELD_TLP, "GREEN");
	add(FIELD_TLP, "RED");
	add(FIELD_TIMESTAMP, "yesterday");
	add(FIELD_SOURCE_PORT, "70000");
	event_finish(&ev);
	tap_int((long long)ev.users_affected, 250000, "users; a number too big is none");
	tap_int((long long)ev.duration_s, 0, "a negative duration is none");
	tap_int(ev.stated_severity, SEVERITY_HIGH, "severity");
	tap_int(ev.state_claim, -2, "an unreadable state");
	tap_int(ev.tlp, TLP_RED, "the strictest TLP");
	tap_ok(!ev.has_time, "an unreadable time is none");
	tap_int(ev.client_port, 0, "a port beyond 65535 is none");
	begin(FORMAT_ECS);
	add(FIELD_MEMBER_STATE, "DE");
	add(FIELD_MEMBER_STATE, "FR");
	event_finish(&ev);
	tap_int(ev.state_claim, -2, "two states claimed");
}

int main(void)
{
	decoded_init();
	names();
	values();
	urls();
	limits();
	classes();
	directions();
	entities();
	numbers();
	decoder_fini(&decoder);
	return tap_done();
}
