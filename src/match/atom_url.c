#include "match/atom.h"

#include <string.h>
#include <strings.h>

/* Sticky output: once something did not fit, nothing more is written. */
struct out {
	char *p;
	size_t len, size;
	bool bad;
};

struct url {
	struct span scheme;                     /* without "://"; empty for http, https and none */
	struct span userinfo, host, port, rest; /* rest: path and query, no fragment */
	bool bracketed;
};

static inline bool unreserved(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

static inline int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static inline void put(struct out *o, char c)
{
	if (o->len < o->size)
		o->p[o->len++] = c;
	else
		o->bad = true;
}

static void put_span(struct out *o, struct span s)
{
	if (s.len > o->size - o->len) {
		o->bad = true;
		return;
	}
	memcpy(o->p + o->len, s.p, s.len);
	o->len += s.len;
}

static void put_escaped(struct out *o, uint8_t c)
{
	static const char digits[] = "0123456789ABCDEF";

	put(o, '%');
	put(o, digits[c >> 4]);
	put(o, digits[c & 15]);
}

/* Percent-encoding in its normal form, RFC 3986 section 6.2.2. */
static void put_normal(struct out *o, struct span s)
{
	for (uint32_t i = 0; i < s.len && !o->bad; i++) {
		uint8_t c = (uint8_t)s.p[i];
		int hi, lo;
		if (c == '%' && i + 2 < s.len && (hi = hex(s.p[i + 1])) >= 0 &&
		    (lo = hex(s.p[i + 2])) >= 0) {
			c = (uint8_t)(hi << 4 | lo);
			i += 2;
			if (unreserved(c))
				put(o, (char)c);
			else
				put_escaped(o, c);
		} else if (c < '!' || c > '~') {
			put_escaped(o, c);
		} else {
			put(o, (char)c);
		}
	}
}

static void put_host(struct out *o, const struct url *u)
{
	struct address a;

	if (address_parse(u->host.p, u->host.len, &a)) {
		char text[ADDRESS_TEXT_MAX];
		uint32_t n = (uint32_t)address_format(&a, text);
		if (a.bits == 128)
			put(o, '[');
		put_span(o, (struct span){text, n});
		if (a.bits == 128)
			put(o, ']');
		return;
	}
	size_t n = u->bracketed || (u->host.len && (u->host.p[0] == '*' || u->host.p[0] == '.'))
			   ? 0
			   : atom_domain_normalise(u->host.p, u->host.len, o->p + o->len,
						   o->size - o->len);
	o->bad |= n == 0;
	o->len += n;
}

static bool is(struct span s, const char *word)
{
	return s.len == strlen(word) && strncasecmp(s.p, word, s.len) == 0;
}

/* A letter, then letters, digits, '+', '-', '.' (RFC 3986 section 3.1). */
static bool scheme_valid(struct span s)
{
	for (uint32_t i = 0; i < s.len; i++) {
		char c = s.p[i];
		bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
		bool other = (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
		if (!letter && !(i > 0 && other))
			return false;
	}
	return s.len > 0 && s.len <= 32;
}

/* The scheme, when "://" stands before any other delimiter. */
static bool take_scheme(const char **p, const char *end, struct url *u)
{
	const char *q = *p;

	while (q < end && !strchr(":/?#@", *q))
		q++;
	if (end - q < 3 || memcmp(q, "://", 3) != 0)
		return true;
	struct span s = {*p, (uint32_t)(q - *p)};
	if (!scheme_valid(s))
		return false;
	if (!is(s, "http") && !is(s, "https"))
		u->scheme = s;
	*p = q + 3;
	return true;
}

static bool take_port(struct span after, struct url *u)
{
	if (after.len == 0)
		return true;
	if (after.p[0] != ':' || after.len > 6)
		return false;
	struct span port = {after.p + 1, after.len - 1};
	while (port.len > 1 && port.p[0] == '0') {
		port.p++;
		port.len--;
	}
	for (uint32_t i = 0; i < port.len; i++)
		if (port.p[i] < '0' || port.p[i] > '9')
			return false;
	bool plain = u->scheme.len == 0;
	if ((plain && (is(port, "80") || is(port, "443"))) ||
	    (is(u->scheme, "ftp") && is(port, "21")))
		port.len = 0;
	u->port = port;
	return true;
}

static bool take_authority(const char *p, const char *end, struct url *u)
{
	const char *at = memrchr(p, '@', (size_t)(end - p));

	if (at) {
		u->userinfo = (struct span){p, (uint32_t)(at - p)};
		p = at + 1;
	}
	const char *close = p < end && *p == '[' ? memchr(p, ']', (size_t)(end - p)) : NULL;
	if (close) {
		u->bracketed = true;
		u->host = (struct span){p + 1, (uint32_t)(close - p - 1)};
		return take_port((struct span){close + 1, (uint32_t)(end - close - 1)}, u);
	}
	const char *colon = memchr(p, ':', (size_t)(end - p));
	if (!colon)
		colon = end;
	u->host = (struct span){p, (uint32_t)(colon - p)};
	return take_port((struct span){colon, (uint32_t)(end - colon)}, u);
}

static bool split(const char *p, size_t len, struct url *u)
{
	const char *end = p + len;

	if (!take_scheme(&p, end, u))
		return false;
	const char *q = p;
	while (q < end && *q != '/' && *q != '?' && *q != '#')
		q++;
	if (!take_authority(p, q, u))
		return false;
	const char *hash = memchr(q, '#', (size_t)(end - q));
	u->rest = (struct span){q, (uint32_t)((hash ? hash : end) - q)};
	return true;
}

size_t atom_url_normalise(const char *p, size_t len, char *out, size_t size)
{
	struct url u = {0};
	struct out o = {out, 0, size, false};

	if (len == 0 || len > ATOM_URL_MAX || memchr(p, '\0', len) || !split(p, len, &u))
		return 0;
	for (uint32_t i = 0; i < u.scheme.len; i++)
		put(&o, (char)(u.scheme.p[i] | ((uint8_t)(u.scheme.p[i] - 'A') < 26 ? 0x20 : 0)));
	if (u.scheme.len)
		put_span(&o, (struct span){"://", 3});
	if (u.userinfo.len) {
		put_normal(&o, u.userinfo);
		put(&o, '@');
	}
	put_host(&o, &u);
	if (u.port.len) {
		put(&o, ':');
		put_span(&o, u.port);
	}
	if (u.rest.len == 0 || u.rest.p[0] != '/')
		put(&o, '/');
	put_normal(&o, u.rest);
	return o.bad ? 0 : o.len;
}

struct span atom_url_host(const char *url, size_t len)
{
	struct url u = {0};

	if (!split(url, len, &u))
		return (struct span){url, 0};
	return u.host;
}
