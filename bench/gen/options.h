/*
 * options - the generator's command line.
 *
 * Owns     nothing: strings are those of argv.
 * Limit    PLANTS_MAX plants, ORGANISATIONS_MAX organisations.
 */
#ifndef GEN_OPTIONS_H
#define GEN_OPTIONS_H

#include "shot.h"

#define ORGANISATIONS_MAX 64
#define PLANTS_MAX        64

/* --plant: so many more records that hold value, over so many inside hosts. */
struct plant {
	const char *value, *kind;
	uint64_t entities, records;
	int64_t from_us, span_us; /* span_us < 0: the whole time */
};

struct options {
	const struct format *format;
	uint64_t count, bytes, seed;
	const char *state, *out;
	uint32_t hosts;
	char *organisations[ORGANISATIONS_MAX];
	uint32_t organisation_count;
	int64_t start_us, span_us;
	struct plant plants[PLANTS_MAX];
	uint32_t plant_count;
	const char *atoms, *patterns;
	double hit_rate;
};

/* Exits: 0 after --help and after writing indicators, 3 for what it does not take. */
void options_parse(struct options *op, int argc, char **argv);
/* "gen: what: value", exit code 3. */
_Noreturn void options_refuse(const char *what, const char *value);

#endif
