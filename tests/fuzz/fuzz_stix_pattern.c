/* STIX patterns: any bytes give a verdict, and an accepted one keeps the bounds. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "match/stix_pattern.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char why[STIX_PATTERN_WHY_MAX];
	uint32_t in_clause[INDICATOR_CLAUSES_MAX] = {0};
	struct draft d;

	draft_init(&d);
	draft_reset(&d, NULL);
	enum stix_pattern_status st = stix_pattern_parse((const char *)data, size, &d, why);
	if ((st == STIX_PATTERN_OK) != (strlen(why) == 0) ||
	    (st == STIX_PATTERN_OK && d.count == 0))
		abort();
	for (uint32_t i = 0; i < d.count; i++)
		if (d.conditions[i].clause >= INDICATOR_CLAUSES_MAX ||
		    ++in_clause[d.conditions[i].clause] > INDICATOR_CONDITIONS_MAX)
			abort();
	draft_fini(&d);
	return 0;
}
