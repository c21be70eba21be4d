/* Sets of versions joined, and laid over a generation. */
#include "match/indicator_join.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "match/indicator_draft.h"
#include "match/indicator_index.h"

/* Versions on their way from one set into another. */
struct move {
	struct indicator_set *s;
	const struct indicator_set *from;
	struct draft draft;
	int *feed; /* from's feed -> s's, -1 not known yet */
};

/*
 * A sealed set keeps no entries of what stands: they are made up from what it says. What it
 * was marked with is settled then, its campaign known, and its content no longer.
 */
static const struct index *index_of(const struct indicator_set *s)
{
	return s->index;
}

static int move_init(struct move *m, struct indicator_set *s, const struct indicator_set *from)
{
	*m = (struct move){.s = s, .from = from};
	draft_init(&m->draft);
	m->feed = malloc((from->feed_count + 1) * sizeof(*m->feed));
	for (uint32_t i = 0; m->feed && i < from->feed_count; i++)
		m->feed[i] = -1;
	return m->feed ? 0 : -ENOMEM;
}

static void move_fini(struct move *m)
{
	draft_fini(&m->draft);
	free(m->feed);
}

static int feed_number(struct move *m, uint16_t feed)
{
	if (m->feed[feed] < 0)
		m->feed[feed] = indicator_set_feed(m->s, &m->from->feeds[feed]);
	return m->feed[feed];
}

static int copy_conditions(struct draft *d, const struct indicator_set *from,
			   const struct indicator *in)
{
	if (in->conditions > d->capacity) {
		struct condition *c = realloc(d->conditions, in->conditions * sizeof(*c));
		if (!c)
			return -ENOMEM;
		d->conditions = c;
		d->capacity = in->conditions;
	}
	for (uint32_t i = 0; i < in->conditions; i++) {
		struct condition *c = &d->conditions[d->count++];
		struct span text;
		*c = condition_at(from, in->first_condition + i);
		text = indicator_text(from, c->text, c->text_len);
		c->text = (uint32_t)d->text.len;
		text_bytes(&d->text, text.p, text.len);
	}
	return d->text.error;
}

/* An entry as the draft that it once was. */
static int draft_of(struct move *m, const struct entry *e)
{
	const struct indicator_set *from = m->from;
	struct draft *d = &m->draft;

	draft_reset(d, NULL);
	d->id = index_span(from, e->id);
	d->threat_id = index_span(from, e->threat_id);
	d->name = index_span(from, e->name);
	d->campaign = index_span(from, e->campaign);
	d->campaign_name = index_span(from, e->campaign_name);
	d->markings = index_span(from, e->markings);
	d->modified = e->modified;
	d->tlp_stated = e->tlp_stated;
	d->pap_stated = e->pap_stated;
	d->dead = e->indicator == INDEX_NONE;
	if (d->dead)
		return 0;
	const struct indicator in = indicator_at(from, e->indicator);
	d->severity = in.severity;
	d->tlp = in.tlp;
	d->pap = in.pap;
	d->confidence = in.confidence;
	d->rule = in.rule;
	d->valid_from = in.valid_from;
	d->valid_until = in.valid_until;
	d->line = in.line;
	d->pattern = indicator_text(from, in.pattern, in.pattern_len);
	d->evaluated = in.pattern_len > 0;
	d->open = in.open;
	return copy_conditions(d, from, &in);
}

/* An entry of m->from into m->s, where it stands or falls. */
static int put(struct move *m, const struct entry *e, uint32_t scope, int64_t valid_until)
{
	int feed = 0, rc = draft_of(m, e);

	if (!rc && !m->draft.dead) {
		feed = feed_number(m, indicator_at(m->from, e->indicator).feed);
		rc = feed < 0 ? feed : 0;
	}
	if (m->draft.valid_until > valid_until)
		m->draft.valid_until = valid_until;
	return rc ? rc
		  : indicator_set_put(m->s, (uint16_t)feed, &m->draft, e->content, scope);
}

/* Conditions and validity: whether the one is the other, sent again. */
static bool says_the_same(const struct indicator_set *s, const struct entry *a,
			  const struct indicator_set *base, const struct entry *b)
{
	const struct indicator x = indicator_at(s, a->indicator);
	const struct indicator y = indicator_at(base, b->indicator);
	bool same = x.conditions == y.conditions && x.valid_from == y.valid_from &&
		    x.valid_until == y.valid_until && x.severity == y.severity &&
		    x.confidence == y.confidence && x.open == y.open &&
		    index_compare(indicator_text(s, x.pattern, x.pattern_len),
				  indicator_text(base, y.pattern, y.pattern_len)) == 0;

	for (uint32_t i = 0; same && i < x.conditions; i++) {
		const struct condition c = condition_at(s, x.first_condition + i);
		const struct condition d = condition_at(base, y.first_condition + i);
		same = c.kind == d.kind && c.type == d.type && c.clause == d.clause &&
		       index_compare(indicator_text(s, c.text, c.text_len),
				     indicator_text(base, d.text, d.text_len)) == 0;
	}
	return same;
}

