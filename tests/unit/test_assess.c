/* assess against the slow oracle, over seeds; and the edges by hand. argv: seeds */
#include "tap.h"

#include "test_assess_oracle.h"

static const struct evidence_config small = {1024, 4096, 16, 64};

static struct evidence_table *table_of(const struct observation *hits, int n)
{
	struct evidence_table *t;

	if (evidence_init(&t, &small))
		exit(2);
	for (int i = 0; i < n; i++)
		if (evidence_update(t, &hits[i]))
			exit(2);
	return t;
}

static void assess_text(const struct profile *p, const struct evidence_table *t, uint32_t threat,
			struct text *out)
{
	struct assessor *a;

	if (assessor_init(&a, p) || assess_threat(a, t, threat, write_episode, out))
		exit(2);
	assessor_fini(a);
}

/* --- seeds ------------------------------------------------------------------------- */

static int statuses[3];
/* How often what was reached, so that none of it goes untested. */
static int bases[3], of_entity, by_tree, overridden, parts;

static void count_status(void *arg, const struct episode *ep)
{
	const struct profile *p = arg;

	statuses[ep->status]++;
	if (ep->status == EPISODE_RAISED)
		bases[assess_basis(ep, p)]++;
	for (uint32_t i = 0; i < ep->states; i++)
		for (uint32_t c = 0; c < p->criteria_count; c++) {
			if (!(ep->state[i].criteria >> c & 1))
				continue;
			of_entity += p->criteria[c].one_entity;
			by_tree += p->criteria[c].node != 0;
			parts += p->criteria[c].part;
			overridden += p->override_count && p->override[0].criterion == c &&
				      p->override[0].states >> ep->state[i].state & 1;
		}
}

static bool seed_equals(uint64_t seed)
{
	static struct observation hits[HITS_MAX];
	struct profile p;
	bool same = true;
	uint64_t s = seed;

	draw_profile(&s, &p);
	int n = 1 + (int)below(&s, below(&s, 8) ? 60 : 200);
	for (int i = 0; i < n; i++)
		hits[i] = draw_hit(&s, p.window_us);
	struct evidence_table *t = table_of(hits, n);
	for (uint32_t threat = 1; threat <= 2; threat++) {
		struct text got, want;
		struct assessor *a;
		text_init(&got);
		text_init(&want);
		assess_text(&p, t, threat, &got);
		oracle_threat(&p, hits, n, threat, &want);
		if (strcmp(got.p ? got.p : "", want.p ? want.p : "") != 0) {
			same = false;
			printf("# seed %" PRIu64 " threat %u\n# got:\n%s\n# want:\n%s\n", seed,
			       threat, got.p ? got.p : "", want.p ? want.p : "");
		}
		if (assessor_init(&a, &p) == 0)
			assess_threat(a, t, threat, count_status, &p);
		assessor_fini(a);
		text_fini(&got);
		text_fini(&want);
	}
	evidence_fini(t);
	return same;
}

static void test_seeds(int seeds)
{
	int bad = 0;

	for (int i = 1; i <= seeds && bad < 3; i++)
		bad += !seed_equals((uint64_t)i);
	tap_int(bad, 0, "every seed equals the oracle");
	printf("# %d seeds: %d raised, %d watch, %d neither\n", seeds, statuses[EPISODE_RAISED],
	       statuses[EPISODE_WATCH], statuses[EPISODE_NONE]);
	tap_ok(statuses[0] > seeds / 10 && statuses[1] > seeds / 10 && statuses[2] > seeds / 10,
	       "the seeds reach every status");
	printf("# raised by states %d, capacity %d, Union %d; criteria that held: of one entity "
	       "%d, with a tree %d, parts %d, overridden %d\n",
	       bases[0], bases[1], bases[2], of_entity, by_tree, parts, overridden);
	tap_ok(bases[0] > seeds / 50 && bases[1] > seeds / 50 && bases[2] > seeds / 500 &&
		       of_entity > seeds / 20 && by_tree > seeds / 50 && parts > seeds / 50 &&
		       overridden > seeds / 50,
	       "and every kind of criterion");
}

/* --- by hand -------------------------------------------------------------------------- */

static struct episode last;
static int episodes;

static void keep(void *arg, const struct episode *ep)
{
	(void)arg;
	last = *ep;
	episodes++;
}

static void assess(const struct profile *p, const struct observation *hits, int n)
{
	struct evidence_table *t = table_of(hits, n);
	struct assessor *a;

	memset(&last, 0, sizeof(last));
	episodes = 0;
	if (assessor_init(&a, p) || assess_threat(a, t, 1, keep, NULL))
		exit(2);
	assessor_fini(a);
	evidence_fini(t);
}

static struct observation hit(int state, uint64_t entity, int64_t after_us)
{
	static uint64_t offset;

	return (struct observation){.threat = 1,
				    .by = 1,
				    .state = (uint8_t)state,
				    .sector = 1,
				    .hit_class = CLASS_EFFECT,
				    .severity = SEVERITY_MEDIUM,
				    .time_us = T0 + after_us,
				    .entity = entity,
				    .origin = 7,
				    .offset = ++offset};
}

static const struct profile three = {.window_us = TIMESTAMP_DAY,
				     .min_states = 2,
				     .criteria_count = 1,
				     .criteria = {{.severity_min = SEVERITY_MEDIUM,
						   .annex = 1,
						   .one_sector = true,
						   .effect_only = true,
						   .entities = 3}}};

