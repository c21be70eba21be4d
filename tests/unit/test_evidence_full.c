/* Filling the table to 100 % and beyond: what cannot be kept is counted by threat and
 * state, never too low, and what is said to be complete is. argv: seeds */
#include "tap.h"

#include "test_assess_oracle.h"
#include "test_evidence_dump.h"

#define THREATS     400
#define STATES_USED 3
#define HOURS       2

/* What the brute force knows: how often a (threat, state) was refused, and until when. */
static uint64_t refused[THREATS + 1][STATES_USED];
static int64_t until[THREATS + 1][STATES_USED];
static int failures[8];
static uint64_t exact, asked;

static struct observation draw_any(uint64_t *s)
{
	struct observation o = {.threat = 1 + (uint32_t)below(s, THREATS),
				.by = 1,
				.state = (uint8_t)below(s, STATES_USED),
				.hit_class = CLASS_EFFECT,
				.time_us = T0 + (int64_t)below(s, HOURS * (uint64_t)TIMESTAMP_HOUR),
				.entity = hash_word(below(s, 40) + 1),
				.origin = hash_word(below(s, 3) + 100),
				.offset = below(s, 1000)};

	if (below(s, 8) == 0)
		o.users = 1 + below(s, 9);
	return o;
}

static void check_bounds(const struct evidence_table *t, int which)
{
	for (uint32_t threat = 1; threat <= THREATS; threat++)
		for (uint8_t state = 0; state < STATES_USED; state++) {
			struct evidence_loss l = evidence_lost(t, threat, state);
			failures[which] += l.refused_max < refused[threat][state] ||
					   l.complete_since_us < until[threat][state];
			exact += l.refused_max == refused[threat][state] &&
				 l.complete_since_us == until[threat][state];
			asked++;
		}
}

static int64_t complete_from;
static uint64_t found;

static void find_cell(void *arg, const struct evidence_cell *c)
{
	const struct observation *o = arg;

	found += c->key.state == o->state && c->first_us <= o->time_us && c->last_us >= o->time_us;
}

/* What is later than complete_since was joined whole: it is there. */
static void check_kept(const struct evidence_table *t, const struct observation *hits, int n)
{
	for (int i = 0; i < n; i++) {
		struct observation o = hits[i];
		complete_from = evidence_lost(t, o.threat, o.state).complete_since_us;
		if (o.time_us < complete_from)
			continue;
		found = 0;
		evidence_read_cells(t, o.threat, find_cell, &o);
		failures[2] += found == 0;
	}
}

static struct evidence_table *make(void)
{
	const struct evidence_config tiny = {1024, 2048, 8, 16};
	struct evidence_table *t;

	if (evidence_init(&t, &tiny))
		exit(2);
	return t;
}

static void fill(uint64_t seed)
{
	enum { HITS = 12000 };
	static struct observation hits[HITS];
	struct evidence_table *t = make(), *again = make();
	struct evidence_usage u;
	struct blob b = {0};
	uint64_t s = seed, no = 0;

	memset(refused, 0, sizeof(refused));
	memset(until, 0, sizeof(until));
	for (int i = 0; i < HITS; i++) {
		struct observation *o = &hits[i];
		*o = draw_any(&s);
		if (i == 300)
			failures[3] += evidence_lost(t, 1, 0).refused_max != 0;
		if (evidence_update(t, o) == 0)
			continue;
		no++;
		refused[o->threat][o->state]++;
		if (until[o->threat][o->state] <= o->time_us)
			until[o->threat][o->state] = o->time_us + 1;
	}
	evidence_usage(t, &u);
	failures[4] += u.cells != 1024 || u.entries != 2048 || u.refused != no || no < HITS / 3;
	check_bounds(t, 0);
	check_kept(t, hits, HITS);
	if (evidence_snapshot(t, blob_write, &b))
		exit(2);
	evidence_restore(again, blob_read, &b);
	check_bounds(again, 1);
	evidence_compact(t, (int32_t)(T0 / EVIDENCE_BUCKET_US) + HOURS);
	for (uint32_t threat = 1; threat <= THREATS; threat++)
		failures[5] += evidence_lost(t, threat, 0).refused_max != 0;
	failures[5] += evidence_update(t, &hits[0]) != 0;
	free(b.p);
	evidence_fini(t);
	evidence_fini(again);
}

int main(int argc, char **argv)
{
	int seeds = argc > 1 ? atoi(argv[1]) : TAP_SANITIZED ? 3 : 10;

	for (int i = 1; i <= seeds; i++)
		fill((uint64_t)i);
	tap_int(failures[3], 0, "nothing is lost before it is full");
	tap_int(failures[4], 0, "every cell and every entry is used, and each refusal counted");
	tap_int(failures[0], 0,
		"by threat and state the count is never too low, nor complete too soon");
	tap_int(failures[1], 0, "nor after a restart");
	tap_int(failures[2], 0, "what came since it is complete is there");
	tap_int(failures[5], 0, "what is forgotten is no longer lacking, and there is room again");
	tap_ok(exact * 10 > asked * 3, "%.0f %% of the figures are exact",
	       100.0 * (double)exact / (double)asked);
	return tap_done();
}