/* As indicator_set_put() decides between them; of a sealed base's, whose content is not
 * known, only the same version stands against one of the same time and weight. */
static bool stands_against(const struct indicator_set *s, const struct entry *a,
			   const struct indicator_set *base, const struct entry *b)
{
	bool a_dead = a->indicator == INDEX_NONE, b_dead = b->indicator == INDEX_NONE;

	if (a->modified != b->modified)
		return a->modified > b->modified;
	if (a_dead != b_dead)
		return a_dead;
	if (!a_dead && base->sealed && says_the_same(s, a, base, b))
		return false;
	if (!a_dead) {
		const struct indicator x = indicator_at(s, a->indicator);
		const struct indicator y = indicator_at(base, b->indicator);
		if (x.severity != y.severity)
			return x.severity > y.severity;
		if (x.confidence != y.confidence)
			return x.confidence > y.confidence;
	}
	return a->content > b->content;
}

static void withdraw(uint64_t *withdrawn, uint32_t indicator)
{
	if (indicator != INDEX_NONE)
		withdrawn[indicator / 64] |= UINT64_C(1) << (indicator % 64);
}

/* The version under this id in *e, made up where the set is sealed; false: there is none. */
static bool entry_of(const struct indicator_set *s, struct span id, uint32_t scope, struct entry *e)
{
	const struct index *ix = index_of(s);
	uint32_t at = index_map_get(&ix->by_id, s->text, id, scope);

	if (at != INDEX_NONE)
		*e = ix->entries[at];
	return at != INDEX_NONE || (s->sealed && indicator_entry(s, id, scope, e));
}

/* Every version of live, or of it those that stand against base's. */
static int put_versions(struct move *m, const struct indicator_set *base, uint64_t *withdrawn)
{
	const struct index *ix = index_of(m->from);
	int rc = 0;

	for (uint32_t i = 0; i < ix->by_id.capacity && !rc; i++) {
		if (ix->by_id.slots[i].value == INDEX_NONE)
			continue;
		const struct entry *e = &ix->entries[ix->by_id.slots[i].value];
		uint32_t scope = ix->by_id.keys[i].scope;
		struct entry b;
		bool known = base && entry_of(base, index_span(m->from, e->id), scope, &b);
		if (known && !stands_against(m->from, e, base, &b))
			continue;
		if (known)
			withdraw(withdrawn, b.indicator);
		rc = put(m, e, scope, INT64_MAX);
	}
	return rc;
}

/* What stands in a sealed set; what was withdrawn is in its index. */
static int put_sealed(struct move *m)
{
	const struct indicator_set *from = m->from;
	int rc = 0;

	for (uint32_t i = 0; i < from->count && !rc; i++) {
		const struct indicator in = indicator_at(from, i);
		uint32_t scope = in.rule    ? indicator_rule_scope()
				 : in.local ? indicator_feed_scope(from->feeds[in.feed].name)
					    : 0;
		struct entry e;
		indicator_entry_at(from, i, &e);
		rc = put(m, &e, scope, INT64_MAX);
	}
	return rc;
}

/* A relationship that base does not know yet claims an indicator that only base has. */
static int bring_over(struct move *m, struct span source, uint64_t *withdrawn)
{
	struct entry e, known;

	if (!entry_of(m->from, source, 0, &e) || e.indicator == INDEX_NONE ||
	    entry_of(m->s, source, 0, &known))
		return 0;
	withdraw(withdrawn, e.indicator);
	return put(m, &e, 0, INT64_MAX);
}

static bool knows_link(const struct indicator_set *base, struct span id, const struct link *l)
{
	const struct index *ix = index_of(base);
	uint32_t at = index_map_get(&ix->by_link, base->text, id, 0);

	return at != INDEX_NONE && ix->links[at].modified >= l->modified;
}

