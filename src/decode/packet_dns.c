/*
 * packet_dns - the questions of DNS, mDNS and LLMNR messages (RFC 1035, 6762, 4795).
 *
 * Names become presentation text: labels joined by dots, case kept, printable
 * bytes and well-formed UTF-8 as they are, the rest escaped as in C (\t, \001).
 */
#include <string.h>

#include "base/utf8.h"
#include "decode/packet.h"

#define DNS_HEADER    12
#define DNS_NAME_MAX  255 /* wire bytes, RFC 1035 2.3.4 */
#define DNS_JUMPS_MAX 64
#define DNS_TEXT_MAX  (DNS_NAME_MAX * 4)

struct name {
	char text[DNS_TEXT_MAX];
	size_t len;
};

enum packet_payload packet_dns_kind(const uint8_t *p, size_t len)
{
	if (len < DNS_HEADER)
		return PACKET_PAYLOAD_OPAQUE;
	return p[2] & 0x80 ? PACKET_PAYLOAD_DNS_RESPONSE : PACKET_PAYLOAD_DNS_QUERY;
}

static size_t put_escaped(uint8_t c, char *out)
{
	static const char letter[] = "abtnvfr"; /* 7..13 */

	out[0] = '\\';
	if (c >= 7 && c <= 13) {
		out[1] = letter[c - 7];
		return 2;
	}
	out[1] = (char)('0' + (c >> 6));
	out[2] = (char)('0' + (c >> 3 & 7));
	out[3] = (char)('0' + (c & 7));
	return 4;
}

static void put_label(struct name *n, const uint8_t *p, size_t len)
{
	if (n->len > 0)
		n->text[n->len++] = '.';
	for (size_t i = 0; i < len;) {
		size_t run =
			p[i] < 0x80 ? p[i] >= 0x20 && p[i] != 0x7f : utf8_sequence(p + i, len - i);
		if (run == 0) {
			n->len += put_escaped(p[i++], n->text + n->len);
			continue;
		}
		memcpy(n->text + n->len, p + i, run);
		n->len += run;
		i += run;
	}
}

/*
 * Reads the name at *at and moves *at behind it. False when it is malformed:
 * past the end, a loop, a label type that is neither label nor pointer, or
 * longer than a name may be.
 */
static bool read_name(const uint8_t *msg, size_t len, size_t *at, struct name *n)
{
	size_t pos = *at, wire = 0;
	bool jumped = false;
	int jumps = 0;

	n->len = 0;
	for (;;) {
		if (pos >= len)
			return false;
		size_t label = msg[pos];
		if (label >= 0xc0) {
			if (len - pos < 2 || ++jumps > DNS_JUMPS_MAX)
				return false;
			if (!jumped)
				*at = pos + 2;
			jumped = true;
			pos = packet_u16(msg + pos) & 0x3fff;
			continue;
		}
		wire += label + 1;
		if (label > 63 || len - pos < label + 1 || wire > DNS_NAME_MAX)
			return false;
		pos += label + 1;
		if (label == 0)
			break;
		put_label(n, msg + pos - label, label);
	}
	if (!jumped)
		*at = pos;
	return true;
}

void packet_dns(struct packet *pk, const uint8_t *p, size_t len)
{
	struct name n;
	size_t at = DNS_HEADER;

	if (len < DNS_HEADER)
		return;
	for (unsigned left = packet_u16(p + 4); left > 0; left--) {
		if (pk->ev->fields >= EVENT_FIELDS_MAX) {
			pk->ev->overflow += left;
			return;
		}
		/* a name without its type and class is more often garbage than cut */
		if (!read_name(p, len, &at, &n) || len - at < 4)
			return;
		at += 4;
		char *text = n.len > 0 ? arena_alloc(pk->scratch, n.len) : NULL;
		if (text) {
			memcpy(text, n.text, n.len);
			event_add(pk->ev, FIELD_DNS_QUESTION_NAME, text, n.len);
		} else if (n.len > 0) {
			pk->ev->overflow++;
		}
	}
}

void packet_dns_stream(struct packet *pk, const uint8_t *p, size_t len)
{
	while (len > 2) {
		size_t message = packet_u16(p), have = len - 2;
		packet_dns(pk, p + 2, message < have ? message : have);
		if (message >= have)
			return;
		p += 2 + message;
		len = have - message;
	}
}
