#include "match/matcher.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "match/atom.h"
#include "match/exact_hash.h"
#include "match/pattern_library.h"
#include "match/pattern_literal.h"

/* Compiling state: what goes where, counted first. */
struct build {
	struct matcher *m;
	const struct indicator_set *set;
	struct matcher_text *extra; /* looked for as text: shapes that the walk does not see */
	uint32_t extras, atoms, nets;
};

static struct span text_of(const struct build *b, const struct condition *c)
{
	return indicator_text(b->set, c->text, c->text_len);
}

static void count_kind(struct build *b, enum condition_kind kind, uint32_t n)
{
	switch (kind) {
	case CONDITION_NETWORK:
		b->nets += n;
		break;
	case CONDITION_URL: /* itself, and its host */
		b->atoms += 2 * n;
		b->extras += n;
		break;
	case CONDITION_DOMAIN:
	case CONDITION_VALUE:
		b->extras += n;
		b->atoms += n;
		break;
	case CONDITION_PORT:
	case CONDITION_PATTERN:
		break;
	default:
		b->atoms += n;
	}
}

static void count(struct build *b)
{
	for (int kind = 0; b->set->sealed && kind <= CONDITION_PATTERN; kind++)
		count_kind(b, (enum condition_kind)kind, b->set->kinds[kind]);
	for (uint32_t i = 0; !b->set->sealed && i < b->set->condition_count; i++)
		count_kind(b, condition_kind_at(b->set, i), 1);
}

static void look_for_text(struct build *b, struct span v)
{
	if (v.len > 0)
		b->extra[b->extras++] =
			(struct matcher_text){(uint32_t)(v.p - b->set->text), v.len};
	else
		b->m->parse_all = true;
}

static void want_length(struct build *b, uint32_t len)
{
	b->m->plan.value_lengths[len % SCAN_LENGTHS / 64] |= UINT64_C(1) << (len % 64);
}

/* A name with no dot in it gives the walk nothing to start from. */
static void add_name(struct build *b, struct span name)
{
	struct scan_plan *plan = &b->m->plan;
	const char *dot = memrchr(name.p, '.', name.len);
	const char *top = dot ? dot + 1 : name.p;

	size_t label = name.len;
	uint64_t hash = exact_name_step(EXACT_SEED_NAME, name.p, &label);

	plan->names = true;
	plan->tops[scan_top(hash) / 64] |= UINT64_C(1) << (scan_top(hash) % 64);
	if (!dot) {
		plan->top_names = true;
		look_for_text(b, name);
	}
	plan->digit_names |= top < name.p + name.len && *top >= '0' && *top <= '9';
}

/* Sensors give host and path apart: the host alone must bring the record to the parser. */
static void add_url_host(struct build *b, struct span url)
{
	struct scan_plan *plan = &b->m->plan;
	struct span host = atom_url_host(url.p, url.len);
	struct address a;
	uint64_t hash;

	if (host.len > 2 && host.p[0] == '[') {
		host.p++;
		host.len -= 2;
	}
	if (host.len == 0) {
		b->m->parse_all = true;
		return;
	}
	if (address_parse(host.p, host.len, &a)) {
		plan->v4 |= a.bits == 32;
		plan->v6 |= a.bits == 128;
		hash = exact_hash_address(&a);
	} else {
		add_name(b, host);
		hash = exact_hash_name(host.p, host.len);
	}
	exact_insert_once(&b->m->atoms, hash, EXACT_TRIGGER);
}

/* A number or literal word may stand in a record without quotes. */
static bool is_bare(struct span v)
{
	static const char *const words[] = {"true", "false", "null"};

	for (size_t i = 0; i < 3; i++)
		if (v.len == strlen(words[i]) && strncasecmp(v.p, words[i], v.len) == 0)
			return true;
	for (uint32_t i = 0; i < v.len; i++)
		if (!v.p[i] || !strchr("0123456789+-.eE", v.p[i]))
			return false;
	return true;
}

/* Values of these types are cut out of longer ones, and URLs put together. */
static bool has_own_tier(uint8_t type)
{
	return type == OBSERVABLE_IP || type == OBSERVABLE_DOMAIN || type == OBSERVABLE_URL ||
	       type == OBSERVABLE_HASH || type == OBSERVABLE_EMAIL;
}

