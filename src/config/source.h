/*
 * source - a registered origin of records: who speaks, and for which state.
 *
 * A record can speak only for the Member State that its source is registered
 * for; a claim inside the record counts only for an aggregator, and only for
 * the states it is registered to aggregate.
 *
 * Thread   constant after start.
 * Owns     the registry owns its sources; pointers stay valid until fini.
 * Limit    SOURCES_MAX sources.
 */
#ifndef TOCSIN_CONFIG_SOURCE_H
#define TOCSIN_CONFIG_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/vocab.h"

#define SOURCES_MAX	4096
#define SOURCE_NAME_MAX 128

struct fieldmap;

struct source {
	uint16_t id; /* index in the registry */
	char name[SOURCE_NAME_MAX];
	char soc[SOURCE_NAME_MAX];	    /* SOC, hub or ISAC; the name when not given */
	char organisation[SOURCE_NAME_MAX]; /* the entity of all its records, or "" */
	/* Private addresses of sources with different address spaces are
	 * different hosts; "" is the Member State's common space. */
	char address_space[SOURCE_NAME_MAX];
	char lineage[SOURCE_NAME_MAX]; /* sources of one lineage are one origin; the name when not given */
	/* What kind of log it is, in Sigma's words; "" where it does not say. */
	char product[64], category[64], service[64];
	uint8_t state;	/* vocab */
	uint8_t sector; /* vocab, SECTOR_UNKNOWN */
	uint8_t tlp;
	uint8_t format; /* enum format */
	bool exercise;	/* all its records are exercise traffic */
	/* It passes on what others observed: it is no origin of its own beside those who did. */
	bool relay;
	uint32_t aggregates; /* bit per state it may speak for besides its own */
	bool may_assert_capacity; /* its word that its state's capacity is exceeded counts */
	const struct fieldmap *map; /* FORMAT_MAP */
};

struct source_registry {
	struct source *sources; /* SOURCES_MAX reserved, so pointers are stable */
	uint32_t count;
};

int source_registry_init(struct source_registry *r); /* 0, -ENOMEM */
void source_registry_fini(struct source_registry *r);
/* A new source named name, or NULL when the name is taken or the registry full. */
struct source *source_add(struct source_registry *r, const char *name, int state);
struct source *source_find(const struct source_registry *r, const char *name, size_t len);
/* "CC[/sector[/name]]" as --as takes it, and returns the (possibly existing)
 * source; NULL with a sentence in why[256]. */
struct source *source_from_spec(struct source_registry *r, const char *spec, char why[256]);

#endif
