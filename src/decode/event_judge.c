/* event_judge - how a hit on an event bears on impact, and on whom. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "decode/event.h"

/* From outside to a server of ours: whatever it says is put forward by the peer. */
static bool inbound(const struct event *ev, const struct home_net *home)
{
	return ev->client.bits && ev->server.bits && !home_net_contains(home, &ev->client) &&
	       home_net_contains(home, &ev->server);
}

static bool over_tcp(const struct event *ev)
{
	for (uint32_t i = 0; i < ev->fields; i++)
		if (ev->field[i].id == FIELD_NETWORK_TRANSPORT)
			return ev->field[i].value.len == 3 && memcmp(ev->field[i].value.p, "tcp", 3) == 0;
	return false;
}

/*
 * A TCP segment that does not tell who opened the connection. Had an inside
 * host opened it, its SYN would say so: this may as well be the answer to a
 * scanner, and must not look like reaching out.
 */
static bool undirected(const struct event *ev)
{
	return ev->format == FORMAT_PACKET && !ev->has_direction && over_tcp(ev);
}

enum hit_class event_class(const struct event *ev, const struct observable *o,
			   const struct home_net *home)
{
	if (ev->test)
		return CLASS_TEST;
	if (ev->stated_class != CLASS_NONE)
		return ev->stated_class;
	if (ev->format == FORMAT_LINES)
		return o && o->type == OBSERVABLE_IP ? CLASS_ATTEMPT : CLASS_EFFECT;
	if (o && o->role == ROLE_FOUND)
		return CLASS_EFFECT;
	if (o && (o->role == ROLE_CLIENT || o->role == ROLE_SENDER))
		return CLASS_ATTEMPT;
	return inbound(ev, home) || undirected(ev) ? CLASS_ATTEMPT : CLASS_EFFECT;
}

static size_t put_text(char out[ENTITY_TEXT_MAX], const char *prefix, const char *p, size_t len)
{
	size_t n = strlen(prefix);

	if (len > ENTITY_TEXT_MAX - 1 - n)
		len = ENTITY_TEXT_MAX - 1 - n;
	memcpy(out, prefix, n);
	/* names differ in case from sensor to sensor; letters beyond ASCII are left alone */
	for (size_t i = 0; i < len; i++)
		out[n + i] = (char)(p[i] >= 'A' && p[i] <= 'Z' ? p[i] | 0x20 : p[i]);
	out[n + len] = '\0';
	return n + len;
}

/* "ip:10.1.2.3"; an inside address of a source with its own address space names the space too. */
static size_t put_address(char out[ENTITY_TEXT_MAX], const struct source *s,
			  const struct address *a, bool inside)
{
	char text[ADDRESS_TEXT_MAX];

	address_format(a, text);
	if (inside && s && s->address_space[0])
		return (size_t)snprintf(out, ENTITY_TEXT_MAX, "ip:%s/%s", s->address_space, text);
	return (size_t)snprintf(out, ENTITY_TEXT_MAX, "ip:%s", text);
}

/* Loopback and the unspecified address are on every host: they name none of them. */
static bool names_a_host(const struct address *a)
{
	static const uint8_t v6_loopback[16] = {[15] = 1}, none[16] = {0};

	if (a->bits == 128)
		return memcmp(a->b, v6_loopback, 16) != 0 && memcmp(a->b, none, 16) != 0;
	return a->bits == 32 && a->b[0] != 127 && memcmp(a->b, none, 4) != 0;
}

static bool is_report(const struct event *ev)
{
	return ev->format == FORMAT_IDEA || ev->format == FORMAT_INTELMQ ||
	       ev->format == FORMAT_N6 || ev->format == FORMAT_NOTIFICATION;
}

size_t event_entity(const struct event *ev, const struct source *s, const struct home_net *home,
		    char out[ENTITY_TEXT_MAX])
{
	bool client_inside = names_a_host(&ev->client) && home_net_contains(home, &ev->client);
	bool server_inside = names_a_host(&ev->server) && home_net_contains(home, &ev->server);

	static_assert(SOURCE_NAME_MAX + ADDRESS_TEXT_MAX + 8 < ENTITY_TEXT_MAX, "an entity fits");
	if (ev->organisation.len)
		return put_text(out, "org:", ev->organisation.p, ev->organisation.len);
	if (s && s->organisation[0])
		return put_text(out, "org:", s->organisation, strlen(s->organisation));
	if (ev->victim.bits)
		return put_address(out, s, &ev->victim, home_net_contains(home, &ev->victim));
	if (!is_report(ev) && client_inside)
		return put_address(out, s, &ev->client, true);
	if (!is_report(ev) && server_inside)
		return put_address(out, s, &ev->server, true);
	if (ev->host.len)
		return put_text(out, "host:", ev->host.p, ev->host.len);
	/* a report that names no victim: its addresses are the attacker's */
	if (is_report(ev))
		return 0;
	if (ev->client.bits)
		return put_address(out, s, &ev->client, false);
	if (ev->server.bits)
		return put_address(out, s, &ev->server, false);
	return 0;
}
