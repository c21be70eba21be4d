/*
 * packet_tls - the server name in a ClientHello (RFC 8446, RFC 6066; DTLS RFC 9147).
 *
 * Only what this segment carries of its first handshake record: a name that is
 * cut is no name.
 */
#include "decode/packet.h"

enum { RECORD_CHANGE_CIPHER_SPEC = 20, RECORD_HANDSHAKE = 22 };
enum { CLIENT_HELLO = 1, SERVER_HELLO = 2, EXTENSION_SERVER_NAME = 0 };

/* Reads through and tests once: after a short read every later one gives 0. */
struct cursor {
	const uint8_t *p, *end;
	bool bad;
};

static const uint8_t *take(struct cursor *c, size_t len)
{
	if (c->bad || (size_t)(c->end - c->p) < len) {
		c->bad = true;
		return NULL;
	}
	c->p += len;
	return c->p - len;
}

static size_t take_number(struct cursor *c, size_t bytes)
{
	const uint8_t *p = take(c, bytes);
	size_t n = 0;

	for (size_t i = 0; p && i < bytes; i++)
		n = n << 8 | p[i];
	return n;
}

static void skip_vector(struct cursor *c, size_t length_bytes)
{
	take(c, take_number(c, length_bytes));
}

static enum packet_payload kind(unsigned handshake_type)
{
	if (handshake_type == CLIENT_HELLO)
		return PACKET_PAYLOAD_TLS_CLIENT;
	if (handshake_type == SERVER_HELLO)
		return PACKET_PAYLOAD_TLS_SERVER;
	return PACKET_PAYLOAD_OPAQUE;
}

/* The second ClientHello, after a retry request, follows a change of cipher
 * spec that means nothing (RFC 8446 D.4). */
static size_t compatibility_record(const uint8_t *p, size_t len)
{
	return len >= 6 && p[0] == RECORD_CHANGE_CIPHER_SPEC && p[3] == 0 && p[4] == 1 ? 6 : 0;
}

enum packet_payload packet_tls_kind(const uint8_t *p, size_t len)
{
	size_t skip = compatibility_record(p, len);

	p += skip;
	len -= skip;
	if (len < 6 || p[0] != RECORD_HANDSHAKE || p[1] != 3 || p[2] > 4)
		return PACKET_PAYLOAD_OPAQUE;
	return kind(p[5]);
}

/* Record versions are the ones' complement: fe ff is DTLS 1.0, fe fd 1.2. */
enum packet_payload packet_tls_kind_datagram(const uint8_t *p, size_t len)
{
	if (len < 14 || p[0] != RECORD_HANDSHAKE || p[1] != 0xfe || p[2] < 0xfc)
		return PACKET_PAYLOAD_OPAQUE;
	return kind(p[13]);
}

static void server_names(struct packet *pk, struct cursor *c)
{
	take_number(c, 2);
	while (!c->bad && c->p < c->end) {
		size_t type = take_number(c, 1), len = take_number(c, 2);
		const uint8_t *name = take(c, len);
		if (name && type == 0 && len > 0)
			event_add(pk->ev, FIELD_TLS_SERVER_NAME, (const char *)name, len);
	}
}

static void extensions(struct packet *pk, struct cursor *c)
{
	while (!c->bad && c->p < c->end) {
		size_t type = take_number(c, 2), len = take_number(c, 2);
		/* the last extension may be cut by the end of the segment */
		size_t have = (size_t)(c->end - c->p);
		struct cursor in = {.p = c->p, .end = c->p + (len < have ? len : have)};
		if (!c->bad && type == EXTENSION_SERVER_NAME)
			server_names(pk, &in);
		take(c, len);
	}
}

void packet_tls(struct packet *pk, const uint8_t *p, size_t len)
{
	bool datagram = p[1] == 0xfe;
	struct cursor c = {.p = p, .end = p + len};

	if (!datagram)
		take(&c, compatibility_record(p, len));
	take(&c, datagram ? 11 : 3); /* type, version; epoch and sequence */
	size_t record = take_number(&c, 2);
	if (!c.bad && record < (size_t)(c.end - c.p))
		c.end = c.p + record;
	take(&c, datagram ? 12 : 4); /* handshake header */
	take(&c, 2 + 32);            /* version, random */
	skip_vector(&c, 1);          /* session */
	if (datagram)
		skip_vector(&c, 1); /* cookie */
	skip_vector(&c, 2);         /* cipher suites */
	skip_vector(&c, 1);         /* compression */
	size_t total = take_number(&c, 2);
	if (!c.bad && total < (size_t)(c.end - c.p))
		c.end = c.p + total;
	extensions(pk, &c);
}
