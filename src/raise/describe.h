/*
 * describe - the words that the explain paragraph, the terminal and STIX share.
 *
 * Thread   any.
 * Order    none.
 * Owns     an evidence list owns its position texts until describe_evidence_fini().
 * Memory   heap, for the texts.
 * Limit    as candidate.h.
 */
#ifndef TOCSIN_RAISE_DESCRIBE_H
#define TOCSIN_RAISE_DESCRIBE_H

#include "raise/candidate.h"

const char *describe_kind(uint8_t kind); /* "campaign", "indicator", "rule" */
/* "1 entity", "3 entities" */
void describe_count(struct text *out, uint64_t n, const char *one, const char *many);
/* "40 s", "5 min", "24 h", "2 d 3 h" */
void describe_duration(struct text *out, int64_t us);
/* "2026-11-22 04:33 UTC" */
void describe_time(struct text *out, int64_t us);
/* Known sectors of the mask, separated by ", "; empty when none is known. */
void describe_sectors(struct text *out, uint32_t sectors);
/* What the state still lacks to be significant, as a clause that follows "FR ":
 * "was seen with 1 affected entity, and observed-sector asks for 3". */
void describe_missing(struct text *out, const struct state_assessment *st, const struct profile *p);
/* "Austria (AT)", every Member State that asserts an exceeded capacity; their number. */
uint32_t describe_capacity(struct text *out, const struct episode *ep);
/* Bit per profile criterion that holds in some Member State, or for Union entities. */
uint32_t describe_criteria(const struct episode *ep);
/* Codes of the Member States (or EU) in which this criterion holds, separated by ", ". */
void describe_holders(struct text *out, const struct episode *ep, uint32_t criterion);
/* Bit per sector seen in a Member State. */
uint32_t describe_sector_mask(const struct episode *ep);
/* A JSON array of tags of the MISP taxonomies nis2 and rsit, after one of ours for the
 * status, tocsin:status="raised"; status NULL: without it. */
void describe_labels(struct text *out, const struct episode *ep, const char *status);
/* Significant Member States; or those that are not. */
uint32_t describe_members(const struct episode *ep, bool significant);

/* Evidence in the contract's order: time, position text, by. */
struct describe_evidence {
	uint32_t count;
	struct describe_line {
		const struct assess_evidence *evidence;
		const char *source, *by;
		struct text position;
	} line[ASSESS_EVIDENCE_MAX];
};
void describe_evidence(struct describe_evidence *list, const struct candidate *c,
		       const struct candidate_context *cx);
void describe_evidence_fini(struct describe_evidence *list);

#endif
