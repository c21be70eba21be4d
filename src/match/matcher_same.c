#include <strings.h>

#include "match/exact_hash.h"
#include "match/matcher.h"

static struct exact_refs look_up(const struct matcher *m, const struct condition *c, struct span v)
{
	switch (c->kind) {
	case CONDITION_IP:
		return exact_find(&m->atoms, exact_hash_address(&c->network.base));
	case CONDITION_NETWORK:
		return exact_find(&m->nets.table,
				  exact_hash_network(&c->network.base, c->network.prefix));
	case CONDITION_DOMAIN:
		return exact_find(&m->atoms, exact_hash_name(v.p, v.len));
	case CONDITION_URL:
		return exact_find(&m->atoms, exact_hash_url(v.p, v.len));
	default:
		return exact_find(&m->atoms, exact_hash_flat(v.p, v.len));
	}
}

void match_same(const struct matcher *m, const struct condition *c, struct span text,
		void (*found)(void *arg, uint32_t condition), void *arg)
{
	struct exact_refs refs = look_up(m, c, text);

	for (uint32_t i = 0; i < refs.count; i++) {
		if (refs.ref[i] == EXACT_TRIGGER || condition_kind_at(m->set, refs.ref[i]) != c->kind)
			continue;
		struct condition other = condition_at(m->set, refs.ref[i]);
		if (other.text_len == text.len &&
		    strncasecmp(m->set->text + other.text, text.p, text.len) == 0)
			found(arg, refs.ref[i]);
	}
}
