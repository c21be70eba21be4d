/* packet_link - from the link layer to IP: Ethernet and its tags, cooked, PPP, loopback. */
#include "decode/packet.h"

#include <pcap/dlt.h>
#include <string.h>

/* File formats write the LINKTYPE_ value, libpcap hands out the system's DLT_. */
#define LINKTYPE_PPP_HDLC 50
#define LINKTYPE_RAW      101

enum {
	TYPE_IPV4 = 0x0800,
	TYPE_VLAN = 0x8100,
	TYPE_TEB = 0x6558, /* transparent Ethernet bridging, in GRE */
	TYPE_IPV6 = 0x86dd,
	TYPE_PPP = 0x880b,
	TYPE_MPLS = 0x8847,
	TYPE_MPLS_MULTICAST = 0x8848,
	TYPE_PPPOE_SESSION = 0x8864,
	TYPE_QINQ = 0x88a8,
	TYPE_QINQ_OLD = 0x9100,
	TYPE_ERSPAN2 = 0x88be,
	TYPE_ERSPAN3 = 0x22eb,
	TYPE_WCCP = 0x883e,
	TYPE_LENGTH_MAX = 1500 /* up to here an 802.3 length, not a type */
};

/* A header that is too short to be read: nothing of the frame can be. */
static enum packet_layer cut(struct packet *pk)
{
	pk->bad = true;
	return PACKET_DONE;
}

/* LLC: IP by its own SAP, or SNAP with an EtherType under OUI 0 (RFC 1042) or
 * 0000f8 (bridge tunnel); everything else carries no IP. */
static enum packet_layer llc(struct packet *pk)
{
	if (packet_left(pk) < 3)
		return PACKET_DONE;
	if (pk->p[0] == 0x06 && pk->p[1] == 0x06 && pk->p[2] == 0x03) {
		pk->p += 3;
		return PACKET_IP;
	}
	if (packet_left(pk) < 8 || pk->p[0] != 0xaa || pk->p[1] != 0xaa || pk->p[2] != 0x03)
		return PACKET_DONE;
	if (pk->p[3] != 0 || pk->p[4] != 0 || (pk->p[5] != 0 && pk->p[5] != 0xf8))
		return PACKET_DONE;
	pk->type = packet_u16(pk->p + 6);
	pk->p += 8;
	return PACKET_ETHERTYPE;
}

enum packet_layer packet_ethernet(struct packet *pk)
{
	if (packet_left(pk) < 14)
		return cut(pk);
	pk->type = packet_u16(pk->p + 12);
	pk->p += 14;
	return PACKET_ETHERTYPE;
}

static enum packet_layer skip_to_type(struct packet *pk, size_t type_at, size_t header)
{
	if (packet_left(pk) < header)
		return cut(pk);
	pk->type = packet_u16(pk->p + type_at);
	pk->p += header;
	return PACKET_ETHERTYPE;
}

/* Mirrored Ethernet in GRE (draft-foschiano-erspan): type II has a header of 8
 * bytes, type III of 12 and, when its last bit says so, 8 more. */
static enum packet_layer erspan(struct packet *pk)
{
	bool third = pk->type == TYPE_ERSPAN3;
	size_t header = third ? 12 : 8;

	if (packet_left(pk) < header)
		return cut(pk);
	if (third && pk->p[11] & 1)
		header += 8;
	if (packet_left(pk) < header)
		return cut(pk);
	pk->p += header;
	return PACKET_ETHERNET;
}

/* A redirected packet in GRE: version 2 puts four bytes before the IP header. */
static enum packet_layer wccp(struct packet *pk)
{
	if (packet_left(pk) >= 4 && pk->p[0] >> 4 != 4)
		pk->p += 4;
	return PACKET_IP;
}

enum packet_layer packet_ethertype(struct packet *pk)
{
	switch (pk->type) {
	case TYPE_IPV4:
	case TYPE_IPV6:
		return PACKET_IP;
	case TYPE_VLAN:
	case TYPE_QINQ:
	case TYPE_QINQ_OLD:
		return skip_to_type(pk, 2, 4);
	case TYPE_PPPOE_SESSION:
		if (packet_left(pk) < 8)
			return cut(pk);
		pk->p += 6;
		return PACKET_PPP;
	case TYPE_PPP:
		return PACKET_PPP;
	case TYPE_MPLS:
	case TYPE_MPLS_MULTICAST:
		return PACKET_MPLS;
	case TYPE_TEB:
		return PACKET_ETHERNET;
	case TYPE_ERSPAN2:
	case TYPE_ERSPAN3:
		return erspan(pk);
	case TYPE_WCCP:
		return wccp(pk);
	default:
		return pk->type <= TYPE_LENGTH_MAX ? llc(pk) : PACKET_DONE;
	}
}

/* RFC 1661 and 1662: address and control may be there or compressed away, and
 * the protocol is one byte when that byte is odd. */
enum packet_layer packet_ppp(struct packet *pk)
{
	if (packet_left(pk) >= 2 && pk->p[0] == 0xff && pk->p[1] == 0x03)
		pk->p += 2;
	if (packet_left(pk) < 2)
		return cut(pk);
	unsigned protocol = pk->p[0];
	if (protocol & 1) {
		pk->p += 1;
	} else {
		protocol = packet_u16(pk->p);
		pk->p += 2;
	}
	if (protocol == 0x0021 || protocol == 0x0057)
		return PACKET_IP;
	return protocol == 0x0281 || protocol == 0x0283 ? PACKET_MPLS : PACKET_DONE;
}

/* What follows the label stack names itself by its first nibble or not at all. */
enum packet_layer packet_mpls(struct packet *pk)
{
	bool bottom = false;

	while (!bottom) {
		if (packet_left(pk) < 4)
			return cut(pk);
		bottom = pk->p[2] & 1;
		pk->p += 4;
	}
	if (packet_left(pk) < 1)
		return PACKET_DONE;
	return pk->p[0] >> 4 == 4 || pk->p[0] >> 4 == 6 ? PACKET_IP : PACKET_DONE;
}

/* Address families of BSD loopback; 24, 28 and 30 are IPv6 on one BSD or another. */
static bool family_is_ip(uint32_t family)
{
	return family == 2 || family == 10 || family == 24 || family == 28 || family == 30;
}

static enum packet_layer loopback(struct packet *pk)
{
	const uint8_t *p = pk->p;

	if (packet_left(pk) < 4)
		return cut(pk);
	uint32_t big = (uint32_t)packet_u16(p) << 16 | packet_u16(p + 2);
	uint32_t little = __builtin_bswap32(big);
	pk->p += 4;
	return family_is_ip(big) || family_is_ip(little) ? PACKET_IP : PACKET_DONE;
}

bool packet_link(struct packet *pk, int link_type, enum packet_layer *first)
{
	switch (link_type) {
	case DLT_EN10MB:
		*first = PACKET_ETHERNET;
		return true;
	case DLT_RAW:
	case LINKTYPE_RAW:
	case DLT_IPV4:
	case DLT_IPV6:
		*first = PACKET_IP;
		return true;
	case DLT_LINUX_SLL:
		*first = skip_to_type(pk, 14, 16);
		return true;
	case DLT_LINUX_SLL2:
		*first = skip_to_type(pk, 0, 20);
		return true;
	case DLT_NULL:
	case DLT_LOOP:
		*first = loopback(pk);
		return true;
	case DLT_PPP:
	case LINKTYPE_PPP_HDLC:
		*first = PACKET_PPP;
		return true;
	case DLT_C_HDLC:
		*first = skip_to_type(pk, 2, 4);
		return true;
	default:
		return false;
	}
}
