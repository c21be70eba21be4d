/*
 * The end of loading: replaced and withdrawn versions leave the arrays, markings
 * and campaigns that other objects state are resolved, every indicator gets its threat.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "match/indicator_draft.h"
#include "match/indicator_index.h"

/* Indicators that say the same atom and nothing else, and that no campaign claims. */
struct group {
	uint32_t entry;  /* the one whose id is the smallest */
	uint32_t threat; /* INDEX_NONE until the first of them is assigned */
};

struct finish {
	struct indicator_set *s;
	struct index *ix;
	struct index_map threats; /* scope: enum threat_kind + 1 */
	struct index_map atoms;   /* scope: condition kind and type; value: group */
	struct group *groups;
	uint32_t *group_of; /* of each indicator; INDEX_NONE: none */
	uint32_t group_count;
	struct index_map linked; /* indicator id -> target's place in the text, as link number */
	int error;
};

static int compact(struct finish *f)
{
	struct indicator_set *s = f->s;
	uint32_t live = 0, conditions = 0, n = 0, c = 0;

	for (uint32_t i = 0; i < f->ix->entry_count; i++)
		if (f->ix->entries[i].indicator != INDEX_NONE) {
			live++;
			conditions += s->indicators[f->ix->entries[i].indicator].conditions;
		}
	struct indicator *in = malloc((live + 1) * sizeof(*in));
	struct condition *co = malloc((conditions + 1) * sizeof(*co));
	if (!in || !co) {
		free(in);
		free(co);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < f->ix->entry_count; i++) {
		struct entry *e = &f->ix->entries[i];
		if (e->indicator == INDEX_NONE)
			continue;
		in[n] = s->indicators[e->indicator];
		if (in[n].conditions)
			memcpy(co + c, s->conditions + in[n].first_condition,
			       in[n].conditions * sizeof(*co));
		in[n].first_condition = c;
		c += in[n].conditions;
		e->indicator = n++;
	}
	free(s->indicators);
	free(s->conditions);
	s->indicators = in;
	s->conditions = co;
	s->count = live;
	s->condition_count = conditions;
	s->capacity = live + 1;
	s->condition_capacity = conditions + 1;
	return 0;
}

/* Lower is better; -1 is nothing to correlate by. */
static int target_rank(struct span id)
{
	static const char *const kinds[] = {"campaign--", "intrusion-set--", "threat-actor--",
					    "malware--", "tool--"};

	for (int i = 0; i < (int)(sizeof(kinds) / sizeof(kinds[0])); i++)
		if (id.len > strlen(kinds[i]) && memcmp(id.p, kinds[i], strlen(kinds[i])) == 0)
			return i;
	return -1;
}

static bool better_target(struct span a, struct span b)
{
	int ra = target_rank(a), rb = target_rank(b);

	return ra != rb ? ra < rb : index_compare(a, b) < 0;
}

/* For each indicator the one link that decides its campaign. */
static void choose_links(struct finish *f)
{
	struct indicator_set *s = f->s;

	for (uint32_t i = 0; i < f->ix->link_count && !f->error; i++) {
		const struct link *l = &f->ix->links[i];
		if (l->revoked || target_rank(index_span(s, l->target)) < 0)
			continue;
		struct index_slot *slot =
			index_map_put(&f->linked, s->text, index_span(s, l->source), 0);
		if (!slot) {
			f->error = -ENOMEM;
			return;
		}
		if (slot->value != INDEX_NONE &&
		    !better_target(index_span(s, l->target),
				   index_span(s, f->ix->links[slot->value].target)))
			continue;
		index_map_set(&f->linked, slot, l->source, i);
	}
}

static uint32_t threat_new(struct finish *f, enum threat_kind kind, struct ref id, struct ref name)
{
	struct indicator_set *s = f->s;

	if (s->threat_count == THREATS_MAX ||
	    index_grow((void **)&s->threats, s->threat_count, &s->threat_capacity,
		       sizeof(*s->threats))) {
		f->error = s->threat_count == THREATS_MAX ? -EOVERFLOW : -ENOMEM;
		return INDEX_NONE;
	}
	if (name.len == 0)
		name = id;
	s->threats[s->threat_count] = (struct threat){
		.kind = (uint8_t)kind,
		.id = id.at,
		.id_len = id.len,
		.name = name.at,
		.name_len = name.len,
	};
	return s->threat_count++;
}

