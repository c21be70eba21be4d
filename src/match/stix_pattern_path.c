/* Which object paths this engine can see in a record. */
#include <string.h>
#include <strings.h>

#include "match/stix_pattern_tree.h"

#define TEXT(observable)                                                                           \
	{                                                                                          \
		STIX_ABOUT_VALUE, OBSERVABLE_##observable, 0, 0                                    \
	}
#define ABOUT(about, observable, side)                                                             \
	{                                                                                          \
		STIX_ABOUT_##about, OBSERVABLE_##observable, 0, side                               \
	}

static const struct {
	const char *path;
	struct stix_target target;
} paths[] = {
	{"ipv4-addr:value", ABOUT(IP, IP, 0)},
	{"ipv6-addr:value", ABOUT(IP, IP, 0)},
	{"domain-name:value", ABOUT(DOMAIN, DOMAIN, 0)},
	/* the name and the address it led to, in one record */
	{"domain-name:resolves_to_refs[*].value", ABOUT(HOST, NONE, 'r')},
	{"url:value", ABOUT(URL, URL, 0)},
	{"email-addr:value", ABOUT(EMAIL, EMAIL, 0)},
	{"email-message:from_ref.value", ABOUT(EMAIL, EMAIL, 0)},
	{"email-message:sender_ref.value", ABOUT(EMAIL, EMAIL, 0)},
	{"email-message:to_refs[*].value", ABOUT(EMAIL, EMAIL, 0)},
	{"email-message:cc_refs[*].value", ABOUT(EMAIL, EMAIL, 0)},
	{"email-message:bcc_refs[*].value", ABOUT(EMAIL, EMAIL, 0)},
	{"file:name", TEXT(FILE_NAME)},
	{"network-traffic:src_ref.value", ABOUT(HOST, NONE, 's')},
	{"network-traffic:dst_ref.value", ABOUT(HOST, NONE, 'd')},
	{"network-traffic:src_ref.type", ABOUT(HOST_TYPE, NONE, 's')},
	{"network-traffic:dst_ref.type", ABOUT(HOST_TYPE, NONE, 'd')},
	{"network-traffic:src_port", ABOUT(PORT, NONE, 0)},
	{"network-traffic:dst_port", ABOUT(PORT, NONE, 0)},
	{"network-traffic:extensions.http-request-ext.request_header.User-Agent", TEXT(USER_AGENT)},
	{"network-traffic:extensions.http-request-ext.request_value", TEXT(PATH)},
	{"process:command_line", TEXT(COMMAND)},
	{"process:image_ref.name", TEXT(FILE_NAME)},
	{"process:binary_ref.name", TEXT(FILE_NAME)}, /* 2.0 */
	{"process:name", TEXT(FILE_NAME)},            /* 2.0 */
	{"windows-registry-key:key", TEXT(REGISTRY)},
};

/* What stix_event.c puts into an object without a condition that could look for it. */
static const char *const seen[] = {
	"artifact:type",
	"domain-name:type",
	"domain-name:resolves_to_refs[*].type",
	"email-addr:type",
	"email-message:type",
	"email-message:from_ref.type",
	"email-message:to_refs[*].type",
	"file:type",
	"file:parent_directory_ref.path",
	"directory:path",
	"ipv4-addr:type",
	"ipv6-addr:type",
	"network-traffic:type",
	"network-traffic:protocols[*]",
	"network-traffic:extensions.http-request-ext.request_method",
	"network-traffic:extensions.http-request-ext.request_header.Host",
	"network-traffic:extensions.http-request-ext.request_header.Referer",
	"process:type",
	"process:creator_user_ref.user_id",
	"process:creator_user_ref.account_login",
	"process:image_ref.parent_directory_ref.path",
	"process:binary_ref.parent_directory_ref.path",
	"process:parent_ref.command_line",
	"process:parent_ref.image_ref.name",
	"process:parent_ref.image_ref.parent_directory_ref.path",
	"url:type",
	"user-account:type",
	"user-account:user_id",
	"user-account:account_login",
	"windows-registry-key:type",
	"x509-certificate:type",
	"x509-certificate:issuer",
	"x509-certificate:subject",
};

static const struct {
	const char *prefix;
} hashed[] = {
	{"file:hashes."},
	{"artifact:hashes."},
	{"x509-certificate:hashes."},
	{"process:image_ref.hashes."},
	{"process:binary_ref.hashes."},
	{"file:content_ref.hashes."},
};

/* "SHA-256", "sha256", "MD5": hex digits, 0 for an algorithm that no sensor gives. */
static uint8_t hash_digits(const char *p, size_t len)
{
	static const struct {
		const char *name;
		uint8_t digits;
	} algorithms[] = {{"md5", 32}, {"sha1", 40}, {"sha256", 64}, {"sha512", 128}};
	char plain[16];
	size_t n = 0;

	for (size_t i = 0; i < len && n < sizeof(plain) - 1; i++)
		if (p[i] != '-' && p[i] != '_')
			plain[n++] = p[i];
	plain[n] = '\0';
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
		if (strcasecmp(plain, algorithms[i].name) == 0)
			return algorithms[i].digits;
	return 0;
}

struct stix_target stix_path_target(const char *path, size_t len)
{
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (strlen(paths[i].path) == len && memcmp(paths[i].path, path, len) == 0)
			return paths[i].target;
	for (size_t i = 0; i < sizeof(hashed) / sizeof(hashed[0]); i++) {
		size_t n = strlen(hashed[i].prefix);
		if (len <= n || memcmp(path, hashed[i].prefix, n) != 0)
			continue;
		uint8_t digits = hash_digits(path + n, len - n);
		if (digits)
			return (struct stix_target){STIX_ABOUT_HASH, OBSERVABLE_HASH, digits, 0};
	}
	for (size_t i = 0; i < sizeof(seen) / sizeof(seen[0]); i++)
		if (strlen(seen[i]) == len && memcmp(seen[i], path, len) == 0)
			return (struct stix_target){STIX_ABOUT_SEEN, OBSERVABLE_NONE, 0, 0};
	return (struct stix_target){STIX_ABOUT_UNKNOWN, OBSERVABLE_NONE, 0, 0};
}
