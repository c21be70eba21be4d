/* MISP events, attributes, objects, search results and Kafka messages. */
#include "tap.h"
#include "test_feed_dump.h"

static void check(const char *in, const char *want, const char *name)
{
	char *got = dump_bytes(in, strlen(in));

	tap_str(got, want, name);
	free(got);
}

/* One attribute alone; want is what follows "u1" or the refusal. */
static void type(const char *type, const char *value, const char *want)
{
	char in[1024], out[1024], name[256];

	snprintf(in, sizeof(in),
		 "{\"Attribute\":{\"uuid\":\"u1\",\"type\":\"%s\",\"value\":\"%s\",\"to_ids\":true}"
		 "}",
		 type, value);
	if (*want == '!')
		snprintf(out, sizeof(out), "%s\n", want);
	else
		snprintf(out, sizeof(out), "u1 %s medium amber clear\n", want);
	snprintf(name, sizeof(name), "%s %.100s", type, value);
	check(in, out, name);
}

static void types(void)
{
	type("ip-dst", "192.0.2.1", "0:ip=192.0.2.1 indicator:u1(192.0.2.1)");
	type("ip-src", "198.51.100.0/24", "0:net=198.51.100.0/24 indicator:u1(198.51.100.0/24)");
	type("ip-dst|port", "192.0.2.1|443", "0:ip=192.0.2.1 0:port=443 indicator:u1");
	type("ip-src|port", "192.0.2.1:443", "0:ip=192.0.2.1 0:port=443 indicator:u1");
	type("domain", "Evil.Example", "0:domain=evil.example indicator:u1(evil.example)");
	type("hostname", "www.evil.example.",
	     "0:domain=www.evil.example indicator:u1(www.evil.example)");
	type("domain|ip", "evil.example|192.0.2.1",
	     "0:domain=evil.example 1:ip=192.0.2.1 indicator:u1");
	type("hostname|port", "evil.example|8443",
	     "0:domain=evil.example 0:port=8443 indicator:u1");
	type("url", "hxxp://evil[.]example/a", "0:url=evil.example/a indicator:u1(evil.example/a)");
	type("link", "https://evil.example/b", "0:url=evil.example/b indicator:u1(evil.example/b)");
	type("uri", "/gate.php", "0:value/path=/gate.php indicator:u1(/gate.php)");
	type("md5", "D41D8CD98F00B204E9800998ECF8427E",
	     "0:hash=d41d8cd98f00b204e9800998ecf8427e "
	     "indicator:u1(d41d8cd98f00b204e9800998ecf8427e)");
	type("filename|md5", "a|b.exe|d41d8cd98f00b204e9800998ecf8427e",
	     "0:hash=d41d8cd98f00b204e9800998ecf8427e "
	     "indicator:u1(d41d8cd98f00b204e9800998ecf8427e)");
	type("filename", "evil.exe", "0:value/file=evil.exe indicator:u1(evil.exe)");
	type("email-src", "Bad@Evil.example",
	     "0:email=bad@evil.example indicator:u1(bad@evil.example)");
	type("user-agent", "Evil/1.0", "0:value/ua=Evil/1.0 indicator:u1(Evil/1.0)");
	type("ja3-fingerprint-md5", "d41d8cd98f00b204e9800998ecf8427e",
	     "0:value/ja3=d41d8cd98f00b204e9800998ecf8427e "
	     "indicator:u1(d41d8cd98f00b204e9800998ecf8427e)");
	type("regkey", "HKLM\\\\x", "0:value/registry=HKLM\\x indicator:u1(HKLM\\x)");
	type("stix2-pattern", "[domain-name:value = 'evil.example']",
	     "0:domain=evil.example indicator:u1(evil.example)");
	type("sha1", "d41d8cd98f00b204e9800998ecf8427e",
	     "! 1: \"d41d8cd98f00b204e9800998ecf8427e\": the hash has not the length of its type");
	type("snort", "alert tcp any",
	     "! 1: \"alert tcp any\": type snort comes with a later release");
	type("phone-number", "+320000", "! 1: \"+320000\": type phone-number is not supported");
	type("ip-dst", "", "! 1: no value");
	type("ip-dst", "nonsense", "! 1: \"nonsense\": no address or CIDR");
	type("ip-dst|port", "192.0.2.1|0", "! 1: \"192.0.2.1|0\": a port is 1 to 65535");
	type("domain|ip", "evil.example", "! 1: \"evil.example\": no \"domain|ip\"");
}

