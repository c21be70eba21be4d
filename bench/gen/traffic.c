#include "traffic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Second byte of the state's 10/8 range: its telephone code, so that a reader knows whose it is. */
static unsigned state_octet(const char *code)
{
	static const struct {
		const char *code;
		unsigned octet;
	} states[] = {{"AT", 43},  {"BE", 32},  {"BG", 135}, {"CY", 157}, {"CZ", 120}, {"DE", 49},
		      {"DK", 45},  {"EE", 172}, {"ES", 34},  {"FI", 158}, {"FR", 33},  {"GR", 30},
		      {"HR", 185}, {"HU", 36},  {"IE", 153}, {"IT", 39},  {"LT", 170}, {"LU", 152},
		      {"LV", 171}, {"MT", 156}, {"NL", 31},  {"PL", 48},  {"PT", 151}, {"RO", 40},
		      {"SE", 46},  {"SI", 186}, {"SK", 121}, {"GB", 44},  {"EU", 200}};

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (strcmp(states[i].code, code) == 0)
			return states[i].octet;
	options_refuse("--state: not a Member State's code, GB or EU", code);
}

static const char *const adjectives[] = {
	"amber", "brisk", "calm",  "deep",  "early", "fair",  "grand", "high",
	"iron",  "joint", "kind",  "light", "mild",  "north", "open",  "prime",
	"quick", "royal", "south", "true",  "upper", "vivid", "warm",  "young",
	"blue",  "clear", "east",  "fresh", "green", "inner", "long",  "west"};
static const char *const nouns[] = {
	"bridge",  "cloud",  "depot",   "engine", "field",  "garden",  "harbour", "island",
	"journal", "kiosk",  "library", "market", "news",   "office",  "portal",  "quarry",
	"river",   "school", "tower",   "union",  "valley", "weather", "travel",  "bank",
	"clinic",  "grid",   "mail",    "maps",   "music",  "parcel",  "shop",    "water"};
static const char *const prefixes[] = {"www", "api", "cdn", "mail", "static", "login"};
static const char *const agents[] = {
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
	"Chrome/128.0.0.0 Safari/537.36",
	"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
	"Mozilla/5.0 (Macintosh; Intel Mac OS X 14_6) AppleWebKit/605.1.15 (KHTML, like Gecko) "
	"Version/17.6 Safari/605.1.15",
	"curl/8.9.1",
	"Wget/1.24.5",
	"Debian APT-HTTP/1.3 (2.6.1)"};
#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

static void *zeroed(size_t count, size_t size)
{
	void *p = calloc(count ? count : 1, size);

	if (!p)
		options_refuse("out of memory", "--hosts, --plant");
	return p;
}

static int planted_order(const void *a, const void *b)
{
	const struct planted *x = a, *y = b;

	if (x->time_us != y->time_us)
		return x->time_us < y->time_us ? -1 : 1;
	if (x->plant != y->plant)
		return x->plant < y->plant ? -1 : 1;
	return x->number < y->number ? -1 : 1;
}

static void schedule(struct traffic *t, const struct options *op)
{
	for (uint32_t i = 0; i < op->plant_count; i++)
		t->scheduled += op->plants[i].records;
	t->schedule = zeroed(t->scheduled, sizeof(*t->schedule));
	uint64_t n = 0;
	for (uint32_t i = 0; i < op->plant_count; i++) {
		const struct plant *p = &op->plants[i];
		int64_t span = p->span_us >= 0 ? p->span_us : op->span_us;
		uint64_t bits = op->seed ^ (i + 1) * 0x51ed27u;
		for (uint32_t k = 0; k < p->records; k++) {
			/* each somewhere in its own part of the time */
			int64_t part = span / (int64_t)p->records;
			int64_t at = part * k +
				     (part ? (int64_t)random_below(&bits, (uint64_t)part) : 0);
			t->schedule[n++] = (struct planted){op->start_us + p->from_us + at, i, k};
		}
	}
	qsort(t->schedule, t->scheduled, sizeof(*t->schedule), planted_order);
}

