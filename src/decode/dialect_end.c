/* dialect_end - what the rows of a format cannot say one by one. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "decode/dialect.h"

#define LAST_ADDED 32 /* fields that dialect_end() may add, at most */

#define PORT_PRIVILEGED 1024

static bool is(struct span v, const char *word)
{
	return v.len == strlen(word) && strncasecmp(v.p, word, v.len) == 0;
}

static bool is_any(struct span v, const char *const *words)
{
	for (; *words; words++)
		if (is(v, *words))
			return true;
	return false;
}

static bool starts(struct span v, const char *prefix)
{
	size_t n = strlen(prefix);

	return v.len >= n && strncasecmp(v.p, prefix, n) == 0;
}

static bool same(struct span a, struct span b)
{
	return a.len == b.len && a.len && memcmp(a.p, b.p, a.len) == 0;
}

static int port_of(struct span v)
{
	int n = 0;

	for (uint32_t i = 0; i < v.len && i < 6; i++)
		n = n * 10 + (v.p[i] - '0');
	return n;
}

static void add(struct draft *d, enum event_field f, struct span v)
{
	event_add(d->ev, f, v.p, v.len);
}

/* An address, or the name that ECS also allows in its place; a lone "-" is neither. */
static void add_side(struct draft *d, enum event_field ip, enum event_field name, struct span v)
{
	struct address a;

	if (address_parse(v.p, v.len, &a))
		add(d, ip, v);
	else if (!is(v, "-"))
		add(d, name, v);
}

/* IDEA0 writes ranges and networks as well; only a single address is somebody. */
static bool single_address(struct span *v)
{
	const char *cut = memchr(v->p, '-', v->len);
	struct network n;

	if (cut) {
		struct span from = {v->p, (uint32_t)(cut - v->p)};
		struct span to = {cut + 1, (uint32_t)(v->p + v->len - cut - 1)};
		if (!same(from, to))
			return false;
		*v = from;
	}
	if (!network_parse(v->p, v->len, &n) || n.prefix != n.base.bits)
		return false;
	cut = memchr(v->p, '/', v->len);
	if (cut)
		v->len = (uint32_t)(cut - v->p);
	return true;
}

static void keep(struct draft *d, const struct dialect_row *row, struct span value)
{
	bool side = row->slot == SLOT_SOURCE || row->slot == SLOT_DESTINATION;

	if (!d->slot[row->slot].len || row->rank < d->rank[row->slot]) {
		d->slot[row->slot] = value;
		d->rank[row->slot] = row->rank;
	} else if (side && row->field == FIELD_NONE && row->rank == d->rank[row->slot]) {
		if (d->extras == DRAFT_EXTRA_MAX) {
			d->ev->overflow++;
			return;
		}
		d->extra_slot[d->extras] = row->slot;
		d->extra[d->extras++] = value;
	}
}

/* A list of thousands must not crowd out who and when, which are added last; nor, in a
 * notification, the entity: little else is added there. */
static bool room(const struct event *ev, enum dialect dialect, enum event_field f)
{
	if (dialect == DIALECT_NOTIFICATION && event_field_type(f) == OBSERVABLE_NONE)
		return ev->fields < EVENT_FIELDS_MAX - LAST_ADDED / 2;
	return ev->fields < EVENT_FIELDS_MAX - LAST_ADDED &&
	       ev->observables < EVENT_OBSERVABLES_MAX - 2 * LAST_ADDED;
}

void dialect_take(struct draft *d, enum dialect dialect, const struct dialect_row *row,
		  struct span value)
{
	if (!value.len)
		return;
	if (row->slot >= SLOTS) {
		dialect_report_take(d, dialect, row, value);
		return;
	}
	if (dialect == DIALECT_IDEA &&
	    (row->field == FIELD_SOURCE_IP || row->field == FIELD_DESTINATION_IP) &&
	    !single_address(&value))
		return;
	if (row->field != FIELD_NONE && !room(d->ev, dialect, row->field))
		d->ev->overflow++;
	else if (row->field != FIELD_NONE)
		add(d, row->field, value);
	if (row->slot != SLOT_NONE)
		keep(d, row, value);
	if (row->slot == SLOT_TIME && row->rank == RANK_BEGAN)
		d->slot[SLOT_BEGAN] = value;
}

