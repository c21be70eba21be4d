#include "match/indicator.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/lazy.h"
#include "match/indicator_draft.h"
#include "match/indicator_index.h"

int indicator_set_init(struct indicator_set *s)
{
	memset(s, 0, sizeof(*s));
	s->index = calloc(1, sizeof(struct index));
	return s->index ? 0 : -ENOMEM;
}

static void index_free(struct index *ix)
{
	if (!ix)
		return;
	index_map_fini(&ix->by_id);
	index_map_fini(&ix->by_link);
	index_map_fini(&ix->by_object);
	index_map_fini(&ix->by_marking);
	lazy_free(ix->entries, (size_t)ix->entry_capacity * sizeof(*ix->entries));
	free(ix->links);
	free(ix->objects);
	free(ix->markings);
	free(ix);
}

void indicator_set_fini(struct indicator_set *s)
{
	index_free(s->index);
	if (s->file.map) {
		cache_file_close(&s->file);
		memset(s, 0, sizeof(*s));
		return;
	}
	free(s->atoms.at);
	free(s->atoms.metas);
	free(s->atoms.followers);
	free(s->text);
	free(s->indicators);
	free(s->conditions);
	free(s->threats);
	free(s->feeds);
	free(s->benigns);
	free(s->benign_lists);
	memset(s, 0, sizeof(*s));
}

static int feed_find(const struct indicator_set *s, const struct feed *feed)
{
	for (uint32_t i = 0; i < s->feed_count; i++)
		if (strcmp(s->feeds[i].name, feed->name) == 0 &&
		    strcmp(s->feeds[i].path, feed->path) == 0)
			return (int)i;
	return -1;
}

int indicator_set_feed(struct indicator_set *s, const struct feed *feed)
{
	int i = feed_find(s, feed);

	if (i < 0) {
		if (s->feed_count > UINT16_MAX)
			return -EOVERFLOW;
		if (index_grow((void **)&s->feeds, s->feed_count, &s->feed_capacity,
			       sizeof(*s->feeds)))
			return -ENOMEM;
		i = (int)s->feed_count++;
	}
	s->feeds[i] = *feed;
	return i;
}

#define RULE_SCOPE 2u /* even, and not 0: the namespace of rule ids */

uint32_t indicator_feed_scope(const char *feed)
{
	return (uint32_t)hash_bytes(feed, strlen(feed), 0) | 1;
}

/* Ids that are a feed's own live in the namespace of the feed's name. */
static uint32_t scope_of(const struct indicator_set *s, uint16_t feed, const struct draft *d)
{
	if (d->rule)
		return RULE_SCOPE;
	if (!d->local)
		return 0;
	return indicator_feed_scope(s->feeds[feed].name);
}

static uint64_t mix(uint64_t h, const void *p, size_t len)
{
	return hash_bytes(p, len, h);
}

static uint64_t mix_span(uint64_t h, struct span s)
{
	return hash_bytes(s.p ? s.p : "", s.len, hash_pair(h, s.len));
}

/* Everything about a draft but its line, so that equal hashes mean equal content. */
static uint64_t content_hash(const struct indicator_set *s, uint16_t feed, const struct draft *d)
{
	const char *name = s->feeds[feed].name;
	uint64_t h = mix(1, name, strlen(name));

	h = hash_pair(h, (uint64_t)d->severity << 24 | (uint64_t)d->tlp << 16 |
				 (uint64_t)d->pap << 8 | (uint8_t)d->confidence);
	h = hash_pair(h, (uint64_t)d->dead << 2 | (uint64_t)d->tlp_stated << 1 | d->pap_stated);
	h = hash_pair(hash_pair(h, (uint64_t)d->valid_from), (uint64_t)d->valid_until);
	h = mix_span(mix_span(h, d->name), d->threat_id);
	h = mix_span(mix_span(mix_span(h, d->campaign), d->campaign_name), d->markings);
	for (uint32_t i = 0; i < d->count; i++) {
		const struct condition *c = &d->conditions[i];
		h = hash_pair(h, (uint64_t)c->kind << 24 | (uint64_t)c->type << 16 |
					 (uint64_t)c->pattern_kind << 8 | c->clause);
		h = hash_pair(h, c->hs_flags);
		h = mix_span(h, (struct span){d->text.p + c->text, c->text_len});
	}
	if (d->evaluated)
		h = mix_span(hash_pair(h, d->open), d->pattern);
	return h;
}

/*
 * A total order over the versions of one id, so that the last one standing does not
 * depend on the order of loading: newer, then withdrawn, then more severe, then surer,
 * then whatever the content hash says.
 */
static bool supersedes(const struct draft *d, uint64_t content, const struct indicator_set *s,
		       const struct entry *e)
{
	bool dead = e->indicator == INDEX_NONE;

	if (d->modified != e->modified)
		return d->modified > e->modified;
	if (d->dead != dead)
		return d->dead;
	if (dead)
		return content > e->content;
	const struct indicator *old = &s->indicators[e->indicator];
	if (d->severity != old->severity)
		return d->severity > old->severity;
	if (d->confidence != old->confidence)
		return d->confidence > old->confidence;
	return content > e->content;
}

/* The draft's texts go in as one piece; a span is kept by its place when it lies within. */
static int take_span(struct indicator_set *s, const struct draft *d, struct ref base, struct span t,
		     struct ref *out)
{
	if (t.len && d->text.len && t.p >= d->text.p && t.p < d->text.p + d->text.len) {
		*out = (struct ref){base.at + (uint32_t)(t.p - d->text.p), t.len};
		return 0;
	}
	return indicator_set_text(s, t, out);
}

