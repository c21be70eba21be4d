/*
 * packet - a captured frame into an event: the layers of decode_packet().
 *
 * A frame is peeled layer by layer: each packet_<layer>() takes what it knows
 * off the front of p..end and names the layer that follows, so that tunnels
 * cost no recursion and a hostile frame at most PACKET_STEPS_MAX steps.
 *
 * Thread   one decoder's worker.
 * Order    none.
 * Owns     nothing: everything points into the frame or the decoder's scratch.
 * Memory   the decoder's scratch, for text that the frame does not hold as such.
 * Limit    PACKET_LEVELS_MAX IP headers, those quoted by ICMP errors among them.
 */
#ifndef TOCSIN_DECODE_PACKET_H
#define TOCSIN_DECODE_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "config/reason.h"
#include "decode/event.h"

#define PACKET_LEVELS_MAX 8
#define PACKET_STEPS_MAX  64

enum packet_layer {
	PACKET_DONE,
	PACKET_ETHERNET,
	PACKET_ETHERTYPE, /* pk->type is an EtherType */
	PACKET_PPP,       /* at the PPP protocol field */
	PACKET_MPLS,
	PACKET_IP,          /* version told by the first nibble */
	PACKET_IP_PROTOCOL, /* pk->type is an IP protocol number */
};

/* Which side of the frame asked. */
enum packet_asker {
	PACKET_ASKER_UNKNOWN, /* src is shown as the client, but the event claims no direction */
	PACKET_ASKER_SRC,
	PACKET_ASKER_DST
};

enum packet_payload {
	PACKET_PAYLOAD_OPAQUE,
	PACKET_PAYLOAD_DNS_QUERY,
	PACKET_PAYLOAD_DNS_RESPONSE,
	PACKET_PAYLOAD_TLS_CLIENT,
	PACKET_PAYLOAD_TLS_SERVER,
	PACKET_PAYLOAD_HTTP_REQUEST,
	PACKET_PAYLOAD_HTTP_RESPONSE
};

struct packet_level {
	const uint8_t *src, *dst; /* in the frame, network order */
	uint8_t bytes;            /* of an address: 4 or 16 */
	bool quoted;              /* the header that an ICMP error quotes */
	uint8_t asker;            /* quoted: its own, from its ports */
};

struct packet {
	const uint8_t *p, *end; /* what is left of the captured bytes */
	struct event *ev;
	struct arena *scratch;
	uint16_t type; /* of what comes next, in the layer's own numbering */
	bool bad;      /* IP was promised and its header could not be read */
	bool quoting;  /* inside the packet that an ICMP error quotes */
	bool has_ports;
	uint8_t asker;
	uint8_t payload; /* enum packet_payload */
	uint8_t levels;
	uint8_t innermost; /* level that carries the transport */
	uint16_t sport, dport;
	const char *transport;
	const uint8_t *raw, *raw_end;
	struct packet_level level[PACKET_LEVELS_MAX];
};

static inline uint16_t packet_u16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline size_t packet_left(const struct packet *pk)
{
	return (size_t)(pk->end - pk->p);
}

/* packet_link: where a capture of this link type starts; false for a foreign one. */
bool packet_link(struct packet *pk, int link_type, enum packet_layer *first);
enum packet_layer packet_ethernet(struct packet *pk);
enum packet_layer packet_ethertype(struct packet *pk);
enum packet_layer packet_ppp(struct packet *pk);
enum packet_layer packet_mpls(struct packet *pk);

/* packet_ip: adds a level for each header it can read. */
enum packet_layer packet_ip(struct packet *pk);
enum packet_layer packet_ip_protocol(struct packet *pk);

/* packet_transport: ports, transport, payload and who asked. */
enum packet_layer packet_tcp(struct packet *pk);
enum packet_layer packet_udp(struct packet *pk);
enum packet_layer packet_icmp(struct packet *pk);
enum packet_layer packet_icmp6(struct packet *pk);

/* packet_side: the rules on ports. */
enum packet_asker packet_side_ports(uint16_t sport, uint16_t dport);
/* A group or broadcast address has never asked. */
bool packet_side_is_group(const uint8_t *addr, uint8_t bytes);

/* packet_dns, packet_tls, packet_http: what a payload is, and what it names. */
enum packet_payload packet_dns_kind(const uint8_t *p, size_t len);
void packet_dns(struct packet *pk, const uint8_t *p, size_t len);
void packet_dns_stream(struct packet *pk, const uint8_t *p, size_t len); /* over TCP */
enum packet_payload packet_tls_kind(const uint8_t *p, size_t len);
enum packet_payload packet_tls_kind_datagram(const uint8_t *p, size_t len); /* DTLS */
void packet_tls(struct packet *pk, const uint8_t *p, size_t len);
enum packet_payload packet_http_kind(const uint8_t *p, size_t len);
void packet_http(struct packet *pk, const uint8_t *p, size_t len);

/* packet_text: addresses and numbers as text, no NUL; the text's length. An
 * address may write up to PACKET_TEXT_ADDRESS_MAX bytes whatever its length. */
#define PACKET_TEXT_ADDRESS_MAX 48
size_t packet_text_address(const uint8_t *addr, uint8_t bytes, char *out);
size_t packet_text_number(uint16_t n, char *out);

#endif
