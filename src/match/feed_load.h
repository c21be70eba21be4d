/*
 * feed_load - one feed file on its way into the set; what the format readers share.
 *
 * Private to src/match/feed*.c and benign*.c.
 *
 * Thread   one owner.
 * Order    none; the error is sticky: once the set is full or memory is out, the
 *          readers do nothing more.
 * Owns     the draft; the bytes are the caller's.
 * Memory   the file, and while a JSON feed is read its tree.
 * Limit    FEED_BYTES_MAX a file.
 */
#ifndef TOCSIN_MATCH_FEED_LOAD_H
#define TOCSIN_MATCH_FEED_LOAD_H

#include "match/feed_message.h"
#include "match/feed_tree.h"
#include "match/indicator_draft.h"

#define FEED_BYTES_MAX ((size_t)1 << 30)
#define FEED_LINE_MAX  (1u << 20)

/* Where lines were counted to. */
struct feed_lines {
	size_t at;
	uint32_t line; /* of at */
};

struct feed_load {
	struct indicator_set *s;
	const struct feed *feed;
	struct problems *ps;
	const char *p; /* the whole file */
	size_t len;
	struct feed_lines lines;
	struct draft draft;
	uint16_t number; /* of the feed in the set */
	const struct feed_message *message; /* NULL: a file, or a message that stands for itself */
	bool taken;			    /* message's one indicator */
	int error;       /* 0 or -errno */
};

#define FEED_KEY_MAX 1024 /* bytes of a compacted topic's key */

/* A payload that is there; with a key it holds one indicator, whose id is the key. */
int feed_load_message(struct indicator_set *s, const struct feed *feed,
		      const struct feed_message *m, struct problems *ps);

/* A whole file, with a NUL behind it. */
struct feed_bytes {
	char *p;
	size_t len, room;
};
int feed_read(const char *path, struct feed_bytes *b); /* 0, -errno */
void feed_bytes_fini(struct feed_bytes *b);

/* An entry that cannot be taken; line 0 when it is not known. */
void feed_refuse(struct feed_load *l, uint32_t line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* "<value>: <why>", the value cut to what a person reads. */
void feed_refuse_value(struct feed_load *l, uint32_t line, const char *p, size_t len,
		       const char *why);
/* The draft into the set; the id may be empty: then "<type>:<value>". */
void feed_add(struct feed_load *l);

/* The line on which id, a span of the file, stands; 0 when it is none. */
uint32_t feed_line_of(struct feed_load *l, struct span id);

/* The string under key; empty when it is absent or no string. */
struct span feed_json_string(struct feed_value o, const char *key);
/* true, 1, "1", "true" */
bool feed_json_true(struct feed_value o, const char *key);
/* A number, or a string that holds one. */
bool feed_json_number(struct feed_value o, const char *key, double *value);

/* A plain value's conditions, its kind told by content; NULL, or why not. */
const char *feed_list_take(struct draft *d, uint32_t clause, struct span v);
/* One value of a plain list. */
void feed_list_value(struct feed_load *l, uint32_t line, const char *p, size_t len);

/* The readers. */
void feed_json(struct feed_load *l);
bool feed_stix_is(struct feed_value o);
void feed_stix(struct feed_load *l, struct feed_value o);
bool feed_misp_is(struct feed_value o);
void feed_misp(struct feed_load *l, struct feed_value o);
bool feed_zeek_is(const char *p, size_t len);
void feed_zeek(struct feed_load *l);
bool feed_csv_is(const char *p, size_t len);
void feed_csv(struct feed_load *l);
void feed_list(struct feed_load *l);

/* One line off the front of *p, without its line end; false at the end. */
bool feed_next_line(const char **p, const char *end, struct span *line);
struct span feed_trim(struct span s);

#endif
