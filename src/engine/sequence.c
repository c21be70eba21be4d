#include "engine/sequence.h"

#include <errno.h>
#include <stdlib.h>

#include "engine/correlating.h"
#include "match/matcher.h"
#include "match/stix_sequence.h"
#include "raise/hit_json.h"

void sequence_note(struct worker *wk, const struct ruleset *rules, const struct hit *h,
		   const struct observation *o)
{
	const struct matcher_stix_rule *r = matcher_stix_of(&rules->matcher->stix, h->indicator);
	struct partial p = {.rule = r->key, .which = h->observations, .o = *o};

	/* what an exercise shows completes nothing but an exercise */
	p.group = o->state | (uint64_t)(o->hit_class == CLASS_TEST) << 8;
	const struct partial_shape shape = {r->stretch_us, PARTIAL_KEPT, false};
	if (partial_add(wk->e->partial, &p, shape))
		counter_add(&wk->ledger.partial_refused, 1);
}

struct look {
	struct engine *e;
	const struct generation *generation;
	const struct ruleset *rules; /* of it, the part that the rule is in */
	struct text lines;           /* hits */
	struct correlating chain;
	uint64_t key; /* of the correlation whose groups are being looked at */
	const struct sigma_correlation *correlation;
	int error;
};

static void write_hit(struct look *l, const struct matcher_stix_rule *r, const struct partial *p)
{
	const struct object *object = object_by_id(l->e->objects, p->o.object);
	const struct indicator in = indicator_at(&l->rules->set, r->indicator);
	const struct threat_name *threat = names_threat_get(l->e->names, p->o.threat);
	struct span pattern = indicator_text(&l->rules->set, in.pattern, in.pattern_len);
	struct hit_json line = {
		.by = names_by_get(l->e->names, p->o.by),
		.value = pattern.p,
		.value_len = pattern.len,
		.hit_class = p->o.hit_class,
		.source = object && object->source ? object->source->name : "unknown",
		.position = object ? object->position : "unknown",
		.offset = p->o.offset,
		.sub = p->o.sub,
		.time_us = p->o.time_us,
		.state = p->o.state,
		.threat = threat ? threat->id : NULL,
		.entity = p->o.entity,
		.severity = p->o.severity,
	};

	hit_json(&l->lines, &line);
	text_char(&l->lines, '\n');
}

static void complete(struct look *l, const struct matcher_stix_rule *r, struct partial *p)
{
	struct ledger *ledger = &l->e->judge_ledger;

	p->told = 1;
	counter_add(&ledger->hits, 1);
	if (evidence_update(l->e->evidence, &p->o))
		counter_add(&ledger->unplaced, 1);
	if (l->e->hits.fd >= 0)
		write_hit(l, r, p);
}

/* The rule of that key that stands, in what lies over the rules first. */
static const struct matcher_stix_rule *rule_of(struct look *l, uint64_t key)
{
	const struct generation *g = l->generation;
	const struct ruleset *parts[] = {g->more, g->base};
	const uint64_t *withdrawn[] = {g->more_withdrawn, g->withdrawn};

	for (int i = 0; i < 2; i++) {
		const struct matcher_stix_rule *r =
			parts[i] ? matcher_stix_by_key(&parts[i]->matcher->stix, key) : NULL;
		l->rules = parts[i];
		if (r &&
		    !(withdrawn[i] && withdrawn[i][r->indicator / 64] >> (r->indicator % 64) & 1))
			return r;
	}
	return NULL;
}

static void pattern_group(struct look *l, const struct matcher_stix_rule *r,
			  struct partial *const *p, uint32_t count)
{
	struct stix_instance *in = malloc(count * sizeof(*in));
	uint8_t *used = malloc(count);
	if (!in || !used)
		l->error = -ENOMEM;
	for (uint32_t i = 0; i < count && !l->error; i++) {
		in[i] = (struct stix_instance){p[i]->o.time_us, p[i]->o.time_us, p[i]->which};
		if (p[i]->told)
			continue;
		enum stix_answer a = stix_sequence_complete(stix_program_tree(r->program), in,
							    i + 1, used, SEQUENCE_EFFORT);
		if (a == STIX_YES)
			complete(l, r, p[i]);
		else if (a == STIX_UNDECIDED)
			counter_add(&l->e->judge_ledger.undecided, 1);
	}
	free(in);
	free(used);
}

/* What no rule of now has is forgotten in its time. */
static void group(void *arg, struct partial *const *p, uint32_t count)
{
	struct look *l = arg;
	const struct ruleset_sigma *sigma = l->generation->base->sigma;
	const struct matcher_stix_rule *r = rule_of(l, p[0]->rule);

	if (r) {
		pattern_group(l, r, p, count);
		return;
	}
	if (p[0]->rule != l->key) { /* groups of one rule come in a row */
		l->key = p[0]->rule;
		l->correlation = sigma ? correlating_by_key(sigma, l->key) : NULL;
	}
	if (l->correlation)
		correlating_group(&l->chain, l->correlation, p, count);
}

static int64_t newest(const struct engine *e)
{
	int64_t t = 0;

	for (uint32_t i = 0; i < e->config->sources.count && e->live; i++) {
		int64_t w = high_mark_get(&e->watermark[i]);
		t = w > t ? w : t;
	}
	/* of a replay more may come of any time, until all is read */
	return e->live ? t : INT64_MIN;
}

int sequence_judge(struct engine *e, bool all_there)
{
	struct look l = {.e = e};

	if (!partial_changed(e->partial) && !e->partial_waits && !all_there)
		return 0;
	text_init(&l.lines);
	struct generation *g = generation_get(&e->rules);
	l.generation = g;
	l.chain = (struct correlating){.e = e,
				       .sigma = g ? g->base->sigma : NULL,
				       .all_there = all_there,
				       .newest_us = newest(e),
				       .lines = &l.lines};
	int err = g ? partial_each(e->partial, group, &l) : 0;
	if (l.lines.len)
		hits_append(&e->hits, &l.lines);
	generation_put(&e->rules, g);
	text_fini(&l.lines);
	e->partial_waits = l.chain.waits && e->live;
	correlating_fini(&l.chain);
	return err ? err : l.error ? l.error : l.chain.error;
}