/* The threat of this kind and id. Of several names the smallest that is no mere id stays. */
static uint32_t threat_of(struct finish *f, enum threat_kind kind, struct ref id, struct ref name)
{
	struct indicator_set *s = f->s;
	struct index_slot *slot =
		index_map_put(&f->threats, s->text, index_span(s, id), (uint32_t)kind + 1);

	if (!slot) {
		f->error = -ENOMEM;
		return INDEX_NONE;
	}
	if (slot->value == INDEX_NONE) {
		uint32_t fresh = threat_new(f, kind, id, name);
		if (fresh == INDEX_NONE)
			index_map_undo(&f->threats, slot);
		else
			index_map_set(&f->threats, slot, id, fresh);
		return fresh;
	}
	struct threat *t = &s->threats[slot->value];
	struct span have = indicator_text(s, t->name, t->name_len), want = index_span(s, name);
	bool unnamed = index_compare(have, indicator_text(s, t->id, t->id_len)) == 0;
	if (name.len && index_compare(want, index_span(s, id)) != 0 &&
	    (unnamed || index_compare(want, have) < 0)) {
		t->name = name.at;
		t->name_len = name.len;
	}
	return slot->value;
}

/* A campaign stated in the entry, by a relationship, or for the whole feed; no one: NONE. */
static uint32_t campaign_of(struct finish *f, const struct entry *e, const struct indicator *in)
{
	struct indicator_set *s = f->s;
	const struct feed *feed = &s->feeds[in->feed];

	uint32_t l = index_map_get(&f->linked, s->text, index_span(s, e->id), 0);
	if (l != INDEX_NONE) {
		struct ref target = f->ix->links[l].target, name = {0};
		uint32_t o = index_map_get(&f->ix->by_object, s->text, index_span(s, target), 0);
		if (o != INDEX_NONE)
			name = f->ix->objects[o].name;
		return threat_of(f, THREAT_CAMPAIGN, target, name);
	}
	if (e->campaign.len)
		return threat_of(f, THREAT_CAMPAIGN, e->campaign, e->campaign_name);
	if (!feed->campaign[0] || in->rule)
		return INDEX_NONE;
	struct ref id;
	struct span text = {feed->campaign,
			    (uint32_t)strnlen(feed->campaign, sizeof(feed->campaign))};
	uint32_t known = index_map_get(&f->threats, s->text, text, THREAT_CAMPAIGN + 1);
	if (known != INDEX_NONE)
		return known;
	f->error = indicator_set_text(s, text, &id);
	return f->error ? INDEX_NONE : threat_of(f, THREAT_CAMPAIGN, id, id);
}

static struct ref naming_id(const struct entry *e)
{
	return e->threat_id.len ? e->threat_id : e->id;
}

/* The group of a single atom, new or known; INDEX_NONE for anything else. */
static uint32_t group_of(struct finish *f, const struct indicator *in, uint32_t entry)
{
	const struct condition *c = &f->s->conditions[in->first_condition];

	if (in->conditions != 1 || in->rule || in->pattern_len || c->kind == CONDITION_PORT ||
	    c->kind == CONDITION_PATTERN)
		return INDEX_NONE;
	struct index_slot *slot =
		index_map_put(&f->atoms, f->s->text, indicator_text(f->s, c->text, c->text_len),
			      (uint32_t)c->kind << 8 | c->type);
	if (!slot) {
		f->error = -ENOMEM;
		return INDEX_NONE;
	}
	if (slot->value == INDEX_NONE) {
		index_map_set(&f->atoms, slot, (struct ref){c->text, c->text_len},
			      f->group_count++);
		f->groups[slot->value] = (struct group){entry, INDEX_NONE};
	}
	return slot->value;
}

/* The same id from two feeds is possible: then the smaller name, no name last. */
static bool names_before(const struct indicator_set *s, const struct entry *a,
			 const struct entry *b)
{
	int c = index_compare(index_span(s, naming_id(a)), index_span(s, naming_id(b)));

	if (c || a->name.len == 0)
		return c < 0;
	return b->name.len == 0 ||
	       index_compare(index_span(s, a->name), index_span(s, b->name)) < 0;
}

/* Pass 1: campaigns; and for each shared atom, which entry's id is the smallest. */
static void claim(struct finish *f, uint32_t number)
{
	struct indicator_set *s = f->s;
	const struct entry *e = &f->ix->entries[number];
	struct indicator *in = &s->indicators[e->indicator];

	f->group_of[e->indicator] = INDEX_NONE;
	in->threat = campaign_of(f, e, in);
	if (in->threat != INDEX_NONE || f->error)
		return;
	uint32_t g = group_of(f, in, number);
	f->group_of[e->indicator] = g;
	if (g != INDEX_NONE && names_before(s, e, &f->ix->entries[f->groups[g].entry]))
		f->groups[g].entry = number;
}

