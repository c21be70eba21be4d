/*
 * Random sets against random records: what match_verify() finds is what a slow
 * evaluator, written from the contract alone, finds on the same event; and
 * match_scan() never says no to a record in which that evaluator, or one that
 * takes every JSON string of the record for every kind of observable, finds
 * anything. Behind match_block(), scan says no to nothing that it says maybe to
 * without. Arguments: [rounds [seed]].
 */
#include <jansson.h>
#include <regex.h>
#include <strings.h>

#include "base/text.h"
#include "decode/decode.h"
#include "match/atom.h"
#include "match/match.h"
#include "match/matcher.h"
#include "tap.h"
#include "test_matcher_set.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SLOW
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SLOW
#endif
#endif
#ifdef SLOW
#define ROUNDS 200
#else
#define ROUNDS 400
#endif
#define RECORDS_A_SET 60
#define TEXT_MAX      512

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

/* ---- the slow evaluator ---- */

static char low(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool same(const char *a, const char *b, size_t n, bool caseless)
{
	for (size_t i = 0; i < n; i++)
		if (caseless ? low(a[i]) != low(b[i]) : a[i] != b[i])
			return false;
	return true;
}

/* Which beginnings of the value a glob's beginning matches, character by character. */
static bool glob(const char *g, const char *ge, const char *p, const char *end, bool caseless)
{
	static bool at[2][65536];
	size_t n = (size_t)(end - p);
	bool *now = at[0], *next = at[1];

	if (n >= sizeof(at[0]))
		abort();
	memset(now, 0, n + 1);
	for (now[0] = true; g < ge; g++) {
		char sign = *g;
		if (sign == '\\' && g + 1 < ge)
			g++;
		memset(next, 0, n + 1);
		for (size_t i = 0; i <= n; i++) {
			if (sign == '*')
				next[i] = now[i] || (i > 0 && next[i - 1]);
			else if (sign != '?')
				next[i] = i > 0 && now[i - 1] && same(g, p + i - 1, 1, caseless);
		}
		for (size_t i = 0, k; sign == '?' && i < n; i++) {
			for (k = i + 1; k < n && (p[k] & 0xc0) == 0x80; k++)
				;
			next[k] |= now[i];
		}
		bool *t = now;
		now = next;
		next = t;
	}
	return now[n];
}

/* strndup() looks for the end of what has none. */
static char *copy_of(const char *p, size_t len)
{
	char *s = malloc(len + 1);

	if (!s)
		abort();
	memcpy(s, p, len);
	s[len] = '\0';
	return s;
}

static bool pattern_holds(const struct indicator_set *s, const struct condition *c, struct span v)
{
	const char *t = s->text + c->text;
	bool caseless = c->hs_flags & HS_FLAG_CASELESS;

	if (c->pattern_kind == PATTERN_WILDCARD)
		return glob(t, t + c->text_len, v.p, v.p + v.len, caseless);
	if (c->pattern_kind == PATTERN_SUBSTRING) {
		for (uint32_t i = 0; i + c->text_len <= v.len; i++)
			if (same(t, v.p + i, c->text_len, caseless))
				return true;
		return false;
	}
	regex_t re;
	char *pattern = copy_of(t, c->text_len), *value = copy_of(v.p, v.len);
	bool hit =
		regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB | (caseless ? REG_ICASE : 0)) == 0;
	if (!hit)
		abort();
	/* '.' matches no line end, as Hyperscan reads it */
	hit = regexec(&re, value, 0, NULL, 0) == 0;
	regfree(&re);
	free(pattern);
	free(value);
	return hit;
}

/* The name or one of its parents is the atom. */
static bool under(struct span v, const char *atom, size_t atom_len)
{
	char name[256];

	if (v.len && v.p[v.len - 1] == '.')
		v.len--;
	for (uint32_t i = 0; i < v.len; i++) {
		if (i > 0 && v.p[i - 1] != '.' &&
		    !(i >= 3 && memcmp(v.p + i - 3, "\xe3\x80\x82", 3) == 0))
			continue;
		size_t n = atom_domain_normalise(v.p + i, v.len - i, name, sizeof(name));
		if (n == atom_len && memcmp(name, atom, n) == 0)
			return true;
	}
	return false;
}

