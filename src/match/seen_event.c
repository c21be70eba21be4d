/* What a decoded record shows, as the walk over its bytes would note it. */
#include "match/atom.h"
#include "match/exact_hash.h"
#include "match/matcher.h"

static void note_name(struct seen_view *v, const char *p, size_t len)
{
	char name[ATOM_DOMAIN_MAX];
	size_t rest = matcher_name(p, len, name, sizeof(name));
	uint64_t h = EXACT_SEED_NAME;
	bool parent = false;

	while (rest > 0) {
		h = exact_name_step(h, name, &rest);
		if (parent || rest == 0)
			seen_note(v, h);
		parent = true;
	}
}

static void note_host(struct seen_view *v, struct span host)
{
	struct address a;

	if (host.len > 2 && host.p[0] == '[')
		host = (struct span){host.p + 1, host.len - 2};
	if (address_parse(host.p, host.len, &a))
		seen_note(v, exact_hash_address(&a));
	else
		note_name(v, host.p, host.len);
}

void match_note(struct seen_view *v, const struct event *ev)
{
	char text[ATOM_URL_MAX];

	for (uint32_t i = 0; i < ev->observables; i++) {
		const struct observable *o = &ev->observable[i];
		size_t n;
		switch (o->type) {
		case OBSERVABLE_IP:
			seen_note(v, exact_hash_address(&o->addr));
			break;
		case OBSERVABLE_DOMAIN:
			note_name(v, o->value.p, o->value.len);
			break;
		case OBSERVABLE_URL:
			n = atom_url_normalise(o->value.p, o->value.len, text, sizeof(text));
			if (n)
				note_host(v, atom_url_host(text, n));
			break;
		case OBSERVABLE_HASH:
			n = atom_hash_normalise(o->value.p, o->value.len, text, sizeof(text));
			if (n)
				seen_note(v, exact_hash_flat(text, n));
			break;
		}
	}
}

bool match_noted(const struct indicator_set *s, const struct condition *c, uint64_t *hash)
{
	struct span text = indicator_text(s, c->text, c->text_len);

	switch (c->kind) {
	case CONDITION_IP:
		*hash = exact_hash_address(&c->network.base);
		return true;
	case CONDITION_DOMAIN:
		/* a name without a dot gives the walk nothing to start from */
		*hash = exact_hash_name(text.p, text.len);
		return memchr(text.p, '.', text.len) != NULL;
	case CONDITION_HASH:
		*hash = exact_hash_flat(text.p, text.len);
		return true;
	default:
		return false;
	}
}
