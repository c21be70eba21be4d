/*
 * indicator - what an ISAC says is bad, and the set of all that are loaded.
 *
 * Thread   built by one thread, then constant (a generation).
 * Order    the result does not depend on the order in which files are loaded,
 *          apart from indices and line numbers.
 * Owns     the set owns all strings (one growing block, offsets inside).
 * Memory   malloc while loading.
 * Limit    INDICATORS_MAX indicators, THREATS_MAX threats (24 and 27 bits in evidence).
 *
 * Millions of them are atoms: one condition, no pattern. indicator_set_seal() packs these
 * into the text (indicator_atom.h), some 10 bytes beside id and value, and drops what only
 * loading needs.
 *
 * One indicator has one or more conditions (atom or pattern) combined by a
 * small expression: OR of ANDs. {domain = a OR ip = b} has two clauses of one
 * condition each; {ip = a AND port = b} one clause of two.
 */
#ifndef TOCSIN_MATCH_INDICATOR_H
#define TOCSIN_MATCH_INDICATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/cache_file.h"
#include "base/problem.h"
#include "config/vocab.h"
#include "decode/event.h"

#define INDICATORS_MAX (1u << 24)
#define THREATS_MAX    (1u << 27)

enum condition_kind {
	CONDITION_IP,	   /* exact address */
	CONDITION_NETWORK, /* CIDR */
	CONDITION_DOMAIN,  /* the name and its subdomains */
	CONDITION_URL,	   /* normalised, see atom_url_normalise() */
	CONDITION_HASH,	   /* lower-case hex */
	CONDITION_EMAIL,   /* lower case */
	CONDITION_VALUE,   /* exact text of another observable type, ASCII case ignored */
	CONDITION_PORT,	   /* a port number beside the IP or DOMAIN of its clause */
	CONDITION_PATTERN, /* regular expression on values of a type, or on raw bytes */
};

enum pattern_kind { PATTERN_SUBSTRING, PATTERN_WILDCARD, PATTERN_REGEX };

struct condition {
	uint8_t kind;		 /* enum condition_kind */
	uint8_t type;		 /* observable type it is about; OBSERVABLE_NONE = raw record bytes */
	uint8_t pattern_kind;	 /* CONDITION_PATTERN */
	uint32_t hs_flags;	 /* CONDITION_PATTERN: HS_FLAG_* */
	uint16_t port;		 /* CONDITION_PORT */
	uint32_t clause;	 /* number of its clause within the indicator, from 0 */
	struct network network;	 /* CONDITION_IP, CONDITION_NETWORK */
	uint32_t text, text_len; /* in the set's block: the canonical value; for a pattern, the
				  * literal, the wildcard (* and ?, backslash escapes) or the regex */
};

/* Where indicators come from. */
struct feed {
	char name[128];
	char path[512]; /* or "kafka:topic" */
	uint8_t tlp;	     /* of unmarked indicators; default amber */
	uint8_t pap;	     /* default clear */
	uint8_t severity;    /* of indicators that state none; default medium */
	char campaign[128];  /* every indicator of the feed belongs to it; "" = none */
	uint32_t indicators; /* of a sealed set: how many are of this feed */
};

struct indicator {
	uint32_t id, id_len; /* text: STIX id, MISP uuid, or "type:value" where the feed has none */
	uint16_t feed;
	uint8_t severity, tlp, pap;
	int8_t confidence; /* 0..100, -1 not stated */
	bool rule;	   /* from a rule file: "by" says rule:<id>, threat kind is rule */
	bool local;	   /* the id means something in the feed alone */
	int64_t valid_from, valid_until; /* us; INT64_MIN and INT64_MAX when open */
	int64_t modified;		 /* us, of this version; INT64_MIN not stated. Sealed sets */
	uint32_t threat;		 /* index in the set; campaign when known */
	uint32_t first_condition, conditions;
	uint32_t line; /* in the feed's file, for messages; 0 unknown, or packed */
	/* A STIX pattern that has the last word (stix_program.h); its conditions only say which
	 * records to ask it about, or where it is open, that every one must be. 0: none. */
	uint32_t pattern, pattern_len;
	bool open;
};

#define INDICATOR_CLAUSES_MAX	 64
#define INDICATOR_CONDITIONS_MAX 16 /* in one clause */

enum threat_kind { THREAT_CAMPAIGN, THREAT_INDICATOR, THREAT_RULE };

struct threat {
	uint8_t kind;
	uint32_t id, id_len;	 /* text */
	uint32_t name, name_len; /* text; the id where nothing better is known */
};

enum benign_kind { BENIGN_STRING, BENIGN_SUBSTRING, BENIGN_HOSTNAME, BENIGN_CIDR, BENIGN_REGEX };

/*
 * A value that must not raise (MISP warninglist entry, plain list line). Its text:
 * STRING the canonical atom where it is one, else ASCII lower case; SUBSTRING lower
 * case; HOSTNAME a canonical domain (the name and its subdomains); CIDR "a.b.c.d/n" or
 * an address, canonical; REGEX the expression, case told by a leading "(?i)".
 */
struct benign {
	uint8_t kind;
	uint16_t list; /* index in lists */
	uint32_t text, text_len;
};

struct benign_list {
	char name[256];
	char path[512];
};

/* Atoms alone in their indicators, packed. The first so many indicators, and the first so
 * many conditions, are these. */
