/*
 * What a generation's indicators and threats are called in names, from their first hit on,
 * and how many independent feeds a threat has.
 *
 * A by-name wishes for its indicator's place in the set, which is the same in whatever order
 * feeds were loaded and workers came by: evidence that ties in all else is ordered by it.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/lazy.h"
#include "engine/lineage.h"
#include "engine/ruleset_names.h"

static const uint8_t kinds[] = {[THREAT_CAMPAIGN] = NAME_CAMPAIGN,
				[THREAT_INDICATOR] = NAME_INDICATOR,
				[THREAT_RULE] = NAME_RULE};

static struct span id_of(const struct ruleset *r, uint32_t whole)
{
	return indicator_text(&r->set, r->set.threats[whole].id, r->set.threats[whole].id_len);
}

static int compare(uint8_t kind, struct span id, uint8_t other_kind, struct span other)
{
	uint32_t n = id.len < other.len ? id.len : other.len;
	int c = kind - other_kind;

	if (!c && n)
		c = memcmp(id.p, other.p, n);
	return c ? c : (id.len > other.len) - (id.len < other.len);
}

static int by_id(const void *a, const void *b, void *arg)
{
	const struct ruleset *r = arg;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return compare(kinds[r->set.threats[x].kind], id_of(r, x), kinds[r->set.threats[y].kind],
		       id_of(r, y));
}

static uint32_t number_by(const struct ruleset *r, const char *prefix, struct span id,
			  uint32_t wish)
{
	char by[1024];
	int n = snprintf(by, sizeof(by), "%s:%.*s", prefix, (int)id.len, id.p);

	return names_by_at(r->names, by, (size_t)n < sizeof(by) ? (size_t)n : sizeof(by) - 1, wish);
}

uint32_t ruleset_by(const struct ruleset *r, uint32_t indicator)
{
	/* relaxed: who asks twice at once gets the same number */
	uint32_t number = atomic_load_explicit(&r->by[indicator], memory_order_relaxed);

	if (number)
		return number;
	struct indicator in = indicator_at(&r->set, indicator);
	number = number_by(r, in.rule ? "rule" : "indicator",
			   indicator_text(&r->set, in.id, in.id_len), indicator + 1);
	atomic_store_explicit(&r->by[indicator], number, memory_order_relaxed);
	return number;
}

uint32_t ruleset_threat(const struct ruleset *r, uint32_t threat)
{
	uint32_t number = atomic_load_explicit(&r->threat[threat], memory_order_relaxed);

	if (number)
		return number;
	struct threat t = threat_at(&r->set, threat);
	number = names_threat(r->names, kinds[t.kind], r->set.text + t.id, t.id_len,
			      r->set.text + t.name, t.name_len);
	atomic_store_explicit(&r->threat[threat], number, memory_order_relaxed);
	return number;
}

static int number_benign(struct ruleset *r)
{
	const struct indicator_set *s = &r->set;

	r->benign_by = calloc(s->benign_list_count + 1, sizeof(*r->benign_by));
	if (!r->benign_by)
		return -ENOMEM;
	for (uint32_t i = 0; i < s->benign_list_count; i++)
		r->benign_by[i] = number_by(r, "benign",
					    (struct span){s->benign_lists[i].name,
							  (uint32_t)strlen(s->benign_lists[i].name)},
					    s->count + 1 + i);
	r->notification_by =
		names_by_at(r->names, "notification:campaign", 21, s->count + 1 + s->benign_list_count);
	return 0;
}

int ruleset_names_init(struct ruleset *r, struct names *names, const struct config *c)
{
	const struct indicator_set *s = &r->set;
	uint32_t whole = threats_whole(s);

	r->names = names;
	r->by = lazy_alloc(((size_t)s->count + 1) * sizeof(*r->by));
	r->threat = lazy_alloc(((size_t)s->threat_count + 1) * sizeof(*r->threat));
	r->whole = malloc(((size_t)whole + 1) * sizeof(*r->whole));
	if (!r->by || !r->threat || !r->whole)
		return -ENOMEM;
	for (uint32_t i = 0; i < whole; i++)
		r->whole[i] = i;
	qsort_r(r->whole, whole, sizeof(*r->whole), by_id, r);
	/* "indicator:", the id, and a threat's id and name: no hit will have to make room */
	int err = names_reserve(names, s->threats_named, s->count,
				2 * s->text_len + 16 * (size_t)s->count + 65536);
	if (!err)
		err = lineage_count(&r->root, &r->origins, s, c);
	return err ? err : number_benign(r);
}