static void look_for_value(struct build *b, const struct condition *c, struct span v)
{
	struct condition part = *c;
	struct pattern_plan plan;

	if (c->type != OBSERVABLE_URL) {
		look_for_text(b, v);
		return;
	}
	part.pattern_kind = PATTERN_SUBSTRING;
	part.hs_flags = 0;
	pattern_plan(&part, v.p, &plan);
	if (plan.count == 0)
		b->m->parse_all = true;
	else
		look_for_text(
			b, (struct span){memmem(v.p, v.len, plan.literal[0].p, plan.literal[0].len),
					 plan.literal[0].len});
}

static void add_value(struct build *b, const struct condition *c, uint32_t ref)
{
	struct scan_plan *plan = &b->m->plan;
	struct span v = text_of(b, c);

	plan->values = true;
	plan->file_names |= c->type == OBSERVABLE_FILE_NAME;
	want_length(b, v.len);
	if (is_bare(v) || has_own_tier(c->type))
		look_for_value(b, c, v);
	exact_insert(&b->m->atoms, exact_hash_flat(v.p, v.len), ref);
}

static void add_condition(struct build *b, uint32_t ref)
{
	const struct condition at = condition_at(b->set, ref), *c = &at;
	struct scan_plan *plan = &b->m->plan;
	struct exact *atoms = &b->m->atoms;
	struct span v = text_of(b, c);
	bool v4 = c->network.base.bits == 32;

	switch (c->kind) {
	case CONDITION_IP:
		plan->v4 |= v4;
		plan->v6 |= !v4;
		exact_insert(atoms, exact_hash_address(&c->network.base), ref);
		break;
	case CONDITION_NETWORK:
		plan->nets_v4 |= v4;
		plan->nets_v6 |= !v4;
		exact_net_insert(&b->m->nets, &c->network, ref);
		break;
	case CONDITION_DOMAIN:
		add_name(b, v);
		exact_insert(atoms, exact_hash_name(v.p, v.len), ref);
		break;
	case CONDITION_URL:
		exact_insert(atoms, exact_hash_url(v.p, v.len), ref);
		add_url_host(b, v);
		break;
	case CONDITION_HASH:
		plan->hashes = true;
		exact_insert(atoms, exact_hash_flat(v.p, v.len), ref);
		break;
	case CONDITION_EMAIL:
		plan->emails = true;
		want_length(b, v.len);
		exact_insert(atoms, exact_hash_flat(v.p, v.len), ref);
		break;
	case CONDITION_VALUE:
		add_value(b, c, ref);
		break;
	case CONDITION_PORT: /* holds only beside others of its clause */
	case CONDITION_PATTERN:
		break;
	}
}

/* Owners are found by binary search: conditions lie in the order of their indicators. */
static bool in_order(const struct indicator_set *set)
{
	uint32_t next = set->atoms.count;

	for (uint32_t i = set->atoms.count; i < set->count; i++) {
		const struct indicator ind = indicator_at(set, i);
		if (ind.conditions == 0)
			continue;
		if (ind.first_condition < next ||
		    ind.conditions > set->condition_count - ind.first_condition)
			return false;
		next = ind.first_condition + ind.conditions;
	}
	return set->condition_count < EXACT_REFS_MAX - 1;
}

uint32_t matcher_owner(const struct indicator_set *set, uint32_t condition)
{
	uint32_t low = 0, high = set->count;

	assert(condition < set->condition_count && high > 0);
	if (condition < set->atoms.count)
		return condition;
	low = set->atoms.count;
	/* the last indicator that starts at or before it; one without conditions starts where
	 * the next one does, and comes first */
	while (high - low > 1) {
		uint32_t mid = low + (high - low) / 2;
		if (indicator_at(set, mid).first_condition <= condition)
			low = mid;
		else
			high = mid;
	}
	while (low > set->atoms.count && indicator_at(set, low).conditions == 0)
		low--;
	return low;
}

static int build_tiers(struct build *b)
{
	struct matcher *m = b->m;
	int err;

	count(b);
	b->extra = malloc(((size_t)b->extras + 1) * sizeof(*b->extra));
	if (!b->extra)
		return -ENOMEM;
	b->extras = 0;
	if ((err = exact_init(&m->atoms, b->atoms)) || (err = exact_net_init(&m->nets, b->nets)))
		return err;
	for (uint32_t i = 0; i < b->set->condition_count; i++)
		add_condition(b, i);
	if ((err = exact_finish(&m->atoms)) || (err = exact_net_finish(&m->nets)))
		return err;
	struct matcher_text *fit = realloc(b->extra, ((size_t)b->extras + 1) * sizeof(*fit));
	m->extra = fit ? fit : b->extra;
	m->extras = b->extras;
	b->extra = NULL;
	m->tiers_parse_all = m->parse_all;
	return 0;
}

