/* What a verified record comes to: its hits, placed as evidence and written. */
#include "engine/job.h"

#include "engine/correlating.h"
#include "engine/sequence.h"
#include "raise/hit_json.h"

static uint8_t max3(int a, int b, int c)
{
	int m = a > b ? a : b;

	return (uint8_t)(m > c ? m : c);
}

/* Class and severity are a cell's own, so within one the first-hand copy is always the better. */
static uint8_t rank_of(enum hit_class c, int severity, bool relayed)
{
	int rank = c != CLASS_EFFECT || severity < SEVERITY_MEDIUM ? 2 : severity < SEVERITY_HIGH;

	return (uint8_t)(rank + relayed);
}

static enum hit_class class_of(struct worker *wk, const struct job *j, const struct hit *h)
{
	if (j->source->exercise)
		return CLASS_TEST;
	return event_class(&wk->event, h->observable, &wk->e->config->home);
}

/* What an entity reports beyond users and duration: the same observation, a pair at a time. */
static void place_reports(struct worker *wk, struct observation o)
{
	const struct event *ev = &wk->event;

	for (int pair = 1; pair < IMPACT_PAIRS; pair++) {
		o.pair = (uint8_t)pair;
		o.users = ev->measure[2 * pair];
		o.duration_s = ev->measure[2 * pair + 1];
		if (o.users || o.duration_s)
			placing_report(wk, &o);
	}
	o.pair = IMPACT_PAIR_CLAIMS;
	o.users = ev->claims >> 32;
	o.duration_s = ev->claims & UINT32_MAX;
	if (ev->claims)
		placing_report(wk, &o);
}

/* A source's sector is its registration's; where that says none, a notification may. */
static uint8_t sector_of(const struct worker *wk, const struct job *j)
{
	const bool stated = j->source->sector == SECTOR_UNKNOWN && wk->event.sector > 0;

	return stated ? (uint8_t)wk->event.sector : j->source->sector;
}

/*
 * While the table fills up, a threat in half of what this worker reads no longer
 * takes an entry for each entity and record: they go to the cell's sketches. In a
 * replay never, because which hits came before that is chance.
 */
static bool heavy(struct worker *wk, uint32_t threat)
{
	uint64_t records = counter_get(&wk->ledger.records);

	/* relaxed: from the next tick on will do */
	if (!atomic_load_explicit(&wk->e->pressure, memory_order_relaxed) ||
	    records < wk->e->traffic.least || heavy_at_least(&wk->heavy, threat) * 2 < records)
		return false;
	heavy_watch_summarised(&wk->watch, threat);
	return true;
}

static struct observation observe(struct worker *wk, const struct job *j,
				  const struct indicator *in, uint32_t threat, uint32_t by,
				  enum hit_class c)
{
	const struct event *ev = &wk->event;
	int severity = ev->stated_severity ? ev->stated_severity : in->severity;

	return (struct observation){
		.threat = threat,
		.by = by,
		.state = j->state,
		.sector = sector_of(wk, j),
		.tlp = max3(j->source->tlp, in->tlp, ev->tlp),
		.pap = in->pap,
		.hit_class = (uint8_t)c,
		.severity = (uint8_t)severity,
		.rank = rank_of(c, severity, evidence_relayed(j->origin)),
		.time_us = j->time_us,
		.entity = j->entity,
		.origin = j->origin,
		.identity = j->identity,
		.object = j->b->object->id,
		.sub = j->sub,
		.offset = j->offset,
		.users = ev->users_affected,
		.duration_s = ev->duration_s,
	};
}

static void place(struct worker *wk, const struct job *j, const struct indicator *in,
		  uint32_t threat, uint32_t by, enum hit_class c)
{
	const struct event *ev = &wk->event;
	struct observation o = observe(wk, j, in, threat, by, c);

	wk->placed = true;
	if (threat && c != CLASS_NONE)
		heavy_add(&wk->heavy, threat);
	o.summarise = heavy(wk, threat);
	if (share_full(&wk->e->share, j->source->id)) {
		counter_add(&wk->ledger.over_share, 1);
		return;
	}
	if (threat == 0 || by == 0) {
		counter_add(&wk->ledger.unplaced, 1);
		return;
	}
	placing_hit(wk, j->source->id, &o);
	if (ev->reports)
		place_reports(wk, o);
}

