/* event_finish - what follows from all fields of an event together. */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/timestamp.h"
#include "decode/event.h"

#define PORT_HTTP  80
#define PORT_HTTPS 443

static bool is(struct span v, const char *word)
{
	return v.len == strlen(word) && strncasecmp(v.p, word, v.len) == 0;
}

/* False when it is no number of at most max. */
static bool parse_number(struct span v, uint64_t max, uint64_t *out)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < v.len; i++) {
		if (v.p[i] < '0' || v.p[i] > '9' || n > (max - (uint64_t)(v.p[i] - '0')) / 10)
			return false;
		n = n * 10 + (uint64_t)(v.p[i] - '0');
	}
	*out = n;
	return v.len > 0;
}

static uint16_t parse_port(struct span v)
{
	uint64_t n;

	return parse_number(v, UINT16_MAX, &n) ? (uint16_t)n : 0;
}

static void take_time(struct event *ev, struct span v)
{
	if (!ev->has_time)
		ev->has_time = timestamp_parse(v.p, v.len, &ev->time_us) ||
			       timestamp_parse_epoch(v.p, v.len, &ev->time_us);
}

/* Of several classes the heaviest stands; exercise traffic stays exercise traffic. */
static void take_class(struct event *ev, struct span v)
{
	int c = vocab_rsit_class(v.p, v.len);

	if (c == CLASS_TEST)
		ev->test = true;
	else if (c > ev->stated_class)
		ev->stated_class = (uint8_t)c;
}

static void take_tlp(struct event *ev, struct span v)
{
	int tlp = vocab_tlp_parse(v.p, v.len);

	if (tlp > ev->tlp)
		ev->tlp = (int8_t)tlp;
}

/* "nis:impact-severity=\"yellow\"": the Cooperation Group's colours make claims. */
static void take_impact_severity(struct event *ev, struct span v)
{
	const char *eq = memchr(v.p, '=', v.len);
	size_t left = eq ? (size_t)(v.p + v.len - eq - 1) : 0;

	if (left < 2 || eq[1] != '"' || eq[left] != '"')
		return;
	int64_t claims = vocab_impact_severity(eq + 2, left - 2);
	if (claims > 0)
		ev->claims |= (uint64_t)claims;
	ev->reports |= claims > 0;
}

static bool begins(struct span v, const char *prefix)
{
	size_t n = strlen(prefix);

	return v.len >= n && strncasecmp(v.p, prefix, n) == 0;
}

/* Machine tags: "rsit:...", "nis:test=\"test\"", "tlp:amber"; other tags say nothing to us. */
static void take_tag(struct event *ev, struct span v)
{
	if (v.len > 5 && strncasecmp(v.p, "rsit:", 5) == 0)
		take_class(ev, v);
	else if (v.len > 4 && strncasecmp(v.p, "tlp:", 4) == 0)
		take_tlp(ev, v);
	else if (begins(v, "nis:test") || begins(v, "nis2:test"))
		ev->test = true;
	else if (begins(v, "nis:impact-severity=") || begins(v, "nis2:impact-severity="))
		take_impact_severity(ev, v);
}

static void take_severity(struct event *ev, struct span v)
{
	int s = vocab_severity_parse(v.p, v.len);

	if (s > ev->stated_severity)
		ev->stated_severity = (uint8_t)s;
}

static void take_state(struct event *ev, struct span v)
{
	int state = vocab_state_parse(v.p, v.len);

	/* two different claims are no claim */
	if (state < 0 || (ev->state_claim != -1 && ev->state_claim != state))
		ev->state_claim = -2;
	else
		ev->state_claim = (int8_t)state;
}

static void take_count(uint64_t *max, struct span v)
{
	uint64_t n;
	const char *point = memchr(v.p, '.', v.len);

	if (point)
		v.len = (uint32_t)(point - v.p);
	if (parse_number(v, UINT64_MAX / 2, &n) && n > *max)
		*max = n;
}

static void take_first(struct span *to, struct span v)
{
	if (!to->len)
		*to = v;
}

static void take_port(uint16_t *to, struct span v)
{
	if (!*to)
		*to = parse_port(v);
}

/* What composing a URL needs. */
struct web {
	struct span host, path, scheme, port;
	bool full;
};

static void take_field(struct event *ev, const struct field *f, struct web *web,
		       struct span *organisation_id)
{
	struct span v = f->value;