/* Pass 2: everyone else's threat. */
static void assign(struct finish *f, uint32_t number)
{
	struct indicator_set *s = f->s;
	const struct entry *e = &f->ix->entries[number];
	struct indicator *in = &s->indicators[e->indicator];

	if (in->threat != INDEX_NONE)
		return;
	uint32_t g = f->group_of[e->indicator];
	if (g != INDEX_NONE && f->groups[g].threat != INDEX_NONE) {
		in->threat = f->groups[g].threat;
		return;
	}
	const struct entry *by = g == INDEX_NONE ? e : &f->ix->entries[f->groups[g].entry];
	const struct condition *c = &s->conditions[in->first_condition];
	struct ref name = by->name;
	if (name.len == 0 && g != INDEX_NONE)
		name = (struct ref){c->text, c->text_len};
	in->threat = threat_of(f, in->rule ? THREAT_RULE : THREAT_INDICATOR, naming_id(by), name);
	if (g != INDEX_NONE)
		f->groups[g].threat = in->threat;
}

/* Marking ids that were not known when the indicator was read; the strictest counts. */
static void resolve_markings(struct finish *f, uint32_t number)
{
	const struct entry *e = &f->ix->entries[number];
	struct indicator *in = &f->s->indicators[e->indicator];
	struct span ids = index_span(f->s, e->markings);
	int tlp = e->tlp_stated ? in->tlp : -1, pap = e->pap_stated ? in->pap : -1;

	while (ids.len) {
		const char *blank = memchr(ids.p, ' ', ids.len);
		uint32_t n = blank ? (uint32_t)(blank - ids.p) : ids.len;
		uint32_t m =
			index_map_get(&f->ix->by_marking, f->s->text, (struct span){ids.p, n}, 0);
		if (m != INDEX_NONE) {
			const struct marking *mark = &f->ix->markings[m];
			tlp = mark->tlp > tlp ? mark->tlp : tlp;
			pap = mark->pap > pap ? mark->pap : pap;
		}
		n += blank != NULL;
		ids.p += n;
		ids.len -= n;
	}
	if (tlp >= 0)
		in->tlp = (uint8_t)tlp;
	if (pap >= 0)
		in->pap = (uint8_t)pap;
}

static int prepare(struct finish *f)
{
	uint32_t n = f->s->count;

	f->groups = malloc((n + 1) * sizeof(*f->groups));
	f->group_of = malloc((n + 1) * sizeof(*f->group_of));
	if (!f->groups || !f->group_of)
		return -ENOMEM;
	int rc = index_map_reserve(&f->atoms, n);
	return rc ? rc : index_map_reserve(&f->threats, n);
}

#define AHEAD 12 /* entries whose places in the maps are asked for early */

static void ahead(struct finish *f, uint32_t number)
{
	if (number >= f->ix->entry_count)
		return;
	const struct entry *e = &f->ix->entries[number];
	if (e->indicator == INDEX_NONE)
		return;
	const struct indicator *in = &f->s->indicators[e->indicator];
	const struct condition *c = &f->s->conditions[in->first_condition];
	index_map_prefetch(&f->atoms, indicator_text(f->s, c->text, c->text_len),
			   (uint32_t)c->kind << 8 | c->type);
	index_map_prefetch(&f->threats, index_span(f->s, naming_id(e)), THREAT_INDICATOR + 1);
}

static void each(struct finish *f, void (*pass)(struct finish *, uint32_t), bool looks_up)
{
	for (uint32_t i = 0; i < f->ix->entry_count && !f->error; i++) {
		if (looks_up)
			ahead(f, i + AHEAD);
		if (f->ix->entries[i].indicator != INDEX_NONE)
			pass(f, i);
	}
}

int indicator_set_finish(struct indicator_set *s)
{
	struct finish f = {.s = s, .ix = s->index};

	assert(!s->sealed);
	f.error = compact(&f);
	if (!f.error)
		f.error = prepare(&f);
	if (!f.error) {
		s->threat_count = 0;
		choose_links(&f);
	}
	each(&f, resolve_markings, false);
	each(&f, claim, true);
	each(&f, assign, true);
	index_map_fini(&f.threats);
	index_map_fini(&f.atoms);
	index_map_fini(&f.linked);
	free(f.groups);
	free(f.group_of);
	return f.error;
}
