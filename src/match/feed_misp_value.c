/* MISP attribute types as conditions. */
#include <stdio.h>
#include <string.h>

#include "match/feed_misp.h"

enum how {
	HOW_ATOM,      /* the value is an atom of .kind */
	HOW_HASH,      /* .digits hex digits */
	HOW_NAME_HASH, /* "name|hash": the hash */
	HOW_PORT,      /* "host|port" */
	HOW_DOMAIN_IP, /* "domain|ip": either */
	HOW_URI,       /* a URL, or a path and query */
	HOW_STIX,
	HOW_LATER, /* a language of a later release */
};

static const struct misp_type {
	const char *name;
	uint8_t how, kind, type, digits;
} types[] = {
	{"ip-src", HOW_ATOM, CONDITION_NETWORK, 0, 0},
	{"ip-dst", HOW_ATOM, CONDITION_NETWORK, 0, 0},
	{"ip-src|port", HOW_PORT, 0, 0, 0},
	{"ip-dst|port", HOW_PORT, 0, 0, 0},
	{"domain", HOW_ATOM, CONDITION_DOMAIN, 0, 0},
	{"hostname", HOW_ATOM, CONDITION_DOMAIN, 0, 0},
	{"domain|ip", HOW_DOMAIN_IP, 0, 0, 0},
	{"hostname|port", HOW_PORT, 0, 0, 0},
	{"url", HOW_ATOM, CONDITION_URL, 0, 0},
	{"link", HOW_ATOM, CONDITION_URL, 0, 0},
	{"uri", HOW_URI, 0, 0, 0},
	{"md5", HOW_HASH, 0, 0, 32},
	{"sha1", HOW_HASH, 0, 0, 40},
	{"sha256", HOW_HASH, 0, 0, 64},
	{"sha512", HOW_HASH, 0, 0, 128},
	{"x509-fingerprint-md5", HOW_HASH, 0, 0, 32},
	{"x509-fingerprint-sha1", HOW_HASH, 0, 0, 40},
	{"x509-fingerprint-sha256", HOW_HASH, 0, 0, 64},
	{"filename|md5", HOW_NAME_HASH, 0, 0, 32},
	{"filename|sha1", HOW_NAME_HASH, 0, 0, 40},
	{"filename|sha256", HOW_NAME_HASH, 0, 0, 64},
	{"filename|sha512", HOW_NAME_HASH, 0, 0, 128},
	{"malware-sample", HOW_NAME_HASH, 0, 0, 32},
	{"filename", HOW_ATOM, CONDITION_VALUE, OBSERVABLE_FILE_NAME, 0},
	{"email", HOW_ATOM, CONDITION_EMAIL, 0, 0},
	{"email-src", HOW_ATOM, CONDITION_EMAIL, 0, 0},
	{"email-dst", HOW_ATOM, CONDITION_EMAIL, 0, 0},
	{"email-reply-to", HOW_ATOM, CONDITION_EMAIL, 0, 0},
	{"user-agent", HOW_ATOM, CONDITION_VALUE, OBSERVABLE_USER_AGENT, 0},
	{"http-user-agent", HOW_ATOM, CONDITION_VALUE, OBSERVABLE_USER_AGENT, 0},
	{"ja3-fingerprint-md5", HOW_ATOM, CONDITION_VALUE, OBSERVABLE_JA3, 0},
	{"regkey", HOW_ATOM, CONDITION_VALUE, OBSERVABLE_REGISTRY, 0},
	{"stix2-pattern", HOW_STIX, 0, 0, 0},
	{"pattern-in-traffic", HOW_LATER, 0, 0, 0},
	{"pattern-in-file", HOW_LATER, 0, 0, 0},
	{"pattern-in-memory", HOW_LATER, 0, 0, 0},
	{"snort", HOW_LATER, 0, 0, 0},
	{"suricata", HOW_LATER, 0, 0, 0},
	{"yara", HOW_LATER, 0, 0, 0},
	{"sigma", HOW_LATER, 0, 0, 0},
	{"bro", HOW_LATER, 0, 0, 0},
	{"zeek", HOW_LATER, 0, 0, 0},
};

