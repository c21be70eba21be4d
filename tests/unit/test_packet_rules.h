/*
 * test_packet_rules - why tshark may see something else in a frame than decode
 * does. Each rule looks at the packet, and excuses one kind of value on one side.
 */
#ifndef TOCSIN_TESTS_PACKET_RULES_H
#define TOCSIN_TESTS_PACKET_RULES_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "config/reason.h"
#include "decode/event.h"

enum kind { ADDRESS, DNS, SNI, HOST, KINDS };

/* X(ID, text) */
#define RULES(X)                                                                                   \
	X(UNEXPLAINED, "unexplained")                                                              \
	X(CARRIER, "inside a tunnel or tag that decode does not open")                             \
	X(QUOTED, "a question in the packet that an ICMP error quotes")                            \
	X(DNS_ELSEWHERE, "DNS that tshark found away from its ports, or over HTTP")                \
	X(HTTP_DATAGRAM, "HTTP in datagrams (SSDP)")                                               \
	X(HTTP_HEADERS_ALONE, "header lines of a request that began in an earlier segment")        \
	X(OTHER_DISSECTOR, "a request that tshark left to another dissector")                      \
	X(HELLO_CUT, "a whole name in a ClientHello that the segment cuts later")                  \
	X(HEADER_CUT, "one address of an IP header that the capture cuts")                         \
	X(SOURCE_ROUTE, "source-routed: tshark's ip.dst is the last hop, not the header's field")

enum rule {
#define X(id, text) RULE_##id,
	RULES(X)
#undef X
		RULE_COUNT
};

struct facts {
	const char *protocols; /* tshark's layers, "eth:ethertype:ip:udp:dns" */
	bool request;          /* tshark saw an HTTP request line */
	bool source_route;
	bool cut; /* captured less than was on the wire */
	enum reason reason;
	const struct event *ev;
};

static inline bool rules_word(const char *p, size_t len, const char *const *words)
{
	for (; *words; words++)
		if (strlen(*words) == len && memcmp(*words, p, len) == 0)
			return true;
	return false;
}

/*
 * The first layer below the last IP header that decode does not open; its
 * place in protocols, or NULL. ip[0], ip[1]: IPv4 and IPv6 headers before it.
 */
static inline const char *rules_carrier(const char *protocols, int ip[2])
{
	static const char *const opened[] = {
		"eth",          "ethertype",    "vlan",   "llc",          "sll",
		"null",         "raw",          "ppp",    "pppoes",       "mpls",
		"chdlc",        "gre",          "erspan", "ipv6.hopopts", "ipv6.routing",
		"ipv6.dstopts", "ipv6.fraghdr", "ah",     "icmp",         "icmpv6",
		"etherip",      "ieee8021ad",   NULL};
	static const char *const headers[] = {"ip", "ipv6", NULL};
	const char *foreign = NULL;
	int seen[2] = {0, 0};

	ip[0] = ip[1] = 0;
	for (const char *p = protocols; *p;) {
		size_t len = strcspn(p, ":");
		if (rules_word(p, len, headers)) {
			if (foreign)
				return foreign;
			seen[len == 4]++;
		} else if (!foreign && !rules_word(p, len, opened)) {
			foreign = p;
			ip[0] = seen[0];
			ip[1] = seen[1];
		}
		p += len + (p[len] == ':');
	}
	return NULL;
}

static inline bool rules_layer(const char *protocols, const char *layer)
{
	size_t len = strlen(layer);

	for (const char *p = protocols; (p = strstr(p, layer)); p += len)
		if ((p == protocols || p[-1] == ':') && (p[len] == ':' || p[len] == '\0'))
			return true;
	return false;
}

static inline bool rules_dns_port(uint16_t port)
{
	return port == 53 || port == 5353 || port == 5355;
}

/* A value that tshark has and decode has not; nth of the IP headers of its version. */
static inline enum rule rules_missing(const struct facts *f, enum kind k, bool v6, int nth)
{
	int before[2];

	if (rules_carrier(f->protocols, before) && (k != ADDRESS || nth >= before[v6]))
		return RULE_CARRIER;
	if (k == ADDRESS && f->cut && f->reason == REASON_BAD_PACKET)
		return RULE_HEADER_CUT;
	if (k == ADDRESS && f->source_route)
		return RULE_SOURCE_ROUTE;
	if (k == DNS &&
	    (strstr(f->protocols, ":icmp:ip:") || strstr(f->protocols, ":icmpv6:ipv6:")))
		return RULE_QUOTED;
	if (k == DNS && (strstr(f->protocols, ":http2:") || !(rules_dns_port(f->ev->client_port) ||
							      rules_dns_port(f->ev->server_port))))
		return RULE_DNS_ELSEWHERE;
	if (k == HOST && rules_layer(f->protocols, "ssdp"))
		return RULE_HTTP_DATAGRAM;
	if (k == HOST && rules_layer(f->protocols, "http") && !f->request)
		return RULE_HTTP_HEADERS_ALONE;
	return RULE_UNEXPLAINED;
}

/* A value that decode has and tshark has not. */
static inline enum rule rules_extra(const struct facts *f, enum kind k)
{
	const uint8_t *raw = (const uint8_t *)f->ev->raw.p;

	if (k == ADDRESS && f->source_route)
		return RULE_SOURCE_ROUTE;
	if (k == HOST && !rules_layer(f->protocols, "http"))
		return RULE_OTHER_DISSECTOR;
	if (k == SNI && !rules_layer(f->protocols, "tls") && !rules_layer(f->protocols, "dtls"))
		return RULE_OTHER_DISSECTOR;
	if (k == SNI && f->ev->raw.len > 5 && raw[0] == 22 &&
	    (size_t)(raw[3] << 8 | raw[4]) + 5 > f->ev->raw.len)
		return RULE_HELLO_CUT;
	return RULE_UNEXPLAINED;
}

#endif
