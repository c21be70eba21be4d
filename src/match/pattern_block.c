/* Many records at once: the literals, behind a cover of them where there is one. */
#include <string.h>

#include "match/pattern.h"

#define COVER_FINDS_MAX	 32 /* a block with more is searched for the literals at once */
#define COVER_REST	 16 /* and so are as many blocks after it */

struct finds {
	uint32_t *ends;
	uint32_t count, max, base;
};

static int on_find(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
		   void *ctx)
{
	struct finds *f = ctx;

	(void)id;
	(void)from;
	(void)flags;
	if (f->count == f->max) {
		f->count++;
		return 1;
	}
	f->ends[f->count++] = f->base + (uint32_t)to;
	return 0;
}

/* False when there were too many, or Hyperscan failed: f->count is more than f->max then. */
static bool find(const hs_database_t *db, struct pattern_scratch *sc, const char *p, size_t len,
		 struct finds *f)
{
	if (hs_scan(db, p, (unsigned)len, 0, sc->hs, on_find, f) == HS_SUCCESS)
		return true;
	f->count = f->max + 1;
	return false;
}

/* The lines of the block that hold a fragment, searched for the literals. */
static void find_in_lines(const struct pattern_set *s, struct pattern_scratch *sc, const char *p,
			  size_t len, const struct finds *cover, struct finds *f)
{
	const char *done = p;

	for (uint32_t i = 0; i < cover->count; i++) {
		const char *last = p + cover->ends[i] - 1;
		if (last < done)
			continue;
		const char *before = memrchr(done, '\n', (size_t)(last - done));
		const char *from = before ? before + 1 : done;
		const char *end = memchr(last, '\n', (size_t)(p + len - last));
		done = end ? end : p + len;
		f->base = (uint32_t)(from - p);
		if (!find(s->literals, sc, from, (size_t)(done - from), f))
			return;
	}
}

uint32_t pattern_scan_block(const struct pattern_set *s, struct pattern_scratch *sc, const char *p,
			    size_t len, uint32_t *ends, uint32_t max)
{
	uint32_t where[COVER_FINDS_MAX];
	struct finds f = {ends, 0, max, 0}, cover = {where, 0, COVER_FINDS_MAX, 0};

	if (!s->literals)
		return 0;
	if (s->cover && sc->cover_rest == 0) {
		if (find(s->cover, sc, p, len, &cover)) {
			find_in_lines(s, sc, p, len, &cover, &f);
			return f.count;
		}
		sc->cover_rest = COVER_REST;
	}
	sc->cover_rest -= sc->cover_rest > 0;
	find(s->literals, sc, p, len, &f);
	return f.count;
}
