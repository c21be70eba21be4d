/* A decoded record as STIX objects: each observable is one, and the record's own
 * structure (who talked to whom, which process, which file) is their references. */
#include <string.h>
#include <strings.h>

#include "match/stix_world.h"

#define REFERRED_MAX 16 /* of one list: more say nothing new, and would grow as a square */

struct build {
	struct stix_world *w;
	const struct event *ev;
	uint32_t item[EVENT_OBSERVABLES_MAX]; /* of the object made of each observable */
	uint32_t user;
};

static struct span word(const char *s)
{
	return (struct span){s, (uint32_t)strlen(s)};
}

static uint32_t object(struct build *b, const char *type)
{
	return stix_world_object(b->w, word(type), (struct span){0});
}

static uint32_t list(struct build *b, uint32_t parent, const char *key)
{
	return stix_world_add(b->w, parent, word(key), STIX_VALUE_LIST);
}

static struct span field(const struct event *ev, enum event_field f)
{
	for (uint32_t i = 0; i < ev->fields; i++)
		if (ev->field[i].id == f)
			return ev->field[i].value;
	return (struct span){0};
}

static bool has_type(const struct event *ev, enum observable_type type)
{
	for (uint32_t i = 0; i < ev->observables; i++)
		if (ev->observable[i].type == type)
			return true;
	return false;
}

static const char *value_type(const struct observable *o)
{
	switch (o->type) {
	case OBSERVABLE_IP:
		return o->addr.bits == 32 ? "ipv4-addr" : "ipv6-addr";
	case OBSERVABLE_DOMAIN:
		return "domain-name";
	case OBSERVABLE_URL:
		return "url";
	case OBSERVABLE_EMAIL:
		return "email-addr";
	}
	return NULL;
}

/* Objects that are one value. */
static void add_values(struct build *b)
{
	for (uint32_t i = 0; i < b->ev->observables; i++) {
		const struct observable *o = &b->ev->observable[i];
		const char *type = value_type(o);
		b->item[i] = type ? object(b, type) : STIX_NOTHING;
		if (type)
			stix_world_text(b->w, b->item[i], "value", o->value);
		if (o->type == OBSERVABLE_REGISTRY) {
			uint32_t key = object(b, "windows-registry-key");
			stix_world_text(b->w, key, "key", o->value);
		}
	}
}

/* A name and the addresses it led to, in one record. */
static void add_resolutions(struct build *b)
{
	const struct event *ev = b->ev;

	for (uint32_t i = 0; i < ev->observables; i++) {
		if (ev->observable[i].type != OBSERVABLE_DOMAIN)
			continue;
		uint32_t refs = list(b, b->item[i], "resolves_to_refs"), n = 0;
		for (uint32_t k = 0; k < ev->observables && n < REFERRED_MAX; k++) {
			const struct observable *o = &ev->observable[k];
			if (o->type == OBSERVABLE_IP && o->role != ROLE_CLIENT) {
				stix_world_refer(b->w, refs, "", b->item[k]);
				n++;
			}
		}
	}
}

static void refer_mail(struct build *b, uint32_t parent, const char *key, enum event_field f)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < b->ev->observables && n < REFERRED_MAX; i++) {
		const struct observable *o = &b->ev->observable[i];
		if (o->type == OBSERVABLE_EMAIL && o->field == f) {
			stix_world_refer(b->w, parent, key, b->item[i]);
			n++;
		}
	}
}

static void add_mail(struct build *b)
{
	if (!has_type(b->ev, OBSERVABLE_EMAIL))
		return;
	uint32_t m = object(b, "email-message");
	refer_mail(b, m, "from_ref", FIELD_EMAIL_FROM);
	refer_mail(b, m, "sender_ref", FIELD_EMAIL_FROM);
	/* sensors put all who are to receive it into one field */
	static const char *const lists[] = {"to_refs", "cc_refs", "bcc_refs"};
	for (int i = 0; i < 3; i++)
		refer_mail(b, list(b, m, lists[i]), "", FIELD_EMAIL_TO);
}

/* ---- files, by whose they are ---- */

enum owner { OF_RECORD, OF_PROCESS, OF_PARENT };

static enum owner owner_of(const struct observable *o)
{
	switch (o->field) {
	case FIELD_PROCESS_EXECUTABLE:
	case FIELD_PROCESS_NAME:
	case FIELD_PROCESS_HASH:
		return OF_PROCESS;
	case FIELD_PARENT_EXECUTABLE:
		return OF_PARENT;
	}
	return OF_RECORD;
}

static const char *algorithm(uint32_t digits)
{
	return digits == 32 ? "MD5" : digits == 40 ? "SHA-1" : digits == 64 ? "SHA-256" : "SHA-512";
}