static struct span host_of(struct span url, char buf[ATOM_URL_MAX])
{
	size_t n = atom_url_normalise(url.p, url.len, buf, ATOM_URL_MAX);
	struct span h = n ? atom_url_host(buf, n) : (struct span){"", 0};

	if (h.len > 2 && h.p[0] == '[')
		h = (struct span){h.p + 1, h.len - 2};
	return h;
}

static bool address_of(const struct observable *o, struct address *a)
{
	char buf[ATOM_URL_MAX];

	*a = o->addr;
	if (o->type == OBSERVABLE_URL) {
		struct span h = host_of(o->value, buf);
		return address_parse(h.p, h.len, a);
	}
	return o->type == OBSERVABLE_IP;
}

static bool condition_holds(const struct indicator_set *s, const struct condition *c,
			    const struct observable *o)
{
	const char *t = s->text + c->text;
	char buf[ATOM_URL_MAX];
	struct address a;
	size_t n;

	switch (c->kind) {
	case CONDITION_IP:
		return address_of(o, &a) && address_equal(&a, &c->network.base);
	case CONDITION_NETWORK:
		return address_of(o, &a) && network_contains(&c->network, &a);
	case CONDITION_DOMAIN:
		if (o->type == OBSERVABLE_URL) {
			struct span h = host_of(o->value, buf);
			return !address_parse(h.p, h.len, &a) && under(h, t, c->text_len);
		}
		return o->type == OBSERVABLE_DOMAIN && under(o->value, t, c->text_len);
	case CONDITION_URL:
		if (o->type != OBSERVABLE_URL)
			return false;
		n = atom_url_normalise(o->value.p, o->value.len, buf, sizeof(buf));
		return n == c->text_len && memcmp(buf, t, n) == 0;
	case CONDITION_HASH:
	case CONDITION_EMAIL:
		if (o->type != (c->kind == CONDITION_HASH ? OBSERVABLE_HASH : OBSERVABLE_EMAIL))
			return false;
		n = c->kind == CONDITION_HASH
			    ? atom_hash_normalise(o->value.p, o->value.len, buf, sizeof(buf))
			    : atom_email_normalise(o->value.p, o->value.len, buf, sizeof(buf));
		return n == c->text_len && memcmp(buf, t, n) == 0;
	case CONDITION_VALUE:
		return o->type == c->type && o->value.len == c->text_len &&
		       same(t, o->value.p, c->text_len, true);
	case CONDITION_PATTERN:
		return o->type == c->type && pattern_holds(s, c, o->value);
	default:
		return false;
	}
}

static bool valid(const struct indicator *ind, const struct event *e)
{
	return !e->has_time || (ind->valid_from <= e->time_us && e->time_us < ind->valid_until);
}

static bool ports_hold(const struct indicator_set *s, const struct indicator *ind, uint32_t clause,
		       const struct event *e, const struct observable *o)
{
	for (uint32_t i = 0; i < ind->conditions; i++) {
		const struct condition *c = &s->conditions[ind->first_condition + i];
		if (c->kind != CONDITION_PORT || c->clause != clause)
			continue;
		if (o && o->port ? o->port != c->port
				 : e->client_port != c->port && e->server_port != c->port)
			return false;
	}
	return true;
}

/* On this observable (NULL: the raw bytes), with the ports of its clause. */
static bool part_holds(const struct indicator_set *s, const struct indicator *ind,
		       const struct condition *c, const struct event *e, const struct observable *o)
{
	bool address = c->kind == CONDITION_IP || c->kind == CONDITION_NETWORK;

	if (o ? !condition_holds(s, c, o)
	      : !(c->kind == CONDITION_PATTERN && c->type == OBSERVABLE_NONE &&
		  pattern_holds(s, c, e->raw)))
		return false;
	return ports_hold(s, ind, c->clause, e, address ? o : NULL);
}

