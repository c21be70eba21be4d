/* STIX patterns: any bytes give a verdict, an accepted one keeps the bounds, and what the
 * evaluator makes of it decides, alone and in a sequence, without harm. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "match/stix_program.h"
#include "match/stix_sequence.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct stix_world world;
static struct stix_scratch *scratch;

static struct span word(const char *s)
{
	return (struct span){s, (uint32_t)strlen(s)};
}

static void build(void)
{
	if (scratch)
		return;
	if (stix_world_init(&world, 64, 8) || stix_scratch_init(&scratch))
		abort();
	uint32_t ip = stix_world_object(&world, word("ipv4-addr"), word("0"));
	stix_world_text(&world, ip, "value", word("192.0.2.1"));
	uint32_t o = stix_world_object(&world, word("a"), word("1"));
	stix_world_text(&world, o, "b", word("h\xc3\xa4 2010-05-21T13:21:43Z"));
	stix_world_text(&world, o, "b_hex", word("c3a4"));
	stix_world_number(&world, o, "b", 3);
	stix_world_refer(&world, o, "c_ref", ip);
	stix_world_add(&world, stix_world_add(&world, o, word("b"), STIX_VALUE_LIST), word(""),
		       STIX_VALUE_NULL);
}

static void decide(const char *p, size_t len)
{
	struct stix_instance in[6];
	uint8_t used[6];
	char why[STIX_PATTERN_WHY_MAX];
	uint64_t holds;
	struct stix_program *pr = stix_program_create(p, len, STIX_ANY, STIX_RECORDS, why);

	if (!pr)
		return;
	stix_program_observe(pr, scratch, &world, &holds);
	stix_program_alone(pr, holds, 5);
	for (int i = 0; i < 6; i++)
		in[i] = (struct stix_instance){i * 1000000, i * 1000000, i % 2 ? holds : ~holds};
	enum stix_answer any = stix_sequence_match(stix_program_tree(pr), in, 6, used, 4096);
	enum stix_answer last = stix_sequence_complete(stix_program_tree(pr), in, 6, used, 4096);
	if (last == STIX_YES && any == STIX_NO)
		abort();
	stix_program_free(pr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char why[STIX_PATTERN_WHY_MAX];
	uint32_t in_clause[INDICATOR_CLAUSES_MAX] = {0};
	struct draft d;

	build();
	draft_init(&d);
	draft_reset(&d, NULL);
	enum stix_pattern_status st = stix_pattern_parse((const char *)data, size, &d, why);
	if ((st == STIX_PATTERN_OK) != (strlen(why) == 0) ||
	    (st == STIX_PATTERN_OK && d.count == 0 && !d.open) || (d.open && !d.evaluated))
		abort();
	for (uint32_t i = 0; i < d.count; i++)
		if (d.conditions[i].clause >= INDICATOR_CLAUSES_MAX ||
		    ++in_clause[d.conditions[i].clause] > INDICATOR_CONDITIONS_MAX)
			abort();
	draft_fini(&d);
	if (st != STIX_PATTERN_SYNTAX)
		decide((const char *)data, size);
	return 0;
}