/* False when there is none. to may be STIX_NOTHING: then it only looks. */
static bool add_hashes(struct build *b, uint32_t to, enum owner owner, bool any)
{
	uint32_t hashes = STIX_NOTHING;
	bool found = false;

	for (uint32_t i = 0; i < b->ev->observables; i++) {
		const struct observable *o = &b->ev->observable[i];
		if (o->type != OBSERVABLE_HASH || (!any && owner_of(o) != owner))
			continue;
		if (!found)
			hashes = stix_world_add(b->w, to, word("hashes"), STIX_VALUE_OBJECT);
		found = true;
		stix_world_text(b->w, hashes, algorithm(o->value.len), o->value);
	}
	return found;
}

static bool lies_in(struct span part, struct span whole)
{
	return whole.p && part.p > whole.p && part.p + part.len <= whole.p + whole.len;
}

static uint32_t add_file(struct build *b, struct span path)
{
	uint32_t file = object(b, "file");
	const char *base = path.p + path.len;

	while (base > path.p && base[-1] != '/' && base[-1] != '\\')
		base--;
	struct span name = {base, (uint32_t)(path.p + path.len - base)};
	stix_world_text(b->w, file, "name", name.len ? name : path);
	if (base == path.p || name.len == 0)
		return file;
	uint32_t folder = object(b, "directory");
	uint32_t len = (uint32_t)(base - path.p);
	/* the root keeps its separator */
	stix_world_text(b->w, folder, "path", (struct span){path.p, len > 1 ? len - 1 : len});
	stix_world_refer(b->w, file, "parent_directory_ref", folder);
	return file;
}

/* Every file of an owner, each with the owner's hashes; below refers to them as image. */
static void add_files(struct build *b, enum owner owner, uint32_t below)
{
	const struct event *ev = b->ev;
	struct span whole = {0};
	bool named = false;

	for (uint32_t i = 0; i < ev->observables; i++) {
		const struct observable *o = &ev->observable[i];
		if (o->type != OBSERVABLE_FILE_NAME || owner_of(o) != owner ||
		    lies_in(o->value, whole))
			continue;
		whole = o->value; /* its last part comes next, by itself */
		uint32_t file = add_file(b, o->value);
		/* sensors name the hashes of what was started now as the file's, now as the
		 * process's */
		if (!add_hashes(b, file, owner, false) && owner == OF_PROCESS)
			add_hashes(b, file, OF_RECORD, false);
		stix_world_refer(b->w, below, "image_ref", file);
		stix_world_refer(b->w, below, "binary_ref", file); /* 2.0 */
		named = true;
	}
	if (!named && add_hashes(b, STIX_NOTHING, owner, false))
		add_hashes(b, object(b, "file"), owner, false);
}

static bool add_command(struct build *b, uint32_t process, enum event_field f)
{
	struct span v = field(b->ev, f);

	if (v.len)
		stix_world_text(b->w, process, "command_line", v);
	return v.len > 0;
}

static void add_user(struct build *b)
{
	struct span name = field(b->ev, FIELD_USER_NAME);

	if (name.len == 0)
		return;
	b->user = object(b, "user-account");
	stix_world_text(b->w, b->user, "user_id", name);
	stix_world_text(b->w, b->user, "account_login", name);
}

static bool has_field(const struct event *ev, enum event_field f)
{
	return field(ev, f).len > 0;
}

static void add_process(struct build *b)
{
	const struct event *ev = b->ev;
	uint32_t process = STIX_NOTHING, parent = STIX_NOTHING;

	if (has_field(ev, FIELD_PARENT_EXECUTABLE) || has_field(ev, FIELD_PARENT_COMMAND_LINE))
		parent = object(b, "process");
	if (parent || has_field(ev, FIELD_PROCESS_EXECUTABLE) ||
	    has_field(ev, FIELD_PROCESS_NAME) || has_field(ev, FIELD_PROCESS_COMMAND_LINE))
		process = object(b, "process");
	add_command(b, process, FIELD_PROCESS_COMMAND_LINE);
	add_command(b, parent, FIELD_PARENT_COMMAND_LINE);
	stix_world_refer(b->w, process, "parent_ref", parent);
	stix_world_refer(b->w, process, "creator_user_ref", b->user);
	struct span name = field(ev, FIELD_PROCESS_NAME);
	if (name.len)
		stix_world_text(b->w, process, "name", name); /* 2.0 */
	add_files(b, OF_RECORD, STIX_NOTHING);
	add_files(b, OF_PROCESS, process);
	add_files(b, OF_PARENT, parent);
	if (has_type(ev, OBSERVABLE_HASH))
		add_hashes(b, object(b, "artifact"), OF_RECORD, true);
}

/* ---- the connection ---- */

static void add_port(struct build *b, uint32_t traffic, const char *key, enum event_field f)
{
	struct span v = field(b->ev, f);
	uint32_t port = 0;

	for (uint32_t i = 0; i < v.len; i++) {
		if (v.p[i] < '0' || v.p[i] > '9' || port > 65535)
			return;
		port = port * 10 + (uint32_t)(v.p[i] - '0');
	}
	if (v.len)
		stix_world_number(b->w, traffic, key, port);
}