static bool anywhere(const struct indicator_set *s, const struct indicator *ind,
		     const struct condition *c, const struct event *e)
{
	for (uint32_t i = 0; i < e->observables; i++)
		if (part_holds(s, ind, c, e, &e->observable[i]))
			return true;
	return part_holds(s, ind, c, e, NULL);
}

static bool alone(const struct indicator_set *s, const struct indicator *ind, uint32_t cond)
{
	for (uint32_t i = ind->first_condition; i < ind->first_condition + ind->conditions; i++)
		if (i != cond && s->conditions[i].clause == s->conditions[cond].clause)
			return false;
	return true;
}

/* Whether another valid network, alone in its clause, is longer around this address. */
static bool overshadowed(const struct indicator_set *s, const struct event *e,
			 const struct condition *c, const struct observable *o)
{
	struct address a;

	if (!address_of(o, &a))
		return false;
	for (uint32_t i = 0; i < s->count; i++)
		for (uint32_t k = 0; k < s->indicators[i].conditions; k++) {
			uint32_t n = s->indicators[i].first_condition + k;
			const struct condition *d = &s->conditions[n];
			if (d->kind == CONDITION_NETWORK && d->network.prefix > c->network.prefix &&
			    valid(&s->indicators[i], e) && alone(s, &s->indicators[i], n) &&
			    network_contains(&d->network, &a))
				return true;
		}
	return false;
}

static bool is_hit(const struct indicator_set *s, const struct indicator *ind, uint32_t cond,
		   const struct event *e, const struct observable *o)
{
	const struct condition *c = &s->conditions[cond];

	if (c->kind == CONDITION_PORT || !valid(ind, e) || !part_holds(s, ind, c, e, o))
		return false;
	if (c->kind == CONDITION_NETWORK && alone(s, ind, cond) && overshadowed(s, e, c, o))
		return false;
	for (uint32_t i = ind->first_condition; i < ind->first_condition + ind->conditions; i++) {
		const struct condition *d = &s->conditions[i];
		if (i == cond || d->clause != c->clause || d->kind == CONDITION_PORT)
			continue;
		if (i < cond || !anywhere(s, ind, d, e))
			return false;
	}
	return true;
}

/* A line for each hit; of raw patterns only the indicator, for the value is a choice. */
static void put_hit(struct text *t, uint32_t indicator, const struct observable *o, struct span v)
{
	text_printf(t, "%u ", indicator);
	if (o)
		text_json(t, v.p, v.len);
	text_char(t, '\n');
}

static int by_line(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorted, each line once. */
static void sort_lines(struct text *t)
{
	char *lines[4096], *all = t->p ? strdup(t->p) : strdup(""), *save = NULL;
	size_t n = 0;

	for (char *l = strtok_r(all, "\n", &save); l && n < 4096; l = strtok_r(NULL, "\n", &save))
		lines[n++] = l;
	qsort(lines, n, sizeof(*lines), by_line);
	text_reset(t);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || strcmp(lines[i], lines[i - 1]))
			text_printf(t, "%s\n", lines[i]);
	text_char(t, '.');
	free(all);
}

static void slow(const struct indicator_set *s, const struct event *e, struct text *out)
{
	text_reset(out);
	for (uint32_t i = 0; i < s->count; i++) {
		const struct indicator *ind = &s->indicators[i];
		for (uint32_t k = 0; k < ind->conditions; k++) {
			uint32_t cond = ind->first_condition + k;
			for (uint32_t o = 0; o < e->observables; o++)
				if (is_hit(s, ind, cond, e, &e->observable[o]))
					put_hit(out, i, &e->observable[o], e->observable[o].value);
			if (is_hit(s, ind, cond, e, NULL))
				put_hit(out, i, NULL, e->raw);
		}
	}
	sort_lines(out);
}

