#include "match/indicator_draft.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "match/atom.h"

void draft_init(struct draft *d)
{
	memset(d, 0, sizeof(*d));
}

void draft_fini(struct draft *d)
{
	text_fini(&d->text);
	free(d->conditions);
	draft_init(d);
}

void draft_reset(struct draft *d, const struct feed *feed)
{
	struct draft fresh = {
		.text = d->text, .conditions = d->conditions, .capacity = d->capacity};

	text_reset(&fresh.text);
	fresh.modified = fresh.valid_from = INT64_MIN;
	fresh.valid_until = INT64_MAX;
	fresh.confidence = -1;
	if (feed) {
		fresh.severity = feed->severity;
		fresh.tlp = feed->tlp;
		fresh.pap = feed->pap;
	}
	*d = fresh;
}

static struct condition *add(struct draft *d, uint32_t clause)
{
	if (d->count == DRAFT_CONDITIONS_MAX || clause >= INDICATOR_CLAUSES_MAX)
		return NULL;
	if (d->count == d->capacity) {
		uint32_t capacity = d->capacity ? d->capacity * 2 : 4;
		struct condition *c = realloc(d->conditions, capacity * sizeof(*c));
		if (!c)
			return NULL;
		d->conditions = c;
		d->capacity = capacity;
	}
	struct condition *c = &d->conditions[d->count++];
	memset(c, 0, sizeof(*c)); /* padding too: conditions are compared and hashed as bytes */
	c->clause = clause;
	return c;
}

static const char *keep(struct draft *d, uint32_t clause, struct condition what, const char *p,
			size_t len)
{
	uint32_t at = (uint32_t)d->text.len;

	text_bytes(&d->text, p, len);
	struct condition *c = d->text.error ? NULL : add(d, clause);
	if (!c)
		return "too many values in one indicator, or out of memory";
	c->kind = what.kind;
	c->type = what.type;
	c->pattern_kind = what.pattern_kind;
	c->hs_flags = what.hs_flags;
	c->port = what.port;
	c->network = what.network;
	c->text = at;
	c->text_len = (uint32_t)len;
	return NULL;
}

static const char *keep_address(struct draft *d, uint32_t clause, bool cidr, const char *p,
				size_t len)
{
	struct condition c = {.kind = CONDITION_IP, .type = OBSERVABLE_IP};
	char text[ADDRESS_TEXT_MAX + 8];

	if (!network_parse(p, len, &c.network))
		return cidr ? "no address or CIDR" : "no IP address";
	size_t n = address_format(&c.network.base, text);
	if (c.network.prefix < c.network.base.bits) {
		c.kind = CONDITION_NETWORK;
		n += (size_t)snprintf(text + n, 8, "/%u", c.network.prefix);
		if (c.network.prefix == 0)
			return "a /0 network is everything";
	}
	return keep(d, clause, c, text, n);
}

static const char *keep_value(struct draft *d, uint32_t clause, enum observable_type type,
			      const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((uint8_t)p[i] < ' ' || p[i] == 0x7f)
			return "a control character in the value";
	return keep(d, clause, (struct condition){.kind = CONDITION_VALUE, .type = (uint8_t)type},
		    p, len);
}

/* The kinds whose canonical form is a function of atom.h. */
static const struct {
	size_t (*normalise)(const char *p, size_t len, char *out, size_t size);
	enum observable_type type;
	const char *refusal;
} canonical[] = {
	[CONDITION_DOMAIN] = {atom_domain_normalise, OBSERVABLE_DOMAIN, "no domain name"},
	[CONDITION_URL] = {atom_url_normalise, OBSERVABLE_URL, "no URL with a valid host"},
	[CONDITION_HASH] = {atom_hash_normalise, OBSERVABLE_HASH,
			    "no MD5, SHA-1, SHA-256 or SHA-512 in hex"},
	[CONDITION_EMAIL] = {atom_email_normalise, OBSERVABLE_EMAIL, "no e-mail address"},
};

const char *draft_atom(struct draft *d, uint32_t clause, enum condition_kind kind,
		       enum observable_type type, const char *p, size_t len)
{
	char plain[ATOM_URL_MAX], out[ATOM_URL_MAX];

