/* A generation and what lies over it, as one. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "match/match.h"
#include "match/matcher.h"

/* What either part makes the walk look at. */
static void join_plan(struct scan_plan *p, const struct scan_plan *more)
{
	p->more_atoms = more->atoms;
	p->more_nets = more->nets;
	p->names |= more->names;
	p->top_names |= more->top_names;
	p->digit_names |= more->digit_names;
	p->v4 |= more->v4;
	p->v6 |= more->v6;
	p->nets_v4 |= more->nets_v4;
	p->nets_v6 |= more->nets_v6;
	p->hashes |= more->hashes;
	p->emails |= more->emails;
	p->values |= more->values;
	p->file_names |= more->file_names;
	p->escapes |= more->escapes;
	for (size_t i = 0; i < SCAN_TOPS / 64; i++)
		p->tops[i] |= more->tops[i];
	for (size_t i = 0; i < sizeof(p->value_lengths) / sizeof(p->value_lengths[0]); i++)
		p->value_lengths[i] |= more->value_lengths[i];
}

static int make_rooms(struct match_overlay *o, uint32_t workers)
{
	o->rooms = calloc(workers, sizeof(*o->rooms));
	if (!o->rooms)
		return -ENOMEM;
	for (; o->room_count < workers; o->room_count++)
		if (pattern_scratch_init(&o->rooms[o->room_count], &o->more->patterns))
			return -ENOMEM;
	return 0;
}

int match_overlay_create(struct match_overlay **out, const struct matcher *base,
			 const struct matcher *more, const uint64_t *withdrawn,
			 const uint64_t *more_withdrawn, uint32_t workers)
{
	struct match_overlay *o = calloc(1, sizeof(*o));

	*out = o;
	if (!o)
		return -ENOMEM;
	o->base = base;
	o->more = more;
	o->withdrawn = withdrawn;
	o->more_withdrawn = more_withdrawn;
	o->plan = base->plan;
	if (!more)
		return 0;
	join_plan(&o->plan, &more->plan);
	o->parse_all = more->parse_all;
	int rc = make_rooms(o, workers);
	if (rc) {
		match_overlay_free(o);
		*out = NULL;
	}
	return rc;
}

void match_overlay_watch(struct match_overlay *o)
{
	o->plan.names = o->plan.v4 = o->plan.v6 = o->plan.hashes = true;
	memset(o->plan.tops, 0xff, sizeof(o->plan.tops)); /* names of any last label */
}

void match_watch(struct match_scratch *sc, struct seen_view *v)
{
	sc->scan.seen = sc->block.seen = v;
}

void match_overlay_free(struct match_overlay *o)
{
	if (!o)
		return;
	for (uint32_t i = 0; i < o->room_count; i++)
		pattern_scratch_fini(&o->rooms[i]);
	free(o->rooms);
	free(o);
}

void match_overlay_use(struct match_scratch *sc, const struct matcher *base,
		       const struct match_overlay *o, uint32_t worker)
{
	assert(!o || o->base == base);
	assert(!o || !o->more || worker < o->room_count);
	sc->over = o;
	sc->more = o && o->more ? &o->rooms[worker] : NULL;
	sc->scan.plan = sc->block.plan = o ? &o->plan : &base->plan;
}
