/*
 * traffic - who asks whom for what: the shots, one after the other, in order of time.
 *
 * The usual: inside hosts ask for the names of a fixed list, each at home at one
 * address. Into it go the planted records at their times, and the share of hits.
 *
 * Owns     its tables, until the program ends. A shot's strings die with the next.
 */
#ifndef GEN_TRAFFIC_H
#define GEN_TRAFFIC_H

#include "ioc.h"
#include "options.h"

#define NAMES 4096 /* of the usual domains */

/* One record to come of a plant. */
struct planted {
	int64_t time_us;
	uint32_t plant, number;
};

struct host {
	char address[40], address6[40], name[24];
};

struct traffic {
	const struct options *op;
	uint64_t bits, hit_limit;
	uint64_t records, hits; /* so far; planted ones not among them */
	uint64_t next;          /* of the schedule */
	struct host *hosts;
	char resolver[40];
	char names[NAMES][SHOT_TEXT_MAX];
	char server[NAMES][40];
	struct ioc ioc;
	struct planted *schedule;
	uint64_t scheduled;
	/* scratch of the shot in hand */
	char text[SHOT_TEXT_MAX], path[SHOT_TEXT_MAX], address[40], sha256[65];
};

void traffic_init(struct traffic *t, const struct options *op);
/* The next shot; bytes: how many are out. False when all is told. */
bool traffic_next(struct traffic *t, uint64_t bytes, struct shot *s);

#endif
