/* stix_program, stix_sequence: the public vectors, what they leave open, and a property
 * test of sequences against a search that tries everything. */
#include "tap.h"
#include "test_stix_observed.h"

#define SUITE "../shared/data/suites/stix-pattern-vectors-dev.jsonl"

static struct observed ob;

static void suite(void)
{
	const char *path = getenv("STIX_VECTORS") ? getenv("STIX_VECTORS") : SUITE;
	FILE *f = fopen(path, "r");
	char *line = NULL, why[STIX_PATTERN_WHY_MAX];
	size_t cap = 0;
	int wrong = 0, all = 0;

	if (!f)
		return tap_skip(1, "%s is not there", path);
	while (getline(&line, &cap, f) > 0) {
		json_t *o = json_loads(line, 0, NULL);
		const char *pattern = json_string_value(json_object_get(o, "pattern"));
		const char *expect = json_string_value(json_object_get(o, "expect"));
		const char *version = json_string_value(json_object_get(o, "version"));
		if (!pattern || !expect || !version)
			continue;
		why[0] = '\0';
		const char *got = observed_decide(&ob, pattern,
						  strcmp(version, "v20") == 0 ? STIX_20 : STIX_21,
						  json_object_get(o, "observed"), why);
		all++;
		if (strcmp(got, expect) != 0 && ++wrong < 40)
			printf("# %s: %s, not %s: %s %s\n", version, got, expect, pattern, why);
		json_decref(o);
	}
	free(line);
	fclose(f);
	printf("# vectors: %d\n", all);
	tap_int(wrong, 0, "every vector of the public suite is decided as it says");
}

/* ---- property: the search against all sets of observations ---- */

#define INSTANCES 7

static uint32_t seed = 2024;