#define ATTRIBUTE(uuid, value, more)                                                               \
	"{\"uuid\":\"" uuid "\",\"type\":\"ip-dst\",\"value\":\"" value "\",\"to_ids\":true" more  \
	"}"
#define EVENT(more, attributes)                                                                    \
	"{\"Event\":{\"uuid\":\"e\",\"info\":\"Wave\"" more ",\"Attribute\":[" attributes "]}}"

static void events(void)
{
	check(EVENT(",\"threat_level_id\":\"1\"", ATTRIBUTE("u1", "192.0.2.1", "")),
	      "u1 0:ip=192.0.2.1 indicator:u1(Wave) high amber clear\n",
	      "threat level 1 as a string");
	check(EVENT(",\"threat_level_id\":3", ATTRIBUTE("u1", "192.0.2.1", "")),
	      "u1 0:ip=192.0.2.1 indicator:u1(Wave) low amber clear\n",
	      "threat level 3 as a number");
	check(EVENT(",\"threat_level_id\":\"4\"", ATTRIBUTE("u1", "192.0.2.1", "")),
	      "u1 0:ip=192.0.2.1 indicator:u1(Wave) medium amber clear\n",
	      "threat level 4 is the feed's");
	check(EVENT("",
		    ATTRIBUTE("u1", "192.0.2.1", ",\"deleted\":\"1\"") "," ATTRIBUTE(
			    "u2", "192.0.2.2",
			    "") ","
				"{\"uuid\":\"u3\",\"type\":\"ip-dst\",\"value\":\"192.0.2.3\",\"to_"
				"ids\":false},"
				"{\"uuid\":\"u4\",\"type\":\"ip-dst\",\"value\":\"192.0.2.4\"}"),
	      "u2 0:ip=192.0.2.2 indicator:u2(Wave) medium amber clear\n"
	      "revoked 0 deleted 1 not_to_ids 2\n",
	      "deleted and not for detection are set aside and counted");
	check("{\"response\":[" EVENT("", ATTRIBUTE("u1", "192.0.2.1", "")) "," EVENT(
		      "", ATTRIBUTE("u2", "192.0.2.2", "")) "]}",
	      "u1 0:ip=192.0.2.1 indicator:u1(Wave) medium amber clear\n"
	      "u2 0:ip=192.0.2.2 indicator:u2(Wave) medium amber clear\n",
	      "a response of events");
	check("{\"response\":{\"Attribute\":[" ATTRIBUTE(
		      "u1", "192.0.2.1",
		      ",\"Event\":{\"info\":\"W\",\"threat_level_id\":\"1\"}") "]}}",
	      "u1 0:ip=192.0.2.1 indicator:u1(W) high amber clear\n",
	      "a response of attributes, the event inside");
	check("{\"Event\":{\"uuid\":\"e\",\"info\":\"I\",\"Object\":[{\"name\":\"file\","
	      "\"Attribute\":[" ATTRIBUTE(
		      "u1", "192.0.2.1",
		      "") "]},{\"deleted\":true,\"Attribute\":[" ATTRIBUTE("u2", "192.0.2.2",
									   "") "]}]}}",
	      "u1 0:ip=192.0.2.1 indicator:u1(I) medium amber clear\nrevoked 0 deleted 1 "
	      "not_to_ids 0\n",
	      "attributes of objects");
	check(ATTRIBUTE(
		      "u1", "192.0.2.1",
		      ",\"timestamp\":\"1700000000\"") "\n"
						       "{\"Attribute\":" ATTRIBUTE(
							       "u1", "192.0.2.1",
							       ",\"timestamp\":1700000001") ",\"act"
											    "ion\":"
											    "\"dele"
											    "te\"}",
	      "revoked 0 deleted 1 not_to_ids 0\n", "a later message deletes it");
	check(ATTRIBUTE("u1", "192.0.2.9", ",\"timestamp\":\"1700000005\"") "\n" ATTRIBUTE(
		      "u1", "192.0.2.1", ",\"timestamp\":1700000001"),
	      "u1 0:ip=192.0.2.9 indicator:u1(192.0.2.9) medium amber clear\n",
	      "the later timestamp wins");
}

