/* matcher_verify - what of an event matches what: observables, patterns, then clauses. */
#include <assert.h>
#include <string.h>
#include <strings.h>

#include "match/atom.h"
#include "match/exact_hash.h"
#include "match/matcher.h"

struct verify {
	const struct matcher *m;
	const struct indicator_set *set;
	const uint64_t *withdrawn; /* of set's indicators; NULL: none */
	const struct verify *other; /* the other part of the generation, or NULL */
	const struct matcher_benign *benign;
	struct pattern_scratch *patterns;
	struct match_scratch *sc;
	const struct event *ev;
	const struct observable *o; /* being looked at; NULL: raw bytes */
	struct span value;
};

static bool is_valid(const struct verify *v, uint32_t indicator)
{
	const struct indicator ind = indicator_at(v->set, indicator);

	if (v->withdrawn && v->withdrawn[indicator / 64] >> (indicator % 64) & 1)
		return false;
	return !v->ev->has_time ||
	       (v->ev->time_us >= ind.valid_from && v->ev->time_us < ind.valid_until);
}

static void add_found(struct verify *v, uint32_t condition)
{
	struct match_scratch *sc = v->sc;
	uint32_t owner = matcher_owner(v->set, condition);

	if (!is_valid(v, owner))
		return;
	if (sc->found_count == MATCHER_FOUND_MAX) {
		sc->found_lost++;
		return;
	}
	sc->found[sc->found_count++] = (struct matcher_found){
		.condition = condition, .indicator = owner, .observable = v->o, .value = v->value};
}

static void find_text(struct verify *v, uint64_t hash, uint8_t kind, const char *p, size_t len)
{
	struct exact_refs refs = exact_find(&v->m->atoms, hash);

	for (uint32_t i = 0; i < refs.count; i++) {
		if (refs.ref[i] == EXACT_TRIGGER)
			continue;
		const struct condition at = condition_at(v->set, refs.ref[i]), *c = &at;
		if (c->kind != kind || c->text_len != len ||
		    (kind == CONDITION_VALUE && c->type != v->o->type))
			continue;
		const char *text = v->set->text + c->text;
		/* canonical texts are equal; only a VALUE is kept as the feed wrote it */
		if (kind == CONDITION_VALUE ? strncasecmp(text, p, len) == 0
					    : memcmp(text, p, len) == 0)
			add_found(v, refs.ref[i]);
	}
}

/* Alone in its clause: the other kind only narrows a clause down. */
static bool stands_alone(const struct indicator_set *set, uint32_t condition, uint32_t owner)
{
	const struct indicator ind = indicator_at(set, owner);

	if (ind.conditions == 1)
		return true;
	for (uint32_t i = ind.first_condition; i < ind.first_condition + ind.conditions; i++)
		if (i != condition && condition_whole(set, i)->clause ==
					      condition_whole(set, condition)->clause)
			return false;
	return true;
}

static bool same_network(const struct network *a, const struct network *b)
{
	return a->prefix == b->prefix && address_equal(&a->base, &b->base);
}

/* The prefix of the longest network around a that says anything about now; 0: none does. */
static unsigned longest_network(const struct verify *v, const struct address *a)
{
	struct network found;
	struct exact_refs refs;
	uint32_t step = 0;

	while ((refs = exact_net_next(&v->m->nets, a, &step, &found)).count)
		for (uint32_t i = 0; i < refs.count; i++) {
			const struct network net = condition_at(v->set, refs.ref[i]).network;
			if (!same_network(&net, &found))
				continue;
			uint32_t owner = matcher_owner(v->set, refs.ref[i]);
			if (is_valid(v, owner) && stands_alone(v->set, refs.ref[i], owner))
				return found.prefix;
		}
	return 0;
}

/*
 * The longest network that says anything about now is reported, whichever part of the
 * generation it is in; a longer one that is not valid hides none. Parts of a clause are
 * not reported but asked for, so every network answers them.
 */
static void find_networks(struct verify *v, const struct address *a)
{
	struct network found;
	struct exact_refs refs;
	uint32_t step = 0;
	unsigned least = v->other ? longest_network(v->other, a) : 0;
	bool taken = false;

	while ((refs = exact_net_next(&v->m->nets, a, &step, &found)).count) {
		bool here = false;
		for (uint32_t i = 0; i < refs.count; i++) {
			const struct network net = condition_at(v->set, refs.ref[i]).network;
			if (!same_network(&net, &found))
				continue;
			uint32_t owner = matcher_owner(v->set, refs.ref[i]);
			bool alone = stands_alone(v->set, refs.ref[i], owner);
			if (alone && (taken || found.prefix < least))
				continue;
			here |= alone && is_valid(v, owner);
			add_found(v, refs.ref[i]);
		}
		taken |= here;
	}
}

