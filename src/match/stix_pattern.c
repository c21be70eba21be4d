/* Recursive descent over the grammar of STIX 2.1, annex A of the pattern specification:
 * observations, their qualifiers, and how they are joined. */
#include "match/stix_pattern.h"

#include <stdio.h>
#include <stdlib.h>

#include "match/stix_pattern_cursor.h"

static void time_qualifier(struct stix_cursor *c)
{
	for (int i = 0; i < 2; i++) {
		if (i == 1 && !stix_take_word(c, "STOP"))
			return stix_syntax(c, "STOP");
		if (c->t.kind != STIX_TIME && c->t.kind != STIX_STRING)
			return stix_syntax(c, "a timestamp");
		stix_advance(c);
	}
}

static void number_qualifier(struct stix_cursor *c, const char *unit)
{
	bool good = !c->t.negative &&
		    (c->t.kind == STIX_INT || (c->t.kind == STIX_FLOAT && *unit == 'S'));

	if (!good)
		return stix_syntax(c, "a positive number");
	stix_advance(c);
	if (!stix_take_word(c, unit))
		stix_syntax(c, unit);
}

/* START..STOP, WITHIN, REPEATS: each at most once behind one observation. */
static void qualifiers(struct stix_cursor *c)
{
	static const char *const words[] = {"START", "WITHIN", "REPEATS"};
	bool seen[3] = {false};

	for (int i = 0; i < 3; i++) {
		uint32_t col = stix_column(c);
		if (!stix_keyword(&c->t, words[i]))
			continue;
		if (seen[i])
			return stix_syntax(c, "each qualifier once");
		stix_advance(c);
		stix_note(c, col, "the qualifier %s is not supported", words[i]);
		if (i == 0)
			time_qualifier(c);
		else
			number_qualifier(c, i == 1 ? "SECONDS" : "TIMES");
		seen[i] = true;
		i = -1; /* any order */
	}
}

static uint32_t observation_sequence(struct stix_cursor *c);

static uint32_t observation(struct stix_cursor *c)
{
	uint32_t n = STIX_NONE;

	if (stix_take_punct(c, '[')) {
		n = stix_comparison(c);
		stix_expect_punct(c, ']');
	} else if (stix_take_punct(c, '(')) {
		n = stix_enter(c) ? observation_sequence(c) : STIX_NONE;
		c->depth--;
		stix_expect_punct(c, ')');
	} else {
		stix_syntax(c, "'['");
	}
	qualifiers(c);
	return n;
}

static uint32_t observation_and(struct stix_cursor *c)
{
	uint32_t n = observation(c);

	while (stix_keyword(&c->t, "AND")) {
		stix_note(c, stix_column(c), "AND between observations is not supported");
		stix_advance(c);
		observation(c);
	}
	return n;
}

static uint32_t observation_or(struct stix_cursor *c)
{
	return stix_chain(c, "OR", STIX_NODE_OR, observation_and);
}

static uint32_t observation_sequence(struct stix_cursor *c)
{
	uint32_t n = observation_or(c);

	while (stix_keyword(&c->t, "FOLLOWEDBY")) {
		stix_note(c, stix_column(c), "FOLLOWEDBY is not supported");
		stix_advance(c);
		observation_or(c);
	}
	return n;
}

static void parse(struct stix_cursor *c)
{
	stix_advance(c);
	c->tree.root = observation_sequence(c);
	if (c->t.kind != STIX_END)
		stix_syntax(c, "the end of the pattern");
	if (c->full)
		stix_note(c, 1, "more than %u comparisons, or out of memory", STIX_LEAVES_MAX);
}

enum stix_pattern_status stix_pattern_parse(const char *p, size_t len, struct draft *d,
					    char why[STIX_PATTERN_WHY_MAX])
{
	struct stix_cursor c = {.lx = {p, p, p + len}, .why = why};

	why[0] = '\0';
	if (len > STIX_PATTERN_BYTES_MAX) {
		snprintf(why, STIX_PATTERN_WHY_MAX, "a pattern of more than %u bytes",
			 STIX_PATTERN_BYTES_MAX);
		return STIX_PATTERN_UNSUPPORTED;
	}
	parse(&c);
	if (c.status == STIX_PATTERN_OK && !stix_tree_emit(&c.tree, d, why))
		c.status = STIX_PATTERN_UNSUPPORTED;
	text_fini(&c.path);
	text_fini(&c.tree.strings);
	free(c.tree.nodes);
	free(c.tree.leaves);
	return c.status;
}
