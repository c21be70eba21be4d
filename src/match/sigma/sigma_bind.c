/* Rules and maps, bound: where each shape keeps each field, and which rules are about which route. */
#include "match/sigma/sigma_bind.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "decode/decode.h"
#include "match/sigma/sigma_fold.h"
#include "match/sigma/sigma_read.h"

struct bind {
	struct sigma_matcher *m;
	const struct sigma_logsource *sources;
	uint32_t source_count;
	bool failed;
};

uint64_t sigma_path_hash(const char *p, size_t len)
{
	return XXH3_64bits(p, len);
}

uint32_t sigma_place_find(const struct sigma_matcher *m, const char *p, size_t len)
{
	uint64_t hash = sigma_path_hash(p, len);

	for (uint64_t i = hash;; i++) {
		uint32_t n = m->table[i & m->table_mask];
		if (!n)
			return SIGMA_NO_ROUTE;
		const struct sigma_place *pl = &m->place[n - 1];
		if (pl->hash == hash && pl->path.len == len && memcmp(pl->path.p, p, len) == 0)
			return n - 1;
	}
}

static void put_place(struct sigma_matcher *m, uint32_t number)
{
	uint64_t i = m->place[number].hash;

	while (m->table[i & m->table_mask])
		i++;
	m->table[i & m->table_mask] = number + 1;
}

static bool grow_places(struct sigma_matcher *m)
{
	uint32_t capacity = m->place_capacity ? m->place_capacity * 2 : 1024;
	struct sigma_place *place = realloc(m->place, capacity * sizeof(*place));

	if (place)
		m->place = place;
	uint32_t *table = place ? calloc(capacity * 2, sizeof(*table)) : NULL;
	if (!table)
		return false;
	free(m->table);
	m->table = table;
	m->table_mask = capacity * 2 - 1;
	m->place_capacity = capacity;
	for (uint32_t i = 0; i < m->place_count; i++)
		put_place(m, i);
	return true;
}

/* The prefix before the "*" of a path, once. */
static void add_wild(struct sigma_matcher *m, struct span path)
{
	const char *star = memchr(path.p, '*', path.len);

	if (!star)
		return;
	struct span before = {path.p, (uint32_t)(star - path.p)};
	for (uint32_t i = 0; i < m->wild_count; i++)
		if (sigma_span_equal(m->wild[i], before))
			return;
	if (m->wild_count < SIGMA_WILD_MAX)
		m->wild[m->wild_count++] = before;
}

static uint32_t place_of(struct bind *b, struct span path)
{
	struct sigma_matcher *m = b->m;
	uint32_t n;

	if (m->place_count == m->place_capacity && !grow_places(m)) {
		b->failed = true;
		return 0;
	}
	n = sigma_place_find(m, path.p, path.len);
	if (n != SIGMA_NO_ROUTE)
		return n;
	struct sigma_place *pl = &m->place[m->place_count];
	*pl = (struct sigma_place){.path = sigma_pool_copy(&m->pool, path.p, path.len),
				   .hash = sigma_path_hash(path.p, path.len)};
	put_place(m, m->place_count);
	add_wild(m, pl->path);
	return m->place_count++;
}

static void add_order(struct bind *b, uint32_t from, struct span path, bool parent)
{
	struct sigma_matcher *m = b->m;
	uint32_t place = place_of(b, path);

	if (b->failed)
		return;
	m->place[place].parent |= parent;
	m->parents |= parent;
	for (uint32_t i = from; i < m->order_count; i++)
		if (m->order[i] == place)
			return;
	if (m->order_count == m->order_capacity) {
		uint32_t capacity = m->order_capacity ? m->order_capacity * 2 : 4096;
		uint32_t *order = realloc(m->order, capacity * sizeof(*order));
		if (!order) {
			b->failed = true;
			return;
		}
		m->order = order;
		m->order_capacity = capacity;
	}
	m->order[m->order_count++] = place;
}

static const struct sigma_alias *alias_of(const struct sigma_aliases *a, struct span name)
{
	for (uint32_t i = 0; i < a->count; i++)
		if (sigma_span_equal(a->list[i].name, name))
			return &a->list[i];
	return NULL;
}

/* Where this shape has a field of this name: its own paths for it, then below its prefixes. */
static void add_name(struct bind *b, const struct sigma_shape *s, uint32_t from, struct span name,
		     bool parent)
{
	const struct sigma_alias *own = alias_of(&s->fields, name);

	for (uint32_t i = 0; own && i < own->count; i++)
		add_order(b, from, own->others[i], parent);
	for (uint32_t i = 0; i < s->under_count; i++) {
		struct span u = s->under[i];
		char *path = sigma_pool_alloc(&b->m->pool, (size_t)u.len + name.len + 1);
		if (!path) {
			b->failed = true;
			return;
		}
		memcpy(path, u.p, u.len);
		memcpy(path + u.len, name.p, name.len);
		add_order(b, from, (struct span){path, u.len + name.len}, parent);
	}
}

