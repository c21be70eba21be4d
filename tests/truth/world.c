/* Worlds: a profile by lot, sources, what each seed does there, and in which order it is delivered.
 */
#include <stdlib.h>
#include <string.h>

#include "truth.h"

#define HOUR_US INT64_C(3600000000)

const char *const truth_states[TRUTH_STATES] = {"AT", "BE", "CY", "DE", "FR", "GR",
						"IE", "MT", "PL", "SE", "GB", "EU"};
const char *const truth_sectors[TRUTH_SECTORS] = {"unknown", "energy", "health",   "banking",
						  "space",   "food",   "research", "courier"};
const int truth_annex[TRUTH_SECTORS] = {0, 1, 1, 1, 1, 2, 2, 2};
const char *const truth_severities[4] = {"none", "low", "medium", "high"};
const char *const truth_tlps[4] = {"clear", "green", "amber", "red"};

/* --- seeded choices: splitmix64 ------------------------------------------------ */

uint64_t rng_next(struct rng *r)
{
	uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

uint32_t rng_below(struct rng *r, uint32_t n)
{
	return (uint32_t)(rng_next(r) % n);
}

int64_t rng_between(struct rng *r, int64_t low, int64_t high)
{
	return low + (int64_t)(rng_next(r) % (uint64_t)(high - low + 1));
}

bool rng_chance(struct rng *r, uint32_t percent)
{
	return rng_below(r, 100) < percent;
}

void *truth_push(void *array, int *count, int *room, size_t size)
{
	char **p = array;

	if (*count == *room) {
		*room = *room ? *room * 2 : 64;
		*p = realloc(*p, (size_t)*room * size);
		if (!*p)
			abort();
	}
	return memset(*p + (size_t)(*count)++ * size, 0, size);
}

/* --- what all seeds of a world share --------------------------------------------- */

static void make_criterion(struct rng *r, struct truth_criterion *c)
{
	*c = (struct truth_criterion){.severity = (int)rng_below(r, 4)};
	c->annex = rng_chance(r, 60) ? (int)rng_below(r, 3) : 0;
	c->one_sector = rng_chance(r, 40);
	c->attempts_too = rng_chance(r, 30);
	switch (rng_below(r, 6)) {
	case 0:
		c->users = 100 + rng_below(r, 900);
		c->duration_s = rng_chance(r, 50) ? 600 + rng_below(r, 600) : 0;
		break;
	case 1:
		c->origins = 2 + rng_below(r, 2);
		break;
	case 2:
		c->sectors = c->one_sector ? 1 : 2;
		break;
	}
	if (rng_chance(r, 85) || !(c->users || c->origins || c->sectors))
		c->entities = 1 + rng_below(r, rng_chance(r, 70) ? 4 : 12);
}

static void make_profile(struct rng *r, struct truth_profile *p)
{
	static const int hours[] = {24, 24, 24, 1, 6, 12, 72};

	p->window_us = hours[rng_below(r, 7)] * HOUR_US;
	p->min_states = rng_chance(r, 70) ? 2 : 3;
	if (rng_chance(r, 40)) { /* as rules/significance/observed.yaml has it */
		p->criteria = 2;
		p->criterion[0] = (struct truth_criterion){
			.severity = TRUTH_MEDIUM, .annex = 1, .one_sector = true, .entities = 3};
		p->criterion[1] =
			(struct truth_criterion){.severity = TRUTH_MEDIUM, .entities = 10};
		return;
	}
	p->criteria = 1 + (int)rng_below(r, 4);
	for (int i = 0; i < p->criteria; i++)
		make_criterion(r, &p->criterion[i]);
}

static void make_sources(struct truth_world *w, struct rng *r)
{
	for (int i = 0; i < 26; i++) {
		struct truth_source *s = PUSH(w, source);
		snprintf(s->name, sizeof(s->name), "soc-%02d", i);
		/* three a state and more, so that a state has several sectors and origins */
		s->state = i < 24 ? i / 3 : (int)(TRUTH_MEMBERS + rng_below(r, 2));
		if (i >= 18 && i < 24)
			s->state = (int)rng_below(r, TRUTH_STATES);
		s->sector = (int)rng_below(r, TRUTH_SECTORS);
		if (i % 3 && rng_chance(r, 50))
			s->sector = w->sources[i - 1].sector;
		s->tlp = (int)rng_below(r, 4);
		if (rng_chance(r, 10))
			snprintf(s->organisation, sizeof(s->organisation), "Operator %d", i);
		if (rng_chance(r, 20))
			snprintf(s->space, sizeof(s->space), "space-%d", i);
		if (i == 22)
			s->aggregates = (uint32_t)rng_next(r) & ((1u << TRUTH_STATES) - 1);
		s->exercise = i == TRUTH_EXERCISE;
	}
}

/* --- delivery --------------------------------------------------------------------------- */

/* Records of one source in a row go as one message, now and then. */
static void make_messages(struct truth_world *w, struct rng *r)
{
	uint64_t *offset = calloc((size_t)w->source_count, sizeof(*offset));

	for (int i = 0, n; i < w->record_count; i += n) {
		struct truth_message *m = PUSH(w, message);
		const struct truth_record *rec = &w->records[i];
		*m = (struct truth_message){rec->source, rec->seed, i, 1, offset[rec->source]};
		for (n = 1; i + n < w->record_count && n < 4 && rng_chance(r, 70); n++)
			if (rec[n].source != rec->source || rec[n].seed != rec->seed)
				break;
		m->count = n;
		offset[m->source] += 1 + (uint64_t)rng_below(r, 3);
	}
	free(offset);
}

/* Any order, and one in eight is delivered twice. */
static void make_order(struct truth_world *w, struct rng *r)
{
	for (int i = 0; i < w->message_count; i++)
		for (int n = rng_chance(r, 12) ? 2 : 1; n > 0; n--)
			*(int *)truth_push(&w->order, &w->order_count, &w->order_room,
					   sizeof(int)) = i;
	if (rng_chance(r, 25))
		return; /* in order */
	for (int i = w->order_count - 1; i > 0; i--) {
		int k = (int)rng_below(r, (uint32_t)i + 1), t = w->order[i];
		w->order[i] = w->order[k];
		w->order[k] = t;
	}
}

void world_make(struct truth_world *w, uint64_t first, int seeds)
{
	struct rng r = {first / TRUTH_PACK * UINT64_C(0x2545f4914f6cdd1d) + 7};

	memset(w, 0, sizeof(*w));
	w->first_seed = first;
	w->seeds = seeds;
	make_profile(&r, &w->profile);
	make_sources(w, &r);
	for (int slot = 0; slot < seeds; slot++)
		campaign_make(w, slot);
	make_messages(w, &r);
	make_order(w, &r);
}

void world_free(struct truth_world *w)
{
	for (int i = 0; i < w->record_count; i++)
		free(w->records[i].line);
	free(w->sources);
	free(w->threats);
	free(w->atoms);
	free(w->records);
	free(w->messages);
	free(w->order);
}
