/*
 * packet_transport - TCP, UDP, ICMP: ports, payload, and who asked.
 *
 * A host that merely answers a scanner must not look as if it had reached
 * out, so the evidence is taken in the order of what it proves: the
 * handshake's flags, then what the payload is, then the ports.
 */
#include "decode/packet.h"

enum { TCP_SYN = 0x02, TCP_RST = 0x04, TCP_ACK = 0x10 };
enum { PORT_DNS = 53, PORT_MDNS = 5353, PORT_LLMNR = 5355 };

/* What an ICMP error quotes has no payload of its own. */
static void payload_at(struct packet *pk, const uint8_t *p)
{
	if (pk->quoting)
		return;
	pk->raw = p < pk->end ? p : pk->end;
	pk->raw_end = pk->end;
}

static bool is_dns_port(uint16_t port)
{
	return port == PORT_DNS || port == PORT_MDNS || port == PORT_LLMNR;
}

static enum packet_asker payload_asker(uint8_t kind)
{
	switch ((enum packet_payload)kind) {
	case PACKET_PAYLOAD_DNS_QUERY:
	case PACKET_PAYLOAD_TLS_CLIENT:
	case PACKET_PAYLOAD_HTTP_REQUEST:
		return PACKET_ASKER_SRC;
	case PACKET_PAYLOAD_DNS_RESPONSE:
	case PACKET_PAYLOAD_TLS_SERVER:
	case PACKET_PAYLOAD_HTTP_RESPONSE:
		return PACKET_ASKER_DST;
	case PACKET_PAYLOAD_OPAQUE:
		break;
	}
	return PACKET_ASKER_UNKNOWN;
}

static const struct packet_level *carrier(const struct packet *pk)
{
	return &pk->level[pk->levels - 1];
}

static void set_asker(struct packet *pk, enum packet_asker asker)
{
	const struct packet_level *l = carrier(pk);

	/* an mDNS response goes to the group: nobody there has asked */
	if (asker == PACKET_ASKER_DST && packet_side_is_group(l->dst, l->bytes))
		asker = PACKET_ASKER_SRC;
	if (l->quoted)
		pk->level[pk->levels - 1].asker = (uint8_t)asker;
	else
		pk->asker = (uint8_t)asker;
}

/* The first four bytes of TCP and UDP. False when they are not there, or when
 * they are quoted and nothing more is to be learned. */
static bool take_ports(struct packet *pk, const char *transport)
{
	if (!pk->quoting)
		pk->transport = transport;
	if (packet_left(pk) < 4)
		return false;
	uint16_t sport = packet_u16(pk->p), dport = packet_u16(pk->p + 2);
	set_asker(pk, packet_side_ports(sport, dport));
	if (pk->quoting)
		return false;
	pk->sport = sport;
	pk->dport = dport;
	pk->has_ports = true;
	return true;
}

static enum packet_payload tcp_kind(const struct packet *pk)
{
	size_t len = (size_t)(pk->raw_end - pk->raw);
	enum packet_payload kind;

	if (len == 0)
		return PACKET_PAYLOAD_OPAQUE;
	kind = packet_tls_kind(pk->raw, len);
	if (kind == PACKET_PAYLOAD_OPAQUE)
		kind = packet_http_kind(pk->raw, len);
	if (kind == PACKET_PAYLOAD_OPAQUE && len > 2 &&
	    (is_dns_port(pk->sport) || is_dns_port(pk->dport)))
		kind = packet_dns_kind(pk->raw + 2, len - 2);
	return kind;
}

/* RFC 9293: a SYN to a closed port is answered by RST and ACK with sequence
 * number 0, so that too goes back to who asked. */
static enum packet_asker tcp_flags_asker(const uint8_t *p)
{
	unsigned flags = p[13];
	bool seq0 = (p[4] | p[5] | p[6] | p[7]) == 0;

	if (flags & TCP_SYN)
		return flags & TCP_ACK ? PACKET_ASKER_DST : PACKET_ASKER_SRC;
	if ((flags & (TCP_RST | TCP_ACK)) == (TCP_RST | TCP_ACK) && seq0)
		return PACKET_ASKER_DST;
	return PACKET_ASKER_UNKNOWN;
}

