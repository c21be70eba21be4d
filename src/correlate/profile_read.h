/*
 * profile_read - a YAML mapping by a table of its keys; for profile*.c only.
 *
 * Thread   one owner.
 * Order    what is wrong is told in the order of the file; reading goes on.
 * Owns     nothing: the document is the caller's.
 * Memory   none.
 * Limit    32 keys a table.
 */
#ifndef TOCSIN_CORRELATE_PROFILE_READ_H
#define TOCSIN_CORRELATE_PROFILE_READ_H

#include <yaml.h>

#include "correlate/profile.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* One load on its way: the document, where it came from, and who is told. */
struct load {
	yaml_document_t doc;
	const char *file;
	struct problems *ps;
	bool bad; /* sticky: something was refused */
	struct profile *p;
	struct criterion *c; /* the one being read */
	uint32_t line[PROFILE_CRITERIA_MAX]; /* of each criterion, for what only the whole tells */
	bool more;	     /* inside more_than: thresholds are exclusive */
	uint32_t depth;	     /* of the tree being read */
	yaml_node_t *when, *overrides; /* of the criterion being read, or NULL */
};

#define REFUSE_AT(l, where, ...)                                                                   \
	do {                                                                                       \
		(l)->bad = true;                                                                   \
		problem_refuse((l)->ps, "profile", (l)->file, where, __VA_ARGS__);                 \
	} while (0)
#define REFUSE(l, node, ...) REFUSE_AT(l, (uint32_t)(node)->start_mark.line + 1, __VA_ARGS__)

/* What a key may hold, and where it goes. */
enum type { TEXT, ID, WHOLE, FLAG, SPAN, DATE, LAST_DAY, SEVERITY, BASIS, ANNEX, APPLIES, MEASURE,
	    INSIDE };
struct key {
	const char *name;
	enum type type;
	bool required;
	size_t offset, size; /* TEXT, ID: of the array */
	uint64_t min, max;   /* WHOLE, SPAN in units of unit; MEASURE: in what is kept */
	uint64_t unit;       /* SPAN: microseconds a unit; MEASURE: enum impact_measure */
	/* INSIDE: a mapping of more keys, or a list */
	void (*inside)(struct load *l, yaml_node_t *node, void *base);
};

#define PLACE(s, f) .offset = offsetof(struct s, f), .size = sizeof(((struct s *)0)->f)

const char *profile_read_scalar(const yaml_node_t *node);
/* Text as a problem may quote it: short, and no control characters. */
const char *profile_read_quoted(const char *p, char out[48]);
/* What base holds is filled from node by its keys; what is wrong is told. */
void profile_read_mapping(struct load *l, yaml_node_t *node, const char *what,
			  const struct key *keys, size_t count, void *base);
/* One key's value; base is what the key's offset counts from. */
void profile_read_value(struct load *l, yaml_node_t *v, const struct key *k, void *base);
/* Each word of a list, or the one word that stands in its place. */
void profile_read_words(struct load *l, yaml_node_t *node, const char *what,
			void (*word)(struct load *l, yaml_node_t *v, void *base), void *base);
/* at_least, more_than, reported: into a struct demand. */
void profile_read_at_least(struct load *l, yaml_node_t *node, void *demand);
void profile_read_more_than(struct load *l, yaml_node_t *node, void *demand);
void profile_read_reported(struct load *l, yaml_node_t *node, void *demand);
/* "when": into the profile's nodes, from the criterion's node on. */
void profile_read_when(struct load *l, yaml_node_t *node, void *criterion);
/* The list of criteria. */
void profile_read_criteria(struct load *l, yaml_node_t *node, void *profile);
/* What only the whole can tell: thresholds that contradict, parts that nothing needs. */
void profile_read_check(struct load *l);

#endif
