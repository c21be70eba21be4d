/*
 * test_matcher_draw - seeded random indicator sets, and records that often hold what they look for.
 *
 * One program includes it; state is the program's seed.
 */
#ifndef TOCSIN_TESTS_TEST_MATCHER_DRAW_H
#define TOCSIN_TESTS_TEST_MATCHER_DRAW_H

#include "base/text.h"
#include "config/vocab.h"
#include "match/atom.h"
#include "test_matcher_set.h"

#define TEXT_MAX 512

static uint64_t seed = 20261122;

static uint32_t below(uint32_t n)
{
	return random_below(&seed, n);
}

static const char *pick(const char *const *from, uint32_t n)
{
	return from[below(n)];
}

#define PICK(a) pick(a, sizeof(a) / sizeof((a)[0]))

/* Small vocabularies, so that things meet. */
static const char *const labels[] = {"a",    "evil", "www",  "x-1", "b_c",         "cdn",
				     "mail", "e",    "deep", "n0",  "xn--bse-sna", "b\xc3\xb6se"};
static const char *const tops[] = {"com",   "net",      "example",
				   "co.uk", "xn--p1ai", "\xd1\x80\xd1\x84"};
static const char *const paths[] = {"/",        "/gate.php", "/a/b.exe", "/x?y=1&z=%41",
				    "/p%c3%a9", "/a,b;c=d",  "/..//x",   "/q\"uote"};
static const char *const agents[] = {"EvilBot/1.0",
				     "curl/8.5.0",
				     "Mozilla/5.0 (X11; rv:1.0)",
				     "caf\xc3\xa9 agent",
				     "tab\tagent",
				     "12345",
				     "7",
				     "a\\b \"c\"/d"};
static const char *const files[] = {"dropper.exe", "C:\\Temp\\dropper.exe",    "/usr/bin/x",
				    "a b.doc",     "r\xc3\xa9sum\xc3\xa9.pdf", "/tmp/dropper.exe"};

static void a_hash(char out[TEXT_MAX])
{
	static const unsigned lens[] = {32, 40, 64, 128};
	unsigned n = lens[below(4)];

	memset(out, "0a5f"[below(4)], n);
	out[below(n)] = "37bc"[below(4)];
	out[n] = '\0';
}

static void an_address(char out[TEXT_MAX])
{
	switch (below(8)) {
	case 0:
		sprintf(out, "2001:db8:%x::%x", below(3), below(4));
		break;
	case 1:
		sprintf(out, "2001:0db8:000%u:0000:0000:0000:0000:000%u", below(3), below(4));
		break;
	case 2:
		sprintf(out, "::ffff:192.0.2.%u", below(8));
		break;
	case 3:
		sprintf(out, "64:ff9b::192.0.2.%u", below(8));
		break;
	default:
		sprintf(out, "%u.%u.%u.%u", below(2) ? 10 : 192, below(2), 2, below(8));
	}
}

static void a_network(char out[TEXT_MAX])
{
	char a[TEXT_MAX], *slash = out;

	an_address(a);
	struct address addr;
	address_parse(a, strlen(a), &addr);
	address_format(&addr, out);
	slash += strlen(out);
	sprintf(slash, "/%u", addr.bits == 32 ? 8 + below(25) : 16 + below(113));
}

static void a_name(char out[TEXT_MAX])
{
	char *o = out;

	for (uint32_t n = below(3); n > 0; n--)
		o += sprintf(o, "%s.", PICK(labels));
	sprintf(o, "%s.%s", PICK(labels), PICK(tops));
}

static void a_url(char out[TEXT_MAX])
{
	char host[TEXT_MAX] = "";

	if (below(4))
		a_name(host);
	else
		sprintf(host, "192.0.2.%u", below(8));
	sprintf(out, "%s%.200s%s%s", below(4) ? "http://" : "ftp://", host, below(4) ? "" : ":8080",
		PICK(paths));
}

