#include "match/match_cache_check.h"

#include <string.h>

static void clear_map(struct index_map *m)
{
	m->slots = NULL;
	m->keys = NULL;
}

static void clear_exact(struct exact *e)
{
	e->tags = NULL;
	e->refs = NULL;
	e->filter = NULL;
	e->lists = e->next = e->order = NULL;
	e->borrowed = false;
}

void match_fixed_clear(struct match_fixed *f)
{
	struct indicator_set *s = &f->set;

	s->text = NULL;
	s->atoms.at = NULL;
	s->atoms.metas = NULL;
	s->atoms.followers = NULL;
	s->indicators = NULL;
	s->conditions = NULL;
	s->threats = NULL;
	s->feeds = NULL;
	s->benigns = NULL;
	s->benign_lists = NULL;
	s->index = NULL;
	memset(&s->file, 0, sizeof(s->file));
	clear_map(&f->index.by_id);
	clear_map(&f->index.by_link);
	clear_map(&f->index.by_object);
	clear_map(&f->index.by_marking);
	f->index.entries = NULL;
	f->index.links = NULL;
	f->index.objects = NULL;
	f->index.markings = NULL;
	clear_exact(&f->atoms);
	clear_exact(&f->nets.table);
	f->plan.atoms = f->plan.more_atoms = NULL;
	f->plan.nets = f->plan.more_nets = NULL;
}

static bool holds(const struct cache_part *p, uint64_t count, size_t size)
{
	return p->bytes == count * size;
}

static bool map_sizes(const struct cache_part *p, const struct index_map *m)
{
	return (m->capacity & (m->capacity - 1)) == 0 && m->count <= m->capacity / 2 &&
	       holds(&p[0], m->capacity, sizeof(*m->slots)) &&
	       holds(&p[1], m->capacity, sizeof(*m->keys));
}

static bool exact_sizes(const struct cache_part *p, const struct exact *e)
{
	return e->slot_count > 0 && e->filter_words > 0 && holds(&p[0], e->slot_count, 2) &&
	       holds(&p[1], e->slot_count, 4) && holds(&p[2], e->filter_words, 8) &&
	       holds(&p[3], e->list_words, 4);
}

bool match_cache_sizes(const struct cache_part *parts)
{
	struct match_fixed f;

	if (parts[PART_FIXED].bytes != sizeof(f))
		return false;
	memcpy(&f, parts[PART_FIXED].p, sizeof(f));
	const struct indicator_set *s = &f.set;
	if (s->atoms.count > s->count || s->atoms.count > s->condition_count ||
	    s->atoms.count > s->threat_count || s->count > INDICATORS_MAX)
		return false;
	return holds(&parts[PART_TEXT], s->text_len, 1) && s->text_len <= UINT32_MAX &&
	       holds(&parts[PART_AT], s->atoms.count, sizeof(uint32_t)) &&
	       holds(&parts[PART_METAS], s->atoms.meta_count, sizeof(*s->atoms.metas)) &&
	       holds(&parts[PART_FOLLOWERS], s->atoms.follower_count, sizeof(*s->atoms.followers)) &&
	       holds(&parts[PART_INDICATORS], s->count - s->atoms.count, sizeof(*s->indicators)) &&
	       holds(&parts[PART_CONDITIONS], s->condition_count - s->atoms.count,
		     sizeof(*s->conditions)) &&
	       holds(&parts[PART_THREATS], threats_whole(s), sizeof(*s->threats)) &&
	       holds(&parts[PART_FEEDS], s->feed_count, sizeof(*s->feeds)) &&
	       holds(&parts[PART_BENIGNS], s->benign_count, sizeof(*s->benigns)) &&
	       holds(&parts[PART_LISTS], s->benign_list_count, sizeof(*s->benign_lists)) &&
	       map_sizes(&parts[PART_BY_ID], &f.index.by_id) &&
	       holds(&parts[PART_ENTRIES], f.index.entry_count, sizeof(*f.index.entries)) &&
	       map_sizes(&parts[PART_BY_LINK], &f.index.by_link) &&
	       holds(&parts[PART_LINKS], f.index.link_count, sizeof(*f.index.links)) &&
	       map_sizes(&parts[PART_BY_OBJECT], &f.index.by_object) &&
	       holds(&parts[PART_OBJECTS], f.index.object_count, sizeof(*f.index.objects)) &&
	       map_sizes(&parts[PART_BY_MARKING], &f.index.by_marking) &&
	       holds(&parts[PART_MARKINGS], f.index.marking_count, sizeof(*f.index.markings)) &&
	       exact_sizes(&parts[PART_ATOMS], &f.atoms) &&
	       exact_sizes(&parts[PART_NETS], &f.nets.table) &&
	       holds(&parts[PART_EXTRA], f.extras, sizeof(struct matcher_text));
}

