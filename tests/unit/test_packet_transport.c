/* test_packet_transport - who asked: every rule, and what overrides what. */
#include "unit/test_packet_frames.h"

#define A4 "10.0.0.1"
#define B4 "192.0.2.7"
#define A6 "2001:db8::1"
#define B6 "2001:db8::2"

/* From A to B in every case; the want says which of them asked. */
static void tcp_case(const char *name, const char *bytes, unsigned sport, unsigned dport,
		     unsigned flags, const char *want)
{
	payload_text(bytes);
	tcp(sport, dport, flags);
	ip4(6, A4, B4);
	check4(name, want);
}

static void handshake(void)
{
	tcp_case("SYN: the sender asked", "", 40000, 50000, SYN,
		 "10.0.0.1:40000 > 192.0.2.7:50000 tcp raw=0");
	tcp_case("SYN from a service port", "", 80, 50000, SYN,
		 "10.0.0.1:80 > 192.0.2.7:50000 tcp raw=0");
	tcp_case("SYN and ACK: the receiver asked", "", 50000, 40000, SYN | ACK,
		 "192.0.2.7:40000 > 10.0.0.1:50000 tcp raw=0");
	tcp_case("a closed port's RST and ACK goes to who asked", "", 50000, 40000, RST | ACK,
		 "10.0.0.1:50000 ? 192.0.2.7:40000 tcp raw=0");

	payload("", 0);
	tcp(50000, 40000, RST | ACK);
	frame_bytes()[7] = 0; /* sequence number 0: it answers a SYN */
	ip4(6, A4, B4);
	check4("with sequence number 0 whatever the ports",
	       "192.0.2.7:40000 > 10.0.0.1:50000 tcp raw=0");
	tcp_case("RST from a service port", "", 22, 40000, RST | ACK,
		 "192.0.2.7:40000 > 10.0.0.1:22 tcp raw=0");
}

static void ports(void)
{
	tcp_case("the lower port is the server's", "x", 40000, 22, ACK,
		 "10.0.0.1:40000 > 192.0.2.7:22 tcp raw=1");
	tcp_case("and its answer", "x", 22, 40000, ACK, "192.0.2.7:40000 > 10.0.0.1:22 tcp raw=1");
	tcp_case("a known service above 1023", "x", 3389, 40000, ACK,
		 "192.0.2.7:40000 > 10.0.0.1:3389 tcp raw=1");
	tcp_case("below 1024 wins over a known service", "x", 3306, 1023, ACK,
		 "10.0.0.1:3306 > 192.0.2.7:1023 tcp raw=1");
	tcp_case("NFS and a reserved port of its client: no claim", "x", 2049, 720, ACK,
		 "10.0.0.1:2049 ? 192.0.2.7:720 tcp raw=1");
	tcp_case("both alike: the sender, but no claim", "x", 50000, 40000, ACK,
		 "10.0.0.1:50000 ? 192.0.2.7:40000 tcp raw=1");
	tcp_case("both below 1024: no claim", "x", 514, 22, ACK,
		 "10.0.0.1:514 ? 192.0.2.7:22 tcp raw=1");
	payload_text("x");
	udp(123, 50000);
	ip6(17, A6, B6);
	check6("UDP by ports", "2001:db8::2:50000 > 2001:db8::1:123 udp raw=1");
}

static void payloads(void)
{
	tcp_case("an HTTP request to a high port", "GET / HTTP/1.0\r\n\r\n", 80, 50000, ACK,
		 "10.0.0.1:80 > 192.0.2.7:50000 tcp method=GET path=/ raw=18");
	tcp_case("an HTTP response from a high port", "HTTP/1.1 200 OK\r\n\r\n", 50000, 80, ACK,
		 "192.0.2.7:80 > 10.0.0.1:50000 tcp raw=19");

	payload("\x16\x03\x03\0\4\2\0\0\0", 9);
	tcp(50000, 443, ACK);
	ip4(6, A4, B4);
	check4("a ServerHello from a high port", "192.0.2.7:443 > 10.0.0.1:50000 tcp raw=9");
	payload("\x16\x03\x01\0\4\1\0\0\0", 9);
	tcp(443, 50000, ACK);
	ip4(6, A4, B4);
	check4("a ClientHello to a high port", "10.0.0.1:443 > 192.0.2.7:50000 tcp raw=9");

	payload("\0\1\1\0\0\0\0\0\0\0\0\0", 12);
	udp(53, 53);
	ip4(17, A4, B4);
	check4("a DNS query between servers", "10.0.0.1:53 > 192.0.2.7:53 udp raw=12");
	payload("\0\1\x81\0\0\0\0\0\0\0\0\0", 12);
	udp(53, 53);
	ip4(17, A4, B4);
	check4("a DNS response between servers", "192.0.2.7:53 > 10.0.0.1:53 udp raw=12");
	payload("\0\0\x84\0\0\0\0\0\0\0\0\0", 12);
	udp(5353, 5353);
	ip4(17, A4, "224.0.0.251");
	check4("an mDNS response to the group: nobody there asked",
	       "10.0.0.1:5353 > 224.0.0.251:5353 udp raw=12");
}

