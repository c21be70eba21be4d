/*
 * event - one decoded record: ECS-named fields, observables with their roles,
 * direction, entity, time. What match verifies against and correlate counts.
 *
 * Thread   one worker; reused for each record.
 * Owns     the text that event_finish() composes. All other spans point into
 *          the record or the decoder's scratch; all die with the next decode.
 * Limit    EVENT_FIELDS_MAX fields, EVENT_OBSERVABLES_MAX observables; what is
 *          beyond is counted in overflow and never silently lost from the ledger.
 */
#ifndef TOCSIN_DECODE_EVENT_H
#define TOCSIN_DECODE_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "config/source.h"
#include "config/vocab.h"
#include "config/vocab_impact.h"

#define EVENT_FIELDS_MAX      192
#define EVENT_OBSERVABLES_MAX 256
#define EVENT_TEXT_MAX	      16384 /* a composed URL: host, port and path */
#define EVENT_NAME_MAX	      128   /* of a campaign, or a notification's id */

struct span {
	const char *p;
	uint32_t len;
};

enum observable_type {
	OBSERVABLE_NONE,
	OBSERVABLE_IP,
	OBSERVABLE_DOMAIN, /* DNS query, SNI, HTTP host */
	OBSERVABLE_URL,	   /* full URL, or composed from host and path */
	OBSERVABLE_HASH,   /* md5, sha1, sha256, sha512 as hex */
	OBSERVABLE_EMAIL,
	OBSERVABLE_USER_AGENT,
	OBSERVABLE_JA3, /* JA3, JA3S, JA4 */
	OBSERVABLE_FILE_NAME,
	OBSERVABLE_COMMAND,  /* process command line */
	OBSERVABLE_REGISTRY, /* registry key */
	OBSERVABLE_PATH,     /* URI path and query */
	OBSERVABLE_TEXT,     /* any other mapped text */
	OBSERVABLE_TYPES
};

/* Where in the exchange the value stands. */
enum observable_role {
	ROLE_CLIENT, /* address of who asked */
	ROLE_SERVER, /* address of who was asked */
	ROLE_ASKED,  /* a name or URL that the client reached out to */
	ROLE_FOUND,  /* on the host: hash, file, command */
	ROLE_SENDER, /* mail from, and other values a peer put forward */
	ROLE_OTHER   /* not known */
};

/*
 * ECS field names that decode fills; X(ID, "ecs.name", observable type, role).
 * Fields without a type are context (time, entity, direction, class).
 */