enum packet_layer packet_tcp(struct packet *pk)
{
	const uint8_t *p = pk->p;

	if (!take_ports(pk, "tcp") || packet_left(pk) < 14) {
		payload_at(pk, pk->end);
		return PACKET_DONE;
	}
	size_t header = (size_t)(p[12] >> 4) * 4;
	bool whole = header >= 20 && header <= packet_left(pk);
	payload_at(pk, whole ? p + header : pk->end);
	pk->payload = (uint8_t)tcp_kind(pk);
	enum packet_asker asker = tcp_flags_asker(p);
	if (asker == PACKET_ASKER_UNKNOWN)
		asker = payload_asker(pk->payload);
	if (asker != PACKET_ASKER_UNKNOWN)
		set_asker(pk, asker);
	return PACKET_DONE;
}

enum packet_layer packet_udp(struct packet *pk)
{
	const uint8_t *p = pk->p;

	if (!take_ports(pk, "udp") || packet_left(pk) < 8) {
		payload_at(pk, pk->end);
		return PACKET_DONE;
	}
	size_t total = packet_u16(p + 4);
	if (total != 0 && total < packet_left(pk)) /* 0: a jumbogram, RFC 2675 */
		pk->end = total < 8 ? p + 8 : p + total;
	payload_at(pk, p + 8);
	size_t len = (size_t)(pk->raw_end - pk->raw);
	if (is_dns_port(pk->sport) || is_dns_port(pk->dport))
		pk->payload = (uint8_t)packet_dns_kind(pk->raw, len);
	else
		pk->payload = (uint8_t)packet_tls_kind_datagram(pk->raw, len);
	enum packet_asker asker = payload_asker(pk->payload);
	if (asker != PACKET_ASKER_UNKNOWN)
		set_asker(pk, asker);
	return PACKET_DONE;
}

/* The header is eight bytes; an error quotes the packet it is about. */
static enum packet_layer icmp(struct packet *pk, enum packet_asker asker, bool error)
{
	if (!pk->quoting)
		pk->transport = "icmp";
	payload_at(pk, packet_left(pk) < 8 ? pk->end : pk->p + 8);
	set_asker(pk, asker);
	if (!error || packet_left(pk) <= 8)
		return PACKET_DONE;
	pk->p += 8;
	pk->quoting = true;
	return PACKET_IP;
}

enum packet_layer packet_icmp(struct packet *pk)
{
	switch (packet_left(pk) > 0 ? pk->p[0] : 255) {
	case 8: /* echo, RFC 792; then router solicitation, timestamp, information, mask */
	case 10:
	case 13:
	case 15:
	case 17:
		return icmp(pk, PACKET_ASKER_SRC, false);
	case 0: /* their replies */
	case 9:
	case 14:
	case 16:
	case 18:
		return icmp(pk, PACKET_ASKER_DST, false);
	case 3: /* unreachable, quench, redirect, time exceeded, parameter problem */
	case 4:
	case 5:
	case 11:
	case 12:
		return icmp(pk, PACKET_ASKER_DST, true);
	default:
		return icmp(pk, PACKET_ASKER_UNKNOWN, false);
	}
}

enum packet_layer packet_icmp6(struct packet *pk)
{
	switch (packet_left(pk) > 0 ? pk->p[0] : 255) {
	case 128: /* echo, RFC 4443; router and neighbour solicitation, RFC 4861 */
	case 133:
	case 135:
		return icmp(pk, PACKET_ASKER_SRC, false);
	case 129:
	case 134:
	case 136:
		return icmp(pk, PACKET_ASKER_DST, false);
	case 1: /* unreachable, too big, time exceeded, parameter problem */
	case 2:
	case 3:
	case 4:
		return icmp(pk, PACKET_ASKER_DST, true);
	default:
		return icmp(pk, PACKET_ASKER_UNKNOWN, false);
	}
}