static void icmp_case(const char *name, unsigned type, bool v6, const char *want)
{
	payload_text("abcd");
	icmp(type, 0);
	if (v6) {
		ip6(58, A6, B6);
		check6(name, want);
	} else {
		ip4(1, A4, B4);
		check4(name, want);
	}
}

static void pings(void)
{
	icmp_case("echo request", 8, false, "10.0.0.1:0 > 192.0.2.7:0 icmp raw=4");
	icmp_case("echo reply", 0, false, "192.0.2.7:0 > 10.0.0.1:0 icmp raw=4");
	icmp_case("timestamp reply", 14, false, "192.0.2.7:0 > 10.0.0.1:0 icmp raw=4");
	icmp_case("an unknown type", 99, false, "10.0.0.1:0 ? 192.0.2.7:0 icmp raw=4");
	icmp_case("echo request, IPv6", 128, true, "2001:db8::1:0 > 2001:db8::2:0 icmp raw=4");
	icmp_case("echo reply, IPv6", 129, true, "2001:db8::2:0 > 2001:db8::1:0 icmp raw=4");
	icmp_case("neighbour advertisement", 136, true, "2001:db8::2:0 > 2001:db8::1:0 icmp raw=4");
}

/* What an error quotes adds its addresses and decides nothing. */
static void quotes(void)
{
	payload_text("12345678");
	udp(45000, 161);
	ip4(17, B4, A4);
	icmp(3, 3);
	ip4(1, A4, B4);
	check4("port unreachable to a scanner: the scanner asked",
	       "192.0.2.7:0 > 10.0.0.1:0 outer=192.0.2.7>10.0.0.1 icmp raw=36");

	payload_text("");
	tcp(80, 45000, SYN | ACK);
	ip4(6, A4, "203.0.113.9");
	icmp(11, 0);
	ip4(1, "198.51.100.1", A4);
	check4("a quoted answer of ours makes nobody our server",
	       "10.0.0.1:0 > 198.51.100.1:0 outer=203.0.113.9>10.0.0.1 icmp raw=40");

	payload("\0\1\1\0\0\1\0\0\0\0\0\0\1a\0\0\1\0\1", 19);
	udp(40000, 53);
	ip6(17, A6, B6);
	icmp(1, 4);
	ip6(58, B6, A6);
	check6("a quoted question is not this frame's",
	       "2001:db8::1:0 > 2001:db8::2:0 outer=2001:db8::1>2001:db8::2 icmp raw=67");
}

static void bounds(void)
{
	payload_text("abcdef");
	udp(40000, 80);
	frame_bytes()[5] = 11;
	ip4(17, A4, B4);
	check4("UDP length below what is there", "10.0.0.1:40000 > 192.0.2.7:80 udp raw=3");
	payload_text("abcdef");
	udp(40000, 80);
	frame_bytes()[5] = 3;
	ip4(17, A4, B4);
	check4("UDP length below its header", "10.0.0.1:40000 > 192.0.2.7:80 udp raw=0");
	payload_text("GET / HTTP/1.0\r\n\r\n");
	tcp(40000, 80, ACK);
	frame_bytes()[12] = 0x40;
	ip4(6, A4, B4);
	check4("TCP header length below 20", "10.0.0.1:40000 > 192.0.2.7:80 tcp raw=0");
	payload_text("x");
	tcp(40000, 80, ACK);
	frame_bytes()[12] = 0xf0;
	ip4(6, A4, B4);
	check4("TCP header length beyond the packet", "10.0.0.1:40000 > 192.0.2.7:80 tcp raw=0");
	payload("\x9c\x40\0\x50", 4);
	ip4(6, A4, B4);
	check4("TCP cut behind the ports", "10.0.0.1:40000 > 192.0.2.7:80 tcp raw=0");
}

/* Outer addresses of a tunnel have no ports; the exchange's have their side's. */
static void observable_ports(void)
{
	payload_text("x");
	udp(80, 40000);
	ip4(17, A4, B4);
	ip4(4, "198.51.100.1", "198.51.100.2");
	ethernet(0x0800);
	frame_text(DLT_EN10MB, frame_now.len);
	const struct observable *o = frame_event.observable;
	tap_ok(o[0].port == 40000 && o[0].role == ROLE_CLIENT && o[1].port == 80 &&
		       o[1].role == ROLE_SERVER && o[2].port == 0 && o[3].port == 0,
	       "ports of the observables");
}

int main(void)
{
	handshake();
	ports();
	payloads();
	pings();
	quotes();
	bounds();
	observable_ports();
	return tap_done();
}