static const struct misp_type *find(struct span type)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strlen(types[i].name) == type.len &&
		    memcmp(types[i].name, type.p, type.len) == 0)
			return &types[i];
	return NULL;
}

static bool split(struct span v, bool last, struct span *left, struct span *right)
{
	const char *bar = last ? memrchr(v.p, '|', v.len) : memchr(v.p, '|', v.len);

	if (!bar)
		return false;
	*left = feed_trim((struct span){v.p, (uint32_t)(bar - v.p)});
	*right = feed_trim((struct span){bar + 1, (uint32_t)(v.p + v.len - bar - 1)});
	return true;
}

static const char *hash(struct draft *d, struct span v, uint8_t digits)
{
	if (v.len != digits)
		return "the hash has not the length of its type";
	return draft_atom(d, 0, CONDITION_HASH, OBSERVABLE_HASH, v.p, v.len);
}

/* "host|port"; older exports wrote "host:port". */
static const char *host_port(struct draft *d, struct span v)
{
	struct span host, port;
	uint32_t number = 0;

	if (!split(v, false, &host, &port))
		return draft_endpoint(d, 0, v.p, v.len);
	if (port.len == 0 || port.len > 5)
		return "a port is 1 to 65535";
	for (uint32_t i = 0; i < port.len; i++) {
		if (port.p[i] < '0' || port.p[i] > '9')
			return "a port is 1 to 65535";
		number = number * 10 + (uint32_t)(port.p[i] - '0');
	}
	const char *why = draft_endpoint(d, 0, host.p, host.len);
	return why ? why : draft_port(d, 0, number);
}

static const char *domain_ip(struct draft *d, struct span v)
{
	struct span domain, ip;

	if (!split(v, false, &domain, &ip))
		return "no \"domain|ip\"";
	const char *why =
		draft_atom(d, 0, CONDITION_DOMAIN, OBSERVABLE_DOMAIN, domain.p, domain.len);
	return why ? why : draft_atom(d, 1, CONDITION_IP, OBSERVABLE_IP, ip.p, ip.len);
}

static const char *uri(struct draft *d, struct span v)
{
	if (v.len && v.p[0] != '/')
		return draft_atom(d, 0, CONDITION_URL, OBSERVABLE_URL, v.p, v.len);
	return draft_atom(d, 0, CONDITION_VALUE, OBSERVABLE_PATH, v.p, v.len);
}

const char *feed_misp_value(struct draft *d, struct span type, struct span v,
			    char why[STIX_PATTERN_WHY_MAX])
{
	const struct misp_type *t = find(type);
	struct span name, h;

	v = feed_trim(v);
	if (v.len == 0)
		return "no value";
	switch (t ? t->how : HOW_LATER) {
	case HOW_ATOM:
		return draft_atom(d, 0, (enum condition_kind)t->kind, (enum observable_type)t->type,
				  v.p, v.len);
	case HOW_HASH:
		return hash(d, v, t->digits);
	case HOW_NAME_HASH:
		return split(v, true, &name, &h) ? hash(d, h, t->digits) : "no \"filename|hash\"";
	case HOW_PORT:
		return host_port(d, v);
	case HOW_DOMAIN_IP:
		return domain_ip(d, v);
	case HOW_URI:
		return uri(d, v);
	case HOW_STIX:
		return stix_pattern_parse(v.p, v.len, d, why) == STIX_PATTERN_OK ? NULL : why;
	}
	snprintf(why, STIX_PATTERN_WHY_MAX, "type %.*s %s", (int)(type.len < 60 ? type.len : 60),
		 type.p, t ? "comes with a later release" : "is not supported");
	return why;
}
