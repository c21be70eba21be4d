/*
 * packet_http - requests of HTTP/1 (RFC 9112) that start at a segment's start.
 *
 * Whole lines only: what the end of the segment cuts is not used, except that
 * a known method still tells who asked.
 */
#include <string.h>
#include <strings.h>

#include "decode/packet.h"

#define METHOD_MAX 20

struct line {
	const char *p;
	size_t len;
};

static const char *const methods[] = {
	"GET",   "POST",   "HEAD",     "PUT",       "DELETE",    "OPTIONS", "CONNECT",
	"TRACE", "PATCH",  "PROPFIND", "PROPPATCH", "MKCOL",     "COPY",    "MOVE",
	"LOCK",  "UNLOCK", "SEARCH",   "REPORT",    "SUBSCRIBE", "NOTIFY",
};

/* The line at *p without its end; *p moves behind it. False when it is not whole. */
static bool next_line(const char **p, const char *end, struct line *l)
{
	const char *lf = memchr(*p, '\n', (size_t)(end - *p));

	if (!lf)
		return false;
	l->p = *p;
	l->len = (size_t)(lf - *p);
	if (l->len > 0 && lf[-1] == '\r')
		l->len--;
	*p = lf + 1;
	return true;
}

/* Bytes of the method token that a space follows, or 0. */
static size_t method_length(const char *p, size_t len)
{
	size_t max = len < METHOD_MAX ? len : METHOD_MAX, i = 0;

	while (i < max && ((p[i] >= 'A' && p[i] <= 'Z') || p[i] == '-' || p[i] == '_'))
		i++;
	return i > 0 && i < len && p[i] == ' ' ? i : 0;
}

static bool method_known(const char *p, size_t len)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strlen(methods[i]) == len && memcmp(methods[i], p, len) == 0)
			return true;
	return false;
}

/*
 * "METHOD target HTTP/1.x": the target, which may hold spaces that do not
 * belong there. Some malware leaves the version out; then the method must be
 * a known one and the target a path, so that other text is not taken for HTTP.
 */
static bool request_line(const struct line *l, size_t method, struct line *target)
{
	static const size_t version = sizeof(" HTTP/1.1") - 1;

	target->p = l->p + method + 1;
	target->len = l->len - method - 1;
	if (target->len >= version && memcmp(l->p + l->len - version, " HTTP/", 6) == 0) {
		target->len -= version;
		return true;
	}
	return method_known(l->p, method) && target->len > 0 && target->p[0] == '/' &&
	       !memchr(target->p, ' ', target->len);
}

/* A request line that the segment cuts: a known method and the start of a
 * target, lest "POST received" in an answer be taken for one. */
static bool request_begun(const char *p, size_t len, size_t method)
{
	const char *target = p + method + 1;
	size_t have = len - method - 1;

	if (!method_known(p, method))
		return false;
	return have == 0 || target[0] == '/' || (method == 7 && memcmp(p, "CONNECT", 7) == 0) ||
	       strncasecmp(target, "http://", have < 7 ? have : 7) == 0;
}

enum packet_payload packet_http_kind(const uint8_t *payload, size_t len)
{
	const char *p = (const char *)payload;
	struct line l, target;

	if (len >= 8 && memcmp(p, "HTTP/1.", 7) == 0)
		return PACKET_PAYLOAD_HTTP_RESPONSE;
	size_t method = method_length(p, len);
	if (method == 0)
		return PACKET_PAYLOAD_OPAQUE;
	const char *at = p;
	bool request = next_line(&at, p + len, &l) ? request_line(&l, method, &target)
						   : request_begun(p, len, method);
	return request ? PACKET_PAYLOAD_HTTP_REQUEST : PACKET_PAYLOAD_OPAQUE;
}

