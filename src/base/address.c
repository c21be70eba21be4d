#include "base/address.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <string.h>

/* Called for every address of every record: no inet_pton, one pass. */
static bool parse_v4(const char *p, size_t len, uint8_t out[4])
{
	unsigned value = 0, digits = 0, part = 0;

	if (len < 7 || len > 15)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned d = (unsigned)(uint8_t)p[i] - '0';
		if (d <= 9) {
			if (digits > 0 && value == 0)
				return false;
			value = value * 10 + d;
			if (++digits > 3 || value > 255)
				return false;
			continue;
		}
		if (p[i] != '.' || digits == 0 || part == 3)
			return false;
		out[part++] = (uint8_t)value;
		value = digits = 0;
	}
	if (part != 3 || digits == 0)
		return false;
	out[3] = (uint8_t)value;
	return true;
}

static bool parse_v6(const char *p, size_t len, struct address *a)
{
	static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	char buf[ADDRESS_TEXT_MAX];

	if (len < 2 || len >= sizeof(buf) || !memchr(p, ':', len))
		return false;
	memcpy(buf, p, len);
	buf[len] = '\0';
	if (strlen(buf) != len || inet_pton(AF_INET6, buf, a->b) != 1)
		return false;
	a->bits = 128;
	if (memcmp(a->b, mapped, sizeof(mapped)) == 0) {
		memcpy(a->b, a->b + 12, 4);
		memset(a->b + 4, 0, 12);
		a->bits = 32;
	}
	return true;
}

bool address_parse(const char *p, size_t len, struct address *a)
{
	memset(a, 0, sizeof(*a));
	if (parse_v4(p, len, a->b)) {
		a->bits = 32;
		return true;
	}
	return parse_v6(p, len, a);
}

bool address_equal(const struct address *a, const struct address *b)
{
	return a->bits == b->bits && memcmp(a->b, b->b, 16) == 0;
}

size_t address_format(const struct address *a, char out[ADDRESS_TEXT_MAX])
{
	assert(a->bits == 32 || a->bits == 128);
	inet_ntop(a->bits == 32 ? AF_INET : AF_INET6, a->b, out, ADDRESS_TEXT_MAX);
	return strlen(out);
}

static void clear_host_bits(struct network *n)
{
	for (unsigned i = 0; i < 16; i++) {
		unsigned keep = n->prefix > i * 8 ? n->prefix - i * 8 : 0;
		if (keep < 8)
			n->base.b[i] &= (uint8_t)(0xff00 >> keep);
	}
}

bool network_parse(const char *p, size_t len, struct network *n)
{
	const char *slash = memchr(p, '/', len);
	size_t addr_len = slash ? (size_t)(slash - p) : len;
	unsigned prefix = 0;

	if (!address_parse(p, addr_len, &n->base))
		return false;
	/* "::ffff:a.b.c.d/120" speaks of the 128-bit form */
	bool mapped = n->base.bits == 32 && memchr(p, ':', addr_len);
	if (slash) {
		size_t digits = len - addr_len - 1;
		if (digits == 0 || digits > 3)
			return false;
		for (const char *q = slash + 1; q < p + len; q++) {
			if (*q < '0' || *q > '9')
				return false;
			prefix = prefix * 10 + (unsigned)(*q - '0');
		}
		if (mapped) {
			if (prefix < 96)
				return false;
			prefix -= 96;
		}
	} else {
		prefix = n->base.bits;
	}
	if (prefix > n->base.bits)
		return false;
	n->prefix = (uint8_t)prefix;
	clear_host_bits(n);
	return true;
}

bool network_contains(const struct network *n, const struct address *a)
{
	if (n->base.bits != a->bits)
		return false;
	unsigned whole = n->prefix / 8, rest = n->prefix % 8;
	if (memcmp(n->base.b, a->b, whole) != 0)
		return false;
	return rest == 0 || ((n->base.b[whole] ^ a->b[whole]) & (0xff00 >> rest) & 0xff) == 0;
}

void home_net_default(struct home_net *h)
{
	/* RFC 1918, RFC 6598, RFC 3927, RFC 1122, RFC 4193, RFC 4291 */
	char bad[64];
	bool ok = home_net_parse(h,
				 "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,"
				 "169.254.0.0/16,127.0.0.0/8,fc00::/7,fe80::/10,::1/128",
				 bad);
	assert(ok);
	(void)ok;
}

bool home_net_parse(struct home_net *h, const char *list, char bad[64])
{
	h->count = 0;
	while (*list) {
		size_t len = strcspn(list, ",");
		size_t skip = strspn(list, " ");
		if (skip > len)
			skip = len;
		if (h->count == HOME_NETS_MAX ||
		    !network_parse(list + skip, len - skip, &h->nets[h->count])) {
			snprintf(bad, 64, "%.*s", (int)(len < 63 ? len : 63), list);
			return false;
		}
		h->count++;
		list += len + (list[len] == ',');
	}
	return h->count > 0;
}

bool home_net_contains(const struct home_net *h, const struct address *a)
{
	for (uint32_t i = 0; i < h->count; i++)
		if (network_contains(&h->nets[i], a))
			return true;
	return false;
}
