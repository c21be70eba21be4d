/* Who else says this atom, and nothing else. */
#include "match/matcher.h"

struct search {
	const struct matcher *m;
	const struct condition *c;
	bool (*fn)(void *arg, uint32_t indicator);
	void *arg;
	bool done;
};

static void on_condition(void *arg, uint32_t condition)
{
	struct search *s = arg;
	uint32_t owner = matcher_owner(s->m->set, condition);

	if (s->done || indicator_at(s->m->set, owner).conditions != 1)
		return;
	if (s->c->kind == CONDITION_VALUE && condition_at(s->m->set, condition).type != s->c->type)
		return;
	s->done = !s->fn(s->arg, owner);
}

void matcher_alone(const struct matcher *m, const struct indicator_set *set,
		   const struct condition *c, bool (*fn)(void *arg, uint32_t indicator), void *arg)
{
	struct search s = {m, c, fn, arg, false};

	if (c->kind != CONDITION_PORT && c->kind != CONDITION_PATTERN)
		match_same(m, c, indicator_text(set, c->text, c->text_len), on_condition, &s);
}
