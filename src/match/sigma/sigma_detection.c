/* Search identifiers: maps, lists of maps, keywords. */
#include <string.h>

#include "match/sigma/sigma_read.h"

typedef const struct sigma_node node_t;

static void add_cost(struct sigma_reader *rd, struct sigma_node *n, uint32_t cost)
{
	n->cost += cost;
	if (n->cost > SIGMA_COST_MAX)
		sigma_refuse(rd, rd->line, "too many comparisons; accepted: up to 262,144 a rule");
}

const struct sigma_node *sigma_detection_join(struct sigma_reader *rd, enum sigma_node_kind kind,
					      const struct sigma_node *const *children,
					      uint32_t count)
{
	struct sigma_node *n;

	if (rd->bad)
		return NULL;
	if (count == 1 && kind != SIGMA_NOT)
		return children[0];
	n = sigma_alloc(rd, 1, sizeof(*n));
	const struct sigma_node **copy = sigma_alloc(rd, count, sizeof(node_t *));
	if (!n || !copy)
		return NULL;
	memcpy(copy, children, count * sizeof(node_t *));
	for (uint32_t i = 0; i < count && !rd->bad; i++)
		add_cost(rd, n, children[i]->cost);
	n->kind = (uint8_t)kind;
	n->count = count;
	n->children = copy;
	return n;
}

static node_t *item_node(struct sigma_reader *rd, const struct sigma_yaml *key,
			 const struct sigma_yaml *const *values, uint32_t count)
{
	const struct sigma_item *item = sigma_item_read(rd, key, values, count);
	struct sigma_node *n = item ? sigma_alloc(rd, 1, sizeof(*n)) : NULL;

	if (!n)
		return NULL;
	n->kind = SIGMA_ITEM;
	n->item = item;
	for (uint32_t i = 0; i < item->count; i++)
		add_cost(rd, n, item->choices[i].count + 1);
	return n;
}

static const struct sigma_yaml *const *constant(struct sigma_yaml *const *items)
{
	return (const struct sigma_yaml *const *)items;
}

static node_t *pair_node(struct sigma_reader *rd, const struct sigma_yaml *key,
			 const struct sigma_yaml *value)
{
	if (value->kind == SIGMA_YAML_LIST)
		return item_node(rd, key, constant(value->items), value->count);
	return item_node(rd, key, &value, 1);
}

static node_t *map_node(struct sigma_reader *rd, const struct sigma_yaml *map)
{
	uint32_t pairs = map->count / 2;
	node_t **children = sigma_alloc(rd, pairs + 1, sizeof(*children));

	if (pairs == 0)
		sigma_refuse(rd, map->line, "an empty map");
	for (uint32_t i = 0; children && i < pairs && !rd->bad; i++)
		children[i] = pair_node(rd, map->items[2 * i], map->items[2 * i + 1]);
	return children ? sigma_detection_join(rd, SIGMA_AND, children, pairs) : NULL;
}

/* Maps and keywords, any of them. */
static node_t *list_node(struct sigma_reader *rd, const struct sigma_yaml *list)
{
	node_t **children = sigma_alloc(rd, list->count + 1, sizeof(*children));
	uint32_t n = 0;

	if (list->count == 0)
		sigma_refuse(rd, list->line, "an empty list");
	for (uint32_t i = 0; children && i < list->count && !rd->bad;) {
		const struct sigma_yaml *at = list->items[i];
		uint32_t words = 0;
		while (i + words < list->count && sigma_yaml_is_scalar(list->items[i + words]))
			words++;
		if (words) {
			children[n++] = item_node(rd, NULL, constant(list->items + i), words);
		} else if (at->kind == SIGMA_YAML_MAP) {
			children[n++] = map_node(rd, at);
		} else {
			sigma_refuse(rd, at->line, "a list in a list; accepted: maps and keywords");
		}
		i += words ? words : 1;
	}
	return children ? sigma_detection_join(rd, SIGMA_OR, children, n) : NULL;
}

static node_t *identifier_node(struct sigma_reader *rd, const struct sigma_yaml *n)
{
	if (n->kind == SIGMA_YAML_MAP)
		return map_node(rd, n);
	if (n->kind == SIGMA_YAML_LIST)
		return list_node(rd, n);
	const struct sigma_yaml *one = n;
	return item_node(rd, NULL, &one, 1);
}

struct sigma_identifiers sigma_detection_read(struct sigma_reader *rd,
					      const struct sigma_yaml *map, const char *skip)
{
	struct sigma_identifiers ids = {0};

	ids.id = sigma_alloc(rd, map->count / 2 + 1, sizeof(*ids.id));
	for (uint32_t i = 0; ids.id && i + 1 < map->count && !rd->bad; i += 2) {
		const struct sigma_yaml *key = map->items[i];
		if (sigma_span_is(key->text, "condition") ||
		    (skip && sigma_span_is(key->text, skip)))
			continue;
		struct sigma_identifier *id = &ids.id[ids.count++];
		id->name = sigma_pool_copy(rd->pool, key->text.p, key->text.len);
		id->node = identifier_node(rd, map->items[i + 1]);
	}
	if (ids.count == 0)
		sigma_refuse(rd, map->line, "no search identifier");
	return ids;
}
