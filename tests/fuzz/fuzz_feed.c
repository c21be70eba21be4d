/* Every feed format through the loader: nothing may crash, and the set must hold together. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "match/indicator.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void hold(const struct indicator_set *s)
{
	for (uint32_t i = 0; i < s->count; i++) {
		const struct indicator in = indicator_at(s, i);
		if (in.threat >= s->threat_count || in.conditions == 0 || in.id_len == 0 ||
		    in.first_condition + in.conditions > s->condition_count ||
		    in.id + in.id_len > s->text_len)
			abort();
		const struct threat t = threat_at(s, in.threat);
		if (t.id + t.id_len > s->text_len || t.name + t.name_len > s->text_len)
			abort();
	}
	for (uint32_t i = 0; i < s->condition_count; i++)
		if (condition_at(s, i).text + condition_at(s, i).text_len > s->text_len)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct feed feed = {
		.name = "fuzz", .path = "fuzz", .tlp = TLP_AMBER, .severity = SEVERITY_MEDIUM};
	struct indicator_set s, next;
	struct problems ps;

	problems_init(&ps);
	if (indicator_set_init(&s) || feed_load_bytes(&s, &feed, (const char *)data, size, &ps) ||
	    indicator_set_finish(&s))
		abort();
	hold(&s);
	if (indicator_set_copy(&next, &s) ||
	    feed_load_bytes(&next, &feed, (const char *)data, size, NULL) ||
	    indicator_set_finish(&next) || next.count != s.count)
		abort();
	hold(&next);
	uint32_t count = next.count;
	if (indicator_set_seal(&next) || next.count != count)
		abort();
	hold(&next);
	indicator_set_fini(&next);
	indicator_set_fini(&s);
	problems_fini(&ps);
	return 0;
}
