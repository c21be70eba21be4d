/*
 * indicator_atom - an atom as it lies in the text of a sealed set.
 *
 * Private to src/match/indicator*.c.
 *
 *   meta   what many atoms share, a number of the set's metas
 *   [modified] [valid_from] [valid_until]   each if the meta says so, in its unit: the
 *          distance from the set's base, from modified (or base), from valid_from (or base)
 *   value, then the threat's name where it has one of its own, then the id: each a length
 *          and bytes. Where value and id, or value and the threat's id, share their end
 *          ("domain:evil.example"), the longer stands alone.
 *
 * Numbers are 7 bits a byte, the lowest first, the top bit saying that more follow;
 * distances with their sign in the lowest bit.
 *
 * Thread   any.
 * Order    none.
 * Owns     nothing: a view's texts are offsets into the set's text.
 * Memory   none.
 * Limit    checked by atom_check() where the bytes come from a file.
 */
#ifndef TOCSIN_MATCH_INDICATOR_ATOM_H
#define TOCSIN_MATCH_INDICATOR_ATOM_H

#include "match/indicator.h"
#include "match/indicator_index.h"

enum atom_form {
	ATOM_ID_APART, /* value; id */
	ATOM_ID_ENDS,  /* the id ends in the value */
	ATOM_THREAT_ENDS, /* the id is the feed's own; the threat's ends in the value */
	ATOM_FORMS,
};

enum atom_flag {
	ATOM_MODIFIED = 1,
	ATOM_FROM = 2,
	ATOM_UNTIL = 4,
	ATOM_NAMED = 8,    /* a name of its own; else the meta's, else the value */
	ATOM_LOCAL = 16,   /* indicator.local */
	ATOM_FOLLOWS = 32, /* its threat is another atom's, see followers */
	ATOM_FLAGS = 63,
};

#define ATOM_OWN_THREAT UINT32_MAX

/* 32 bytes without padding: metas are compared and hashed as bytes. */
struct atom_meta {
	uint32_t threat; /* of the set's whole threats, or ATOM_OWN_THREAT */
	struct ref name; /* that several atoms share; len 0: none */
	uint32_t unit;	 /* of times, us */
	uint32_t prefix; /* bytes before the value in an id or threat id that ends in it */
	uint16_t feed;
	uint8_t severity, tlp, pap;
	int8_t confidence;
	uint8_t kind, type; /* of its condition */
	uint8_t form, flags;
	uint16_t zero;
};

_Static_assert(sizeof(struct atom_meta) == 32, "no padding: compared as bytes, kept in files");

struct atom_view {
	const struct atom_meta *meta;
	int64_t modified, from, until;
	struct ref value, id, threat_id, name; /* name.len 0: the value is */
};

void atom_view(const struct indicator_set *s, uint32_t atom, struct atom_view *v);
/* Whether the bytes of every atom lie in the text and name metas that there are. */
bool atom_check(const struct indicator_set *s);
/* The atom that names this atom's threat. */
uint32_t atom_leader(const struct indicator_set *s, uint32_t atom, const struct atom_meta *m);

#endif