static void an_email(char out[TEXT_MAX])
{
	char name[TEXT_MAX];

	a_name(name);
	sprintf(out, "%s@%.200s", below(2) ? "boss" : "j.doe+x", name);
}

static void change_case(char *s)
{
	for (; *s; s++)
		if (((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z')) && below(3) == 0)
			*s ^= 0x20;
}

/* A value as telemetry may have it, and what it is. */
static enum observable_type a_value(char out[TEXT_MAX])
{
	enum observable_type t = OBSERVABLE_IP + below(OBSERVABLE_TYPES - OBSERVABLE_IP);

	switch (t) {
	case OBSERVABLE_IP:
		an_address(out);
		break;
	case OBSERVABLE_DOMAIN:
		a_name(out);
		change_case(out);
		if (below(5) == 0)
			strcat(out, below(2) ? "." : ":443");
		break;
	case OBSERVABLE_URL:
		a_url(out);
		break;
	case OBSERVABLE_HASH:
		a_hash(out);
		change_case(out);
		break;
	case OBSERVABLE_EMAIL:
		an_email(out);
		change_case(out);
		break;
	case OBSERVABLE_FILE_NAME:
	case OBSERVABLE_REGISTRY:
		strcpy(out, PICK(files));
		break;
	case OBSERVABLE_PATH:
		strcpy(out, PICK(paths));
		break;
	case OBSERVABLE_JA3:
		a_hash(out);
		break;
	default:
		strcpy(out, PICK(agents));
		change_case(out);
	}
	return t;
}

/* ---- sets ---- */

static void add_atom(struct indicator_set *s, uint32_t clause)
{
	char raw[TEXT_MAX], text[ATOM_URL_MAX] = "";
	size_t n;

	switch (below(8)) {
	case 0:
		an_address(raw);
		set_condition(s, clause, CONDITION_IP, OBSERVABLE_IP, raw);
		return;
	case 1:
		a_network(raw);
		set_condition(s, clause, CONDITION_NETWORK, OBSERVABLE_IP, raw);
		return;
	case 2:
		a_name(raw);
		n = atom_domain_normalise(raw, strlen(raw), text, sizeof(text) - 1);
		if (below(12) == 0)
			n = (size_t)sprintf(text, "example"); /* a top name */
		set_condition(s, clause, CONDITION_DOMAIN, OBSERVABLE_DOMAIN, n ? text : "a.com");
		return;
	case 3:
		a_url(raw);
		n = atom_url_normalise(raw, strlen(raw), text, sizeof(text) - 1);
		set_condition(s, clause, CONDITION_URL, OBSERVABLE_URL, n ? text : "a.com/");
		return;
	case 4:
		a_hash(raw);
		set_condition(s, clause, CONDITION_HASH, OBSERVABLE_HASH, raw);
		return;
	case 5:
		an_email(raw);
		n = atom_email_normalise(raw, strlen(raw), text, sizeof(text) - 1);
		set_condition(s, clause, CONDITION_EMAIL, OBSERVABLE_EMAIL, n ? text : "a@a.com");
		return;
	default: {
		enum observable_type t = a_value(raw);
		set_condition(s, clause, CONDITION_VALUE, t, raw);
	}
	}
}

static void add_pattern(struct indicator_set *s, uint32_t clause)
{
	static const char *const regexes[] = {"^evil",     "gate\\.php$", "(a|b)\\.com",
					      "^[0-9.]+$", "bot/[0-9]",   "drop+er\\.(exe|dll)",
					      "cdn|mail",  "x?y=1",       "[aeiou]vil\\.",
					      "^/a/.*exe$"};
	char text[TEXT_MAX];
	enum observable_type t = a_value(text);
	enum pattern_kind kind = (enum pattern_kind)below(3);
	size_t len = strlen(text);

	if (kind == PATTERN_REGEX) {
		strcpy(text, PICK(regexes));
	} else {
		/* a part of a value */
		size_t from = below((uint32_t)len), n = 1 + below((uint32_t)(len - from));
		while (from > 0 && (text[from] & 0xc0) == 0x80)
			from--;
		while (from + n < len && (text[from + n] & 0xc0) == 0x80)
			n++;
		memmove(text, text + from, n);
		text[n] = '\0';
		if (kind == PATTERN_WILDCARD) {
			char glob[2 * TEXT_MAX + 4], *o = glob;
			if (below(4))
				*o++ = '*';
			for (size_t i = 0; i < n; i++) {
				if (below(8) == 0 && !(text[i] & 0x80)) {
					*o++ = "*?"[below(2)];
					continue;
				}
				if (strchr("*?\\", text[i]))
					*o++ = '\\';
				*o++ = text[i];
			}
			if (below(4))
				*o++ = '*';
			*o = '\0';
			if (strlen(glob) < TEXT_MAX)
				strcpy(text, glob);
		}
	}
	struct condition *c =
		set_condition(s, clause, CONDITION_PATTERN, below(6) ? t : OBSERVABLE_NONE, text);
	c->pattern_kind = (uint8_t)kind;
	c->hs_flags = below(2) ? HS_FLAG_CASELESS : 0;
}

static void a_set(struct indicator_set *s)
{
	bool patterns = below(2);

	for (uint32_t i = 0, n = 1 + below(12); i < n; i++) {
		struct indicator *ind = set_indicator(s);
		if (below(6) == 0)
			ind->valid_from = INT64_C(1795000000) * 1000000;
		if (below(6) == 0)
			ind->valid_until = INT64_C(1795300000) * 1000000;
		for (uint32_t clause = 0, clauses = 1 + (below(4) == 0); clause < clauses; clause++)
			for (uint32_t k = 0, parts = 1 + (below(4) == 0) * (1 + below(2));
			     k < parts; k++) {
				if (k > 0 && below(2))
					set_condition(s, clause, CONDITION_PORT, OBSERVABLE_IP, "")
						->port = (uint16_t)(below(2) ? 443 : 80);
				else if (patterns && below(3) == 0)
					add_pattern(s, clause);
				else
					add_atom(s, clause);
			}
	}
}

/* ---- records ---- */

static void put_escaped(struct text *t, const char *s)
{
	uint32_t odds = below(3) ? 0 : 1 + below(30);

	text_char(t, '"');
	for (const uint8_t *p = (const uint8_t *)s; *p;) {
		uint32_t cp = *p, n = 1;
		if (cp >= 0xe0) {
			cp = (cp & 15) << 12 | (p[1] & 63u) << 6 | (p[2] & 63u);
			n = 3;
		} else if (cp >= 0xc0) {
			cp = (cp & 31) << 6 | (p[1] & 63u);
			n = 2;
		}
		if (odds && below(odds) == 0)
			text_printf(t, below(2) ? "\\u%04x" : "\\u%04X", cp);
		else if (cp == '"' || cp == '\\')
			text_printf(t, "\\%c", cp);
		else if (cp == '/' && odds)
			text_str(t, "\\/");
		else if (cp == '\t')
			text_str(t, "\\t");
		else
			text_bytes(t, p, n);
		p += n;
	}
	text_char(t, '"');
}

static void put_pair(struct text *t, const char *key, const char *value)
{
	static const char *const spaces[] = {"", "", "", " ", "\t ", "\n"};

	text_printf(t, "%s,\"%s\"%s:%s", PICK(spaces), key, PICK(spaces), PICK(spaces));
	put_escaped(t, value);
}

static const char *const eve_keys[] = {"src_ip", "dest_ip", "app", "hostname", "sni", "note"};
static const char *const ecs_keys[] = {"source.ip",
				       "destination.ip",
				       "destination.domain",
				       "dns.question.name",
				       "url.full",
				       "url.domain",
				       "url.original",
				       "user_agent.original",
				       "file.name",
				       "file.path",
				       "file.hash.sha256",
				       "file.hash.md5",
				       "process.executable",
				       "process.command_line",
				       "registry.path",
				       "email.from.address",
				       "message",
				       "tls.client.ja3",
				       "tls.client.server_name"};
static const char *const zeek_keys[] = {"id.orig_h", "id.resp_h",  "query",       "host",
					"uri",       "user_agent", "server_name", "md5",
					"sha1",      "filename",   "mailfrom",    "referrer"};

/* A value that holds several, as some sensors write them. */
static void compound(char out[TEXT_MAX * 2])
{
	char h[TEXT_MAX], e[TEXT_MAX];

	a_hash(h);
	an_email(e);
	if (below(2))
		sprintf(out, "SHA1=%s,MD5=%s", h, "00000000000000000000000000000000");
	else
		sprintf(out, "Some Body <%s>, x", e);
}

static void random_value(char out[TEXT_MAX * 2])
{
	if (below(6) == 0)
		compound(out);
	else
		a_value(out);
}

static enum format a_record(struct text *t)
{
	char v[TEXT_MAX * 2];
	uint32_t kind = below(6);

	text_reset(t);
	if (kind == 4) { /* words on a line */
		text_str(t, "Nov 22 05:00:00 host app:");
		for (uint32_t n = below(6); n > 0; n--) {
			random_value(v);
			text_printf(t, "%s%s", below(3) ? " " : " x=", v);
		}
		return FORMAT_LINES;
	}
	if (kind == 0) {
		text_str(t, "{\"timestamp\":\"2026-11-22T05:00:00.000000+0000\",\"event_type\":"
			    "\"http\","
			    "\"src_port\":51000,\"dest_port\":443,\"flow_id\":1");
		for (uint32_t i = 0; i < 2; i++) {
			random_value(v);
			put_pair(t, eve_keys[i], v);
		}
		text_str(t, ",\"http\":{\"x\":1");
		static const char *const http[] = {"hostname", "url", "http_user_agent",
						   "http_refer"};
		for (uint32_t i = 0; i < 4; i++) {
			random_value(v);
			if (below(2))
				i == 0   ? a_name(v)
				: i == 1 ? (void)strcpy(v, PICK(paths))
					 : (void)0;
			put_pair(t, http[i], v);
		}
		text_str(t, "},\"fileinfo\":{\"size\":3");
		a_hash(v);
		put_pair(t, "md5", v);
		random_value(v);
		put_pair(t, "filename", v);
		text_str(t, "}}");
		return below(2) ? FORMAT_EVE : FORMAT_AUTO;
	}
	if (kind == 5) {
		text_str(t, "{\"EventID\":1,\"Computer\":\"pc\",\"UtcTime\":\"2026-11-22 "
			    "05:00:00.000\"");
		static const char *const keys[] = {"Hashes",    "Image",         "CommandLine",
						   "QueryName", "DestinationIp", "TargetObject"};
		for (uint32_t i = 0; i < 6; i++) {
			random_value(v);
			put_pair(t, keys[i], v);
		}
		text_char(t, '}');
		return FORMAT_AUTO;
	}
	bool zeek = kind == 1;
	text_str(t, zeek ? "{\"ts\":1795323600.5,\"uid\":\"C1\",\"id.resp_p\":443"
			 : "{\"@timestamp\":\"2026-11-22T05:00:00Z\",\"ecs.version\":\"8\","
			   "\"destination.port\":443");
	for (uint32_t n = below(8); n > 0; n--) {
		random_value(v);
		put_pair(t, zeek ? PICK(zeek_keys) : PICK(ecs_keys), v);
	}
	text_char(t, '}');
	return zeek ? FORMAT_ZEEK : FORMAT_ECS;
}

#endif