	if (len == 0)
		return "no value";
	if (kind == CONDITION_VALUE)
		return len > DRAFT_VALUE_MAX ? "the value is too long"
					     : keep_value(d, clause, type, p, len);
	size_t n = atom_refang(p, len, plain, sizeof(plain));
	if (n == 0)
		return "the value is too long";
	if (kind == CONDITION_IP || kind == CONDITION_NETWORK)
		return keep_address(d, clause, kind == CONDITION_NETWORK, plain, n);
	assert(kind < sizeof(canonical) / sizeof(canonical[0]) && canonical[kind].normalise);
	n = canonical[kind].normalise(plain, n, out, sizeof(out));
	if (n == 0)
		return canonical[kind].refusal;
	return keep(
		d, clause,
		(struct condition){.kind = (uint8_t)kind, .type = (uint8_t)canonical[kind].type},
		out, n);
}

const char *draft_port(struct draft *d, uint32_t clause, uint32_t port)
{
	char text[16];

	if (port == 0 || port > 65535)
		return "a port is 1 to 65535";
	int n = snprintf(text, sizeof(text), "%u", port);
	return keep(d, clause, (struct condition){.kind = CONDITION_PORT, .port = (uint16_t)port},
		    text, (size_t)n);
}

const char *draft_endpoint(struct draft *d, uint32_t clause, const char *p, size_t len)
{
	char plain[ATOM_URL_MAX];
	struct span host;
	struct network net;
	uint16_t port = 0;

	size_t n = atom_refang(p, len, plain, sizeof(plain));
	if (n == 0)
		return len ? "the value is too long" : "no value";
	if (!atom_endpoint_split(plain, n, &host, &port))
		host = (struct span){plain, (uint32_t)n};
	if (host.len > 2 && host.p[0] == '[' && host.p[host.len - 1] == ']')
		host = (struct span){host.p + 1, host.len - 2};
	bool address = network_parse(host.p, host.len, &net);
	const char *why = draft_atom(d, clause, address ? CONDITION_NETWORK : CONDITION_DOMAIN,
				     OBSERVABLE_NONE, host.p, host.len);
	if (why)
		return "no address or domain with a port";
	return port ? draft_port(d, clause, port) : NULL;
}

const char *draft_pattern(struct draft *d, uint32_t clause, enum observable_type type,
			  enum pattern_kind kind, uint32_t hs_flags, const char *p, size_t len)
{
	if (len == 0)
		return "an empty pattern";
	if (len > DRAFT_VALUE_MAX)
		return "the pattern is too long";
	if (memchr(p, '\0', len))
		return "a NUL in the pattern";
	return keep(d, clause,
		    (struct condition){.kind = CONDITION_PATTERN,
				       .type = (uint8_t)type,
				       .pattern_kind = (uint8_t)kind,
				       .hs_flags = hs_flags},
		    p, len);
}

static const char *id_prefix(const struct condition *c)
{
	static const char *const by_type[OBSERVABLE_TYPES] = {
		[OBSERVABLE_NONE] = "raw",
		[OBSERVABLE_IP] = "ip",
		[OBSERVABLE_DOMAIN] = "domain",
		[OBSERVABLE_URL] = "url",
		[OBSERVABLE_HASH] = "hash",
		[OBSERVABLE_EMAIL] = "email",
		[OBSERVABLE_USER_AGENT] = "user-agent",
		[OBSERVABLE_JA3] = "ja3",
		[OBSERVABLE_FILE_NAME] = "file",
		[OBSERVABLE_COMMAND] = "command",
		[OBSERVABLE_REGISTRY] = "registry",
		[OBSERVABLE_PATH] = "path",
		[OBSERVABLE_TEXT] = "text",
	};

	return c->kind == CONDITION_NETWORK ? "network" : by_type[c->type];
}

struct span draft_own_id(struct draft *d)
{
	assert(d->count > 0);
	const struct condition *c = &d->conditions[0];
	const char *prefix = id_prefix(c);
	size_t at = d->text.len;

	/* room first: what is copied lies in the same buffer and must not move meanwhile */
	text_room(&d->text, c->text_len + 32);
	text_str(&d->text, prefix);
	text_char(&d->text, ':');
	text_bytes(&d->text, d->text.p + c->text, c->text_len);
	if (d->count > 1 && c[1].clause == c->clause && c[1].kind == CONDITION_PORT)
		text_printf(&d->text, ":%u", c[1].port);
	return (struct span){d->text.p + at, (uint32_t)(d->text.len - at)};
}
