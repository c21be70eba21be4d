#include "decode/event.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "decode/ascii.h"

static const struct {
	const char *name;
	uint8_t len, type, role;
} fields[FIELD_COUNT] = {{"", 0, OBSERVABLE_NONE, ROLE_OTHER},
#define X(id, name, type, role) {name, sizeof(name) - 1, OBSERVABLE_##type, ROLE_##role},
			 EVENT_FIELDS(X)
#undef X
};

const char *event_field_name(enum event_field f)
{
	assert(f < FIELD_COUNT);
	return fields[f].name;
}

int event_field_find(const char *name, size_t len)
{
	for (int f = FIELD_NONE + 1; f < FIELD_COUNT; f++)
		if (fields[f].len == len && memcmp(fields[f].name, name, len) == 0)
			return f;
	return -1;
}

enum observable_type event_field_type(enum event_field f)
{
	assert(f < FIELD_COUNT);
	return fields[f].type;
}

enum observable_role event_field_role(enum event_field f)
{
	assert(f < FIELD_COUNT);
	return fields[f].role;
}

void event_reset(struct event *ev)
{
	/* the tables and the text are as long as their counts say */
	memset(ev, 0, offsetof(struct event, field));
	ev->tlp = -1;
	ev->state_claim = -1;
	ev->sector = -1;
	ev->raw = (struct span){"", 0};
	ev->text_used = 0;
}

/* A new observable of this field, or NULL: counted as overflow. */
static struct observable *new_observable(struct event *ev, enum event_field f,
					 enum observable_type type, struct span value)
{
	if (ev->observables == EVENT_OBSERVABLES_MAX) {
		ev->overflow++;
		return NULL;
	}
	struct observable *o = &ev->observable[ev->observables++];
	*o = (struct observable){.type = (uint8_t)type,
				 .role = fields[f].role,
				 .field = (uint16_t)f,
				 .value = value};
	return o;
}

static bool add_ip(struct event *ev, enum event_field f, struct span v)
{
	struct address a;

	if (!address_parse(v.p, v.len, &a))
		return false;
	struct observable *o = new_observable(ev, f, OBSERVABLE_IP, v);
	if (o)
		o->addr = a;
	return true;
}

static bool all_digits(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!ascii_digit(p[i]))
			return false;
	return len > 0;
}

/* The host of "host", "host:port", "[v6]" and "[v6]:port". */
static struct span host_part(struct span v)
{
	const char *colon = memrchr(v.p, ':', v.len);

	if (v.len && v.p[0] == '[') {
		const char *close = memchr(v.p, ']', v.len);
		if (close)
			return (struct span){v.p + 1, (uint32_t)(close - v.p - 1)};
	}
	/* more than one colon is an IPv6 address without brackets */
	if (colon && memchr(v.p, ':', v.len) == colon &&
	    all_digits(colon + 1, (size_t)(v.p + v.len - colon - 1)))
		v.len = (uint32_t)(colon - v.p);
	return v;
}

/* A name that a peer gave; sensors put addresses and ports there as well. */
static void add_domain(struct event *ev, enum event_field f, struct span v)
{
	v = host_part(v);
	if (v.len && v.p[v.len - 1] == '.')
		v.len--;
	/* Sysmon writes "-" for a name it did not find */
	if (v.len && !(v.len == 1 && v.p[0] == '-') && !add_ip(ev, f, v))
		new_observable(ev, f, OBSERVABLE_DOMAIN, v);
}

/* Where the authority of an absolute URL begins, or NULL. */
static const char *after_scheme(struct span v)
{
	const char *colon = memchr(v.p, ':', v.len < 16 ? v.len : 16);

	if (!colon || colon == v.p || v.p + v.len - colon < 4 || memcmp(colon, "://", 3) != 0)
		return NULL;
	for (const char *p = v.p; p < colon; p++)
		if (!*p || !(strchr("+-.", *p) || ascii_alpha(*p) || ascii_digit(*p)))
			return NULL;
	return colon + 3;
}

/* A URL, and its host: who asked for the one has asked for the other. */
static void add_url(struct event *ev, enum event_field f, struct span v)
{
	const char *host = after_scheme(v);

	new_observable(ev, f, OBSERVABLE_URL, v);
	if (!host)
		return;
	size_t len = 0, max = (size_t)(v.p + v.len - host);
	while (len < max && !strchr("/?#", host[len]))
		len++;
	const char *user = memrchr(host, '@', len);
	if (user) {
		len -= (size_t)(user + 1 - host);
		host = user + 1;
	}
	add_domain(ev, f, (struct span){host, (uint32_t)len});
}

/* A request target: "/path?query", or a whole URL when a proxy was asked. */
static void add_path(struct event *ev, enum event_field f, struct span v)
{
	if (after_scheme(v))
		add_url(ev, f, v);
	else
		new_observable(ev, f, OBSERVABLE_PATH, v);
}

