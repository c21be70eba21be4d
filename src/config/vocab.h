/*
 * vocab - the field's fixed words as small numbers: Member States, NIS2
 * sectors, TLP, PAP, severity, RSIT classes, record formats.
 *
 * Sources: ISO 3166-1 and the EU interinstitutional style guide (Greece GR/EL),
 * Directive (EU) 2022/2555 Annexes I and II, FIRST TLP 2.0, MISP PAP, ENISA
 * Reference Security Incident Taxonomy v1003.
 *
 * Every *_parse takes text that need not be NUL-terminated, ignores case, and
 * returns -1 for what it does not know; every *_name takes a valid value.
 */
#ifndef TOCSIN_CONFIG_VOCAB_H
#define TOCSIN_CONFIG_VOCAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 0..26 are the Member States in alphabetical order of their codes; then the
 * valid sources that are none: EU (CERT-EU's constituency) and GB. */
enum { STATE_MEMBERS = 27, STATE_EU = 27, STATE_GB = 28, STATES = 29 };

int vocab_state_parse(const char *p, size_t len); /* "EL" is GR, "UK" is GB */
const char *vocab_state_code(int state);
const char *vocab_state_name(int state);
bool vocab_state_is_member(int state);

enum { SECTOR_UNKNOWN = 0, SECTORS = 19 }; /* 1..11 Annex I, 12..18 Annex II */
int vocab_sector_parse(const char *p, size_t len); /* a nis2 tag value, or "unknown" */
const char *vocab_sector_name(int sector);
int vocab_sector_annex(int sector); /* 1, 2; 0 for unknown */

enum severity { SEVERITY_NONE, SEVERITY_LOW, SEVERITY_MEDIUM, SEVERITY_HIGH };
int vocab_severity_parse(const char *p, size_t len);
const char *vocab_severity_name(int severity);

/* How a hit bears on impact. CLASS_TEST is exercise traffic: kept apart. */
enum hit_class { CLASS_NONE, CLASS_ATTEMPT, CLASS_EFFECT, CLASS_TEST };
const char *vocab_class_name(int hit_class);
/* RSIT class or type ("malicious-code", "infected-system", "rsit:intrusions=\"...\"",
 * IntelMQ's spellings, IDEA categories such as "Recon.Scanning", n6 categories). */
int vocab_rsit_class(const char *p, size_t len); /* enum hit_class; CLASS_NONE if unknown */

enum tlp { TLP_CLEAR, TLP_GREEN, TLP_AMBER, TLP_AMBER_STRICT, TLP_RED, TLPS };
int vocab_tlp_parse(const char *p, size_t len); /* "tlp:amber", "TLP.AMBER", "AMBER STRICT", "white", n6's words */
const char *vocab_tlp_name(int tlp);

enum pap { PAP_CLEAR, PAP_GREEN, PAP_AMBER, PAP_RED, PAPS };
int vocab_pap_parse(const char *p, size_t len); /* "PAP:AMBER", "amber", "WHITE" */
const char *vocab_pap_name(int pap);

enum format {
	FORMAT_AUTO,	 /* told record by record */
	FORMAT_EVE,	 /* Suricata EVE */
	FORMAT_ZEEK,	 /* Zeek JSON, plain or tagged {"http":{...}} */
	FORMAT_ZEEK_TSV, /* Zeek TSV with its #fields header */
	FORMAT_ECS,	 /* Elastic Common Schema, nested or dotted */
	FORMAT_IDEA,	 /* IDEA0 */
	FORMAT_INTELMQ,	 /* IntelMQ event */
	FORMAT_N6,	 /* n6 event */
	FORMAT_NOTIFICATION, /* incident notification: include/tocsin/notification.schema.json */
	FORMAT_MAP,	 /* JSON through a field map of the user's */
	FORMAT_LINES,	 /* opaque lines */
	FORMAT_PACKET,	 /* a captured frame */
	FORMATS
};
int vocab_format_parse(const char *p, size_t len);
const char *vocab_format_name(int format);

/* "1h", "24h", "90s", "500ms", "7d" in microseconds; -1 if not a duration. */
int64_t vocab_duration_parse(const char *p, size_t len);

#endif
