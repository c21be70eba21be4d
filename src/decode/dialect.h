/*
 * dialect - which path of which format fills which field.
 *
 * A format is a table of rows (path, where its value goes) and one function
 * for what a single row cannot say: direction, victim, ports. One index holds
 * the paths of all formats, so that a record is walked once: its known scalars
 * are kept, then the telling keys decide which format's rows apply.
 *
 * Thread   tables are constant; an index is constant once built.
 * Owns     an index owns its memory and borrows the rows.
 * Memory   dialect_index_create() takes everything.
 * Limit    DIALECT_PATHS_MAX paths.
 */
#ifndef TOCSIN_DECODE_DIALECT_H
#define TOCSIN_DECODE_DIALECT_H

#include "config/vocab.h"
#include "decode/event.h"

#define DIALECT_PATHS_MAX 2048

enum dialect {
	DIALECT_EVE,
	DIALECT_ZEEK,
	DIALECT_ECS,     /* with Winlogbeat's winlog.* and Filebeat's suricata.eve.* */
	DIALECT_WINDOWS, /* flat Windows events: Sysmon, Security, PowerShell */
	DIALECT_IDEA,
	DIALECT_INTELMQ,
	DIALECT_N6,
	DIALECT_NOTIFICATION, /* include/tocsin/notification.schema.json */
	DIALECT_MAP, /* a user's field map */
	DIALECTS
};

/* One value of the record that waits until all are known. */
enum slot {
	SLOT_NONE,
	SLOT_TIME,
	SLOT_HOST,
	SLOT_SOURCE,
	SLOT_SOURCE_PORT,
	SLOT_DESTINATION,
	SLOT_DESTINATION_PORT,
	SLOT_CLIENT, /* who opened the flow, where the format says so apart from the source */
	SLOT_DIRECTION,
	SLOT_EVENT_TYPE, /* EVE event_type, Zeek _path, report category */
	SLOT_TAXONOMY,
	SLOT_WEB_HOST,
	SLOT_WEB_PATH,
	SLOT_WEB_QUERY, /* where the path stands without it */
	SLOT_DESTINATION_NAME,
	SLOT_BEGAN,  /* as the time of RANK_BEGAN says */
	SLOT_CEASED, /* when it was over */
	SLOTS,
	/* what an entity reports is not kept but taken at once: dialect_report_take() */
	SLOT_MEASURE = SLOTS, /* rank says which */
	SLOT_CLAIM,	      /* rank says which: true or false */
	SLOT_CAUSE,
	SLOT_ENTITY_TYPE,
	SLOT_IMPACT_SEVERITY,
	SLOT_SECTOR,
	SLOT_STATES_AFFECTED,
	SLOT_REPORT_TYPE,
	SLOT_EXERCISE,
	SLOT_CAMPAIGN,
	SLOT_REPORT_ID
};

#define RANK_BEGAN 1 /* of a report's times, the one that says when it began */

struct dialect_row {
	const char *path;
	uint16_t field; /* enum event_field to add, FIELD_NONE none */
	uint8_t slot;   /* enum slot to fill, SLOT_NONE none */
	uint8_t rank;   /* in its slot: the lowest stands, the first of equals */
};

#define DRAFT_EXTRA_MAX 16

/* A record on its way to an event. */
struct draft {
	struct event *ev;
	struct span slot[SLOTS];
	uint8_t rank[SLOTS];
	/* further addresses of a side that lists several */
	bool typed; /* a notification said of what type it is */
	uint32_t extras;
	struct span extra[DRAFT_EXTRA_MAX];
	uint8_t extra_slot[DRAFT_EXTRA_MAX];
};

/* What is known of one path. */
struct dialect_path {
	const char *path;
	uint32_t len;
	uint32_t tells; /* TELL_* */
	const struct dialect_row *row[DIALECTS];
};

struct dialect_index;

/* All built-in formats; or, with rows, a user's map alone. NULL: -ENOMEM. */
struct dialect_index *dialect_index_create(const struct dialect_row *rows, size_t count);
void dialect_index_free(struct dialect_index *x);
const struct dialect_path *dialect_find(const struct dialect_index *x, struct span path);

/* Keys that tell a format; a record's are or-ed together. */
enum {
	TELL_IDEA = 1 << 0,
	TELL_EVENT_TYPE = 1 << 1,
	TELL_FLOW = 1 << 2, /* src_ip, timestamp, flow_id */
	TELL_ZEEK = 1 << 3,
	TELL_TS = 1 << 4,
	TELL_UID = 1 << 5,
	TELL_ECS = 1 << 6,
	TELL_INTELMQ = 1 << 7,
	TELL_CATEGORY = 1 << 8,
	TELL_CHANNEL = 1 << 9, /* "source", when it is n6's "provider.channel" */
	TELL_N6 = 1 << 10,     /* address, time, id */
	TELL_EVENT_ID = 1 << 11,
	TELL_WINDOWS = 1 << 12, /* Channel, SourceName, Hostname, TimeCreated */
	TELL_NOTIFICATION = 1 << 13, /* "notification.schema", when it is ours */
};
/* The format of a record with these telling keys; -1 when they tell none. */
int dialect_tell(uint32_t tells);
int dialect_of_format(enum format format); /* enum dialect; -1: not a JSON dialect */
enum format dialect_format(enum dialect d);

void dialect_begin(struct draft *d, struct event *ev);
void dialect_take(struct draft *d, enum dialect dialect, const struct dialect_row *row,
		  struct span value);
/* A value that an entity reports (SLOT_MEASURE and on). What is wrong in a notification
 * refuses it (event.refused); elsewhere it says nothing. */
void dialect_report_take(struct draft *d, enum dialect dialect, const struct dialect_row *row,
			 struct span value);
/* After a notification's last value: its duration, and what follows from several values. */
void dialect_report_end(struct draft *d);
/* How long it lasted, where nothing says so but its beginning and end. */
void dialect_report_duration(struct draft *d);
#define DIALECT_NOTIFICATION_SCHEMA "urn:tocsin:schema:notification:1"
/* After the last value: what the format's rows could not say, then event_finish(). */
void dialect_end(struct draft *d, enum dialect dialect);

#endif