/*
 * Suricata logs most events from the flow's client, but these by the packet
 * or the file that set them off, which may have come from the server.
 */
static bool by_packet(struct span event_type)
{
	static const char *const types[] = {"alert",   "anomaly", "fileinfo", "drop",
					    "netflow", "dns",     NULL};
	return is_any(event_type, types);
}

static bool from_server(const struct draft *d)
{
	const struct span *s = d->slot;

	if (s[SLOT_CLIENT].len)
		return same(s[SLOT_CLIENT], s[SLOT_DESTINATION]) &&
		       !same(s[SLOT_CLIENT], s[SLOT_SOURCE]);
	if (!by_packet(s[SLOT_EVENT_TYPE]))
		return false;
	if (s[SLOT_DIRECTION].len)
		return is(s[SLOT_DIRECTION], "to_client");
	return s[SLOT_SOURCE_PORT].len && port_of(s[SLOT_SOURCE_PORT]) < PORT_PRIVILEGED &&
	       port_of(s[SLOT_DESTINATION_PORT]) >= PORT_PRIVILEGED;
}

static void swap(struct span *a, struct span *b)
{
	struct span t = *a;
	*a = *b;
	*b = t;
}

static void turn(struct draft *d)
{
	for (uint32_t i = 0; i < d->extras; i++)
		d->extra_slot[i] ^= SLOT_SOURCE ^ SLOT_DESTINATION;
	swap(&d->slot[SLOT_SOURCE], &d->slot[SLOT_DESTINATION]);
	swap(&d->slot[SLOT_SOURCE_PORT], &d->slot[SLOT_DESTINATION_PORT]);
}

static void add_flow(struct draft *d)
{
	const struct span *s = d->slot;

	if (from_server(d))
		turn(d);
	if (!d->slot[SLOT_SOURCE].len)
		d->slot[SLOT_SOURCE] = d->slot[SLOT_CLIENT];
	add_side(d, FIELD_SOURCE_IP, FIELD_SOURCE_DOMAIN, s[SLOT_SOURCE]);
	add_side(d, FIELD_DESTINATION_IP, FIELD_DESTINATION_DOMAIN, s[SLOT_DESTINATION]);
	for (uint32_t i = 0; i < d->extras; i++)
		if (d->extra_slot[i] == SLOT_SOURCE)
			add_side(d, FIELD_SOURCE_IP, FIELD_SOURCE_DOMAIN, d->extra[i]);
		else
			add_side(d, FIELD_DESTINATION_IP, FIELD_DESTINATION_DOMAIN, d->extra[i]);
	add(d, FIELD_SOURCE_PORT, s[SLOT_SOURCE_PORT]);
	add(d, FIELD_DESTINATION_PORT, s[SLOT_DESTINATION_PORT]);
}

/*
 * Zeek cuts the port off the Host header, so a request's URL takes the
 * server's. In logs without a connection "host" is the host spoken of.
 */
static void end_zeek(struct draft *d)
{
	struct span host = d->slot[SLOT_WEB_HOST], port = d->slot[SLOT_DESTINATION_PORT];
	struct address a;

	if (!d->slot[SLOT_SOURCE].len && address_parse(host.p, host.len, &a)) {
		d->slot[SLOT_SOURCE] = host;
	} else {
		add(d, FIELD_URL_DOMAIN, host);
		if (d->slot[SLOT_WEB_PATH].len)
			add(d, FIELD_URL_PORT, port);
	}
	add_flow(d);
}

static void set_victim(struct draft *d, struct span address, struct span name)
{
	address_parse(address.p, address.len, &d->ev->victim);
	if (!d->ev->victim.bits && name.len)
		add(d, FIELD_HOST_NAME, name);
}

/* IDEA0: Target is the victim, unless Source is itself an infected host. How long a
 * disruption lasted is impact; how long a scan or an infection did is not. */
