#include "correlate/assess.h"

#include <stdlib.h>
#include <string.h>

#include "correlate/assess_state.h"

int assessor_init(struct assessor **out, const struct profile *p)
{
	struct assessor *a = calloc(1, sizeof(*a));

	*out = NULL;
	if (!a || assess_window_init(&a->window)) {
		free(a);
		return -ENOMEM;
	}
	a->profile = p;
	*out = a;
	return 0;
}

void assessor_fini(struct assessor *a)
{
	if (!a)
		return;
	assess_window_fini(a->window);
	assess_criterion_fini(&a->criteria);
	free(a->cells);
	free(a->items);
	for (int c = 0; c <= CLASS_EFFECT; c++)
		free(a->records[c]);
	free(a->sketches);
	free(a->scratch);
	free(a->moments);
	free(a->witnesses);
	free(a->kept);
	free(a->holds);
	free(a->left);
	free(a->without);
	free(a->rests);
	free(a);
}

void assessor_origins(struct assessor *a, uint64_t (*fn)(void *arg, uint32_t object, uint8_t state),
		      void *arg, bool cap)
{
	a->origin = fn;
	a->origin_arg = arg;
	a->cap = cap;
}

void assessor_same(struct assessor *a, uint64_t origin, uint64_t relay)
{
	if (a->same_count == ASSESS_SAME_MAX)
		return;
	a->same[a->same_count].origin = evidence_sole(origin);
	a->same[a->same_count++].relay = evidence_sole(relay);
}

void assessor_ordinary(struct assessor *a, bool (*fn)(void *arg, uint8_t state, uint64_t records),
		       void *arg)
{
	a->ordinary = fn;
	a->ordinary_arg = arg;
}

/* --- one episode ----------------------------------------------------------------- */