static uint32_t roll(uint32_t n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

/* By set of observations: is it a match of the node? Straight from the definitions. */
typedef bool sets[1 << INSTANCES];

static int64_t bound(const struct stix_instance *in, uint32_t set, bool max_first)
{
	int64_t v = max_first ? INT64_MIN : INT64_MAX;

	for (int i = 0; i < INSTANCES; i++) {
		if (!(set >> i & 1))
			continue;
		if (max_first && in[i].first_us > v)
			v = in[i].first_us;
		if (!max_first && in[i].last_us < v)
			v = in[i].last_us;
	}
	return v;
}

static void join(const struct stix_instance *in, const sets a, const sets b, bool followed,
		 sets out)
{
	memset(out, 0, sizeof(sets));
	for (uint32_t x = 0; x < 1 << INSTANCES; x++)
		for (uint32_t y = 0; a[x] && y < 1 << INSTANCES; y++)
			if (b[y] && !(x & y) &&
			    (!followed || bound(in, x, true) <= bound(in, y, false)))
				out[x | y] = true;
}

static bool in_span(const struct stix_instance *in, uint32_t set, const struct stix_node *n)
{
	for (int i = 0; i < INSTANCES; i++)
		if ((set >> i & 1) &&
		    (n->from >= n->to || in[i].last_us < n->from || in[i].first_us >= n->to))
			return false;
	return true;
}

static void all_sets(const struct stix_tree *t, uint32_t node, const struct stix_instance *in,
		     sets out)
{
	const struct stix_node *n = &t->nodes[node];
	sets child, before;

	memset(out, 0, sizeof(sets));
	if (n->kind == STIX_NODE_OBSERVED) {
		for (int i = 0; i < INSTANCES; i++)
			out[1 << i] = in[i].holds >> n->leaf & 1;
		return;
	}
	for (uint32_t i = n->first; i != STIX_NONE; i = t->nodes[i].next) {
		all_sets(t, i, in, child);
		memcpy(before, out, sizeof(sets));
		if (i == n->first)
			memcpy(out, child, sizeof(sets));
		else if (n->kind != STIX_NODE_EITHER)
			join(in, before, child, n->kind == STIX_NODE_FOLLOWED, out);
		for (uint32_t x = 0; n->kind == STIX_NODE_EITHER && x < 1 << INSTANCES; x++)
			out[x] = before[x] || child[x];
	}
	for (int64_t k = 1; n->kind == STIX_NODE_REPEATS && k < n->from; k++) {
		memcpy(before, out, sizeof(sets));
		join(in, before, child, false, out);
	}
	for (uint32_t x = 1; x < 1 << INSTANCES; x++) {
		if (n->kind == STIX_NODE_WITHIN)
			out[x] &= bound(in, x, true) - bound(in, x, false) <= n->from;
		if (n->kind == STIX_NODE_SPAN)
			out[x] &= in_span(in, x, n);
	}
}

static void write_pattern(struct text *t, int depth)
{
	static const char *const joins[] = {" AND ", " OR ", " FOLLOWEDBY "};
	int operands = depth ? 1 + (int)roll(3) : 0;

	if (operands == 0)
		text_printf(t, "[a:b = %u]", roll(3));
	else
		text_char(t, '(');
	for (int i = 0; i < operands; i++) {
		text_str(t, i ? joins[roll(3)] : "");
		write_pattern(t, depth - 1);
	}
	if (operands)
		text_char(t, ')');
	if (roll(3) == 0)
		text_printf(t, " WITHIN %u SECONDS", roll(6));
	if (roll(4) == 0)
		text_printf(t, " REPEATS %u TIMES", 1 + roll(3));
	if (roll(6) == 0)
		text_printf(t, " START t'1970-01-01T00:00:%02uZ' STOP t'1970-01-01T00:00:%02uZ'",
			    roll(8), 2 + roll(12));
}

static void draw(struct stix_instance *in, bool lasting)
{
	for (int i = 0; i < INSTANCES; i++) {
		in[i].first_us = roll(12) * TIMESTAMP_SECOND;
		in[i].last_us = in[i].first_us + (lasting ? roll(4) * TIMESTAMP_SECOND : 0);
		in[i].holds = 0;
	}
	qsort(in, INSTANCES, sizeof(*in), observed_order);
}

static void property(void)
{
	char why[STIX_PATTERN_WHY_MAX];
	int wrong = 0, yes = 0, last = 0, undecided = 0, rounds = TAP_SANITIZED ? 300 : 3000;
	static sets truth;

	for (int round = 0; round < rounds; round++) {
		struct stix_instance in[INSTANCES];
		uint8_t used[INSTANCES];
		struct stix_tree t;
		struct text p;
		text_init(&p);
		write_pattern(&p, (int)roll(4));
		if (stix_tree_read(&t, p.p, p.len, STIX_21, why) != STIX_PATTERN_OK) {
			printf("# %s: %s\n", p.p, why);
			wrong++;
		}
		draw(in, roll(2));
		for (int i = 0; i < INSTANCES; i++)
			for (uint32_t k = 0; k < t.observations; k++)
				in[i].holds |= (uint64_t)(roll(3) == 0) << k;
		all_sets(&t, t.root, in, truth);
		bool any = false, completes = false;
		for (uint32_t x = 1; x < 1 << INSTANCES; x++) {
			any |= truth[x];
			completes |= truth[x] && x >> (INSTANCES - 1) & 1;
		}
		enum stix_answer a =
			stix_sequence_match(&t, in, INSTANCES, used, STIX_SEQUENCE_EFFORT);
		enum stix_answer b =
			stix_sequence_complete(&t, in, INSTANCES, used, STIX_SEQUENCE_EFFORT);
		undecided += (a == STIX_UNDECIDED) + (b == STIX_UNDECIDED);
		if ((a != STIX_UNDECIDED && (a == STIX_YES) != any) ||
		    (b != STIX_UNDECIDED && (b == STIX_YES) != completes)) {
			if (wrong++ < 5)
				printf("# %s: %d %d, not %d %d\n", p.p, a, b, any, completes);
		}
		yes += any;
		last += completes;
		stix_tree_fini(&t);
		text_fini(&p);
	}
	printf("# property: %d patterns, %d match, %d by the last, %d undecided\n", rounds, yes,
	       last, undecided);
	tap_int(wrong, 0, "the search finds what all sets of observations tell");
	tap_ok(undecided * 100 < rounds && yes * 5 > rounds && last * 10 > rounds,
	       "few undecided, many of either answer");
}

int main(void)
{
	if (stix_world_init(&ob.world, 4096, 256) || stix_scratch_init(&ob.sc))
		return 1;
	suite();
	property();
	stix_world_fini(&ob.world);
	stix_scratch_free(ob.sc);
	return tap_done();
}