static bool in_text(const struct indicator_set *s, uint32_t at, uint32_t len)
{
	return at <= s->text_len && len <= s->text_len - at;
}

static bool ref_in(const struct indicator_set *s, struct ref r)
{
	return in_text(s, r.at, r.len);
}

/* As bytes: any other value of a bool may not even be looked at. */
static bool truth(const bool *b)
{
	return *(const uint8_t *)b <= 1;
}

static bool levels(uint8_t severity, uint8_t tlp, uint8_t pap)
{
	return severity <= SEVERITY_HIGH && tlp < TLPS && pap < PAPS;
}

static bool check_metas(const struct indicator_set *s)
{
	for (uint32_t i = 0; i < s->atoms.meta_count; i++) {
		const struct atom_meta *m = &s->atoms.metas[i];
		if ((m->threat != ATOM_OWN_THREAT && m->threat >= threats_whole(s)) ||
		    !ref_in(s, m->name) || m->feed >= s->feed_count ||
		    !levels(m->severity, m->tlp, m->pap) || m->kind > CONDITION_VALUE ||
		    m->type >= OBSERVABLE_TYPES || m->form >= ATOM_FORMS || m->flags > ATOM_FLAGS)
			return false;
	}
	for (uint32_t i = 0; i < s->atoms.follower_count; i++) {
		const struct atom_follower *f = &s->atoms.followers[i];
		if (f->atom >= s->atoms.count || f->leader >= s->atoms.count ||
		    (i > 0 && f->atom <= f[-1].atom))
			return false;
	}
	return true;
}

static bool check_indicators(const struct indicator_set *s)
{
	uint32_t next = s->atoms.count;

	for (uint32_t i = 0; i < s->count - s->atoms.count; i++) {
		const struct indicator *in = &s->indicators[i];
		if (!in_text(s, in->id, in->id_len) || !in_text(s, in->pattern, in->pattern_len) ||
		    in->feed >= s->feed_count || !levels(in->severity, in->tlp, in->pap) ||
		    !truth(&in->rule) || !truth(&in->local) || !truth(&in->open) ||
		    in->threat >= threats_whole(s) || in->first_condition != next ||
		    in->conditions > s->condition_count - next)
			return false;
		next += in->conditions;
	}
	return next == s->condition_count;
}

static bool check_conditions(const struct indicator_set *s)
{
	for (uint32_t i = 0; i < s->condition_count - s->atoms.count; i++) {
		const struct condition *c = &s->conditions[i];
		uint8_t bits = c->network.base.bits;
		bool address = c->kind == CONDITION_IP || c->kind == CONDITION_NETWORK;
		if (c->kind > CONDITION_PATTERN || c->type >= OBSERVABLE_TYPES ||
		    c->pattern_kind > PATTERN_REGEX || !in_text(s, c->text, c->text_len) ||
		    (address && ((bits != 32 && bits != 128) || c->network.prefix > bits)))
			return false;
	}
	return true;
}

static bool check_rest(const struct indicator_set *s)
{
	for (uint32_t i = 0; i < threats_whole(s); i++)
		if (s->threats[i].kind > THREAT_RULE ||
		    !in_text(s, s->threats[i].id, s->threats[i].id_len) ||
		    !in_text(s, s->threats[i].name, s->threats[i].name_len))
			return false;
	for (uint32_t i = 0; i < s->feed_count; i++)
		if (!memchr(s->feeds[i].name, '\0', sizeof(s->feeds[i].name)) ||
		    !memchr(s->feeds[i].path, '\0', sizeof(s->feeds[i].path)))
			return false;
	for (uint32_t i = 0; i < s->benign_count; i++)
		if (s->benigns[i].kind > BENIGN_REGEX || s->benigns[i].list >= s->benign_list_count ||
		    !in_text(s, s->benigns[i].text, s->benigns[i].text_len))
			return false;
	for (uint32_t i = 0; i < s->benign_list_count; i++)
		if (!memchr(s->benign_lists[i].name, '\0', sizeof(s->benign_lists[i].name)) ||
		    !memchr(s->benign_lists[i].path, '\0', sizeof(s->benign_lists[i].path)))
			return false;
	return true;
}

