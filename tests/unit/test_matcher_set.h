/* test_matcher_set - indicator sets by hand, for the tests and benches of the matcher. */
#ifndef TOCSIN_TESTS_TEST_MATCHER_SET_H
#define TOCSIN_TESTS_TEST_MATCHER_SET_H

#include <hs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "match/indicator.h"

#define UNUSED __attribute__((unused))

/* A place for one more of n items of this size, doubling. */
static inline void *set_room(void *items, uint32_t n, uint32_t *capacity, size_t size)
{
	if (n < *capacity)
		return items;
	*capacity = *capacity ? *capacity * 2 : 64;
	items = realloc(items, *capacity * size);
	if (!items)
		abort();
	return items;
}

UNUSED static uint32_t set_text(struct indicator_set *s, const char *p, size_t len)
{
	while (s->text_len + len > s->text_capacity) {
		s->text_capacity = s->text_capacity ? s->text_capacity * 2 : 4096;
		s->text = realloc(s->text, s->text_capacity);
		if (!s->text)
			abort();
	}
	memcpy(s->text + s->text_len, p, len);
	s->text_len += len;
	return (uint32_t)(s->text_len - len);
}

/* A new indicator; conditions added next are its own. */
UNUSED static struct indicator *set_indicator(struct indicator_set *s)
{
	s->indicators = set_room(s->indicators, s->count, &s->capacity, sizeof(*s->indicators));
	struct indicator *ind = &s->indicators[s->count++];
	*ind = (struct indicator){.valid_from = INT64_MIN,
				  .valid_until = INT64_MAX,
				  .first_condition = s->condition_count,
				  .line = s->count};
	return ind;
}

UNUSED static struct condition *set_condition(struct indicator_set *s, uint32_t clause,
					      enum condition_kind kind, enum observable_type type,
					      const char *text)
{
	s->conditions = set_room(s->conditions, s->condition_count, &s->condition_capacity,
				 sizeof(*s->conditions));
	struct condition *c = &s->conditions[s->condition_count++];
	*c = (struct condition){.kind = (uint8_t)kind, .type = (uint8_t)type, .clause = clause};
	c->text_len = (uint32_t)strlen(text);
	c->text = set_text(s, text, c->text_len);
	if ((kind == CONDITION_IP || kind == CONDITION_NETWORK) &&
	    !network_parse(text, c->text_len, &c->network))
		abort();
	s->indicators[s->count - 1].conditions++;
	return c;
}

/* One indicator of one condition. */
UNUSED static struct condition *set_one(struct indicator_set *s, enum condition_kind kind,
					enum observable_type type, const char *text)
{
	set_indicator(s);
	return set_condition(s, 0, kind, type, text);
}

UNUSED static struct condition *set_pattern(struct indicator_set *s, enum pattern_kind kind,
					    enum observable_type type, const char *text,
					    uint32_t flags)
{
	struct condition *c = set_one(s, CONDITION_PATTERN, type, text);
	c->pattern_kind = (uint8_t)kind;
	c->hs_flags = flags;
	return c;
}

UNUSED static void set_benign(struct indicator_set *s, enum benign_kind kind, const char *text)
{
	s->benigns =
		set_room(s->benigns, s->benign_count, &s->benign_capacity, sizeof(*s->benigns));
	struct benign *b = &s->benigns[s->benign_count++];
	*b = (struct benign){.kind = (uint8_t)kind, .text_len = (uint32_t)strlen(text)};
	b->text = set_text(s, text, b->text_len);
}

UNUSED static void set_fini(struct indicator_set *s)
{
	free(s->text);
	free(s->indicators);
	free(s->conditions);
	free(s->benigns);
	memset(s, 0, sizeof(*s));
}

/* splitmix64 */
UNUSED static uint64_t random_next(uint64_t *state)
{
	uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

UNUSED static uint32_t random_below(uint64_t *state, uint32_t n)
{
	return (uint32_t)((random_next(state) >> 32) * n >> 32);
}

#endif