/* True when there was a threat to place the notification under. */
static bool place_named(struct worker *wk, const struct job *j, bool *test)
{
	static const struct indicator none = {.severity = SEVERITY_MEDIUM};
	uint32_t threat = named_threat(wk);

	if (!threat)
		return false;
	enum hit_class c = j->source->exercise
				   ? CLASS_TEST
				   : event_class(&wk->event, NULL, &wk->e->config->home);
	*test |= c == CLASS_TEST;
	place(wk, j, &none, threat, wk->rules->notification_by, c);
	return true;
}

/* The ruleset, or what has arrived since and lies over it, and what of it was found. */
struct part {
	const struct ruleset *rules; /* NULL: nothing lies over it */
	const struct match_result *found;
};

#define PARTS 2

static struct part part_of(const struct worker *wk, int i)
{
	return i == 0 ? (struct part){wk->rules, &wk->result}
		      : (struct part){wk->generation->more, &wk->more};
}

static void write_hit(struct worker *wk, const struct job *j, struct span value, uint32_t by,
		      uint32_t threat, uint8_t severity, enum hit_class c)
{
	struct hit_json line = {
		.by = names_by_get(wk->e->names, by),
		.value = value.p,
		.value_len = value.len,
		.hit_class = (uint8_t)c,
		.source = j->source->name,
		.position = j->b->object->position,
		.offset = j->offset,
		.sub = j->sub,
		.time_us = wk->event.has_time ? wk->event.time_us : j->item->time_us,
		.state = j->state,
		.threat = names_threat_get(wk->e->names, threat)->id,
		.entity = j->entity,
		.severity = severity,
	};
	hit_json(&wk->hits, &line);
	text_char(&wk->hits, '\n');
}

/* A benign list's verdict is evidence too: it tells why a widely seen value did
 * not raise. */
static void place_suppressed(struct worker *wk, const struct job *j, const struct part *p)
{
	const struct ruleset *r = p->rules, *lists = wk->rules;

	for (uint32_t i = 0; i < p->found->suppressions; i++) {
		const struct suppressed *s = &p->found->suppressed[i];
		const struct indicator at = indicator_at(&r->set, s->indicator), *in = &at;
		place(wk, j, in, ruleset_threat(r, in->threat),
		      lists->benign_by[lists->set.benigns[s->benign].list], CLASS_NONE);
	}
	counter_add(&wk->ledger.suppressed, p->found->suppressions);
}

/* One of the observations that a pattern takes: no hit yet, and never one by itself. */
static bool note(struct worker *wk, const struct job *j, const struct ruleset *r,
		 const struct hit *h, enum hit_class c)
{
	const struct indicator in = indicator_at(&r->set, h->indicator);

	if (!h->observations)
		return false;
	uint32_t threat = ruleset_threat(r, in.threat), by = ruleset_by(r, h->indicator);
	struct observation o = observe(wk, j, &in, threat, by, c);
	if (threat && by)
		sequence_note(wk, r, h, &o);
	else
		counter_add(&wk->ledger.unplaced, 1);
	wk->placed = true;
	return true;
}

/* The hits of a settled record; how many there are beside observations for later. */
static uint32_t place_hits(struct worker *wk, struct job *j, const struct part *p, enum reason why,
			   bool *test)
{
	const struct ruleset *r = p->rules;
	uint32_t hits = 0;

	for (uint32_t i = 0; i < p->found->hits; i++) {
		const struct hit *h = &p->found->hit[i];
		const struct indicator in = indicator_at(&r->set, h->indicator);
		enum hit_class c = class_of(wk, j, h);
		if (h->observations && (why != REASON_OK || note(wk, j, r, h, c)))
			continue;
		*test |= c == CLASS_TEST;
		hits++;
		if (why == REASON_OK)
			place(wk, j, &in, ruleset_threat(r, in.threat), ruleset_by(r, h->indicator),
			      c);
		if (wk->e->hits.fd >= 0)
			write_hit(wk, j, h->value, ruleset_by(r, h->indicator),
				  ruleset_threat(r, in.threat), in.severity, c);
	}
	return hits;
}

