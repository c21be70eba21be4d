#include "raise/candidate_pattern.h"

#include <ctype.h>
#include <string.h>
#include <uuid.h>

#include "base/address.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* path op 'value', the value's quotes and backslashes escaped. */
static void comparison(struct text *out, const char *path, const char *op, const char *value)
{
	text_printf(out, "[%s %s '", path, op);
	for (; *value; value++) {
		if (*value == '\'' || *value == '\\')
			text_char(out, '\\');
		text_char(out, *value);
	}
	text_str(out, "']");
}

static bool address(struct text *out, const char *value)
{
	struct network n;

	if (!network_parse(value, strlen(value), &n))
		return false;
	comparison(out, n.base.bits == 32 ? "ipv4-addr:value" : "ipv6-addr:value",
		   n.prefix == n.base.bits ? "=" : "ISSUBSET", value);
	return true;
}

static bool hash(struct text *out, const char *value)
{
	static const struct {
		size_t digits;
		const char *path;
	} kinds[] = {{32, "file:hashes.MD5"},
		     {40, "file:hashes.'SHA-1'"},
		     {64, "file:hashes.'SHA-256'"},
		     {128, "file:hashes.'SHA-512'"}};
	size_t len = strlen(value);

	for (size_t i = 0; i < len; i++)
		if (!isxdigit((unsigned char)value[i]))
			return false;
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (kinds[i].digits == len) {
			comparison(out, kinds[i].path, "=", value);
			return true;
		}
	return false;
}

bool candidate_pattern_of(struct text *out, const char *id)
{
	static const struct {
		const char *type, *path;
		bool (*write)(struct text *out, const char *value);
	} types[] = {
		{"ip", NULL, address},      {"ipv4", NULL, address},
		{"ipv6", NULL, address},    {"network", NULL, address},
		{"cidr", NULL, address},    {"domain", "domain-name:value", NULL},
		{"url", "url:value", NULL}, {"email", "email-addr:value", NULL},
		{"hash", NULL, hash},       {"md5", NULL, hash},
		{"sha1", NULL, hash},       {"sha256", NULL, hash},
		{"sha512", NULL, hash},
	};
	const char *colon = strchr(id, ':');
	size_t len = colon ? (size_t)(colon - id) : 0;

	for (size_t i = 0; colon && colon[1] && i < COUNT(types); i++) {
		if (strlen(types[i].type) != len || memcmp(types[i].type, id, len) != 0)
			continue;
		if (types[i].write)
			return types[i].write(out, colon + 1);
		comparison(out, types[i].path, "=", colon + 1);
		return true;
	}
	return false;
}

bool candidate_pattern_is_sdo(const char *id)
{
	static const char *const types[] = {
		"attack-pattern", "campaign",     "indicator", "infrastructure", "intrusion-set",
		"malware",        "threat-actor", "tool",      "vulnerability",
	};
	const char *dashes = strstr(id, "--");
	uuid_t uuid;

	/* the schema of identifiers knows UUID versions 1 to 5 of the RFC 9562 variant */
	if (!dashes || strlen(dashes + 2) != 36 || uuid_parse(dashes + 2, uuid) != 0 ||
	    dashes[16] < '1' || dashes[16] > '5' || !strchr("89abAB", dashes[21]))
		return false;
	for (size_t i = 0; i < COUNT(types); i++)
		if (strlen(types[i]) == (size_t)(dashes - id) &&
		    memcmp(types[i], id, (size_t)(dashes - id)) == 0)
			return true;
	return false;
}