#define EVENT_FIELDS(X)                                                                            \
	X(TIMESTAMP, "@timestamp", NONE, OTHER)                                                    \
	X(EVENT_KIND, "event.kind", NONE, OTHER)                                                   \
	X(EVENT_DATASET, "event.dataset", NONE, OTHER)                                             \
	X(EVENT_ID, "event.id", NONE, OTHER)                                                       \
	X(EVENT_PARENT_ID, "tocsin.parent_id", NONE, OTHER) /* the event that this one restates */ \
	X(EVENT_UUID, "tocsin.uuid", NONE, OTHER)                                                  \
	X(SOURCE_IP, "source.ip", IP, CLIENT)                                                      \
	X(SOURCE_PORT, "source.port", NONE, OTHER)                                                 \
	X(DESTINATION_IP, "destination.ip", IP, SERVER)                                            \
	X(DESTINATION_PORT, "destination.port", NONE, OTHER)                                       \
	X(NETWORK_TRANSPORT, "network.transport", NONE, OTHER)                                     \
	X(NETWORK_DIRECTION, "network.direction", NONE, OTHER)                                     \
	X(COMMUNITY_ID, "network.community_id", NONE, OTHER)                                       \
	X(SOURCE_DOMAIN, "source.domain", DOMAIN, OTHER)                                           \
	X(DESTINATION_DOMAIN, "destination.domain", DOMAIN, ASKED)                                 \
	X(DNS_QUESTION_NAME, "dns.question.name", DOMAIN, ASKED)                                   \
	X(TLS_SERVER_NAME, "tls.client.server_name", DOMAIN, ASKED)                                \
	X(TLS_JA3, "tls.client.ja3", JA3, ASKED)                                                   \
	X(TLS_JA4, "tls.client.ja4", JA3, ASKED)                                                   \
	X(TLS_JA3S, "tls.server.ja3s", JA3, ASKED)                                                 \
	X(URL_FULL, "url.full", URL, ASKED)                                                        \
	X(URL_DOMAIN, "url.domain", DOMAIN, ASKED)                                                 \
	X(URL_ORIGINAL, "url.original", PATH, ASKED)                                               \
	X(URL_SCHEME, "url.scheme", NONE, OTHER)                                                   \
	X(URL_PORT, "url.port", NONE, OTHER)                                                       \
	X(USER_AGENT, "user_agent.original", USER_AGENT, ASKED)                                    \
	X(HTTP_METHOD, "http.request.method", NONE, OTHER)                                         \
	X(HTTP_REFERRER, "http.request.referrer", TEXT, OTHER)                                     \
	X(FILE_NAME, "file.name", FILE_NAME, FOUND)                                                \
	X(FILE_PATH, "file.path", FILE_NAME, FOUND)                                                \
	X(FILE_HASH_MD5, "file.hash.md5", HASH, FOUND)                                             \
	X(FILE_HASH_SHA1, "file.hash.sha1", HASH, FOUND)                                           \
	X(FILE_HASH_SHA256, "file.hash.sha256", HASH, FOUND)                                       \
	X(FILE_HASH_SHA512, "file.hash.sha512", HASH, FOUND)                                       \
	X(FILE_HASHES, "file.hash", HASH, FOUND) /* "SHA1=..,MD5=.." split by decode */           \
	X(PROCESS_HASH, "process.hash", HASH, FOUND)                                               \
	X(PROCESS_EXECUTABLE, "process.executable", FILE_NAME, FOUND)                              \
	X(PROCESS_NAME, "process.name", FILE_NAME, FOUND)                                          \
	X(PROCESS_COMMAND_LINE, "process.command_line", COMMAND, FOUND)                            \
	X(PARENT_EXECUTABLE, "process.parent.executable", FILE_NAME, FOUND)                        \
	X(PARENT_COMMAND_LINE, "process.parent.command_line", COMMAND, FOUND)                      \
	X(REGISTRY_PATH, "registry.path", REGISTRY, FOUND)                                         \
	X(EMAIL_FROM, "email.from.address", EMAIL, SENDER)                                         \
	X(EMAIL_TO, "email.to.address", EMAIL, ASKED)                                              \
	X(X509_ISSUER, "tls.server.issuer", TEXT, ASKED)                                           \
	X(X509_SUBJECT, "tls.server.subject", TEXT, ASKED)                                         \
	X(RULE_NAME, "rule.name", TEXT, OTHER)                                                     \
	X(MESSAGE, "message", TEXT, OTHER)                                                         \
	X(HOST_NAME, "host.name", NONE, OTHER)                                                     \
	X(HOST_IP, "host.ip", NONE, OTHER)                                                         \
	X(USER_NAME, "user.name", NONE, OTHER)                                                     \
	X(ORGANIZATION_NAME, "organization.name", NONE, OTHER)                                     \
	X(ORGANIZATION_ID, "organization.id", NONE, OTHER)                                         \
	X(TLP, "tlp", NONE, OTHER)                                                                 \
	X(RSIT_CLASS, "rsit.class", NONE, OTHER)                                                   \
	X(RSIT_TYPE, "rsit.type", NONE, OTHER)                                                     \
	X(TAGS, "tags", NONE, OTHER)                                                               \
	X(SEVERITY, "tocsin.severity", NONE, OTHER)                                                \
	X(MEMBER_STATE, "tocsin.member_state", NONE, OTHER)                                        \
	X(USERS_AFFECTED, "tocsin.users_affected", NONE, OTHER)                                    \
	X(DURATION, "tocsin.duration_seconds", NONE, OTHER)

enum event_field {
	FIELD_NONE,
#define X(id, name, type, role) FIELD_##id,
	EVENT_FIELDS(X)
#undef X
	FIELD_COUNT
};

const char *event_field_name(enum event_field f);
int event_field_find(const char *name, size_t len); /* enum event_field, or -1 */
enum observable_type event_field_type(enum event_field f);
enum observable_role event_field_role(enum event_field f);
/* MD5, SHA-1, SHA-256 or SHA-512 in hex, told by length. */
bool event_is_hash(const char *p, size_t len);

struct field {
	uint16_t id; /* enum event_field */
	struct span value; /* unescaped */
};

