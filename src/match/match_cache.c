#include "match/match_cache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/lazy.h"
#include "base/text.h"
#include "match/match_cache_check.h"

static void put(struct cache_part *parts, enum match_part which, const void *p, size_t count,
		size_t size)
{
	parts[which] = (struct cache_part){p, (uint64_t)count * size};
}

#define PUT(which, p, count) put(parts, which, p, count, sizeof(*(p)))

static void put_map(struct cache_part *parts, enum match_part first, const struct index_map *m)
{
	PUT(first, m->slots, m->capacity);
	PUT(first + 1, m->keys, m->capacity);
}

static void put_exact(struct cache_part *parts, enum match_part first, const struct exact *e)
{
	PUT(first, e->tags, e->slot_count);
	PUT(first + 1, e->refs, e->slot_count);
	PUT(first + 2, e->filter, e->filter_words);
	PUT(first + 3, e->lists, e->list_words);
}

/* Whether it refuses, its line; kind, file and reason with a NUL each; and again. */
static void put_problems(struct text *t, const struct problems *ps, size_t first, size_t last)
{
	for (size_t i = first; ps && i < last; i++) {
		const struct problem *p = &ps->items[i];
		if (strcmp(p->kind, "rule") == 0)
			continue; /* rules are read every time, and tell for themselves */
		const char *fields[] = {p->kind, p->file ? p->file : "", p->reason};
		uint32_t head[2] = {p->fatal, p->line};
		text_bytes(t, head, sizeof(head));
		for (int k = 0; k < 3; k++)
			text_bytes(t, fields[k], strlen(fields[k]) + 1);
	}
}

int match_cache_save(const char *path, const struct cache_key *key, const struct matcher *m,
		     const struct problems *ps, size_t first, size_t last,
		     const struct cache_part *more)
{
	const struct indicator_set *s = m->set;
	const struct index *ix = s->index;
	struct cache_part parts[CACHE_PARTS_MAX] = {{0}};
	struct match_fixed fixed;
	struct text told;

	memset(&fixed, 0, sizeof(fixed));
	fixed.set = *s;
	fixed.index = *ix;
	fixed.atoms = m->atoms;
	fixed.nets = m->nets;
	fixed.plan = m->plan;
	fixed.extras = m->extras;
	fixed.parse_all = m->tiers_parse_all;
	match_fixed_clear(&fixed);
	text_init(&told);
	put_problems(&told, ps, first, last);
	PUT(PART_FIXED, &fixed, 1);
	PUT(PART_TEXT, s->text, s->text_len);
	PUT(PART_AT, s->atoms.at, s->atoms.count);
	PUT(PART_METAS, s->atoms.metas, s->atoms.meta_count);
	PUT(PART_FOLLOWERS, s->atoms.followers, s->atoms.follower_count);
	PUT(PART_INDICATORS, s->indicators, s->count - s->atoms.count);
	PUT(PART_CONDITIONS, s->conditions, s->condition_count - s->atoms.count);
	PUT(PART_THREATS, s->threats, threats_whole(s));
	PUT(PART_FEEDS, s->feeds, s->feed_count);
	PUT(PART_BENIGNS, s->benigns, s->benign_count);
	PUT(PART_LISTS, s->benign_lists, s->benign_list_count);
	put_map(parts, PART_BY_ID, &ix->by_id);
	PUT(PART_ENTRIES, ix->entries, ix->entry_count);
	put_map(parts, PART_BY_LINK, &ix->by_link);
	PUT(PART_LINKS, ix->links, ix->link_count);
	put_map(parts, PART_BY_OBJECT, &ix->by_object);
	PUT(PART_OBJECTS, ix->objects, ix->object_count);
	put_map(parts, PART_BY_MARKING, &ix->by_marking);
	PUT(PART_MARKINGS, ix->markings, ix->marking_count);
	put_exact(parts, PART_ATOMS, &m->atoms);
	put_exact(parts, PART_NETS, &m->nets.table);
	PUT(PART_EXTRA, m->extra, m->extras);
	PUT(PART_PROBLEMS, told.p, told.len);
	if (more)
		parts[PART_MORE] = *more;
	int err = told.error ? told.error : cache_file_write(path, key, parts);
	text_fini(&told);
	return err;
}

/* A copy that the index's own way of freeing takes. */
static void *copy(const struct cache_part *p, bool lazy, int *err)
{
	void *q = lazy ? lazy_alloc(p->bytes) : malloc(p->bytes + 1);

	if (!q)
		*err = -ENOMEM;
	else if (p->bytes)
		memcpy(q, p->p, p->bytes);
	return q;
}

static void take_map(struct index_map *m, const struct cache_part *parts, enum match_part first,
		     int *err)
{
	m->capacity = (uint32_t)(parts[first].bytes / sizeof(*m->slots));
	m->slots = copy(&parts[first], true, err);
	m->keys = copy(&parts[first + 1], true, err);
}