static void bind_slot(struct bind *b, const struct sigma_shape *s, uint32_t slot)
{
	struct sigma_matcher *m = b->m;
	uint32_t from = m->order_count;
	bool parent = m->slot_parent[slot];
	struct span name = m->slot_name[slot];

	add_name(b, s, from, name, parent);
	if (s->map == SIGMA_SHAPES_MAX)
		return;
	const struct sigma_alias *a = alias_of(&m->maps->map[s->map].fields, name);
	for (uint32_t i = 0; a && i < a->count; i++)
		add_name(b, s, from, a->others[i], parent);
}

static void bind_shapes(struct bind *b)
{
	static const struct span nothing = {"", 0};
	const struct sigma_shape plain = {
		.under = &nothing, .under_count = 1, .map = SIGMA_SHAPES_MAX};
	struct sigma_matcher *m = b->m;

	for (uint32_t h = 0; h < m->shapes && !b->failed; h++)
		for (uint32_t slot = 0; slot < m->slots && !b->failed; slot++) {
			m->first[(size_t)h * m->slots + slot] = m->order_count;
			bind_slot(b, h + 1 < m->shapes ? &m->maps->shape[h] : &plain, slot);
		}
	m->first[(size_t)m->shapes * m->slots] = m->order_count;
}

/* The slot of a field that a route asks for; there is room for all of them. */
static uint32_t slot_of(struct sigma_matcher *m, struct span name)
{
	for (uint32_t i = 0; i < m->slots; i++)
		if (sigma_span_equal(m->slot_name[i], name))
			return i;
	m->slot_name[m->slots] = name;
	return m->slots++;
}

static struct sigma_bound_tests bind_tests(struct bind *b, const struct sigma_tests *t, bool slots)
{
	struct sigma_bound_tests out = {0};

	out.list = sigma_pool_alloc(&b->m->pool, (t->count + 1) * sizeof(*out.list));
	if (!out.list) {
		b->failed = true;
		return out;
	}
	for (uint32_t i = 0; i < t->count; i++) {
		const struct sigma_test *x = &t->list[i];
		out.list[out.count++] = (struct sigma_bound_test){
			slots ? slot_of(b->m, x->name) : place_of(b, x->name), x->count, x->values};
	}
	return out;
}

/* Fields whose being there matters, in all rules. */
static void mark_parents(struct sigma_matcher *m, const struct sigma_node *n)
{
	for (uint32_t i = 0; i < n->count; i++)
		mark_parents(m, n->children[i]);
	if (n->kind != SIGMA_ITEM || n->item->field == SIGMA_FIELD_NONE)
		return;
	for (uint32_t i = 0; i < n->item->count; i++)
		for (uint32_t k = 0; k < n->item->choices[i].count; k++) {
			uint8_t kind = n->item->choices[i].values[k].kind;
			m->slot_parent[n->item->field] |=
				kind == SIGMA_NULL || kind == SIGMA_EXISTS;
		}
}

static void bind_routes(struct bind *b)
{
	struct sigma_matcher *m = b->m;
	uint32_t mapped = m->routes - b->source_count;

	for (uint32_t r = 0; r < m->routes; r++) {
		const struct sigma_logsource *is =
			r < mapped ? &m->maps->route[r].is : &b->sources[r - mapped];
		for (uint32_t i = 0; i < m->set->count; i++)
			if (sigma_logsource_covers(&m->set->rules[i].logsource, is)) {
				m->rules[(size_t)r * m->words + i / 64] |= UINT64_C(1) << (i % 64);
				m->routed[i / 64] |= UINT64_C(1) << (i % 64);
			}
	}
}

static uint32_t route_fields(const struct sigma_maps *maps)
{
	uint32_t n = 0;

	for (uint32_t r = 0; maps && r < maps->route_count; r++)
		n += maps->route[r].when.count + maps->route[r].unless.count;
	return n;
}

static bool take_tables(struct bind *b)
{
	struct sigma_matcher *m = b->m;
	uint32_t slots_max = m->set->field_count + route_fields(m->maps);
	struct sigma_pool *p = &m->pool;

	m->words = m->set->count / 64 + 1;
	m->slot_name = sigma_pool_alloc(p, (slots_max + 1) * sizeof(*m->slot_name));
	m->slot_parent = sigma_pool_alloc(p, slots_max + 1);
	m->tells = sigma_pool_alloc(p, m->shapes * sizeof(*m->tells));
	m->when = sigma_pool_alloc(p, (m->routes + 1) * sizeof(*m->when));
	m->unless = sigma_pool_alloc(p, (m->routes + 1) * sizeof(*m->unless));
	m->rules = sigma_pool_alloc(p, ((size_t)m->routes + 1) * m->words * sizeof(*m->rules));
	m->routed = sigma_pool_alloc(p, m->words * sizeof(*m->routed));
	m->first = sigma_pool_alloc(p, ((size_t)m->shapes * slots_max + 1) * sizeof(*m->first));
	return !p->failed && grow_places(m);
}

