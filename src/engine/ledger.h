/*
 * ledger - where every record went: it balances, always.
 *
 * records = clean + hit + sum of the reasons + in flight. A worker adds to its
 * own; ledger_sum() reads all of them at any time.
 *
 * Thread   one writer a ledger; any reader.
 */
#ifndef TOCSIN_ENGINE_LEDGER_H
#define TOCSIN_ENGINE_LEDGER_H

#include <stdbool.h>

#include "base/counter.h"
#include "base/text.h"
#include "config/reason.h"

struct ledger {
	counter records, bytes;
	counter clean, hit;
	counter reason[REASON_COUNT]; /* [REASON_OK] unused */
	/* beside the balance: */
	counter hits;		      /* hits, several a record */
	counter suppressed;	      /* hits that a benign list set aside */
	counter claims_ignored;	      /* member-state claims of sources that are no aggregators */
	counter assertions_ignored;   /* of exceeded capacity, by sources that may not assert it */
	counter campaigns_refused;    /* notifications naming one campaign too many (CAMPAIGNS_NAMED_MAX) */
	counter hit_overflow;	      /* hits beyond MATCH_HITS_MAX in one record */
	counter field_overflow;	      /* fields or observables beyond an event's bounds */
	counter unplaced;	      /* hits that found no room in the evidence table */
	counter undecided;	      /* STIX patterns and expressions of rules that took too much work to decide */
	counter partial_refused;      /* observations of rules of several records without room */
	counter partial_dropped;      /* of these, in stretches of time that had too many */
	counter over_share;	      /* hits of sources that have claimed their share of it */
};

/* Adds `from` to `sum`, which one thread owns. */
void ledger_join(struct ledger *sum, const struct ledger *from);
uint64_t ledger_in_flight(const struct ledger *l); /* records not yet placed */
bool ledger_lossy(const struct ledger *l);	   /* anything rejected or dropped */
/* {"records":..,"clean":..,"hit":..,"rejected":{..},"dropped":{..},"in_flight":..} */
void ledger_json(struct text *out, const struct ledger *l);

#endif