static int compile_patterns(struct matcher *m, struct problems *ps)
{
	struct span *extra = malloc(((size_t)m->extras + 1) * sizeof(*extra));

	if (!extra)
		return -ENOMEM;
	for (uint32_t i = 0; i < m->extras; i++)
		extra[i] = indicator_text(m->set, m->extra[i].at, m->extra[i].len);
	int err = pattern_compile(&m->patterns, m->set, extra, m->extras, ps);
	free(extra);
	return err;
}

int matcher_complete(struct matcher *m, struct problems *ps)
{
	char why[256];
	int err = pattern_library_check(why);

	if (err)
		problem_refuse(ps, "rule", "hs_scan", 0, "%s", why);
	m->walk = scan_walk_best();
	m->plan.atoms = &m->atoms;
	m->plan.nets = &m->nets;
	if (!err)
		err = compile_patterns(m, ps);
	if (!err)
		err = matcher_benign_init(&m->benign, m->set, ps);
	if (!err)
		err = matcher_stix_init(&m->stix, m->set, ps);
	if (err) {
		matcher_free(m);
		return err;
	}
	m->parse_all = m->tiers_parse_all || m->patterns.always > 0 || m->stix.opens > 0;
	m->plan.escapes = m->plan.values || m->patterns.escapes;
	return 0;
}

int matcher_compile(struct matcher **out, const struct indicator_set *set, struct problems *ps)
{
	struct build b = {.set = set};

	*out = NULL;
	if (!in_order(set))
		return -EINVAL;
	struct matcher *m = b.m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	m->set = set;
	int err = build_tiers(&b);
	free(b.extra);
	if (err) {
		matcher_free(m);
		return err;
	}
	err = matcher_complete(m, ps);
	*out = err ? NULL : m;
	return err;
}

void matcher_free(struct matcher *m)
{
	if (!m)
		return;
	exact_fini(&m->atoms);
	exact_net_fini(&m->nets);
	free(m->extra);
	pattern_fini(&m->patterns);
	matcher_benign_fini(&m->benign);
	matcher_stix_fini(&m->stix);
	free(m);
}

size_t matcher_bytes(const struct matcher *m)
{
	return sizeof(*m) + exact_bytes(&m->atoms) + exact_bytes(&m->nets.table) +
	       pattern_bytes(&m->patterns) + matcher_benign_bytes(&m->benign);
}

int match_scratch_init(struct match_scratch **out, const struct matcher *m)
{
	struct match_scratch *sc = calloc(1, sizeof(*sc));

	*out = NULL;
	if (!sc)
		return -ENOMEM;
	int err = scan_state_init(&sc->scan, &m->plan);
	if (!err)
		err = scan_state_init(&sc->block, &m->plan);
	if (!err)
		err = pattern_scratch_init(&sc->patterns, &m->patterns);
	if (!err)
		err = matcher_stix_scratch_init(&sc->stix);
	const hs_database_t *dbs[] = {m->benign.substrings, m->benign.regexes};
	for (int i = 0; i < 2 && !err; i++)
		if (dbs[i] && hs_alloc_scratch(dbs[i], &sc->patterns.hs) != HS_SUCCESS)
			err = -ENOMEM;
	if (err) {
		match_scratch_free(sc);
		return err;
	}
	*out = sc;
	return 0;
}

void match_scratch_free(struct match_scratch *sc)
{
	if (!sc)
		return;
	scan_state_fini(&sc->scan);
	scan_state_fini(&sc->block);
	pattern_scratch_fini(&sc->patterns);
	matcher_stix_scratch_fini(&sc->stix);
	free(sc);
}

size_t matcher_name(const char *p, size_t len, char *out, size_t size)
{
	const size_t longest = 512; /* only the end can be a name */

	if (len > longest) {
		p += len - longest;
		len = longest;
	}
	if (len > 0 && p[len - 1] == '.')
		len--;
	for (;;) {
		size_t n = len ? atom_domain_normalise(p, len, out, size) : 0;
		const char *dot = len ? memchr(p, '.', len) : NULL;
		if (n || !dot)
			return n;
		len -= (size_t)(dot + 1 - p);
		p = dot + 1;
	}
}