static void bind_all(struct bind *b)
{
	struct sigma_matcher *m = b->m;

	for (uint32_t i = 0; i < m->set->field_count; i++)
		m->slot_name[m->slots++] = m->set->fields[i];
	for (uint32_t i = 0; i < m->set->count; i++) {
		mark_parents(m, m->set->rules[i].condition);
		m->keywords |= m->set->rules[i].keywords;
	}
	for (uint32_t h = 0; h + 1 < m->shapes; h++)
		m->tells[h] = bind_tests(b, &m->maps->shape[h].tells, false);
	for (uint32_t r = 0; m->maps && r < m->maps->route_count; r++) {
		m->when[r] = bind_tests(b, &m->maps->route[r].when, true);
		m->unless[r] = bind_tests(b, &m->maps->route[r].unless, true);
	}
	bind_shapes(b);
	bind_routes(b);
}

int sigma_matcher_create(struct sigma_matcher **out, const struct sigma_set *set,
			 const struct sigma_maps *maps, const struct sigma_logsource *sources,
			 uint32_t source_count)
{
	struct sigma_matcher *m = calloc(1, sizeof(*m));
	struct bind b = {.m = m, .sources = sources, .source_count = source_count};

	*out = NULL;
	if (!m)
		return -ENOMEM;
	m->set = set;
	m->maps = maps;
	m->shapes = (maps ? maps->shape_count : 0) + 1;
	m->routes = (maps ? maps->route_count : 0) + source_count;
	if (take_tables(&b))
		bind_all(&b);
	if (b.failed || m->pool.failed) {
		sigma_matcher_free(m);
		return -ENOMEM;
	}
	*out = m;
	return 0;
}

void sigma_matcher_free(struct sigma_matcher *m)
{
	if (!m)
		return;
	free(m->place);
	free(m->table);
	free(m->order);
	sigma_pool_free(&m->pool);
	free(m);
}

size_t sigma_matcher_bytes(const struct sigma_matcher *m)
{
	return sizeof(*m) + m->pool.total + m->set->pool.total + m->set->regexes.bytes +
	       m->place_capacity * (sizeof(*m->place) + 2 * sizeof(*m->table)) +
	       m->order_capacity * sizeof(*m->order);
}

bool sigma_matcher_routed(const struct sigma_matcher *m, uint32_t rule)
{
	return m->routed[rule / 64] >> (rule % 64) & 1;
}

static void *table(uint32_t count, size_t size, bool *ok)
{
	void *p = calloc((size_t)count + 1, size);

	*ok &= p != NULL;
	return p;
}

struct sigma_scratch *sigma_scratch_create(const struct sigma_matcher *m)
{
	struct sigma_scratch *sc = calloc(1, sizeof(*sc));
	bool ok = true;

	if (!sc)
		return NULL;
	sc->value = table(SIGMA_RECORD_VALUES_MAX, sizeof(*sc->value), &ok);
	sc->head = table(m->place_count, sizeof(*sc->head), &ok);
	sc->tail = table(m->place_count, sizeof(*sc->tail), &ok);
	sc->place_stamp = table(m->place_count, sizeof(*sc->place_stamp), &ok);
	sc->parent_stamp = table(m->place_count, sizeof(*sc->parent_stamp), &ok);
	sc->slot_stamp = table(m->slots, sizeof(*sc->slot_stamp), &ok);
	sc->slot_place = table(m->slots, sizeof(*sc->slot_place), &ok);
	sc->rules = table(m->words, sizeof(*sc->rules), &ok);
	/* a value that two places hold is folded twice */
	sc->text_size = 2 * SIGMA_FOLD_ROOM((size_t)DECODE_BYTES_MAX) + 4 * SIGMA_RECORD_VALUES_MAX;
	sc->text = malloc(sc->text_size);
	sc->regex = sigma_regex_scratch_create();
	ok &= sc->text && sc->regex && arena_init(&sc->arena, DECODE_BYTES_MAX + 64) == 0;
	if (!ok) {
		sigma_scratch_free(sc);
		return NULL;
	}
	return sc;
}

void sigma_scratch_free(struct sigma_scratch *sc)
{
	if (!sc)
		return;
	arena_fini(&sc->arena);
	free(sc->value);
	free(sc->head);
	free(sc->tail);
	free(sc->place_stamp);
	free(sc->parent_stamp);
	free(sc->slot_stamp);
	free(sc->slot_place);
	free(sc->rules);
	free(sc->text);
	sigma_regex_scratch_free(sc->regex);
	free(sc);
}
