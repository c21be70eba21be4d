#include "match/matcher_benign.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "match/atom.h"
#include "match/exact_hash.h"
#include "match/matcher.h"
#include "match/pattern_compile.h"

#define SEED_HOSTNAME UINT64_C(0x6a09e667f3bcc909) /* keeps hostnames from strings */

static struct span text_of(const struct indicator_set *set, uint32_t entry)
{
	const struct benign *b = &set->benigns[entry];
	return indicator_text(set, b->text, b->text_len);
}

static struct span trim_dots(struct span v)
{
	while (v.len && *v.p == '.') {
		v.p++;
		v.len--;
	}
	while (v.len && v.p[v.len - 1] == '.')
		v.len--;
	return v;
}

struct build {
	struct matcher_benign *b;
	struct problems *ps;
	struct pattern_list substrings, regexes;
};

static void on_refused(void *ctx, unsigned entry, const char *why)
{
	struct build *b = ctx;
	const struct indicator_set *set = b->b->set;
	uint16_t list = set->benigns[entry].list;
	struct span v = text_of(set, entry);

	problem_refuse(b->ps, "benign",
		       list < set->benign_list_count ? set->benign_lists[list].path : "", 0,
		       "'%.*s': %s", (int)(v.len < 200 ? v.len : 200), v.p, why);
}

static int add(struct build *b, uint32_t i)
{
	struct matcher_benign *ben = b->b;
	struct span v = text_of(ben->set, i);

	switch (ben->set->benigns[i].kind) {
	case BENIGN_STRING:
		exact_insert(&ben->texts, exact_hash_flat(v.p, v.len), i);
		return 0;
	case BENIGN_HOSTNAME:
		v = trim_dots(v);
		if (v.len)
			exact_insert(&ben->texts, exact_hash_name(v.p, v.len) ^ SEED_HOSTNAME, i);
		return 0;
	case BENIGN_CIDR:
		if (!network_parse(v.p, v.len, &ben->net[ben->net_count])) {
			on_refused(b, i, "no network");
			return 0;
		}
		ben->net_entry[ben->net_count] = i;
		exact_net_insert(&ben->nets, &ben->net[ben->net_count], ben->net_count);
		ben->net_count++;
		return 0;
	case BENIGN_SUBSTRING:
		return v.len ? pattern_list_add(&b->substrings, v.p, v.len,
						HS_FLAG_CASELESS | HS_FLAG_SINGLEMATCH, i)
			     : 0;
	default:
		return pattern_list_add(&b->regexes, v.p, v.len,
					HS_FLAG_CASELESS | HS_FLAG_SINGLEMATCH | HS_FLAG_ALLOWEMPTY,
					i);
	}
}

static int build_all(struct build *b)
{
	struct matcher_benign *ben = b->b;
	uint32_t texts = 0, nets = 0;
	int err;

	for (uint32_t i = 0; i < ben->set->benign_count; i++) {
		uint8_t kind = ben->set->benigns[i].kind;
		texts += kind == BENIGN_STRING || kind == BENIGN_HOSTNAME;
		nets += kind == BENIGN_CIDR;
	}
	ben->net = malloc(((size_t)nets + 1) * sizeof(*ben->net));
	ben->net_entry = malloc(((size_t)nets + 1) * sizeof(*ben->net_entry));
	if (!ben->net || !ben->net_entry)
		return -ENOMEM;
	if ((err = exact_init(&ben->texts, texts)) || (err = exact_net_init(&ben->nets, nets)))
		return err;
	for (uint32_t i = 0; i < ben->set->benign_count && !err; i++)
		err = add(b, i);
	if (err || (err = exact_finish(&ben->texts)) || (err = exact_net_finish(&ben->nets)))
		return err;
	b->substrings.literal = true;
	err = pattern_list_compile(&b->substrings, &ben->substrings, on_refused, b);
	return err ? err : pattern_list_compile(&b->regexes, &ben->regexes, on_refused, b);
}

int matcher_benign_init(struct matcher_benign *ben, const struct indicator_set *set,
			struct problems *ps)
{
	struct build b = {.b = ben, .ps = ps};

	memset(ben, 0, sizeof(*ben));
	ben->set = set;
	int err = build_all(&b);
	pattern_list_fini(&b.substrings);
	pattern_list_fini(&b.regexes);
	if (err)
		matcher_benign_fini(ben);
	return err;
}