/* Every string of the record as every kind of observable there is. */
static void every_string(const json_t *v, struct event *e)
{
	const char *key;
	json_t *child;
	size_t i;

	json_object_foreach((json_t *)v, key, child) every_string(child, e);
	json_array_foreach(v, i, child) every_string(child, e);
	if (!json_is_string(v))
		return;
	const char *s = json_string_value(v);
	size_t n = json_string_length(v);
	for (int t = OBSERVABLE_IP; t < OBSERVABLE_TYPES; t++)
		event_observe(e, (enum observable_type)t, s, n);
}

static struct event ev, every;
static struct match_result result;

struct tally {
	uint64_t records, refused, maybe, hits, wrong_scan, wrong_verify;
	uint64_t wrong_block, wrong_line, block_maybe;
};

/* The records of a set, one behind the other, as a batch holds them. */
static struct {
	struct text text;
	struct {
		enum format format;
		size_t from, len;
		bool maybe; /* scanned alone */
	} record[RECORDS_A_SET];
	size_t count;
} batch;

/* The indicators, for whoever has to find out why. */
static void show_set(const struct indicator_set *s)
{
	for (uint32_t i = 0; i < s->count; i++)
		for (uint32_t k = 0; k < s->indicators[i].conditions; k++) {
			const struct condition *c =
				&s->conditions[s->indicators[i].first_condition + k];
			printf("# %u.%u kind %u type %u pattern %u flags %u port %u: %.*s\n", i,
			       c->clause, c->kind, c->type, c->pattern_kind, c->hs_flags, c->port,
			       (int)c->text_len, s->text + c->text);
		}
}

static void complain(const struct indicator_set *s, const char *what, const struct text *record,
		     const struct text *want, const struct text *got)
{
	show_set(s);
	printf("# %s: %s\n# want %s\n# got %s\n", what, record->p, want->p, got->p ? got->p : "");
}

static void one_record(const struct indicator_set *s, const struct matcher *m,
		       struct match_scratch *sc, struct decoder *d, struct tally *tally)
{
	static struct text record, want, got;
	enum format f = a_record(&record);
	size_t len = record.len;

	text_bytes(&record, "::::::::::::::::::::::::::::::::::::::::::::::::::::::::::::::::", 64);
	bool maybe = match_scan(m, sc, f, record.p, len);
	tally->records++;
	tally->maybe += maybe;
	batch.record[batch.count].format = f;
	batch.record[batch.count].from = batch.text.len;
	batch.record[batch.count].len = len;
	batch.record[batch.count++].maybe = maybe;
	text_bytes(&batch.text, record.p, len);
	text_char(&batch.text, '\n');
	if (decode_text(d, f, NULL, NULL, record.p, len, &ev) != REASON_OK) {
		tally->refused++;
		return;
	}
	slow(s, &ev, &want);
	match_verify(m, sc, &ev, &result);
	text_reset(&got);
	for (uint32_t i = 0; i < result.hits; i++)
		put_hit(&got, result.hit[i].indicator, result.hit[i].observable,
			result.hit[i].value);
	tally->hits += result.hits;
	sort_lines(&got);
	if (strcmp(want.p, got.p) && tally->wrong_verify++ < 3)
		complain(s, "verify", &record, &want, &got);
	if (!maybe && want.len > 1 && tally->wrong_scan++ < 3)
		complain(s, "scan", &record, &want, &got);
	json_t *root = f == FORMAT_LINES ? NULL : json_loadb(record.p, len, JSON_ALLOW_NUL, NULL);
	if (root) {
		event_reset(&every);
		every_string(root, &every);
		slow(s, &every, &want);
		if (!maybe && want.len > 1 && tally->wrong_scan++ < 3)
			complain(s, "scan, any string", &record, &want, &got);
	}
	json_decref(root);
}

