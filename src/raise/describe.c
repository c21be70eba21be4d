#include "raise/describe.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/timestamp.h"

const char *describe_kind(uint8_t kind)
{
	static const char *const names[] = {"campaign", "indicator", "rule"};

	assert(kind <= NAME_RULE);
	return names[kind];
}

void describe_count(struct text *out, uint64_t n, const char *one, const char *many)
{
	text_printf(out, "%" PRIu64 " %s", n, n == 1 ? one : many);
}

/* The two largest units; what is smaller does not help a reader. */
void describe_duration(struct text *out, int64_t us)
{
	static const struct {
		const char *name;
		int64_t us;
	} units[] = {{"d", TIMESTAMP_DAY},
		     {"h", TIMESTAMP_HOUR},
		     {"min", 60 * TIMESTAMP_SECOND},
		     {"s", TIMESTAMP_SECOND}};
	const int last = 3;
	int i = 0;

	if (us < 0)
		us = 0;
	/* one day reads better as 24 h, the way the law says it */
	while (i < last && us < units[i].us * (i == 0 ? 2 : 1))
		i++;
	text_printf(out, "%" PRId64 " %s", us / units[i].us, units[i].name);
	int64_t rest = us % units[i].us;
	if (i < last && rest >= units[i + 1].us)
		text_printf(out, " %" PRId64 " %s", rest / units[i + 1].us, units[i + 1].name);
}

void describe_time(struct text *out, int64_t us)
{
	char buf[TIMESTAMP_TEXT_MAX];

	timestamp_format(us, buf);
	text_printf(out, "%.10s %.5s UTC", buf, buf + 11);
}

void describe_sectors(struct text *out, uint32_t sectors)
{
	const char *sep = "";

	for (int s = SECTOR_UNKNOWN + 1; s < SECTORS; s++)
		if (sectors >> s & 1) {
			text_printf(out, "%s%s", sep, vocab_sector_name(s));
			sep = ", ";
		}
}

uint32_t describe_capacity(struct text *out, const struct episode *ep)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < ep->states; i++)
		if (ep->state[i].capacity_exceeded)
			text_printf(out, "%s%s (%s)", n++ ? ", " : "",
				    vocab_state_name(ep->state[i].state),
				    vocab_state_code(ep->state[i].state));
	return n;
}

/* Only Member States and EU are judged: no other state has criteria. */
uint32_t describe_criteria(const struct episode *ep)
{
	uint32_t criteria = 0;

	for (uint32_t i = 0; i < ep->states; i++)
		criteria |= ep->state[i].criteria;
	return criteria;
}

void describe_holders(struct text *out, const struct episode *ep, uint32_t criterion)
{
	const char *sep = "";

	for (uint32_t i = 0; i < ep->states; i++) {
		const struct state_assessment *st = &ep->state[i];
		if (st->criteria >> criterion & 1) {
			text_printf(out, "%s%s", sep, vocab_state_code(st->state));
			sep = ", ";
		}
	}
}

uint32_t describe_sector_mask(const struct episode *ep)
{
	uint32_t sectors = 0;

	for (uint32_t i = 0; i < ep->states; i++)
		if (vocab_state_is_member(ep->state[i].state))
			sectors |= ep->state[i].sectors;
	return sectors & ~(1u << SECTOR_UNKNOWN);
}

/* The class of the incident is for a human to say: RSIT has a word for that. */
void describe_labels(struct text *out, const struct episode *ep, const char *status)
{
	uint32_t seen = describe_sector_mask(ep);

	text_char(out, '[');
	if (status)
		text_printf(out, "\"tocsin:status=\\\"%s\\\"\",", status);
	for (int s = SECTOR_UNKNOWN + 1; s < SECTORS; s++)
		if (seen >> s & 1)
			text_printf(out, "\"nis2:impact-sectors-impacted=\\\"%s\\\"\",",
				    vocab_sector_name(s));
	text_str(out, "\"rsit:other=\\\"undetermined\\\"\"]");
}

uint32_t describe_members(const struct episode *ep, bool significant)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < ep->states; i++)
		n += vocab_state_is_member(ep->state[i].state) &&
		     ep->state[i].significant == significant;
	return n;
}

/* How far a state is from a criterion: unmet demands, then entities still to come. */
static uint64_t distance(const struct state_assessment *st, const struct criterion *c)
{
	uint64_t unmet = (st->entities < c->entities) + (st->origins < c->origins) +
			 (st->users < c->users) + (st->duration_s < c->duration_s) +
			 (st->severity < c->severity_min);
	uint64_t to_come = c->entities > st->entities ? c->entities - st->entities : 0;

	if (to_come > UINT32_MAX)
		to_come = UINT32_MAX;
	/* what only a report can assert is no next step for telemetry */
	return (uint64_t)c->asserted << 40 | unmet << 32 | to_come;
}

