/* CSV with a header row: columns by name, quotes, delimiters, refusals. */
#include "tap.h"
#include "test_feed_dump.h"

static void check(const char *in, const char *want, const char *name)
{
	char *got = dump_bytes(in, strlen(in));

	tap_str(got, want, name);
	free(got);
}

#define IP1 "ip:192.0.2.1 0:ip=192.0.2.1 indicator:ip:192.0.2.1(192.0.2.1)"
#define DOM "domain:evil.example 0:domain=evil.example indicator:domain:evil.example(evil.example)"

static void columns(void)
{
	check("value,type\n192.0.2.1,ip\nevil.example,\n",
	      DOM " medium amber clear\n" IP1 " medium amber clear\n",
	      "value and type; no type is told by content");
	check("domain\nevil.example\n", DOM " medium amber clear\n", "one column");
	check("Indicator;Severity;TLP\r\n192.0.2.1;high;tlp:red\r\n", IP1 " high red clear\n",
	      "semicolons, CR LF, capitals");
	check("ioc\tconfidence\n192.0.2.1\t90\n", IP1 " medium amber clear c90\n", "tabs");
	check("ip,port\n192.0.2.1,443\n",
	      "ip:192.0.2.1:443 0:ip=192.0.2.1 0:port=443 indicator:ip:192.0.2.1:443 medium amber "
	      "clear\n",
	      "a port beside the address");
	check("# note, with a comma\n# "
	      "\"first_seen\",\"dst_ip\",\"dst_port\",\"malware\"\n\"x\",\"192.0.2.1\",\"443\","
	      "\"Mal\"\n",
	      "ip:192.0.2.1:443 0:ip=192.0.2.1 0:port=443 campaign:Mal medium amber clear\n",
	      "the header in the last comment");
	check("url,host\nhttp://evil.example/a,evil.example\n",
	      DOM " medium amber clear\nurl:evil.example/a 0:url=evil.example/a "
		  "indicator:url:evil.example/a(evil.example/a) medium amber clear\n",
	      "two columns of values are two indicators");
	check("id,domain,ip\nx1,evil.example,192.0.2.1\n",
	      "x1 0:domain=evil.example 1:ip=192.0.2.1 indicator:feed:x1 medium amber clear\n",
	      "with an id they are alternatives of one");
	check("id,ioc_value,host\n7,evil.example,reporter.example\n",
	      "7 0:domain=evil.example indicator:domain:evil.example(evil.example) medium amber "
	      "clear\n",
	      "a host beside a value only tells who saw it; the threat is named by the value");
	check("value,campaign,malware\n192.0.2.1,\"Op \"\"X\"\", 2\",Mal\nevil.example,-,Mal\n",
	      "domain:evil.example 0:domain=evil.example campaign:Mal medium amber clear\n"
	      "ip:192.0.2.1 0:ip=192.0.2.1 campaign:Op \"X\", 2 medium amber clear\n",
	      "quotes; the campaign before the malware");
	check("value,valid_from,valid_until\n192.0.2.1,2024-01-01,2024-02-01T00:00:00Z\n",
	      IP1 " medium amber clear from=2024-01-01 until=2024-02-01\n", "validity");
	check("value,comment\n\"192.0.2.1\",\"two\nlines\"\nevil.example,\n",
	      DOM " medium amber clear\nip:192.0.2.1 0:ip=192.0.2.1 "
		  "indicator:ip:192.0.2.1(two\nlines) medium amber "
		  "clear\n",
	      "a line end within quotes");
	check("value,type\nEvil/1.0,user-agent\n192.0.2.1:8080,ip:port\n",
	      "ip:192.0.2.1:8080 0:ip=192.0.2.1 0:port=8080 indicator:ip:192.0.2.1:8080 medium "
	      "amber clear\n"
	      "user-agent:Evil/1.0 0:value/ua=Evil/1.0 indicator:user-agent:Evil/1.0(Evil/1.0) "
	      "medium amber clear\n",
	      "other types");
}

static void refusals(void)
{
	check("value,type,tlp,severity,confidence,valid_from\n,ip,,,,\nnonsense,ip,,,,\nx,mutex,,,,"
	      "\n"
	      "192.0.2.1,ip,purple,,,\n192.0.2.1,ip,,dire,,\n192.0.2.1,ip,,,200,\n192.0.2.1,ip,,,,"
	      "soon\n192.0.2.1\n",
	      IP1 " medium amber clear\n"
		  "! 2: no value\n! 3: \"nonsense\": no address\n"
		  "! 4: \"x\": the type column says something that is not supported\n"
		  "! 5: unknown TLP\n! 6: severity is not low, medium, high or critical\n"
		  "! 7: confidence is not 0 to 100\n! 8: valid_from is no timestamp\n",
	      "each with its line");
	check("ip,port\n192.0.2.1,99999\n192.0.2.1,x\n",
	      "! 2: \"192.0.2.1\": a port is 1 to 65535\n! 3: \"192.0.2.1\": a port is 1 to "
	      "65535\n",
	      "ports");
	check("# a list of hosts, ip\nevil.example\n", DOM " medium amber clear\n",
	      "prose is no header");
	check("value,x\n\"192.0.2.1\nevil.example,1\n",
	      DOM " medium amber clear\n" IP1 " medium amber clear\n",
	      "a quote that never closes ends with its line");
}

int main(void)
{
	columns();
	refusals();
	return tap_done();
}