static int take_conditions(struct indicator_set *s, const struct draft *d, struct ref base)
{
	while (s->condition_capacity - s->condition_count < d->count) {
		/* doubling, whatever is in use: all that was there is kept */
		int rc = index_grow((void **)&s->conditions, s->condition_capacity,
				    &s->condition_capacity, sizeof(*s->conditions));
		if (rc)
			return rc;
	}
	for (uint32_t i = 0; i < d->count; i++) {
		struct condition *c = &s->conditions[s->condition_count++];
		*c = d->conditions[i];
		c->text += base.at;
	}
	return 0;
}

static int place(struct indicator_set *s, struct entry *e)
{
	if (e->indicator != INDEX_NONE)
		return 0;
	if (s->count == INDICATORS_MAX)
		return -EOVERFLOW;
	if (index_grow((void **)&s->indicators, s->count, &s->capacity, sizeof(*s->indicators)))
		return -ENOMEM;
	e->indicator = s->count++;
	return 0;
}

static int store(struct indicator_set *s, uint16_t feed, const struct draft *d, struct entry *e,
		 struct ref base)
{
	if (d->dead) {
		e->indicator = INDEX_NONE;
		return 0;
	}
	uint32_t first = s->condition_count;
	struct ref pattern = {0};
	int rc = take_conditions(s, d, base);
	if (!rc && d->evaluated)
		rc = indicator_set_text(s, d->pattern, &pattern);
	if (!rc)
		rc = place(s, e);
	if (rc)
		return rc;
	s->indicators[e->indicator] = (struct indicator){
		.id = e->id.at,
		.id_len = e->id.len,
		.feed = feed,
		.severity = d->severity,
		.tlp = d->tlp,
		.pap = d->pap,
		.confidence = d->confidence,
		.rule = d->rule,
		.valid_from = d->valid_from,
		.valid_until = d->valid_until,
		.threat = INDEX_NONE,
		.first_condition = first,
		.conditions = d->count,
		.line = d->line,
		.pattern = pattern.at,
		.pattern_len = pattern.len,
		.open = d->open,
	};
	return 0;
}

/* Fills the entry with this version. It is the caller's copy until all went well. */
static int take(struct indicator_set *s, uint16_t feed, const struct draft *d, uint64_t content,
		struct entry *e, bool is_new)
{
	struct ref base;
	int rc = indicator_set_text(s, (struct span){d->text.p, (uint32_t)d->text.len}, &base);

	if (!rc && is_new)
		rc = take_span(s, d, base, d->id, &e->id);
	if (!rc)
		rc = take_span(s, d, base, d->threat_id, &e->threat_id);
	if (!rc)
		rc = take_span(s, d, base, d->name, &e->name);
	if (!rc)
		rc = take_span(s, d, base, d->campaign, &e->campaign);
	if (!rc)
		rc = take_span(s, d, base, d->campaign_name, &e->campaign_name);
	if (!rc)
		rc = take_span(s, d, base, d->markings, &e->markings);
	e->content = content;
	e->modified = d->modified;
	e->tlp_stated = d->tlp_stated;
	e->pap_stated = d->pap_stated;
	return rc ? rc : store(s, feed, d, e, base);
}

/* An id met for the first time. */
static int add_new(struct indicator_set *s, uint16_t feed, const struct draft *d, uint64_t content,
		   struct index_slot *slot)
{
	struct index *ix = s->index;
	struct entry e = {.indicator = INDEX_NONE,
			  .hash = slot->hash,
			  .scope = ix->by_id.keys[slot - ix->by_id.slots].scope};
	int rc = index_grow_lazy((void **)&ix->entries, ix->entry_count, &ix->entry_capacity,
				 sizeof(*ix->entries));

	if (!rc)
		rc = take(s, feed, d, content, &e, true);
	if (rc) {
		index_map_undo(&ix->by_id, slot);
		return rc;
	}
	index_map_set(&ix->by_id, slot, e.id, ix->entry_count);
	ix->entries[ix->entry_count++] = e;
	return 0;
}

uint32_t indicator_rule_scope(void)
{
	return RULE_SCOPE;
}

int indicator_set_add(struct indicator_set *s, uint16_t feed, const struct draft *d)
{
	uint32_t scope = scope_of(s, feed, d);

	/* a cache miss among millions; the hash takes about as long */
	index_map_prefetch(&((struct index *)s->index)->by_id, d->id, scope);
	return indicator_set_put(s, feed, d, content_hash(s, feed, d), scope);
}

int indicator_set_put(struct indicator_set *s, uint16_t feed, const struct draft *d,
		      uint64_t content, uint32_t scope)
{
	struct index *ix = s->index;
	struct index_slot *slot = index_map_put(&ix->by_id, s->text, d->id, scope);

	assert(!s->sealed && d->id.len > 0 && (d->dead || d->count > 0 || d->open));
	if (!slot)
		return -ENOMEM;
	if (slot->value == INDEX_NONE)
		return add_new(s, feed, d, content, slot);
	struct entry e = ix->entries[slot->value];
	if (!supersedes(d, content, s, &e))
		return 0;
	int rc = take(s, feed, d, content, &e, false);
	if (!rc)
		ix->entries[slot->value] = e;
	return rc;
}

const struct indicator *indicator_set_rule(const struct indicator_set *s, struct span id)
{
	const struct index *ix = s->index;
	uint32_t at = index_map_get(&ix->by_id, s->text, id, RULE_SCOPE);

	return at == INDEX_NONE ? NULL : &s->indicators[ix->entries[at].indicator];
}
