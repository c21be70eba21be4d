/* profile_parse: any text is a sound profile or told refusals. */
#include <assert.h>
#include <stdint.h>

#include "correlate/profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct problems ps;

	problems_init(&ps);
	struct profile *p = profile_parse((const char *)data, size, "fuzz.yaml", &ps);
	assert((p != NULL) == (ps.refused == 0));
	if (p) {
		assert(p->criteria_count >= 1 && p->criteria_count <= PROFILE_CRITERIA_MAX);
		assert(p->id[0] && p->min_states >= 2 && p->window_us >= INT64_C(3600000000));
	}
	for (uint32_t i = 0; p && i < p->criteria_count; i++) {
		const struct criterion *c = &p->criteria[i];
		assert(c->id[0] && c->legal_basis[0] && c->annex <= 2);
		assert(c->entities || c->sectors || c->origins || c->users || c->duration_s);
	}
	profile_free(p);
	problems_fini(&ps);
	return 0;
}
