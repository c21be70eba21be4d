/* packet_ip - IPv4, IPv6 and its extension headers, and what tunnels inside them. */
#include "decode/packet.h"

enum {
	PROTO_HOPOPTS = 0,
	PROTO_ICMP = 1,
	PROTO_IPV4 = 4,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_IPV6 = 41,
	PROTO_ROUTING = 43,
	PROTO_FRAGMENT = 44,
	PROTO_GRE = 47,
	PROTO_AH = 51,
	PROTO_ICMPV6 = 58,
	PROTO_DSTOPTS = 60,
	PROTO_ETHERIP = 97,
	PROTO_MPLS = 137
};

static enum packet_layer unreadable(struct packet *pk)
{
	pk->bad = true;
	return PACKET_DONE;
}

static bool add_level(struct packet *pk, const uint8_t *src, const uint8_t *dst, uint8_t bytes)
{
	if (pk->levels == PACKET_LEVELS_MAX) {
		pk->ev->overflow++;
		return false;
	}
	struct packet_level *l = &pk->level[pk->levels++];
	l->src = src;
	l->dst = dst;
	l->bytes = bytes;
	l->quoted = pk->quoting;
	l->asker = PACKET_ASKER_UNKNOWN;
	if (!pk->quoting)
		pk->innermost = (uint8_t)(pk->levels - 1);
	return true;
}

/* p..end is the payload from here on; it is the record's bytes unless a deeper
 * layer narrows them, and what an ICMP error quotes does not count. */
static void payload_at(struct packet *pk, const uint8_t *p, const uint8_t *end)
{
	pk->p = p;
	pk->end = end;
	if (!pk->quoting) {
		pk->raw = p;
		pk->raw_end = end;
	}
}

/* RFC 791. Bytes after the total length are padding; a total length of 0 is
 * what a sender with segmentation offload records. */
static enum packet_layer ip4(struct packet *pk)
{
	const uint8_t *p = pk->p, *end = pk->end;

	if (packet_left(pk) < 20)
		return unreadable(pk);
	size_t header = (size_t)(p[0] & 15) * 4, total = packet_u16(p + 2);
	if (header < 20 || (total != 0 && total < header))
		return unreadable(pk);
	if (!add_level(pk, p + 12, p + 16, 4))
		return PACKET_DONE;
	if (total == 0 || total > packet_left(pk))
		total = packet_left(pk);
	if (total < header) { /* the capture ends in the options */
		payload_at(pk, end, end);
		return PACKET_DONE;
	}
	payload_at(pk, p + header, p + total);
	pk->type = p[9];
	bool later_fragment = (packet_u16(p + 6) & 0x1fff) != 0;
	return later_fragment ? PACKET_DONE : PACKET_IP_PROTOCOL;
}

/* RFC 8200. A payload length of 0 is a jumbogram (RFC 2675) or offload: all that is there. */
static enum packet_layer ip6(struct packet *pk)
{
	const uint8_t *p = pk->p;

	if (packet_left(pk) < 40)
		return unreadable(pk);
	if (!add_level(pk, p + 8, p + 24, 16))
		return PACKET_DONE;
	size_t payload = packet_u16(p + 4);
	if (payload == 0 || payload > packet_left(pk) - 40)
		payload = packet_left(pk) - 40;
	payload_at(pk, p + 40, p + 40 + payload);
	pk->type = p[6];
	return PACKET_IP_PROTOCOL;
}

enum packet_layer packet_ip(struct packet *pk)
{
	if (packet_left(pk) < 1)
		return unreadable(pk);
	switch (pk->p[0] >> 4) {
	case 4:
		return ip4(pk);
	case 6:
		return ip6(pk);
	default:
		return unreadable(pk);
	}
}

/* An extension header of this many bytes; the next one's number leads it. */
static enum packet_layer extension(struct packet *pk, size_t bytes)
{
	if (packet_left(pk) < bytes)
		return PACKET_DONE;
	pk->type = pk->p[0];
	payload_at(pk, pk->p + bytes, pk->end);
	return PACKET_IP_PROTOCOL;
}

static enum packet_layer fragment(struct packet *pk)
{
	if (packet_left(pk) < 8)
		return PACKET_DONE;
	bool later = (packet_u16(pk->p + 2) & 0xfff8) != 0;
	enum packet_layer next = extension(pk, 8);
	return later ? PACKET_DONE : next;
}

/* RFC 2784, 2890 and, for version 1, 2637: checksum, key, sequence and
 * acknowledgement are there when their bits are. */
static enum packet_layer gre(struct packet *pk)
{
	if (packet_left(pk) < 4)
		return PACKET_DONE;
	unsigned flags = packet_u16(pk->p), version = flags & 7;
	size_t header = 4;
	if (flags & 0xc000 && version == 0)
		header += 4;
	if (flags & 0x2000)
		header += 4;
	if (flags & 0x1000)
		header += 4;
	if (flags & 0x0080 && version == 1)
		header += 4;
	/* source routes (RFC 1701) are not followed */
	if (packet_left(pk) < header || version > 1 || (flags & 0x4000 && version == 0))
		return PACKET_DONE;
	pk->type = packet_u16(pk->p + 2);
	payload_at(pk, pk->p + header, pk->end);
	return packet_left(pk) > 0 ? PACKET_ETHERTYPE : PACKET_DONE;
}

static enum packet_layer etherip(struct packet *pk)
{
	if (packet_left(pk) < 2 || pk->p[0] >> 4 != 3)
		return PACKET_DONE;
	pk->p += 2;
	return PACKET_ETHERNET;
}

/* Headers of IPv6 alone, the length in units of eight bytes beyond the first. */
static enum packet_layer ip6_extension(struct packet *pk)
{
	if (packet_left(pk) < 2)
		return PACKET_DONE;
	return extension(pk, ((size_t)pk->p[1] + 1) * 8);
}

enum packet_layer packet_ip_protocol(struct packet *pk)
{
	bool v6 = pk->level[pk->levels - 1].bytes == 16;

	switch (pk->type) {
	case PROTO_TCP:
		return packet_tcp(pk);
	case PROTO_UDP:
		return packet_udp(pk);
	case PROTO_ICMP:
		return packet_icmp(pk);
	case PROTO_ICMPV6:
		return packet_icmp6(pk);
	case PROTO_IPV4:
	case PROTO_IPV6:
		return PACKET_IP;
	case PROTO_GRE:
		return gre(pk);
	case PROTO_ETHERIP:
		return etherip(pk);
	case PROTO_MPLS:
		return PACKET_MPLS;
	case PROTO_HOPOPTS:
	case PROTO_ROUTING:
	case PROTO_DSTOPTS:
		return v6 ? ip6_extension(pk) : PACKET_DONE;
	case PROTO_FRAGMENT:
		return v6 ? fragment(pk) : PACKET_DONE;
	case PROTO_AH: /* RFC 4302: in units of four bytes beyond the second */
		if (packet_left(pk) < 2)
			return PACKET_DONE;
		return extension(pk, ((size_t)pk->p[1] + 2) * 4);
	default: /* ESP and whatever else hides what follows */
		return PACKET_DONE;
	}
}
