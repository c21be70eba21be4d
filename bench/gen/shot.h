/*
 * shot - one thing that a sensor saw, before it is spelled in the sensor's format.
 *
 * Everything comes from a seed: the same options give the same bytes. Addresses
 * are those of documentation (RFC 5737, RFC 3849), private (RFC 1918, RFC 4193)
 * or for benchmarks (RFC 2544); names end in .example or .test (RFC 2606).
 */
#ifndef GEN_SHOT_H
#define GEN_SHOT_H

#include <stdbool.h>
#include <stdint.h>

#include "out.h"

enum shot_kind { SHOT_DNS, SHOT_TLS, SHOT_HTTP, SHOT_FLOW, SHOT_FILE, SHOT_KNOCK, SHOT_KINDS };

#define SHOT_TEXT_MAX 256

struct shot {
	enum shot_kind kind;
	int64_t time_us;
	uint64_t bits;            /* further random numbers: random_next() */
	const char *inside;       /* address of the inside host */
	const char *inside6;      /* its IPv6 address */
	const char *inside_name;  /* its host name */
	const char *resolver;     /* address of its resolver */
	const char *outside;      /* address of the other side */
	const char *organisation; /* whose host it is; NULL not told */
	const char *name;         /* asked for: DNS, TLS, HTTP, FILE */
	const char *path;         /* HTTP, FILE */
	const char *sha256;       /* FILE */
	const char *user_agent;
};

/* How a sensor spells a shot: appends one record, without the newline. */
struct format {
	const char *name;
	void (*write)(struct out *o, struct shot *s);
};

extern const struct format format_eve;         /* Suricata 7, eve.json */
extern const struct format format_zeek;        /* Zeek 6, JSON logs */
extern const struct format format_zeek_tagged; /* the same as its Kafka writer tags them */
extern const struct format format_ecs;         /* Elastic Agent: packetbeat 8, winlogbeat 8 */

/* splitmix64 (Steele et al., OOPSLA 2014) */
static inline uint64_t random_next(uint64_t *state)
{
	uint64_t x = *state += 0x9e3779b97f4a7c15u;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

static inline uint64_t random_below(uint64_t *state, uint64_t limit)
{
	return (uint64_t)((unsigned __int128)random_next(state) * limit >> 64);
}

#endif