static void end_idea(struct draft *d)
{
	static const char *const infected[] = {"Malware", "Intrusion.Botnet", "Botnet", NULL};
	bool source = false, disruption = false;

	for (uint32_t i = 0; i < d->ev->fields; i++) {
		const struct field *f = &d->ev->field[i];
		if (f->id != FIELD_RSIT_CLASS)
			continue;
		source |= is_any(f->value, infected) || starts(f->value, "Malware.");
		disruption |= starts(f->value, "Availability");
	}
	if (disruption)
		dialect_report_duration(d);
	add(d, FIELD_SOURCE_PORT, d->slot[SLOT_SOURCE_PORT]);
	add(d, FIELD_DESTINATION_PORT, d->slot[SLOT_DESTINATION_PORT]);
	if (source && d->slot[SLOT_SOURCE].len)
		set_victim(d, d->slot[SLOT_SOURCE], (struct span){"", 0});
	else
		set_victim(d, d->slot[SLOT_DESTINATION], d->slot[SLOT_DESTINATION_NAME]);
}

/* Is the source itself the affected one? Types by their old and new names. */
static bool source_is_victim(const struct draft *d, bool has_destination)
{
	static const char *const malicious[] = {"malicious-code", "malicious code", NULL};
	static const char *const infected[] = {"infected-system", "ransomware", "botnet drone",
					       "malware infection", NULL};
	static const char *const own[] = {"vulnerable", "intrusions", NULL};
	struct span taxonomy = d->slot[SLOT_TAXONOMY];

	if (is_any(taxonomy, malicious) || is_any(d->slot[SLOT_EVENT_TYPE], infected))
		return true;
	return is_any(taxonomy, own) && !has_destination;
}

/*
 * IntelMQ: "source" is where the abuse comes from. For malicious code that is
 * the infected host, and "destination" what it talks to; a C2 server or a
 * distribution site was itself reached. Else the destination is the victim;
 * a vulnerable or taken-over system without one is its own.
 */
static void end_intelmq(struct draft *d)
{
	static const char *const reached[] = {"c2-server", "c2server",
					      "c&c",       "malware-distribution",
					      "malware",   "malware-configuration",
					      "phishing",  "dga-domain",
					      NULL};
	const struct span *s = d->slot, none = {"", 0};
	bool has_destination = s[SLOT_DESTINATION].len || s[SLOT_DESTINATION_NAME].len;

	if (source_is_victim(d, has_destination))
		set_victim(d, s[SLOT_SOURCE], none);
	else
		set_victim(d, s[SLOT_DESTINATION], s[SLOT_DESTINATION_NAME]);
	if (is_any(s[SLOT_EVENT_TYPE], reached) && !has_destination)
		turn(d);
	add_flow(d);
}

/* n6: "address" is a bot, an attacker or a malicious server, as the category says. */
static void end_n6(struct draft *d)
{
	static const char *const reached[] = {"cnc",   "malurl",    "malware-action",
					      "phish", "webinject", "fraud",
					      "proxy", "tor",       NULL};
	static const char *const attacker[] = {"scanning", "server-exploit", "dos-attacker",
					       "spam",     "spam-url",       NULL};
	struct span category = d->slot[SLOT_EVENT_TYPE], none = {"", 0};
	struct span address = d->slot[SLOT_SOURCE], dip = d->slot[SLOT_DESTINATION];

	if (is_any(category, reached)) {
		set_victim(d, dip.len ? dip : address, none);
		turn(d);
	} else if (is_any(category, attacker)) {
		set_victim(d, dip, none);
	} else {
		set_victim(d, address, none);
	}
	add_flow(d);
}

/* The request target: as it was written, or path and query put together. */
static void add_target(struct draft *d)
{
	struct span path = d->slot[SLOT_WEB_PATH], query = d->slot[SLOT_WEB_QUERY];

	if (query.len && path.len && !memchr(path.p, '?', path.len))
		path = event_join(d->ev, path, '?', query);
	add(d, FIELD_URL_ORIGINAL, path);
}

void dialect_end(struct draft *d, enum dialect dialect)
{
	add(d, FIELD_TIMESTAMP, d->slot[SLOT_TIME]);
	add(d, FIELD_HOST_NAME, d->slot[SLOT_HOST]);
	switch (dialect) {
	case DIALECT_ZEEK:
		end_zeek(d);
		break;
	case DIALECT_IDEA:
		end_idea(d);
		break;
	case DIALECT_INTELMQ:
		end_intelmq(d);
		break;
	case DIALECT_N6:
		end_n6(d);
		break;
	case DIALECT_NOTIFICATION:
		dialect_report_end(d);
		break;
	default:
		add_target(d);
		add_flow(d);
	}
	event_finish(d->ev);
}
