/*
 * From the set as it was loaded to the set as it is kept: indicators in the order of their
 * ids' hashes, atoms packed into the text, everything else copied behind them.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/lazy.h"
#include "base/timestamp.h"
#include "match/indicator_atom.h"

#define WHOLE      (INDEX_NONE - 1) /* a threat that no atom names */
#define NUMBER_MAX 10               /* bytes of a packed number */

struct place {
	uint32_t hash, entry;
};

struct seal {
	const struct indicator_set *from;
	const struct index *ix;
	struct indicator_set to;
	struct place *order; /* of live entries */
	uint32_t count;
	uint8_t *is_atom;   /* by entry */
	uint32_t *at;	    /* by entry: an atom's place in the text, then everyone's number */
	uint32_t *named_by; /* by old threat: the entry of the atom that names it, or WHOLE */
	uint32_t *threat;   /* by old threat: its number among the whole ones */
	uint32_t *meta_slots, meta_slot_count, meta_capacity;
	struct span shared; /* the last name that several had, and where it is now */
	struct ref shared_at;
	int error;
};

static const struct indicator *indicator_of(const struct seal *z, uint32_t entry)
{
	return &z->from->indicators[z->ix->entries[entry].indicator];
}

static struct span old(const struct seal *z, struct ref r)
{
	return index_span(z->from, r);
}

static struct ref copy(struct seal *z, struct span text)
{
	struct ref r = {0};

	if (!z->error)
		z->error = indicator_set_text(&z->to, text, &r);
	return r;
}

