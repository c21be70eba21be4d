/* stix_program_priv - what stix_program.c prepares for stix_compare.c and stix_eval.c. */
#ifndef TOCSIN_MATCH_STIX_PROGRAM_PRIV_H
#define TOCSIN_MATCH_STIX_PROGRAM_PRIV_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "match/atom.h"
#include "match/stix_program.h"

#define STIX_TEXT_MAX 65536 /* of a value that is brought into another form */

/* A constant in the forms in which it is compared. */
struct stix_ready {
	struct span text;  /* as written; for LIKE in NFC; canonical where the reading says so */
	struct span bytes; /* a string as bytes, where every character is one */
	bool is_bytes, is_network;
	struct network network;
	pcre2_code *regex, *byte_regex;
};

struct stix_program {
	struct stix_tree tree;
	struct stix_ready *ready; /* by constant */
	struct stix_types {
		uint32_t count;
		struct span type[STIX_TYPES_MAX];
		uint32_t root; /* of the comparison */
	} observed[STIX_OBSERVATIONS_MAX];
	bool records; /* STIX_RECORDS */
	bool multi;
};

struct stix_scratch {
	pcre2_match_data *match;
	pcre2_match_context *context;
	uint64_t gave_up;
	uint32_t tests;
	bool error;
	int32_t wide[STIX_TEXT_MAX]; /* utf8proc works in these */
	char bytes[STIX_TEXT_MAX];
	char url[ATOM_URL_MAX];
};

/* s in NFC: itself, or in buf; when that cannot be, s as it is. */
struct span stix_nfc(struct span s, int32_t *buf, size_t room);
/* Characters as bytes: false where one does not fit. out has room for s.len. */
bool stix_latin(struct span s, char *out, struct span *bytes);
/* The form in which values of that kind are compared in records; false: no such value. */
bool stix_canonical(uint8_t about, struct span s, char out[ATOM_URL_MAX], struct span *to);

/* One value against a leaf: its operator, with NOT. key names the property it lies in. */
bool stix_test(const struct stix_program *pr, struct stix_scratch *sc, const struct stix_leaf *l,
	       const struct stix_item *v, struct span key);

#endif
