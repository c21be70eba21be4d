/*
 * test_packet_frames - hand-made frames, built from the inside out, and an
 * event as one line of text.
 */
#ifndef TOCSIN_TESTS_PACKET_FRAMES_H
#define TOCSIN_TESTS_PACKET_FRAMES_H

#include "tap.h"

#include <arpa/inet.h>
#include <assert.h>
#include <pcap/dlt.h>

#include "decode/decode.h"

#define FRAME_MAX 8192

/* The bytes are the last len of b: headers are put in front. */
struct frame {
	size_t len;
	uint8_t b[FRAME_MAX];
};

enum { SYN = 2, RST = 4, PSH = 8, ACK = 16 };

static struct frame frame_now;
static struct decoder frame_decoder;
static struct event frame_event;

static inline void payload(const void *p, size_t len)
{
	assert(len <= FRAME_MAX);
	frame_now.len = len;
	if (len > 0)
		memcpy(frame_now.b + FRAME_MAX - len, p, len);
}

static inline void payload_text(const char *s)
{
	payload(s, strlen(s));
}

static inline void front(const void *p, size_t len)
{
	assert(frame_now.len + len <= FRAME_MAX);
	frame_now.len += len;
	memcpy(frame_now.b + FRAME_MAX - frame_now.len, p, len);
}

static inline void front16(unsigned v)
{
	uint8_t b[2] = {(uint8_t)(v >> 8), (uint8_t)v};

	front(b, 2);
}

static inline void front_zeros(size_t n)
{
	static const uint8_t zero[64];

	front(zero, n);
}

static inline uint8_t *frame_bytes(void)
{
	return frame_now.b + FRAME_MAX - frame_now.len;
}

static inline void udp(unsigned sport, unsigned dport)
{
	unsigned len = (unsigned)frame_now.len + 8;

	front16(0);
	front16(len);
	front16(dport);
	front16(sport);
}

static inline void tcp(unsigned sport, unsigned dport, unsigned flags)
{
	uint8_t rest[16] = {0, 0, 0, 1, 0, 0, 0, 1, 0x50, (uint8_t)flags, 4};

	front(rest, sizeof(rest));
	front16(dport);
	front16(sport);
}

static inline void icmp(unsigned type, unsigned code)
{
	uint8_t h[8] = {(uint8_t)type, (uint8_t)code};

	front(h, sizeof(h));
}

static inline void ip4(unsigned proto, const char *src, const char *dst)
{
	uint8_t h[20] = {0x45, 0, 0, 0, 0, 1, 0, 0, 64, (uint8_t)proto};
	size_t total = frame_now.len + sizeof(h);

	h[2] = (uint8_t)(total >> 8);
	h[3] = (uint8_t)total;
	inet_pton(AF_INET, src, h + 12);
	inet_pton(AF_INET, dst, h + 16);
	front(h, sizeof(h));
}

static inline void ip6(unsigned next, const char *src, const char *dst)
{
	uint8_t h[40] = {
		0x60,          0, 0, 0, (uint8_t)(frame_now.len >> 8), (uint8_t)frame_now.len,
		(uint8_t)next, 64};

	inet_pton(AF_INET6, src, h + 8);
	inet_pton(AF_INET6, dst, h + 24);
	front(h, sizeof(h));
}

static inline void ethernet(unsigned type)
{
	front16(type);
	front_zeros(12);
}

static inline void add_text(char *out, const char *name, struct span v)
{
	sprintf(out + strlen(out), " %s=%.*s", name, (int)v.len, v.p);
}

static inline void add_side(char *out, const struct address *a, unsigned port)
{
	char address[ADDRESS_TEXT_MAX] = "none";

	if (a->bits)
		address_format(a, address);
	sprintf(out + strlen(out), "%s:%u", address, port);
}

static inline void add_field(char *out, const struct field *f, int *sources)
{
	switch (f->id) {
	case FIELD_SOURCE_IP: /* the first is the client, said already */
		if ((*sources)++ > 0)
			add_text(out, "outer", f->value);
		break;
	case FIELD_DESTINATION_IP:
		if (*sources > 1)
			sprintf(out + strlen(out), ">%.*s", (int)f->value.len, f->value.p);
		break;
	case FIELD_NETWORK_TRANSPORT:
		sprintf(out + strlen(out), " %.*s", (int)f->value.len, f->value.p);
		break;
	case FIELD_DNS_QUESTION_NAME:
		add_text(out, "dns", f->value);
		break;
	case FIELD_TLS_SERVER_NAME:
		add_text(out, "sni", f->value);
		break;
	case FIELD_HTTP_METHOD:
		add_text(out, "method", f->value);
		break;
	case FIELD_URL_DOMAIN:
		add_text(out, "host", f->value);
		break;
	case FIELD_URL_ORIGINAL:
		add_text(out, "path", f->value);
		break;
	case FIELD_URL_FULL:
		add_text(out, "url", f->value);
		break;
	case FIELD_USER_AGENT:
		add_text(out, "agent", f->value);
		break;
	default:
		break;
	}
}

/* "client:port > server:port transport ..."; '?' instead of '>' when the side is a guess. */
static inline const char *frame_text(int link, size_t caplen)
{
	static char out[65536];
	int sources = 0;

	if (!frame_decoder.scratch.block && decoder_init(&frame_decoder) < 0)
		abort();
	/* an exact-size copy, so that a sanitizer sees one byte too many */
	uint8_t *copy = malloc(caplen ? caplen : 1);
	memcpy(copy, frame_bytes(), caplen);
	enum reason r =
		decode_packet(&frame_decoder, link, copy, caplen, frame_now.len, 7, &frame_event);
	out[0] = '\0';
	if (r != REASON_OK) {
		free(copy);
		return reason_name(r);
	}
	const struct event *ev = &frame_event;
	if (ev->client.bits || ev->server.bits) {
		add_side(out, &ev->client, ev->client_port);
		strcat(out, ev->has_direction ? " > " : " ? ");
		add_side(out, &ev->server, ev->server_port);
	}
	for (uint32_t i = 0; i < ev->fields; i++)
		add_field(out, &ev->field[i], &sources);
	sprintf(out + strlen(out), " raw=%u", ev->raw.len);
	free(copy);
	return out;
}

static inline void check(const char *name, int link, const char *want)
{
	tap_str(frame_text(link, frame_now.len), want, name);
}

/* On Ethernet, over IPv4 or IPv6 as built so far. */
static inline void check4(const char *name, const char *want)
{
	ethernet(0x0800);
	check(name, DLT_EN10MB, want);
}

static inline void check6(const char *name, const char *want)
{
	ethernet(0x86dd);
	check(name, DLT_EN10MB, want);
}

#endif