bool event_is_hash(const char *p, size_t len)
{
	if (len != 32 && len != 40 && len != 64 && len != 128)
		return false;
	for (size_t i = 0; i < len; i++)
		if (ascii_hex(p[i]) < 0)
			return false;
	return true;
}

/* Past "SHA1=" or "sha1:"; a value without a name stays as it is. */
static const char *after_name(const char *p, const char *end)
{
	for (const char *q = p; q < end; q++)
		if (*q == '=' || *q == ':')
			return q + 1;
	return p;
}

/* "SHA1=..,MD5=..": one by one; a lone value, with or without a name, is the same. */
static void add_hashes(struct event *ev, enum event_field f, struct span v)
{
	const char *p = v.p, *end = v.p + v.len;

	while (p < end) {
		const char *stop = p;
		while (stop < end && !strchr(",; |", *stop))
			stop++;
		const char *from = after_name(p, stop);
		struct span one = {from, (uint32_t)(stop - from)};
		if (event_is_hash(one.p, one.len))
			new_observable(ev, f, OBSERVABLE_HASH, one);
		p = stop + 1;
	}
}

static bool is_local_part(char c)
{
	unsigned char u = (unsigned char)c;

	/* RFC 5322 atext and the dot, and what RFC 6531 allows */
	return u >= 0x80 || (u > ' ' && u != 0x7f && !strchr("\"(),:;<>@[\\]", c));
}

static bool is_domain_part(char c)
{
	return (unsigned char)c >= 0x80 || ascii_digit(c) || ascii_alpha(c) || c == '.' || c == '-';
}

/* Every address in a header field: "a@b", "<a@b>", "Name <a@b>, c@d". */
static void add_emails(struct event *ev, enum event_field f, struct span v)
{
	const char *end = v.p + v.len;

	for (const char *at = memchr(v.p, '@', v.len); at;
	     at = memchr(at + 1, '@', (size_t)(end - at - 1))) {
		const char *from = at, *to = at + 1;
		while (from > v.p && is_local_part(from[-1]))
			from--;
		while (to < end && is_domain_part(*to))
			to++;
		while (to > at + 1 && to[-1] == '.')
			to--;
		if (from < at && to > at + 1)
			new_observable(ev, f, OBSERVABLE_EMAIL,
				       (struct span){from, (uint32_t)(to - from)});
	}
}

/* A file's path is looked for as a whole and by its last part. */
static void add_file_name(struct event *ev, enum event_field f, struct span v)
{
	const char *base = v.p + v.len;

	while (base > v.p && base[-1] != '/' && base[-1] != '\\')
		base--;
	new_observable(ev, f, OBSERVABLE_FILE_NAME, v);
	if (base > v.p && base < v.p + v.len)
		new_observable(ev, f, OBSERVABLE_FILE_NAME,
			       (struct span){base, (uint32_t)(v.p + v.len - base)});
}

static void add_observable(struct event *ev, enum event_field f, struct span v)
{
	switch (fields[f].type) {
	case OBSERVABLE_NONE:
		break;
	case OBSERVABLE_IP:
		add_ip(ev, f, v);
		break;
	case OBSERVABLE_DOMAIN:
		add_domain(ev, f, v);
		break;
	case OBSERVABLE_URL:
		add_url(ev, f, v);
		break;
	case OBSERVABLE_PATH:
		add_path(ev, f, v);
		break;
	case OBSERVABLE_HASH:
		add_hashes(ev, f, v);
		break;
	case OBSERVABLE_EMAIL:
		add_emails(ev, f, v);
		break;
	case OBSERVABLE_FILE_NAME:
		add_file_name(ev, f, v);
		break;
	default:
		new_observable(ev, f, fields[f].type, v);
	}
}

static void add_field(struct event *ev, enum event_field f, struct span v)
{
	assert(f > FIELD_NONE && f < FIELD_COUNT);
	if (ev->fields == EVENT_FIELDS_MAX)
		ev->overflow++;
	else
		ev->field[ev->fields++] = (struct field){(uint16_t)f, v};
}

void event_add(struct event *ev, enum event_field f, const char *p, size_t len)
{
	struct span v = {p, (uint32_t)len};

	if (len == 0)
		return;
	add_field(ev, f, v);
	add_observable(ev, f, v);
}

void event_add_composed(struct event *ev, enum event_field f, const char *p, size_t len)
{
	struct span v = {p, (uint32_t)len};

	add_field(ev, f, v);
	new_observable(ev, f, fields[f].type, v);
}

void event_observe(struct event *ev, enum observable_type type, const char *p, size_t len)
{
	struct span v = {p, (uint32_t)len};

	assert(type > OBSERVABLE_NONE && type < OBSERVABLE_TYPES);
	if (type == OBSERVABLE_IP)
		add_ip(ev, FIELD_NONE, v);
	else
		new_observable(ev, FIELD_NONE, type, v);
}