static void test_edges(void)
{
	const int64_t day = TIMESTAMP_DAY;
	struct observation h[6] = {hit(0, 1, 0), hit(0, 2, 5), hit(0, 3, day),
				   hit(1, 1, 0), hit(1, 2, 5), hit(1, 3, day)};

	assess(&three, h, 6);
	tap_int(last.status, EPISODE_RAISED, "a hit exactly one window after the first is inside");
	tap_int(last.decided_us, T0 + day, "decided by the last hit it took");
	h[5].time_us++;
	assess(&three, h, 6);
	tap_int(last.status, EPISODE_WATCH, "one microsecond later is outside");
	tap_int(last.decided_us, T0 + day, "a watch is decided when its one state is");
	h[2].time_us = h[3].time_us + day + 1;
	assess(&three, h, 6);
	tap_int(last.status, EPISODE_NONE, "no state significant, no status");
	tap_int(last.decided_us, 0, "and nothing decided");
}

static void test_states(void)
{
	struct observation h[6] = {hit(0, 1, 0),        hit(0, 2, 5),        hit(0, 3, 9),
				   hit(STATE_GB, 1, 0), hit(STATE_GB, 2, 5), hit(STATE_GB, 3, 9)};

	assess(&three, h, 6);
	tap_int(last.status, EPISODE_NONE, "GB is carried, never counted, not even for a watch");
	tap_int(last.states, 2, "but it is there");
	for (int i = 3; i < 6; i++)
		h[i].state = 4, h[i].hit_class = CLASS_ATTEMPT;
	assess(&three, h, 6);
	tap_int(last.status, EPISODE_WATCH, "attempts make a state seen");
	tap_ok(!last.state[1].significant && last.state[1].attempted == 3, "and never significant");
	for (int i = 3; i < 6; i++)
		h[i].hit_class = CLASS_EFFECT, h[i].sector = SECTOR_UNKNOWN;
	assess(&three, h, 6);
	tap_int(last.status, EPISODE_WATCH, "unknown is no sector");
	for (int i = 3; i < 6; i++)
		h[i].sector = (uint8_t)(i - 2);
	assess(&three, h, 6);
	tap_int(last.status, EPISODE_WATCH, "three sectors are not one");
}

static void test_episodes(void)
{
	const int64_t day = TIMESTAMP_DAY;
	struct observation h[4] = {hit(0, 1, 0), hit(0, 1, day), hit(1, 1, 2 * day),
				   hit(0, 1, 3 * day + 1)};

	assess(&three, h, 4);
	tap_int(episodes, 2, "a gap of more than one window parts episodes");
	h[3].time_us--;
	assess(&three, h, 4);
	tap_int(episodes, 1, "a gap of exactly one window does not");
	tap_int(last.last_us - last.first_us, 3 * day, "first and last of all evidence");
}

/* A cell with more than exact_max entities is estimated, for windows as well. */
static void test_over(void)
{
	enum { N = 1500 };
	static struct observation h[2 * N];
	struct profile p = three;
	struct evidence_config c = {1024, 8192, 16, 64};
	struct evidence_table *t;
	struct assessor *a;

	for (int i = 0; i < 2 * N; i++)
		h[i] = hit(i < N ? 0 : 1, hash_word((uint64_t)i % N + 1), i);
	p.criteria[0].entities = 1000;
	if (evidence_init(&t, &c) || assessor_init(&a, &p))
		exit(2);
	for (int i = 0; i < 2 * N; i++)
		if (evidence_update(t, &h[i]))
			exit(2);
	assess_threat(a, t, 1, keep, NULL);
	tap_int(last.status, EPISODE_RAISED, "1,500 entities a state, estimated, are over 1,000");
	tap_ok(!last.state[0].entities_exact && last.state[0].entities > 1350 &&
		       last.state[0].entities < 1650,
	       "entities estimated: %" PRIu64 " of 1500", last.state[0].entities);
	tap_ok(!last.state[0].records_exact && last.state[0].records > 1350 &&
		       last.state[0].records < 1650,
	       "records estimated: %" PRIu64 " of 1500", last.state[0].records);
	tap_int(last.evidence_count, 16, "and their evidence is there");
	tap_int(last.evidence[0].item.time_us, T0, "with the earliest of all in it");
	p.criteria[0].entities = 2000;
	assess_threat(a, t, 1, keep, NULL);
	tap_int(last.status, EPISODE_NONE, "and not over 2,000");
	assessor_fini(a);
	evidence_fini(t);
}

static void test_aside(void)
{
	struct observation h[4] = {hit(0, 1, 0), hit(3, 2, 5), hit(STATE_GB, 2, 9), hit(0, 9, 7)};
	struct set_aside out;
	struct assessor *a;

	for (int i = 0; i < 3; i++)
		h[i].hit_class = CLASS_NONE, h[i].by = 40 + (uint32_t)i;
	struct evidence_table *t = table_of(h, 4);
	if (assessor_init(&a, &three))
		exit(2);
	tap_ok(assess_set_aside(a, t, 1, CLASS_NONE, &out), "a benign lane is there");
	tap_ok(out.states == (1u | 1u << 3 | 1u << STATE_GB) && out.entities == 2 &&
		       out.records == 3 && out.by == 40 && out.first_us == T0 &&
		       out.last_us == T0 + 9,
	       "its states, entities, records, list and times");
	tap_ok(!assess_set_aside(a, t, 1, CLASS_TEST, &out), "an exercise lane is not");
	tap_ok(!assess_set_aside(a, t, 2, CLASS_NONE, &out), "nor a benign lane of another threat");
	assessor_fini(a);
	evidence_fini(t);
	assess(&three, h, 3);
	tap_int(episodes, 0, "what was set aside makes no episode");
}

int main(int argc, char **argv)
{
	test_edges();
	test_states();
	test_episodes();
	test_over();
	test_aside();
	test_seeds(argc > 1 ? atoi(argv[1]) : TAP_SANITIZED ? 1000 : 3000);
	return tap_done();
}