static void find_address(struct verify *v, const struct address *a)
{
	struct exact_refs refs = exact_find(&v->m->atoms, exact_hash_address(a));

	for (uint32_t i = 0; i < refs.count; i++) {
		if (refs.ref[i] == EXACT_TRIGGER)
			continue;
		const struct condition at = condition_at(v->set, refs.ref[i]), *c = &at;
		if (c->kind == CONDITION_IP && address_equal(&c->network.base, a))
			add_found(v, refs.ref[i]);
	}
	find_networks(v, a);
}

/* The name and each of its parents. */
static void find_name(struct verify *v, const char *p, size_t len)
{
	char name[ATOM_DOMAIN_MAX];
	size_t n = matcher_name(p, len, name, sizeof(name)), rest = n;
	uint64_t h = EXACT_SEED_NAME;

	while (rest > 0) {
		h = exact_name_step(h, name, &rest);
		size_t from = rest > 0 ? rest + 1 : 0;
		find_text(v, h, CONDITION_DOMAIN, name + from, n - from);
	}
}

static void find_host(struct verify *v, struct span host)
{
	struct address a;

	if (host.len > 2 && host.p[0] == '[')
		host = (struct span){host.p + 1, host.len - 2};
	if (address_parse(host.p, host.len, &a))
		find_address(v, &a);
	else
		find_name(v, host.p, host.len);
}

static void find_url(struct verify *v)
{
	char url[ATOM_URL_MAX];
	size_t n = atom_url_normalise(v->value.p, v->value.len, url, sizeof(url));

	if (n == 0)
		return;
	find_text(v, exact_hash_url(url, n), CONDITION_URL, url, n);
	find_host(v, atom_url_host(url, n));
}

static void find_atoms(struct verify *v)
{
	char text[ATOM_EMAIL_MAX];
	struct span value = v->value;
	size_t n;

	switch (v->o->type) {
	case OBSERVABLE_IP:
		find_address(v, &v->o->addr);
		break;
	case OBSERVABLE_DOMAIN:
		find_name(v, value.p, value.len);
		break;
	case OBSERVABLE_URL:
		find_url(v);
		break;
	case OBSERVABLE_HASH:
		n = atom_hash_normalise(value.p, value.len, text, sizeof(text));
		find_text(v, exact_hash_flat(text, n), CONDITION_HASH, text, n);
		break;
	case OBSERVABLE_EMAIL:
		n = atom_email_normalise(value.p, value.len, text, sizeof(text));
		find_text(v, exact_hash_flat(text, n), CONDITION_EMAIL, text, n);
		break;
	}
	find_text(v, exact_hash_flat(value.p, value.len), CONDITION_VALUE, value.p, value.len);
}

static void on_pattern(void *ctx, uint32_t condition, struct span value)
{
	struct verify *v = ctx;
	struct span whole = v->value;

	v->value = value;
	add_found(v, condition);
	v->value = whole;
}

static void collect(struct verify *v)
{
	for (uint32_t i = 0; i < v->ev->observables; i++) {
		v->o = &v->ev->observable[i];
		v->value = v->o->value;
		find_atoms(v);
		pattern_match(&v->m->patterns, v->patterns, v->o->type, v->value.p,
			      v->value.len, on_pattern, v);
	}
	v->o = NULL;
	v->value = v->ev->raw;
	pattern_match(&v->m->patterns, v->patterns, OBSERVABLE_NONE, v->value.p, v->value.len,
		      on_pattern, v);
}

/* Of two observables with one value, the one that says most about impact stands. */
static int rank(const struct observable *o)
{
	static const int ranks[] = {[ROLE_ASKED] = 0,  [ROLE_FOUND] = 1,  [ROLE_SERVER] = 2,
				    [ROLE_CLIENT] = 3, [ROLE_SENDER] = 4, [ROLE_OTHER] = 5};
	return o ? ranks[o->role] : 6;
}

static int by_value(const struct matcher_found *a, const struct matcher_found *b)
{
	uint32_t n = a->value.len < b->value.len ? a->value.len : b->value.len;
	int c = n ? memcmp(a->value.p, b->value.p, n) : 0;

	return c ? c : (a->value.len > b->value.len) - (a->value.len < b->value.len);
}

typedef int order_fn(const struct matcher_found *, const struct matcher_found *);

static int by_condition(const struct matcher_found *a, const struct matcher_found *b)
{
	return (a->condition > b->condition) - (a->condition < b->condition);
}

static int by_hit(const struct matcher_found *a, const struct matcher_found *b)
{
	int c = (a->indicator > b->indicator) - (a->indicator < b->indicator);

	if (c || (c = by_value(a, b)) || (c = rank(a->observable) - rank(b->observable)))
		return c;
	return (a->observable > b->observable) - (a->observable < b->observable);
}