static const struct criterion *nearest(const struct state_assessment *st, const struct profile *p)
{
	const struct criterion *best = NULL;

	for (uint32_t i = 0; i < p->criteria_count; i++) {
		if (p->criteria[i].part || p->criteria[i].union_entities)
			continue;
		if (!best || distance(st, &p->criteria[i]) < distance(st, best))
			best = &p->criteria[i];
	}
	return best;
}

static bool in_annex(uint32_t sectors, uint8_t annex)
{
	for (int s = SECTOR_UNKNOWN + 1; s < SECTORS; s++)
		if ((sectors >> s & 1) && vocab_sector_annex(s) == annex)
			return true;
	return annex == 0;
}

/* Why the nearest criterion does not hold: the first demand that is not met. */
static void unmet(struct text *out, const struct state_assessment *st, const struct criterion *c,
		  const struct profile *p)
{
	text_printf(out, ", and %s asks for ", c->id);
	if (c->one_entity)
		text_str(out, "what an entity reports");
	else if (st->entities < c->entities)
		text_printf(out, "%" PRIu64, c->entities);
	else if (st->severity < c->severity_min)
		text_printf(out, "severity %s", vocab_severity_name(c->severity_min));
	else if (!in_annex(st->sectors, c->annex))
		text_printf(out, "a sector of Annex %s", c->annex == 1 ? "I" : "II");
	else if (st->origins < c->origins)
		describe_count(out, c->origins, "independent origin", "independent origins");
	else if (st->users < c->users)
		describe_count(out, c->users, "reported user", "reported users");
	else if (st->duration_s < c->duration_s)
		describe_duration(out, (int64_t)c->duration_s * TIMESTAMP_SECOND);
	else {
		text_str(out, c->one_sector ? "them in one sector within " : "them within ");
		describe_duration(out, p->window_us);
	}
}

void describe_missing(struct text *out, const struct state_assessment *st, const struct profile *p)
{
	const struct criterion *c = nearest(st, p);

	if (st->ordinary) {
		text_str(out, "has it in so many of all its records that it is ordinary there "
			      "(over-correlation)");
		return;
	}
	if (st->capped) {
		text_str(out, "would be significant, but that rests on a single origin, and "
			      "influence_cap asks for two");
		return;
	}
	if (st->entities == 0 && st->attempted > 0) {
		text_str(out, "was seen with attempts only, on ");
		describe_count(out, st->attempted, "entity", "entities");
		text_str(out, ", and attempts make no impact");
		return;
	}
	text_str(out, "was seen with ");
	describe_count(out, st->entities, "affected entity", "affected entities");
	if (c)
		unmet(out, st, c, p);
}

static int by_contract(const void *a, const void *b)
{
	const struct describe_line *x = a, *y = b;
	int64_t tx = x->evidence->item.time_us, ty = y->evidence->item.time_us;

	if (tx != ty)
		return tx < ty ? -1 : 1;
	int c = strcmp(x->position.p ? x->position.p : "", y->position.p ? y->position.p : "");
	if (c == 0)
		c = strcmp(x->by, y->by);
	if (c == 0)
		c = strcmp(x->source, y->source);
	if (c == 0)
		c = x->evidence->state - y->evidence->state;
	return c ? c : x->evidence->hit_class - y->evidence->hit_class;
}

void describe_evidence(struct describe_evidence *list, const struct candidate *c,
		       const struct candidate_context *cx)
{
	list->count = c->episode.evidence_count;
	assert(list->count <= ASSESS_EVIDENCE_MAX);
	for (uint32_t i = 0; i < list->count; i++) {
		struct describe_line *l = &list->line[i];
		l->evidence = &c->episode.evidence[i];
		struct candidate_origin o = cx->origin(cx->arg, l->evidence->item.object);
		l->source = o.source ? o.source : "unknown";
		/* a restored board may be older than the names: better a gap than no line */
		uint32_t by = l->evidence->item.by;
		l->by = by && by <= names_by_count(cx->names) ? names_by_get(cx->names, by)
							      : "unknown";
		text_init(&l->position);
		candidate_position(&l->position, o.position ? o.position : "unknown",
				   &l->evidence->item);
	}
	qsort(list->line, list->count, sizeof(list->line[0]), by_contract);
}

void describe_evidence_fini(struct describe_evidence *list)
{
	for (uint32_t i = 0; i < list->count; i++)
		text_fini(&list->line[i].position);
}