static bool same(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

static bool ends_in(struct span s, struct span end)
{
	return s.len >= end.len && memcmp(s.p + s.len - end.len, end.p, end.len) == 0;
}

static struct span value_of(const struct seal *z, uint32_t entry)
{
	const struct condition *c = &z->from->conditions[indicator_of(z, entry)->first_condition];

	return indicator_text(z->from, c->text, c->text_len);
}

static bool fits_atom(const struct seal *z, uint32_t entry)
{
	const struct indicator *in = indicator_of(z, entry);
	const struct condition *c = &z->from->conditions[in->first_condition];
	const struct entry *e = &z->ix->entries[entry];

	if (in->conditions != 1 || in->rule || in->pattern_len || c->kind == CONDITION_PORT ||
	    c->kind == CONDITION_PATTERN || c->clause != 0)
		return false;
	return e->threat_id.len == 0 || ends_in(old(z, e->threat_id), value_of(z, entry));
}

/* By the order of hashes; of equal ones by id, then by its namespace. */
static int compare(const struct seal *z, const struct place *a, const struct place *b)
{
	int c = (a->hash > b->hash) - (a->hash < b->hash);

	if (!c)
		c = index_compare(old(z, z->ix->entries[a->entry].id),
				  old(z, z->ix->entries[b->entry].id));
	uint32_t x = z->ix->entries[a->entry].scope, y = z->ix->entries[b->entry].scope;
	return c ? c : (x > y) - (x < y);
}

/* 11 bits a pass, the lowest first: three passes that keep what earlier ones ordered. */
static void sort_by_hash(struct place *a, struct place *b, uint32_t n)
{
	for (unsigned shift = 0; shift < 33; shift += 11) {
		uint32_t at[2048] = {0}, sum = 0;
		for (uint32_t i = 0; i < n; i++)
			at[a[i].hash >> shift & 2047]++;
		for (int k = 0; k < 2048; k++) {
			uint32_t count = at[k];
			at[k] = sum;
			sum += count;
		}
		for (uint32_t i = 0; i < n; i++)
			b[at[a[i].hash >> shift & 2047]++] = a[i];
		struct place *t = a;
		a = b;
		b = t;
	}
}

static int put_in_order(struct seal *z)
{
	uint32_t n = 0, live = z->from->count;
	size_t bytes = ((size_t)live * 2 + 1) * sizeof(struct place);
	struct place *two = lazy_alloc_huge(bytes);

	z->order = malloc(((size_t)live + 1) * sizeof(*z->order));
	if (!two || !z->order) {
		lazy_free(two, bytes);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < z->ix->entry_count; i++) {
		if (z->ix->entries[i].indicator == INDEX_NONE)
			continue;
		assert(n < live);
		two[n++] = (struct place){z->ix->entries[i].hash, i};
		z->is_atom[i] = fits_atom(z, i);
	}
	sort_by_hash(two, two + live, n); /* three passes: ends in the second half */
	memcpy(z->order, two + live, (size_t)n * sizeof(*two));
	lazy_free(two, bytes);
	z->count = n;
	for (uint32_t i = 1; i < n; i++) /* runs of one hash are short */
		for (uint32_t k = i; k > 0 && compare(z, &z->order[k - 1], &z->order[k]) > 0; k--) {
			struct place t = z->order[k];
			z->order[k] = z->order[k - 1];
			z->order[k - 1] = t;
		}
	return 0;
}

/* Whether the atom, unpacked, would say just this threat. */
static bool names(const struct seal *z, uint32_t entry, const struct threat *t)
{
	const struct entry *e = &z->ix->entries[entry];
	struct ref id = e->threat_id.len ? e->threat_id : e->id;
	struct span name = e->name.len ? old(z, e->name) : value_of(z, entry);

	return t->kind == THREAT_INDICATOR && t->id == id.at && t->id_len == id.len &&
	       same(name, indicator_text(z->from, t->name, t->name_len));
}

/* Passes go by entry: neighbours there lie side by side in memory. */
static bool is_live(const struct seal *z, uint32_t entry)
{
	return z->ix->entries[entry].indicator != INDEX_NONE;
}

static void sort_threats(struct seal *z)
{
	struct indicator_set *to = &z->to;

	for (uint32_t i = 0; i < z->from->threat_count; i++)
		z->named_by[i] = WHOLE;
	for (uint32_t i = 0; i < z->ix->entry_count; i++) {
		if (!is_live(z, i) || !z->is_atom[i])
			continue;
		uint32_t t = indicator_of(z, i)->threat;
		if (names(z, i, &z->from->threats[t]))
			z->named_by[t] = i;
	}
	for (uint32_t i = 0; i < z->ix->entry_count; i++)
		if (is_live(z, i) && !z->is_atom[i])
			z->named_by[indicator_of(z, i)->threat] = WHOLE;
	for (uint32_t i = 0; i < z->from->threat_count; i++) {
		struct threat t = z->from->threats[i];
		if (z->named_by[i] != WHOLE)
			continue;
		z->threat[i] = to->threat_count;
		struct ref id = copy(z, indicator_text(z->from, t.id, t.id_len));
		struct ref name = copy(z, indicator_text(z->from, t.name, t.name_len));
		to->threats[to->threat_count++] =
			(struct threat){t.kind, id.at, id.len, name.at, name.len};
	}
}

static int grow_metas(struct seal *z)
{
	struct indicator_atoms *a = &z->to.atoms;

	if (index_grow((void **)&a->metas, a->meta_count, &z->meta_capacity, sizeof(*a->metas)))
		return -ENOMEM;
	if (a->meta_count < z->meta_slot_count / 2)
		return 0;
	uint32_t n = z->meta_slot_count ? z->meta_slot_count * 2 : 64;
	uint32_t *slots = malloc((size_t)n * sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	memset(slots, 0xff, (size_t)n * sizeof(*slots));
	for (uint32_t i = 0; i < a->meta_count; i++) {
		uint32_t k = (uint32_t)hash_bytes(&a->metas[i], sizeof(*a->metas), 0) & (n - 1);
		while (slots[k] != INDEX_NONE)
			k = (k + 1) & (n - 1);
		slots[k] = i;
	}
	free(z->meta_slots);
	z->meta_slots = slots;
	z->meta_slot_count = n;
	return 0;
}

static uint32_t number_of_meta(struct seal *z, const struct atom_meta *m)
{
	struct indicator_atoms *a = &z->to.atoms;

	if ((z->error = grow_metas(z)))
		return 0;
	uint32_t mask = z->meta_slot_count - 1;
	for (uint32_t k = (uint32_t)hash_bytes(m, sizeof(*m), 0);; k++) {
		uint32_t *slot = &z->meta_slots[k & mask];
		if (*slot == INDEX_NONE) {
			a->metas[a->meta_count] = *m;
			return *slot = a->meta_count++;
		}
		if (memcmp(&a->metas[*slot], m, sizeof(*m)) == 0)
			return *slot;
	}
}

/* The coarsest unit that loses nothing. */
static uint32_t unit_of(const struct entry *e, const struct indicator *in)
{
	uint32_t unit = TIMESTAMP_SECOND;

	for (; unit > 1; unit /= 1000)
		if ((e->modified == INT64_MIN || e->modified % unit == 0) &&
		    (in->valid_from == INT64_MIN || in->valid_from % unit == 0) &&
		    (in->valid_until == INT64_MAX || in->valid_until % unit == 0))
			break;
	return unit;
}

/* A name that the next atom has as well is kept once, with what they share. */
static void take_name(struct seal *z, struct atom_meta *m, struct span name, struct span next)
{
	if (name.len == 0)
		return;
	if (!same(name, z->shared)) {
		if (!same(name, next)) {
			m->flags |= ATOM_NAMED;
			return;
		}
		z->shared = name;
		z->shared_at = copy(z, name);
	}
	m->name = z->shared_at;
}

static uint8_t *put_number(uint8_t *p, uint64_t v)
{
	for (; v > 127; v >>= 7)
		*p++ = (uint8_t)(v | 128);
	*p++ = (uint8_t)v;
	return p;
}

static uint8_t *put_distance(uint8_t *p, int64_t t, int64_t from, uint32_t unit)
{
	/* both are multiples of the unit, but perhaps for base, which is a whole second */
	int64_t steps = (t - from) / (int64_t)unit;

	return put_number(p, (uint64_t)steps << 1 ^ (uint64_t)(steps >> 63));
}

static uint8_t *put_piece(uint8_t *p, struct span s)
{
	p = put_number(p, s.len);
	if (s.len)
		memcpy(p, s.p, s.len);
	return p + s.len;
}

static struct atom_meta meta_of(struct seal *z, uint32_t entry)
{
	const struct entry *e = &z->ix->entries[entry];
	const struct indicator *in = indicator_of(z, entry);
	const struct condition *c = &z->from->conditions[in->first_condition];
	struct span id = old(z, e->id), threat_id = old(z, e->threat_id), v = value_of(z, entry);
	uint32_t by = z->named_by[in->threat];
	bool threat_ends = threat_id.len > 0, id_ends = !threat_ends && ends_in(id, v);

	return (struct atom_meta){
		.threat = by == WHOLE ? z->threat[in->threat] : ATOM_OWN_THREAT,
		.unit = unit_of(e, in),
		.prefix = threat_ends ? threat_id.len - v.len : id_ends ? id.len - v.len : 0,
		.feed = in->feed,
		.severity = in->severity,
		.tlp = in->tlp,
		.pap = in->pap,
		.confidence = in->confidence,
		.kind = c->kind,
		.type = c->type,
		.form = threat_ends ? ATOM_THREAT_ENDS : id_ends ? ATOM_ID_ENDS : ATOM_ID_APART,
		.flags = (uint8_t)((e->modified != INT64_MIN ? ATOM_MODIFIED : 0) |
				   (in->valid_from != INT64_MIN ? ATOM_FROM : 0) |
				   (in->valid_until != INT64_MAX ? ATOM_UNTIL : 0) |
				   (z->ix->entries[entry].scope & 1 ? ATOM_LOCAL : 0) |
				   (by != WHOLE && by != entry ? ATOM_FOLLOWS : 0)),
	};
}

static void pack(struct seal *z, uint32_t entry, struct span next_name)
{
	const struct entry *e = &z->ix->entries[entry];
	const struct indicator *in = indicator_of(z, entry);
	struct atom_meta m = meta_of(z, entry);
	struct span value = value_of(z, entry), id = old(z, e->id), name = old(z, e->name);
	struct span longer = m.form == ATOM_THREAT_ENDS ? old(z, e->threat_id)
			     : m.form == ATOM_ID_ENDS	? id
							: value;

	take_name(z, &m, name, next_name);
	uint32_t number = number_of_meta(z, &m);
	size_t most = 7 * NUMBER_MAX + (size_t)longer.len + id.len + name.len;
	if (!z->error)
		z->error = indicator_set_room(&z->to, most);
	if (z->error)
		return;
	uint8_t *start = (uint8_t *)z->to.text + z->to.text_len;
	uint8_t *p = put_number(start, number);
	int64_t from = z->to.atoms.base_us;
	if (m.flags & ATOM_MODIFIED)
		p = put_distance(p, e->modified, from, m.unit);
	from = m.flags & ATOM_MODIFIED ? e->modified : from;
	if (m.flags & ATOM_FROM)
		p = put_distance(p, in->valid_from, from, m.unit);
	from = m.flags & ATOM_FROM ? in->valid_from : from;
	if (m.flags & ATOM_UNTIL)
		p = put_distance(p, in->valid_until, from, m.unit);
	p = put_piece(p, longer);
	if (m.flags & ATOM_NAMED)
		p = put_piece(p, name);
	if (m.form != ATOM_ID_ENDS)
		p = put_piece(p, id);
	z->to.kinds[m.kind]++;
	z->to.feeds[m.feed].indicators++;
	z->at[entry] = (uint32_t)z->to.text_len;
	z->to.text_len += (size_t)(p - start);
}

static void pack_all(struct seal *z)
{
	uint32_t last = INDEX_NONE;

	for (uint32_t i = 0; i < z->ix->entry_count && !z->error; i++) {
		if (z->ix->entries[i].indicator == INDEX_NONE || !z->is_atom[i])
			continue;
		if (last != INDEX_NONE)
			pack(z, last, old(z, z->ix->entries[i].name));
		last = i;
	}
	if (last != INDEX_NONE && !z->error)
		pack(z, last, (struct span){"", 0});
}

static int by_atom(const void *a, const void *b)
{
	const struct atom_follower *x = a, *y = b;

	return (x->atom > y->atom) - (x->atom < y->atom);
}

static void number_atoms(struct seal *z)
{
	struct indicator_atoms *a = &z->to.atoms;

	for (uint32_t i = 0; i < z->count; i++) {
		uint32_t entry = z->order[i].entry;
		if (z->is_atom[entry]) {
			a->at[a->count] = z->at[entry];
			z->at[entry] = a->count++; /* its number, from now on */
		}
	}
	for (uint32_t i = 0; i < a->follower_count; i++)
		a->followers[i] = (struct atom_follower){z->at[a->followers[i].atom],
							 z->at[a->followers[i].leader]};
	qsort(a->followers, a->follower_count, sizeof(*a->followers), by_atom);
}

static void copy_whole(struct seal *z, uint32_t entry)
{
	struct indicator_set *to = &z->to;
	struct indicator in = *indicator_of(z, entry);
	const struct condition *c = &z->from->conditions[in.first_condition];
	struct ref id = copy(z, old(z, z->ix->entries[entry].id));

	in.id = id.at;
	in.pattern = copy(z, indicator_text(z->from, in.pattern, in.pattern_len)).at;
	in.local = z->ix->entries[entry].scope & 1;
	in.modified = z->ix->entries[entry].modified;
	in.threat = z->threat[in.threat];
	in.first_condition = to->atoms.count + to->condition_count;
	to->indicators[to->count++] = in;
	to->feeds[in.feed].indicators++;
	for (uint32_t i = 0; i < in.conditions; i++) {
		struct condition *n = &to->conditions[to->condition_count++];
		*n = c[i];
		to->kinds[n->kind]++;
		n->text = copy(z, indicator_text(z->from, c[i].text, c[i].text_len)).at;
	}
}

/* Rules last: indicator_find() looks before them. */
static void copy_rest(struct seal *z)
{
	for (int rules = 0; rules < 2; rules++)
		for (uint32_t i = 0; i < z->count && !z->error; i++) {
			uint32_t entry = z->order[i].entry;
			if (!z->is_atom[entry] && indicator_of(z, entry)->rule == rules)
				copy_whole(z, entry);
		}
	for (uint32_t i = 0; i < z->to.benign_count; i++) {
		struct benign *b = &z->to.benigns[i];
		b->text = copy(z, indicator_text(z->from, b->text, b->text_len)).at;
	}
}

static void copy_keys(struct seal *z, struct index_map *m)
{
	for (uint32_t i = 0; i < m->capacity; i++)
		if (m->slots[i].value != INDEX_NONE)
			m->keys[i].text = copy(z, old(z, m->keys[i].text));
}

/* Withdrawn ids, so that an older version cannot come back. */
static void keep_dead(struct seal *z, struct index *kept)
{
	const struct index_map *m = &z->ix->by_id;

	for (uint32_t i = 0; i < m->capacity && !z->error; i++) {
		uint32_t number = m->slots[i].value;
		if (number == INDEX_NONE || z->ix->entries[number].indicator != INDEX_NONE)
			continue;
		const struct entry *e = &z->ix->entries[number];
		struct index_slot *slot = index_map_put(&kept->by_id, z->to.text, old(z, e->id),
							m->keys[i].scope);
		if (!slot || index_grow_lazy((void **)&kept->entries, kept->entry_count,
					     &kept->entry_capacity, sizeof(*kept->entries))) {
			z->error = -ENOMEM;
			return;
		}
		kept->entries[kept->entry_count] = (struct entry){.id = copy(z, old(z, e->id)),
								  .hash = e->hash,
								  .scope = e->scope,
								  .content = e->content,
								  .modified = e->modified,
								  .indicator = INDEX_NONE};
		index_map_set(&kept->by_id, slot, kept->entries[kept->entry_count].id,
			      kept->entry_count);
		kept->entry_count++;
	}
}

/* What later versions are held against: withdrawn ids, relationships, objects, markings. */
static void keep_index(struct seal *z)
{
	struct index *ix = (struct index *)z->ix, *kept = calloc(1, sizeof(*kept));

	if (!kept) {
		z->error = -ENOMEM;
		return;
	}
	z->to.index = kept;
	keep_dead(z, kept);
	if (z->error)
		return;
	copy_keys(z, &ix->by_link);
	copy_keys(z, &ix->by_object);
	copy_keys(z, &ix->by_marking);
	for (uint32_t i = 0; i < ix->link_count; i++) {
		ix->links[i].source = copy(z, old(z, ix->links[i].source));
		ix->links[i].target = copy(z, old(z, ix->links[i].target));
	}
	for (uint32_t i = 0; i < ix->object_count; i++)
		ix->objects[i].name = copy(z, old(z, ix->objects[i].name));
	/* the tables move over, and leave nothing behind */
	struct index own = *kept, empty = {.by_id = ix->by_id,
					   .entries = ix->entries,
					   .entry_count = ix->entry_count,
					   .entry_capacity = ix->entry_capacity};
	*kept = *ix;
	kept->by_id = own.by_id;
	kept->entries = own.entries;
	kept->entry_count = own.entry_count;
	kept->entry_capacity = own.entry_capacity;
	*ix = empty;
}

static void *array(struct seal *z, size_t count, size_t size)
{
	void *p = calloc(count + 1, size);

	if (!p)
		z->error = -ENOMEM;
	return p;
}

static bool follows(const struct seal *z, uint32_t entry)
{
	uint32_t by = z->named_by[indicator_of(z, entry)->threat];

	return z->is_atom[entry] && by != WHOLE && by != entry;
}

static void prepare(struct seal *z)
{
	const struct indicator_set *s = z->from;
	struct indicator_atoms *a = &z->to.atoms;
	uint32_t atoms = 0, conditions = 0, n = 0;
	int64_t least = INT64_MAX, greatest = INT64_MIN;

	for (uint32_t i = 0; i < z->ix->entry_count; i++) {
		const struct entry *e = &z->ix->entries[i];
		if (!is_live(z, i))
			continue;
		atoms += z->is_atom[i];
		conditions += z->is_atom[i] ? 0 : indicator_of(z, i)->conditions;
		if (e->modified == INT64_MIN)
			continue;
		least = e->modified < least ? e->modified : least;
		greatest = e->modified > greatest ? e->modified : greatest;
	}
	/* from the middle a year of milliseconds is a byte nearer */
	if (least <= greatest)
		a->base_us = least + (greatest - least) / 2;
	a->base_us -= a->base_us % TIMESTAMP_SECOND;
	z->to.threats = array(z, s->threat_count, sizeof(*s->threats));
	if (!z->error)
		sort_threats(z);
	for (uint32_t i = 0; i < z->ix->entry_count && !z->error; i++)
		n += is_live(z, i) && follows(z, i);
	a->at = array(z, atoms, sizeof(*a->at));
	a->followers = array(z, n, sizeof(*a->followers));
	z->to.indicators = array(z, z->count - atoms, sizeof(*s->indicators));
	z->to.conditions = array(z, conditions, sizeof(*s->conditions));
	/* by entry until atoms are numbered */
	for (uint32_t i = 0; i < z->ix->entry_count && !z->error; i++)
		if (is_live(z, i) && follows(z, i))
			a->followers[a->follower_count++] = (struct atom_follower){
				i, z->named_by[indicator_of(z, i)->threat]};
}

static void work(struct seal *z)
{
	const struct indicator_set *s = z->from;

	for (uint32_t i = 0; i < s->feed_count; i++)
		s->feeds[i].indicators = 0;
	z->is_atom = array(z, z->ix->entry_count, 1);
	z->at = array(z, z->ix->entry_count, sizeof(*z->at));
	z->named_by = array(z, s->threat_count, sizeof(*z->named_by));
	z->threat = array(z, s->threat_count, sizeof(*z->threat));
	if (!z->error)
		z->error = put_in_order(z);
	if (!z->error)
		prepare(z);
	if (!z->error)
		pack_all(z);
	if (!z->error)
		number_atoms(z);
	if (!z->error)
		copy_rest(z);
	if (!z->error)
		keep_index(z);
}

/* What the old set keeps of its own, and what the new one takes over. */
static void replace(struct indicator_set *s, struct seal *z)
{
	struct indicator_set old_set = *s;
	char *fit = realloc(z->to.text, z->to.text_len + 1);

	*s = z->to;
	s->text = fit ? fit : z->to.text;
	s->text_capacity = s->text_len;
	s->threats_named = old_set.threat_count;
	s->threat_count = z->to.threat_count + s->atoms.count;
	s->count += s->atoms.count;
	s->condition_count += s->atoms.count;
	s->sealed = true;
	/* feeds and benigns have moved on */
	old_set.feeds = NULL;
	old_set.benigns = NULL;
	old_set.benign_lists = NULL;
	indicator_set_fini(&old_set);
}

int indicator_set_seal(struct indicator_set *s)
{
	struct seal z = {.from = s, .ix = s->index};
	struct benign *benigns = NULL;

	assert(!s->sealed);
	z.to.feeds = s->feeds;
	z.to.feed_count = s->feed_count;
	z.to.benign_lists = s->benign_lists;
	z.to.benign_list_count = s->benign_list_count;
	z.to.revoked = s->revoked;
	z.to.deleted = s->deleted;
	z.to.not_to_ids = s->not_to_ids;
	z.to.expired_patterns = s->expired_patterns;
	benigns = array(&z, s->benign_count, sizeof(*benigns));
	if (benigns && s->benign_count)
		memcpy(benigns, s->benigns, s->benign_count * sizeof(*benigns));
	z.to.benigns = benigns;
	z.to.benign_count = s->benign_count;
	if (!z.error)
		work(&z);
	if (!z.error) {
		free(s->benigns);
		replace(s, &z);
	} else {
		z.to.feeds = NULL;
		z.to.benign_lists = NULL;
		indicator_set_fini(&z.to);
	}
	free(z.order);
	free(z.is_atom);
	free(z.at);
	free(z.named_by);
	free(z.threat);
	free(z.meta_slots);
	return z.error;
}
