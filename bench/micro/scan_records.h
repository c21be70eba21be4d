/* scan_records - seeded EVE records and indicators for the benches of the matcher. */
#ifndef TOCSIN_BENCH_SCAN_RECORDS_H
#define TOCSIN_BENCH_SCAN_RECORDS_H

#include "../../tests/unit/test_matcher_set.h"

struct records {
	char *text;   /* records, each with its line end; 64 bytes of room behind */
	uint32_t *at; /* count + 1 places */
	bool *is_planted;
	uint32_t count, planted;
};

static const char *const words[] = {
	"alpha",   "bravo",  "cloud",  "delta",  "edge",   "forest", "garden", "harbor", "island",
	"juniper", "kernel", "lumen",  "metro",  "nordic", "ocean",  "portal", "quartz", "river",
	"studio",  "timber", "update", "vector", "window", "xenon",  "yellow", "zephyr", "static",
	"images",  "media",  "assets", "login",  "mail",   "api",    "cdn",    "shop",   "news"};
#define WORDS (sizeof(words) / sizeof(words[0]))
static const char *const tops[] = {"com", "net", "org", "de", "fr", "eu", "it", "example"};

static inline const char *word(uint64_t *s)
{
	return words[random_below(s, WORDS)];
}

/* Ordinary names: a handful of sites is most of the traffic. */
static inline void ordinary_name(uint64_t *s, char out[128])
{
	uint64_t site = random_below(s, 4) ? random_below(s, 300) : 300 + random_below(s, 20000);
	uint64_t t = site * 7919 + 3;

	sprintf(out, "%s%s%s-%s.%s", random_below(s, 2) ? "www" : word(s),
		random_below(s, 3) ? "." : ".eu-west-1.", word(&t), word(&t),
		tops[random_below(&t, 8)]);
}

static inline void hex(uint64_t *s, char *out, unsigned digits)
{
	for (unsigned i = 0; i < digits; i++)
		out[i] = "0123456789abcdef"[random_below(s, 16)];
	out[digits] = '\0';
}

/* Half addresses and networks, a third names, the rest URLs, hashes and mail. */
static inline void records_indicators(struct indicator_set *set, uint32_t atoms, uint32_t patterns)
{
	uint64_t s = 1;
	char v[256], h[160];

	for (uint32_t i = 0; i < atoms; i++) {
		uint32_t kind = random_below(&s, 100);
		uint32_t a = random_below(&s, 1u << 24);
		if (kind < 43) {
			sprintf(v, "%u.%u.%u.%u", 1 + (a >> 16) % 220, a >> 8 & 255, a & 255,
				random_below(&s, 256));
			set_one(set, CONDITION_IP, OBSERVABLE_IP, v);
		} else if (kind < 45) {
			sprintf(v, "2001:db8:%x:%x::%x", a >> 12, a & 4095,
				random_below(&s, 65536));
			set_one(set, CONDITION_IP, OBSERVABLE_IP, v);
		} else if (kind < 47 && i < 20000) {
			sprintf(v, "%u.%u.%u.0/24", 100 + (a >> 16) % 90, a >> 8 & 255, a & 255);
			set_one(set, CONDITION_NETWORK, OBSERVABLE_IP, v);
		} else if (kind < 78) {
			sprintf(v, "%s%x.%s-%u.%s", word(&s), a, word(&s), i,
				tops[random_below(&s, 8)]);
			set_one(set, CONDITION_DOMAIN, OBSERVABLE_DOMAIN, v);
		} else if (kind < 86) {
			sprintf(v, "%s-%x.%s.%s/%s/%x.php", word(&s), a, word(&s),
				tops[random_below(&s, 8)], word(&s), a);
			set_one(set, CONDITION_URL, OBSERVABLE_URL, v);
		} else if (kind < 98) {
			hex(&s, h, kind < 90 ? 32 : kind < 93 ? 40 : 64);
			set_one(set, CONDITION_HASH, OBSERVABLE_HASH, h);
		} else {
			sprintf(v, "%s.%x@%s.%s", word(&s), a, word(&s), tops[random_below(&s, 8)]);
			set_one(set, CONDITION_EMAIL, OBSERVABLE_EMAIL, v);
		}
	}
	/* substrings mostly; one in 20 a wildcard, one in 20 a regex */
	for (uint32_t i = 0; i < patterns; i++) {
		uint32_t a = random_below(&s, 1u << 24);
		if (i % 20 == 7) {
			sprintf(v, "*%s%06x*%s", word(&s), a, word(&s));
			set_pattern(set, PATTERN_WILDCARD, OBSERVABLE_DOMAIN, v, 0);
		} else if (i % 20 == 13) {
			sprintf(v, "/%s%06x/[a-z0-9]{4,8}\\.(php|asp)", word(&s), a);
			set_pattern(set, PATTERN_REGEX, OBSERVABLE_PATH, v, 0);
		} else {
			sprintf(v, "%s%06x%s", word(&s), a, i % 3 ? word(&s) : ".exe");
			set_pattern(set, PATTERN_SUBSTRING,
				    i % 2 ? OBSERVABLE_PATH : OBSERVABLE_USER_AGENT, v, 0);
		}
	}
}

