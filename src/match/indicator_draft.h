/*
 * indicator_draft - one indicator while a feed's parser puts it together.
 *
 * Thread   one owner; reused for each indicator.
 * Order    draft_reset(), conditions, the id last (it may lie in the draft's text),
 *          then indicator_set_add().
 * Owns     the canonical texts; the spans are the caller's until the add.
 * Memory   grows to the largest indicator met.
 * Limit    INDICATOR_CLAUSES_MAX x INDICATOR_CONDITIONS_MAX conditions.
 */
#ifndef TOCSIN_MATCH_INDICATOR_DRAFT_H
#define TOCSIN_MATCH_INDICATOR_DRAFT_H

#include "base/text.h"
#include "match/indicator.h"

#define DRAFT_CONDITIONS_MAX (INDICATOR_CLAUSES_MAX * INDICATOR_CONDITIONS_MAX)
#define DRAFT_VALUE_MAX      65536 /* bytes of one value or pattern */

struct draft {
	struct text text; /* canonical texts; conditions hold offsets into it */
	struct condition *conditions;
	uint32_t count, capacity;
	struct span id;
	struct span threat_id; /* names the threat instead of id; empty: id does */
	struct span name;      /* of the indicator; empty: its atom */
	struct span campaign, campaign_name;
	struct span markings; /* STIX marking ids not known yet, blank-separated */
	int64_t modified;     /* us; INT64_MIN not stated */
	int64_t valid_from, valid_until;
	uint8_t severity, tlp, pap;
	bool tlp_stated, pap_stated;
	int8_t confidence;
	bool rule;
	bool dead;  /* withdrawn: takes the place of older versions, matches nothing */
	struct span pattern; /* a STIX pattern that its conditions alone do not decide */
	bool evaluated;	     /* there is one */
	bool open;	     /* and its conditions do not name every record to look at */
	bool local; /* the id is the feed's own: another feed's is another indicator */
	uint32_t line;
};

void draft_init(struct draft *d);
void draft_fini(struct draft *d);
/* Empty again, with the feed's defaults. */
void draft_reset(struct draft *d, const struct feed *feed);

/*
 * Adds a value to clause as an atom of this kind, in canonical form; defanged
 * spellings are taken. type matters for CONDITION_VALUE only. NULL, or why not
 * (a static sentence).
 */
const char *draft_atom(struct draft *d, uint32_t clause, enum condition_kind kind,
		       enum observable_type type, const char *p, size_t len);
const char *draft_port(struct draft *d, uint32_t clause, uint32_t port);
/* "host:port" or a bare host (an address or a domain), defanged or not. */
const char *draft_endpoint(struct draft *d, uint32_t clause, const char *p, size_t len);
const char *draft_pattern(struct draft *d, uint32_t clause, enum observable_type type,
			  enum pattern_kind kind, uint32_t hs_flags, const char *p, size_t len);

/* The id of an entry that has none, "<type>:<value>[:port]" of its first clause,
 * as a span of the draft's text: nothing may be added afterwards. */
struct span draft_own_id(struct draft *d);

/* Takes the draft into the set; 0, -ENOMEM, -EOVERFLOW (a limit of the set). */
int indicator_set_add(struct indicator_set *s, uint16_t feed, const struct draft *d);

/* The same for a version whose content hash and namespace are known: another set had it. */
int indicator_set_put(struct indicator_set *s, uint16_t feed, const struct draft *d,
		      uint64_t content, uint32_t scope);
/* The namespace of ids that are a feed's own. */
uint32_t indicator_feed_scope(const char *feed);
uint32_t indicator_rule_scope(void); /* of rules' */

/* The rule of that id, NULL when there is none; valid until the next add. */
const struct indicator *indicator_set_rule(const struct indicator_set *s, struct span id);

/* The feed's place in the set, new or known by name and path; -errno. */
int indicator_set_feed(struct indicator_set *s, const struct feed *feed);

/* STIX: what other objects say about indicators, resolved by indicator_set_finish(). */
int indicator_set_link(struct indicator_set *s, struct span id, struct span source,
		       struct span target, int64_t modified, bool revoked);
int indicator_set_object(struct indicator_set *s, struct span id, struct span name,
			 int64_t modified);
/* tlp and pap: -1 when the marking says nothing about it. */
int indicator_set_marking(struct indicator_set *s, struct span id, int tlp, int pap);

#endif
