/* test_packet_link - every link type and tag, by hand-made frames. */
#include "unit/test_packet_frames.h"

#define A4    "10.0.0.1"
#define B4    "192.0.2.7"
#define A6    "2001:db8::1"
#define B6    "2001:db8::2"
#define WANT4 "10.0.0.1:40000 > 192.0.2.7:80 udp raw=3"
#define WANT6 "2001:db8::1:40000 > 2001:db8::2:80 udp raw=3"

static void four(void)
{
	payload_text("abc");
	udp(40000, 80);
	ip4(17, A4, B4);
}

static void six(void)
{
	payload_text("abc");
	udp(40000, 80);
	ip6(17, A6, B6);
}

static void tag(unsigned vlan, unsigned next)
{
	front16(next);
	front16(vlan);
}

static void ethernets(void)
{
	four();
	check4("Ethernet, IPv4", WANT4);
	six();
	check6("Ethernet, IPv6", WANT6);
	four();
	tag(7, 0x0800);
	ethernet(0x8100);
	check("802.1Q", DLT_EN10MB, WANT4);
	six();
	tag(7, 0x86dd);
	tag(8, 0x8100);
	ethernet(0x88a8);
	check("802.1ad", DLT_EN10MB, WANT6);
	four();
	tag(7, 0x0800);
	tag(8, 0x8100);
	tag(9, 0x9100);
	ethernet(0x9100);
	check("three tags, old types", DLT_EN10MB, WANT4);
	payload("", 0);
	for (int i = 0; i < 1000; i++)
		tag(1, 0x8100);
	ethernet(0x8100);
	check("a thousand tags end", DLT_EN10MB, " raw=0");
	four();
	front("\xaa\xaa\x03\0\0\0\x08\0", 8);
	ethernet(60);
	check("802.3 with SNAP", DLT_EN10MB, WANT4);
	four();
	front("\x06\x06\x03", 3);
	ethernet(60);
	check("802.3 with the SAP of IP", DLT_EN10MB, WANT4);
	payload("\x42\x42\x03\0\0\0\0\0\0\0", 10);
	ethernet(38);
	check("spanning tree carries no IP", DLT_EN10MB, " raw=0");
	payload("\0\1\x08\0\6\4\0\1", 8);
	ethernet(0x0806);
	check("ARP carries no IP", DLT_EN10MB, " raw=0");
}

static void carried(void)
{
	four();
	front("\0\0\0\x40\0\0\x01\x40", 8); /* two labels, the second at the bottom */
	frame_bytes()[2] = 0;
	ethernet(0x8847);
	check("MPLS", DLT_EN10MB, WANT4);
	six();
	front("\x11\0\0\1\0\0\0\x57", 8);
	ethernet(0x8864);
	check("PPPoE session", DLT_EN10MB, WANT6);
	four();
	front("\xff\x03\0\x21", 4);
	check("PPP with address and control", DLT_PPP, WANT4);
	four();
	front("\x21", 1);
	check("PPP with a compressed protocol", DLT_PPP, WANT4);
	six();
	front("\x0f\0\x86\xdd", 4);
	check("Cisco HDLC", DLT_C_HDLC, WANT6);
}

static void cooked(void)
{
	four();
	front16(0x0800);
	front_zeros(14);
	check("Linux cooked", DLT_LINUX_SLL, WANT4);
	six();
	front_zeros(18);
	front16(0x86dd);
	check("Linux cooked, version 2", DLT_LINUX_SLL2, WANT6);
	four();
	tag(3, 0x0800);
	front16(0x8100);
	front_zeros(14);
	check("Linux cooked with a tag", DLT_LINUX_SLL, WANT4);
}

static void bare(void)
{
	static const struct {
		const char *name, *family;
		int link;
		bool v6;
	} loops[] = {
		{"loopback, little-endian", "\2\0\0\0", DLT_NULL, false},
		{"loopback, big-endian", "\0\0\0\2", DLT_NULL, false},
		{"loopback, network order", "\0\0\0\2", DLT_LOOP, false},
		{"loopback, IPv6 of FreeBSD", "\x1c\0\0\0", DLT_NULL, true},
		{"loopback, IPv6 of macOS", "\0\0\0\x1e", DLT_NULL, true},
		{"loopback, IPv6 of OpenBSD", "\0\0\0\x18", DLT_LOOP, true},
	};

	for (size_t i = 0; i < sizeof(loops) / sizeof(loops[0]); i++) {
		if (loops[i].v6)
			six();
		else
			four();
		front(loops[i].family, 4);
		check(loops[i].name, loops[i].link, loops[i].v6 ? WANT6 : WANT4);
	}
	payload("\7\0\0\0abcd", 8);
	check("loopback of another family", DLT_NULL, " raw=0");
	four();
	check("raw IP, 12", DLT_RAW, WANT4);
	six();
	check("raw IP, 101", 101, WANT6);
	four();
	check("IPv4 alone", DLT_IPV4, WANT4);
	six();
	check("IPv6 alone", DLT_IPV6, WANT6);
}

static void refused(void)
{
	four();
	check("a foreign link type", DLT_IEEE802_11_RADIO, "link_type");
	payload("", 0);
	check("an empty frame", DLT_EN10MB, "bad_packet");
	payload("0123456789", 10);
	check("a frame cut in the link header", DLT_EN10MB, "bad_packet");
	payload("\x45", 1);
	check4("a frame cut in the IP header", "bad_packet");
	payload("", 0);
	check6("an EtherType of IP and no IP", "bad_packet");
	payload_text("Zero of an IP header, whatever the type says it is");
	check4("no IP after the EtherType of IP", "bad_packet");
}

int main(void)
{
	ethernets();
	carried();
	cooked();
	bare();
	refused();
	return tap_done();
}