/* What a record says: ordinary, unless an indicator is planted. */
struct story {
	char source[64], server[64], name[512], path[512], agent[192], md5[33], sha256[65];
};

static const char *const agents[] = {
	("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
	 "Chrome/126.0.0.0 Safari/537.36"),
	"Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
	"curl/8.5.0",
	"Microsoft-CryptoAPI/10.0",
	"Debian APT-HTTP/1.3 (2.6.1)",
	"Windows-Update-Agent/10.0.10011.16384"};

static inline void ordinary_story(uint64_t *s, struct story *y)
{
	sprintf(y->source, "10.%u.%u.%u", random_below(s, 8), random_below(s, 256),
		random_below(s, 256));
	if (random_below(s, 12))
		sprintf(y->server, "%u.%u.%u.%u", 20 + random_below(s, 70), random_below(s, 256),
			random_below(s, 256), random_below(s, 256));
	else
		sprintf(y->server, "2a02:%04x:%04x:0000:0000:0000:%04x:%04x", random_below(s, 4096),
			random_below(s, 65536), random_below(s, 65536), random_below(s, 65536));
	ordinary_name(s, y->name);
	sprintf(y->path, "/%s/%s-%u.%s?id=%u", word(s), word(s), random_below(s, 1000),
		random_below(s, 2) ? "js" : "html", random_below(s, 100000));
	strcpy(y->agent, agents[random_below(s, 6)]);
	hex(s, y->md5, 32);
	hex(s, y->sha256, 64);
}

/* Puts an indicator where a sensor would show it; the event type that shows it. */
static inline unsigned plant(uint64_t *s, struct story *y, const struct indicator_set *set)
{
	const struct condition *c = &set->conditions[random_below(s, set->condition_count)];
	char v[256];

	snprintf(v, sizeof(v), "%.*s", (int)c->text_len, set->text + c->text);
	switch (c->kind) {
	case CONDITION_IP:
		strcpy(y->server, v);
		return 3;
	case CONDITION_NETWORK:
		strcpy(strrchr(v, '.'), ".77");
		strcpy(y->server, v);
		return 3;
	case CONDITION_DOMAIN:
		sprintf(y->name, "%s.%s", word(s), v);
		return random_below(s, 2);
	case CONDITION_URL:
		strcpy(y->path, strchr(v, '/'));
		*strchr(v, '/') = '\0';
		strcpy(y->name, v);
		return 2;
	case CONDITION_HASH:
		if (c->text_len == 64)
			strcpy(y->sha256, v);
		else if (c->text_len == 32)
			strcpy(y->md5, v);
		else
			sprintf(y->path, "/?%s", v);
		return 5;
	case CONDITION_EMAIL:
		strcpy(y->path, v);
		return 2;
	default:
		break;
	}
	if (c->pattern_kind == PATTERN_WILDCARD) {
		*strchr(v + 1, '*') = '.';
		strcpy(y->name, v + 1);
		return 0;
	}
	if (c->pattern_kind == PATTERN_REGEX)
		sprintf(strchr(v, '['), "abcd.php");
	strcpy(c->type == OBSERVABLE_PATH ? y->path : y->agent, v);
	return 2;
}

/* The event types and how often each is seen, of 16. */
static const uint8_t mix[16] = {0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 5};