struct atom_meta;
struct indicator_atoms {
	uint32_t *at; /* where each begins in the text; ascending by hash of scope and id */
	uint32_t count;
	struct atom_meta *metas;
	uint32_t meta_count;
	/* atoms whose threat another atom of the same value names: (atom, that), ascending */
	struct atom_follower {
		uint32_t atom, leader;
	} *followers;
	uint32_t follower_count;
	int64_t base_us; /* times are kept as distances from it */
};

struct indicator_set {
	char *text;
	size_t text_len, text_capacity;
	struct indicator_atoms atoms;
	struct indicator *indicators; /* but for atoms */
	uint32_t count, capacity;     /* count: with atoms */
	struct condition *conditions; /* but for atoms' */
	uint32_t condition_count, condition_capacity;
	struct threat *threats; /* but for those that an atom names */
	uint32_t threat_count, threat_capacity;
	uint32_t threats_named; /* of threat_count, those that an indicator has */
	uint32_t kinds[CONDITION_PATTERN + 1]; /* of a sealed set, conditions of each kind */
	bool sealed;
	struct cache_file file; /* whose pages the arrays are (match_cache.h); map NULL: ours */
	struct feed *feeds;
	uint32_t feed_count, feed_capacity;
	struct benign *benigns;
	uint32_t benign_count, benign_capacity;
	struct benign_list *benign_lists;
	uint32_t benign_list_count, benign_list_capacity;
	/* counts for check: loaded by condition kind, and what was set aside on purpose */
	uint64_t revoked, deleted, not_to_ids, expired_patterns;
	void *index; /* private: (kind, id) -> threat, id -> indicator, until sealed */
};

int indicator_set_init(struct indicator_set *s); /* 0, -ENOMEM */
void indicator_set_fini(struct indicator_set *s);
/* The next generation: an independent set that starts with all that from holds
 * (withdrawn ids too, so that an older version cannot come back), its texts packed.
 * It is to be loaded into and finished before use. 0, -ENOMEM. */
int indicator_set_copy(struct indicator_set *s, const struct indicator_set *from);

/*
 * The one way to read a finished set: an atom that is alone in its indicator may be kept
 * packed (indicator_set_seal()), and is unpacked here. Numbers run over both kinds: indicators
 * 0..count-1, conditions 0..condition_count-1 in the order of their indicators, threats
 * 0..threat_count-1. Texts are spans of the set's block.
 */
struct indicator indicator_at(const struct indicator_set *s, uint32_t indicator);
struct condition condition_at(const struct indicator_set *s, uint32_t condition);
struct threat threat_at(const struct indicator_set *s, uint32_t threat);
/* What many atoms share: the whole threat they belong to, or UINT32_MAX, and their feed. */
uint32_t atom_meta_threat(const struct indicator_set *s, uint32_t meta, uint32_t *feed);
/* Of a condition only its kind: cheaper. */
enum condition_kind condition_kind_at(const struct indicator_set *s, uint32_t condition);
/* The first of threats 0..: those beyond are named by an atom, (threat - this) its number. */
static inline uint32_t threats_whole(const struct indicator_set *s)
{
	return s->threat_count - s->atoms.count;
}
/* A condition that is never packed: a pattern, a port, or one of several in its indicator. */
const struct condition *condition_whole(const struct indicator_set *s, uint32_t condition);

static inline struct span indicator_text(const struct indicator_set *s, uint32_t at, uint32_t len)
{
	return (struct span){s->text + at, len};
}

/*
 * Loads one file into the set, format told by content: STIX 2.1 bundle or
 * object, MISP event(s), attribute(s) or a MISP feed's response, Zeek Intel
 * TSV, CSV with a header row, plain list (maltrail and ipsum styles: '#'
 * comments, "value<TAB>count"). feed gives name, defaults and campaign.
 * 0, or -errno when the file cannot be read; bad entries go to ps.
 */
int feed_load_file(struct indicator_set *s, const struct feed *feed, struct problems *ps);
/* The same for bytes (a Kafka message); line numbers count from 1 within them. */
int feed_load_bytes(struct indicator_set *s, const struct feed *feed, const char *p, size_t len,
		    struct problems *ps);
/* hsbench patterns, "id:/re/flags" a line. Sets rule on each. */
int rules_load_file(struct indicator_set *s, const char *path, struct problems *ps);
/* MISP warninglist JSON, a folder of them, or a plain list (one value a line). */
int benign_load(struct indicator_set *s, const char *path, struct problems *ps);
/*
 * After loading: campaigns and markings that other objects state are resolved;
 * indicators with the same single atom share one threat unless a campaign claims
 * them; the smallest indicator id names it. Before it, threat is not set and
 * replaced indicators still hold their places. More may be loaded afterwards,
 * and then it is called again; the indices are new each time. 0, -ENOMEM.
 */
int indicator_set_finish(struct indicator_set *s);
/*
 * After finish, for good: atoms are packed, indicators are numbered anew (atoms, then the
 * others, each by hash of their id: the same in whatever order they were loaded), and what
 * only loading needs is freed. Nothing can be loaded or copied afterwards. 0, -ENOMEM,
 * -EOVERFLOW (4 GB of text).
 */
int indicator_set_seal(struct indicator_set *s);
/* Of a sealed set, the indicator with this id (feed: the name of the feed whose own id it
 * is, NULL: an id that means the same everywhere), or -1. No rules. */
int64_t indicator_find(const struct indicator_set *s, struct span id, const char *feed);
/* What a sealed set takes: all but the text, and the text. */
size_t indicator_set_bytes(const struct indicator_set *s);

#endif