void ruleset_names_fini(struct ruleset *r)
{
	lazy_free(r->by, ((size_t)r->set.count + 1) * sizeof(*r->by));
	lazy_free(r->threat, ((size_t)r->set.threat_count + 1) * sizeof(*r->threat));
	free(r->whole);
	free(r->root);
	free(r->origins);
	free(r->benign_by);
}

/* The whole threat of this kind and id, or UINT32_MAX. */
static uint32_t find_whole(const struct ruleset *r, uint8_t kind, struct span id)
{
	uint32_t from = 0, to = threats_whole(&r->set);

	while (from < to) {
		uint32_t mid = from + (to - from) / 2, t = r->whole[mid];
		int c = compare(kinds[r->set.threats[t].kind], id_of(r, t), kind, id);
		if (c == 0)
			return t;
		if (c < 0)
			from = mid + 1;
		else
			to = mid;
	}
	return UINT32_MAX;
}

#define ROOTS_MAX 64 /* feeds of one atom that are told apart */

struct origins {
	const struct ruleset *r;
	struct span id; /* of the threat */
	uint16_t root[ROOTS_MAX];
	uint32_t count;
};

static void origin(void *arg, uint32_t condition)
{
	struct origins *o = arg;
	const struct indicator_set *s = &o->r->set;
	uint32_t k = 0;

	if (condition >= s->atoms.count)
		return;
	struct indicator in = indicator_at(s, condition);
	struct threat t = threat_at(s, in.threat);
	if (t.kind != THREAT_INDICATOR || t.id_len != o->id.len ||
	    memcmp(s->text + t.id, o->id.p, o->id.len) != 0)
		return;
	while (k < o->count && o->root[k] != o->r->root[in.feed])
		k++;
	if (k == o->count && k < ROOTS_MAX)
		o->root[o->count++] = o->r->root[in.feed];
}

/* An atom by the id of a threat that it names: that is "type:value", or an id of its own. */
static void visit(struct origins *o)
{
	const struct indicator_set *s = &o->r->set;
	const char *colon = memchr(o->id.p, ':', o->id.len);
	if (!s->sealed) /* what lies over the rules: all its threats are whole */
		return;
	int64_t i = indicator_find(s, o->id, NULL);

	if (i >= 0 && i < s->atoms.count) {
		struct condition c = condition_at(s, (uint32_t)i);
		match_same(o->r->matcher, &c, indicator_text(s, c.text, c.text_len), origin, o);
	}
	if (o->count || !colon)
		return;
	struct span v = {colon + 1, (uint32_t)(o->id.p + o->id.len - colon - 1)};
	for (int kind = CONDITION_IP; kind <= CONDITION_VALUE; kind++) {
		struct condition c = {.kind = (uint8_t)kind};
		if ((kind == CONDITION_IP || kind == CONDITION_NETWORK) &&
		    !network_parse(v.p, v.len, &c.network))
			continue;
		match_same(o->r->matcher, &c, v, origin, o);
	}
}

uint32_t ruleset_origins(const struct ruleset *r, uint32_t number)
{
	const struct threat_name *t = names_threat_get(r->names, number);
	struct origins o = {.r = r, .id = {t->id, (uint32_t)strlen(t->id)}};
	uint32_t whole = find_whole(r, t->kind, o.id);

	if (whole != UINT32_MAX)
		return r->origins[whole];
	/* what lies over another is not sealed: all its threats are whole */
	if (t->kind == NAME_INDICATOR && r->set.sealed)
		visit(&o);
	return o.count;
}