static bool header_is(const struct line *l, const char *name, struct line *value)
{
	size_t n = strlen(name);

	if (l->len <= n || l->p[n] != ':' || strncasecmp(l->p, name, n) != 0)
		return false;
	const char *p = l->p + n + 1, *end = l->p + l->len;
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	while (end > p && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	value->p = p;
	value->len = (size_t)(end - p);
	return true;
}

/* "example.org:8080", "[2001:db8::1]:80": the host alone. */
static struct line host_of(struct line authority)
{
	struct line host = authority;

	if (host.len > 0 && host.p[0] == '[') {
		const char *close = memchr(host.p, ']', host.len);
		if (close)
			return (struct line){host.p + 1, (size_t)(close - host.p) - 1};
	}
	const char *colon = memchr(host.p, ':', host.len);
	if (colon)
		host.len = (size_t)(colon - host.p);
	return host;
}

static void add(struct packet *pk, enum event_field f, struct line v)
{
	if (v.len > 0)
		event_add(pk->ev, f, v.p, v.len);
}

/* The authority of an absolute-form target; false for every other form. */
static bool absolute_authority(const struct line *target, struct line *authority)
{
	size_t scheme = target->len >= 8 && strncasecmp(target->p, "https://", 8) == 0  ? 8
			: target->len >= 7 && strncasecmp(target->p, "http://", 7) == 0 ? 7
											: 0;
	if (scheme == 0)
		return false;
	authority->p = target->p + scheme;
	authority->len = 0;
	while (scheme + authority->len < target->len &&
	       !strchr("/?#", authority->p[authority->len]))
		authority->len++;
	return true;
}

/* "http://" with the host as written, its port if it gives one, and the path. */
static void add_full_url(struct packet *pk, struct line host, struct line target)
{
	static const char scheme[] = "http://";
	size_t len = sizeof(scheme) - 1;
	char *url = arena_alloc(pk->scratch, len + host.len + target.len);

	if (!url) {
		pk->ev->overflow++;
		return;
	}
	memcpy(url, scheme, len);
	memcpy(url + len, host.p, host.len);
	memcpy(url + len + host.len, target.p, target.len);
	event_add(pk->ev, FIELD_URL_FULL, url, len + host.len + target.len);
}

static void add_target(struct packet *pk, struct line target, struct line host)
{
	struct line authority;

	add(pk, FIELD_URL_ORIGINAL, target);
	if (absolute_authority(&target, &authority)) {
		add(pk, FIELD_URL_FULL, target);
		struct line asked = host_of(authority), told = host_of(host);
		if (asked.len != told.len || strncasecmp(asked.p, told.p, asked.len) != 0)
			add(pk, FIELD_URL_DOMAIN, asked);
	} else if (host.len > 0 && target.len > 0 && target.p[0] == '/') {
		add_full_url(pk, host, target);
	}
}

static size_t number(struct line v)
{
	size_t n = 0;

	for (size_t i = 0; i < v.len && v.p[i] >= '0' && v.p[i] <= '9'; i++)
		if (n < 1u << 28)
			n = n * 10 + (size_t)(v.p[i] - '0');
	return n;
}

/* One request at *p; *p moves behind its body. False when nothing can follow. */
static bool request(struct packet *pk, const char **p, const char *end)
{
	struct line l, target = {NULL, 0}, host = {"", 0}, v;
	size_t body = 0, method = method_length(*p, (size_t)(end - *p));
	bool open = false;

	if (method == 0)
		return false;
	struct line name = {*p, method};
	if (!next_line(p, end, &l)) {
		if (request_begun(*p, (size_t)(end - *p), method))
			add(pk, FIELD_HTTP_METHOD, name);
		return false;
	}
	if (!request_line(&l, method, &target))
		return false;
	add(pk, FIELD_HTTP_METHOD, name);
	while ((open = next_line(p, end, &l)) && l.len > 0) {
		if (header_is(&l, "host", &v)) {
			host = v;
			add(pk, FIELD_URL_DOMAIN, host_of(v));
		} else if (header_is(&l, "user-agent", &v)) {
			add(pk, FIELD_USER_AGENT, v);
		} else if (header_is(&l, "referer", &v)) {
			add(pk, FIELD_HTTP_REFERRER, v);
		} else if (header_is(&l, "content-length", &v)) {
			body = number(v);
		}
	}
	add_target(pk, target, host);
	if (!open || body >= (size_t)(end - *p))
		return false;
	*p += body;
	return true;
}

void packet_http(struct packet *pk, const uint8_t *payload, size_t len)
{
	const char *p = (const char *)payload, *end = p + len;

	while (pk->ev->fields < EVENT_FIELDS_MAX && request(pk, &p, end))
		;
}
