/* packet - the walk through a frame's layers, and the event that comes of it. */
#include "decode/packet.h"

#include <assert.h>
#include <string.h>

#include "decode/decode.h"

static void walk(struct packet *pk, enum packet_layer layer)
{
	for (int steps = 0; layer != PACKET_DONE && steps < PACKET_STEPS_MAX; steps++) {
		assert(pk->p <= pk->end);
		switch (layer) {
		case PACKET_ETHERNET:
			layer = packet_ethernet(pk);
			break;
		case PACKET_ETHERTYPE:
			layer = packet_ethertype(pk);
			break;
		case PACKET_PPP:
			layer = packet_ppp(pk);
			break;
		case PACKET_MPLS:
			layer = packet_mpls(pk);
			break;
		case PACKET_IP:
			layer = packet_ip(pk);
			break;
		case PACKET_IP_PROTOCOL:
			layer = packet_ip_protocol(pk);
			break;
		case PACKET_DONE:
			break;
		}
	}
}

/* The address as text in the scratch, and as bytes in *a (mapped IPv4 unmapped). */
static void add_address(struct packet *pk, enum event_field f, const uint8_t *addr, uint8_t bytes,
			struct address *a)
{
	static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

	if (bytes == 16 && memcmp(addr, mapped, sizeof(mapped)) == 0) {
		addr += 12;
		bytes = 4;
	}
	if (a) {
		memset(a->b, 0, sizeof(a->b));
		memcpy(a->b, addr, bytes);
		a->bits = (uint8_t)(bytes * 8);
	}
	char *text = arena_alloc(pk->scratch, PACKET_TEXT_ADDRESS_MAX);
	if (!text) {
		pk->ev->overflow++;
		return;
	}
	event_add(pk->ev, f, text, packet_text_address(addr, bytes, text));
}

static void add_level(struct packet *pk, const struct packet_level *l, struct address *client,
		      struct address *server)
{
	bool reply = (l->quoted ? l->asker : pk->asker) == PACKET_ASKER_DST;

	add_address(pk, FIELD_SOURCE_IP, reply ? l->dst : l->src, l->bytes, client);
	add_address(pk, FIELD_DESTINATION_IP, reply ? l->src : l->dst, l->bytes, server);
}

static void add_ports(struct packet *pk, uint16_t client, uint16_t server)
{
	char *text = arena_alloc(pk->scratch, 16);

	if (!text) {
		pk->ev->overflow++;
		return;
	}
	event_add(pk->ev, FIELD_SOURCE_PORT, text, packet_text_number(client, text));
	event_add(pk->ev, FIELD_DESTINATION_PORT, text + 8, packet_text_number(server, text + 8));
}

static void add_payload(struct packet *pk)
{
	size_t len = (size_t)(pk->raw_end - pk->raw);

	switch ((enum packet_payload)pk->payload) {
	case PACKET_PAYLOAD_DNS_QUERY:
	case PACKET_PAYLOAD_DNS_RESPONSE:
		if (pk->transport[0] == 't')
			packet_dns_stream(pk, pk->raw, len);
		else
			packet_dns(pk, pk->raw, len);
		break;
	case PACKET_PAYLOAD_TLS_CLIENT:
		packet_tls(pk, pk->raw, len);
		break;
	case PACKET_PAYLOAD_HTTP_REQUEST:
		packet_http(pk, pk->raw, len);
		break;
	case PACKET_PAYLOAD_OPAQUE:
	case PACKET_PAYLOAD_TLS_SERVER:
	case PACKET_PAYLOAD_HTTP_RESPONSE:
		break;
	}
}

/*
 * The innermost level comes first and alone decides client and server; the
 * headers of tunnels around it and those quoted by an ICMP error follow.
 */
static void add_all(struct packet *pk)
{
	struct event *ev = pk->ev;
	struct address client = {.bits = 0}, server = {.bits = 0};
	bool reply = pk->asker == PACKET_ASKER_DST;
	uint16_t cport = reply ? pk->dport : pk->sport, sport = reply ? pk->sport : pk->dport;

	if (pk->levels > 0)
		add_level(pk, &pk->level[pk->innermost], &client, &server);
	uint32_t sided = ev->observables;
	for (unsigned i = pk->levels; i-- > 0;)
		if (i != pk->innermost)
			add_level(pk, &pk->level[i], NULL, NULL);
	uint32_t outer = ev->observables;
	if (pk->transport)
		event_add(ev, FIELD_NETWORK_TRANSPORT, pk->transport, strlen(pk->transport));
	if (pk->has_ports)
		add_ports(pk, cport, sport);
	add_payload(pk);
	event_finish(ev);

	/* What the frame itself says stands, whatever event_finish() inferred. */
	ev->client = client;
	ev->server = server;
	ev->client_port = cport;
	ev->server_port = sport;
	ev->has_direction = pk->asker != PACKET_ASKER_UNKNOWN;
	for (uint32_t i = 0; i < outer; i++) {
		uint16_t port = ev->observable[i].field == FIELD_SOURCE_IP ? cport : sport;
		ev->observable[i].port = i < sided ? port : 0;
	}
}

enum reason decode_packet(struct decoder *d, int link_type, const uint8_t *p, size_t caplen,
			  size_t wire_len, int64_t time_us, struct event *ev)
{
	struct packet pk;
	enum packet_layer first;

	/* Lengths come from the headers: a captured frame may be cut below its
	 * wire length, and Ethernet pads above what IP says. */
	(void)wire_len;
	arena_reset(&d->scratch);
	event_reset(ev);
	memset(&pk, 0, offsetof(struct packet, level));
	pk.p = pk.raw = pk.raw_end = p;
	pk.end = p + caplen;
	pk.ev = ev;
	pk.scratch = &d->scratch;
	if (!packet_link(&pk, link_type, &first))
		return REASON_LINK_TYPE;
	walk(&pk, first);
	if (pk.bad && pk.levels == 0)
		return REASON_BAD_PACKET;
	add_all(&pk);
	ev->format = FORMAT_PACKET;
	ev->time_us = time_us;
	ev->has_time = time_us != 0;
	ev->raw.p = (const char *)pk.raw;
	ev->raw.len = (uint32_t)(pk.raw_end - pk.raw);
	return REASON_OK;
}
