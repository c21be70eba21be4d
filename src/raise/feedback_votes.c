/* Who says what of a candidate, and whether that withdraws it; feedback.h has the rule. */
#include <string.h>

#include "raise/feedback_priv.h"

/* Each party's last word about the same, or NULL. */
struct words {
	const struct feedback_verdict *by[FEEDBACK_PARTIES_MAX];
};

static void gather(const struct feedback *f, const char *target, struct words *w)
{
	for (const struct feedback_verdict *v = feedback_first(f, target); v; v = feedback_next(v))
		if (!w->by[v->party] || feedback_compare(v, w->by[v->party]) > 0)
			w->by[v->party] = v;
}

/* On "type:value", "indicator:type:value", or the value alone. */
static void gather_id(const struct feedback *f, const char *id, struct words *w)
{
	const char *colon = strchr(id, ':');

	memset(w, 0, sizeof(*w));
	gather(f, id, w);
	if (colon && colon[1])
		gather(f, colon + 1, w);
}

/* A word that was there before the episode says nothing of it. */
static bool is_about(const struct feedback_verdict *v, const struct episode *ep)
{
	return ep->first_us <= v->time_us;
}

/* The latest word of who has one against every piece of evidence. */
static void gather_evidence(const struct feedback *f, const struct episode *ep,
			    const struct names *names, struct words *last)
{
	struct words one;

	memset(last, 0, sizeof(*last));
	for (uint32_t i = 0; i < ep->evidence_count; i++) {
		uint32_t n = ep->evidence[i].item.by;
		const char *by = n && n <= names_by_count(names) ? names_by_get(names, n) : "";
		const char *colon = strchr(by, ':');
		gather_id(f, colon ? colon + 1 : "", &one);
		for (uint32_t p = 0; p < f->parties; p++) {
			const struct feedback_verdict *v = one.by[p];
			if (!v || !v->false_positive || !is_about(v, ep))
				last->by[p] = NULL;
			else if (i == 0 || (last->by[p] && feedback_compare(v, last->by[p]) > 0))
				last->by[p] = v;
		}
	}
}

/* The words that withdraw, or NULL. */
static const struct feedback_verdict *decide(const struct feedback *f, struct feedback_votes *out)
{
	const struct feedback_verdict *desk = NULL, *last = NULL;

	for (uint32_t i = 0; i < out->count; i++) {
		const struct feedback_verdict *v = out->vote[i];
		if (f->party[v->party].desk && (!desk || feedback_compare(v, desk) > 0))
			desk = v;
		if (v->false_positive && (!last || feedback_compare(v, last) > 0))
			last = v;
	}
	out->desk = desk != NULL;
	if (desk)
		return desk->false_positive ? desk : NULL;
	return out->false_positives >= out->count - out->false_positives + f->quorum ? last : NULL;
}

void feedback_votes(const struct feedback *f, const char *id, const struct threat_name *threat,
		    const struct episode *ep, const struct names *names, struct feedback_votes *out)
{
	struct words of_id = {{NULL}}, of_threat, of_evidence;

	*out = (struct feedback_votes){0};
	if (!f || !f->count)
		return;
	gather(f, id, &of_id);
	gather_id(f, threat->id, &of_threat);
	gather_evidence(f, ep, names, &of_evidence);
	for (uint32_t p = 0; p < f->parties; p++) {
		const struct feedback_verdict *v = of_id.by[p];
		if (!v && of_threat.by[p])
			v = is_about(of_threat.by[p], ep) ? of_threat.by[p] : NULL;
		else if (!v)
			v = of_evidence.by[p];
		if (!v)
			continue;
		out->vote[out->count++] = v;
		out->false_positives += v->false_positive;
	}
	out->quorum = f->quorum;
	out->against = decide(f, out);
}