void matcher_benign_fini(struct matcher_benign *b)
{
	exact_fini(&b->texts);
	exact_net_fini(&b->nets);
	free(b->net);
	free(b->net_entry);
	hs_free_database(b->substrings);
	hs_free_database(b->regexes);
	memset(b, 0, sizeof(*b));
}

size_t matcher_benign_bytes(const struct matcher_benign *b)
{
	const hs_database_t *dbs[] = {b->substrings, b->regexes};
	size_t bytes = exact_bytes(&b->texts) + exact_bytes(&b->nets.table) +
		       (size_t)b->net_count * (sizeof(*b->net) + sizeof(*b->net_entry));

	for (int i = 0; i < 2; i++) {
		size_t n = 0;
		if (dbs[i] && hs_database_size(dbs[i], &n) == HS_SUCCESS)
			bytes += n;
	}
	return bytes;
}

static void keep_first(int64_t *best, uint32_t entry)
{
	if (*best < 0 || entry < *best)
		*best = entry;
}

static bool same_text(struct span a, struct span b)
{
	return a.len == b.len && strncasecmp(a.p, b.p, a.len) == 0;
}

static void find_text(const struct matcher_benign *b, uint64_t hash, uint8_t kind, struct span v,
		      int64_t *best)
{
	struct exact_refs refs = exact_find(&b->texts, hash);

	for (uint32_t i = 0; i < refs.count; i++) {
		struct span entry = text_of(b->set, refs.ref[i]);
		if (kind == BENIGN_HOSTNAME)
			entry = trim_dots(entry);
		if (b->set->benigns[refs.ref[i]].kind == kind && same_text(entry, v))
			keep_first(best, refs.ref[i]);
	}
}

static void find_hostname(const struct matcher_benign *b, struct span name, int64_t *best)
{
	uint64_t h = EXACT_SEED_NAME;
	size_t rest = name.len;

	while (rest > 0) {
		h = exact_name_step(h, name.p, &rest);
		size_t from = rest > 0 ? rest + 1 : 0;
		find_text(b, h ^ SEED_HOSTNAME, BENIGN_HOSTNAME,
			  (struct span){name.p + from, (uint32_t)(name.len - from)}, best);
	}
}

static void find_network(const struct matcher_benign *b, const struct address *a, int64_t *best)
{
	struct network found;
	struct exact_refs refs;
	uint32_t step = 0;

	while ((refs = exact_net_next(&b->nets, a, &step, &found)).count)
		for (uint32_t i = 0; i < refs.count; i++) {
			const struct network *n = &b->net[refs.ref[i]];
			if (n->prefix == found.prefix && address_equal(&n->base, &found.base))
				keep_first(best, b->net_entry[refs.ref[i]]);
		}
}

static int on_match(unsigned entry, unsigned long long from, unsigned long long to, unsigned flags,
		    void *ctx)
{
	(void)from, (void)to, (void)flags;
	keep_first(ctx, entry);
	return 0;
}

/* The host of a URL, also of one that is not normalised. */
static struct span host_of(struct span v, char url[ATOM_URL_MAX])
{
	size_t n = atom_url_normalise(v.p, v.len, url, ATOM_URL_MAX);
	struct span host = {"", 0};

	if (n)
		host = atom_url_host(url, n);
	if (host.len > 2 && host.p[0] == '[')
		host = (struct span){host.p + 1, host.len - 2};
	return host;
}

int64_t matcher_benign_find(const struct matcher_benign *b, hs_scratch_t *hs, struct span value,
			    enum observable_type type, const struct address *addr)
{
	char url[ATOM_URL_MAX], name[ATOM_DOMAIN_MAX];
	struct span host = value;
	struct address a = {.bits = 0};
	int64_t best = -1;

	if (b->set->benign_count == 0)
		return -1;
	find_text(b, exact_hash_flat(value.p, value.len), BENIGN_STRING, value, &best);
	if (type == OBSERVABLE_URL)
		host = host_of(value, url);
	if (addr && addr->bits)
		a = *addr;
	else
		address_parse(host.p, host.len, &a);
	if (a.bits)
		find_network(b, &a, &best);
	size_t n = matcher_name(host.p, host.len, name, sizeof(name));
	find_hostname(b, (struct span){name, (uint32_t)n}, &best);
	if (b->substrings)
		hs_scan(b->substrings, value.p, value.len, 0, hs, on_match, &best);
	if (b->regexes)
		hs_scan(b->regexes, value.p, value.len, 0, hs, on_match, &best);
	return best;
}