static int put_links(struct move *m, struct move *over, uint64_t *withdrawn)
{
	const struct index *ix = index_of(m->from);
	int rc = 0;

	for (uint32_t i = 0; i < ix->by_link.capacity && !rc; i++) {
		if (ix->by_link.slots[i].value == INDEX_NONE)
			continue;
		const struct link *l = &ix->links[ix->by_link.slots[i].value];
		struct span id = index_span(m->from, ix->by_link.keys[i].text);
		struct span source = index_span(m->from, l->source);
		rc = indicator_set_link(m->s, id, source, index_span(m->from, l->target),
					l->modified, l->revoked);
		if (!rc && over && !knows_link(over->from, id, l))
			rc = bring_over(over, source, withdrawn);
	}
	return rc;
}

static int put_objects(struct indicator_set *s, const struct indicator_set *from)
{
	const struct index *ix = index_of(from);
	int rc = 0;

	for (uint32_t i = 0; i < ix->by_object.capacity && !rc; i++) {
		if (ix->by_object.slots[i].value == INDEX_NONE)
			continue;
		const struct object *o = &ix->objects[ix->by_object.slots[i].value];
		rc = indicator_set_object(s, index_span(from, ix->by_object.keys[i].text),
					  index_span(from, o->name), o->modified);
	}
	return rc;
}

static int put_markings(struct indicator_set *s, const struct indicator_set *from)
{
	const struct index *ix = index_of(from);
	int rc = 0;

	for (uint32_t i = 0; i < ix->by_marking.capacity && !rc; i++) {
		if (ix->by_marking.slots[i].value == INDEX_NONE)
			continue;
		const struct marking *k = &ix->markings[ix->by_marking.slots[i].value];
		rc = indicator_set_marking(s, index_span(from, ix->by_marking.keys[i].text), k->tlp,
					   k->pap);
	}
	return rc;
}

int indicator_set_join(struct indicator_set *s, const struct indicator_set *from)
{
	struct move m;
	int rc = move_init(&m, s, from);

	if (!rc)
		rc = put_versions(&m, NULL, NULL);
	if (!rc && from->sealed)
		rc = put_sealed(&m);
	if (!rc)
		rc = put_links(&m, NULL, NULL);
	if (!rc)
		rc = put_objects(s, from);
	if (!rc)
		rc = put_markings(s, from);
	move_fini(&m);
	return rc;
}

int indicator_set_overlay(struct indicator_set *delta, const struct indicator_set *live,
			  const struct indicator_set *base, uint64_t *withdrawn)
{
	struct move m, over = {0};
	int rc = move_init(&m, delta, live);

	if (!rc)
		rc = move_init(&over, delta, base);
	if (!rc)
		rc = put_versions(&m, base, withdrawn);
	if (!rc)
		rc = put_links(&m, &over, withdrawn);
	if (!rc)
		rc = put_objects(delta, live);
	if (!rc)
		rc = put_markings(delta, live);
	if (!rc) /* few, and an indicator that changes may still name them */
		rc = put_markings(delta, base);
	move_fini(&m);
	move_fini(&over);
	return rc;
}

/* The entry that holds an indicator, and its namespace. */
static bool entry_at(const struct indicator_set *s, uint32_t indicator, struct entry *e,
		     uint32_t *scope)
{
	const struct indicator in = indicator_at(s, indicator);
	struct span id = indicator_text(s, in.id, in.id_len);
	const uint32_t scopes[] = {0, indicator_feed_scope(s->feeds[in.feed].name)};

	for (size_t i = 0; i < sizeof(scopes) / sizeof(scopes[0]); i++) {
		*scope = scopes[i];
		if (entry_of(s, id, *scope, e) && e->indicator == indicator)
			return true;
	}
	return false;
}

int indicator_set_cut(struct indicator_set *delta, const struct indicator_set *base,
		      uint32_t indicator, int64_t valid_until, uint64_t *withdrawn)
{
	struct entry e;
	struct move m;
	uint32_t scope;

	if (!entry_at(base, indicator, &e, &scope))
		return 0;
	withdraw(withdrawn, indicator);
	if (valid_until == INT64_MIN)
		return 0;
	int rc = move_init(&m, delta, base);
	if (!rc)
		rc = put(&m, &e, scope, valid_until);
	move_fini(&m);
	return rc;
}

void indicator_set_end(struct indicator_set *s, uint32_t indicator, int64_t valid_until)
{
	if (s->indicators[indicator].valid_until > valid_until)
		s->indicators[indicator].valid_until = valid_until;
}

static uint32_t scope_of(const struct feed *feed)
{
	return feed ? indicator_feed_scope(feed->name) : 0;
}