static inline int write_record(char *o, uint64_t *s, const struct story *y, unsigned type)
{
	static const char *const types[] = {"dns", "tls", "http", "flow", "alert", "fileinfo"};
	static const char *const protos[] = {"UDP", "TCP", "TCP", "TCP", "TCP", "TCP"};
	static const unsigned ports[] = {53, 443, 80, 443, 80, 80};
	char fp[96], *f = fp;

	int n = sprintf(o,
			"{\"timestamp\":\"2026-11-22T%02u:%02u:%02u.%06u+0000\",\"flow_id\":%llu,"
			"\"in_iface\":\"ens5f0\","
			"\"event_type\":\"%s\",\"src_ip\":\"%s\",\"src_port\":%u,\"dest_ip\":\"%"
			"s\",\"dest_port\":%u,"
			"\"proto\":\"%s\",\"community_id\":\"1:%08xxZ%06xYk9oA%06xwq=\",",
			random_below(s, 24), random_below(s, 60), random_below(s, 60),
			random_below(s, 1000000), (unsigned long long)(random_next(s) >> 12),
			types[type], y->source, 1024 + random_below(s, 60000), y->server,
			ports[type], protos[type], random_below(s, 1u << 31),
			random_below(s, 1u << 24), random_below(s, 1u << 24));
	switch (type) {
	case 0:
		return n + sprintf(o + n,
				   "\"tx_id\":0,\"dns\":{\"version\":2,\"type\":\"answer\",\"id\":%"
				   "u,\"flags\":\"8180\",\"qr\":true,"
				   "\"rd\":true,\"ra\":true,\"rrname\":\"%s\",\"rrtype\":\"A\","
				   "\"rcode\":\"NOERROR\",\"grouped\":"
				   "{\"A\":[\"%u.%u.%u.%u\"]}}}\n",
				   random_below(s, 65536), y->name, 20 + random_below(s, 70),
				   random_below(s, 256), random_below(s, 256),
				   random_below(s, 256));
	case 1:
		for (unsigned i = 0; i < 20; i++)
			f += sprintf(f, i ? ":%02x" : "%02x", random_below(s, 256));
		return n + sprintf(o + n,
				   "\"tls\":{\"subject\":\"CN=%s\",\"issuerdn\":\"C=US, O=Let's "
				   "Encrypt, CN=R11\",\"fingerprint\":"
				   "\"%s\",\"sni\":\"%s\",\"version\":\"TLS "
				   "1.3\",\"notbefore\":\"2026-10-01T00:00:00\",\"ja3\":"
				   "{\"hash\":\"%s\"}}}\n",
				   y->name, fp, y->name, y->md5);
	case 2:
		return n + sprintf(o + n,
				   "\"tx_id\":1,\"http\":{\"hostname\":\"%s\",\"url\":\"%s\","
				   "\"http_user_agent\":\"%s\","
				   "\"http_content_type\":\"text/"
				   "html\",\"http_method\":\"GET\",\"protocol\":\"HTTP/1.1\","
				   "\"status\":200,\"length\":%u}}\n",
				   y->name, y->path, y->agent, random_below(s, 99999));
	case 3:
		return n + sprintf(o + n,
				   "\"app_proto\":\"tls\",\"flow\":{\"pkts_toserver\":%u,\"pkts_"
				   "toclient\":%u,\"bytes_toserver\":%u,"
				   "\"bytes_toclient\":%u,\"start\":\"2026-11-22T05:00:00.000000+"
				   "0000\",\"end\":"
				   "\"2026-11-22T05:00:09.000000+0000\",\"age\":9,\"state\":"
				   "\"closed\",\"reason\":\"timeout\","
				   "\"alerted\":false},\"tcp\":{\"tcp_flags\":\"1f\",\"state\":"
				   "\"closed\"}}\n",
				   random_below(s, 99), random_below(s, 99), random_below(s, 9999),
				   random_below(s, 99999));
	case 4:
		return n + sprintf(o + n,
				   "\"alert\":{\"action\":\"allowed\",\"gid\":1,\"signature_id\":"
				   "20%05u,\"rev\":3,\"signature\":"
				   "\"ET POLICY %s %s outbound request "
				   "(HTTP)\",\"category\":\"Potential Corporate Privacy "
				   "Violation\",\"severity\":%u},\"http\":{\"hostname\":\"%s\","
				   "\"url\":\"%s\"}}\n",
				   random_below(s, 99999), word(s), word(s), 1 + random_below(s, 3),
				   y->name, y->path);
	default:
		return n + sprintf(o + n,
				   "\"http\":{\"hostname\":\"%s\",\"url\":\"%s\"},\"app_proto\":"
				   "\"http\",\"fileinfo\":{\"filename\":"
				   "\"%s\",\"magic\":\"data\",\"state\":\"CLOSED\",\"md5\":\"%s\","
				   "\"sha256\":\"%s\",\"size\":%u}}\n",
				   y->name, y->path, y->path, y->md5, y->sha256,
				   random_below(s, 999999));
	}
}

static inline void records_make(struct records *r, uint32_t count, const struct indicator_set *set)
{
	uint64_t s = 2;
	size_t cap = (size_t)count * 640 + 65536, len = 0;

	*r = (struct records){.count = count};
	r->text = malloc(cap);
	r->at = malloc(((size_t)count + 1) * sizeof(*r->at));
	r->is_planted = calloc(count + 1, sizeof(*r->is_planted));
	if (!r->text || !r->at || !r->is_planted)
		abort();
	for (uint32_t i = 0; i < count; i++) {
		struct story y;
		unsigned type = mix[random_below(&s, 16)];
		ordinary_story(&s, &y);
		if (random_below(&s, 100) == 0) {
			type = plant(&s, &y, set);
			r->is_planted[i] = true;
			r->planted++;
		}
		r->at[i] = (uint32_t)len;
		len += (size_t)write_record(r->text + len, &s, &y, type);
		if (len + 4096 > cap)
			abort();
	}
	r->at[count] = (uint32_t)len;
	memset(r->text + len, 0, 64);
}

static inline void records_free(struct records *r)
{
	free(r->text);
	free(r->at);
	free(r->is_planted);
}

#endif
