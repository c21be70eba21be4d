#include "correlate/prevalence.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/hll.h"

#define LANES (STATES * SECTORS)

struct lane {
	uint8_t known[HLL_REGISTERS];
	uint64_t entities; /* summed over threats */
	uint64_t threats;
};

struct prevalence {
	struct lane *lane, *next; /* as told; the census under way */
	uint32_t done;		  /* threats that are in next; 0: none is under way */
	struct evidence_cell *cells; /* of one threat, by lane */
	size_t cell_count, cell_room;
	uint64_t *hash; /* of one lane */
	size_t hash_count, hash_room;
	bool failed; /* sticky: no memory */
};

int prevalence_init(struct prevalence **out)
{
	struct prevalence *p = calloc(1, sizeof(*p));

	*out = p;
	if (p) {
		p->lane = calloc(LANES, sizeof(*p->lane));
		p->next = calloc(LANES, sizeof(*p->next));
	}
	if (p && p->lane && p->next)
		return 0;
	prevalence_fini(p);
	*out = NULL;
	return -ENOMEM;
}

void prevalence_fini(struct prevalence *p)
{
	if (!p)
		return;
	free(p->lane);
	free(p->next);
	free(p->cells);
	free(p->hash);
	free(p);
}

static bool room(struct prevalence *p, void **v, size_t *have, size_t need, size_t size)
{
	size_t more = *have ? *have * 2 : 256;

	if (need <= *have)
		return true;
	void *grown = realloc(*v, more * size);
	if (!grown) {
		p->failed = true;
		return false;
	}
	*v = grown;
	*have = more;
	return true;
}

static uint32_t lane_of(const struct evidence_cell *c)
{
	return (uint32_t)c->key.state * SECTORS + c->key.sector;
}

static void take_cell(void *arg, const struct evidence_cell *c)
{
	struct prevalence *p = arg;

	if ((c->key.hit_class != CLASS_EFFECT && c->key.hit_class != CLASS_ATTEMPT) ||
	    !vocab_state_is_member(c->key.state))
		return;
	if (room(p, (void **)&p->cells, &p->cell_room, p->cell_count + 1, sizeof(*p->cells)))
		p->cells[p->cell_count++] = *c;
}

static void take_entity(void *arg, const struct evidence_entry *e)
{
	struct prevalence *p = arg;

	if (e->kind == EVIDENCE_ENTITY &&
	    room(p, (void **)&p->hash, &p->hash_room, p->hash_count + 1, sizeof(*p->hash)))
		p->hash[p->hash_count++] = e->hash;
}

static int compare_lane(const void *a, const void *b)
{
	uint32_t x = lane_of(a), y = lane_of(b);

	return (x > y) - (x < y);
}

static int compare_hash(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Distinct entities of these cells of one lane, joined into known unless it is NULL. */
static uint64_t count(struct prevalence *p, const struct evidence_table *t,
		      const struct evidence_cell *c, size_t cells, uint8_t *known)
{
	uint8_t regs[HLL_REGISTERS] = {0};
	uint64_t distinct = 0;
	bool over = false;

	p->hash_count = 0;
	for (size_t i = 0; i < cells; i++)
		over |= c[i].entities_over;
	for (size_t i = 0; i < cells; i++)
		if (over)
			evidence_read_sketch(t, c[i].index, EVIDENCE_ENTITY, regs);
		else
			evidence_read_entries(t, c[i].index, take_entity, p);
	if (p->hash_count)
		qsort(p->hash, p->hash_count, sizeof(*p->hash), compare_hash);
	for (size_t i = 0; i < p->hash_count; i++) {
		distinct += i == 0 || p->hash[i] != p->hash[i - 1];
		hll_add(regs, p->hash[i]);
	}
	if (known)
		hll_merge(known, regs);
	return over ? hll_estimate(regs) : distinct;
}

/* The threat's cells by lane. */
static void gather(struct prevalence *p, const struct evidence_table *t, uint32_t threat)
{
	p->cell_count = 0;
	evidence_read_cells(t, threat, take_cell, p);
	if (p->cell_count)
		qsort(p->cells, p->cell_count, sizeof(*p->cells), compare_lane);
}

static size_t lane_end(const struct prevalence *p, size_t from)
{
	size_t to = from + 1;

	while (to < p->cell_count && lane_of(&p->cells[to]) == lane_of(&p->cells[from]))
		to++;
	return to;
}

static void count_threat(struct prevalence *p, const struct evidence_table *t, uint32_t threat)
{
	gather(p, t, threat);
	for (size_t i = 0, j; i < p->cell_count; i = j) {
		struct lane *l = &p->next[lane_of(&p->cells[i])];
		j = lane_end(p, i);
		uint64_t n = count(p, t, &p->cells[i], j - i, l->known);
		l->entities += n;
		l->threats += n > 0;
	}
}

int prevalence_step(struct prevalence *p, const struct evidence_table *t, uint32_t threats,
		    uint32_t cells)
{
	uint64_t read = 0;

	if (p->done == 0)
		memset(p->next, 0, LANES * sizeof(*p->next));
	p->failed = false;
	while (p->done < threats && read < cells && !p->failed) {
		count_threat(p, t, ++p->done);
		read += p->cell_count ? p->cell_count : 1;
	}
	if (p->failed) {
		p->done = 0;
		return -ENOMEM;
	}
	if (p->done < threats)
		return 0;
	struct lane *told = p->lane;
	p->lane = p->next;
	p->next = told;
	p->done = 0;
	return 1;
}

int prevalence_census(struct prevalence *p, const struct evidence_table *t, uint32_t threats)
{
	p->done = 0;
	int r = prevalence_step(p, t, threats, UINT32_MAX);

	while (r == 0)
		r = prevalence_step(p, t, threats, UINT32_MAX);
	return r < 0 ? r : 0;
}

int prevalence_of(struct prevalence *p, const struct evidence_table *t, uint32_t threat,
		  struct prevalence_row *rows, uint32_t max)
{
	uint32_t n = 0;

	p->failed = false;
	gather(p, t, threat);
	for (size_t i = 0, j; i < p->cell_count && n < max; i = j) {
		const struct evidence_cell *c = &p->cells[i];
		const struct lane *l = &p->lane[lane_of(c)];
		uint64_t known = hll_estimate(l->known);
		j = lane_end(p, i);
		if (known < PREVALENCE_LEAST)
			continue;
		struct prevalence_row *r = &rows[n++];
		*r = (struct prevalence_row){.state = c->key.state,
					     .sector = c->key.sector,
					     .entities = count(p, t, c, j - i, NULL),
					     .known = known};
		/* counted after the census, or by sketch, there may be more than were known */
		if (r->known < r->entities)
			r->known = r->entities;
		r->share = (double)r->entities / (double)r->known;
		if (l->threats > 1 && l->entities)
			r->lift = (double)r->entities * (double)l->threats / (double)l->entities;
	}
	return p->failed ? -ENOMEM : (int)n;
}