/* Blocks of any size: shorter than a record, past the next ones, none, forgotten. */
static void in_blocks(const struct indicator_set *s, const struct matcher *m,
		      struct match_scratch *sc, struct tally *tally)
{
	const size_t end = batch.text.len;
	const uint32_t widest = below(4) ? 1 + below(4000) : 1 + below((uint32_t)end);
	size_t seen = 0;

	text_bytes(&batch.text,
		   "::::::::::::::::::::::::::::::::::::::::::::::::::::::::::::::::", 64);
	for (size_t i = 0; i < batch.count; i++) {
		size_t from = batch.record[i].from, len = batch.record[i].len;
		if (from + len > seen && below(8)) {
			size_t n = 1 + below(widest);
			n = n < end - from ? n : end - from;
			match_block(m, sc, batch.record[i].format, batch.text.p + from, n);
			seen = from + n;
		} else if (below(40) == 0) {
			match_block(m, sc, FORMAT_AUTO, NULL, 0);
			seen = 0;
		}
		if (below(4)) {
			const char *p = batch.text.p + from, *stop = memchr(p, '\n', end - from);
			tally->wrong_line += match_line(m, sc, p, batch.text.p + end) != stop;
		}
		bool maybe = match_scan(m, sc, batch.record[i].format, batch.text.p + from, len);
		tally->block_maybe += maybe;
		if (batch.record[i].maybe && !maybe && tally->wrong_block++ < 3) {
			show_set(s);
			printf("# block: %.*s\n", (int)len, batch.text.p + from);
		}
	}
	match_block(m, sc, FORMAT_AUTO, NULL, 0);
	text_reset(&batch.text);
	batch.count = 0;
}

int main(int argc, char **argv)
{
	uint32_t rounds = argc > 1 ? (uint32_t)atoi(argv[1]) : ROUNDS;
	const struct scan_walk *const walks[] = {
		&scan_walk_portable,
		scan_walk_best(),
#ifdef __x86_64__
		__builtin_cpu_supports("avx2") ? &scan_walk_avx2 : &scan_walk_portable,
#endif
	};
	struct tally tally = {0};
	struct decoder d;
	struct problems ps;

	if (argc > 2)
		seed = strtoull(argv[2], NULL, 10);
	if (decoder_init(&d))
		return 1;
	for (uint32_t i = 0; i < rounds; i++) {
		struct indicator_set s = {0};
		struct matcher *m;
		struct match_scratch *sc;
		a_set(&s);
		problems_init(&ps);
		if (matcher_compile(&m, &s, &ps) || match_scratch_init(&sc, m))
			abort();
		for (size_t w = 0; w < ps.count; w++)
			if (ps.items[w].fatal)
				printf("# %s\n", ps.items[w].reason);
		m->walk = walks[i % (sizeof(walks) / sizeof(walks[0]))];
		for (uint32_t k = 0; k < RECORDS_A_SET; k++)
			one_record(&s, m, sc, &d, &tally);
		in_blocks(&s, m, sc, &tally);
		match_scratch_free(sc);
		matcher_free(m);
		problems_fini(&ps);
		set_fini(&s);
	}
	decoder_fini(&d);
	printf("# %llu records, %llu maybe, %llu hits, %llu not decoded\n",
	       (unsigned long long)tally.records, (unsigned long long)tally.maybe,
	       (unsigned long long)tally.hits, (unsigned long long)tally.refused);
	tap_int((long long)tally.wrong_verify, 0, "verify finds what the slow evaluator finds");
	tap_int((long long)tally.wrong_scan, 0, "scan says no only where nothing is");
	tap_int((long long)tally.wrong_block, 0, "nor behind a block of records");
	tap_int((long long)tally.wrong_line, 0, "a block knows where its lines end");
	tap_ok(tally.block_maybe < tally.maybe + tally.records / 10,
	       "where it says maybe seldom more often");
	tap_ok(tally.hits > tally.records / 50 && tally.maybe < tally.records * 9 / 10,
	       "the draw is neither empty nor full");
	return tap_done();
}