static void sift(struct matcher_found *f, size_t at, size_t n, order_fn *order)
{
	for (size_t child; (child = 2 * at + 1) < n; at = child) {
		if (child + 1 < n && order(&f[child], &f[child + 1]) < 0)
			child++;
		if (order(&f[at], &f[child]) >= 0)
			return;
		struct matcher_found t = f[at];
		f[at] = f[child];
		f[child] = t;
	}
}

/* Heapsort: qsort() may allocate. */
static void sort(struct matcher_found *f, size_t n, order_fn *order)
{
	for (size_t i = n / 2; i-- > 0;)
		sift(f, i, n, order);
	for (size_t i = n; i-- > 1;) {
		struct matcher_found t = f[0];
		f[0] = f[i];
		f[i] = t;
		sift(f, 0, i, order);
	}
}

/* The finds of one indicator, in the order of their conditions. */
struct group {
	const struct verify *v;
	struct matcher_found *f;
	size_t n;
	struct indicator ind;
};

static bool port_holds(const struct event *ev, const struct observable *o, uint16_t port)
{
	if (o && o->port)
		return o->port == port;
	return ev->client_port == port || ev->server_port == port;
}

static bool is_address(const struct condition *c)
{
	return c->kind == CONDITION_IP || c->kind == CONDITION_NETWORK;
}

/* All ports that the clause names, beside this observable. */
static bool ports_hold(const struct group *g, uint32_t clause, const struct observable *o)
{
	const struct indicator *ind = &g->ind;

	for (uint32_t i = ind->first_condition; i < ind->first_condition + ind->conditions; i++) {
		const struct condition *c = condition_whole(g->v->set, i);
		if (c->clause == clause && c->kind == CONDITION_PORT &&
		    !port_holds(g->v->ev, o, c->port))
			return false;
	}
	return true;
}

static bool find_holds(const struct group *g, const struct matcher_found *f)
{
	const struct condition *c = condition_whole(g->v->set, f->condition);

	return ports_hold(g, c->clause, is_address(c) ? f->observable : NULL);
}

static bool condition_holds(const struct group *g, uint32_t condition)
{
	for (size_t i = 0; i < g->n; i++)
		if (g->f[i].condition == condition && find_holds(g, &g->f[i]))
			return true;
	return false;
}

/* Every condition of the find's clause; the clause's first is the one that is reported. */
static bool is_hit(const struct group *g, const struct matcher_found *f)
{
	const struct indicator_set *set = g->v->set;
	uint32_t clause = condition_whole(set, f->condition)->clause;
	uint32_t first = g->ind.first_condition;

	if (!find_holds(g, f))
		return false;
	for (uint32_t i = first; i < first + g->ind.conditions; i++) {
		const struct condition *c = condition_whole(set, i);
		if (i == f->condition || c->clause != clause || c->kind == CONDITION_PORT)
			continue;
		if (i < f->condition || !condition_holds(g, i))
			return false;
	}
	return true;
}

/* Keeps only hits; returns how many. */
static size_t decide(const struct verify *v, struct matcher_found *f, size_t n)
{
	size_t kept = 0, end;

	/* in place: a group's finds are read before anything is moved over them */
	for (size_t i = 0; i < n; i = end) {
		for (end = i + 1; end < n && f[end].indicator == f[i].indicator; end++)
			;
		struct group g = {v, f + i, end - i, indicator_at(v->set, f[i].indicator)};
		for (size_t k = i; k < end; k++)
			f[k].hit = g.ind.conditions == 1 || is_hit(&g, &f[k]);
		for (size_t k = i; k < end; k++)
			if (f[k].hit)
				f[kept++] = f[k];
	}
	return kept;
}

static void put_suppressed(struct match_result *out, const struct matcher_found *f, uint32_t entry)
{
	const uint32_t max = sizeof(out->suppressed) / sizeof(out->suppressed[0]);

	if (out->suppressions == max) {
		out->overflow++;
		return;
	}
	out->suppressed[out->suppressions++] = (struct suppressed){f->indicator, entry, f->value};
}

static void put_hit(const struct verify *v, const struct matcher_found *f, struct match_result *out)
{
	const struct observable *o = f->observable;
	int64_t entry = o ? matcher_benign_find(v->benign, v->sc->patterns.hs, f->value,
						o->type, o->type == OBSERVABLE_IP ? &o->addr : NULL)
			  : -1;

	if (entry >= 0)
		put_suppressed(out, f, (uint32_t)entry);
	else if (out->hits == MATCH_HITS_MAX)
		out->overflow++;
	else
		out->hit[out->hits++] = (struct hit){f->indicator, o, f->value, f->observations};
}

/* Keeps what the patterns of the indicators, where they have one, say yes to; of one that
 * takes several records, the first find. */
