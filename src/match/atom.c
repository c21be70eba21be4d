#include "match/atom.h"

#include <string.h>
#include <strings.h>

#include "match/atom_punycode.h"

/* What a byte may be in a host label, lower-cased; 0 = not there. */
static inline char label_char(uint8_t c)
{
	if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_')
		return (char)c;
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : 0;
}

static inline char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* Bytes of the label separator at p: '.', or the ideographic full stop U+3002. */
static size_t separator(const char *p, const char *end)
{
	if (*p == '.')
		return 1;
	return end - p >= 3 && memcmp(p, "\xe3\x80\x82", 3) == 0 ? 3 : 0;
}

/* One label from *p, which is left at its separator or the end. Bytes written, 0 = none. */
static size_t put_label(const char **p, const char *end, char out[ATOM_LABEL_MAX])
{
	const char *start = *p, *q = start;
	bool ascii = true;
	size_t n = 0;

	for (; q < end && !separator(q, end); q++) {
		char c = label_char((uint8_t)*q);
		if (!c) {
			if (!(*q & 0x80))
				return 0;
			ascii = false;
		}
		if (ascii && n < ATOM_LABEL_MAX)
			out[n] = c;
		n++;
	}
	*p = q;
	if (!ascii)
		return atom_punycode_label((const uint8_t *)start, (size_t)(q - start), out);
	return n <= ATOM_LABEL_MAX ? n : 0;
}

static bool all_digits(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i] < '0' || p[i] > '9')
			return false;
	return len > 0;
}

size_t atom_domain_normalise(const char *p, size_t len, char *out, size_t size)
{
	const char *end = p + len;
	char label[ATOM_LABEL_MAX];
	size_t n = 0, got = 0;

	if (len > 2 && p[0] == '*' && p[1] == '.')
		p += 2;
	else if (len > 1 && p[0] == '.')
		p++;
	if (size > ATOM_DOMAIN_MAX)
		size = ATOM_DOMAIN_MAX;
	while (p < end) {
		got = put_label(&p, end, label);
		if (got == 0 || got + (n > 0) > size - n)
			return 0;
		if (n > 0)
			out[n++] = '.';
		memcpy(out + n, label, got);
		n += got;
		if (p < end)
			p += separator(p, end);
	}
	return all_digits(label, got) ? 0 : n;
}

size_t atom_hash_normalise(const char *p, size_t len, char *out, size_t size)
{
	if ((len != 32 && len != 40 && len != 64 && len != 128) || len > size)
		return 0;
	for (size_t i = 0; i < len; i++) {
		char c = lower(p[i]);
		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return 0;
		out[i] = c;
	}
	return len;
}

size_t atom_email_normalise(const char *p, size_t len, char *out, size_t size)
{
	const char *at = memrchr(p, '@', len);
	size_t local = at ? (size_t)(at - p) : 0;

	if (local == 0 || local > 64 || local + 1 >= size)
		return 0;
	for (size_t i = 0; i < local; i++) {
		if ((uint8_t)p[i] <= ' ' || p[i] == 0x7f || strchr("<>,;", p[i]))
			return 0;
		out[i] = lower(p[i]);
	}
	out[local] = '@';
	if (at[1] == '*' || at[1] == '.')
		return 0;
	size_t n =
		atom_domain_normalise(at + 1, len - local - 1, out + local + 1, size - local - 1);
	return n ? local + 1 + n : 0;
}

/* What a defanged token stands for; the token's length, 0 when there is none at p. */
static size_t fang(const char *p, size_t len, const char **means)
{
	static const struct {
		const char *token, *means;
	} fangs[] = {
		{"[.]", "."}, {"(.)", "."},     {"{.}", "."},   {"[dot]", "."}, {"(dot)", "."},
		{"[:]", ":"}, {"[://]", "://"}, {"[:/]", ":/"}, {"[/]", "/"},   {"[@]", "@"},
		{"(@)", "@"}, {"[at]", "@"},    {"(at)", "@"},
	};

	if (*p != '[' && *p != '(' && *p != '{')
		return 0;
	for (size_t i = 0; i < sizeof(fangs) / sizeof(fangs[0]); i++) {
		size_t n = strlen(fangs[i].token);
		if (n <= len && strncasecmp(p, fangs[i].token, n) == 0) {
			*means = fangs[i].means;
			return n;
		}
	}
	return 0;
}

size_t atom_refang(const char *p, size_t len, char *out, size_t size)
{
	size_t n = 0, i = 0;

	/* nearly always there is nothing to do */
	if (!memchr(p, '[', len) && !memchr(p, '(', len) && !memchr(p, '{', len) &&
	    !(len > 4 && (p[0] | 0x20) == 'h' && (p[1] | 0x20) == 'x')) {
		if (len > size)
			return 0;
		memcpy(out, p, len);
		return len;
	}
	if (len > 4 && size >= 4 && strncasecmp(p, "hxxp", 4) == 0) {
		memcpy(out, "http", 4);
		n = i = 4;
	}
	while (i < len) {
		const char *means = p + i;
		size_t took = fang(p + i, len - i, &means);
		size_t put = took ? strlen(means) : 1;
		if (put > size - n)
			return 0;
		memcpy(out + n, means, put);
		n += put;
		i += took ? took : 1;
	}
	return n;
}

static bool parse_port(const char *p, size_t len, uint16_t *port)
{
	unsigned v = 0;

	if (len == 0 || len > 5)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (p[i] < '0' || p[i] > '9')
			return false;
		v = v * 10 + (unsigned)(p[i] - '0');
	}
	*port = (uint16_t)v;
	return v >= 1 && v <= 65535;
}

bool atom_endpoint_split(const char *p, size_t len, struct span *host, uint16_t *port)
{
	const char *colon = memrchr(p, ':', len);

	if (!colon || !parse_port(colon + 1, len - (size_t)(colon + 1 - p), port))
		return false;
	size_t n = (size_t)(colon - p);
	if (n > 2 && p[0] == '[' && p[n - 1] == ']') {
		p++;
		n -= 2;
	} else if (memchr(p, ':', n)) {
		return false; /* an IPv6 address without brackets has no port */
	}
	*host = (struct span){p, (uint32_t)n};
	return n > 0;
}

static bool is_domain(const char *p, size_t len)
{
	char out[ATOM_DOMAIN_MAX];

	return memchr(p, '.', len) && atom_domain_normalise(p, len, out, sizeof(out)) > 0;
}

/* Does something that can be a host, with or without a port, stand here? */
static bool is_host(const char *p, size_t len)
{
	struct address a;
	struct span host = {p, (uint32_t)len};
	uint16_t port;

	atom_endpoint_split(p, len, &host, &port);
	return address_parse(host.p, host.len, &a) || is_domain(host.p, host.len);
}

int atom_guess(const char *p, size_t len)
{
	char out[ATOM_EMAIL_MAX];
	struct network n;

	if (len == 0 || len > ATOM_URL_MAX)
		return -1;
	if (network_parse(p, len, &n))
		return memchr(p, '/', len) ? CONDITION_NETWORK : CONDITION_IP;
	if (memmem(p, len, "://", 3))
		return CONDITION_URL;
	if (atom_hash_normalise(p, len, out, sizeof(out)))
		return CONDITION_HASH;
	const char *slash = memchr(p, '/', len);
	if (slash)
		return is_host(p, (size_t)(slash - p)) ? CONDITION_URL : -1;
	if (memchr(p, '@', len))
		return atom_email_normalise(p, len, out, sizeof(out)) ? CONDITION_EMAIL : -1;
	return is_domain(p, len) ? CONDITION_DOMAIN : -1;
}
