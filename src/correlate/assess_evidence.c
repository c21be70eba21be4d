#include <string.h>

#include "correlate/assess_state.h"

/* Better evidence first; by comes last so that the order is total. */
int assess_evidence_compare(const struct assess_evidence *a, const struct assess_evidence *b)
{
#define BY(x, y)                                                                                   \
	if ((x) != (y))                                                                            \
	return (x) < (y) ? -1 : 1
	BY(b->hit_class, a->hit_class); /* effect before attempt */
	BY(a->item.rank, b->item.rank);
	BY(a->item.time_us, b->item.time_us);
	BY(a->item.object, b->item.object);
	BY(a->item.offset, b->item.offset);
	BY(a->item.sub, b->item.sub);
	BY(a->item.by, b->item.by);
	return 0;
}

int assess_evidence_compare_shown(const void *va, const void *vb)
{
	const struct assess_evidence *a = va, *b = vb;

	BY(a->item.time_us, b->item.time_us);
	BY(a->item.object, b->item.object);
	BY(a->item.offset, b->item.offset);
	BY(a->item.sub, b->item.sub);
	BY(a->item.by, b->item.by);
	BY(a->state, b->state);
	return assess_evidence_compare(a, b);
#undef BY
}

static bool same_record(const struct evidence_item *a, const struct evidence_item *b)
{
	return a->object == b->object && a->offset == b->offset && a->sub == b->sub;
}

void assess_evidence_keep(struct best_of *b, const struct assess_evidence *e)
{
	uint32_t at = 0, end = b->count;

	for (uint32_t i = 0; i < b->count; i++) {
		if (same_record(&b->best[i].item, &e->item)) {
			if (assess_evidence_compare(&b->best[i], e) <= 0)
				return;
			end = i; /* the worse one of the same record makes room */
			break;
		}
	}
	if (end == ASSESS_EVIDENCE_MAX && assess_evidence_compare(&b->best[--end], e) <= 0)
		return;
	if (end == b->count)
		b->count++;
	while (at < end && assess_evidence_compare(&b->best[at], e) < 0)
		at++;
	memmove(&b->best[at + 1], &b->best[at], (end - at) * sizeof(*e));
	b->best[at] = *e;
}