static void add_ends(struct build *b, uint32_t traffic)
{
	for (uint32_t i = 0; i < b->ev->observables; i++) {
		const struct observable *o = &b->ev->observable[i];
		if (o->field == FIELD_SOURCE_IP || o->field == FIELD_SOURCE_DOMAIN)
			stix_world_refer(b->w, traffic, "src_ref", b->item[i]);
		else if (o->field == FIELD_DESTINATION_IP || o->field == FIELD_DESTINATION_DOMAIN ||
			 o->field == FIELD_TLS_SERVER_NAME || o->field == FIELD_URL_DOMAIN)
			stix_world_refer(b->w, traffic, "dst_ref", b->item[i]);
	}
}

static void add_protocols(struct build *b, uint32_t traffic)
{
	const struct event *ev = b->ev;
	uint32_t protocols = list(b, traffic, "protocols");
	struct span transport = field(ev, FIELD_NETWORK_TRANSPORT);
	struct address a;
	struct span ip = field(ev, FIELD_DESTINATION_IP);

	if (address_parse(ip.p, ip.len, &a))
		stix_world_text(b->w, protocols, "", word(a.bits == 32 ? "ipv4" : "ipv6"));
	for (size_t i = 0; i < 4; i++) {
		/* lower case, however the sensor writes it */
		static const char *const known[] = {"tcp", "udp", "icmp", "sctp"};
		if (transport.len == strlen(known[i]) &&
		    strncasecmp(transport.p, known[i], transport.len) == 0)
			stix_world_text(b->w, protocols, "", word(known[i]));
	}
	if (has_field(ev, FIELD_DNS_QUESTION_NAME))
		stix_world_text(b->w, protocols, "", word("dns"));
	if (has_field(ev, FIELD_TLS_SERVER_NAME) || has_field(ev, FIELD_TLS_JA3))
		stix_world_text(b->w, protocols, "", word("tls"));
	if (has_field(ev, FIELD_HTTP_METHOD))
		stix_world_text(b->w, protocols, "", word("http"));
}

static void add_http(struct build *b, uint32_t traffic)
{
	const struct event *ev = b->ev;
	static const struct {
		const char *key;
		enum event_field f;
	} headers[] = {{"User-Agent", FIELD_USER_AGENT},
		       {"Host", FIELD_URL_DOMAIN},
		       {"Referer", FIELD_HTTP_REFERRER}};

	if (!has_field(ev, FIELD_HTTP_METHOD) && !has_field(ev, FIELD_USER_AGENT) &&
	    !has_type(ev, OBSERVABLE_PATH))
		return;
	uint32_t all = stix_world_add(b->w, traffic, word("extensions"), STIX_VALUE_OBJECT);
	uint32_t http = stix_world_add(b->w, all, word("http-request-ext"), STIX_VALUE_OBJECT);
	struct span method = field(ev, FIELD_HTTP_METHOD);
	if (method.len)
		stix_world_text(b->w, http, "request_method", method);
	for (uint32_t i = 0; i < ev->observables; i++)
		if (ev->observable[i].type == OBSERVABLE_PATH)
			stix_world_text(b->w, http, "request_value", ev->observable[i].value);
	uint32_t header = stix_world_add(b->w, http, word("request_header"), STIX_VALUE_OBJECT);
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		struct span v = field(ev, headers[i].f);
		if (v.len)
			stix_world_text(b->w, header, headers[i].key, v);
	}
}

static void add_traffic(struct build *b)
{
	const struct event *ev = b->ev;

	if (!has_field(ev, FIELD_SOURCE_IP) && !has_field(ev, FIELD_DESTINATION_IP) &&
	    !has_field(ev, FIELD_SOURCE_PORT) && !has_field(ev, FIELD_DESTINATION_PORT) &&
	    !has_field(ev, FIELD_USER_AGENT) && !has_type(ev, OBSERVABLE_PATH))
		return;
	uint32_t traffic = object(b, "network-traffic");
	add_ends(b, traffic);
	add_port(b, traffic, "src_port", FIELD_SOURCE_PORT);
	add_port(b, traffic, "dst_port", FIELD_DESTINATION_PORT);
	add_protocols(b, traffic);
	add_http(b, traffic);
}

static void add_certificate(struct build *b)
{
	struct span issuer = field(b->ev, FIELD_X509_ISSUER);
	struct span subject = field(b->ev, FIELD_X509_SUBJECT);

	if (issuer.len == 0 && subject.len == 0)
		return;
	uint32_t c = object(b, "x509-certificate");
	if (issuer.len)
		stix_world_text(b->w, c, "issuer", issuer);
	if (subject.len)
		stix_world_text(b->w, c, "subject", subject);
}

void stix_world_event(struct stix_world *w, const struct event *ev)
{
	struct build b = {.w = w, .ev = ev};

	stix_world_reset(w);
	add_values(&b);
	add_resolutions(&b);
	add_mail(&b);
	add_user(&b);
	add_process(&b);
	add_traffic(&b);
	add_certificate(&b);
}