void traffic_init(struct traffic *t, const struct options *op)
{
	static const char *const nets[] = {"192.0.2", "198.51.100", "203.0.113"};
	unsigned octet = state_octet(op->state);
	uint64_t bits = op->seed;

	t->op = op;
	snprintf(t->resolver, sizeof(t->resolver), "10.%u.0.53", octet);
	t->hosts = zeroed(op->hosts, sizeof(*t->hosts));
	for (uint32_t i = 0; i < op->hosts; i++) {
		struct host *h = &t->hosts[i];
		snprintf(h->address, sizeof(h->address), "10.%u.%u.%u", octet, 1 + i / 250,
			 1 + i % 250);
		snprintf(h->address6, sizeof(h->address6), "fd00:%x::%x", octet, i + 1);
		snprintf(h->name, sizeof(h->name), "%c%c-ws-%05u", op->state[0] | 32,
			 op->state[1] | 32, i + 1);
	}
	for (uint32_t i = 0; i < NAMES; i++) {
		/* lower half of each range: the upper one is for indicators */
		snprintf(t->server[i], sizeof(t->server[i]), "%s.%u", nets[random_below(&bits, 3)],
			 (unsigned)(1 + random_below(&bits, 126)));
		snprintf(t->names[i], sizeof(t->names[i]), "%s.%s-%s.%s",
			 prefixes[random_below(&bits, COUNT_OF(prefixes))],
			 adjectives[i % COUNT_OF(adjectives)],
			 nouns[i / COUNT_OF(adjectives) % COUNT_OF(nouns)],
			 random_next(&bits) & 1 ? "example" : "test");
	}
	if (op->atoms)
		ioc_read_atoms(&t->ioc, op->atoms);
	if (op->patterns)
		ioc_read_patterns(&t->ioc, op->patterns);
	schedule(t, op);
	t->bits = op->seed * 0x2545f4914f6cdd1du + 7;
	t->hit_limit = (uint64_t)(op->hit_rate * 0x1p32);
}

static void shot_usual(struct shot *s, struct traffic *t)
{
	const struct options *op = t->op;
	uint64_t *bits = &t->bits;
	static const enum shot_kind kinds[20] = {
		SHOT_DNS,  SHOT_DNS,  SHOT_DNS,  SHOT_DNS,  SHOT_DNS,  SHOT_DNS,  SHOT_DNS,
		SHOT_TLS,  SHOT_TLS,  SHOT_TLS,  SHOT_TLS,  SHOT_TLS,  SHOT_HTTP, SHOT_HTTP,
		SHOT_HTTP, SHOT_FLOW, SHOT_FLOW, SHOT_FLOW, SHOT_FLOW, SHOT_KNOCK};
	uint64_t r = random_next(bits);
	uint32_t name = r % NAMES, host = (uint32_t)random_below(bits, op->hosts);

	s->kind = kinds[(r >> 16) % COUNT_OF(kinds)];
	if ((r >> 24 & 63) == 0)
		s->kind = SHOT_FILE;
	s->bits = random_next(bits);
	s->inside = t->hosts[host].address;
	s->inside6 = t->hosts[host].address6;
	s->inside_name = t->hosts[host].name;
	s->organisation =
		op->organisation_count ? op->organisations[host % op->organisation_count] : NULL;
	s->resolver = t->resolver;
	s->name = t->names[name];
	s->outside = t->server[name];
	s->user_agent = agents[(r >> 32) % COUNT_OF(agents)];
	if (s->kind == SHOT_HTTP || s->kind == SHOT_FILE) {
		snprintf(t->path, sizeof(t->path), "/%s/%s-%u.%s",
			 nouns[(r >> 36) % COUNT_OF(nouns)],
			 adjectives[(r >> 41) % COUNT_OF(adjectives)], (unsigned)(r >> 46 & 1023),
			 s->kind == SHOT_FILE ? "zip" : "html");
		s->path = t->path;
	}
	if (s->kind == SHOT_FILE) {
		for (int i = 0; i < 4; i++)
			snprintf(t->sha256 + 16 * i, 17, "%016llx",
				 (unsigned long long)random_next(bits));
		s->sha256 = t->sha256;
	}
	if (s->kind == SHOT_FLOW && (r >> 56) % 16 == 0) {
		snprintf(t->address, sizeof(t->address), "2001:db8:0:%x::%x", (unsigned)(r >> 60),
			 1 + name);
		s->outside = t->address;
	}
}