static size_t ask_patterns(const struct verify *v, struct matcher_found *f, size_t n)
{
	size_t kept = 0, end;

	for (size_t i = 0; i < n; i = end) {
		for (end = i + 1; end < n && f[end].indicator == f[i].indicator; end++)
			;
		const struct matcher_stix_rule *r = matcher_stix_of(&v->m->stix, f[i].indicator);
		uint64_t observations = 0;
		if (r && !matcher_stix_holds(r, &v->sc->stix, v->ev, &observations))
			continue;
		for (size_t k = i; k < (observations ? i + 1 : end); k++) {
			f[kept] = f[k];
			f[kept++].observations = observations;
		}
	}
	return kept;
}

/* Patterns whose conditions do not name every record: those that nothing was found for. */
static void ask_open(const struct verify *v, size_t found, struct match_result *out)
{
	const struct matcher_stix *ms = &v->m->stix;

	for (uint32_t i = 0; i < ms->count; i++) {
		const struct matcher_stix_rule *r = &ms->rules[i];
		const struct indicator in = indicator_at(v->set, r->indicator);
		uint64_t observations;
		bool seen = false;
		if (!in.open || !is_valid(v, r->indicator))
			continue;
		for (size_t k = 0; k < found && !seen; k++)
			seen = v->sc->found[k].indicator == r->indicator;
		if (seen || !matcher_stix_holds(r, &v->sc->stix, v->ev, &observations))
			continue;
		if (out->hits == MATCH_HITS_MAX)
			out->overflow++;
		else
			out->hit[out->hits++] = (struct hit){
				r->indicator, NULL,
				indicator_text(v->set, in.pattern, in.pattern_len), observations};
	}
}

static int hit_order(const struct hit *a, const struct hit *b)
{
	return (a->indicator > b->indicator) - (a->indicator < b->indicator);
}

/* Hits stay in the order of their indicators; the open ones came last, and are few. */
static void merge_open(struct match_result *out, uint32_t from)
{
	for (uint32_t i = from; i < out->hits; i++) {
		struct hit h = out->hit[i];
		uint32_t k = i;
		for (; k > 0 && hit_order(&out->hit[k - 1], &h) > 0; k--)
			out->hit[k] = out->hit[k - 1];
		out->hit[k] = h;
	}
}

static void verify(struct verify *v, struct match_result *out)
{
	struct match_scratch *sc = v->sc;
	struct matcher_found *f = sc->found;

	sc->found_count = sc->found_lost = 0;
	sc->stix.ready = false;
	sc->stix.undecided = 0;
	out->hits = out->suppressions = 0;
	collect(v);
	out->overflow = sc->found_lost;
	/* conditions lie in the order of their indicators: this groups them too */
	sort(f, sc->found_count, by_condition);
	size_t n = decide(v, f, sc->found_count);
	sort(f, n, by_hit);
	if (v->m->stix.count)
		n = ask_patterns(v, f, n);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || f[i].indicator != f[i - 1].indicator || by_value(&f[i], &f[i - 1]))
			put_hit(v, &f[i], out);
	if (v->m->stix.opens) {
		uint32_t closed = out->hits;
		ask_open(v, n, out);
		merge_open(out, closed);
	}
	out->undecided = (uint32_t)sc->stix.undecided;
}

static struct verify base_part(const struct matcher *m, struct match_scratch *sc,
			       const struct event *ev)
{
	return (struct verify){.m = m,
			       .set = m->set,
			       .withdrawn = sc->over ? sc->over->withdrawn : NULL,
			       .benign = &m->benign,
			       .patterns = &sc->patterns,
			       .sc = sc,
			       .ev = ev};
}

/* Benign lists are the base's, for both parts. */
static struct verify more_part(const struct matcher *m, struct match_scratch *sc,
			       const struct event *ev)
{
	const struct match_overlay *o = sc->over;

	return (struct verify){.m = o->more,
			       .set = o->more->set,
			       .withdrawn = o->more_withdrawn,
			       .benign = &m->benign,
			       .patterns = sc->more,
			       .sc = sc,
			       .ev = ev};
}

void match_verify(const struct matcher *m, struct match_scratch *sc, const struct event *ev,
		  struct match_result *out)
{
	struct verify v = base_part(m, sc, ev), more;

	if (sc->over && sc->over->more) {
		more = more_part(m, sc, ev);
		v.other = &more;
	}
	verify(&v, out);
}

void match_verify_more(const struct matcher *m, struct match_scratch *sc, const struct event *ev,
		       struct match_result *out)
{
	out->hits = out->suppressions = out->overflow = out->undecided = 0;
	if (!sc->over || !sc->over->more)
		return;
	struct verify base = base_part(m, sc, ev), v = more_part(m, sc, ev);
	v.other = &base;
	verify(&v, out);
}
