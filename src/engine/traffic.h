/*
 * traffic - how many records each source has read, clean ones included, and
 * which threats are ordinary beside that.
 *
 * A threat that fits a large part of all records of a Member State is ordinary
 * there: a value that says nothing (over-correlation). Its records are counted
 * from joined evidence, each once; so the verdict is a function of what was
 * read, not of the order or the threads. It must hold without any one source
 * too, at whatever that source may have claimed at most: a flood from one
 * cannot make ordinary what others saw rarely. A service counts since its
 * checkpoint's first start; records read again make a threat less ordinary.
 *
 * Thread   traffic_sum: any. ordinary: one owner, on what it was given.
 * Order    relaxed figures.
 * Owns     nothing.
 * Memory   the struct.
 * Limit    SOURCES_MAX sources.
 */
#ifndef TOCSIN_ENGINE_TRAFFIC_H
#define TOCSIN_ENGINE_TRAFFIC_H

#include "config/config.h"

struct traffic {
	uint64_t share, least; /* per cent; records of a state below which nothing is ordinary */
	struct {
		uint64_t records, largest; /* of all its sources, of the one with most */
		uint32_t sources;	   /* that had any */
	} state[STATES];
};

void traffic_init(struct traffic *t, const struct config *c);
/* Anew, from so many records a source. */
void traffic_set(struct traffic *t, const struct source_registry *r, const uint64_t *records);
/* Is a threat with so many records in this state ordinary there? */
bool traffic_ordinary(const struct traffic *t, uint8_t state, uint64_t records);

#endif