int indicator_set_withdraw(struct indicator_set *s, const struct feed *feed, struct span id,
			   int64_t modified)
{
	struct draft d;

	draft_init(&d);
	draft_reset(&d, NULL);
	d.id = id;
	d.modified = modified;
	d.dead = true;
	int rc = indicator_set_put(s, 0, &d, 0, scope_of(feed));
	draft_fini(&d);
	return rc;
}

uint32_t indicator_set_find(const struct indicator_set *s, const struct feed *feed, struct span id)
{
	struct entry e;

	return entry_of(s, id, scope_of(feed), &e) ? e.indicator : INDICATOR_NONE;
}

int64_t indicator_set_modified(const struct indicator_set *s, const struct feed *feed,
			       struct span id)
{
	struct entry e;

	return entry_of(s, id, scope_of(feed), &e) ? e.modified : INT64_MIN;
}

uint32_t indicator_set_versions(const struct indicator_set *s)
{
	return index_of(s)->entry_count + (s->sealed ? s->count : 0);
}

uint64_t indicator_link_hash(struct span id)
{
	return hash_bytes(id.p, id.len, 0);
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

int indicator_set_linked(const struct indicator_set *s, uint64_t **hashes, uint32_t *count)
{
	const struct index *ix = index_of(s);

	*count = 0;
	*hashes = malloc(((size_t)ix->link_count + 1) * sizeof(**hashes));
	if (!*hashes)
		return -ENOMEM;
	for (uint32_t i = 0; i < ix->link_count; i++)
		if (!ix->links[i].revoked)
			(*hashes)[(*count)++] =
				indicator_link_hash(index_span(s, ix->links[i].source));
	qsort(*hashes, *count, sizeof(**hashes), by_value);
	return 0;
}

static int copy_benigns(struct indicator_set *s, const struct indicator_set *from)
{
	int rc = 0;

	s->benigns = malloc(((size_t)from->benign_count + 1) * sizeof(*s->benigns));
	s->benign_lists = malloc(((size_t)from->benign_list_count + 1) * sizeof(*s->benign_lists));
	if (!s->benigns || !s->benign_lists)
		return -ENOMEM;
	s->benign_capacity = from->benign_count + 1;
	s->benign_list_capacity = from->benign_list_count + 1;
	for (; s->benign_count < from->benign_count && !rc; s->benign_count++) {
		struct benign *b = &s->benigns[s->benign_count];
		struct ref text;
		*b = from->benigns[s->benign_count];
		rc = indicator_set_text(s, indicator_text(from, b->text, b->text_len), &text);
		b->text = text.at;
	}
	if (from->benign_list_count)
		memcpy(s->benign_lists, from->benign_lists,
		       from->benign_list_count * sizeof(*s->benign_lists));
	s->benign_list_count = from->benign_list_count;
	return rc;
}

int indicator_set_thaw(struct indicator_set *s, const struct indicator_set *from)
{
	int rc = indicator_set_init(s);

	if (!rc)
		rc = copy_benigns(s, from);
	if (!rc)
		rc = indicator_set_join(s, from);
	s->revoked = from->revoked;
	s->deleted = from->deleted;
	s->not_to_ids = from->not_to_ids;
	s->expired_patterns = from->expired_patterns;
	return rc;
}

static bool marks_anew(const struct indicator_set *live, const struct indicator_set *base)
{
	const struct index *ix = index_of(live), *known = index_of(base);

	for (uint32_t i = 0; i < ix->by_marking.capacity; i++) {
		if (ix->by_marking.slots[i].value == INDEX_NONE)
			continue;
		const struct marking *k = &ix->markings[ix->by_marking.slots[i].value];
		uint32_t at = index_map_get(&known->by_marking, base->text,
					    index_span(live, ix->by_marking.keys[i].text), 0);
		if (at == INDEX_NONE || known->markings[at].tlp < k->tlp ||
		    known->markings[at].pap < k->pap)
			return true;
	}
	return false;
}

bool indicator_set_waits(const struct indicator_set *live, const struct indicator_set *base)
{
	const struct index *ix = index_of(live), *known = index_of(base);

	for (uint32_t i = 0; i < ix->by_object.capacity; i++) {
		if (ix->by_object.slots[i].value == INDEX_NONE)
			continue;
		uint32_t at = index_map_get(&known->by_object, base->text,
					    index_span(live, ix->by_object.keys[i].text), 0);
		const struct object *o = &ix->objects[ix->by_object.slots[i].value];
		if (at == INDEX_NONE || known->objects[at].modified < o->modified)
			return true;
	}
	return marks_anew(live, base);
}