static bool check_map(const struct indicator_set *s, const struct cache_part *p, uint32_t values)
{
	const struct index_slot *slots = p[0].p;
	const struct index_key *keys = p[1].p;
	uint64_t capacity = p[0].bytes / sizeof(*slots), used = 0;

	for (uint64_t i = 0; i < capacity; i++) {
		if (slots[i].value == INDEX_NONE)
			continue;
		used++;
		if (slots[i].value >= values || !ref_in(s, keys[i].text))
			return false;
	}
	return used <= capacity / 2; /* so that a search ends */
}

static bool check_index(const struct indicator_set *s, const struct match_fixed *f,
			const struct cache_part *parts)
{
	const struct entry *e = parts[PART_ENTRIES].p;
	const struct link *l = parts[PART_LINKS].p;
	const struct object *o = parts[PART_OBJECTS].p;

	for (uint32_t i = 0; i < f->index.entry_count; i++)
		if (e[i].indicator != INDEX_NONE || !ref_in(s, e[i].id) || e[i].threat_id.len ||
		    e[i].name.len || e[i].campaign.len || e[i].campaign_name.len ||
		    e[i].markings.len || !truth(&e[i].tlp_stated) || !truth(&e[i].pap_stated))
			return false;
	for (uint32_t i = 0; i < f->index.link_count; i++)
		if (!ref_in(s, l[i].source) || !ref_in(s, l[i].target) || !truth(&l[i].revoked))
			return false;
	for (uint32_t i = 0; i < f->index.object_count; i++)
		if (!ref_in(s, o[i].name))
			return false;
	return check_map(s, &parts[PART_BY_ID], f->index.entry_count) &&
	       check_map(s, &parts[PART_BY_LINK], f->index.link_count) &&
	       check_map(s, &parts[PART_BY_OBJECT], f->index.object_count) &&
	       check_map(s, &parts[PART_BY_MARKING], f->index.marking_count);
}

static bool is_ref(const struct indicator_set *s, uint32_t ref)
{
	return ref < s->condition_count || ref == EXACT_TRIGGER;
}

static bool check_exact(const struct indicator_set *s, const struct exact *e,
			const struct cache_part *p)
{
	const uint16_t *tags = p[0].p;
	const uint32_t *refs = p[1].p, *lists = p[3].p;
	uint32_t empty = 0;

	for (uint32_t i = 0; i < e->slot_count; i++) {
		if (!tags[i]) {
			empty++;
			continue;
		}
		uint32_t at = refs[i] & ~EXACT_LIST;
		if (refs[i] & EXACT_LIST) {
			if (at >= e->list_words || lists[at] > e->list_words - at - 1)
				return false;
			for (uint32_t k = 1; k <= lists[at]; k++)
				if (!is_ref(s, lists[at + k]))
					return false;
		} else if (!is_ref(s, refs[i])) {
			return false;
		}
	}
	return empty > 0;
}

static bool check_nets(const struct exact_net *n)
{
	if (n->v4_count > sizeof(n->v4_lengths) || n->v6_count > sizeof(n->v6_lengths))
		return false;
	for (uint32_t i = 0; i < n->v4_count; i++)
		if (n->v4_lengths[i] > 32)
			return false;
	for (uint32_t i = 0; i < n->v6_count; i++)
		if (n->v6_lengths[i] > 128)
			return false;
	return true;
}

bool match_cache_check(const struct indicator_set *s, const struct match_fixed *f,
		       const struct cache_part *parts)
{
	const struct matcher_text *extra = parts[PART_EXTRA].p;

	for (uint32_t i = 0; i < f->extras; i++)
		if (!in_text(s, extra[i].at, extra[i].len) || extra[i].len == 0)
			return false;
	return check_metas(s) && atom_check(s) && check_indicators(s) && check_conditions(s) &&
	       check_rest(s) && check_index(s, f, parts) &&
	       check_exact(s, &f->atoms, &parts[PART_ATOMS]) &&
	       check_exact(s, &f->nets.table, &parts[PART_NETS]) && check_nets(&f->nets);
}
