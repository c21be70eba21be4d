#include "match/sigma/sigma_group.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "match/pattern_compile.h"

/* A literal of one rule, on its way to being one of several. */
struct entry {
	const struct pattern_literal *literal;
	char folded[PATTERN_LITERAL_MAX];
	uint32_t bit; /* that it shows */
};

static int by_text(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int c = (x->literal->len > y->literal->len) - (x->literal->len < y->literal->len);

	if (c == 0)
		c = memcmp(x->folded, y->folded, x->literal->len);
	return c ? c : (x->bit > y->bit) - (x->bit < y->bit);
}

static bool same_text(const struct entry *a, const struct entry *b)
{
	return a->literal->len == b->literal->len &&
	       memcmp(a->folded, b->folded, a->literal->len) == 0;
}

static void add(struct sigma_group *g, struct entry *list, uint32_t *n,
		const struct sigma_witness *w, uint32_t bit)
{
	for (uint32_t k = 0; k < w->count; k++) {
		struct entry *e = &list[(*n)++];
		e->literal = &w->literals[k];
		e->bit = bit;
		for (uint32_t c = 0; c < e->literal->len; c++) {
			char x = e->literal->p[c];
			e->folded[c] = x >= 'A' && x <= 'Z' ? (char)(x + 32) : x;
		}
	}
	if (w->any)
		g->have[bit / 64] |= UINT64_C(1) << (bit % 64);
}

static struct entry *collect(struct sigma_group *g, const struct sigma_witness *witnesses,
			     uint32_t *count)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < g->count; i++)
		for (uint32_t k = 0; k < SIGMA_WITNESSES; k++)
			n += witnesses[g->rules[i] * SIGMA_WITNESSES + k].count;
	struct entry *list = calloc((size_t)n + 1, sizeof(*list));
	*count = n;
	n = 0;
	for (uint32_t i = 0; list && i < g->count; i++)
		for (uint32_t k = 0; k < SIGMA_WITNESSES; k++)
			add(g, list, &n, &witnesses[g->rules[i] * SIGMA_WITNESSES + k],
			    k * g->words * 64 + i);
	if (list)
		qsort(list, n, sizeof(*list), by_text);
	return list;
}

/* What Hyperscan does not take is not looked for, but taken as shown. */
static void on_refused(void *ctx, unsigned literal, const char *why)
{
	struct sigma_group *g = ctx;

	(void)why;
	for (uint32_t i = g->first[literal]; i < g->first[literal + 1]; i++)
		g->have[g->of_literal[i] / 64] |= UINT64_C(1) << (g->of_literal[i] % 64);
}

/* Equal literals become one, with all their rules. */
static int merge(struct sigma_group *g, const struct entry *list, uint32_t n,
		 struct pattern_list *out)
{
	uint32_t kept = 0;
	int err = 0;

	for (uint32_t i = 0; i < n && !err; i++) {
		bool again = i > 0 && same_text(&list[i], &list[i - 1]);
		if (!again) {
			g->first[g->literals] = kept;
			err = pattern_list_add(out, list[i].folded, list[i].literal->len,
					       HS_FLAG_CASELESS | HS_FLAG_SINGLEMATCH,
					       g->literals++);
		}
		if (!again || list[i].bit != list[i - 1].bit)
			g->of_literal[kept++] = list[i].bit;
	}
	g->first[g->literals] = kept;
	return err;
}

static int compile(struct sigma_group *g, const struct sigma_witness *witnesses)
{
	struct pattern_list out = {.literal = true};
	uint32_t n;
	struct entry *list = collect(g, witnesses, &n);

	g->first = calloc((size_t)n + 1, sizeof(*g->first));
	g->of_literal = calloc((size_t)n + 1, sizeof(*g->of_literal));
	int err = list && g->first && g->of_literal ? merge(g, list, n, &out) : -ENOMEM;
	if (!err)
		err = pattern_list_compile(&out, &g->db, on_refused, g);
	pattern_list_fini(&out);
	free(list);
	return err;
}

/* Rules whose every witness was shown. */
static uint64_t both(const uint64_t *bits, uint32_t words, uint32_t i)
{
	uint64_t all = bits[i];

	for (uint32_t k = 1; k < SIGMA_WITNESSES; k++)
		all &= bits[k * words + i];
	return all;
}

int sigma_group_init(struct sigma_group *g, uint32_t *rules, uint32_t count,
		     const struct sigma_witness *witnesses)
{
	memset(g, 0, sizeof(*g));
	g->rules = rules;
	g->count = count;
	g->words = (count + 63) / 64;
	g->have = calloc((size_t)g->words * SIGMA_WITNESSES + 1, sizeof(*g->have));
	if (!g->have)
		return -ENOMEM;
	int err = compile(g, witnesses);
	for (uint32_t i = 0; i < g->words; i++)
		g->any_always |= both(g->have, g->words, i) != 0;
	return err;
}

void sigma_group_fini(struct sigma_group *g)
{
	free(g->rules);
	free(g->have);
	free(g->first);
	free(g->of_literal);
	hs_free_database(g->db);
	memset(g, 0, sizeof(*g));
}

size_t sigma_group_bytes(const struct sigma_group *g)
{
	size_t n = 0;

	if (g->db && hs_database_size(g->db, &n) != HS_SUCCESS)
		n = 0;
	return n + (g->count + g->literals + g->first[g->literals] + 2) * sizeof(uint32_t) +
	       SIGMA_WITNESSES * g->words * sizeof(uint64_t);
}

struct finding {
	const struct sigma_group *g;
	uint64_t *bits;
	bool any;
};

static int on_literal(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
		      void *ctx)
{
	struct finding *f = ctx;

	(void)from, (void)to, (void)flags;
	for (uint32_t i = f->g->first[id]; i < f->g->first[id + 1]; i++)
		f->bits[f->g->of_literal[i] / 64] |= UINT64_C(1) << (f->g->of_literal[i] % 64);
	f->any = true;
	return 0;
}

bool sigma_group_scan(const struct sigma_group *g, hs_scratch_t *hs, const char *p, size_t len,
		      uint64_t *bits)
{
	struct finding f = {g, bits, g->any_always};
	uint64_t any = 0;

	memcpy(bits, g->have, SIGMA_WITNESSES * g->words * sizeof(*bits));
	if (g->db && hs_scan(g->db, p, (unsigned)len, 0, hs, on_literal, &f) != HS_SUCCESS)
		return sigma_group_all(g, bits);
	if (!f.any)
		return false;
	for (uint32_t i = 0; i < g->words; i++)
		any |= bits[i] = both(bits, g->words, i);
	return any != 0;
}

bool sigma_group_all(const struct sigma_group *g, uint64_t *bits)
{
	for (uint32_t i = 0; i < g->words; i++)
		bits[i] = ~UINT64_C(0);
	if (g->count % 64)
		bits[g->words - 1] = (UINT64_C(1) << (g->count % 64)) - 1;
	return g->count > 0;
}
