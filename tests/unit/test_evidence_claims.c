/* What a hit claims of the table is counted once: entries as the table counts them, and a
 * cell for each origin in it; and what is summarised takes no entry. argv: seeds */
#include "tap.h"

#include "test_assess_oracle.h"

#define HITS 250

static const struct evidence_config config = {1024, 4096, 64, 256};

static struct evidence_table *make(void)
{
	struct evidence_table *t;

	if (evidence_init(&t, &config))
		exit(2);
	return t;
}

/* Few cells, so that an origin comes inside first, or apart, or both. */
static struct observation draw_few(uint64_t *s)
{
	struct observation o = draw_hit(s, TIMESTAMP_DAY);

	o.state = (uint8_t)below(s, 3);
	o.sector = 1;
	o.hit_class = CLASS_EFFECT;
	o.severity = 2;
	o.time_us = T0 + (int64_t)below(s, 4) * TIMESTAMP_HOUR;
	o.origin = below(s, 4) ? hash_word(below(s, 3) + 100) : below(s, 2) * EVIDENCE_RELAYED;
	o.identity = below(s, 3) ? 0 : hash_word(below(s, 40) + 1000);
	return o;
}

static bool same_place(const struct observation *a, const struct observation *b)
{
	return a->threat == b->threat && a->state == b->state && a->time_us == b->time_us &&
	       a->origin == b->origin;
}

static int failures[4];

/* The same hits by the batch, one that cannot be among them: what comes of each is told. */
static void count_many(const struct observation hits[HITS])
{
	const struct observation far = {.threat = 1, .by = 1, .time_us = -1};
	struct evidence_table *one = make(), *many = make();
	struct evidence_outcome out[HITS + 1];
	struct observation o[HITS + 1];
	struct evidence_claims claims;

	memcpy(o, hits, HITS * sizeof(*o));
	o[HITS] = o[HITS / 2];
	o[HITS / 2] = far;
	failures[3] += evidence_update_many(many, o, HITS + 1, out) != 1;
	for (int i = 0; i <= HITS; i++) {
		int rc = evidence_update_claims(one, &o[i], &claims);
		failures[3] += out[i].rc != rc || out[i].claims.entries != claims.entries ||
			       out[i].claims.cells != claims.cells;
	}
	evidence_fini(one);
	evidence_fini(many);
}

static void count(uint64_t seed)
{
	struct observation hits[HITS];
	struct evidence_table *t = make();
	struct evidence_claims claims;
	struct evidence_usage u;
	uint32_t entries = 0, cells = 0, want = 0, again = 0;

	for (int i = 0; i < HITS; i++) {
		hits[i] = draw_few(&seed);
		int before = 0;
		while (before < i && !same_place(&hits[before], &hits[i]))
			before++;
		want += before == i && hits[i].origin;
		if (evidence_update_claims(t, &hits[i], &claims))
			exit(2);
		failures[1] += claims.cells != (before == i && hits[i].origin);
		entries += claims.entries;
		cells += claims.cells;
	}
	evidence_usage(t, &u);
	failures[0] += entries != u.entries || entries == 0;
	failures[1] += cells != want;
	for (int i = 0; i < HITS; i++) {
		evidence_update_claims(t, &hits[i], &claims);
		again += claims.entries + claims.cells;
	}
	failures[2] += again != 0;
	evidence_fini(t);
	count_many(hits);
}

static struct evidence_cell cell;

static void keep_cell(void *arg, const struct evidence_cell *c)
{
	(void)arg;
	cell = *c;
}

static void test_summarise(void)
{
	struct evidence_table *t = make();
	struct evidence_claims claims;
	struct evidence_usage u;
	uint8_t regs[2][HLL_REGISTERS] = {{0}}, want[2][HLL_REGISTERS] = {{0}};
	uint32_t entries = 0;

	for (uint64_t i = 1; i <= 100; i++) {
		const struct observation o = {.threat = 1,
					      .by = 1,
					      .hit_class = CLASS_EFFECT,
					      .time_us = T0 + (int64_t)i,
					      .entity = hash_word(i),
					      .origin = 5,
					      .identity = hash_word(i + 1000),
					      .summarise = true};
		if (evidence_update_claims(t, &o, &claims))
			exit(2);
		entries += claims.entries;
		hll_add(want[0], o.entity);
		hll_add(want[1], o.identity);
	}
	evidence_usage(t, &u);
	tap_ok(entries == 2 && u.entries == 2,
	       "a hundred summarised hits of one origin take its entry and what lists it (%u, %u)",
	       entries, u.entries);
	evidence_read_cells(t, 1, keep_cell, NULL);
	evidence_read_sketch(t, cell.index, EVIDENCE_ENTITY, regs[0]);
	evidence_read_sketch(t, cell.index, EVIDENCE_RECORD, regs[1]);
	tap_ok(cell.entities_over && cell.records_over && !cell.origins_over &&
		       memcmp(regs, want, sizeof(regs)) == 0,
	       "and all of them are in its sketches");
	evidence_fini(t);
}

int main(int argc, char **argv)
{
	int seeds = argc > 1 ? atoi(argv[1]) : TAP_SANITIZED ? 50 : 300;

	for (int i = 1; i <= seeds; i++)
		count((uint64_t)i);
	tap_int(failures[0], 0, "entries claimed are the entries used");
	tap_int(failures[1], 0, "and a cell is claimed by the first hit of each origin in it");
	tap_int(failures[2], 0, "what comes again claims nothing");
	tap_int(failures[3], 0, "joined by the batch, the same comes of each");
	test_summarise();
	return tap_done();
}
