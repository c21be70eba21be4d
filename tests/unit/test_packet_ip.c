/* test_packet_ip - headers, options, fragments, extension headers, tunnels, cuts. */
#include "unit/test_packet_frames.h"

#define A4    "10.0.0.1"
#define B4    "192.0.2.7"
#define A6    "2001:db8::1"
#define B6    "2001:db8::2"
#define WANT4 "10.0.0.1:40000 > 192.0.2.7:80 udp raw=3"
#define WANT6 "2001:db8::1:40000 > 2001:db8::2:80 udp raw=3"

static void datagram(void)
{
	payload_text("abc");
	udp(40000, 80);
}

static void version4(void)
{
	datagram();
	front("\x94\x04\0\0", 4); /* router alert */
	ip4(17, A4, B4);
	frame_bytes()[0] = 0x46;
	check4("options", WANT4);

	datagram();
	ip4(17, A4, B4);
	frame_now.len += 7; /* move everything up by seven bytes of padding */
	memmove(frame_bytes(), frame_bytes() + 7, frame_now.len - 7);
	check4("padding after the total length", WANT4);

	datagram();
	ip4(17, A4, B4);
	memset(frame_bytes() + 2, 0, 2);
	check4("total length 0: what is there", WANT4);

	datagram();
	ip4(17, A4, B4);
	frame_bytes()[3] = 12;
	check4("total length below the header", "bad_packet");

	datagram();
	ip4(17, A4, B4);
	frame_bytes()[0] = 0x44;
	check4("header length below 20", "bad_packet");

	datagram();
	ip4(17, A4, B4);
	frame_bytes()[6] = 0x20; /* more fragments */
	check4("first fragment goes as far as it goes", WANT4);

	datagram();
	ip4(17, A4, B4);
	frame_bytes()[7] = 0xb9;
	check4("later fragment: addresses only", "10.0.0.1:0 ? 192.0.2.7:0 raw=11");

	payload_text("secret");
	ip4(50, A4, B4);
	check4("ESP: addresses only", "10.0.0.1:0 ? 192.0.2.7:0 raw=6");
}

static void extension(unsigned next, size_t units)
{
	front_zeros(units * 8);
	frame_bytes()[0] = (uint8_t)next;
	frame_bytes()[1] = (uint8_t)(units - 1);
}

static void fragment6(unsigned next, unsigned offset)
{
	front_zeros(4);
	front16(offset);
	front16(next << 8);
}

static void version6(void)
{
	datagram();
	extension(17, 1); /* destination options */
	fragment6(60, 1); /* the first of more */
	extension(44, 3); /* routing */
	extension(43, 2); /* hop by hop */
	ip6(0, A6, B6);
	check6("four extension headers", WANT6);

	datagram();
	fragment6(17, 8);
	ip6(44, A6, B6);
	check6("later fragment: addresses only", "2001:db8::1:0 ? 2001:db8::2:0 raw=11");

	datagram();
	front_zeros(24);
	frame_bytes()[0] = 17;
	frame_bytes()[1] = 4; /* (4 + 2) words */
	ip6(51, A6, B6);
	check6("authentication header", WANT6);

	payload_text("x");
	extension(17, 1);
	ip6(60, A6, B6);
	frame_bytes()[41] = 200;
	check6("extension longer than the packet", "2001:db8::1:0 ? 2001:db8::2:0 raw=9");

	payload("", 0);
	for (int i = 0; i < 200; i++)
		extension(60, 1);
	ip6(60, A6, B6);
	check6("two hundred extension headers end", "2001:db8::1:0 ? 2001:db8::2:0 raw=1112");

	datagram();
	ip6(17, A6, B6);
	memset(frame_bytes() + 4, 0, 2);
	check6("payload length 0: what is there", WANT6);

	datagram();
	ip6(17, "::ffff:10.0.0.1", "::ffff:192.0.2.7");
	check6("IPv4 in IPv6's form is the IPv4 address", WANT4);

	payload_text("");
	ip6(59, A6, B6);
	check6("no next header", "2001:db8::1:0 ? 2001:db8::2:0 raw=0");
}

static void tunnels(void)
{
	datagram();
	ip4(17, A4, B4);
	ip4(4, "198.51.100.1", "198.51.100.2");
	check4("IP in IP: the innermost decides",
	       "10.0.0.1:40000 > 192.0.2.7:80 outer=198.51.100.1>198.51.100.2 udp raw=3");

	payload_text("abc");
	udp(80, 40000);
	ip6(17, B6, A6);
	ip4(41, "198.51.100.2", "198.51.100.1");
	check4("6in4, an answer: both levels turned",
	       "2001:db8::1:40000 > 2001:db8::2:80 outer=198.51.100.1>198.51.100.2 udp raw=3");

	datagram();
	ip4(17, A4, B4);
	front("\xb0\0\x08\0\0\0\0\0\0\0\0\1\0\0\0\2", 16);
	ip6(47, A6, B6);
	check6("GRE with checksum, key and sequence",
	       "10.0.0.1:40000 > 192.0.2.7:80 outer=2001:db8::1>2001:db8::2 udp raw=3");

	datagram();
	ip4(17, A4, B4);
	ethernet(0x0800);
	front("\0\0\x65\x58", 4);
	ip4(47, "198.51.100.1", "198.51.100.2");
	check4("Ethernet in GRE",
	       "10.0.0.1:40000 > 192.0.2.7:80 outer=198.51.100.1>198.51.100.2 udp raw=3");

	datagram();
	ip4(17, A4, B4);
	ethernet(0x0800);
	front("\x10\0\x88\xbe\0\0\0\1\x10\1\0\0\0\0\0\0", 16);
	ip4(47, "198.51.100.1", "198.51.100.2");
	check4("mirrored Ethernet (ERSPAN)",
	       "10.0.0.1:40000 > 192.0.2.7:80 outer=198.51.100.1>198.51.100.2 udp raw=3");

	payload("", 0);
	for (int i = 0; i < 30; i++)
		ip4(4, A4, B4);
	ethernet(0x0800);
	frame_text(DLT_EN10MB, frame_now.len);
	int sources = 0;
	for (uint32_t i = 0; i < frame_event.fields; i++)
		sources += frame_event.field[i].id == FIELD_SOURCE_IP;
	tap_int(sources, 8, "thirty levels: eight are kept");
	tap_int(frame_event.overflow, 1, "and the rest is counted as overflow");
}

/* Every length from nothing to the whole frame: what can be read, and never more. */
static void cuts(void)
{
	size_t whole;
	int bad = 0, addresses = 0, ports = 0;

	datagram();
	ip4(17, A4, B4);
	ethernet(0x0800);
	whole = frame_now.len;
	for (size_t n = 0; n <= whole; n++) {
		const char *got = frame_text(DLT_EN10MB, n);
		bad += strcmp(got, "bad_packet") == 0;
		addresses += strncmp(got, "10.0.0.1:0 ? 192.0.2.7:0 udp", 28) == 0;
		ports += strncmp(got, "10.0.0.1:40000 > 192.0.2.7:80", 29) == 0;
	}
	tap_int(bad, 34, "cut anywhere in link or IP header: bad_packet");
	tap_int(addresses, 4, "cut before the ports: addresses");
	tap_int(ports, (long long)whole - 37, "cut behind the ports: addresses and ports");
}

int main(void)
{
	version4();
	version6();
	tunnels();
	cuts();
	tap_ok(frame_event.has_time && frame_event.time_us == 7 &&
		       frame_event.format == FORMAT_PACKET,
	       "capture time and format");
	return tap_done();
}