	switch (f->id) {
	case FIELD_TIMESTAMP:
		take_time(ev, v);
		break;
	case FIELD_SOURCE_PORT:
		take_port(&ev->client_port, v);
		break;
	case FIELD_DESTINATION_PORT:
		take_port(&ev->server_port, v);
		break;
	case FIELD_ORGANIZATION_NAME:
		take_first(&ev->organisation, v);
		break;
	case FIELD_ORGANIZATION_ID:
		take_first(organisation_id, v);
		break;
	case FIELD_HOST_NAME:
		take_first(&ev->host, v);
		break;
	case FIELD_TLP:
		take_tlp(ev, v);
		break;
	case FIELD_RSIT_CLASS:
	case FIELD_RSIT_TYPE:
		take_class(ev, v);
		break;
	case FIELD_TAGS:
		take_tag(ev, v);
		break;
	case FIELD_SEVERITY:
		take_severity(ev, v);
		break;
	case FIELD_MEMBER_STATE:
		take_state(ev, v);
		break;
	case FIELD_USERS_AFFECTED:
		take_count(&ev->users_affected, v);
		break;
	case FIELD_DURATION:
		take_count(&ev->duration_s, v);
		break;
	case FIELD_URL_DOMAIN:
		take_first(&web->host, v);
		break;
	case FIELD_URL_ORIGINAL:
		take_first(&web->path, v);
		break;
	case FIELD_URL_SCHEME:
		take_first(&web->scheme, v);
		break;
	case FIELD_URL_PORT:
		take_first(&web->port, v);
		break;
	case FIELD_URL_FULL:
		web->full = true;
		break;
	default:
		break;
	}
}

/* A type says more than its class ("phishing" is an attempt, "fraud" is not): it decides alone. */
static void prefer_type(struct event *ev)
{
	enum hit_class by_class = ev->stated_class;
	bool typed = false;

	ev->stated_class = CLASS_NONE;
	for (uint32_t i = 0; i < ev->fields; i++)
		if (ev->field[i].id == FIELD_RSIT_TYPE) {
			take_class(ev, ev->field[i].value);
			typed = true;
		}
	if (!typed || ev->stated_class == CLASS_NONE)
		ev->stated_class = (uint8_t)by_class;
}

/* Room for what was checked to fit. */
static void put(struct event *ev, const char *p, size_t len)
{
	assert(len <= EVENT_TEXT_MAX - ev->text_used);
	memcpy(ev->text + ev->text_used, p, len);
	ev->text_used += (uint32_t)len;
}

struct span event_join(struct event *ev, struct span a, char between, struct span b)
{
	const char *begin = ev->text + ev->text_used;

	if ((size_t)a.len + b.len + 1 > EVENT_TEXT_MAX - ev->text_used) {
		ev->overflow++;
		return a;
	}
	put(ev, a.p, a.len);
	put(ev, &between, 1);
	put(ev, b.p, b.len);
	return (struct span){begin, a.len + b.len + 1};
}

/* ":8080" where the scheme does not go without saying so; "" otherwise. */
static size_t port_suffix(char out[8], const struct web *web, bool has_port)
{
	uint16_t port = parse_port(web->port);
	uint16_t usual = is(web->scheme, "https") ? PORT_HTTPS : PORT_HTTP;

	if (has_port || port == 0 || port == usual)
		return 0;
	return (size_t)snprintf(out, 8, ":%u", port);
}

/* http://host[:port]/path, into the event's own text. */
static void compose_url(struct event *ev, struct web *web)
{
	struct span host = web->host;
	char port[8];

	if (web->full || !host.len || !web->path.len || web->path.p[0] != '/')
		return;
	if (!web->scheme.len)
		web->scheme = (struct span){"http", 4};
	const char *colon = memchr(host.p, ':', host.len);
	bool bracketed = host.p[0] == '[';
	bool bare_v6 = colon && !bracketed && memrchr(host.p, ':', host.len) != colon;
	bool has_port = colon && !bare_v6 && !(bracketed && host.p[host.len - 1] == ']');
	size_t port_len = port_suffix(port, web, has_port);
	const char *begin = ev->text + ev->text_used;

	/* 5: "://" and the brackets */
	if ((size_t)web->scheme.len + host.len + port_len + web->path.len + 5 >
	    EVENT_TEXT_MAX - ev->text_used) {
		ev->overflow++;
		return;
	}
	put(ev, web->scheme.p, web->scheme.len);
	put(ev, "://", 3);
	put(ev, "[", bare_v6);
	put(ev, host.p, host.len);
	put(ev, "]", bare_v6);
	put(ev, port, port_len);
	put(ev, web->path.p, web->path.len);
	event_add_composed(ev, FIELD_URL_FULL, begin, (size_t)(ev->text + ev->text_used - begin));
}

/* The first address of each side is the exchange's; every address carries its side's port. */
static void take_sides(struct event *ev)
{
	for (uint32_t i = 0; i < ev->observables; i++) {
		struct observable *o = &ev->observable[i];
		if (o->type != OBSERVABLE_IP)
			continue;
		if (o->field == FIELD_SOURCE_IP) {
			o->port = ev->client_port;
			if (!ev->client.bits)
				ev->client = o->addr;
		} else if (o->field == FIELD_DESTINATION_IP) {
			o->port = ev->server_port;
			if (!ev->server.bits)
				ev->server = o->addr;
		}
	}
	ev->has_direction = ev->client.bits && ev->server.bits;
}

void event_finish(struct event *ev)
{
	struct web web = {0};
	struct span organisation_id = {"", 0};

	for (uint32_t i = 0; i < ev->fields; i++)
		take_field(ev, &ev->field[i], &web, &organisation_id);
	prefer_type(ev);
	take_first(&ev->organisation, organisation_id);
	take_sides(ev);
	compose_url(ev, &web);
}
