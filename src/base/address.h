/* address - IPv4, IPv6 and CIDR, as text and as bytes. */
#ifndef TOCSIN_BASE_ADDRESS_H
#define TOCSIN_BASE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ADDRESS_TEXT_MAX 64

/* IPv4 lives in the first four bytes, the rest zero. An IPv4-mapped IPv6
 * address (::ffff:a.b.c.d) is stored as the IPv4 address it stands for. */
struct address {
	uint8_t b[16];
	uint8_t bits; /* 32, 128; 0 = none */
};

struct network {
	struct address base; /* host bits cleared */
	uint8_t prefix;
};

/* Strict: four decimal parts without leading zeros or RFC 4291 text (no zone). */
bool address_parse(const char *p, size_t len, struct address *a);
bool address_equal(const struct address *a, const struct address *b);
/* RFC 5952 text. */
size_t address_format(const struct address *a, char out[ADDRESS_TEXT_MAX]);

/* "10.0.0.0/8"; an address alone is /32 or /128. Host bits are cleared. */
bool network_parse(const char *p, size_t len, struct network *n);
bool network_contains(const struct network *n, const struct address *a);

/* What is inside: private, unique-local, link-local and loopback ranges by default. */
#define HOME_NETS_MAX 256
struct home_net {
	struct network nets[HOME_NETS_MAX];
	uint32_t count;
};
void home_net_default(struct home_net *h);
/* Comma-separated CIDRs; false names the bad one in bad[64]. */
bool home_net_parse(struct home_net *h, const char *list, char bad[64]);
bool home_net_contains(const struct home_net *h, const struct address *a);

#endif
