/* test_packet_http - requests: forms of target, header lines, pipelines, cuts. */
#include "unit/test_packet_frames.h"

#define SIDES "10.0.0.1:40000 > 192.0.2.7:9999 tcp"

static void request(const char *name, const char *bytes, const char *want)
{
	char full[2048];

	payload_text(bytes);
	tcp(40000, 9999, ACK);
	ip4(6, "10.0.0.1", "192.0.2.7");
	snprintf(full, sizeof(full), "%s raw=%zu", want, strlen(bytes));
	check4(name, full);
}

static void forms(void)
{
	request("origin form", "GET /a?b HTTP/1.1\r\nHost: example.org\r\nUser-Agent: x y \r\n\r\n",
		SIDES
		" method=GET host=example.org agent=x y path=/a?b url=http://example.org/a?b");
	request("a port in the host, names in any case, bare line feeds",
		"POST / HTTP/1.0\nhOST:\t example.org:8080\n\n",
		SIDES " method=POST host=example.org path=/ url=http://example.org:8080/");
	request("an IPv6 host", "GET /x HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\r\n",
		SIDES " method=GET host=2001:db8::1 path=/x url=http://[2001:db8::1]:80/x");
	request("absolute form",
		"GET http://example.net:81/x HTTP/1.1\r\nHost: example.net:81\r\n\r\n",
		SIDES " method=GET host=example.net path=http://example.net:81/x"
		      " url=http://example.net:81/x");
	request("absolute form that the host header hides",
		"GET http://example.net/x HTTP/1.1\r\nHost: example.org\r\n\r\n",
		SIDES " method=GET host=example.org path=http://example.net/x"
		      " url=http://example.net/x host=example.net");
	request("authority form",
		"CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n",
		SIDES " method=CONNECT host=example.org path=example.org:443");
	request("asterisk form", "OPTIONS * HTTP/1.1\r\nHost: example.org\r\n\r\n",
		SIDES " method=OPTIONS host=example.org path=*");
	request("an unknown method with a version", "FROB /x HTTP/1.1\r\n\r\n",
		SIDES " method=FROB path=/x");
	request("a known method without a version", "GET /gen.php?x\r\nHost: 192.0.2.9\r\n\r\n",
		SIDES " method=GET host=192.0.2.9 path=/gen.php?x url=http://192.0.2.9/gen.php?x");
	request("no host", "GET /x HTTP/1.0\r\n\r\n", SIDES " method=GET path=/x");
	request("an empty host", "GET /x HTTP/1.1\r\nHost:\r\n\r\n", SIDES " method=GET path=/x");
}

static void not_requests(void)
{
	static const char sides[] = "10.0.0.1:40000 ? 192.0.2.7:9999 tcp";

	request("another protocol of that shape", "OPTIONS sip:a@b SIP/2.0\r\n\r\n", sides);
	request("a command that is no method", "STAT 1\r\n", sides);
	request("lower case", "get / HTTP/1.1\r\n\r\n", sides);
	request("a known word and no path", "GET lost\r\n", sides);
	request("a cut line of prose", "POST request received", sides);
	request("part of a request", "Host: example.org\r\n\r\n", sides);
}

static void cuts(void)
{
	request("cut in the request line", "GET /a?b HTT", SIDES " method=GET");
	request("cut behind the method", "GET ", SIDES " method=GET");
	request("cut in an absolute target", "GET http", SIDES " method=GET");
	request("cut behind it", "GET /a HTTP/1.1\r\n", SIDES " method=GET path=/a");
	request("cut in the host", "GET /a HTTP/1.1\r\nHost: examp", SIDES " method=GET path=/a");
	request("cut behind the host", "GET /a HTTP/1.1\r\nHost: b.org\r\nUser-Ag",
		SIDES " method=GET host=b.org path=/a url=http://b.org/a");
}

static void pipelines(void)
{
	request("two requests",
		"GET /1 HTTP/1.1\r\nHost: a.org\r\n\r\nGET /2 HTTP/1.1\r\nHost: b.org\r\n\r\n",
		SIDES " method=GET host=a.org path=/1 url=http://a.org/1"
		      " method=GET host=b.org path=/2 url=http://b.org/2");
	request("behind a body",
		"POST /1 HTTP/1.1\r\nContent-Length: 3\r\n\r\nxyzHEAD /2 HTTP/1.1\r\n\r\n",
		SIDES " method=POST path=/1 method=HEAD path=/2");
	request("a body that the segment cuts",
		"POST /1 HTTP/1.1\r\nContent-Length: 99\r\n\r\nGET /2 HTTP/1.1\r\n\r\n",
		SIDES " method=POST path=/1");
	request("a length beyond all bounds",
		"POST /1 HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\nGET /2 "
		"HTTP/1.1\r\n",
		SIDES " method=POST path=/1");
	request("a body that is no request", "PUT /1 HTTP/1.1\r\n\r\nsomething\r\n",
		SIDES " method=PUT path=/1");
}

int main(void)
{
	forms();
	not_requests();
	cuts();
	pipelines();
	return tap_done();
}