struct observable {
	uint8_t type, role;
	uint16_t field; /* enum event_field */
	uint16_t port;	/* OBSERVABLE_IP: the port on its side, 0 unknown */
	struct span value;   /* as written; domains without the final dot */
	struct address addr; /* OBSERVABLE_IP */
};

struct event {
	uint8_t format; /* enum format that was found */
	bool has_time;
	bool comment;	       /* no record: a '#' line or an empty one; not to be counted */
	bool test;	       /* rsit test, IDEA Test, nis:test */
	bool has_direction;    /* client and server are known (not merely src and dst of a line) */
	uint8_t stated_class;  /* enum hit_class that the record states, CLASS_NONE if none */
	uint8_t stated_severity; /* enum severity, SEVERITY_NONE if none */
	int8_t tlp;	       /* stated by the record, -1 none */
	int8_t state_claim;    /* vocab state the record names, -1 none, -2 unreadable */
	int64_t time_us;
	struct address client, server; /* bits 0 = not known */
	uint16_t client_port, server_port;
	struct address victim; /* who is affected, where the format says so itself (IDEA0, IntelMQ, n6) */
	struct span organisation, host; /* entity material */
	uint64_t users_affected;	/* reported, 0 none */
	uint64_t duration_s;		/* reported, 0 none */
	uint32_t measure[IMPACT_MEASURE_COUNT]; /* what else was reported, by enum impact_measure */
	uint64_t claims;		/* bit per enum impact_claim */
	bool reports;			/* measure or claims say something */
	/* of an incident notification: */
	uint8_t refused;		/* enum reason; REASON_OK */
	int8_t sector;			/* of the entity, -1 not stated */
	uint32_t states_affected;	/* bit per state */
	struct span campaign, report_id; /* the threat it names; its own id */
	uint32_t fields, observables, overflow;
	struct field field[EVENT_FIELDS_MAX];
	struct observable observable[EVENT_OBSERVABLES_MAX];
	/* The bytes that raw patterns are verified against: the record, or a packet's payload. */
	struct span raw;
	uint32_t text_used;
	char text[EVENT_TEXT_MAX];
};

void event_reset(struct event *ev);
/* Adds a mapped value and, where the field has a type, its observable (IP parsed, case kept). */
void event_add(struct event *ev, enum event_field f, const char *p, size_t len);
/* A value that no field names (a word of a line): an observable of ROLE_OTHER. */
void event_observe(struct event *ev, enum observable_type type, const char *p, size_t len);
/* A field made of others that are there already: one observable of its type, nothing cut out. */
void event_add_composed(struct event *ev, enum event_field f, const char *p, size_t len);
/* Two values with a character between, in the event's own text; a alone when it does not fit. */
struct span event_join(struct event *ev, struct span a, char between, struct span b);
/* After all fields: client/server, composed URL, time, stated class, organisation. */
void event_finish(struct event *ev);

/*
 * Effect or attempt (enum hit_class), for a hit on this observable (NULL: on
 * the raw bytes): what the record states wins; else an observable that an
 * inside host reached out to, or that was found on it, is effect; one that
 * only knocks from outside is an attempt. CLASS_TEST for exercise traffic.
 */
enum hit_class event_class(const struct event *ev, const struct observable *o,
			   const struct home_net *home);

/*
 * What the observation behind the record is called, whoever relays it; 0 when the
 * record carries no such name. Never two sensors' view of one flow: those differ.
 *
 *   any JSON format   a top-level "uuid" (MISP); a user's map: what it maps to tocsin.uuid
 *   IDEA0             ID; the only AggrID or CorrelID when it restates one event
 *   n6                id
 *   ECS               event.id and time
 *   Suricata EVE      community_id, time, event_type, and what the event says
 *   Zeek              uid, community_id, time, log, and what the event says
 *
 * "What the event says" is its rule, name, path and file, because one flow has
 * several events at one time.
 */
uint64_t event_identity(const struct event *ev);

#define ENTITY_TEXT_MAX 512
/* Who is affected: organisation, else the inside host, else host.name, else the
 * client. Length of the text written (prefix "org:", "ip:", "host:"), 0 = nobody named. */
size_t event_entity(const struct event *ev, const struct source *s, const struct home_net *home,
		    char out[ENTITY_TEXT_MAX]);

#endif