static int compare_moment(const void *a, const void *b)
{
	const struct moment *x = a, *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

/* Marks the states that are significant at this moment. */
static void mark_deciding(struct episode *ep, const int *significant)
{
	for (uint32_t i = 0; i < ep->states; i++)
		ep->state[i].deciding = significant[ep->state[i].state] > 0;
}

/* How many states rest on each voice now, and how many voices have so many. */
struct resting {
	uint16_t states[SOLE_SEVERAL + 1]; /* all 0 between episodes */
	uint32_t voices[STATES + 1];
};

static void rest(struct resting *r, const struct moment *m)
{
	uint16_t *n = &r->states[m->voice];

	r->voices[*n]--;
	*n = (uint16_t)(*n + m->step);
	r->voices[*n]++;
}

/* The first moment at which enough states are significant, else of a watch. What one
 * voice alone makes significant, in however many states, raises nothing. */
static void decide(struct assessor *a)
{
	static _Thread_local struct resting resting;
	struct episode *ep = &a->episode;
	int significant[STATES] = {0};
	uint32_t together = 0, here = 0;
	size_t i;

	if (a->moment_count)
		qsort(a->moments, a->moment_count, sizeof(*a->moments), compare_moment);
	for (i = 0; i < a->moment_count && ep->status != EPISODE_RAISED; i++) {
		const struct moment *m = &a->moments[i];
		/* a state's intervals are apart: it counts once */
		if (m->kind == MOMENT_SIGNIFICANT) {
			significant[m->state] += m->step;
			together += (uint32_t)m->step;
		} else if (m->kind == MOMENT_RESTS) {
			rest(&resting, m);
		} else {
			here += (uint32_t)m->step;
		}
		if (i + 1 < a->moment_count && m[1].at == m->at)
			continue;
		const bool enough = together >= a->profile->min_states;
		ep->held_back |= enough && resting.voices[together];
		if (enough && !resting.voices[together])
			ep->status = EPISODE_RAISED;
		else if (ep->status == EPISODE_NONE && together >= 1 && here >= 2)
			ep->status = EPISODE_WATCH;
		else
			continue;
		ep->decided_us = m->at;
		mark_deciding(ep, significant);
	}
	for (; i < a->moment_count; i++)
		if (a->moments[i].kind == MOMENT_RESTS)
			rest(&resting, &a->moments[i]);
	ep->held_back &= ep->status != EPISODE_RAISED;
}

/* Where the rule of so many Member States does not hold: what stands apart from it. */
static void decide_apart(struct assessor *a)
{
	struct episode *ep = &a->episode;
	const bool capacity = a->capacity_us != INT64_MAX;

	if (ep->status == EPISODE_RAISED || (!capacity && a->union_us == INT64_MAX))
		return;
	ep->status = EPISODE_RAISED;
	ep->decided_us = capacity ? a->capacity_us : a->union_us;
	for (uint32_t i = 0; i < ep->states; i++) {
		struct state_assessment *s = &ep->state[i];
		s->deciding = capacity ? s->capacity_exceeded
				       : s->state == STATE_EU && s->significant;
	}
}

enum assess_basis assess_basis(const struct episode *ep, const struct profile *p)
{
	uint32_t significant = 0;
	bool capacity = false;

	for (uint32_t i = 0; i < ep->states; i++) {
		const struct state_assessment *s = &ep->state[i];
		significant += s->deciding && s->significant && vocab_state_is_member(s->state);
		capacity |= s->deciding && s->capacity_exceeded;
	}
	if (ep->status != EPISODE_RAISED || significant >= p->min_states)
		return BASIS_MEMBER_STATES;
	return capacity ? BASIS_CAPACITY : BASIS_UNION_ENTITIES;
}

/* Each state's best, in turn. */
static void choose_evidence(struct assessor *a)
{
	struct episode *ep = &a->episode;
	bool more = true;

	for (uint32_t turn = 0; more && ep->evidence_count < ASSESS_EVIDENCE_MAX; turn++) {
		more = false;
		for (uint32_t s = 0; s < ep->states; s++) {
			if (turn >= a->bests[s].count || ep->evidence_count == ASSESS_EVIDENCE_MAX)
				continue;
			ep->evidence[ep->evidence_count++] = a->bests[s].best[turn];
			more = true;
		}
	}
	qsort(ep->evidence, ep->evidence_count, sizeof(ep->evidence[0]),
	      assess_evidence_compare_shown);
}

static int compare_state(const void *va, const void *vb)
{
	const struct evidence_cell *a = va, *b = vb;

	if (a->key.state != b->key.state)
		return a->key.state < b->key.state ? -1 : 1;
	return (a->first_us > b->first_us) - (a->first_us < b->first_us);
}

static void assess_episode(struct assessor *a, struct evidence_cell *cells, size_t count)
{
	struct episode *ep = &a->episode;

	memset(ep, 0, sizeof(*ep));
	ep->threat = cells[0].key.threat;
	ep->first_us = INT64_MAX;
	a->moment_count = a->witness_count = 0;
	a->capacity_us = a->union_us = INT64_MAX;
	qsort(cells, count, sizeof(*cells), compare_state);
	for (size_t i = 0, j; i < count; i = j) {
		for (j = i; j < count && cells[j].key.state == cells[i].key.state; j++) {
			const struct evidence_cell *c = &cells[j];
			ep->first_us = c->first_us < ep->first_us ? c->first_us : ep->first_us;
			ep->last_us = c->last_us > ep->last_us ? c->last_us : ep->last_us;
			ep->tlp = c->tlp > ep->tlp ? c->tlp : ep->tlp;
			ep->pap = c->pap > ep->pap ? c->pap : ep->pap;
		}
		assess_state(a, &cells[i], j - i);
	}
	assess_independence_shared(a);
	decide(a);
	decide_apart(a);
	choose_evidence(a);
}

static void take_cell(void *arg, const struct evidence_cell *c)
{
	struct assessor *a = arg;

	if (a->benign ? c->key.hit_class != CLASS_NONE
		      : c->key.hit_class != CLASS_EFFECT && c->key.hit_class != CLASS_ATTEMPT)
		return;
	if (a->rc || !ROOM(a, a->cells, a->cell_room, a->cell_count + 1))
		return;
	a->cells[a->cell_count] = *c;
	a->cells[a->cell_count++].key.hit_class = a->benign ? CLASS_EFFECT : c->key.hit_class;
}

static int compare_time(const void *va, const void *vb)
{
	const struct evidence_cell *a = va, *b = vb;

	return (a->first_us > b->first_us) - (a->first_us < b->first_us);
}

int assess_threat(struct assessor *a, const struct evidence_table *t, uint32_t threat,
		  void (*fn)(void *arg, const struct episode *ep), void *arg)
{
	struct evidence_usage usage;

	evidence_usage(t, &usage);
	a->t = t;
	a->exact_max = usage.capacity.exact_max;
	a->rc = 0;
	a->cell_count = 0;
	evidence_read_cells(t, threat, take_cell, a);
	if (a->cell_count)
		qsort(a->cells, a->cell_count, sizeof(*a->cells), compare_time);
	for (size_t i = 0, j; i < a->cell_count && a->rc == 0; i = j) {
		int64_t last = a->cells[i].last_us;
		for (j = i + 1; j < a->cell_count; j++) {
			if (a->cells[j].first_us - last > a->profile->window_us)
				break;
			if (last < a->cells[j].last_us)
				last = a->cells[j].last_us;
		}
		assess_episode(a, &a->cells[i], j - i);
		if (a->rc == 0)
			fn(arg, &a->episode);
	}
	return a->rc;
}
