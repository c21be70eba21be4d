/*
 * sigma_read - what the files that read rules share. Private to src/match/sigma.
 *
 * Thread   one owner.
 * Order    the first reason refuses a document; later ones are not told.
 * Owns     nothing; what is kept lies in the set's pool.
 * Memory   the pool's.
 * Limit    sigma_rule.h.
 */
#ifndef TOCSIN_MATCH_SIGMA_READ_H
#define TOCSIN_MATCH_SIGMA_READ_H

#include "match/sigma/sigma_pool.h"
#include "match/sigma/sigma_set.h"
#include "match/sigma/sigma_yaml.h"

/* One document on its way to being a rule. */
struct sigma_reader {
	struct sigma_set *s;
	struct sigma_pool *pool; /* the set's */
	struct problems *ps;
	const char *path; /* in the pool */
	uint32_t line;	  /* where the document begins */
	uint32_t values;  /* so far */
	bool keywords;	  /* some item names no field */
	bool bad;
};

/* Values while modifiers work on them: grows in the pool. */
struct sigma_values {
	struct sigma_value *v;
	uint32_t count, capacity;
};

struct sigma_identifier {
	struct span name;
	const struct sigma_node *node;
};

/* The search identifiers of a detection, in the order of the file. */
struct sigma_identifiers {
	struct sigma_identifier *id;
	uint32_t count;
};

/* Narrows rules of its log source: a rule's condition, and this one. */
struct sigma_filter {
	struct sigma_logsource logsource;
	bool any;	    /* of all rules of the log source */
	uint32_t count;
	struct span *rules; /* ids, names or titles */
	const struct sigma_node *condition;
	const char *file;
	uint32_t line;
	bool keywords;
	struct sigma_filter *next;
};

void sigma_refuse(struct sigma_reader *rd, uint32_t line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void *sigma_alloc(struct sigma_reader *rd, size_t count, size_t size);
struct sigma_value *sigma_values_add(struct sigma_reader *rd, struct sigma_values *list,
				     const struct sigma_value *v);
/* The field's number, new or known. */
uint32_t sigma_field(struct sigma_reader *rd, struct span name);
/* The number of a compiled expression, new or known; refuses what PCRE2 does not take. */
uint32_t sigma_regex_add(struct sigma_reader *rd, uint32_t line, const struct sigma_value *v);

/* sigma_string.c: wildcards and escapes into parts, not yet folded. */
void sigma_string_parse(struct sigma_reader *rd, struct span raw, struct sigma_value *v);
void sigma_string_plain(struct sigma_reader *rd, struct span text, struct sigma_value *v);
void sigma_string_wrap(struct sigma_reader *rd, struct sigma_value *v, bool before, bool after);
void sigma_string_dashes(struct sigma_reader *rd, uint32_t line, struct sigma_value *v);
void sigma_string_fold(struct sigma_reader *rd, struct sigma_value *v);
/* "%name%" by each of its values: raw texts, at least as many as fit. */
struct sigma_values sigma_string_expand(struct sigma_reader *rd, uint32_t line, struct span raw);

/* sigma_encode.c: what base64 and utf16 modifiers make of a string. */
enum sigma_utf16 { SIGMA_UTF16_LE, SIGMA_UTF16_BE, SIGMA_UTF16_BOM };
void sigma_encode_utf16(struct sigma_reader *rd, uint32_t line, struct sigma_value *v,
			enum sigma_utf16 order);
void sigma_encode_base64(struct sigma_reader *rd, uint32_t line, struct sigma_value *v);
void sigma_encode_base64offset(struct sigma_reader *rd, uint32_t line, const struct sigma_value *v,
			       struct sigma_values *out);
/* Each SIGMA_DASH by each of the five characters. */
void sigma_encode_dashes(struct sigma_reader *rd, uint32_t line, const struct sigma_value *v,
			 struct sigma_values *out);

/* sigma_item.c: "field|modifiers" and its values; key NULL: keywords without modifiers. */
const struct sigma_item *sigma_item_read(struct sigma_reader *rd, const struct sigma_yaml *key,
					 const struct sigma_yaml *const *values, uint32_t count);
/* sigma_detection.c: every identifier but "condition" (and skip, or NULL). */
struct sigma_identifiers sigma_detection_read(struct sigma_reader *rd,
					      const struct sigma_yaml *map, const char *skip);
const struct sigma_node *sigma_detection_join(struct sigma_reader *rd, enum sigma_node_kind kind,
					      const struct sigma_node *const *children,
					      uint32_t count);
/* sigma_condition.c: a text, or a list of texts. NULL when refused. */
const struct sigma_node *sigma_condition_read(struct sigma_reader *rd,
					      const struct sigma_yaml *condition,
					      const struct sigma_identifiers *ids);

/* sigma_set.c */
bool sigma_set_add(struct sigma_reader *rd, const struct sigma_rule *r, bool collected);
void sigma_set_add_filter(struct sigma_reader *rd, const struct sigma_filter *f);

/* sigma_correlation.c, sigma_chain.c */
void sigma_correlation_read(struct sigma_reader *rd, const struct sigma_yaml *doc);
void sigma_correlation_add(struct sigma_reader *rd, const struct sigma_correlation *c);
int sigma_chain_finish(struct sigma_set *s, struct problems *ps); /* 0, -ENOMEM */
void sigma_chain_fini(struct sigma_correlations *all);

/* sigma_meta.c: everything of a rule but its detection. */
void sigma_meta_logsource(struct sigma_reader *rd, const struct sigma_yaml *doc,
			  struct sigma_logsource *out);
/* Names, level, status, tags: what a correlation has too. */
void sigma_meta_names(struct sigma_reader *rd, const struct sigma_yaml *doc, struct sigma_rule *r);
void sigma_meta_read(struct sigma_reader *rd, const struct sigma_yaml *doc, struct sigma_rule *r);
bool sigma_logsource_covers(const struct sigma_logsource *wide, const struct sigma_logsource *narrow);

static inline bool sigma_span_is(struct span s, const char *text)
{
	return s.len == __builtin_strlen(text) && __builtin_memcmp(s.p, text, s.len) == 0;
}

static inline bool sigma_span_equal(struct span a, struct span b)
{
	return a.len == b.len && __builtin_memcmp(a.p, b.p, a.len) == 0;
}

#endif