static int take_index(struct indicator_set *s, const struct index *fixed,
		      const struct cache_part *parts)
{
	struct index *ix = s->index = calloc(1, sizeof(*ix));
	int err = 0;

	if (!ix)
		return -ENOMEM;
	*ix = *fixed;
	ix->entry_capacity = ix->entry_count;
	ix->link_capacity = ix->link_count;
	ix->object_capacity = ix->object_count;
	ix->marking_capacity = ix->marking_count;
	take_map(&ix->by_id, parts, PART_BY_ID, &err);
	ix->entries = copy(&parts[PART_ENTRIES], true, &err);
	take_map(&ix->by_link, parts, PART_BY_LINK, &err);
	ix->links = copy(&parts[PART_LINKS], false, &err);
	take_map(&ix->by_object, parts, PART_BY_OBJECT, &err);
	ix->objects = copy(&parts[PART_OBJECTS], false, &err);
	take_map(&ix->by_marking, parts, PART_BY_MARKING, &err);
	ix->markings = copy(&parts[PART_MARKINGS], false, &err);
	return err;
}

/* The mapping is read-only: nothing writes to a sealed set. */
static void *within(const struct cache_part *p)
{
	return (void *)p->p;
}

static void take_set(struct indicator_set *s, const struct match_fixed *fixed,
		     const struct cache_part *parts)
{
	*s = fixed->set;
	s->sealed = true;
	s->text = within(&parts[PART_TEXT]);
	s->atoms.at = within(&parts[PART_AT]);
	s->atoms.metas = within(&parts[PART_METAS]);
	s->atoms.followers = within(&parts[PART_FOLLOWERS]);
	s->indicators = within(&parts[PART_INDICATORS]);
	s->conditions = within(&parts[PART_CONDITIONS]);
	s->threats = within(&parts[PART_THREATS]);
	s->feeds = within(&parts[PART_FEEDS]);
	s->benigns = within(&parts[PART_BENIGNS]);
	s->benign_lists = within(&parts[PART_LISTS]);
}

static void take_exact(struct exact *e, const struct exact *fixed, const struct cache_part *parts,
		       enum match_part first)
{
	*e = *fixed;
	e->borrowed = true;
	e->tags = within(&parts[first]);
	e->refs = within(&parts[first + 1]);
	e->filter = within(&parts[first + 2]);
	e->lists = within(&parts[first + 3]);
}

static const char *kind_of(const char *kind)
{
	static const char *const kinds[] = {"indicator", "rule", "benign"};

	for (int i = 0; i < 3; i++)
		if (strcmp(kinds[i], kind) == 0)
			return kinds[i];
	return "indicator";
}

static bool next_text(const char **p, const char *end, const char **text)
{
	const char *nul = memchr(*p, '\0', (size_t)(end - *p));

	*text = *p;
	*p = nul ? nul + 1 : end;
	return nul;
}

static void tell(struct problems *ps, const struct cache_part *part)
{
	const char *p = part->p, *end = p + part->bytes, *kind, *file, *reason;
	uint32_t head[2];

	while ((size_t)(end - p) > sizeof(head)) {
		memcpy(head, p, sizeof(head));
		p += sizeof(head);
		if (!next_text(&p, end, &kind) || !next_text(&p, end, &file) ||
		    !next_text(&p, end, &reason))
			return;
		(head[0] ? problem_refuse : problem_remark)(ps, kind_of(kind), file, head[1], "%s",
							    reason);
	}
}

static int take_matcher(struct matcher **out, const struct indicator_set *s,
			const struct match_fixed *fixed, const struct cache_part *parts,
			struct problems *ps)
{
	struct matcher *m = calloc(1, sizeof(*m));
	int err = 0;

	if (!m)
		return -ENOMEM;
	m->set = s;
	m->nets = fixed->nets;
	take_exact(&m->atoms, &fixed->atoms, parts, PART_ATOMS);
	take_exact(&m->nets.table, &fixed->nets.table, parts, PART_NETS);
	m->plan = fixed->plan;
	m->extra = copy(&parts[PART_EXTRA], false, &err);
	m->extras = fixed->extras;
	m->tiers_parse_all = fixed->parse_all;
	if (err) {
		matcher_free(m);
		return err;
	}
	err = matcher_complete(m, ps);
	*out = err ? NULL : m;
	return err;
}

int match_cache_open(const char *path, const struct cache_key *key, struct indicator_set *set,
		     struct matcher **m, struct problems *ps, struct cache_part *more)
{
	struct cache_file f;
	struct match_fixed fixed;
	int err = cache_file_open(&f, path, key);

	*m = NULL;
	if (err)
		return err;
	if (!match_cache_sizes(f.parts)) {
		cache_file_close(&f);
		return -EBADMSG;
	}
	memcpy(&fixed, f.parts[PART_FIXED].p, sizeof(fixed));
	match_fixed_clear(&fixed);
	take_set(set, &fixed, f.parts);
	set->file = f;
	*more = f.parts[PART_MORE];
	err = match_cache_check(set, &fixed, f.parts) ? take_index(set, &fixed.index, f.parts)
						      : -EBADMSG;
	if (!err) {
		tell(ps, &f.parts[PART_PROBLEMS]);
		err = take_matcher(m, set, &fixed, f.parts, ps);
	}
	if (err)
		indicator_set_fini(set);
	return err;
}
