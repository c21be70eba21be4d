/*
 * anomaly - what the engine noticed about its evidence, and what it does about it.
 *
 * One NDJSON line (include/tocsin/anomaly.schema.json), to where candidates go.
 * Its id is a UUIDv5 of the kind and the threat: one a threat, for good.
 *
 * Thread   any.
 * Order    none.
 * Owns     nothing.
 * Memory   the line.
 * Limit    none.
 */
#ifndef TOCSIN_RAISE_ANOMALY_H
#define TOCSIN_RAISE_ANOMALY_H

#include "raise/candidate.h"

/* A threat that is ordinary in some state: it fits too much to say anything there.
 * of[s]: all records of state s. */
void anomaly_over_correlation(struct text *out, char id[CANDIDATE_ID_MAX],
			      const struct threat_name *threat, const struct episode *ep,
			      const uint64_t of[STATES]);

/* A threat whose records are no longer kept one by one, while the table fills up: so many hits
 * of so many records, as workers have seen them so far. */
void anomaly_summarised(struct text *out, char id[CANDIDATE_ID_MAX],
			const struct threat_name *threat, uint64_t at_least, uint64_t at_most,
			uint64_t of_records);

#endif
