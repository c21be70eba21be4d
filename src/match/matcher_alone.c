/* Who else says this atom. */
#include <string.h>
#include <strings.h>

#include "match/exact_hash.h"
#include "match/matcher.h"

struct search {
	const struct matcher *m;
	const struct condition *c;
	struct span text;
	bool (*fn)(void *arg, uint32_t indicator);
	void *arg;
};

static bool same_atom(const struct search *s, const struct condition *c)
{
	const char *text = s->m->set->text + c->text;

	if (c->kind != s->c->kind || c->text_len != s->text.len)
		return false;
	return c->kind == CONDITION_VALUE
		       ? c->type == s->c->type && strncasecmp(text, s->text.p, s->text.len) == 0
		       : memcmp(text, s->text.p, s->text.len) == 0;
}

static bool tell(const struct search *s, struct exact_refs refs)
{
	for (uint32_t i = 0; i < refs.count; i++) {
		if (refs.ref[i] == EXACT_TRIGGER)
			continue;
		const struct condition c = condition_at(s->m->set, refs.ref[i]);
		uint32_t owner = matcher_owner(s->m->set, refs.ref[i]);
		if (same_atom(s, &c) && indicator_at(s->m->set, owner).conditions == 1 &&
		    !s->fn(s->arg, owner))
			return false;
	}
	return true;
}

static void in_networks(const struct search *s)
{
	struct network found;
	struct exact_refs refs;
	uint32_t step = 0;

	while ((refs = exact_net_next(&s->m->nets, &s->c->network.base, &step, &found)).count)
		if (!tell(s, refs))
			return;
}

void matcher_alone(const struct matcher *m, const struct indicator_set *set,
		   const struct condition *c, bool (*fn)(void *arg, uint32_t indicator), void *arg)
{
	const struct search s = {m, c, indicator_text(set, c->text, c->text_len), fn, arg};
	uint64_t hash;

	switch (c->kind) {
	case CONDITION_NETWORK:
		in_networks(&s);
		return;
	case CONDITION_IP:
		hash = exact_hash_address(&c->network.base);
		break;
	case CONDITION_DOMAIN:
		hash = exact_hash_name(s.text.p, s.text.len);
		break;
	case CONDITION_URL:
		hash = exact_hash_url(s.text.p, s.text.len);
		break;
	case CONDITION_HASH:
	case CONDITION_EMAIL:
	case CONDITION_VALUE:
		hash = exact_hash_flat(s.text.p, s.text.len);
		break;
	default:
		return;
	}
	tell(&s, exact_find(&m->atoms, hash));
}