static void tags(void)
{
	check(EVENT(",\"Tag\":[{\"name\":\"tlp:green\"},{\"name\":\"PAP:RED\"}]",
		    ATTRIBUTE("u1", "192.0.2.1", "")),
	      "u1 0:ip=192.0.2.1 indicator:u1(Wave) medium green red\n",
	      "TLP and PAP of the event");
	check(EVENT(",\"Tag\":[{\"name\":\"tlp:green\"}]",
		    ATTRIBUTE("u1", "192.0.2.1", ",\"Tag\":[{\"name\":\"tlp:red\"}]")),
	      "u1 0:ip=192.0.2.1 indicator:u1(Wave) medium red clear\n",
	      "the attribute's TLP wins");
	check(EVENT(",\"Tag\":[{\"name\":\"tlp:unheard-of\"},{\"name\":\"tlp:ex:chr\"}]",
		    ATTRIBUTE("u1", "192.0.2.1", "")),
	      "u1 0:ip=192.0.2.1 indicator:u1(Wave) medium red clear\n", "an unknown TLP is red");
	check(EVENT(",\"Tag\":[{\"name\":\"misp-galaxy:ransomware=\\\"R\\\"\"},{\"name\":\"misp-"
		    "galaxy:threat-actor=\\\"B\\\"\"},"
		    "{\"name\":\"misp-galaxy:threat-actor=\\\"A\\\"\"},{\"name\":\"misp-galaxy:"
		    "sector=\\\"Energy\\\"\"}]",
		    ATTRIBUTE("u1", "192.0.2.1", "")),
	      "u1 0:ip=192.0.2.1 campaign:misp-galaxy:threat-actor=\"A\"(A) medium amber clear\n",
	      "the actor before the malware, the smallest of two");
	check(EVENT(",\"Tag\":[{\"name\":\"misp-galaxy:sector=\\\"Energy\\\"\"}]",
		    ATTRIBUTE("u1", "192.0.2.1", "")),
	      "u1 0:ip=192.0.2.1 indicator:u1(Wave) medium amber clear\n",
	      "a sector is no campaign");
	check(EVENT(",\"Galaxy\":[{\"type\":\"threat-actor\",\"GalaxyCluster\":[{\"uuid\":\"c\","
		    "\"value\":\"A\"}]}]",
		    ATTRIBUTE("u1", "192.0.2.1", "")),
	      "u1 0:ip=192.0.2.1 campaign:misp-galaxy:threat-actor=\"A\"(A) medium amber clear\n",
	      "a cluster is the same campaign as its tag");
	check(EVENT(",\"Tag\":[{\"name\":\"misp-galaxy:threat-actor=\\\"A\\\"\"}]",
		    ATTRIBUTE("u1", "192.0.2.1",
			      ",\"Tag\":[{\"name\":\"misp-galaxy:tool=\\\"T\\\"\"}]")),
	      "u1 0:ip=192.0.2.1 campaign:misp-galaxy:tool=\"T\"(T) medium amber clear\n",
	      "the attribute's galaxy wins");
}

static void lines(void)
{
	check("{\"Event\":{\n\"Attribute\":[\n{\"uuid\":\"u1\",\"type\":\"mutex\",\"value\":\"x\","
	      "\"to_ids\":true},\n"
	      "{\"type\":\"mutex\",\n\"value\":\"y\",\"to_ids\":true,\n\"uuid\": \"u2\"}]}}",
	      "! 3: \"x\": type mutex is not supported\n! 6: \"y\": type mutex is not supported\n",
	      "the line of the uuid");
	check("{\"Event\":{\"Attribute\":[1,null,\"x\"],\"Object\":[2,{\"Attribute\":7}],\"Tag\":5,"
	      "\"Galaxy\":{}}}",
	      "! 0: an attribute that is no object\n! 0: an attribute that is no object\n"
	      "! 0: an attribute that is no object\n! 0: an attribute that is no object\n",
	      "wrong types");
	check("{\"Attribute\":{\"type\":7,\"value\":[],\"to_ids\":true,\"uuid\":{},\"timestamp\":"
	      "\"x\"}}",
	      "! 0: no value\n", "wrong types within an attribute");
}

int main(void)
{
	types();
	events();
	tags();
	lines();
	return tap_done();
}
