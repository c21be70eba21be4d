/* Sigma rules: whatever is loaded is a tree that holds together. */
#include <stdint.h>
#include <stdlib.h>

#include "match/sigma/sigma_set.h"

static void walk(const struct sigma_set *s, const struct sigma_node *n)
{
	if (n->kind == SIGMA_ITEM) {
		const struct sigma_item *item = n->item;
		if (item->name.len ? item->field >= s->field_count
				   : item->field != SIGMA_FIELD_NONE)
			abort();
		for (uint32_t i = 0; i < item->count; i++)
			for (uint32_t k = 0; k < item->choices[i].count; k++)
				if (item->choices[i].values[k].kind == SIGMA_REGEX &&
				    item->choices[i].values[k].regex >= s->regexes.count)
					abort();
		return;
	}
	if (n->count == 0 || n->cost > SIGMA_COST_MAX)
		abort();
	for (uint32_t i = 0; i < n->count; i++)
		walk(s, n->children[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const values[] = {"a*", "b"};
	static const struct sigma_placeholder placeholders[] = {{"A", values, 2}};
	struct problems ps;
	struct sigma_set s;

	problems_init(&ps);
	if (sigma_set_init(&s) != 0)
		return 0;
	s.placeholders = placeholders;
	s.placeholder_count = 1;
	sigma_is_yaml((const char *)data, size);
	if (sigma_set_load(&s, "fuzz", (const char *)data, size, &ps) != 0 ||
	    sigma_set_finish(&s, &ps) != 0)
		abort();
	for (uint32_t i = 0; i < s.count; i++)
		walk(&s, s.rules[i].condition);
	sigma_set_fini(&s);
	problems_fini(&ps);
	return 0;
}