/* What the record says of itself stands over what the rule says. */
static enum hit_class class_of_rule(const struct worker *wk, const struct job *j,
				    const struct sigma_rule *rule)
{
	if (j->source->exercise || wk->event.test)
		return CLASS_TEST;
	return (enum hit_class)(wk->event.stated_class != CLASS_NONE ? wk->event.stated_class
								     : rule->hit_class);
}

/* What the record shows of the correlations that its rule has a part in. */
static void feed_correlations(struct worker *wk, const struct job *j, uint32_t rule)
{
	const struct ruleset_sigma *r = wk->rules->sigma;
	const struct sigma_correlations *chain = &r->set.chain;

	if (chain->count == 0)
		return;
	for (uint32_t i = chain->first[rule]; i < chain->first[rule + 1]; i++) {
		const struct sigma_feed *f = &chain->feeds[i];
		const struct sigma_rule *meta = &chain->list[f->correlation].meta;
		const struct indicator as = {.severity = meta->severity, .tlp = meta->tlp};
		struct observation o =
			observe(wk, j, &as, r->chain_threat[f->correlation],
				r->chain_by[f->correlation], class_of_rule(wk, j, meta));
		correlating_note(wk, f, &o);
		wk->placed = true;
	}
}

/* The same of Sigma rules; those that are only parts of correlations are no hits. */
static uint32_t place_rules(struct worker *wk, struct job *j, enum reason why, bool *test)
{
	const struct ruleset_sigma *r = wk->rules->sigma;
	uint32_t hits = 0;

	for (uint32_t i = 0; i < wk->fired.hits; i++) {
		const struct sigma_hit *h = &wk->fired.hit[i];
		const struct sigma_rule *rule = &r->set.rules[h->rule];
		const struct indicator as = {.severity = rule->severity, .tlp = rule->tlp};
		enum hit_class c = class_of_rule(wk, j, rule);
		if (why == REASON_OK)
			feed_correlations(wk, j, h->rule);
		if (rule->referred)
			continue;
		*test |= c == CLASS_TEST;
		hits++;
		if (why == REASON_OK)
			place(wk, j, &as, r->threat[h->rule], r->by[h->rule], c);
		if (wk->e->hits.fd >= 0)
			write_hit(wk, j, h->value, r->by[h->rule], r->threat[h->rule],
				  rule->severity, c);
	}
	return hits;
}

/* What a verified record comes to. */
void job_conclude(struct worker *wk, struct job *j)
{
	const struct part part[PARTS] = {part_of(wk, 0), part_of(wk, 1)};
	uint32_t found = part[0].found->hits + part[1].found->hits, hits = 0;
	uint32_t suppressions = part[0].found->suppressions + part[1].found->suppressions;
	bool test = false;

	found += wk->fired.hits;
	counter_add(&wk->ledger.hit_overflow,
		    part[0].found->overflow + part[1].found->overflow + wk->fired.overflow);
	counter_add(&wk->ledger.field_overflow, wk->event.overflow);
	counter_add(&wk->ledger.undecided, part[0].found->undecided + part[1].found->undecided);
	if (found == 0 && suppressions == 0 && !named_by_itself(&wk->event)) {
		counter_add(&wk->ledger.clean, 1);
		return;
	}
	enum reason why = job_settle(wk, j);
	bool named = false;
	if (why == REASON_OK) {
		named_settle_capacity(wk, j->source, j->state);
		for (int i = 0; i < PARTS; i++)
			place_suppressed(wk, j, &part[i]);
		named = place_named(wk, j, &test);
	} else {
		named = named_by_itself(&wk->event);
	}
	for (int i = 0; i < PARTS; i++)
		hits += place_hits(wk, j, &part[i], why, &test);
	hits += place_rules(wk, j, why, &test);
	/* observations for later are no hits, but what cannot be placed is refused all the same */
	if (hits == 0 && !named && (why == REASON_OK || found == 0)) {
		counter_add(&wk->ledger.clean, 1);
		return;
	}
	counter_add(&wk->ledger.hits, hits);
	if (why == REASON_OK && test)
		why = REASON_EXERCISE;
	if (why == REASON_OK)
		counter_add(&wk->ledger.hit, 1);
	else
		job_refuse(wk, why);
}