/* host and path of "http://host/path" or "host/path" */
static void shot_url(struct shot *s, struct traffic *t, const char *url)
{
	const char *host = strstr(url, "://") ? strstr(url, "://") + 3 : url;
	const char *slash = strchr(host, '/');

	snprintf(t->text, sizeof(t->text), "%.*s", (int)(slash ? slash - host : (long)strlen(host)),
		 host);
	s->kind = SHOT_HTTP;
	s->name = t->text;
	s->path = slash ? slash : "/";
}

static void shot_atom(struct shot *s, struct traffic *t, const struct atom *a)
{
	switch (a->kind) {
	case ATOM_DOMAIN:
		s->kind = (enum shot_kind)random_below(&s->bits, 3);
		s->name = a->value;
		s->path = "/";
		break;
	case ATOM_ADDRESS:
		s->kind = SHOT_FLOW;
		s->outside = a->value;
		break;
	case ATOM_URL:
		shot_url(s, t, a->value);
		break;
	case ATOM_HASH:
		s->kind = SHOT_FILE;
		s->path = "/download/setup.exe";
		s->sha256 = a->value;
	}
}

static void shot_hit(struct shot *s, struct traffic *t)
{
	uint64_t i = random_below(&t->bits, (uint64_t)t->ioc.atom_count + t->ioc.pattern_count);

	if (i < t->ioc.atom_count) {
		shot_atom(s, t, &t->ioc.atoms[i]);
		return;
	}
	t->path[0] = '/';
	ioc_sample(t->ioc.patterns[i - t->ioc.atom_count], &t->bits, t->path + 1,
		   sizeof(t->path) - 1);
	s->kind = SHOT_HTTP;
	s->path = t->path;
}

static void shot_planted(struct shot *s, struct traffic *t, const struct planted *pl)
{
	const struct options *op = t->op;
	const struct plant *p = &op->plants[pl->plant];
	uint32_t host = pl->number % (uint32_t)p->entities;

	shot_usual(s, t);
	s->inside = t->hosts[host].address;
	s->inside6 = t->hosts[host].address6;
	s->inside_name = t->hosts[host].name;
	s->organisation =
		op->organisation_count ? op->organisations[host % op->organisation_count] : NULL;
	s->outside = t->server[host];
	s->path = "/";
	switch (p->kind[0]) {
	case 'd':
		/* "domain" goes round by round, so that each host shows each way */
		s->kind = p->kind[1] == 'n' ? SHOT_DNS
					    : (enum shot_kind)(pl->number / p->entities % 3);
		s->name = p->value;
		break;
	case 's':
		s->kind = p->kind[1] == 'n' ? SHOT_TLS : SHOT_KNOCK;
		s->name = p->value;
		if (s->kind == SHOT_KNOCK)
			s->outside = p->value;
		break;
	case 'i':
		s->kind = SHOT_FLOW;
		s->outside = p->value;
		break;
	case 'u':
		shot_url(s, t, p->value);
		break;
	case 'h':
		s->kind = p->kind[1] == 't' ? SHOT_HTTP : SHOT_FILE;
		if (s->kind == SHOT_HTTP) {
			s->name = p->value;
		} else {
			s->path = "/download/setup.exe";
			s->sha256 = p->value;
		}
	}
}

bool traffic_next(struct traffic *t, uint64_t bytes, struct shot *s)
{
	const struct options *op = t->op;
	/* the share of the telemetry that is out is the share of the time that is over */
	double share = op->bytes ? (double)bytes / (double)op->bytes
				 : (double)t->records / (double)(op->count ? op->count : 1);
	int64_t now = op->start_us + (int64_t)(share * (double)op->span_us);
	const struct planted *pl = t->next < t->scheduled ? &t->schedule[t->next] : NULL;

	*s = (struct shot){0};
	if (pl && (share >= 1 || pl->time_us <= now)) {
		shot_planted(s, t, pl);
		s->time_us = pl->time_us;
		t->next++;
	} else if (share < 1) {
		shot_usual(s, t);
		s->time_us = now;
		t->records++;
		if (random_next(&t->bits) >> 32 < t->hit_limit) {
			shot_hit(s, t);
			t->hits++;
		}
	} else {
		return false;
	}
	if (strchr(s->outside, ':'))
		s->inside = s->inside6;
	return true;
}
